//! The dataset `intervals`: what callers met in each queue, by interval, with the figures of the intervals report.
//!
//! Figures are made of counters, in Rust on both databases: COPY could add the sums up, but not the service level, which each
//! company counts in its own way from waits by seconds. Counters are read in the order of their quarters, and those of one
//! interval are in memory at a time.

use std::collections::BTreeMap;

use ::reports::{Counters, Interval, Quarter, figures, row_of};
use chrono::{DateTime, SecondsFormat, Utc};
use entity::id::QueueId;
use entity::{CompanyScope, ReportSettings, queue};
use futures_util::TryStreamExt;

use crate::app::App;
use crate::companies;
use crate::error::Result;
use crate::reports::{ask, count};
use crate::store::datasets::{self, Ask, INTERVALS, Intervals, Rows, Sink, Taken};
use crate::store::reports as store;

/// Begins to read. There is a place for it among the exporter's connections, as the caller knows.
pub fn rows(app: &App, scope: CompanyScope, ask: Ask, intervals: Intervals) -> Rows {
    let app = app.clone();
    datasets::written(|mut sink| async move {
        let read = write(&app, scope, ask, intervals, &mut sink).await;
        (sink, read)
    })
}

async fn write(
    app: &App,
    scope: CompanyScope,
    ask: Ask,
    intervals: Intervals,
    sink: &mut Sink,
) -> Result<Taken> {
    // As who reads a report does.
    count::freshen(app, scope).await?;
    let settings = companies::get(app, scope).await?.report_settings;
    let queues = store::queues_ever(scope, app.db.reader()).await?;
    let Intervals { length, zone, attribution } = intervals;
    let range = ask.quarters();
    let mut open =
        Open { interval: Interval { first: range.first, end: range.first }, sums: BTreeMap::new() };
    let mut counters = datasets::counters(scope, &app.db, attribution, range).await?;
    while let Some(row) = counters.try_next().await? {
        let quarter = Quarter(row.quarter);
        if !open.interval.contains(quarter) {
            if open.close(&settings, &queues, ask, sink).await == Taken::Gone {
                return Ok(Taken::Gone);
            }
            open.interval = row_of(range, quarter, length, zone);
        }
        open.sums.entry(row.queue_id).or_default().add(&count::read(row.counters)?);
    }
    Ok(open.close(&settings, &queues, ask, sink).await)
}

/// The interval that is being added up.
struct Open {
    interval: Interval,
    sums: BTreeMap<QueueId, Counters>,
}

impl Open {
    /// Writes its rows, by the queues' names.
    async fn close(
        &mut self,
        settings: &ReportSettings,
        queues: &[queue::Model],
        ask: Ask,
        sink: &mut Sink,
    ) -> Taken {
        let mut line = Vec::with_capacity(512);
        for queue in queues {
            let Some(counters) = self.sums.remove(&queue.id) else { continue };
            line.clear();
            let values = values(settings, queue, self.interval, &counters);
            datasets::write_row(&mut line, ask.format, &INTERVALS, &values);
            if sink.put(&line).await == Taken::Gone {
                return Taken::Gone;
            }
        }
        Taken::All
    }
}

/// In the order of [`INTERVALS`].
fn values(
    settings: &ReportSettings,
    queue: &queue::Model,
    interval: Interval,
    counters: &Counters,
) -> [Option<String>; INTERVALS.len()] {
    let (target, short) = ask::limits(settings, queue);
    let level = ask::variant(settings.variant).of(counters, target, short);
    let count = |count: u64| Some(count.to_string());
    let left = counters.queued > counters.still_waiting;
    [
        moment(interval.from()),
        moment(interval.to()),
        Some(queue.id.to_string()),
        Some(queue.name.clone()),
        count(counters.queued),
        count(counters.answered),
        count(counters.abandoned),
        count(figures::short_abandons(counters, short)),
        count(counters.overflowed),
        count(counters.callbacks),
        count(counters.voicemails),
        count(counters.errors),
        count(counters.moved),
        count(counters.withdrawn),
        count(counters.unreached),
        count(counters.still_waiting),
        decimal(figures::answer_rate(counters).percent()),
        decimal(figures::abandonment_rate(counters).percent()),
        Some(settings.variant.as_str()),
        count(u64::from(target)),
        count(u64::from(short)),
        count(level.numerator),
        count(level.denominator),
        decimal(level.percent()),
        decimal(figures::speed_of_answer(counters)),
        decimal(figures::abandon_time(counters)),
        left.then(|| seconds(counters.longest_wait_ms)),
        count(counters.called_back),
        count(counters.called_back_reached),
        count(counters.called_back_unreached),
        count(counters.consults),
        count(counters.handled),
        count(counters.handled_outbound),
        Some(seconds(counters.contact_ms.saturating_sub(counters.hold_ms))),
        Some(seconds(counters.hold_ms)),
        Some(seconds(counters.wrap_up_ms)),
        decimal(figures::handle_time(counters)),
        decimal(figures::talk_time(counters)),
        count(counters.held),
        decimal(figures::hold_time(counters)),
        decimal(figures::wrap_up_time(counters)),
        decimal(figures::wrap_up_time_over_all(counters)),
        count(counters.transferred),
        decimal(figures::transfer_rate(counters).percent()),
        count(counters.not_connected),
        count(counters.surveys),
        decimal(figures::score(counters)),
        count(counters.satisfied),
        decimal(figures::satisfaction(counters).percent()),
    ]
}

fn moment(at: DateTime<Utc>) -> Option<String> {
    Some(at.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// As few digits as give the number back.
fn decimal(number: Option<f64>) -> Option<String> {
    number.map(|number| number.to_string())
}

fn seconds(ms: u64) -> String {
    (ms as f64 / 1000.0).to_string()
}
