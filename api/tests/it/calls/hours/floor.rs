//! The company of an hour of everything: two queues with rules and flows, everything recorded, calls that go out.

use calldocker::agents::{self, Hand, Wanted};
use calldocker::authz::Whose;
use calldocker::calls::callback;
use calldocker::calls::control::Actor;
use calldocker::calls::recording::desk::{self, Action, Reader};
use calldocker::calls::waiting;
use calldocker::queues::{RulesWish, Settings, StepAction, StepWish};
use calldocker::{flows, queue_flows};
use carrier::{Answer, Endpoint, Script, Step};
use entity::id::{FlowId, QueueId};
use entity::{
    Announcements, Availability, CallbackState, EntryPurpose, RecordingRule, SegmentState, Strategy, When,
    queue,
};
use rand::RngExt;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use super::Hour;
use crate::calls::called_back;
use crate::calls::recording;

/// Whom agents call.
const CUSTOMER: &str = "+12025550188";

impl Hour {
    /// Makes the queues and what they say.
    pub(super) async fn furnish(&mut self) {
        let centre = &self.centre;
        let support = centre.support().await;
        let sales = centre.new_queue("sales", &centre.agents[2..]).await;
        let wait = self.published("wait", json!({
            "a": {"type": "menu", "prompt": "Press one for a message.", "retries": 0, "timeoutSeconds": 4,
                  "choices": [{"digits": "1"}], "next": {"1": "leave", "timeout": "music", "noMatch": "music"}},
            "music": {"type": "say", "text": "La la la."},
            "leave": {"type": "voicemail", "prompt": "Speak now.", "mailbox": "queue", "finishOnKey": "#",
                      "next": {"recorded": "thanks"}},
            "thanks": {"type": "hangup", "prompt": "We have your message."},
        })).await;
        let hold = self.published("hold", json!({"a": {"type": "say", "text": "Hold on."}})).await;
        let whisper = self.published("whisper", json!({"a": {"type": "say", "text": "A caller."}})).await;
        let offer = centre.new_flow("Callback", called_back::nodes(json!({}))).await;
        let flows = (self.falls(0.5).then_some(wait), Some(hold), self.falls(0.5).then_some(whisper));
        let (app, scope) = (&self.centre.app, self.centre.scope);
        queue_flows::set(app, scope, support, flows.0, flows.1, flows.2).await.unwrap();
        for (queue, other) in [(support, sales), (sales, support)] {
            let strategy =
                *[Strategy::LongestIdle, Strategy::RoundRobin, Strategy::FewestCalls, Strategy::RingAll]
                    .choose(&mut self.dice)
                    .unwrap();
            let settings = Settings {
                strategy: Some(strategy),
                rules: Some(self.rules(other, offer)),
                ..Settings::default()
            };
            self.centre.change_queue(queue, settings).await;
        }
        recording::say(&self.centre, RecordingRule::Always).await;
    }

    async fn published(&self, kind: &str, nodes: Value) -> FlowId {
        let document = json!({
            "version": 1, "name": kind, "kind": kind, "start": "a", "language": "en-US", "nodes": nodes,
        });
        let (app, scope) = (&self.centre.app, self.centre.scope);
        let made = flows::create(app, scope, kind.to_owned(), document).await.unwrap();
        flows::publish(app, scope, made.flow.id, self.centre.user, None).await.unwrap();
        made.flow.id
    }

    fn rules(&mut self, other: QueueId, offer: FlowId) -> RulesWish {
        let step = |after_seconds, action| StepWish {
            after_seconds,
            action,
            queue: None,
            flow: None,
            levels: None,
            mailbox: None,
        };
        let all = [
            StepWish { levels: Some(1), ..step(10, StepAction::RelaxSkills) },
            step(25, StepAction::RingAll),
            StepWish { flow: Some(offer), ..step(45, StepAction::CallbackOffer) },
            StepWish { queue: Some(other), ..step(70, StepAction::Queue) },
            StepWish { mailbox: Some("late".into()), ..step(200, StepAction::Voicemail) },
        ];
        let overflow = all.into_iter().filter(|_| self.falls(0.6)).collect();
        RulesWish {
            overflow,
            skip_when_unstaffed: self.falls(0.5),
            max_length: self.falls(0.5).then_some(4),
            max_wait_seconds: self.falls(0.5).then_some(120),
            ageing_seconds: self.falls(0.5).then_some(30),
            last_agent_seconds: self.falls(0.5).then_some(20),
            announcements: Announcements { interval_seconds: 15, ..Announcements::default() },
            ..RulesWish::default()
        }
    }

    /// What happens beside the calls that come in.
    pub(super) async fn more_happens(&mut self) {
        let agent = self.dice.random_range(0..5);
        let everybody = |answer| Endpoint {
            answer,
            ..Endpoint::answers(2.0, Script::new([Step::AfterConnected(20.0), Step::HangUp]))
        };
        let answer = *[Answer::After(3.0), Answer::After(8.0), Answer::Busy, Answer::Never]
            .choose(&mut self.dice)
            .unwrap();
        self.centre.carrier.set_endpoint(CUSTOMER, everybody(answer));
        match self.dice.random_range(0..60) {
            0..2 => super::is_refused_or_done(self.centre.dial(agent, CUSTOMER).await.map(drop)),
            2..4 => self.comes_or_goes(agent).await,
            4..6 => self.is_moved().await,
            6..10 => self.is_recorded_otherwise(agent).await,
            _ => {}
        }
    }

    async fn comes_or_goes(&mut self, agent: usize) {
        let availability =
            *[Availability::Available, Availability::Away, Availability::Break, Availability::Offline]
                .choose(&mut self.dice)
                .unwrap();
        let when = if self.falls(0.5) { When::Now } else { When::AfterCall };
        let (centre, wanted) = (&self.centre, Wanted { availability, reason: None });
        let hand = Hand::Own(centre.user);
        agents::set_availability(&centre.app, centre.scope, centre.agents[agent], hand, wanted, when)
            .await
            .unwrap();
    }

    /// A supervisor moves somebody who waits to the other queue.
    async fn is_moved(&mut self) {
        let waiting: Vec<_> = self
            .centre
            .entries()
            .await
            .into_iter()
            .filter(|entry| entry.outcome.is_none() && entry.purpose == EntryPurpose::Caller)
            .collect();
        let Some(entry) = waiting.choose(&mut self.dice) else { return };
        let centre = &self.centre;
        let queues = centre.scope.find::<queue::Entity>().all(centre.app.db.reader()).await.unwrap();
        let Some(other) = queues.iter().find(|queue| queue.id != entry.queue_id) else { return };
        super::is_refused_or_done(
            waiting::move_to(&centre.app, centre.scope, centre.user, entry.call_id, other.id).await,
        );
    }

    async fn is_recorded_otherwise(&mut self, agent: usize) {
        let action =
            *[Action::Pause, Action::Resume, Action::Stop, Action::Start].choose(&mut self.dice).unwrap();
        let centre = &self.centre;
        let talks = centre
            .segments()
            .await
            .into_iter()
            .find(|one| one.state == SegmentState::Connected && one.agent_id == centre.agents[agent]);
        let Some(segment) = talks else { return };
        let by = Reader { user: centre.user, whose: Whose::Agents(segment.agent_id) };
        super::is_refused_or_done(
            desk::control(&centre.app, centre.scope, by, segment.call_id, action).await.map(drop),
        );
    }

    /// Whoever was to be called back need not be any more.
    pub(super) async fn nobody_is_called_back(&self) {
        let centre = &self.centre;
        let actor = Actor { user: centre.user, whose: Whose::Everybodys };
        for row in centre.callbacks().await.into_iter().filter(|row| row.state == CallbackState::Open) {
            super::is_refused_or_done(
                callback::cancel(&centre.app, centre.scope, actor, row.id).await.map(drop),
            );
        }
    }
}
