//! What the database and the provider say when it is quiet, held against each other.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use calldocker::app::App;
use calldocker::calls::accept::client_address;
use carrier::{Carrier, Line, LineKind};
use chrono::{DateTime, Utc};
use clock::Clock;
use entity::id::{AgentId, CallId};
use entity::{
    CallOutcome, CompanyScope, JobKind, JobState, OfferState, SegmentState, agent, agent_slot, call,
    call_event, job, leg, offer, offer_round, queue_entry, segment,
};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, Select};

use crate::support::centre::NUMBER;

/// What the provider says when the application cannot be asked.
const PROVIDERS_APOLOGY: &str = "an application error has occurred";
/// What the application says when it cannot go on.
const OUR_APOLOGY: &str = "something went wrong on our side";
/// How long two may be in a room before both must have been seen there.
const A_MOMENT: Duration = Duration::from_secs(3);

/// Waits until no call lives, at the provider or in the database, and no job is left; whether that came in time.
pub async fn quiet(app: &App, scope: CompanyScope, carrier: &Carrier, limit: Duration) -> bool {
    let clock = Clock::machine();
    let still = async {
        loop {
            let alive = carrier.snapshot().calls.iter().any(|leg| !leg.status.is_terminal());
            if !alive && is_at_rest(scope, app.db.reader()).await {
                return;
            }
            drop(clock.sleep(Duration::from_millis(200)).await);
        }
    };
    clock.timeout(limit, still).await.is_some()
}

async fn is_at_rest(scope: CompanyScope, db: &impl ConnectionTrait) -> bool {
    let calls = scope.find::<call::Entity>().all(db).await.unwrap();
    let jobs = pending(scope).filter(job::Column::State.ne(JobState::Failed)).all(db).await.unwrap();
    calls.iter().all(|call| call.status.is_over()) && jobs.is_empty()
}

/// What is to be done yet. The sweeper looks once more after all is over, and ends then.
fn pending(scope: CompanyScope) -> Select<job::Entity> {
    scope.find::<job::Entity>().filter(job::Column::Kind.ne(JobKind::Sweep))
}

/// A leg as the provider knows it.
struct Leg {
    from: String,
    to: String,
    inbound: bool,
    lines: Vec<Line>,
}

/// A leg's stay in a room.
struct Stay<'a> {
    room: &'a str,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl Leg {
    fn said(&self, text: &str) -> bool {
        self.lines.iter().any(|line| line.kind == LineKind::Said && line.text.contains(text))
    }

    /// Whether the application has answered any question about what to do with this call.
    fn was_answered(&self) -> bool {
        let questions = self.lines.iter().filter(|line| line.kind == LineKind::Webhook);
        questions.filter(|line| line.text.starts_with("POST ")).any(|line| line.text.contains(" -> 200"))
    }

    fn stays(&self) -> Vec<Stay<'_>> {
        let last = self.lines.last().map_or(DateTime::<Utc>::MIN_UTC, |line| line.at);
        let mut stays: Vec<Stay<'_>> = Vec::new();
        for line in self.lines.iter().filter(|line| line.kind == LineKind::Status) {
            if let Some(room) = line.text.strip_prefix("participant-join in conference ") {
                stays.push(Stay { room, from: line.at, to: last });
            } else if line.text.starts_with("participant-leave in conference ")
                && let Some(stay) = stays.last_mut()
            {
                stay.to = line.at;
            }
        }
        stays
    }
}

pub struct Books {
    calls: Vec<call::Model>,
    events: HashMap<CallId, Vec<call_event::Model>>,
    entries: Vec<queue_entry::Model>,
    rounds: Vec<offer_round::Model>,
    offers: Vec<offer::Model>,
    segments: Vec<segment::Model>,
    slots: Vec<agent_slot::Model>,
    jobs: Vec<job::Model>,
    agents: Vec<agent::Model>,
    legs: Vec<leg::Model>,
    provider: BTreeMap<String, Leg>,
}

impl Books {
    pub async fn open(app: &App, scope: CompanyScope, carrier: &Carrier) -> Self {
        let db = app.db.reader();
        let mut events: HashMap<_, Vec<_>> = HashMap::new();
        let lines =
            scope.find::<call_event::Entity>().order_by_asc(call_event::Column::Seq).all(db).await.unwrap();
        for line in lines {
            events.entry(line.call_id).or_default().push(line);
        }
        let provider = carrier.snapshot().calls.into_iter().map(|leg| {
            let lines = carrier.call(&leg.sid).expect("the provider keeps its calls").transcript();
            (leg.sid, Leg { from: leg.from, to: leg.to, inbound: leg.direction == "inbound", lines })
        });
        let provider = provider.collect();
        Self {
            calls: scope.find::<call::Entity>().all(db).await.unwrap(),
            events,
            entries: scope.find::<queue_entry::Entity>().all(db).await.unwrap(),
            rounds: scope.find::<offer_round::Entity>().all(db).await.unwrap(),
            offers: scope.find::<offer::Entity>().all(db).await.unwrap(),
            segments: scope.find::<segment::Entity>().all(db).await.unwrap(),
            slots: scope.find::<agent_slot::Entity>().all(db).await.unwrap(),
            jobs: pending(scope).all(db).await.unwrap(),
            agents: scope.find::<agent::Entity>().all(db).await.unwrap(),
            legs: scope.find::<leg::Entity>().all(db).await.unwrap(),
            provider,
        }
    }

    fn callers(&self) -> impl Iterator<Item = (&String, &Leg)> {
        self.provider.iter().filter(|(_, leg)| leg.inbound)
    }

    /// How many the provider turned away because it could not ask what to do with them.
    pub fn turned_away(&self) -> usize {
        self.callers().filter(|(_, leg)| leg.said(PROVIDERS_APOLOGY)).count()
    }

    pub fn summary(&self) -> String {
        let outcomes =
            self.calls.iter().filter_map(|call| call.outcome).fold(BTreeMap::new(), |mut counts, outcome| {
                *counts.entry(outcome.as_str()).or_insert(0) += 1;
                counts
            });
        let apologies = self.callers().filter(|(_, leg)| leg.said(OUR_APOLOGY)).count();
        format!(
            "{} people called, {} calls are in the books: {outcomes:?}; {} heard the provider's apology while the server \
             was down, {} ours; {} offers, {} conversations begun, {} connected",
            self.callers().count(),
            self.calls.len(),
            self.turned_away(),
            apologies,
            self.offers.len(),
            self.segments.len(),
            self.segments.iter().filter(|segment| segment.connected_at.is_some()).count(),
        )
    }

    /// If nothing happened, nothing was tested.
    pub fn must_not_be_empty(&self) {
        let connected = self.segments.iter().filter(|segment| segment.connected_at.is_some()).count();
        assert!(self.calls.len() >= 40 && connected >= 15, "too little has happened: {}", self.summary());
    }

    /// Everything that does not add up.
    pub fn errors(&self) -> Vec<String> {
        let mut errors = Vec::new();
        self.calls_are_over(&mut errors);
        self.nothing_is_held(&mut errors);
        self.nobody_is_lost(&mut errors);
        self.one_agent_at_a_time(&mut errors);
        self.the_story_is_what_was_heard(&mut errors);
        errors
    }

    fn calls_are_over(&self, errors: &mut Vec<String>) {
        for call in &self.calls {
            let ends = self.events_of(call).iter().filter(|line| line.kind == "call.ended").count();
            let ended = call.status.is_over() && call.outcome.is_some() && call.ended_at.is_some();
            if !ended || ends != 1 {
                let what = format!("is {:?} with {:?} and ended {ends} times", call.status, call.outcome);
                errors.push(self.about(call, &what));
            }
        }
    }

    fn nothing_is_held(&self, errors: &mut Vec<String>) {
        errors.extend(self.slots.iter().map(|slot| format!("a slot is still held: {slot:?}")));
        errors.extend(self.jobs.iter().map(|job| format!("a job is left: {job:?}")));
        let entries = self.entries.iter().filter(|entry| entry.outcome.is_none());
        errors.extend(entries.map(|entry| self.about_id(entry.call_id, "still waits")));
        let rounds = self.rounds.iter().filter(|round| round.closed_at.is_none());
        errors.extend(rounds.map(|round| format!("a round is still open: {round:?}")));
        let offers = self.offers.iter().filter(|offer| offer.state == OfferState::Open);
        errors.extend(offers.map(|offer| self.about_id(offer.call_id, "has an open offer")));
        let segments = self.segments.iter();
        let segments = segments.filter(|s| !matches!(s.state, SegmentState::Done | SegmentState::Failed));
        errors.extend(
            segments.map(|segment| self.about_id(segment.call_id, "has an agent who never finished")),
        );
        let legs = self.legs.iter().filter(|leg| leg.provider_sid.is_some() && !leg.state.is_over());
        errors.extend(
            legs.map(|leg| self.about_id(leg.call_id, &format!("has a leg that is {:?}", leg.state))),
        );
    }

    fn nobody_is_lost(&self, errors: &mut Vec<String>) {
        let known: HashMap<_, _> = self.calls.iter().map(|call| (&call.provider_sid, call)).collect();
        for (sid, leg) in self.callers() {
            if leg.was_answered() && !known.contains_key(sid) {
                errors.push(format!(
                    "{} was answered, and no book knows of it\n{}",
                    leg.from,
                    lines(&leg.lines)
                ));
            }
        }
        if known.len() != self.calls.len() {
            errors.push("two calls in the books are one at the provider".to_owned());
        }
    }

    /// By the books, and by what the provider saw.
    fn one_agent_at_a_time(&self, errors: &mut Vec<String>) {
        for call in &self.calls {
            let segments = self.segments.iter().filter(|segment| segment.call_id == call.id);
            let spans = segments.map(|s| (s.reserved_at, s.ended_at.unwrap_or(s.reserved_at)));
            if overlap(spans.collect()) {
                errors.push(self.about(call, "had two agents at once"));
            }
        }
        for agent in &self.agents {
            if self.most_at_once(agent.id) > usize::try_from(agent.capacity).unwrap_or_default() {
                errors.push(format!("{} had more calls than he can take", agent.name));
            }
        }
        let mut rooms: HashMap<&str, (Vec<Stay<'_>>, Vec<Stay<'_>>)> = HashMap::new();
        for leg in self.provider.values() {
            for stay in leg.stays() {
                let (callers, agents) = rooms.entry(stay.room).or_default();
                if leg.inbound { callers.push(stay) } else { agents.push(stay) }
            }
        }
        for (room, (callers, agents)) in rooms {
            if callers.len() > 1 || agents.len() > 1 {
                errors.push(format!("{room} has seen {} callers and {} agents", callers.len(), agents.len()));
            }
        }
    }

    /// The most that an agent was offered, had and wrapped up at any one time.
    fn most_at_once(&self, agent: AgentId) -> usize {
        let segments: HashMap<_, _> =
            self.segments.iter().map(|segment| (segment.offer_id, segment)).collect();
        let mut edges = Vec::new();
        for offer in self.offers.iter().filter(|offer| offer.agent_id == agent) {
            let end = match segments.get(&offer.id) {
                Some(segment) => segment.wrapped_up_at.or(segment.ended_at),
                None => offer.settled_at,
            };
            edges.push((offer.offered_at, 1));
            edges.extend(end.map(|end| (end, -1)));
        }
        // An end makes room for a beginning in the same moment.
        edges.sort_unstable();
        let (mut now, mut most) = (0_i32, 0);
        for (_, step) in edges {
            now += step;
            most = most.max(now);
        }
        usize::try_from(most).unwrap_or_default()
    }

    /// Two who were together for a moment have a conversation in the books, and nobody else has.
    fn the_story_is_what_was_heard(&self, errors: &mut Vec<String>) {
        let addresses: HashMap<String, AgentId> =
            self.agents.iter().map(|agent| (client_address(agent.id), agent.id)).collect();
        for call in &self.calls {
            let Some(caller) = self.provider.get(&call.provider_sid) else {
                errors.push(self.about(call, "is not known to the provider"));
                continue;
            };
            if caller.to != NUMBER {
                errors.push(self.about(call, "came to another number"));
            }
            let mut met = false;
            for stay in caller.stays() {
                let agents = self.provider.values().filter(|leg| !leg.inbound);
                for (agent, other) in agents.flat_map(|leg| leg.stays().into_iter().map(move |s| (leg, s))) {
                    let together = (stay.to.min(other.to) - stay.from.max(other.from)).to_std();
                    if stay.room == other.room && together.is_ok_and(|together| together > A_MOMENT) {
                        met = true;
                        let agent = addresses.get(&agent.to);
                        let told = self.segments.iter().any(|segment| {
                            segment.call_id == call.id
                                && Some(&segment.agent_id) == agent
                                && segment.connected_at.is_some()
                        });
                        if !told {
                            errors.push(self.about(call, "had a conversation that no segment tells of"));
                        }
                    }
                }
            }
            let answered = self.segments.iter().any(|s| s.call_id == call.id && s.connected_at.is_some());
            if (met || answered) && call.outcome != Some(CallOutcome::Answered) {
                errors
                    .push(self.about(call, &format!("was answered, and its outcome is {:?}", call.outcome)));
            }
            if answered && caller.stays().is_empty() {
                errors.push(self.about(call, "is said to have been answered, and nobody met the caller"));
            }
        }
    }

    fn events_of(&self, call: &call::Model) -> &[call_event::Model] {
        self.events.get(&call.id).map_or(&[], Vec::as_slice)
    }

    fn about_id(&self, id: CallId, what: &str) -> String {
        let call = self.calls.iter().find(|call| call.id == id).expect("the call is in the books");
        self.about(call, what)
    }

    /// What is wrong with a call, and everything that is known of it.
    fn about(&self, call: &call::Model, what: &str) -> String {
        let mut text = format!("\ncall {} from {} {what}\n", call.id, call.from_address);
        for line in self.events_of(call) {
            text += &format!("    {} {} {}\n", line.occurred_at.format("%T%.3f"), line.kind, line.data);
        }
        for leg in self.legs.iter().filter(|leg| leg.call_id == call.id) {
            text += &format!("  leg {:?} {} {:?}\n", leg.kind, leg.address, leg.state);
            if let Some(known) = leg.provider_sid.as_ref().and_then(|sid| self.provider.get(sid)) {
                text += &lines(&known.lines);
            }
        }
        text
    }
}

fn overlap(mut spans: Vec<(DateTime<Utc>, DateTime<Utc>)>) -> bool {
    spans.sort_unstable();
    spans.windows(2).any(|pair| pair[1].0 < pair[0].1)
}

fn lines(lines: &[Line]) -> String {
    let tell = |line: &Line| format!("    {} {:?} {}\n", line.at.format("%T%.3f"), line.kind, line.text);
    lines.iter().map(tell).collect()
}
