//! One person's data: taken out, or erased.

use chrono::{DateTime, Utc};
use entity::id::{ContactId, PrivacyRequestId, UserId};
use entity::{PrivacyKind, PrivacyPerson, PrivacyState, privacy_request};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::{Object, OpenApi};
use serde_json::Value;
use uuid::Uuid;

use super::envelope::{Created, Failure, Reply};
use super::page::{LARGEST_LIMIT, limit_within};
use super::{JsonBody, Success, Tag, Word, idempotency};
use crate::app::App;
use crate::authz::{Can, DoPrivacy};
use crate::error::{Error, Result as OurResult};
use crate::privacy::desk::{self, Named};

pub struct Privacy;

/// Who is meant: one of the three.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct PersonIn {
    /// Somebody who works, or has worked, for the company.
    user_id: Option<Uuid>,
    /// A contact, also one that was deleted: whoever has its number.
    contact_id: Option<Uuid>,
    /// Whoever has this telephone number, with its country code.
    #[oai(validator(max_length = 40))]
    number: Option<String>,
}

impl PersonIn {
    fn read(&self) -> OurResult<Named> {
        match (self.user_id, self.contact_id, &self.number) {
            (Some(user), None, None) => Ok(Named::User(UserId(user))),
            (None, Some(contact), None) => Ok(Named::Contact(ContactId(contact))),
            (None, None, Some(number)) => Ok(Named::Number(number.clone())),
            _ => Err(Error::invalid("", "must name one of userId, contactId and number")),
        }
    }
}

/// Something that is of a kind, and how often.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct PersonCountOut {
    /// A table, or a kind of file.
    what: String,
    count: i64,
}

/// Something that was left, and why.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct PersonLeftOut {
    what: String,
    count: i64,
    because: String,
}

/// A request about one person's data. No personal datum stands in it.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct PrivacyRequestOut {
    id: Uuid,
    kind: Word<PrivacyKind>,
    person: Word<PrivacyPerson>,
    /// A keyed hash: the same for the same person of this company, and nobody is found by it.
    subject_hash: String,
    state: Word<PrivacyState>,
    /// How far it is, of `steps`.
    steps_done: i32,
    steps: i32,
    /// Of an export: rows and files that are in the archive.
    found: Vec<PersonCountOut>,
    /// Of an erasure: what was deleted, or made nobody's.
    erased: Vec<PersonCountOut>,
    /// What was left on purpose.
    left: Vec<PersonLeftOut>,
    /// Of an export that is complete: where the archive is, for whoever has this address, for fifteen minutes and without a
    /// token. Only where one request is asked for.
    download_url: Option<String>,
    size_bytes: Option<i64>,
    /// Of the archive, in hex.
    sha256: Option<String>,
    /// Why it failed.
    failure: Option<String>,
    /// The user.
    requested_by: Uuid,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    /// When it was done, or had failed.
    ended_at: Option<DateTime<Utc>>,
    /// When the archive is deleted.
    expires_at: Option<DateTime<Utc>>,
}

fn counts(proof: &Value, section: &str) -> Vec<PersonCountOut> {
    let counts = proof[section].as_object().into_iter().flatten();
    let count = |(what, count): (&String, &Value)| PersonCountOut {
        what: what.clone(),
        count: count.as_i64().unwrap_or_default(),
    };
    counts.map(count).collect()
}

fn left(proof: &Value) -> Vec<PersonLeftOut> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let left = |line: &Value| PersonLeftOut {
        what: text(&line["what"]),
        count: line["count"].as_i64().unwrap_or_default(),
        because: text(&line["because"]),
    };
    proof["left"].as_array().into_iter().flatten().map(left).collect()
}

impl From<privacy_request::Model> for PrivacyRequestOut {
    fn from(row: privacy_request::Model) -> Self {
        Self {
            found: counts(&row.proof, "found"),
            erased: counts(&row.proof, "erased"),
            left: left(&row.proof),
            id: row.id.0,
            kind: Word(row.kind),
            person: Word(row.person),
            subject_hash: row.subject_hash,
            state: Word(row.state),
            steps_done: row.steps_done,
            steps: row.steps,
            download_url: None,
            size_bytes: row.size_bytes,
            sha256: row.sha256,
            failure: row.failure,
            requested_by: row.requested_by.0,
            created_at: row.created_at,
            started_at: row.started_at,
            ended_at: row.ended_at,
            expires_at: row.expires_at,
        }
    }
}

#[OpenApi(prefix_path = "/api/privacy", tag = "Tag::Privacy")]
impl Privacy {
    /// Takes out all that the company holds on a person.
    ///
    /// A job writes one archive (tar): rows as JSON, recordings as they are. 409 `PRIVACY_REQUEST_UNDER_WAY` while that is done
    /// about him already.
    #[oai(path = "/export", method = "post", operation_id = "exportPerson")]
    async fn export(
        &self,
        can: Can<DoPrivacy>,
        Data(app): Data<&App>,
        /// 1 to 255 visible characters, new for each request: one that comes twice with it is done once.
        #[oai(name = "Idempotency-Key")]
        Header(key): Header<Option<String>>,
        JsonBody(body): JsonBody<PersonIn>,
    ) -> Result<Created<PrivacyRequestOut>, Failure> {
        let once = idempotency::once(&can, "exportPerson", key, &body)?;
        let (scope, user) = (can.scope()?, can.caller().user);
        Created::of(desk::create(app, scope, user, PrivacyKind::Export, body.read()?, once).await?)
    }

    /// Erases all that the company holds on a person.
    ///
    /// A job deletes what is his and makes nobody's what is counted: calls stay, with their figures. It cannot be taken back.
    /// Recordings under a legal hold are left, which the proof says. 409 `LAST_OWNER` for the company's only owner,
    /// `PRIVACY_REQUEST_UNDER_WAY` while he is being erased already.
    #[oai(path = "/erase", method = "post", operation_id = "erasePerson")]
    async fn erase(
        &self,
        can: Can<DoPrivacy>,
        Data(app): Data<&App>,
        /// 1 to 255 visible characters, new for each request: one that comes twice with it is done once.
        #[oai(name = "Idempotency-Key")]
        Header(key): Header<Option<String>>,
        JsonBody(body): JsonBody<PersonIn>,
    ) -> Result<Created<PrivacyRequestOut>, Failure> {
        let once = idempotency::once(&can, "erasePerson", key, &body)?;
        let (scope, user) = (can.scope()?, can.caller().user);
        Created::of(desk::create(app, scope, user, PrivacyKind::Erase, body.read()?, once).await?)
    }

    /// Lists requests about people's data, newest first.
    #[oai(path = "/requests", method = "get", operation_id = "listPrivacyRequests")]
    async fn list(
        &self,
        can: Can<DoPrivacy>,
        Data(app): Data<&App>,
        /// 1 to 100; 50 unless said.
        Query(limit): Query<Option<u64>>,
        /// Reads on behind an earlier page.
        Query(cursor): Query<Option<String>>,
    ) -> Reply<Vec<PrivacyRequestOut>> {
        let limit = limit_within(limit, LARGEST_LIMIT)?;
        desk::list(app, can.scope()?, cursor.as_deref(), limit).await?.reply()
    }

    /// Shows how far a request is, its proof, and where its archive is.
    #[oai(path = "/requests/:id", method = "get", operation_id = "getPrivacyRequest")]
    async fn get(
        &self,
        can: Can<DoPrivacy>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<PrivacyRequestOut> {
        let row = desk::get(app, can.scope()?, PrivacyRequestId(id)).await?;
        let download_url = desk::link(app, &row)?;
        Success::ok(PrivacyRequestOut { download_url, ..row.into() })
    }
}
