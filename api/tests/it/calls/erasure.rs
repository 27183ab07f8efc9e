//! A caller is erased: nothing in any table or file names him, and his calls are counted as they were.

use std::time::Duration;

use calldocker::authz::Whose;
use calldocker::calls::desk::{self as calls, CallPatch};
use calldocker::calls::recording::desk::{self as recordings, Hold, Reader};
use calldocker::cli::reports::{Then, check};
use calldocker::contacts::{self, Card, Change};
use calldocker::integrations::bucket::{self, Handing, Wanted};
use calldocker::jobs::Done;
use calldocker::privacy::desk::{self, Named};
use calldocker::privacy::work;
use calldocker::secret::Secret;
use calldocker::store::privacy_requests;
use carrier::Step;
use entity::{
    PrivacyKind, PrivacyState, RecordingRule, RecordingState, SegmentState, privacy_request, report_agent,
    report_queue, webhook_event,
};
use sea_orm::QueryOrder;
use serde_json::{Value, json};

use super::recording::say;
use crate::support::centre::{CALLER, Centre, Ground, Life, Plan, whole_calls};
use crate::support::dump_all;
use crate::support::store::{BUCKET, KEY, SECRET, Store};

const NAME: &str = "Zebulon Quagmire";
const EMAIL: &str = "zebulon@quagmire.example";
/// What he says and keys in, or others write about him.
const SAID: [&str; 4] = ["2025550199", "Zebulon", "quagmire", "8642097531"];

/// He keys in a number, gets a message, and comes to an agent.
fn flow() -> Value {
    json!({"version": 1, "name": "Test", "start": "who", "language": "en-US", "nodes": {
        "who": {"type": "findContact", "save": {"name": "name"}, "next": {"found": "ask", "notFound": "ask"}},
        "ask": {"type": "collect", "prompt": "Your customer number, please.", "variable": "customer", "maxDigits": 10,
                "next": {"collected": "sms", "timeout": "sms", "invalid": "sms"}},
        "sms": {"type": "sms", "text": "Hello {{ vars.name }}, you are {{ vars.customer }}.", "next": {"next": "wait"}},
        "wait": {"type": "enqueue", "queue": "support"},
    }})
}

/// Somebody who is known, has called, was recorded, has written; with somebody else beside him.
async fn lived_in(ground: Ground, life: Life) -> Centre {
    lived_in_with(ground, Plan { life, ..Plan::default() }, async |_| {}).await
}

async fn lived_in_with(ground: Ground, plan: Plan, prepare: impl AsyncFnOnce(&Centre)) -> Centre {
    let centre = Centre::open(ground, Plan { flow: flow(), ..plan }).await;
    prepare(&centre).await;
    say(&centre, RecordingRule::Always).await;
    let card = Card {
        name: Some(NAME.into()),
        email: Some(EMAIL.into()),
        notes: Some("Zebulon is deaf.".into()),
        company: Some("Quagmire and Sons".into()),
        custom: Some([("nick".to_owned(), "Zebulon".to_owned())].into()),
        ..Card::default()
    };
    contacts::create(
        &centre.app,
        centre.scope,
        centre.user,
        Change { number: Some(CALLER.into()), card, ..Change::default() },
    )
    .await
    .unwrap();
    let steps = [
        Step::UntilSaid("customer number".into()),
        Step::Press("8642097531".into()),
        Step::AfterConnected(10.0),
        Step::HangUp,
    ];
    centre.ring(steps);
    centre.pass(12).await;
    let call = centre.accept(0).await;
    centre.pass_until_segment_is(SegmentState::Connected).await;
    centre.pass(120).await;
    let patch = CallPatch { notes: Some("Zebulon was angry.".into()), ..CallPatch::default() };
    calls::update(&centre.app, centre.scope, Whose::Everybodys, call, patch).await.unwrap();
    // Another one, who gives up.
    centre.ring_as(
        7,
        [Step::UntilSaid("customer number".into()), Step::Press("1".into()), Step::Wait(15.0), Step::HangUp],
    );
    centre.carrier.send_message(CALLER, "+12025550100", "It is me, Zebulon Quagmire").unwrap();
    centre.pass(300).await;
    let tx = centre.app.db.begin().await.unwrap();
    let event = webhook_event::Model {
        id: centre.app.ids.next(),
        company_id: centre.scope.company(),
        kind: "call.ended".to_owned(),
        body: json!({"type": "call.ended", "data": {"callId": call, "callerName": "Zebulon"}}).to_string(),
        created_at: centre.clock.now(),
    };
    centre.scope.insert::<webhook_event::Entity, _>(&tx, event).await.unwrap();
    tx.commit().await.unwrap();
    centre
}

fn wanted(store: &Store) -> Wanted {
    Wanted {
        endpoint: Some(format!("http://{}", store.address)),
        region: "eu-central-1".into(),
        name: BUCKET.into(),
        prefix: String::new(),
        access_key_id: KEY.into(),
        secret: Some(Secret::new(SECRET)),
        path_style: true,
        handing: Handing::Streamed,
    }
}

async fn ask(centre: &Centre, kind: PrivacyKind) -> privacy_request::Model {
    let named = Named::Number(CALLER.to_owned());
    desk::create(&centre.app, centre.scope, centre.user, kind, named, None).await.unwrap()
}

async fn row(centre: &Centre, of: &privacy_request::Model) -> privacy_request::Model {
    privacy_requests::get(centre.scope, centre.app.db.reader(), of.id).await.unwrap()
}

/// What of him stands where, by table.
async fn named(centre: &Centre) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (table, rows) in dump_all(&centre.app).await {
        for row in rows {
            let lower = row.to_lowercase();
            if SAID.iter().any(|word| lower.contains(&word.to_lowercase())) {
                found.push((table.clone(), row));
            }
        }
    }
    found
}

async fn counted(centre: &Centre) -> (Vec<report_queue::Model>, Vec<report_agent::Model>) {
    let db = centre.app.db.reader();
    let queues = centre.scope.find::<report_queue::Entity>().order_by_asc(report_queue::Column::Quarter);
    let agents = centre.scope.find::<report_agent::Entity>().order_by_asc(report_agent::Column::Quarter);
    (
        queues.order_by_asc(report_queue::Column::Attribution).all(db).await.unwrap(),
        agents
            .order_by_asc(report_agent::Column::Attribution)
            .order_by_asc(report_agent::Column::QueueId)
            .all(db)
            .await
            .unwrap(),
    )
}

fn what(proof: &Value) -> Vec<&str> {
    proof["erased"].as_object().unwrap().keys().map(String::as_str).collect()
}

whole_calls! {
    async fn nothing_names_him_any_more_and_his_calls_are_counted_as_before(ground) {
        let centre = lived_in(ground, Life::Immortal).await;
        let tables: Vec<_> = named(&centre).await.into_iter().map(|(table, _)| table).collect();
        for table in ["call", "call_event", "contact", "engine_input", "leg", "outbox", "text_message", "webhook_event", "webhook_request"] {
            assert!(tables.iter().any(|one| one == table), "{table} does not name him before, so nothing is proved: {tables:?}");
        }
        let files: Vec<_> = centre.recordings().await.into_iter().filter_map(|row| row.storage_key).collect();
        assert_eq!(files.len(), 1, "he was recorded");
        let (report, wrong) = check(&centre.app, Then::Leave).await.unwrap();
        assert_eq!(wrong, 0, "{report}");
        let (before, shape) = (counted(&centre).await, centre.calls().await);

        let archive = ask(&centre, PrivacyKind::Export).await;
        centre.pass(30).await;
        let archive_key = row(&centre, &archive).await.storage_key.expect("an archive");
        let asked = ask(&centre, PrivacyKind::Erase).await;
        centre.pass(120).await;
        let done = row(&centre, &asked).await;
        assert_eq!(done.state, PrivacyState::Completed, "{done:?}\n{}", centre.all_stories().await);

        let left = named(&centre).await;
        assert!(left.is_empty(), "he still stands in:\n{left:#?}");
        for key in files.iter().chain([&archive_key]) {
            assert!(centre.app.storage.get(key).await.unwrap().is_none(), "{key} is still there");
        }
        let (report_after, wrong) = check(&centre.app, Then::Leave).await.unwrap();
        assert_eq!((wrong, report_after), (0, report));
        assert_eq!(counted(&centre).await, before);
        let calls = centre.calls().await;
        for (call, was) in calls.iter().zip(&shape) {
            assert_eq!((call.id, call.status, call.outcome, call.started_at, call.ended_at, call.queue_id, call.agent_id),
                       (was.id, was.status, was.outcome, was.started_at, was.ended_at, was.queue_id, was.agent_id));
        }
        assert_eq!((calls[0].from_address.as_str(), calls[1].from_address.as_str()), ("erased", "+12025551007"));
        assert!(calls[1].session.is_some(), "another caller's call is as it was");
        assert_eq!(done.subject_sealed, None);
        for table in ["archives", "calls", "contact", "engine_input", "recordings", "text_message"] {
            assert!(what(&done.proof).contains(&table), "{table}: {}", done.proof);
        }
        assert_eq!(done.proof["left"], json!([]));

        // Whoever calls from there from now on is somebody new.
        centre.ring([]);
        centre.pass(5).await;
        assert_eq!(centre.calls().await[2].from_address, CALLER);
        centre.close().await;
    }

    async fn a_legal_hold_wins_and_the_proof_says_so(ground) {
        let centre = lived_in(ground, Life::Immortal).await;
        let recording = centre.recordings().await.remove(0);
        let reader = Reader { user: centre.user, whose: Whose::Everybodys };
        let hold = Hold::On { reason: "Case 12".into() };
        recordings::hold(&centre.app, centre.scope, reader, recording.id, hold).await.unwrap();
        let asked = ask(&centre, PrivacyKind::Erase).await;
        centre.pass(120).await;
        let done = row(&centre, &asked).await;
        assert_eq!(done.state, PrivacyState::Completed, "{done:?}");
        assert_eq!(done.proof["left"][0]["what"], json!("recordings"));
        assert_eq!(done.proof["left"][0]["count"], json!(1));
        let kept = centre.recordings().await.remove(0);
        assert_eq!(kept.state, RecordingState::Stored);
        assert!(centre.app.storage.get(&kept.storage_key.unwrap()).await.unwrap().is_some());
        assert_eq!(named(&centre).await, []);
        centre.close().await;
    }

    async fn what_lies_in_the_company_s_own_bucket_goes_too(ground) {
        let store = Store::open().await;
        let plan = Plan { reachable: store.address.to_string(), ..Plan::default() };
        let centre = lived_in_with(ground, plan, async |centre| {
            bucket::put(&centre.app, centre.scope, centre.user, wanted(&store)).await.unwrap();
        }).await;
        let recorded = centre.recordings().await.remove(0).storage_key.expect("he was recorded");
        assert_eq!(store.files(), [recorded], "in the bucket");
        let archive = ask(&centre, PrivacyKind::Export).await;
        centre.pass(30).await;
        assert_eq!(store.files().len(), 2, "{:?}", row(&centre, &archive).await);
        let asked = ask(&centre, PrivacyKind::Erase).await;
        centre.pass(120).await;
        let done = row(&centre, &asked).await;
        assert_eq!((done.state, &done.proof["left"]), (PrivacyState::Completed, &json!([])), "{done:?}");
        assert_eq!(store.files(), [""; 0]);
        centre.close().await;
        store.close();
    }

    async fn who_is_on_the_line_is_erased_when_he_has_hung_up(ground) {
        let centre = lived_in(ground, Life::Immortal).await;
        centre.ring([Step::UntilSaid("customer number".into()), Step::Press("8642097531".into()), Step::Wait(90.0), Step::HangUp]);
        centre.pass(10).await;
        let asked = ask(&centre, PrivacyKind::Erase).await;
        centre.pass(40).await;
        assert_eq!(row(&centre, &asked).await.state, PrivacyState::Running);
        centre.pass(400).await;
        assert_eq!(row(&centre, &asked).await.state, PrivacyState::Completed, "{}", centre.all_stories().await);
        assert_eq!(named(&centre).await, []);
        centre.close().await;
    }

    async fn a_node_that_is_killed_in_the_middle_leaves_the_rest_to_the_next(ground) {
        let mut centre = lived_in(ground, Life::Mortal).await;
        let asked = ask(&centre, PrivacyKind::Erase).await;
        // It has begun, and waits for the file to go.
        centre.clock.advance(Duration::from_millis(100)).await;
        let before = row(&centre, &asked).await;
        assert_ne!(before.state, PrivacyState::Completed, "it is too late to kill anything: {before:?}");
        centre.kill_and_restart().await;
        centre.pass(300).await;
        let done = row(&centre, &asked).await;
        assert_eq!(done.state, PrivacyState::Completed, "{done:?}");
        assert_eq!(named(&centre).await, []);
        centre.close().await;
    }

    async fn what_is_taken_out_has_his_rows_and_his_voice_and_goes_after_a_week(ground) {
        let centre = lived_in(ground, Life::Immortal).await;
        let asked = ask(&centre, PrivacyKind::Export).await;
        centre.pass(30).await;
        let made = row(&centre, &asked).await;
        assert_eq!((made.state, made.subject_sealed.as_ref()), (PrivacyState::Completed, None), "{made:?}");
        let key = made.storage_key.clone().unwrap();
        let archive = centre.app.storage.get(&key).await.unwrap().expect("the archive is there");
        assert_eq!(i64::try_from(archive.len()).ok(), made.size_bytes);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("person.tar"), &archive).unwrap();
        let unpacked = std::process::Command::new("tar").arg("-xf").arg("person.tar").current_dir(folder.path()).status().unwrap();
        assert!(unpacked.success(), "tar reads it");
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let rows = |table: &str| serde_json::from_str::<Vec<Value>>(&read(&format!("data/{table}.json"))).unwrap();
        let sheet: Value = serde_json::from_str(&read("person.json")).unwrap();
        assert_eq!((&sheet["person"]["number"], &sheet["person"]["names"][0]), (&json!(CALLER), &json!(NAME)));
        assert_eq!((rows("contact")[0]["email"].as_str(), rows("contact").len()), (Some(EMAIL), 1));
        assert_eq!((rows("call").len(), rows("call")[0]["from_address"].as_str()), (1, Some(CALLER)));
        assert_eq!(rows("text_message").len(), 2, "one that he got, one that he sent");
        assert!(rows("engine_input").iter().any(|row| row.to_string().contains("8642097531")), "what he keyed in");
        assert!(!rows("webhook_request").is_empty());
        let sound = centre.recordings().await.remove(0);
        let file = std::fs::read(folder.path().join(format!("recordings/{}.wav", sound.id))).unwrap();
        assert_eq!(i64::try_from(file.len()).ok(), sound.size_bytes);
        assert!(!read("data/call.json").contains("+12025551007"), "another caller's call is not in it");

        let link = desk::link(&centre.app, &made).unwrap().expect("an address");
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let fetch = async |link: &str| client.get(link).send().await.unwrap();
        let fetched = fetch(&link).await;
        assert_eq!((fetched.status().as_u16(), fetched.bytes().await.unwrap()), (200, archive));
        let forged = link.replace("signature=", "signature=0");
        assert_eq!(fetch(&forged).await.status().as_u16(), 404);
        // As if a week were over.
        let tx = centre.app.db.begin().await.unwrap();
        let old = privacy_request::Model { expires_at: Some(centre.clock.now()), ..made.clone() };
        privacy_requests::save(centre.scope, &tx, old).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(work::delete(&centre.app, centre.scope, asked.id).await.unwrap(), Done::Yes));
        assert_eq!(row(&centre, &asked).await.state, PrivacyState::Expired);
        assert!(centre.app.storage.get(&key).await.unwrap().is_none());
        assert_eq!(fetch(&link).await.status().as_u16(), 404);
        centre.close().await;
    }
}
