//! POST /api/auth/firebase: tokens of Firebase, and the keys that they are held against.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::firebase::{Firebase, SigningKey, claims};
use crate::support::{Answer, Backend, TestApp, World, on_both_databases};

const ANN: &str = "+12025550188";

async fn sign_in(app: &TestApp, token: &str) -> Answer {
    app.call("POST", "/api/auth/firebase").json(json!({ "idToken": token })).send().await
}

/// A server that believes this Firebase and no other.
async fn believing(firebase: &Firebase) -> TestApp {
    TestApp::with(Backend::Sqlite, &[("firebase_jwks_url", firebase.url())])
        .await
        .expect("SQLite is always there")
}

on_both_databases! {
    async fn a_token_opens_the_account_of_the_number_in_it(app) {
        let token = Firebase::everybodys().token(ANN, app.clock.now());
        let first = sign_in(app, &token).await;
        let (user, new) = (&first.data(200)["user"], &first.data(200)["isNewUser"]);
        assert_eq!((user["phoneNumber"].as_str(), new), (Some(ANN), &json!(true)));
        assert!(user.get("email").is_none() && user["profileComplete"] == false);
        let again = sign_in(app, &token).await;
        assert_eq!((&again.data(200)["user"]["id"], &again.data(200)["isNewUser"]), (&user["id"], &json!(false)));
        let bearer = format!("Bearer {}", again.data(200)["token"].as_str().unwrap());
        let profile = app.call("GET", "/api/auth/profile").header("authorization", &bearer).send().await;
        assert_eq!(profile.data(200)["id"], user["id"]);
    }

    async fn a_token_that_was_not_made_for_us_opens_nothing(app) {
        let (firebase, now) = (Firebase::everybodys(), app.clock.now());
        let good = claims(ANN, now);
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            firebase.key.sign(&claims)
        };
        let stranger = SigningKey::new("first");
        let unknown = SigningKey::new("second");
        let signed = firebase.token(ANN, now);
        let (head, rest) = signed.split_once('.').unwrap();
        let body = rest.split('.').next().unwrap();
        for (what, token) in [
            ("signed with another key of this name", stranger.sign(&good)),
            ("signed with a key that is not there", unknown.sign(&good)),
            ("without a signature", format!("eyJhbGciOiJub25lIn0.{body}.")),
            ("with another signature", format!("{head}.{body}.AAAA")),
            ("for another project", with("aud", json!("another"))),
            ("of another issuer", with("iss", json!("https://accounts.google.com"))),
            ("run out", with("exp", json!(now.timestamp()))),
            ("of tomorrow", with("iat", json!(now.timestamp() + 86_400))),
            ("of nobody", with("sub", json!(""))),
            ("without a number", with("phone_number", Value::Null)),
            ("with a number that is none", with("phone_number", json!("12345"))),
            ("no token", "a.b.c".to_owned()),
        ] {
            let answer = sign_in(app, &token).await;
            assert_eq!(answer.status, 401, "{what}: {}", answer.text);
            answer.is_refused(401, "FIREBASE_TOKEN_INVALID");
        }
        // The public half as a secret: the old trick.
        let key = jsonwebtoken::EncodingKey::from_secret(b"first");
        let header = jsonwebtoken::Header { kid: Some("first".to_owned()), ..Default::default() };
        let forged = jsonwebtoken::encode(&header, &good, &key).unwrap();
        sign_in(app, &forged).await.is_refused(401, "FIREBASE_TOKEN_INVALID");
    }

    async fn a_number_of_an_account_with_a_password_is_that_account(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let link = json!({ "phoneNumber": crate::support::PHONE_NUMBER, "code": crate::support::PHONE_CODE });
        app.put("/api/auth/phone", owner, link).await.data(200);
        let token = Firebase::everybodys().token(crate::support::PHONE_NUMBER, app.clock.now());
        let user = sign_in(app, &token).await.data(200)["user"].clone();
        assert_eq!((user["id"].clone(), user["role"].clone()), (json!(owner.user), json!("owner")));
    }
}

#[tokio::test]
async fn keys_are_kept_as_long_as_they_are_good_and_asked_for_once_a_minute() {
    let firebase = Firebase::start();
    let app = believing(&firebase).await;
    let second = SigningKey::new("second");
    for _ in 0..3 {
        sign_in(&app, &firebase.token(ANN, app.clock.now())).await.data(200);
    }
    assert_eq!(firebase.asked(), 1, "they are kept");

    firebase.change(|shelf| shelf.keys = vec![second.clone()]);
    let rotated = second.sign(&claims(ANN, app.clock.now()));
    sign_in(&app, &rotated).await.is_refused(401, "FIREBASE_TOKEN_INVALID");
    assert_eq!(firebase.asked(), 1, "a minute is not over");
    app.clock.advance(Duration::from_secs(60)).await;
    sign_in(&app, &rotated).await.data(200);
    assert_eq!(firebase.asked(), 2, "a key that is not known is looked for");
    let made_up = SigningKey::new("made up").sign(&claims(ANN, app.clock.now()));
    for _ in 0..5 {
        sign_in(&app, &made_up).await.is_refused(401, "FIREBASE_TOKEN_INVALID");
    }
    assert_eq!(firebase.asked(), 2, "made-up tokens make no requests");
    sign_in(&app, &firebase.token(ANN, app.clock.now())).await.is_refused(401, "FIREBASE_TOKEN_INVALID");
    app.close().await;
}

#[tokio::test]
async fn without_good_keys_nobody_is_believed() {
    let firebase = Firebase::start();
    firebase.change(|shelf| shelf.status = 500);
    let app = believing(&firebase).await;
    sign_in(&app, &firebase.token(ANN, app.clock.now())).await.is_refused(503, "FIREBASE_UNAVAILABLE");
    firebase.change(|shelf| (shelf.status, shelf.cache_control) = (200, "max-age=120"));
    app.clock.advance(Duration::from_secs(60)).await;
    sign_in(&app, &firebase.token(ANN, app.clock.now())).await.data(200);
    firebase.change(|shelf| shelf.status = 500);
    app.clock.advance(Duration::from_secs(119)).await;
    sign_in(&app, &firebase.token(ANN, app.clock.now())).await.data(200);
    app.clock.advance(Duration::from_secs(1)).await;
    sign_in(&app, &firebase.token(ANN, app.clock.now())).await.is_refused(503, "FIREBASE_UNAVAILABLE");
    app.close().await;
}

#[tokio::test]
async fn without_a_project_no_token_is_taken() {
    let app = TestApp::with(Backend::Sqlite, &[("firebase_project_id", "")]).await.unwrap();
    let token = Firebase::everybodys().token(ANN, app.clock.now());
    sign_in(&app, &token).await.is_refused(409, "FIREBASE_OFF");
    app.close().await;
}
