//! The dataset `intervals`: the figures of the reports, as a file.

use calldocker::exports::work;
use calldocker::jobs::Done;
use chrono::{DateTime, TimeDelta, Utc};
use entity::EntryOutcome;
use serde_json::{Map, Value, json};

use super::Later;
use crate::support::days::{Days, Talk, Way, at};
use crate::support::{TestApp, on_both_databases};

/// Days of 23 and of 25 hours in Berlin.
const DAYS: [(&str, i64); 2] = [("2026-03-29", 23), ("2026-10-25", 25)];

/// A caller at each half hour of UTC all around both days, in one queue or the other, and some of them an hour long.
async fn around_both_days(app: &TestApp, later: &Later) {
    let ours = later.script(app);
    let other = Days { queue: later.world.ours.second_queue, ..later.script(app) };
    for (from, hours) in [("2026-03-28T21:30:00Z", 27), ("2026-10-24T20:30:00Z", 29)] {
        for hour in 0..hours {
            let began = at(from) + TimeDelta::hours(hour);
            let way = match hour % 4 {
                0 => Way::Left(EntryOutcome::Abandoned, 3_250),
                1 => Way::Left(EntryOutcome::Overflow, 61_000),
                2 => Way::Talked(Talk { wait: 12, talk: 3_700, hold: 35, wrap_up: 45, score: Some(4) }),
                _ => Way::Talked(Talk { wait: 33, talk: 100, ..Talk::default() }),
            };
            let script = if hour % 3 == 0 { &other } else { &ours };
            script.call(began, way).await;
        }
    }
}

/// Every figure of a row of the report, under the name of its column.
fn columns_of(row: &Value) -> Map<String, Value> {
    let mut columns = Map::new();
    let mut put = |prefix: &str, figures: &Value| {
        for (name, figure) in figures.as_object().unwrap().iter().filter(|(_, figure)| !figure.is_object()) {
            let name = match (prefix, name.as_str()) {
                (_, "formula") => continue,
                ("satisfaction", "answers") => "surveyAnswers".to_owned(),
                ("serviceLevel", name) => format!("serviceLevel{}{}", name[..1].to_uppercase(), &name[1..]),
                (_, name) => name.to_owned(),
            };
            columns.insert(name, figure.clone());
        }
    };
    put("", &row["figures"]);
    for part in ["serviceLevel", "work", "satisfaction"] {
        put(part, &row["figures"][part]);
    }
    columns
}

fn moment(value: &Value) -> DateTime<Utc> {
    at(value.as_str().unwrap())
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_default()
}

async fn export(app: &TestApp, later: &Later, about: &Value, query: &str) -> String {
    let at = |which: &str| moment(&about[which]).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let range = format!("from={}&to={}", at("from"), at("to"));
    let answer =
        app.get(&later.path(&format!("export?dataset=intervals&{range}&{query}")), &later.owner).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

on_both_databases! {
    async fn the_rows_of_an_export_are_those_of_the_report_and_add_up_to_it(app) {
        let later = Later::days(app, 0).await;
        around_both_days(app, &later).await;
        for (day, hours) in DAYS {
            for (interval, attribution) in [
                ("15", "activity_driven"), ("30", "activity_driven"), ("60", "activity_driven"), ("60", "contact_driven"),
            ] {
                let how = format!("interval={interval}&tz=Europe/Berlin&attribution={attribution}");
                let day = format!("from={day}&to={day}&{how}");
                let by_queue = later.report(app, &format!("queues?groupBy=interval&{day}")).await;
                let rows = objects(&export(app, &later, &by_queue["about"], &format!("format=ndjson&{how}")).await);
                let reported = by_queue["rows"].as_array().unwrap();
                assert_eq!(rows.len(), reported.len(), "{day}");
                for wanted in reported {
                    let same = |row: &&Value| row["queueId"] == wanted["queueId"] && moment(&row["from"]) == moment(&wanted["from"]);
                    let row = rows.iter().find(same).unwrap_or_else(|| panic!("{day}: {wanted:#} is not exported"));
                    assert_eq!((moment(&row["to"]), &row["queueName"]), (moment(&wanted["to"]), &wanted["name"]));
                    let columns = columns_of(wanted);
                    for (name, figure) in &columns {
                        assert_eq!(number(&row[name]), number(figure), "{day}, {name}: {row:#} and {wanted:#}");
                    }
                    let others = row.as_object().unwrap().iter().filter(|(name, value)| !value.is_null() && !columns.contains_key(*name));
                    let others: Vec<_> = others.map(|(name, _)| name.as_str()).collect();
                    assert_eq!(others, ["from", "queueId", "queueName", "to"], "every column is a figure of the report");
                }
                let together = later.report(app, &format!("intervals?{day}")).await;
                for wanted in together["rows"].as_array().unwrap() {
                    let of_row = rows.iter().filter(|row| moment(&row["from"]) == moment(&wanted["from"]));
                    let of_row: Vec<_> = of_row.collect();
                    for figure in ["queued", "answered", "abandoned", "overflowed", "shortAbandons", "handled", "talkSeconds",
                        "holdSeconds", "wrapUpSeconds", "surveyAnswers", "serviceLevelNumerator", "serviceLevelDenominator"] {
                        let sum: f64 = of_row.iter().map(|row| number(&row[figure])).sum();
                        let wanted = number(&columns_of(wanted)[figure]);
                        assert!((sum - wanted).abs() < 1e-6, "{day}, {figure}: {sum} is not {wanted}");
                    }
                }
                if attribution == "activity_driven" {
                    let queued: f64 = rows.iter().map(|row| number(&row["queued"])).sum();
                    assert_eq!(queued, hours as f64, "{day}: one caller an hour");
                }
            }
        }
    }

    async fn intervals_are_the_same_in_a_file_as_in_a_stream(app) {
        let later = Later::days(app, 0).await;
        around_both_days(app, &later).await;
        let about = later.report(app, "intervals?from=2026-10-25&to=2026-10-25&tz=Asia/Kolkata").await["about"].clone();
        let streamed = export(app, &later, &about, "interval=60&tz=Asia/Kolkata").await;
        let lines: Vec<_> = streamed.split_terminator("\r\n").collect();
        assert!(lines[0].starts_with("from,to,queueId,queueName,queued,answered,abandoned,"), "{}", lines[0]);
        assert!(lines.len() > 20 && lines[1..].iter().all(|line| line[13..].starts_with(":30:00.000Z,")), "{}", lines[1]);
        let body = json!({"dataset": "intervals", "interval": "60", "tz": "Asia/Kolkata", "from": about["from"], "to": about["to"]});
        let made = app.post("/api/exports", &later.owner, body).await;
        let made = made.data(201);
        for (name, value) in [("interval", "60"), ("tz", "Asia/Kolkata"), ("attribution", "activity_driven")] {
            assert_eq!(made[name], value);
        }
        let id = made["id"].as_str().unwrap().parse().unwrap();
        assert!(matches!(work::write(&app.app, later.world.ours.scope, id, 1).await.unwrap(), Done::Yes));
        let file = app.get(&format!("/api/exports/{id}/content"), &later.owner).await;
        assert_eq!((file.status.as_u16(), &file.text), (200, &streamed));
        let shown = app.get(&format!("/api/exports/{id}"), &later.owner).await;
        assert_eq!(shown.data(200)["rowsWritten"], json!(lines.len() - 1));
        assert!(shown.data(200)["rowsEstimated"].as_u64().unwrap() > 20);
    }

    async fn what_is_of_intervals_alone_is_refused_elsewhere(app) {
        let later = Later::days(app, 0).await;
        for (query, field) in [("dataset=calls&tz=UTC", "tz"), ("dataset=events&interval=15", "interval"),
            ("dataset=agents&attribution=contact_driven", "attribution"), ("dataset=intervals&tz=Mars/Olympus", "tz")] {
            let refused = app.get(&later.path(&format!("export?{query}")), &later.owner).await;
            assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), [field], "{query}");
        }
        let refused = app.post("/api/exports", &later.owner, json!({"dataset": "calls", "tz": "UTC"})).await;
        assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/tz"]);
        let own = app.get(&later.path("export?dataset=intervals&interval=day"), &later.owner).await;
        assert_eq!((own.status.as_u16(), own.wrong_fields()), (400, vec!["interval"]));
    }
}
