//! Whether a company records, who may listen, and for how long it is kept. A company without a row has never said.

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::{CompanyId, UserId};
use crate::macros::company_owned;
use crate::{CountryRule, RecordingRule};

/// The law of one country.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountryLaw {
    /// ISO 3166-1, two capitals.
    pub country: String,
    pub rule: CountryRule,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct CountryLaws(pub Vec<CountryLaw>);

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "recording_policy")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    pub rule: RecordingRule,
    /// Whether `rule` holds for calls that come in, and for those that go out.
    pub inbound: bool,
    pub outbound: bool,
    #[sea_orm(column_type = "JsonBinary")]
    pub countries: CountryLaws,
    /// For callers of whose country nothing is known.
    pub unknown_country: Option<CountryRule>,
    /// Both sides are told of every recording.
    pub announce_always: bool,
    /// In place of our own words.
    pub announcement: Option<String>,
    /// Agents may play the recordings of their own calls.
    pub agents_may_listen: bool,
    /// For ever when there is none.
    pub keep_recordings_days: Option<i32>,
    pub keep_voicemails_days: Option<i32>,
    pub updated_at: DateTimeUtc,
    pub updated_by: UserId,
}

company_owned!();
