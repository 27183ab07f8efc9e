//! Calls among colleagues over REST: what their operations promise beside what `tests/node/calls-*.test.mjs` tells.

use std::collections::BTreeSet;
use std::time::Duration;

use calldocker::peer_calls::{self, Device};
use calldocker::presence;
use calldocker::store::queueing;
use entity::id::{CallId, UserId};
use entity::{
    PeerStatus, SlotHolder, agent_slot, call, outbox, peer_call, peer_call_participant, presence_socket,
};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

use crate::peer_calls::AGORA;
use crate::support::{Answer, Backend, Person, TestApp, World, on_both_databases, peers};

/// Everybody of ours has a device, and nobody a call.
pub(super) async fn at_their_desks(app: &TestApp) -> World {
    let world = World::create(app).await;
    let ours = &world.ours;
    let tx = app.app.db.begin().await.unwrap();
    ours.scope.delete_many::<call::Entity>().exec(&tx).await.unwrap();
    for user in [ours.owner.user, ours.manager.user, ours.agent.user, ours.idle] {
        peers::is_there(ours.scope, &tx, user, app).await;
    }
    tx.commit().await.unwrap();
    world
}

async fn initiate(app: &TestApp, by: &Person, to: UserId) -> Answer {
    app.post("/api/calls/initiate", by, json!({ "toUserId": to, "callType": "voice" })).await
}

pub(super) async fn made(app: &TestApp, by: &Person, to: UserId) -> CallId {
    let answer = initiate(app, by, to).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.body["data"]["callId"].as_str().unwrap().parse().unwrap()
}

pub(super) async fn act(app: &TestApp, by: &Person, call: CallId, what: &str, body: Value) -> Answer {
    app.post(&format!("/api/calls/{call}/{what}"), by, body).await
}

pub(super) async fn status(app: &TestApp, world: &World, call: CallId) -> PeerStatus {
    let row = world.ours.scope.find_by_id::<peer_call::Entity>(call).one(app.app.db.reader()).await.unwrap();
    row.unwrap().status
}

on_both_databases! {
    async fn an_agent_in_a_call_with_a_colleague_has_no_capacity_for_customers(app) {
        let world = at_their_desks(app).await;
        let (ours, agent) = (&world.ours, world.ours.agent.agent.unwrap());
        let call = made(app, &ours.manager, ours.agent.user).await;
        let held = queueing::slots_of(ours.scope, app.app.db.reader(), &[agent]).await.unwrap();
        assert_eq!(held.iter().map(|slot| (slot.holder, slot.call_id)).collect::<Vec<_>>(), [(SlotHolder::PeerCall, call)]);
        let shown = app.get(&format!("/api/agents/{agent}"), &ours.owner).await;
        assert_eq!(shown.body["data"]["activity"], "on_call", "{}", shown.text);
        assert_eq!(act(app, &ours.agent, call, "accept", json!({})).await.status, 200);
        // A supervisor ends what holds him.
        let release = format!("/api/agents/{agent}/release");
        let kept = app.post(&release, &ours.owner, json!({})).await;
        assert_eq!(kept.body["data"]["keptCallIds"], json!([call]), "{}", kept.text);
        app.post(&release, &ours.owner, json!({ "force": true })).await;
        assert_eq!(status(app, &world, call).await, PeerStatus::Ended);
        assert!(queueing::slots_of(ours.scope, app.app.db.reader(), &[agent]).await.unwrap().is_empty());
    }

    async fn an_agent_with_a_customer_is_busy_to_colleagues(app) {
        let world = World::create(app).await;
        let ours = &world.ours;
        let tx = app.app.db.begin().await.unwrap();
        for user in [ours.agent.user, ours.idle] {
            peers::is_there(ours.scope, &tx, user, app).await;
        }
        tx.commit().await.unwrap();
        initiate(app, &ours.manager, ours.agent.user).await.is_refused(409, "BUSY");
        initiate(app, &ours.agent, ours.idle).await.is_refused(409, "BUSY");
        let seen = app.get(&format!("/api/users/{}/presence", ours.agent.user), &ours.manager).await;
        assert_eq!(seen.body["data"]["status"], "busy");
        let missed = app.get("/api/calls/missed", &ours.agent).await;
        let missed = missed.body["data"]["missedCalls"].as_array().unwrap().clone();
        assert!(missed.iter().any(|one| one["call"]["peer"]["status"] == "busy"), "{missed:?}");
    }

    async fn settings_decide_who_may_call_and_how(app) {
        let world = at_their_desks(app).await;
        let ours = &world.ours;
        let set = async |body: Value| {
            let answer = app.put("/api/settings/user/calls", &ours.owner, body).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
        };
        set(json!({ "allowVideoCalls": false })).await;
        let video = json!({ "toUserId": ours.owner.user, "callType": "video" });
        app.post("/api/calls/initiate", &ours.manager, video).await.is_refused(409, "VIDEO_NOT_ALLOWED");
        set(json!({ "blockUnknownCallers": true, "autoAcceptCalls": true })).await;
        initiate(app, &ours.manager, ours.owner.user).await.is_refused(409, "CALL_BLOCKED");
        // Whom he has called he knows.
        let call = made(app, &ours.owner, ours.manager.user).await;
        act(app, &ours.owner, call, "end", json!({})).await;
        let call = made(app, &ours.manager, ours.owner.user).await;
        let told = ours.scope.find::<outbox::Entity>().filter(outbox::Column::Event.eq("call:incoming"));
        let told = told.all(app.app.db.reader()).await.unwrap();
        assert_eq!(told.last().unwrap().payload["autoAccept"], true);
        act(app, &ours.manager, call, "end", json!({})).await;
    }

    async fn a_server_without_agora_tells_apps_that_have_no_media_in_common(app) {
        let world = at_their_desks(app).await;
        let ours = &world.ours;
        let offer = json!({ "toUserId": ours.owner.user, "offer": { "type": "offer", "sdp": "v=0" } });
        let answer = app.post("/api/calls/initiate", &ours.manager, offer).await;
        let call: CallId = answer.body["data"]["callId"].as_str().unwrap().parse().unwrap();
        assert_eq!(answer.body["data"]["agoraToken"], Value::Null);
        act(app, &ours.owner, call, "accept", json!({})).await.is_refused(409, "MEDIA_INCOMPATIBLE");
        // Another device that has nothing in common with it spoils no call that goes on.
        let offer = json!({ "toUserId": ours.owner.user, "offer": { "type": "offer", "sdp": "v=0" } });
        let answer = app.post("/api/calls/initiate", &ours.manager, offer).await;
        let going: CallId = answer.body["data"]["callId"].as_str().unwrap().parse().unwrap();
        let phone = Device { socket: Some("phone".into()), ..Device::default() };
        let taken = peer_calls::answer(&app.app, ours.scope, ours.owner.user, going, Some(json!({})), phone).await;
        assert!(taken.is_ok());
        act(app, &ours.owner, going, "accept", json!({})).await.is_refused(409, "CALL_NOT_RINGING");
        assert_eq!(status(app, &world, going).await, PeerStatus::Active);
        let row = ours.scope.find_by_id::<peer_call::Entity>(call).one(app.app.db.reader()).await.unwrap().unwrap();
        assert_eq!((row.status, row.error_info.unwrap()["errorCode"].clone()), (PeerStatus::Failed, json!("MEDIA_INCOMPATIBLE")));
        let told = ours.scope.find::<outbox::Entity>().filter(outbox::Column::Event.eq("call:failed"));
        assert_eq!(told.count(app.app.db.reader()).await.unwrap(), 2, "both are told");
    }

    async fn a_call_is_over_for_who_answers_too_late_and_taken_for_the_other_device(app) {
        let world = at_their_desks(app).await;
        let (ours, scope) = (&world.ours, world.ours.scope);
        let call = made(app, &ours.manager, ours.owner.user).await;
        act(app, &ours.manager, call, "accept", json!({})).await.is_refused(409, "CALL_NOT_RINGING");
        let phone = Device { socket: Some("phone".into()), ..Device::default() };
        peer_calls::answer(&app.app, scope, ours.owner.user, call, None, phone).await.unwrap();
        act(app, &ours.owner, call, "accept", json!({})).await.is_refused(409, "CALL_NOT_RINGING");
        act(app, &ours.owner, call, "reject", json!({})).await.is_refused(409, "CALL_NOT_RINGING");
        act(app, &ours.manager, call, "end", json!({})).await;
        act(app, &ours.owner, call, "accept", json!({})).await.is_refused(409, "CALL_IS_OVER");
        assert_eq!(act(app, &ours.owner, call, "end", json!({})).await.status, 200, "said twice it is done once");
        act(app, &ours.agent, call, "end", json!({})).await.is_refused(404, "CALL_NOT_FOUND");
    }

    async fn two_at_once_never_have_two_calls(app) {
        let world = at_their_desks(app).await;
        let ours = &world.ours;
        for round in 0..4 {
            let (first, second, third) = tokio::join!(
                initiate(app, &ours.manager, ours.owner.user),
                initiate(app, &ours.owner, ours.manager.user),
                initiate(app, &ours.agent, ours.owner.user),
            );
            let live = ours.scope.find::<peer_call_participant::Entity>();
            let live = live.all(app.app.db.reader()).await.unwrap();
            let live: Vec<_> = live.into_iter().filter(|row| row.state.is_live()).collect();
            let calls: std::collections::BTreeSet<_> = live.iter().map(|row| row.call_id).collect();
            assert_eq!((calls.len(), live.len()), (1, 2), "round {round}: {} {} {}", first.text, second.text, third.text);
            let call = calls.into_iter().next().unwrap();
            for row in live {
                peer_calls::hang_up(&app.app, ours.scope, row.user_id, call, Device::default(), None).await.unwrap();
            }
            let slots = ours.scope.find::<agent_slot::Entity>().count(app.app.db.reader()).await.unwrap();
            assert_eq!(slots, 0, "round {round}");
        }
    }

    async fn descriptions_are_forgotten_and_the_numbers_of_events_stay(app) {
        let world = at_their_desks(app).await;
        let ours = &world.ours;
        let offer = json!({ "toUserId": ours.owner.user, "offer": { "type": "offer", "sdp": "c=IN IP4 192.0.2.7" } });
        app.post("/api/calls/initiate", &ours.manager, offer).await;
        let rows = async || ours.scope.find::<outbox::Entity>().all(app.app.db.reader()).await.unwrap();
        let before = rows().await;
        assert!(before.iter().any(|row| row.payload.to_string().contains("192.0.2.7")));
        app.app.start_work().await.unwrap();
        app.clock.advance(Duration::from_secs(2 * 3600)).await;
        let after = rows().await;
        assert!(after.len() >= before.len());
        assert!(after.iter().all(|row| !row.payload.to_string().contains("192.0.2.7")));
        let calls = ours.scope.find::<peer_call::Entity>().all(app.app.db.reader()).await.unwrap();
        assert!(calls.iter().all(|call| call.offer.is_none() && call.status == PeerStatus::Missed));
    }

    async fn a_group_call_is_made_however_many_of_it_are_busy(app) {
        let world = at_their_desks(app).await;
        let ours = &world.ours;
        let busy = made(app, &ours.agent, ours.idle).await;
        let all = json!({ "toUserIds": [ours.agent.user, ours.idle, ours.owner.user] });
        let answer = app.post("/api/calls/initiate", &ours.manager, all).await;
        let call: CallId = answer.data(201)["callId"].as_str().unwrap().parse().unwrap();
        assert_eq!(status(app, &world, busy).await, PeerStatus::Ringing);
        let rows = ours.scope.find::<peer_call_participant::Entity>();
        let rows = rows.filter(peer_call_participant::Column::CallId.eq(call)).all(app.app.db.reader()).await.unwrap();
        let live = rows.iter().filter(|row| row.state.is_live()).count();
        assert_eq!((rows.len(), live), (4, 2));
    }

    async fn whose_lease_has_run_out_is_offline_though_nobody_has_said_goodbye(app) {
        let world = at_their_desks(app).await;
        let ours = &world.ours;
        let tx = app.app.db.begin().await.unwrap();
        let dead = presence_socket::ActiveModel {
            node_id: sea_orm::Set(app.app.ids.next()),
            lease_until: sea_orm::Set(app.clock.now() + chrono::TimeDelta::seconds(5)),
            ..Default::default()
        };
        let his = ours.scope.update_many::<presence_socket::Entity>().set(dead);
        his.filter(presence_socket::Column::UserId.eq(ours.owner.user)).exec(&tx).await.unwrap();
        tx.commit().await.unwrap();
        let shown = async || {
            let path = format!("/api/users/{}/presence", ours.owner.user);
            app.get(&path, &ours.manager).await.body["data"]["status"].clone()
        };
        assert_eq!(shown().await, "online");
        app.app.start_work().await.unwrap();
        app.clock.advance(Duration::from_secs(60)).await;
        assert_eq!(shown().await, "offline");
        initiate(app, &ours.manager, ours.owner.user).await.is_refused(409, "USER_OFFLINE");
        // Who comes back is there again.
        presence::has_come(&app.app, ours.scope, ours.owner.user, "another").await.unwrap();
        assert_eq!(shown().await, "online");
    }

    async fn who_is_blocked_calls_as_if_nobody_were_there(app) {
        let world = at_their_desks(app).await;
        let (owner, manager, agent) = (&world.ours.owner, &world.ours.manager, &world.ours.agent);
        let block = format!("/api/users/blocked/{}", manager.user);
        app.put(&block, owner, json!({})).await.data(200);
        initiate(app, manager, owner.user).await.is_refused(409, "USER_OFFLINE");
        let told = world.ours.scope.find::<outbox::Entity>().filter(outbox::Column::Event.eq("call:incoming"));
        assert_eq!(told.count(app.app.db.reader()).await.unwrap(), 0, "nothing rings");
        // Who has blocked is heard by the other, and others are by both.
        let call = made(app, owner, manager.user).await;
        act(app, owner, call, "end", json!({})).await;
        let call = made(app, manager, agent.user).await;
        act(app, manager, call, "end", json!({})).await;
        app.delete(&block, owner).await.data(200);
        let call = made(app, manager, owner.user).await;
        assert_eq!(status(app, &world, call).await, PeerStatus::Ringing);
    }

    async fn a_call_of_who_is_blocked_stands_among_the_callers_alone(app) {
        let world = at_their_desks(app).await;
        let (manager, agent) = (&world.ours.manager, &world.ours.agent);
        let block = format!("/api/users/blocked/{}", manager.user);
        app.put(&block, agent, json!({})).await.data(200);
        initiate(app, manager, agent.user).await.is_refused(409, "USER_OFFLINE");
        app.clock.advance(Duration::from_secs(1)).await;
        let made = app.get("/api/calls/history", manager).await.data(200).clone();
        let (call, peer) = (&made[0]["id"], &made[0]["peer"]);
        assert_eq!((&peer["status"], &peer["receiverId"]), (&json!("missed"), &json!(agent.user)));
        assert_eq!(peer["participants"][1]["state"], "missed");
        let seen = async |what: &str| app.get(&format!("/api/calls/{what}"), agent).await.data(200).clone();
        let missed = seen("missed").await;
        assert_eq!((&missed["missedCalls"], &missed["unseenCount"]), (&json!([]), &json!(0)));
        assert_eq!(seen("history").await, json!([]));
        assert_eq!(seen("analytics").await["calls"]["totalCalls"], 0);
        assert_eq!(seen("stats").await["stats"]["missedCalls"], 0);
        assert_eq!(app.get("/api/calls", agent).await.data(200), &json!([]));
        app.get(&format!("/api/calls/{}", call.as_str().unwrap()), agent).await.is_refused(404, "CALL_NOT_FOUND");
        // What comes after that is seen.
        app.delete(&block, agent).await.data(200);
        let call = self::made(app, manager, agent.user).await;
        act(app, manager, call, "end", json!({})).await;
        app.clock.advance(Duration::from_secs(1)).await;
        let missed = seen("missed").await;
        assert_eq!((&missed["missedCalls"][0]["call"]["id"], &missed["unseenCount"]), (&json!(call), &json!(1)));
        assert_eq!(seen("history").await.as_array().unwrap().len(), 1);
        assert_eq!(seen("analytics").await["calls"]["missedCalls"], 1);
        assert_eq!(app.get("/api/calls/stats", manager).await.data(200)["stats"]["madeCalls"], 2);
    }

    async fn a_call_ends_with_the_last_word_of_who_took_it_over_rest_and_has_no_device_left(app) {
        let world = at_their_desks(app).await;
        let (ours, user) = (&world.ours, world.ours.owner.user);
        let call = made(app, &ours.manager, user).await;
        act(app, &ours.owner, call, "accept", json!({})).await;
        presence::has_left(&app.app, ours.scope, user, &format!("of-{}", user.0.simple())).await.unwrap();
        app.app.start_work().await.unwrap();
        app.clock.advance(Duration::from_secs(10)).await;
        assert_eq!(status(app, &world, call).await, PeerStatus::Active);
        app.clock.advance(Duration::from_secs(15)).await;
        assert_eq!(status(app, &world, call).await, PeerStatus::Ended);
    }
}

#[tokio::test]
async fn ice_servers_come_with_credentials_of_limited_time_and_groups_have_a_limit() {
    let settings = [
        ("ice_urls", "stun:turn.example.com, turn:turn.example.com:3478?transport=udp"),
        ("turn_secret", "north"),
        ("turn_expires_in", "1h"),
        ("group_call_limit", "2"),
    ];
    let app = TestApp::with(Backend::Sqlite, &settings).await.expect("SQLite is always there");
    let world = at_their_desks(&app).await;
    let ours = &world.ours;
    let answer = app.get("/api/calls/ice-servers", &ours.agent).await;
    let servers = answer.body["data"]["iceServers"].as_array().unwrap();
    assert_eq!(servers[0], json!({ "urls": ["stun:turn.example.com"] }));
    let until = app.clock.now().timestamp() + 3600;
    assert_eq!(servers[1]["username"], format!("{until}:{}", ours.agent.user.0.simple()));
    assert_eq!(servers[1]["credential"].as_str().unwrap().len(), 28);
    let group = json!({ "toUserIds": [ours.owner.user, ours.agent.user] });
    app.post("/api/calls/initiate", &ours.manager, group).await.is_refused(409, "GROUP_FULL");
    app.close().await;
}

#[tokio::test]
async fn a_group_above_the_mesh_meets_in_a_channel_of_agora() {
    for version in ["007", "006"] {
        let [id, certificate] = AGORA;
        let settings = [("group_call_limit", "2"), id, certificate, ("agora_token_version", version)];
        let app = TestApp::with(Backend::Sqlite, &settings).await.expect("SQLite is always there");
        let world = at_their_desks(&app).await;
        let ours = &world.ours;
        let group = json!({ "toUserIds": [ours.owner.user, ours.agent.user], "callType": "video" });
        let begun = app.post("/api/calls/initiate", &ours.manager, group).await;
        let mut all = vec![begun.data(201).clone()];
        let call = all[0]["callId"].as_str().unwrap().parse().unwrap();
        for person in [&ours.owner, &ours.agent] {
            all.push(act(&app, person, call, "accept", json!({})).await.data(200).clone());
        }
        for one in &all {
            assert!(one["agoraToken"].as_str().unwrap().starts_with(version), "{one}");
            assert_eq!(one["agora"]["channelName"], all[0]["agora"]["channelName"]);
        }
        let uids: BTreeSet<_> = all.iter().map(|one| one["agora"]["uid"].as_u64().unwrap()).collect();
        assert_eq!(uids.len(), 3, "each has a number of his own in it");
        app.close().await;
    }
}
