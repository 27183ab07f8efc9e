//! Text messages that flows send: each once, whatever the provider's replies and callbacks do.

use calldocker::authz::Whose;
use calldocker::calls::desk;
use carrier::{Answer, CallbackEffect, CallbackFault, CallbackKind, Endpoint, Faults, RestEffect, RestFault};
use entity::{TextState, text_message};
use serde_json::{Value, json};

use crate::support::centre::{CALLER, Centre, Ground, NUMBER, Plan, heard, whole_calls};

/// Sends so many messages to the caller, and hangs up.
fn sends(count: usize) -> Value {
    let mut nodes = json!({"bye": {"type": "hangup", "prompt": "Look at your phone."}});
    for n in 0..count {
        let next = if n + 1 == count { "bye".to_owned() } else { format!("sms{}", n + 1) };
        nodes[format!("sms{n}")] = json!({"type": "sms", "text": "Hello {{ call.from }}, the code is 1 & 2.", "next": {"next": next}});
    }
    json!({"version": 1, "name": "Texts", "start": "sms0", "language": "en-US", "nodes": nodes})
}

/// A call whose flow sends so many messages, while this goes wrong.
async fn called(ground: Ground, count: usize, faults: Faults) -> Centre {
    let centre = Centre::open(ground, Plan { flow: sends(count), ..Plan::default() }).await;
    centre.carrier.set_faults(faults);
    let caller = centre.ring([]);
    centre.pass(60).await;
    assert!(
        heard(&caller, "look at your phone"),
        "the caller waits for nothing\n{}",
        centre.all_stories().await
    );
    centre
}

async fn messages(centre: &Centre) -> Vec<text_message::Model> {
    let call = centre.call().await.id;
    desk::messages(&centre.app, centre.scope, Whose::Everybodys, call).await.unwrap()
}

fn states(rows: &[text_message::Model]) -> Vec<TextState> {
    rows.iter().map(|row| row.state).collect()
}

fn fails(does: RestEffect, times: u32) -> Faults {
    let fault = RestFault { times: Some(times), ..RestFault::once("POST", "/Messages.json", does) };
    Faults { rest: vec![fault], ..Faults::default() }
}

async fn ends(centre: Centre) {
    centre.assert_at_rest().await;
    centre.close().await;
}

whole_calls! {
    async fn a_flow_sends_a_message_from_the_number_that_was_called(ground) {
        let centre = called(ground, 1, Faults::default()).await;
        let stories = centre.all_stories().await;
        let sent = centre.carrier.messages();
        assert_eq!(sent.len(), 1, "{stories}");
        assert_eq!((sent[0].from.as_str(), sent[0].to.as_str()), (NUMBER, CALLER));
        assert_eq!(sent[0].body, format!("Hello {CALLER}, the code is 1 & 2."));
        let rows = messages(&centre).await;
        assert_eq!(states(&rows), [TextState::Delivered], "{stories}");
        assert_eq!(rows[0].provider_sid.as_deref(), Some(sent[0].sid.as_str()));
        assert!(rows[0].settled_at.is_some());
        let story = centre.story(centre.call().await.id).await;
        for kind in ["message.planned", "message.sent", "message.delivered"] {
            assert_eq!(story.iter().filter(|line| *line == kind).count(), 1, "{kind}: {story:?}");
        }
        ends(centre).await;
    }

    async fn a_message_whose_reply_is_lost_is_not_sent_again(ground) {
        let centre = called(ground, 1, fails(RestEffect::ReplyLost, 1)).await;
        assert_eq!(centre.carrier.messages().len(), 1, "{}", centre.all_stories().await);
        assert_eq!(states(&messages(&centre).await), [TextState::Delivered], "the callback has said so");
        ends(centre).await;
    }

    async fn a_message_of_which_nothing_is_ever_heard_is_not_sent_again(ground) {
        let lost = CallbackFault::of(CallbackKind::Message, CallbackEffect::Lost);
        let faults = Faults { callbacks: vec![lost], ..fails(RestEffect::ReplyLost, 1) };
        let centre = called(ground, 1, faults).await;
        centre.pass(3_600).await;
        assert_eq!(centre.carrier.messages().len(), 1, "{}", centre.all_stories().await);
        assert_eq!(states(&messages(&centre).await), [TextState::Asked], "nobody knows");
        ends(centre).await;
    }

    async fn a_provider_that_fails_is_not_asked_again(ground) {
        let centre = called(ground, 1, fails(RestEffect::ServerError, 1)).await;
        assert_eq!(centre.carrier.messages().len(), 0, "{}", centre.all_stories().await);
        assert_eq!(states(&messages(&centre).await), [TextState::Asked]);
        ends(centre).await;
    }

    async fn a_provider_that_wants_fewer_requests_is_asked_again(ground) {
        let busy = RestEffect::TooManyRequests { retry_after: 2 };
        let centre = called(ground, 1, fails(busy, 2)).await;
        assert_eq!(centre.carrier.messages().len(), 1, "{}", centre.all_stories().await);
        assert_eq!(states(&messages(&centre).await), [TextState::Delivered]);
        ends(centre).await;
    }

    async fn a_message_that_does_not_arrive_says_why(ground) {
        let centre = Centre::open(ground, Plan { flow: sends(1), ..Plan::default() }).await;
        centre.carrier.set_endpoint(CALLER, Endpoint::only(Answer::Unreachable));
        centre.ring([]);
        centre.pass(60).await;
        let rows = messages(&centre).await;
        assert_eq!(states(&rows), [TextState::Failed], "{}", centre.all_stories().await);
        assert_eq!(rows[0].error_code, Some(30003));
        ends(centre).await;
    }

    async fn news_that_come_twice_and_out_of_order_are_told_once(ground) {
        let twice = CallbackFault::of(CallbackKind::Message, CallbackEffect::Double);
        let late = CallbackFault {
            event: Some("sent".into()),
            ..CallbackFault::of(CallbackKind::Message, CallbackEffect::Late(5.0))
        };
        let faults = Faults { callbacks: vec![late, twice], ..Faults::default() };
        let centre = called(ground, 1, faults).await;
        assert_eq!(states(&messages(&centre).await), [TextState::Delivered], "{}", centre.all_stories().await);
        let story = centre.story(centre.call().await.id).await;
        assert_eq!(story.iter().filter(|line| *line == "message.delivered").count(), 1, "{story:?}");
        ends(centre).await;
    }

    async fn a_call_sends_three_messages_and_no_more(ground) {
        let centre = called(ground, 5, Faults::default()).await;
        let stories = centre.all_stories().await;
        assert_eq!(centre.carrier.messages().len(), 3, "{stories}");
        assert_eq!(states(&messages(&centre).await), [TextState::Delivered; 3]);
        let story = centre.story(centre.call().await.id).await;
        assert_eq!(story.iter().filter(|line| *line == "flow.problem").count(), 2, "each is told\n{stories}");
        ends(centre).await;
    }
}
