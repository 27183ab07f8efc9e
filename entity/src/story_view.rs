//! That somebody has seen a story, and what he thinks of it.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, StoryId, StoryViewId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "story_view")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: StoryViewId,
    pub company_id: CompanyId,
    pub story_id: StoryId,
    /// Who has seen it; each once.
    pub user_id: UserId,
    /// For the first time.
    pub viewed_at: DateTimeUtc,
    /// What he thinks of it, in one sign.
    pub emoji: Option<String>,
    pub reacted_at: Option<DateTimeUtc>,
}

company_owned!();
