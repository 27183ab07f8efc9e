//! The way of an event to an endpoint: attempts over a day, each in the log, and an endpoint that nothing reaches is switched
//! off.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::WebhookDeliveryId;
use entity::{
    CompanyScope, DeliveryState, DisabledBecause, webhook_attempt, webhook_delivery, webhook_endpoint,
    webhook_event,
};
use reqwest::Method;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{TEST, endpoints};
use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::identity::Email;
use crate::integrations::smtp;
use crate::jobs::Done;
use crate::outbound::again;
use crate::outbound::mail::{self, Letter, letters};
use crate::outbound::signing::Message;
use crate::outbound::web::{Answer, Fault, Sending};
use crate::store::{Audience, Unit, companies, hooks, users};

/// From the first look at the name to the last byte of the answer.
const TRY: Duration = Duration::from_secs(15);
/// How long an attempt waits for its turn among those of its company, and when it comes back if it has not got one.
const TURN: Duration = Duration::from_secs(10);
const TURN_AGAIN: TimeDelta = TimeDelta::seconds(5);
/// Between attempts, give or take a fifth: eight in about a day.
const PAUSES: [TimeDelta; 7] = [
    TimeDelta::seconds(5),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(5),
    TimeDelta::hours(8),
    TimeDelta::hours(8),
];
/// What is asked for beyond is not waited for.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(12);
/// An endpoint that nothing has reached for so long, and so often, is switched off.
const FAILING_FOR: TimeDelta = TimeDelta::days(3);
const FAILURES: i32 = 20;
/// Of an answer, in the log.
const KEPT_ANSWER: usize = 2048;
/// After this nobody wants to read that his endpoint was switched off.
const LETTER_LIFE: TimeDelta = TimeDelta::days(3);

/// What came of an attempt.
#[derive(Debug)]
pub struct Went {
    at: DateTime<Utc>,
    took: TimeDelta,
    status: Option<u16>,
    failure: Option<&'static str>,
    answer: Option<String>,
    /// How long we are asked to wait.
    asked: Option<TimeDelta>,
}

/// What follows from an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Delivered,
    NotNow,
    /// The endpoint says that it is no more.
    Gone,
}

impl Went {
    fn verdict(&self) -> Verdict {
        match self.status {
            Some(200..=299) => Verdict::Delivered,
            Some(410) => Verdict::Gone,
            Some(_) | None => Verdict::NotNow,
        }
    }

    fn of(at: DateTime<Utc>, now: DateTime<Utc>, answered: Result<Answer, Fault>) -> Self {
        let nothing = Self { at, took: now - at, status: None, failure: None, answer: None, asked: None };
        match answered {
            Ok(answer) => Self {
                status: Some(answer.status),
                asked: answer.retry_after.as_deref().and_then(|header| again::retry_after(header, now)),
                answer: Some(beginning(&answer.body)),
                ..nothing
            },
            Err(fault) => Self { failure: Some(fault.as_str()), ..nothing },
        }
    }
}

/// How an answer begins, as text that every database takes.
fn beginning(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(KEPT_ANSWER)]);
    text.chars().filter(|c| *c != '\0').collect()
}

/// The job: one attempt, unless the delivery is settled.
pub async fn deliver(app: &App, scope: CompanyScope, id: WebhookDeliveryId) -> Result<Done> {
    let db = app.db.reader();
    let Some(row) = hooks::delivery(scope, db, id).await? else { return Ok(Done::Yes) };
    if row.state != DeliveryState::Pending {
        return Ok(Done::Yes);
    }
    if let Some(at) = row.next_attempt_at.filter(|at| *at > app.clock.now()) {
        return Ok(Done::Again(at));
    }
    let endpoint = endpoints::get(app, scope, row.endpoint_id).await?;
    let event = event_of(app, scope, &row).await?;
    if !endpoint.enabled && event.kind != TEST {
        drop_it(app, scope, &row).await?;
        return Ok(Done::Yes);
    }
    let Some(_lane) = app.clock.timeout(TURN, app.webhook_lanes.enter(scope.company())).await else {
        return Ok(Done::Again(app.clock.now() + TURN_AGAIN));
    };
    let went = attempt(app, &endpoint, &event).await?;
    let settled = settle(app, scope, &row, &event, went).await?;
    Ok(match settled.and_then(|row| row.next_attempt_at) {
        Some(at) => Done::Again(at),
        None => Done::Yes,
    })
}

/// An attempt at once, whoever waits for it.
pub async fn deliver_now(app: &App, scope: CompanyScope, id: WebhookDeliveryId) -> Result<()> {
    let found = hooks::delivery(scope, app.db.reader(), id).await?;
    let row = found.ok_or(Error::NotFound(Subject::WebhookDelivery))?;
    let endpoint = endpoints::get(app, scope, row.endpoint_id).await?;
    let event = event_of(app, scope, &row).await?;
    let went = attempt(app, &endpoint, &event).await?;
    settle(app, scope, &row, &event, went).await.map(drop)
}

async fn event_of(
    app: &App,
    scope: CompanyScope,
    row: &webhook_delivery::Model,
) -> Result<webhook_event::Model> {
    let event = hooks::event(scope, app.db.reader(), row.event_id).await?;
    event.ok_or(Error::NotFound(Subject::WebhookDelivery))
}

async fn attempt(
    app: &App,
    endpoint: &webhook_endpoint::Model,
    event: &webhook_event::Model,
) -> Result<Went> {
    let at = app.clock.now();
    let secrets = match endpoints::secrets(app, endpoint) {
        Ok(secrets) => secrets,
        Err(error) => {
            tracing::error!(endpoint = %endpoint.id, ?error, "a webhook's secret cannot be read");
            let failure = Some("secretUnreadable");
            return Ok(Went {
                at,
                took: TimeDelta::zero(),
                status: None,
                failure,
                answer: None,
                asked: None,
            });
        }
    };
    let body = Bytes::from(event.body.clone());
    let id = event.id.to_string();
    let mut headers = Message { id: &id, at, body: &body }.headers_by(&secrets.iter().collect::<Vec<_>>())?;
    headers.insert("content-type".to_owned(), "application/json".to_owned());
    let url = endpoint.url.clone();
    let sending = Sending { method: Method::POST, url, headers, body: Some(body), timeout: TRY };
    let answered = app.web.send(sending).await;
    Ok(Went::of(at, app.clock.now(), answered))
}

/// Keeps what an attempt came to. The delivery as it is then, if it is still there.
async fn settle(
    app: &App,
    scope: CompanyScope,
    seen: &webhook_delivery::Model,
    event: &webhook_event::Model,
    went: Went,
) -> Result<Option<webhook_delivery::Model>> {
    let mut unit = Unit::begin(app, scope).await?;
    let Some(mut endpoint) = hooks::lock_endpoint(scope, unit.tx(), seen.endpoint_id).await? else {
        return Ok(None);
    };
    let Some(mut row) = hooks::lock_delivery(scope, unit.tx(), seen.id).await? else { return Ok(None) };
    row.attempts += 1;
    row.tries += 1;
    let verdict = went.verdict();
    log(&unit, &row, &went).await?;
    let to = match verdict {
        Verdict::Delivered => Some(DeliveryState::Delivered),
        Verdict::Gone => Some(DeliveryState::Failed),
        Verdict::NotNow => {
            row.next_attempt_at = pause(&row, went.asked)
                .filter(|_| event.kind != TEST && endpoint.enabled)
                .map(|pause| unit.now() + pause);
            row.next_attempt_at.is_none().then_some(DeliveryState::Failed)
        }
    };
    if let Some(state) = to.and_then(|to| row.state.settle(to)) {
        (row.state, row.settled_at, row.next_attempt_at) = (state, Some(unit.now()), None);
    }
    if row.state != DeliveryState::Pending {
        row.next_attempt_at = None;
    }
    hooks::save_delivery(scope, unit.tx(), row.clone()).await?;
    let mut is_off = None;
    if event.kind != TEST {
        is_off = learn(&mut endpoint, verdict, unit.now());
        if let Some(because) = is_off {
            switch_off(&mut unit, &mut endpoint, because).await?;
        } else {
            hooks::save_endpoint(scope, unit.tx(), endpoint).await?;
        }
    }
    unit.commit().await?;
    if is_off.is_some() {
        app.mailer.wake();
    }
    Ok(Some(row))
}

async fn log(unit: &Unit, row: &webhook_delivery::Model, went: &Went) -> Result<()> {
    let attempt = webhook_attempt::Model {
        company_id: unit.company(),
        delivery_id: row.id,
        number: row.attempts,
        at: went.at,
        duration_ms: i32::try_from(went.took.num_milliseconds()).unwrap_or(i32::MAX),
        status: went.status.map(i32::from),
        failure: went.failure.map(str::to_owned),
        answer: went.answer.clone(),
    };
    Ok(hooks::insert_attempt(unit.scope(), unit.tx(), attempt).await?)
}

/// What an attempt says of the endpoint; why it is to be switched off, if it is.
fn learn(
    endpoint: &mut webhook_endpoint::Model,
    verdict: Verdict,
    now: DateTime<Utc>,
) -> Option<DisabledBecause> {
    if verdict == Verdict::Delivered {
        (endpoint.failing_since, endpoint.failures) = (None, 0);
        return None;
    }
    let since = *endpoint.failing_since.get_or_insert(now);
    endpoint.failures = endpoint.failures.saturating_add(1);
    let fails = endpoint.failures >= FAILURES && now - since >= FAILING_FOR;
    let because = if verdict == Verdict::Gone {
        Some(DisabledBecause::Gone)
    } else {
        fails.then_some(DisabledBecause::Failing)
    };
    because.filter(|_| endpoint.enabled)
}

/// Nothing more is sent there until somebody switches it on again. The owners get a letter.
async fn switch_off(
    unit: &mut Unit,
    endpoint: &mut webhook_endpoint::Model,
    because: DisabledBecause,
) -> Result<()> {
    let (app, scope) = (unit.app().clone(), unit.scope());
    endpoint.enabled = false;
    (endpoint.disabled_because, endpoint.disabled_at) = (Some(because), Some(unit.now()));
    hooks::save_endpoint(scope, unit.tx(), endpoint.clone()).await?;
    hooks::lock_listeners(unit).await?;
    hooks::count_listeners(unit).await?;
    let told = json!({"webhookId": endpoint.id, "because": because});
    unit.tell(&[Audience::Supervisors], "webhook:disabled", told);
    let Some(company) = companies::own(scope, unit.tx()).await? else { return Ok(()) };
    if !smtp::delivers(&app, scope, unit.tx()).await? {
        return Ok(());
    }
    let host = endpoints::host(&endpoint.url).unwrap_or_default();
    let content = letters::webhook_disabled(&company, &app.settings.public_url, &host, because);
    for address in users::addresses_of_owners(scope, unit.tx()).await? {
        let Ok(to) = Email::read(&address) else { continue };
        let (from, give_up_at) = (Some(scope.company()), unit.now() + LETTER_LIFE);
        let letter = Letter { from, to, content: content.clone(), give_up_at };
        mail::post(&app, unit.tx(), letter).await?;
    }
    Ok(())
}

/// The endpoint was switched off before it came to it.
async fn drop_it(app: &App, scope: CompanyScope, seen: &webhook_delivery::Model) -> Result<()> {
    let unit = Unit::begin(app, scope).await?;
    let Some(mut row) = hooks::lock_delivery(scope, unit.tx(), seen.id).await? else { return Ok(()) };
    if let Some(state) = row.state.settle(DeliveryState::Dropped) {
        (row.state, row.settled_at, row.next_attempt_at) = (state, Some(unit.now()), None);
        hooks::save_delivery(scope, unit.tx(), row).await?;
    }
    unit.commit().await
}

/// How long to wait after so many tries, when `asked` for so long; `None` when there have been enough.
fn pause(row: &webhook_delivery::Model, asked: Option<TimeDelta>) -> Option<TimeDelta> {
    let place = usize::try_from(row.tries).ok()?.checked_sub(1)?;
    let own = PAUSES.get(place)?.num_milliseconds();
    // Many deliveries that failed at once must not come back at once; the same one comes back when it said.
    let digest = Sha256::digest(format!("{}:{}", row.id, row.attempts));
    let part = i64::from(u16::from_be_bytes([digest[0], digest[1]]));
    let jitter = own * 2 / 5 * part / i64::from(u16::MAX) - own / 5;
    let own = TimeDelta::milliseconds(own + jitter);
    Some(asked.map_or(own, |asked| asked.min(LONGEST_PAUSE).max(own)))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn noon() -> DateTime<Utc> {
        "2026-03-02T12:00:00Z".parse().unwrap()
    }

    fn delivery(number: u128, tries: i32) -> webhook_delivery::Model {
        let id = Uuid::from_u128(number);
        webhook_delivery::Model {
            id: id.into(),
            company_id: id.into(),
            endpoint_id: id.into(),
            event_id: id.into(),
            state: DeliveryState::Pending,
            attempts: tries,
            tries,
            next_attempt_at: None,
            created_at: noon(),
            settled_at: None,
        }
    }

    fn endpoint() -> webhook_endpoint::Model {
        let id = Uuid::from_u128(1);
        webhook_endpoint::Model {
            id: id.into(),
            company_id: id.into(),
            url: "https://example.com/".into(),
            description: None,
            events: None,
            enabled: true,
            disabled_because: None,
            disabled_at: None,
            secret_sealed: String::new(),
            old_secret_sealed: None,
            old_secret_until: None,
            failing_since: None,
            failures: 0,
            created_at: noon(),
            updated_at: noon(),
            updated_by: id.into(),
        }
    }

    #[test]
    fn eight_attempts_take_about_a_day_and_no_two_deliveries_the_same_one() {
        let pauses =
            |number| -> Vec<_> { (1..).map_while(|tries| pause(&delivery(number, tries), None)).collect() };
        for number in 1..200 {
            let pauses = pauses(number);
            assert_eq!(pauses.len(), PAUSES.len());
            for (pause, own) in pauses.iter().zip(PAUSES) {
                assert!(*pause >= own * 4 / 5 && *pause <= own * 6 / 5, "{pause} of {own}");
            }
            let all: TimeDelta = pauses.iter().sum();
            assert!(all >= TimeDelta::hours(18) && all <= TimeDelta::hours(29), "{all}");
        }
        assert_ne!(pauses(1), pauses(2));
        assert_eq!(pauses(3), pauses(3), "the same delivery keeps its times");
    }

    #[test]
    fn who_asks_for_more_time_gets_it_up_to_half_a_day() {
        let asked = |seconds| pause(&delivery(1, 1), Some(TimeDelta::seconds(seconds))).unwrap();
        assert_eq!(asked(90), TimeDelta::seconds(90));
        assert!(asked(1) >= TimeDelta::seconds(4), "less is not asked for");
        assert_eq!(asked(86_400 * 365), LONGEST_PAUSE);
        assert_eq!(pause(&delivery(1, 8), Some(TimeDelta::seconds(1))), None, "eight attempts are enough");
    }

    #[test]
    fn an_endpoint_is_switched_off_when_nothing_reached_it_for_days_and_not_for_few_failures() {
        let mut often = endpoint();
        for second in 0..40 {
            assert_eq!(learn(&mut often, Verdict::NotNow, noon() + TimeDelta::seconds(second)), None);
        }
        let later = noon() + FAILING_FOR;
        assert_eq!(learn(&mut often, Verdict::NotNow, later), Some(DisabledBecause::Failing));
        let mut seldom = endpoint();
        assert_eq!(learn(&mut seldom, Verdict::NotNow, noon()), None);
        assert_eq!(learn(&mut seldom, Verdict::NotNow, later), None, "two failures are few");
        let mut mended = endpoint();
        (mended.failures, mended.failing_since) = (FAILURES, Some(noon()));
        assert_eq!(learn(&mut mended, Verdict::Delivered, later), None);
        assert_eq!(learn(&mut mended, Verdict::NotNow, later), None, "it counts from the last success on");
        assert_eq!(learn(&mut endpoint(), Verdict::Gone, noon()), Some(DisabledBecause::Gone));
    }

    #[test]
    fn an_answer_in_the_log_is_short_and_text() {
        assert_eq!(beginning(b"a\0b\xff"), "ab\u{fffd}");
        assert_eq!(beginning(&[b'x'; 5000]).len(), KEPT_ANSWER);
    }
}
