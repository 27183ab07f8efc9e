//! Stories of somebody's that stay beyond their day, under a title.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, StoryHighlightId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "story_highlight")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: StoryHighlightId,
    pub company_id: CompanyId,
    /// Whose stories they are.
    pub user_id: UserId,
    pub title: String,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

company_owned!();
