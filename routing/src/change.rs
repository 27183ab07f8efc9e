//! What goes into the index and what comes out of it. Plain data: no rule lives here, except what a field
//! means.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU16;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{AgentId, EntryId, Obstacle, Precedence, QueueId, SkillId};

/// One thing that happened. Each carries the whole current truth of its row set, so that telling it twice is
/// harmless and a missed one is mended by the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A queue was made or its settings changed.
    Queue(Queue),
    /// A queue is no more. Its entries keep their place, but are offered to nobody until the queue is told
    /// again.
    QueueGone(QueueId),
    /// Anything about an agent changed, a heartbeat included.
    Agent(Agent),
    /// An agent left the company.
    AgentGone(AgentId),
    /// A caller came, or anything about his visit changed.
    Entry(Entry),
    /// The visit ended: answered, abandoned, flowed out.
    EntryGone(EntryId),
    /// Nothing changed but the time. See [`crate::Index::next_due`].
    Tick,
}

/// A queue's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    pub id: QueueId,
    pub strategy: Strategy,
    /// Most agents whom a round rings that rings all, by [`Strategy::RingAll`] or [`Entry::ring_all_from`]; `None`
    /// is no limit. Without meaning for the others.
    pub ring_all_limit: Option<NonZeroU16>,
    /// How long an agent who declined an entry is not asked again for it. The index goes by the moments in
    /// [`Entry::declined_by`]; [`Queue::cooled_off_at`] makes them from this.
    pub decline_cool_off: Duration,
    /// Mean talk, hold and wrap-up of a handled call; `None` (or zero) while there is no data, and then
    /// nothing is promised to callers.
    pub mean_handle_time: Option<Duration>,
    pub idle_reading: IdleReading,
    /// With ageing, a step of priority is worth so much waiting. `None`: a larger priority goes before any wait. See
    /// [`crate::EntryKey`].
    pub ageing: Option<Ageing>,
}

/// How much a priority counts against waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ageing {
    /// Who has one step of priority less goes first once he has waited so much longer.
    pub step: Duration,
    /// The priority of whom nobody thought in particular: it is no head start.
    pub usual: i32,
}

impl Queue {
    /// When an agent who declined at `declined_at` may be asked again for the same entry.
    pub fn cooled_off_at(&self, declined_at: DateTime<Utc>) -> DateTime<Utc> {
        TimeDelta::from_std(self.decline_cool_off)
            .ok()
            .and_then(|cool_off| declined_at.checked_add_signed(cool_off))
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

/// Who among several free agents is offered the call. What each compares is written down at
/// [`crate::AgentRank`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strategy {
    /// Who has been idle longest, as [`IdleReading`] reads it.
    LongestIdle,
    /// Who was offered a call least recently, whether he took it or not.
    RoundRobin,
    /// Who handled the fewest calls.
    FewestCalls,
    /// Who talked least.
    LeastTalkTime,
    /// Everybody free at once, up to the queue's limit; the first to accept wins.
    RingAll,
}

/// What "idle since" means; the field has both meanings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdleReading {
    /// Since the last call ended, or since he became available when he had none. A coffee break does not send
    /// an agent to the end of the line (Genesys Cloud, FreeSWITCH's `last_bridge_end`).
    #[default]
    SinceLastCall,
    /// Since he last became available (Amazon Connect).
    SinceAvailable,
}

/// An agent as the rows have him now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    pub id: AgentId,
    /// The queues that he serves.
    pub queues: BTreeSet<QueueId>,
    /// What he can, and how well: a higher level is better.
    pub skills: BTreeMap<SkillId, u8>,
    /// Calls that he may hold at once.
    pub capacity: u16,
    /// Slots held now, whatever for: an offer, a call, wrap-up, a peer call.
    pub held: u16,
    /// What he wants. An agent in a call stays [`Readiness::Ready`]: that he is taken shows in `held`.
    pub readiness: Readiness,
    /// His heartbeat: he is not routable at or after this moment. `None` for one whom no heartbeat binds (a
    /// phone).
    pub ready_until: Option<DateTime<Utc>>,
    /// `None` when he had no call yet.
    pub last_call_ended_at: Option<DateTime<Utc>>,
    pub available_since: DateTime<Utc>,
    /// Calls of the period that the company counts in (its day, say).
    pub calls_handled: u32,
    /// Talk time of the same period.
    pub talk_time: Duration,
    /// `None` when he was never offered a call.
    pub last_offered_at: Option<DateTime<Utc>>,
}

/// Whether an agent wants calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Readiness {
    Ready,
    /// Offline, away, on a break, without a heartbeat.
    NotReady,
    /// He let a call ring; passed over until he says himself that he is back.
    NotResponding,
}

/// One visit of one queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub id: EntryId,
    pub queue: QueueId,
    /// Larger first; what a step counts for is the queue's [`Queue::ageing`].
    pub priority: i32,
    pub entered_at: DateTime<Utc>,
    /// Waiting that counts on top of this visit's own: what he waited before a transfer, or before a device
    /// failed.
    pub age_credit: Duration,
    /// Every one of these skills, each at this level or a better one. A skill named twice asks for the higher
    /// level.
    pub skills: Vec<(SkillId, u8)>,
    /// What is asked for instead of `skills` from later moments on; the latest that has come counts. In any order.
    pub relaxations: Vec<Relaxation>,
    /// Until this moment it is offered to this agent alone, then to everybody.
    pub preferred: Option<Preference>,
    /// From this moment on a round rings everybody who is free, whatever the queue's strategy. A round that rings
    /// already is left as it is.
    pub ring_all_from: Option<DateTime<Utc>>,
    pub state: EntryState,
    /// Who declined this entry, and until when he is not asked again for it. From that moment on he may be.
    pub declined_by: Vec<(AgentId, DateTime<Utc>)>,
}

/// What an entry asks for from a moment on, when that is no more than what it asked for before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relaxation {
    pub from: DateTime<Utc>,
    pub skills: Vec<(SkillId, u8)>,
}

/// Whom an entry is kept for, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preference {
    pub agent: AgentId,
    pub until: DateTime<Utc>,
}

impl Entry {
    /// What it asks for at `now`.
    pub fn skills_at(&self, now: DateTime<Utc>) -> &[(SkillId, u8)] {
        let come = self.relaxations.iter().filter(|relaxation| relaxation.from <= now);
        come.max_by_key(|relaxation| relaxation.from).map_or(&self.skills, |relaxation| &relaxation.skills)
    }

    /// The only agent who may be asked at `now`, if there is such a one.
    pub fn kept_for(&self, now: DateTime<Utc>) -> Option<Preference> {
        self.preferred.filter(|preference| preference.until > now)
    }

    /// Whether a round rings everybody at `now`, whatever the queue's strategy.
    pub fn rings_all(&self, now: DateTime<Utc>) -> bool {
        self.ring_all_from.is_some_and(|from| from <= now)
    }
}

/// How far a visit has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryState {
    /// Nobody is asked.
    Waiting,
    /// These agents are being asked.
    InRound(Vec<AgentId>),
    /// An agent took it and is being connected.
    Reserved(AgentId),
}

/// One entry is to be offered to these agents now. Becomes one `offer_round`, and an `offer` and an
/// `agent_slot` for each agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    pub entry: EntryId,
    pub queue: QueueId,
    /// Best first. One; or several, each once, under [`Strategy::RingAll`]. Never empty.
    pub agents: Vec<AgentId>,
}

/// A queue at one moment, for flows and for the wallboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueFigures {
    /// Callers without an agent yet, those being offered included: the length of the line that
    /// [`crate::Index::position`] counts in.
    pub waiting: usize,
    /// How many of `waiting` are being offered right now.
    pub in_offer: usize,
    /// Callers whose agent is being connected; not in `waiting`.
    pub reserved: usize,
    /// The age of the visit that began first among `waiting`; an age credit does not count. `None` when
    /// nobody waits.
    pub longest_wait: Option<Duration>,
    /// Agents of the queue who are ready with a live heartbeat, in a call or not.
    pub staffed: usize,
    /// Those of `staffed` who have a slot left.
    pub available: usize,
    /// The slots that `available` have left.
    pub free_slots: usize,
}

/// Why a call is waiting. See [`crate::Index::explain`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// As [`crate::Index::position`] counts.
    pub position: Option<usize>,
    /// Who goes before it, first in line first.
    pub ahead: Vec<Ahead>,
    /// Each agent of its queue with all that keeps him from being offered it, by agent.
    pub agents: Vec<(AgentId, Vec<Obstacle>)>,
    /// What will change for it by itself, the soonest first.
    pub turns: Vec<(DateTime<Utc>, Turn)>,
}

/// Somebody who goes before an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ahead {
    pub entry: EntryId,
    pub because: Precedence,
}

/// Something that changes for an entry by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Turn {
    /// A [`Relaxation`] begins to count.
    AsksForLess,
    /// It is kept for this agent no longer.
    KeptNoLonger(AgentId),
    /// Its rounds ring everybody.
    RingsAll,
    /// This agent, who declined it, may be asked again.
    CooledOff(AgentId),
}
