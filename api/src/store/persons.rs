//! What is known of a person by his number or his account, and what goes with him. What tables say of him in passing is found
//! by [`super::people`].

use entity::id::{AgentId, CallId, CallbackId, ExportId, MembershipId, RecordingId, UserId};
use entity::{
    CallStatus, CallbackState, CompanyScope, ExportState, Reach, RecordingState, UserStatus, agent,
    agent_slot, avatar, call, callback, contact, contact_number, export, invitation, leg, mail, membership,
    password_link, recording, recovery_code, registration, second_factor, session, user, user_preferences,
};
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select, Set,
};

use super::{Tx, phone_codes, phone_messages, push_devices, users};

/// The calls from a number and to it.
pub fn calls_with(scope: CompanyScope, number: &str) -> Select<call::Entity> {
    let his =
        Condition::any().add(call::Column::FromAddress.eq(number)).add(call::Column::ToAddress.eq(number));
    scope.find::<call::Entity>().filter(his)
}

/// Their ids, from the oldest on.
pub async fn call_ids(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    number: &str,
    limit: Option<u64>,
) -> Result<Vec<CallId>, DbErr> {
    let query = calls_with(scope, number).select_only().column(call::Column::Id);
    query.order_by_asc(call::Column::Id).limit(limit).into_tuple().all(db).await
}

/// How many of them go on.
pub async fn live_calls(scope: CompanyScope, db: &impl ConnectionTrait, number: &str) -> Result<u64, DbErr> {
    let over = [CallStatus::Completed, CallStatus::Failed];
    calls_with(scope, number).filter(call::Column::Status.is_not_in(over)).count(db).await
}

/// As whom the provider has told him.
pub async fn caller_names(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    number: &str,
) -> Result<Vec<String>, DbErr> {
    let names: Vec<Option<String>> = calls_with(scope, number)
        .select_only()
        .column(call::Column::CallerName)
        .filter(call::Column::CallerName.is_not_null())
        .distinct()
        .into_tuple()
        .all(db)
        .await?;
    Ok(names.into_iter().flatten().collect())
}

/// The provider's names of these calls and of their parties.
pub async fn provider_sids(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    calls: &[CallId],
) -> Result<Vec<String>, DbErr> {
    let own: Vec<String> = scope
        .find::<call::Entity>()
        .select_only()
        .column(call::Column::ProviderSid)
        .filter(call::Column::Id.is_in(calls.iter().copied()))
        .into_tuple()
        .all(db)
        .await?;
    let legs: Vec<Option<String>> = scope
        .find::<leg::Entity>()
        .select_only()
        .column(leg::Column::ProviderSid)
        .filter(leg::Column::CallId.is_in(calls.iter().copied()))
        .into_tuple()
        .all(db)
        .await?;
    Ok(own.into_iter().chain(legs.into_iter().flatten()).collect())
}

/// These calls are from nobody, or to nobody.
pub async fn forget_number(
    scope: CompanyScope,
    tx: &Tx,
    calls: &[CallId],
    number: &str,
    nobody: &str,
) -> Result<(), DbErr> {
    for column in [call::Column::FromAddress, call::Column::ToAddress] {
        scope
            .update_many::<call::Entity>()
            .col_expr(column, Expr::value(nobody))
            .filter(call::Column::Id.is_in(calls.iter().copied()))
            .filter(column.eq(number))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// A recording of a call of his.
#[derive(Clone, Copy, Debug)]
pub struct Recorded {
    pub id: RecordingId,
    pub state: RecordingState,
    pub held: bool,
}

pub async fn recordings(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    number: &str,
) -> Result<Vec<Recorded>, DbErr> {
    let calls = calls_with(scope, number).select_only().column(call::Column::Id).into_query();
    let rows = scope
        .find::<recording::Entity>()
        .filter(recording::Column::CallId.in_subquery(calls))
        .all(db)
        .await?;
    let recorded =
        |row: recording::Model| Recorded { id: row.id, state: row.state, held: row.legal_hold_at.is_some() };
    Ok(rows.into_iter().map(recorded).collect())
}

/// All who ever had this number, deleted ones among them.
pub async fn contacts(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    number: &str,
) -> Result<Vec<contact::Model>, DbErr> {
    scope.find::<contact::Entity>().filter(is_his(scope, number)).all(db).await
}

/// The number is one of the contact's.
fn is_his(scope: CompanyScope, number: &str) -> Condition {
    let owners = scope
        .find::<contact_number::Entity>()
        .select_only()
        .column(contact_number::Column::ContactId)
        .filter(contact_number::Column::Number.eq(number));
    Condition::any()
        .add(contact::Column::Number.eq(number))
        .add(contact::Column::Id.in_subquery(owners.into_query()))
}

/// They are no more, with their other numbers and the words by which they are found.
pub async fn delete_contacts(scope: CompanyScope, tx: &Tx, number: &str) -> Result<u64, DbErr> {
    let gone = scope.delete_many::<contact::Entity>().filter(is_his(scope, number));
    Ok(gone.exec(tx).await?.rows_affected)
}

/// The callbacks in which he is still to be called.
pub async fn open_callbacks(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    number: &str,
) -> Result<Vec<CallbackId>, DbErr> {
    scope
        .find::<callback::Entity>()
        .select_only()
        .column(callback::Column::Id)
        .filter(callback::Column::Number.eq(number))
        .filter(callback::Column::State.eq(CallbackState::Open))
        .into_tuple()
        .all(db)
        .await
}

/// Exports that have a file, or will have one.
pub async fn exports(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<Vec<ExportId>, DbErr> {
    let states = [ExportState::Queued, ExportState::Running, ExportState::Completed];
    scope
        .find::<export::Entity>()
        .select_only()
        .column(export::Column::Id)
        .filter(export::Column::State.is_in(states))
        .into_tuple()
        .all(db)
        .await
}

/// The membership of a user, whatever its state.
pub async fn membership(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<Option<membership::Model>, DbErr> {
    scope.find::<membership::Entity>().filter(membership::Column::UserId.eq(user)).one(db).await
}

/// The agent that a member is, or was.
pub async fn agent(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    membership: MembershipId,
) -> Result<Option<agent::Model>, DbErr> {
    scope.find::<agent::Entity>().filter(agent::Column::MembershipId.eq(membership)).one(db).await
}

/// Whether an agent is held by an offer, a call or its wrap-up.
pub async fn is_held(scope: CompanyScope, db: &impl ConnectionTrait, agent: AgentId) -> Result<bool, DbErr> {
    let slots = scope.find::<agent_slot::Entity>().filter(agent_slot::Column::AgentId.eq(agent));
    Ok(slots.count(db).await? > 0)
}

/// An agent whom nobody knows.
pub async fn forget_agent(scope: CompanyScope, tx: &Tx, agent: AgentId, nobody: &str) -> Result<(), DbErr> {
    let changes = agent::ActiveModel {
        name: Set(nobody.to_owned()),
        number: Set(None),
        reach: Set(Reach::Client),
        availability_reason: Set(None),
        next_reason: Set(None),
        ..Default::default()
    };
    scope.update::<agent::Entity, _>(tx, agent, changes).await.map(drop)
}

/// What a person has outside of all companies, by the address of mail.
pub async fn delete_by_email(scope: CompanyScope, tx: &Tx, email: &str) -> Result<u64, DbErr> {
    let invitations = scope.delete_many::<invitation::Entity>().filter(invitation::Column::Email.eq(email));
    Ok(invitations.exec(tx).await?.rows_affected + delete_outside(tx, email).await?)
}

#[expect(clippy::disallowed_methods, reason = "mail and registrations belong to no company")]
async fn delete_outside(tx: &Tx, email: &str) -> Result<u64, DbErr> {
    let mails = mail::Entity::delete_many().filter(mail::Column::Recipient.eq(email)).exec(tx).await?;
    let registrations =
        registration::Entity::delete_many().filter(registration::Column::Email.eq(email)).exec(tx).await?;
    Ok(mails.rows_affected + registrations.rows_affected)
}

/// Where his picture lies.
#[expect(clippy::disallowed_methods, reason = "an account belongs to no company")]
pub async fn picture(db: &impl ConnectionTrait, user: UserId) -> Result<Option<String>, DbErr> {
    Ok(avatar::Entity::find_by_id(user).one(db).await?.map(|row| row.file_key))
}

/// Ends what he is signed in with: in one company, or everywhere.
#[expect(clippy::disallowed_methods, reason = "sessions belong to no company")]
pub async fn delete_sessions(tx: &Tx, user: UserId, membership: Option<MembershipId>) -> Result<u64, DbErr> {
    let mut query = session::Entity::delete_many().filter(session::Column::UserId.eq(user));
    if let Some(membership) = membership {
        query = query.filter(session::Column::MembershipId.eq(membership));
    }
    Ok(query.exec(tx).await?.rows_affected)
}

/// An account of which nothing is left but its id, which others refer to.
#[expect(clippy::disallowed_methods, reason = "an account belongs to no company")]
pub async fn forget_account(tx: &Tx, id: UserId, nobody: &str, now: DateTimeUtc) -> Result<(), DbErr> {
    avatar::Entity::delete_many().filter(avatar::Column::UserId.eq(id)).exec(tx).await?;
    password_link::Entity::delete_many().filter(password_link::Column::UserId.eq(id)).exec(tx).await?;
    recovery_code::Entity::delete_many().filter(recovery_code::Column::UserId.eq(id)).exec(tx).await?;
    second_factor::Entity::delete_many().filter(second_factor::Column::UserId.eq(id)).exec(tx).await?;
    user_preferences::Entity::delete_many().filter(user_preferences::Column::UserId.eq(id)).exec(tx).await?;
    let account = user::Entity::find_by_id(id).one(tx).await?;
    if let Some(number) = account.and_then(|account| account.phone_number) {
        phone_codes::forget(tx, &number).await?;
        phone_messages::forget_to(tx, &number).await?;
    }
    push_devices::forget_all(tx, id).await?;
    let changes = user::ActiveModel {
        email: Set(None),
        phone_number: Set(None),
        name: Set(nobody.to_owned()),
        password_hash: Set(None),
        status: Set(UserStatus::Deleted),
        updated_at: Set(now),
        ..Default::default()
    };
    users::update(tx, id, changes).await
}

/// The account that stands in the place of an erased one.
pub fn nobody(id: UserId, name: &str, now: DateTimeUtc) -> user::Model {
    user::Model { status: UserStatus::Deleted, ..user::Model::begun(id, name.to_owned(), None, now) }
}
