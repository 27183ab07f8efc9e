//! What somebody takes out of a company as a file that a job writes.

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Attribution;
use crate::id::{CompanyId, ExportId, UserId};
use crate::macros::{closed_enum, company_owned};

closed_enum!(
    /// What is taken out of a company, a row for each.
    ExportDataset {
        /// Calls, by when they began.
        Calls,
        /// The parts that agents have had in calls, by when they were reserved.
        Agents,
        /// Lines of calls' stories, by when they happened.
        Events,
        /// What callers met in each queue, by interval.
        Intervals,
    }
);
closed_enum!(
    /// How an export is written.
    ExportFormat {
        /// RFC 4180, with a header.
        Csv,
        /// One JSON object a line.
        Ndjson,
    }
);
closed_enum!(
    /// Where an export that is made as a job stands.
    ExportState {
        Queued,
        Running,
        /// Its file can be fetched.
        Completed,
        Failed,
        /// It was taken back before it was complete.
        Cancelled,
        /// Its file was deleted by hand.
        Deleted,
        /// Its file was kept long enough.
        Expired,
    }
);

/// Which intervals: of the dataset that has them alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportIntervals {
    pub minutes: u32,
    /// By whose clock they begin.
    pub tz: String,
    pub attribution: Attribution,
}

impl ExportState {
    /// Nothing is made of it any more.
    pub fn is_settled(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }

    /// Where it stands after this, or `None` when that is no news: what is settled is made no second time, and only a file
    /// that is there can go.
    pub fn advance(self, to: Self) -> Option<Self> {
        use ExportState::{Cancelled, Completed, Deleted, Expired, Failed, Queued, Running};
        let moves = match (self, to) {
            (Queued | Running, Running | Completed | Failed | Cancelled) => true,
            (Completed, Deleted | Expired) => true,
            (Queued | Running | Completed | Failed | Cancelled | Deleted | Expired, _) => false,
        };
        moves.then_some(to)
    }
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "export")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ExportId,
    pub company_id: CompanyId,
    pub requested_by: UserId,
    pub dataset: ExportDataset,
    pub format: ExportFormat,
    pub gzip: bool,
    /// Begins with a byte order mark.
    pub bom: bool,
    pub range_from: DateTimeUtc,
    /// Not any more.
    pub range_to: DateTimeUtc,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub intervals: Option<ExportIntervals>,
    pub state: ExportState,
    /// How many rows there were when it was begun.
    pub rows_estimated: Option<i64>,
    pub rows_written: i64,
    pub storage_key: Option<String>,
    pub size_bytes: Option<i64>,
    /// SHA-256 of the file, in hex.
    pub sha256: Option<String>,
    /// Why it failed.
    pub failure: Option<String>,
    pub created_at: DateTimeUtc,
    pub started_at: Option<DateTimeUtc>,
    /// When it was settled.
    pub ended_at: Option<DateTimeUtc>,
    /// When its file goes.
    pub expires_at: Option<DateTimeUtc>,
}

company_owned!();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_settled_is_not_made_again() {
        use ExportState::{Cancelled, Completed, Deleted, Expired, Failed, Queued, Running};
        assert_eq!(Queued.advance(Running), Some(Running));
        assert_eq!(Running.advance(Running), Some(Running), "it is begun again after a node was killed");
        for settled in [Completed, Failed, Cancelled, Deleted, Expired] {
            for late in [Queued, Running, Completed, Failed, Cancelled] {
                assert_eq!(settled.advance(late), None, "{settled:?} to {late:?}");
            }
        }
        assert_eq!(Completed.advance(Expired), Some(Expired));
        assert_eq!(Cancelled.advance(Expired), None, "there is no file");
    }
}
