//! How somebody wants to be called, and what his colleagues may see of him.

use entity::call_settings::{self, CallSettings};
use entity::id::UserId;
use entity::{CompanyScope, ShownTo};

use crate::app::App;
use crate::error::Result;
use crate::presence;
use crate::store::{Unit, peer_calls as store};

/// What to change; `None` leaves it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SettingsPatch {
    pub auto_accept_calls: Option<bool>,
    pub allow_video_calls: Option<bool>,
    pub block_unknown_callers: Option<bool>,
    pub online_shown_to: Option<ShownTo>,
    pub last_seen_shown_to: Option<ShownTo>,
}

pub async fn settings(app: &App, scope: CompanyScope, user: UserId) -> Result<CallSettings> {
    Ok(store::settings(scope, app.db.reader(), user).await?)
}

/// Changes them; whoever saw him before and may not any more is told that he is offline.
pub async fn change_settings(
    app: &App,
    scope: CompanyScope,
    user: UserId,
    patch: SettingsPatch,
) -> Result<CallSettings> {
    let mut unit = Unit::begin(app, scope).await?;
    let before = store::settings(scope, unit.tx(), user).await?;
    let settings = CallSettings {
        auto_accept_calls: patch.auto_accept_calls.unwrap_or(before.auto_accept_calls),
        allow_video_calls: patch.allow_video_calls.unwrap_or(before.allow_video_calls),
        block_unknown_callers: patch.block_unknown_callers.unwrap_or(before.block_unknown_callers),
        online_shown_to: patch.online_shown_to.unwrap_or(before.online_shown_to),
        last_seen_shown_to: patch.last_seen_shown_to.unwrap_or(before.last_seen_shown_to),
    };
    if settings.online_shown_to != before.online_shown_to {
        presence::hide(&mut unit, user);
    }
    let row =
        call_settings::Model { user_id: user, company_id: scope.company(), settings, updated_at: unit.now() };
    store::put_settings(scope, unit.tx(), row).await?;
    if settings != before {
        presence::has_changed(&mut unit, user).await?;
    }
    unit.commit().await?;
    Ok(settings)
}
