//! `/calldocker` in Slack: an agent says what he wants and sees how a queue stands. Who it is he has shown once by a code
//! that only he could get here.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{AgentId, UserId};
use entity::{Availability, ChatApp, CompanyScope, When, agent, slack_code, slack_link};
use sea_orm::ActiveEnum;

use super::words::plain;
use crate::agents::{self, Hand, Wanted};
use crate::app::App;
use crate::error::Result;
use crate::identity::tokens;
use crate::queues;
use crate::store::{Unit, chat_apps, queueing};

/// How long a code is good.
const CODE_LIFE: TimeDelta = TimeDelta::minutes(10);

const HELP: &str = "What you can say:\n\
    • `/calldocker status`: what you want and what you do\n\
    • `/calldocker available`, `/calldocker away [reason]`: what you want from now on (also `busy`, `break`, `training`, \
    `offline`)\n\
    • `/calldocker queue NAME`: how a queue stands\n\
    • `/calldocker link CODE`: tells who you are; the code is in your profile at CallDocker";
const UNKNOWN: &str =
    "I do not know which agent you are. Get a code at CallDocker and say `/calldocker link CODE`.";

/// A code, and until when it is good.
pub struct Code {
    pub code: String,
    pub until: DateTime<Utc>,
}

/// A code with which an agent shows Slack who he is. Any older one of his is good no more.
pub async fn make_code(app: &App, scope: CompanyScope, agent: AgentId) -> Result<Code> {
    let unit = Unit::begin(app, scope).await?;
    let (code, until) = (app.ids.code(), unit.now() + CODE_LIFE);
    let row = slack_code::Model {
        company_id: scope.company(),
        agent_id: agent,
        code_hash: tokens::hash(&code),
        expires_at: until,
    };
    chat_apps::put_code(scope, unit.tx(), row).await?;
    unit.commit().await?;
    Ok(Code { code, until })
}

/// Does what somebody at Slack says, and what to answer him alone. `slack_user` is workspace and user.
pub async fn run(app: &App, scope: CompanyScope, slack_user: &str, text: &str) -> Result<String> {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let (word, rest) = (word.to_lowercase(), rest.trim());
    match word.as_str() {
        "" | "help" => return Ok(HELP.to_owned()),
        "link" => return link(app, scope, slack_user, rest).await,
        _ => {}
    }
    let Some((agent, user)) = chat_apps::who_is(scope, app.db.reader(), slack_user).await? else {
        return Ok(UNKNOWN.to_owned());
    };
    if word == "status" {
        return status(app, scope, agent.id).await;
    }
    if word == "queue" {
        return queue(app, scope, rest).await;
    }
    match Availability::try_from_value(&word) {
        Ok(availability) => set(app, scope, (agent, user), availability, rest).await,
        Err(_) => Ok(format!("I do not know `{}`.\n{HELP}", plain(ChatApp::Slack, &word.replace('`', "'")))),
    }
}

async fn link(app: &App, scope: CompanyScope, slack_user: &str, code: &str) -> Result<String> {
    let unit = Unit::begin(app, scope).await?;
    let hash = tokens::hash(&code.to_uppercase());
    let Some(agent) = chat_apps::spend_code(scope, unit.tx(), &hash, unit.now()).await? else {
        unit.commit().await?;
        return Ok("This code is not good, or no longer. Get a new one at CallDocker.".to_owned());
    };
    let row = slack_link::Model {
        company_id: scope.company(),
        slack_user: slack_user.to_owned(),
        agent_id: agent,
        linked_at: unit.now(),
    };
    chat_apps::put_link(scope, unit.tx(), row).await?;
    unit.commit().await?;
    let name = agents::get(app, scope, agent).await?.agent.name;
    Ok(format!("You are {} here.", plain(ChatApp::Slack, &name)))
}

async fn status(app: &App, scope: CompanyScope, agent: AgentId) -> Result<String> {
    Ok(described(&agents::standing(app, scope, agent).await?))
}

async fn set(
    app: &App,
    scope: CompanyScope,
    (agent, user): (agent::Model, UserId),
    availability: Availability,
    reason: &str,
) -> Result<String> {
    let reason = (!reason.is_empty()).then(|| reason.to_owned());
    let wanted = Wanted { availability, reason };
    let status = agents::set_availability(app, scope, agent.id, Hand::Own(user), wanted, When::Now).await?;
    Ok(described(&status))
}

fn described(status: &agents::Status) -> String {
    let row = &status.row;
    let reason = row.availability_reason.as_deref();
    let reason = reason.map(|reason| format!(" ({})", plain(ChatApp::Slack, reason))).unwrap_or_default();
    let next =
        agents::next_of(row).map(|next| format!(", after this call {}", words(&next.availability.as_str())));
    format!(
        "You are {}{reason}, and {}{}.",
        words(&row.availability.as_str()),
        words(&status.activity.as_str()),
        next.unwrap_or_default()
    )
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

async fn queue(app: &App, scope: CompanyScope, name: &str) -> Result<String> {
    if name.is_empty() {
        let names = queueing::queues(scope, app.db.reader()).await?;
        let mut names: Vec<_> = names.iter().map(|queue| plain(ChatApp::Slack, &queue.name)).collect();
        names.sort();
        return Ok(format!("Say which queue: {}.", names.join(", ")));
    }
    let known = queueing::queues(scope, app.db.reader()).await?;
    let found = known.into_iter().find(|queue| queue.name.to_lowercase() == name.to_lowercase());
    let Some(queue) = found else { return Ok(format!("There is no queue {}.", plain(ChatApp::Slack, name))) };
    let live = queues::live(app, scope, queue.id).await?;
    let oldest = live.figures.longest_wait.map_or(0, |wait| wait.as_secs());
    let level = live.service_level.ratio.percent();
    let level = level.map(|percent| format!(", service level today {percent:.0} %")).unwrap_or_default();
    Ok(format!(
        "{}: {} waiting, the first of them {oldest} s; {} agents free{level}.",
        plain(ChatApp::Slack, &queue.name),
        live.figures.waiting,
        live.figures.available,
    ))
}
