//! Rows by interval in a zone, on days of 23 and 25 hours, and ranges that are refused.

use entity::EntryOutcome;
use serde_json::json;

use super::Later;
use crate::support::days::{Way, at};
use crate::support::on_both_databases;

on_both_databases! {
    async fn a_day_has_as_many_hours_as_the_zone_gives_it(app) {
        let later = Later::days(app, 0).await;
        let script = later.script(app);
        // One at each half hour of UTC, all around both days.
        let days = [("2026-03-29", "2026-03-28T22:30:00Z", 26), ("2026-10-25", "2026-10-24T21:30:00Z", 28)];
        for (_, from, hours) in days {
            for hour in 0..hours {
                let began = at(from) + chrono::TimeDelta::hours(hour);
                script.call(began, Way::Left(EntryOutcome::Abandoned, 10_000)).await;
            }
        }
        for (day, _, _) in days {
            let expected: i64 = if day == "2026-03-29" { 23 } else { 25 };
            for interval in ["15", "30", "60", "day"] {
                let query = format!("intervals?from={day}&to={day}&interval={interval}&tz=Europe/Berlin");
                let report = later.report(app, &query).await;
                let rows = report["rows"].as_array().unwrap();
                let of_hour = match interval { "15" => 4, "30" => 2, _ => 1 };
                let count = if interval == "day" { 1 } else { expected * of_hour };
                assert_eq!(i64::try_from(rows.len()).unwrap(), count, "{query}");
                let sum: i64 = rows.iter().map(|row| row["figures"]["queued"].as_i64().unwrap()).sum();
                assert_eq!(sum, expected, "{query}: one caller an hour");
                if interval == "60" {
                    assert!(rows.iter().all(|row| row["figures"]["queued"] == 1), "{query}");
                }
                assert!(rows.windows(2).all(|pair| pair[0]["to"] == pair[1]["from"]), "{query}");
            }
        }
    }

    async fn hours_of_other_zones_begin_elsewhere(app) {
        let later = Later::days(app, 0).await;
        let script = later.script(app);
        script.call(at("2026-02-01T18:20:00Z"), Way::Left(EntryOutcome::Abandoned, 1_000)).await;
        for (zone, day, hour) in [
            ("UTC", "2026-02-01", "2026-02-01T18:00:00+00:00"),
            ("Asia/Kolkata", "2026-02-01", "2026-02-01T17:30:00+00:00"),
            ("Asia/Kathmandu", "2026-02-02", "2026-02-01T18:15:00+00:00"),
        ] {
            let report = later.report(app, &format!("calls?from={day}&to={day}&interval=60&tz={zone}")).await;
            let rows = report["rows"].as_array().unwrap();
            let hours: Vec<_> = rows.iter().filter(|row| row["calls"]["calls"] == 1).map(|row| &row["from"]).collect();
            assert_eq!((rows.len(), hours), (24, vec![&json!(hour)]), "{zone}");
        }
    }

    async fn what_cannot_be_answered_is_refused_by_name(app) {
        let later = Later::days(app, 0).await;
        for (query, field) in [
            ("intervals?from=2026-03-02&to=2026-03-01", "to"),
            ("intervals?from=2025-01-01&to=2026-03-01", "to"),
            ("overview?from=1990-01-01&to=1990-01-02", "from"),
            ("overview?from=monday", "from"),
            ("overview?tz=Mars/Olympus", "tz"),
            ("intervals?from=2025-03-01&to=2026-03-01&interval=15", "interval"),
            ("agents/performance?from=2026-01-01&to=2026-12-01&groupBy=interval&interval=15", "interval"),
        ] {
            let refused = app.get(&later.path(query), &later.owner).await;
            assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), [field], "{query}");
        }
        let refused = app.get("/api/calls?visitOutcome=answered", &later.owner).await;
        assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["visitOutcome"]);
    }

    async fn without_anything_there_are_no_percentages(app) {
        let later = Later::days(app, 0).await;
        let report = later.report(app, "intervals?from=2026-01-05&to=2026-01-05").await;
        let figures = &report["rows"][0]["figures"];
        assert_eq!(figures["queued"], 0);
        for absent in ["answerPercent", "abandonPercent", "averageSpeedOfAnswerSeconds", "longestWaitSeconds"] {
            assert!(figures.get(absent).is_none_or(|figure| figure.is_null()), "{absent}: {figures:#}");
        }
        assert!(figures["serviceLevel"]["percent"].is_null());
    }
}
