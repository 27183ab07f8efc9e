//! /api/auth/mfa: the second factor at signing in.

use std::time::Duration;

use calldocker::identity::second_factor::totp;
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, Person, TestApp, World, on_both_databases};

/// What the person's device has been told.
struct Device(Vec<u8>);

impl Device {
    fn code(&self, app: &TestApp) -> String {
        totp::code(&self.0, totp::step_at(app.clock.now()))
    }
}

pub(super) fn unbase32(text: &str) -> Vec<u8> {
    let place =
        |letter: u8| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".bytes().position(|one| one == letter).unwrap();
    let bits: String = text.bytes().map(|letter| format!("{:05b}", place(letter))).collect();
    bits.as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect()
}

async fn begin(app: &TestApp, person: &Person) -> Device {
    let begun = app.post("/api/auth/mfa/totp", person, Value::Null).await;
    let secret = begun.data(200)["secret"].as_str().unwrap();
    assert!(begun.data(200)["otpauthUrl"].as_str().unwrap().contains(&format!("secret={secret}&")));
    Device(unbase32(secret))
}

/// A confirmed factor with its recovery codes.
async fn turn_on(app: &TestApp, person: &Person) -> (Device, Vec<String>) {
    let device = begin(app, person).await;
    let confirmed = app.post("/api/auth/mfa/verify", person, json!({ "code": device.code(app) })).await;
    let codes = confirmed.data(200)["recoveryCodes"].as_array().unwrap();
    (device, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

async fn log_in(app: &TestApp, person: &Person, code: &str) -> Answer {
    let body = json!({ "email": person.email, "password": PASSWORD, "code": code });
    app.call("POST", "/api/auth/login").json(body).send().await
}

async fn next_step(app: &TestApp) {
    app.clock.advance(Duration::from_secs(30)).await;
}

on_both_databases! {
    async fn who_has_a_second_factor_signs_in_with_a_code_of_it_once(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        begin(app, owner).await;
        app.log_in(&owner.email, PASSWORD).await.data(200);
        let (device, codes) = turn_on(app, owner).await;
        assert_eq!(codes.len(), 10);
        assert_eq!(app.get("/api/auth/profile", owner).await.data(200)["secondFactor"], true);
        app.log_in(&owner.email, PASSWORD).await.is_refused(401, "MFA_REQUIRED");
        app.log_in(&owner.email, "a wrong password").await.is_refused(401, "INVALID_CREDENTIALS");
        log_in(app, owner, &device.code(app)).await.is_refused(401, "MFA_CODE_INVALID");
        next_step(app).await;
        let code = device.code(app);
        let (first, second) = tokio::join!(log_in(app, owner, &code), log_in(app, owner, &code));
        let good = [&first, &second].iter().filter(|answer| answer.status == 200).count();
        assert_eq!(good, 1, "a code is good once: {} / {}", first.text, second.text);
        app.post("/api/auth/mfa/totp", owner, Value::Null).await.is_refused(409, "MFA_ON");
    }

    async fn guessing_codes_is_slowed_down(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let (device, _) = turn_on(app, owner).await;
        next_step(app).await;
        for guess in 0..5 {
            log_in(app, owner, &format!("x0000{guess}")).await.is_refused(401, "MFA_CODE_INVALID");
        }
        log_in(app, owner, &device.code(app)).await.is_refused(429, "TOO_MANY_REQUESTS");
        app.clock.advance(Duration::from_secs(900)).await;
        log_in(app, owner, &device.code(app)).await.data(200);
    }

    async fn a_recovery_code_is_good_once_and_ends_it_too(app) {
        let world = World::create(app).await;
        let (owner, manager) = (&world.ours.owner, &world.ours.manager);
        let (_, codes) = turn_on(app, owner).await;
        log_in(app, manager, &codes[0]).await.data(200);
        log_in(app, owner, &codes[0].to_uppercase().replace('-', " ")).await.data(200);
        log_in(app, owner, &codes[0]).await.is_refused(401, "MFA_CODE_INVALID");
        app.delete("/api/auth/mfa/totp?code=000000", owner).await.is_refused(422, "VALIDATION_FAILED");
        app.delete(&format!("/api/auth/mfa/totp?code={}", codes[1]), owner).await.data(200);
        app.log_in(&owner.email, PASSWORD).await.data(200);
        app.delete(&format!("/api/auth/mfa/totp?code={}", codes[2]), owner).await.is_refused(404, "SECOND_FACTOR_NOT_FOUND");
        let lines = app.get("/api/audit?action=mfa", owner).await;
        assert_eq!(lines.data(200).as_array().unwrap().len(), 2);
    }

    async fn an_owner_helps_a_member_who_has_lost_his_device(app) {
        let world = World::create(app).await;
        let agent = &world.ours.agent;
        turn_on(app, agent).await;
        let path = format!("/api/users/{}/mfa", agent.user);
        app.delete(&path, &world.ours.manager).await.is_refused(403, "FORBIDDEN");
        app.delete(&path, &world.theirs.owner).await.is_refused(404, "USER_NOT_FOUND");
        app.delete(&path, &world.ours.owner).await.data(200);
        app.log_in(&agent.email, PASSWORD).await.data(200);
        let lines = app.get("/api/audit?action=mfa:reset", &world.ours.owner).await;
        assert_eq!(lines.data(200)[0]["subjectId"], json!(agent.user));
    }
}
