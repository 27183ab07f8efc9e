//! How companies begin and end. One that is closed keeps all that it has: nobody acts for it, its numbers say that they are
//! not in service, and it can be opened again.

use entity::id::{CompanyId, UserId};
use entity::{CompanyScope, Role, closed_company, company};
use serde_json::json;

use super::{CompanyPatch, get};
use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::identity::invitations::{self, Invited, Whom};
use crate::identity::{Caller, Email, audit, members, register};
use crate::store::sessions::{self, Sessions};
use crate::store::{Unit, agents, system, users};

/// A company that the platform's administrator makes for somebody.
pub struct NewCompany {
    pub name: String,
    pub time_zone: Option<String>,
    pub language: Option<String>,
    /// Whom it invites as its owner.
    pub owner: Email,
}

pub struct Founded {
    pub company: company::Model,
    pub invitation: Invited,
}

/// Makes a company that has nobody yet, and invites its owner.
pub async fn create(app: &App, by: &Caller, new: NewCompany) -> Result<Founded> {
    let NewCompany { name, time_zone, language, owner } = new;
    let patch = CompanyPatch { name: Some(name), time_zone, language };
    patch.check()?;
    let tx = app.db.begin().await?;
    let company = register::new_company(app, &tx, patch).await?;
    system::insert_company(&tx, company.clone()).await?;
    let (row, token) = invitations::new(app, company.id, by.user, &Whom::Email(owner), Role::Owner);
    let detail = json!({ "companyId": company.id, "invitationId": row.id, "email": row.email });
    system::insert_invitation(&tx, row.clone()).await?;
    audit::note_joining(app, &tx, company.id, by.user, "companies:create", detail).await?;
    let invitation = invitations::send_letter(app, None, &tx, &company, row, token).await?;
    tx.commit().await?;
    app.mailer.wake();
    Ok(Founded { company, invitation })
}

/// Closes the company, whose name has to be said: its people are out at once and its agents off the air. Calls under way go
/// on to their end.
///
/// # Errors
/// `Invalid` when `name` is not the company's.
pub async fn close(app: &App, scope: CompanyScope, by: UserId, name: &str) -> Result<()> {
    let company = get(app, scope).await?;
    if company.name.trim() != name.trim() {
        return Err(Error::invalid("confirm", "must be the name of the company"));
    }
    let mut unit = Unit::begin(app, scope).await?;
    let closing = closed_company::Model { company_id: scope.company(), closed_by: by, closed_at: unit.now() };
    if !system::close_company(unit.tx(), closing).await? {
        return Err(Error::NotFound(Subject::Company));
    }
    for agent in agents::on_air(scope, unit.tx()).await? {
        members::send_home(&mut unit, agent, by).await?;
    }
    let ended = entity::RevokedBecause::Administrator;
    for membership in users::memberships(scope, unit.tx()).await? {
        sessions::revoke(unit.tx(), Sessions::OfMembership(membership), ended, unit.now()).await?;
    }
    audit::note(app, scope, unit.tx(), by, "companies:close", json!({})).await?;
    unit.commit().await
}

/// Opens a closed company again: its people sign in as before.
pub async fn reopen(app: &App, by: UserId, id: CompanyId) -> Result<company::Model> {
    let tx = app.db.begin().await?;
    if !system::open_company(&tx, id).await? {
        return Err(Error::NotFound(Subject::Company));
    }
    audit::note_joining(app, &tx, id, by, "companies:reopen", json!({})).await?;
    let company = system::company(&tx, id).await?.ok_or(Error::NotFound(Subject::Company))?;
    tx.commit().await?;
    Ok(company)
}
