//! A day whose figures are computed by hand.

use calldocker::authz::Seat;
use chrono::{DateTime, TimeDelta, Utc};
use entity::{Availability, EntryOutcome, OfferState, Role};
use serde_json::{Value, json};

use super::Later;
use crate::support::days::{Talk, Way, at};
use crate::support::{TestApp, on_both_databases, person};

const DAY: &str = "from=2026-03-03&to=2026-03-03";

fn on_tuesday(clock: &str) -> DateTime<Utc> {
    at(&format!("2026-03-03T{clock}Z"))
}

/// Seven callers: three are served after 10, 20 and 25 seconds, two give up after 4 and 30, one is sent away after 60, one asks
/// after 12 to be called back. The agent is there from 7:50 to 9:30, from 9:00 on on his break.
async fn tuesday(app: &TestApp) -> Later {
    let later = Later::days(app, 3).await;
    let script = later.script(app);
    script
        .states(&[
            (on_tuesday("07:50:00"), Availability::Available),
            (on_tuesday("09:00:00"), Availability::Break),
            (on_tuesday("09:30:00"), Availability::Offline),
        ])
        .await;
    let talk = |wait, talk, hold, wrap_up, score| Way::Talked(Talk { wait, talk, hold, wrap_up, score });
    script.call(on_tuesday("08:00:00"), talk(10, 100, 0, 20, Some(5))).await;
    let declined = script.call(on_tuesday("08:05:00"), talk(20, 200, 30, 0, Some(2))).await;
    script.call(on_tuesday("08:14:00"), talk(25, 60, 0, 30, None)).await;
    script.call(on_tuesday("08:20:00"), Way::Left(EntryOutcome::Abandoned, 4_000)).await;
    let rang = script.call(on_tuesday("08:21:00"), Way::Left(EntryOutcome::Abandoned, 30_000)).await;
    script.call(on_tuesday("08:22:00"), Way::Left(EntryOutcome::Overflow, 60_000)).await;
    script.call(on_tuesday("08:31:00"), Way::Left(EntryOutcome::Callback, 12_000)).await;
    let entry = script.entry_of(declined).await;
    let (from, to) = (entry.entered_at, entry.entered_at + TimeDelta::seconds(3));
    script.offer(declined, entry.id, OfferState::Declined, from, to).await;
    let entry = script.entry_of(rang).await;
    let to = entry.entered_at + TimeDelta::seconds(30);
    script.offer(rang, entry.id, OfferState::CallerLeft, entry.entered_at, to).await;
    later
}

fn close(figure: &Value, expected: f64) {
    let figure = figure.as_f64().unwrap_or_else(|| panic!("{figure} is no number"));
    assert!((figure - expected).abs() < 1e-9, "{figure} is not {expected}");
}

fn has(figures: &Value, expected: &Value) {
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&figures[name], value, "{name} of {figures:#}");
    }
}

on_both_databases! {
    async fn a_day_s_figures_are_those_computed_by_hand(app) {
        let later = tuesday(app).await;
        let overview = later.report(app, &format!("overview?{DAY}")).await;
        has(&overview["calls"], &json!({"calls": 7, "inbound": 7, "answered": 3, "abandoned": 2, "overflow": 1, "callback": 1,
            "voicemail": 0, "totalSeconds": 521.0}));
        let queues = &overview["queues"];
        has(queues, &json!({"queued": 7, "answered": 3, "abandoned": 2, "shortAbandons": 1, "overflowed": 1, "callbacks": 1,
            "stillWaiting": 0, "longestWaitSeconds": 60.0, "averageAbandonSeconds": 17.0}));
        close(&queues["answerPercent"], 300.0 / 7.0);
        close(&queues["abandonPercent"], 200.0 / 7.0);
        close(&queues["averageSpeedOfAnswerSeconds"], 55.0 / 3.0);
        has(&queues["serviceLevel"], &json!({"variant": "excluding_short_abandons", "targetSeconds": 20,
            "formula": "answered within X / (answered + abandoned - abandoned within S)",
            "shortAbandonSeconds": 5, "numerator": 2, "denominator": 4, "percent": 50.0}));
        let work = &queues["work"];
        has(work, &json!({"handled": 3, "talkSeconds": 330.0, "holdSeconds": 30.0, "wrapUpSeconds": 50.0, "held": 1,
            "averageTalkSeconds": 110.0, "averageHoldSeconds": 30.0, "averageWrapUpSeconds": 25.0, "transferred": 0,
            "transferPercent": 0.0}));
        close(&work["averageHandleSeconds"], 410.0 / 3.0);
        close(&work["averageWrapUpOfAllSeconds"], 50.0 / 3.0);
        has(&overview["offers"], &json!({"offered": 5, "accepted": 3, "declined": 1, "callerLeft": 1, "nonResponse": 2,
            "nonResponseWithoutAbandons": 1}));
        let satisfied = json!({"answers": 2, "averageScore": 3.5, "satisfied": 1, "satisfiedPercent": 50.0});
        assert_eq!((&overview["satisfaction"], &queues["satisfaction"]), (&satisfied, &satisfied));
        let named: Vec<_> = overview["about"]["formulas"].as_array().unwrap().iter().collect();
        assert!(named.iter().any(|one| one["figure"] == "occupancyPercent" && one["formula"] != ""), "{named:?}");
        assert_eq!(overview["about"]["attribution"], "activity_driven");
    }

    async fn an_agent_s_time_is_in_his_states_and_nowhere_twice(app) {
        let later = tuesday(app).await;
        let report = later.report(app, &format!("agents/performance?{DAY}")).await;
        let ours = later.world.ours.idle_agent.to_string();
        let row = report["rows"].as_array().unwrap().iter().find(|row| row["agentId"] == ours.as_str()).unwrap();
        has(&row["time"], &json!({"loggedInSeconds": 6000.0, "onContactSeconds": 360.0, "wrapUpSeconds": 50.0,
            "ringingSeconds": 48.0, "idleSeconds": 3742.0, "breakSeconds": 1800.0, "notRespondingSeconds": 0.0}));
        close(&row["time"]["occupancyPercent"], 41_000.0 / 4152.0);
        close(&row["time"]["utilisationPercent"], 415_200.0 / 6000.0);
        has(&row["work"], &json!({"handled": 3, "notConnected": 0}));
        has(&row["satisfaction"], &json!({"answers": 2, "averageScore": 3.5}));
        let by_queue = later.report(app, &format!("agents/performance?{DAY}&groupBy=queue")).await;
        let rows = by_queue["rows"].as_array().unwrap();
        assert_eq!(rows.len(), 1, "{rows:#?}");
        assert_eq!((&rows[0]["queueId"], &rows[0]["work"]["handled"]), (&json!(later.world.ours.queue), &json!(3)));
        let hours = later.report(app, &format!("agents/performance?{DAY}&groupBy=interval&interval=60&agentId={ours}")).await;
        let logged_in: f64 = hours["rows"].as_array().unwrap().iter().map(|row| row["time"]["loggedInSeconds"].as_f64().unwrap()).sum();
        assert_eq!(logged_in, 6000.0);
    }

    async fn the_company_says_how_its_service_level_is_counted_for_the_past_as_well(app) {
        let later = tuesday(app).await;
        let settings = format!("/api/settings/company/{}", later.world.ours.id);
        for (variant, short, numerator, denominator) in [
            ("ignore", None, 2, 5), ("negative", None, 2, 6), ("positive", None, 3, 6), ("genesys", None, 2, 5),
            ("aws", None, 4, 7), ("asterisk", None, 2, 3), ("asterisk_second", None, 3, 5), ("classic", None, 2, 5),
            ("excluding_short_abandons", None, 2, 4), ("excluding_short_abandons", Some(30), 2, 3),
            ("excluding_short_abandons", Some(3), 2, 5),
        ] {
            let wanted = json!({"serviceLevel": {"variant": variant, "shortAbandonSeconds": short}});
            let put = app.put(&settings, &later.owner, wanted.clone()).await;
            let (said, wanted) = (&put.data(200)["serviceLevel"], &wanted["serviceLevel"]);
            for setting in ["variant", "shortAbandonSeconds"] {
                assert_eq!(said[setting], wanted[setting]);
            }
            let report = later.report(app, &format!("queues?{DAY}&queueId={}", later.world.ours.queue)).await;
            let level = &report["rows"][0]["figures"]["serviceLevel"];
            assert_eq!((&level["numerator"], &level["denominator"]), (&json!(numerator), &json!(denominator)), "{level}");
            assert_eq!(level["variant"], variant);
            assert!(!level["formula"].as_str().unwrap().is_empty());
        }
    }

    async fn the_day_so_far_is_counted_as_the_report_counts_it(app) {
        let later = Later::days(app, 1).await;
        let script = later.script(app);
        let talk = |wait| Way::Talked(Talk { wait, talk: 60, ..Talk::default() });
        for (clock, way) in [
            ("08:00:00", talk(10)), ("08:05:00", talk(25)), ("08:10:00", Way::Left(EntryOutcome::Abandoned, 4_000)),
            ("08:11:00", Way::Left(EntryOutcome::Abandoned, 30_000)), ("08:12:00", Way::Left(EntryOutcome::Overflow, 60_000)),
            ("08:13:00", Way::Left(EntryOutcome::Callback, 12_000)),
        ] {
            script.call(on_tuesday(clock), way).await;
        }
        let queue = later.world.ours.queue;
        let settings = format!("/api/settings/company/{}", later.world.ours.id);
        let mut seen = std::collections::BTreeSet::new();
        for (variant, short) in [
            ("ignore", None), ("negative", None), ("positive", None), ("genesys", None), ("aws", None), ("asterisk", None),
            ("asterisk_second", None), ("classic", None), ("excluding_short_abandons", None),
            ("excluding_short_abandons", Some(60)),
        ] {
            let wanted = json!({"serviceLevel": {"variant": variant, "shortAbandonSeconds": short}});
            app.put(&settings, &later.owner, wanted).await.data(200);
            let report = later.report(app, &format!("queues?queueId={queue}")).await;
            let report = &report["rows"][0]["figures"]["serviceLevel"];
            let live = app.get(&format!("/api/queues/{queue}/live"), &later.owner).await;
            let live = &live.data(200)["serviceLevel"];
            for same in ["variant", "formula", "targetSeconds", "shortAbandonSeconds", "numerator", "denominator", "percent"] {
                assert_eq!(live[same], report[same], "{same} of {variant}");
            }
            assert_eq!((&live["answered"], &live["answeredInTime"]), (&json!(2), &json!(1)));
            seen.insert((live["numerator"].as_u64(), live["denominator"].as_u64()));
        }
        assert!(seen.len() > 5, "the ways differ: {seen:?}");
    }

    async fn contact_driven_all_of_a_call_is_where_it_ended(app) {
        let later = tuesday(app).await;
        let queue = later.world.ours.queue;
        let mut rows = Vec::new();
        for attribution in ["activity_driven", "contact_driven"] {
            let query = format!("queues?{DAY}&queueId={queue}&groupBy=interval&interval=15&tz=UTC&attribution={attribution}");
            let report = later.report(app, &query).await;
            assert_eq!(report["about"]["attribution"], attribution);
            for row in report["rows"].as_array().unwrap() {
                let (figures, work) = (&row["figures"], &row["figures"]["work"]);
                let talk = work["talkSeconds"].as_f64().unwrap() + work["holdSeconds"].as_f64().unwrap();
                rows.push((row["from"].as_str().unwrap()[11..16].to_owned(), figures["queued"].as_u64().unwrap(), talk,
                    work["wrapUpSeconds"].as_f64().unwrap()));
            }
        }
        // The third caller came at 8:14:00, was connected at 8:14:25 and gone at 8:15:25.
        let row = |from: &str, queued, talk, wrap_up| (from.to_owned(), queued, talk, wrap_up);
        assert_eq!(rows, [
            row("08:00", 3, 335.0, 20.0), row("08:15", 3, 25.0, 30.0), row("08:30", 1, 0.0, 0.0),
            row("08:00", 2, 300.0, 20.0), row("08:15", 4, 60.0, 30.0), row("08:30", 1, 0.0, 0.0),
        ]);
    }

    async fn reports_are_the_company_s_own_and_an_agent_s_performance_his(app) {
        let later = tuesday(app).await;
        let world = &later.world;
        let stranger = person(app, "stranger@theirs.test", Seat::Owner, Some((world.theirs.id, Role::Owner))).await;
        let agent = person(app, "later-agent@ours.test", Seat::Agent, Some((world.ours.id, Role::Agent))).await;
        for report in ["overview", "calls", "queues", "intervals", "agents/performance"] {
            app.get(&later.path(report), &stranger).await.is_refused(404, "COMPANY_NOT_FOUND");
        }
        let theirs = later.path(&format!("intervals?queueId={}", world.theirs.queue));
        app.get(&theirs, &later.owner).await.is_refused(404, "QUEUE_NOT_FOUND");
        let theirs = later.path(&format!("agents/performance?agentId={}", world.theirs.idle_agent));
        app.get(&theirs, &later.owner).await.is_refused(404, "AGENT_NOT_FOUND");
        app.get(&later.path("overview"), &agent).await.is_refused(403, "FORBIDDEN");
        let own = app.get(&later.path("agents/performance"), &agent).await;
        let own = own.data(200)["rows"].as_array().unwrap().clone();
        assert_eq!(own.iter().map(|row| &row["agentId"]).collect::<Vec<_>>(), [&json!(agent.agent.unwrap())]);
        let another = later.path(&format!("agents/performance?agentId={}", world.ours.idle_agent));
        app.get(&another, &agent).await.is_refused(404, "AGENT_NOT_FOUND");
    }
}
