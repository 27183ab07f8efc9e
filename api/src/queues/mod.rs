//! Queues: what a company sets them to, and how they stand. Who gets a waiting call is [`crate::calls`]' and routing's.

mod live;
mod rules;

use entity::id::{AgentId, QueueId};
use entity::{CompanyScope, IdleReading, Inserted, QueueRules, RoutingSubject, Strategy, queue};
use uuid::Uuid;

pub use live::{Live, ServiceLevelToday, live};
pub use rules::{RulesWish, StepAction, StepWish};

use crate::app::App;
use crate::error::{Code, Error, FieldError, Result, Subject};
use crate::references::{self, Named};
use crate::store::queues::{self, QueueWithAgents};
use crate::store::{Unit, callbacks, dispositions, queueing, workforce};

/// Longest address of a piece of music.
const URL_BYTES: usize = 2_000;

pub async fn all(app: &App, scope: CompanyScope) -> Result<Vec<QueueWithAgents>> {
    Ok(queues::all(scope, app.db.reader()).await?)
}

pub async fn get(app: &App, scope: CompanyScope, id: QueueId) -> Result<QueueWithAgents> {
    queues::by_id(scope, app.db.reader(), id).await?.ok_or(Error::NotFound(Subject::Queue))
}

/// What a queue is made of or changed to. `None` leaves it; in a new queue it is as a company would expect.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub name: Option<String>,
    pub strategy: Option<Strategy>,
    pub idle_reading: Option<IdleReading>,
    pub ring_seconds: Option<i32>,
    pub wrap_up_seconds: Option<i32>,
    pub decline_cool_off_seconds: Option<i32>,
    /// An empty text is no music.
    pub hold_music_url: Option<String>,
    pub hold_reminder_seconds: Option<i32>,
    pub hold_limit_seconds: Option<i32>,
    /// All of them; what is not said in them is off.
    pub rules: Option<RulesWish>,
    /// All who serve the queue.
    pub agents: Option<Vec<AgentId>>,
}

pub async fn create(app: &App, scope: CompanyScope, settings: Settings) -> Result<QueueWithAgents> {
    let mut unit = Unit::begin(app, scope).await?;
    let made = make(&mut unit, settings).await?;
    finish(unit, made.id).await
}

/// A new queue, as part of something larger.
pub async fn make(unit: &mut Unit, settings: Settings) -> Result<queue::Model> {
    let mut row = queue::Model {
        id: unit.id(),
        company_id: unit.company(),
        name: String::new(),
        strategy: Strategy::LongestIdle,
        idle_reading: IdleReading::SinceLastCall,
        ring_seconds: 20,
        wrap_up_seconds: 30,
        decline_cool_off_seconds: 30,
        hold_music_url: None,
        hold_reminder_seconds: 60,
        hold_limit_seconds: 300,
        rules: QueueRules::default(),
        created_at: unit.now(),
        deleted_at: None,
    };
    let agents = settings.agents.clone().unwrap_or_default();
    apply(unit, &mut row, settings).await?;
    match queues::insert(unit.scope(), unit.tx(), row.clone()).await? {
        Inserted::Yes => {}
        Inserted::Conflicted => return Err(name_taken()),
    }
    serve(unit, row.id, &agents).await?;
    unit.reroute(RoutingSubject::Queue, row.id);
    Ok(row)
}

/// Gives rules to a queue that has just been made.
pub async fn give_rules(unit: &mut Unit, mut row: queue::Model, rules: RulesWish) -> Result<()> {
    apply(unit, &mut row, Settings { rules: Some(rules), ..Settings::default() }).await?;
    Ok(queues::save(unit.scope(), unit.tx(), row).await?)
}

pub async fn change(
    app: &App,
    scope: CompanyScope,
    id: QueueId,
    settings: Settings,
) -> Result<QueueWithAgents> {
    let mut unit = Unit::begin(app, scope).await?;
    queueing::lock_queue(scope, unit.tx(), id).await?;
    let found = queueing::queue_in_use(scope, unit.tx(), id).await?;
    let mut row = found.ok_or(Error::NotFound(Subject::Queue))?;
    let former_name = row.name.clone();
    let agents = settings.agents.clone();
    apply(&unit, &mut row, settings).await?;
    if row.name != former_name {
        if queues::has_other_named(scope, unit.tx(), &row.name, id).await? {
            return Err(name_taken());
        }
        let by_name = references::flows_naming(scope, unit.tx(), Named::Queue, &[former_name]).await?;
        refuse_if_named("Flows name this queue by the name that it has", &by_name)?;
    }
    queues::save(scope, unit.tx(), row).await?;
    if let Some(agents) = agents {
        serve(&mut unit, id, &agents).await?;
    }
    finish(unit, id).await
}

/// Deletes a queue. One that callers have waited in is kept for their calls' sake, under a name that is free for others.
///
/// # Errors
/// `QUEUE_NOT_EMPTY` while somebody waits in it, talks with an agent of it, since he may come back to it, or is to be called
/// back from it; `QUEUE_IN_USE` with the names of the flows and queues that send callers there.
pub async fn delete(app: &App, scope: CompanyScope, id: QueueId) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    queueing::lock_queue(scope, unit.tx(), id).await?;
    let found = queueing::queue_in_use(scope, unit.tx(), id).await?;
    let row = found.ok_or(Error::NotFound(Subject::Queue))?;
    let calls = queueing::calls_of_queue(scope, unit.tx(), id).await?;
    if calls > 0 {
        return Err(Error::conflict(
            Code::QueueNotEmpty,
            format!("Calls of this queue are under way: {calls}."),
        ));
    }
    let callbacks = callbacks::open_in(scope, unit.tx(), id).await?;
    if callbacks > 0 {
        return Err(Error::conflict(
            Code::QueueNotEmpty,
            format!("So many are still to be called back from this queue: {callbacks}."),
        ));
    }
    let names = [row.name.clone(), id.to_string()];
    refuse_if_named(
        "Flows send callers to this queue",
        &references::flows_naming(scope, unit.tx(), Named::Queue, &names).await?,
    )?;
    refuse_if_named(
        "Queues overflow into this queue",
        &references::queues_overflowing_into(scope, unit.tx(), id).await?,
    )?;
    serve(&mut unit, id, &[]).await?;
    dispositions::forget_queue(scope, unit.tx(), id, unit.now()).await?;
    if queues::was_waited_in(scope, unit.tx(), id).await? {
        let now = unit.now();
        queues::save(scope, unit.tx(), retired(row, now)).await?;
    } else {
        queues::delete(scope, unit.tx(), id).await?;
    }
    unit.reroute(RoutingSubject::Queue, id);
    unit.commit().await
}

fn retired(row: queue::Model, now: chrono::DateTime<chrono::Utc>) -> queue::Model {
    let stub: String = row.name.chars().take(60).collect();
    let name = format!("{stub} (deleted {}, {})", now.format("%Y-%m-%d"), &row.id.to_string()[28..]);
    queue::Model { name, deleted_at: Some(now), ..row }
}

/// Puts settings into the row, or says of every one that is wrong what is.
async fn apply(unit: &Unit, row: &mut queue::Model, settings: Settings) -> Result<()> {
    let mut wrong = Vec::new();
    if let Some(name) = settings.name {
        let name = name.trim().to_owned();
        if name.is_empty() || name.parse::<Uuid>().is_ok() {
            wrong.push(field("/name", "must be a name, and not an id"));
        }
        row.name = name;
    }
    row.strategy = settings.strategy.unwrap_or(row.strategy);
    row.idle_reading = settings.idle_reading.unwrap_or(row.idle_reading);
    row.ring_seconds = settings.ring_seconds.unwrap_or(row.ring_seconds);
    row.wrap_up_seconds = settings.wrap_up_seconds.unwrap_or(row.wrap_up_seconds);
    row.decline_cool_off_seconds = settings.decline_cool_off_seconds.unwrap_or(row.decline_cool_off_seconds);
    row.hold_reminder_seconds = settings.hold_reminder_seconds.unwrap_or(row.hold_reminder_seconds);
    row.hold_limit_seconds = settings.hold_limit_seconds.unwrap_or(row.hold_limit_seconds);
    if let Some(url) = settings.hold_music_url {
        let is_web = url.starts_with("https://") || url.starts_with("http://");
        if !url.is_empty() && (!is_web || url.len() > URL_BYTES) {
            wrong.push(field("/holdMusicUrl", "must be a web address"));
        }
        row.hold_music_url = (!url.is_empty()).then_some(url);
    }
    if let Some(wish) = settings.rules {
        let (rules, found) = rules::check(unit, row.id, wish).await?;
        row.rules = rules;
        wrong.extend(found);
    }
    for (index, agent) in settings.agents.iter().flatten().enumerate() {
        if workforce::agents(unit.scope(), unit.tx(), Some(&[*agent])).await?.is_empty() {
            wrong.push(field(&format!("/agentIds/{index}"), "is no agent of the company"));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Error::Invalid {
        code: Code::ValidationFailed,
        message: "Some fields are not valid.".into(),
        fields: wrong,
    })
}

/// Makes these agents, and nobody else, serve the queue.
async fn serve(unit: &mut Unit, id: QueueId, agents: &[AgentId]) -> Result<()> {
    let before = workforce::members_of_queue(unit.scope(), unit.tx(), id).await?;
    let gone: Vec<_> = before.iter().filter(|agent| !agents.contains(agent)).copied().collect();
    let new: Vec<_> = agents.iter().filter(|agent| !before.contains(agent)).copied().collect();
    queues::remove_members(unit.scope(), unit.tx(), id, &gone).await?;
    for agent in &new {
        queues::add_member(unit.scope(), unit.tx(), id, *agent).await?;
    }
    for agent in gone.into_iter().chain(new) {
        unit.reroute(RoutingSubject::Agent, agent);
    }
    Ok(())
}

async fn finish(mut unit: Unit, id: QueueId) -> Result<QueueWithAgents> {
    let found = queues::by_id(unit.scope(), unit.tx(), id).await?;
    unit.reroute(RoutingSubject::Queue, id);
    unit.commit().await?;
    found.ok_or(Error::NotFound(Subject::Queue))
}

fn refuse_if_named(what: &str, names: &[String]) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    Err(Error::conflict(Code::QueueInUse, format!("{what}: {}.", names.join(", "))))
}

fn field(pointer: &str, message: &str) -> FieldError {
    FieldError { field: pointer.to_owned(), message: message.to_owned() }
}

fn name_taken() -> Error {
    Error::conflict(Code::QueueNameTaken, "Another queue of the company has this name.")
}
