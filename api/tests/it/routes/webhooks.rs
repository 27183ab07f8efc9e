//! /api/webhooks/company/{companyId}

use calldocker::identity::tokens::{self, Claims};
use chrono::{DateTime, Utc};
use entity::{audit, job, webhook_event};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use std::time::Duration;

use crate::support::hooks::{assert_documented, is_signed, message, with_receivers, work};
use crate::support::target::{Act, Target};
use crate::support::{TestApp, World};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn path(world: &World) -> String {
    format!("/api/webhooks/company/{}", world.ours.id)
}

/// A world without a webhook.
async fn quiet_world(app: &TestApp) -> World {
    let mut world = World::create(app).await;
    app.delete(&format!("{}/{}", path(&world), world.ours.webhook), &world.ours.owner).await.data(200);
    // Days pass in these stories; who tells them stays signed in.
    let (company, now) = (world.ours.id, app.app.clock.now());
    for person in [&mut world.ours.owner, &mut world.ours.manager] {
        let member = person.membership.map(|id| (id, company));
        let claims = Claims::new(person.user, person.session, person.seat, member, now, DAY * 6);
        person.token = tokens::sign(&app.app.keys, &claims).unwrap();
    }
    world
}

/// A webhook at this address; its address here, and its secret.
async fn listen(app: &TestApp, world: &World, url: String, events: Option<Value>) -> (String, String) {
    let mut body = json!({ "url": url });
    if let Some(events) = events {
        body["events"] = events;
    }
    let made = app.post(&path(world), &world.ours.owner, body).await;
    let made = made.data(201);
    let secret = made["secret"].as_str().expect("it is shown").to_owned();
    (format!("{}/{}", path(world), made["id"].as_str().unwrap()), secret)
}

/// Something happens.
async fn make_contact(app: &TestApp, world: &World, number: &str) -> String {
    let body = json!({ "number": number, "name": "Ann", "notes": "private" });
    let made = app.post("/api/contacts", &world.ours.owner, body).await;
    made.data(201)["id"].as_str().unwrap().to_owned()
}

async fn deliveries(app: &TestApp, world: &World, webhook: &str) -> Vec<Value> {
    let listed = app.get(&format!("{webhook}/deliveries"), &world.ours.manager).await;
    listed.data(200).as_array().unwrap().clone()
}

fn at(request: &crate::support::target::Request) -> DateTime<Utc> {
    let seconds = request.header("webhook-timestamp").unwrap().parse().unwrap();
    DateTime::from_timestamp(seconds, 0).unwrap()
}

/// Lets so much time pass, and does what falls due in it.
async fn pass(app: &TestApp, span: Duration) {
    let end = app.clock.now() + span;
    loop {
        work(app).await;
        let next = calldocker::store::system::next_job_at(&app.app).await.unwrap().filter(|at| *at <= end);
        let Some(next) = next else { break };
        app.clock.advance_to(next).await;
    }
    app.clock.advance_to(end).await;
}

with_receivers! {
    async fn what_happens_is_told_once_signed_and_as_it_is_documented(app) {
        let world = quiet_world(app).await;
        let target = Target::start([Act::Answers(200, json!({"ok": true}))]).await;
        let (webhook, secret) = listen(app, &world, target.url("/hooks"), None).await;
        let contact = make_contact(app, &world, "+4930111111").await;
        assert!(target.requests().is_empty(), "nobody waits for it");
        work(app).await;
        work(app).await;
        let requests = target.requests();
        assert_eq!(requests.len(), 1);
        assert_eq!((requests[0].line.as_str(), requests[0].header("content-type")), ("POST /hooks", Some("application/json")));
        assert!(is_signed(&requests[0], &secret));
        assert!(!is_signed(&requests[0], "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        let told = message(&requests[0]);
        assert_documented(&told);
        assert_eq!((&told["type"], &told["data"]["contactId"]), (&json!("contact.created"), &json!(contact)));
        assert!(!requests[0].body.contains("private"), "notes stay here");
        let log = deliveries(app, &world, &webhook).await;
        assert_eq!(log.len(), 1);
        assert_eq!((&log[0]["state"], &log[0]["event"], &log[0]["body"]), (&json!("delivered"), &json!("contact.created"), &told));
        assert_eq!(log[0]["eventId"].as_str(), requests[0].header("webhook-id"));
        let attempts = log[0]["attempts"].as_array().unwrap();
        assert_eq!((attempts.len(), &attempts[0]["status"], &attempts[0]["answer"]), (1, &json!(200), &json!("{\"ok\":true}")));
    }

    async fn a_company_that_tells_nobody_writes_nothing_and_another_s_webhook_hears_nothing(app) {
        let world = quiet_world(app).await;
        let target = Target::start([Act::Answers(200, json!({}))]).await;
        let count = async || {
            let jobs = world.ours.scope.find::<job::Entity>().count(app.app.db.reader()).await.unwrap();
            jobs + world.ours.scope.find::<webhook_event::Entity>().count(app.app.db.reader()).await.unwrap()
        };
        let before = count().await;
        make_contact(app, &world, "+4930111111").await;
        assert_eq!(count().await, before);
        let theirs = format!("/api/webhooks/company/{}", world.theirs.id);
        app.post(&theirs, &world.theirs.owner, json!({ "url": target.url("/") })).await.data(201);
        make_contact(app, &world, "+4930222222").await;
        let (webhook, _) = listen(app, &world, target.url("/ours"), None).await;
        let off = json!({ "url": target.url("/ours"), "enabled": false });
        app.put(&webhook, &world.ours.owner, off).await.data(200);
        make_contact(app, &world, "+4930333333").await;
        work(app).await;
        assert!(target.requests().is_empty());
        assert_eq!(count().await, before);
    }

    async fn a_webhook_hears_of_the_events_that_it_wants(app) {
        let world = quiet_world(app).await;
        let target = Target::start([Act::Answers(204, json!({}))]).await;
        listen(app, &world, target.url("/deleted"), Some(json!(["contact.deleted", "contact.deleted"]))).await;
        listen(app, &world, target.url("/changed"), Some(json!(["contact.updated", "agent.availability_changed"]))).await;
        let contact = make_contact(app, &world, "+4930111111").await;
        app.put(&format!("/api/contacts/{contact}"), &world.ours.owner, json!({ "name": "Bob", "tags": ["vip"] })).await.data(200);
        let agent = format!("/api/agents/{}/availability", world.ours.idle_agent);
        app.put(&agent, &world.ours.owner, json!({ "status": "away" })).await.data(200);
        app.put(&agent, &world.ours.owner, json!({ "status": "away" })).await.data(200);
        app.delete(&format!("/api/contacts/{contact}"), &world.ours.owner).await.data(200);
        work(app).await;
        let mut told: Vec<_> = target.requests().iter().map(|request| {
            let message = message(request);
            assert_documented(&message);
            format!("{} {}", request.line, message["type"].as_str().unwrap())
        }).collect();
        told.sort();
        assert_eq!(told, [
            "POST /changed agent.availability_changed", "POST /changed contact.updated", "POST /deleted contact.deleted",
        ]);
    }

    async fn the_secret_is_shown_once_and_two_are_good_for_a_day_when_it_is_rotated(app) {
        let world = quiet_world(app).await;
        let target = Target::start([Act::Answers(200, json!({}))]).await;
        let (webhook, first) = listen(app, &world, target.url("/"), None).await;
        for answer in [app.get(&webhook, &world.ours.owner).await, app.get(&path(&world), &world.ours.owner).await] {
            assert!(!answer.text.contains("whsec_"), "{}", answer.text);
        }
        let rotated = app.post(&format!("{webhook}/rotate"), &world.ours.owner, json!({})).await;
        let second = rotated.data(200)["secret"].as_str().unwrap().to_owned();
        assert_ne!(first, second);
        make_contact(app, &world, "+4930111111").await;
        work(app).await;
        app.clock.advance(DAY).await;
        make_contact(app, &world, "+4930222222").await;
        work(app).await;
        let signed = |secret: &str| -> Vec<bool> { target.requests().iter().map(|one| is_signed(one, secret)).collect() };
        assert_eq!((signed(&first), signed(&second)), (vec![true, false], vec![true, true]));
        let row = calldocker::hooks::endpoints::all(&app.app, world.ours.scope).await.unwrap().remove(0);
        assert!(!row.secret_sealed.contains(&second[6..]), "it is sealed");
    }

    async fn a_webhook_that_fails_is_tried_for_a_day_with_one_id_and_then_given_up(app) {
        let world = quiet_world(app).await;
        let target = Target::start([Act::Answers(500, json!({"error": "down"}))]).await;
        let (webhook, secret) = listen(app, &world, target.url("/"), None).await;
        make_contact(app, &world, "+4930111111").await;
        pass(app, DAY * 2).await;
        let requests = target.requests();
        assert_eq!(requests.len(), 8);
        assert!(requests.iter().all(|request| is_signed(request, &secret)));
        assert!(requests.iter().all(|request| request.header("webhook-id") == requests[0].header("webhook-id")));
        assert!(requests.iter().all(|request| request.body == requests[0].body), "the same words each time");
        let pauses: Vec<_> = requests.windows(2).map(|two| (at(&two[1]) - at(&two[0])).num_seconds()).collect();
        for (pause, own) in pauses.iter().zip([5, 300, 1800, 7200, 18000, 28800, 28800]) {
            assert!(*pause >= own * 4 / 5 - 1 && *pause <= own * 6 / 5 + 1, "{pauses:?}");
        }
        let log = deliveries(app, &world, &webhook).await;
        assert_eq!((&log[0]["state"], log[0]["attempts"].as_array().unwrap().len()), (&json!("failed"), 8));
        assert_eq!(log[0]["attempts"][7]["answer"], "{\"error\":\"down\"}");
        let shown = app.get(&webhook, &world.ours.owner).await;
        assert_eq!(shown.data(200)["enabled"], true, "one event is not much");
        assert!(shown.data(200)["failingSince"].is_string());
    }

    async fn who_asks_for_time_gets_it_and_who_recovers_is_forgiven(app) {
        let world = quiet_world(app).await;
        let target = Target::start([Act::IsBusy(200), Act::HangsUp, Act::Answers(200, json!({}))]).await;
        let (webhook, _) = listen(app, &world, target.url("/"), None).await;
        make_contact(app, &world, "+4930111111").await;
        pass(app, Duration::from_secs(3600)).await;
        let requests = target.requests();
        assert_eq!(requests.len(), 3);
        assert_eq!((at(&requests[1]) - at(&requests[0])).num_seconds(), 200);
        let log = deliveries(app, &world, &webhook).await;
        assert_eq!(log[0]["state"], "delivered");
        assert_eq!(log[0]["attempts"][1]["failure"], "noAnswer");
        assert_eq!(app.get(&webhook, &world.ours.owner).await.data(200).get("failingSince"), None);
    }

    async fn a_webhook_that_is_gone_is_switched_off_at_once_and_the_owners_hear_of_it(app) {
        let world = quiet_world(app).await;
        let target = Target::start([Act::Answers(410, json!({}))]).await;
        let (webhook, _) = listen(app, &world, target.url("/secret-part"), None).await;
        for number in ["+4930111111", "+4930222222"] {
            make_contact(app, &world, number).await;
        }
        pass(app, DAY).await;
        assert!((1..=2).contains(&target.requests().len()), "both may have been under way");
        let shown = app.get(&webhook, &world.ours.owner).await;
        let shown = shown.data(200);
        assert_eq!((&shown["enabled"], &shown["disabledBecause"]), (&json!(false), &json!("gone")));
        let mails = app.mails_to(&world.ours.owner.email).await;
        assert_eq!(mails.len(), 1);
        assert!(mails[0].subject.contains("webhook"), "{}", mails[0].subject);
        assert!(mails[0].text.contains("127.0.0.1") && !mails[0].text.contains("secret-part"), "{}", mails[0].text);
        assert!(app.mails_to(&world.ours.manager.email).await.is_empty());
        assert!(app.mails_to(&world.theirs.owner.email).await.is_empty());
        make_contact(app, &world, "+4930333333").await;
        work(app).await;
        assert!(target.requests().len() <= 2, "it hears nothing more");
        app.put(&webhook, &world.ours.owner, json!({ "url": target.url("/"), "enabled": true })).await.data(200);
        let again = app.get(&webhook, &world.ours.owner).await;
        assert_eq!((&again.data(200)["enabled"], again.data(200).get("disabledBecause")), (&json!(true), None));
    }

    async fn a_webhook_that_nothing_reaches_for_days_is_switched_off_with_a_letter(app) {
        let world = quiet_world(app).await;
        let target = Target::start([Act::Answers(500, json!({}))]).await;
        let (webhook, _) = listen(app, &world, target.url("/"), None).await;
        for day in 0..4 {
            for number in 0..3 {
                make_contact(app, &world, &format!("+49301111{day}{number}")).await;
            }
            pass(app, DAY).await;
        }
        let shown = app.get(&webhook, &world.ours.owner).await;
        let shown = shown.data(200);
        assert_eq!((&shown["enabled"], &shown["disabledBecause"]), (&json!(false), &json!("failing")));
        assert_eq!(app.mails_to(&world.ours.owner.email).await.len(), 1);
        let asked = target.requests().len();
        pass(app, DAY).await;
        assert_eq!(target.requests().len(), asked, "what was on its way is dropped");
        let states: Vec<_> = deliveries(app, &world, &webhook).await.iter().map(|one| one["state"].clone()).collect();
        assert!(states.contains(&json!("dropped")) && states.contains(&json!("failed")), "{states:?}");
    }

    async fn slow_huge_and_redirecting_answers_are_bounded(app) {
        let world = quiet_world(app).await;
        let elsewhere = Target::start([Act::Answers(200, json!({}))]).await;
        let target = Target::start([Act::Floods, Act::Redirects(elsewhere.url("/"))]).await;
        let (webhook, _) = listen(app, &world, target.url("/"), None).await;
        for expected in ["failure", "status"] {
            let tested = app.post(&format!("{webhook}/test"), &world.ours.owner, json!({})).await;
            let tested = tested.data(200);
            let attempt = &tested["attempts"][0];
            match expected {
                "failure" => assert_eq!(attempt["failure"], "answerTooLarge"),
                _ => assert_eq!(attempt["status"], 302),
            }
            assert_eq!(tested["state"], "failed");
        }
        assert!(elsewhere.requests().is_empty());
        assert!(target.flooded() < 100 << 20);
    }

    async fn a_test_is_sent_at_once_also_to_one_that_is_off_and_counts_for_nothing(app) {
        let world = quiet_world(app).await;
        let target = Target::start([Act::Answers(200, json!({})), Act::Answers(410, json!({}))]).await;
        let (webhook, secret) = listen(app, &world, target.url("/"), Some(json!(["call.ended"]))).await;
        app.put(&webhook, &world.ours.owner, json!({ "url": target.url("/"), "enabled": false })).await.data(200);
        let tested = app.post(&format!("{webhook}/test"), &world.ours.owner, json!({})).await;
        assert_eq!(tested.data(200)["state"], "delivered");
        let requests = target.requests();
        assert!(is_signed(&requests[0], &secret));
        assert_documented(&message(&requests[0]));
        assert_eq!(message(&requests[0])["type"], "webhook.test");
        let tested = app.post(&format!("{webhook}/test"), &world.ours.owner, json!({})).await;
        assert_eq!(tested.data(200)["state"], "failed");
        pass(app, DAY).await;
        assert_eq!(target.requests().len(), 2, "a test is not tried again");
        assert_eq!(app.get(&webhook, &world.ours.owner).await.data(200).get("disabledBecause"), None);
    }

    async fn an_event_is_sent_again_under_its_id(app) {
        let world = quiet_world(app).await;
        let target = Target::start([Act::Answers(400, json!({})), Act::Answers(400, json!({})), Act::Answers(200, json!({}))]).await;
        let (webhook, _) = listen(app, &world, target.url("/"), None).await;
        make_contact(app, &world, "+4930111111").await;
        work(app).await;
        let id = deliveries(app, &world, &webhook).await[0]["id"].clone();
        let again = app.post(&format!("{webhook}/redeliver"), &world.ours.owner, json!({ "deliveryId": id })).await;
        assert_eq!((&again.data(200)["state"], again.data(200)["attempts"].as_array().unwrap().len()), (&json!("pending"), 2));
        pass(app, Duration::from_secs(600)).await;
        let requests = target.requests();
        assert_eq!(requests.len(), 3);
        assert!(requests.iter().all(|one| one.header("webhook-id") == requests[0].header("webhook-id")));
        let log = deliveries(app, &world, &webhook).await;
        assert_eq!((log.len(), &log[0]["state"]), (1, &json!("delivered")));
        let theirs = app.post(&format!("{webhook}/redeliver"), &world.ours.owner, json!({ "deliveryId": world.theirs.webhook_delivery })).await;
        theirs.is_refused(404, "WEBHOOK_DELIVERY_NOT_FOUND");
        app.put(&webhook, &world.ours.owner, json!({ "url": target.url("/"), "enabled": false })).await.data(200);
        let off = app.post(&format!("{webhook}/redeliver"), &world.ours.owner, json!({ "deliveryId": id })).await;
        off.is_refused(409, "WEBHOOK_DISABLED");
    }

    async fn what_cannot_be_a_webhook_is_refused(app) {
        let world = quiet_world(app).await;
        let owner = &world.ours.owner;
        for url in [
            "crm.example.com", "http://crm.example.com/", "ftp://crm.example.com/", "https://10.1.2.3/", "https://[::1]/",
            "https://169.254.169.254/latest", "https://user:password@crm.example.com/", "mailto:me@example.com",
        ] {
            let refused = app.post(&path(&world), owner, json!({ "url": url })).await;
            assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/url"], "{url}");
        }
        for (body, field) in [
            (json!({ "url": "https://crm.example.com/", "events": [] }), "/events"),
            (json!({ "url": "https://crm.example.com/", "events": ["call.exploded"] }), "/events/0"),
            (json!({ "url": "https://crm.example.com/", "secret": "mine" }), "/secret"),
            (json!({}), "/url"),
        ] {
            let refused = app.post(&path(&world), owner, body).await;
            assert_eq!(refused.is_refused(400, "VALIDATION_FAILED").wrong_fields(), [field]);
        }
        let body = json!({ "url": "https://crm.example.com/hooks?key=hidden" });
        for _ in 0..10 {
            app.post(&path(&world), owner, body.clone()).await.data(201);
        }
        app.post(&path(&world), owner, body).await.is_refused(409, "TOO_MANY_WEBHOOKS");
        let notes = world.ours.scope.find::<audit::Entity>().filter(audit::Column::Action.eq("webhooks:create"));
        let notes = notes.order_by_asc(audit::Column::Id).all(app.app.db.reader()).await.unwrap();
        assert_eq!(notes.len(), 10);
        assert!(notes.iter().all(|note| note.detail["host"] == "crm.example.com" && !note.detail.to_string().contains("hidden")));
    }

    async fn an_address_that_leads_inside_is_refused_when_it_is_connected_to(app) {
        let world = World::create(app).await;
        let (scope, id) = (world.ours.scope, world.ours.webhook);
        let change = entity::webhook_endpoint::ActiveModel {
            url: sea_orm::ActiveValue::Set("https://localhost:9/hooks".to_owned()),
            ..Default::default()
        };
        scope.update::<entity::webhook_endpoint::Entity, _>(app.app.db.writer(), id, change).await.unwrap();
        let tested = app.post(&format!("{}/{id}/test", path(&world)), &world.ours.owner, json!({})).await;
        assert_eq!(tested.data(200)["attempts"][0]["failure"], "addressRefused");
    }

    async fn what_was_told_is_forgotten_after_two_weeks(app) {
        let world = quiet_world(app).await;
        let target = Target::start([Act::Answers(200, json!({}))]).await;
        let (webhook, _) = listen(app, &world, target.url("/"), None).await;
        make_contact(app, &world, "+4930111111").await;
        work(app).await;
        let forget = async || {
            let tx = app.app.db.begin().await.unwrap();
            let before = app.clock.now() - chrono::TimeDelta::days(14);
            calldocker::store::system::forget_webhook_events(&tx, before).await.unwrap();
            tx.commit().await.unwrap();
        };
        let id = webhook.rsplit('/').next().unwrap().parse().unwrap();
        let known = async || {
            let db = app.app.db.reader();
            calldocker::store::hooks::deliveries(world.ours.scope, db, id, None, None, 10).await.unwrap().len()
        };
        app.clock.advance(DAY * 13).await;
        forget().await;
        assert_eq!(known().await, 1);
        app.clock.advance(DAY * 2).await;
        forget().await;
        assert_eq!(known().await, 0);
    }
}
