//! Reports that are mailed by themselves, and who wants no more of them.

use chrono::{DateTime, Utc};
use entity::id::{ReportScheduleId, UserId};
use entity::{
    CompanyScope, Inserted, MembershipStatus, Role, UserStatus, membership, report_refusal, report_schedule,
    user,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, JoinType, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::{Tx, users};

pub async fn all(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
) -> Result<Vec<report_schedule::Model>, DbErr> {
    scope.find::<report_schedule::Entity>().order_by_asc(report_schedule::Column::Id).all(db).await
}

pub async fn count(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<u64, DbErr> {
    scope.find::<report_schedule::Entity>().count(db).await
}

pub async fn by_id(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: ReportScheduleId,
) -> Result<Option<report_schedule::Model>, DbErr> {
    scope.find_by_id::<report_schedule::Entity>(id).one(db).await
}

/// The schedule, locked until the transaction ends.
pub async fn lock(
    scope: CompanyScope,
    tx: &Tx,
    id: ReportScheduleId,
) -> Result<Option<report_schedule::Model>, DbErr> {
    scope.find_by_id::<report_schedule::Entity>(id).lock_exclusive().one(tx).await
}

pub async fn insert(scope: CompanyScope, tx: &Tx, row: report_schedule::Model) -> Result<(), DbErr> {
    scope.insert::<report_schedule::Entity, _>(tx, row).await
}

pub async fn save(scope: CompanyScope, tx: &Tx, row: report_schedule::Model) -> Result<(), DbErr> {
    let id = row.id;
    scope.save::<report_schedule::Entity, _>(tx, id, row).await.map(drop)
}

pub async fn delete(scope: CompanyScope, tx: &Tx, id: ReportScheduleId) -> Result<u64, DbErr> {
    let one = report_schedule::Column::Id.eq(id);
    Ok(scope.delete_many::<report_schedule::Entity>().filter(one).exec(tx).await?.rows_affected)
}

/// The addresses that want no more of it.
pub async fn refusals(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: ReportScheduleId,
) -> Result<Vec<String>, DbErr> {
    let of_it = report_refusal::Column::ScheduleId.eq(id);
    let rows = scope.find::<report_refusal::Entity>().filter(of_it);
    let rows = rows.order_by_asc(report_refusal::Column::Address).all(db).await?;
    Ok(rows.into_iter().map(|row| row.address).collect())
}

/// A second time changes nothing.
pub async fn refuse(
    scope: CompanyScope,
    tx: &Tx,
    id: ReportScheduleId,
    address: &str,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let row = report_refusal::Model {
        company_id: scope.company(),
        schedule_id: id,
        address: address.to_owned(),
        refused_at: now,
    };
    match scope.insert_or_ignore::<report_refusal::Entity, _>(tx, row).await? {
        Inserted::Yes | Inserted::Conflicted => Ok(()),
    }
}

/// Those of these users who are members and may sign in: in which role, and where they are written to.
pub async fn readers(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    ids: &[UserId],
) -> Result<Vec<(UserId, Role, String)>, DbErr> {
    let found = scope
        .find::<membership::Entity>()
        .filter(membership::Column::UserId.is_in(ids.iter().copied()))
        .filter(membership::Column::Status.eq(MembershipStatus::Active))
        .join(JoinType::InnerJoin, users::membership_user())
        .filter(user::Column::Status.eq(UserStatus::Active))
        .select_also(user::Entity)
        .order_by_asc(membership::Column::Id)
        .all(db)
        .await?;
    let reader = |(member, user): (membership::Model, Option<user::Model>)| {
        user.and_then(|user| Some((user.id, member.role, user.email?)))
    };
    Ok(found.into_iter().filter_map(reader).collect())
}
