//! Keys of programs.

use chrono::{DateTime, Utc};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Created, Done, Failure, Reply, Success};
use super::{JsonBody, Tag};
use crate::app::App;
use crate::authz::{Can, ReadApiKeys, RevokeApiKeys, WriteApiKeys};
use crate::identity::api_keys::{self, MadeKey, NewKey};
use crate::store::api_keys::KeyOfMember;

pub struct ApiKeys;

/// A key, without the key itself.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct ApiKeyOut {
    id: Uuid,
    name: String,
    /// How the key begins.
    hint: String,
    /// Names of permissions.
    scopes: Vec<String>,
    /// Who made it: the key never may more than he.
    made_by: Uuid,
    made_by_name: String,
    created_at: DateTime<Utc>,
    /// When it ends by itself; absent when it does not.
    expires_at: Option<DateTime<Utc>>,
    /// To five minutes; absent when it never was.
    last_used_at: Option<DateTime<Utc>>,
}

/// A key that was made.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct MadeApiKeyOut {
    api_key: ApiKeyOut,
    /// `Authorization: Bearer …`. It is never shown again.
    key: String,
}

/// A key to be made.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct ApiKeyIn {
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
    /// Names of permissions, as in `x-permission` of the operations, that the maker has himself.
    #[oai(validator(min_items = 1, max_items = 128))]
    scopes: Vec<String>,
    /// When it ends by itself.
    expires_at: Option<DateTime<Utc>>,
}

impl From<KeyOfMember> for ApiKeyOut {
    fn from(KeyOfMember { row, maker, maker_name }: KeyOfMember) -> Self {
        let names = row.scopes.as_array().into_iter().flatten();
        Self {
            id: row.id.into(),
            name: row.name,
            hint: row.hint,
            scopes: names.filter_map(|name| name.as_str().map(str::to_owned)).collect(),
            made_by: maker.into(),
            made_by_name: maker_name,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        }
    }
}

impl From<MadeKey> for MadeApiKeyOut {
    fn from(MadeKey { key, secret }: MadeKey) -> Self {
        Self { api_key: key.into(), key: secret.expose().to_owned() }
    }
}

#[OpenApi(prefix_path = "/api/api-keys", tag = "Tag::Integrations")]
impl ApiKeys {
    /// Lists the company's keys.
    ///
    /// Those that are not revoked: an owner's view is all of them, a manager's those that he has made.
    #[oai(path = "/", method = "get", operation_id = "listApiKeys")]
    async fn list(&self, can: Can<ReadApiKeys>, Data(app): Data<&App>) -> Reply<Vec<ApiKeyOut>> {
        Success::list(api_keys::all(app, can.scope()?, can.caller(), can.rows()).await?)
    }

    /// Makes a key.
    #[oai(path = "/", method = "post", operation_id = "createApiKey")]
    async fn post(
        &self,
        can: Can<WriteApiKeys>,
        Data(app): Data<&App>,
        JsonBody(body): JsonBody<ApiKeyIn>,
    ) -> Result<Created<MadeApiKeyOut>, Failure> {
        let new = NewKey { name: body.name, scopes: body.scopes, expires_at: body.expires_at };
        Created::of(api_keys::create(app, can.scope()?, can.caller(), new).await?)
    }

    /// Revokes a key: it is refused from now on.
    #[oai(path = "/:id", method = "delete", operation_id = "revokeApiKey")]
    async fn delete(
        &self,
        can: Can<RevokeApiKeys>,
        Data(app): Data<&App>,
        /// The key's id.
        id: Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        api_keys::revoke(app, can.scope()?, can.caller(), can.rows(), id.0.into()).await?;
        Done::saying("The key is revoked.")
    }
}
