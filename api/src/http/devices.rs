//! The phones on which the caller is told what he misses.

use chrono::{DateTime, Utc};
use entity::{PushPurpose, PushServiceKind, push_device};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Created, Done, Failure, Reply, Success};
use super::{JsonBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, ReadProfile, WriteProfile};
use crate::identity::devices::{self, NewDevice};
use crate::secret::Secret;

pub struct Devices;

/// A phone of the caller's. Its token is shown to nobody.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct DeviceOut {
    id: Uuid,
    service: Word<PushServiceKind>,
    purpose: Word<PushPurpose>,
    /// The app was built for development (APNs).
    sandbox: bool,
    name: Option<String>,
    registered_at: DateTime<Utc>,
    /// When the service took something for it last.
    reached_at: Option<DateTime<Utc>>,
}

/// A phone with the app on it.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct DeviceIn {
    service: Word<PushServiceKind>,
    /// As the service has given it to the app.
    #[oai(validator(min_length = 1, max_length = 4096))]
    token: String,
    /// What the token was given for (APNs): alerts unless it is said, or calls alone (PushKit).
    purpose: Option<Word<PushPurpose>>,
    /// The app was built for development (APNs).
    sandbox: Option<bool>,
    /// As its owner knows it, e.g. Ann's phone.
    #[oai(validator(min_length = 1, max_length = 100))]
    name: Option<String>,
}

/// A phone with an app that was made with Expo.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct ExpoPushTokenIn {
    /// `ExponentPushToken[…]`
    #[oai(validator(min_length = 1, max_length = 4096))]
    token: String,
    /// As its owner knows it, e.g. Ann's phone.
    #[oai(validator(min_length = 1, max_length = 100))]
    name: Option<String>,
}

impl From<push_device::Model> for DeviceOut {
    fn from(row: push_device::Model) -> Self {
        Self {
            id: row.id.into(),
            service: Word(row.service),
            purpose: Word(row.purpose),
            sandbox: row.sandbox,
            name: row.name,
            registered_at: row.registered_at,
            reached_at: row.reached_at,
        }
    }
}

impl From<DeviceIn> for NewDevice {
    fn from(body: DeviceIn) -> Self {
        Self {
            service: body.service.0,
            token: Secret::new(body.token),
            purpose: body.purpose.map_or(PushPurpose::Alert, |word| word.0),
            sandbox: body.sandbox.unwrap_or_default(),
            name: body.name,
        }
    }
}

impl From<ExpoPushTokenIn> for NewDevice {
    fn from(body: ExpoPushTokenIn) -> Self {
        Self {
            service: PushServiceKind::Expo,
            token: Secret::new(body.token),
            purpose: PushPurpose::Alert,
            sandbox: false,
            name: body.name,
        }
    }
}

#[OpenApi(tag = "Tag::Users")]
impl Devices {
    /// Lists the caller's phones, the latest first.
    #[oai(path = "/api/users/devices", method = "get", operation_id = "listDevices")]
    async fn list(&self, can: Can<ReadProfile>, Data(app): Data<&App>) -> Reply<Vec<DeviceOut>> {
        Success::list(devices::list(app, can.caller().user).await?)
    }

    /// Registers a phone, to be told there what the caller misses.
    ///
    /// The app does this each time it starts: one that is registered already is the same afterwards. It is told nothing any
    /// more when the session has ended, when the service knows the token no longer, or when somebody else registers it.
    #[oai(path = "/api/users/devices", method = "post", operation_id = "registerDevice")]
    async fn register(
        &self,
        can: Can<WriteProfile>,
        Data(app): Data<&App>,
        body: JsonBody<DeviceIn>,
    ) -> Result<Created<DeviceOut>, Failure> {
        Created::of(devices::register(app, can.caller(), body.0.into()).await?)
    }

    /// Registers a phone by its token of Expo; as `POST /api/users/devices`.
    #[oai(path = "/api/auth/expo-push-token", method = "post", operation_id = "registerExpoPushToken")]
    async fn register_expo(
        &self,
        can: Can<WriteProfile>,
        Data(app): Data<&App>,
        body: JsonBody<ExpoPushTokenIn>,
    ) -> Reply<DeviceOut> {
        Success::ok(devices::register(app, can.caller(), body.0.into()).await?)
    }

    /// Takes a phone off.
    #[oai(path = "/api/users/devices/:id", method = "delete", operation_id = "deleteDevice")]
    async fn delete(
        &self,
        can: Can<WriteProfile>,
        Data(app): Data<&App>,
        /// The phone's id.
        id: Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        devices::remove(app, can.caller().user, id.0.into()).await?;
        Done::saying("The phone is told nothing any more.")
    }
}
