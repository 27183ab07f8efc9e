//! Flows that find and save contacts.

use calldocker::contacts::{self, Card, Change, Place, Search};
use calldocker::store::contacts as rows;
use carrier::Step;
use entity::engine_input;
use sea_orm::QueryOrder;
use serde_json::{Value, json};

use crate::support::centre::{CALLER, Centre, Plan, heard, whole_calls};

fn flow(start: &str, nodes: Value) -> Plan {
    let flow = json!({"version": 1, "name": "Test", "start": start, "language": "en-US", "nodes": nodes});
    Plan { flow, ..Plan::default() }
}

fn greets_who_is_known() -> Plan {
    flow(
        "who",
        json!({
            "who": {"type": "findContact", "save": {"name": "name", "tier": "custom.tier", "marks": "tags"},
                    "next": {"found": "known", "notFound": "unknown"}},
            "known": {"type": "hangup", "prompt": "Hello {{ vars.name }}, {{ vars.tier }} and {{ vars.marks }}."},
            "unknown": {"type": "hangup", "prompt": "We do not know you."},
        }),
    )
}

async fn make(centre: &Centre, card: Card) {
    let change = Change { number: Some(CALLER.into()), card, ..Change::default() };
    contacts::create(&centre.app, centre.scope, centre.user, change).await.unwrap();
}

whole_calls! {
    async fn who_is_known_is_greeted_by_name_and_the_answer_is_recorded(ground) {
        let centre = Centre::open(ground, greets_who_is_known()).await;
        let stranger = centre.ring([]);
        centre.pass(70).await;
        assert!(heard(&stranger, "we do not know you"), "{}", centre.all_stories().await);
        let custom = [("tier".to_owned(), "gold".to_owned())].into();
        let tags = Some(vec!["vip".to_owned(), "north".to_owned()]);
        let card = Card { name: Some("Ann".into()), tags, custom: Some(custom), ..Card::default() };
        make(&centre, card).await;
        let friend = centre.ring([]);
        centre.pass(70).await;
        assert!(heard(&friend, "hello ann, gold and north, vip"), "{}", centre.all_stories().await);
        let inputs = centre.scope.find::<engine_input::Entity>().order_by_asc(engine_input::Column::At);
        let inputs = inputs.all(centre.app.db.reader()).await.unwrap();
        let answers: Vec<_> = inputs.into_iter().map(|row| row.input).filter(|input| input["type"] == "contactFound").collect();
        assert_eq!(answers, [
            json!({"type": "contactFound", "value": null}),
            json!({"type": "contactFound", "value": {"name": "Ann", "custom.tier": "gold", "tags": "north, vip"}}),
        ]);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_flow_saves_what_a_caller_keyed_in_and_leaves_out_what_a_contact_cannot_have(ground) {
        let centre = Centre::open(ground, flow("ask", json!({
            "ask": {"type": "collect", "prompt": "Your customer number, please.", "variable": "customer", "maxDigits": 4,
                    "next": {"collected": "save", "timeout": "bye", "invalid": "bye"}},
            "save": {"type": "saveContact", "tags": ["called", "north"], "fields": {
                "custom.customer": "{{ vars.customer }}", "custom.last": "{{ now | date: '%Y' }}", "name": "Somebody", "email": "none", "notes": ""},
                "next": {"next": "again"}},
            "again": {"type": "findContact", "save": {"name": "name", "customer": "custom.customer"}, "next": {"found": "told", "notFound": "bye"}},
            "told": {"type": "hangup", "prompt": "{{ vars.name }} has {{ vars.customer }}."},
            "bye": {"type": "hangup"},
        }))).await;
        let kept = Card { name: Some("Ann".into()), email: Some("ann@example.com".into()), notes: Some("Old.".into()),
                          tags: Some(vec!["vip".into()]), ..Card::default() };
        make(&centre, kept).await;
        let caller = centre.ring([Step::UntilSaid("customer number".into()), Step::Press("4711".into())]);
        centre.pass(70).await;
        assert!(heard(&caller, "somebody has 4711"), "{}", centre.all_stories().await);
        let saved = rows::by_number(centre.scope, centre.app.db.reader(), CALLER).await.unwrap().unwrap();
        assert_eq!((saved.email.as_deref(), saved.notes.as_deref()), (Some("ann@example.com"), None));
        assert_eq!(saved.tags, json!(["called", "north", "vip"]));
        assert_eq!(saved.custom, json!({"customer": "4711", "last": "2026"}));
        let story = centre.story(centre.call().await.id).await;
        assert_eq!(story.iter().filter(|kind| *kind == "contact.saved").count(), 1, "{story:?}");
        assert_eq!(story.iter().filter(|kind| *kind == "flow.problem").count(), 1, "the address that is none is told: {story:?}");
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_stranger_who_calls_becomes_a_contact(ground) {
        let centre = Centre::open(ground, flow("save", json!({
            "save": {"type": "saveContact", "tags": ["called"], "next": {"next": "bye"}},
            "bye": {"type": "hangup"},
        }))).await;
        centre.ring([]);
        centre.ring([]);
        centre.pass(70).await;
        let search = Search { text: Some(CALLER.into()), ..Search::default() };
        let page = Place::Page { offset: 0, limit: 10 };
        let (found, total) = contacts::list(&centre.app, centre.scope, centre.user, search, page).await.unwrap();
        assert_eq!((total, &found.rows[0].contact.row.tags), (Some(1), &json!(["called"])), "{}", centre.all_stories().await);
        centre.assert_at_rest().await;
        centre.close().await;
    }
}
