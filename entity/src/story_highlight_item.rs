//! A story in a highlight.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, StoryHighlightId, StoryId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "story_highlight_item")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub highlight_id: StoryHighlightId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub story_id: StoryId,
    /// Its place among the others, from 0.
    pub place: i32,
}

company_owned!();
