//! What phones are told of chats and of colleagues' calls: /api/messages, /api/calls/initiate and what follows, beside the three
//! push services.

use std::time::Duration;

use calldocker::authz::Seat;
use calldocker::presence;
use calldocker::store::system;
use chrono::TimeDelta;
use entity::Role;
use serde_json::{Value, json};

use crate::support::phones::{
    Phones, one_of_each, pass, people, phones_of, prefer, register, says, with_phones, work, writes,
};
use crate::support::{Company, Person, TestApp, person};

/// What the phones with FCM were told: who, and the data.
fn told(phones: &Phones) -> Vec<(String, Value)> {
    let sent = phones.fcm.sent().into_iter();
    sent.map(|sent| (sent["token"].as_str().unwrap().to_owned(), sent["data"].clone())).collect()
}

/// Whose phones were told something, and of what kind it was, in the order of their names.
fn whom(phones: &Phones) -> Vec<String> {
    let mut all: Vec<_> = told(phones)
        .into_iter()
        .map(|(token, data)| {
            format!("{} {}", token.trim_start_matches("fcm-"), data["notice"].as_str().unwrap())
        })
        .collect();
    all.sort();
    all
}

async fn a_phone_of(app: &TestApp, person: &Person, name: &str) {
    register(app, person, one_of_each(name)[1].clone()).await.data(201);
}

/// Somebody who is called so, and has neither a device nor a call.
async fn colleague(app: &TestApp, ours: &Company, name: &str) -> Person {
    let email = format!("{name}@ours.example.com");
    person(app, &email, Seat::Manager, Some((ours.id, Role::Manager))).await
}

async fn group(app: &TestApp, by: &Person, members: &[&Person]) -> Value {
    let ids: Vec<_> = members.iter().map(|person| person.user).collect();
    let made = app.post("/api/chats/group", by, json!({ "title": "Lunch", "memberIds": ids })).await;
    made.data(201)["id"].clone()
}

async fn act(app: &TestApp, by: &Person, call: &Value, what: &str) {
    let path = format!("/api/calls/{}/{what}", call["callId"].as_str().unwrap());
    app.post(&path, by, json!({})).await.data(200);
    work(app).await;
}

/// The manager calls; what phones are to be told is told.
async fn calls(app: &TestApp, ours: &Company, to: &Person) -> Value {
    let body = json!({ "toUserId": to.user, "callType": "voice" });
    let made = app.post("/api/calls/initiate", &ours.manager, body).await.data(201).clone();
    work(app).await;
    made
}

with_phones! {
    async fn a_message_is_told_to_who_is_in_the_chat_and_has_no_screen_open(app, phones) {
        let world = people(app).await;
        let (ours, agent) = (&world.ours, &world.ours.agent);
        let (bea, dan) = (colleague(app, ours, "bea").await, colleague(app, ours, "dan").await);
        let eve = colleague(app, ours, "eve").await;
        for (person, name) in [(agent, "ann"), (&ours.manager, "mia"), (&ours.chats.colleague, "zoe"), (&eve, "eve"),
            (&bea, "bea"), (&dan, "dan"), (&ours.owner, "out")] {
            a_phone_of(app, person, name).await;
        }
        let chat = group(app, &ours.manager, &[agent, &ours.chats.colleague, &eve, &bea, &dan]).await;
        // Zoe has a device; eve has muted the chat, and bea does not want to hear from the manager.
        let muted = json!({ "mutedUntil": app.clock.now() + TimeDelta::hours(8), "pinned": false, "archived": false });
        app.put(&format!("/api/chats/{}/settings", chat.as_str().unwrap()), &eve, muted).await.data(200);
        app.put(&format!("/api/users/blocked/{}", ours.manager.user), &bea, json!({})).await.data(200);
        work(app).await;
        assert!(told(phones).is_empty(), "what the server says in a group is no message: {:?}", told(phones));
        let sent = writes(app, &ours.manager, &chat, "Soup?").await;
        assert_eq!(whom(phones), ["ann message", "dan message"]);
        let (_, data) = &told(phones)[0];
        assert_eq!((&data["chatId"], &data["messageId"]), (&chat, &sent["id"]));
        let shown = &phones.fcm.sent()[0];
        let name = app.get("/api/auth/profile", &ours.manager).await.data(200)["name"].as_str().unwrap().to_owned();
        assert_eq!(shown["notification"], json!({ "title": "Lunch", "body": format!("{name}: Soup?") }));
        // The eighth hour is over, and somebody else writes.
        pass(app, 8 * 3_600).await;
        writes(app, &dan, &chat, "Yes").await;
        assert_eq!(whom(phones).len(), 2 + 4);
    }

    async fn what_was_said_to_a_dead_socket_is_told_once_it_is_missed(app, phones) {
        let world = people(app).await;
        let ours = &world.ours;
        let (ann, zoe) = (&colleague(app, ours, "ann").await, &colleague(app, ours, "zoe2").await);
        let (eve, dan) = (&colleague(app, ours, "eve").await, &colleague(app, ours, "dan").await);
        let four = [(ann, "ann"), (zoe, "zoe"), (eve, "eve"), (dan, "dan")];
        for (person, name) in four {
            a_phone_of(app, person, name).await;
            presence::has_come(&app.app, ours.scope, person.user, name).await.unwrap();
        }
        let chat = group(app, &ours.manager, &four.map(|(person, _)| person)).await;
        writes(app, &ours.manager, &chat, "Long ago").await;
        pass(app, 300).await;
        system::renew_sockets(&app.app.db, app.app.node, app.clock.now() + TimeDelta::hours(1)).await.unwrap();
        let sent = writes(app, &ours.manager, &chat, "Soup?").await;
        assert!(told(phones).is_empty(), "all of them seem to be there");
        // Zoe's device was there, eve does not want to hear of it, and dan comes back in time.
        app.post(&format!("/api/messages/{}/delivered", sent["id"].as_str().unwrap()), zoe, json!({})).await.data(200);
        let muted = json!({ "mutedUntil": app.clock.now() + TimeDelta::hours(8), "pinned": false, "archived": false });
        app.put(&format!("/api/chats/{}/settings", chat.as_str().unwrap()), eve, muted).await.data(200);
        pass(app, 45).await;
        for (person, name) in four {
            presence::has_left(&app.app, ours.scope, person.user, name).await.unwrap();
        }
        presence::has_come(&app.app, ours.scope, dan.user, "again").await.unwrap();
        assert!(told(phones).is_empty(), "he may come back");
        pass(app, 20).await;
        assert_eq!(whom(phones), ["ann message"]);
        assert_eq!(told(phones)[0].1["messageId"], sent["id"]);
        // What was said longer ago was there to be seen.
        presence::has_come(&app.app, ours.scope, ann.user, "ann").await.unwrap();
        pass(app, 60).await;
        presence::has_left(&app.app, ours.scope, ann.user, "ann").await.unwrap();
        pass(app, 20).await;
        assert_eq!(whom(phones), ["ann message"]);
    }

    async fn what_was_read_or_deleted_is_told_no_more_and_what_is_told_is_what_stands_there(app, phones) {
        let world = people(app).await;
        let (ours, agent) = (&world.ours, &world.ours.agent);
        a_phone_of(app, agent, "ann").await;
        // It is noon.
        prefer(app, agent, json!({ "quietHours": { "from": "11:00", "until": "12:10", "timeZone": "UTC" } })).await;
        let path = |message: &Value, what: &str| format!("/api/messages/{}{what}", message["id"].as_str().unwrap());
        let read = says(app, &ours.manager, agent, "One").await;
        app.post(&path(&read, "/read"), agent, json!({})).await.data(200);
        pass(app, 600).await;
        assert!(told(phones).is_empty());
        prefer(app, agent, json!({ "quietHours": { "from": "11:00", "until": "12:20", "timeZone": "UTC" } })).await;
        let gone = says(app, &ours.manager, agent, "Two").await;
        app.delete(&path(&gone, "?forEveryone=true"), &ours.manager).await.data(200);
        let changed = says(app, &ours.chats.colleague, agent, "Thrae").await;
        app.put(&path(&changed, ""), &ours.chats.colleague, json!({ "text": "Three" })).await.data(200);
        pass(app, 600).await;
        assert_eq!(phones.fcm.sent().len(), 1);
        assert_eq!(phones.fcm.sent()[0]["notification"]["body"], "Three");
    }

    async fn who_wants_no_words_on_his_phone_is_told_that_there_is_a_message(app, phones) {
        let world = people(app).await;
        let (ours, agent) = (&world.ours, &world.ours.agent);
        phones_of(app, agent, "ann").await;
        prefer(app, agent, json!({ "messagePreviews": false, "language": "de" })).await;
        says(app, &ours.manager, agent, "The code is 1234").await;
        assert_eq!(phones.taken(), (1, 1, 1));
        let everything = format!("{:?} {:?} {:?}", phones.expo.sent(), phones.fcm.sent(), phones.apns.pushed());
        assert!(!everything.contains("1234"), "{everything}");
        assert_eq!(phones.expo.sent()[0]["body"], "Neue Nachricht");
        let shown = app.get("/api/settings/user/preferences", agent).await;
        assert_eq!(shown.data(200)["messagePreviews"], false);
    }

    async fn a_colleague_s_call_wakes_the_phone_of_who_has_no_screen_open(app, phones) {
        let world = people(app).await;
        let ours = &world.ours;
        let eve = colleague(app, ours, "eve").await;
        let body = json!({ "toUserId": eve.user, "callType": "voice" });
        let call = async || app.post("/api/calls/initiate", &ours.manager, body.clone()).await;
        call().await.is_refused(409, "USER_OFFLINE");
        prefer(app, &eve, json!({ "missedCallsByMail": true })).await;
        call().await.is_refused(409, "USER_OFFLINE");
        assert_eq!(app.mails_to(&eve.email).await.len(), 1, "she was called in vain");
        phones_of(app, &eve, "eve").await;
        let block = format!("/api/users/blocked/{}", ours.manager.user);
        app.put(&block, &eve, json!({})).await.data(200);
        call().await.is_refused(409, "USER_OFFLINE");
        work(app).await;
        assert_eq!((phones.taken(), app.mails_to(&eve.email).await.len()), ((0, 0, 0), 1), "not by who is blocked");
        app.delete(&block, &eve).await.data(200);
        let made = call().await;
        work(app).await;
        assert_eq!(phones.taken(), (1, 1, 1));
        let rang = &phones.expo.sent()[0];
        assert_eq!((&rang["data"]["notice"], &rang["data"]["callId"]), (&json!("call"), &made.data(201)["callId"]));
        // The caller gives up: that takes the place of what has rung.
        act(app, &ours.manager, made.data(201), "end").await;
        assert_eq!(whom(phones), ["eve call", "eve missed_call"]);
        let keys: Vec<_> =
            phones.apns.pushed().into_iter().map(|pushed| pushed.headers["apns-collapse-id"].clone()).collect();
        assert_eq!(keys[0], keys[1]);
        assert_eq!(app.mails_to(&eve.email).await.len(), 2);
    }

    async fn phones_that_rang_are_told_that_the_call_was_taken_elsewhere(app, phones) {
        let world = people(app).await;
        let ours = &world.ours;
        let eve = colleague(app, ours, "eve").await;
        phones_of(app, &eve, "eve").await;
        let made = calls(app, ours, &eve).await;
        // A phone that did not ring.
        register(app, &eve, json!({ "service": "fcm", "token": "fcm-later" })).await.data(201);
        act(app, &eve, &made, "accept").await;
        assert_eq!(whom(phones), ["eve call", "eve over"]);
        let over = &phones.fcm.sent()[1];
        assert_eq!((&over["data"]["callId"], over.get("notification")), (&made["callId"], None), "nothing is shown");
        let apple = &phones.apns.pushed()[1];
        assert_eq!(apple.headers["apns-push-type"], "background");
        act(app, &eve, &made, "end").await;
        assert_eq!(whom(phones).len(), 2);
        // Nothing has rung yet: nothing is to be told.
        app.clock.advance(Duration::from_secs(1)).await;
        let body = json!({ "toUserId": eve.user, "callType": "voice" });
        let made = app.post("/api/calls/initiate", &ours.manager, body).await.data(201).clone();
        act(app, &eve, &made, "reject").await;
        assert_eq!(whom(phones).len(), 2);
    }

    async fn who_is_added_to_a_call_is_woken_and_hears_who_has_added_him(app, phones) {
        let world = people(app).await;
        let ours = &world.ours;
        let (bea, eve) = (colleague(app, ours, "bea").await, colleague(app, ours, "eve").await);
        for (person, name) in [(&bea, "bea"), (&eve, "eve")] {
            a_phone_of(app, person, name).await;
        }
        let made = calls(app, ours, &bea).await;
        act(app, &bea, &made, "accept").await;
        let path = format!("/api/calls/{}", made["callId"].as_str().unwrap());
        let add = async || {
            let body = json!({ "userIds": [eve.user] });
            let added = app.post(&format!("{path}/participants"), &bea, body).await.data(200).clone();
            work(app).await;
            added
        };
        assert_eq!(add().await["invited"][0]["status"], "initiated");
        let shown = app.get(&path, &bea).await.data(200)["peer"].clone();
        let name = shown["participants"][1]["name"].as_str().unwrap();
        // What is about a call is brought to the app, the rest is shown by the phone.
        let says = |at: usize| {
            let sent = &phones.fcm.sent()[at];
            format!("{} {}", sent["data"], sent["notification"]).contains(&format!("\"{name}"))
        };
        assert_eq!(told(phones).last().unwrap().1["notice"], "call");
        assert!(says(2), "{:?}", told(phones));
        act(app, &eve, &made, "reject").await;
        assert_eq!(whom(phones), ["bea call", "bea over", "eve call", "eve over"]);
        // Once more, and the call ends meanwhile.
        app.clock.advance(Duration::from_secs(1)).await;
        add().await;
        act(app, &bea, &made, "end").await;
        act(app, &ours.manager, &made, "end").await;
        assert_eq!(told(phones).last().unwrap().1["notice"], "missed_call");
        assert!(says(5), "{:?}", told(phones));
    }
}
