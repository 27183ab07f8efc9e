//! What somebody shows his colleagues for a day.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, MediaId, StoryId, UserId};
use crate::macros::{closed_enum, company_owned};

closed_enum!(
    /// What a story is.
    StoryKind { Text, Image, Video }
);
closed_enum!(
    /// Who sees a story, beside whoever has posted it.
    StoryAudience {
        /// Everybody in the company.
        Everyone,
        /// Everybody but those who are listed.
        Except,
        /// Those who are listed, and nobody else.
        Only,
    }
);

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "story")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: StoryId,
    pub company_id: CompanyId,
    /// Who has posted it.
    pub user_id: UserId,
    pub kind: StoryKind,
    /// The text, or what stands below a picture.
    pub text: Option<String>,
    /// Behind a text: `#RRGGBB`.
    pub background: Option<String>,
    /// Of a picture and of a film.
    pub media_id: Option<MediaId>,
    pub audience: StoryAudience,
    pub posted_at: DateTimeUtc,
    /// When its day is over. It is shown by nothing but highlights from then on.
    pub expires_at: DateTimeUtc,
    /// When its day was found to be over and a highlight to keep it; none that has this is in anybody's feed.
    pub kept_at: Option<DateTimeUtc>,
}

company_owned!();
