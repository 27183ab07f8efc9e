//! Calls among colleagues: what only they have, who is in them, and how each wants to be called.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::id::{CallId, ParticipantId, UserId};
use entity::{
    CompanyScope, Inserted, MembershipStatus, PartyState, PeerRole, UserStatus, agent, call_settings,
    peer_call, peer_call_participant as party, presence_socket,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select, Set,
};

use super::{Tx, users};

const LIVE: [PartyState; 2] = [PartyState::Ringing, PartyState::Joined];

/// A colleague who can be called.
#[derive(Clone, Debug)]
pub struct Colleague {
    pub user: UserId,
    pub name: String,
    pub agent: Option<agent::Model>,
}

/// An active member of the company by the user's id.
pub async fn colleague(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<Option<Colleague>, DbErr> {
    let Some(member) = users::member(scope, db, user).await? else { return Ok(None) };
    if member.membership.status != MembershipStatus::Active || member.user.status != UserStatus::Active {
        return Ok(None);
    }
    let agent = match member.agent {
        Some(id) => scope.find_by_id::<agent::Entity>(id).one(db).await?,
        None => None,
    };
    Ok(Some(Colleague { user, name: member.user.name, agent }))
}

/// The user who is reached at this number as an agent.
pub async fn user_at_number(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    number: &str,
) -> Result<Option<UserId>, DbErr> {
    let agent = scope
        .find::<agent::Entity>()
        .filter(agent::Column::Number.eq(number))
        .filter(agent::Column::RemovedAt.is_null())
        .one(db)
        .await?;
    let Some(agent) = agent else { return Ok(None) };
    let membership = scope.find_by_id::<entity::membership::Entity>(agent.membership_id).one(db).await?;
    Ok(membership.map(|row| row.user_id))
}

pub async fn insert(scope: CompanyScope, tx: &Tx, row: peer_call::Model) -> Result<(), DbErr> {
    scope.insert::<peer_call::Entity, _>(tx, row).await
}

/// Somebody's part, unless he has one that is live: the index decides between two at once.
pub async fn insert_party(scope: CompanyScope, tx: &Tx, row: party::Model) -> Result<Inserted, DbErr> {
    scope.insert_or_ignore::<party::Entity, _>(tx, row).await
}

/// The part of somebody who is called anew, unless he has one that is live elsewhere: then nothing is left of it, and the
/// transaction must not be committed. An update would break off PostgreSQL's transaction where the index is against it.
pub async fn renew_party(scope: CompanyScope, tx: &Tx, row: party::Model) -> Result<Inserted, DbErr> {
    scope.delete_many::<party::Entity>().filter(party::Column::Id.eq(row.id)).exec(tx).await?;
    insert_party(scope, tx, row).await
}

pub async fn call(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: CallId,
) -> Result<Option<peer_call::Model>, DbErr> {
    scope.find_by_id::<peer_call::Entity>(id).one(db).await
}

/// Who is in a call, the caller first.
pub async fn parties(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: CallId,
) -> Result<Vec<party::Model>, DbErr> {
    let mut rows = scope.find::<party::Entity>().filter(party::Column::CallId.eq(id)).all(db).await?;
    rows.sort_by_key(|row| (row.role != PeerRole::Caller, row.id));
    Ok(rows)
}

pub async fn save(scope: CompanyScope, tx: &Tx, row: peer_call::Model) -> Result<(), DbErr> {
    let id = row.call_id;
    scope.save::<peer_call::Entity, _>(tx, id, row).await.map(drop)
}

pub async fn save_party(scope: CompanyScope, tx: &Tx, row: party::Model) -> Result<(), DbErr> {
    let id = row.id;
    scope.save::<party::Entity, _>(tx, id, row).await.map(drop)
}

pub async fn party(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: ParticipantId,
) -> Result<Option<party::Model>, DbErr> {
    scope.find_by_id::<party::Entity>(id).one(db).await
}

/// The part that a user has in a call now.
pub async fn live_party(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<Option<party::Model>, DbErr> {
    scope
        .find::<party::Entity>()
        .filter(party::Column::UserId.eq(user))
        .filter(party::Column::State.is_in(LIVE))
        .one(db)
        .await
}

/// The users of these who are in a call, joined.
pub async fn talking(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    users: &[UserId],
) -> Result<Vec<UserId>, DbErr> {
    scope
        .find::<party::Entity>()
        .select_only()
        .column(party::Column::UserId)
        .filter(party::Column::UserId.is_in(users.iter().copied()))
        .filter(party::Column::State.eq(PartyState::Joined))
        .into_tuple()
        .all(db)
        .await
}

/// The live parts that this socket has.
pub async fn parties_of_socket(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    user: UserId,
    socket: &str,
) -> Result<Option<party::Model>, DbErr> {
    Ok(live_party(scope, db, user).await?.filter(|row| row.socket.as_deref() == Some(socket)))
}

/// Somebody's part is on this socket from now on, if he still has one.
pub async fn move_to_socket(
    scope: CompanyScope,
    tx: &Tx,
    id: ParticipantId,
    socket: &str,
) -> Result<(), DbErr> {
    let changes =
        party::ActiveModel { socket: Set(Some(socket.to_owned())), lost_at: Set(None), ..Default::default() };
    scope
        .update_many::<party::Entity>()
        .set(changes)
        .filter(party::Column::Id.eq(id))
        .filter(party::Column::State.eq(PartyState::Joined))
        .exec(tx)
        .await
        .map(drop)
}

/// The socket that has this part is gone.
pub async fn note_lost(
    scope: CompanyScope,
    tx: &Tx,
    id: ParticipantId,
    socket: &str,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    scope
        .update_many::<party::Entity>()
        .set(party::ActiveModel { lost_at: Set(Some(at)), ..Default::default() })
        .filter(party::Column::Id.eq(id))
        .filter(party::Column::Socket.eq(socket))
        .exec(tx)
        .await
        .map(drop)
}

/// Whether these two have talked, or the first has called the second.
pub async fn know_each_other(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    callee: UserId,
    caller: UserId,
) -> Result<bool, DbErr> {
    let his = |user| scope.find::<party::Entity>().filter(party::Column::UserId.eq(user));
    let of_caller = his(caller).select_only().column(party::Column::CallId);
    let in_common = || his(callee).filter(party::Column::CallId.in_subquery(of_caller.clone().into_query()));
    let talked = in_common().filter(party::Column::Role.eq(PeerRole::Callee));
    let talked = talked.filter(party::Column::JoinedAt.is_not_null());
    let called = in_common().filter(party::Column::Role.eq(PeerRole::Caller));
    Ok(called.count(db).await? > 0 || talked.count(db).await? > 0)
}

/// How many of a user's sockets are connected, on all nodes.
pub async fn sockets(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<u64, DbErr> {
    scope
        .find::<presence_socket::Entity>()
        .filter(presence_socket::Column::UserId.eq(user))
        .filter(presence_socket::Column::LeaseUntil.gt(now))
        .count(db)
        .await
}

/// The last of a user's sockets that has connected at this moment or later.
pub async fn newest_socket(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    user: UserId,
    since: DateTime<Utc>,
) -> Result<Option<String>, DbErr> {
    let found = scope
        .find::<presence_socket::Entity>()
        .filter(presence_socket::Column::UserId.eq(user))
        .filter(presence_socket::Column::ConnectedAt.gte(since))
        .order_by_desc(presence_socket::Column::ConnectedAt)
        .one(db)
        .await?;
    Ok(found.map(|row| row.socket))
}

/// What a user's part in a call says of him apart from that he had it.
pub async fn forget_user(scope: CompanyScope, tx: &Tx, user: UserId) -> Result<u64, DbErr> {
    let nothing = party::ActiveModel {
        socket: Set(None),
        device: Set(None),
        network: Set(None),
        feedback: Set(None),
        ..Default::default()
    };
    let forgotten = scope
        .update_many::<party::Entity>()
        .set(nothing)
        .filter(party::Column::UserId.eq(user))
        .exec(tx)
        .await?;
    let settings = scope.delete_many::<call_settings::Entity>();
    let settings = settings.filter(call_settings::Column::UserId.eq(user)).exec(tx).await?;
    let presence = scope.delete_many::<entity::presence::Entity>();
    let presence = presence.filter(entity::presence::Column::UserId.eq(user)).exec(tx).await?;
    let sockets = scope.delete_many::<presence_socket::Entity>();
    sockets.filter(presence_socket::Column::UserId.eq(user)).exec(tx).await?;
    Ok(forgotten.rows_affected + settings.rows_affected + presence.rows_affected)
}

// ---- lists

/// The parts that their users see: not those in calls of whom they have blocked, but for what they have talked in before that.
pub fn shown() -> Condition {
    Condition::any().add(party::Column::IsUnwanted.eq(false)).add(party::Column::JoinedAt.is_not_null())
}

/// The ids of the calls that a user had a part in.
pub fn calls_of_user(scope: CompanyScope, user: UserId) -> Select<party::Entity> {
    scope
        .find::<party::Entity>()
        .select_only()
        .column(party::Column::CallId)
        .filter(party::Column::UserId.eq(user))
        .filter(shown())
}

/// Of these, those in which he was called in vain.
pub fn missed_by_user(scope: CompanyScope, user: UserId) -> Select<party::Entity> {
    calls_of_user(scope, user)
        .filter(party::Column::Role.eq(PeerRole::Callee).or(party::Column::InvitedBy.is_not_null()))
        .filter(party::Column::State.is_in([PartyState::Missed, PartyState::Busy]))
        .filter(party::Column::IsUnwanted.eq(false))
}

/// What these calls have as calls among colleagues, with who was in each, the caller first.
pub async fn of_calls(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    calls: &[CallId],
) -> Result<HashMap<CallId, (peer_call::Model, Vec<party::Model>)>, DbErr> {
    if calls.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = scope
        .find::<peer_call::Entity>()
        .filter(peer_call::Column::CallId.is_in(calls.iter().copied()))
        .all(db)
        .await?;
    let mut found: HashMap<_, _> =
        rows.into_iter().map(|row| (row.call_id, (row, Vec::<party::Model>::new()))).collect();
    let parties = scope
        .find::<party::Entity>()
        .filter(party::Column::CallId.is_in(calls.iter().copied()))
        .order_by_asc(party::Column::Id)
        .all(db)
        .await?;
    for row in parties {
        if let Some((_, parties)) = found.get_mut(&row.call_id) {
            match row.role {
                PeerRole::Caller => parties.insert(0, row),
                PeerRole::Callee => parties.push(row),
            }
        }
    }
    Ok(found)
}

/// A user's parts in calls that began in this stretch of time, with the calls.
pub async fn parts_within(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    user: UserId,
    (from, to): (Option<DateTime<Utc>>, DateTime<Utc>),
) -> Result<Vec<(party::Model, peer_call::Model)>, DbErr> {
    let rows = scope
        .find::<party::Entity>()
        .filter(party::Column::UserId.eq(user))
        .filter(shown())
        .filter(party::Column::InvitedAt.lt(to))
        .apply_if(from, |query, from| query.filter(party::Column::InvitedAt.gte(from)))
        .order_by_asc(party::Column::InvitedAt)
        .all(db)
        .await?;
    let mut calls = HashMap::new();
    let ids: Vec<_> = rows.iter().map(|row| row.call_id).collect();
    for ids in ids.chunks(500) {
        let found = scope
            .find::<peer_call::Entity>()
            .filter(peer_call::Column::CallId.is_in(ids.iter().copied()))
            .all(db)
            .await?;
        calls.extend(found.into_iter().map(|row| (row.call_id, row)));
    }
    Ok(rows.into_iter().filter_map(|row| Some((row.clone(), calls.get(&row.call_id)?.clone()))).collect())
}

// ---- settings

pub async fn settings(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<call_settings::CallSettings, DbErr> {
    let row = scope.find_by_id::<call_settings::Entity>(user).one(db).await?;
    Ok(row.map(|row| row.settings).unwrap_or_default())
}

/// The settings of those of these users who have set any.
pub async fn settings_of(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    users: &[UserId],
) -> Result<HashMap<UserId, call_settings::CallSettings>, DbErr> {
    let rows = scope
        .find::<call_settings::Entity>()
        .filter(call_settings::Column::UserId.is_in(users.iter().copied()))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.user_id, row.settings)).collect())
}

pub async fn put_settings(scope: CompanyScope, tx: &Tx, row: call_settings::Model) -> Result<(), DbErr> {
    let user = row.user_id;
    match scope.insert_or_ignore::<call_settings::Entity, _>(tx, row.clone()).await? {
        Inserted::Yes => Ok(()),
        Inserted::Conflicted => scope.save::<call_settings::Entity, _>(tx, user, row).await.map(drop),
    }
}
