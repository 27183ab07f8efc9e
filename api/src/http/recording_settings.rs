//! What a company says about recording, and what retention would delete.

use std::collections::BTreeMap;

use entity::id::CompanyId;
use entity::recording_policy::CountryLaw;
use entity::{CountryRule, RecordingRule};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Reply, Success};
use super::{JsonBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, ReadRecordingPolicy, WriteRecordingPolicy};
use crate::calls::recording::policy::Policy;
use crate::calls::recording::retention::{self, Figures};
use crate::calls::recording::settings::{self, Listening, Settings};
use crate::error::Error;
use crate::store::recordings::Due;

pub struct RecordingSettings;

/// The law of a country.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct CountryLawIn {
    /// ISO 3166-1, two capitals.
    #[oai(validator(max_length = 2))]
    country: String,
    rule: Word<CountryRule>,
}

/// What a queue says in place of its company.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct QueueRuleIn {
    queue_id: Uuid,
    rule: Word<RecordingRule>,
}

/// Which calls are recorded, who may listen, and how long recordings are kept.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields, skip_serializing_if_is_none)]
struct RecordingPolicyBody {
    /// `always`: from the moment at which caller and agent are connected; `on_demand`: when a person or a flow says so;
    /// `never`: not even then.
    rule: Word<RecordingRule>,
    /// Whether `always` is meant for calls that come in.
    inbound: bool,
    /// Whether `always` is meant for calls that go out.
    outbound: bool,
    /// What the law of the customer's country asks for; nothing overrules it. Countries that are not named allow it.
    #[oai(validator(max_items = 300))]
    countries: Vec<CountryLawIn>,
    /// The same for customers whose number belongs to no country, or is hidden.
    unknown_country: Option<Word<CountryRule>>,
    /// Both sides are told before every recording.
    announce_always: bool,
    /// What they are told; our own words when it is absent.
    #[oai(validator(min_length = 1, max_length = 500))]
    announcement: Option<String>,
    /// Agents may play the recordings of their own calls.
    agents_may_listen: bool,
    /// Days after which recordings of conversations are deleted; never when it is absent.
    #[oai(validator(minimum(value = "1"), maximum(value = "36500")))]
    keep_recordings_days: Option<i32>,
    /// The same for voicemails.
    #[oai(validator(minimum(value = "1"), maximum(value = "36500")))]
    keep_voicemails_days: Option<i32>,
    /// Queues that are not named have the company's rule.
    #[oai(validator(max_items = 1000))]
    queues: Vec<QueueRuleIn>,
}

impl From<Settings> for RecordingPolicyBody {
    fn from(settings: Settings) -> Self {
        let country = |law: CountryLaw| CountryLawIn { country: law.country, rule: Word(law.rule) };
        Self {
            rule: Word(settings.policy.rule),
            inbound: settings.policy.inbound,
            outbound: settings.policy.outbound,
            countries: settings.policy.countries.into_iter().map(country).collect(),
            unknown_country: settings.policy.unknown_country.map(Word),
            announce_always: settings.policy.announce_always,
            announcement: settings.announcement,
            agents_may_listen: settings.listening == Listening::OwnCalls,
            keep_recordings_days: settings.keep_recordings_days,
            keep_voicemails_days: settings.keep_voicemails_days,
            queues: settings
                .queues
                .into_iter()
                .map(|(queue, rule)| QueueRuleIn { queue_id: queue.0, rule: Word(rule) })
                .collect(),
        }
    }
}

impl RecordingPolicyBody {
    fn read(self) -> Result<Settings, Error> {
        let mut queues = BTreeMap::new();
        for (place, QueueRuleIn { queue_id, rule }) in self.queues.into_iter().enumerate() {
            if queues.insert(queue_id.into(), rule.0).is_some() {
                return Err(Error::invalid(format!("/queues/{place}/queueId"), "is named twice"));
            }
        }
        let law = |law: CountryLawIn| CountryLaw { country: law.country, rule: law.rule.0 };
        Ok(Settings {
            policy: Policy {
                rule: self.rule.0,
                inbound: self.inbound,
                outbound: self.outbound,
                countries: self.countries.into_iter().map(law).collect(),
                unknown_country: self.unknown_country.map(|word| word.0),
                announce_always: self.announce_always,
            },
            announcement: self.announcement,
            listening: if self.agents_may_listen { Listening::OwnCalls } else { Listening::Supervisors },
            keep_recordings_days: self.keep_recordings_days,
            keep_voicemails_days: self.keep_voicemails_days,
            queues,
        })
    }
}

/// How much is due.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct DueOut {
    /// How many would be deleted.
    count: i64,
    bytes: i64,
    /// How many are old enough and under a legal hold.
    held: i64,
}

impl From<Due> for DueOut {
    fn from(due: Due) -> Self {
        Self { count: due.count, bytes: due.bytes, held: due.held }
    }
}

/// What retention would delete now.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct RetentionOut {
    recordings: DueOut,
    voicemails: DueOut,
}

impl From<Figures> for RetentionOut {
    fn from(figures: Figures) -> Self {
        Self { recordings: figures.recordings.into(), voicemails: figures.voicemails.into() }
    }
}

#[OpenApi(tag = "Tag::Recordings")]
impl RecordingSettings {
    /// Shows what the company says about recording.
    #[oai(
        path = "/api/settings/company/:companyId/recording",
        method = "get",
        operation_id = "getRecordingPolicy"
    )]
    async fn get(
        &self,
        can: Can<ReadRecordingPolicy>,
        Data(app): Data<&App>,
        #[oai(name = "companyId")] Path(company): Path<Uuid>,
    ) -> Reply<RecordingPolicyBody> {
        Success::ok(settings::get(app, can.scope_of(CompanyId(company))?).await?)
    }

    /// Changes what the company says about recording: all of it.
    ///
    /// Retention holds at once for what there is; ask what it would delete before.
    #[oai(
        path = "/api/settings/company/:companyId/recording",
        method = "put",
        operation_id = "putRecordingPolicy"
    )]
    async fn put(
        &self,
        can: Can<WriteRecordingPolicy>,
        Data(app): Data<&App>,
        #[oai(name = "companyId")] Path(company): Path<Uuid>,
        JsonBody(body): JsonBody<RecordingPolicyBody>,
    ) -> Reply<RecordingPolicyBody> {
        let scope = can.scope_of(CompanyId(company))?;
        Success::ok(settings::put(app, scope, can.caller().user, body.read()?).await?)
    }

    /// Counts what retention would delete now, and deletes nothing.
    #[oai(
        path = "/api/settings/company/:companyId/recording/due",
        method = "get",
        operation_id = "countDueRecordings"
    )]
    async fn due(
        &self,
        can: Can<ReadRecordingPolicy>,
        Data(app): Data<&App>,
        #[oai(name = "companyId")] Path(company): Path<Uuid>,
    ) -> Reply<RetentionOut> {
        Success::ok(retention::figures(app, can.scope_of(CompanyId(company))?).await?)
    }
}
