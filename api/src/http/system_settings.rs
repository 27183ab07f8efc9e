//! The platform's settings and status, and what users prefer.

use chrono::{DateTime, Utc};
use entity::system_settings::SystemSettings;
use entity::user_preferences::{Notifications, Preferences, QuietTimes, Theme};
use poem::web::Data;
use poem_openapi::{Enum, Object, OpenApi};
use sea_orm::{DbBackend, Iterable};
use uuid::Uuid;

use super::envelope::{Reply, Success};
use super::health::{Reachability, version};
use super::{JsonBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, ReadProfile, ReadSystem, WriteProfile, WriteSystem};
use crate::identity::preferences::{self, QuietChange};
use crate::platform::{self, Changes, Status};

pub struct Settings;

/// What the platform's administrator sets while it runs. Everything else is in the server's own settings.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct SystemSettingsOut {
    /// Whether anybody may register; else those alone who are invited.
    open_registration: bool,
    /// Of new companies; an IANA name.
    default_time_zone: String,
    /// Of new companies; a BCP 47 tag.
    default_language: String,
}

/// What is left out stays as it is.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct SystemSettingsIn {
    open_registration: Option<bool>,
    #[oai(validator(max_length = 64))]
    default_time_zone: Option<String>,
    #[oai(validator(max_length = 35))]
    default_language: Option<String>,
}

impl From<SystemSettings> for SystemSettingsOut {
    fn from(settings: SystemSettings) -> Self {
        Self {
            open_registration: settings.open_registration,
            default_time_zone: settings.default_time_zone,
            default_language: settings.default_language,
        }
    }
}

impl From<SystemSettingsIn> for Changes {
    fn from(body: SystemSettingsIn) -> Self {
        Self {
            open_registration: body.open_registration,
            default_time_zone: body.default_time_zone,
            default_language: body.default_language,
        }
    }
}

/// The database behind the server.
#[derive(Enum, Debug)]
#[oai(rename_all = "snake_case")]
enum DatabaseKind {
    Sqlite,
    Postgres,
}

/// How the platform stands.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct SystemStatusOut {
    version: String,
    database: DatabaseKind,
    /// The way to the other nodes.
    bus: Reachability,
    /// Which of the nodes has answered.
    node: Uuid,
    started_at: DateTime<Utc>,
    /// Of the node that has answered.
    uptime_seconds: i64,
    /// The nodes that hold work or a company's routing at this moment, and the one that has answered.
    nodes: Vec<Uuid>,
    jobs: JobsOut,
}

/// How many jobs there are.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct JobsOut {
    /// Due and not begun.
    due: u64,
    running: u64,
    /// Given up.
    failed: u64,
    /// Since when the oldest of the due ones is.
    due_since: Option<DateTime<Utc>>,
}

impl From<Status> for SystemStatusOut {
    fn from(status: Status) -> Self {
        Self {
            version: version(),
            database: match status.database {
                DbBackend::Postgres => DatabaseKind::Postgres,
                _ => DatabaseKind::Sqlite,
            },
            bus: status.bus.into(),
            node: status.node.0,
            started_at: status.started_at,
            uptime_seconds: (status.now - status.started_at).num_seconds(),
            nodes: status.nodes.into_iter().map(Into::into).collect(),
            jobs: JobsOut {
                due: status.work.due,
                running: status.work.running,
                failed: status.work.failed,
                due_since: status.work.due_since,
            },
        }
    }
}

/// How a user wants his screen to be.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct PreferencesOut {
    theme: Word<Theme>,
    /// BCP 47 tag; absent when it is the browser's own.
    language: Option<String>,
    notifications: NotificationChoices,
    /// When his phones are told nothing that can wait; absent when they always are.
    quiet_hours: Option<QuietTimesOut>,
    /// A missed call is told by mail, too.
    missed_calls_by_mail: bool,
    /// Phones show what a message says; else that there is one.
    message_previews: bool,
}

/// Hours in which phones are told nothing that can wait. Calls ring all the same.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct QuietTimesOut {
    from: String,
    until: String,
    /// IANA name; absent when it is the company's.
    time_zone: Option<String>,
}

/// What is left out stays as it is.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct PreferencesIn {
    theme: Option<Word<Theme>>,
    /// BCP 47 tag; an empty one is the browser's own.
    #[oai(validator(max_length = 35))]
    language: Option<String>,
    notifications: Option<NotificationChoices>,
    /// Without `from` and `until` there are none any more.
    quiet_hours: Option<QuietTimesIn>,
    /// Whether a missed call is told by mail, too.
    missed_calls_by_mail: Option<bool>,
    /// Whether phones show what a message says.
    message_previews: Option<bool>,
}

/// Hours in which phones are told nothing that can wait. Calls ring all the same.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct QuietTimesIn {
    /// As `22:00`.
    #[oai(validator(max_length = 5))]
    from: Option<String>,
    /// As `07:00`; over midnight when it is earlier.
    #[oai(validator(max_length = 5))]
    until: Option<String>,
    /// IANA name; the company's, without.
    #[oai(validator(max_length = 64))]
    time_zone: Option<String>,
}

/// Of what a user wants to be told, and how.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct NotificationChoices {
    /// Over other windows.
    desktop: bool,
    sound: bool,
    offers: bool,
    missed_calls: bool,
    voicemails: bool,
    messages: bool,
}

impl From<Notifications> for NotificationChoices {
    fn from(wanted: Notifications) -> Self {
        let Notifications { desktop, sound, offers, missed_calls, voicemails, messages } = wanted;
        Self { desktop, sound, offers, missed_calls, voicemails, messages }
    }
}

impl From<NotificationChoices> for Notifications {
    fn from(wanted: NotificationChoices) -> Self {
        let NotificationChoices { desktop, sound, offers, missed_calls, voicemails, messages } = wanted;
        Self { desktop, sound, offers, missed_calls, voicemails, messages }
    }
}

impl From<Preferences> for PreferencesOut {
    fn from(preferences: Preferences) -> Self {
        Self {
            theme: Word(preferences.theme),
            language: preferences.language,
            notifications: preferences.notifications.into(),
            quiet_hours: preferences.quiet_hours.map(|quiet| {
                let QuietTimes { from, until, time_zone } = quiet;
                QuietTimesOut { from, until, time_zone }
            }),
            missed_calls_by_mail: preferences.missed_calls_by_mail,
            message_previews: preferences.message_previews,
        }
    }
}

impl From<PreferencesIn> for preferences::Changes {
    fn from(body: PreferencesIn) -> Self {
        Self {
            theme: body.theme.map(|word| word.0),
            language: body.language,
            notifications: body.notifications.map(Into::into),
            quiet_hours: body.quiet_hours.map(Into::into),
            missed_calls_by_mail: body.missed_calls_by_mail,
            message_previews: body.message_previews,
        }
    }
}

impl From<QuietTimesIn> for QuietChange {
    fn from(wanted: QuietTimesIn) -> Self {
        let QuietTimesIn { from, until, time_zone } = wanted;
        if from.is_none() && until.is_none() {
            return Self::None;
        }
        Self::To(QuietTimes { from: from.unwrap_or_default(), until: until.unwrap_or_default(), time_zone })
    }
}

#[OpenApi(prefix_path = "/api/settings", tag = "Tag::Settings")]
impl Settings {
    /// Shows what the platform's administrator has set.
    #[oai(path = "/system", method = "get", operation_id = "getSystemSettings")]
    async fn system(&self, _can: Can<ReadSystem>, Data(app): Data<&App>) -> Reply<SystemSettingsOut> {
        Success::ok(platform::settings(app.db.reader()).await?)
    }

    /// Changes the platform's settings, on every node at once.
    #[oai(path = "/system", method = "put", operation_id = "updateSystemSettings")]
    async fn put_system(
        &self,
        can: Can<WriteSystem>,
        Data(app): Data<&App>,
        JsonBody(body): JsonBody<SystemSettingsIn>,
    ) -> Reply<SystemSettingsOut> {
        Success::ok(platform::change(app, can.caller().user, body.into()).await?)
    }

    /// Tells how the platform stands: database, nodes, jobs.
    #[oai(path = "/system/status", method = "get", operation_id = "getSystemStatus")]
    async fn status(&self, _can: Can<ReadSystem>, Data(app): Data<&App>) -> Reply<SystemStatusOut> {
        Success::ok(platform::status(app).await?)
    }

    /// Shows how the caller wants his screen to be.
    #[oai(path = "/user/preferences", method = "get", operation_id = "getPreferences")]
    async fn preferences(&self, can: Can<ReadProfile>, Data(app): Data<&App>) -> Reply<PreferencesOut> {
        Success::ok(preferences::get(app, can.caller().user).await?)
    }

    /// Changes how the caller wants his screen to be, and of what he is told.
    #[oai(path = "/user/preferences", method = "put", operation_id = "updatePreferences")]
    async fn put_preferences(
        &self,
        can: Can<WriteProfile>,
        Data(app): Data<&App>,
        JsonBody(body): JsonBody<PreferencesIn>,
    ) -> Reply<PreferencesOut> {
        Success::ok(preferences::change(app, can.caller().user, body.into()).await?)
    }

    /// Lists the themes that can be preferred.
    #[oai(path = "/themes", method = "get", operation_id = "listThemes")]
    async fn themes(&self, _can: Can<ReadProfile>) -> Reply<Vec<Word<Theme>>> {
        Success::list(Theme::iter().collect())
    }
}
