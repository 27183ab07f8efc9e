//! Phones and whole calls: what rings, what takes its place, and what a screen that is open makes needless.

use calldocker::identity::devices::{self, NewDevice};
use calldocker::identity::{Caller, Standing};
use calldocker::secret::Secret;
use calldocker::store::{sessions, workforce};
use carrier::Step;
use entity::id::SessionId;
use entity::{PushPurpose, PushServiceKind, Reach, Role, session};
use push::fakes::Checked;
use push::fakes::Fault;

use crate::support::centre::{Centre, Ground, Nodes, Plan, whole_calls};
use crate::support::phones::Phones;

/// Signs the agent in on a phone, which registers itself there.
async fn carries_a_phone(centre: &Centre, agent: usize, token: &str) {
    let (scope, db) = (centre.scope, centre.app.db.reader());
    let row = workforce::agent(scope, db, centre.agents[agent]).await.unwrap();
    let user = workforce::user_of(scope, db, row.id).await.unwrap().unwrap();
    let (now, id): (_, SessionId) = (centre.clock.now(), centre.app.ids.next());
    let session = session::Model {
        id,
        user_id: user,
        membership_id: Some(row.membership_id),
        created_at: now,
        refreshed_at: now,
        expires_at: now + chrono::TimeDelta::days(7),
        revoked_at: None,
        revoked_because: None,
    };
    let tx = centre.app.db.begin().await.unwrap();
    sessions::insert(&tx, session).await.unwrap();
    tx.commit().await.unwrap();
    let standing = Standing::Member {
        membership: row.membership_id,
        company: centre.scope.company(),
        role: Role::Agent,
        agent: Some(row.id),
    };
    let caller = Caller { user, session: id, standing, key: None };
    let device = NewDevice {
        service: PushServiceKind::Apns,
        token: Secret::new(token),
        purpose: PushPurpose::Alert,
        sandbox: false,
        name: None,
    };
    devices::register(&centre.app, &caller, device).await.unwrap();
}

async fn open(ground: Ground, agents: Vec<Reach>, nodes: Nodes) -> Centre {
    Centre::open(ground, Plan { agents, nodes, phones: true, ..Plan::default() }).await
}

/// What the phones were told, with the thread that each notice belongs to.
fn told(centre: &Centre) -> Vec<(String, String)> {
    let phones: &Phones = centre.phones.as_ref().unwrap();
    let told = phones.apns.pushed().into_iter().map(|pushed| {
        let notice = pushed.payload["notice"].as_str().unwrap().to_owned();
        (notice, pushed.headers["apns-collapse-id"].clone())
    });
    told.collect()
}

fn waits() -> [Step; 2] {
    [Step::Wait(40.0), Step::HangUp]
}

whole_calls! {
    async fn an_offer_rings_the_agent_s_phone_and_a_missed_one_takes_its_place_there(ground) {
        let centre = open(ground, vec![Reach::Client], Nodes::One).await;
        carries_a_phone(&centre, 0, "aabb").await;
        centre.ring(waits());
        centre.pass(5).await;
        assert_eq!(told(&centre).len(), 1);
        assert_eq!(told(&centre)[0].0, "offer");
        let pushed = centre.phones.as_ref().unwrap().apns.pushed().remove(0);
        assert_eq!(pushed.payload["offerId"], serde_json::json!(centre.offer(0).await));
        centre.pass(20).await;
        let both = told(&centre);
        assert_eq!((both.len(), both[1].0.as_str()), (2, "missed_call"));
        assert_eq!(both[0].1, both[1].1, "a phone shows one of them");
        centre.pass(60).await;
        centre.phones.as_ref().unwrap().assert_no_faults();
        centre.close().await;
    }

    async fn a_phone_that_rang_for_an_offer_is_told_when_it_is_withdrawn_or_taken(ground) {
        let centre = open(ground, vec![Reach::Client], Nodes::One).await;
        carries_a_phone(&centre, 0, "aabb").await;
        centre.ring([Step::Wait(8.0), Step::HangUp]);
        centre.pass(5).await;
        let rang = centre.phones.as_ref().unwrap().apns.pushed().remove(0);
        centre.pass(10).await;
        let kinds = || told(&centre).into_iter().map(|(notice, _)| notice).collect::<Vec<_>>();
        assert_eq!(kinds(), ["offer", "over"]);
        let over = centre.phones.as_ref().unwrap().apns.pushed().remove(1);
        assert_eq!(over.payload["offerId"], rang.payload["offerId"]);
        assert_eq!(over.headers["apns-push-type"], "background");
        centre.pass(60).await;
        centre.ring([Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(3).await;
        centre.accept(0).await;
        centre.pass(5).await;
        assert_eq!(kinds(), ["offer", "over", "offer", "over"]);
        centre.pass(120).await;
        centre.phones.as_ref().unwrap().assert_no_faults();
        centre.close().await;
    }

    async fn a_service_that_fails_holds_up_no_call(ground) {
        let centre = open(ground, vec![Reach::Client], Nodes::One).await;
        carries_a_phone(&centre, 0, "aabb").await;
        let apns = &centre.phones.as_ref().unwrap().apns;
        for _ in 0..3 {
            apns.next(Fault::status(503, "{}"));
        }
        centre.ring([Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(3).await;
        centre.accept(0).await;
        centre.pass(120).await;
        let tried = told(&centre);
        let is_offer = |(notice, _): &(String, String)| notice == "offer";
        assert!(tried.len() < 3 && tried.iter().all(is_offer), "answered before the service came back: {tried:?}");
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn who_is_rung_at_a_number_is_not_told_of_the_offer_beside(ground) {
        let centre = open(ground, vec![Reach::Number], Nodes::One).await;
        carries_a_phone(&centre, 0, "aabb").await;
        centre.ring(waits());
        centre.pass(5).await;
        assert!(told(&centre).is_empty());
        centre.pass(120).await;
        centre.close().await;
    }

    async fn two_nodes_tell_a_phone_once(ground) {
        let centre = open(ground, vec![Reach::Client], Nodes::Two).await;
        carries_a_phone(&centre, 0, "aabb").await;
        centre.ring(waits());
        centre.pass(5).await;
        assert_eq!(told(&centre).len(), 1);
        centre.pass(120).await;
        centre.close().await;
    }
}
