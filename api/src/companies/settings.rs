//! What a company says about how it works, as far as that has no settings of its own (recording, calls that go out).

use entity::id::UserId;
use entity::{CompanyScope, ReportSettings, company};
use sea_orm::ActiveValue::{NotSet, Set};
use serde_json::json;

use super::get as company;
use crate::app::App;
use crate::error::Result;
use crate::identity::audit;
use crate::store::{Unit, companies};

/// All of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether an agent is told that a supervisor is in his call.
    pub tell_agents_of_supervision: bool,
    /// How its reports count.
    pub reports: ReportSettings,
}

impl From<company::Model> for Settings {
    fn from(row: company::Model) -> Self {
        Self { tell_agents_of_supervision: row.tell_agents_of_supervision, reports: row.report_settings }
    }
}

/// What to change; `None` leaves it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub tell_agents_of_supervision: Option<bool>,
    pub reports: Option<ReportSettings>,
}

pub async fn get(app: &App, scope: CompanyScope) -> Result<Settings> {
    Ok(company(app, scope).await?.into())
}

/// Changes what is named, from now on; who did, and what all of it is then, is in the audit.
pub async fn change(app: &App, scope: CompanyScope, by: UserId, changes: Changes) -> Result<Settings> {
    let unit = Unit::begin(app, scope).await?;
    let row = company::ActiveModel {
        tell_agents_of_supervision: changes.tell_agents_of_supervision.map_or(NotSet, Set),
        report_settings: changes.reports.map_or(NotSet, Set),
        ..Default::default()
    };
    let settings = Settings::from(companies::change(scope, unit.tx(), row).await?);
    let detail = json!({
        "tellAgentsOfSupervision": settings.tell_agents_of_supervision,
        "serviceLevel": settings.reports,
    });
    audit::note(app, scope, unit.tx(), by, "company:settings", detail).await?;
    unit.commit().await?;
    Ok(settings)
}
