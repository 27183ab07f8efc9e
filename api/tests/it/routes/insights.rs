//! /api/analytics/company/{companyId}/insights

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc, Weekday};
use entity::id::{CallId, OfferId, QueueEntryId, RoundId};
use entity::{
    EntryOutcome, EntryPurpose, OfferState, SegmentPart, SegmentState, VisitPlan, offer, offer_round,
    queue_entry, segment,
};
use serde_json::{Value, json};

use super::exports::{insert, missed};
use crate::support::{Answer, TestApp, World, on_both_databases};

/// The tests' now: a Monday, one o'clock in Berlin.
fn now() -> DateTime<Utc> {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

fn path(world: &World, query: &str) -> String {
    format!("/api/analytics/company/{}/insights?{query}", world.ours.id)
}

fn visit(
    world: &World,
    call: CallId,
    at: DateTime<Utc>,
    outcome: EntryOutcome,
    seconds: i64,
) -> queue_entry::Model {
    queue_entry::Model {
        id: uuid::Uuid::now_v7().into(),
        company_id: world.ours.id,
        call_id: call,
        queue_id: world.ours.queue,
        priority: 50,
        skills: json!([]),
        entered_at: at,
        waiting_since: at,
        purpose: EntryPurpose::Caller,
        wanted_agent_id: None,
        max_wait_until: None,
        plan: VisitPlan::default(),
        outcome: Some(outcome),
        left_at: Some(at + TimeDelta::seconds(seconds)),
    }
}

/// Nine weeks of three calls each half hour from nine to five in Berlin on workdays: answered at once until the last week, in which
/// everybody waits for a minute; and forty more on its Wednesday at ten, who give up.
async fn nine_weeks(app: &TestApp, world: &World, call: CallId) {
    let mut visits = Vec::new();
    for half_hour in (1..63 * 48).rev() {
        let at = now() - TimeDelta::minutes(30 * half_hour);
        // Berlin is an hour ahead all that time.
        let wall = at + TimeDelta::hours(1);
        if matches!(wall.weekday(), Weekday::Sat | Weekday::Sun) || !(9..17).contains(&wall.hour()) {
            continue;
        }
        let wait = if at >= now() - TimeDelta::days(7) { 60 } else { 10 };
        visits.extend((0..3).map(|_| visit(world, call, at, EntryOutcome::Answered, wait)));
    }
    let rush: DateTime<Utc> = "2026-02-25T09:10:00Z".parse().unwrap();
    visits.extend((0..40).map(|_| visit(world, call, rush, EntryOutcome::Abandoned, 90)));
    let tx = app.app.db.begin().await.unwrap();
    for visits in visits.chunks(200) {
        world.ours.scope.insert_many::<queue_entry::Entity, _>(&tx, visits.to_vec()).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// Twelve conversations of yesterday, six minutes each with their wrap-up.
async fn conversations(app: &TestApp, world: &World, call: CallId) {
    let (scope, company_id, agent_id) = (world.ours.scope, world.ours.id, world.ours.agent.agent.unwrap());
    let tx = app.app.db.begin().await.unwrap();
    for number in 0..12 {
        let at = now() - TimeDelta::hours(24) + TimeDelta::minutes(10 * number);
        let entry = visit(world, call, at, EntryOutcome::Answered, 60);
        let (entry_id, round, offer_id): (QueueEntryId, RoundId, OfferId) =
            (entry.id, app.app.ids.next(), app.app.ids.next());
        scope.insert::<queue_entry::Entity, _>(&tx, entry).await.unwrap();
        let row = offer_round::Model {
            id: round,
            company_id,
            queue_entry_id: entry_id,
            opened_at: at,
            closed_at: Some(at),
        };
        scope.insert::<offer_round::Entity, _>(&tx, row).await.unwrap();
        let row = offer::Model {
            id: offer_id,
            company_id,
            round_id: round,
            queue_entry_id: entry_id,
            call_id: call,
            agent_id,
            state: OfferState::Accepted,
            offered_at: at,
            expires_at: at,
            settled_at: Some(at),
        };
        scope.insert::<offer::Entity, _>(&tx, row).await.unwrap();
        let row = segment::Model {
            id: app.app.ids.next(),
            company_id,
            call_id: call,
            queue_entry_id: entry_id,
            offer_id,
            agent_id,
            queue_id: world.ours.queue,
            part: SegmentPart::Main,
            room_id: offer_id,
            state: SegmentState::Done,
            reserved_at: at,
            agent_joined_at: Some(at),
            connected_at: Some(at),
            ended_at: Some(at + TimeDelta::minutes(5)),
            ended_by: None,
            hold_ms: 0,
            held_since: None,
            wrap_up_until: None,
            wrap_up_extensions: 0,
            wrapped_up_at: Some(at + TimeDelta::minutes(6)),
            disposition: None,
            notes: None,
        };
        scope.insert::<segment::Entity, _>(&tx, row).await.unwrap();
    }
    tx.commit().await.unwrap();
}

fn of_kind<'a>(answer: &'a Answer, kind: &str) -> Vec<&'a Value> {
    let all = answer.data(200)["insights"].as_array().unwrap();
    all.iter().filter(|insight| insight["kind"] == kind).collect()
}

fn figure(insight: &Value, name: &str) -> f64 {
    let figures = insight["figures"].as_array().unwrap();
    figures.iter().find(|figure| figure["name"] == name).unwrap()["value"].as_f64().unwrap()
}

on_both_databases! {
    async fn what_stands_out_is_said_with_its_figures_and_its_calls(app) {
        let world = World::create(app).await;
        let call: CallId = app.app.ids.next();
        insert(app, world.ours.scope, vec![missed(&world.ours, call, now() - TimeDelta::days(70))]).await;
        nine_weeks(app, &world, call).await;
        conversations(app, &world, call).await;
        let answer = app.get(&path(&world, ""), &world.ours.manager).await;
        assert_eq!(answer.data(200)["tz"], "Europe/Berlin");

        let target = of_kind(&answer, "target_missed");
        assert_eq!(target.len(), 1, "{}", answer.text);
        assert_eq!(target[0]["queueId"], json!(world.ours.queue));
        assert_eq!((figure(target[0], "serviceLevelPercent"), figure(target[0], "targetPercent")), (0.0, 80.0));
        assert_eq!(figure(target[0], "abandoned"), 40.0);
        assert!(target[0]["sentence"].as_str().unwrap().starts_with("ours support has answered 0 % in 20 s"), "{}", target[0]);
        let link = format!("/api/calls?by=visit&queueId={}&from=2026-02-23T12:00:00Z&to=2026-03-02T12:00:00Z", world.ours.queue);
        assert_eq!(target[0]["link"], json!(link));

        let hours = of_kind(&answer, "unusual_hour");
        assert_eq!((&hours[0]["from"], &hours[0]["to"]), (&json!("2026-02-25T09:00:00+00:00"), &json!("2026-02-25T10:00:00+00:00")));
        assert_eq!((figure(hours[0], "calls"), figure(hours[0], "usualCalls")), (46.0, 6.0));

        let overloaded = of_kind(&answer, "overloaded");
        assert_eq!(overloaded.len(), 1);
        assert_eq!(overloaded[0]["agentId"], json!(world.ours.agent.agent));
        assert_eq!((figure(overloaded[0], "conversations"), figure(overloaded[0], "busyHours")), (12.0, 1.2));

        let forecasts = answer.data(200)["forecasts"].as_array().unwrap();
        let support = forecasts.iter().find(|forecast| forecast["queueId"] == json!(world.ours.queue)).unwrap();
        let intervals = support["intervals"].as_array().unwrap();
        assert_eq!((intervals.len(), &intervals[0]["from"]), (336, &json!("2026-03-01T23:00:00+00:00")));
        let calls: f64 = intervals.iter().map(|interval| interval["calls"].as_f64().unwrap()).sum();
        assert!((200.0..320.0).contains(&calls), "240 came each week, and {calls} are expected");
        assert_eq!(support["handleSeconds"], json!(360.0));
        let ten_on_monday = &intervals[20];
        let (c, a) = (ten_on_monday["agentsErlangC"].as_u64().unwrap(), ten_on_monday["agentsErlangA"].as_u64().unwrap());
        assert!((2..=4).contains(&c) && a <= c, "{ten_on_monday}");
        let night = &intervals[2];
        assert!(night["calls"].as_f64().unwrap() < 1.0, "{night}");
    }

    async fn without_history_nothing_is_made_up(app) {
        let world = World::create(app).await;
        let answer = app.get(&path(&world, ""), &world.ours.owner).await;
        assert_eq!(answer.data(200)["insights"], json!([]));
        let forecasts = answer.data(200)["forecasts"].as_array().unwrap();
        assert_eq!(forecasts.len(), 2);
        for forecast in forecasts {
            assert!(forecast.get("intervals").is_none());
            let sentence = forecast["sentence"].as_str().unwrap();
            assert!(sentence.contains("There is no forecast for ours") && sentence.contains("14 whole days"), "{sentence}");
        }
        let one = app.get(&path(&world, &format!("queueId={}", world.ours.queue)), &world.ours.owner).await;
        assert_eq!(one.data(200)["forecasts"].as_array().unwrap().len(), 1);
    }

    async fn what_cannot_be_asked_is_named(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        for (query, field) in [
            ("from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z", "from"),
            ("from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z", "from"),
            ("to=2026-03-03T00:00:00Z", "to"),
        ] {
            assert_eq!(app.get(&path(&world, query), owner).await.wrong_fields(), [field], "{query}");
        }
        app.get(&path(&world, &format!("queueId={}", world.theirs.queue)), owner).await.is_refused(404, "QUEUE_NOT_FOUND");
        app.get(&path(&world, ""), &world.theirs.owner).await.is_refused(404, "COMPANY_NOT_FOUND");
        app.get(&path(&world, ""), &world.ours.agent).await.is_refused(403, "FORBIDDEN");
    }
}
