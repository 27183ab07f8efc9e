//! A file of contacts that a job reads.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, ContactImportId, UserId};
use crate::macros::{closed_enum, company_owned};

closed_enum!(
    /// Where an import of contacts stands.
    ContactImportState {
        Queued,
        Running,
        /// Every line was read; the report says what became of it.
        Completed,
        /// It could not be read on. The lines before are done, and reported.
        Failed,
        /// It was taken back. The lines before are done, and reported.
        Cancelled,
    }
);
closed_enum!(
    /// What became of a line.
    ContactImportOutcome {
        /// A contact was made.
        Made,
        /// The contact of the number was changed.
        Updated,
        /// The contact of the number was left as it is.
        Skipped,
        /// Something is wrong with the line.
        Refused,
    }
);

impl ContactImportState {
    /// Nothing is done any more.
    pub fn is_settled(self) -> bool {
        match self {
            Self::Queued | Self::Running => false,
            Self::Completed | Self::Failed | Self::Cancelled => true,
        }
    }

    /// Where it stands after this, or `None` when that is no news.
    pub fn advance(self, to: Self) -> Option<Self> {
        (!self.is_settled() && to != Self::Queued).then_some(to)
    }
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "contact_import")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ContactImportId,
    pub company_id: CompanyId,
    pub requested_by: UserId,
    pub state: ContactImportState,
    /// How the file is read.
    pub plan: Json,
    /// Gone when it is settled.
    pub storage_key: Option<String>,
    pub size_bytes: i64,
    /// Up to which byte the file is done.
    pub bytes_done: i64,
    /// Rows behind the header that are done.
    pub rows_done: i64,
    pub made: i64,
    pub updated: i64,
    pub skipped: i64,
    pub refused: i64,
    /// Why it failed.
    pub failure: Option<String>,
    pub created_at: DateTimeUtc,
    pub started_at: Option<DateTimeUtc>,
    /// When it was settled.
    pub ended_at: Option<DateTimeUtc>,
}

company_owned!();

#[cfg(test)]
mod tests {
    use super::ContactImportState::{Cancelled, Completed, Failed, Queued, Running};

    #[test]
    fn what_is_settled_stays_so() {
        assert_eq!(Queued.advance(Running), Some(Running));
        assert_eq!(Running.advance(Running), Some(Running), "it is begun again after a node was killed");
        assert_eq!(Running.advance(Queued), None);
        for settled in [Completed, Failed, Cancelled] {
            assert_eq!(settled.advance(Running), None, "{settled:?}");
            assert_eq!(settled.advance(Cancelled), None, "{settled:?}");
        }
    }
}
