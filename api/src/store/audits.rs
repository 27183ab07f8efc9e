//! The audit of a company, read by those who must be able to ask.

use std::collections::HashMap;

use entity::id::{ApiKeyId, AuditId, UserId};
use entity::{CompanyScope, api_key, audit};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect};

use super::users;
use crate::identity::audit::Filter;

/// A line with the names in it.
#[derive(Clone, Debug)]
pub struct Line {
    pub row: audit::Model,
    pub user: String,
    pub key: Option<String>,
}

/// Lines older than `before`, the newest first.
pub async fn page(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    filter: &Filter,
    before: Option<AuditId>,
    limit: u64,
) -> Result<Vec<Line>, DbErr> {
    use audit::Column as A;
    let action = filter.action.as_deref().map(|action| {
        let within = action.replace('!', "!!").replace('%', "!%").replace('_', "!_");
        let within = sea_orm::sea_query::LikeExpr::new(format!("{within}:%")).escape('!');
        Condition::any().add(A::Action.eq(action)).add(A::Action.like(within))
    });
    let wanted = Condition::all()
        .add_option(before.map(|id| A::Id.lt(id)))
        .add_option(filter.user.map(|user| A::UserId.eq(user)))
        .add_option(action)
        .add_option(filter.subject.map(|subject| A::SubjectId.eq(subject)))
        .add_option(filter.from.map(|from| A::At.gte(from)))
        .add_option(filter.to.map(|to| A::At.lt(to)));
    let rows = scope.find::<audit::Entity>().filter(wanted).order_by_desc(A::Id).limit(limit).all(db).await?;
    let names = users::names(db, rows.iter().map(|row| row.user_id).collect()).await?;
    let keys = names_of_keys(scope, db, rows.iter().filter_map(|row| row.api_key_id).collect()).await?;
    let named = |row: audit::Model| Line {
        user: names.get(&row.user_id).cloned().unwrap_or_default(),
        key: row.api_key_id.and_then(|id| keys.get(&id).cloned()),
        row,
    };
    Ok(rows.into_iter().map(named).collect())
}

async fn names_of_keys(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    ids: Vec<ApiKeyId>,
) -> Result<HashMap<ApiKeyId, String>, DbErr> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let keys = scope.find::<api_key::Entity>().filter(api_key::Column::Id.is_in(ids)).all(db).await?;
    Ok(keys.into_iter().map(|key| (key.id, key.name)).collect())
}

/// Names by the ids of users.
pub type Names = HashMap<UserId, String>;
