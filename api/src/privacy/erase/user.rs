//! Somebody who works, or has worked, for the company.

use entity::id::{AgentId, MembershipId, UserId};
use entity::{MembershipStatus, RevokedBecause};

use super::later;
use crate::agents::remove_agent;
use crate::error::{Error, Result};
use crate::identity::members::send_home;
use crate::media::remove::remove_in as remove_media;
use crate::privacy::desk::keep_an_owner;
use crate::privacy::terms::ERASED;
use crate::privacy::work::{Went, Work};
use crate::store::people::{self, Column, Kind, Which};
use crate::store::sessions::{self, Sessions};
use crate::store::{
    Unit, agents, chat_devices, chat_messages, chats, media, peer_calls, persons, system, users,
};
use crate::stories::remove as stories;

/// Whether a column says who has done something. Where the account itself stays, since others know him, too, the company's rows
/// name the account of nobody from then on.
fn says_who(column: &Column) -> bool {
    column.kind == Kind::Id && (column.name == "user_id" || column.name.ends_with("_by"))
}

/// He is no member any more, and nothing that he has under way goes on.
pub async fn let_go(work: &mut Work<'_>, user: UserId, membership: MembershipId) -> Result<Went> {
    let (app, scope, by) = (work.app, work.scope, work.row.requested_by);
    let mut unit = Unit::begin(app, scope).await?;
    keep_an_owner(&users::lock_owners(scope, unit.tx()).await?, membership)?;
    users::set_status(scope, unit.tx(), membership, MembershipStatus::Removed).await?;
    let his = Sessions::OfMembership(membership);
    sessions::revoke(unit.tx(), his, RevokedBecause::Administrator, unit.now()).await?;
    let agent = agents::lock_of_membership(scope, unit.tx(), membership).await?;
    if let Some(agent) = &agent {
        send_home(&mut unit, agent.id, by).await?;
    }
    unit.commit().await?;
    let Some(agent) = agent else { return Ok(Went::On) };
    if persons::is_held(scope, app.db.reader(), agent.id).await? {
        tracing::info!(user = %user, "an erasure waits for a call to end");
        return Ok(later(work));
    }
    match remove_agent(app, scope, by, agent.id).await {
        Ok(()) | Err(Error::NotFound(_)) => Ok(Went::On),
        // He has a call again.
        Err(Error::Conflict { .. }) => Ok(later(work)),
        Err(error) => Err(error),
    }
}

/// His account goes with the last company that he works for. As long as there is another one it is that one's, too, and here
/// an account of nobody stands in its place.
pub async fn account(work: &mut Work<'_>, user: UserId, membership: MembershipId) -> Result<Went> {
    let (app, scope) = (work.app, work.scope);
    let tables = people::tables(&app.db).await?;
    let picture = persons::picture(app.db.reader(), user).await?;
    let unit = Unit::begin(app, scope).await?;
    let now = unit.now();
    if system::companies_of(unit.tx(), user).await? > 0 {
        let nobody = UserId(work.id.0);
        users::insert_unless_known(unit.tx(), persons::nobody(nobody, ERASED, now)).await?;
        let ended = persons::delete_sessions(unit.tx(), user, Some(membership)).await?;
        work.count("erased", "session", ended);
        let (his, nobodys) = ([user.to_string()], nobody.to_string());
        for table in tables.iter().filter(|table| table.has("company_id")) {
            for column in table.columns.iter().filter(|column| says_who(column)) {
                let (which, value) = (Which::Of(&column.name, &his), Some(nobodys.clone()));
                people::set_all(scope, unit.tx(), table, which, (&column.name, value)).await?;
            }
        }
        if work.row.requested_by == user {
            work.row.requested_by = nobody;
        }
        work.left("account", 1, "he works for others, too: what is left here is nobody's");
        work.note(&unit, 1).await?;
        unit.commit().await?;
        return Ok(Went::On);
    }
    let ended = persons::delete_sessions(unit.tx(), user, None).await?;
    work.count("erased", "session", ended);
    persons::forget_account(unit.tx(), user, ERASED, now).await?;
    work.count("erased", "account", 1);
    work.note(&unit, 1).await?;
    unit.commit().await?;
    if let Some(picture) = picture {
        app.storage.delete(&picture).await?;
        work.count("erased", "pictures", 1);
    }
    Ok(Went::On)
}

/// What the company keeps of him.
pub async fn rows(work: &mut Work<'_>, user: UserId, membership: MembershipId) -> Result<Went> {
    let (app, scope) = (work.app, work.scope);
    let tables = people::tables(&app.db).await?;
    let agent: Option<AgentId> =
        persons::agent(scope, app.db.reader(), membership).await?.map(|agent| agent.id);
    let mut unit = Unit::begin(app, scope).await?;
    let stories = stories::all_of(&mut unit, &[user, UserId(work.id.0)]).await?;
    work.count("erased", "story", stories);
    for row in media::of_users(scope, unit.tx(), &[user, UserId(work.id.0)]).await? {
        remove_media(&mut unit, row.id).await?;
        work.count("erased", "media", 1);
    }
    let emails = match &work.subject {
        super::Subject::User { known, .. } => known.emails.clone(),
        super::Subject::Caller { .. } => Vec::new(),
    };
    for email in emails {
        let gone = persons::delete_by_email(scope, unit.tx(), &email).await?;
        work.count("erased", "lettersAndInvitations", gone);
    }
    for his in [user, UserId(work.id.0)] {
        let gone = peer_calls::forget_user(scope, unit.tx(), his).await?;
        work.count("erased", "partsInCalls", gone);
    }
    let (now, his) = (unit.now(), [user, UserId(work.id.0)]);
    work.count("erased", "chat_message", chat_messages::forget(scope, unit.tx(), &his, now).await?);
    work.count("erased", "chat_device", chat_devices::forget(scope, unit.tx(), &his).await?);
    work.count("erased", "chat_member", chats::forget(scope, unit.tx(), &his, now).await?);
    let users = [user.to_string(), work.id.to_string()];
    let memberships = [membership.to_string()];
    let agents: Vec<String> = agent.iter().map(ToString::to_string).collect();
    for table in &tables {
        let which = match table.name.as_str() {
            "api_key" => Which::Of("membership_id", &memberships),
            // Who resumes over what is gone is given a snapshot.
            "outbox" => Which::Naming(&users),
            "call_mark" | "chat_receipt" | "contact_favourite" | "idempotency_key" | "story_view" => {
                Which::Of("user_id", &users)
            }
            "story_listed" => Which::Of("listed_user_id", &users),
            "slack_link" | "slack_code" | "agent_caller_id" | "agent_skill_today" if agent.is_some() => {
                Which::Of("agent_id", &agents)
            }
            "audit" => {
                let value = ("address", None);
                people::set_all(scope, unit.tx(), table, Which::Of("user_id", &users), value).await?;
                continue;
            }
            _ => continue,
        };
        let gone = people::delete_all(scope, unit.tx(), table, which).await?;
        work.count("erased", &table.name, gone);
    }
    if let Some(agent) = agent {
        persons::forget_agent(scope, unit.tx(), agent, ERASED).await?;
        work.count("erased", "agent", 1);
    }
    let step = work.row.steps_done;
    work.note(&unit, step).await?;
    unit.commit().await?;
    Ok(Went::On)
}
