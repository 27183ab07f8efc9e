//! A request with an `Idempotency-Key`, and what it was answered with. It is a person's, who may act in no company.

use sea_orm::entity::prelude::*;
use uuid::Uuid;

use crate::id::{CompanyId, UserId};
use crate::macros::plain_table;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "kept_answer")]
pub struct Model {
    /// A hash of the company, the caller, the operation and the key: nobody else's request has it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub user_id: UserId,
    pub company_id: Option<CompanyId>,
    /// A hash of what was asked for.
    pub fingerprint: String,
    /// Who carries it out: a new one when the one before has died over it.
    pub attempt: Uuid,
    /// Until when the attempt may take.
    pub until: DateTimeUtc,
    /// Of HTTP; none while it is carried out.
    pub status: Option<i32>,
    pub answer_sealed: Option<String>,
    pub created_at: DateTimeUtc,
}

plain_table!();
