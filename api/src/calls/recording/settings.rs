//! What a company says about recording, and what its queues say instead.

use std::collections::BTreeMap;

use entity::id::{QueueId, UserId};
use entity::recording_policy::CountryLaws;
use entity::{CompanyScope, CountryRule, RecordingRule, recording_policy};
use serde_json::json;

use super::policy::Policy;
use super::retention;
use crate::app::App;
use crate::calling_codes::is_country;
use crate::error::{Code, Error, FieldError, Result, Subject};
use crate::identity::audit;
use crate::store::{Unit, queues, recordings};

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub policy: Policy,
    pub announcement: Option<String>,
    pub listening: Listening,
    pub keep_recordings_days: Option<i32>,
    pub keep_voicemails_days: Option<i32>,
    /// Queues that are not named have the company's rule.
    pub queues: BTreeMap<QueueId, RecordingRule>,
}

/// Who may play recordings, beside those who may play all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listening {
    Supervisors,
    /// Agents too, of their own calls.
    OwnCalls,
}

impl Listening {
    pub fn of(policy: Option<&recording_policy::Model>) -> Self {
        match policy {
            Some(policy) if policy.agents_may_listen => Self::OwnCalls,
            Some(_) | None => Self::Supervisors,
        }
    }
}

pub async fn get(app: &App, scope: CompanyScope) -> Result<Settings> {
    let db = app.db.reader();
    let row = recordings::policy(scope, db).await?;
    Ok(Settings {
        policy: row.as_ref().map_or_else(Policy::default, Policy::from),
        listening: Listening::of(row.as_ref()),
        announcement: row.as_ref().and_then(|row| row.announcement.clone()),
        keep_recordings_days: row.as_ref().and_then(|row| row.keep_recordings_days),
        keep_voicemails_days: row.as_ref().and_then(|row| row.keep_voicemails_days),
        queues: recordings::queue_rules(scope, db).await?,
    })
}

/// Puts `settings` in place of what was said before, from the next call on. Retention holds for what there is, too.
pub async fn put(app: &App, scope: CompanyScope, by: UserId, settings: Settings) -> Result<Settings> {
    check(&settings)?;
    let mut unit = Unit::begin(app, scope).await?;
    for queue in settings.queues.keys() {
        queues::by_id(scope, unit.tx(), *queue).await?.ok_or(Error::NotFound(Subject::Queue))?;
    }
    let row = recording_policy::Model {
        company_id: scope.company(),
        rule: settings.policy.rule,
        inbound: settings.policy.inbound,
        outbound: settings.policy.outbound,
        countries: CountryLaws(settings.policy.countries.clone()),
        unknown_country: settings.policy.unknown_country,
        announce_always: settings.policy.announce_always,
        announcement: settings.announcement.clone(),
        agents_may_listen: settings.listening == Listening::OwnCalls,
        keep_recordings_days: settings.keep_recordings_days,
        keep_voicemails_days: settings.keep_voicemails_days,
        updated_at: unit.now(),
        updated_by: by,
    };
    recordings::save_policy(scope, unit.tx(), row).await?;
    recordings::set_queue_rules(scope, unit.tx(), &settings.queues).await?;
    retention::plan(&mut unit).await?;
    audit::note(app, scope, unit.tx(), by, "recording:policy", detail(&settings)).await?;
    unit.commit().await?;
    get(app, scope).await
}

fn detail(settings: &Settings) -> serde_json::Value {
    json!({
        "rule": settings.policy.rule,
        "inbound": settings.policy.inbound,
        "outbound": settings.policy.outbound,
        "countries": settings.policy.countries,
        "unknownCountry": settings.policy.unknown_country,
        "announceAlways": settings.policy.announce_always,
        "agentsMayListen": settings.listening == Listening::OwnCalls,
        "keepRecordingsDays": settings.keep_recordings_days,
        "keepVoicemailsDays": settings.keep_voicemails_days,
        "queues": settings.queues,
    })
}

/// Every country once, and each one that there is.
fn check(settings: &Settings) -> Result<()> {
    let mut wrong = Vec::new();
    let mut seen = BTreeMap::<&str, CountryRule>::new();
    for (place, law) in settings.policy.countries.iter().enumerate() {
        let problem = if !is_country(&law.country) {
            "must be a country of ISO 3166-1 in two capitals, such as DE"
        } else if seen.insert(&law.country, law.rule).is_some() {
            "is named twice"
        } else {
            continue;
        };
        wrong.push(FieldError { field: format!("/countries/{place}/country"), message: problem.to_owned() });
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Error::Invalid {
        code: Code::ValidationFailed,
        message: "Some fields are not valid.".into(),
        fields: wrong,
    })
}
