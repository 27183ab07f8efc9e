//! Sockets, by the official client: `tests/node/socket.test.mjs` tells the story, this file owns the server. The script
//! asks for what a client cannot do (let time pass, write events) with a line on its output and gets a line back.

mod chats;
mod encrypted;
mod hostile;
mod samples;
mod unfit;

use std::time::Duration;

use calldocker::app::App;
use calldocker::bus::Delivery;
use calldocker::store::{Audience, Unit};
use entity::id::{CallId, QueueEntryId};
use entity::{
    CallKind, CallStatus, CompanyScope, EntryPurpose, JobKind, Reach, RoutingSubject, VisitPlan, agent, call,
    job, outbox, outbox_counter, queue_entry,
};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, ExprTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::script::Script;
use crate::support::{Backend, Person, TestApp, World};

#[tokio::test]
async fn on_sqlite() {
    tell_the_story(TestApp::on(Backend::Sqlite).await.expect("SQLite is always there")).await;
}

#[tokio::test]
async fn on_postgres() {
    if let Some(app) = TestApp::on(Backend::Postgres).await {
        tell_the_story(app).await;
    }
}

async fn tell_the_story(app: TestApp) {
    let world = World::create(&app).await;
    let company = |name: &Value| if name == "theirs" { &world.theirs } else { &world.ours };
    for scope in [world.ours.scope, world.theirs.scope] {
        forget_calls(&app, scope).await;
        put_agents_at_browsers(&app, scope).await;
    }
    app.app.start_work().await.unwrap();
    let settings = app.app.settings.clone();
    let elsewhere = App::build(settings, app.clock.clone(), Delivery::DropEverything).await.unwrap();
    let mut script = Script::start("socket.test.mjs", [app.url.as_str()]);
    while let Some((what, request)) = script.request().await {
        let company = company(&request["company"]);
        let result = match what.as_str() {
            "world" => describe(&world),
            "advance" => {
                app.clock.advance(Duration::from_secs(request["seconds"].as_u64().unwrap())).await;
                json!(null)
            }
            "tell" => {
                let audience = match request["room"].as_str().unwrap() {
                    "agent" => Audience::Agent(company.agent.agent.unwrap()),
                    "queue" => Audience::Queue(company.queue),
                    "supervisors" => Audience::Supervisors,
                    other => panic!("no such room: {other}"),
                };
                let node = if request["from"] == "another node" { &elsewhere } else { &app.app };
                tell(node, company.scope, audience, request["events"].as_u64().unwrap()).await;
                json!(null)
            }
            "lose an event" => {
                let tx = app.app.db.begin().await.unwrap();
                let one_more = Expr::col(outbox_counter::Column::LastSeq).add(1);
                let counter = company.scope.update_many::<outbox_counter::Entity>();
                counter.col_expr(outbox_counter::Column::LastSeq, one_more).exec(&tx).await.unwrap();
                tx.commit().await.unwrap();
                json!(null)
            }
            "forget" => {
                let tx = app.app.db.begin().await.unwrap();
                company.scope.delete_many::<outbox::Entity>().exec(&tx).await.unwrap();
                tx.commit().await.unwrap();
                json!(null)
            }
            "enqueue" => json!({ "callId": enqueue(&app, &world).await }),
            "watches" => {
                let watches =
                    company.scope.find::<job::Entity>().filter(job::Column::Kind.eq(JobKind::DeviceLost));
                json!(watches.count(app.app.db.reader()).await.unwrap())
            }
            "stop" => json!(null),
            other => panic!("no such request: {other}"),
        };
        script.answer(&request, result).await;
        if what == "stop" {
            break;
        }
    }
    elsewhere.db.clone().close().await.unwrap();
    app.close().await;
    script.end().await;
}

pub fn describe(world: &World) -> Value {
    let person = |person: &Person| json!({"user": person.user, "agent": person.agent, "token": person.token});
    let company = |company: &crate::support::Company| {
        json!({
            "id": company.id,
            "queue": company.queue,
            "owner": person(&company.owner),
            "manager": person(&company.manager),
            "agent": person(&company.agent),
            "zoe": person(&company.chats.colleague),
        })
    };
    json!({
        "ours": company(&world.ours),
        "theirs": company(&world.theirs),
        "alone": person(&world.alone),
        "admin": person(&world.admin),
    })
}

/// The story makes its own calls: with them goes all that hangs on a call.
pub async fn forget_calls(app: &TestApp, scope: CompanyScope) {
    let tx = app.app.db.begin().await.unwrap();
    scope.delete_many::<call::Entity>().exec(&tx).await.unwrap();
    tx.commit().await.unwrap();
}

async fn put_agents_at_browsers(app: &TestApp, scope: CompanyScope) {
    let changes = agent::ActiveModel { reach: Set(Reach::Browser), number: Set(None), ..Default::default() };
    let tx = app.app.db.begin().await.unwrap();
    scope.update_many::<agent::Entity>().set(changes).exec(&tx).await.unwrap();
    tx.commit().await.unwrap();
}

async fn tell(app: &App, scope: CompanyScope, audience: Audience<'_>, events: u64) {
    // A batch, as a statement has no place for the parameters of a thousand rows.
    for batch in (0..events).collect::<Vec<_>>().chunks(500) {
        let mut unit = Unit::begin(app, scope).await.unwrap();
        for number in batch {
            unit.tell(&[audience], "notification", json!({ "number": number }));
        }
        unit.commit().await.unwrap();
    }
}

/// Somebody waits in our queue; routing does the rest.
async fn enqueue(app: &TestApp, world: &World) -> CallId {
    let scope = world.ours.scope;
    let mut unit = Unit::begin(&app.app, scope).await.unwrap();
    let (now, call, entry) = (unit.now(), unit.id::<CallId>(), unit.id::<QueueEntryId>());
    let row = call::Model {
        status: CallStatus::Queued,
        account_sid: "ACours".into(),
        provider_sid: format!("CA{}", call.0.simple()),
        phone_number_id: Some(world.ours.number),
        flow_version_id: Some(world.ours.flow_version),
        queue_id: Some(world.ours.queue),
        ..call::Model::begun(
            call,
            world.ours.id,
            CallKind::Inbound,
            ("+12025550199".into(), "+4930123456".into()),
            now,
        )
    };
    scope.insert::<call::Entity, _>(unit.tx(), row).await.unwrap();
    let row = queue_entry::Model {
        id: entry,
        company_id: world.ours.id,
        call_id: call,
        queue_id: world.ours.queue,
        priority: 0,
        skills: json!([]),
        entered_at: now,
        waiting_since: now,
        purpose: EntryPurpose::Caller,
        wanted_agent_id: None,
        max_wait_until: None,
        plan: VisitPlan::default(),
        outcome: None,
        left_at: None,
    };
    scope.insert::<queue_entry::Entity, _>(unit.tx(), row).await.unwrap();
    unit.reroute(RoutingSubject::Entry, entry);
    unit.commit().await.unwrap();
    call
}
