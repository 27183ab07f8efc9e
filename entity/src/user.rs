//! A person with credentials. Global: what ties a person to a company is a membership.

use sea_orm::entity::prelude::*;

use crate::fold::{fold, spelt};
use crate::id::UserId;
use crate::macros::plain_table;
use crate::{PlatformRole, UserStatus};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "user")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// Absent of somebody who is known by his number alone.
    pub email: Option<String>,
    /// E.164; proved by a code.
    pub phone_number: Option<String>,
    /// Empty until somebody who has come by his number has said it.
    pub name: String,
    /// Absent of somebody who has no password.
    pub password_hash: Option<String>,
    pub platform_role: Option<PlatformRole>,
    pub status: UserStatus,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// The words by which he is found ([`folded`]).
    pub folded: Option<String>,
    /// As of when they are those of the row.
    pub folded_at: Option<DateTimeUtc>,
}

plain_table!();

/// The words by which somebody is found: those of his name, also as they are spelt without umlauts, and of his address.
pub fn folded(name: &str, email: Option<&str>) -> String {
    [fold(name), fold(&spelt(name)), fold(email.unwrap_or_default())].join("\n")
}

impl Model {
    /// Somebody as he begins at a moment, without a password; the rest is the caller's to say.
    pub fn begun(id: UserId, name: String, email: Option<String>, at: DateTimeUtc) -> Self {
        Self {
            id,
            phone_number: None,
            password_hash: None,
            platform_role: None,
            status: UserStatus::Active,
            created_at: at,
            updated_at: at,
            folded: Some(folded(&name, email.as_deref())),
            folded_at: Some(at),
            email,
            name,
        }
    }
}
