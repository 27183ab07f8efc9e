//! Whom nobody calls back and when nobody does; what people and agents' phones do about callbacks; what survives.

use calldocker::authz::Whose;
use calldocker::calls::callback as callbacks;
use calldocker::calls::control::Actor;
use calldocker::contacts::{self, Card, Change};
use calldocker::error::Error;
use calldocker::queues::RulesWish;
use carrier::{
    Answer, CallbackEffect, CallbackFault, CallbackKind, Endpoint, Faults, Script, Step, WebhookEffect,
    WebhookFault,
};
use chrono::TimeDelta;
use entity::{
    Activity, Availability, CallOutcome, CallbackState, EntryOutcome, EntryPurpose, Reach, SegmentState,
};
use serde_json::{Value, json};

use super::called_back::{answers, calls_back};
use super::queue_rules::{night_hours, rules};
use crate::support::centre::{CALLER, Centre, Ground, Life, Plan, conflict, heard, noon, whole_calls};

/// Open at noon, with a break from ten past to twenty past.
fn day_hours() -> Value {
    let day = json!([{"from": "09:00", "to": "12:10"}, {"from": "12:20", "to": "18:00"}]);
    json!({"zone": "UTC", "weekly": {
        "mon": day, "tue": day, "wed": day, "thu": day, "fri": day, "sat": day, "sun": day,
    }})
}

impl Centre {
    fn supervisor_acts(&self) -> Actor {
        Actor { user: self.user, whose: Whose::Everybodys }
    }

    /// Nobody is called back, and the caller hears this.
    async fn refuses(self, said: &str, reason: &str) {
        let caller = self.ring([]);
        self.pass(30).await;
        let stories = self.all_stories().await;
        assert!(heard(&caller, said), "{stories}");
        assert!(stories.contains(&format!("\"reason\":\"{reason}\"")), "{stories}");
        assert!(self.callbacks().await.is_empty());
        assert_eq!(self.call_of(&caller).await.outcome, Some(CallOutcome::FlowExit));
        self.finish().await;
    }
}

/// Somebody is to be called back, and no agent is there.
async fn promised(ground: Ground, plan: Plan) -> Centre {
    let centre = Centre::open(ground, plan).await;
    centre.all_go(Availability::Away).await;
    centre.is_promised().await;
    centre.pass(5).await;
    centre
}

/// An agent has taken the callback, and the customer's phone rings.
async fn ringing(ground: Ground) -> Centre {
    let centre = promised(ground, calls_back(json!({}))).await;
    centre.carrier.set_endpoint(
        CALLER,
        Endpoint::answers(20.0, Script::new([Step::AfterConnected(10.0), Step::HangUp])),
    );
    centre.set(0, Availability::Available).await;
    centre.pass(2).await;
    centre.accept(0).await;
    centre.pass(8).await;
    assert_eq!(centre.rung(CALLER), 1, "{}", centre.all_stories().await);
    centre
}

/// He is reached in the end.
async fn ends_answered(centre: Centre) {
    centre.pass_until("he is offered", async || !centre.open_offers(0).await.is_empty()).await;
    centre.accept(0).await;
    centre.pass(60).await;
    assert_eq!(centre.callback().await.state, CallbackState::Answered, "{}", centre.all_stories().await);
    centre.finish().await;
}

whole_calls! {
    async fn a_closed_queue_promises_nobody_a_call(ground) {
        let centre = Centre::open(ground, calls_back(json!({}))).await;
        centre.set_rules(centre.support().await, RulesWish { hours: Some(night_hours()), ..rules() }).await;
        centre.refuses("we are closed then", "closed").await;
    }

    async fn a_time_at_which_the_queue_is_closed_is_refused(ground) {
        let at = json!({"when": "scheduled", "at": "{{ '2026-03-02T12:15' }}", "zone": "UTC"});
        let centre = Centre::open(ground, calls_back(at)).await;
        centre.set_rules(centre.support().await, RulesWish { hours: Some(day_hours()), ..rules() }).await;
        centre.refuses("we are closed then", "closed").await;
    }

    async fn nobody_is_promised_a_call_in_a_year(ground) {
        let at = json!({"when": "scheduled", "at": "{{ '2027-03-02T14:00' }}", "zone": "UTC"});
        let centre = Centre::open(ground, calls_back(at)).await;
        centre.refuses("that cannot be done", "too_far").await;
    }

    async fn numbers_that_cost_the_company_dear_are_not_called(ground) {
        let centre = Centre::open(ground, calls_back(json!({"number": "+19002345678"}))).await;
        centre.refuses("that cannot be done", "PREMIUM_RATE_NUMBER").await;
    }

    async fn numbers_in_countries_that_are_not_allowed_are_not_called(ground) {
        let centre = Centre::open(ground, calls_back(json!({"number": "+4930123456"}))).await;
        centre.refuses("that cannot be done", "COUNTRY_NOT_ALLOWED").await;
    }

    async fn who_is_blocked_is_not_called(ground) {
        let centre = Centre::open(ground, calls_back(json!({}))).await;
        let card = Card { blocked: Some(true), ..Card::default() };
        contacts::create(&centre.app, centre.scope, centre.user, Change { number: Some(CALLER.into()), card, ..Change::default() }).await.unwrap();
        centre.refuses("that cannot be done", "CONTACT_BLOCKED").await;
    }

    async fn who_is_blocked_before_it_is_his_turn_is_not_called_either(ground) {
        let at = json!({"when": "scheduled", "at": "{{ '2026-03-02T12:10' }}", "zone": "UTC"});
        let centre = promised(ground, calls_back(at)).await;
        let card = Card { blocked: Some(true), ..Card::default() };
        contacts::create(&centre.app, centre.scope, centre.user, Change { number: Some(CALLER.into()), card, ..Change::default() }).await.unwrap();
        centre.pass(600).await;
        let row = centre.callback().await;
        assert_eq!((row.state, row.reason.as_deref()), (CallbackState::Failed, Some("contact_blocked")));
        assert!(centre.tries().await.is_empty(), "{}", centre.all_stories().await);
        centre.finish().await;
    }

    async fn when_the_queue_closes_nobody_is_called_before_it_opens_again(ground) {
        let centre = Centre::open(ground, calls_back(json!({}))).await;
        centre.all_go(Availability::Away).await;
        centre.set_rules(centre.support().await, RulesWish { hours: Some(day_hours()), ..rules() }).await;
        centre.is_promised().await;
        let since = centre.callback().await.waiting_since;
        centre.pass(600).await;
        let row = centre.callback().await;
        assert_eq!((row.state, row.call_id), (CallbackState::Open, None), "{}", centre.all_stories().await);
        assert_eq!(row.due_at, noon() + TimeDelta::minutes(20), "after the break");
        assert_eq!(centre.entries().await.last().unwrap().outcome, Some(EntryOutcome::Withdrawn));
        centre.set(0, Availability::Available).await;
        centre.carrier.set_endpoint(CALLER, answers([Step::AfterConnected(10.0), Step::HangUp]));
        centre.pass(480).await;
        assert!(centre.open_offers(0).await.is_empty(), "an agent who is there all the same is not asked");
        centre.pass(90).await;
        assert_eq!(centre.entries().await.last().unwrap().waiting_since, since, "{}", centre.all_stories().await);
        ends_answered(centre).await;
    }

    async fn an_agent_whose_phone_does_not_come_has_called_nobody(ground) {
        let centre = promised(ground, calls_back(json!({}))).await;
        centre.phone(0, Endpoint::only(Answer::Never));
        centre.set(0, Availability::Available).await;
        centre.pass(2).await;
        let call = centre.accept(0).await;
        centre.set(1, Availability::Available).await;
        centre.pass_until("another one is asked", async || !centre.open_offers(1).await.is_empty()).await;
        assert_eq!(centre.rung(CALLER), 0, "{}", centre.all_stories().await);
        let row = centre.callback().await;
        assert_eq!((row.state, row.attempts, row.call_id), (CallbackState::Open, 0, Some(call)), "he waits on");
        centre.carrier.set_endpoint(CALLER, answers([Step::AfterConnected(10.0), Step::HangUp]));
        centre.accept(1).await;
        centre.pass(60).await;
        let row = centre.callback().await;
        assert_eq!((row.state, row.call_id), (CallbackState::Answered, Some(call)), "in the same call");
        centre.finish().await;
    }

    async fn when_the_agent_hangs_up_while_it_rings_another_one_calls_at_once(ground) {
        let centre = ringing(ground).await;
        centre.set(1, Availability::Available).await;
        centre.agent_phone(0).hang_up();
        centre.pass(5).await;
        assert!(centre.phone_of(CALLER).status().is_terminal(), "{}", centre.all_stories().await);
        centre.carrier.set_endpoint(CALLER, answers([Step::AfterConnected(10.0), Step::HangUp]));
        let asked = if centre.open_offers(0).await.is_empty() { 1 } else { 0 };
        centre.accept(asked).await;
        centre.pass(60).await;
        let row = centre.callback().await;
        assert_eq!((row.state, row.attempts), (CallbackState::Answered, 2), "{}", centre.all_stories().await);
        centre.finish().await;
    }

    async fn a_callback_that_is_taken_back_while_it_waits_is_offered_to_nobody(ground) {
        let centre = promised(ground, calls_back(json!({}))).await;
        centre.set(0, Availability::Available).await;
        centre.pass(2).await;
        assert_eq!(centre.open_offers(0).await.len(), 1);
        let id = centre.callback().await.id;
        callbacks::cancel(&centre.app, centre.scope, centre.supervisor_acts(), id).await.unwrap();
        centre.pass(2).await;
        assert!(centre.open_offers(0).await.is_empty(), "{}", centre.all_stories().await);
        assert_eq!(centre.agent(0).await.activity, Activity::Idle);
        let again = callbacks::cancel(&centre.app, centre.scope, centre.supervisor_acts(), id).await;
        assert_eq!(conflict(again), "CALLBACK_SETTLED");
        assert_eq!(centre.tries().await[0].outcome, Some(CallOutcome::Callback));
        assert!(centre.audited().await.iter().any(|(action, _)| action == "callbacks:cancel"));
        centre.pass(600).await;
        assert_eq!((centre.rung(CALLER), centre.callback().await.state), (0, CallbackState::Cancelled));
        centre.finish().await;
    }

    async fn a_callback_that_is_settled_otherwise_while_it_rings_lets_the_phone_go(ground) {
        let centre = ringing(ground).await;
        let id = centre.callback().await.id;
        callbacks::done(&centre.app, centre.scope, centre.supervisor_acts(), id).await.unwrap();
        centre.pass(3).await;
        assert!(centre.phone_of(CALLER).status().is_terminal(), "{}", centre.all_stories().await);
        assert!(centre.agent_phone(0).status().is_terminal());
        assert_eq!(centre.agent(0).await.activity, Activity::Idle);
        centre.pass(600).await;
        let row = centre.callback().await;
        assert_eq!((row.state, row.attempts, centre.rung(CALLER)), (CallbackState::Done, 1, 1));
        centre.finish().await;
    }

    async fn a_callback_can_be_put_off_and_brought_forward(ground) {
        let centre = promised(ground, calls_back(json!({}))).await;
        let (id, actor) = (centre.callback().await.id, centre.supervisor_acts());
        let put = async |at| callbacks::reschedule(&centre.app, centre.scope, actor, id, at).await;
        let past = put(Some(noon() - TimeDelta::hours(1))).await;
        assert!(matches!(past, Err(Error::Invalid { ref fields, .. }) if fields[0].field == "/at"), "{past:?}");
        put(Some(noon() + TimeDelta::hours(2))).await.unwrap();
        centre.set(0, Availability::Available).await;
        centre.pass(600).await;
        assert!(centre.open_offers(0).await.is_empty(), "{}", centre.all_stories().await);
        assert_eq!(centre.callback().await.call_id, None);
        put(None).await.unwrap();
        centre.pass(3).await;
        centre.carrier.set_endpoint(CALLER, answers([Step::AfterConnected(10.0), Step::HangUp]));
        let offer = centre.offer(0).await;
        centre.try_to_accept(0, offer).await.unwrap();
        assert_eq!(conflict(put(None).await), "CALLBACK_UNDER_WAY");
        centre.pass(60).await;
        assert_eq!(centre.callback().await.state, CallbackState::Answered, "{}", centre.all_stories().await);
        assert_eq!(conflict(put(None).await), "CALLBACK_SETTLED");
        centre.finish().await;
    }

    async fn a_callback_that_is_assigned_is_offered_to_that_agent_first(ground) {
        let plan = Plan { agents: vec![Reach::Client; 3], ..calls_back(json!({})) };
        let centre = promised(ground, plan).await;
        let (id, actor) = (centre.callback().await.id, centre.supervisor_acts());
        centre.pass(1).await;
        // The last one is there for the shortest time: it would not be his turn.
        let two = centre.agents[2];
        callbacks::reschedule(&centre.app, centre.scope, actor, id, Some(noon() + TimeDelta::minutes(10))).await.unwrap();
        callbacks::assign(&centre.app, centre.scope, actor, id, Some(two)).await.unwrap();
        for agent in 0..3 {
            centre.set(agent, Availability::Available).await;
            centre.pass(5).await;
        }
        centre.pass(500).await;
        centre.pass_until("somebody is offered it", async || !centre.offers().await.is_empty()).await;
        assert_eq!(centre.open_offers(2).await.len(), 1, "{}", centre.all_stories().await);
        assert!(centre.open_offers(0).await.is_empty());
        let own = callbacks::get(&centre.app, centre.scope, Whose::Agents(centre.agents[0]), id).await;
        assert!(matches!(own, Err(Error::NotFound(_))), "it is another agent's: {own:?}");
        centre.carrier.set_endpoint(CALLER, answers([Step::AfterConnected(10.0), Step::HangUp]));
        centre.accept(2).await;
        centre.pass(60).await;
        assert_eq!(centre.callback().await.state, CallbackState::Answered);
        centre.finish().await;
    }

    async fn hops_and_callbacks_that_come_twice_book_and_call_once(ground) {
        let centre = Centre::open(ground, calls_back(json!({}))).await;
        centre.all_go(Availability::Away).await;
        centre.carrier.set_endpoint(CALLER, answers([Step::AfterConnected(10.0), Step::HangUp]));
        centre.carrier.set_faults(Faults {
            callbacks: vec![
                CallbackFault { of: None, ..CallbackFault::of(CallbackKind::Call, CallbackEffect::Double) },
            ],
            webhooks: vec![WebhookFault { url: None, does: WebhookEffect::Double, probability: 1.0, times: None }],
            ..Faults::default()
        });
        centre.ring([]);
        centre.pass(60).await;
        let row = centre.callback().await;
        assert_eq!(row.state, CallbackState::Open, "{}", centre.all_stories().await);
        centre.set(0, Availability::Available).await;
        ends_answered(centre).await;
    }
}

fn mortal() -> Plan {
    Plan { life: Life::Mortal, ..calls_back(json!({})) }
}

whole_calls! {
    async fn a_promise_survives_the_server(ground) {
        let mut centre = promised(ground, mortal()).await;
        centre.carrier.set_endpoint(CALLER, answers([Step::AfterConnected(10.0), Step::HangUp]));
        let waits = centre.entries().await.pop().unwrap();
        assert_eq!((waits.purpose, waits.outcome), (EntryPurpose::Callback, None));
        centre.kill_and_restart().await;
        centre.pass(65).await;
        centre.set(0, Availability::Available).await;
        ends_answered(centre).await;
    }

    async fn a_server_that_dies_between_two_tries_has_forgotten_nothing(ground) {
        let mut centre = promised(ground, mortal()).await;
        centre.carrier.set_endpoint(CALLER, Endpoint::only(Answer::Busy));
        centre.set(0, Availability::Available).await;
        centre.pass(2).await;
        centre.accept(0).await;
        centre.pass(10).await;
        assert_eq!(centre.callback().await.attempts, 1);
        centre.kill_and_restart().await;
        centre.carrier.set_endpoint(CALLER, answers([Step::AfterConnected(10.0), Step::HangUp]));
        centre.pass(310).await;
        ends_answered(centre).await;
    }

    async fn a_server_that_dies_while_the_customer_s_phone_rings_calls_him_once(ground) {
        let mut centre = promised(ground, mortal()).await;
        centre.carrier.set_endpoint(CALLER, Endpoint::answers(20.0, Script::new([Step::AfterConnected(10.0), Step::HangUp])));
        centre.set(0, Availability::Available).await;
        centre.pass(2).await;
        centre.accept(0).await;
        centre.pass(10).await;
        centre.kill_and_restart().await;
        centre.pass(120).await;
        let row = centre.callback().await;
        assert_eq!((row.state, row.attempts), (CallbackState::Answered, 1), "{}", centre.all_stories().await);
        assert_eq!(centre.rung(CALLER), 1);
        assert_eq!(centre.segments().await.last().unwrap().state, SegmentState::Done);
        centre.finish().await;
    }
}
