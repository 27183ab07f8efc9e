//! What a company's own servers are told of its calls.

use std::collections::BTreeSet;

use calldocker::hooks::endpoints::{self, Switch, Wanted};
use carrier::Step;
use serde_json::{Value, json};

use crate::support::centre::{CALLER, Centre, Ground, Life, Plan, whole_calls};
use crate::support::hooks::{assert_documented, is_signed, message};
use crate::support::target::{Act, Target};

async fn listening(ground: Ground, target: &Target, plan: Plan) -> (Centre, String) {
    let centre = Centre::open(ground, Plan { reachable: target.address.to_string(), ..plan }).await;
    let wanted = Wanted { url: target.url("/hooks"), description: None, events: None, switch: Switch::On };
    let made = endpoints::create(&centre.app, centre.scope, centre.user, wanted).await.unwrap();
    let secret = made.new_secret.unwrap().expose().to_owned();
    (centre, secret)
}

/// What was told, by kind; each is documented.
fn told(target: &Target) -> Vec<(String, Value)> {
    let told = target.requests().into_iter().map(|request| {
        let message = message(&request);
        assert_documented(&message);
        (message["type"].as_str().unwrap().to_owned(), message["data"].clone())
    });
    told.collect()
}

fn of<'a>(told: &'a [(String, Value)], kind: &str) -> Vec<&'a Value> {
    told.iter().filter(|(is, _)| is == kind).map(|(_, data)| data).collect()
}

fn mailbox() -> Value {
    json!({
        "version": 1, "name": "Night", "start": "leave", "language": "en-US",
        "nodes": {
            "leave": {"type": "voicemail", "prompt": "Please leave a message.", "mailbox": "night",
                      "next": {"recorded": "bye", "silent": "bye"}},
            "bye": {"type": "hangup"},
        },
    })
}

whole_calls! {
    async fn a_call_is_told_from_its_beginning_to_its_end_each_fact_once(ground) {
        let target = Target::start([Act::Answers(200, json!({}))]).await;
        let (centre, secret) = listening(ground, &target, Plan::default()).await;
        centre.ring([Step::Wait(40.0), Step::HangUp]);
        centre.pass(5).await;
        let call = centre.accept(0).await;
        centre.pass(120).await;
        let told = told(&target);
        let kinds: Vec<_> = told.iter().map(|(kind, _)| kind.as_str()).collect();
        let once = ["call.started", "call.queued", "call.offered", "call.answered", "call.ended", "call.wrapped_up"];
        for kind in once {
            assert_eq!(of(&told, kind).len(), 1, "{kind} of {kinds:?}\n{}", centre.all_stories().await);
        }
        let ids: BTreeSet<_> = target.requests().iter().map(|one| one.header("webhook-id").unwrap().to_owned()).collect();
        assert_eq!(ids.len(), told.len(), "each has an id of its own");
        assert!(target.requests().iter().all(|request| is_signed(request, &secret)));
        let answered = of(&told, "call.answered")[0];
        assert_eq!((&answered["callId"], &answered["agentId"]), (&json!(call), &json!(centre.agents[0])));
        let ended = of(&told, "call.ended")[0];
        assert_eq!((&ended["outcome"], &ended["from"], &ended["kind"]), (&json!("answered"), &json!(CALLER), &json!("inbound")));
        assert!(of(&told, "queue.target_missed").is_empty() && of(&told, "call.abandoned").is_empty(), "{kinds:?}");
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_caller_who_gives_up_late_is_a_missed_call_and_a_missed_target(ground) {
        let target = Target::start([Act::Answers(200, json!({}))]).await;
        let plan = Plan { ring_seconds: 10, ..Plan::default() };
        let (centre, _) = listening(ground, &target, plan).await;
        centre.ring([Step::Wait(90.0), Step::HangUp]);
        centre.pass(120).await;
        let told = told(&target);
        assert_eq!(of(&told, "call.abandoned").len(), 1);
        assert_eq!(of(&told, "call.ended")[0]["outcome"], "abandoned");
        let missed = of(&told, "queue.target_missed");
        assert_eq!((missed.len(), &missed[0]["outcome"], &missed[0]["queue"]), (1, &json!("abandoned"), &json!("support")));
        assert!(missed[0]["waitedSeconds"].as_i64() > missed[0]["targetSeconds"].as_i64());
        assert!(!of(&told, "agent.not_responding").is_empty(), "they let it ring");
        centre.close().await;
    }

    async fn a_voicemail_is_told_when_it_can_be_heard(ground) {
        let target = Target::start([Act::Answers(200, json!({}))]).await;
        let (centre, _) = listening(ground, &target, Plan { flow: mailbox(), ..Plan::default() }).await;
        centre.ring([
            Step::UntilSaid("leave a message".into()), Step::Wait(1.0), Step::SpeakNow("Call me".into()), Step::HangUp,
        ]);
        centre.pass(60).await;
        let told = told(&target);
        let stored = of(&told, "voicemail.stored");
        let recording = centre.recordings().await.pop().unwrap();
        assert_eq!((stored.len(), &stored[0]["recordingId"], &stored[0]["mailbox"]), (1, &json!(recording.id), &json!("night")));
        assert!(of(&told, "recording.stored").is_empty());
        centre.close().await;
    }

    async fn a_server_that_is_killed_while_it_tells_tells_it_again_and_loses_nothing(ground) {
        let target = Target::start([Act::IsSilent, Act::IsSilent, Act::Answers(200, json!({}))]).await;
        let (mut centre, _) = listening(ground, &target, Plan { life: Life::Mortal, ..Plan::default() }).await;
        centre.ring([Step::Wait(30.0), Step::HangUp]);
        let asked = async {
            let mut look = tokio::time::interval(std::time::Duration::from_millis(5));
            while target.requests().len() < 2 {
                look.tick().await;
            }
        };
        tokio::select! {
            () = asked => {}
            () = centre.pass(300) => panic!("nothing was told"),
        }
        centre.kill_and_restart().await;
        centre.pass(120).await;
        let first: BTreeSet<_> = target.requests()[..2].iter().map(|one| one.header("webhook-id").unwrap().to_owned()).collect();
        let later: Vec<_> = target.requests()[2..].iter().map(|one| one.header("webhook-id").unwrap().to_owned()).collect();
        assert!(first.iter().all(|id| later.contains(id)), "what was under way is told again");
        let told = told(&target);
        assert_eq!(of(&told, "call.ended").len(), 1);
        centre.close().await;
    }
}
