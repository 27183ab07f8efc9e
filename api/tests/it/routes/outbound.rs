//! POST /api/calls, its rules and caller ids

use serde_json::{Value, json};

use crate::support::{Answer, Person, TestApp, World, on_both_databases};

/// Somebody has the idle agent call.
async fn click(app: &TestApp, world: &World, by: &Person, body: Value) -> Answer {
    let mut whole =
        json!({ "to": "+4930123457", "agentId": world.ours.idle_agent, "queueId": world.ours.queue });
    whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    app.post("/api/calls", by, whole).await
}

async fn set_rules(app: &TestApp, world: &World, rules: Value) -> Answer {
    app.put(&format!("/api/settings/company/{}/outbound", world.ours.id), &world.ours.manager, rules).await
}

fn elsewhere() -> Value {
    json!({
        "to": "+4930123456", "from": "+4915112345678",
        "handledElsewhere": {
            "direction": "inbound", "startedAt": "2026-03-02T10:00:00Z", "answeredAt": "2026-03-02T10:00:20Z",
            "endedAt": "2026-03-02T10:05:00Z", "outcome": "answered", "disposition": "billing"
        }
    })
}

on_both_databases! {
    async fn an_integration_has_an_agent_call_and_the_call_is_seen(app) {
        let world = World::create(app).await;
        let made = click(app, &world, &world.ours.manager, json!({ "machineDetection": "enable" })).await;
        let call = made.data(201).clone();
        assert_eq!((&call["kind"], &call["status"]), (&json!("outbound"), &json!("dialing")));
        assert_eq!((&call["from"], &call["to"]), (&json!("+4930123456"), &json!("+4930123457")));
        assert_eq!(call["agentId"], json!(world.ours.idle_agent));
        assert_eq!(call["outbound"]["requestedBy"], json!(world.ours.manager.user));
        assert_eq!(call["outbound"]["machineDetection"], json!("enable"));
        let listed = app.get("/api/calls?direction=outbound", &world.ours.owner).await;
        assert_eq!(listed.data(200).as_array().unwrap().len(), 1);
        assert_eq!(listed.data(200)[0]["id"], call["id"]);
        let inbound = app.get("/api/calls?direction=inbound", &world.ours.owner).await;
        assert!(inbound.data(200).as_array().unwrap().iter().all(|one| one["kind"] == "inbound"));
        let again = click(app, &world, &world.ours.manager, json!({})).await;
        again.is_refused(409, "ALREADY_CALLING");
    }

    async fn a_click_that_comes_twice_calls_once(app) {
        let world = World::create(app).await;
        let send = async |key: &str, to: &str| {
            let body = json!({ "to": to, "agentId": world.ours.idle_agent, "queueId": world.ours.queue });
            let call = app.call("POST", "/api/calls").by(&world.ours.manager).header("idempotency-key", key);
            call.json(body).send().await
        };
        let (first, second) = tokio::join!(send("click-1", "+4930123457"), send("click-1", "+4930123457"));
        assert_eq!(first.data(201)["id"], second.data(201)["id"]);
        assert_eq!(send("click-1", "+4930123457").await.data(201)["id"], first.data(201)["id"]);
        send("click-1", "+4930123458").await.is_refused(422, "IDEMPOTENCY_KEY_REUSED");
        send("", "+4930123457").await.is_refused(422, "VALIDATION_FAILED");
        let listed = app.get("/api/calls?direction=outbound", &world.ours.owner).await;
        assert_eq!(listed.data(200).as_array().unwrap().len(), 1);
        // What was refused may be tried again under its key.
        send("click-2", "+12025550199").await.is_refused(422, "COUNTRY_NOT_ALLOWED");
        set_rules(app, &world, json!({ "countries": ["US"] })).await.data(200);
        send("click-2", "+12025550199").await.data(201);
        // Another company's key is another one.
        let theirs = json!({ "to": "+4930123457", "agentId": world.theirs.idle_agent, "queueId": world.theirs.queue });
        let call = app.call("POST", "/api/calls").by(&world.theirs.manager).header("idempotency-key", "click-1");
        assert_ne!(call.json(theirs).send().await.data(201)["id"], first.data(201)["id"]);
    }

    async fn what_may_not_be_called_is_refused_and_nothing_is_made(app) {
        let world = World::create(app).await;
        let manager = &world.ours.manager;
        for (body, status, code) in [
            (json!({ "to": "110" }), 422, "SHORT_NUMBER"),
            (json!({ "to": "911" }), 422, "SHORT_NUMBER"),
            (json!({ "to": "my friend Bob" }), 422, "SHORT_NUMBER"),
            (json!({ "to": "+49 30 1" }), 422, "VALIDATION_FAILED"),
            (json!({ "to": "+499001234567" }), 422, "PREMIUM_RATE_NUMBER"),
            (json!({ "to": "+12025550199" }), 422, "COUNTRY_NOT_ALLOWED"),
            (json!({ "from": "+4930999999" }), 422, "VALIDATION_FAILED"),
            (json!({ "agentId": null }), 404, "AGENT_NOT_FOUND"),
        ] {
            click(app, &world, manager, body).await.is_refused(status, code);
        }
        let from = click(app, &world, manager, json!({ "from": "+4930999999" })).await;
        assert_eq!(from.wrong_fields(), ["/from"]);
        let none = click(app, &world, manager, json!({ "queueId": null })).await;
        assert_eq!(none.wrong_fields(), ["/queueId"], "the idle agent serves no queue");
        let listed = app.get("/api/calls?direction=outbound", manager).await;
        assert!(listed.data(200).as_array().unwrap().is_empty());
        // As it is dialled in the country of the number that is shown.
        let national = click(app, &world, manager, json!({ "to": "030 123457" })).await;
        assert_eq!(national.data(201)["to"], json!("+4930123457"));
    }

    async fn an_agent_calls_only_as_himself_and_within_the_hours(app) {
        let world = World::create(app).await;
        let (agent, manager) = (&world.ours.agent, &world.ours.manager);
        click(app, &world, agent, json!({})).await.is_refused(404, "AGENT_NOT_FOUND");
        let own = json!({ "to": "+4930123457" });
        app.post("/api/calls", agent, own).await.is_refused(409, "NO_FREE_CAPACITY");
        // It is Monday, 13:00 in Berlin.
        let weekly = json!({ "mon": [{ "from": "09:00", "to": "12:00" }], "tue": [{ "from": "09:00", "to": "12:00" }] });
        let hours = json!({ "zone": "Europe/Berlin", "weekly": weekly });
        set_rules(app, &world, json!({ "hours": hours })).await.data(200);
        let closed = click(app, &world, manager, json!({})).await;
        closed.is_refused(409, "OUTSIDE_HOURS");
        assert!(closed.body["message"].as_str().unwrap().contains("2026-03-03T08:00:00Z"), "{}", closed.text);
        let own = json!({ "to": "+4930123457", "anyTime": true });
        let refused = app.post("/api/calls", agent, own).await;
        assert_eq!(refused.wrong_fields(), ["/anyTime"]);
        click(app, &world, manager, json!({ "anyTime": true })).await.data(201);
    }

    async fn a_contact_who_is_blocked_is_not_called_and_one_who_is_not_is_named(app) {
        let world = World::create(app).await;
        let manager = &world.ours.manager;
        let contact = json!({ "number": "+4930123457", "name": "Bob", "blocked": true });
        let made = app.post("/api/contacts", manager, contact).await;
        let path = format!("/api/contacts/{}", made.data(201)["id"].as_str().unwrap());
        click(app, &world, manager, json!({})).await.is_refused(422, "CONTACT_BLOCKED");
        let contact = json!({ "number": "+4930123457", "name": "Bob", "blocked": false });
        app.put(&path, manager, contact).await.data(200);
        let made = click(app, &world, manager, json!({ "to": "030 / 123457" })).await;
        assert_eq!(made.data(201)["callerName"], json!("Bob"));
    }

    async fn the_number_that_is_shown_is_the_agent_s_own_or_the_company_s(app) {
        let world = World::create(app).await;
        let ours = &world.ours;
        let path = format!("/api/agents/{}/caller-id", ours.idle_agent);
        assert_eq!(app.get(&path, &ours.agent).await.data(200).get("phoneNumberId"), None);
        let set = app.put(&path, &ours.manager, json!({ "phoneNumberId": ours.number })).await;
        assert_eq!(set.data(200)["phoneNumberId"], json!(ours.number));
        assert_eq!(app.get(&path, &ours.agent).await.data(200)["phoneNumberId"], json!(ours.number));
        app.put(&path, &ours.manager, json!({})).await.data(200);
        assert_eq!(app.get(&path, &ours.agent).await.data(200).get("phoneNumberId"), None);
        let foreign = app.put(&path, &ours.manager, json!({ "phoneNumberId": world.theirs.number })).await;
        assert_eq!(foreign.wrong_fields(), ["/phoneNumberId"]);
    }

    async fn rules_that_make_no_sense_are_refused_with_every_field(app) {
        let world = World::create(app).await;
        let rules = json!({
            "callerId": world.theirs.number, "countries": ["DE", "Germany"],
            "hours": { "zone": "Mars/Olympus", "weekly": {} },
        });
        let refused = set_rules(app, &world, rules).await;
        refused.is_refused(422, "VALIDATION_FAILED");
        assert_eq!(refused.wrong_fields(), ["/callerId", "/hours/zone", "/countries/1"]);
        let path = format!("/api/settings/company/{}/outbound", world.ours.id);
        assert_eq!(app.get(&path, &world.ours.agent).await.data(200), &json!({ "premiumRate": false }));
        let rules = json!({ "callerId": world.ours.number, "countries": ["DE", "AT"], "premiumRate": true });
        set_rules(app, &world, rules.clone()).await.data(200);
        assert_eq!(app.get(&path, &world.ours.agent).await.data(200), &rules);
        set_rules(app, &world, json!({})).await.data(200);
        assert_eq!(app.get(&path, &world.ours.agent).await.data(200), &json!({ "premiumRate": false }));
    }

    async fn a_call_that_was_handled_elsewhere_is_written_down(app) {
        let world = World::create(app).await;
        let agent = &world.ours.agent;
        let made = app.post("/api/calls", agent, elsewhere()).await;
        let call = made.data(201);
        assert_eq!((&call["kind"], &call["status"]), (&json!("inbound"), &json!("completed")));
        assert_eq!((&call["outcome"], &call["handledElsewhere"]), (&json!("answered"), &json!(true)));
        let id = call["id"].as_str().unwrap();
        let seen = app.get(&format!("/api/calls/{id}"), agent).await;
        assert_eq!(seen.data(200)["disposition"], json!("billing"));
        assert_eq!(seen.data(200)["handledElsewhere"], json!(true));
        let story = app.get(&format!("/api/calls/{id}/events"), agent).await;
        assert_eq!(story.data(200)[0]["kind"], json!("call.noted"));
        app.post(&format!("/api/calls/{id}/hold"), agent, json!({})).await.is_refused(409, "CALL_NOT_CONNECTED");
    }

    async fn what_is_told_of_a_call_elsewhere_has_to_hold_together(app) {
        let world = World::create(app).await;
        for (pointer, value, field) in [
            ("/handledElsewhere/endedAt", json!("2026-03-02T09:00:00Z"), "/handledElsewhere/endedAt"),
            ("/handledElsewhere/endedAt", json!("2026-03-03T10:00:00Z"), "/handledElsewhere/endedAt"),
            ("/handledElsewhere/answeredAt", json!("2026-03-02T09:59:00Z"), "/handledElsewhere/answeredAt"),
            ("/handledElsewhere/answeredAt", json!(null), "/handledElsewhere/answeredAt"),
            ("/handledElsewhere/startedAt", json!("2020-03-02T09:59:00Z"), "/handledElsewhere/startedAt"),
            ("/handledElsewhere/outcome", json!("busy"), "/handledElsewhere/answeredAt"),
            ("/handledElsewhere/outcome", json!("overflow"), "/handledElsewhere/outcome"),
            ("/handledElsewhere/direction", json!("peer"), "/handledElsewhere/direction"),
            ("/from", json!(null), "/from"),
            ("/to", json!("12"), "/to"),
        ] {
            let mut body = elsewhere();
            *body.pointer_mut(pointer).unwrap() = value;
            let refused = app.post("/api/calls", &world.ours.agent, body).await;
            refused.is_refused(422, "VALIDATION_FAILED");
            assert_eq!(refused.wrong_fields(), [field], "{}", refused.text);
        }
    }
}
