//! However a caller comes into a queue (by his flow, a rule, an agent or a supervisor), he waits there under its rules.

use calldocker::calls::transfer::To;
use calldocker::calls::waiting;
use calldocker::queues::{RulesWish, StepAction, StepWish};
use carrier::{Faults, RestEffect, RestFault};
use entity::id::QueueId;
use entity::{Availability, CallOutcome, CallStatus, EntryOutcome, Reach, TransferMode, TransferState};

use super::queue_rules::{night_hours, plan, rules, step, steps};
use crate::support::centre::{Centre, Plan, conflict, heard, whole_calls};

impl Centre {
    /// A supervisor moves the only call.
    async fn move_call(&self, queue: QueueId) -> Result<(), calldocker::error::Error> {
        waiting::move_to(&self.app, self.scope, self.user, self.call().await.id, queue).await
    }
}

whole_calls! {
    async fn a_queue_that_takes_nobody_now_leaves_the_caller_with_his_agent(ground) {
        let centre = Centre::open(ground, plan()).await;
        let closed = centre.new_queue("night", &centre.agents).await;
        centre.set_rules(closed, RulesWish { hours: Some(night_hours()), ..rules() }).await;
        let full = centre.new_queue("full", &[]).await;
        centre.set_rules(full, RulesWish { max_length: Some(0), ..rules() }).await;
        let deserted = centre.new_queue("deserted", &[]).await;
        centre.set_rules(deserted, RulesWish { skip_when_unstaffed: true, ..rules() }).await;
        let caller = centre.talk().await;
        for (queue, why) in [(closed, "QUEUE_CLOSED"), (full, "QUEUE_FULL"), (deserted, "QUEUE_UNSTAFFED")] {
            assert_eq!(conflict(centre.pass_on(To::Queue(queue), TransferMode::Blind).await), why);
        }
        assert_eq!(centre.call().await.status, CallStatus::Connected);
        assert!(centre.transfers().await.is_empty(), "nothing has begun");
        caller.hang_up();
        centre.finish().await;
    }

    async fn who_is_passed_on_to_a_queue_waits_no_longer_than_it_lets_him(ground) {
        let centre = Centre::open(ground, plan()).await;
        let billing = centre.new_queue("billing", &[]).await;
        centre.set_rules(billing, RulesWish { max_wait_seconds: Some(30), ..rules() }).await;
        let caller = centre.talk().await;
        centre.pass_on(To::Queue(billing), TransferMode::Blind).await.unwrap();
        centre.pass(28).await;
        assert_eq!(centre.call().await.status, CallStatus::Queued, "{}", centre.all_stories().await);
        centre.pass(20).await;
        let stories = centre.all_stories().await;
        assert!(heard(&caller, "nobody was free"), "{stories}");
        assert_eq!(centre.entries().await[1].outcome, Some(EntryOutcome::Overflow));
        assert_eq!(centre.transfers().await, [(TransferState::Failed, Some("no_answer".into()))], "{stories}");
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Answered), "he was answered before");
        centre.finish().await;
    }

    async fn who_is_passed_on_to_a_queue_that_overflows_reaches_the_other_one(ground) {
        let centre = Centre::open(ground, Plan { agents: vec![Reach::Client; 2], ..plan() }).await;
        let billing = centre.new_queue("billing", &[]).await;
        let second = centre.new_queue("second line", &centre.agents[1..]).await;
        let to_second = StepWish { queue: Some(second), ..step(20, StepAction::Queue) };
        centre.set_rules(billing, steps([to_second])).await;
        centre.set(1, Availability::Away).await;
        let caller = centre.talk().await;
        centre.pass_on(To::Queue(billing), TransferMode::Blind).await.unwrap();
        centre.pass(25).await;
        let entries = centre.entries().await;
        assert_eq!(entries.iter().map(|entry| entry.queue_id).collect::<Vec<_>>()[1..], [billing, second]);
        assert!(entries.iter().all(|entry| entry.waiting_since == entries[0].waiting_since), "he keeps his age");
        centre.set(1, Availability::Available).await;
        centre.pass_until("agent 1 is asked", async || !centre.open_offers(1).await.is_empty()).await;
        centre.accept(1).await;
        centre.pass_until_transfer_is(TransferState::Completed).await;
        assert_eq!(centre.call().await.agent_id, Some(centre.agents[1]));
        caller.hang_up();
        centre.finish().await;
    }

    async fn the_rules_begin_when_everybody_is_asked_after_the_one_who_was_wanted(ground) {
        let centre = Centre::open(ground, plan()).await;
        let rule = RulesWish { max_wait_seconds: Some(40), ..rules() };
        centre.set_rules(centre.support().await, rule).await;
        let caller = centre.talk().await;
        centre.pass_on(centre.colleague(1), TransferMode::Blind).await.unwrap();
        centre.pass(2).await;
        assert_eq!(centre.entries().await[1].max_wait_until, None, "one agent is asked, and nobody waits");
        centre.decline(1).await.unwrap();
        centre.pass(1).await;
        centre.decline(0).await.unwrap();
        let opened = centre.clock.now();
        centre.all_go(Availability::Away).await;
        let until = centre.entries().await[1].max_wait_until.expect("the queue's rules hold");
        assert_eq!((until - opened).num_seconds(), 40);
        centre.pass(55).await;
        assert!(heard(&caller, "nobody was free"), "{}", centre.all_stories().await);
        centre.finish().await;
    }

    async fn a_supervisor_s_move_begins_the_rules_of_the_other_queue_and_asks_them_first(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.all_go(Availability::Away).await;
        let closed = centre.new_queue("night", &[]).await;
        centre.set_rules(closed, RulesWish { hours: Some(night_hours()), ..rules() }).await;
        let second = centre.new_queue("second line", &[]).await;
        let message = StepWish { mailbox: Some("late".into()), ..step(20, StepAction::Voicemail) };
        let back = StepWish { queue: Some(centre.support().await), ..step(10, StepAction::Queue) };
        centre.set_rules(second, steps([back, message])).await;
        let caller = centre.ring([]);
        centre.pass(10).await;
        assert_eq!(conflict(centre.move_call(closed).await), "QUEUE_CLOSED");
        assert_eq!(centre.entries().await.len(), 1);
        centre.move_call(second).await.unwrap();
        centre.pass(15).await;
        let entries = centre.entries().await;
        assert_eq!((entries.len(), entries[0].outcome), (2, Some(EntryOutcome::Moved)), "no rule undoes the move");
        assert_eq!(centre.lines("queue.refused").await[0].data["reason"], "came_from_there");
        centre.pass(15).await;
        assert!(heard(&caller, "leave a message"), "{}", centre.all_stories().await);
        assert_eq!(centre.entries().await[1].outcome, Some(EntryOutcome::Voicemail));
        caller.hang_up();
        centre.finish().await;
    }

    async fn who_overflows_before_he_is_parked_goes_on_where_the_rule_sends_him(ground) {
        let centre = Centre::open(ground, plan()).await;
        let billing = centre.new_queue("billing", &[]).await;
        let message = StepWish { mailbox: Some("late".into()), ..step(3, StepAction::Voicemail) };
        centre.set_rules(billing, steps([message])).await;
        let caller = centre.talk().await;
        let fails = RestFault { times: None, ..RestFault::once("POST", caller.sid(), RestEffect::ServerError) };
        centre.carrier.set_faults(Faults { rest: vec![fails], ..Faults::default() });
        centre.pass_on(To::Queue(billing), TransferMode::Blind).await.unwrap();
        centre.pass(6).await;
        assert_eq!(centre.entries().await[1].outcome, Some(EntryOutcome::Voicemail));
        assert!(!heard(&caller, "leave a message"), "the provider did not bring him yet");
        centre.heal();
        centre.pass_until("he is asked for a message", async || heard(&caller, "leave a message")).await;
        caller.hang_up();
        centre.finish().await;
    }

    async fn a_queue_is_kept_while_a_caller_may_come_back_to_it(ground) {
        let centre = Centre::open(ground, plan()).await;
        let caller = centre.talk().await;
        let deleted = calldocker::queues::delete(&centre.app, centre.scope, centre.support().await).await;
        assert_eq!(conflict(deleted), "QUEUE_NOT_EMPTY");
        caller.hang_up();
        centre.finish().await;
    }
}
