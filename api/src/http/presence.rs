//! Who of the company is there, and how each wants to be called.

use chrono::{DateTime, Utc};
use entity::call_settings::CallSettings;
use entity::id::UserId;
use entity::{PresenceStatus, ShownTo};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Reply, Success};
use super::{JsonBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, Permission, ReadCalls, ReadPresence, Rows, TakePeerCalls, WritePresence};
use crate::peer_calls::{self, SettingsPatch};
use crate::presence::{self, Seen, Viewer};

pub struct PresenceOfPeople;

/// How somebody is there, as far as he lets the caller see it.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct PresenceOut {
    user_id: Uuid,
    status: Word<PresenceStatus>,
    /// When his last device went; absent when he was never here, or does not let it be seen.
    last_seen: Option<DateTime<Utc>>,
}

impl From<Seen> for PresenceOut {
    fn from(seen: Seen) -> Self {
        Self { user_id: seen.user.0, status: Word(seen.status), last_seen: seen.last_seen }
    }
}

/// How the caller is there, as long as a device of his is connected.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct PresenceIn {
    /// `online`, `away` or `busy`.
    status: Word<PresenceStatus>,
}

/// How the caller wants to be called by colleagues, and what they see of him.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct CallSettingsOut {
    /// His devices take calls without asking him.
    auto_accept_calls: bool,
    allow_video_calls: bool,
    /// Who has never talked with him is turned away, unless he has called him.
    block_unknown_callers: bool,
    online_shown_to: Word<ShownTo>,
    last_seen_shown_to: Word<ShownTo>,
}

impl From<CallSettings> for CallSettingsOut {
    fn from(settings: CallSettings) -> Self {
        Self {
            auto_accept_calls: settings.auto_accept_calls,
            allow_video_calls: settings.allow_video_calls,
            block_unknown_callers: settings.block_unknown_callers,
            online_shown_to: Word(settings.online_shown_to),
            last_seen_shown_to: Word(settings.last_seen_shown_to),
        }
    }
}

/// What is left out stays as it is.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct CallSettingsIn {
    auto_accept_calls: Option<bool>,
    allow_video_calls: Option<bool>,
    block_unknown_callers: Option<bool>,
    online_shown_to: Option<Word<ShownTo>>,
    last_seen_shown_to: Option<Word<ShownTo>>,
}

impl From<CallSettingsIn> for SettingsPatch {
    fn from(body: CallSettingsIn) -> Self {
        Self {
            auto_accept_calls: body.auto_accept_calls,
            allow_video_calls: body.allow_video_calls,
            block_unknown_callers: body.block_unknown_callers,
            online_shown_to: body.online_shown_to.map(|word| word.0),
            last_seen_shown_to: body.last_seen_shown_to.map(|word| word.0),
        }
    }
}

fn viewer<P: Permission>(can: &Can<P>, app: &App) -> Viewer {
    let user = can.caller().user;
    match can.also_may::<ReadCalls>(app) {
        Some(Rows::All) => Viewer::Supervisor(user),
        Some(Rows::Own) | None => Viewer::Colleague(user),
    }
}

#[OpenApi(tag = "Tag::PeerCalls")]
impl PresenceOfPeople {
    /// Lists how the company's people are there.
    #[oai(path = "/api/presence", method = "get", operation_id = "listPresence")]
    async fn list(&self, can: Can<ReadPresence>, Data(app): Data<&App>) -> Reply<Vec<PresenceOut>> {
        Success::list(presence::all(app, can.scope()?, viewer(&can, app)).await?)
    }

    /// Says how the caller is there.
    #[oai(path = "/api/presence", method = "put", operation_id = "updatePresence")]
    async fn put(
        &self,
        can: Can<WritePresence>,
        Data(app): Data<&App>,
        JsonBody(body): JsonBody<PresenceIn>,
    ) -> Reply<PresenceOut> {
        let user = can.caller().user;
        Success::ok(presence::choose(app, can.scope()?, user, body.status.0).await?)
    }

    /// Shows how somebody is there.
    #[oai(path = "/api/users/:id/presence", method = "get", operation_id = "getPresence")]
    async fn get(
        &self,
        can: Can<ReadPresence>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<PresenceOut> {
        let viewer = viewer(&can, app);
        Success::ok(presence::of(app, can.scope()?, viewer, UserId(id)).await?)
    }

    /// Shows how the caller wants to be called by colleagues.
    #[oai(path = "/api/settings/user/calls", method = "get", operation_id = "getCallSettings")]
    async fn settings(&self, can: Can<TakePeerCalls>, Data(app): Data<&App>) -> Reply<CallSettingsOut> {
        Success::ok(peer_calls::settings(app, can.scope()?, can.caller().user).await?)
    }

    /// Changes how the caller wants to be called by colleagues.
    #[oai(path = "/api/settings/user/calls", method = "put", operation_id = "updateCallSettings")]
    async fn put_settings(
        &self,
        can: Can<TakePeerCalls>,
        Data(app): Data<&App>,
        JsonBody(body): JsonBody<CallSettingsIn>,
    ) -> Reply<CallSettingsOut> {
        let user = can.caller().user;
        Success::ok(peer_calls::change_settings(app, can.scope()?, user, body.into()).await?)
    }
}
