//! The rules of a queue: who is let in, who goes first, what happens to who waits too long, and what he hears meanwhile.

use std::time::Duration;

use calldocker::calls::wrap_up;
use calldocker::flows;
use calldocker::queues::{self, RulesWish, Settings, StepAction, StepWish};
use calldocker::store::queueing;
use carrier::{CallHandle, Endpoint, LineKind, Script, Step};
use chrono::TimeDelta;
use entity::id::{AgentId, FlowId, QueueId};
use entity::{
    Announcements, Availability, CallOutcome, CallStatus, EntryOutcome, Reach, SegmentState, Strategy,
    WrapUpRule, call_event,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::Backend;
use crate::support::centre::{Centre, Ground, Life, Nodes, Plan, heard, whole_calls};

/// Waits in the queue, and says so when the queue does not take him or he has waited too long.
fn plan() -> Plan {
    plan_of(json!({}))
}

/// The same with other settings of the node that enqueues.
fn plan_of(settings: Value) -> Plan {
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

fn rules() -> RulesWish {
    RulesWish::default()
}

fn step(after_seconds: u32, action: StepAction) -> StepWish {
    StepWish { after_seconds, action, queue: None, flow: None, levels: None, mailbox: None }
}

fn steps(overflow: impl IntoIterator<Item = StepWish>) -> RulesWish {
    RulesWish { overflow: overflow.into_iter().collect(), ..rules() }
}

fn ends_well() -> [Step; 2] {
    [Step::AfterConnected(10.0), Step::HangUp]
}

impl Centre {
    async fn support(&self) -> QueueId {
        queueing::queue_by_name(self.scope, self.app.db.reader(), "support").await.unwrap().unwrap().id
    }

    async fn set_rules(&self, queue: QueueId, rules: RulesWish) {
        self.change_queue(queue, Settings { rules: Some(rules), ..Settings::default() }).await;
    }

    async fn change_queue(&self, queue: QueueId, settings: Settings) {
        queues::change(&self.app, self.scope, queue, settings).await.unwrap();
        self.pass(1).await;
    }

    async fn new_queue(&self, name: &str, agents: &[AgentId]) -> QueueId {
        let settings =
            Settings { name: Some(name.to_owned()), agents: Some(agents.to_vec()), ..Settings::default() };
        queues::create(&self.app, self.scope, settings).await.unwrap().queue.id
    }

    async fn new_flow(&self, name: &str, nodes: Value) -> FlowId {
        let document =
            json!({"version": 1, "name": name, "start": "start", "language": "en-US", "nodes": nodes});
        let made = flows::create(&self.app, self.scope, name.to_owned(), document).await.unwrap();
        flows::publish(&self.app, self.scope, made.flow.id, self.user).await.unwrap();
        made.flow.id
    }

    async fn all_go(&self, availability: Availability) {
        for agent in 0..self.agents.len() {
            self.set(agent, availability).await;
        }
    }

    /// The lines of this kind in the story of the only call.
    async fn lines(&self, kind: &str) -> Vec<call_event::Model> {
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

    async fn finish(self) {
        self.pass(200).await;
        self.assert_at_rest().await;
        self.close().await;
    }
}

/// Noon is not in it.
fn night_hours() -> Value {
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

    async fn who_overflows_into_another_queue_waits_there_as_old_as_he_is(ground) {
        let centre = Centre::open(ground, Plan { agents: vec![Reach::Client; 3], ..plan() }).await;
        centre.all_go(Availability::Away).await;
        let second = centre.new_queue("second line", &centre.agents[2..]).await;
        let to_second = StepWish { queue: Some(second), ..step(30, StepAction::Queue) };
        centre.set_rules(centre.support().await, steps([to_second])).await;
        let caller = centre.ring(ends_well());
        centre.pass(28).await;
        assert_eq!(centre.entries().await.len(), 1);
        centre.pass(10).await;
        let entries = centre.entries().await;
        assert_eq!(entries.len(), 2, "{}", centre.all_stories().await);
        assert_eq!(entries[0].outcome, Some(EntryOutcome::Overflow));
        assert_eq!((entries[1].queue_id, entries[1].outcome), (second, None));
        assert_eq!(entries[1].waiting_since, entries[0].waiting_since);
        let after = (entries[1].entered_at - entries[0].entered_at).num_milliseconds();
        assert!((30_000..31_000).contains(&after), "after {after} ms");
        centre.pass(60).await;
        assert!(!caller.status().is_terminal(), "he goes on waiting: {}", centre.all_stories().await);
        centre.set(2, Availability::Available).await;
        centre.pass(1).await;
        centre.accept(2).await;
        centre.pass(60).await;
        let call = centre.call().await;
        assert_eq!((call.outcome, call.queue_id), (Some(CallOutcome::Answered), Some(second)));
        centre.finish().await;
    }

    async fn who_was_moved_to_another_queue_can_hang_up_there_and_wait_too_long_there(ground) {
        let centre = Centre::open(ground, plan_of(json!({"maxWaitSeconds": 60}))).await;
        centre.all_go(Availability::Away).await;
        let second = centre.new_queue("second line", &centre.agents).await;
        let to_second = StepWish { queue: Some(second), ..step(10, StepAction::Queue) };
        centre.set_rules(centre.support().await, steps([to_second])).await;
        let impatient = centre.ring_as(0, []);
        let patient = centre.ring_as(1, []);
        centre.pass(30).await;
        impatient.hang_up();
        centre.pass(10).await;
        assert_eq!(centre.call_of(&impatient).await.outcome, Some(CallOutcome::Abandoned));
        centre.pass(40).await;
        assert!(heard(&patient, "nobody was free"), "the flow's limit holds anywhere: {}", centre.all_stories().await);
        let outcomes: Vec<_> = centre.entries().await.into_iter().map(|entry| entry.outcome.unwrap()).collect();
        let count = |outcome| outcomes.iter().filter(|other| **other == outcome).count();
        assert_eq!((count(EntryOutcome::Overflow), count(EntryOutcome::Abandoned)), (3, 1), "{outcomes:?}");
        centre.finish().await;
    }

    async fn two_queues_that_overflow_into_each_other_do_not_pass_a_caller_to_and_fro(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.all_go(Availability::Away).await;
        let (first, second) = (centre.support().await, centre.new_queue("second line", &centre.agents).await);
        let to = |queue| steps([StepWish { queue: Some(queue), ..step(5, StepAction::Queue) }]);
        centre.set_rules(first, to(second)).await;
        centre.set_rules(second, to(first)).await;
        let caller = centre.ring([]);
        centre.pass(40).await;
        assert_eq!(centre.entries().await.len(), 2, "{}", centre.all_stories().await);
        assert_eq!(centre.lines("queue.refused").await[0].data["reason"], "came_from_there");
        caller.hang_up();
        centre.finish().await;
    }

    async fn a_queue_that_is_closed_takes_nobody_from_another_either(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.all_go(Availability::Away).await;
        let second = centre.new_queue("second line", &centre.agents).await;
        centre.set_rules(second, RulesWish { hours: Some(night_hours()), ..rules() }).await;
        let to_second = StepWish { queue: Some(second), ..step(5, StepAction::Queue) };
        let late = step(20, StepAction::Voicemail);
        centre.set_rules(centre.support().await, steps([to_second, late])).await;
        let caller = centre.ring([Step::UntilSaid("leave a message".into()), Step::HangUp]);
        centre.pass(15).await;
        assert_eq!(centre.entries().await.len(), 1, "he waits where he waited");
        centre.pass(30).await;
        assert!(heard(&caller, "leave a message"), "the next step comes all the same: {}", centre.all_stories().await);
        centre.finish().await;
    }

    async fn who_asks_for_too_much_asks_for_less_after_a_while(ground) {
        let skills = json!({"skills": [{"skill": "french", "level": 5}]});
        let centre = Centre::open(ground, Plan { agents: vec![Reach::Client], ..plan_of(skills) }).await;
        let french = calldocker::skills::create(&centre.app, centre.scope, "french".into()).await.unwrap().id;
        centre.teach(0, french, 2).await;
        let lower = |after, levels| StepWish { levels: Some(levels), ..step(after, StepAction::RelaxSkills) };
        centre.set_rules(centre.support().await, steps([lower(20, 2), lower(40, 1)])).await;
        centre.ring(ends_well());
        centre.pass(38).await;
        assert!(centre.open_offers(0).await.is_empty(), "{}", centre.all_stories().await);
        centre.pass(3).await;
        centre.accept(0).await;
        centre.pass(60).await;
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Answered), "{}", centre.all_stories().await);
        centre.finish().await;
    }

    async fn after_a_while_everybody_is_rung(ground) {
        let centre = Centre::open(ground, Plan { agents: vec![Reach::Client; 3], ring_seconds: 30, ..plan() }).await;
        centre.set_rules(centre.support().await, steps([step(10, StepAction::RingAll)])).await;
        centre.ring(ends_well());
        centre.pass(20).await;
        assert_eq!(centre.offers().await.len(), 1, "who is being rung is not disturbed");
        centre.pass(15).await;
        centre.offer(1).await;
        centre.accept(2).await;
        assert!(centre.open_offers(1).await.is_empty());
        assert_eq!(centre.lines("queue.step").await[0].data["action"], "ring_all");
        centre.finish().await;
    }

    async fn who_overflows_into_a_flow_goes_on_there_in_the_same_call(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.all_go(Availability::Away).await;
        let sorry = centre.new_flow("Sorry", json!({
            "start": {"type": "menu", "prompt": "Press one for the other team.", "choices": [{"digits": "1"}],
                      "next": {"1": "again", "timeout": "bye", "noMatch": "bye"}},
            "again": {"type": "enqueue", "queue": "support"},
            "bye": {"type": "hangup"},
        })).await;
        let to_flow = StepWish { flow: Some(sorry), ..step(30, StepAction::Flow) };
        centre.set_rules(centre.support().await, steps([to_flow])).await;
        centre.ring([Step::Press("1".into()), Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(45).await;
        centre.set(0, Availability::Available).await;
        centre.pass(3).await;
        centre.accept(0).await;
        centre.pass(60).await;
        let outcomes: Vec<_> = centre.entries().await.into_iter().map(|entry| entry.outcome).collect();
        assert_eq!(outcomes, [Some(EntryOutcome::Overflow), Some(EntryOutcome::Answered)], "{}", centre.all_stories().await);
        assert_eq!(centre.lines("flow.started").await.len(), 2);
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Answered));
        centre.finish().await;
    }

    async fn who_is_offered_a_callback_is_asked_by_the_flow_for_it(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.all_go(Availability::Away).await;
        let offer = centre.new_flow("Callback", json!({
            "start": {"type": "hangup", "prompt": "Shall we call you back?"},
        })).await;
        let to_flow = StepWish { flow: Some(offer), ..step(20, StepAction::CallbackOffer) };
        centre.set_rules(centre.support().await, steps([to_flow])).await;
        let caller = centre.ring([]);
        centre.pass(40).await;
        assert!(heard(&caller, "shall we call you back"), "{}", centre.all_stories().await);
        assert_eq!(centre.lines("queue.step").await[0].data["action"], "callback_offer");
        assert_eq!(centre.entries().await[0].outcome, Some(EntryOutcome::Overflow));
        centre.finish().await;
    }

    async fn who_overflows_into_the_mailbox_leaves_a_message_there(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.all_go(Availability::Away).await;
        let mailbox = StepWish { mailbox: Some("support".into()), ..step(20, StepAction::Voicemail) };
        centre.set_rules(centre.support().await, steps([mailbox])).await;
        centre.ring([
            Step::UntilSaid("leave a message".into()),
            Step::Wait(1.0),
            Step::SpeakNow("Please call me back about the two pianos".into()),
            Step::Wait(5.0),
            Step::HangUp,
        ]);
        centre.pass(150).await;
        let stories = centre.all_stories().await;
        assert_eq!(centre.entries().await[0].outcome, Some(EntryOutcome::Voicemail), "{stories}");
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Voicemail), "{stories}");
        let recordings = centre.recordings().await;
        assert_eq!(recordings.len(), 1, "{stories}");
        assert_eq!(recordings[0].mailbox.as_deref(), Some("support"));
        centre.finish().await;
    }

    async fn music_does_not_keep_a_caller_from_what_his_queue_s_rules_say(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.all_go(Availability::Away).await;
        let queue = centre.support().await;
        let music = Settings { hold_music_url: Some(an_hour_of_silence().await), ..Settings::default() };
        centre.change_queue(queue, music).await;
        centre.set_rules(queue, RulesWish { max_wait_seconds: Some(50), ..steps([step(20, StepAction::RingAll)]) }).await;
        let caller = centre.ring([]);
        centre.pass(48).await;
        assert_eq!(centre.call().await.status, CallStatus::Queued);
        centre.pass(15).await;
        assert!(heard(&caller, "nobody was free"), "{}", centre.all_stories().await);
        assert!(caller.status().is_terminal());
        centre.finish().await;
    }

    async fn a_rule_waits_for_who_is_just_getting_the_caller(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.phone(0, Endpoint::answers(12.0, Script::silent()));
        centre.set_rules(centre.support().await, steps([step(20, StepAction::Voicemail)])).await;
        centre.ring(ends_well());
        centre.pass(18).await;
        centre.accept(0).await;
        centre.pass(60).await;
        assert_eq!(centre.entries().await[0].outcome, Some(EntryOutcome::Answered), "{}", centre.all_stories().await);
        centre.finish().await;
    }

    async fn a_rule_that_came_due_while_an_agent_s_device_failed_is_done_after_all(ground) {
        let centre = Centre::open(ground, Plan { agents: vec![Reach::Client], ..plan() }).await;
        centre.phone(0, Endpoint::only(carrier::Answer::Reject));
        centre.set_rules(centre.support().await, steps([step(20, StepAction::Voicemail)])).await;
        let caller = centre.ring([Step::UntilSaid("leave a message".into()), Step::HangUp]);
        centre.pass(15).await;
        centre.accept(0).await;
        centre.pass(60).await;
        assert!(heard(&caller, "leave a message"), "{}", centre.all_stories().await);
        centre.finish().await;
    }

    async fn a_server_that_was_killed_leaves_the_rules_to_the_next_one(ground) {
        let mut centre = Centre::open(ground, Plan { life: Life::Mortal, ..plan() }).await;
        centre.all_go(Availability::Away).await;
        centre.set_rules(centre.support().await, steps([step(40, StepAction::Voicemail)])).await;
        let caller = centre.ring([Step::UntilSaid("leave a message".into()), Step::HangUp]);
        centre.pass(10).await;
        centre.kill_and_restart().await;
        centre.pass(60).await;
        assert!(heard(&caller, "leave a message"), "{}", centre.all_stories().await);
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

    async fn teach(&self, agent: usize, skill: entity::id::SkillId, level: i32) {
        let mut unit = calldocker::store::Unit::begin(&self.app, self.scope).await.unwrap();
        let agent_id = self.agents[agent];
        let row =
            entity::agent_skill::Model { company_id: self.scope.company(), agent_id, skill_id: skill, level };
        self.scope.insert::<entity::agent_skill::Entity, _>(unit.tx(), row).await.unwrap();
        unit.reroute(entity::RoutingSubject::Agent, agent_id);
        unit.commit().await.unwrap();
    }
}

/// The address of a sound file on loopback that lasts for an hour, as its head says.
async fn an_hour_of_silence() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/music.wav", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut asked = [0; 1024];
            let _ = socket.read(&mut asked).await;
            let sound = silent_wav(Duration::from_secs(3600));
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                sound.len()
            );
            let _ = socket.write_all(head.as_bytes()).await;
            let _ = socket.write_all(&sound).await;
        }
    });
    url
}

/// One byte a second would be a strange sound, but it is a valid one.
fn silent_wav(length: Duration) -> Vec<u8> {
    const BYTES_A_SECOND: u32 = 1;
    let data = u32::try_from(length.as_secs()).unwrap() * BYTES_A_SECOND;
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + data).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend(1_u16.to_le_bytes());
    wav.extend(1_u16.to_le_bytes());
    wav.extend(BYTES_A_SECOND.to_le_bytes());
    wav.extend(BYTES_A_SECOND.to_le_bytes());
    wav.extend(1_u16.to_le_bytes());
    wav.extend(8_u16.to_le_bytes());
    wav.extend(b"data");
    wav.extend(data.to_le_bytes());
    wav.resize(44 + data as usize, 128);
    wav
}
