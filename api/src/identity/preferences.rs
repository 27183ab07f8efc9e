//! How a user wants his screen to be.

use entity::id::UserId;
use entity::user_preferences::{self, Notifications, Preferences, Theme};

use crate::app::App;
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
}

pub async fn get(app: &App, user: UserId) -> Result<Preferences> {
    let row = users::preferences(app.db.reader(), user).await?;
    Ok(row.map(|row| row.preferences).unwrap_or_default())
}

/// # Errors
/// 422 for what is no language.
pub async fn change(app: &App, user: UserId, changes: Changes) -> Result<Preferences> {
    if changes.language.as_deref().is_some_and(|tag| !tag.is_empty() && !is_tag(tag)) {
        return Err(Error::invalid("/language", "must be a BCP 47 tag, such as de-DE"));
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
