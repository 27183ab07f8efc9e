//! What the server itself writes to telephone numbers: codes and invitations. A message is a row, written with the change
//! that makes it necessary and sealed, since it holds a code or a token; this node's [`run`] asks the provider once, as it
//! does for the messages of flows, and looks later what has become of it.
//!
//! It never belongs to a call, and never says who has an account.

mod fate;
pub mod texts;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clock::{Busy, Clock, Signal};
use entity::id::{CompanyId, PhoneMessageId};
use entity::{MessageChannel, MessagePurpose, TextState, phone_message};
use serde::{Deserialize, Serialize};
use serde_json::json;
use twilio::rest::{Client, CreateMessage, Error as RestError};

use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::identity::Number;
use crate::sealed;
use crate::secret::Secret;
use crate::store::{Tx, phone_messages, system};

/// How often a node looks for messages that nobody woke it for: another node's that was killed.
const POLL: TimeDelta = TimeDelta::seconds(30);
/// Longer than the provider may take to answer.
const LEASE: TimeDelta = TimeDelta::seconds(120);
/// The provider is asked for so many at a time.
const AT_ONCE: u64 = 8;
/// How long to wait when the provider does not say it.
const AGAIN: TimeDelta = TimeDelta::seconds(5);

/// What is written to somebody.
pub struct Text {
    /// Who wants it, if it is a company.
    pub company: Option<CompanyId>,
    pub purpose: MessagePurpose,
    pub channel: MessageChannel,
    pub sender: Sender,
    pub to: Number,
    pub content: Content,
    /// After this it is of no use to anybody.
    pub give_up_at: DateTime<Utc>,
}

/// From where something is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    pub account_sid: String,
    /// E.164, or a messaging service.
    pub address: String,
}

#[derive(Serialize, Deserialize)]
pub struct Content {
    pub text: String,
    /// What a template of codes is filled with.
    pub code: Option<String>,
}

/// The bell of who carries messages away.
pub struct Texter {
    posted: Signal,
}

impl Texter {
    pub fn new(clock: &Clock) -> Self {
        Self { posted: Signal::new(clock) }
    }

    /// A message was committed.
    pub fn wake(&self) {
        self.posted.raise();
    }
}

/// From where the platform writes by this channel, if it does.
pub fn platform_sender(app: &App, channel: MessageChannel) -> Option<Sender> {
    let address = match channel {
        MessageChannel::Sms => app.settings.phone.sms_from.clone(),
        MessageChannel::Whatsapp => app.settings.phone.whatsapp_from.clone(),
    }?;
    let account_sid = app.providers.platform().map(|account| account.account_sid.clone()).unwrap_or_default();
    Some(Sender { account_sid, address })
}

/// Puts a message on its way with the transaction; call [`Texter::wake`] when that is committed.
pub async fn post(app: &App, tx: &Tx, text: Text) -> Result<PhoneMessageId> {
    let id: PhoneMessageId = app.ids.next();
    let content = serde_json::to_string(&text.content)
        .map_err(|cause| Error::internal("write down a message", cause))?;
    let now = app.clock.now();
    let row = phone_message::Model {
        id,
        company_id: text.company,
        account_sid: text.sender.account_sid,
        purpose: text.purpose,
        channel: text.channel,
        sender: text.sender.address,
        recipient: text.to.as_str().to_owned(),
        content_sealed: sealed::seal(&app.keys, &about(id), &Secret::new(content))?,
        state: TextState::Planned,
        run_at: Some(now),
        give_up_at: text.give_up_at,
        attempts: 0,
        node_id: None,
        lease_until: None,
        last_error: None,
        provider_sid: None,
        error_code: None,
        created_at: now,
        settled_at: None,
    };
    phone_messages::insert(tx, row).await?;
    Ok(id)
}

fn about(id: PhoneMessageId) -> String {
    format!("phone_message:{id}")
}

/// What a message that was not sent yet says.
pub fn content(app: &App, row: &phone_message::Model) -> Result<Content> {
    let content = sealed::open(&app.keys, &about(row.id), &row.content_sealed)?;
    serde_json::from_str(content.expose()).map_err(|cause| Error::internal("read a message", cause))
}

/// Runs until the process ends.
pub async fn run(app: App) {
    let mut next = app.clock.now();
    loop {
        let busy: Busy = tokio::select! {
            woken = app.texter.posted.raised() => woken,
            busy = app.clock.sleep_until(next) => busy,
        };
        next = match carry_due(&app).await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(?error, "cannot claim messages to numbers");
                app.clock.now() + POLL
            }
        };
        drop(busy);
    }
}

/// Does for each message what is due; answers when to look again.
pub async fn carry_due(app: &App) -> Result<DateTime<Utc>> {
    loop {
        let claimed = phone_messages::claim(app, AT_ONCE, LEASE).await?;
        if claimed.is_empty() {
            let poll = app.clock.now() + POLL;
            return Ok(phone_messages::next_at(app).await?.map_or(poll, |due| due.min(poll)));
        }
        for settled in futures_util::future::join_all(claimed.into_iter().map(|row| carry(app, row))).await {
            if let Err(error) = settled {
                // Its lease runs out and it is claimed again.
                tracing::error!(?error, "a message to a number could not be settled");
            }
        }
    }
}

async fn carry(app: &App, row: phone_message::Model) -> Result<()> {
    match row.state {
        TextState::Planned => send(app, row).await,
        TextState::Sent => fate::look(app, row).await,
        // Nothing is due.
        TextState::Asked
        | TextState::Delivered
        | TextState::Read
        | TextState::Failed
        | TextState::Received => Ok(()),
    }
}

/// Asks the provider, unless it is too late. The row says so before it is asked, so that a crash in between sends nothing
/// twice.
async fn send(app: &App, row: phone_message::Model) -> Result<()> {
    let now = app.clock.now();
    if row.give_up_at <= now {
        return fate::failed(app, row, None, "it was not sent in time".to_owned()).await;
    }
    let client = match client(app, &row).await {
        Ok(client) => client,
        Err(error) => return fate::failed(app, row, None, format!("{error:?}")).await,
    };
    let create = create(app, &row)?;
    let asked = phone_message::Model { state: TextState::Asked, run_at: None, ..row.clone() };
    if !phone_messages::save(app, asked.clone(), TextState::Planned).await? {
        return Ok(());
    }
    match client.create_message(&create).await {
        Ok(made) => fate::sent(app, asked, made.sid).await,
        // It may be on its way, and a second one would cost as much as the first.
        Err(error @ (RestError::Unknown(_) | RestError::Server { .. })) => {
            tracing::warn!(message = %row.id, %error, "nobody knows whether a message to a number is sent");
            let unknown = phone_message::Model { content_sealed: String::new(), lease_until: None, ..asked };
            phone_messages::save(app, unknown, TextState::Asked).await?;
            Ok(())
        }
        Err(error) if error.may_be_repeated() => {
            let after = match &error {
                RestError::RateLimited { retry_after } => *retry_after,
                _ => None,
            };
            let after = after.and_then(|after: Duration| TimeDelta::from_std(after).ok()).unwrap_or(AGAIN);
            let later = phone_message::Model {
                run_at: Some(app.clock.now() + after),
                lease_until: None,
                last_error: Some(error.to_string()),
                ..row
            };
            phone_messages::save(app, later, TextState::Asked).await?;
            Ok(())
        }
        Err(error) => {
            let code = match error {
                RestError::Refused { code, .. } => code,
                _ => None,
            };
            fate::failed(app, asked, code, error.to_string()).await
        }
    }
}

fn create(app: &App, row: &phone_message::Model) -> Result<CreateMessage> {
    let Content { text, code } = content(app, row)?;
    Ok(match (row.channel, &app.settings.phone.whatsapp_template, code) {
        (MessageChannel::Sms, _, _) if row.sender.starts_with("MG") => {
            CreateMessage::from_service(&row.sender, &row.recipient).body(text)
        }
        (MessageChannel::Sms, _, _) => CreateMessage::from_number(&row.sender, &row.recipient).body(text),
        (MessageChannel::Whatsapp, Some(template), Some(code)) => {
            whatsapp(row).content_sid(template).content_variables(json!({ "1": code }).to_string())
        }
        (MessageChannel::Whatsapp, _, _) => whatsapp(row).body(text),
    })
}

fn whatsapp(row: &phone_message::Model) -> CreateMessage {
    CreateMessage::from_number(format!("whatsapp:{}", row.sender), format!("whatsapp:{}", row.recipient))
}

/// The client of the account with which it was to be sent.
async fn client(app: &App, row: &phone_message::Model) -> Result<Client> {
    let is_platforms = app.providers.platform().is_some_and(|account| account.account_sid == row.account_sid);
    let account = match row.company_id.filter(|_| !is_platforms) {
        Some(company) => {
            let company = system::company(app.db.reader(), company).await?;
            app.providers.account(&company.ok_or(Error::NotFound(Subject::Company))?)?
        }
        None => app.providers.platform_account()?,
    };
    if !row.account_sid.is_empty() && account.account_sid != row.account_sid {
        return Err(Error::conflict(Code::AccountChanged, "The account has changed since."));
    }
    app.providers.client_of(&account)
}
