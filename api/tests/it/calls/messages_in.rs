//! Text messages that people send to the company's numbers.

use calldocker::contacts::{self, Card, Change};
use calldocker::store::messages;
use carrier::{CallbackEffect, CallbackFault, CallbackKind, Faults};
use entity::id::WebhookEndpointId;
use entity::{
    OptOutCause, TextDirection, TextState, opt_out, outbox_counter, text_message, webhook_endpoint,
    webhook_event,
};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, Set};
use serde_json::{Value, json};

use crate::support::centre::{CALLER, Centre, NUMBER, Plan, whole_calls};
use crate::support::hooks::assert_documented;

async fn all(centre: &Centre) -> Vec<text_message::Model> {
    let rows = centre.scope.find::<text_message::Entity>().order_by_asc(text_message::Column::Id);
    rows.all(centre.app.db.reader()).await.unwrap()
}

async fn opt_outs(centre: &Centre) -> Vec<opt_out::Model> {
    centre.scope.find::<opt_out::Entity>().all(centre.app.db.reader()).await.unwrap()
}

async fn says(centre: &Centre, text: &str) {
    centre.carrier.send_message(CALLER, NUMBER, text).expect("the number has an address for messages");
    centre.pass(2).await;
}

fn texts_the_caller() -> Plan {
    let flow = json!({"version": 1, "name": "Texts", "start": "sms", "language": "en-US", "nodes": {
        "sms": {"type": "sms", "text": "Your code is 123.", "next": {"next": "bye"}},
        "bye": {"type": "hangup"},
    }});
    Plan { flow, ..Plan::default() }
}

async fn text_the_caller(centre: &Centre) -> text_message::Model {
    centre.ring([]);
    centre.pass(70).await;
    all(centre).await.into_iter().rfind(|row| row.direction == TextDirection::Outbound).expect("a message")
}

/// Somebody outside is told of everything, though he cannot be reached.
async fn tell_somebody(centre: &Centre) {
    let (now, tx) = (centre.clock.now(), centre.app.db.begin().await.unwrap());
    let endpoint = webhook_endpoint::Model {
        id: centre.app.ids.next::<WebhookEndpointId>(),
        company_id: centre.scope.company(),
        url: "https://127.0.0.1:9/hooks".to_owned(),
        description: None,
        events: None,
        enabled: true,
        disabled_because: None,
        disabled_at: None,
        secret_sealed: String::new(),
        old_secret_sealed: None,
        old_secret_until: None,
        failing_since: None,
        failures: 0,
        created_at: now,
        updated_at: now,
        updated_by: centre.user,
    };
    centre.scope.insert::<webhook_endpoint::Entity, _>(&tx, endpoint).await.unwrap();
    let wanted = outbox_counter::ActiveModel { facts_wanted: Set(true), ..Default::default() };
    centre.scope.update_many::<outbox_counter::Entity>().set(wanted).exec(&tx).await.unwrap();
    tx.commit().await.unwrap();
}

async fn told(centre: &Centre, kind: &str) -> Vec<Value> {
    let rows = centre.scope.find::<webhook_event::Entity>().filter(webhook_event::Column::Kind.eq(kind));
    let rows = rows.all(centre.app.db.reader()).await.unwrap();
    rows.iter().map(|row| serde_json::from_str(&row.body).unwrap()).collect()
}

whole_calls! {
    async fn a_message_is_kept_with_its_sender_and_told_once_though_it_comes_twice(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        tell_somebody(&centre).await;
        let card = Card { name: Some("Ann".into()), ..Card::default() };
        let ann = contacts::create(&centre.app, centre.scope, centre.user, Change { number: Some(CALLER.into()), card, ..Change::default() }).await.unwrap();
        let twice = CallbackFault::of(CallbackKind::Message, CallbackEffect::Double);
        centre.carrier.set_faults(Faults { callbacks: vec![twice], ..Faults::default() });
        let long = "Where is my piano? ".repeat(80);
        let pictures = ["https://example.com/1.jpg".to_owned(), "https://example.com/2.jpg".to_owned()];
        centre.carrier.send_media(CALLER, NUMBER, &long, &pictures).expect("an address for messages");
        centre.pass(5).await;
        let rows = all(&centre).await;
        assert_eq!(rows.len(), 1, "{rows:?}");
        let row = &rows[0];
        assert_eq!((row.direction, row.state, row.media), (TextDirection::Inbound, TextState::Received, 2));
        assert_eq!((row.from_number.as_str(), row.to_number.as_str()), (CALLER, NUMBER));
        assert_eq!((row.body.as_str(), row.call_id), (long.as_str(), None));
        let listed = contacts::messages(&centre.app, centre.scope, ann.contact.row.id, None, 10).await.unwrap();
        assert_eq!(listed.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [row.id]);
        let told = told(&centre, "message.received").await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert_documented(&told[0]);
        assert_eq!(told[0]["data"]["contactId"], json!(ann.contact.row.id));
        assert_eq!(told[0]["data"]["text"], json!(long));
        centre.close().await;
    }

    async fn who_says_stop_gets_no_messages_until_he_says_start(ground) {
        let centre = Centre::open(ground, texts_the_caller()).await;
        tell_somebody(&centre).await;
        says(&centre, " Stop ").await;
        let out = opt_outs(&centre).await;
        assert_eq!((out.len(), out[0].because, out[0].our_number.as_str()), (1, OptOutCause::Keyword, NUMBER));
        assert!(!out[0].number_hash.contains("2025550199"));
        let refused = text_the_caller(&centre).await;
        assert_eq!((refused.state, refused.error_code), (TextState::Failed, Some(21_610)));
        let sent = centre.carrier.messages().into_iter().filter(|message| message.to == CALLER).count();
        assert_eq!(sent, 0, "the provider is not asked");
        let story = centre.story(refused.call_id.unwrap()).await;
        for kind in ["message.planned", "message.failed"] {
            assert_eq!(story.iter().filter(|line| *line == kind).count(), 1, "{kind}: {story:?}");
        }
        let failed = told(&centre, "message.failed").await;
        assert_documented(&failed[0]);
        assert_eq!(failed[0]["data"]["errorCode"], json!(21_610));
        says(&centre, "Please stop calling").await;
        says(&centre, "START").await;
        assert_eq!(opt_outs(&centre).await, []);
        assert_eq!(text_the_caller(&centre).await.state, TextState::Delivered);
        for (kind, state) in [("message.sent", "sent"), ("message.delivered", "delivered")] {
            let told = told(&centre, kind).await;
            assert_documented(&told[0]);
            assert_eq!((told.len(), &told[0]["data"]["state"]), (1, &json!(state)));
        }
        centre.close().await;
    }

    async fn who_is_refused_by_the_provider_is_not_asked_for_again(ground) {
        let centre = Centre::open(ground, texts_the_caller()).await;
        says(&centre, "STOP").await;
        // As if we had never heard of it.
        let tx = centre.app.db.begin().await.unwrap();
        centre.scope.delete_many::<opt_out::Entity>().exec(&tx).await.unwrap();
        tx.commit().await.unwrap();
        let refused = text_the_caller(&centre).await;
        assert_eq!((refused.state, refused.error_code), (TextState::Failed, Some(21_610)));
        assert_eq!(opt_outs(&centre).await[0].because, OptOutCause::Provider);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_message_that_was_read_was_delivered_and_news_of_it_may_come_in_any_order(ground) {
        let centre = Centre::open(ground, texts_the_caller()).await;
        let lost = CallbackFault::of(CallbackKind::Message, CallbackEffect::Lost);
        centre.carrier.set_faults(Faults { callbacks: vec![lost], ..Faults::default() });
        let message = text_the_caller(&centre).await;
        assert_eq!(message.state, TextState::Sent);
        let url = centre.app.urls(centre.scope.company()).message_status(message.id);
        let sid = message.provider_sid.clone().unwrap();
        for (status, state) in [
            ("read", TextState::Read),
            ("delivered", TextState::Read),
            ("sent", TextState::Read),
            ("undelivered", TextState::Read),
            ("read", TextState::Read),
        ] {
            centre.hop(&url, &[("MessageSid", &sid), ("MessageStatus", status)]).await;
            let now = messages::message(centre.scope, centre.app.db.reader(), message.id).await.unwrap().unwrap();
            assert_eq!(now.state, state, "after {status}");
        }
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_message_to_a_number_that_is_not_the_company_s_is_nobody_s(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let url = centre.app.urls(centre.scope.company()).message_in();
        let params = [("MessageSid", "SM1"), ("From", CALLER), ("To", "+12025550111"), ("Body", "Hi")];
        centre.hop(&url, &params).await;
        assert_eq!(all(&centre).await, []);
        // One whose first processing failed, or that the fallback address got as well, is the same.
        let params = [("MessageSid", "SM2"), ("From", "whatsapp:+12025550199"), ("To", NUMBER), ("ErrorCode", "11200")];
        centre.hop(&url, &params).await;
        centre.hop(&url, &params).await;
        let rows = all(&centre).await;
        assert_eq!((rows.len(), rows[0].from_number.as_str(), rows[0].body.as_str()), (1, CALLER, ""));
        centre.close().await;
    }
}
