//! /api/chat/devices and encrypted chats: what the server keeps, gives out and refuses. That two can talk so is
//! `realtime/encrypted.rs`.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use entity::id::ChatDeviceId;
use entity::{chat_ciphertext, chat_device_key};
use futures_util::future::join_all;
use sea_orm::{ActiveValue::Set, ColumnTrait, QueryFilter};
use serde_json::{Value, json};
use uuid::Uuid;

use super::media::{open, upload};
use crate::support::devices::{Device, sealed};
use crate::support::{FORM, Person, TestApp, World, form, on_both_databases, png};

/// The world's two devices, and an encrypted chat of the two.
async fn two(app: &TestApp, world: &World) -> [Device; 2] {
    let (ours, chats) = (&world.ours, &world.ours.chats);
    app.post(&format!("/api/chats/{}/encryption", chats.private), &ours.agent, json!({})).await.data(200);
    [
        Device::new(ours.id, ours.agent.user, chats.devices[0], 1),
        Device::new(ours.id, chats.colleague.user, chats.devices[1], 2),
    ]
}

async fn publish(app: &TestApp, world: &World, by: &Person, id: u128, seed: u8) -> Device {
    let device = Device::new(world.ours.id, by.user, ChatDeviceId(Uuid::from_u128(id)), seed);
    app.put(&format!("/api/chat/devices/{}", device.id), by, device.body()).await.data(200);
    device
}

fn message(world: &World, encrypted: Value) -> Value {
    json!({ "chatId": world.ours.chats.private, "content": { "type": "encrypted", "encrypted": encrypted } })
}

/// The keys that somebody is given of a device.
async fn claim(app: &TestApp, world: &World, by: &Person, of: &Device) -> Value {
    let path = format!("/api/chats/{}/devices/claim", world.ours.chats.private);
    let body = json!({ "devices": [{ "userId": of.user, "deviceId": of.id }] });
    app.post(&path, by, body).await.data(200)[0].clone()
}

on_both_databases! {
    async fn a_device_publishes_only_what_it_has_signed(app) {
        let world = World::create(app).await;
        let agent = &world.ours.agent;
        let device = Device::new(world.ours.id, agent.user, ChatDeviceId(Uuid::from_u128(5)), 5);
        let path = format!("/api/chat/devices/{}", device.id);
        let other = Device::new(world.ours.id, agent.user, device.id, 6).body();
        let colleagues = Device::new(world.ours.id, world.ours.chats.colleague.user, device.id, 5).body();
        for (field, value, wrong) in [
            ("signature", &other["signature"], "/signature"),
            ("signature", &colleagues["signature"], "/signature"),
            ("signature", &json!("x"), "/signature"),
            ("identityKey", &other["identityKey"], "/signature"),
            ("identityKey", &json!("short"), "/identityKey"),
            ("signingKey", &other["signingKey"], "/signature"),
            ("algorithms", &json!(["m.megolm.v1.aes-sha2"]), "/algorithms"),
            ("algorithms", &json!(["m.olm.v1.curve25519-aes-sha2", "\",\""]), "/algorithms"),
        ] {
            let mut body = device.body();
            body[field] = value.clone();
            let answer = app.put(&path, agent, body).await;
            assert_eq!(answer.is_refused(422, "VALIDATION_FAILED").wrong_fields(), [wrong], "{field} {value}");
        }
        let mut body = device.body();
        body["name"] = json!("Phone");
        for _ in 0..2 {
            assert_eq!(app.put(&path, agent, body.clone()).await.data(200)["name"], "Phone");
        }
        app.put(&path, agent, other).await.is_refused(409, "DEVICE_KEYS_FIXED");

        let keys = format!("{path}/keys");
        let (mut forged, mut renamed) = (device.key(2), device.key(1));
        forged["signature"] = device.key(3)["signature"].clone();
        renamed["keyId"] = json!("another");
        let answer = app.post(&keys, agent, json!({ "oneTimeKeys": [device.key(1), forged] })).await;
        assert_eq!(answer.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/oneTimeKeys/1/signature"]);
        // A key that is given out once is none for all, nor the other way round.
        let answer = app.post(&keys, agent, json!({ "fallbackKey": device.key(1) })).await;
        assert_eq!(answer.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/fallbackKey/signature"]);
        for (add, left) in [(vec![device.key(1), device.key(2)], 2), (vec![device.key(2), device.key(3)], 3), (vec![], 3)] {
            let answer = app.post(&keys, agent, json!({ "oneTimeKeys": add })).await;
            assert_eq!(answer.data(200)["oneTimeKeys"], left);
        }
        let answer = app.post(&keys, agent, json!({ "oneTimeKeys": [renamed] })).await;
        assert_eq!(answer.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/oneTimeKeys/0/keyId"]);
        let many: Vec<_> = (4..104).map(|n| device.key(n)).collect();
        app.post(&keys, agent, json!({ "oneTimeKeys": many })).await.data(200);
        let more: Vec<_> = (104..204).map(|n| device.key(n)).collect();
        let answer = app.post(&keys, agent, json!({ "oneTimeKeys": more })).await;
        assert_eq!(answer.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/oneTimeKeys"]);
        let colleague = &world.ours.chats.colleague;
        app.post(&keys, colleague, json!({ "oneTimeKeys": [device.key(1)] })).await.is_refused(404, "DEVICE_NOT_FOUND");
        app.delete(&path, colleague).await.is_refused(404, "DEVICE_NOT_FOUND");
        for n in 10..18_u8 {
            publish(app, &world, agent, n.into(), n).await;
        }
        let one_more = Device::new(world.ours.id, agent.user, ChatDeviceId(Uuid::from_u128(18)), 18);
        let answer = app.put(&format!("/api/chat/devices/{}", one_more.id), agent, one_more.body()).await;
        answer.is_refused(409, "TOO_MANY_DEVICES");
    }

    async fn no_two_are_given_the_same_key(app) {
        let world = World::create(app).await;
        let [_, his] = two(app, &world).await;
        let (agent, colleague) = (&world.ours.agent, &world.ours.chats.colleague);
        let keys = format!("/api/chat/devices/{}/keys", his.id);
        let more: Vec<_> = (2..10).map(|n| his.key(n)).collect();
        app.post(&keys, colleague, json!({ "oneTimeKeys": more })).await.data(200);
        // The agent's own devices claim one, too.
        let claims = (0..9).map(|n| claim(app, &world, if n % 2 == 0 { agent } else { colleague }, &his));
        let given: Vec<_> = join_all(claims).await.iter().map(|one| one["key"]["keyId"].as_str().unwrap().to_owned()).collect();
        assert_eq!(given.iter().collect::<BTreeSet<_>>().len(), 9, "{given:?}");
        // Published again, as a client does that got no answer: they are gone all the same.
        app.post(&keys, colleague, json!({ "oneTimeKeys": [his.key(2), his.key(3)] })).await.data(200);
        let devices = app.get("/api/chat/devices", colleague).await;
        assert_eq!((&devices.data(200)[0]["oneTimeKeys"], &devices.data(200)[0]["fallbackUsed"]), (&json!(0), &json!(false)));
        for _ in 0..2 {
            let key = claim(app, &world, agent, &his).await;
            assert_eq!((&key["fallback"], &key["key"]["key"]), (&json!(true), &his.fallback(1)["key"]));
        }
        let devices = app.get("/api/chat/devices", colleague).await;
        assert_eq!(devices.data(200)[0]["fallbackUsed"], true);
        let fresh = app.post(&keys, colleague, json!({ "fallbackKey": his.fallback(2) })).await;
        assert_eq!(fresh.data(200)["fallbackUsed"], false);
        let bare = publish(app, &world, colleague, 9, 9).await;
        assert_eq!(claim(app, &world, agent, &bare).await["key"], json!(null));
        // What was given out is forgotten after a month, and not before.
        for (days, left) in [(29, 9), (31, 0)] {
            let tx = app.app.db.begin().await.unwrap();
            let claimed = chat_device_key::ActiveModel {
                claimed_at: Set(Some(app.clock.now() - TimeDelta::days(days))),
                ..Default::default()
            };
            let his_keys = world.ours.scope.update_many::<chat_device_key::Entity>().set(claimed);
            his_keys.filter(chat_device_key::Column::UserId.eq(his.user)).exec(&tx).await.unwrap();
            tx.commit().await.unwrap();
            app.post(&keys, colleague, json!({})).await.data(200);
            let all = world.ours.scope.find::<chat_device_key::Entity>().all(app.app.db.reader()).await.unwrap();
            assert_eq!(all.iter().filter(|row| row.user_id == his.user).count(), left);
        }
    }

    async fn only_who_is_in_the_chat_is_given_keys(app) {
        let world = World::create(app).await;
        let [_, his] = two(app, &world).await;
        let chats = &world.ours.chats;
        let path = format!("/api/chats/{}/devices", chats.private);
        let devices = app.get(&path, &world.ours.agent).await;
        let ids: BTreeSet<_> = devices.data(200).as_array().unwrap().iter().map(|one| one["deviceId"].clone().to_string()).collect();
        assert_eq!(ids, chats.devices.iter().map(|id| json!(id).to_string()).collect());
        let body = json!({ "devices": [{ "userId": his.user, "deviceId": his.id }] });
        for stranger in [&world.ours.manager, &world.ours.owner, &world.theirs.agent, &world.theirs.owner] {
            app.get(&path, stranger).await.is_refused(404, "CHAT_NOT_FOUND");
            app.post(&format!("{path}/claim"), stranger, body.clone()).await.is_refused(404, "CHAT_NOT_FOUND");
        }
        // Of all of them, or of none.
        let foreign = json!({ "userId": world.theirs.agent.user, "deviceId": world.theirs.chats.devices[0] });
        let both = json!({ "devices": [{ "userId": his.user, "deviceId": his.id }, foreign] });
        app.post(&format!("{path}/claim"), &world.ours.agent, both).await.is_refused(404, "DEVICE_NOT_FOUND");
        assert_eq!(claim(app, &world, &world.ours.agent, &his).await["fallback"], false);
        let group = format!("/api/chats/{}", chats.group);
        app.get(&format!("{group}/devices"), &world.ours.agent).await.is_refused(409, "NOT_A_PRIVATE_CHAT");
        app.post(&format!("{group}/encryption"), &world.ours.agent, json!({})).await.is_refused(409, "NOT_A_PRIVATE_CHAT");
        let (owner, manager) = (&world.ours.owner, &world.ours.manager);
        let chat = app.post("/api/chats/private", owner, json!({ "userId": manager.user })).await;
        let path = format!("/api/chats/{}/encryption", chat.data(200)["id"].as_str().unwrap());
        publish(app, &world, owner, 3, 3).await;
        app.post(&path, owner, json!({})).await.is_refused(409, "DEVICE_NEEDED");
        publish(app, &world, manager, 4, 4).await;
        let encrypted = app.post(&path, manager, json!({})).await;
        let since = encrypted.data(200)["encryptedAt"].clone();
        assert!(since.is_string());
        assert_eq!(app.post(&path, owner, json!({})).await.data(200)["encryptedAt"], since, "twice is once");
        assert_eq!(encrypted.data(200)["lastMessage"]["content"]["system"]["event"], "encrypted");
    }

    async fn an_encrypted_chat_takes_a_text_for_each_device_and_nothing_that_can_be_read(app) {
        let world = World::create(app).await;
        let (agent, chats) = (&world.ours.agent, &world.ours.chats);
        let colleague = &chats.colleague;
        let before = message(&world, json!({ "deviceId": chats.devices[0], "ciphertexts": [
            { "userId": colleague.user, "deviceId": chats.devices[1], "type": 0, "body": "eA" }] }));
        app.post("/api/messages", agent, before).await.is_refused(409, "CHAT_NOT_ENCRYPTED");
        let [mine, his] = two(app, &world).await;
        let plain = json!({ "chatId": chats.private, "content": { "type": "text", "text": "readable" } });
        app.post("/api/messages", agent, plain).await.is_refused(409, "CHAT_ENCRYPTED");
        let forward = format!("/api/messages/{}/forward", chats.question);
        app.post(&forward, agent, json!({ "chatIds": [chats.private] })).await.is_refused(409, "CHAT_ENCRYPTED");
        for (change, field) in [
            (json!({ "type": 2 }), "/content/encrypted/ciphertexts/0/type"),
            (json!({ "body": "not base64!" }), "/content/encrypted/ciphertexts/0/body"),
            (json!({ "body": "x".repeat(16_385) }), "/content/encrypted/ciphertexts/0/body"),
        ] {
            let mut encrypted = sealed(&mine, &[&his]);
            for (name, value) in change.as_object().unwrap() {
                encrypted["ciphertexts"][0][name] = value.clone();
            }
            let answer = app.post("/api/messages", agent, message(&world, encrypted)).await;
            assert_eq!((answer.status.is_client_error(), answer.wrong_fields()), (true, vec![field]), "{}", answer.text);
        }
        let twice = app.post("/api/messages", agent, message(&world, sealed(&mine, &[&his, &his]))).await;
        assert_eq!(twice.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/content/encrypted/ciphertexts/1/deviceId"]);

        // Devices of others, of another company, and of nobody.
        let tablet = publish(app, &world, colleague, 21, 21).await;
        let foreign = Device::new(world.theirs.id, world.theirs.agent.user, world.theirs.chats.devices[0], 1);
        let nobodys = Device::new(world.ours.id, colleague.user, ChatDeviceId(Uuid::from_u128(99)), 1);
        for (from, to, wrong) in [
            (&mine, vec![&his], vec![("missing", &tablet)]),
            (&mine, vec![&his, &tablet, &mine], vec![("unknown", &mine)]),
            (&mine, vec![&his, &tablet, &foreign], vec![("unknown", &foreign)]),
            (&mine, vec![&his, &nobodys], vec![("missing", &tablet), ("unknown", &nobodys)]),
            (&his, vec![&tablet, &mine], vec![("missing", &his)]),
        ] {
            let answer = app.post("/api/messages", agent, message(&world, sealed(from, &to))).await;
            let mut expected: Vec<_> = wrong.iter().map(|(what, one)| format!("/{what}/{}/{}", one.user, one.id)).collect();
            if from.user != agent.user {
                // It says that a device of his has sent it, which he does not have.
                expected.insert(0, format!("/unknown/{}/{}", agent.user, from.id));
            }
            let mut told = answer.is_refused(409, "CHAT_DEVICES_CHANGED").wrong_fields();
            told.sort_unstable();
            expected.sort_unstable();
            assert_eq!(told, expected);
        }
        let mut body = message(&world, sealed(&mine, &[&his, &tablet]));
        body["tempId"] = json!("t1");
        let sent = app.post("/api/messages", agent, body.clone()).await.data(201).clone();
        let path = format!("/api/messages/{}", sent["id"].as_str().unwrap());
        // The same name is the same message, whatever is sent under it and whichever devices there are now.
        app.delete(&format!("/api/chat/devices/{}", tablet.id), colleague).await.data(200);
        body["content"]["encrypted"]["ciphertexts"][0]["body"] = json!("b3RoZXI");
        assert_eq!(app.post("/api/messages", agent, body).await.data(201)["id"], sent["id"]);
        let seen = async |by: &Person| {
            let answer = app.get(&path, by).await;
            let encrypted = answer.data(200)["message"]["content"]["encrypted"].clone();
            let ids = encrypted["ciphertexts"].as_array().unwrap().iter().map(|one| one["deviceId"].clone());
            (encrypted["deviceId"].clone(), ids.collect::<Vec<_>>())
        };
        assert_eq!(seen(colleague).await, (json!(mine.id), vec![json!(his.id)]), "what was said to a device goes with it");
        assert_eq!(seen(agent).await, (json!(mine.id), vec![]));
        app.get(&path, &world.ours.owner).await.is_refused(404, "MESSAGE_NOT_FOUND");

        // It is found by nothing, is in no list of chats, and passed on by nobody but a device.
        let list = app.get("/api/chats", colleague).await;
        let listed = list.data(200).as_array().unwrap().iter().find(|one| one["id"] == json!(chats.private)).unwrap().clone();
        assert_eq!(listed["lastMessage"]["content"]["encrypted"]["ciphertexts"], json!([]));
        assert_eq!(listed["unread"], 2, "that it is encrypted, and the message");
        let found = app.get(&format!("/api/chats/{}/messages?search=for", chats.private), colleague).await;
        assert_eq!(found.data(200), &json!([]));
        let on = app.post(&format!("{path}/forward"), colleague, json!({ "chatIds": [chats.group] })).await;
        on.is_refused(409, "CHAT_ENCRYPTED");
    }

    async fn an_encrypted_message_may_have_a_file_that_is_encrypted_too(app) {
        let world = World::create(app).await;
        let [mine, his] = two(app, &world).await;
        let (agent, colleague) = (&world.ours.agent, &world.ours.chats.colleague);
        let (cipher, plain) = (b"<html>as if it were a page</html>", png());
        let uploaded = app.call("POST", "/api/media?encrypted=true").by(agent).bytes(FORM, form("a.jpg", cipher)).send().await;
        let file = uploaded.data(201);
        assert_eq!((&file["kind"], &file["contentType"]), (&json!("encrypted"), &json!("application/octet-stream")));
        let picture = upload(app, agent, "b.png", &plain).await.data(201)["id"].clone();

        let with = |media: &Value| {
            let mut body = message(&world, sealed(&mine, &[&his]));
            body["content"]["mediaId"] = media.clone();
            body
        };
        let sent = app.post("/api/messages", agent, with(&file["id"])).await.data(201).clone();
        let seen = app.get(&format!("/api/messages/{}", sent["id"].as_str().unwrap()), colleague).await;
        let content = seen.data(200)["message"]["content"].clone();
        assert_eq!((&content["media"]["kind"], &content["media"]["width"]), (&json!("encrypted"), &Value::Null));
        assert_eq!(content["encrypted"]["ciphertexts"][0]["deviceId"], json!(his.id));
        let got = open(app, &content["media"]["url"]).await;
        let header = |name: &str| got.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "application/octet-stream");
        assert_eq!(header("content-disposition"), "attachment; filename=\"a.jpg\"");
        assert_eq!(got.bytes().await.unwrap(), cipher.as_slice());

        let in_clear = json!({ "chatId": world.ours.chats.group, "content": { "type": "image", "mediaId": file["id"] } });
        for body in [with(&picture), in_clear] {
            let refused = app.post("/api/messages", agent, body).await;
            assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/content/mediaId"]);
        }
        let story = app.post("/api/stories", agent, json!({ "mediaId": file["id"] })).await;
        assert_eq!(story.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/mediaId"]);
    }

    async fn an_encrypted_message_is_changed_and_taken_back_as_others_are(app) {
        let world = World::create(app).await;
        let (agent, chats) = (&world.ours.agent, &world.ours.chats);
        let [mine, his] = two(app, &world).await;
        let sent = app.post("/api/messages", agent, message(&world, sealed(&mine, &[&his]))).await.data(201).clone();
        let path = format!("/api/messages/{}", sent["id"].as_str().unwrap());
        app.put(&path, agent, json!({ "text": "readable" })).await.is_refused(409, "CHAT_ENCRYPTED");
        let plain = format!("/api/messages/{}", chats.message);
        let other = json!({ "encrypted": sealed(&mine, &[&his]) });
        app.put(&plain, agent, other.clone()).await.is_refused(409, "CHAT_NOT_ENCRYPTED");
        app.put(&path, &chats.colleague, other.clone()).await.is_refused(409, "MESSAGE_NOT_YOURS");
        assert_eq!(app.put(&path, agent, json!({})).await.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/text"]);
        let wrong = json!({ "encrypted": sealed(&mine, &[&mine]) });
        app.put(&path, agent, wrong).await.is_refused(409, "CHAT_DEVICES_CHANGED");
        let foreign = Device::new(world.theirs.id, world.theirs.agent.user, world.theirs.chats.devices[0], 1);
        for (from, to) in [(&foreign, vec![&his]), (&mine, vec![&his, &foreign])] {
            let wrong = json!({ "encrypted": sealed(from, &to) });
            app.put(&path, agent, wrong).await.is_refused(409, "CHAT_DEVICES_CHANGED");
        }
        let mut changed = other.clone();
        changed["encrypted"]["ciphertexts"][0]["body"] = json!("Y2hhbmdlZA");
        assert!(app.put(&path, agent, changed).await.data(200)["editedAt"].is_string());
        let read = app.get(&path, &chats.colleague).await;
        assert_eq!(read.data(200)["message"]["content"]["encrypted"]["ciphertexts"][0]["body"], "Y2hhbmdlZA");
        app.delete(&format!("{path}?forEveryone=true"), agent).await.data(200);
        app.put(&path, agent, other).await.is_refused(409, "MESSAGE_DELETED");
        let tx = app.app.db.begin().await.unwrap();
        assert_eq!(world.ours.scope.find::<chat_ciphertext::Entity>().all(&tx).await.unwrap(), []);
        tx.rollback().await.unwrap();
        // Nobody to read it.
        app.delete(&format!("/api/chat/devices/{}", his.id), &chats.colleague).await.data(200);
        let answer = app.post("/api/messages", agent, message(&world, sealed(&mine, &[&his]))).await;
        answer.is_refused(409, "DEVICE_NEEDED");
        // Blocked is blocked.
        app.put(&format!("/api/users/blocked/{}", agent.user), &chats.colleague, json!({})).await.data(200);
        let claim = json!({ "devices": [{ "userId": mine.user, "deviceId": mine.id }] });
        let path = format!("/api/chats/{}/devices/claim", chats.private);
        app.post(&path, agent, claim).await.is_refused(409, "CHAT_BLOCKED");
    }
}
