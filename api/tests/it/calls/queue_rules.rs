//! The rules of a queue: who is let in, who goes first, what he hears, and wrap-up. What happens to who waits too long is in
//! `overflow`.

use calldocker::calls::wrap_up;
use calldocker::queues::{self, RulesWish, Settings, StepAction, StepWish};
use calldocker::store::queueing;
use carrier::{CallHandle, LineKind, Step};
use chrono::TimeDelta;
use entity::id::{AgentId, QueueId};
use entity::{
    Announcements, Availability, CallStatus, EntryOutcome, Reach, SegmentState, Strategy, WrapUpRule,
    call_event,
};
use serde_json::{Value, json};

use crate::support::Backend;
use crate::support::centre::{Centre, Ground, Nodes, Plan, heard, whole_calls};

/// Waits in the queue, and says so when the queue does not take him or he has waited too long.
pub(super) fn plan() -> Plan {
    plan_of(json!({}))
}

/// The same with other settings of the node that enqueues.
pub(super) fn plan_of(settings: Value) -> Plan {
    let mut wait = json!({
        "type": "enqueue", "queue": "support", "next": {"failed": "failed", "timeout": "late"},
    });
    wait.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let flow = json!({
        "version": 1, "name": "Front desk", "start": "wait", "language": "en-US",
        "nodes": {
            "wait": wait,
            "failed": {"type": "hangup", "prompt": "We cannot take your call."},
            "late": {"type": "hangup", "prompt": "Nobody was free."},
        },
    });
    Plan { flow, ..Plan::default() }
}

pub(super) fn rules() -> RulesWish {
    RulesWish::default()
}

pub(super) fn step(after_seconds: u32, action: StepAction) -> StepWish {
    StepWish { after_seconds, action, queue: None, flow: None, levels: None, mailbox: None }
}

pub(super) fn steps(overflow: impl IntoIterator<Item = StepWish>) -> RulesWish {
    RulesWish { overflow: overflow.into_iter().collect(), ..rules() }
}

pub(super) fn ends_well() -> [Step; 2] {
    [Step::AfterConnected(10.0), Step::HangUp]
}

impl Centre {
    pub(super) async fn support(&self) -> QueueId {
        queueing::queue_by_name(self.scope, self.app.db.reader(), "support").await.unwrap().unwrap().id
    }

    pub(super) async fn set_rules(&self, queue: QueueId, rules: RulesWish) {
        self.change_queue(queue, Settings { rules: Some(rules), ..Settings::default() }).await;
    }

    pub(super) async fn change_queue(&self, queue: QueueId, settings: Settings) {
        queues::change(&self.app, self.scope, queue, settings).await.unwrap();
        self.pass(1).await;
    }

    pub(super) async fn new_queue(&self, name: &str, agents: &[AgentId]) -> QueueId {
        let settings =
            Settings { name: Some(name.to_owned()), agents: Some(agents.to_vec()), ..Settings::default() };
        queues::create(&self.app, self.scope, settings).await.unwrap().queue.id
    }

    pub(super) async fn all_go(&self, availability: Availability) {
        for agent in 0..self.agents.len() {
            self.set(agent, availability).await;
        }
    }

    /// The lines of this kind in the story of the only call.
    pub(super) async fn lines(&self, kind: &str) -> Vec<call_event::Model> {
        let call = self.call().await.id;
        let lines =
            calldocker::store::calls::events(self.scope, self.app.db.reader(), call, 0, 1000).await.unwrap();
        lines.into_iter().filter(|line| line.kind == kind).collect()
    }

    async fn assert_refused(&self, caller: &CallHandle, reason: &str) {
        self.pass(30).await;
        let stories = self.all_stories().await;
        assert!(heard(caller, "cannot take your call"), "{stories}");
        assert!(caller.status().is_terminal(), "{stories}");
        assert!(stories.contains(&format!("\"reason\":\"{reason}\"")), "{stories}");
    }

    pub(super) async fn finish(self) {
        self.pass(200).await;
        self.assert_at_rest().await;
        self.close().await;
    }
}

/// Noon is not in it.
pub(super) fn night_hours() -> Value {
    let night = json!([{"from": "20:00", "to": "23:00"}]);
    json!({"zone": "UTC", "weekly": {
        "mon": night, "tue": night, "wed": night, "thu": night, "fri": night, "sat": night, "sun": night,
    }})
}

whole_calls! {
    async fn outside_the_queue_s_hours_the_caller_leaves_by_failed_at_once(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.set_rules(centre.support().await, RulesWish { hours: Some(night_hours()), ..rules() }).await;
        let caller = centre.ring([]);
        centre.assert_refused(&caller, "closed").await;
        assert!(centre.entries().await.is_empty(), "he was never in the queue");
        centre.finish().await;
    }

    async fn in_a_full_queue_nobody_more_waits(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.set_rules(centre.support().await, RulesWish { max_length: Some(2), ..rules() }).await;
        centre.all_go(Availability::Away).await;
        let waiting: Vec<_> = (0..2).map(|caller| centre.ring_as(caller, [])).collect();
        centre.pass(5).await;
        let third = centre.ring_as(2, []);
        centre.assert_refused(&third, "full").await;
        waiting[0].hang_up();
        centre.pass(2).await;
        let fourth = centre.ring_as(3, []);
        centre.pass(10).await;
        assert_eq!(centre.call_of(&fourth).await.status, CallStatus::Queued, "{}", centre.all_stories().await);
        for caller in [&waiting[1], &fourth] {
            caller.hang_up();
        }
        centre.finish().await;
    }

    async fn nobody_waits_for_agents_who_are_not_there_where_the_queue_says_so(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.set_rules(centre.support().await, RulesWish { skip_when_unstaffed: true, ..rules() }).await;
        centre.all_go(Availability::Away).await;
        let caller = centre.ring_as(0, []);
        centre.assert_refused(&caller, "unstaffed").await;
        // Who is in a call is there.
        centre.set(0, Availability::Available).await;
        centre.ring_as(1, [Step::AfterConnected(60.0), Step::HangUp]);
        centre.pass(5).await;
        centre.accept(0).await;
        centre.pass(10).await;
        let second = centre.ring_as(2, ends_well());
        centre.pass(10).await;
        assert_eq!(centre.call_of(&second).await.status, CallStatus::Queued, "{}", centre.all_stories().await);
        centre.pass(60).await;
        centre.pass_until("the second is offered", async || !centre.open_offers(0).await.is_empty()).await;
        centre.accept(0).await;
        centre.finish().await;
    }

    async fn of_the_queue_s_and_the_flow_s_longest_wait_the_shorter_counts(ground) {
        let centre = Centre::open(ground, plan_of(json!({"maxWaitSeconds": 60}))).await;
        centre.set_rules(centre.support().await, RulesWish { max_wait_seconds: Some(25), ..rules() }).await;
        centre.all_go(Availability::Away).await;
        let caller = centre.ring([]);
        centre.pass(22).await;
        assert_eq!(centre.call().await.status, CallStatus::Queued);
        centre.pass(15).await;
        assert!(heard(&caller, "nobody was free"), "{}", centre.all_stories().await);
        assert_eq!(centre.entries().await[0].outcome, Some(EntryOutcome::Overflow));
        centre.finish().await;
    }

    async fn who_calls_again_is_kept_for_the_agent_who_talked_with_him_last(ground) {
        let centre = Centre::open(ground, Plan { strategy: Strategy::FewestCalls, wrap_up_seconds: 0, ..plan() }).await;
        centre.set(0, Availability::Away).await;
        centre.ring_as(1, ends_well());
        centre.pass(3).await;
        centre.accept(1).await;
        centre.pass(60).await;
        centre.set(0, Availability::Available).await;
        centre.set_rules(centre.support().await, RulesWish { last_agent_seconds: Some(30), ..rules() }).await;

        // Agent 0 handled fewer calls, but agent 1 knows him.
        centre.ring_as(1, ends_well());
        centre.pass(3).await;
        assert!(centre.open_offers(0).await.is_empty(), "{}", centre.all_stories().await);
        centre.accept(1).await;
        // He calls once more while agent 1 talks, and gets him as soon as he is free.
        let again = centre.ring_as(1, ends_well());
        centre.pass_until("agent 1 is asked", async || !centre.open_offers(1).await.is_empty()).await;
        assert!(centre.open_offers(0).await.is_empty(), "{}", centre.all_stories().await);
        assert_eq!(centre.accept(1).await, centre.call_of(&again).await.id);
        // A stranger is nobody's.
        centre.pass(60).await;
        centre.ring_as(7, ends_well());
        centre.pass(3).await;
        centre.accept(0).await;
        centre.finish().await;
    }

    async fn who_declines_a_caller_who_is_kept_for_him_gives_him_up(ground) {
        let centre = Centre::open(ground, Plan { wrap_up_seconds: 0, ..plan() }).await;
        centre.set_rules(centre.support().await, RulesWish { last_agent_seconds: Some(600), ..rules() }).await;
        centre.set(0, Availability::Away).await;
        centre.ring_as(1, ends_well());
        centre.pass(3).await;
        centre.accept(1).await;
        centre.pass(60).await;
        centre.set(0, Availability::Available).await;
        centre.ring_as(1, ends_well());
        centre.pass(3).await;
        centre.decline(1).await.unwrap();
        centre.pass(2).await;
        centre.accept(0).await;
        centre.finish().await;
    }

    async fn who_is_kept_for_a_busy_agent_goes_to_anybody_when_the_time_is_over(ground) {
        let centre = Centre::open(ground, Plan { wrap_up_seconds: 0, ..plan() }).await;
        centre.set(0, Availability::Away).await;
        centre.ring_as(1, ends_well());
        centre.pass(3).await;
        centre.accept(1).await;
        centre.pass(60).await;
        // Agent 1 talks with somebody else for long.
        centre.ring_as(2, [Step::AfterConnected(200.0), Step::HangUp]);
        centre.pass(3).await;
        centre.accept(1).await;
        centre.pass(10).await;
        centre.set(0, Availability::Available).await;
        centre.set_rules(centre.support().await, RulesWish { last_agent_seconds: Some(30), ..rules() }).await;
        centre.ring_as(1, ends_well());
        centre.pass(28).await;
        assert!(centre.open_offers(0).await.is_empty(), "{}", centre.all_stories().await);
        centre.pass(4).await;
        centre.accept(0).await;
        centre.finish().await;
    }

    async fn nobody_is_kept_for_an_agent_who_is_not_there(ground) {
        let centre = Centre::open(ground, Plan { wrap_up_seconds: 0, ..plan() }).await;
        centre.set_rules(centre.support().await, RulesWish { last_agent_seconds: Some(600), ..rules() }).await;
        centre.set(0, Availability::Away).await;
        centre.ring_as(1, ends_well());
        centre.pass(3).await;
        centre.accept(1).await;
        centre.pass(60).await;
        centre.set(1, Availability::Break).await;
        centre.set(0, Availability::Available).await;
        centre.ring_as(1, ends_well());
        centre.pass(3).await;
        centre.accept(0).await;
        centre.finish().await;
    }

    async fn with_ageing_a_priority_is_a_head_start_and_no_more(ground) {
        let centre = Centre::open(ground, Plan { agents: vec![Reach::Client], wrap_up_seconds: 0, ..plan() }).await;
        let rule = RulesWish { ageing_seconds: Some(30), ..rules() };
        centre.set_rules(centre.support().await, rule).await;
        centre.all_go(Availability::Away).await;
        let old = centre.ring_as(0, ends_well());
        centre.pass(70).await;
        let urgent = centre.ring_as(1, ends_well());
        centre.pass(1).await;
        centre.urge(&urgent, 52).await;
        let more_urgent = centre.ring_as(2, ends_well());
        centre.pass(1).await;
        centre.urge(&more_urgent, 53).await;
        centre.pass(20).await;
        assert!(heard(&old, "you are number 2 in line"), "{}", centre.all_stories().await);
        centre.set(0, Availability::Available).await;
        let mut order = Vec::new();
        for _ in 0..3 {
            centre.pass_until("the next is offered", async || !centre.open_offers(0).await.is_empty()).await;
            order.push(centre.accept(0).await);
            centre.pass(20).await;
        }
        let expected = [&more_urgent, &old, &urgent];
        for (call, caller) in order.iter().zip(expected) {
            assert_eq!(*call, centre.call_of(caller).await.id, "{}", centre.all_stories().await);
        }
        centre.finish().await;
    }

    async fn one_wrap_up_holds_the_agent_over_all_queues_and_is_extended_as_its_queue_says(ground) {
        let centre = Centre::open(ground, Plan { agents: vec![Reach::Client], ..plan() }).await;
        let rule = RulesWish { wrap_up: WrapUpRule { extension_seconds: 50, extensions: 1 }, ..rules() };
        centre.set_rules(centre.support().await, rule).await;
        let other = centre.new_queue("other", &centre.agents).await;
        let call = {
            centre.ring_as(0, ends_well());
            centre.pass(3).await;
            centre.accept(0).await
        };
        centre.pass_until_segment_is(SegmentState::WrapUp).await;
        let before = centre.segments().await[0].wrap_up_until.unwrap();
        let until = wrap_up::extend(&centre.app, centre.scope, call, None).await.unwrap();
        assert_eq!(until - before, TimeDelta::seconds(50));
        let again = wrap_up::extend(&centre.app, centre.scope, call, None).await;
        assert_eq!(crate::support::centre::conflict(again), "WRAP_UP_EXTENDED_ENOUGH");
        // A call for his other queue waits until he has wrapped up.
        let to_other = StepWish { queue: Some(other), ..step(1, StepAction::Queue) };
        centre.set_rules(centre.support().await, steps([to_other])).await;
        centre.ring_as(1, ends_well());
        centre.pass(60).await;
        assert_eq!(centre.entries().await.last().unwrap().queue_id, other);
        assert!(centre.open_offers(0).await.is_empty(), "{}", centre.all_stories().await);
        centre.pass(25).await;
        centre.accept(0).await;
        centre.finish().await;
    }

    async fn a_queue_says_what_it_is_told_to_say_and_nothing_without_data(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.all_go(Availability::Away).await;
        let silent = Announcements { position: false, expected_wait: true, interval_seconds: 40 };
        let queue = centre.support().await;
        centre.set_rules(queue, RulesWish { announcements: silent, ..rules() }).await;
        let first = centre.ring_as(0, []);
        centre.pass(60).await;
        let said = |caller: &CallHandle| {
            caller.transcript().iter().filter(|line| line.kind == LineKind::Said).count()
        };
        assert_eq!(said(&first), 0, "{}", centre.all_stories().await);
        let often = Announcements { position: true, expected_wait: true, interval_seconds: 40 };
        centre.set_rules(queue, RulesWish { announcements: often, ..rules() }).await;
        let second = centre.ring_as(1, []);
        centre.pass(60).await;
        assert_eq!(said(&second), 2, "at once, and after 40 seconds: {}", centre.all_stories().await);
        for caller in [&first, &second] {
            caller.hang_up();
        }
        centre.finish().await;
    }
}

/// Of two nodes only one keeps the routing index; whichever is asked, the caller hears the expected wait.
#[tokio::test]
async fn a_caller_hears_the_expected_wait_from_any_node() {
    let Some(ground) = Ground::new(Backend::Postgres).await else { return };
    let plan = Plan { nodes: Nodes::Two, agents: vec![Reach::Client], wrap_up_seconds: 10, ..plan() };
    let centre = Centre::open(ground, plan).await;
    // A first call gives data.
    centre.ring_as(0, ends_well());
    centre.pass(3).await;
    centre.accept(0).await;
    centre.pass(60).await;
    // The agent talks for long, others wait.
    centre.ring_as(1, [Step::AfterConnected(300.0), Step::HangUp]);
    centre.pass(3).await;
    centre.accept(0).await;
    let waiting: Vec<_> = (2..6).map(|caller| centre.ring_as(caller, [])).collect();
    centre.pass(100).await;
    // The first time the index may not have read of him yet.
    for caller in &waiting {
        let lines = caller.transcript();
        let said = |what: &str| {
            let lines = lines.iter().filter(|line| line.kind == LineKind::Said);
            lines.filter(|line| line.text.to_lowercase().contains(what)).count()
        };
        let (places, waits) = (said("you are number"), said("the expected wait is"));
        assert!(
            places >= 4 && waits + 1 >= places,
            "{places} places, {waits} waits\n{}",
            centre.all_stories().await
        );
        caller.hang_up();
    }
    let connections = centre.balancer.as_ref().unwrap().connections();
    assert!(connections.iter().all(|count| *count > 0), "both nodes were asked: {connections:?}");
    centre.pass(400).await;
    centre.assert_at_rest().await;
    centre.close().await;
}

impl Centre {
    /// Somebody gives a waiting call another priority.
    async fn urge(&self, caller: &CallHandle, priority: i32) {
        let call = self.call_of(caller).await.id;
        let mut unit = calldocker::store::Unit::begin(&self.app, self.scope).await.unwrap();
        let entry = queueing::visit_of(self.scope, unit.tx(), call).await.unwrap().expect("he waits");
        let changes =
            entity::queue_entry::ActiveModel { priority: sea_orm::Set(priority), ..Default::default() };
        self.scope.update::<entity::queue_entry::Entity, _>(unit.tx(), entry.id, changes).await.unwrap();
        unit.reroute(entity::RoutingSubject::Entry, entry.id);
        unit.commit().await.unwrap();
    }

    pub(super) async fn teach(&self, agent: usize, skill: entity::id::SkillId, level: i32) {
        let mut unit = calldocker::store::Unit::begin(&self.app, self.scope).await.unwrap();
        let agent_id = self.agents[agent];
        let row =
            entity::agent_skill::Model { company_id: self.scope.company(), agent_id, skill_id: skill, level };
        self.scope.insert::<entity::agent_skill::Entity, _>(unit.tx(), row).await.unwrap();
        unit.reroute(entity::RoutingSubject::Agent, agent_id);
        unit.commit().await.unwrap();
    }
}
