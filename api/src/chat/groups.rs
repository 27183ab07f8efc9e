//! Groups: who is in one, who may say so, and what it is called. What is done to a group is told in it.

use std::collections::BTreeSet;

use entity::id::{ChatId, UserId};
use entity::{ChatKind, ChatRole, CompanyScope, chat as chat_row, chat_member};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::{Chat, LARGEST_GROUP, get, new_member, news, send};
use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::store::chats::{self, Person};
use crate::store::{Audience, Unit};

/// The longest title, in characters.
const LONGEST_TITLE: usize = 100;
/// People who are named when something is told of many.
const NAMED: usize = 50;

/// Makes a group of these people and its maker, who is its admin.
///
/// # Errors
/// `NotFound(User)` when one of them does not work here; `Conflict` when one has blocked the maker, or they are too many.
pub async fn create(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    title: &str,
    users: Vec<UserId>,
) -> Result<Chat> {
    let title = checked(title)?;
    let users: BTreeSet<_> = users.into_iter().filter(|user| *user != by).collect();
    let mut unit = Unit::begin(app, scope).await?;
    may_be_added(scope, &unit, by, &users, 1).await?;
    let (id, now): (ChatId, _) = (unit.id(), unit.now());
    let row = chat_row::Model {
        id,
        company_id: scope.company(),
        kind: ChatKind::Group,
        pair: None,
        title: Some(title.clone()),
        last_seq: 0,
        active_at: now,
        created_by: by,
        created_at: now,
    };
    let _ = chats::insert(scope, unit.tx(), row.clone()).await?;
    let maker = std::iter::once(new_member(&row, by, ChatRole::Admin, now));
    let rest = users.iter().map(|user| new_member(&row, *user, ChatRole::Member, now));
    chats::put_members(scope, unit.tx(), maker.chain(rest).collect()).await?;
    let all = users.into_iter().chain([by]).collect();
    tell(&mut unit, &row, by, "created", all, json!({"title": title})).await?;
    unit.commit().await?;
    get(app, scope, by, id).await
}

fn checked(title: &str) -> Result<String> {
    let title = title.trim();
    if title.is_empty() || title.chars().count() > LONGEST_TITLE {
        return Err(Error::invalid("/title", format!("must have 1 to {LONGEST_TITLE} characters")));
    }
    Ok(title.to_owned())
}

async fn may_be_added(
    scope: CompanyScope,
    unit: &Unit,
    by: UserId,
    users: &BTreeSet<UserId>,
    are_there: usize,
) -> Result<()> {
    if users.len() + are_there > LARGEST_GROUP {
        return Err(Error::conflict(
            Code::ChatGroupFull,
            format!("A group has at most {LARGEST_GROUP} people."),
        ));
    }
    let list: Vec<_> = users.iter().copied().collect();
    if chats::active_of(scope, unit.tx(), &list).await? != *users {
        return Err(Error::NotFound(Subject::User));
    }
    if chats::who_block(scope, unit.tx(), by, &list).await?.is_empty() {
        return Ok(());
    }
    Err(Error::conflict(Code::ChatBlocked, "Somebody among them has blocked you."))
}

/// Tells a group, and those who come or go, what was done to it, and writes that into it.
async fn tell(
    unit: &mut Unit,
    chat: &chat_row::Model,
    by: UserId,
    change: &'static str,
    users: Vec<UserId>,
    more: Value,
) -> Result<()> {
    let mut detail = json!({"event": change, "count": users.len()});
    if users.len() <= NAMED {
        detail["userIds"] = json!(users);
    }
    let mut told = json!({"chatId": chat.id, "kind": chat.kind, "change": change, "by": by});
    if let Value::Object(more) = more {
        for (name, value) in more {
            told[&name] = value.clone();
            detail[&name] = value;
        }
    }
    if users.len() <= NAMED {
        told["userIds"] = json!(users);
    }
    let mut audience = vec![Audience::Chat(chat.id)];
    audience.extend(users.into_iter().map(Audience::User));
    unit.tell(&audience, news::CHAT_UPDATED, told);
    let (scope, chat) = (unit.scope(), chat.clone());
    send::note(unit, chat, by, detail).await?;
    // The last thing that is locked before the news.
    Ok(chats::moved(scope, unit.tx()).await?)
}

/// A group whose row is held, for who is in it.
async fn held(
    scope: CompanyScope,
    unit: &Unit,
    by: UserId,
    id: ChatId,
) -> Result<(chat_row::Model, Vec<Person>)> {
    let chat = chats::lock(scope, unit.tx(), id).await?;
    chats::member(scope, unit.tx(), id, by).await?;
    if chat.kind != ChatKind::Group {
        return Err(Error::conflict(Code::NotAGroup, "This is the chat of two, and stays that."));
    }
    let people = chats::people(scope, unit.tx(), id).await?;
    Ok((chat, people))
}

/// Whether somebody decides in a group: its admins do, and when none of them works here any more, who has been in it longest.
fn decides(people: &[Person], user: UserId) -> bool {
    let mut active = people.iter().filter(|person| person.is_active);
    let admins = |person: &&Person| person.member.role == ChatRole::Admin;
    if active.clone().any(|person| admins(&person)) {
        active.any(|person| admins(&person) && person.member.user_id == user)
    } else {
        active.next().is_some_and(|person| person.member.user_id == user)
    }
}

pub async fn is_admin<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    id: ChatId,
    user: UserId,
) -> Result<bool> {
    Ok(decides(&chats::people(scope, db, id).await?, user))
}

fn must_decide(people: &[Person], user: UserId) -> Result<()> {
    if decides(people, user) {
        return Ok(());
    }
    Err(Error::conflict(Code::NotGroupAdmin, "Only an admin of the group can do this."))
}

pub async fn rename(app: &App, scope: CompanyScope, by: UserId, id: ChatId, title: &str) -> Result<Chat> {
    let title = checked(title)?;
    let mut unit = Unit::begin(app, scope).await?;
    let (mut chat, people) = held(scope, &unit, by, id).await?;
    must_decide(&people, by)?;
    if chat.title.as_ref() != Some(&title) {
        chat.title = Some(title.clone());
        tell(&mut unit, &chat, by, "renamed", Vec::new(), json!({"title": title})).await?;
        unit.commit().await?;
    }
    get(app, scope, by, id).await
}

/// Puts people into a group. Who is there already stays what he is.
pub async fn add(app: &App, scope: CompanyScope, by: UserId, id: ChatId, users: Vec<UserId>) -> Result<Chat> {
    let mut unit = Unit::begin(app, scope).await?;
    let (chat, people) = held(scope, &unit, by, id).await?;
    must_decide(&people, by)?;
    let there: BTreeSet<_> = people.iter().map(|person| person.member.user_id).collect();
    let new: BTreeSet<_> = users.into_iter().filter(|user| !there.contains(user)).collect();
    if new.is_empty() {
        drop(unit);
        return get(app, scope, by, id).await;
    }
    may_be_added(scope, &unit, by, &new, there.len()).await?;
    let now = unit.now();
    let rows = new.iter().map(|user| new_member(&chat, *user, ChatRole::Member, now));
    chats::put_members(scope, unit.tx(), rows.collect()).await?;
    tell(&mut unit, &chat, by, "added", new.into_iter().collect(), json!({})).await?;
    unit.commit().await?;
    get(app, scope, by, id).await
}

/// Takes somebody out of a group; himself whoever wants to leave. When the last admin leaves, who has been in it longest is one.
///
/// # Errors
/// `NotFound(User)` for somebody who is not in it.
pub async fn remove(app: &App, scope: CompanyScope, by: UserId, id: ChatId, user: UserId) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let (chat, people) = held(scope, &unit, by, id).await?;
    if user != by {
        must_decide(&people, by)?;
    }
    let find = |user: UserId| people.iter().find(|person| person.member.user_id == user);
    let leaving = find(user).ok_or(Error::NotFound(Subject::User))?;
    let now = unit.now();
    let gone = chat_member::Model { left_at: Some(now), ..leaving.member.clone() };
    chats::save_member(scope, unit.tx(), gone).await?;
    let rest: Vec<_> = people.iter().filter(|person| person.member.user_id != user).cloned().collect();
    let next = rest.iter().find(|person| person.is_active && decides(&rest, person.member.user_id));
    if let Some(next) = next.filter(|next| next.member.role != ChatRole::Admin) {
        let heir = chat_member::Model { role: ChatRole::Admin, ..next.member.clone() };
        chats::save_member(scope, unit.tx(), heir).await?;
    }
    let change = if user == by { "left" } else { "removed" };
    tell(&mut unit, &chat, by, change, vec![user], json!({})).await?;
    unit.commit().await
}

/// Makes somebody an admin of a group, or one no longer. A group keeps one.
pub async fn set_role(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    id: ChatId,
    (user, role): (UserId, ChatRole),
) -> Result<Chat> {
    let mut unit = Unit::begin(app, scope).await?;
    let (chat, people) = held(scope, &unit, by, id).await?;
    must_decide(&people, by)?;
    let person = people.iter().find(|person| person.member.user_id == user && person.is_active);
    let person = person.ok_or(Error::NotFound(Subject::User))?;
    if person.member.role == role {
        drop(unit);
        return get(app, scope, by, id).await;
    }
    let is_admin = |person: &&Person| person.is_active && person.member.role == ChatRole::Admin;
    if role == ChatRole::Member && people.iter().filter(is_admin).count() == 1 {
        return Err(Error::conflict(Code::LastGroupAdmin, "A group keeps at least one admin."));
    }
    let after = chat_member::Model { role, ..person.member.clone() };
    chats::save_member(scope, unit.tx(), after).await?;
    tell(&mut unit, &chat, by, "role", vec![user], json!({"role": role})).await?;
    unit.commit().await?;
    get(app, scope, by, id).await
}
