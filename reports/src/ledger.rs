//! From the rows of calls to counters: what counts, for whom, and in which quarter of an hour.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::counters::Counters;
use crate::facts::{CallFacts, Direction, End, Offer, OfferEnd, Purpose, Score, Segment, Visit, VisitEnd};
use crate::span::{Quarter, Span, minus, union};

/// To which interval the figures of a call belong (metrics 4.4). The two must be named wherever they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Attribution {
    /// All of a call's to the interval in which it ended, once it is over.
    ContactDriven,
    /// Each to where it happened: a call to where it began, a visit with its outcome to where it began, an offer and a
    /// score to where they were made, a conversation to where it began, and times to every interval that they reach into,
    /// clipped.
    ActivityDriven,
}

/// Whose counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Of {
    /// The company's calls.
    Company,
    Queue(Uuid),
    /// An agent's in a queue; his time by the clock is in none.
    Agent(Uuid, Option<Uuid>),
}

/// One row of counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    pub attribution: Attribution,
    pub quarter: Quarter,
    pub of: Of,
}

/// What an agent does by the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Doing {
    Contact,
    WrapUp,
    Ringing,
}

/// Gathers calls, in any order.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    cells: BTreeMap<Cell, Counters>,
    /// Of each agent and quarter, since what overlaps counts once.
    clocks: BTreeMap<(Uuid, Quarter), Vec<(Doing, Span)>>,
}

impl Ledger {
    pub fn add(&mut self, call: &CallFacts) {
        let at_end = call.ended_at.filter(|_| call.is_over).map(Quarter::of);
        let mut entry = Entry { ledger: self, at_end };
        entry.call(call);
        call.visits.iter().for_each(|visit| entry.visit(visit));
        call.offers.iter().for_each(|offer| entry.offer(offer));
        let dialled = call.visits.iter().any(|visit| visit.purpose == Purpose::Outbound);
        call.segments.iter().for_each(|segment| entry.segment(segment, dialled));
        call.scores.iter().for_each(|score| entry.score(score));
    }

    /// The quarters that have anything so far.
    pub fn quarters(&self) -> BTreeSet<Quarter> {
        let counted = self.cells.keys().map(|cell| cell.quarter);
        counted.chain(self.clocks.keys().map(|(_, quarter)| *quarter)).collect()
    }

    /// All counters but empty ones.
    pub fn finish(mut self) -> BTreeMap<Cell, Counters> {
        for ((agent, quarter), spans) in std::mem::take(&mut self.clocks) {
            let cell = Cell { attribution: Attribution::ActivityDriven, quarter, of: Of::Agent(agent, None) };
            clock(self.cells.entry(cell).or_default(), quarter, &spans);
        }
        self.cells.retain(|_, counters| !counters.is_empty());
        self.cells
    }
}

/// By the clock, and each moment once: with a caller goes before wrapping up, and that before being rung.
fn clock(counters: &mut Counters, quarter: Quarter, spans: &[(Doing, Span)]) {
    let of = |doing| union(spans.iter().filter(|(one, _)| *one == doing).map(|(_, span)| *span).collect());
    let contact = of(Doing::Contact);
    let wrap_up = minus(&of(Doing::WrapUp), &contact);
    let busy = union([contact.as_slice(), &wrap_up].concat());
    let ringing = minus(&of(Doing::Ringing), &busy);
    let ms = |spans: &[Span]| spans.iter().map(|span| span.ms()).sum::<u64>();
    counters.on_contact_ms += ms(&contact);
    counters.in_wrap_up_ms += ms(&wrap_up);
    counters.ringing_ms += ms(&ringing);
    let since = |moment: DateTime<Utc>| {
        u32::try_from((moment - quarter.begins()).num_milliseconds()).unwrap_or_default()
    };
    let whole = [contact.as_slice(), &wrap_up, &ringing].concat();
    counters.clock.extend(whole.into_iter().map(|span| (since(span.from), since(span.to))));
    counters.clock.sort_unstable();
}

/// One call that is entered.
struct Entry<'a> {
    ledger: &'a mut Ledger,
    /// Where all of it counts, contact-driven.
    at_end: Option<Quarter>,
}

impl Entry<'_> {
    /// Counts something that happened at a moment, by both attributions.
    fn count(&mut self, at: DateTime<Utc>, of: Of, what: impl Fn(&mut Counters)) {
        self.in_quarter(Attribution::ActivityDriven, Quarter::of(at), of, &what);
        if let Some(quarter) = self.at_end {
            self.in_quarter(Attribution::ContactDriven, quarter, of, &what);
        }
    }

    /// Counts time: whole at the call's end, and clipped to each quarter.
    fn time(&mut self, span: Span, of: Of, sum: fn(&mut Counters) -> &mut u64) {
        for (quarter, part) in span.by_quarter() {
            self.in_quarter(Attribution::ActivityDriven, quarter, of, &|counters| {
                *sum(counters) += part.ms()
            });
        }
        if let Some(quarter) = self.at_end {
            self.in_quarter(Attribution::ContactDriven, quarter, of, &|counters| *sum(counters) += span.ms());
        }
    }

    fn in_quarter(
        &mut self,
        attribution: Attribution,
        quarter: Quarter,
        of: Of,
        what: &dyn Fn(&mut Counters),
    ) {
        what(self.ledger.cells.entry(Cell { attribution, quarter, of }).or_default());
    }

    fn clock(&mut self, agent: Uuid, doing: Doing, span: Option<Span>) {
        for (quarter, part) in span.into_iter().flat_map(Span::by_quarter) {
            self.ledger.clocks.entry((agent, quarter)).or_default().push((doing, part));
        }
    }

    fn call(&mut self, call: &CallFacts) {
        self.count(call.started_at, Of::Company, |counters| {
            counters.calls += 1;
            *match call.direction {
                Direction::Inbound => &mut counters.inbound,
                Direction::Outbound => &mut counters.outbound,
                Direction::Peer => &mut counters.peer,
            } += 1;
            let Some(outcome) = call.outcome else { return };
            *match outcome {
                End::Answered => &mut counters.calls_answered,
                End::Abandoned => &mut counters.calls_abandoned,
                End::Voicemail => &mut counters.calls_voicemail,
                End::Callback => &mut counters.calls_callback,
                End::Overflow => &mut counters.calls_overflow,
                End::NoAnswer => &mut counters.calls_no_answer,
                End::Busy => &mut counters.calls_busy,
                End::FlowExit => &mut counters.calls_flow_exit,
                End::Error => &mut counters.calls_error,
            } += 1;
        });
        if let Some(ended_at) = call.ended_at {
            self.time(Span::new(call.started_at, ended_at), Of::Company, |counters| &mut counters.call_ms);
        }
    }

    fn visit(&mut self, visit: &Visit) {
        self.count(visit.entered_at, Of::Queue(visit.queue), |counters| match visit.purpose {
            Purpose::Caller => caller(counters, visit),
            Purpose::Consult => counters.consults += 1,
            Purpose::Outbound => {}
            Purpose::Callback => {
                counters.called_back += 1;
                match visit.end {
                    Some((VisitEnd::Answered, _)) => counters.called_back_reached += 1,
                    Some((VisitEnd::Unreached, _)) => counters.called_back_unreached += 1,
                    Some(_) | None => {}
                }
            }
        });
    }

    fn offer(&mut self, offer: &Offer) {
        self.count(offer.offered_at, Of::Agent(offer.agent, Some(offer.queue)), |counters| {
            counters.offered += 1;
            let Some((end, _)) = offer.end else { return };
            *match end {
                OfferEnd::Accepted => &mut counters.accepted,
                OfferEnd::Declined => &mut counters.declined,
                OfferEnd::NotAnswered => &mut counters.not_answered,
                OfferEnd::TakenByOther => &mut counters.taken_by_other,
                OfferEnd::CallerLeft => &mut counters.caller_left,
                OfferEnd::Withdrawn => &mut counters.offer_withdrawn,
                OfferEnd::DeviceFailed => &mut counters.device_failed,
            } += 1;
        });
        let rang = offer.end.map(|(_, at)| Span::new(offer.offered_at, at));
        self.clock(offer.agent, Doing::Ringing, rang);
    }

    fn segment(&mut self, segment: &Segment, dialled: bool) {
        self.clock(segment.agent, Doing::Ringing, segment.connecting());
        self.clock(segment.agent, Doing::Contact, segment.conversation());
        self.clock(segment.agent, Doing::WrapUp, segment.wrap_up());
        let whose = [Of::Queue(segment.queue), Of::Agent(segment.agent, Some(segment.queue))];
        for of in whose {
            let (Some(conversation), Some(connected)) = (segment.conversation(), segment.connected_at) else {
                if segment.ended_at.is_some() {
                    self.count(segment.reserved_at, of, |counters| counters.not_connected += 1);
                }
                continue;
            };
            let held = segment.holds.iter().any(|hold| !hold.is_empty());
            let wrap_up = segment.wrap_up().filter(|wrap_up| !wrap_up.is_empty());
            self.count(connected, of, |counters| {
                counters.handled += 1;
                counters.handled_outbound += u64::from(dialled);
                counters.held += u64::from(held);
                counters.wrapped_up += u64::from(wrap_up.is_some());
                counters.transferred += u64::from(segment.transferred);
            });
            self.time(conversation, of, |counters| &mut counters.contact_ms);
            for hold in &segment.holds {
                self.time(hold.and(conversation), of, |counters| &mut counters.hold_ms);
            }
            if let Some(wrap_up) = wrap_up {
                self.time(wrap_up, of, |counters| &mut counters.wrap_up_ms);
            }
        }
    }

    fn score(&mut self, score: &Score) {
        let queue = score.queue.map(Of::Queue);
        let agent = score.agent.map(|agent| Of::Agent(agent, score.queue));
        for of in [Some(Of::Company), queue, agent].into_iter().flatten() {
            self.count(score.answered_at, of, |counters| {
                counters.surveys += 1;
                counters.score_sum += u64::from(score.score);
                counters.satisfied += u64::from(score.score >= 4);
            });
        }
    }
}

/// Counts a caller's visit of a queue.
pub fn caller(counters: &mut Counters, visit: &Visit) {
    counters.queued += 1;
    let Some((end, left_at)) = visit.end else {
        counters.still_waiting += 1;
        return;
    };
    let wait = Span::new(visit.entered_at, left_at).ms();
    counters.longest_wait_ms = counters.longest_wait_ms.max(wait);
    let (number, waits) = match end {
        VisitEnd::Answered => {
            counters.answered_wait_ms += wait;
            (&mut counters.answered, &mut counters.answered_waits)
        }
        VisitEnd::Abandoned => {
            counters.abandoned_wait_ms += wait;
            (&mut counters.abandoned, &mut counters.abandoned_waits)
        }
        VisitEnd::Callback => (&mut counters.callbacks, &mut counters.callback_waits),
        VisitEnd::Overflow => (&mut counters.overflowed, &mut counters.flow_out_waits),
        VisitEnd::Voicemail => (&mut counters.voicemails, &mut counters.flow_out_waits),
        VisitEnd::Error => (&mut counters.errors, &mut counters.flow_out_waits),
        VisitEnd::Moved => (&mut counters.moved, &mut counters.flow_out_waits),
        VisitEnd::Withdrawn => (&mut counters.withdrawn, &mut counters.flow_out_waits),
        VisitEnd::Unreached => (&mut counters.unreached, &mut counters.flow_out_waits),
    };
    *number += 1;
    waits.note(wait);
}
