//! /api/settings/company/{companyId}/integrations/twilio, the numbers of such an account, and browsers' tokens

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use calldocker::jobs::Done;
use calldocker::numbers;
use calldocker::store::{companies, one_each};
use entity::id::PhoneNumberId;
use entity::{JobKind, audit, call, job, voice_key};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use twilio::rest::IncomingNumber;
use twilio::signature::sign;

use crate::support::{
    ACCOUNT_TOKEN, Backend, Company, OUR_ACCOUNT, Person, TestApp, World, on_both_databases,
};

/// Scenarios in which the provider answers, on both databases.
macro_rules! with_a_provider {
    ($(async fn $name:ident($app:ident) $body:block)+) => { $(
        mod $name {
            use super::*;

            async fn scenario($app: &TestApp) $body

            #[tokio::test]
            async fn on_sqlite() {
                let app = TestApp::with_provider(Backend::Sqlite).await.expect("SQLite is always there");
                scenario(&app).await;
                app.close().await;
            }

            #[tokio::test]
            async fn on_postgres() {
                let Some(app) = TestApp::with_provider(Backend::Postgres).await else { return };
                scenario(&app).await;
                app.close().await;
            }
        }
    )+ };
}

const NUMBER: &str = "+4930123458";
const APPLICATION: &str = "AP00000000000000000000000000000007";

fn path(company: &Company) -> String {
    format!("/api/settings/company/{}/integrations/twilio", company.id)
}

fn numbers_of(company: &Company) -> String {
    format!("/api/companies/{}/phone-numbers", company.id)
}

/// The number as the provider has it.
async fn at_the_provider(app: &TestApp, company: &Company, number: &str) -> Option<IncomingNumber> {
    let client = app.app.providers.client(company.scope, app.app.db.reader()).await.unwrap();
    client.list_incoming_numbers(Some(number), 5).await.unwrap().into_iter().next()
}

/// Does what one job of this kind is to do, with what stands in it.
async fn payload(app: &TestApp, company: &Company, kind: JobKind) -> Value {
    let jobs = company.scope.find::<job::Entity>().filter(job::Column::Kind.eq(kind));
    let mut jobs = jobs.all(app.app.db.reader()).await.unwrap();
    assert_eq!(jobs.len(), 1);
    jobs.remove(0).payload
}

async fn add(app: &TestApp, company: &Company, by: &Person, number: &str) -> PhoneNumberId {
    let body = json!({ "number": number, "label": "Back", "flowId": company.flow });
    let added = app.post(&numbers_of(company), by, body).await;
    assert_eq!(added.data(201)["number"], number.replace(' ', ""));
    added.data(201)["id"].as_str().unwrap().parse().unwrap()
}

with_a_provider! {
    async fn an_account_is_tried_sealed_and_never_shown(app) {
        let world = World::create(app).await;
        let (owner, path) = (&world.ours.owner, path(&world.ours));
        let carrier = app.carrier.as_ref().unwrap();
        for (body, field) in [
            (json!({ "accountSid": OUR_ACCOUNT, "authToken": "wrong" }), "/authToken"),
            (json!({ "accountSid": "AC1", "authToken": "wrong" }), "/accountSid"),
            (json!({ "accountSid": "AC00000000000000000000000000000009" }), "/authToken"),
            (json!({ "accountSid": OUR_ACCOUNT, "apiKey": {
                "sid": "SK00000000000000000000000000000009", "applicationSid": APPLICATION } }), "/apiKey/secret"),
            (json!({ "accountSid": OUR_ACCOUNT, "apiKey": {
                "sid": "SK00000000000000000000000000000009", "secret": "x", "applicationSid": APPLICATION } }), "/apiKey/secret"),
            (json!({ "accountSid": OUR_ACCOUNT, "apiKey": {
                "sid": "SK00000000000000000000000000000009", "secret": "x", "applicationSid": "x" } }), "/apiKey/applicationSid"),
        ] {
            let refused = app.put(&path, owner, body.clone()).await;
            assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), [field], "{body}");
        }
        let (sid, secret) = carrier.add_api_key("browsers");
        let key = json!({ "sid": sid, "secret": secret, "applicationSid": APPLICATION });
        let put = app.put(&path, owner, json!({ "accountSid": OUR_ACCOUNT, "apiKey": key })).await;
        assert_eq!((&put.data(200)["accountSid"], &put.data(200)["apiKey"]["sid"]), (&json!(OUR_ACCOUNT), &json!(sid)));
        let read = app.get(&path, &world.ours.manager).await;
        assert_eq!(read.data(200), put.data(200));
        for text in [&put.text, &read.text] {
            assert!(!text.contains(&secret) && !text.contains(ACCOUNT_TOKEN));
        }
        // Left out, the secrets are what they were.
        let again = json!({ "accountSid": OUR_ACCOUNT, "apiKey": { "sid": sid, "applicationSid": APPLICATION } });
        app.put(&path, owner, again).await.data(200);
        let db = app.app.db.reader();
        let company = companies::own(world.ours.scope, db).await.unwrap().unwrap();
        assert!(!company.twilio_auth_token_sealed.as_ref().unwrap().contains(ACCOUNT_TOKEN), "it is sealed");
        assert_eq!(app.app.providers.account(&company).unwrap().auth_token.expose(), ACCOUNT_TOKEN);
        let row = one_each::get::<voice_key::Entity>(world.ours.scope, db).await.unwrap().unwrap();
        assert!(!row.secret_sealed.contains(&secret), "it is sealed");
        app.put(&path, owner, json!({ "accountSid": OUR_ACCOUNT })).await.data(200);
        assert_eq!(app.get(&path, owner).await.data(200), &json!({ "accountSid": OUR_ACCOUNT }), "the key is gone");
        app.put(&path, &world.ours.manager, json!({ "accountSid": OUR_ACCOUNT })).await.is_refused(403, "FORBIDDEN");
        let notes = world.ours.scope.find::<audit::Entity>().filter(audit::Column::Action.eq("integrations:twilio"));
        assert_eq!(notes.count(db).await.unwrap(), 3);
    }

    async fn numbers_and_calls_stay_with_their_account(app) {
        let world = World::create(app).await;
        // Their number and their calls are of another account than the one that the provider has.
        let (owner, path) = (&world.theirs.owner, path(&world.theirs));
        let body = json!({ "accountSid": OUR_ACCOUNT, "authToken": ACCOUNT_TOKEN });
        app.put(&path, owner, body.clone()).await.is_refused(409, "NUMBERS_OF_OTHER_ACCOUNT");
        app.delete(&path, owner).await.is_refused(409, "NUMBERS_OF_OTHER_ACCOUNT");
        app.delete(&format!("{}/{}", numbers_of(&world.theirs), world.theirs.number), owner).await.data(200);
        // Their calls are of ours already, as it happens.
        app.put(&path, owner, body).await.data(200);
        app.delete(&path, owner).await.data(200);
        app.get(&path, owner).await.is_refused(404, "TWILIO_ACCOUNT_NOT_FOUND");
        app.delete(&path, owner).await.is_refused(404, "TWILIO_ACCOUNT_NOT_FOUND");
    }

    async fn a_number_of_the_account_asks_us_when_it_rings_until_it_is_removed(app) {
        let world = World::create(app).await;
        let (ours, manager) = (&world.ours, &world.ours.manager);
        let carrier = app.carrier.as_ref().unwrap();
        carrier.add_number(carrier::NewNumber::new(NUMBER, "https://elsewhere.example.com/"));
        // One that is like it stays as it is.
        carrier.add_number(carrier::NewNumber::new("+49301234581", "https://elsewhere.example.com/"));
        let id = add(app, ours, manager, "+49 30 123458").await;
        assert_eq!(payload(app, ours, JobKind::ProvisionNumber).await, json!({}));
        assert!(matches!(numbers::provision(&app.app, ours.scope, id).await.unwrap(), Done::Yes));
        let urls = app.app.urls(ours.id);
        let all = app.app.providers.client(ours.scope, app.app.db.reader()).await.unwrap();
        let all = all.list_incoming_numbers(None, 10).await.unwrap();
        let of = |number: &str| all.iter().find(|one| one.phone_number == number).unwrap();
        assert_eq!(of(NUMBER).voice_url, Some(urls.voice()));
        assert_eq!(of(NUMBER).voice_fallback_url, Some(urls.fallback()));
        assert_eq!(of(NUMBER).status_callback, Some(urls.call_status()));
        assert_eq!(of(NUMBER).sms_url, Some(urls.message_in()));
        assert_eq!(of("+49301234581").voice_url.as_deref(), Some("https://elsewhere.example.com/"));

        let body = json!({ "number": NUMBER, "label": "x", "flowId": ours.flow });
        app.post(&numbers_of(ours), manager, body).await.is_refused(409, "PHONE_NUMBER_TAKEN");
        // A call that came to it keeps the number in writing.
        let changes = call::ActiveModel { phone_number_id: sea_orm::Set(Some(id)), ..Default::default() };
        let tx = app.app.db.begin().await.unwrap();
        ours.scope.update::<call::Entity, _>(&tx, ours.calls.wrap_up, changes).await.unwrap();
        tx.commit().await.unwrap();
        let one = format!("{}/{id}", numbers_of(ours));
        app.delete(&one, &world.ours.agent).await.is_refused(403, "FORBIDDEN");
        app.delete(&one, manager).await.data(200);
        app.delete(&one, manager).await.is_refused(404, "PHONE_NUMBER_NOT_FOUND");
        app.get(&format!("/api/calls/{}", ours.calls.wrap_up), manager).await.data(200);
        let left = payload(app, ours, JobKind::ReleaseNumber).await;
        assert!(matches!(numbers::release(&app.app, ours.scope, &left).await.unwrap(), Done::Yes));
        let client = app.app.providers.client(ours.scope, app.app.db.reader()).await.unwrap();
        let after = client.list_incoming_numbers(None, 10).await.unwrap();
        let after = after.iter().find(|one| one.phone_number == NUMBER).unwrap();
        assert_eq!((&after.voice_url, &after.status_callback), (&None, &None), "it asks nobody");
    }

    async fn a_number_that_came_back_is_not_released(app) {
        let world = World::create(app).await;
        let (ours, manager) = (&world.ours, &world.ours.manager);
        let id = add(app, ours, manager, NUMBER).await;
        app.delete(&format!("{}/{id}", numbers_of(ours)), manager).await.data(200);
        let left = payload(app, ours, JobKind::ReleaseNumber).await;
        let id = add(app, ours, manager, NUMBER).await;
        numbers::provision(&app.app, ours.scope, id).await.unwrap();
        numbers::release(&app.app, ours.scope, &left).await.unwrap();
        let there = at_the_provider(app, ours, NUMBER).await.unwrap();
        assert_eq!(there.voice_url, Some(app.app.urls(ours.id).voice()));
    }

    async fn of_the_platform_s_account_its_administrator_alone_gives_numbers_away(app) {
        let world = World::create(app).await;
        let theirs = &world.theirs;
        app.delete(&format!("{}/{}", numbers_of(theirs), theirs.number), &theirs.owner).await.data(200);
        app.delete(&path(theirs), &theirs.owner).await.data(200);
        let body = json!({ "number": NUMBER, "label": "x", "flowId": theirs.flow });
        app.post(&numbers_of(theirs), &theirs.owner, body).await.is_refused(403, "FORBIDDEN");
        let admin = Person { acting_for: Some(theirs.id), ..world.admin.clone() };
        add(app, theirs, &admin, NUMBER).await;
        // Ours has the same account, as it happens: the number is theirs.
        let body = json!({ "number": NUMBER, "label": "x", "flowId": world.ours.flow });
        app.post(&numbers_of(&world.ours), &world.ours.owner, body).await.is_refused(409, "PHONE_NUMBER_TAKEN");
        let mut there = app.get(&numbers_of(theirs), &theirs.owner).await.data(200).clone();
        assert_eq!(there[0]["accountSid"].take(), OUR_ACCOUNT);
    }

    async fn a_webhook_is_signed_with_the_token_of_the_account_that_it_names(app) {
        let world = World::create(app).await;
        let theirs = &world.theirs;
        let ask = async |account: &str, token: &str| {
            let address = format!("/api/webhooks/twilio/{}", theirs.id);
            let form = [("AccountSid", account), ("CallSid", "CA1"), ("From", "+12025550199"), ("To", "+4930123456")];
            let params: Vec<_> = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let url = format!("{}{address}", app.app.settings.public_url);
            let body = form.map(|(name, value)| format!("{name}={}", value.replace('+', "%2B"))).join("&");
            let call = app.call("POST", &address).header("x-twilio-signature", &sign(token, &url, &params));
            call.text("application/x-www-form-urlencoded", body).send().await
        };
        let own = "AC00000000000000000000000000000002";
        assert_eq!(ask(own, ACCOUNT_TOKEN).await.status, 200);
        assert_eq!(ask(OUR_ACCOUNT, ACCOUNT_TOKEN).await.status, 200, "the platform's");
        ask(own, "another token").await.is_refused(403, "BAD_SIGNATURE");
        ask("AC00000000000000000000000000000003", ACCOUNT_TOKEN).await.is_refused(403, "BAD_SIGNATURE");
    }
}

on_both_databases! {
    async fn a_browser_gets_a_token_for_its_agent_for_an_hour(app) {
        let world = World::create(app).await;
        let agent = &world.ours.agent;
        let made = app.post("/api/agents/me/voice-token", agent, json!({})).await;
        let made = made.data(200);
        let identity = agent.agent.unwrap().0.simple().to_string();
        let now = app.clock.now();
        assert_eq!(made["identity"], json!(identity));
        assert_eq!(made["expiresAt"], json!((now + chrono::TimeDelta::hours(1)).to_rfc3339()));
        let parts: Vec<_> = made["token"].as_str().unwrap().split('.').map(str::to_owned).collect();
        let claims = BASE64_URL_SAFE_NO_PAD.decode(&parts[1]).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(
            (&claims["sub"], &claims["iss"], &claims["exp"]),
            (&json!(OUR_ACCOUNT), &json!("SK00000000000000000000000000000001"), &json!(now.timestamp() + 3600))
        );
        let voice = json!({
            "incoming": { "allow": true },
            "outgoing": { "application_sid": "AP00000000000000000000000000000001" },
        });
        assert_eq!(claims["grants"], json!({ "identity": identity, "voice": voice }));
        app.post("/api/agents/me/voice-token", &world.ours.owner, json!({})).await.is_refused(404, "AGENT_NOT_FOUND");
    }

    async fn without_a_key_there_is_no_token(app) {
        let world = World::create(app).await;
        let tx = app.app.db.begin().await.unwrap();
        one_each::put::<voice_key::Entity>(world.ours.scope, &tx, None).await.unwrap();
        tx.commit().await.unwrap();
        let refused = app.post("/api/agents/me/voice-token", &world.ours.agent, json!({})).await;
        refused.is_refused(409, "VOICE_NOT_CONFIGURED");
    }
}

#[tokio::test]
async fn a_provider_that_cannot_be_asked_is_no_fault_of_the_owner_s() {
    let nowhere = [("twilio_api_url", "http://127.0.0.1:1")];
    let app = TestApp::with(Backend::Sqlite, &nowhere).await.expect("SQLite is always there");
    let world = World::create(&app).await;
    let (ours, owner) = (&world.ours, &world.ours.owner);
    let put = app.put(&path(ours), owner, json!({ "accountSid": OUR_ACCOUNT })).await;
    put.is_refused(503, "PROVIDER_UNAVAILABLE");
    let body = json!({ "number": NUMBER, "label": "x", "flowId": ours.flow });
    app.post(&numbers_of(ours), owner, body).await.is_refused(503, "PROVIDER_UNAVAILABLE");
    app.close().await;
}

/// In production no number is taken for the company's because it could be bought.
#[tokio::test]
async fn a_number_that_the_account_does_not_have_is_refused() {
    let settings = carrier::Settings::new(OUR_ACCOUNT, ACCOUNT_TOKEN, clock::Clock::machine());
    let carrier = carrier::Carrier::start(settings).await.unwrap();
    let (url, key) = (carrier.api_url(), "k".repeat(32));
    let production = [
        ("calldocker_env", "production"),
        ("jwt_secret", key.as_str()),
        ("master_key", key.as_str()),
        ("twilio_api_url", url.as_str()),
    ];
    let app = TestApp::with(Backend::Sqlite, &production).await.expect("SQLite is always there");
    let world = World::create(&app).await;
    let ours = &world.ours;
    let body = json!({ "number": NUMBER, "label": "x", "flowId": ours.flow });
    let refused = app.post(&numbers_of(ours), &ours.owner, body).await;
    assert_eq!(refused.is_refused(422, "NUMBER_NOT_IN_ACCOUNT").wrong_fields(), ["/number"]);
    let body = json!({ "number": "030 123458", "label": "x", "flowId": ours.flow });
    let refused = app.post(&numbers_of(ours), &ours.owner, body).await;
    assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/number"]);
    carrier.add_number(carrier::NewNumber::new(NUMBER, ""));
    add(&app, ours, &ours.owner, NUMBER).await;
    app.close().await;
    carrier.stop().await;
}
