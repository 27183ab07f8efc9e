//! The mail server of a company's own, from which all leaves that speaks for the company. While it does not work, mail waits
//! for it: by the platform's server it would come from somebody else (decision 46).

use chrono::{DateTime, Utc};
use entity::id::UserId;
use entity::{CompanyScope, SmtpSecurity, mail, smtp_server};
use lettre::Address;
use lettre::message::Mailbox;
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::app::App;
use crate::error::{Error, FieldError, Result, Subject};
use crate::identity::audit;
use crate::outbound::mail::own::{OwnServer, Step, Trouble};
use crate::sealed;
use crate::secret::Secret;
use crate::store::{Unit, mails, one_each, smtp_servers};

/// What is to be the company's mail server.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub host: String,
    pub port: u16,
    pub security: SmtpSecurity,
    pub user: Option<String>,
    /// The one that there is, when none is given and host and user are as they were.
    pub password: Option<Secret>,
    pub from_address: String,
    pub from_name: Option<String>,
}

pub async fn get(app: &App, scope: CompanyScope) -> Result<smtp_server::Model> {
    let row = one_each::get::<smtp_server::Entity>(scope, app.db.reader()).await?;
    row.ok_or(Error::NotFound(Subject::Integration))
}

/// Puts it in place of the one before, if it lets us in. What waited for that one is tried again at once.
///
/// # Errors
/// 422 with every field that is wrong, or with what the server has answered.
pub async fn put(app: &App, scope: CompanyScope, by: UserId, wanted: Wanted) -> Result<smtp_server::Model> {
    check(app, &wanted)?;
    let old = one_each::get::<smtp_server::Entity>(scope, app.db.reader()).await?;
    let password = password(app, scope, &wanted, old.as_ref())?;
    let from = mailbox(&wanted.from_address, wanted.from_name.as_deref())?;
    let server = OwnServer {
        host: wanted.host.clone(),
        port: wanted.port,
        security: wanted.security,
        login: wanted.user.clone().zip(password.clone()),
        from,
    };
    server.try_out(app).await?.map_err(refusal)?;

    let unit = Unit::begin(app, scope).await?;
    let seal = |password: Secret| sealed::seal(&app.keys, &about(scope), &password);
    let row = smtp_server::Model {
        company_id: scope.company(),
        host: wanted.host,
        port: i32::from(wanted.port),
        security: wanted.security,
        user_name: wanted.user,
        password_sealed: password.map(seal).transpose()?,
        from_address: wanted.from_address,
        from_name: wanted.from_name,
        failing_since: None,
        last_error: None,
        last_error_at: None,
        updated_at: unit.now(),
        updated_by: by,
    };
    one_each::put::<smtp_server::Entity>(scope, unit.tx(), Some(row.clone())).await?;
    mails::bring_forward(unit.tx(), scope, unit.now()).await?;
    let detail = json!({"host": row.host, "from": row.from_address});
    audit::note(app, scope, unit.tx(), by, "integrations:smtp", detail).await?;
    unit.commit().await?;
    app.mailer.wake();
    Ok(row)
}

/// The company's mail leaves by the platform's server from now on, also what waits.
pub async fn remove(app: &App, scope: CompanyScope, by: UserId) -> Result<()> {
    let unit = Unit::begin(app, scope).await?;
    if one_each::delete::<smtp_server::Entity>(scope, unit.tx()).await? == 0 {
        return Err(Error::NotFound(Subject::Integration));
    }
    mails::bring_forward(unit.tx(), scope, unit.now()).await?;
    audit::note(app, scope, unit.tx(), by, "integrations:smtp-removed", json!({})).await?;
    unit.commit().await?;
    app.mailer.wake();
    Ok(())
}

/// Whether what the company writes reaches anybody.
pub async fn delivers(app: &App, scope: CompanyScope, db: &impl ConnectionTrait) -> Result<bool> {
    Ok(app.mailer.delivers() || one_each::get::<smtp_server::Entity>(scope, db).await?.is_some())
}

/// The server by which a mail leaves that speaks for a company; `None` for the platform's.
pub async fn server_for(app: &App, mail: &mail::Model) -> Result<Option<(CompanyScope, OwnServer)>> {
    let Some(scope) = mails::scope_of(mail) else { return Ok(None) };
    let Some(row) = one_each::get::<smtp_server::Entity>(scope, app.db.reader()).await? else {
        return Ok(None);
    };
    let password = row.password_sealed.as_ref();
    let password = password.map(|sealed| sealed::open(&app.keys, &about(scope), sealed)).transpose()?;
    let server = OwnServer {
        from: mailbox(&row.from_address, row.from_name.as_deref())?,
        port: u16::try_from(row.port).map_err(|cause| Error::internal("read a mail server", cause))?,
        login: row.user_name.zip(password),
        host: row.host,
        security: row.security,
    };
    Ok(Some((scope, server)))
}

/// It has not taken a mail. Whatever else the company has written waits until `again` with it.
pub async fn has_failed(app: &App, scope: CompanyScope, because: &str, again: DateTime<Utc>) -> Result<()> {
    let tx = app.db.begin().await?;
    smtp_servers::has_failed(scope, &tx, because, app.clock.now()).await?;
    mails::put_off(&tx, scope, again).await?;
    Ok(tx.commit().await?)
}

/// It has taken one.
pub async fn has_worked(app: &App, scope: CompanyScope) -> Result<()> {
    let row = one_each::get::<smtp_server::Entity>(scope, app.db.reader()).await?;
    if row.is_none_or(|row| row.failing_since.is_none()) {
        return Ok(());
    }
    let tx = app.db.begin().await?;
    smtp_servers::has_worked(scope, &tx).await?;
    Ok(tx.commit().await?)
}

fn about(scope: CompanyScope) -> String {
    format!("smtp_server:{}", scope.company())
}

fn mailbox(address: &str, name: Option<&str>) -> Result<Mailbox> {
    let address = address.parse::<Address>().map_err(|_| no_address())?;
    Ok(Mailbox::new(name.map(str::to_owned), address))
}

fn no_address() -> Error {
    Error::invalid("/fromAddress", "must be an address from which mail can be sent")
}

/// A password that somebody has entered for one server goes to no other.
fn password(
    app: &App,
    scope: CompanyScope,
    wanted: &Wanted,
    old: Option<&smtp_server::Model>,
) -> Result<Option<Secret>> {
    let Some(user) = &wanted.user else { return Ok(None) };
    if let Some(password) = &wanted.password {
        return Ok(Some(password.clone()));
    }
    let same = |old: &&smtp_server::Model| {
        old.user_name.as_ref() == Some(user)
            && old.host == wanted.host
            && old.port == i32::from(wanted.port)
            && (wanted.security != SmtpSecurity::None || old.security == SmtpSecurity::None)
    };
    let kept = old.filter(same).and_then(|old| old.password_sealed.as_ref());
    let sealed = kept.ok_or_else(|| {
        Error::invalid("/password", "is needed with a server or a user that is not known yet")
    })?;
    sealed::open(&app.keys, &about(scope), sealed).map(Some)
}

fn refusal(trouble: Trouble) -> Error {
    let Trouble { step, because } = trouble;
    match step {
        Step::Address => Error::invalid("/host", "must be a host on the public internet"),
        Step::Connect | Step::Serve => Error::invalid("/host", format!("cannot be used: {because}")),
        Step::Secure => Error::invalid("/security", format!("does not work with this server: {because}")),
        Step::SignIn => Error::invalid("/password", format!("is refused by the server: {because}")),
    }
}

fn check(app: &App, wanted: &Wanted) -> Result<()> {
    let mut wrong = Vec::new();
    let mut add = |field: &str, message: &str| {
        wrong.push(FieldError { field: field.to_owned(), message: message.to_owned() });
    };
    let here = ["localhost", "127.0.0.1", "::1"].contains(&wanted.host.as_str());
    if wanted.security == SmtpSecurity::None && (app.settings.is_production() || !here) {
        add("/security", "must be starttls or tls: nothing is sent in the clear");
    }
    if wanted.user.is_none() && wanted.password.is_some() {
        add("/user", "is needed with a password");
    }
    if wanted.from_address.parse::<Address>().is_err() {
        add("/fromAddress", "must be an address from which mail can be sent");
    }
    if wanted.from_name.as_ref().is_some_and(|name| name.chars().any(char::is_control)) {
        add("/fromName", "must be one line");
    }
    Error::unless_empty(wrong)
}
