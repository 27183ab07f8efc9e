//! What a flow says about recording: it begins and ends it, silences it, and refuses what the policy wants.

use calldocker::authz::Whose;
use calldocker::calls::recording::desk::Action;
use calldocker::calls::recording::secret::{self, Recorded};
use carrier::Step;
use entity::{CountryRule, RecordingOrigin, RecordingRule, RecordingState, SegmentState};
use serde_json::{Value, json};

use super::{a_talk, assert_kept, centre_of, does, in_america, lines, only, pass_until_it_is, says, within};
use crate::support::centre::{Centre, Ground, Plan, heard, whole_calls};

fn flow(start: &str, nodes: Value) -> Plan {
    let flow = json!({"version": 1, "name": "Test", "start": start, "language": "en-US", "nodes": nodes});
    Plan { flow, ..Plan::default() }
}

fn recording(action: &str, next: &str) -> Value {
    json!({"type": "recording", "action": action, "next": {"next": next}})
}

fn queue() -> Value {
    json!({"type": "enqueue", "queue": "support"})
}

/// Records from the first word, except for one question.
fn records_all_but_a_question() -> Plan {
    flow(
        "on",
        json!({
            "on": recording("start", "hello"),
            "hello": {"type": "say", "text": "Welcome.", "next": {"next": "quiet"}},
            "quiet": recording("pause", "ask"),
            "ask": {"type": "collect", "prompt": "What is your birthday?", "variable": "birthday", "maxDigits": 8,
                    "timeoutSeconds": 30, "next": {"collected": "loud", "timeout": "loud", "invalid": "loud"}},
            "loud": recording("resume", "wait"),
            "wait": queue(),
        }),
    )
}

/// Refuses first, as for a caller who said no.
async fn a_company_that_always_records_and_a_flow_that_does_not(ground: Ground) -> Centre {
    let refuses = flow("off", json!({"off": recording("stop", "wait"), "wait": queue()}));
    centre_of(ground, refuses, says(RecordingRule::Always)).await
}

whole_calls! {
    async fn a_flow_records_from_the_first_word_and_silences_one_question(ground) {
        let centre = centre_of(ground, records_all_but_a_question(), says(RecordingRule::OnDemand)).await;
        let caller = centre.ring([Step::UntilSaid("birthday".into()), Step::Wait(5.0), Step::Press("01011980#".into())]);
        centre.pass_until("he is asked", async || heard(&caller, "birthday")).await;
        centre.pass(2).await;
        let asked = only(&centre).await;
        assert!(matches!(asked.state, RecordingState::Planned | RecordingState::Paused), "{asked:?}");
        pass_until_it_is(&centre, RecordingState::InProgress).await;
        centre.pass(5).await;
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        centre.pass(10).await;
        caller.hang_up();
        centre.pass(130).await;
        let row = only(&centre).await;
        assert_kept(&centre, &row).await;
        assert_eq!((row.origin, row.pauses), (RecordingOrigin::Flow, 1));
        assert!(row.started_at < centre.segments().await[0].connected_at, "before there was an agent");
        assert!(!centre.all_stories().await.contains("flow.problem"), "{}", centre.all_stories().await);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_flow_that_says_no_is_stronger_than_the_policy_and_an_agent_may_still_ask(ground) {
        let centre = a_company_that_always_records_and_a_flow_that_does_not(ground).await;
        let caller = a_talk(&centre, 30.0).await;
        centre.pass(5).await;
        assert!(centre.recordings().await.is_empty(), "{}", centre.all_stories().await);
        assert_eq!(lines(&centre).await, ["recording.forbidden"]);
        let (call, agent) = (centre.call().await.id, Whose::Agents(centre.agents[0]));
        does(&centre, agent, call, Action::Start).await.unwrap();
        centre.pass(150).await;
        assert!(caller.status().is_terminal());
        let row = only(&centre).await;
        assert_kept(&centre, &row).await;
        assert_eq!(row.origin, RecordingOrigin::Person);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_flow_that_says_no_and_then_yes_has_said_yes(ground) {
        let thinks_again = flow("off", json!({
            "off": recording("stop", "on"), "on": recording("start", "wait"), "wait": queue(),
        }));
        let centre = centre_of(ground, thinks_again, says(RecordingRule::OnDemand)).await;
        a_talk(&centre, 5.0).await;
        centre.pass(130).await;
        let row = only(&centre).await;
        assert_kept(&centre, &row).await;
        assert_eq!(row.origin, RecordingOrigin::Flow);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_flow_ends_what_it_has_begun_and_nothing_begins_again(ground) {
        let only_the_greeting = flow("on", json!({
            "on": recording("start", "hello"),
            "hello": {"type": "menu", "prompt": "Press one.", "choices": [{"digits": "1"}], "timeoutSeconds": 20,
                      "next": {"1": "off", "timeout": "off", "noMatch": "off"}},
            "off": recording("stop", "wait"),
            "wait": queue(),
        }));
        let centre = centre_of(ground, only_the_greeting, says(RecordingRule::Always)).await;
        let caller = centre.ring([Step::UntilSaid("press one".into()), Step::Wait(4.0), Step::Press("1".into())]);
        pass_until_it_is(&centre, RecordingState::InProgress).await;
        centre.pass(10).await;
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        centre.pass(30).await;
        caller.hang_up();
        centre.pass(130).await;
        let row = only(&centre).await;
        assert_kept(&centre, &row).await;
        assert!(row.duration_seconds.unwrap() < 10, "{row:?}\n{}", centre.all_stories().await);
        assert!(row.ended_at < centre.segments().await[0].connected_at);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn what_the_caller_s_country_wants_said_the_flow_says_before_all_else(ground) {
        let begins = flow("hello", json!({
            "hello": {"type": "say", "text": "Welcome.", "next": {"next": "on"}},
            "on": recording("start", "wait"),
            "wait": queue(),
        }));
        let centre = centre_of(ground, begins, in_america(CountryRule::Announce)).await;
        let caller = a_talk(&centre, 10.0).await;
        centre.pass(130).await;
        let said: Vec<_> = caller.transcript().into_iter().map(|line| line.text.to_lowercase()).collect();
        let notice = said.iter().position(|text| text.contains("this call is being recorded"));
        let welcome = said.iter().position(|text| text.contains("welcome"));
        assert!(notice.is_some() && notice < welcome, "{said:?}");
        let row = only(&centre).await;
        assert_kept(&centre, &row).await;
        assert!(row.announced_at.unwrap() <= row.started_at.unwrap());
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_flow_does_not_record_whose_country_forbids_it(ground) {
        let begins = flow("on", json!({"on": recording("start", "wait"), "wait": queue()}));
        let centre = centre_of(ground, begins, in_america(CountryRule::Off)).await;
        a_talk(&centre, 5.0).await;
        centre.pass(130).await;
        assert!(centre.recordings().await.is_empty());
        assert_eq!(lines(&centre).await, ["recording.forbidden", "recording.forbidden"]);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_secret_is_asked_for_only_in_silence_whoever_wants_to_hear(ground) {
        let centre = centre_of(ground, Plan::default(), says(RecordingRule::Always)).await;
        a_talk(&centre, 60.0).await;
        pass_until_it_is(&centre, RecordingState::InProgress).await;
        let call = centre.call().await.id;
        within(&centre, call, async |unit, file| {
            assert_eq!(secret::begin(unit, file).await.unwrap(), Recorded::Still, "the provider does not know yet");
        })
        .await;
        pass_until_it_is(&centre, RecordingState::Paused).await;
        within(&centre, call, async |unit, file| {
            assert_eq!(secret::begin(unit, file).await.unwrap(), Recorded::No);
        })
        .await;
        let agent = Whose::Agents(centre.agents[0]);
        does(&centre, agent, call, Action::Resume).await.unwrap();
        centre.pass(5).await;
        assert_eq!(only(&centre).await.state, RecordingState::Paused, "nobody else makes it audible");
        within(&centre, call, async |unit, file| secret::end(unit, file).await.unwrap()).await;
        pass_until_it_is(&centre, RecordingState::InProgress).await;
        centre.pass(200).await;
        assert_kept(&centre, &only(&centre).await).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn what_somebody_begins_while_a_secret_is_asked_for_begins_after_it(ground) {
        let asks = flow("card", json!({
            "card": {"type": "secureDigits", "prompt": "Your card, please.", "name": "card", "maxDigits": 16,
                     "timeoutSeconds": 60, "next": {"collected": "bye", "timeout": "bye", "invalid": "bye"}},
            "bye": {"type": "hangup"},
        }));
        let centre = centre_of(ground, asks, says(RecordingRule::OnDemand)).await;
        let caller = centre.ring([]);
        centre.pass_until("he is asked", async || heard(&caller, "your card")).await;
        let call = centre.call().await.id;
        does(&centre, Whose::Everybodys, call, Action::Start).await.unwrap();
        centre.pass(10).await;
        let row = only(&centre).await;
        assert_eq!((row.state, row.provider_sid), (RecordingState::Planned, None), "{}", centre.all_stories().await);
        within(&centre, call, async |unit, file| secret::end(unit, file).await.unwrap()).await;
        pass_until_it_is(&centre, RecordingState::InProgress).await;
        caller.hang_up();
        centre.pass(130).await;
        assert_kept(&centre, &only(&centre).await).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_flow_with_a_recording_node_can_be_published(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let (app, scope) = (&centre.app, centre.scope);
        let document = records_all_but_a_question().flow;
        let made = calldocker::flows::create(app, scope, "Records".into(), document).await.unwrap();
        calldocker::flows::publish(app, scope, made.flow.id, centre.user).await.unwrap();
        centre.close().await;
    }
}
