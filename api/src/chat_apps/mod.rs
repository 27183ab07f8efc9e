//! Slack and Teams of a company: where notices go ([`notices`]), and commands that come from Slack ([`commands`]).
//! Addresses and secrets are sealed, and shown to nobody again.

pub mod commands;
pub mod notices;
mod quiet;
mod words;

use entity::id::UserId;
use entity::{ChatApp, CompanyScope, Notice, chat_integration};
use serde_json::json;

use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::hooks::endpoints;
use crate::identity::audit;
use crate::sealed;
use crate::secret::Secret;
use crate::store::{Unit, chat_apps, hooks};

pub use quiet::QuietHours;

/// What is to be set. Of a secret: absent it stays, empty it goes.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Where notices are sent: the address of an incoming webhook, or of a workflow.
    pub url: Option<Secret>,
    /// Slack's, with which its commands are signed.
    pub signing_secret: Option<Secret>,
    pub notices: Vec<Notice>,
    pub quiet: Option<QuietHours>,
}

pub async fn get(app: &App, scope: CompanyScope, chat: ChatApp) -> Result<chat_integration::Model> {
    chat_apps::get(scope, app.db.reader(), chat).await?.ok_or(Error::NotFound(Subject::Integration))
}

/// The notices that are sent.
pub fn notices_of(row: &chat_integration::Model) -> Vec<Notice> {
    serde_json::from_value(row.notices.clone()).unwrap_or_default()
}

/// # Errors
/// 422 for an address to which nothing may be sent, and for a signing secret of anything but Slack.
pub async fn put(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    chat: ChatApp,
    wanted: Wanted,
) -> Result<chat_integration::Model> {
    check(app, chat, &wanted)?;
    let unit = Unit::begin(app, scope).await?;
    let blank = chat_integration::Model {
        company_id: scope.company(),
        chat,
        url_sealed: None,
        signing_secret_sealed: None,
        notices: json!([]),
        quiet_from: None,
        quiet_until: None,
        failures: 0,
        last_error: None,
        last_error_at: None,
        last_attempt_at: None,
        updated_at: unit.now(),
        updated_by: by,
    };
    let _ = chat_apps::insert(scope, unit.tx(), blank.clone()).await?;
    let mut row = chat_apps::lock(scope, unit.tx(), chat).await?.unwrap_or(blank);
    row.url_sealed =
        sealed::replace(&app.keys, &about_url(scope, chat), wanted.url.as_ref(), row.url_sealed)?;
    let secret = wanted.signing_secret.as_ref();
    row.signing_secret_sealed =
        sealed::replace(&app.keys, &about_secret(scope, chat), secret, row.signing_secret_sealed)?;
    row.notices = json!(wanted.notices);
    (row.quiet_from, row.quiet_until) = wanted.quiet.map(QuietHours::stored).unzip();
    // Whatever was wrong may be right now.
    (row.failures, row.last_error, row.last_error_at) = (0, None, None);
    (row.updated_at, row.updated_by) = (unit.now(), by);
    chat_apps::save(scope, unit.tx(), row.clone()).await?;
    hooks::lock_listeners(&unit).await?;
    hooks::count_listeners(&unit).await?;
    let detail = json!({"chat": chat, "notices": wanted.notices});
    audit::note(app, scope, unit.tx(), by, "integrations:set", detail).await?;
    unit.commit().await?;
    Ok(row)
}

/// Nothing is sent there any more, and nothing is heard from there.
pub async fn remove(app: &App, scope: CompanyScope, by: UserId, chat: ChatApp) -> Result<()> {
    let unit = Unit::begin(app, scope).await?;
    if chat_apps::delete(scope, unit.tx(), chat).await? == 0 {
        return Err(Error::NotFound(Subject::Integration));
    }
    hooks::lock_listeners(&unit).await?;
    hooks::count_listeners(&unit).await?;
    audit::note(app, scope, unit.tx(), by, "integrations:remove", json!({"chat": chat})).await?;
    unit.commit().await
}

fn check(app: &App, chat: ChatApp, wanted: &Wanted) -> Result<()> {
    if let Some(url) = wanted.url.as_ref().filter(|url| !url.expose().is_empty()) {
        endpoints::check_url(app, "/url", url.expose())?;
    }
    if chat == ChatApp::Teams && wanted.signing_secret.is_some() {
        return Err(Error::invalid("/signingSecret", "is Slack's alone"));
    }
    Ok(())
}

/// Where notices are sent.
fn url(app: &App, scope: CompanyScope, row: &chat_integration::Model) -> Result<Option<Secret>> {
    let sealed = row.url_sealed.as_ref();
    sealed.map(|sealed| sealed::open(&app.keys, &about_url(scope, row.chat), sealed)).transpose()
}

/// The host to which notices are sent.
pub fn host(app: &App, scope: CompanyScope, row: &chat_integration::Model) -> Option<String> {
    endpoints::host(url(app, scope, row).ok()??.expose())
}

/// With which Slack signs its commands; `None` when none is known.
pub async fn signing_secret(app: &App, scope: CompanyScope) -> Result<Option<Secret>> {
    let row = chat_apps::get(scope, app.db.reader(), ChatApp::Slack).await?;
    let sealed = row.and_then(|row| row.signing_secret_sealed);
    sealed.map(|sealed| sealed::open(&app.keys, &about_secret(scope, ChatApp::Slack), &sealed)).transpose()
}

fn about_url(scope: CompanyScope, chat: ChatApp) -> String {
    format!("chat_integration:{}:{}:url", scope.company(), chat.as_str())
}

fn about_secret(scope: CompanyScope, chat: ChatApp) -> String {
    format!("chat_integration:{}:{}:secret", scope.company(), chat.as_str())
}
