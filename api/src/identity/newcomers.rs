//! Members that are made directly: a new person gets an account and a mail with a link to set a password. Nobody else ever
//! knows it.

use entity::id::UserId;
use entity::{CompanyScope, Role};
use serde_json::json;

use super::caller::Caller;
use super::email::Email;
use super::{audit, invitations, members, password_links, passwords, register};
use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::integrations::smtp;
use crate::limits::FOUND_OUT;
use crate::outbound::mail::{self, Letter, letters};
use crate::secret::Secret;
use crate::store::idempotency::{self, Claim, Request};
use crate::store::users::{self, Contact, Member};
use crate::store::{Unit, companies};

/// Whom to make a member.
pub struct Newcomer {
    pub email: Email,
    pub name: String,
    pub role: Role,
}

pub struct Made {
    pub member: Member,
    /// Where he sets a password, where no mail can be sent: otherwise it is in the mail alone.
    pub link: Option<Secret>,
}

/// Makes a person and a member of him; a request that is repeated makes him once.
///
/// # Errors
/// `ALREADY_MEMBER`; `ACCOUNT_EXISTS` for an address that has an account: its owner is invited, since it is his to join. That
/// tells that there is one, so after five of these in an hour the company is refused with `TooOften`.
pub async fn create(
    app: &App,
    scope: CompanyScope,
    by: &Caller,
    new: Newcomer,
    once: Option<Request>,
) -> Result<Made> {
    let company_id = scope.company().to_string();
    app.limiter.check(FOUND_OUT, &company_id, app.clock.now()).await?;
    let company = companies::own(scope, app.db.reader()).await?.ok_or(Error::NotFound(Subject::Company))?;
    // A password that nobody knows, until the link is followed.
    let password_hash = passwords::hash(Secret::new(app.ids.token())).await?;
    let user = register::new_user(app, new.email.as_str().to_owned(), new.name, password_hash);
    let id: UserId = user.id;
    let unit = Unit::begin(app, scope).await?;
    if let Some(request) = &once
        && let Claim::Repeated(id) =
            idempotency::claim(scope, unit.tx(), request, id.into(), unit.now()).await?
    {
        drop(unit);
        return Ok(Made { member: members::get(app, scope, id.into()).await?, link: None });
    }
    if users::is_member(scope, unit.tx(), Contact::Email(new.email.as_str())).await? {
        return Err(invitations::already());
    }
    if !users::insert_unless_known(unit.tx(), user.clone()).await? {
        drop(unit);
        app.limiter.count(FOUND_OUT, &company_id, app.clock.now()).await;
        return Err(Error::conflict(
            Code::AccountExists,
            "This address has an account. Invite its owner instead.",
        ));
    }
    register::join(app, unit.tx(), &user, scope.company(), new.role).await?;
    let detail = json!({ "userId": id, "role": new.role });
    audit::note(app, scope, unit.tx(), by.user, "users:create", detail).await?;
    let (token, until) = password_links::begin(app, unit.tx(), id, password_links::WELCOME).await?;
    let link = if smtp::delivers(app, scope, unit.tx()).await? {
        let content = letters::welcome(&company, &app.settings.public_url, &token);
        mail::post(
            app,
            unit.tx(),
            Letter { from: Some(company.id), to: new.email, content, give_up_at: until },
        )
        .await?;
        None
    } else {
        Some(Secret::new(letters::password_link(&app.settings.public_url, &token)))
    };
    unit.commit().await?;
    app.mailer.wake();
    Ok(Made { member: members::get(app, scope, id).await?, link })
}
