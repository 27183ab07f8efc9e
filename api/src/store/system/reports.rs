//! Whose reports have to be brought up to date, or looked at.

use std::collections::BTreeSet;

use entity::id::CompanyId;
use entity::{CompanyScope, call, company};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::app::App;
use crate::error::Result;

/// The companies that have calls to be counted.
pub async fn companies_to_report(app: &App) -> Result<Vec<CompanyScope>> {
    let companies: Vec<CompanyId> = call::Entity::find()
        .select_only()
        .column(call::Column::CompanyId)
        .distinct()
        .filter(call::Column::ReportedAt.is_null())
        .into_tuple()
        .all(app.db.reader())
        .await?;
    let companies: BTreeSet<_> = companies.into_iter().collect();
    Ok(companies.into_iter().map(CompanyScope::dangerous_mint).collect())
}

/// Every company, with its name and its zone.
pub async fn companies_with_reports(app: &App) -> Result<Vec<(CompanyScope, company::Model)>> {
    let companies = company::Entity::find().order_by_asc(company::Column::Id).all(app.db.reader()).await?;
    Ok(companies.into_iter().map(|row| (CompanyScope::dangerous_mint(row.id), row)).collect())
}
