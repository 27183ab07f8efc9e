//! /api/schedules, and the queues that go by them

use calldocker::store::queueing;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::support::{TestApp, World, office_hours, on_both_databases};

const PATH: &str = "/api/schedules";

async fn now(app: &TestApp, world: &World, at: &str) -> Value {
    let at: DateTime<Utc> = at.parse().unwrap();
    app.clock.advance_to(at).await;
    // His token has run out by now: a new one is signed past the sign-in.
    let path = format!("{PATH}/{}/now", world.ours.schedule);
    let person = &world.ours.agent;
    let member = person.membership.map(|id| (id, world.ours.id));
    let life = app.app.settings.access_token_life;
    let claims =
        calldocker::identity::tokens::Claims::new(person.user, person.session, person.seat, member, at, life);
    let token = calldocker::identity::tokens::sign(&app.app.keys, &claims).unwrap();
    app.call("GET", &path).token(&token).send().await.data(200).clone()
}

async fn hours_of_the_queue(app: &TestApp, world: &World) -> Option<Value> {
    let queue = queueing::queue(world.ours.scope, &app.app.db.begin().await.unwrap(), world.ours.queue).await;
    queue.unwrap().rules.hours
}

on_both_databases! {
    async fn a_schedule_says_whether_it_is_open_and_until_when(app) {
        let world = World::create(app).await;
        // Noon in London on Monday is 13:00 in Berlin.
        let monday = now(app, &world, "2026-03-02T12:00:00Z").await;
        assert_eq!(monday, json!({ "open": true, "until": "2026-03-02T16:00:00+00:00" }));
        let evening = now(app, &world, "2026-03-06T16:00:00Z").await;
        assert_eq!(evening, json!({ "open": false, "until": "2026-03-09T08:00:00+00:00" }));
    }

    async fn schedules_have_names_and_good_hours(app) {
        let world = World::create(app).await;
        let manager = &world.ours.manager;
        let made = app.post(PATH, manager, json!({ "name": " Shop ", "hours": office_hours() })).await;
        assert_eq!((&made.data(201)["name"], &made.data(201)["hours"]), (&json!("Shop"), &office_hours()));
        app.post(PATH, manager, json!({ "name": "Shop", "hours": office_hours() })).await.is_refused(409, "SCHEDULE_NAME_TAKEN");
        let other = format!("{PATH}/{}", world.ours.schedule);
        app.put(&other, manager, json!({ "name": "Shop", "hours": office_hours() })).await.is_refused(409, "SCHEDULE_NAME_TAKEN");
        let bad = json!({ "name": " ", "hours": { "zone": "Mars/Base", "weekly": {} } });
        let refused = app.post(PATH, manager, bad).await;
        assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/name", "/hours/zone"]);
        app.post(PATH, &world.ours.agent, json!({ "name": "x", "hours": office_hours() })).await.is_refused(403, "FORBIDDEN");
        let names = app.get(PATH, &world.ours.agent).await;
        let names: Vec<_> = names.data(200).as_array().unwrap().iter().map(|row| row["name"].clone()).collect();
        assert_eq!(names, ["Shop", "ours office"]);
    }

    async fn queues_go_by_a_schedule_and_change_with_it(app) {
        let world = World::create(app).await;
        let (ours, manager) = (&world.ours, &world.ours.manager);
        let queue = format!("/api/queues/{}", ours.queue);
        let schedule = format!("{PATH}/{}", ours.schedule);
        let by_schedule = json!({ "rules": { "scheduleId": ours.schedule } });
        let put = app.put(&queue, manager, by_schedule.clone()).await;
        let rules = &put.data(200)["rules"];
        assert_eq!((&rules["scheduleId"], rules.get("hours")), (&json!(ours.schedule), None));
        assert_eq!(hours_of_the_queue(app, &world).await, Some(office_hours()));
        // What is read can be written back.
        app.put(&queue, manager, json!({ "rules": rules })).await.data(200);
        let night = json!({ "zone": "UTC", "weekly": { "mon": [{ "from": "22:00", "to": "06:00" }] } });
        app.put(&schedule, manager, json!({ "name": "Night", "hours": night })).await.data(200);
        assert_eq!(hours_of_the_queue(app, &world).await, Some(night.clone()));
        app.delete(&schedule, manager).await.is_refused(409, "SCHEDULE_IN_USE");
        let both = json!({ "rules": { "scheduleId": ours.schedule, "hours": night } });
        let refused = app.put(&queue, manager, both).await;
        assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/rules/hours"]);
        let theirs = json!({ "rules": { "scheduleId": world.theirs.schedule } });
        let refused = app.put(&queue, manager, theirs).await;
        assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/rules/scheduleId"]);
        app.put(&queue, manager, json!({ "rules": {} })).await.data(200);
        assert_eq!(hours_of_the_queue(app, &world).await, None);
        app.delete(&schedule, manager).await.data(200);
        app.get(&schedule, manager).await.is_refused(404, "SCHEDULE_NOT_FOUND");
    }
}
