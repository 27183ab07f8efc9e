//! Hours of random callers and agents, in which things go wrong as well: every call ends once, and the figures add up.

mod floor;
mod random_flow;

use std::collections::HashMap;

use calldocker::authz::Whose;
use calldocker::bus::Delivery;
use calldocker::calls::control::{self, Actor, Microphone};
use calldocker::calls::supervise::{self, Supervisor};
use calldocker::calls::transfer::{self, To};
use calldocker::calls::{accept, hold, wrap_up};
use calldocker::error::Error;
use carrier::{
    Answer, CallHandle, CallbackEffect, CallbackFault, CallbackKind, Endpoint, Faults, RedirectedReply,
    RestEffect, RestFault, Script, Step, WebhookEffect, WebhookFault,
};
use entity::id::AgentId;
use entity::{Availability, CallKind, Reach, SegmentState, SuperviseMode, TransferMode, agent_slot};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use self::random_flow::{fumbling, random_flow};

use crate::support::centre::{Centre, Ground, Plan, whole_calls};

/// An hour of callers and five agents who do as they please. `HOUR_SEED` chooses another hour.
struct Hour {
    centre: Centre,
    dice: StdRng,
    of: Of,
    callers: Vec<CallHandle>,
}

/// What an hour is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// Twenty callers of one queue.
    OneQueue,
    /// A flow at random and two queues with rules at random, and all that a company can have besides; as many callers, in
    /// half the time.
    Everything,
}

impl Of {
    /// Steps of four seconds.
    fn steps(self) -> u32 {
        match self {
            Self::OneQueue => 900,
            Self::Everything => 450,
        }
    }
}

/// Whoever asks for what cannot be done is told so; anything else is a failure of the hour.
fn is_refused_or_done(done: Result<(), Error>) {
    match done {
        Ok(()) | Err(Error::Conflict { .. } | Error::Invalid { .. } | Error::NotFound(_)) => {}
        Err(other) => panic!("{other:?}"),
    }
}

fn some(does: CallbackEffect, probability: f64) -> CallbackFault {
    CallbackFault { of: None, probability, ..CallbackFault::of(CallbackKind::Call, does) }
}

/// Callbacks come twice, out of order and late, and hops come twice.
fn confusion() -> Faults {
    Faults {
        callbacks: vec![
            some(CallbackEffect::Double, 0.15),
            some(CallbackEffect::Reorder, 0.15),
            some(CallbackEffect::Late(3.0), 0.1),
        ],
        webhooks: vec![WebhookFault {
            url: None,
            does: WebhookEffect::Double,
            probability: 0.1,
            times: None,
        }],
        ..Faults::default()
    }
}

/// Callbacks get lost as well, and the provider fails in every way that it has.
fn ruin() -> Faults {
    let sometimes = |does, probability| RestFault {
        method: Some("POST".into()),
        path: None,
        does,
        probability,
        times: None,
    };
    let mut faults = confusion();
    faults.callbacks.insert(0, some(CallbackEffect::Lost, 0.1));
    faults.redirected_reply = RedirectedReply::Executed;
    faults.rest = vec![
        sometimes(RestEffect::ReplyLost, 0.07),
        sometimes(RestEffect::ServerError, 0.07),
        sometimes(RestEffect::TooManyRequests { retry_after: 2 }, 0.05),
    ];
    faults
}

impl Hour {
    async fn begin(ground: Ground, delivery: Delivery, faults: Faults) -> Self {
        Self::open(ground, Of::OneQueue, delivery, faults, 0).await
    }

    async fn of_everything(ground: Ground, faults: Faults, number: u64) -> Self {
        let mut hour = Self::open(ground, Of::Everything, Delivery::Deliver, faults, number).await;
        hour.furnish().await;
        hour
    }

    async fn open(ground: Ground, of: Of, delivery: Delivery, faults: Faults, number: u64) -> Self {
        let seed = std::env::var("HOUR_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7) + number;
        println!("the hour of HOUR_SEED={seed}");
        let mut dice = StdRng::seed_from_u64(seed);
        let agents = vec![Reach::Client, Reach::Client, Reach::Client, Reach::Number, Reach::Number];
        let mut plan = Plan { agents, capacity: 2, delivery, ..Plan::default() };
        if of == Of::Everything {
            plan.flow = random_flow(&mut dice);
        }
        let centre = Centre::open(ground, plan).await;
        centre.carrier.set_faults(Faults { seed, ..faults });
        Self { centre, dice, of, callers: Vec::new() }
    }

    async fn pass(&mut self) {
        let steps = self.of.steps();
        for step in 0..steps {
            let due = steps / 22 * u32::try_from(self.callers.len()).unwrap();
            if self.callers.len() < 20 && (step >= due || self.falls(0.02)) {
                self.somebody_calls();
            }
            self.agents_do_something().await;
            if self.of == Of::Everything {
                self.more_happens().await;
            }
            self.centre.pass(4).await;
            self.assert_capacity().await;
        }
        self.centre.heal();
        self.centre.all_go(Availability::Away).await;
        if self.of == Of::Everything {
            self.nobody_is_called_back().await;
        }
        for leg in self.centre.carrier.snapshot().calls {
            if !leg.status.is_terminal() {
                self.centre.carrier.call(&leg.sid).expect("it is there").hang_up();
            }
        }
        self.centre.pass(300).await;
    }

    fn falls(&mut self, probability: f64) -> bool {
        self.dice.random_bool(probability)
    }

    fn somebody_calls(&mut self) {
        let patience = f64::from(self.dice.random_range(20..400));
        let talk = f64::from(self.dice.random_range(1..90));
        let mut script = match self.of {
            Of::OneQueue => Vec::new(),
            Of::Everything => fumbling(&mut self.dice),
        };
        script.push(if self.falls(0.3) { Step::Wait(patience) } else { Step::AfterConnected(talk) });
        script.push(Step::HangUp);
        self.callers.push(self.centre.ring_as(self.callers.len(), script));
    }

    async fn agents_do_something(&mut self) {
        for agent in 0..5 {
            let phone = match self.dice.random_range(0..10) {
                0 => Endpoint::only(Answer::Busy),
                1 => Endpoint::only(Answer::Never),
                2 => Endpoint::answers(2.0, Script::new([Step::AfterConnected(8.0), Step::HangUp])),
                after => Endpoint::answers(f64::from(after) / 2.0, Script::silent()),
            };
            let presses =
                Script::new([Step::UntilSaid("press 1".into()), Step::Wait(2.0), Step::Press("1".into())]);
            let phone = match (self.centre.reaches[agent], self.falls(0.3)) {
                (Reach::Number, true) => Endpoint::answers(2.0, presses),
                (Reach::Number | Reach::Client | Reach::Browser, _) => phone,
            };
            self.centre.phone(agent, phone);
            for offer in self.centre.open_offers(agent).await {
                let who = Some(self.centre.agents[agent]);
                // Whoever loses a race is told so; that is no failure of the hour.
                if self.falls(0.25) {
                    drop(self.centre.try_to_accept(agent, offer).await);
                } else if self.falls(0.05) {
                    drop(accept::decline(&self.centre.app, self.centre.scope, offer, who).await);
                }
            }
            if self.falls(0.02) {
                self.centre.set(agent, Availability::Available).await;
            }
        }
        self.calls_are_controlled().await;
        if self.falls(0.1) {
            let wrapping =
                self.centre.segments().await.into_iter().find(|one| one.state == SegmentState::WrapUp);
            if let Some(one) = wrapping {
                let notes = wrap_up::Notes::default();
                wrap_up::end(&self.centre.app, self.centre.scope, one.call_id, Some(one.agent_id), notes)
                    .await
                    .unwrap();
            }
        }
    }

    /// Agents hold, ask each other, pass calls on; a supervisor comes and goes. Whatever is not possible at the moment is
    /// refused, and that is no failure of the hour.
    async fn calls_are_controlled(&mut self) {
        let talks = self.centre.segments().await;
        let talks = talks.into_iter().filter(|one| one.state == SegmentState::Connected);
        for segment in talks.collect::<Vec<_>>() {
            let what = self.dice.random_range(0..100);
            let other = self.dice.random_range(0..5);
            let (queue, flow) = (self.centre.queue().await, self.centre.flow().await);
            let (app, scope, call) = (&self.centre.app, self.centre.scope, segment.call_id);
            let actor = Actor { user: self.centre.user, whose: Whose::Agents(segment.agent_id) };
            let supervisor = Supervisor { user: self.centre.user, agent: None };
            let outside = || To::Number("+12025550177".into());
            let colleague = To::Agent(self.centre.agents[other]);
            let pass_on = async |to, mode| transfer::start(app, scope, actor, call, to, mode).await.map(drop);
            let done = match what {
                0..5 => hold::hold(app, scope, actor, call).await,
                5..12 => hold::resume(app, scope, actor, call).await,
                12..15 => control::mute(app, scope, actor, call, Microphone::Muted).await,
                15..17 => control::send_keys(app, scope, actor, call, "12#".into()).await,
                17..20 => pass_on(colleague, TransferMode::Blind).await,
                20..25 => pass_on(colleague, TransferMode::Warm).await,
                25..26 => pass_on(To::Queue(queue), TransferMode::Blind).await,
                26..28 => pass_on(To::Queue(queue), TransferMode::Warm).await,
                28..29 => pass_on(outside(), TransferMode::Blind).await,
                29..31 => pass_on(outside(), TransferMode::Warm).await,
                31..32 => pass_on(To::Flow(flow), TransferMode::Blind).await,
                32..40 => transfer::complete(app, scope, actor, call).await.map(drop),
                40..43 => transfer::merge(app, scope, actor, call).await.map(drop),
                43..46 => transfer::cancel(app, scope, actor, call).await.map(drop),
                46..48 => {
                    supervise::supervise(app, scope, supervisor, call, SuperviseMode::Whisper).await.map(drop)
                }
                48..50 => {
                    supervise::supervise(app, scope, supervisor, call, SuperviseMode::Barge).await.map(drop)
                }
                50..51 => supervise::stop(app, scope, self.centre.user, call).await,
                _ => Ok(()),
            };
            is_refused_or_done(done);
        }
        let number = match self.dice.random_range(0..4) {
            0 => Endpoint::only(Answer::Busy),
            1 => Endpoint::only(Answer::Never),
            2 => Endpoint::answers(2.0, Script::new([Step::AfterConnected(8.0), Step::HangUp])),
            _ => Endpoint::answers(3.0, Script::silent()),
        };
        self.centre.carrier.set_endpoint("+12025550177", number);
    }

    async fn assert_capacity(&self) {
        let slots =
            self.centre.scope.find::<agent_slot::Entity>().all(self.centre.app.db.reader()).await.unwrap();
        let mut held: HashMap<AgentId, usize> = HashMap::new();
        for slot in &slots {
            *held.entry(slot.agent_id).or_default() += 1;
        }
        assert!(held.values().all(|held| *held <= 2), "somebody holds more than he can: {slots:?}");
    }

    async fn end(self) {
        let calls = self.centre.calls().await;
        let came = calls.iter().filter(|call| call.kind == CallKind::Inbound).count();
        assert_eq!(came, self.callers.len(), "everybody came through");
        assert!(!self.centre.entries().await.is_empty(), "nobody came into a queue: the hour shows nothing");
        if self.of == Of::OneQueue {
            let talked = self.centre.segments().await.iter().filter(|one| one.connected_at.is_some()).count();
            assert!(talked >= 5, "only {talked} conversations: the hour shows nothing");
        }
        self.centre.assert_at_rest().await;
        self.centre.close().await;
    }
}

whole_calls! {
    async fn an_hour_in_which_much_goes_wrong_ends_in_order(ground) {
        let mut hour = Hour::begin(ground, Delivery::Deliver, confusion()).await;
        hour.pass().await;
        hour.end().await;
    }

    async fn the_same_hour_without_any_wake_up_ends_in_order(ground) {
        let mut hour = Hour::begin(ground, Delivery::DropEverything, confusion()).await;
        hour.pass().await;
        hour.end().await;
    }

    async fn an_hour_in_which_everything_goes_wrong_ends_in_order(ground) {
        let mut hour = Hour::begin(ground, Delivery::Deliver, ruin()).await;
        hour.pass().await;
        hour.end().await;
    }

    async fn a_whole_hour_of_everything_ends_in_order(ground) {
        let mut hour = Hour::of_everything(ground, Faults::default(), 1).await;
        hour.pass().await;
        hour.end().await;
    }

    async fn another_hour_of_everything_with_much_confusion_ends_in_order(ground) {
        let mut hour = Hour::of_everything(ground, confusion(), 2).await;
        hour.pass().await;
        hour.end().await;
    }

    async fn an_hour_of_everything_in_which_everything_goes_wrong_ends_in_order(ground) {
        let mut hour = Hour::of_everything(ground, ruin(), 3).await;
        hour.pass().await;
        hour.end().await;
    }
}
