//! A file that somebody has uploaded, for whatever names it: messages, stories, pictures of people.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, MediaId, UserId};
use crate::macros::{closed_enum, company_owned};

closed_enum!(
    /// What a file is: known by its content, but for the last.
    MediaKind {
        Image,
        Audio,
        Video,
        Document,
        /// Devices have encrypted it, and nobody else knows what it is.
        Encrypted,
    }
);
closed_enum!(
    /// Where media stand.
    MediaState {
        /// Not all of it is there.
        Uploading,
        /// All of it is there, and being put together.
        Processing,
        Ready,
        /// Its files are gone, or about to go.
        Deleted,
    }
);
closed_enum!(
    /// Who keeps the file.
    MediaStore {
        /// This server: its folder or its bucket.
        Files,
        /// Cloudinary, where the client has put it.
        Cloudinary,
    }
);

impl MediaState {
    /// Where it stands after this, or `None` when that is no news: forward only, and what is deleted stays so.
    pub fn advance(self, to: Self) -> Option<Self> {
        use MediaState::{Deleted, Processing, Ready, Uploading};
        let moves = match (self, to) {
            (Uploading, Processing | Ready | Deleted) => true,
            (Processing, Ready | Deleted) => true,
            (Ready, Deleted) => true,
            (Uploading | Processing | Ready | Deleted, _) => false,
        };
        moves.then_some(to)
    }
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "media")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MediaId,
    pub company_id: CompanyId,
    /// The user who uploads it.
    pub user_id: UserId,
    pub state: MediaState,
    /// Known once its first bytes are there, or before where its owner says so.
    pub kind: Option<MediaKind>,
    pub content_type: Option<String>,
    /// As its owner calls it: shown, and nothing else.
    pub name: Option<String>,
    /// As it was announced; what there is, once it is ready.
    pub size_bytes: i64,
    pub received_bytes: i64,
    /// SHA-256 of the file, in hex.
    pub sha256: Option<String>,
    /// Pixels, as it is looked at.
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub duration_ms: Option<i64>,
    pub store: MediaStore,
    /// Where the whole file lies or will lie.
    pub storage_key: Option<String>,
    pub thumbnail_key: Option<String>,
    pub created_at: DateTimeUtc,
    pub ready_at: Option<DateTimeUtc>,
    /// When an upload that is not complete is forgotten.
    pub expires_at: Option<DateTimeUtc>,
    pub deleted_at: Option<DateTimeUtc>,
    /// When it was first shown in a chat or a story: who may see that sees it, and nobody else does but its owner.
    pub shown_at: Option<DateTimeUtc>,
}

company_owned!();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_deleted_comes_back_by_no_late_part() {
        use MediaState::{Deleted, Processing, Ready, Uploading};
        assert_eq!(Uploading.advance(Processing), Some(Processing));
        assert_eq!(Processing.advance(Ready), Some(Ready));
        for late in [Uploading, Processing, Ready, Deleted] {
            assert_eq!(Deleted.advance(late), None, "{late:?}");
        }
        assert_eq!(Ready.advance(Processing), None, "it is put together once");
    }
}
