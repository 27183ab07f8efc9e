//! Every counter of every report opens the calls that it counts.

use std::collections::BTreeSet;
use std::time::Duration;

use calldocker::authz::Seat;
use chrono::{DateTime, TimeDelta, Utc};
use entity::{CallKind, CallOutcome, EntryOutcome, EntryPurpose, OfferState, Role};
use serde_json::{Value, json};

use super::Later;
use crate::support::days::{Days, Talk, Way, at};
use crate::support::{TestApp, on_both_databases, person};

const MORNING: &str = "from=2026-03-03T08:00:00Z&to=2026-03-03T10:00:00Z&tz=UTC";

/// Whole numbers that count no calls.
const NO_COUNTERS: [&str; 2] = ["targetSeconds", "shortAbandonSeconds"];

/// What the call of 9:05 counts twice, in queues and for agents.
const TWICE: [&str; 7] = [
    "queued",
    "abandoned",
    "shortAbandons",
    "offered",
    "declined",
    "nonResponse",
    "nonResponseWithoutAbandons",
];

fn clock(time: &str) -> DateTime<Utc> {
    at(&format!("2026-03-03T{time}Z"))
}

fn seconds(count: i64) -> TimeDelta {
    TimeDelta::seconds(count)
}

/// A morning on which everything happens that is counted, and one call at 9:05 whose caller comes twice and is declined twice.
async fn morning(app: &TestApp) -> Later {
    let later = Later::days(app, 3).await;
    let script = later.script(app);
    visits(&script).await;
    let talk = |hold, score| Way::Talked(Talk { wait: 10, talk: 60, hold, wrap_up: 5, score });
    let passed_on = script.call(clock("08:20:00"), talk(20, Some(5))).await;
    script.transferred(passed_on, later.world.ours.owner.user).await;
    let dialled = script.call(clock("08:22:00"), talk(0, Some(2))).await;
    script.was(dialled, CallKind::Outbound, CallOutcome::Answered).await;
    let began = clock("08:22:00");
    let side = script.visit(dialled, began, EntryPurpose::Caller, (EntryOutcome::Outbound, began)).await;
    // For his phone alone: it is no offer.
    script.offer(dialled, side, OfferState::NoAnswer, began, began + seconds(2)).await;
    let failed = script.call(clock("08:24:00"), talk(0, None)).await;
    script.never_connected(failed).await;
    for (minute, state) in [
        OfferState::Declined,
        OfferState::NoAnswer,
        OfferState::DeviceError,
        OfferState::CallerLeft,
        OfferState::TakenByOther,
        OfferState::Withdrawn,
    ]
    .into_iter()
    .enumerate()
    {
        let began = clock("08:30:00") + TimeDelta::minutes(i64::try_from(minute).unwrap());
        let call = script.call(began, Way::Left(EntryOutcome::Abandoned, 20_000)).await;
        let entry = script.entry_of(call).await.id;
        script.offer(call, entry, state, began, began + seconds(9)).await;
    }
    twice(&script).await;
    later
}

/// Each way in which a visit ends, each outcome and each kind of a call.
async fn visits(script: &Days<'_>) {
    use CallOutcome as Came;
    use EntryOutcome::*;
    for (second, (how, kind, outcome, wait)) in [
        (Abandoned, CallKind::Inbound, Came::Abandoned, 5_000),
        (Abandoned, CallKind::Inbound, Came::Abandoned, 5_001),
        (Overflow, CallKind::Inbound, Came::Overflow, 60_000),
        (Callback, CallKind::Inbound, Came::Callback, 12_000),
        (Voicemail, CallKind::Inbound, Came::Voicemail, 8_000),
        (Error, CallKind::Inbound, Came::Error, 8_000),
        (Moved, CallKind::Inbound, Came::FlowExit, 8_000),
        (Withdrawn, CallKind::Outbound, Came::NoAnswer, 8_000),
        (Unreached, CallKind::Peer, Came::Busy, 8_000),
    ]
    .into_iter()
    .enumerate()
    {
        let began = clock("08:00:00") + seconds(i64::try_from(second).unwrap());
        let call = script.call(began, Way::Left(how, wait)).await;
        script.was(call, kind, outcome).await;
    }
    let call = script.call(clock("08:02:00"), Way::Left(EntryOutcome::Callback, 9_000)).await;
    script.still_waits(call).await;
    let end = |outcome| (outcome, clock("08:04:30"));
    let call = script.call(clock("08:03:00"), Way::Left(EntryOutcome::Callback, 9_000)).await;
    script.visit(call, clock("08:03:10"), EntryPurpose::Callback, end(EntryOutcome::Answered)).await;
    let call = script.call(clock("08:04:00"), Way::Left(EntryOutcome::Overflow, 9_000)).await;
    script.visit(call, clock("08:04:10"), EntryPurpose::Callback, end(EntryOutcome::Unreached)).await;
    script.visit(call, clock("08:04:20"), EntryPurpose::Consult, end(EntryOutcome::Withdrawn)).await;
    script.score(call, 4, clock("08:04:05")).await;
}

async fn twice(script: &Days<'_>) {
    let began = clock("09:05:00");
    let call = script.call(began, Way::Left(EntryOutcome::Abandoned, 4_000)).await;
    let first = script.entry_of(call).await.id;
    let left = (EntryOutcome::Abandoned, began + seconds(3));
    let second = script.visit(call, began + seconds(1), EntryPurpose::Caller, left).await;
    for entry in [first, second] {
        script.offer(call, entry, OfferState::Declined, began + seconds(1), began + seconds(2)).await;
    }
}

/// A row: what it is of, its range, its figures, and the addresses under the same names.
struct Opened {
    of: &'static str,
    range: (DateTime<Utc>, DateTime<Utc>),
    figures: Value,
    links: Value,
}

impl Opened {
    fn new(of: &'static str, range: &Value, figures: Value, links: Value) -> Self {
        let [from, to] = ["from", "to"].map(|end| range[end].as_str().expect("a moment").parse().unwrap());
        Self { of, range: (from, to), figures, links }
    }

    /// Every counter by its path, with its link.
    fn counters(&self) -> Vec<(String, u64, Value)> {
        let mut found = Vec::new();
        walk(self.of, &self.figures, &self.links, &mut found);
        found
    }

    /// How many more the counter is than the calls are.
    fn repeated(&self, path: &str, figure: u64) -> u64 {
        let name = path.rsplit('.').next().unwrap();
        let has = (self.range.0..self.range.1).contains(&clock("09:05:00"));
        u64::from(has && figure > 0 && self.of != "calls" && TWICE.contains(&name))
    }
}

fn walk(path: &str, figures: &Value, links: &Value, found: &mut Vec<(String, u64, Value)>) {
    for (name, figure) in figures.as_object().expect("figures") {
        let (path, link) = (format!("{path}.{name}"), &links[name]);
        if figure.is_object() {
            walk(&path, figure, link, found);
        } else if let (Some(count), false) = (figure.as_u64(), NO_COUNTERS.contains(&name.as_str())) {
            assert!(
                link.is_string(),
                "{path} has no link to the calls that it counts: add one to http/analytics/links.rs"
            );
            found.push((path, count, link.clone()));
        }
    }
}

/// All rows of all reports.
async fn rows(app: &TestApp, later: &Later, attribution: &str) -> Vec<Opened> {
    let (query, queue) = (format!("{MORNING}&attribution={attribution}"), later.world.ours.queue);
    let overview = later.report(app, &format!("overview?{query}")).await;
    let of_queue = format!("intervals?interval=60&queueId={queue}&");
    let mut opened = Vec::new();
    for (of, figures, links) in [
        ("calls", "calls", "callLinks"),
        ("queues", "queues", "queueLinks"),
        ("offers", "offers", "offerLinks"),
        ("satisfaction", "satisfaction", "satisfactionLinks"),
    ] {
        opened.push(Opened::new(of, &overview["about"], overview[figures].clone(), overview[links].clone()));
    }
    for (of, report) in [
        ("calls", "calls?interval=60&"),
        ("queues", "intervals?interval=60&"),
        ("queues", of_queue.as_str()),
        ("queues", "queues?"),
        ("queues", "queues?groupBy=interval&interval=15&"),
        ("agents", "agents/performance?"),
        ("agents", "agents/performance?groupBy=interval&interval=60&"),
        ("agents", "agents/performance?groupBy=queue&"),
    ] {
        let report = later.report(app, &format!("{report}{query}")).await;
        for row in report["rows"].as_array().unwrap() {
            let figures = match of {
                "calls" => row["calls"].clone(),
                "queues" => row["figures"].clone(),
                _ => {
                    json!({"work": row["work"], "offers": row["offers"], "satisfaction": row["satisfaction"]})
                }
            };
            opened.push(Opened::new(of, row, figures, row["links"].clone()));
        }
    }
    opened
}

on_both_databases! {
    async fn every_figure_opens_its_calls(app) {
        let later = morning(app).await;
        let mut asked = 0;
        for attribution in ["activity_driven", "contact_driven"] {
            let (mut all, mut seen, mut wrong) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
            for row in rows(app, &later, attribution).await {
                for (path, count, link) in row.counters() {
                    // So often nobody may ask in a minute.
                    asked += 1;
                    if asked % 250 == 0 {
                        app.clock.advance(Duration::from_secs(60)).await;
                    }
                    let behind = later.behind(app, &link).await;
                    if behind + row.repeated(&path, count) != count {
                        wrong.push(format!("{path} is {count}, and {behind} calls are behind {link}"));
                    }
                    if count > 0 {
                        seen.insert(path.clone());
                    }
                    all.insert(path);
                }
            }
            assert!(wrong.is_empty(), "{attribution}:\n{}", wrong.join("\n"));
            let never: Vec<_> = all.difference(&seen).collect();
            assert!(never.is_empty(), "{attribution}: the morning has none of {never:?}");
            assert!(all.len() > 60, "{all:?}");
        }
    }

    async fn a_service_level_opens_as_its_variant_counts(app) {
        let later = morning(app).await;
        let settings = format!("/api/settings/company/{}", later.world.ours.id);
        for (variant, twice) in [
            ("ignore", [0, 0]), ("negative", [0, 1]), ("positive", [1, 1]), ("genesys", [0, 0]), ("aws", [1, 1]), ("asterisk", [0, 0]),
            ("asterisk_second", [1, 1]), ("classic", [0, 1]), ("excluding_short_abandons", [0, 0]),
        ] {
            let wanted = json!({"serviceLevel": {"variant": variant, "shortAbandonSeconds": 5}});
            app.put(&settings, &later.owner, wanted).await.data(200);
            for attribution in ["activity_driven", "contact_driven"] {
                let overview = later.report(app, &format!("overview?{MORNING}&attribution={attribution}")).await;
                let (level, links) = (&overview["queues"]["serviceLevel"], &overview["queueLinks"]["serviceLevel"]);
                for (part, twice) in ["numerator", "denominator"].into_iter().zip(twice) {
                    let behind = later.behind(app, &links[part]).await;
                    assert_eq!(level[part], json!(behind + twice), "{part} of {variant}, {attribution}: {level}");
                    assert!(behind > 0, "{part} of {variant}");
                }
            }
        }
    }

    async fn surveys_open_by_score(app) {
        let later = morning(app).await;
        for attribution in ["activity_driven", "contact_driven"] {
            let overview = later.report(app, &format!("overview?{MORNING}&attribution={attribution}")).await;
            for (links, expected) in [
                (&overview["satisfactionLinks"], [0, 1, 0, 1, 1]), (&overview["queueLinks"]["satisfaction"], [0, 1, 0, 0, 1]),
            ] {
                let mut behind = Vec::new();
                for score in 1..=5 {
                    let link = format!("{}&score={score}", links["answers"].as_str().unwrap());
                    behind.push(later.behind(app, &json!(link)).await);
                }
                assert_eq!(behind, expected, "{attribution}");
            }
        }
    }

    async fn an_agent_opens_the_calls_that_he_was_offered(app) {
        let later = Later::days(app, 3).await;
        let own = person(app, "later-agent@ours.test", Seat::Agent, Some((later.world.ours.id, Role::Agent))).await;
        let script = Days { agent: own.agent.unwrap(), ..later.script(app) };
        let others = later.script(app);
        let began = clock("08:30:00");
        for script in [&script, &others] {
            let call = script.call(began, Way::Left(EntryOutcome::Abandoned, 20_000)).await;
            let entry = script.entry_of(call).await.id;
            script.offer(call, entry, OfferState::Declined, began, began + seconds(9)).await;
        }
        let report = app.get(&later.path(&format!("agents/performance?{MORNING}")), &own).await;
        let row = report.data(200)["rows"][0].clone();
        assert_eq!(row["offers"]["declined"], 1);
        let link = row["links"]["offers"]["declined"].as_str().unwrap();
        let range = "from=2026-03-03T08:00:00Z&to=2026-03-03T10:00:00Z";
        let every = format!("/api/calls?counted=declined&{range}");
        let of_another = format!("{every}&agentId={}", others.agent);
        for (address, calls) in [(link, 1), (every.as_str(), 1), (of_another.as_str(), 0)] {
            let list = app.get(address, &own).await;
            assert_eq!(list.data(200).as_array().unwrap().len(), calls, "{address}");
        }
        assert_eq!(later.behind(app, &json!(every)).await, 2);
    }

    async fn filters_that_do_not_go_together_are_refused_by_name(app) {
        let later = Later::days(app, 0).await;
        for (query, field) in [
            ("counted=held&by=conversation", "by"), ("counted=held&visitOutcome=answered", "visitOutcome"),
            ("score=3", "score"), ("counted=satisfied&score=5", "score"), ("counted=surveys&score=6", "score"),
            ("visitOutcome=answered", "visitOutcome"),
        ] {
            let refused = app.get(&format!("/api/calls?{query}"), &later.owner).await;
            assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), [field], "{query}");
        }
    }
}
