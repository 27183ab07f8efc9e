//! A workflow of TaskRouter comes in over HTTP with its queues, and takes a call.

use std::time::Duration;

use entity::{Availability, CallOutcome, EntryOutcome, Reach};
use serde_json::{Value, json};

use super::queue_rules::{ends_well, plan};
use crate::support::centre::{Centre, Plan, whole_calls};
use crate::support::workflow::{names, workflow};
use crate::support::{Call, Person};

impl Centre {
    /// A request of somebody with a token, to the server of this centre; the data of its success.
    async fn ask(&self, who: &Person, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.app.settings.public_url);
        let answer = Call::new(method, url).by(who).json(body).send().await;
        assert!(answer.status.is_success(), "{method} {path}: {}", answer.text);
        answer.body["data"].clone()
    }

    /// The workflow comes in with what it needs, is published, and the number opens it.
    async fn is_given_the_workflow(&self) -> Value {
        let owner = self.owner().await;
        let body = json!({ "definition": workflow(), "mapping": names(), "createQueues": true });
        let came = self.ask(&owner, "POST", "/api/ivr/import", body).await;
        let flow = came["flow"]["id"].as_str().unwrap();
        self.ask(&owner, "POST", &format!("/api/ivr/{flow}/activate"), json!({})).await;
        let numbers = format!("/api/companies/{}/phone-numbers", self.scope.company());
        let known = self.ask(&owner, "GET", &numbers, Value::Null).await;
        let number = format!("{numbers}/{}", known[0]["id"].as_str().unwrap());
        self.ask(&owner, "PUT", &number, json!({ "label": "Main", "flowId": flow })).await;
        came
    }
}

whole_calls! {
    async fn a_caller_overflows_from_one_imported_queue_into_the_other_and_is_answered_there(ground) {
        let centre = Centre::open(ground, Plan { agents: vec![Reach::Client; 3], ..plan() }).await;
        centre.all_go(Availability::Away).await;
        let gold = calldocker::skills::create(&centre.app, centre.scope, "gold".into()).await.unwrap().id;
        centre.teach(0, gold, 2).await;
        centre.teach(1, gold, 4).await;
        let came = centre.is_given_the_workflow().await;
        let id_of = |name: &str| {
            let queues = came["made"]["queues"].as_array().unwrap();
            let queue = queues.iter().find(|queue| queue["name"] == name).unwrap_or_else(|| panic!("{came:#}"));
            (queue["id"].as_str().unwrap().to_owned(), queue["agentIds"].clone())
        };
        // Only the second agent is gold enough.
        assert_eq!(id_of("Gold").1, json!([centre.agents[1]]));
        assert_eq!(id_of("Backup").1, json!([centre.agents[1]]));
        let caller = centre.ring(ends_well());
        centre.pass(28).await;
        let entries = centre.entries().await;
        assert_eq!(entries.len(), 1, "{}", centre.all_stories().await);
        assert_eq!((entries[0].queue_id.to_string(), entries[0].priority), (id_of("Gold").0, 60));
        centre.pass(10).await;
        let entries = centre.entries().await;
        assert_eq!(entries.len(), 2, "{}", centre.all_stories().await);
        assert_eq!(entries[0].outcome, Some(EntryOutcome::Overflow));
        assert_eq!(entries[1].queue_id.to_string(), id_of("Backup").0);
        assert_eq!(entries[1].waiting_since, entries[0].waiting_since, "he is as old as he is");
        let after = entries[1].entered_at - entries[0].entered_at;
        assert!((Duration::from_secs(30)..Duration::from_secs(31)).contains(&after.to_std().unwrap()), "{after}");
        assert!(!caller.status().is_terminal());
        centre.set(0, Availability::Available).await;
        centre.pass(1).await;
        assert!(centre.open_offers(0).await.is_empty(), "he has the skill, but not enough of it");
        centre.set(1, Availability::Available).await;
        centre.pass(1).await;
        centre.accept(1).await;
        centre.pass(60).await;
        let call = centre.call().await;
        assert_eq!(call.outcome, Some(CallOutcome::Answered), "{}", centre.all_stories().await);
        assert_eq!(call.queue_id.map(|queue| queue.to_string()), Some(id_of("Backup").0));
        centre.finish().await;
    }

    async fn who_waits_through_all_targets_comes_to_the_queue_for_all_others(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.all_go(Availability::Away).await;
        centre.is_given_the_workflow().await;
        let caller = centre.ring([]);
        centre.pass(85).await;
        assert_eq!(centre.entries().await.len(), 2, "{}", centre.all_stories().await);
        centre.pass(30).await;
        let entries = centre.entries().await;
        assert_eq!(entries.len(), 3, "after the times of both targets: {}", centre.all_stories().await);
        let last = calldocker::queues::get(&centre.app, centre.scope, entries[2].queue_id).await.unwrap();
        assert_eq!((last.queue.name.as_str(), entries[2].priority), ("Others", 50));
        caller.hang_up();
        centre.finish().await;
    }
}
