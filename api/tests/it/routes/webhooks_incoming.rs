//! /api/webhooks/incoming/{companyId}

use calldocker::webhooks::incoming::IncomingWebhooks;
use chrono::TimeDelta;
use entity::{callback, contact};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::hooks::signature;
use crate::support::{Answer, TestApp, World, dump, on_both_databases};

/// Another system of the company's.
struct Sender<'a> {
    app: &'a TestApp,
    company: entity::id::CompanyId,
    secret: String,
}

impl<'a> Sender<'a> {
    async fn of_ours(app: &'a TestApp, world: &World) -> Self {
        let secret = rotate(app, world).await;
        Self { app, company: world.ours.id, secret }
    }

    async fn sends(&self, id: &str, kind: &str, data: Value) -> Answer {
        self.sends_text(id, &json!({ "type": kind, "data": data }).to_string(), TimeDelta::zero()).await
    }

    async fn sends_text(&self, id: &str, body: &str, ago: TimeDelta) -> Answer {
        let at = (self.app.clock.now() - ago).timestamp().to_string();
        self.sends_signed(id, body, &at, &signature(&self.secret, id, &at, body)).await
    }

    async fn sends_signed(&self, id: &str, body: &str, at: &str, signature: &str) -> Answer {
        let path = format!("{}/{}", IncomingWebhooks::PREFIX, self.company);
        let call = self.app.call("POST", &path).header("webhook-id", id).header("webhook-timestamp", at);
        call.header("webhook-signature", signature).text("application/json", body.to_owned()).send().await
    }
}

async fn rotate(app: &TestApp, world: &World) -> String {
    let path = format!("/api/webhooks/company/{}/incoming-secret", world.ours.id);
    let made = app.post(&path, &world.ours.owner, json!({})).await;
    made.data(200)["secret"].as_str().unwrap().to_owned()
}

async fn contacts(app: &TestApp, world: &World, number: &str) -> Vec<contact::Model> {
    let found = world.ours.scope.find::<contact::Entity>().filter(contact::Column::Number.eq(number));
    found.all(app.app.db.reader()).await.unwrap()
}

on_both_databases! {
    async fn a_contact_is_made_and_changed_once_a_message(app) {
        let world = World::create(app).await;
        let sender = Sender::of_ours(app, &world).await;
        let card = json!({ "number": "+49 30 111111", "name": "Ann", "tags": ["vip"], "custom": { "tier": "gold" } });
        let first = sender.sends("msg_1", "contact.upsert", card.clone()).await;
        let made = first.data(200).clone();
        assert_eq!(made["number"], "+4930111111");
        sender.sends("msg_2", "contact.upsert", json!({ "number": "+4930111111", "name": "Bob" })).await.data(200);
        let again = sender.sends("msg_1", "contact.upsert", card).await;
        assert_eq!(again.data(200), &made, "the same message has the same answer");
        let rows = contacts(app, &world, "+4930111111").await;
        assert_eq!((rows.len(), rows[0].name.as_deref()), (1, Some("Bob")), "and is not done again");
        assert_eq!(rows[0].custom["tier"], "gold");
        let other = sender.sends("msg_1", "contact.upsert", json!({ "number": "+4930222222" })).await;
        other.is_refused(409, "WEBHOOK_ID_REUSED");
    }

    async fn two_of_the_same_at_once_are_one(app) {
        let world = World::create(app).await;
        let sender = Sender::of_ours(app, &world).await;
        let note = json!({ "callId": world.ours.calls.wrap_up, "note": "paid" });
        let send = || sender.sends("msg_1", "call.note.add", note.clone());
        let (one, two, three) = tokio::join!(send(), send(), send());
        assert_eq!((one.data(200), two.data(200)), (two.data(200), three.data(200)));
        let call = calldocker::store::calls::get(world.ours.scope, app.app.db.reader(), world.ours.calls.wrap_up).await;
        let notes = call.unwrap().notes.unwrap_or_default();
        assert_eq!(notes.matches("paid").count(), 1, "{notes}");
        sender.sends("msg_2", "call.note.add", json!({ "callId": world.ours.calls.wrap_up, "note": "sent" })).await.data(200);
        let call = calldocker::store::calls::get(world.ours.scope, app.app.db.reader(), world.ours.calls.wrap_up).await;
        assert!(call.unwrap().notes.unwrap().ends_with("paid\nsent"));
    }

    async fn somebody_is_to_be_called_back(app) {
        let world = World::create(app).await;
        let sender = Sender::of_ours(app, &world).await;
        let wish = json!({ "number": "+493055512345", "queue": "ours support", "note": "about the invoice" });
        let answer = sender.sends("msg_1", "callback.request", wish.clone()).await;
        let id: entity::id::CallbackId = answer.data(200)["callbackId"].as_str().expect("an id").parse().unwrap();
        let row = calldocker::store::callbacks::get(world.ours.scope, app.app.db.reader(), id).await.unwrap().unwrap();
        assert_eq!((row.number.as_str(), row.our_number.as_str()), ("+493055512345", "+4930123456"));
        let shown = app.get(&format!("/api/callbacks/{id}"), &world.ours.owner).await;
        assert_eq!(shown.data(200)["state"], "open");
        let again = sender.sends("msg_2", "callback.request", wish).await;
        assert_eq!(again.data(200)["callbackId"], answer.data(200)["callbackId"], "one number has one callback in a queue");
        let count = world.ours.scope.find::<callback::Entity>().filter(callback::Column::Number.eq("+493055512345"));
        assert_eq!(count.count(app.app.db.reader()).await.unwrap(), 1);
        for (data, field) in [
            (json!({ "number": "+493055512345", "queue": "nowhere" }), "/data/queue"),
            (json!({ "number": "12", "queue": "ours support" }), "/data/number"),
            (json!({ "number": "+493055512345", "queue": world.theirs.queue }), "/data/queue"),
            (json!({ "number": "+493055512345", "queue": "ours support", "ourNumber": "+4930999999" }), "/data/ourNumber"),
            (json!({ "number": "+4930555000", "queue": "ours support" }), "/data/number"),
        ] {
            let refused = sender.sends("msg_3", "callback.request", data.clone()).await;
            assert_eq!((refused.status.as_u16(), refused.wrong_fields()), (422, vec![field]), "{data} {}", refused.text);
        }
    }

    async fn an_agent_s_availability_is_set_by_another_system(app) {
        let world = World::create(app).await;
        let sender = Sender::of_ours(app, &world).await;
        let agent = world.ours.idle_agent;
        let set = sender.sends("msg_1", "agent.availability.set", json!({ "agentId": agent, "status": "away" })).await;
        set.data(200);
        let history = app.get(&format!("/api/agents/{agent}/history"), &world.ours.owner).await;
        let newest = &history.data(200)[0];
        assert_eq!(newest["because"], "integration", "{}", history.text);
        let theirs = json!({ "agentId": world.theirs.idle_agent, "status": "away" });
        sender.sends("msg_2", "agent.availability.set", theirs).await.is_refused(404, "AGENT_NOT_FOUND");
        let theirs = json!({ "callId": world.theirs.calls.wrap_up, "note": "x" });
        sender.sends("msg_3", "call.note.add", theirs).await.is_refused(404, "CALL_NOT_FOUND");
    }

    async fn who_cannot_sign_leaves_no_trace(app) {
        let world = World::create(app).await;
        let mut sender = Sender { app, company: world.ours.id, secret: calldocker::outbound::signing::new_secret().expose().to_owned() };
        let body = json!({ "type": "contact.upsert", "data": { "number": "+4930111111" } }).to_string();
        let before = dump(&app.app).await;
        sender.sends_text("msg_1", &body, TimeDelta::zero()).await.is_refused(403, "BAD_SIGNATURE");
        assert_eq!(dump(&app.app).await, before);
        let good = rotate(app, &world).await;
        let before = dump(&app.app).await;
        sender.sends_text("msg_1", &body, TimeDelta::zero()).await.is_refused(403, "BAD_SIGNATURE");
        sender.secret = good.clone();
        for minutes in [6, -6, 60 * 24] {
            sender.sends_text("msg_1", &body, TimeDelta::minutes(minutes)).await.is_refused(403, "BAD_SIGNATURE");
        }
        let at = app.clock.now().timestamp().to_string();
        let signed = signature(&good, "msg_1", &at, &body);
        for (id, body, at, signature) in [
            ("msg_2", body.as_str(), at.as_str(), signed.as_str()),
            ("msg_1", "{}", &at, &signed),
            ("msg_1", &body, "0", &signed),
            ("msg_1", &body, "soon", &signed),
            ("msg_1", &body, &at, ""),
            ("msg_1", &body, &at, "v1,"),
            ("msg_1", &body, &at, &signed[3..]),
            ("", &body, &at, &signature(&good, "", &at, &body)),
        ] {
            sender.sends_signed(id, body, at, signature).await.is_refused(403, "BAD_SIGNATURE");
        }
        sender.company = world.theirs.id;
        sender.sends_text("msg_1", &body, TimeDelta::zero()).await.is_refused(403, "BAD_SIGNATURE");
        sender.company = app.app.ids.next();
        sender.sends_text("msg_1", &body, TimeDelta::zero()).await.is_refused(403, "BAD_SIGNATURE");
        let bare = app.call("POST", &format!("{}/nonsense", IncomingWebhooks::PREFIX)).send().await;
        bare.is_refused(403, "BAD_SIGNATURE");
        assert_eq!(dump(&app.app).await, before);
        app.call("GET", &format!("{}/{}", IncomingWebhooks::PREFIX, world.ours.id)).send().await.is_refused(405, "METHOD_NOT_ALLOWED");
    }

    async fn two_secrets_are_good_for_a_day(app) {
        let world = World::create(app).await;
        let old = Sender::of_ours(app, &world).await;
        let new = Sender::of_ours(app, &world).await;
        let upsert = json!({ "number": "+4930111111" });
        old.sends("msg_1", "contact.upsert", upsert.clone()).await.data(200);
        new.sends("msg_2", "contact.upsert", upsert.clone()).await.data(200);
        app.clock.advance(std::time::Duration::from_secs(24 * 60 * 60)).await;
        old.sends("msg_3", "contact.upsert", upsert.clone()).await.is_refused(403, "BAD_SIGNATURE");
        new.sends("msg_4", "contact.upsert", upsert).await.data(200);
    }

    async fn what_is_wrong_is_named(app) {
        let world = World::create(app).await;
        let sender = Sender::of_ours(app, &world).await;
        let unknown = sender.sends("msg_1", "order.created", json!({})).await;
        assert_eq!(unknown.is_refused(422, "UNKNOWN_EVENT_TYPE").wrong_fields(), ["/type"]);
        for kind in ["contact.upsert", "callback.request", "agent.availability.set", "call.note.add"] {
            assert!(unknown.text.contains(kind), "{}", unknown.text);
        }
        for (kind, data, fields) in [
            ("contact.upsert", json!({ "name": "Ann", "blocked": true }), vec!["/data/number", "/data/blocked"]),
            ("contact.upsert", json!({ "number": "+4930111111", "email": "nobody" }), vec!["/data/email"]),
            ("call.note.add", json!({ "callId": "x", "note": "" }), vec!["/data/callId", "/data/note"]),
            ("agent.availability.set", json!(null), vec!["/data"]),
        ] {
            let refused = sender.sends("msg_1", kind, data).await;
            assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), fields, "{}", refused.text);
        }
        sender.sends_text("msg_1", "no JSON", TimeDelta::zero()).await.is_refused(422, "VALIDATION_FAILED");
        let large = json!({ "type": "contact.upsert", "data": { "name": "x".repeat(70_000) } }).to_string();
        sender.sends_text("msg_1", &large, TimeDelta::zero()).await.is_refused(413, "BODY_TOO_LARGE");
        sender.sends("msg_1", "contact.upsert", json!({ "number": "+4930111111" })).await.data(200);
    }
}
