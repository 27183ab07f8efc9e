//! Something that flows say or play by its name.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, PromptId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "prompt")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PromptId,
    pub company_id: CompanyId,
    pub name: String,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

company_owned!();
