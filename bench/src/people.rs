//! The company whose people sit at their sockets: agents with a good session each, and a group chat of half of them. Written as
//! rows, since thousands of requests would take longer than the load.

use std::time::Duration;

use calldocker::app::App;
use calldocker::authz::Seat;
use calldocker::bus::Delivery;
use calldocker::config::Settings;
use calldocker::identity::tokens;
use calldocker::ids::Ids;
use calldocker::store::{sessions, system, users};
use chrono::{DateTime, TimeDelta, Utc};
use clock::Clock;
use entity::id::{ChatId, MembershipId, SessionId, UserId};
use entity::{
    ChatKind, ChatRole, MembershipStatus, Reach, Role, agent, chat, chat_member, chat_roster, membership,
    session, user,
};

use crate::ground::Ground;
use crate::{Failure, centre, told};

pub struct People {
    pub users: Vec<UserId>,
    /// An access token each.
    pub tokens: Vec<String>,
    pub group: ChatId,
}

/// So many people, of whom the first so many are in the group.
///
/// # Errors
/// When the database refuses.
pub async fn found(ground: &Ground, count: usize, in_group: usize) -> Result<People, Failure> {
    let clock = Clock::machine();
    let (ids, now) = (Ids::new(clock.clone()), clock.now());
    let tx = ground.db.begin().await?;
    let scope = centre::company(&tx, &ids, now).await?;
    let company_id = scope.company();
    let mut people = Vec::new();
    for number in 0..count {
        let name = format!("Agent {number}");
        let user = user(ids.next(), number, &name, now);
        let id = user.id;
        users::insert_unless_known(&tx, user).await?;
        let (role, status) = (Role::Agent, MembershipStatus::Active);
        let member =
            membership::Model { id: ids.next(), company_id, user_id: id, role, status, created_at: now };
        let membership = member.id;
        system::insert_membership(&tx, member).await?;
        let begun = agent::Model::begun(ids.next(), company_id, membership, name, now);
        let row = agent::Model { reach: Reach::Client, ..begun };
        system::insert_agent_unless_there(&tx, row).await?;
        let session = session(ids.next(), id, membership, now);
        people.push((id, membership, session.id));
        sessions::insert(&tx, session).await?;
    }
    let group = chat::Model {
        id: ids.next(),
        company_id,
        kind: ChatKind::Group,
        pair: None,
        title: Some("Everybody".to_owned()),
        last_seq: 0,
        active_at: now,
        created_by: people[0].0,
        created_at: now,
        encrypted_at: None,
    };
    let chat_id = group.id;
    scope.insert::<chat::Entity, _>(&tx, group).await?;
    for (user_id, ..) in &people[..in_group] {
        let member = chat_member::Model {
            company_id,
            chat_id,
            user_id: *user_id,
            role: ChatRole::Member,
            joined_at: now,
            left_at: None,
            delivered_seq: 0,
            read_seq: 0,
            own_unread: 0,
            muted_until: None,
            pinned: false,
            archived: false,
        };
        scope.insert::<chat_member::Entity, _>(&tx, member).await?;
    }
    scope.insert::<chat_roster::Entity, _>(&tx, chat_roster::Model { company_id, version: 1 }).await?;
    tx.commit().await?;

    let data = ground.folder().to_str().ok_or("the temporary folder has no plain name")?;
    let settings =
        Settings::with(&[("data_dir", data), ("database_url", ground.url()), ("database_pool", "1")])?;
    let app = App::build(settings, clock, Delivery::Deliver).await.map_err(told)?;
    let token = |(user, membership, session): &(UserId, MembershipId, SessionId)| {
        let member = Some((*membership, company_id));
        let claims =
            tokens::Claims::new(*user, *session, Seat::Agent, member, now, Duration::from_secs(7200));
        tokens::sign(&app.keys, &claims).map_err(told)
    };
    Ok(People {
        tokens: people.iter().map(token).collect::<Result<_, _>>()?,
        users: people.into_iter().map(|(user, ..)| user).collect(),
        group: chat_id,
    })
}

fn user(id: UserId, number: usize, name: &str, now: DateTime<Utc>) -> user::Model {
    user::Model::begun(id, name.to_owned(), Some(format!("{number}@load.test")), now)
}

fn session(id: SessionId, user_id: UserId, membership: MembershipId, now: DateTime<Utc>) -> session::Model {
    session::Model {
        id,
        user_id,
        membership_id: Some(membership),
        created_at: now,
        refreshed_at: now,
        expires_at: now + TimeDelta::days(7),
        revoked_at: None,
        revoked_because: None,
    }
}
