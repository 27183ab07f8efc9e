//! What a caller keys in where nobody may keep it: it reaches the request that it is for, and nothing else.

use calldocker::calls::recording::policy::Policy;
use calldocker::calls::recording::settings::{self, Listening, Settings};
use carrier::Step;
use entity::{RecordingRule, RecordingState, call_secret, engine_input, webhook_request};
use sea_orm::QueryOrder;
use serde_json::{Value, json};

use crate::support::centre::{Centre, Ground, Life, Nodes, Plan, heard, whole_calls};
use crate::support::log::Log;
use crate::support::target::{Act, Target};
use crate::support::{Backend, dump_all};

const CARD: &str = "4929123456781238";
const PIN: &str = "8093";

/// Asks for a card and a PIN, does `between`, and sends both where they belong.
fn paying(target: &Target, between: Value) -> Plan {
    let mut flow = json!({"version": 1, "name": "Pay", "start": "card", "language": "en-US", "nodes": {
        "card": {"type": "secureDigits", "name": "card", "prompt": "Your card number, please.", "minDigits": 16, "maxDigits": 16, "retries": 1,
                 "next": {"collected": "pin", "timeout": "bye", "invalid": "wrong"}},
        "pin": {"type": "secureDigits", "name": "pin", "prompt": "And the code.", "minDigits": 4, "maxDigits": 4,
                "next": {"collected": "between", "timeout": "bye", "invalid": "wrong"}},
        "between": between,
        "pay": {"type": "request", "method": "POST", "url": target.url("/pay/{{ secret.card }}"), "headers": {"X-Code": "{{ secret.pin }}"},
                "body": "{\"card\": \"{{ secret.card }}\", \"code\": \"{{ secret.pin }}\"}", "retries": 1,
                "next": {"succeeded": "paid", "failed": "bad", "timeout": "bad"}},
        "paid": {"type": "hangup", "prompt": "It is paid."},
        "bad": {"type": "hangup", "prompt": "It is not paid."},
        "wrong": {"type": "hangup", "prompt": "That was wrong."},
        "bye": {"type": "hangup", "prompt": "Nothing came."},
    }});
    if flow["nodes"]["between"].is_null() {
        flow["nodes"]["pin"]["next"]["collected"] = json!("pay");
        flow["nodes"].as_object_mut().unwrap().remove("between");
    }
    Plan { flow, reachable: target.address.to_string(), ..Plan::default() }
}

fn keyed_in() -> [Step; 4] {
    [
        Step::UntilSaid("card number".into()),
        Step::Press(CARD.into()),
        Step::UntilSaid("the code".into()),
        Step::Press(PIN.into()),
    ]
}

/// Neither stands anywhere in the database, in whatever column. Sealed texts and ids are not looked at for the PIN, which is
/// so short that it may stand in one by chance; they are for the card.
async fn assert_stored_nowhere(centre: &Centre) {
    for (table, rows) in dump_all(&centre.app).await {
        for row in rows {
            assert!(!row.contains(CARD), "the card stands in {table}: {row}");
        }
    }
    for row in centre.scope.find::<webhook_request::Entity>().all(centre.app.db.reader()).await.unwrap() {
        let asked = row.params["query"].as_str().unwrap_or_default().contains("heard=secret");
        let names: Vec<_> =
            row.params["params"].as_array().unwrap().iter().map(|pair| pair[0].as_str().unwrap()).collect();
        assert!(!asked || !names.contains(&"Digits"), "{}", row.params);
    }
    for row in centre
        .scope
        .find::<engine_input::Entity>()
        .order_by_asc(engine_input::Column::Seq)
        .all(centre.app.db.reader())
        .await
        .unwrap()
    {
        assert!(!row.input.to_string().contains(PIN), "the code stands in an input: {}", row.input);
    }
    for call in centre.calls().await {
        assert!(!call.session.unwrap().to_string().contains(PIN), "the code stands in the session");
        let lines = calldocker::store::calls::events(centre.scope, centre.app.db.reader(), call.id, 0, 1000)
            .await
            .unwrap();
        for line in lines {
            let ids = ["requestId", "flowVersionId"];
            let told: Vec<_> = line
                .data
                .as_object()
                .unwrap()
                .iter()
                .filter(|(name, _)| !ids.contains(&name.as_str()))
                .collect();
            assert!(
                told.iter().all(|(_, value)| !value.to_string().contains(PIN)),
                "the code stands in the story: {told:?}"
            );
        }
    }
}

async fn secrets(centre: &Centre) -> Vec<call_secret::Model> {
    centre.scope.find::<call_secret::Entity>().all(centre.app.db.reader()).await.unwrap()
}

whole_calls! {
    async fn what_is_keyed_in_reaches_its_request_and_no_table_and_no_log(ground) {
        let log = Log::listen();
        let target = Target::start([Act::HangsUp, Act::Answers(200, json!({"echo": CARD}))]).await;
        let centre = Centre::open(ground, paying(&target, Value::Null)).await;
        let caller = centre.ring(keyed_in());
        centre.pass(70).await;
        assert!(heard(&caller, "it is paid"), "{}", centre.all_stories().await);
        let requests = target.requests();
        assert_eq!(requests.len(), 2, "it is tried again with what was keyed in");
        for request in requests {
            assert_eq!(request.line, format!("POST /pay/{CARD}"));
            assert_eq!(request.header("x-code"), Some(PIN));
            assert_eq!(request.body, format!("{{\"card\": \"{CARD}\", \"code\": \"{PIN}\"}}"));
        }
        assert_stored_nowhere(&centre).await;
        assert!(secrets(&centre).await.is_empty(), "after the request they are gone");
        let told = log.lines_with(CARD);
        assert!(told.is_empty(), "the log tells the card:\n{}", told.join("\n"));
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn what_waits_for_its_request_is_sealed_and_goes_with_the_call(ground) {
        let target = Target::start([Act::Answers(200, json!({}))]).await;
        let between = json!({"type": "menu", "prompt": "Press one to pay.", "choices": [{"digits": "1"}], "timeoutSeconds": 20,
                             "next": {"1": "pay", "timeout": "bye", "noMatch": "bye"}});
        let centre = Centre::open(ground, paying(&target, between)).await;
        let caller = centre.ring(keyed_in().into_iter().chain([Step::UntilSaid("press one".into()), Step::Wait(10.0), Step::HangUp]));
        centre.pass_until("both are kept", async || heard(&caller, "press one")).await;
        assert_eq!(secrets(&centre).await.len(), 1, "{}", centre.all_stories().await);
        assert_stored_nowhere(&centre).await;
        centre.pass(70).await;
        assert!(secrets(&centre).await.is_empty(), "the call is over");
        assert!(target.requests().is_empty());
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn who_takes_too_long_has_to_begin_again(ground) {
        let target = Target::start([Act::Answers(200, json!({}))]).await;
        let between = json!({"type": "menu", "prompt": "Press one to pay.", "choices": [{"digits": "1"}], "timeoutSeconds": 60, "retries": 10,
                             "next": {"1": "pay", "timeout": "bye", "noMatch": "bye"}});
        let centre = Centre::open(ground, paying(&target, between)).await;
        let late = [Step::UntilSaid("press one".into()), Step::Wait(620.0), Step::PressNow("1".into())];
        let caller = centre.ring(keyed_in().into_iter().chain(late));
        centre.pass(800).await;
        assert!(heard(&caller, "it is not paid"), "{}", centre.all_stories().await);
        assert!(target.requests().is_empty(), "a request without what it needs is not sent");
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn keys_that_do_not_fit_are_kept_nowhere_either(ground) {
        let log = Log::listen();
        let target = Target::start([Act::Answers(200, json!({}))]).await;
        let mut plan = paying(&target, Value::Null);
        plan.flow["nodes"]["card"]["maxDigits"] = json!(20);
        plan.flow["nodes"]["card"]["minDigits"] = json!(18);
        let centre = Centre::open(ground, plan).await;
        let twice = [
            Step::UntilSaid("card number".into()), Step::Press(format!("{CARD}#")),
            Step::UntilSaid("card number".into()), Step::Press(format!("{CARD}#")),
        ];
        let caller = centre.ring(twice);
        centre.pass(70).await;
        assert!(heard(&caller, "that was wrong"), "{}", centre.all_stories().await);
        assert_stored_nowhere(&centre).await;
        assert!(log.lines_with(CARD).is_empty());
        assert!(secrets(&centre).await.is_empty());
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_recording_is_silent_before_he_is_asked_and_is_heard_again_afterwards(ground) {
        let target = Target::start([Act::Answers(200, json!({}))]).await;
        let mut plan = paying(&target, Value::Null);
        plan.flow["start"] = json!("record");
        plan.flow["nodes"]["record"] = json!({"type": "recording", "action": "start", "next": {"next": "menu"}});
        plan.flow["nodes"]["menu"] = json!({"type": "menu", "prompt": "Press one to pay.", "choices": [{"digits": "1"}], "timeoutSeconds": 30,
                                            "next": {"1": "card", "timeout": "bye", "noMatch": "bye"}});
        plan.flow["nodes"]["paid"] = json!({"type": "say", "text": "It is paid.", "next": {"next": "after"}});
        plan.flow["nodes"]["after"] = json!({"type": "menu", "prompt": "Anything else?", "choices": [{"digits": "1"}], "timeoutSeconds": 30,
                                             "next": {"1": "bye", "timeout": "bye", "noMatch": "bye"}});
        let centre = Centre::open(ground, plan).await;
        let on_demand = Settings {
            policy: Policy { rule: RecordingRule::OnDemand, ..Policy::default() },
            announcement: None, listening: Listening::Supervisors, keep_recordings_days: None, keep_voicemails_days: None,
            queues: Default::default(),
        };
        settings::put(&centre.app, centre.scope, centre.user, on_demand).await.unwrap();
        let steps = [
            Step::UntilSaid("press one".into()), Step::Wait(8.0), Step::PressNow("1".into()),
            Step::UntilSaid("card number".into()), Step::Wait(4.0), Step::Press(CARD.into()), Step::UntilSaid("the code".into()), Step::Press(PIN.into()),
        ];
        let caller = centre.ring(steps);
        centre.pass_until("he is recorded", async || {
            heard(&caller, "press one") && centre.recordings().await.first().is_some_and(|row| row.state == RecordingState::InProgress)
        }).await;
        centre.pass_until("he is asked", async || heard(&caller, "card number")).await;
        assert_eq!(centre.recordings().await[0].state, RecordingState::Paused, "{}", centre.all_stories().await);
        centre.pass_until("he has paid", async || heard(&caller, "anything else")).await;
        centre.pass(3).await;
        assert_eq!(centre.recordings().await[0].state, RecordingState::InProgress, "{}", centre.all_stories().await);
        assert_eq!(target.requests()[0].header("x-code"), Some(PIN));
        centre.pass(150).await;
        assert_stored_nowhere(&centre).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_server_that_dies_between_the_two_loses_nothing(ground) {
        let target = Target::start([Act::Answers(200, json!({}))]).await;
        let between = json!({"type": "menu", "prompt": "Press one to pay.", "choices": [{"digits": "1"}], "timeoutSeconds": 30,
                             "next": {"1": "pay", "timeout": "bye", "noMatch": "bye"}});
        let plan = Plan { life: Life::Mortal, ..paying(&target, between) };
        let mut centre = Centre::open(ground, plan).await;
        let caller = centre.ring(keyed_in().into_iter().chain([Step::UntilSaid("press one".into()), Step::Wait(10.0), Step::PressNow("1".into())]));
        centre.pass_until("both are kept", async || heard(&caller, "press one")).await;
        centre.kill_and_restart().await;
        centre.pass(70).await;
        assert!(heard(&caller, "it is paid"), "{}", centre.all_stories().await);
        assert_eq!(target.requests()[0].header("x-code"), Some(PIN));
        assert_stored_nowhere(&centre).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }
}

#[tokio::test]
async fn it_does_not_matter_which_of_two_nodes_hears_it_and_which_sends_it() {
    let Some(ground) = Ground::new(Backend::Postgres).await else { return };
    let target = Target::start([Act::Answers(200, json!({}))]).await;
    let plan = Plan { nodes: Nodes::Two, ..paying(&target, Value::Null) };
    let centre = Centre::open(ground, plan).await;
    let callers: Vec<_> = (0..4).map(|caller| centre.ring_as(caller, keyed_in())).collect();
    centre.pass(120).await;
    for caller in &callers {
        assert!(heard(caller, "it is paid"), "{}", centre.all_stories().await);
    }
    assert_stored_nowhere(&centre).await;
    assert!(secrets(&centre).await.is_empty());
    centre.assert_at_rest().await;
    centre.close().await;
}
