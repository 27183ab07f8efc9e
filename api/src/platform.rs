//! The platform as its administrator sees it: what he sets while it runs, and how it stands.

use chrono::{DateTime, Utc};
use entity::id::{NodeId, UserId};
use entity::system_settings::{self, ROW, SystemSettings};
use sea_orm::{ConnectionTrait, DbBackend};

use crate::app::App;
use crate::bus::Connection;
use crate::error::{Code, Error, FieldError, Result};
use crate::prompts::is_tag;
use crate::store::system::{self, Work};

/// As they are now, whoever has set them.
pub async fn settings(db: &impl ConnectionTrait) -> Result<SystemSettings> {
    Ok(system::settings(db).await?.map(|row| row.settings).unwrap_or_default())
}

/// What to change; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub open_registration: Option<bool>,
    pub default_time_zone: Option<String>,
    pub default_language: Option<String>,
}

/// Changes them for every node, from now on.
///
/// # Errors
/// 422 with every field that is wrong.
pub async fn change(app: &App, by: UserId, changes: Changes) -> Result<SystemSettings> {
    let zone = changes.default_time_zone.as_deref();
    let language = changes.default_language.as_deref();
    let wrong = [
        (
            "/defaultTimeZone",
            zone.is_some_and(|zone| zone.parse::<chrono_tz::Tz>().is_err()),
            "is no IANA time zone; one is Europe/Paris",
        ),
        ("/defaultLanguage", language.is_some_and(|tag| !is_tag(tag)), "must be a BCP 47 tag, such as de-DE"),
    ];
    let wrong: Vec<_> = wrong
        .into_iter()
        .filter(|(_, wrong, _)| *wrong)
        .map(|(field, _, message)| FieldError { field: field.to_owned(), message: message.to_owned() })
        .collect();
    if !wrong.is_empty() {
        return Err(Error::Invalid {
            code: Code::ValidationFailed,
            message: "Some fields are not valid.".into(),
            fields: wrong,
        });
    }
    let tx = app.db.begin().await?;
    let before = settings(&tx).await?;
    let settings = SystemSettings {
        open_registration: changes.open_registration.unwrap_or(before.open_registration),
        default_time_zone: changes.default_time_zone.unwrap_or(before.default_time_zone),
        default_language: changes.default_language.unwrap_or(before.default_language),
    };
    let row = system_settings::Model {
        id: ROW,
        settings: settings.clone(),
        updated_at: app.clock.now(),
        updated_by: by,
    };
    system::put_settings(&tx, row).await?;
    tx.commit().await?;
    tracing::info!(user = %by, ?settings, "the platform's settings were changed");
    Ok(settings)
}

/// How the platform stands.
#[derive(Clone, Debug)]
pub struct Status {
    pub database: DbBackend,
    pub bus: Connection,
    pub work: Work,
    pub node: NodeId,
    pub started_at: DateTime<Utc>,
    /// Those that hold something at this moment, and this one.
    pub nodes: Vec<NodeId>,
    pub now: DateTime<Utc>,
}

/// # Errors
/// When the database cannot be asked.
pub async fn status(app: &App) -> Result<Status> {
    let (db, now) = (app.db.reader(), app.clock.now());
    let mut nodes = system::nodes_at_work(db, now).await?;
    nodes.push(app.node);
    nodes.sort();
    nodes.dedup();
    Ok(Status {
        database: app.db.backend(),
        bus: app.bus.connection(),
        work: system::work(db, now).await?,
        node: app.node,
        started_at: app.started_at,
        nodes,
        now,
    })
}
