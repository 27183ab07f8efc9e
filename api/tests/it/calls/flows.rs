//! What a flow does around its queue, and what callers hear when there is no flow to speak of.

use calldocker::prompts::{self, Text};
use carrier::{Answer, Endpoint, NewCall, Script, Step};
use entity::{CallOutcome, CallStatus, EntryOutcome};
use serde_json::{Value, json};

use crate::support::centre::{CALLER, Centre, FOREIGN_NUMBER, Plan, Publication, heard, whole_calls};

fn flow(start: &str, nodes: Value) -> Plan {
    let flow = json!({"version": 1, "name": "Test", "start": start, "language": "en-US", "nodes": nodes});
    Plan { flow, ..Plan::default() }
}

fn waits_at_most(seconds: u32) -> Plan {
    flow(
        "wait",
        json!({
            "wait": {"type": "enqueue", "queue": "support", "maxWaitSeconds": seconds, "next": {"timeout": "sorry"}},
            "sorry": {"type": "menu", "prompt": "Nobody was free. Press one.", "choices": [{"digits": "1"}],
                      "next": {"1": "bye", "timeout": "bye", "noMatch": "bye"}},
            "bye": {"type": "hangup"},
        }),
    )
}

/// Publishes another flow of the company.
async fn publish(centre: &Centre, name: &str, document: Value) {
    let (app, scope) = (&centre.app, centre.scope);
    let made = calldocker::flows::create(app, scope, name.into(), document).await.unwrap();
    calldocker::flows::publish(app, scope, made.flow.id, centre.user, None).await.unwrap();
}

/// A prompt that is said in these languages.
async fn library(centre: &Centre, name: &str, texts: &[(&str, &str)]) -> entity::id::PromptId {
    let text = |(language, text): &(&str, &str)| Text { language: (*language).into(), text: (*text).into() };
    let texts = texts.iter().map(text).collect();
    prompts::create(&centre.app, centre.scope, name.into(), texts).await.unwrap().row.id
}

whole_calls! {
    async fn a_flow_calls_another_one_and_comes_back_with_what_it_found(ground) {
        let centre = Centre::open(ground, flow("ask", json!({
            "ask": {"type": "subflow", "flow": "Which language", "arguments": {"who": "you"}, "save": {"choice": "picked"},
                    "next": {"returned": "told", "failed": "bye"}},
            "told": {"type": "hangup", "prompt": "So it is {{ vars.choice }}."},
            "bye": {"type": "hangup", "prompt": "It failed."},
        }))).await;
        publish(&centre, "Which language", json!({
            "version": 1, "name": "Which language", "start": "menu", "parameters": ["who"], "nodes": {
                "menu": {"type": "menu", "prompt": "What do {{ vars.who }} speak? Press two for Spanish.", "choices": [{"digits": "2"}],
                         "next": {"2": "back", "timeout": "back", "noMatch": "back"}},
                "back": {"type": "return", "values": {"picked": "Spanish"}},
            },
        })).await;
        let caller = centre.ring([Step::UntilSaid("what do you speak".into()), Step::Press("2".into())]);
        centre.pass(70).await;
        assert!(heard(&caller, "so it is spanish"), "{}", centre.all_stories().await);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_flow_that_is_not_there_leads_to_the_port_failed(ground) {
        let centre = Centre::open(ground, flow("ask", json!({
            "ask": {"type": "subflow", "flow": "Nowhere", "next": {"returned": "bye", "failed": "sorry"}},
            "sorry": {"type": "hangup", "prompt": "There is no such flow."},
            "bye": {"type": "hangup"},
        }))).await;
        let caller = centre.ring([]);
        centre.pass(70).await;
        assert!(heard(&caller, "there is no such flow"), "{}", centre.all_stories().await);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_prompt_is_said_by_name_and_replaced_without_touching_the_flow(ground) {
        let centre = Centre::open(ground, flow("hello", json!({
            "hello": {"type": "say", "library": "welcome", "next": {"next": "spanish"}},
            "spanish": {"type": "language", "language": "es-MX", "next": {"next": "again"}},
            "again": {"type": "say", "library": "welcome", "next": {"next": "gone"}},
            "gone": {"type": "say", "library": "nothing", "next": {"next": "bye"}},
            "bye": {"type": "hangup", "prompt": "Adiós."},
        }))).await;
        let texts = [("en-US", "Welcome to Acme."), ("es-ES", "Bienvenido a Acme.")];
        let welcome = library(&centre, "welcome", &texts).await;
        let first = centre.ring([]);
        centre.pass(70).await;
        for words in ["welcome to acme", "bienvenido a acme", "adiós"] {
            assert!(heard(&first, words), "{words}: {}", centre.all_stories().await);
        }
        let story = centre.story(centre.call().await.id).await;
        assert!(story.iter().any(|kind| kind == "flow.problem"), "a prompt that is gone is told: {story:?}");
        let text = Text { language: "en-US".into(), text: "Acme is moving.".into() };
        prompts::put_text(&centre.app, centre.scope, welcome, text).await.unwrap();
        let second = centre.ring([]);
        centre.pass(70).await;
        assert!(heard(&second, "acme is moving"), "{}", centre.all_stories().await);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn who_has_waited_for_his_longest_time_goes_on_in_the_flow(ground) {
        let centre = Centre::open(ground, waits_at_most(40)).await;
        for agent in 0..2 {
            centre.set(agent, entity::Availability::Away).await;
        }
        let caller = centre.ring([Step::UntilSaid("nobody was free".into()), Step::Press("1".into())]);
        centre.pass(38).await;
        assert_eq!(centre.call().await.status, CallStatus::Queued);
        centre.pass(12).await;
        let entry = centre.entries().await.remove(0);
        assert_eq!(entry.outcome, Some(EntryOutcome::Overflow), "{}", centre.all_stories().await);
        let late = entry.left_at.unwrap() - entry.max_wait_until.unwrap();
        assert!((0..=5).contains(&late.num_seconds()), "he waited {late} too long");
        centre.pass(60).await;
        assert!(heard(&caller, "nobody was free"));
        assert!(caller.status().is_terminal());
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn who_is_offered_when_his_longest_time_is_over_is_withdrawn_from_the_agent(ground) {
        let centre = Centre::open(ground, Plan { ring_seconds: 120, ..waits_at_most(30) }).await;
        let caller = centre.ring([Step::UntilSaid("nobody was free".into()), Step::HangUp]);
        centre.pass(20).await;
        centre.offer(0).await;
        centre.pass(40).await;
        assert!(centre.open_offers(0).await.is_empty(), "{}", centre.all_stories().await);
        assert_eq!(centre.agent(0).await.activity, entity::Activity::Idle);
        assert!(caller.status().is_terminal());
        centre.pass(60).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn who_was_just_taken_by_an_agent_does_not_overflow(ground) {
        let centre = Centre::open(ground, waits_at_most(20)).await;
        centre.phone(0, Endpoint::answers(12.0, Script::silent()));
        centre.ring([Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(18).await;
        centre.accept(0).await;
        centre.pass(120).await;
        assert_eq!(centre.entries().await[0].outcome, Some(EntryOutcome::Answered), "{}", centre.all_stories().await);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_queue_that_is_not_there_leads_to_the_port_failed(ground) {
        let centre = Centre::open(ground, flow("wait", json!({
            "wait": {"type": "enqueue", "queue": "nowhere", "next": {"failed": "sorry"}},
            "sorry": {"type": "hangup", "prompt": "There is no such queue."},
        }))).await;
        let caller = centre.ring([]);
        centre.pass(70).await;
        assert!(heard(&caller, "there is no such queue"), "{}", centre.all_stories().await);
        assert!(centre.entries().await.is_empty());
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_queue_that_is_not_there_and_leads_nowhere_ends_in_an_apology(ground) {
        let nodes = json!({"wait": {"type": "enqueue", "queue": "nowhere"}});
        let centre = Centre::open(ground, flow("wait", nodes)).await;
        let caller = centre.ring([]);
        centre.pass(70).await;
        assert!(heard(&caller, "sorry"), "{}", centre.all_stories().await);
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Error));
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_flow_that_cannot_be_read_is_a_spoken_apology(ground) {
        let centre = Centre::open(ground, flow("nowhere", json!({}))).await;
        let caller = centre.ring([]);
        centre.pass(30).await;
        assert!(heard(&caller, "we are sorry"), "{}", centre.all_stories().await);
        assert!(caller.status().is_terminal());
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_number_whose_flow_is_not_published_says_so_politely(ground) {
        let centre = Centre::open(ground, Plan { publication: Publication::Draft, ..Plan::default() }).await;
        let caller = centre.ring([]);
        centre.pass(30).await;
        assert!(heard(&caller, "not in service"), "{}", centre.all_stories().await);
        assert!(caller.status().is_terminal());
        assert!(centre.calls().await.is_empty());
        centre.close().await;
    }

    async fn a_number_of_a_closed_company_says_so_politely_until_it_is_opened_again(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let company_id = centre.scope.company();
        let tx = centre.app.db.begin().await.unwrap();
        let closing = entity::closed_company::Model { company_id, closed_by: centre.user, closed_at: centre.clock.now() };
        assert!(calldocker::store::system::close_company(&tx, closing).await.unwrap());
        tx.commit().await.unwrap();
        let caller = centre.ring([]);
        centre.pass(30).await;
        assert!(heard(&caller, "not in service"), "{}", centre.all_stories().await);
        assert!(caller.status().is_terminal() && centre.calls().await.is_empty());
        let tx = centre.app.db.begin().await.unwrap();
        assert!(calldocker::store::system::open_company(&tx, company_id).await.unwrap());
        tx.commit().await.unwrap();
        centre.ring([]);
        centre.pass(2).await;
        assert_eq!(centre.calls().await.len(), 1, "{}", centre.all_stories().await);
        centre.close().await;
    }

    async fn a_number_that_nobody_owns_says_so_politely(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.carrier.place_call(NewCall::new(CALLER, FOREIGN_NUMBER, Script::silent()));
        centre.pass(30).await;
        assert!(heard(&caller, "not in service"), "{}", centre.all_stories().await);
        assert!(caller.status().is_terminal());
        centre.close().await;
    }

    async fn a_transfer_that_finds_the_line_busy_goes_on_in_the_flow(ground) {
        let centre = Centre::open(ground, flow("pass", json!({
            "pass": {"type": "transfer", "number": "+12025550777",
                     "next": {"busy": "sorry", "noAnswer": "bye", "failed": "bye"}},
            "sorry": {"type": "hangup", "prompt": "They are talking to somebody else."},
            "bye": {"type": "hangup"},
        }))).await;
        centre.carrier.set_endpoint("+12025550777", Endpoint::only(Answer::Busy));
        let caller = centre.ring([]);
        centre.pass(60).await;
        assert!(heard(&caller, "talking to somebody else"), "{}", centre.all_stories().await);
        let story = centre.story(centre.call().await.id).await;
        assert!(story.iter().any(|kind| kind == "transfer.ended"), "{story:?}");
        centre.assert_at_rest().await;
        centre.close().await;
    }
}
