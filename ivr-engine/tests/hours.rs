//! Opening hours by the clock on the wall, on ordinary days and on those on which the clock is changed.

use chrono::{DateTime, TimeDelta, Utc};
use ivr_engine::{Day, FindingCode, Hours, Opening};
use serde_json::{Value, json};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a moment such as 2026-03-02T12:00:00Z")
}

fn hours(zone: &str, weekly: Value, exceptions: Value) -> Hours {
    Hours::parse(&json!({ "zone": zone, "weekly": weekly, "exceptions": exceptions })).expect("a schedule")
}

fn every_day(intervals: &Value) -> Value {
    json!({ "mon": intervals, "tue": intervals, "wed": intervals, "thu": intervals, "fri": intervals,
            "sat": intervals, "sun": intervals })
}

/// All changes from `from` until `to`, in local time, as `+` for opening and `-` for closing.
fn changes(hours: &Hours, zone: &str, from: &str, to: &str) -> Vec<String> {
    let zone: chrono_tz::Tz = zone.parse().expect("a zone");
    let mut changes = Vec::new();
    let mut now = at(from);
    while let Some(next) = hours.next_change(now).filter(|next| *next < at(to)) {
        assert!(next > now, "time goes on");
        let sign = if hours.is_open(next) { '+' } else { '-' };
        changes.push(format!("{sign}{}", next.with_timezone(&zone).format("%a %H:%M%z")));
        now = next;
    }
    changes
}

#[test]
fn a_lunch_break_is_closed_and_a_moment_belongs_to_what_begins() {
    let day = json!([{ "from": "09:00", "to": "12:00" }, { "from": "13:00", "to": "17:30" }]);
    let hours = hours("Europe/Berlin", json!({ "mon": day, "tue": day }), json!([]));
    for (moment, open) in [
        ("2026-03-02T07:59:59Z", false),
        ("2026-03-02T08:00:00Z", true),
        ("2026-03-02T10:59:59Z", true),
        ("2026-03-02T11:00:00Z", false),
        ("2026-03-02T12:00:00Z", true),
        ("2026-03-02T16:29:59Z", true),
        ("2026-03-02T16:30:00Z", false),
        ("2026-03-04T09:00:00Z", false),
    ] {
        assert_eq!(hours.is_open(at(moment)), open, "{moment}");
    }
    assert_eq!(
        changes(&hours, "Europe/Berlin", "2026-03-02T00:00:00Z", "2026-03-10T00:00:00Z"),
        [
            "+Mon 09:00+0100",
            "-Mon 12:00+0100",
            "+Mon 13:00+0100",
            "-Mon 17:30+0100",
            "+Tue 09:00+0100",
            "-Tue 12:00+0100",
            "+Tue 13:00+0100",
            "-Tue 17:30+0100",
            "+Mon 09:00+0100",
            "-Mon 12:00+0100",
            "+Mon 13:00+0100",
            "-Mon 17:30+0100"
        ]
    );
}

#[test]
fn a_night_shift_goes_over_midnight_and_belongs_to_the_day_on_which_it_begins() {
    let hours = hours("America/New_York", json!({ "fri": [{ "from": "22:00", "to": "06:00" }] }), json!([]));
    assert_eq!(
        changes(&hours, "America/New_York", "2026-06-01T00:00:00Z", "2026-06-13T23:00:00Z"),
        ["+Fri 22:00-0400", "-Sat 06:00-0400", "+Fri 22:00-0400", "-Sat 06:00-0400"]
    );
}

#[test]
fn around_the_clock_never_changes_however_it_is_written() {
    for intervals in [
        json!([{ "from": "00:00", "to": "24:00" }]),
        json!([{ "from": "00:00", "to": "00:00" }]),
        json!([{ "from": "09:00", "to": "09:00" }]),
        json!([{ "from": "00:00", "to": "12:00" }, { "from": "12:00", "to": "24:00" }]),
    ] {
        let hours = hours("Europe/Paris", every_day(&intervals), json!([]));
        assert_eq!(hours.next_change(at("2026-03-27T12:00:00Z")), None, "{intervals}");
        assert!(hours.is_open(at("2026-03-29T01:30:00Z")));
    }
    let never = hours("Europe/Paris", json!({}), json!([]));
    assert_eq!(never.next_change(at("2026-03-27T12:00:00Z")), None);
    assert!(!never.is_open(at("2026-03-29T01:30:00Z")));
}

#[test]
fn an_exception_rules_its_date_and_ends_the_night_before_at_midnight() {
    let exceptions = json!([
        { "date": "2026-12-25", "intervals": [], "name": "Christmas" },
        { "date": "2026-12-26", "intervals": [{ "from": "20:00", "to": "02:00" }] }
    ]);
    let hours = hours("Europe/London", every_day(&json!([{ "from": "22:00", "to": "06:00" }])), exceptions);
    assert_eq!(
        changes(&hours, "Europe/London", "2026-12-24T12:00:00Z", "2026-12-28T12:00:00Z"),
        [
            "+Thu 22:00+0000",
            "-Fri 00:00+0000",
            "+Sat 20:00+0000",
            "-Sun 02:00+0000",
            "+Sun 22:00+0000",
            "-Mon 06:00+0000"
        ]
    );
    let christmas = hours.status(at("2026-12-25T12:00:00Z"));
    assert_eq!(
        (christmas.opening, christmas.day),
        (Opening::Closed, Day::Exception { name: Some("Christmas") })
    );
    let boxing_day = hours.status(at("2026-12-26T21:00:00Z"));
    assert_eq!((boxing_day.opening, boxing_day.day), (Opening::Open, Day::Exception { name: None }));
    let the_night_after = hours.status(at("2026-12-27T01:00:00Z"));
    assert_eq!((the_night_after.opening, the_night_after.day), (Opening::Open, Day::Ordinary));
}

#[test]
fn a_distant_exception_is_the_next_change_of_a_company_that_never_closes() {
    let exceptions = json!([{ "date": "2031-01-01", "intervals": [] }]);
    let hours =
        hours("Australia/Sydney", every_day(&json!([{ "from": "00:00", "to": "24:00" }])), exceptions);
    let closes = hours.next_change(at("2026-03-01T00:00:00Z"));
    assert_eq!(closes, Some(at("2030-12-31T13:00:00Z")));
    assert_eq!(hours.next_change(closes.expect("just seen")), Some(at("2031-01-01T13:00:00Z")));
}

#[test]
fn on_the_day_of_23_hours_the_jumped_hour_does_not_exist() {
    // 29 March 2026, 02:00 becomes 03:00.
    let inside = hours("Europe/Berlin", every_day(&json!([{ "from": "02:00", "to": "03:00" }])), json!([]));
    assert_eq!(
        changes(&inside, "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z"),
        ["+Mon 02:00+0200", "-Mon 03:00+0200"]
    );
    let across = hours("Europe/Berlin", every_day(&json!([{ "from": "02:30", "to": "04:00" }])), json!([]));
    assert_eq!(
        changes(&across, "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z"),
        ["+Sun 03:00+0200", "-Sun 04:00+0200"],
        "it opens when the clock jumps over its beginning"
    );
    let until = hours("America/New_York", every_day(&json!([{ "from": "01:00", "to": "02:30" }])), json!([]));
    assert_eq!(
        changes(&until, "America/New_York", "2026-03-08T00:00:00Z", "2026-03-08T20:00:00Z"),
        ["+Sun 01:00-0500", "-Sun 03:00-0400"],
        "it closes when the clock jumps over its end"
    );
    let day = hours("America/New_York", every_day(&json!([{ "from": "09:00", "to": "17:00" }])), json!([]));
    assert_eq!(day.next_change(at("2026-03-07T23:00:00Z")), Some(at("2026-03-08T13:00:00Z")));
}

#[test]
fn on_the_day_of_25_hours_the_hour_that_comes_twice_counts_twice() {
    // 25 October 2026, 03:00 becomes 02:00.
    let inside = hours("Europe/Berlin", every_day(&json!([{ "from": "02:00", "to": "02:30" }])), json!([]));
    assert_eq!(
        changes(&inside, "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"),
        ["+Sun 02:00+0200", "-Sun 02:30+0200", "+Sun 02:00+0100", "-Sun 02:30+0100"]
    );
    let until = hours("Europe/Berlin", every_day(&json!([{ "from": "01:00", "to": "03:00" }])), json!([]));
    let changed = changes(&until, "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z");
    assert_eq!(changed, ["+Sun 01:00+0200", "-Sun 03:00+0100"]);
    // 1 November 2026, 02:00 becomes 01:00.
    let york = hours("America/New_York", every_day(&json!([{ "from": "00:30", "to": "01:30" }])), json!([]));
    assert_eq!(
        changes(&york, "America/New_York", "2026-11-01T02:00:00Z", "2026-11-01T20:00:00Z"),
        ["+Sun 00:30-0400", "-Sun 01:30-0400", "+Sun 01:00-0500", "-Sun 01:30-0500"]
    );
}

#[test]
fn zones_with_odd_changes_are_no_exception() {
    // Lord Howe changes by half an hour, on 4 October 2026 at 02:00.
    let lord_howe =
        hours("Australia/Lord_Howe", every_day(&json!([{ "from": "02:10", "to": "03:00" }])), json!([]));
    assert_eq!(
        changes(&lord_howe, "Australia/Lord_Howe", "2026-10-03T10:00:00Z", "2026-10-04T10:00:00Z"),
        ["+Sun 02:30+1100", "-Sun 03:00+1100"]
    );
    // Cairo begins 24 April 2026 at 01:00.
    let cairo = hours("Africa/Cairo", json!({ "fri": [{ "from": "00:00", "to": "02:00" }] }), json!([]));
    assert_eq!(
        changes(&cairo, "Africa/Cairo", "2026-04-23T10:00:00Z", "2026-04-24T10:00:00Z"),
        ["+Fri 01:00+0300", "-Fri 02:00+0300"]
    );
    // Samoa had no 30 December 2011.
    let samoa = hours("Pacific/Apia", every_day(&json!([{ "from": "09:00", "to": "17:00" }])), json!([]));
    assert_eq!(
        changes(&samoa, "Pacific/Apia", "2011-12-29T12:00:00Z", "2011-12-31T12:00:00Z"),
        ["+Thu 09:00-1000", "-Thu 17:00-1000", "+Sat 09:00+1400", "-Sat 17:00+1400"]
    );
}

/// The next change, looked for minute by minute.
fn next_change_by_looking(hours: &Hours, after: DateTime<Utc>, days: i64) -> Option<DateTime<Utc>> {
    let open = hours.is_open(after);
    (1..=days * 24 * 60)
        .map(|minutes| after + TimeDelta::minutes(minutes))
        .find(|at| hours.is_open(*at) != open)
}

#[test]
fn the_next_change_is_what_one_finds_by_looking_every_minute() {
    let schedules = [
        every_day(&json!([{ "from": "01:15", "to": "02:45" }])),
        every_day(&json!([{ "from": "23:30", "to": "01:30" }, { "from": "08:00", "to": "12:00" }])),
        json!({ "sun": [{ "from": "02:00", "to": "03:00" }] }),
        json!({ "sat": [{ "from": "20:00", "to": "20:00" }], "wed": [{ "from": "00:00", "to": "24:00" }] }),
    ];
    let mut found = 0;
    for zone in
        ["Europe/Berlin", "America/New_York", "America/Santiago", "Asia/Kolkata", "Australia/Lord_Howe"]
    {
        for weekly in &schedules {
            let exceptions = json!([
                { "date": "2026-03-29", "intervals": [{ "from": "22:00", "to": "05:00" }] },
                { "date": "2026-10-25", "intervals": [] }
            ]);
            let hours = hours(zone, weekly.clone(), exceptions);
            for start in [
                "2026-03-07T11:00:00Z",
                "2026-03-28T11:00:00Z",
                "2026-04-04T11:00:00Z",
                "2026-09-05T11:00:00Z",
                "2026-10-03T11:00:00Z",
                "2026-10-24T11:00:00Z",
                "2026-10-31T11:00:00Z",
            ] {
                let looked = next_change_by_looking(&hours, at(start), 16);
                assert_eq!(hours.next_change(at(start)), looked, "{zone} {weekly} from {start}");
                found += usize::from(looked.is_some());
                // Within the night of the change, too.
                let night = at(start) + TimeDelta::minutes(13 * 60 + 7);
                assert_eq!(
                    hours.next_change(night),
                    next_change_by_looking(&hours, night, 16),
                    "{zone} {weekly} from {night}"
                );
            }
        }
    }
    assert!(found > 100, "only {found} changes were compared");
}

#[test]
fn what_is_no_schedule_is_told_field_by_field() {
    let findings = Hours::parse(&json!({
        "zone": "Europe/Atlantis",
        "weekly": { "mon": [{ "from": "9:00", "to": "17:00" }], "tue": [{ "from": "24:00", "to": "02:00" }] },
        "exceptions": [
            { "date": "2026-02-30", "intervals": [] },
            { "date": "2026-12-25", "intervals": [] },
            { "date": "2026-12-25", "intervals": [] },
            { "date": "2026-12-26" }
        ],
        "extra": 1
    }))
    .expect_err("it is full of mistakes");
    let told: Vec<(FindingCode, &str)> =
        findings.iter().map(|finding| (finding.code, finding.field.as_deref().unwrap_or_default())).collect();
    assert_eq!(
        told,
        [
            (FindingCode::BadZone, "/zone"),
            (FindingCode::BadTime, "/weekly/mon/0/from"),
            (FindingCode::BadTime, "/weekly/tue/0/from"),
            (FindingCode::BadDate, "/exceptions/0/date"),
            (FindingCode::Duplicate, "/exceptions/2"),
            (FindingCode::MissingField, "/exceptions/3"),
            (FindingCode::UnknownField, "/extra"),
        ]
    );
}
