//! Published examples of how the numbers of a contact are put into intervals.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use reports::{
    Attribution, CallFacts, Cell, Counters, Direction, End, Interval, Ledger, Length, Of, Purpose, Quarter,
    Segment, Span, State, Timeline, Visit, VisitEnd, figures, intervals,
};
use uuid::Uuid;

const QUEUE: Uuid = Uuid::from_u128(1);
const AGENT: Uuid = Uuid::from_u128(2);

fn at(clock: &str) -> DateTime<Utc> {
    format!("2026-03-02T{clock}:00Z").parse().unwrap()
}

/// A contact from 05:23 to 06:15, all of it with the agent.
fn contact() -> CallFacts {
    CallFacts {
        direction: Direction::Inbound,
        outcome: Some(End::Answered),
        started_at: at("05:23"),
        ended_at: Some(at("06:15")),
        is_over: true,
        visits: vec![Visit {
            queue: QUEUE,
            purpose: Purpose::Caller,
            entered_at: at("05:23"),
            end: Some((VisitEnd::Answered, at("05:23"))),
        }],
        offers: Vec::new(),
        segments: vec![Segment {
            agent: AGENT,
            queue: QUEUE,
            reserved_at: at("05:23"),
            connected_at: Some(at("05:23")),
            ended_at: Some(at("06:15")),
            wrapped_up_at: Some(at("06:15")),
            holds: Vec::new(),
            transferred: false,
        }],
        scores: Vec::new(),
    }
}

/// Minutes with the agent by half hour of the wall.
fn by_half_hour(attribution: Attribution) -> Vec<(String, u64)> {
    let mut ledger = Ledger::default();
    ledger.add(&contact());
    let cells = ledger.finish();
    let range = Interval { first: Quarter::of(at("05:00")), end: Quarter::of(at("07:00")) };
    let mut rows = Vec::new();
    for row in intervals(range, Length::HalfHour, Tz::UTC) {
        let of_row = |cell: &Cell| cell.attribution == attribution && row.contains(cell.quarter);
        let of_row = cells.iter().filter(|(cell, _)| cell.of == Of::Queue(QUEUE) && of_row(cell));
        let minutes = of_row.map(|(_, counters)| counters.contact_ms).sum::<u64>() / 60_000;
        if minutes > 0 {
            rows.push((row.from().format("%H:%M").to_string(), minutes));
        }
    }
    rows
}

#[test]
fn contact_driven_all_of_it_goes_to_where_it_ended() {
    assert_eq!(by_half_hour(Attribution::ContactDriven), [("06:00".to_owned(), 52)]);
}

#[test]
fn activity_driven_it_is_clipped() {
    let expected = [("05:00", 7), ("05:30", 30), ("06:00", 15)];
    assert_eq!(
        by_half_hour(Attribution::ActivityDriven),
        expected.map(|(row, minutes)| (row.to_owned(), minutes))
    );
}

#[test]
fn a_call_that_is_not_over_counts_activity_driven_alone() {
    let mut ledger = Ledger::default();
    let mut call = contact();
    call.is_over = false;
    call.segments[0].wrapped_up_at = None;
    ledger.add(&call);
    let cells = ledger.finish();
    assert!(cells.keys().all(|cell| cell.attribution == Attribution::ActivityDriven));
    assert_eq!(
        cells.values().map(|counters| counters.handled).sum::<u64>(),
        2,
        "of the queue and of the agent"
    );
}

#[test]
fn two_calls_at_once_are_one_agent_s_time_once() {
    let mut ledger = Ledger::default();
    ledger.add(&contact());
    let mut second = contact();
    second.segments[0].connected_at = Some(at("05:50"));
    second.segments[0].ended_at = Some(at("06:20"));
    second.segments[0].wrapped_up_at = Some(at("06:30"));
    ledger.add(&second);
    let cells = ledger.finish();
    let changes = vec![(at("06:10"), State::Break)];
    let day = Span::new(at("00:00"), at("23:00"));
    let timeline = Timeline { life: day, first: State::Available, changes };
    let mut clock = Counters::default();
    for (cell, counters) in cells.iter().filter(|(cell, _)| cell.of == Of::Agent(AGENT, None)) {
        let mut counters = counters.clone();
        counters.check().unwrap();
        counters.settle(cell.quarter, Some(&timeline));
        counters.check().unwrap();
        clock.add(&counters);
    }
    assert_eq!((clock.on_contact_ms / 60_000, clock.in_wrap_up_ms / 60_000), (57, 10));
    assert_eq!((clock.while_available_ms / 60_000, clock.while_break_ms / 60_000), (47, 20));
    let time = figures::Time::of(&timeline, day, &clock);
    assert_eq!((time.sum(), time.logged_in), (23 * 3_600_000, 23 * 3_600_000));
}
