//! Why a call waits: what a supervisor is told, and what an agent.

use calldocker::agents::{self as state, Wanted};
use calldocker::app::App;
use calldocker::authz::Whose;
use calldocker::calls::why::{self, Answer, Lack, Visit, Why};
use calldocker::error::Error;
use calldocker::queues::{self, RulesWish, Settings, StepAction, StepWish};
use calldocker::store::{Unit, queueing};
use carrier::{CallHandle, Step};
use entity::id::{AgentId, CallId};
use entity::{Availability, ChangeCause, Reach, RoutingSubject, SlotHolder, agent, agent_skill};
use sea_orm::Set;
use serde_json::{Value, json};

use crate::support::Backend;
use crate::support::centre::{Centre, Ground, Nodes, Plan, noon, whole_calls};

fn asking(skills: Value) -> Plan {
    let flow = json!({
        "version": 1, "name": "Front desk", "start": "wait", "language": "en-US",
        "nodes": {"wait": {"type": "enqueue", "queue": "support", "skills": skills, "maxWaitSeconds": 300}},
    });
    Plan { flow, ..Plan::default() }
}

impl Centre {
    async fn why(&self, call: CallId) -> Why {
        why::why(&self.app, self.scope, Whose::Everybodys, call).await.unwrap()
    }

    async fn visit(&self, caller: &CallHandle) -> Visit {
        let why = self.why(self.call_of(caller).await.id).await;
        why.visit.unwrap_or_else(|| panic!("he waits: {:?}", why.words))
    }

    async fn change_agent(&self, agent: usize, step: state::Step) {
        let mut unit = Unit::begin(&self.app, self.scope).await.unwrap();
        let why = state::Why::happened(ChangeCause::Agent);
        state::change(&mut unit, self.agents[agent], step, why).await.unwrap();
        unit.commit().await.unwrap();
        self.pass(1).await;
    }

    /// He is at a browser that was last heard of at noon.
    async fn silent_browser(&self, agent: usize) {
        let mut unit = Unit::begin(&self.app, self.scope).await.unwrap();
        let browser = agent::ActiveModel {
            reach: Set(Reach::Browser),
            heartbeat_at: Set(Some(noon())),
            ..Default::default()
        };
        self.scope.update::<agent::Entity, _>(unit.tx(), self.agents[agent], browser).await.unwrap();
        unit.reroute(RoutingSubject::Agent, self.agents[agent]);
        unit.commit().await.unwrap();
    }
}

fn of(visit: &Visit, agent: AgentId) -> &Answer {
    visit.agents.iter().find(|answer| answer.agent == agent).expect("he serves the queue")
}

fn only(answer: &Answer) -> &Lack {
    assert_eq!(answer.lacks.len(), 1, "{answer:?}");
    &answer.lacks[0]
}

whole_calls! {
    async fn a_supervisor_is_told_what_each_agent_lacks(ground) {
        let plan = Plan { agents: vec![Reach::Client; 7], ..asking(json!([{"skill": "french", "level": 5}])) };
        let centre = Centre::open(ground, plan).await;
        let french = calldocker::skills::create(&centre.app, centre.scope, "french".into()).await.unwrap().id;
        for agent in 0..6 {
            let level = if agent == 2 { 3 } else { 6 };
            let row = agent_skill::Model {
                company_id: centre.scope.company(),
                agent_id: centre.agents[agent],
                skill_id: french,
                level,
            };
            let mut unit = Unit::begin(&centre.app, centre.scope).await.unwrap();
            centre.scope.insert::<agent_skill::Entity, _>(unit.tx(), row).await.unwrap();
            unit.reroute(RoutingSubject::Agent, centre.agents[agent]);
            unit.commit().await.unwrap();
        }
        // Agent 5 talks; 4 lets a call ring; 1's browser is silent; 0 is at lunch.
        for agent in [0, 1, 2, 3, 4, 6] {
            centre.set(agent, Availability::Away).await;
        }
        let talks = centre.ring_as(0, [Step::AfterConnected(400.0), Step::HangUp]);
        centre.pass(3).await;
        centre.accept(5).await;
        centre.pass(10).await;
        let wants = |availability, reason: Option<&str>| {
            state::Step::Now(Wanted { availability, reason: reason.map(str::to_owned) })
        };
        centre.silent_browser(1).await;
        centre.change_agent(1, wants(Availability::Available, None)).await;
        centre.change_agent(4, wants(Availability::Available, None)).await;
        centre.change_agent(4, state::Step::StopsResponding).await;
        centre.change_agent(0, wants(Availability::Break, Some("lunch"))).await;
        centre.pass(20).await;
        for agent in [2, 6] {
            centre.set(agent, Availability::Available).await;
        }
        centre.set(3, Availability::Available).await;
        let caller = centre.ring_as(1, []);
        centre.pass(5).await;
        centre.decline(3).await.unwrap();
        centre.pass(5).await;

        let visit = centre.visit(&caller).await;
        assert_eq!((visit.position, visit.queue_name.as_str()), (Some(1), "support"));
        let at = |agent: usize| of(&visit, centre.agents[agent]);
        let lunch = only(at(0));
        assert_eq!((lunch.code, lunch.availability, lunch.reason.as_deref()), ("not_ready", Some(Availability::Break), Some("lunch")));
        assert_eq!(only(at(1)).code, "no_heartbeat");
        let weak = only(at(2));
        assert_eq!((weak.code, weak.has, weak.needs), ("lacks_skill", Some(3), Some(5)));
        assert_eq!(at(2).words, "has french at level 3, 5 is needed");
        let declined = only(at(3));
        assert!(declined.code == "declined" && declined.until.is_some_and(|until| until > centre.clock.now()));
        assert_eq!(only(at(4)).code, "not_responding");
        let busy = only(at(5));
        assert_eq!((busy.code, &busy.holds), ("no_free_slot", &vec![(SlotHolder::Segment, centre.call_of(&talks).await.id)]));
        assert_eq!((only(at(6)).code, only(at(6)).has), ("lacks_skill", None));
        let next: Vec<_> = visit.next.iter().map(|next| next.code).collect();
        assert_eq!(next, ["may_be_asked_again", "max_wait"], "{:?}", visit.next);
        let words = centre.why(centre.call_of(&caller).await.id).await.words;
        assert!(words[0].starts_with("Waits in support for") && words[0].ends_with("number 1 in line."), "{words:?}");
        for caller in [&caller, &talks] {
            caller.hang_up();
        }
        centre.pass(120).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn who_goes_first_is_told_and_the_queue_s_next_rules(ground) {
        let centre = Centre::open(ground, asking(json!([]))).await;
        let db = centre.app.db.reader();
        let queue = queueing::queue_by_name(centre.scope, db, "support").await.unwrap().unwrap().id;
        let step = |after_seconds, action| StepWish { after_seconds, action, queue: None, flow: None, levels: None, mailbox: None };
        let overflow = vec![step(100, StepAction::RingAll), step(200, StepAction::Voicemail)];
        let rules = RulesWish { overflow, last_agent_seconds: Some(60), ..RulesWish::default() };
        queues::change(&centre.app, centre.scope, queue, Settings { rules: Some(rules), ..Settings::default() }).await.unwrap();
        for agent in 0..2 {
            centre.set(agent, Availability::Away).await;
        }
        let first = centre.ring_as(0, []);
        centre.pass(10).await;
        let second = centre.ring_as(1, []);
        centre.pass(10).await;
        let visit = centre.visit(&second).await;
        let ahead: Vec<_> = visit.ahead.iter().map(|ahead| (ahead.call, ahead.because)).collect();
        assert_eq!(ahead, [(centre.call_of(&first).await.id, "age")]);
        let next: Vec<_> = visit.next.iter().map(|next| (next.code, (next.at - visit.entered_at).num_seconds())).collect();
        assert_eq!(next, [("ring_all", 100), ("voicemail", 200), ("max_wait", 300)]);

        // While it is offered, and while the agent is being connected.
        centre.set(0, Availability::Available).await;
        centre.pass(1).await;
        let why = centre.why(centre.call_of(&first).await.id).await;
        assert!(why.words[0].contains("is being offered now"), "{:?}", why.words);
        let visit = why.visit.unwrap();
        assert!(visit.next.iter().any(|next| next.code == "offer_ends"));
        assert!(of(&visit, centre.agents[0]).lacks.is_empty(), "that he is asked is no reason");
        first.hang_up();
        second.hang_up();
        centre.pass(60).await;
        let over = centre.why(centre.call_of(&first).await.id).await;
        assert_eq!((over.visit.is_none(), over.words), (true, vec!["This call does not wait in a queue.".to_owned()]));
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn an_agent_is_told_of_his_own_calls_and_of_himself_only(ground) {
        let centre = Centre::open(ground, asking(json!([]))).await;
        let caller = centre.ring_as(0, []);
        centre.pass(3).await;
        centre.offer(0).await;
        let call = centre.call_of(&caller).await.id;
        let asked_by = async |agent: usize| why::why(&centre.app, centre.scope, Whose::Agents(centre.agents[agent]), call).await;
        let visit = asked_by(0).await.unwrap().visit.unwrap();
        assert_eq!(visit.agents.iter().map(|answer| answer.agent).collect::<Vec<_>>(), [centre.agents[0]]);
        assert!(visit.ahead.is_empty() && visit.next.is_empty());
        assert!(matches!(asked_by(1).await, Err(Error::NotFound(_))));
        caller.hang_up();
        centre.pass(60).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }
}

/// The node that does not keep the index builds the same answer from rows.
#[tokio::test]
async fn either_node_gives_the_same_reasons() {
    let Some(ground) = Ground::new(Backend::Postgres).await else { return };
    let centre = Centre::open(ground, Plan { nodes: Nodes::Two, ..asking(json!([])) }).await;
    for agent in 0..2 {
        centre.set(agent, Availability::Break).await;
    }
    let caller = centre.ring_as(0, []);
    centre.pass(10).await;
    let call = centre.call_of(&caller).await.id;
    let second = &centre.second.as_ref().unwrap().0;
    let keeps = |app: &App| app.desks.companies().contains(&centre.scope.company());
    assert_ne!(keeps(&centre.app), keeps(second));
    let here = centre.why(call).await;
    let there = why::why(second, centre.scope, Whose::Everybodys, call).await.unwrap();
    assert_eq!(here.words, there.words);
    assert!(here.words.iter().any(|line| line == "Agent 0: is not ready (on a break)."), "{:?}", here.words);
    caller.hang_up();
    centre.pass(60).await;
    centre.assert_at_rest().await;
    centre.close().await;
}
