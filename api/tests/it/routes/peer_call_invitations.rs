//! Colleagues are added to a call that goes on: what is promised beside what `tests/node/calls-002.test.mjs` tells.

use std::time::Duration;

use calldocker::error::{Code, Error};
use calldocker::peer_calls::{self, Device};
use calldocker::store::queueing;
use entity::id::{CallId, UserId};
use entity::{PartyState, PeerStatus, agent_slot, outbox, peer_call_participant};
use reqwest::StatusCode;
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use super::peer_calls::{act, at_their_desks, made, status};
use crate::peer_calls::AGORA;
use crate::support::{Answer, Backend, Person, TestApp, World, on_both_databases, peers};

/// The first has called the second, and they talk.
async fn talking(app: &TestApp, first: &Person, second: &Person) -> CallId {
    let call = made(app, first, second.user).await;
    act(app, second, call, "accept", json!({})).await.data(200);
    call
}

async fn add(app: &TestApp, by: &Person, call: CallId, users: &[UserId]) -> Answer {
    act(app, by, call, "participants", json!({ "userIds": users })).await
}

async fn add_one(app: &TestApp, by: &Person, call: CallId, user: UserId) -> Answer {
    add(app, by, call, &[user]).await
}

/// What became of each, in the order of their ids.
fn outcomes(answer: &Answer) -> Vec<(UserId, String)> {
    let invited = answer.data(200)["invited"].as_array().unwrap().clone();
    let one = |one: &Value| {
        (one["userId"].as_str().unwrap().parse().unwrap(), one["status"].as_str().unwrap().to_owned())
    };
    invited.iter().map(one).collect()
}

/// What became of the only one.
fn outcome(answer: &Answer) -> String {
    let [(_, status)] = outcomes(answer).try_into().unwrap();
    status
}

/// What was told under this name, in its order.
async fn told(app: &TestApp, world: &World, event: &str) -> Vec<outbox::Model> {
    let rows = world.ours.scope.find::<outbox::Entity>().filter(outbox::Column::Event.eq(event));
    rows.order_by_asc(outbox::Column::Seq).all(app.app.db.reader()).await.unwrap()
}

async fn party(app: &TestApp, world: &World, call: CallId, user: UserId) -> peer_call_participant::Model {
    let rows = world.ours.scope.find::<peer_call_participant::Entity>();
    let rows = rows.filter(peer_call_participant::Column::CallId.eq(call));
    let row =
        rows.filter(peer_call_participant::Column::UserId.eq(user)).one(app.app.db.reader()).await.unwrap();
    row.expect("he has a part in it")
}

async fn live(app: &TestApp, world: &World) -> Vec<peer_call_participant::Model> {
    let rows =
        world.ours.scope.find::<peer_call_participant::Entity>().all(app.app.db.reader()).await.unwrap();
    rows.into_iter().filter(|row| row.state.is_live()).collect()
}

async fn slots(app: &TestApp, world: &World) -> u64 {
    world.ours.scope.find::<agent_slot::Entity>().count(app.app.db.reader()).await.unwrap()
}

async fn all_hang_up(app: &TestApp, world: &World) {
    for row in live(app, world).await {
        let gone = peer_calls::hang_up(
            &app.app,
            world.ours.scope,
            row.user_id,
            row.call_id,
            Device::default(),
            None,
        );
        gone.await.unwrap();
    }
}

on_both_databases! {
    async fn a_call_of_two_becomes_a_group_and_who_is_added_takes_it_or_not(app) {
        let world = at_their_desks(app).await;
        let (ours, zoe) = (&world.ours, &world.ours.chats.colleague);
        app.app.start_work().await.unwrap();
        let call = made(app, &ours.owner, ours.manager.user).await;
        add(app, &ours.owner, call, &[zoe.user]).await.is_refused(409, "CALL_NOT_CONNECTED");
        add(app, &ours.manager, call, &[zoe.user]).await.is_refused(409, "CALL_NOT_CONNECTED");
        act(app, &ours.manager, call, "accept", json!({})).await.data(200);
        let shown = async || app.get(&format!("/api/calls/{call}"), &ours.owner).await.data(200)["peer"].clone();
        assert_eq!(shown().await["receiverId"], json!(ours.manager.user));

        // Who was called adds two.
        let added = add(app, &ours.manager, call, &[ours.agent.user, zoe.user, zoe.user]).await;
        let mut both = [ours.agent.user, zoe.user];
        both.sort();
        assert_eq!(outcomes(&added), both.map(|user| (user, "ringing".to_owned())));
        let rings = told(app, &world, "call:incoming").await.split_off(1);
        assert_eq!(rings.len(), 2);
        for ring in &rings {
            assert_eq!((&ring.payload["from"]["id"], &ring.payload["group"]), (&json!(ours.manager.user), &json!(true)));
        }
        let invited = told(app, &world, "call:participant-invited").await;
        assert_eq!(invited.len(), 4, "both in the call are told of both");
        assert_eq!((&invited[3].payload["userId"], &invited[3].payload["by"]), (&json!(both[1]), &json!(ours.manager.user)));
        assert_eq!((&shown().await["group"], &shown().await["receiverId"]), (&json!(true), &Value::Null));
        assert_eq!(slots(app, &world).await, 2);
        // A device that was woken for it rings, too.
        let woken = peer_calls::ringing_for(&app.app, ours.scope, zoe.user).await.unwrap().unwrap();
        assert_eq!(woken.incoming.unwrap()["from"]["id"], json!(ours.manager.user));
        // Who rings adds nobody.
        add(app, zoe, call, &[ours.agent.user]).await.is_refused(409, "CALL_NOT_CONNECTED");

        act(app, &ours.agent, call, "accept", json!({})).await.data(200);
        assert_eq!(told(app, &world, "call:participant-joined").await.last().unwrap().payload["userId"], json!(ours.agent.user));
        let elsewhere = told(app, &world, "call:ended").await;
        assert_eq!(elsewhere.last().unwrap().payload["reason"], "answered_elsewhere");
        act(app, zoe, call, "reject", json!({})).await.data(200);
        let left = told(app, &world, "call:participant-left").await.last().unwrap().payload.clone();
        assert_eq!((&left["userId"], &left["reason"]), (&json!(zoe.user), &json!("declined")));
        // Once more, in vain: it ends for her alone.
        app.clock.advance(Duration::from_secs(30)).await;
        assert_eq!(outcome(&add(app, &ours.agent, call, &[zoe.user]).await), "ringing");
        app.clock.advance(Duration::from_secs(59)).await;
        assert_eq!(party(app, &world, call, zoe.user).await.state, PartyState::Ringing);
        app.clock.advance(Duration::from_secs(2)).await;
        assert_eq!(party(app, &world, call, zoe.user).await.state, PartyState::Missed);
        assert_eq!((status(app, &world, call).await, slots(app, &world).await), (PeerStatus::Active, 1));
        let left = told(app, &world, "call:participant-left").await.last().unwrap().payload.clone();
        assert_eq!((&left["userId"], &left["reason"]), (&json!(zoe.user), &json!("no_answer")));
        let missed = app.get("/api/calls/missed", zoe).await.data(200)["missedCalls"].clone();
        assert_eq!(missed[0]["call"]["id"], json!(call));

        // It goes on while two are in it.
        act(app, &ours.owner, call, "end", json!({})).await.data(200);
        assert_eq!(status(app, &world, call).await, PeerStatus::Active);
        add(app, &ours.owner, call, &[zoe.user]).await.is_refused(409, "CALL_IS_OVER");
        act(app, &ours.agent, call, "end", json!({})).await.data(200);
        assert_eq!((status(app, &world, call).await, slots(app, &world).await), (PeerStatus::Ended, 0));
        add(app, &ours.manager, call, &[zoe.user]).await.is_refused(409, "CALL_IS_OVER");
        let story = app.get(&format!("/api/calls/{call}/events"), &ours.owner).await.data(200).clone();
        let added: Vec<_> = story.as_array().unwrap().iter().filter(|line| line["kind"] == "peer.invited").collect();
        assert_eq!(added.len(), 2);
        assert_eq!(added[0]["data"], json!({ "by": ours.manager.user, "users": both }));
    }

    async fn of_who_cannot_be_called_no_more_is_told_than_to_who_calls_him(app) {
        let world = at_their_desks(app).await;
        let (ours, zoe) = (&world.ours, &world.ours.chats.colleague);
        let body = json!({ "toUserId": ours.agent.user, "callType": "video" });
        let answer = app.post("/api/calls/initiate", &ours.manager, body).await;
        let call: CallId = answer.data(201)["callId"].as_str().unwrap().parse().unwrap();
        act(app, &ours.agent, call, "accept", json!({})).await.data(200);

        let block = format!("/api/users/blocked/{}", ours.manager.user);
        app.put(&block, &ours.owner, json!({})).await.data(200);
        assert_eq!(outcome(&add(app, &ours.manager, call, &[ours.owner.user]).await), "offline");
        assert_eq!(told(app, &world, "call:incoming").await.len(), 1, "nothing rings");
        let missed = async || app.get("/api/calls/missed", &ours.owner).await.data(200)["missedCalls"].clone();
        assert_eq!(missed().await, json!([]));
        let shown = app.get(&format!("/api/calls/{call}"), &ours.manager).await.data(200)["peer"].clone();
        assert_eq!((&shown["group"], &shown["receiverId"]), (&json!(false), &json!(ours.agent.user)), "nobody was added");
        assert_eq!((&shown["participants"][2]["userId"], &shown["participants"][2]["state"]), (&json!(ours.owner.user), &json!("missed")));
        // Others of the call may call him.
        assert_eq!(outcome(&add(app, &ours.agent, call, &[ours.owner.user]).await), "ringing");
        act(app, &ours.owner, call, "reject", json!({ "reason": "busy" })).await.data(200);
        assert_eq!(missed().await[0]["call"]["id"], json!(call));
        // What he has missed he has missed, whoever calls him then.
        assert_eq!(outcome(&add(app, &ours.manager, call, &[ours.owner.user]).await), "offline");
        assert_eq!(missed().await[0]["call"]["id"], json!(call));
        app.delete(&block, &ours.owner).await.data(200);

        let set = async |body: Value| app.put("/api/settings/user/calls", zoe, body).await.data(200).clone();
        set(json!({ "allowVideoCalls": false })).await;
        assert_eq!(outcome(&add(app, &ours.manager, call, &[zoe.user]).await), "video_not_allowed");
        set(json!({ "allowVideoCalls": true, "blockUnknownCallers": true })).await;
        assert_eq!(outcome(&add(app, &ours.manager, call, &[zoe.user]).await), "blocked");
        set(json!({ "blockUnknownCallers": false })).await;
        // Those two have another call, and the others go on.
        let other = made(app, &ours.owner, zoe.user).await;
        let busy = outcomes(&add(app, &ours.agent, call, &[ours.owner.user, zoe.user, ours.manager.user]).await);
        let mut expected = [(ours.owner.user, "busy"), (zoe.user, "busy"), (ours.manager.user, "joined")];
        expected.sort();
        assert_eq!(busy, expected.map(|(user, status)| (user, status.to_owned())));
        assert_eq!(status(app, &world, other).await, PeerStatus::Ringing);
        assert_eq!(party(app, &world, call, zoe.user).await.state, PartyState::Busy);

        // Nobody else is there, and for nobody else there is this call.
        let nobody: UserId = app.app.ids.next();
        for user in [world.theirs.owner.user, ours.former, nobody] {
            add(app, &ours.manager, call, &[user]).await.is_refused(404, "USER_NOT_FOUND");
        }
        let another = app.app.ids.next();
        for (by, call) in [(&world.theirs.owner, call), (&ours.agent, other), (&ours.manager, another)] {
            add(app, by, call, &[ours.idle]).await.is_refused(404, "CALL_NOT_FOUND");
        }
        for (users, status) in [([].as_slice(), 400), (&[ours.manager.user], 422)] {
            let refused = add(app, &ours.manager, call, users).await;
            assert_eq!(refused.is_refused(status, "VALIDATION_FAILED").wrong_fields(), ["/userIds"]);
        }
    }

    async fn an_agent_with_a_customer_is_busy_to_who_adds_him(app) {
        let world = World::create(app).await;
        let ours = &world.ours;
        let tx = app.app.db.begin().await.unwrap();
        for user in [ours.owner.user, ours.manager.user, ours.agent.user] {
            peers::is_there(ours.scope, &tx, user, app).await;
        }
        tx.commit().await.unwrap();
        let before = slots(app, &world).await;
        let call = talking(app, &ours.owner, &ours.manager).await;
        assert_eq!(outcome(&add(app, &ours.owner, call, &[ours.agent.user]).await), "busy");
        assert_eq!((party(app, &world, call, ours.agent.user).await.state, slots(app, &world).await), (PartyState::Busy, before));
        let missed = app.get("/api/calls/missed", &ours.agent).await.data(200)["missedCalls"].clone();
        assert!(missed.as_array().unwrap().iter().any(|one| one["call"]["id"] == json!(call)), "{missed}");
    }

    async fn whoever_has_left_is_called_back_and_his_time_in_it_stays(app) {
        let world = at_their_desks(app).await;
        let (ours, zoe) = (&world.ours, &world.ours.chats.colleague);
        app.app.start_work().await.unwrap();
        let call = talking(app, &ours.manager, &ours.owner).await;
        add(app, &ours.owner, call, &[ours.agent.user, zoe.user]).await.data(200);
        for one in [&ours.agent, zoe] {
            act(app, one, call, "accept", json!({})).await.data(200);
        }
        app.clock.advance(Duration::from_secs(100)).await;
        for one in [&ours.manager, &ours.agent] {
            act(app, one, call, "end", json!({})).await.data(200);
        }
        app.clock.advance(Duration::from_secs(100)).await;
        // Who has called answers like anybody; the other one does not.
        let (manager, agent) = (ours.manager.user, ours.agent.user);
        let back = outcomes(&add(app, zoe, call, &[manager, agent]).await);
        assert!(back.iter().all(|(_, status)| status == "ringing"), "{back:?}");
        let woken = peer_calls::ringing_for(&app.app, ours.scope, manager).await.unwrap().unwrap();
        assert_eq!(woken.incoming.unwrap()["from"]["id"], json!(zoe.user));
        for _ in 0..2 {
            act(app, &ours.manager, call, "accept", json!({})).await.data(200);
        }
        app.clock.advance(Duration::from_secs(61)).await;
        let row = party(app, &world, call, agent).await;
        assert_eq!((row.state, (row.left_at.unwrap() - row.joined_at.unwrap()).num_seconds()), (PartyState::Missed, 100));
        let stats = app.get("/api/calls/stats", &ours.agent).await.data(200)["stats"].clone();
        assert_eq!((&stats["totalDuration"], &stats["missedCalls"]), (&json!(100), &json!(1)));
        assert_eq!(party(app, &world, call, manager).await.state, PartyState::Joined);
        let held = queueing::slots_of(ours.scope, app.app.db.reader(), &[ours.agent.agent.unwrap()]).await.unwrap();
        assert!(held.is_empty());
        all_hang_up(app, &world).await;
        assert_eq!((status(app, &world, call).await, slots(app, &world).await), (PeerStatus::Ended, 0));
    }

    async fn two_who_add_the_same_colleague_at_once_have_him_rung_once(app) {
        let world = at_their_desks(app).await;
        let (ours, zoe) = (&world.ours, &world.ours.chats.colleague);
        let call = talking(app, &ours.manager, &ours.owner).await;
        for round in 1..=4 {
            let (first, second) = tokio::join!(
                add_one(app, &ours.manager, call, zoe.user),
                add_one(app, &ours.owner, call, zoe.user),
            );
            assert_eq!((outcome(&first), outcome(&second)), ("ringing".to_owned(), "ringing".to_owned()));
            assert_eq!(told(app, &world, "call:incoming").await.len(), 1 + round);
            assert_eq!((live(app, &world).await.len(), slots(app, &world).await), (3, 1));
            act(app, zoe, call, "reject", json!({})).await.data(200);
            assert_eq!(slots(app, &world).await, 0);
        }
    }

    async fn who_is_called_by_somebody_else_at_the_same_moment_has_one_call(app) {
        let world = at_their_desks(app).await;
        let (ours, zoe) = (&world.ours, &world.ours.chats.colleague);
        for round in 0..4 {
            let call = talking(app, &ours.manager, &ours.owner).await;
            // For the first time, and anew.
            if round % 2 == 1 {
                assert_eq!(outcome(&add_one(app, &ours.manager, call, zoe.user).await), "ringing");
                act(app, zoe, call, "reject", json!({})).await.data(200);
            }
            let body = json!({ "toUserId": zoe.user });
            let (added, called) = tokio::join!(
                add_one(app, &ours.manager, call, zoe.user),
                app.post("/api/calls/initiate", &ours.agent, body),
            );
            let hers: Vec<_> = live(app, &world).await.into_iter().filter(|row| row.user_id == zoe.user).collect();
            assert_eq!(hers.len(), 1, "{} {}", added.text, called.text);
            let expected = if hers[0].call_id == call { ("ringing", 409) } else { ("busy", 201) };
            assert_eq!((outcome(&added).as_str(), called.status.as_u16()), expected, "{}", called.text);
            all_hang_up(app, &world).await;
            assert_eq!(slots(app, &world).await, 0);
        }
    }

    async fn nothing_rings_on_when_the_call_ends_while_somebody_is_added(app) {
        let world = at_their_desks(app).await;
        let (ours, zoe) = (&world.ours, &world.ours.chats.colleague);
        for _ in 0..4 {
            let call = talking(app, &ours.manager, &ours.owner).await;
            let (added, first, second) = tokio::join!(
                add_one(app, &ours.manager, call, zoe.user),
                act(app, &ours.owner, call, "end", json!({})),
                act(app, &ours.manager, call, "end", json!({})),
            );
            assert_eq!((first.status, second.status), (StatusCode::OK, StatusCode::OK));
            match added.status {
                StatusCode::OK => assert_eq!(outcome(&added), "ringing"),
                _ => drop(added.is_refused(409, "CALL_IS_OVER")),
            }
            assert_eq!((status(app, &world, call).await, live(app, &world).await, slots(app, &world).await), (PeerStatus::Ended, vec![], 0));
        }
    }
}

#[tokio::test]
async fn a_mesh_that_is_full_takes_nobody_more_though_two_add_at_once() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(app) = TestApp::with(backend, &[("group_call_limit", "3")]).await else { continue };
        let world = at_their_desks(&app).await;
        let (ours, zoe) = (&world.ours, &world.ours.chats.colleague);
        let call = talking(&app, &ours.manager, &ours.owner).await;
        add(&app, &ours.manager, call, &[ours.agent.user, zoe.user]).await.is_refused(409, "GROUP_FULL");
        assert_eq!(live(&app, &world).await.len(), 2, "none of them is called");
        let (first, second) = tokio::join!(
            add_one(&app, &ours.manager, call, ours.agent.user),
            add_one(&app, &ours.owner, call, zoe.user),
        );
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [StatusCode::OK, StatusCode::CONFLICT], "{} {}", first.text, second.text);
        let (refused, came) =
            if first.status == StatusCode::CONFLICT { (first, zoe) } else { (second, &ours.agent) };
        refused.is_refused(409, "GROUP_FULL");
        act(&app, came, call, "accept", json!({})).await.data(200);
        // Whose place somebody else has does not come back before one is free.
        act(&app, &ours.owner, call, "end", json!({})).await.data(200);
        let other = if came.user == zoe.user { &ours.agent } else { zoe };
        assert_eq!(outcome(&add(&app, &ours.manager, call, &[other.user]).await), "ringing");
        let back = async || {
            let joined =
                peer_calls::join(&app.app, ours.scope, ours.owner.user, call, Device::default()).await;
            joined.map(|(_, members)| members.len()).map_err(|error| match error {
                Error::Conflict { code, .. } => code,
                other => panic!("{other:?}"),
            })
        };
        assert_eq!(back().await, Err(Code::GroupFull));
        act(&app, other, call, "reject", json!({})).await.data(200);
        assert_eq!(back().await, Ok(2));
        all_hang_up(&app, &world).await;
        assert_eq!(slots(&app, &world).await, 0);
        app.close().await;
    }
}

#[tokio::test]
async fn a_channel_of_agora_takes_more_than_a_mesh_and_a_mesh_says_what_to_do() {
    let [id, certificate] = AGORA;
    let settings = [("group_call_limit", "2"), id, certificate];
    let app = TestApp::with(Backend::Sqlite, &settings).await.expect("SQLite is always there");
    let world = at_their_desks(&app).await;
    let (ours, zoe) = (&world.ours, &world.ours.chats.colleague);
    let call = talking(&app, &ours.manager, &ours.owner).await;
    assert_eq!(outcomes(&add(&app, &ours.owner, call, &[zoe.user, ours.agent.user]).await).len(), 2);
    let taken = act(&app, zoe, call, "accept", json!({})).await.data(200).clone();
    assert!(taken["agoraToken"].is_string(), "{taken}");
    all_hang_up(&app, &world).await;

    let description = |kind: &str| json!({ "type": kind, "sdp": "v=0" });
    let body = json!({ "toUserId": ours.owner.user, "offer": description("offer") });
    let answer = app.post("/api/calls/initiate", &ours.manager, body).await;
    let mesh: CallId = answer.data(201)["callId"].as_str().unwrap().parse().unwrap();
    act(&app, &ours.owner, mesh, "accept", json!({ "answer": description("answer") })).await.data(200);
    let full = add(&app, &ours.manager, mesh, &[zoe.user]).await;
    full.is_refused(409, "GROUP_FULL");
    assert!(full.text.contains("call all of them anew"), "{}", full.text);
    app.close().await;
}
