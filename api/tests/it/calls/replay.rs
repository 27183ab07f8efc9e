//! Real calls beside what is only played: what a simulation tells is what a line was told, and what a replay runs is what
//! callers did.

use calldocker::flows;
use calldocker::flows::replay::{News, Replay, Verdict, Wish};
use calldocker::flows::simulation::{self, Play};
use calldocker::flows::trial::{Others, Which};
use carrier::Step;
use chrono::TimeDelta;
use entity::id::FlowId;
use entity::{Availability, Reach};
use ivr_engine::{Act, Simulation, Stop, World};
use serde_json::{Value, json};
use uuid::Uuid;

use super::queue_flows::{For, centre, with_a_way_out};
use crate::support::centre::{CALLER, Centre, NUMBER, Plan, noon, whole_calls};

fn menu() -> Value {
    json!({
        "version": 1, "name": "Menu", "start": "hello", "language": "en-US",
        "nodes": {
            "hello": { "type": "say", "text": "Hello {{ call.from }}.", "next": { "next": "menu" } },
            "menu": { "type": "menu", "prompt": "One for support, two for a message.",
                      "choices": [{ "digits": "1" }, { "digits": "2", "phrases": ["message"] }],
                      "next": { "1": "wait", "2": "message", "timeout": "bye", "noMatch": "bye" } },
            "wait": { "type": "enqueue", "queue": "support" },
            "message": { "type": "voicemail", "prompt": "Speak now.", "maxSeconds": 30, "next": { "recorded": "bye", "silent": "bye" } },
            "bye": { "type": "hangup", "prompt": "Goodbye." },
        },
    })
}

fn plan() -> Plan {
    Plan { flow: menu(), ..Plan::default() }
}

fn pressing(keys: &str) -> [Step; 2] {
    [Step::UntilSaid("one for support".into()), Step::Press(keys.into())]
}

/// What the line of the only call was told last, without the ids of the call and of its place in the queue.
async fn told(centre: &Centre) -> String {
    let call = centre.call().await;
    let nobody = Uuid::nil().to_string();
    let mut twiml =
        call.current_twiml.expect("the line was told something").replace(&call.id.to_string(), &nobody);
    for entry in centre.entries().await {
        twiml = twiml.replace(&entry.id.to_string(), &nobody);
    }
    twiml
}

/// What a line would be told at the end of this script.
async fn played(centre: &Centre, script: Vec<Act>) -> String {
    let flow = flows::all(&centre.app, centre.scope).await.unwrap().remove(0);
    let world = World { from: CALLER.into(), to: NUMBER.into(), ..World::default() };
    let simulation = Simulation { world, at: noon(), script };
    let play = Play { which: Which::Draft, others: Others::Published, simulation };
    let played = simulation::play(&centre.app, centre.scope, flow.id, play).await.unwrap();
    played.steps.into_iter().last().expect("a step").told.twiml.expect("a document")
}

/// Runs the calls of this hour through the draft.
async fn replayed(centre: &Centre, draft: Value) -> Vec<Verdict> {
    let flow = flows::all(&centre.app, centre.scope).await.unwrap().remove(0);
    let (verdicts, looked_at) = replayed_in(centre, flow.id, draft).await;
    assert_eq!(looked_at, centre.calls().await.len());
    verdicts
}

/// The same for any flow: those that would have gone otherwise, and how many were looked at.
async fn replayed_in(centre: &Centre, flow: FlowId, draft: Value) -> (Vec<Verdict>, usize) {
    let changes = flows::Changes { name: None, draft: Some(draft) };
    flows::change(&centre.app, centre.scope, flow, changes).await.unwrap();
    let wish = Wish {
        which: Which::Draft,
        from: noon() - TimeDelta::hours(1),
        to: noon() + TimeDelta::hours(1),
        limit: 100,
    };
    let mut replay = Replay::begin(&centre.app, centre.scope, flow, wish).await.unwrap();
    let mut otherwise = Vec::new();
    loop {
        match replay.next().await.unwrap().expect("an end") {
            News::Page { outcomes, .. } => {
                otherwise.extend(outcomes.into_iter().map(|outcome| outcome.verdict))
            }
            News::Done { tally, complete } => {
                assert!(complete);
                assert!(replay.next().await.unwrap().is_none());
                return (otherwise, usize::try_from(tally.calls).unwrap());
            }
        }
    }
}

whole_calls! {
    async fn a_simulation_tells_what_a_line_is_told_that_is_asked(ground) {
        let centre = Centre::open(ground, plan()).await;
        let caller = centre.ring([Step::UntilSaid("one for support".into()), Step::Wait(2.0), Step::HangUp]);
        centre.pass(1).await;
        assert_eq!(played(&centre, Vec::new()).await, told(&centre).await);
        centre.pass(60).await;
        assert!(caller.status().is_terminal());
        centre.close().await;
    }

    async fn a_simulation_tells_what_a_line_is_told_that_waits(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.ring(pressing("1"));
        centre.pass_until("he waits", async || !centre.entries().await.is_empty()).await;
        assert_eq!(played(&centre, vec![Act::Press("1".into())]).await, told(&centre).await);
        centre.close().await;
    }

    async fn a_simulation_tells_what_a_line_is_told_that_leaves_a_message(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.ring(pressing("2"));
        centre.pass_until("he is asked to speak", async || {
            let told = centre.calls().await.pop().and_then(|call| call.current_twiml);
            told.is_some_and(|twiml| twiml.contains("<Record"))
        }).await;
        assert_eq!(played(&centre, vec![Act::Press("2".into())]).await, told(&centre).await);
        centre.close().await;
    }

    async fn what_callers_did_is_run_through_a_draft(ground) {
        let centre = Centre::open(ground, plan()).await;
        for keys in ["1", "2", "9"] {
            centre.ring(pressing(keys).into_iter().chain([Step::Wait(5.0), Step::HangUp]));
            centre.pass(120).await;
        }
        assert_eq!(centre.calls().await.len(), 3);
        assert!(replayed(&centre, menu()).await.is_empty(), "the same document changes nothing\n{}", centre.all_stories().await);
        let mut draft = menu();
        draft["nodes"]["menu"]["next"]["1"] = json!("message");
        let verdicts = replayed(&centre, draft).await;
        let [Verdict::Different { first }] = verdicts.as_slice() else { panic!("{verdicts:#?}\n{}", centre.all_stories().await) };
        assert_eq!(first.went.stop, Stop::Queue { queue: "support".into() });
        assert!(matches!(first.would_go.stop, Stop::Records { .. }));
        let mut longer = menu();
        longer["nodes"]["menu"]["choices"][0] = json!({ "digits": "11", "port": "1" });
        let verdicts = replayed(&centre, longer).await;
        assert!(!verdicts.is_empty() && verdicts.iter().all(|verdict| matches!(verdict, Verdict::Unknown { .. })), "{verdicts:#?}");
        centre.close().await;
    }

    async fn what_a_waiting_caller_did_is_run_through_a_draft_of_the_wait_flow(ground) {
        let agents = vec![Reach::Client];
        let centre = centre(ground, Plan { agents, ..Plan::default() }, For::Wait, with_a_way_out()).await;
        centre.set(0, Availability::Away).await;
        // One is asked three times and goes, one gives up in the first round.
        let goes = [Step::UntilSaid("la la la".into()), Step::UntilSaid("la la la".into()), Step::Press("2".into())];
        centre.ring_as(0, goes);
        centre.ring_as(1, [Step::Wait(3.0), Step::HangUp]);
        centre.pass(120).await;
        centre.assert_at_rest().await;
        let flows = flows::all(&centre.app, centre.scope).await.unwrap();
        let wait = flows.into_iter().find(|flow| flow.name == "wait").unwrap().id;

        let (otherwise, rounds) = replayed_in(&centre, wait, with_a_way_out()).await;
        assert_eq!((otherwise.len(), rounds), (0, 4), "{otherwise:?}\n{}", centre.all_stories().await);
        let mut draft = with_a_way_out();
        draft["nodes"]["a"]["next"]["2"] = json!("music");
        let (otherwise, rounds) = replayed_in(&centre, wait, draft).await;
        assert!(matches!(otherwise[..], [Verdict::Different { .. }]), "{otherwise:?}");
        assert_eq!(rounds, 4);
        centre.close().await;
    }
}
