//! What holds for any calls: counters of quarters add up to half hours, hours and days of any zone; every visit is counted
//! once; agents' conversations are their queue's.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;
use reports::{
    Attribution, CallFacts, Cell, Counters, Direction, End, Interval, Ledger, Length, Of, Offer, OfferEnd,
    Purpose, Quarter, Score, Segment, Span, Visit, VisitEnd, day_began, intervals,
};
use uuid::Uuid;

fn began() -> DateTime<Utc> {
    "2026-10-23T22:00:00Z".parse().unwrap()
}

fn after(second: i64) -> DateTime<Utc> {
    began() + TimeDelta::milliseconds(second * 997)
}

prop_compose! {
    fn call()(
        start in 0_i64..200_000,
        waited in 0_i64..1_000,
        talked in 0_i64..5_000,
        wrapped in 0_i64..1_000,
        hold in 0_i64..500,
        queue in 1_u128..4,
        agent in 10_u128..14,
        end in prop::sample::select(vec![
            VisitEnd::Answered, VisitEnd::Answered, VisitEnd::Abandoned, VisitEnd::Overflow, VisitEnd::Callback,
            VisitEnd::Moved, VisitEnd::Unreached,
        ]),
        over in any::<bool>(),
        score in prop::option::of(1_u8..=5),
    ) -> CallFacts {
        let (queue, agent) = (Uuid::from_u128(queue), Uuid::from_u128(agent));
        let met = start + waited;
        let answered = end == VisitEnd::Answered;
        let segment = Segment {
            agent,
            queue,
            reserved_at: after(start),
            connected_at: answered.then(|| after(met)),
            ended_at: Some(after(met + talked)),
            wrapped_up_at: answered.then(|| after(met + talked + wrapped)),
            holds: vec![Span::new(after(met + 10), after(met + 10 + hold))],
            transferred: hold > 250,
        };
        CallFacts {
            direction: Direction::Inbound,
            outcome: Some(if answered { End::Answered } else { End::Abandoned }),
            started_at: after(start),
            ended_at: Some(after(met + talked)),
            is_over: over,
            visits: vec![Visit { queue, purpose: Purpose::Caller, entered_at: after(start), end: over.then(|| (end, after(met))) }],
            offers: vec![Offer { agent, queue, offered_at: after(start), end: Some((OfferEnd::Accepted, after(met))) }],
            segments: vec![segment],
            scores: score.map(|score| Score { agent: Some(agent), queue: Some(queue), score, answered_at: after(met) }).into_iter().collect(),
        }
    }
}

fn cells(calls: &[CallFacts]) -> BTreeMap<Cell, Counters> {
    let mut ledger = Ledger::default();
    calls.iter().for_each(|call| ledger.add(call));
    ledger.finish()
}

fn total<'a>(counters: impl Iterator<Item = &'a Counters>) -> Counters {
    let mut total = Counters::default();
    counters.for_each(|counters| total.add(counters));
    total
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn rows_of_any_length_add_up_in_any_zone(
        calls in prop::collection::vec(call(), 0..8),
        zone in prop::sample::select(vec![
            Tz::UTC, chrono_tz::Europe::Berlin, chrono_tz::Asia::Kathmandu, chrono_tz::Australia::Lord_Howe,
            chrono_tz::America::St_Johns,
        ]),
    ) {
        let cells = cells(&calls);
        // Days enough for every call, over the end of Berlin's summer.
        let day = |date: &str| Quarter::of(day_began(date.parse().unwrap(), zone).unwrap());
        let range = Interval { first: day("2026-10-22"), end: day("2026-10-30") };
        for of in cells.keys().map(|cell| (cell.attribution, cell.of)).collect::<std::collections::BTreeSet<_>>() {
            let of_it = || cells.iter().filter(|(cell, _)| (cell.attribution, cell.of) == of);
            let whole = total(of_it().map(|(_, counters)| counters));
            let mut shorter: Option<Vec<Interval>> = None;
            for length in [Length::Quarter, Length::HalfHour, Length::Hour, Length::Day] {
                let rows = intervals(range, length, zone);
                prop_assert_eq!((rows[0].first, rows.last().unwrap().end), (range.first, range.end));
                prop_assert!(rows.windows(2).all(|pair| pair[0].end == pair[1].first));
                let of_row = |row: &Interval| {
                    let row = *row;
                    total(of_it().filter(move |(cell, _)| row.contains(cell.quarter)).map(|(_, counters)| counters))
                };
                let sums: Vec<_> = rows.iter().map(of_row).collect();
                prop_assert_eq!(&total(sums.iter()), &whole);
                // Every longer row is made of whole shorter ones.
                if let Some(shorter) = shorter.replace(rows.clone()) {
                    for (row, sum) in rows.iter().zip(&sums) {
                        let parts: Vec<_> = shorter.iter().filter(|part| row.contains(part.first)).collect();
                        prop_assert!(parts.iter().all(|part| part.end <= row.end));
                        prop_assert_eq!(&total(parts.into_iter().map(of_row).collect::<Vec<_>>().iter()), sum);
                    }
                }
            }
        }
    }

    #[test]
    fn the_identities_hold(calls in prop::collection::vec(call(), 0..30)) {
        let cells = cells(&calls);
        for counters in cells.values() {
            prop_assert_eq!(counters.check(), Ok(()));
        }
        for attribution in [Attribution::ContactDriven, Attribution::ActivityDriven] {
            for queue in (1..4).map(Uuid::from_u128) {
                let of = |wanted: &dyn Fn(Of) -> bool| {
                    total(cells.iter().filter(|(cell, _)| cell.attribution == attribution && wanted(cell.of)).map(|(_, one)| one))
                };
                let of_queue = of(&|of| of == Of::Queue(queue));
                let of_agents = of(&|of| matches!(of, Of::Agent(_, Some(one)) if one == queue));
                prop_assert_eq!(of_queue.handled, of_agents.handled);
                prop_assert_eq!((of_queue.contact_ms, of_queue.hold_ms), (of_agents.contact_ms, of_agents.hold_ms));
                prop_assert!(of_queue.hold_ms <= of_queue.contact_ms);
            }
        }
    }

    #[test]
    fn counters_come_back_from_json(calls in prop::collection::vec(call(), 0..5)) {
        for counters in cells(&calls).values() {
            let stored = serde_json::to_string(counters).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Counters>(&stored).unwrap(), counters);
        }
    }
}
