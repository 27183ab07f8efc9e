//! /api/chats and /api/messages: what people of a company say to each other.

use std::time::Duration;

use calldocker::identity::tokens::{self, Claims};
use calldocker::store::system;
use chrono::TimeDelta;
use entity::{CompanyScope, MembershipStatus, UserStatus, chat_message, chat_receipt, user};
use futures_util::future::join_all;
use sea_orm::{ActiveValue::Set, ColumnTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::support::{Person, TestApp, World, on_both_databases};

async fn open(app: &TestApp, by: &Person, with: &Person) -> String {
    let chat = app.post("/api/chats/private", by, json!({ "userId": with.user })).await;
    chat.data(200)["id"].as_str().unwrap().to_owned()
}

async fn say(app: &TestApp, by: &Person, chat: &str, text: &str) -> Value {
    let body = json!({ "chatId": chat, "content": { "type": "text", "text": text } });
    app.post("/api/messages", by, body).await.data(201).clone()
}

/// What somebody reads in a chat, the oldest first: number and text.
async fn read(app: &TestApp, by: &Person, chat: &str) -> Vec<(i64, String)> {
    let list = app.get(&format!("/api/chats/{chat}/messages?after=0&limit=100"), by).await;
    let text = |row: &Value| row["content"]["text"].as_str().unwrap_or("-").to_owned();
    list.data(200).as_array().unwrap().iter().map(|row| (row["seq"].as_i64().unwrap(), text(row))).collect()
}

async fn shown(app: &TestApp, by: &Person, chat: &str) -> Value {
    app.get(&format!("/api/chats/{chat}"), by).await.data(200).clone()
}

async fn unread(app: &TestApp, by: &Person, chat: &str) -> i64 {
    shown(app, by, chat).await["unread"].as_i64().unwrap()
}

fn id(row: &Value) -> &str {
    row["id"].as_str().unwrap()
}

async fn found(app: &TestApp, by: &Person, query: &str) -> Vec<String> {
    let list = app.get(&format!("/api/messages/search?{query}"), by).await;
    let text = |row: &Value| row["content"]["text"].as_str().unwrap_or("-").to_owned();
    list.data(200).as_array().unwrap().iter().map(text).collect()
}

/// The same person with a token of this moment.
fn again(app: &TestApp, world: &World, person: &Person) -> Person {
    let (settings, now) = (&app.app.settings, app.clock.now());
    let member = person.membership.map(|id| (id, world.ours.id));
    let claims =
        Claims::new(person.user, person.session, person.seat, member, now, settings.access_token_life);
    Person { token: tokens::sign(&app.app.keys, &claims).unwrap(), ..person.clone() }
}

async fn make_group(app: &TestApp, by: &Person, members: &[&Person]) -> String {
    let ids: Vec<_> = members.iter().map(|person| person.user).collect();
    let made = app.post("/api/chats/group", by, json!({ "title": "Lunch", "memberIds": ids })).await;
    id(made.data(201)).to_owned()
}

async fn rows(app: &TestApp, scope: CompanyScope, chat: &str) -> Vec<chat_message::Model> {
    let chat: entity::id::ChatId = chat.parse().unwrap();
    let all = scope.find::<chat_message::Entity>().filter(chat_message::Column::ChatId.eq(chat));
    all.order_by_asc(chat_message::Column::Seq).all(app.app.db.reader()).await.unwrap()
}

/// Where marks have gone in a chat, in their order.
async fn steps(app: &TestApp, scope: CompanyScope, chat: &str) -> Vec<String> {
    let chat: entity::id::ChatId = chat.parse().unwrap();
    let all = scope.find::<chat_receipt::Entity>().filter(chat_receipt::Column::ChatId.eq(chat));
    let all = all.order_by_asc(chat_receipt::Column::At).order_by_asc(chat_receipt::Column::Seq);
    let rows = all.all(app.app.db.reader()).await.unwrap();
    rows.into_iter().map(|row| format!("{}{}", row.mark.as_str(), row.seq)).collect()
}

on_both_databases! {
    async fn two_colleagues_have_one_chat_and_know_how_far_the_other_has_come(app) {
        let world = World::create(app).await;
        let (owner, manager) = (&world.ours.owner, &world.ours.manager);
        let both = join_all([open(app, owner, manager), open(app, manager, owner)]).await;
        assert_eq!(both[0], both[1], "of two there is one chat, whoever opens it");
        let chat = &both[0];
        let own = app.post("/api/chats/private", owner, json!({ "userId": owner.user })).await;
        assert_eq!(own.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/userId"]);
        let gone = app.post("/api/chats/private", owner, json!({ "userId": world.ours.former })).await;
        gone.is_refused(404, "USER_NOT_FOUND");

        let first = say(app, owner, chat, "Hello").await;
        say(app, owner, chat, "Are you there?").await;
        assert_eq!((&first["status"], &first["seq"]), (&json!("sent"), &json!(1)));
        assert_eq!((unread(app, owner, chat).await, unread(app, manager, chat).await), (0, 2));
        let status = async || {
            let message = app.get(&format!("/api/messages/{}", id(&first)), owner).await;
            let data = message.data(200).clone();
            (data["message"]["status"].as_str().unwrap().to_owned(), data["readBy"].as_array().unwrap().len())
        };
        app.post(&format!("/api/messages/{}/delivered", id(&first)), manager, json!({})).await.data(200);
        assert_eq!(status().await, ("delivered".to_owned(), 0));
        let left = app.post(&format!("/api/messages/{}/read", id(&first)), manager, json!({})).await;
        assert_eq!((&left.data(200)["unread"], &left.data(200)["readSeq"]), (&json!(1), &json!(1)));
        assert_eq!(status().await, ("read".to_owned(), 1));
        let list = app.get("/api/chats/unread", manager).await;
        assert!(list.data(200).as_array().unwrap().iter().any(|row| row["chatId"] == **chat && row["unread"] == 1));
        // His own answer is nothing that he has to read.
        say(app, manager, chat, "Yes").await;
        assert_eq!((unread(app, manager, chat).await, unread(app, owner, chat).await), (1, 1));
        let history = app.get(&format!("/api/chat/history/{}", owner.user), manager).await;
        assert_eq!(history.data(200)[0]["content"]["text"], "Yes");
        let seen: Vec<_> = read(app, owner, chat).await.into_iter().map(|(_, text)| text).collect();
        assert_eq!(seen, ["Hello", "Are you there?", "Yes"]);
        assert_eq!(shown(app, owner, chat).await["other"]["userId"], json!(manager.user));
        app.get(&format!("/api/chat/history/{}", world.ours.chats.colleague.user), owner).await.data(200);
        app.get(&format!("/api/chat/history/{}", world.theirs.owner.user), owner).await.is_refused(404, "USER_NOT_FOUND");
    }

    async fn a_message_says_when_it_had_reached_each_and_when_he_had_read_it(app) {
        let world = World::create(app).await;
        let (owner, manager, agent) = (&world.ours.owner, &world.ours.manager, &world.ours.agent);
        let chat = make_group(app, owner, &[manager]).await;
        let minute = async || app.clock.advance(Duration::from_secs(60)).await;
        let mark = async |by: &Person, message: &Value, what: &str| {
            app.post(&format!("/api/messages/{}/{what}", id(message)), by, json!({})).await.data(200);
            json!(app.clock.now().to_rfc3339())
        };
        let receipts = async |message: &Value| {
            let data = app.get(&format!("/api/messages/{}", id(message)), owner).await.data(200).clone();
            let receipt = |row: &Value| (row["userId"].clone(), row["deliveredAt"].clone(), row["readAt"].clone());
            data["receipts"].as_array().unwrap().iter().map(receipt).collect::<Vec<_>>()
        };
        let his = |delivered: &Value, read: &Value| (json!(manager.user), delivered.clone(), read.clone());
        let (first, second) = (say(app, owner, &chat, "1").await, say(app, owner, &chat, "2").await);
        let third = say(app, owner, &chat, "3").await;
        assert_eq!(receipts(&first).await, []);
        minute().await;
        let delivered = mark(manager, &second, "delivered").await;
        minute().await;
        let read = mark(manager, &first, "read").await;
        assert_ne!(delivered, read);
        minute().await;
        mark(manager, &first, "read").await;
        mark(manager, &first, "delivered").await;
        // What is read at once was delivered then; what was delivered before keeps its time.
        let both = mark(manager, &third, "read").await;
        assert_eq!(receipts(&first).await, [his(&delivered, &read)]);
        assert_eq!(receipts(&second).await, [his(&delivered, &both)]);
        assert_eq!(receipts(&third).await, [his(&both, &both)]);
        let rows = steps(app, world.ours.scope, &chat).await;
        assert_eq!(rows, ["delivered3", "read2", "read4"], "one row each time that a mark goes forward");

        // Who comes later has what was said before without a time, also when his marks go on.
        app.post(&format!("/api/chats/{chat}/members"), owner, json!({ "userIds": [agent.user] })).await.data(200);
        let last = say(app, owner, &chat, "4").await;
        minute().await;
        let later = mark(agent, &last, "delivered").await;
        assert_eq!(receipts(&third).await, [his(&both, &both), (json!(agent.user), json!(null), json!(null))]);
        assert_eq!(receipts(&last).await, [(json!(agent.user), later, json!(null))]);
    }

    async fn when_a_message_was_read_is_known_for_a_month_and_that_it_was_longer(app) {
        let world = World::create(app).await;
        let (owner, manager) = (&world.ours.owner, &world.ours.manager);
        let chat = open(app, owner, manager).await;
        let message = say(app, owner, &chat, "Hello").await;
        app.post(&format!("/api/messages/{}/delivered", id(&message)), manager, json!({})).await.data(200);
        app.clock.advance(Duration::from_secs(60)).await;
        app.post(&format!("/api/messages/{}/read", id(&message)), manager, json!({})).await.data(200);
        let read = app.clock.now();
        let details = async || app.get(&format!("/api/messages/{}", id(&message)), owner).await.data(200).clone();
        let forget = async |before| {
            let tx = app.app.db.begin().await.unwrap();
            system::forget_chat_receipts(&tx, before).await.unwrap();
            tx.commit().await.unwrap();
        };
        forget(read).await;
        let receipts = json!([{ "userId": manager.user, "readAt": read.to_rfc3339() }]);
        assert_eq!(details().await["receipts"], receipts, "what was read later was not delivered then");
        tokio::spawn(calldocker::jobs::housekeeping::run(app.app.clone()));
        tokio::task::yield_now().await;
        app.clock.advance(TimeDelta::days(29).to_std().unwrap()).await;
        assert_eq!(steps(app, world.ours.scope, &chat).await, ["read1"]);
        app.clock.advance(TimeDelta::days(2).to_std().unwrap()).await;
        assert_eq!(steps(app, world.ours.scope, &chat).await, [""; 0]);
        // That it was read is known still.
        let row = rows(app, world.ours.scope, &chat).await.remove(0);
        let reached = calldocker::chat::marks::reached(&app.app, world.ours.scope, &row).await.unwrap();
        assert_eq!((&reached.read_by, &reached.delivered_to), (&vec![manager.user], &vec![manager.user]));
        assert_eq!((reached.receipts[0].delivered_at, reached.receipts[0].read_at), (None, None));
    }

    async fn who_writes_at_once_agrees_on_order_and_counts(app) {
        let world = World::create(app).await;
        let (owner, manager) = (&world.ours.owner, &world.ours.manager);
        let chat = open(app, owner, manager).await;
        let texts: Vec<_> = (0..12).map(|n| (if n % 2 == 0 { owner } else { manager }, format!("m{n}"))).collect();
        let sent = join_all(texts.iter().map(|(by, text)| say(app, by, &chat, text))).await;
        let mut seqs: Vec<_> = sent.iter().map(|row| row["seq"].as_i64().unwrap()).collect();
        seqs.sort_unstable();
        assert_eq!(seqs, (1..=12).collect::<Vec<_>>());
        let theirs = read(app, manager, &chat).await;
        assert_eq!(read(app, owner, &chat).await, theirs);
        for row in &sent {
            assert!(theirs.contains(&(row["seq"].as_i64().unwrap(), row["content"]["text"].as_str().unwrap().to_owned())));
        }
        assert!(unread(app, owner, &chat).await <= 6 && unread(app, manager, &chat).await <= 6);
        // Whoever has written last has read nothing by that, unless he had read all before.
        let last = rows(app, world.ours.scope, &chat).await.pop().unwrap();
        for (person, other) in [(owner, manager), (manager, owner)] {
            let marks = join_all((0..3).map(|_| async {
                let path = format!("/api/messages/{}/read", last.id);
                app.post(&path, person, json!({})).await.data(200)["unread"].clone()
            })).await;
            assert_eq!(marks, [json!(0), json!(0), json!(0)]);
            say(app, other, &chat, "more").await;
            assert_eq!(unread(app, person, &chat).await, 1);
            app.post(&format!("/api/messages/{}/read", last.id), person, json!({})).await.data(200);
            assert_eq!(unread(app, person, &chat).await, 1, "an older mark takes nothing back");
        }
    }

    async fn what_is_unread_leaves_out_ones_own_wherever_one_has_read_to(app) {
        let world = World::create(app).await;
        let (owner, manager) = (&world.ours.owner, &world.ours.manager);
        let chat = open(app, owner, manager).await;
        let mut ids = Vec::new();
        for (by, text) in [(owner, "1"), (manager, "2"), (owner, "3"), (manager, "4"), (owner, "5")] {
            ids.push(id(&say(app, by, &chat, text).await).to_owned());
        }
        assert_eq!(unread(app, manager, &chat).await, 3);
        for (place, left) in [(0, 2), (1, 2), (2, 1), (3, 1), (4, 0), (1, 0)] {
            app.post(&format!("/api/messages/{}/read", ids[place]), manager, json!({})).await.data(200);
            assert_eq!(unread(app, manager, &chat).await, left, "read up to {}", place + 1);
        }
    }

    async fn a_message_of_one_name_is_sent_once(app) {
        let world = World::create(app).await;
        let (owner, manager) = (&world.ours.owner, &world.ours.manager);
        let colleague = &world.ours.chats.colleague;
        let (chat, other) = (open(app, owner, manager).await, open(app, owner, colleague).await);
        let body = |chat: &str| json!({ "chatId": chat, "content": { "type": "text", "text": "once" }, "tempId": "t1" });
        let tries = join_all((0..5).map(|_| app.post("/api/messages", owner, body(&chat)))).await;
        let ids: std::collections::BTreeSet<_> = tries.iter().map(|answer| id(answer.data(201)).to_owned()).collect();
        assert_eq!((ids.len(), rows(app, world.ours.scope, &chat).await.len()), (1, 1));
        assert_eq!(tries[0].data(201)["tempId"], "t1");
        app.post("/api/messages", owner, body(&other)).await.is_refused(409, "TEMP_ID_TAKEN");
        // Another one may call his the same.
        app.post("/api/messages", manager, body(&chat)).await.data(201);
        let at_once = |chat: String| {
            let body = json!({ "chatId": chat, "content": { "type": "text", "text": "twice" }, "tempId": "t2" });
            async move { app.post("/api/messages", owner, body).await.status.as_u16() }
        };
        let mut answers = join_all([at_once(chat.clone()), at_once(other.clone())]).await;
        answers.sort_unstable();
        assert_eq!(answers, [201, 409]);
        let all = rows(app, world.ours.scope, &chat).await.len() + rows(app, world.ours.scope, &other).await.len();
        assert_eq!(all, 3);
    }

    async fn the_admins_of_a_group_say_who_is_in_it(app) {
        let world = World::create(app).await;
        let (owner, manager, colleague) = (&world.ours.owner, &world.ours.manager, &world.ours.chats.colleague);
        let group = make_group(app, owner, &[manager]).await;
        let path = format!("/api/chats/{group}");
        let member = |person: &Person| format!("{path}/members/{}", person.user);
        app.get(&path, colleague).await.is_refused(404, "CHAT_NOT_FOUND");
        app.post(&format!("{path}/members"), manager, json!({ "userIds": [colleague.user] })).await.is_refused(409, "NOT_GROUP_ADMIN");
        app.put(&path, manager, json!({ "title": "Mine" })).await.is_refused(409, "NOT_GROUP_ADMIN");
        say(app, owner, &group, "before").await;
        app.post(&format!("{path}/members"), owner, json!({ "userIds": [colleague.user, manager.user] })).await.data(200);
        assert_eq!(unread(app, colleague, &group).await, 1, "that he was added");
        assert!(read(app, colleague, &group).await.iter().any(|(_, text)| text == "before"), "he sees what was said before");
        app.put(&member(owner), owner, json!({ "role": "member" })).await.is_refused(409, "LAST_GROUP_ADMIN");
        app.put(&member(manager), owner, json!({ "role": "admin" })).await.data(200);
        app.put(&path, manager, json!({ "title": " Second level " })).await.data(200);
        assert_eq!(shown(app, colleague, &group).await["title"], "Second level");
        app.delete(&member(colleague), manager).await.data(200);
        app.get(&format!("{path}/messages"), colleague).await.is_refused(404, "CHAT_NOT_FOUND");
        let body = json!({ "chatId": group, "content": { "type": "text", "text": "x" } });
        app.post("/api/messages", colleague, body).await.is_refused(404, "CHAT_NOT_FOUND");
        app.delete(&member(colleague), manager).await.is_refused(404, "USER_NOT_FOUND");
        // The last admin goes, and who has been there longest takes his place.
        app.post(&format!("{path}/members"), manager, json!({ "userIds": [colleague.user] })).await.data(200);
        for leaving in [owner, manager] {
            app.delete(&member(leaving), leaving).await.data(200);
        }
        let people = app.get(&format!("{path}/members"), colleague).await;
        assert_eq!(people.data(200).as_array().unwrap().len(), 1);
        assert_eq!(people.data(200)[0]["role"], "admin");
        let notes: Vec<_> = rows(app, world.ours.scope, &group).await.into_iter().filter_map(|row| row.detail).collect();
        let events: Vec<_> = notes.iter().map(|note| note["event"].as_str().unwrap()).collect();
        assert_eq!(events, ["created", "added", "role", "renamed", "removed", "added", "left", "left"]);
        let private = format!("/api/chats/{}", world.ours.chats.private);
        app.put(&private, &world.ours.agent, json!({ "title": "x" })).await.is_refused(409, "NOT_A_GROUP");
        let many: Vec<_> = (0..1000).map(|_| uuid::Uuid::now_v7()).collect();
        app.post("/api/chats/group", owner, json!({ "title": "All", "memberIds": many })).await.is_refused(409, "CHAT_GROUP_FULL");
    }

    async fn a_message_is_changed_for_a_quarter_of_an_hour_and_taken_back_for_one(app) {
        let world = World::create(app).await;
        let (owner, manager) = (&world.ours.owner, &world.ours.manager);
        let chat = open(app, owner, manager).await;
        let message = say(app, owner, &chat, "Helo").await;
        let path = format!("/api/messages/{}", id(&message));
        app.put(&path, manager, json!({ "text": "x" })).await.is_refused(409, "MESSAGE_NOT_YOURS");
        app.delete(&format!("{path}?forEveryone=true"), manager).await.is_refused(409, "MESSAGE_NOT_YOURS");
        let edited = app.put(&path, owner, json!({ "text": "Hello" })).await;
        assert_eq!((&edited.data(200)["content"]["text"], edited.data(200)["editedAt"].is_string()), (&json!("Hello"), true));
        let empty = app.put(&path, owner, json!({ "text": "  " })).await;
        assert_eq!(empty.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/text"]);
        app.clock.advance(Duration::from_secs(15 * 60 + 1)).await;
        let owner = &again(app, &world, owner);
        let manager = &again(app, &world, manager);
        app.put(&path, owner, json!({ "text": "Hallo" })).await.is_refused(409, "MESSAGE_TOO_OLD");
        app.delete(&path, manager).await.data(200);
        app.get(&path, manager).await.is_refused(404, "MESSAGE_NOT_FOUND");
        assert_eq!(read(app, manager, &chat).await, []);
        assert_eq!(read(app, owner, &chat).await, [(1, "Hello".to_owned())]);
        let second = say(app, owner, &chat, "Second").await;
        app.delete(&format!("{path}?forEveryone=true"), owner).await.data(200);
        app.delete(&format!("{path}?forEveryone=true"), owner).await.data(200);
        app.put(&path, owner, json!({ "text": "x" })).await.is_refused(409, "MESSAGE_DELETED");
        assert_eq!(read(app, owner, &chat).await, [(1, "-".to_owned()), (2, "Second".to_owned())]);
        assert_eq!(rows(app, world.ours.scope, &chat).await[0].folded, "");
        app.clock.advance(Duration::from_secs(60 * 60 + 1)).await;
        let owner = &again(app, &world, owner);
        let late = format!("/api/messages/{}?forEveryone=true", id(&second));
        app.delete(&late, owner).await.is_refused(409, "MESSAGE_TOO_OLD");
    }

    async fn an_admin_takes_back_what_others_say_in_his_group(app) {
        let world = World::create(app).await;
        let (owner, manager) = (&world.ours.owner, &world.ours.manager);
        let group = make_group(app, owner, &[manager]).await;
        let message = say(app, manager, &group, "Rude").await;
        app.delete(&format!("/api/messages/{}?forEveryone=true", id(&message)), owner).await.data(200);
        assert_eq!(read(app, manager, &group).await.last().unwrap().1, "-");
        let note = &rows(app, world.ours.scope, &group).await[0];
        app.delete(&format!("/api/messages/{}?forEveryone=true", note.id), owner).await.is_refused(409, "MESSAGE_NOT_YOURS");
    }

    async fn messages_are_answered_passed_on_and_reacted_to(app) {
        let world = World::create(app).await;
        let (owner, manager, colleague) = (&world.ours.owner, &world.ours.manager, &world.ours.chats.colleague);
        let (chat, other) = (open(app, owner, manager).await, open(app, manager, colleague).await);
        let question = say(app, owner, &chat, "Lunch?").await;
        let body = |chat: &str| json!({ "chatId": chat, "content": { "type": "text", "text": "Yes" }, "replyTo": id(&question) });
        let answer = app.post("/api/messages", manager, body(&chat)).await.data(201).clone();
        assert_eq!((&answer["replyTo"]["text"], &answer["replyTo"]["senderId"]), (&json!("Lunch?"), &json!(owner.user)));
        app.post("/api/messages", manager, body(&other)).await.is_refused(404, "MESSAGE_NOT_FOUND");
        app.post("/api/messages", colleague, body(&other)).await.is_refused(404, "MESSAGE_NOT_FOUND");

        let react = format!("/api/messages/{}/react", id(&question));
        app.post(&react, manager, json!({ "emoji": "👍" })).await.data(200);
        let both = join_all(["❤️", "🎉"].map(|emoji| app.post(&react, manager, json!({ "emoji": emoji })))).await;
        assert!(both.iter().all(|answer| answer.status == 200));
        let reactions = app.post(&react, owner, json!({ "emoji": "😀" })).await.data(200)["reactions"].clone();
        assert_eq!(reactions.as_array().unwrap().len(), 2, "one of each: {reactions}");
        let none = app.post(&react, manager, json!({})).await.data(200)["reactions"].clone();
        assert_eq!(none.as_array().unwrap().len(), 1);
        let wrong = app.post(&react, manager, json!({ "emoji": "ok" })).await;
        assert_eq!(wrong.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/emoji"]);
        app.post(&react, colleague, json!({ "emoji": "👍" })).await.is_refused(404, "MESSAGE_NOT_FOUND");

        let forward = format!("/api/messages/{}/forward", id(&question));
        let sent = app.post(&forward, manager, json!({ "chatIds": [other, chat, other] })).await.data(201).clone();
        assert_eq!(sent.as_array().unwrap().len(), 2);
        let here = read(app, colleague, &other).await;
        assert_eq!(here, [(1, "Lunch?".to_owned())]);
        let passed_on = app.get(&format!("/api/chats/{other}/messages"), colleague).await;
        let row = &passed_on.data(200)[0];
        assert_eq!((&row["forwarded"], &row["senderId"]), (&json!(true), &json!(manager.user)));
        let foreign = world.theirs.chats.group;
        app.post(&forward, manager, json!({ "chatIds": [other, foreign] })).await.is_refused(404, "CHAT_NOT_FOUND");
        assert_eq!(read(app, colleague, &other).await.len(), 1, "to all of them or to none");
        app.delete(&format!("/api/messages/{}?forEveryone=true", id(&question)), owner).await.data(200);
        app.post(&forward, manager, json!({ "chatIds": [other] })).await.is_refused(409, "MESSAGE_DELETED");
        app.post(&react, manager, json!({ "emoji": "👍" })).await.is_refused(409, "MESSAGE_DELETED");
        let quoted = app.get(&format!("/api/messages/{}", id(&answer)), owner).await;
        let quoted = &quoted.data(200)["message"]["replyTo"];
        assert_eq!((&quoted["deleted"], quoted["text"].is_null()), (&json!(true), true));
    }

    async fn a_message_may_be_a_place_or_a_card(app) {
        let world = World::create(app).await;
        let (owner, manager) = (&world.ours.owner, &world.ours.manager);
        let chat = open(app, owner, manager).await;
        let send = async |content: Value| app.post("/api/messages", owner, json!({ "chatId": chat, "content": content })).await;
        let place = json!({ "latitude": 52.52, "longitude": 13.4, "name": "Office" });
        let sent = send(json!({ "type": "location", "location": place })).await;
        assert_eq!(sent.data(201)["content"], json!({ "type": "location", "location": place }));
        let card = json!({ "name": "Zoë", "number": "+49 30 123456" });
        let sent = send(json!({ "type": "contact", "contact": card })).await;
        assert_eq!(sent.data(201)["content"]["contact"], json!({ "name": "Zoë", "number": "+4930123456" }));
        assert_eq!(found(app, manager, "search=zoe").await, ["-"]);
        for (content, field) in [
            (json!({ "type": "text" }), "/content/text"),
            (json!({ "type": "location" }), "/content/location"),
            (json!({ "type": "system", "text": "x" }), "/content/type"),
            (json!({ "type": "text", "text": "x", "contact": card }), "/content/contact"),
            (json!({ "type": "contact", "contact": { "name": "Ann", "number": "12" } }), "/content/contact/number"),
        ] {
            let refused = send(content.clone()).await;
            assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), [field], "{content}");
        }
        let edit = format!("/api/messages/{}", id(sent.data(201)));
        app.put(&edit, owner, json!({ "text": "x" })).await.is_refused(422, "VALIDATION_FAILED");
    }

    async fn a_file_is_shown_to_everybody_in_the_chat_and_to_nobody_else(app) {
        let world = World::create(app).await;
        let (owner, manager, agent) = (&world.ours.owner, &world.ours.manager, &world.ours.agent);
        let chat = open(app, owner, manager).await;
        let send = async |by: &Person, chat: &str, content: Value| {
            app.post("/api/messages", by, json!({ "chatId": chat, "content": content })).await
        };
        let picture = json!({ "type": "image", "mediaId": world.ours.media, "text": "Our new sign" });
        let sent = send(owner, &chat, picture.clone()).await.data(201).clone();
        let message = app.get(&format!("/api/messages/{}", id(&sent)), manager).await;
        let media = message.data(200)["message"]["content"]["media"].clone();
        assert_eq!((&media["id"], &media["kind"], &media["contentType"]), (&json!(world.ours.media), &json!("image"), &json!("image/png")));
        let path = media["url"].as_str().unwrap().split_once("/media/").unwrap().1.to_owned();
        assert_eq!(app.call("GET", &format!("/media/{path}")).send().await.status, 200);
        assert_eq!(found(app, manager, "search=sign").await, ["Our new sign"]);
        // Who has it in a message before him may show it again, others may not.
        let of_two = open(app, manager, agent).await;
        send(manager, &of_two, picture.clone()).await.data(201);
        let colleague = &world.ours.chats.colleague;
        let alone = open(app, colleague, manager).await;
        let member = format!("/api/chats/{}/members/{}", world.ours.chats.group, colleague.user);
        app.delete(&member, manager).await.data(200);
        send(colleague, &alone, picture.clone()).await.is_refused(404, "MEDIA_NOT_FOUND");
        for media in [world.theirs.media, entity::id::MediaId(uuid::Uuid::now_v7())] {
            send(owner, &chat, json!({ "type": "image", "mediaId": media })).await.is_refused(404, "MEDIA_NOT_FOUND");
        }
        send(owner, &chat, json!({ "type": "image", "mediaId": world.ours.upload })).await.is_refused(409, "MEDIA_NOT_UPLOADED");
        for content in [
            json!({ "type": "video", "mediaId": world.ours.media }),
            json!({ "type": "text", "text": "x", "mediaId": world.ours.media }),
            json!({ "type": "document" }),
        ] {
            let refused = send(owner, &chat, content.clone()).await;
            assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/content/mediaId"], "{content}");
        }
        app.delete(&format!("/api/media/{}", world.ours.media), owner).await.data(200);
        let message = app.get(&format!("/api/messages/{}", id(&sent)), manager).await;
        let content = &message.data(200)["message"]["content"];
        assert_eq!(content, &json!({ "type": "image", "text": "Our new sign" }));
    }

    async fn who_does_not_want_to_hear_from_somebody_does_not(app) {
        let world = World::create(app).await;
        let (owner, manager) = (&world.ours.owner, &world.ours.manager);
        let chat = open(app, owner, manager).await;
        let message = say(app, owner, &chat, "Hello").await;
        let block = format!("/api/users/blocked/{}", owner.user);
        for _ in 0..2 {
            app.put(&block, manager, json!({})).await.data(200);
        }
        let own = app.put(&format!("/api/users/blocked/{}", owner.user), owner, json!({})).await;
        own.is_refused(422, "VALIDATION_FAILED");
        let body = json!({ "chatId": chat, "content": { "type": "text", "text": "x" } });
        for person in [owner, manager] {
            app.post("/api/messages", person, body.clone()).await.is_refused(409, "CHAT_BLOCKED");
        }
        app.put(&format!("/api/messages/{}", id(&message)), owner, json!({ "text": "y" })).await.is_refused(409, "CHAT_BLOCKED");
        let into = json!({ "title": "Us", "memberIds": [manager.user] });
        app.post("/api/chats/group", owner, into).await.is_refused(409, "CHAT_BLOCKED");
        let list = app.get("/api/users/blocked", manager).await;
        assert_eq!(list.data(200)[0]["userId"], json!(owner.user));
        assert_eq!(app.get("/api/users/blocked", owner).await.data(200), &json!([]));
        app.delete(&block, manager).await.data(200);
        app.delete(&block, manager).await.is_refused(404, "USER_NOT_FOUND");
        say(app, owner, &chat, "Again").await;
    }

    async fn nobody_writes_to_who_has_left_or_is_banned(app) {
        let world = World::create(app).await;
        let (owner, colleague) = (&world.ours.owner, &world.ours.chats.colleague);
        let chat = open(app, owner, colleague).await;
        say(app, colleague, &chat, "Bye").await;
        let group = make_group(app, colleague, &[owner]).await;
        let body = json!({ "chatId": chat, "content": { "type": "text", "text": "x" } });
        let set_banned = async |status| {
            let tx = app.app.db.begin().await.unwrap();
            let changes = user::ActiveModel { status: Set(status), ..Default::default() };
            calldocker::store::users::update(&tx, colleague.user, changes).await.unwrap();
            tx.commit().await.unwrap();
        };
        set_banned(UserStatus::Banned).await;
        app.post("/api/messages", owner, body.clone()).await.is_refused(409, "CHAT_CLOSED");
        app.post("/api/messages", colleague, body.clone()).await.is_refused(401, "SESSION_ENDED");
        set_banned(UserStatus::Active).await;
        app.delete(&format!("/api/users/{}", colleague.user), owner).await.data(200);
        app.post("/api/messages", owner, body.clone()).await.is_refused(409, "CHAT_CLOSED");
        assert_eq!(read(app, owner, &chat).await, [(1, "Bye".to_owned())]);
        assert_eq!(shown(app, owner, &chat).await["other"]["active"], false);
        let people = app.get(&format!("/api/chats/{group}/members"), owner).await;
        assert_eq!(people.data(200).as_array().unwrap().len(), 1);
        // Its admin has gone: who is left decides.
        app.put(&format!("/api/chats/{group}"), owner, json!({ "title": "Ours" })).await.data(200);
        let tx = app.app.db.begin().await.unwrap();
        let (scope, id) = (world.ours.scope, colleague.membership.unwrap());
        calldocker::store::users::set_status(scope, &tx, id, MembershipStatus::Active).await.unwrap();
        tx.commit().await.unwrap();
        app.post("/api/messages", owner, body).await.data(201);
    }

    async fn messages_are_found_by_words_in_ones_own_chats(app) {
        let world = World::create(app).await;
        let (owner, manager, colleague) = (&world.ours.owner, &world.ours.manager, &world.ours.chats.colleague);
        let (chat, other) = (open(app, owner, manager).await, open(app, manager, colleague).await);
        let first = say(app, owner, &chat, "Die Größe der Café-Tische: 42 cm").await;
        say(app, manager, &other, "the CAFE is closed").await;
        say(app, manager, &chat, "東京へ行く").await;
        for (query, in_all, in_chat) in [
            ("cafe", 2, 1), ("CAF%C3%89", 2, 1), ("grosse", 1, 1), ("tisch+42", 1, 1), ("cafe+closed", 1, 0),
            ("afe", 0, 0), ("%E4%BA%AC", 1, 1), ("nothing", 0, 0), ("cafe+nothing", 0, 0), ("%C3%B8", 1, 0),
        ] {
            assert_eq!(found(app, manager, &format!("search={query}")).await.len(), in_all, "{query}");
            let within = app.get(&format!("/api/chats/{chat}/messages?search={query}"), manager).await;
            assert_eq!(within.data(200).as_array().unwrap().len(), in_chat, "{query}");
        }
        assert_eq!(found(app, owner, "search=cafe").await.len(), 1, "not in the chats of others");
        assert_eq!(found(app, &world.theirs.manager, "search=cafe").await.len(), 0);
        let foreign = format!("/api/chats/{}/messages?search=line", world.theirs.chats.group);
        app.get(&foreign, manager).await.is_refused(404, "CHAT_NOT_FOUND");
        for bad in ["search=%25", "search=", "search=%22%20OR%20%22"] {
            let answer = app.get(&format!("/api/messages/search?{bad}"), manager).await;
            assert!(answer.status == 422 || answer.status == 400 || answer.data(200) == &json!([]), "{bad}: {}", answer.text);
        }
        let path = format!("/api/messages/{}", id(&first));
        app.put(&path, owner, json!({ "text": "Stühle" })).await.data(200);
        assert_eq!((found(app, owner, "search=grosse").await.len(), found(app, owner, "search=stuhl").await.len()), (0, 1));
        app.delete(&path, manager).await.data(200);
        assert_eq!((found(app, manager, "search=stuhl").await.len(), found(app, owner, "search=stuhl").await.len()), (0, 1));
        app.delete(&format!("{path}?forEveryone=true"), owner).await.data(200);
        assert_eq!(found(app, owner, "search=stuhl").await.len(), 0);
        // By part: the newest first.
        let page = app.get("/api/messages/search?search=c&limit=1", manager).await;
        assert_eq!(page.data(200).as_array().unwrap().len(), 1);
    }

    async fn everybody_has_his_chats_as_he_wants_them(app) {
        let world = World::create(app).await;
        let (owner, manager, colleague) = (&world.ours.owner, &world.ours.manager, &world.ours.chats.colleague);
        let (one, two) = (open(app, owner, manager).await, open(app, owner, colleague).await);
        let three = make_group(app, owner, &[manager]).await;
        for (minute, chat) in [&one, &two, &three].into_iter().enumerate() {
            app.clock.advance(Duration::from_secs(60)).await;
            say(app, owner, chat, &format!("{minute}")).await;
        }
        let list = async |query: &str| {
            let answer = app.get(&format!("/api/chats?{query}"), owner).await;
            let ids: Vec<_> = answer.data(200).as_array().unwrap().iter().map(|row| id(row).to_owned()).collect();
            (ids, answer.body["nextCursor"].as_str().map(str::to_owned))
        };
        assert_eq!(list("").await.0, [three.clone(), two.clone(), one.clone()]);
        let until = app.clock.now() + TimeDelta::hours(8);
        let set = async |chat: &str, settings: Value| app.put(&format!("/api/chats/{chat}/settings"), owner, settings).await.data(200).clone();
        let shown = set(&one, json!({ "pinned": true, "mutedUntil": until })).await;
        assert_eq!((&shown["pinned"], shown["mutedUntil"].is_string()), (&json!(true), true));
        set(&two, json!({ "archived": true })).await;
        assert_eq!(list("").await.0, [one.clone(), three.clone(), two.clone()]);
        assert_eq!(list("archived=true").await.0, [two.as_str()]);
        let mut walked = Vec::new();
        let mut cursor = None;
        loop {
            let next = cursor.map_or(String::new(), |cursor: String| format!("&cursor={cursor}"));
            let (ids, more) = list(&format!("limit=1{next}")).await;
            walked.extend(ids);
            cursor = more;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(walked, [one.clone(), three, two]);
        let shown = set(&one, json!({ "mutedUntil": app.clock.now() })).await;
        assert!(shown["mutedUntil"].is_null() && shown["pinned"] == false);
        let his = app.get(&format!("/api/chats/{one}"), manager).await;
        assert_eq!(his.data(200)["pinned"], false, "it is nobody else's business");
        app.put(&format!("/api/chats/{one}/settings"), colleague, json!({})).await.is_refused(404, "CHAT_NOT_FOUND");
    }

    async fn somebody_writes_so_much_a_minute(app) {
        let world = World::create(app).await;
        let (owner, manager) = (&world.ours.owner, &world.ours.manager);
        let chat = open(app, owner, manager).await;
        for n in 0..120 {
            say(app, owner, &chat, &format!("{n}")).await;
        }
        let body = json!({ "chatId": chat, "content": { "type": "text", "text": "x" } });
        app.post("/api/messages", owner, body.clone()).await.is_refused(429, "TOO_MANY_REQUESTS");
        say(app, manager, &chat, "I may").await;
        app.clock.advance(Duration::from_secs(60)).await;
        app.post("/api/messages", owner, body).await.data(201);
    }
}
