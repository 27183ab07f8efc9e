//! /api/settings/company/{companyId}/integrations/transcription

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use calldocker::calls::transcription::hook;
use calldocker::store::one_each;
use entity::{audit, transcription_hook};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::support::{TestApp, World, on_both_databases};

const URL: &str = "https://speech.example.com/voicemails?key=a-part-of-the-address";

fn path(world: &World) -> String {
    format!("/api/settings/company/{}/integrations/transcription", world.ours.id)
}

async fn stored(app: &TestApp, world: &World) -> Option<transcription_hook::Model> {
    one_each::get::<transcription_hook::Entity>(world.ours.scope, app.app.db.reader()).await.unwrap()
}

/// The secret by which the hook knows us.
async fn secret(app: &TestApp, world: &World) -> String {
    let hook = stored(app, world).await.expect("there is a hook");
    hook::secret(&app.app, world.ours.scope, &hook).unwrap().expose().to_owned()
}

async fn without_a_hook(app: &TestApp) -> World {
    let world = World::create(app).await;
    app.delete(&path(&world), &world.ours.owner).await.data(200);
    world
}

on_both_databases! {
    async fn the_first_secret_is_made_and_shown_once(app) {
        let world = without_a_hook(app).await;
        let owner = &world.ours.owner;
        app.get(&path(&world), owner).await.is_refused(404, "TRANSCRIPTION_HOOK_NOT_FOUND");
        let made = app.put(&path(&world), owner, json!({ "url": URL })).await;
        let shown = made.data(200)["secret"].as_str().expect("it is shown").to_owned();
        assert_eq!(shown, secret(app, &world).await);
        assert_eq!(BASE64_STANDARD.decode(shown.strip_prefix("whsec_").unwrap()).unwrap().len(), 32);
        let read = app.get(&path(&world), &world.ours.manager).await;
        assert_eq!(read.data(200), &json!({ "url": URL, "updatedAt": app.clock.now().to_rfc3339() }));
        let moved = app.put(&path(&world), owner, json!({ "url": "https://other.example.com/" })).await;
        assert_eq!((moved.data(200).get("secret"), &moved.data(200)["url"]), (None, &json!("https://other.example.com/")));
        assert_eq!(secret(app, &world).await, shown, "another address has the same secret");
        let sealed = stored(app, &world).await.unwrap().secret_sealed;
        assert!(!sealed.contains(&shown) && !sealed.contains(&shown[6..]), "it is sealed");
    }

    async fn a_secret_that_is_given_takes_the_place_of_the_other_and_is_shown_to_nobody(app) {
        let world = World::create(app).await;
        let own = format!("whsec_{}", BASE64_STANDARD.encode([7; 24]));
        let put = app.put(&path(&world), &world.ours.owner, json!({ "url": URL, "secret": own })).await;
        assert_eq!(put.data(200).get("secret"), None);
        assert!(!put.text.contains("whsec_"));
        assert_eq!(secret(app, &world).await, own);
        let read = app.get(&path(&world), &world.ours.owner).await;
        assert!(!read.text.contains("whsec_"));
    }

    async fn what_cannot_be_a_hook_is_refused_with_each_field(app) {
        let world = without_a_hook(app).await;
        let owner = &world.ours.owner;
        let own = format!("whsec_{}", BASE64_STANDARD.encode([7; 24]));
        for url in [
            "speech.example.com", "http://speech.example.com/", "ftp://speech.example.com/", "https://127.0.0.1/",
            "https://[::1]/", "https://10.1.2.3/", "https://169.254.169.254/latest", "https://0x7f000001/",
            "https://user:password@speech.example.com/", "https://user@speech.example.com/", "mailto:me@example.com",
        ] {
            let refused = app.put(&path(&world), owner, json!({ "url": url, "secret": own })).await;
            assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/url"], "{url}");
        }
        for secret in ["", "whsec_", "whsec_short", "plain text", &format!("whsec_{}", BASE64_STANDARD.encode([7; 65]))] {
            let refused = app.put(&path(&world), owner, json!({ "url": URL, "secret": secret })).await;
            assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/secret"], "{secret}");
        }
        let both = app.put(&path(&world), owner, json!({ "url": "http://10.0.0.1/", "secret": "x" })).await;
        assert_eq!(both.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/url", "/secret"]);
        let long = format!("https://speech.example.com/{}", "x".repeat(2048));
        for (body, field) in [
            (json!({ "url": long }), "/url"),
            (json!({ "url": "" }), "/url"),
            (json!({ "secret": own }), "/url"),
            (json!({ "url": URL, "secret": 7 }), "/secret"),
            (json!({ "url": URL, "token": "x" }), "/token"),
        ] {
            let refused = app.put(&path(&world), owner, body).await;
            assert_eq!(refused.is_refused(400, "VALIDATION_FAILED").wrong_fields(), [field]);
        }
        assert_eq!(stored(app, &world).await, None);
    }

    async fn only_the_owner_sets_and_removes_it_and_each_time_is_audited(app) {
        let world = without_a_hook(app).await;
        let (owner, body) = (&world.ours.owner, json!({ "url": URL }));
        app.put(&path(&world), &world.ours.manager, body.clone()).await.is_refused(403, "FORBIDDEN");
        app.get(&path(&world), &world.ours.agent).await.is_refused(403, "FORBIDDEN");
        app.put(&path(&world), &world.theirs.owner, body.clone()).await.is_refused(404, "COMPANY_NOT_FOUND");
        app.put(&path(&world), owner, body).await.data(200);
        app.delete(&path(&world), &world.ours.manager).await.is_refused(403, "FORBIDDEN");
        app.delete(&path(&world), owner).await.data(200);
        app.delete(&path(&world), owner).await.is_refused(404, "TRANSCRIPTION_HOOK_NOT_FOUND");
        assert!(one_each::get::<transcription_hook::Entity>(world.theirs.scope, app.app.db.reader()).await.unwrap().is_some());
        let notes = world.ours.scope.find::<audit::Entity>().filter(audit::Column::Action.starts_with("transcription:"));
        let notes = notes.order_by_asc(audit::Column::Id).all(app.app.db.reader()).await.unwrap();
        let notes: Vec<(&str, &Value)> = notes.iter().map(|note| (note.action.as_str(), &note.detail)).collect();
        let host = json!({ "host": "speech.example.com" });
        let removed = ("transcription:hook-removed", &json!({}));
        assert_eq!(notes, [removed, ("transcription:hook", &host), removed], "the address itself may be a secret");
    }
}
