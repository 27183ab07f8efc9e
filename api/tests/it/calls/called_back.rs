//! Who asks to be called back keeps his place, is called when an agent has him, and is called again when he is not reached.

use calldocker::authz::Whose;
use calldocker::calls::callback::{self as callbacks, Shown, Wanted, Whom, request};
use calldocker::calls::control::Actor;
use calldocker::calls::why;
use calldocker::queues::{StepAction, StepWish};
use calldocker::{flows, queue_flows};
use carrier::{Answer, CallHandle, Endpoint, Script, Step};
use entity::id::FlowId;
use entity::{
    Activity, Availability, CallKind, CallOutcome, CallStatus, CallbackState, EndedBy, EntryOutcome,
    EntryPurpose, Reach, SegmentState, call, callback,
};
use sea_orm::QueryOrder;
use serde_json::{Value, json};

use super::queue_rules::{plan, step, steps};
use crate::support::centre::{CALLER, Centre, Ground, NUMBER, Plan, heard, whole_calls};
use crate::support::live::heard_say;

/// The nodes of a flow that calls back; with other settings of its node.
pub(super) fn nodes(settings: Value) -> Value {
    let mut start = json!({
        "type": "callback", "queue": "support", "when": "inQueue", "confirm": false, "attempts": 2, "retryMinutes": 5,
        "next": {"accepted": "bye", "declined": "no", "invalid": "no", "closed": "closed", "failed": "no"},
    });
    start.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    json!({
        "start": start,
        "bye": {"type": "hangup", "prompt": "We will call you back."},
        "closed": {"type": "hangup", "prompt": "We are closed then."},
        "no": {"type": "hangup", "prompt": "That cannot be done."},
    })
}

/// Whoever calls is called back.
pub(super) fn calls_back(settings: Value) -> Plan {
    let nodes = nodes(settings);
    let flow =
        json!({"version": 1, "name": "Front desk", "start": "start", "language": "en-US", "nodes": nodes});
    Plan { flow, ..Plan::default() }
}

/// A phone that answers when it is called back, and what its owner does then.
pub(super) fn answers(steps: impl IntoIterator<Item = Step>) -> Endpoint {
    Endpoint::answers(2.0, Script::new(steps))
}

impl Centre {
    /// Opens with agents who are away, and a queue that offers to call back after 20 seconds.
    pub(super) async fn offering_callbacks(ground: Ground) -> Self {
        let centre = Self::open(ground, plan()).await;
        centre.all_go(Availability::Away).await;
        let offer: FlowId = centre.new_flow("Callback", nodes(json!({}))).await;
        let offered = StepWish { flow: Some(offer), ..step(20, StepAction::CallbackOffer) };
        centre.set_rules(centre.support().await, steps([offered])).await;
        centre
    }

    pub(super) async fn callbacks(&self) -> Vec<callback::Model> {
        let rows = self.scope.find::<callback::Entity>().order_by_asc(callback::Column::Id);
        rows.all(self.app.db.reader()).await.unwrap()
    }

    /// The only callback.
    pub(super) async fn callback(&self) -> callback::Model {
        let mut rows = self.callbacks().await;
        assert_eq!(rows.len(), 1, "there should be one callback\n{}", self.all_stories().await);
        rows.remove(0)
    }

    /// The calls that were to go out, oldest first.
    pub(super) async fn tries(&self) -> Vec<call::Model> {
        self.calls().await.into_iter().filter(|call| call.kind == CallKind::Outbound).collect()
    }

    /// How often a phone was called.
    pub(super) fn rung(&self, number: &str) -> usize {
        self.carrier.snapshot().calls.iter().filter(|leg| leg.to == number).count()
    }

    /// He calls, is promised a callback, and hangs up.
    pub(super) async fn is_promised(&self) -> CallHandle {
        let caller = self.ring([]);
        self.pass(35).await;
        assert!(heard(&caller, "we will call you back"), "{}", self.all_stories().await);
        assert!(caller.status().is_terminal(), "{}", self.all_stories().await);
        caller
    }
}

/// The agent takes the callback, and the customer answers: they talk.
async fn talking(ground: Ground, script: impl IntoIterator<Item = Step>) -> Centre {
    let centre = Centre::offering_callbacks(ground).await;
    centre.carrier.set_endpoint(CALLER, answers(script));
    centre.is_promised().await;
    centre.set(0, Availability::Available).await;
    centre.pass(2).await;
    centre.accept(0).await;
    centre.pass_until_segment_is(SegmentState::Connected).await;
    centre
}

whole_calls! {
    async fn staff_have_somebody_called_who_has_never_called(ground) {
        let centre = Centre::offering_callbacks(ground).await;
        centre.carrier.set_endpoint(CALLER, answers([]));
        let actor = Actor { user: centre.user, whose: Whose::Everybodys };
        let whom = Whom::Number(CALLER.to_owned());
        let wanted = Wanted { queue: centre.support().await, whom, at: None, agent: None, priority: 50 };
        request(&centre.app, centre.scope, actor, wanted).await.unwrap();
        centre.pass(2).await;
        assert_eq!(centre.rung(CALLER), 0, "nobody has him yet");
        centre.set(0, Availability::Available).await;
        centre.pass(2).await;
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        let shown = centre.carrier.snapshot().calls.into_iter().find(|leg| leg.to == CALLER).unwrap().from;
        assert_eq!(shown, NUMBER, "the company's number");
        let row = centre.callback().await;
        assert_eq!((row.state, row.attempts, row.last_call_id), (CallbackState::Answered, 1, None));
        centre.phone_of(CALLER).hang_up();
        centre.finish().await;
    }

    async fn who_is_called_back_keeps_his_place_and_is_rung_only_when_an_agent_has_him(ground) {
        let centre = Centre::offering_callbacks(ground).await;
        centre.carrier.set_endpoint(CALLER, answers([]));
        let first = centre.ring([]);
        centre.pass(35).await;
        assert!(heard(&first, "we will call you back"), "{}", centre.all_stories().await);
        let (asked, row) = (centre.call_of(&first).await, centre.callback().await);
        assert_eq!((asked.outcome, asked.status), (Some(CallOutcome::Callback), CallStatus::Completed));
        let entries = centre.entries().await;
        let visit = entries.iter().find(|entry| entry.call_id == asked.id).unwrap();
        assert_eq!(visit.outcome, Some(EntryOutcome::Callback), "counted apart from who gave up");
        let waits = entries.iter().find(|entry| entry.purpose == EntryPurpose::Callback).unwrap();
        assert_eq!((waits.waiting_since, row.waiting_since), (visit.waiting_since, visit.waiting_since));
        assert_eq!(centre.rung(CALLER), 0, "nobody has him yet");
        let later = centre.ring_as(5, []);
        centre.pass(3).await;
        centre.set(0, Availability::Available).await;
        centre.pass(2).await;
        let offered = centre.told("offer:new").await.pop().unwrap().payload;
        assert_eq!(offered["call"]["id"], json!(row.call_id), "{}", centre.all_stories().await);
        assert_eq!(offered["call"]["purpose"], json!("callback"));
        assert_eq!(centre.rung(CALLER), 0, "an offer is no agent yet");
        later.hang_up();
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        let (customer, agent) = (centre.phone_of(CALLER), centre.agent_phone(0));
        customer.say("There you are.");
        centre.pass(1).await;
        assert!(heard_say(&agent, "There you are."), "{}", centre.all_stories().await);
        let shown = centre.carrier.snapshot().calls.into_iter().find(|leg| leg.to == CALLER).unwrap().from;
        assert_eq!(shown, NUMBER, "the number that he had called");
        let row = centre.callback().await;
        assert_eq!((row.state, row.attempts), (CallbackState::Answered, 1));
        customer.hang_up();
        centre.pass(3).await;
        assert_eq!(centre.agent(0).await.activity, Activity::WrapUp);
        let tries = centre.tries().await;
        assert_eq!((tries.len(), tries[0].outcome, tries[0].ended_by),
            (1, Some(CallOutcome::Answered), Some(EndedBy::Caller)));
        let told = ["callback.due", "queue.entered", "offer.made", "offer.accepted", "agent.joined", "customer.dialled",
            "customer.answered", "call.connected", "queue.left", "caller.left"];
        let story = centre.story(tries[0].id).await;
        let kept: Vec<_> = story.iter().map(String::as_str).filter(|kind| told.contains(kind)).collect();
        assert_eq!(kept.len(), told.len(), "{kept:?}\n{}", centre.all_stories().await);
        centre.finish().await;
    }

    async fn the_agent_hangs_up_first(ground) {
        let centre = talking(ground, []).await;
        centre.pass(10).await;
        centre.agent_phone(0).hang_up();
        centre.pass(3).await;
        assert!(centre.phone_of(CALLER).status().is_terminal(), "{}", centre.all_stories().await);
        let tries = centre.tries().await;
        assert_eq!((tries[0].outcome, tries[0].ended_by), (Some(CallOutcome::Answered), Some(EndedBy::Agent)));
        assert_eq!(centre.agent(0).await.activity, Activity::WrapUp);
        centre.finish().await;
    }

    async fn who_was_busy_is_called_again_after_a_while_at_his_old_place(ground) {
        let centre = Centre::offering_callbacks(ground).await;
        centre.carrier.set_endpoint(CALLER, Endpoint::only(Answer::Busy));
        centre.is_promised().await;
        let since = centre.callback().await.waiting_since;
        centre.set(0, Availability::Available).await;
        centre.pass(2).await;
        centre.accept(0).await;
        centre.pass(10).await;
        assert_eq!(centre.agent(0).await.activity, Activity::Idle, "nothing is to be wrapped up");
        let row = centre.callback().await;
        assert_eq!((row.state, row.attempts, row.call_id), (CallbackState::Open, 1, None));
        let entries = centre.entries().await;
        assert_eq!(entries.last().unwrap().outcome, Some(EntryOutcome::Unreached));
        assert_eq!(centre.tries().await[0].outcome, Some(CallOutcome::Busy));
        centre.carrier.set_endpoint(CALLER, answers([Step::AfterConnected(10.0), Step::HangUp]));
        centre.pass(270).await;
        assert!(centre.open_offers(0).await.is_empty(), "{}", centre.all_stories().await);
        centre.pass(30).await;
        assert_eq!(centre.entries().await.last().unwrap().waiting_since, since);
        centre.accept(0).await;
        centre.pass(60).await;
        let row = centre.callback().await;
        assert_eq!((row.state, row.attempts, row.waiting_since), (CallbackState::Answered, 2, since));
        assert_eq!(centre.rung(CALLER), 2);
        centre.finish().await;
    }

    async fn who_never_answers_is_given_up_after_so_many_tries(ground) {
        let centre = Centre::offering_callbacks(ground).await;
        centre.carrier.set_endpoint(CALLER, Endpoint::only(Answer::Never));
        centre.is_promised().await;
        centre.set(0, Availability::Available).await;
        for _ in 0..2 {
            centre.pass_until("he is offered", async || !centre.open_offers(0).await.is_empty()).await;
            centre.accept(0).await;
            centre.pass(90).await;
            assert_eq!(centre.agent(0).await.activity, Activity::Idle);
            centre.pass(240).await;
        }
        let row = centre.callback().await;
        assert_eq!((row.state, row.attempts), (CallbackState::Failed, 2), "{}", centre.all_stories().await);
        assert_eq!(row.reason.as_deref(), Some("not_reached"));
        centre.pass(600).await;
        assert_eq!((centre.rung(CALLER), centre.tries().await.len()), (2, 2));
        centre.finish().await;
    }

    async fn who_wants_to_be_called_at_a_time_is_called_then(ground) {
        let plan = calls_back(json!({"when": "scheduled", "at": "{{ '2026-03-02T12:10' }}", "zone": "UTC"}));
        let centre = Centre::open(ground, plan).await;
        centre.carrier.set_endpoint(CALLER, answers([Step::AfterConnected(10.0), Step::HangUp]));
        let caller = centre.ring([]);
        centre.pass(30).await;
        assert!(heard(&caller, "we will call you back"), "{}", centre.all_stories().await);
        assert_eq!(centre.call_of(&caller).await.outcome, Some(CallOutcome::Callback));
        let at = centre.callback().await.wanted_at.unwrap();
        centre.pass(550).await;
        assert!(centre.tries().await.is_empty(), "he waits for his time, and not in the line");
        centre.pass(25).await;
        let entries = centre.entries().await;
        assert_eq!(entries.last().unwrap().waiting_since, at, "{}", centre.all_stories().await);
        let asked = if centre.open_offers(0).await.is_empty() { 1 } else { 0 };
        centre.accept(asked).await;
        centre.pass(60).await;
        assert_eq!(centre.callback().await.state, CallbackState::Answered, "{}", centre.all_stories().await);
        centre.finish().await;
    }

    async fn who_asks_twice_is_called_once_and_told_that_he_will_be(ground) {
        let plan = calls_back(json!({}));
        let centre = Centre::open(ground, plan).await;
        centre.all_go(Availability::Away).await;
        centre.carrier.set_endpoint(CALLER, answers([Step::AfterConnected(10.0), Step::HangUp]));
        for _ in 0..2 {
            let caller = centre.ring([]);
            centre.pass(60).await;
            assert!(heard(&caller, "we will call you back"), "{}", centre.all_stories().await);
        }
        let row = centre.callback().await;
        let second = centre.calls().await.into_iter().rfind(|call| call.kind == CallKind::Inbound).unwrap();
        assert_eq!(row.last_call_id, Some(second.id));
        assert!(row.waiting_since < second.started_at, "he keeps his oldest place");
        centre.set(0, Availability::Available).await;
        centre.pass(2).await;
        centre.accept(0).await;
        centre.pass(60).await;
        assert_eq!(centre.callback().await.state, CallbackState::Answered);
        centre.pass(600).await;
        assert_eq!(centre.rung(CALLER), 1, "{}", centre.all_stories().await);
        centre.finish().await;
    }

    async fn who_calls_himself_meanwhile_has_the_place_that_he_kept(ground) {
        let centre = Centre::offering_callbacks(ground).await;
        centre.is_promised().await;
        let since = centre.callback().await.waiting_since;
        let other = centre.ring_as(5, []);
        centre.pass(3).await;
        let caller = centre.ring([Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(3).await;
        let his = centre.call_of(&caller).await;
        let visit = centre.entries().await.into_iter().find(|entry| entry.call_id == his.id).unwrap();
        assert_eq!(visit.waiting_since, since, "{}", centre.all_stories().await);
        assert!(centre.story(his.id).await.contains(&"callback.taken_up".to_owned()));
        let row = centre.callback().await;
        assert_eq!((row.state, row.call_id), (CallbackState::Open, None), "he is not called while he is on the line");
        centre.set(0, Availability::Available).await;
        centre.pass(2).await;
        let offered = centre.told("offer:new").await.pop().unwrap().payload;
        assert_eq!(offered["call"]["id"], json!(his.id), "{}", centre.all_stories().await);
        other.hang_up();
        centre.accept(0).await;
        centre.pass(30).await;
        assert_eq!(centre.call_of(&caller).await.outcome, Some(CallOutcome::Answered));
        assert_eq!(centre.callback().await.state, CallbackState::CalledIn, "{}", centre.all_stories().await);
        centre.pass(600).await;
        assert_eq!(centre.rung(CALLER), 0);
        centre.finish().await;
    }

    async fn who_calls_himself_and_gives_up_is_called_all_the_same(ground) {
        let centre = Centre::offering_callbacks(ground).await;
        centre.carrier.set_endpoint(CALLER, answers([Step::AfterConnected(10.0), Step::HangUp]));
        centre.is_promised().await;
        let since = centre.callback().await.waiting_since;
        let caller = centre.ring([]);
        centre.pass(5).await;
        caller.hang_up();
        centre.pass(10).await;
        assert_eq!(centre.call_of(&caller).await.outcome, Some(CallOutcome::Abandoned));
        let waits = centre.entries().await.pop().unwrap();
        assert_eq!((waits.purpose, waits.waiting_since, waits.outcome), (EntryPurpose::Callback, since, None));
        centre.set(0, Availability::Available).await;
        centre.pass(2).await;
        centre.accept(0).await;
        centre.pass(60).await;
        assert_eq!(centre.callback().await.state, CallbackState::Answered, "{}", centre.all_stories().await);
        centre.finish().await;
    }

    async fn who_is_asked_while_he_waits_leaves_the_queue_for_a_callback(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.all_go(Availability::Away).await;
        let mut all = nodes(json!({}));
        all["ask"] = json!({"type": "menu", "prompt": "Press one to be called back.", "retries": 0, "timeoutSeconds": 4,
            "choices": [{"digits": "1"}], "next": {"1": "start", "timeout": "music", "noMatch": "music"}});
        all["music"] = json!({"type": "say", "text": "La la la."});
        let document = json!({"version": 1, "name": "While waiting", "kind": "wait", "start": "ask", "language": "en-US",
            "nodes": all});
        let made = flows::create(&centre.app, centre.scope, "While waiting".into(), document).await.unwrap();
        flows::publish(&centre.app, centre.scope, made.flow.id, centre.user, None).await.unwrap();
        let queue = centre.support().await;
        queue_flows::set(&centre.app, centre.scope, queue, Some(made.flow.id), None, None).await.unwrap();
        centre.carrier.set_endpoint(CALLER, answers([Step::AfterConnected(10.0), Step::HangUp]));
        let caller = centre.ring([Step::Wait(6.0), Step::Press("1".into())]);
        centre.pass(35).await;
        assert!(heard(&caller, "we will call you back"), "{}", centre.all_stories().await);
        assert_eq!(centre.call_of(&caller).await.outcome, Some(CallOutcome::Callback));
        let entries = centre.entries().await;
        assert_eq!(entries[0].outcome, Some(EntryOutcome::Callback), "{}", centre.all_stories().await);
        assert_eq!((entries[1].waiting_since, entries[1].outcome), (entries[0].waiting_since, None));
        centre.set(0, Availability::Available).await;
        centre.pass(2).await;
        centre.accept(0).await;
        centre.pass(60).await;
        assert_eq!(centre.callback().await.state, CallbackState::Answered, "{}", centre.all_stories().await);
        centre.finish().await;
    }

    async fn why_a_callback_waits_is_told_like_of_any_call(ground) {
        let centre = Centre::offering_callbacks(ground).await;
        centre.is_promised().await;
        let row = centre.callback().await;
        let why = why::why(&centre.app, centre.scope, Whose::Everybodys, row.call_id.unwrap()).await.unwrap();
        let visit = why.visit.unwrap();
        assert_eq!((visit.purpose, visit.position), (EntryPurpose::Callback, Some(1)));
        assert_eq!(visit.waiting_since, row.waiting_since);
        assert!(visit.agents.iter().all(|agent| agent.lacks[0].code == "not_ready"), "{:?}", visit.agents);
        assert!(why.words.iter().any(|line| line.starts_with("A callback, in line since")), "{:?}", why.words);
        let live = calldocker::queues::live(&centre.app, centre.scope, row.queue_id).await.unwrap();
        assert_eq!((live.callbacks, live.service_level.abandoned), (1, 0));
        let all = callbacks::list(&centre.app, centre.scope, Whose::Everybodys, Shown::default(), None, 10).await;
        assert_eq!(all.unwrap().rows, [row]);
        centre.set(0, Availability::Available).await;
        centre.carrier.set_endpoint(CALLER, answers([Step::AfterConnected(10.0), Step::HangUp]));
        centre.pass(2).await;
        centre.accept(0).await;
        centre.pass(30).await;
        centre.finish().await;
    }
}

/// The only agent is at a number.
fn at_a_number() -> Plan {
    Plan { agents: vec![Reach::Number], ..calls_back(json!({})) }
}

whole_calls! {
    async fn an_agent_at_a_number_presses_1_and_then_the_customer_is_called(ground) {
        let centre = Centre::open(ground, at_a_number()).await;
        centre.phone(0, Endpoint::answers(3.0, Script::new([Step::Press("1".into())])));
        centre.carrier.set_endpoint(CALLER, answers([Step::AfterConnected(10.0), Step::HangUp]));
        centre.ring([]);
        centre.pass(90).await;
        let row = centre.callback().await;
        assert_eq!((row.state, row.attempts), (CallbackState::Answered, 1), "{}", centre.all_stories().await);
        centre.finish().await;
    }
}
