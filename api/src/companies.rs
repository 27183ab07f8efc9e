//! Companies: reading and changing them, and their settings. They come into being by registration (see
//! [`crate::identity::register`]) or by the platform's administrator (see [`life`]).

pub mod life;
pub mod settings;
pub mod twilio;

use chrono_tz::Tz;
use entity::id::UserId;
use entity::{CompanyScope, company};
use sea_orm::ActiveValue::{NotSet, Set};
use serde_json::json;

use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::identity::audit;
use crate::prompts::is_tag;
use crate::store::system::Doors;
use crate::store::{Unit, companies, system};

/// One page of all companies by name, and how many there are: for the platform's administrator alone.
pub async fn page(app: &App, doors: Doors, offset: u64, limit: u64) -> Result<(Vec<company::Model>, u64)> {
    Ok(system::companies(app.db.reader(), doors, offset, limit).await?)
}

pub async fn get(app: &App, scope: CompanyScope) -> Result<company::Model> {
    companies::own(scope, app.db.reader()).await?.ok_or(Error::NotFound(Subject::Company))
}

/// What to change of a company; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct CompanyPatch {
    pub name: Option<String>,
    /// IANA name.
    pub time_zone: Option<String>,
    /// BCP 47 tag.
    pub language: Option<String>,
}

impl CompanyPatch {
    fn check(&self) -> Result<()> {
        if self.name.as_ref().is_some_and(|name| name.trim().is_empty()) {
            return Err(Error::invalid("/name", "must be a name"));
        }
        if self.time_zone.as_ref().is_some_and(|zone| zone.parse::<Tz>().is_err()) {
            return Err(Error::invalid(
                "/timeZone",
                "must be the IANA name of a time zone, e.g. Europe/Berlin",
            ));
        }
        if self.language.as_ref().is_some_and(|tag| !is_tag(tag) || tag.len() > 16) {
            return Err(Error::invalid("/language", "must be a tag of BCP 47, e.g. en-US"));
        }
        Ok(())
    }
}

/// Changes what is named; calls under way keep what they began with.
pub async fn change(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    patch: CompanyPatch,
) -> Result<company::Model> {
    patch.check()?;
    let CompanyPatch { name, time_zone, language } = patch;
    let detail = json!({ "name": name, "timeZone": time_zone, "language": language });
    let row = company::ActiveModel {
        name: name.map_or(NotSet, |name| Set(name.trim().to_owned())),
        time_zone: time_zone.map_or(NotSet, Set),
        language: language.map_or(NotSet, Set),
        ..Default::default()
    };
    let unit = Unit::begin(app, scope).await?;
    audit::note(app, scope, unit.tx(), by, "companies:change", detail).await?;
    let company = companies::change(scope, unit.tx(), row).await?;
    unit.commit().await?;
    Ok(company)
}
