//! What hours and days come to, kept until their counters change.

use std::collections::BTreeSet;

use entity::{Attribution, CompanyScope, Inserted, report_state, report_sum};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, QueryFilter, QuerySelect};

use super::AT_ONCE;
use crate::error::Result;
use crate::store::Tx;

pub const HOUR: i32 = 4;
pub const DAY: i32 = 96;

/// Those of this length that begin at these quarters.
pub async fn sums(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    attribution: Attribution,
    length: i32,
    firsts: &[i32],
) -> Result<Vec<report_sum::Model>> {
    let mut rows = Vec::new();
    for firsts in firsts.chunks(AT_ONCE) {
        let found = scope
            .find::<report_sum::Entity>()
            .filter(report_sum::Column::Attribution.eq(attribution))
            .filter(report_sum::Column::Quarters.eq(length))
            .filter(report_sum::Column::First.is_in(firsts.iter().copied()));
        rows.extend(found.all(db).await?);
    }
    Ok(rows)
}

/// All that are kept.
pub async fn all_sums(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<Vec<report_sum::Model>> {
    Ok(scope.find::<report_sum::Entity>().all(db).await?)
}

/// Keeps these, unless counters were written since `seen` was read. The hours of a day are not needed beside it.
pub async fn keep_sums(scope: CompanyScope, tx: &Tx, seen: i64, rows: Vec<report_sum::Model>) -> Result<()> {
    let state = scope.find_by_id::<report_state::Entity>(scope.company()).lock_exclusive().one(tx).await?;
    if state.is_none_or(|state| state.version != seen) {
        return Ok(());
    }
    for row in rows {
        if row.quarters == DAY {
            let hours = Condition::all()
                .add(report_sum::Column::Attribution.eq(row.attribution))
                .add(report_sum::Column::Quarters.eq(HOUR))
                .add(report_sum::Column::First.gte(row.first))
                .add(report_sum::Column::First.lt(row.first.saturating_add(DAY)));
            scope.delete_many::<report_sum::Entity>().filter(hours).exec(tx).await?;
        }
        // Another reader may have kept the same.
        match scope.insert_or_ignore::<report_sum::Entity, _>(tx, row).await? {
            Inserted::Yes | Inserted::Conflicted => {}
        }
    }
    Ok(())
}

/// These quarters come to something else now.
pub async fn forget_sums(scope: CompanyScope, tx: &Tx, quarters: &BTreeSet<i32>) -> Result<()> {
    for length in [HOUR, DAY] {
        let firsts: BTreeSet<i32> =
            quarters.iter().map(|quarter| quarter.div_euclid(length) * length).collect();
        let firsts: Vec<_> = firsts.into_iter().collect();
        for firsts in firsts.chunks(AT_ONCE) {
            let both = <Attribution as sea_orm::Iterable>::iter;
            scope
                .delete_many::<report_sum::Entity>()
                .filter(report_sum::Column::Attribution.is_in(both()))
                .filter(report_sum::Column::Quarters.eq(length))
                .filter(report_sum::Column::First.is_in(firsts.iter().copied()))
                .exec(tx)
                .await?;
        }
    }
    Ok(())
}

pub async fn forget_all_sums(scope: CompanyScope, tx: &Tx) -> Result<()> {
    scope.delete_many::<report_sum::Entity>().exec(tx).await?;
    Ok(())
}
