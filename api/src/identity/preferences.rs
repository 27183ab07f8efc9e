//! How a user wants his screen to be.

use chrono_tz::Tz;
use entity::id::UserId;
use entity::user_preferences::{self, Notifications, Preferences, QuietTimes, Theme};

use crate::app::App;
use crate::chat_apps::QuietHours;
use crate::error::{Error, Result};
use crate::prompts::is_tag;
use crate::store::users;

/// What to change; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub theme: Option<Theme>,
    /// An empty text is the browser's own.
    pub language: Option<String>,
    pub notifications: Option<Notifications>,
    pub quiet_hours: Option<QuietChange>,
    pub missed_calls_by_mail: Option<bool>,
    pub message_previews: Option<bool>,
}

/// What becomes of somebody's quiet hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuietChange {
    None,
    To(QuietTimes),
}

pub async fn get(app: &App, user: UserId) -> Result<Preferences> {
    let row = users::preferences(app.db.reader(), user).await?;
    Ok(row.map(|row| row.preferences).unwrap_or_default())
}

/// # Errors
/// 422 for what is no language, no time of the day, or no time zone.
pub async fn change(app: &App, user: UserId, changes: Changes) -> Result<Preferences> {
    if changes.language.as_deref().is_some_and(|tag| !tag.is_empty() && !is_tag(tag)) {
        return Err(Error::invalid("/language", "must be a BCP 47 tag, such as de-DE"));
    }
    if let Some(QuietChange::To(quiet)) = &changes.quiet_hours {
        QuietHours::read(&quiet.from, &quiet.until)?;
        if quiet.time_zone.as_ref().is_some_and(|zone| zone.parse::<Tz>().is_err()) {
            return Err(Error::invalid(
                "/quietHours/timeZone",
                "must be an IANA time zone, such as Europe/Berlin",
            ));
        }
    }
    let tx = app.db.begin().await?;
    let row = users::preferences(&tx, user).await?;
    let before = row.map(|row| row.preferences).unwrap_or_default();
    let preferences = Preferences {
        theme: changes.theme.unwrap_or(before.theme),
        language: match changes.language {
            Some(tag) => Some(tag).filter(|tag| !tag.is_empty()),
            None => before.language,
        },
        notifications: changes.notifications.unwrap_or(before.notifications),
        quiet_hours: match changes.quiet_hours {
            Some(QuietChange::To(quiet)) => Some(quiet),
            Some(QuietChange::None) => None,
            None => before.quiet_hours,
        },
        missed_calls_by_mail: changes.missed_calls_by_mail.unwrap_or(before.missed_calls_by_mail),
        message_previews: changes.message_previews.unwrap_or(before.message_previews),
    };
    let row = user_preferences::Model {
        user_id: user,
        preferences: preferences.clone(),
        updated_at: app.clock.now(),
    };
    users::put_preferences(&tx, row).await?;
    tx.commit().await?;
    Ok(preferences)
}
