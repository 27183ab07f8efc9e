//! Several callers and agents: who is served first, who holds how many, and an hour in which everything goes wrong.

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
use entity::{Availability, Reach, SegmentState, SuperviseMode, TransferMode, agent_slot};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;

use crate::support::centre::{Centre, Ground, Plan, whole_calls};

/// An hour of twenty callers and five agents who do as they please. `HOUR_SEED` chooses another hour.
struct Hour {
    centre: Centre,
    dice: StdRng,
    callers: Vec<CallHandle>,
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
        let seed = std::env::var("HOUR_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
        println!("the hour of HOUR_SEED={seed}");
        let agents = vec![Reach::Client, Reach::Client, Reach::Client, Reach::Number, Reach::Number];
        let centre = Centre::open(ground, Plan { agents, capacity: 2, delivery, ..Plan::default() }).await;
        centre.carrier.set_faults(Faults { seed, ..faults });
        Self { centre, dice: StdRng::seed_from_u64(seed), callers: Vec::new() }
    }

    async fn pass(&mut self) {
        for step in 0..900_u32 {
            let due = 40 * u32::try_from(self.callers.len()).unwrap();
            if self.callers.len() < 20 && (step >= due || self.falls(0.02)) {
                self.somebody_calls();
            }
            self.agents_do_something().await;
            self.centre.pass(4).await;
            self.assert_capacity().await;
        }
        self.centre.heal();
        for caller in &self.callers {
            if !caller.status().is_terminal() {
                caller.hang_up();
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
        let script = if self.falls(0.3) {
            vec![Step::Wait(patience), Step::HangUp]
        } else {
            vec![Step::AfterConnected(talk), Step::HangUp]
        };
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
            match done {
                Ok(()) | Err(Error::Conflict { .. } | Error::Invalid { .. } | Error::NotFound(_)) => {}
                Err(other) => panic!("{other:?}"),
            }
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
        assert_eq!(self.centre.calls().await.len(), 20, "everybody came through");
        let talked = self.centre.segments().await.iter().filter(|one| one.connected_at.is_some()).count();
        assert!(talked >= 5, "only {talked} conversations: the hour shows nothing");
        self.centre.assert_at_rest().await;
        self.centre.close().await;
    }
}

whole_calls! {
    async fn who_has_waited_longest_is_served_first(ground) {
        let centre = Centre::open(ground, Plan { agents: vec![Reach::Client], ..Plan::default() }).await;
        centre.set(0, Availability::Away).await;
        let mut callers = Vec::new();
        for caller in 0..3 {
            callers.push(centre.ring_as(caller, [Step::AfterConnected(5.0), Step::HangUp]));
            centre.pass(7).await;
        }
        centre.set(0, Availability::Available).await;
        for caller in &callers {
            centre.pass(2).await;
            assert_eq!(centre.accept(0).await, centre.call_of(caller).await.id, "{}", centre.all_stories().await);
            centre.pass(50).await;
        }
        centre.pass(60).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn who_is_more_important_is_served_first_and_age_counts_among_equals(ground) {
        let flow = json!({
            "version": 1, "name": "Menu", "start": "ask", "language": "en-US",
            "nodes": {
                "ask": {"type": "menu", "prompt": "Press.", "choices": [{"digits": "1"}, {"digits": "2"}],
                        "next": {"1": "usual", "2": "gold", "timeout": "usual", "noMatch": "usual"}},
                "usual": {"type": "enqueue", "queue": "support", "priority": 50},
                "gold": {"type": "enqueue", "queue": "support", "priority": 90},
            },
        });
        let plan = Plan { agents: vec![Reach::Client], flow, ..Plan::default() };
        let centre = Centre::open(ground, plan).await;
        centre.set(0, Availability::Away).await;
        let mut callers = Vec::new();
        for (caller, key) in ["1", "2", "1", "2"].into_iter().enumerate() {
            let steps = [Step::Press(key.into()), Step::AfterConnected(5.0), Step::HangUp];
            callers.push(centre.ring_as(caller, steps));
            centre.pass(7).await;
        }
        centre.set(0, Availability::Available).await;
        for caller in [1, 3, 0, 2] {
            centre.pass(2).await;
            let expected = centre.call_of(&callers[caller]).await.id;
            assert_eq!(centre.accept(0).await, expected, "{}", centre.all_stories().await);
            centre.pass(50).await;
        }
        centre.pass(60).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn an_agent_for_two_calls_holds_two_and_never_three(ground) {
        let plan = Plan { agents: vec![Reach::Client], capacity: 2, ..Plan::default() };
        let centre = Centre::open(ground, plan).await;
        for caller in 0..3 {
            centre.ring_as(caller, [Step::AfterConnected(15.0), Step::HangUp]);
        }
        centre.pass(3).await;
        let offers = centre.open_offers(0).await;
        assert_eq!(offers.len(), 2, "{}", centre.all_stories().await);
        for offer in offers {
            centre.try_to_accept(0, offer).await.unwrap();
        }
        centre.pass(10).await;
        assert_eq!(centre.agent(0).await.held, 2);
        assert!(centre.open_offers(0).await.is_empty());
        centre.pass(40).await;
        centre.accept(0).await;
        centre.pass(120).await;
        assert_eq!(centre.agent(0).await.row.calls_handled, 3);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_bus_that_drops_every_message_only_makes_it_slower(ground) {
        let centre = Centre::open(ground, Plan { delivery: Delivery::DropEverything, ..Plan::default() }).await;
        centre.ring([Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(4).await;
        centre.accept(0).await;
        centre.pass(8).await;
        assert_eq!(centre.segments().await[0].state, SegmentState::Connected, "{}", centre.all_stories().await);
        centre.pass(120).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

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
}
