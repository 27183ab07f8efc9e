//! How figures come about: late news mend the past, two count at once, a mark that comes while it is counted is kept, and
//! what is wrong is found.

use calldocker::calls::CallFile;
use calldocker::calls::story::EventKind;
use calldocker::cli::reports::{Then, check};
use calldocker::reports::count::{self, Round};
use calldocker::store::reports::{self as store, Turn};
use calldocker::store::{Unit, queueing};
use entity::{EntryOutcome, report_queue};
use sea_orm::{ActiveValue::Set, ColumnTrait, QueryFilter};
use serde_json::json;

use super::Later;
use crate::support::days::{Days, Talk, Way, at};
use crate::support::{TestApp, on_both_databases};

const DAY: &str = "from=2026-02-03&to=2026-02-03&tz=UTC";

async fn callers(app: &TestApp, script: &Days<'_>) -> Vec<entity::id::CallId> {
    let mut calls = Vec::new();
    for minute in 0..6 {
        let began = at("2026-02-03T10:00:00Z") + chrono::TimeDelta::minutes(minute * 7);
        let way = match minute % 2 {
            0 => Way::Left(EntryOutcome::Abandoned, 30_000),
            _ => Way::Talked(Talk { wait: 10, talk: 60, hold: 20, wrap_up: 15, score: Some(4) }),
        };
        calls.push(script.call(began, way).await);
    }
    let _ = app;
    calls
}

/// The visit has ended otherwise than it was thought: the story and the rows change, whenever that is learnt.
async fn was_answered_elsewhere(app: &TestApp, script: &Days<'_>, call: entity::id::CallId) {
    let mut unit = Unit::begin(&app.app, script.scope).await.unwrap();
    let mut file = CallFile::open(&unit, call).await.unwrap();
    let mut entry = script.entry_of(call).await;
    entry.outcome = Some(EntryOutcome::Voicemail);
    queueing::save_entry(script.scope, unit.tx(), entry).await.unwrap();
    file.note(&unit, EventKind::VoicemailLeft, json!({}));
    file.save(&mut unit).await.unwrap();
    unit.commit().await.unwrap();
}

on_both_databases! {
    async fn late_news_mend_the_past(app) {
        let later = Later::days(app, 2).await;
        let script = later.script(app);
        let calls = callers(app, &script).await;
        let before = later.report(app, &format!("overview?{DAY}")).await;
        assert_eq!((&before["queues"]["abandoned"], &before["queues"]["voicemails"]), (&json!(3), &json!(0)));
        assert_eq!(before["calls"]["calls"], 6);
        was_answered_elsewhere(app, &script, calls[0]).await;
        // Who asks at once sees what was counted some seconds ago, and when; later everything is there.
        let at_once = later.report(app, &format!("overview?{DAY}")).await;
        assert_eq!(at_once["queues"], before["queues"]);
        app.clock.advance(std::time::Duration::from_secs(5)).await;
        let after = later.report(app, &format!("overview?{DAY}")).await;
        assert_eq!((&after["queues"]["abandoned"], &after["queues"]["voicemails"]), (&json!(2), &json!(1)));
        assert!(after["about"]["asOf"].as_str() > at_once["about"]["asOf"].as_str());
        // A call of that day that is written down only now.
        let noted = json!({"from": "+12025550177", "to": "+4930123456", "agentId": later.world.ours.idle_agent,
            "handledElsewhere": {"direction": "inbound", "outcome": "answered", "startedAt": "2026-02-03T09:00:00Z",
            "answeredAt": "2026-02-03T09:00:10Z", "endedAt": "2026-02-03T09:05:00Z"}});
        app.post("/api/calls", &later.owner, noted).await.data(201);
        app.clock.advance(std::time::Duration::from_secs(5)).await;
        let noted = later.report(app, &format!("overview?{DAY}")).await;
        assert_eq!((&noted["calls"]["calls"], &noted["queues"]["queued"]), (&json!(7), &json!(6)));
        assert_eq!(check(&app.app, Then::Leave).await.unwrap().1, 0);
    }

    async fn two_who_count_at_once_count_once(app) {
        let later = Later::days(app, 2).await;
        let script = later.script(app);
        callers(app, &script).await;
        let (one, other) = tokio::join!(
            count::bring_up_to_date(&app.app, script.scope),
            count::bring_up_to_date(&app.app, script.scope)
        );
        one.unwrap();
        other.unwrap();
        let report = later.report(app, &format!("overview?{DAY}")).await;
        assert_eq!((&report["queues"]["queued"], &report["queues"]["work"]["handled"]), (&json!(6), &json!(3)));
        assert_eq!(check(&app.app, Then::Leave).await.unwrap().1, 0);
        assert_eq!(count::round(&app.app, script.scope, &Default::default()).await.unwrap(), Round::Idle);
    }

    async fn who_has_read_before_another_wrote_has_lost_his_turn(app) {
        let later = Later::days(app, 2).await;
        let script = later.script(app);
        callers(app, &script).await;
        count::bring_up_to_date(&app.app, script.scope).await.unwrap();
        let seen = store::state(script.scope, app.app.db.reader()).await.unwrap().unwrap().version;
        for expected in [Turn::Ours, Turn::Lost] {
            let tx = app.app.db.begin().await.unwrap();
            let turn = store::advance(script.scope, &tx, seen, app.app.clock.now()).await.unwrap();
            assert_eq!(turn, expected);
            tx.commit().await.unwrap();
        }
    }

    async fn a_mark_that_comes_while_it_is_counted_is_kept(app) {
        let later = Later::days(app, 2).await;
        let script = later.script(app);
        let calls = callers(app, &script).await;
        // What a counting node has read, before the call goes on.
        let read = store::unreported(script.scope, app.app.db.reader(), 100).await.unwrap();
        was_answered_elsewhere(app, &script, calls[0]).await;
        let tx = app.app.db.begin().await.unwrap();
        store::mark_reported(script.scope, &tx, &read, app.app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let left = store::unreported(script.scope, app.app.db.reader(), 100).await.unwrap();
        assert_eq!(left.iter().map(|(call, _)| *call).collect::<Vec<_>>(), [calls[0]]);
        let _ = later;
    }

    async fn a_wrong_figure_is_found_and_mended(app) {
        let later = Later::days(app, 2).await;
        let script = later.script(app);
        callers(app, &script).await;
        let (report, wrong) = check(&app.app, Then::Leave).await.unwrap();
        assert_eq!(wrong, 0, "{report}");
        let tx = app.app.db.begin().await.unwrap();
        let wrong = report_queue::ActiveModel { counters: Set(json!({"queued": 9})), ..Default::default() };
        let changed = script.scope.update_many::<report_queue::Entity>().set(wrong);
        let queue = report_queue::Column::QueueId.eq(script.queue);
        changed.filter(queue).filter(report_queue::Column::Quarter.eq(store_quarter())).exec(&tx).await.unwrap();
        tx.commit().await.unwrap();
        let (report, wrong) = check(&app.app, Then::Leave).await.unwrap();
        assert!(wrong > 0 && report.contains("queued stored 9, recomputed 3"), "{report}");
        let (report, wrong) = check(&app.app, Then::Repair).await.unwrap();
        assert_eq!(wrong, 0, "{report}");
        assert_eq!(check(&app.app, Then::Leave).await.unwrap().1, 0);
    }
}

/// That of ten o'clock.
fn store_quarter() -> i32 {
    i32::try_from(at("2026-02-03T10:00:00Z").timestamp() / 900).unwrap()
}
