//! A skill that calls ask for and agents have.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, SkillId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "skill")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SkillId,
    pub company_id: CompanyId,
    pub name: String,
}

company_owned!();
