//! Phones and what they are told: /api/users/devices, /api/auth/expo-push-token, the keys of companies' own apps, and the
//! notices themselves beside the three services.

use std::time::Duration;

use calldocker::notices::Notice;
use calldocker::store::presences;
use chrono::TimeDelta;
use entity::id::{CallId, NodeId};
use entity::presence_socket;
use push::fakes::{Checked, Fault};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::phones::{
    apns_key, expo_token, integration, key_file, one_of_each, pass, people, phones_of, prefer, register,
    says, tell, with_phones, work,
};
use crate::support::{Company, Person, TestApp, texts};

fn call() -> CallId {
    CallId(Uuid::from_u128(7))
}

fn missed(app: &TestApp) -> Notice {
    Notice::missed_call(call(), "+12025550123", app.clock.now())
}

fn ringing(app: &TestApp, company: &Company, seconds: i64) -> Notice {
    let now = app.clock.now();
    Notice::call(company.peer_call, "Bob", now, now + TimeDelta::seconds(seconds))
}

async fn devices(app: &TestApp, person: &Person) -> Vec<Value> {
    app.get("/api/users/devices", person).await.data(200).as_array().unwrap().clone()
}

fn figure(metrics: &str, service: &str, result: &str) -> u64 {
    let line = format!("calldocker_push_total{{result=\"{result}\",service=\"{service}\"}} ");
    let found = metrics.lines().find_map(|text| text.strip_prefix(&line));
    found.unwrap_or_else(|| panic!("no {line}")).parse().unwrap()
}

with_phones! {
    async fn a_phone_is_registered_again_and_again_and_taken_off(app, _phones) {
        let world = people(app).await;
        let (agent, other) = (&world.ours.agent, &world.ours.manager);
        let first = register(app, agent, one_of_each("ann")[0].clone()).await;
        let id = first.data(201)["id"].clone();
        app.clock.advance(Duration::from_secs(60)).await;
        let body = json!({ "token": expo_token("ann"), "name": "Ann's phone" });
        let again = app.post("/api/auth/expo-push-token", agent, body).await;
        assert_eq!((&again.data(200)["id"], &again.data(200)["service"]), (&id, &json!("expo")));
        assert_ne!(again.data(200)["registeredAt"], first.data(201)["registeredAt"]);
        let listed = devices(app, agent).await;
        assert_eq!((listed.len(), &listed[0]["name"]), (1, &json!("Ann's phone")));
        assert!(!listed[0].to_string().contains("ExponentPushToken"), "{listed:?}");
        let rows = texts(&app.app, "SELECT token_hash || token_sealed AS row FROM push_device").await;
        assert!(rows.len() == 1 && !rows[0].contains("ann"), "{rows:?}");

        let path = format!("/api/users/devices/{}", id.as_str().unwrap());
        app.delete(&path, other).await.is_refused(404, "DEVICE_NOT_FOUND");
        // Who uses it now says so by registering it.
        register(app, other, one_of_each("ann")[0].clone()).await.data(201);
        assert!(devices(app, agent).await.is_empty());
        app.delete(&path, other).await.data(200);
        assert!(devices(app, other).await.is_empty());
    }

    async fn what_is_no_token_is_refused_with_the_field(app, _phones) {
        let world = people(app).await;
        for (body, field) in [
            (json!({ "service": "expo", "token": "hello" }), "/token"),
            (json!({ "service": "fcm", "token": "with a space" }), "/token"),
            (json!({ "service": "apns", "token": "not hexadecimal" }), "/token"),
            (json!({ "service": "fcm", "token": "abc", "purpose": "voip" }), "/purpose"),
            (json!({ "service": "expo", "token": expo_token("a"), "sandbox": true }), "/sandbox"),
        ] {
            let refused = register(app, &world.ours.agent, body).await;
            assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), [field]);
        }
        for number in 0..21 {
            let body = json!({ "service": "fcm", "token": format!("token-{number}") });
            register(app, &world.ours.agent, body).await.data(201);
            app.clock.advance(Duration::from_secs(1)).await;
        }
        assert_eq!(devices(app, &world.ours.agent).await.len(), 20, "the oldest went");
    }

    async fn a_notice_goes_to_every_phone_and_calls_to_those_for_calls_alone_as_well(app, phones) {
        let world = people(app).await;
        let (ours, agent) = (&world.ours, &world.ours.agent);
        phones_of(app, agent, "ann").await;
        register(app, agent, json!({ "service": "apns", "token": "aabb", "purpose": "voip" })).await.data(201);
        tell(app, ours.scope, agent.user, missed(app)).await;
        assert_eq!(phones.taken(), (1, 1, 1));
        let sent = &phones.expo.sent()[0];
        assert_eq!((&sent["title"], &sent["body"]), (&json!("Missed call"), &json!("+12025550123 has called.")));
        assert_eq!(sent["data"]["notice"], "missed_call");
        assert_eq!(sent["data"]["callId"], json!(call()));
        assert_eq!(sent["data"]["companyId"], json!(ours.id));
        assert_eq!(sent["ttl"], 86_400);
        tell(app, ours.scope, agent.user, ringing(app, ours, 20)).await;
        assert_eq!(phones.taken(), (2, 2, 2), "an app with two tokens rings once");
        let rang = phones.apns.pushed().remove(1);
        assert_eq!((rang.token.as_str(), rang.headers["apns-push-type"].as_str()), ("aabb", "voip"));
        assert!(devices(app, agent).await.iter().all(|device| device["reachedAt"].is_string()));
        let metrics = app.call("GET", "/metrics").send().await.text;
        assert_eq!((figure(&metrics, "expo", "sent"), figure(&metrics, "apns", "sent")), (2, 2));
    }

    async fn who_is_signed_out_banned_or_in_no_such_company_is_told_nothing(app, phones) {
        let world = people(app).await;
        let (ours, theirs) = (&world.ours, &world.theirs);
        for (person, name) in [(&ours.agent, "ann"), (&ours.manager, "mia")] {
            phones_of(app, person, name).await;
        }
        tell(app, theirs.scope, ours.agent.user, missed(app)).await;
        assert_eq!(phones.taken(), (0, 0, 0));
        app.post("/api/auth/logout", &ours.agent, Value::Null).await.data(200);
        tell(app, ours.scope, ours.agent.user, missed(app)).await;
        let ban = format!("/api/users/{}", ours.manager.user);
        app.put(&ban, &ours.owner, json!({ "status": "banned" })).await.data(200);
        tell(app, ours.scope, ours.manager.user, missed(app)).await;
        assert_eq!(phones.taken(), (0, 0, 0));
    }

    async fn who_has_a_socket_on_another_node_is_told_nothing_but_of_a_call_that_still_waits(app, phones) {
        let world = people(app).await;
        let (ours, agent) = (&world.ours, &world.ours.agent);
        phones_of(app, agent, "ann").await;
        let (now, elsewhere): (_, NodeId) = (app.clock.now(), app.app.ids.next());
        let socket = presence_socket::Model {
            socket: "a-socket".to_owned(),
            company_id: ours.id,
            user_id: agent.user,
            node_id: elsewhere,
            connected_at: now,
            lease_until: now + TimeDelta::seconds(30),
        };
        let tx = app.app.db.begin().await.unwrap();
        presences::add_socket(ours.scope, &tx, socket).await.unwrap();
        tx.commit().await.unwrap();
        says(app, &ours.manager, agent, "Hello").await;
        tell(app, ours.scope, agent.user, ringing(app, ours, 60)).await;
        pass(app, 10).await;
        assert_eq!(phones.taken(), (0, 0, 0));
        // The node has died: nobody says any more that he is there.
        pass(app, 25).await;
        assert_eq!(phones.taken(), (1, 1, 1), "the call rings, and the message is no news");
        says(app, &ours.manager, agent, "Are you there?").await;
        assert_eq!(phones.taken(), (2, 2, 2));
    }

    async fn quiet_hours_hold_back_what_does_not_ring_and_the_last_of_a_chat_is_told(app, phones) {
        let world = people(app).await;
        let (ours, agent) = (&world.ours, &world.ours.agent);
        phones_of(app, agent, "ann").await;
        // It is 13:00 in Berlin.
        let quiet = json!({ "from": "12:30", "until": "14:00", "timeZone": "Europe/Berlin" });
        prefer(app, agent, json!({ "quietHours": quiet })).await;
        for text in ["One", "Two", "Three"] {
            says(app, &ours.manager, agent, text).await;
        }
        says(app, &ours.chats.colleague, agent, "Elsewhere").await;
        assert_eq!(phones.taken(), (0, 0, 0));
        tell(app, ours.scope, agent.user, ringing(app, ours, 20)).await;
        assert_eq!(phones.taken(), (1, 1, 1), "calls ring all the same");
        pass(app, 3_599).await;
        assert_eq!(phones.taken(), (1, 1, 1));
        pass(app, 1).await;
        let mut bodies: Vec<_> = phones.expo.sent()[1..].iter().map(|sent| sent["body"].clone()).collect();
        bodies.sort_by_key(Value::to_string);
        assert_eq!(bodies, ["Elsewhere", "Three"]);

        prefer(app, agent, json!({ "quietHours": {} })).await;
        let shown = app.get("/api/settings/user/preferences", agent).await;
        assert!(shown.data(200).get("quietHours").is_none());
        for (wrong, field) in [
            (json!({ "from": "25:00", "until": "07:00" }), "/quietHours/from"),
            (json!({ "from": "22:00" }), "/quietHours/until"),
            (json!({ "from": "22:00", "until": "07:00", "timeZone": "Mars" }), "/quietHours/timeZone"),
        ] {
            let body = json!({ "quietHours": wrong });
            let refused = app.put("/api/settings/user/preferences", agent, body).await;
            assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), [field]);
        }
    }

    async fn what_somebody_does_not_want_to_be_told_he_is_not(app, phones) {
        let world = people(app).await;
        let (ours, agent) = (&world.ours, &world.ours.agent);
        phones_of(app, agent, "ann").await;
        let chosen = json!({ "desktop": true, "sound": true, "offers": true, "missedCalls": false, "voicemails": true,
            "messages": false });
        prefer(app, agent, json!({ "notifications": chosen, "language": "de" })).await;
        tell(app, ours.scope, agent.user, missed(app)).await;
        says(app, &ours.manager, agent, "Hello").await;
        assert_eq!(phones.taken(), (0, 0, 0));
        tell(app, ours.scope, agent.user, ringing(app, ours, 20)).await;
        assert_eq!(phones.expo.sent()[0]["title"], "Bob ruft an");
    }

    async fn a_token_that_is_dead_goes_unless_it_was_registered_again(app, phones) {
        let world = people(app).await;
        let (ours, agent) = (&world.ours, &world.ours.agent);
        phones_of(app, agent, "ann").await;
        let hex: String = "ann".bytes().map(|byte| format!("{byte:02x}")).collect();
        phones.expo.refuse(&expo_token("ann"), "DeviceNotRegistered");
        phones.fcm.unregister("fcm-ann");
        // Apple knows of it since before the app has registered it.
        phones.apns.unregister(&hex, app.clock.now() - TimeDelta::hours(1));
        tell(app, ours.scope, agent.user, missed(app)).await;
        let left: Vec<_> = devices(app, agent).await.iter().map(|device| device["service"].clone()).collect();
        assert_eq!(left, ["apns"]);
        phones.apns.unregister(&hex, app.clock.now());
        says(app, &ours.manager, agent, "Hello").await;
        assert!(devices(app, agent).await.is_empty());
        let metrics = app.call("GET", "/metrics").send().await.text;
        assert_eq!(["expo", "fcm", "apns"].map(|service| figure(&metrics, service, "dead")), [1, 1, 1]);
    }

    async fn receipts_are_asked_for_later_and_kill_tokens(app, phones) {
        let world = people(app).await;
        let (ours, agent) = (&world.ours, &world.ours.agent);
        for name in ["good", "gone", "late", "back"] {
            register(app, agent, one_of_each(name)[0].clone()).await.data(201);
        }
        phones.expo.refuse_later(&expo_token("gone"), "DeviceNotRegistered");
        phones.expo.refuse_later(&expo_token("back"), "DeviceNotRegistered");
        phones.expo.keep_receipt(&expo_token("late"));
        tell(app, ours.scope, agent.user, missed(app)).await;
        let asked = phones.expo.requests();
        pass(app, 14 * 60).await;
        assert_eq!((devices(app, agent).await.len(), phones.expo.requests()), (4, asked));
        register(app, agent, one_of_each("back")[0].clone()).await.data(201);
        pass(app, 60).await;
        assert_eq!((devices(app, agent).await.len(), phones.expo.requests()), (3, asked + 1));
        pass(app, 5 * 60).await;
        assert_eq!(phones.expo.requests(), asked + 2, "one is still unknown");
        pass(app, 24 * 3_600).await;
        pass(app, 24 * 3_600).await;
        assert_eq!(texts(&app.app, "SELECT ticket AS row FROM push_ticket").await.len(), 0);
        let metrics = app.call("GET", "/metrics").send().await.text;
        assert_eq!((figure(&metrics, "expo", "delivered"), figure(&metrics, "expo", "dead")), (1, 1));
    }

    async fn a_service_that_wants_a_pause_or_is_down_is_asked_again_while_it_is_of_use(app, phones) {
        let world = people(app).await;
        let (ours, agent) = (&world.ours, &world.ours.agent);
        register(app, agent, one_of_each("ann")[1].clone()).await.data(201);
        // The first request of all is for access.
        says(app, &ours.manager, agent, "Hello").await;
        phones.fcm.next(Fault::status(429, "{}").header("retry-after", "30"));
        tell(app, ours.scope, agent.user, missed(app)).await;
        // What a service refuses counts, too: it has seen it.
        pass(app, 29).await;
        assert_eq!(phones.taken().1, 2);
        pass(app, 7).await;
        assert_eq!(phones.taken().1, 3);
        phones.fcm.next(Fault::Break);
        phones.fcm.next(Fault::status(503, ""));
        tell(app, ours.scope, agent.user, missed(app)).await;
        pass(app, 3).await;
        pass(app, 6).await;
        assert_eq!(phones.taken().1, 6);
        phones.fcm.next(Fault::status(429, "{}").header("retry-after", "30"));
        tell(app, ours.scope, agent.user, ringing(app, ours, 20)).await;
        pass(app, 60).await;
        assert_eq!(phones.taken().1, 7, "a call does not ring when it is over");
        let metrics = app.call("GET", "/metrics").send().await.text;
        assert_eq!(figure(&metrics, "fcm", "given_up"), 1);
    }

    async fn a_company_s_own_app_is_reached_with_its_keys_and_the_platform_s_with_its_own(app, phones) {
        let world = people(app).await;
        let (ours, agent) = (&world.ours, &world.ours.agent);
        register(app, agent, one_of_each("platform")[0].clone()).await.data(201);
        let put = async |token: &str| {
            app.put(&integration(ours, "expo"), &ours.owner, json!({ "accessToken": token })).await
        };
        let own = put("a wrong one").await;
        assert_eq!(own.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/accessToken"], "it has spaces");
        put("wrong").await.data(200);
        let body = json!({ "keyFile": key_file(), });
        let fcm = app.put(&integration(ours, "fcm"), &ours.owner, body).await;
        assert_eq!(fcm.data(200)["projectId"], "calldocker-test");
        assert!(!fcm.text.contains("PRIVATE"), "{}", fcm.text);
        register(app, agent, one_of_each("own")[0].clone()).await.data(201);
        phones.expo.require("right");
        tell(app, ours.scope, agent.user, missed(app)).await;
        assert_eq!(phones.taken(), (0, 0, 0));
        let list = format!("/api/settings/company/{}/integrations/push", ours.id);
        let expo = |list: &Value| list.as_array().unwrap().iter().find(|one| one["service"] == "expo").unwrap().clone();
        let failing = expo(app.get(&list, &ours.owner).await.data(200));
        assert!(failing["failingSince"].is_string() && failing["own"] == true, "{failing}");
        put("right").await.data(200);
        tell(app, ours.scope, agent.user, missed(app)).await;
        let to: Vec<_> = phones.expo.sent().iter().map(|sent| sent["to"].clone()).collect();
        assert_eq!(to, [json!(expo_token("own"))], "the platform has no access token");
        assert!(expo(app.get(&list, &ours.owner).await.data(200)).get("failingSince").is_none());
        app.delete(&integration(ours, "expo"), &ours.owner).await.data(200);
        says(app, &ours.manager, agent, "Hello").await;
        assert_eq!(phones.taken().0, 1, "nobody else's keys open its phones");
    }

    async fn a_key_of_apple_s_stays_with_its_team(app, _phones) {
        let world = people(app).await;
        let ours = &world.ours;
        let path = integration(ours, "apns");
        let body = |key: Option<&str>, team: &str| {
            json!({ "key": key, "keyId": "KEY1234567", "teamId": team, "bundleId": "com.example.app" })
        };
        let put = async |body: Value| app.put(&path, &ours.owner, body).await;
        let mut without = body(None, "TEAM123456");
        without.as_object_mut().unwrap().remove("key");
        assert_eq!(put(without.clone()).await.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/key"]);
        assert_eq!(
            put(body(Some("no key"), "TEAM123456")).await.is_refused(422, "VALIDATION_FAILED").wrong_fields(),
            ["/key"]
        );
        let stored = put(body(Some(apns_key()), "TEAM123456")).await;
        assert_eq!(stored.data(200)["teamId"], "TEAM123456");
        put(without.clone()).await.data(200);
        without["teamId"] = json!("TEAM654321");
        assert_eq!(put(without).await.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/key"]);
    }

    async fn a_missed_call_is_mailed_to_who_wishes_it(app, phones) {
        let world = people(app).await;
        let (ours, agent) = (&world.ours, &world.ours.agent);
        tell(app, ours.scope, agent.user, missed(app)).await;
        assert_eq!(app.mails_to(&agent.email).await.len(), 0);
        let quiet = json!({ "from": "00:00", "until": "23:59", "timeZone": "Asia/Tokyo" });
        prefer(app, agent, json!({ "missedCallsByMail": true, "quietHours": quiet })).await;
        tell(app, ours.scope, agent.user, missed(app)).await;
        says(app, &ours.manager, agent, "Hello").await;
        let mails = app.mails_to(&agent.email).await;
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].subject, "Missed call from +12025550123");
        assert!(mails[0].text.contains("2026-03-02 21:00 JST"), "{}", mails[0].text);
        assert_eq!(phones.taken(), (0, 0, 0), "he has no phone");
    }

    async fn who_is_given_a_voicemail_or_a_callback_is_told_and_who_takes_it_is_not(app, phones) {
        let world = people(app).await;
        let (ours, agent) = (&world.ours, &world.ours.agent);
        phones_of(app, agent, "ann").await;
        let voicemail = format!("/api/voicemails/{}/assign", ours.calls.voicemail);
        let callback = format!("/api/callbacks/{}/assign", ours.calls.callback);
        let to = json!({ "agentId": agent.agent });
        for path in [&voicemail, &callback] {
            app.post(path, agent, to.clone()).await.data(200);
            work(app).await;
            assert_eq!(phones.taken(), (0, 0, 0), "{path}: he has taken it himself");
            app.post(path, &ours.owner, json!({ "agentId": null })).await.data(200);
        }
        for path in [&voicemail, &callback] {
            app.post(path, &ours.owner, to.clone()).await.data(200);
            work(app).await;
        }
        let told: Vec<_> = phones.fcm.sent().iter().map(|sent| sent["data"]["notice"].clone()).collect();
        assert_eq!(told, ["voicemail", "callback"]);
    }

    async fn what_waits_for_a_phone_says_nothing_in_the_database(app, _phones) {
        let world = people(app).await;
        let (ours, agent) = (&world.ours, &world.ours.agent);
        phones_of(app, agent, "ann").await;
        prefer(app, agent, json!({ "quietHours": { "from": "00:00", "until": "23:59", "timeZone": "UTC" } })).await;
        tell(app, ours.scope, agent.user, missed(app)).await;
        let cast = "SELECT CAST(payload AS text) AS row FROM job WHERE kind = 'notify_user'";
        let rows = texts(&app.app, cast).await;
        assert!(rows.len() == 1 && !rows[0].contains("12025550123"), "{rows:?}");
    }
}
