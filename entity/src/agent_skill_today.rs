//! An agent's level in a skill for the rest of a day, in place of the usual one; 0 is without it.

use sea_orm::entity::prelude::*;

use crate::id::{AgentId, CompanyId, SkillId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "agent_skill_today")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub agent_id: AgentId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub skill_id: SkillId,
    pub level: i32,
    /// The end of the company's day.
    pub until: DateTimeUtc,
}

company_owned!();
