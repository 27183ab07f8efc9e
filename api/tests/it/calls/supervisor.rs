//! What a supervisor does to agents and to waiting calls, each effective within a second.

use calldocker::agents::{self, Conversation, Hand, Wanted};
use calldocker::authz::Whose;
use calldocker::calls::waiting;
use calldocker::error::Error;
use carrier::{CallbackEffect, CallbackFault, CallbackKind, Endpoint, Faults, Script, Step};
use entity::id::{AgentId, CallId, QueueId};
use entity::{
    Activity, Availability, CallOutcome, CallStatus, EntryOutcome, JobKind, OfferState, Reach, SegmentState,
    SlotHolder, When, audit, job, outbox, queue, queue_member,
};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::support::centre::{Centre, Plan, conflict, straight_to_the_queue, whole_calls};

fn one_agent() -> Plan {
    Plan { agents: vec![Reach::Client], ..Plan::default() }
}

async fn set_by_supervisor(centre: &Centre, agent: usize, availability: Availability) {
    let (id, hand) = (centre.agents[agent], Hand::Supervisors(centre.user));
    let wanted = Wanted { availability, reason: None };
    agents::set_availability(&centre.app, centre.scope, id, hand, wanted, When::Now).await.unwrap();
}

async fn release(centre: &Centre, agent: usize, conversation: Conversation) -> agents::Release {
    let id = centre.agents[agent];
    agents::release(&centre.app, centre.scope, centre.user, id, conversation).await.unwrap()
}

async fn pick(centre: &Centre, agent: usize, call: CallId) -> Result<CallId, Error> {
    let id = centre.agents[agent];
    waiting::pick(&centre.app, centre.scope, Whose::Everybodys, centre.user, id, call).await
}

/// What the company's audit holds, oldest first.
async fn audited(centre: &Centre) -> Vec<String> {
    let rows = centre.scope.find::<audit::Entity>().order_by_asc(audit::Column::Id);
    rows.all(centre.app.db.reader()).await.unwrap().into_iter().map(|row| row.action).collect()
}

/// The payloads of an event that people were told, oldest first.
async fn told(centre: &Centre, event: &str) -> Vec<Value> {
    let rows = centre.scope.find::<outbox::Entity>().filter(outbox::Column::Event.eq(event));
    let rows = rows.order_by_asc(outbox::Column::Seq).all(centre.app.db.reader()).await.unwrap();
    rows.into_iter().map(|row| row.payload).collect()
}

/// Another queue, served by these agents alone.
pub async fn other_queue(centre: &Centre, served_by: &[AgentId]) -> QueueId {
    let (app, scope) = (&centre.app, centre.scope);
    let first = scope.find::<queue::Entity>().one(app.db.reader()).await.unwrap().unwrap();
    let other = queue::Model { id: app.ids.next(), name: "billing".into(), ..first.clone() };
    let tx = app.db.begin().await.unwrap();
    scope.insert::<queue::Entity, _>(&tx, other.clone()).await.unwrap();
    for agent in served_by {
        let leaves = scope.delete_many::<queue_member::Entity>();
        leaves.filter(queue_member::Column::AgentId.eq(*agent)).exec(&tx).await.unwrap();
        let joins = queue_member::Model { company_id: scope.company(), queue_id: other.id, agent_id: *agent };
        scope.insert::<queue_member::Entity, _>(&tx, joins).await.unwrap();
    }
    tx.commit().await.unwrap();
    other.id
}

/// Nobody looks after this call any more but the sweeper and whoever is asked.
async fn forget_checks(centre: &Centre) {
    let tx = centre.app.db.begin().await.unwrap();
    let checks = [JobKind::CheckCall, JobKind::Sweep];
    let jobs = centre.scope.delete_many::<job::Entity>().filter(job::Column::Kind.is_in(checks));
    jobs.exec(&tx).await.unwrap();
    tx.commit().await.unwrap();
}

fn every_callback_is_lost() -> Faults {
    let lost = CallbackFault { of: None, ..CallbackFault::of(CallbackKind::Call, CallbackEffect::Lost) };
    Faults { seed: 11, callbacks: vec![lost], ..Faults::default() }
}

/// A phone whose owner hangs up after so many seconds of a conversation.
fn hangs_up_after(seconds: f64) -> Endpoint {
    Endpoint::answers(1.0, Script::new([Step::AfterConnected(seconds), Step::HangUp]))
}

whole_calls! {
    async fn a_supervisor_sets_an_agent_s_state_and_it_holds_within_a_second(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.ring([Step::AfterConnected(5.0), Step::HangUp]);
        centre.pass(3).await;
        centre.offer(0).await;
        set_by_supervisor(&centre, 0, Availability::Training).await;
        centre.pass(1).await;
        assert!(centre.open_offers(0).await.is_empty());
        centre.offer(1).await;
        assert_eq!(centre.agent(0).await.activity, Activity::Idle);
        assert!(audited(&centre).await.contains(&"agents:set-availability".to_owned()));
        assert!(told(&centre, "agent:status").await.iter().any(|told| told["availability"] == "training"));
        centre.accept(1).await;
        centre.pass(120).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn an_agent_who_does_not_respond_is_not_made_to_by_a_supervisor(ground) {
        let centre = Centre::open(ground, one_agent()).await;
        let caller = centre.ring([]);
        centre.pass(25).await;
        assert_eq!(centre.agent(0).await.activity, Activity::NotResponding);
        set_by_supervisor(&centre, 0, Availability::Available).await;
        centre.pass(5).await;
        assert!(centre.open_offers(0).await.is_empty());
        centre.set(0, Availability::Available).await;
        centre.pass(1).await;
        centre.offer(0).await;
        caller.hang_up();
        centre.pass(60).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_release_frees_an_agent_from_offers_and_wrap_up_and_leaves_a_conversation_alone(ground) {
        let centre = Centre::open(ground, Plan { capacity: 3, ..one_agent() }).await;
        centre.ring_as(0, [Step::AfterConnected(2.0), Step::HangUp]);
        centre.pass(2).await;
        let wrapped_up = centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::WrapUp).await;
        centre.ring_as(1, [Step::AfterConnected(60.0), Step::HangUp]);
        centre.pass(2).await;
        let talking = centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        let offered = centre.ring_as(2, [Step::AfterConnected(5.0), Step::HangUp]);
        centre.pass(2).await;
        let (first, offered) = (centre.offer(0).await, centre.call_of(&offered).await.id);
        set_by_supervisor(&centre, 0, Availability::Break).await;
        set_by_supervisor(&centre, 0, Availability::Available).await;
        centre.pass(1).await;
        assert_ne!(centre.offer(0).await, first);

        let done = release(&centre, 0, Conversation::Keep).await;
        let freed: Vec<_> = done.released.iter().map(|freed| (freed.call, freed.holder)).collect();
        assert_eq!(freed, [(offered, SlotHolder::Offer), (wrapped_up, SlotHolder::WrapUp)]);
        assert_eq!(done.kept, [talking]);
        let states: Vec<_> = centre.segments().await.iter().map(|segment| segment.state).collect();
        assert_eq!(states, [SegmentState::Done, SegmentState::Connected]);
        assert!(audited(&centre).await.contains(&"agents:release".to_owned()));
        assert_eq!(told(&centre, "agent:released").await.len(), 1);
        centre.pass(1).await;
        centre.accept(0).await;
        centre.pass(240).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_release_closes_a_call_whose_end_no_callback_told(ground) {
        let centre = Centre::open(ground, one_agent()).await;
        centre.phone(0, hangs_up_after(5.0));
        centre.ring([]);
        centre.pass(2).await;
        let call = centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        forget_checks(&centre).await;
        centre.carrier.set_faults(every_callback_is_lost());
        centre.pass(30).await;
        centre.heal();
        assert_eq!(centre.agent(0).await.activity, Activity::OnCall, "{}", centre.all_stories().await);
        let done = release(&centre, 0, Conversation::Keep).await;
        assert_eq!((done.released.len(), done.released[0].call), (1, call), "{}", centre.all_stories().await);
        let agent = centre.agent(0).await;
        assert_eq!((agent.activity, agent.held), (Activity::Idle, 0), "{}", centre.all_stories().await);
        assert_eq!(centre.segments().await[0].state, SegmentState::Done);
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Answered));
        centre.pass(5).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_forced_release_ends_the_conversation_at_the_provider_too(ground) {
        let centre = Centre::open(ground, one_agent()).await;
        centre.ring([]);
        centre.pass(2).await;
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        assert_eq!(release(&centre, 0, Conversation::Keep).await.released, []);
        assert_eq!(centre.call().await.status, CallStatus::Connected);
        let done = release(&centre, 0, Conversation::End).await;
        assert_eq!((done.released.len(), done.kept.len()), (1, 0));
        assert_eq!(centre.agent(0).await.activity, Activity::Idle);
        centre.pass(5).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn who_is_signed_out_is_offline_and_what_rang_goes_to_the_next(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.ring([Step::AfterConnected(5.0), Step::HangUp]);
        centre.pass(3).await;
        centre.offer(0).await;
        let status = agents::log_out(&centre.app, centre.scope, centre.user, centre.agents[0]).await.unwrap();
        assert_eq!((status.row.availability, status.activity), (Availability::Offline, Activity::Idle));
        centre.pass(1).await;
        centre.accept(1).await;
        assert!(audited(&centre).await.contains(&"agents:logout".to_owned()));
        centre.pass(120).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn of_two_who_wait_the_one_with_the_higher_priority_is_next(ground) {
        let centre = Centre::open(ground, one_agent()).await;
        centre.set(0, Availability::Away).await;
        let early = centre.ring_as(0, [Step::AfterConnected(5.0), Step::HangUp]);
        centre.pass(10).await;
        let late = centre.ring_as(1, [Step::AfterConnected(5.0), Step::HangUp]);
        centre.pass(10).await;
        let (early, late) = (centre.call_of(&early).await.id, centre.call_of(&late).await.id);
        waiting::set_priority(&centre.app, centre.scope, centre.user, late, 90).await.unwrap();
        centre.set(0, Availability::Available).await;
        centre.pass(1).await;
        assert_eq!(centre.accept(0).await, late);
        assert!(centre.story(late).await.contains(&"queue.priority".to_owned()));
        let update = told(&centre, "call:update").await.into_iter().find(|told| told["priority"] == 90).unwrap();
        assert_eq!(update["callId"], json!(late));
        let taken = waiting::set_priority(&centre.app, centre.scope, centre.user, late, 10).await;
        assert_eq!(conflict(taken), "CALL_ALREADY_TAKEN");
        centre.pass_until("the other is offered", async || !centre.open_offers(0).await.is_empty()).await;
        assert_eq!(centre.accept(0).await, early);
        centre.pass(120).await;
        assert_eq!(
            conflict(waiting::set_priority(&centre.app, centre.scope, centre.user, early, 10).await),
            "CALL_NOT_WAITING"
        );
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_moved_caller_waits_on_in_the_other_queue_as_old_as_he_was(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let billing = other_queue(&centre, &[centre.agents[1]]).await;
        centre.set(0, Availability::Break).await;
        centre.set(1, Availability::Break).await;
        let moved = centre.ring_as(0, [Step::AfterConnected(5.0), Step::HangUp]);
        centre.pass(60).await;
        let id = centre.call_of(&moved).await.id;
        waiting::move_to(&centre.app, centre.scope, centre.user, id, billing).await.unwrap();
        let entries = centre.entries().await;
        assert_eq!(entries[0].outcome, Some(EntryOutcome::Moved));
        assert_eq!((entries[1].queue_id, entries[1].outcome), (billing, None));
        assert_eq!(entries[1].waiting_since, entries[0].waiting_since);
        assert_eq!(
            conflict(waiting::move_to(&centre.app, centre.scope, centre.user, id, billing).await),
            "ALREADY_IN_QUEUE"
        );
        // He hears his place several times more where the provider has parked him.
        centre.pass(60).await;
        centre.set(0, Availability::Available).await;
        centre.pass(2).await;
        assert!(centre.open_offers(0).await.is_empty());
        centre.set(1, Availability::Available).await;
        centre.pass(1).await;
        assert_eq!(centre.accept(1).await, id);
        centre.pass(120).await;
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Answered), "{}", centre.all_stories().await);
        assert_eq!(centre.entries().await.len(), 2);
        assert!(audited(&centre).await.contains(&"calls:move".to_owned()));
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_moved_caller_can_hang_up_and_his_longest_wait_still_counts(ground) {
        let mut flow = straight_to_the_queue();
        flow["nodes"]["wait"]["maxWaitSeconds"] = json!(100);
        flow["nodes"]["wait"]["next"] = json!({"timeout": "sorry"});
        flow["nodes"]["sorry"] = json!({"type": "say", "text": "Sorry.", "next": {"next": "bye"}});
        flow["nodes"]["bye"] = json!({"type": "hangup"});
        let centre = Centre::open(ground, Plan { flow, ..one_agent() }).await;
        let billing = other_queue(&centre, &[]).await;
        centre.set(0, Availability::Break).await;
        let (leaves, waits) = (centre.ring_as(0, []), centre.ring_as(1, []));
        centre.pass(20).await;
        for caller in [&leaves, &waits] {
            let id = centre.call_of(caller).await.id;
            waiting::move_to(&centre.app, centre.scope, centre.user, id, billing).await.unwrap();
        }
        centre.pass(20).await;
        leaves.hang_up();
        centre.pass(2).await;
        assert_eq!(centre.call_of(&leaves).await.outcome, Some(CallOutcome::Abandoned));
        assert_eq!(centre.call_of(&waits).await.status, CallStatus::Queued);
        centre.pass(120).await;
        assert!(crate::support::centre::heard(&waits, "Sorry."), "{}", centre.all_stories().await);
        let outcomes: Vec<_> = centre.entries().await.iter().map(|entry| entry.outcome.unwrap()).collect();
        let (moved, left, out) = (EntryOutcome::Moved, EntryOutcome::Abandoned, EntryOutcome::Overflow);
        assert_eq!(outcomes, [moved, moved, left, out]);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_move_takes_back_what_was_offered_in_the_old_queue(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let billing = other_queue(&centre, &[centre.agents[1]]).await;
        let caller = centre.ring([Step::AfterConnected(5.0), Step::HangUp]);
        centre.pass(3).await;
        let offer = centre.offer(0).await;
        let id = centre.call_of(&caller).await.id;
        waiting::move_to(&centre.app, centre.scope, centre.user, id, billing).await.unwrap();
        centre.pass(1).await;
        assert!(centre.try_to_accept(0, offer).await.is_err());
        assert_eq!(centre.agent(0).await.activity, Activity::Idle);
        assert_eq!(centre.accept(1).await, id, "{}", centre.all_stories().await);
        centre.pass(120).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn who_picks_a_call_has_it_and_whoever_comes_later_is_told_his_name(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.ring([Step::AfterConnected(5.0), Step::HangUp]);
        centre.pass(3).await;
        let (call, offer) = (centre.call_of(&caller).await.id, centre.offer(0).await);
        pick(&centre, 1, call).await.unwrap();
        let Error::Conflict { code, message } = centre.try_to_accept(0, offer).await.unwrap_err() else {
            panic!("a conflict")
        };
        assert_eq!(code.as_str(), "OFFER_ALREADY_TAKEN");
        assert!(message.contains("Agent 1"), "{message}");
        let Error::Conflict { code, message } = pick(&centre, 0, call).await.unwrap_err() else {
            panic!("a conflict")
        };
        assert_eq!(code.as_str(), "CALL_ALREADY_TAKEN");
        assert!(message.contains("Agent 1"), "{message}");
        assert_eq!(centre.agent(0).await.activity, Activity::Idle, "nobody is blamed");
        let states: Vec<_> = centre.offers().await.iter().map(|offer| offer.state).collect();
        assert_eq!(states, [OfferState::TakenByOther, OfferState::Accepted]);
        centre.pass(120).await;
        assert_eq!(centre.segments().await[0].agent_id, centre.agents[1]);
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Answered));
        assert!(centre.story(call).await.contains(&"queue.picked".to_owned()));
        assert!(audited(&centre).await.contains(&"calls:pick".to_owned()));
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_supervisor_gives_a_waiting_call_to_an_agent_and_nobody_else_gets_it_then(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.set(1, Availability::Break).await;
        let caller = centre.ring([Step::AfterConnected(5.0), Step::HangUp]);
        centre.pass(3).await;
        let (call, offer) = (centre.call_of(&caller).await.id, centre.offer(0).await);
        let all = Whose::Everybodys;
        let assign = async |whose, agent: usize| {
            waiting::assign(&centre.app, centre.scope, whose, centre.user, centre.agents[agent], call).await
        };
        let another = assign(Whose::Agents(centre.agents[0]), 1).await;
        assert!(matches!(another, Err(Error::NotFound(_))), "an agent assigns to nobody else: {another:?}");
        assert_eq!(assign(all, 1).await.unwrap(), call, "who has a break can be given a call all the same");
        assert_eq!(assign(all, 1).await.unwrap(), call, "twice changes nothing");
        assert_eq!(conflict(centre.try_to_accept(0, offer).await), "OFFER_ALREADY_TAKEN");
        let Error::Conflict { code, message } = assign(all, 0).await.unwrap_err() else { panic!("a conflict") };
        assert_eq!(code.as_str(), "CALL_ALREADY_TAKEN");
        assert!(message.contains("Agent 1"), "{message}");
        centre.pass(120).await;
        assert_eq!(centre.segments().await.len(), 1, "{}", centre.all_stories().await);
        assert_eq!(centre.segments().await[0].agent_id, centre.agents[1]);
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Answered));
        assert!(centre.story(call).await.contains(&"queue.assigned".to_owned()));
        assert_eq!(audited(&centre).await.iter().filter(|one| *one == "calls:assign").count(), 1);
        assert_eq!(conflict(assign(all, 0).await), "CALL_NOT_WAITING");
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn nobody_is_given_a_call_who_is_not_there(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.set(1, Availability::Offline).await;
        let caller = centre.ring([]);
        centre.pass(3).await;
        let call = centre.call_of(&caller).await.id;
        let (all, id) = (Whose::Everybodys, centre.agents[1]);
        let refused = waiting::assign(&centre.app, centre.scope, all, centre.user, id, call).await;
        assert_eq!(conflict(refused), "AGENT_NOT_AVAILABLE");
        assert_eq!(centre.open_offers(0).await.len(), 1, "a refusal changes nothing");
        caller.hang_up();
        centre.pass(60).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_call_that_is_offered_to_nobody_can_be_picked_by_an_agent_at_a_number(ground) {
        let centre = Centre::open(ground, Plan { agents: vec![Reach::Number], ..Plan::default() }).await;
        centre.set(0, Availability::Break).await;
        let caller = centre.ring([Step::AfterConnected(5.0), Step::HangUp]);
        centre.pass(20).await;
        let call = centre.call_of(&caller).await.id;
        pick(&centre, 0, call).await.unwrap();
        centre.pass(120).await;
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Answered), "{}", centre.all_stories().await);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn nobody_picks_more_than_he_can_take_and_who_may_not_pick_is_told_so(ground) {
        let centre = Centre::open(ground, one_agent()).await;
        centre.ring_as(0, [Step::AfterConnected(30.0), Step::HangUp]);
        centre.pass(2).await;
        centre.accept(0).await;
        let second = centre.ring_as(1, [Step::AfterConnected(5.0), Step::HangUp]);
        centre.pass(5).await;
        let call = centre.call_of(&second).await.id;
        assert_eq!(conflict(pick(&centre, 0, call).await), "NO_FREE_CAPACITY");
        assert_eq!(centre.call_of(&second).await.status, CallStatus::Queued, "a refusal changes nothing");
        let (own, id) = (Whose::Agents(centre.agents[0]), centre.agents[0]);
        let refused = waiting::pick(&centre.app, centre.scope, own, centre.user, id, call).await;
        assert!(matches!(refused, Err(Error::Forbidden { permission: "calls:pick" })), "{refused:?}");
        other_queue(&centre, &[id]).await;
        let hidden = waiting::pick(&centre.app, centre.scope, own, centre.user, id, call).await;
        assert!(matches!(hidden, Err(Error::NotFound(_))), "a call of a queue that he does not serve: {hidden:?}");
        second.hang_up();
        centre.pass(180).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }
}
