//! /api/calls: filters, pages, tags; and the own history

use calldocker::store::call_marks;
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::CallId;
use entity::{CallKind, CallOutcome, CallStatus, OfferState, call, offer, offer_round, queue_entry, segment};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::{Answer, Company, Person, TestApp, World, on_both_databases};

/// Changes one call past the API.
async fn change(app: &TestApp, company: &Company, id: CallId, changes: call::ActiveModel) {
    let tx = app.app.db.begin().await.unwrap();
    company.scope.update::<call::Entity, _>(&tx, id, changes).await.unwrap();
    tx.commit().await.unwrap();
}

/// Seven calls of a week ago that nobody had, a minute apart; the oldest first.
async fn seven_calls(app: &TestApp, company: &Company) -> Vec<CallId> {
    let begin = app.clock.now() - TimeDelta::days(7);
    let mut ids = Vec::new();
    let tx = app.app.db.begin().await.unwrap();
    for minute in 0..7 {
        let id: CallId = app.app.ids.next();
        let at = begin + TimeDelta::minutes(minute);
        let row = call::Model {
            status: CallStatus::Completed,
            outcome: Some(if minute < 2 { CallOutcome::Voicemail } else { CallOutcome::Abandoned }),
            account_sid: crate::support::OUR_ACCOUNT.to_owned(),
            provider_sid: format!("CA{}", id.0.simple()),
            queue_id: Some(company.second_queue),
            notes: (minute == 3).then(|| "Asked about the 100% Discount_1.".to_owned()),
            ended_at: Some(at),
            ..call::Model::begun(
                id,
                company.id,
                if minute == 0 { CallKind::Outbound } else { CallKind::Inbound },
                (format!("+4930777{minute:03}"), "+4930123456".to_owned()),
                at,
            )
        };
        company.scope.insert::<call::Entity, _>(&tx, row).await.unwrap();
        ids.push(id);
    }
    tx.commit().await.unwrap();
    ids
}

fn ids(answer: &Answer) -> Vec<CallId> {
    let rows = answer.data(200).as_array().unwrap();
    rows.iter().map(|row| row["id"].as_str().unwrap().parse().unwrap()).collect()
}

fn picked(all: &[CallId], which: &[usize]) -> Vec<CallId> {
    which.iter().map(|index| all[*index]).collect()
}

fn encoded(at: DateTime<Utc>) -> String {
    at.to_rfc3339().replace('+', "%2B")
}

/// `agent` was rung by this call in vain.
async fn rang_in_vain(app: &TestApp, company: &Company, id: CallId, agent: &Person) {
    let (scope, now) = (company.scope, app.clock.now());
    let tx = app.app.db.begin().await.unwrap();
    // The rows of a visit and of a round are taken over from the call that is being offered.
    let db = app.app.db.reader();
    let offered = scope.find::<offer::Entity>().filter(offer::Column::Id.eq(company.calls.offer));
    let offered = offered.one(db).await.unwrap().unwrap();
    let round = scope.find_by_id::<offer_round::Entity>(offered.round_id).one(db).await.unwrap().unwrap();
    let entry =
        scope.find_by_id::<queue_entry::Entity>(offered.queue_entry_id).one(db).await.unwrap().unwrap();
    let entry = queue_entry::Model {
        id: app.app.ids.next(),
        call_id: id,
        outcome: Some(entity::EntryOutcome::Abandoned),
        left_at: Some(now),
        ..entry
    };
    let round = offer_round::Model {
        id: app.app.ids.next(),
        queue_entry_id: entry.id,
        closed_at: Some(now),
        ..round
    };
    let offer = offer::Model {
        id: app.app.ids.next(),
        call_id: id,
        round_id: round.id,
        queue_entry_id: entry.id,
        agent_id: agent.agent.unwrap(),
        state: OfferState::NoAnswer,
        settled_at: Some(now),
        ..offered
    };
    scope.insert::<queue_entry::Entity, _>(&tx, entry).await.unwrap();
    scope.insert::<offer_round::Entity, _>(&tx, round).await.unwrap();
    scope.insert::<offer::Entity, _>(&tx, offer).await.unwrap();
    tx.commit().await.unwrap();
}

on_both_databases! {
    async fn calls_are_found_by_what_is_known_of_them(app) {
        let world = World::create(app).await;
        let (ours, manager) = (&world.ours, &world.ours.manager);
        let all = seven_calls(app, ours).await;
        let begin = app.clock.now() - TimeDelta::days(7);
        let before = encoded(begin + TimeDelta::hours(1));
        let version = sea_orm::Set(Some(ours.flow_version));
        change(app, ours, all[5], call::ActiveModel { flow_version_id: version, ..Default::default() }).await;
        app.put(&format!("/api/calls/{}", all[2]), manager, json!({ "tags": ["vip", " late "] })).await.data(200);
        let of = |what: &str| format!("/api/calls?to={before}&{what}");
        for (what, which) in [
            ("status=completed", vec![6, 5, 4, 3, 2, 1, 0]),
            ("status=queued", vec![]),
            ("direction=outbound", vec![0]),
            ("type=outbound", vec![0]),
            ("outcome=voicemail", vec![1, 0]),
            (&format!("queueId={}", ours.second_queue), vec![6, 5, 4, 3, 2, 1, 0]),
            (&format!("queueId={}", ours.queue), vec![]),
            ("number=%2B49%2030%20777-004", vec![4]),
            ("number=%2B4930123456&outcome=voicemail", vec![1, 0]),
            ("tag=vip", vec![2]),
            ("tag=late", vec![2]),
            ("tag=vi", vec![]),
            ("text=DISCOUNT", vec![3]),
            ("text=discount_1%20100%25", vec![3]),
            ("text=discountx1", vec![]),
            ("text=777005", vec![5]),
            (&format!("flowId={}", ours.flow), vec![5]),
            (&format!("flowId={}", ours.draft_flow), vec![]),
            (&format!("attribution=contact_driven&from={}", encoded(begin + TimeDelta::minutes(5))), vec![6, 5]),
            ("sort=startedAt&outcome=voicemail", vec![0, 1]),
            (&format!("from={}", encoded(begin + TimeDelta::minutes(5))), vec![6, 5]),
        ] {
            assert_eq!(ids(&app.get(&of(what), manager).await), picked(&all, &which), "{what}");
        }
        let agent = app.get(&format!("/api/calls?agentId={}", ours.agent.agent.unwrap()), manager).await;
        assert_eq!(ids(&agent).len(), 3);
        assert!(ids(&app.get(&of("status=completed"), &ours.agent).await).is_empty(), "none of these was his");
        assert!(ids(&app.get(&of("tag=vip"), &world.theirs.manager).await).is_empty());
        let refused = app.get(&format!("/api/calls?from={before}&to={before}"), manager).await;
        assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["to"]);
        app.get("/api/calls?outcome=nonsense", manager).await.is_refused(400, "INVALID_PARAMETER");
    }

    async fn a_list_is_read_on_by_cursor_or_page_by_page(app) {
        let world = World::create(app).await;
        let (ours, manager) = (&world.ours, &world.ours.manager);
        let all = seven_calls(app, ours).await;
        // Two that began at the same moment are told apart by their ids.
        let same = app.clock.now() - TimeDelta::days(7) + TimeDelta::minutes(4);
        change(app, ours, all[3], call::ActiveModel { started_at: sea_orm::Set(same), ..Default::default() }).await;
        for (sort, order) in [("-startedAt", [6, 5, 4, 3, 2, 1, 0]), ("startedAt", [0, 1, 2, 3, 4, 5, 6])] {
            let (mut read, mut cursor) = (Vec::new(), String::new());
            loop {
                let path = format!("/api/calls?status=completed&sort={sort}&limit=3{cursor}");
                let answer = app.get(&path, manager).await;
                assert!(answer.body["pagination"].is_null());
                read.extend(ids(&answer));
                match answer.body["nextCursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(read, picked(&all, &order), "{sort}");
        }
        let second = app.get("/api/calls?status=completed&page=2&limit=3", manager).await;
        assert_eq!(ids(&second), picked(&all, &[3, 2, 1]));
        assert_eq!(second.body["pagination"], json!({ "page": 2, "limit": 3, "total": 7, "pages": 3 }));
        let next = second.body["nextCursor"].as_str().unwrap();
        let rest = app.get(&format!("/api/calls?status=completed&cursor={next}"), manager).await;
        assert_eq!(ids(&rest), picked(&all, &[0]), "a page can be read on by cursor");
        let both = app.get(&format!("/api/calls?page=2&cursor={next}"), manager).await;
        assert_eq!(both.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["cursor"]);
        app.get("/api/calls?cursor=garbage", manager).await.is_refused(422, "VALIDATION_FAILED");
    }

    async fn tags_are_each_kept_once_and_replaced_as_a_whole(app) {
        let world = World::create(app).await;
        let (agent, id) = (&world.ours.agent, world.ours.calls.wrap_up);
        let path = format!("/api/calls/{id}");
        let put = app.put(&path, agent, json!({ "tags": ["b", " a", "b "], "notes": "x" })).await;
        assert_eq!((&put.data(200)["tags"], &put.data(200)["notes"]), (&json!(["a", "b"]), &json!("x")));
        assert_eq!(app.put(&path, agent, json!({ "notes": "y" })).await.data(200)["tags"], json!(["a", "b"]));
        assert_eq!(app.put(&path, agent, json!({ "tags": ["c"] })).await.data(200)["tags"], json!(["c"]));
        assert_eq!(app.get(&path, agent).await.data(200)["tags"], json!(["c"]));
        let empty = app.put(&path, agent, json!({ "tags": ["c", " "] })).await;
        assert_eq!(empty.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/tags/1"]);
        let many: Vec<_> = (0..21).map(|n| n.to_string()).collect();
        let many = app.put(&path, agent, json!({ "tags": many })).await;
        assert_eq!(many.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/tags"]);
        let long = app.put(&path, agent, json!({ "tags": ["x".repeat(101)] })).await;
        assert_eq!(long.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/tags/0"]);
        let tags = call_marks::tags(world.ours.scope, app.app.db.reader(), &[id]).await.unwrap();
        assert_eq!(tags[&id], ["c"]);
    }

    async fn an_agent_hides_a_call_from_himself_alone(app) {
        let world = World::create(app).await;
        let (agent, manager, id) = (&world.ours.agent, &world.ours.manager, world.ours.calls.wrap_up);
        for history in ["/api/calls/history", "/api/call/history"] {
            assert!(ids(&app.get(history, agent).await).contains(&id));
        }
        app.delete(&format!("/api/calls/{id}"), agent).await.data(200);
        app.delete(&format!("/api/calls/{id}"), agent).await.data(200);
        for history in ["/api/calls/history", "/api/call/history?page=1"] {
            assert!(!ids(&app.get(history, agent).await).contains(&id));
        }
        assert!(ids(&app.get("/api/calls", agent).await).contains(&id), "it is hidden from the history only");
        app.get(&format!("/api/calls/{id}"), manager).await.data(200);
        assert!(ids(&app.get("/api/calls/history", manager).await).is_empty(), "who is no agent has had none");
        let not_his = seven_calls(app, &world.ours).await[0];
        app.delete(&format!("/api/calls/{not_his}"), agent).await.is_refused(404, "CALL_NOT_FOUND");
        app.get("/api/calls/history?limit=201", agent).await.is_refused(422, "VALIDATION_FAILED");
    }

    async fn active_calls_are_those_that_are_not_over(app) {
        let world = World::create(app).await;
        let (ours, agent) = (&world.ours, &world.ours.agent);
        let active = ids(&app.get("/api/calls/active", agent).await);
        for id in [ours.calls.offered, ours.calls.wrap_up, ours.calls.connected, ours.calls.consulting] {
            assert!(active.contains(&id), "{id}");
        }
        let over = call::ActiveModel { status: sea_orm::Set(CallStatus::Completed), ..Default::default() };
        change(app, ours, ours.calls.wrap_up, over).await;
        assert!(!ids(&app.get("/api/calls/active", agent).await).contains(&ours.calls.wrap_up));
        assert!(ids(&app.get("/api/calls/active", &ours.owner).await).is_empty());
    }

    async fn what_rang_in_vain_is_missed_until_it_is_seen(app) {
        let world = World::create(app).await;
        let (ours, agent) = (&world.ours, &world.ours.agent);
        let all = seven_calls(app, ours).await;
        for id in [all[2], all[4], ours.calls.wrap_up] {
            rang_in_vain(app, ours, id, agent).await;
        }
        let missed = async || -> (Vec<CallId>, Vec<bool>, Value) {
            let answer = app.get("/api/calls/missed", agent).await;
            let data = answer.data(200).clone();
            let rows = data["missedCalls"].as_array().unwrap().clone();
            let ids = rows.iter().map(|row| row["call"]["id"].as_str().unwrap().parse().unwrap()).collect();
            let seen = rows.iter().map(|row| row["seen"].as_bool().unwrap()).collect();
            (ids, seen, data["unseenCount"].clone())
        };
        // The call that he wraps up he had in the end.
        assert_eq!(missed().await, (vec![all[4], all[2]], vec![false, false], json!(2)));
        let not_missed = format!("/api/calls/{}/mark-seen", all[3]);
        app.post(&not_missed, agent, json!({})).await.is_refused(404, "CALL_NOT_FOUND");
        app.post(&format!("/api/calls/{}/mark-seen", all[2]), agent, json!({})).await.data(200);
        assert_eq!(missed().await, (vec![all[4], all[2]], vec![false, true], json!(1)));
        app.post("/api/calls/missed/mark-seen", agent, json!({})).await.data(200);
        assert_eq!(missed().await, (vec![all[4], all[2]], vec![true, true], json!(0)));
        rang_in_vain(app, ours, all[6], agent).await;
        assert_eq!(missed().await, (vec![all[6], all[4], all[2]], vec![false, true, true], json!(1)));
        let first = app.get("/api/calls/missed?limit=2", agent).await;
        let cursor = first.body["nextCursor"].as_str().unwrap();
        let rest = app.get(&format!("/api/calls/missed?limit=2&cursor={cursor}"), agent).await;
        assert_eq!(rest.data(200)["missedCalls"][0]["call"]["id"], json!(all[2]));
        app.delete(&format!("/api/calls/{}", all[4]), agent).await.data(200);
        assert_eq!(missed().await.0, [all[6], all[2]]);
        let nothing = json!({ "missedCalls": [], "unseenCount": 0 });
        assert_eq!(app.get("/api/calls/missed", &ours.manager).await.data(200), &nothing);
    }

    async fn an_agent_s_figures_are_of_his_own_conversations(app) {
        let world = World::create(app).await;
        let (ours, agent) = (&world.ours, &world.ours.agent);
        let now = app.clock.now();
        // Two conversations go on; one is over and is being wrapped up; all of them began now.
        let tx = app.app.db.begin().await.unwrap();
        let of_call = segment::Column::CallId.eq(ours.calls.wrap_up);
        ours.scope
            .update_many::<segment::Entity>()
            .col_expr(segment::Column::EndedAt, Expr::value(now + TimeDelta::seconds(40)))
            .col_expr(segment::Column::HoldMs, Expr::value(5_500_i64))
            .filter(of_call)
            .exec(&tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let all = seven_calls(app, ours).await;
        rang_in_vain(app, ours, all[0], agent).await;
        app.clock.advance(TimeDelta::seconds(100).to_std().unwrap()).await;
        let outbound = call::ActiveModel { kind: sea_orm::Set(CallKind::Outbound), ..Default::default() };
        change(app, ours, ours.calls.connected, outbound).await;
        let stats = app.get("/api/calls/stats?period=1d", agent).await;
        let stats = stats.data(200);
        let figures = ["answered", "outbound", "missed", "talkSeconds", "holdSeconds", "wrapUpSeconds", "averageTalkSeconds"];
        let figures = figures.map(|name| stats[name].as_i64().unwrap());
        assert_eq!(figures, [2, 1, 1, 240, 5, 60, 80]);
        assert_eq!(stats["to"], json!(app.clock.now().to_rfc3339()));
        let nothing = app.get("/api/calls/stats", &ours.owner).await;
        assert_eq!((&nothing.data(200)["answered"], nothing.data(200).get("averageTalkSeconds")), (&json!(0), None));
        for wrong in ["0d", "91d", "7", "week"] {
            app.get(&format!("/api/calls/stats?period={wrong}"), agent).await.is_refused(422, "VALIDATION_FAILED");
        }
    }
}
