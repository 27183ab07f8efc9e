//! Codes on their way to a telephone: each is sent once, whatever the provider's replies do, and what became of it is known.

use calldocker::identity::Number;
use calldocker::identity::phone::codes;
use calldocker::store::phone_messages;
use calldocker::words::Words;
use carrier::{Answer, Endpoint, Faults, RestEffect, RestFault};
use entity::{MessageChannel, TextState, phone_message};

use crate::support::centre::{Centre, Ground, Plan, whole_calls};

const ANN: &str = "+12025550123";

async fn send(centre: &Centre, channel: MessageChannel) {
    let number = Number::read(ANN, "/phoneNumber").unwrap();
    codes::send(&centre.app, &number, channel, Words::of("en")).await.unwrap();
}

async fn row(centre: &Centre) -> phone_message::Model {
    let mut rows = phone_messages::to(centre.app.db.reader(), ANN).await.unwrap();
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

async fn sent_while(ground: Ground, does: RestEffect, times: u32) -> Centre {
    let centre = Centre::open(ground, Plan::default()).await;
    let fault = RestFault { times: Some(times), ..RestFault::once("POST", "/Messages.json", does) };
    centre.carrier.set_faults(Faults { rest: vec![fault], ..Faults::default() });
    send(&centre, MessageChannel::Sms).await;
    centre.pass(60).await;
    centre
}

whole_calls! {
    async fn a_code_is_sent_by_message_and_its_delivery_is_known(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        send(&centre, MessageChannel::Sms).await;
        centre.pass(60).await;
        let sent = centre.carrier.messages();
        assert_eq!(sent.len(), 1);
        assert_eq!((sent[0].from.as_str(), sent[0].to.as_str()), ("+12025550199", ANN));
        assert!(sent[0].body.contains("is your CallDocker code"), "{}", sent[0].body);
        let row = row(&centre).await;
        assert_eq!((row.state, row.provider_sid.as_deref()), (TextState::Delivered, Some(sent[0].sid.as_str())));
        assert_eq!((row.content_sealed.as_str(), row.run_at), ("", None), "nothing is left of it");
        assert!(row.settled_at.is_some());
        centre.close().await;
    }

    async fn a_code_is_sent_by_whatsapp(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        send(&centre, MessageChannel::Whatsapp).await;
        centre.pass(60).await;
        let sent = centre.carrier.messages();
        assert_eq!((sent[0].from.as_str(), sent[0].to.as_str()), ("whatsapp:+12025550199", "whatsapp:+12025550123"));
        assert_eq!(row(&centre).await.state, TextState::Delivered);
        centre.close().await;
    }

    async fn a_code_whose_reply_is_lost_is_not_sent_again(ground) {
        let centre = sent_while(ground, RestEffect::ReplyLost, 1).await;
        assert_eq!(centre.carrier.messages().len(), 1);
        assert_eq!(row(&centre).await.state, TextState::Asked, "nobody knows");
        centre.close().await;
    }

    async fn a_provider_that_wants_fewer_requests_is_asked_again(ground) {
        let centre = sent_while(ground, RestEffect::TooManyRequests { retry_after: 2 }, 2).await;
        assert_eq!(centre.carrier.messages().len(), 1);
        assert_eq!(row(&centre).await.state, TextState::Delivered);
        centre.close().await;
    }

    async fn a_code_that_does_not_arrive_says_why(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.carrier.set_endpoint(ANN, Endpoint::only(Answer::Unreachable));
        send(&centre, MessageChannel::Sms).await;
        centre.pass(60).await;
        let row = row(&centre).await;
        assert_eq!((row.state, row.error_code), (TextState::Failed, Some(30003)));
        centre.close().await;
    }
}
