//! Who did what in the company.

use chrono::{DateTime, Utc};
use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::types::Any;
use poem_openapi::{Object, OpenApi};
use serde_json::Value;
use uuid::Uuid;

use super::Tag;
use super::envelope::Reply;
use super::page::limit_within;
use crate::app::App;
use crate::authz::{Can, ReadAudit};
use crate::identity::audit::{self, Filter};
use crate::store::audits::Line;

/// Lines that are read at once.
const LARGEST: u64 = 200;

pub struct Audit;

/// Something that somebody did.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct AuditLineOut {
    id: Uuid,
    at: DateTime<Utc>,
    user_id: Uuid,
    user_name: String,
    /// The key with which he did it.
    api_key_id: Option<Uuid>,
    api_key_name: Option<String>,
    /// As `users:invite`, or the permission that it took.
    action: String,
    /// What the request's path names.
    subject_id: Option<Uuid>,
    /// From where it came.
    address: Option<String>,
    /// Ids and figures, by the action.
    detail: Any<Value>,
}

impl From<Line> for AuditLineOut {
    fn from(Line { row, user, key }: Line) -> Self {
        Self {
            id: row.id.into(),
            at: row.at,
            user_id: row.user_id.into(),
            user_name: user,
            api_key_id: row.api_key_id.map(Into::into),
            api_key_name: key,
            action: row.action,
            subject_id: row.subject_id,
            address: row.address,
            detail: Any(row.detail),
        }
    }
}

#[OpenApi(tag = "Tag::Companies")]
impl Audit {
    /// Lists who did what, the newest first.
    #[oai(path = "/api/audit", method = "get", operation_id = "listAudit")]
    #[allow(clippy::too_many_arguments, reason = "each is a parameter of the address")]
    async fn list(
        &self,
        can: Can<ReadAudit>,
        Data(app): Data<&App>,
        /// Who.
        #[oai(name = "userId")]
        user: Query<Option<Uuid>>,
        /// What, or what it begins with up to a colon: `users` finds `users:invite`.
        #[oai(validator(max_length = 64))]
        action: Query<Option<String>>,
        /// What the request's path named.
        #[oai(name = "subjectId")]
        subject: Query<Option<Uuid>>,
        /// From this time on.
        from: Query<Option<DateTime<Utc>>>,
        /// Before this time.
        to: Query<Option<DateTime<Utc>>>,
        /// `nextCursor` of the answer before.
        cursor: Query<Option<String>>,
        /// Lines, 1 to 200; 50 unless said.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u64>>,
    ) -> Reply<Vec<AuditLineOut>> {
        let (scope, limit) = (can.scope()?, limit_within(limit.0, LARGEST)?);
        let (user, action) = (user.0.map(Into::into), action.0);
        let filter = Filter { user, action, subject: subject.0, from: from.0, to: to.0 };
        audit::page(app, scope, &filter, cursor.0.as_deref(), limit).await?.reply()
    }
}
