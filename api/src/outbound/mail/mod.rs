//! Mail. A letter is a row, written with the change that makes it necessary and sealed, since it may hold a token; this
//! node's [`run`] delivers it, at least once, and tries again for as long as it is of use. What a letter says is in
//! [`letters`], by which way it leaves in [`way`]; one that speaks for a company leaves by that company's own server, if it
//! has one ([`own`]), and by no other while it has (decision 46).

pub mod letters;
pub mod own;
mod way;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clock::{Busy, Clock, Signal};
use entity::id::{CompanyId, MailId};
use entity::{JobState, mail};
use serde::{Deserialize, Serialize};
use tracing::Instrument;

use crate::app::App;
use crate::config::Settings;
use crate::error::{Error, Result};
use crate::identity::Email;
use crate::integrations::smtp;
use crate::metrics::Sending;
use crate::sealed;
use crate::secret::Secret;
use crate::store::mails::Sender;
use crate::store::{Tx, mails};

use way::{Outcome, Way};

/// How often a node looks for mail that nobody woke it for: another node's that was killed.
const POLL: TimeDelta = TimeDelta::seconds(30);
/// Longer than a delivery may take, so that nobody else delivers the same mail meanwhile.
const LEASE: TimeDelta = TimeDelta::seconds(120);
const DELIVERY: Duration = Duration::from_secs(60);
/// A company's own server has less time: others wait beside it.
pub const DELIVERY_BY_OWN: Duration = Duration::from_secs(20);
/// Delivered at a time.
const AT_ONCE: u64 = 8;
const FIRST_RETRY: TimeDelta = TimeDelta::seconds(15);
const LONGEST_RETRY: TimeDelta = TimeDelta::hours(1);

/// What is written to somebody.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The company that writes; none when the platform does.
    pub from: Option<CompanyId>,
    pub to: Email,
    pub content: Content,
    /// After this it is of no use to anybody.
    pub give_up_at: DateTime<Utc>,
}

/// A subject and the same words twice, as plain text and as HTML.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    pub subject: String,
    pub text: String,
    pub html: String,
    #[serde(default)]
    pub attachments: Vec<AttachedFile>,
    /// Where whoever reads it can say that he wants no more of it.
    #[serde(default)]
    pub unsubscribe: Option<String>,
}

/// A file of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachedFile {
    pub name: String,
    /// With its parameters, as in `text/csv; charset=utf-8`.
    pub content_type: String,
    pub content: String,
}

/// The way by which mail leaves this node, and the bell of who carries it.
pub struct Mailer {
    way: Way,
    posted: Signal,
    /// The same for what companies write: theirs may be slow servers, for which no other mail waits.
    posted_by_companies: Signal,
}

impl Mailer {
    /// # Errors
    /// When the settings name a file that cannot be used.
    pub fn new(settings: &Settings, clock: &Clock) -> Result<Self> {
        let way = Way::new(settings)?;
        Ok(Self { way, posted: Signal::new(clock), posted_by_companies: Signal::new(clock) })
    }

    /// Whether what is posted reaches anybody.
    pub fn delivers(&self) -> bool {
        self.way.delivers()
    }

    /// Whether the mail server can be reached; `None` when there is none.
    pub async fn probe(&self) -> Option<Result<(), String>> {
        self.way.probe().await
    }

    /// A letter was committed.
    pub fn wake(&self) {
        self.posted.raise();
        self.posted_by_companies.raise();
    }

    fn bell(&self, sender: Sender) -> &Signal {
        match sender {
            Sender::Platform => &self.posted,
            Sender::Company => &self.posted_by_companies,
        }
    }
}

/// Puts a letter on its way with the transaction; call [`Mailer::wake`] when that is committed.
///
/// # Errors
/// `Invalid` for an address to which no mail can be sent.
pub async fn post(app: &App, tx: &Tx, letter: Letter) -> Result<()> {
    way::address(letter.to.as_str())?;
    let id: MailId = app.ids.next();
    let content = serde_json::to_string(&letter.content)
        .map_err(|cause| Error::internal("write down a letter", cause))?;
    let now = app.clock.now();
    let row = mail::Model {
        id,
        recipient: letter.to.as_str().to_owned(),
        company_id: letter.from,
        content_sealed: sealed::seal(&app.keys, &about(id), &Secret::new(content))?,
        run_at: now,
        give_up_at: letter.give_up_at,
        state: JobState::Queued,
        attempts: 0,
        node_id: None,
        lease_until: None,
        last_error: None,
        created_at: now,
    };
    Ok(mails::insert(tx, row).await?)
}

/// Whether mail can be sent there.
pub fn is_address(text: &str) -> bool {
    way::address(text).is_ok()
}

fn about(id: MailId) -> String {
    format!("mail:{id}")
}

/// Runs until the process ends.
pub async fn run(app: App) {
    tokio::join!(run_for(&app, Sender::Platform), run_for(&app, Sender::Company));
}

async fn run_for(app: &App, sender: Sender) {
    let mut next = app.clock.now();
    loop {
        let busy: Busy = tokio::select! {
            woken = app.mailer.bell(sender).raised() => woken,
            busy = app.clock.sleep_until(next) => busy,
        };
        next = match deliver_due_of(app, sender).await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(?error, "cannot claim mail");
                app.clock.now() + POLL
            }
        };
        drop(busy);
    }
}

/// Delivers what is due; answers when to look again.
pub async fn deliver_due(app: &App) -> Result<DateTime<Utc>> {
    let next = deliver_due_of(app, Sender::Platform).await?;
    Ok(deliver_due_of(app, Sender::Company).await?.min(next))
}

async fn deliver_due_of(app: &App, sender: Sender) -> Result<DateTime<Utc>> {
    loop {
        let claimed = mails::claim(app, sender, AT_ONCE, LEASE).await?;
        if claimed.is_empty() {
            let poll = app.clock.now() + POLL;
            return Ok(mails::next_at(app, sender).await?.map_or(poll, |due| due.min(poll)));
        }
        let deliveries = claimed
            .iter()
            .map(|mail| deliver(app, mail).instrument(tracing::info_span!("mail", id = %mail.id)));
        for settled in futures_util::future::join_all(deliveries).await {
            if let Err(error) = settled {
                // Its lease runs out and it is claimed again.
                tracing::error!(?error, "a mail could not be settled");
            }
        }
    }
}

async fn deliver(app: &App, mail: &mail::Model) -> Result<()> {
    let now = app.clock.now();
    if mail.give_up_at <= now {
        app.metrics.mail(Sending::Failed);
        let because = mail.last_error.clone().unwrap_or_else(|| "it was not tried in time".to_owned());
        return Ok(mails::fail(app, mail, because).await?);
    }
    let outcome = match content(app, mail) {
        Ok(content) => send(app, mail, &content).await?,
        Err(error) => Outcome::Never(format!("{error:?}")),
    };
    app.metrics.mail(match &outcome {
        Outcome::Sent => Sending::Sent,
        Outcome::Later(_) => Sending::Later,
        Outcome::Never(_) => Sending::Failed,
    });
    match outcome {
        Outcome::Sent => Ok(mails::forget(app, mail).await?),
        Outcome::Later(because) => {
            tracing::warn!(mail = %mail.id, attempts = mail.attempts, because, "a mail is tried again");
            Ok(mails::put_back(app, mail, now + pause(mail.attempts), because).await?)
        }
        Outcome::Never(because) => {
            tracing::error!(mail = %mail.id, because, "a mail cannot be delivered");
            Ok(mails::fail(app, mail, because).await?)
        }
    }
}

/// By the server of the company that writes, where it has one; else by the platform's way.
async fn send(app: &App, mail: &mail::Model, content: &Content) -> Result<Outcome> {
    let too_slow = || Outcome::Later("it took too long".into());
    let Some(own) = smtp::server_for(app, mail).await? else {
        let sent = app.clock.timeout(DELIVERY, app.mailer.way.send(mail, content)).await;
        return Ok(sent.unwrap_or_else(too_slow));
    };
    let (scope, server) = own;
    let sent = app.clock.timeout(DELIVERY_BY_OWN, server.send(app, mail, content)).await;
    let outcome = sent.unwrap_or_else(too_slow);
    match &outcome {
        Outcome::Later(because) => {
            let again = app.clock.now() + pause(mail.attempts);
            smtp::has_failed(app, scope, because, again).await?;
        }
        // That a mailbox is not there is no fault of the server's.
        Outcome::Sent | Outcome::Never(_) => smtp::has_worked(app, scope).await?,
    }
    Ok(outcome)
}

fn content(app: &App, mail: &mail::Model) -> Result<Content> {
    let content = sealed::open(&app.keys, &about(mail.id), &mail.content_sealed)?;
    serde_json::from_str(content.expose()).map_err(|cause| Error::internal("read a letter", cause))
}

/// Twice as long after each try.
fn pause(attempts: i32) -> TimeDelta {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or_default().min(16);
    (FIRST_RETRY * 2_i32.pow(doublings)).min(LONGEST_RETRY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_that_does_not_get_through_is_tried_ever_more_seldom_but_every_hour() {
        let pauses: Vec<_> =
            [1, 2, 3, 8, 9, 100].into_iter().map(|attempts| pause(attempts).num_seconds()).collect();
        assert_eq!(pauses, [15, 30, 60, 1920, 3600, 3600]);
    }
}
