//! /api/settings/company/{companyId}/report-schedules, and the reports that are mailed.

use calldocker::authz::Seat;
use calldocker::jobs::Done;
use calldocker::reports::mailed;
use calldocker::store::users;
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::ReportScheduleId;
use entity::{EntryOutcome, JobKind, JobState, Role, job};
use sea_orm::{ColumnTrait, QueryFilter};
use serde_json::{Value, json};

use super::analytics::Later;
use crate::support::days::{Talk, Way, at};
use crate::support::{TestApp, on_both_databases, person};

const BOARD: &str = "board@example.com";

fn path(later: &Later) -> String {
    format!("/api/settings/company/{}/report-schedules", later.world.ours.id)
}

/// Every day at seven, to the manager and to somebody outside.
fn daily(later: &Later) -> Value {
    json!({ "name": "Queues", "report": "queues", "period": "daily", "hour": 7,
        "members": [later.world.ours.manager.user], "addresses": [BOARD] })
}

async fn make(app: &TestApp, later: &Later, body: Value) -> ReportScheduleId {
    let made = app.post(&path(later), &later.owner, body).await;
    made.data(201)["id"].as_str().expect("an id").parse().expect("an id")
}

/// The job that waits for a schedule.
async fn waiting(app: &TestApp, later: &Later, id: ReportScheduleId) -> Vec<job::Model> {
    let jobs = later.world.ours.scope.find::<job::Entity>().filter(job::Column::Kind.eq(JobKind::MailReport));
    let jobs = jobs.filter(job::Column::State.eq(JobState::Queued)).filter(job::Column::SubjectId.eq(id.0));
    jobs.all(app.app.db.reader()).await.unwrap()
}

/// A test's app runs no jobs: until when it waits then.
async fn run(app: &TestApp, later: &Later, id: ReportScheduleId) -> Option<DateTime<Utc>> {
    let job = waiting(app, later, id).await.pop().expect("a job waits");
    assert!(job.run_at <= app.clock.now(), "it is not due before {}", job.run_at);
    done(app, later, id, &job.payload).await
}

async fn done(app: &TestApp, later: &Later, id: ReportScheduleId, of: &Value) -> Option<DateTime<Utc>> {
    match mailed::mail_due(&app.app, later.world.ours.scope, id, of).await.unwrap() {
        Done::Again(at) => Some(at),
        Done::Yes => None,
        other => panic!("{other:?}"),
    }
}

async fn pass_until(app: &TestApp, then: &str) {
    let left = (at(then) - app.clock.now()).to_std().expect("it is later");
    app.clock.advance(left).await;
}

/// How many mails the manager and the one outside have got.
async fn mails(app: &TestApp, later: &Later) -> (usize, usize) {
    let manager = app.mails_to(&later.world.ours.manager.email).await.len();
    (manager, app.mails_to(BOARD).await.len())
}

on_both_databases! {
    async fn a_report_is_mailed_once_to_each_with_the_figures_of_yesterday(app) {
        let later = Later::days(app, 2).await;
        let script = later.script(app);
        let talk = Talk { wait: 10, talk: 60, hold: 20, wrap_up: 15, score: Some(4) };
        for (minute, way) in [(0, Way::Talked(talk)), (9, Way::Talked(talk)), (18, Way::Talked(Talk { wait: 90, ..talk })),
            (27, Way::Left(EntryOutcome::Abandoned, 30_000))] {
            script.call(at("2026-03-04T09:00:00Z") + TimeDelta::minutes(minute), way).await;
        }
        // One of the day before, and one of the day after.
        script.call(at("2026-03-03T22:30:00Z"), Way::Talked(talk)).await;
        let id = make(app, &later, daily(&later)).await;
        let shown = app.get(&format!("{}/{id}", path(&later)), &later.owner).await;
        assert_eq!(shown.data(200)["nextAt"], json!(at("2026-03-05T06:00:00Z").to_rfc3339()), "seven in Berlin");
        let job = waiting(app, &later, id).await;
        assert_eq!(job.iter().map(|job| job.run_at).collect::<Vec<_>>(), [at("2026-03-05T06:00:00Z")]);

        pass_until(app, "2026-03-05T06:00:00Z").await;
        // Two nodes: the lease of one has run out while it was counting.
        let (one, other) = tokio::join!(done(app, &later, id, &job[0].payload), done(app, &later, id, &job[0].payload));
        let next = Some(at("2026-03-06T06:00:00Z"));
        // Who finds the other counting looks again in a moment.
        let soon = Some(app.clock.now() + TimeDelta::seconds(5));
        assert!([one, other].iter().all(|at| *at == next || *at == soon), "{one:?} {other:?}");
        assert!(one == next || other == next, "{one:?} {other:?}");
        assert_eq!(mails(app, &later).await, (1, 1));
        assert_eq!(run(app, &later, id).await, next);
        assert_eq!(mails(app, &later).await, (1, 1), "once");

        let mail = app.mails_to(&later.world.ours.manager.email).await.remove(0);
        assert_eq!(mail.subject, "Ours: Queues, 4 Mar 2026");
        let figures = later_figures(app, &later).await;
        let (answered, percent) = (&figures["answered"], figures["serviceLevel"]["percent"].as_f64().expect("a figure"));
        assert_eq!((&figures["queued"], answered), (&json!(4), &json!(3)));
        let level = format!("{percent:.1}%");
        for shown in [&mail.text, &mail.html] {
            assert!(shown.contains(&level), "{level}: {shown}");
            assert!(shown.contains("Service level = answered within X / (answered + abandoned - abandoned within S)"), "{shown}");
            assert!(shown.contains("X is 20 seconds, S is "), "{shown}");
            assert!(shown.contains("Europe/Berlin") && !shown.contains("unsubscribe"), "{shown}");
        }
        assert!(mail.text.contains("/queues?from=2026-03-03T23:00:00Z&to=2026-03-04T23:00:00Z"), "{}", mail.text);
        let (name, csv) = &mail.files[0];
        assert_eq!(name, "queues-2026-03-04.csv");
        let lines: Vec<_> = csv.lines().collect();
        assert!(lines[0].starts_with("queue,queued,answered,abandoned,abandonPercent,serviceLevelPercent,"), "{csv}");
        assert!(lines.iter().any(|line| line.contains(&format!(",4,3,1,25.000,{percent:.3},"))), "{csv}");
    }

    async fn what_was_missed_is_mailed_once_and_only_the_last_of_it(app) {
        let later = Later::days(app, 2).await;
        let id = make(app, &later, daily(&later)).await;
        pass_until(app, "2026-03-08T15:00:00Z").await;
        assert_eq!(run(app, &later, id).await, Some(at("2026-03-09T06:00:00Z")));
        assert_eq!(mails(app, &later).await, (1, 1));
        let mail = app.mails_to(BOARD).await.remove(0);
        assert_eq!(mail.subject, "Ours: Queues, 7 Mar 2026");
        let again = person(app, "again@ours.test", Seat::Owner,
            Some((later.world.ours.id, Role::Owner))).await;
        // Another name or hour sends nothing a second time; another report begins anew.
        for (change, value) in [("hour", json!(9)), ("name", json!("Other")), ("report", json!("agents"))] {
            let mut body = daily(&later);
            body[change] = value;
            app.put(&format!("{}/{id}", path(&later)), &again, body).await.data(200);
            let jobs = waiting(app, &later, id).await;
            assert_eq!(jobs.len(), 1, "{change}");
            assert!(jobs[0].run_at > app.clock.now(), "{change}");
            assert_eq!(done(app, &later, id, &json!({ "of": 1 })).await, None, "a job of before is none");
        }
        assert_eq!(mails(app, &later).await, (1, 1));
        let off = json!({ "name": "Queues", "report": "queues", "period": "daily", "hour": 7, "addresses": [BOARD],
            "enabled": false });
        let off = app.put(&format!("{}/{id}", path(&later)), &again, off).await;
        assert_eq!((off.data(200).get("nextAt"), &off.data(200)["enabled"]), (None, &json!(false)));
        assert!(waiting(app, &later, id).await.is_empty());
        app.delete(&format!("{}/{id}", path(&later)), &again).await.data(200);
        app.get(&format!("{}/{id}", path(&later)), &again).await.is_refused(404, "REPORT_SCHEDULE_NOT_FOUND");
    }

    async fn who_is_outside_ends_it_by_a_link_and_who_may_not_see_reports_any_more_gets_none(app) {
        let later = Later::days(app, 2).await;
        let id = make(app, &later, daily(&later)).await;
        pass_until(app, "2026-03-05T06:00:00Z").await;
        run(app, &later, id).await;
        let mail = app.mails_to(BOARD).await.remove(0);
        let link = mail.text.split_whitespace().find(|word| word.contains("/reports/unsubscribe#")).expect("a link");
        assert!(mail.html.contains(link), "{}", mail.html);
        let (page, token) = link.split_once('#').expect("a token");
        let page = page.replace(&app.app.settings.public_url, "");
        let opened = app.call("GET", &page).header("accept-language", "de").send().await;
        assert!(opened.status == 200 && opened.text.contains("Abbestellen"), "{}", opened.text);
        let end = async |token: &str| {
            app.call("POST", "/api/report-schedules/unsubscribe").json(json!({ "token": token })).send().await
        };
        let mut forged = token.to_owned();
        forged.replace_range(token.len() - 2.., if token.ends_with("00") { "11" } else { "00" });
        for bad in [forged.as_str(), "x", "a.b.c.d", ".", token.rsplit_once('.').expect("parts").0] {
            end(bad).await.is_refused(404, "REPORT_SCHEDULE_NOT_FOUND");
        }
        for _ in 0..2 {
            end(token).await.data(200);
        }
        let tx = app.app.db.begin().await.unwrap();
        let membership = later.world.ours.manager.membership.expect("a member");
        assert_eq!(users::set_role(later.world.ours.scope, &tx, membership, Role::Agent).await.unwrap(), entity::Updated::Yes);
        tx.commit().await.unwrap();
        pass_until(app, "2026-03-06T06:00:00Z").await;
        run(app, &later, id).await;
        assert_eq!(mails(app, &later).await, (1, 1), "nobody has got another one");
        let owner = person(app, "again@ours.test", Seat::Owner,
            Some((later.world.ours.id, Role::Owner))).await;
        let shown = app.get(&format!("{}/{id}", path(&later)), &owner).await;
        assert_eq!(shown.data(200)["unsubscribed"], json!([BOARD]));
    }

    async fn it_can_be_seen_at_once_by_who_asks_and_by_nobody_else_in_the_language_that_is_wanted(app) {
        let later = Later::days(app, 2).await;
        let script = later.script(app);
        script.call(at("2026-02-27T09:00:00Z"), Way::Left(EntryOutcome::Abandoned, 30_000)).await;
        for (report, language, subject, word) in [
            ("overview", "de", "Ours: Überblick, 01.02.2026 – 28.02.2026", "Anrufer in Warteschlangen: 1"),
            ("queues", "fr", "Ours : Files d'attente, 01/02/2026 – 28/02/2026", "Abandonnés: 1"),
            ("agents", "es", "Ours: Agentes, 01/02/2026 – 28/02/2026", "Conversaciones: 0"),
        ] {
            let mut body = daily(&later);
            (body["report"], body["language"], body["period"]) = (json!(report), json!(language), json!("monthly"));
            let id = make(app, &later, body).await;
            app.call("POST", &format!("{}/{id}/send", path(&later))).by(&later.owner).send().await.data(202);
            let mail = app.mails_to(&later.owner.email).await.pop().expect("a mail");
            assert_eq!(mail.subject, subject);
            assert!(mail.text.contains(word), "{}", mail.text);
            assert!(mail.html.contains(&format!("<html lang=\"{language}\">")), "{}", mail.html);
        }
        assert_eq!(mails(app, &later).await, (0, 0));
    }

    async fn what_cannot_be_mailed_is_refused_with_each_field(app) {
        let later = Later::days(app, 0).await;
        let refused = async |change: &str, value: Value| {
            let mut body = daily(&later);
            body[change] = value;
            let refused = app.post(&path(&later), &later.owner, body).await;
            refused.is_refused(422, "VALIDATION_FAILED").wrong_fields().join(" ")
        };
        let theirs = later.world.theirs.owner.user;
        assert_eq!(refused("members", json!([later.world.ours.agent.user, theirs])).await, "/members/0 /members/1");
        assert_eq!(refused("addresses", json!(["ann@example.com", "nobody", "a b@x.com"])).await, "/addresses/1 /addresses/2");
        assert_eq!(refused("language", json!("xx")).await, "/language");
        assert_eq!(refused("name", json!("  ")).await, "/name");
        let nobody = json!({ "name": "x", "report": "overview", "period": "weekly", "hour": 0 });
        app.post(&path(&later), &later.owner, nobody).await.is_refused(422, "VALIDATION_FAILED");
        let many: Vec<_> = (0..30).map(|number| format!("a{number}@example.com")).collect();
        assert_eq!(refused("addresses", json!(many)).await, "/addresses");
        for number in 0..19 {
            make(app, &later, json!({ "name": format!("{number}"), "report": "overview", "period": "weekly", "hour": 0,
                "addresses": [BOARD] })).await;
        }
        let one_more = app.post(&path(&later), &later.owner, daily(&later)).await;
        one_more.is_refused(409, "TOO_MANY_REPORT_SCHEDULES");
        assert_eq!(app.get(&path(&later), &later.owner).await.data(200).as_array().map(Vec::len), Some(20));
    }
}

/// What the API says of the queue and the day.
async fn later_figures(app: &TestApp, later: &Later) -> Value {
    let owner = person(app, "reader@ours.test", Seat::Owner, Some((later.world.ours.id, Role::Owner)));
    let report = later.path("queues?from=2026-03-04&to=2026-03-04");
    let report = app.get(&report, &owner.await).await.data(200).clone();
    let queue = json!(later.world.ours.queue);
    let rows = report["rows"].as_array().expect("rows");
    rows.iter().find(|row| row["queueId"] == queue).expect("the queue has a row")["figures"].clone()
}
