//! Requests that their senders may repeat. A key is good for a day, for one person, operation and company.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::UserId;
use entity::{CompanyScope, Inserted, idempotency_key};
use sea_orm::{ColumnTrait, QueryFilter};
use uuid::Uuid;

use super::Tx;
use crate::error::{Code, Error, Result};

/// How long a repeated request is known for what it is.
pub const LIFE: TimeDelta = TimeDelta::hours(24);

/// A request with the key that its sender gave it.
#[derive(Clone, Debug)]
pub struct Request {
    pub user: UserId,
    /// The operation's id in openapi.yaml.
    pub operation: &'static str,
    pub token: String,
    /// A hash of what is asked for.
    pub fingerprint: String,
}

/// Whether a request is to be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    New,
    /// It was, and has made this.
    Repeated(Uuid),
}

/// Claims a request that will make `subject`. Of two at once the second waits here until the first is committed; one that
/// was refused is forgotten with its transaction, and may be tried again.
///
/// # Errors
/// `IDEMPOTENCY_KEY_REUSED` when the key stands for a request that asked for something else.
pub async fn claim(
    scope: CompanyScope,
    tx: &Tx,
    request: &Request,
    subject: Uuid,
    now: DateTime<Utc>,
) -> Result<Claim> {
    let old = scope.delete_many::<idempotency_key::Entity>();
    old.filter(idempotency_key::Column::CreatedAt.lt(now - LIFE)).exec(tx).await?;
    let row = idempotency_key::Model {
        company_id: scope.company(),
        user_id: request.user,
        operation: request.operation.to_owned(),
        token: request.token.clone(),
        fingerprint: request.fingerprint.clone(),
        subject_id: subject,
        created_at: now,
    };
    if scope.insert_or_ignore::<idempotency_key::Entity, _>(tx, row).await? == Inserted::Yes {
        return Ok(Claim::New);
    }
    let known = scope
        .find::<idempotency_key::Entity>()
        .filter(idempotency_key::Column::UserId.eq(request.user))
        .filter(idempotency_key::Column::Operation.eq(request.operation))
        .filter(idempotency_key::Column::Token.eq(&request.token))
        .one(tx)
        .await?;
    match known {
        Some(known) if known.fingerprint == request.fingerprint => Ok(Claim::Repeated(known.subject_id)),
        Some(_) => Err(reused()),
        None => Err(Error::internal("claim a request", "a key that is known cannot be read")),
    }
}

/// A key that was used for something else.
pub fn reused() -> Error {
    Error::Invalid {
        code: Code::IdempotencyKeyReused,
        message: "This Idempotency-Key stands for another request. Use a new one for each.".into(),
        fields: Vec::new(),
    }
}
