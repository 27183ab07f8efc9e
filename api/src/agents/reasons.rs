//! The reasons that a company's agents may give for what they want. A company without reasons for an availability takes
//! any text; one with some takes those.

use entity::id::{ReasonId, UserId};
use entity::{Availability, CompanyScope, Inserted, availability_reason};
use serde_json::json;

use super::Wanted;
use super::device::DEVICE;
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::identity::audit;
use crate::store::{Unit, workforce};

/// A reason to be.
#[derive(Clone, Debug)]
pub struct NewReason {
    pub availability: Availability,
    pub name: String,
}

pub async fn reasons(app: &App, scope: CompanyScope) -> Result<Vec<availability_reason::Model>> {
    workforce::reasons(scope, app.db.reader()).await
}

pub async fn add_reason(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    new: NewReason,
) -> Result<availability_reason::Model> {
    refuse_ours(&new.name)?;
    let unit = Unit::begin(app, scope).await?;
    let row = availability_reason::Model {
        id: unit.id(),
        company_id: unit.company(),
        availability: new.availability,
        name: new.name,
        created_at: unit.now(),
    };
    match workforce::insert_reason(scope, unit.tx(), row.clone()).await? {
        Inserted::Yes => {}
        Inserted::Conflicted => return Err(known_already()),
    }
    note(&unit, by, "availability-reasons:add", &row).await?;
    unit.commit().await?;
    Ok(row)
}

/// Gives a reason another name. Who has it now keeps the old one until he gives another.
pub async fn change_reason(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    id: ReasonId,
    name: String,
) -> Result<availability_reason::Model> {
    refuse_ours(&name)?;
    let unit = Unit::begin(app, scope).await?;
    let mut row = workforce::reason(scope, unit.tx(), id).await?;
    let others = workforce::reasons(scope, unit.tx()).await?;
    let taken = |other: &availability_reason::Model| {
        other.id != id && other.availability == row.availability && other.name == name
    };
    if others.iter().any(taken) {
        return Err(known_already());
    }
    row.name = name;
    workforce::save_reason(scope, unit.tx(), row.clone()).await?;
    note(&unit, by, "availability-reasons:change", &row).await?;
    unit.commit().await?;
    Ok(row)
}

pub async fn remove_reason(app: &App, scope: CompanyScope, by: UserId, id: ReasonId) -> Result<()> {
    let unit = Unit::begin(app, scope).await?;
    let row = workforce::reason(scope, unit.tx(), id).await?;
    workforce::delete_reason(scope, unit.tx(), id).await?;
    note(&unit, by, "availability-reasons:remove", &row).await?;
    unit.commit().await
}

/// Refuses a reason that the company's agents may not give.
pub(super) async fn check(unit: &Unit, wanted: &Wanted) -> Result<()> {
    let Some(given) = &wanted.reason else { return Ok(()) };
    refuse_ours(given)
        .map_err(|_| Error::invalid("/reason", format!("\"{DEVICE}\" is the server's to say")))?;
    let all = workforce::reasons(unit.scope(), unit.tx()).await?;
    let fit: Vec<_> = all.iter().filter(|reason| reason.availability == wanted.availability).collect();
    if fit.is_empty() || fit.iter().any(|reason| reason.name == *given) {
        return Ok(());
    }
    let names: Vec<_> = fit.into_iter().map(|reason| reason.name.as_str()).collect();
    Err(Error::invalid("/reason", format!("must be one of: {}", names.join(", "))))
}

fn refuse_ours(name: &str) -> Result<()> {
    if name.eq_ignore_ascii_case(DEVICE) {
        return Err(Error::invalid("/name", format!("\"{DEVICE}\" is the server's to say")));
    }
    Ok(())
}

fn known_already() -> Error {
    Error::conflict(Code::ReasonExists, "The company has this reason already.")
}

async fn note(unit: &Unit, by: UserId, action: &str, row: &availability_reason::Model) -> Result<()> {
    let detail = json!({"reasonId": row.id, "availability": row.availability, "name": row.name});
    audit::note(unit.app(), unit.scope(), unit.tx(), by, action, detail).await
}
