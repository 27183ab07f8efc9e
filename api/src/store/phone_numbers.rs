//! The company's numbers, the flow that each opens, and the version with which it stays.

use std::collections::HashMap;

use entity::id::{FlowId, FlowVersionId, PhoneNumberId};
use entity::{CompanyScope, Inserted, call, flow, outbound_rules, phone_number, phone_number_pin};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect, Set};

use super::Tx;

/// A number with the version that it is pinned to; `None` follows the latest published one.
#[derive(Clone, Debug)]
pub struct Number {
    pub row: phone_number::Model,
    pub pinned: Option<FlowVersionId>,
}

pub async fn all(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<Vec<Number>, DbErr> {
    let rows =
        scope.find::<phone_number::Entity>().order_by_asc(phone_number::Column::Number).all(db).await?;
    with_pins(scope, db, rows).await
}

/// The numbers that open a flow.
pub async fn of_flow(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    flow: FlowId,
) -> Result<Vec<Number>, DbErr> {
    let rows = scope
        .find::<phone_number::Entity>()
        .filter(phone_number::Column::FlowId.eq(flow))
        .order_by_asc(phone_number::Column::Number)
        .all(db)
        .await?;
    with_pins(scope, db, rows).await
}

/// The number, locked until the transaction ends.
pub async fn lock(
    scope: CompanyScope,
    tx: &Tx,
    id: PhoneNumberId,
) -> Result<Option<phone_number::Model>, DbErr> {
    scope.find_by_id::<phone_number::Entity>(id).lock_exclusive().one(tx).await
}

/// Whether the company has this number of the account.
pub async fn is_there(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    account_sid: &str,
    number: &str,
) -> Result<bool, DbErr> {
    let found = scope
        .find::<phone_number::Entity>()
        .filter(phone_number::Column::AccountSid.eq(account_sid))
        .filter(phone_number::Column::Number.eq(number));
    Ok(found.one(db).await?.is_some())
}

/// Inserts a number unless it is a company's already.
pub async fn insert(scope: CompanyScope, tx: &Tx, number: Number) -> Result<Inserted, DbErr> {
    let Number { row, pinned } = number;
    let id = row.id;
    match scope.insert_or_ignore::<phone_number::Entity, _>(tx, row).await? {
        Inserted::Conflicted => Ok(Inserted::Conflicted),
        Inserted::Yes => {
            pin(scope, tx, id, pinned).await?;
            Ok(Inserted::Yes)
        }
    }
}

/// Deletes a number. Its calls have it in writing, and nobody shows it any more who called out with it.
pub async fn delete(scope: CompanyScope, tx: &Tx, id: PhoneNumberId) -> Result<(), DbErr> {
    scope
        .update_many::<call::Entity>()
        .col_expr(call::Column::PhoneNumberId, Expr::value(None::<uuid::Uuid>))
        .filter(call::Column::PhoneNumberId.eq(id))
        .exec(tx)
        .await?;
    scope
        .update_many::<outbound_rules::Entity>()
        .col_expr(outbound_rules::Column::PhoneNumberId, Expr::value(None::<uuid::Uuid>))
        .filter(outbound_rules::Column::PhoneNumberId.eq(id))
        .exec(tx)
        .await?;
    let number = phone_number::Column::Id.eq(id);
    scope.delete_many::<phone_number::Entity>().filter(number).exec(tx).await.map(drop)
}

/// Writes the number's settings, and pins it or sets it free.
pub async fn save(scope: CompanyScope, tx: &Tx, number: Number) -> Result<(), DbErr> {
    let Number { row, pinned } = number;
    let id = row.id;
    let changes =
        phone_number::ActiveModel { label: Set(row.label), flow_id: Set(row.flow_id), ..Default::default() };
    scope.update::<phone_number::Entity, _>(tx, id, changes).await?;
    pin(scope, tx, id, pinned).await
}

async fn pin(
    scope: CompanyScope,
    tx: &Tx,
    id: PhoneNumberId,
    pinned: Option<FlowVersionId>,
) -> Result<(), DbErr> {
    scope
        .delete_many::<phone_number_pin::Entity>()
        .filter(phone_number_pin::Column::PhoneNumberId.eq(id))
        .exec(tx)
        .await?;
    if let Some(version) = pinned {
        let pin = phone_number_pin::Model {
            phone_number_id: id,
            company_id: scope.company(),
            flow_version_id: version,
        };
        scope.insert::<phone_number_pin::Entity, _>(tx, pin).await?;
    }
    Ok(())
}

/// The version that a call to this number gets: the one that it is pinned to, else the latest published one.
pub async fn version_of(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    number: &phone_number::Model,
) -> Result<Option<FlowVersionId>, DbErr> {
    let pin = scope.find_by_id::<phone_number_pin::Entity>(number.id).one(db).await?;
    if let Some(pin) = pin {
        return Ok(Some(pin.flow_version_id));
    }
    let flow = scope.find_by_id::<flow::Entity>(number.flow_id).one(db).await?;
    Ok(flow.and_then(|flow| flow.published_version_id))
}

async fn with_pins(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    rows: Vec<phone_number::Model>,
) -> Result<Vec<Number>, DbErr> {
    let ids = rows.iter().map(|row| row.id);
    let pins: HashMap<_, _> = scope
        .find::<phone_number_pin::Entity>()
        .filter(phone_number_pin::Column::PhoneNumberId.is_in(ids))
        .all(db)
        .await?
        .into_iter()
        .map(|pin| (pin.phone_number_id, pin.flow_version_id))
        .collect();
    Ok(rows.into_iter().map(|row| Number { pinned: pins.get(&row.id).copied(), row }).collect())
}
