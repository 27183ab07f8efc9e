//! An agent whom the caller's flow wants for him: first him, after a time everybody.

use calldocker::authz::Whose;
use calldocker::calls::why::{self, Visit};
use calldocker::queues::RulesWish;
use carrier::{CallHandle, Step};
use entity::id::AgentId;
use entity::{Availability, Reach, Strategy};
use serde_json::json;

use super::queue_rules::{ends_well, plan_of, rules};
use crate::support::centre::{Centre, Plan, whole_calls};

/// Agent 0 would be first, were it not for whom the flow wants.
fn wanting(agent: &str, seconds: u32) -> Plan {
    let plan = plan_of(json!({"preferAgent": {"agent": agent, "seconds": seconds}}));
    Plan { agents: vec![Reach::Client; 3], strategy: Strategy::FewestCalls, wrap_up_seconds: 0, ..plan }
}

impl Centre {
    async fn asked(&self) -> Vec<usize> {
        let mut asked = Vec::new();
        for agent in 0..self.agents.len() {
            if !self.open_offers(agent).await.is_empty() {
                asked.push(agent);
            }
        }
        asked
    }

    async fn why_waits(&self, caller: &CallHandle) -> Visit {
        let call = self.call_of(caller).await.id;
        why::why(&self.app, self.scope, Whose::Everybodys, call).await.unwrap().visit.expect("he waits")
    }

    /// The agent talks with a stranger for so long.
    async fn occupy(&self, agent: usize, seconds: f64) {
        self.all_go(Availability::Away).await;
        self.set(agent, Availability::Available).await;
        self.ring_as(9, [Step::AfterConnected(seconds), Step::HangUp]);
        self.pass(3).await;
        self.accept(agent).await;
        self.pass(5).await;
        self.all_go(Availability::Available).await;
    }
}

fn code(visit: &Visit, agent: AgentId) -> (&'static str, Option<AgentId>) {
    let answer = visit.agents.iter().find(|answer| answer.agent == agent).expect("he serves the queue");
    answer.lacks.first().map_or(("none", None), |lack| (lack.code, lack.agent))
}

whole_calls! {
    async fn the_agent_whom_the_flow_names_is_asked_first_and_everybody_when_he_declines(ground) {
        let centre = Centre::open(ground, wanting("Agent 2", 600)).await;
        centre.ring(ends_well());
        centre.pass(3).await;
        assert_eq!(centre.asked().await, [2], "{}", centre.all_stories().await);
        let entered = &centre.lines("queue.entered").await[0].data;
        assert_eq!((&entered["preferred"]["agentId"], &entered["preferred"]["there"]), (&json!(centre.agents[2]), &json!(true)));
        centre.decline(2).await.unwrap();
        centre.pass(2).await;
        assert_eq!(centre.asked().await, [0], "{}", centre.all_stories().await);
        centre.accept(0).await;
        centre.finish().await;
    }

    async fn while_the_wanted_agent_talks_the_caller_is_kept_for_him_and_why_says_so(ground) {
        let centre = Centre::open(ground, wanting("Agent 2", 40)).await;
        centre.occupy(2, 200.0).await;
        let caller = centre.ring_as(1, ends_well());
        centre.pass(30).await;
        assert_eq!(centre.asked().await, [0_usize; 0], "{}", centre.all_stories().await);
        let visit = centre.why_waits(&caller).await;
        assert_eq!(code(&visit, centre.agents[0]), ("kept_for_another", Some(centre.agents[2])));
        assert_eq!(code(&visit, centre.agents[2]).0, "no_free_slot");
        let next: Vec<_> = visit.next.iter().map(|next| (next.code, (next.at - visit.entered_at).num_seconds())).collect();
        assert_eq!(next, [("kept_no_longer", 40)]);
        centre.pass(12).await;
        assert_eq!(centre.asked().await, [0], "the time is over: {}", centre.all_stories().await);
        centre.accept(0).await;
        centre.finish().await;
    }

    async fn the_wanted_agent_who_becomes_free_in_time_gets_the_caller(ground) {
        let centre = Centre::open(ground, wanting("Agent 2", 300)).await;
        centre.occupy(2, 30.0).await;
        let caller = centre.ring_as(1, ends_well());
        centre.pass_until("agent 2 is asked", async || centre.asked().await == [2]).await;
        assert_eq!(centre.accept(2).await, centre.call_of(&caller).await.id);
        centre.finish().await;
    }

    async fn the_flow_s_wish_for_the_last_agent_goes_before_the_queue_s_rule(ground) {
        let centre = Centre::open(ground, wanting("last", 20)).await;
        centre.set_rules(centre.support().await, RulesWish { last_agent_seconds: Some(600), ..rules() }).await;
        centre.all_go(Availability::Away).await;
        centre.set(1, Availability::Available).await;
        centre.ring_as(1, ends_well());
        centre.pass(3).await;
        centre.accept(1).await;
        centre.pass(60).await;
        centre.occupy(1, 200.0).await;
        centre.ring_as(1, ends_well());
        centre.pass(15).await;
        assert_eq!(centre.asked().await, [0_usize; 0], "{}", centre.all_stories().await);
        centre.pass(8).await;
        assert_eq!(centre.asked().await, [0], "{}", centre.all_stories().await);
        centre.accept(0).await;
        centre.finish().await;
    }

    async fn nobody_is_waited_for_who_is_not_there_or_not_known(ground) {
        let centre = Centre::open(ground, wanting("Agent 2", 600)).await;
        centre.set(2, Availability::Break).await;
        centre.ring_as(0, ends_well());
        centre.pass(3).await;
        assert_eq!(centre.lines("queue.entered").await[0].data["preferred"]["there"], false);
        centre.accept(0).await;
        centre.finish().await;
    }

    async fn a_name_that_nobody_has_keeps_nobody(ground) {
        let centre = Centre::open(ground, wanting("Nobody", 600)).await;
        centre.ring_as(0, ends_well());
        centre.pass(3).await;
        centre.accept(0).await;
        centre.finish().await;
    }

    async fn nobody_is_waited_for_who_cannot_do_what_the_caller_asks_for(ground) {
        let wish = json!({"preferAgent": {"agent": "Agent 1", "seconds": 600}, "skills": [{"skill": "french", "level": 3}]});
        let centre = Centre::open(ground, Plan { wrap_up_seconds: 0, ..plan_of(wish) }).await;
        let french = calldocker::skills::create(&centre.app, centre.scope, "french".into()).await.unwrap().id;
        centre.teach(0, french, 5).await;
        centre.teach(1, french, 2).await;
        centre.ring(ends_well());
        centre.pass(3).await;
        assert_eq!(centre.asked().await, [0], "{}", centre.all_stories().await);
        centre.accept(0).await;
        centre.finish().await;
    }
}
