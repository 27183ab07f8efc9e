//! What was asked for in the name of one person's privacy: to take out what the company holds on him, or to erase it.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, PrivacyRequestId, UserId};
use crate::macros::{closed_enum, company_owned};

closed_enum!(
    /// What is done about a person.
    PrivacyKind {
        /// All that the company holds on him is written to one archive.
        Export,
        /// It is erased, and calls keep their counts.
        Erase,
    }
);
closed_enum!(
    /// Who it is about.
    PrivacyPerson {
        /// Somebody who works, or has worked, for the company.
        User,
        /// Somebody who calls or is called, by his number.
        Caller,
    }
);
closed_enum!(
    /// How far it is.
    PrivacyState {
        Queued,
        Running,
        /// Done. Of an export its archive can be fetched.
        Completed,
        Failed,
        /// The archive was kept long enough, or the person was erased.
        Expired,
    }
);

impl PrivacyState {
    /// Where it stands after this; `None` when that is no news.
    pub fn advance(self, to: Self) -> Option<Self> {
        let moves = match self {
            Self::Queued | Self::Running => to != Self::Queued && to != Self::Expired,
            Self::Completed => to == Self::Expired,
            Self::Failed | Self::Expired => false,
        };
        moves.then_some(to)
    }

    /// Nothing is done about it any more.
    pub fn is_settled(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "privacy_request")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PrivacyRequestId,
    pub company_id: CompanyId,
    pub kind: PrivacyKind,
    pub requested_by: UserId,
    pub person: PrivacyPerson,
    /// A keyed hash of who it is about, in hex: the same for the same person of this company.
    pub subject_hash: String,
    /// Who it is about, sealed; gone once it is done.
    pub subject_sealed: Option<String>,
    pub state: PrivacyState,
    pub steps_done: i32,
    pub steps: i32,
    /// What was found or erased, by kind, and what was left and why. No personal datum stands in it.
    pub proof: Json,
    pub storage_key: Option<String>,
    pub size_bytes: Option<i64>,
    /// SHA-256 of the archive, in hex.
    pub sha256: Option<String>,
    /// Why it failed.
    pub failure: Option<String>,
    pub created_at: DateTimeUtc,
    pub started_at: Option<DateTimeUtc>,
    pub ended_at: Option<DateTimeUtc>,
    /// When the archive goes.
    pub expires_at: Option<DateTimeUtc>,
}

company_owned!();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_is_done_once() {
        use PrivacyState::{Completed, Expired, Failed, Queued, Running};
        assert_eq!(Queued.advance(Running), Some(Running));
        assert_eq!(Running.advance(Running), Some(Running), "it goes on after a node was killed");
        assert_eq!(Completed.advance(Expired), Some(Expired));
        for settled in [Failed, Expired] {
            for late in [Running, Completed, Expired] {
                assert_eq!(settled.advance(late), None, "{settled:?} to {late:?}");
            }
        }
    }
}
