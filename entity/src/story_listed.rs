//! Whom the audience of a story names.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, StoryId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "story_listed")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub story_id: StoryId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub listed_user_id: UserId,
}

company_owned!();
