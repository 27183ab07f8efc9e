//! Signing in by telephone number: /api/auth/send-otp, /verify-otp, /login, /complete-profile, /phone, and invitations to a
//! number.

use std::time::Duration;

use calldocker::outbound::sms;
use calldocker::store::phone_messages;
use entity::{MessageChannel, MessagePurpose, TextState};
use serde_json::{Value, json};

use crate::support::{
    Answer, Backend, OUR_ACCOUNT, PASSWORD, Person, TestApp, World, on_both_databases, texts,
};

const ANN: &str = "+12025550123";
const BOB: &str = "+12025550124";

async fn send(app: &TestApp, number: &str) -> Answer {
    app.call("POST", "/api/auth/send-otp").json(json!({ "phoneNumber": number })).send().await
}

async fn verify(app: &TestApp, number: &str, code: &str) -> Answer {
    let body = json!({ "phoneNumber": number, "code": code });
    app.call("POST", "/api/auth/verify-otp").json(body).send().await
}

/// What the last message to the number says, which nobody has carried away yet.
async fn last_text(app: &TestApp, number: &str) -> sms::Content {
    let rows = phone_messages::to(app.app.db.reader(), number).await.unwrap();
    sms::content(&app.app, rows.last().unwrap_or_else(|| panic!("nothing was sent to {number}"))).unwrap()
}

/// Asks for a code and reads it.
async fn code_for(app: &TestApp, number: &str) -> String {
    app.clock.advance(Duration::from_secs(60)).await;
    send(app, number).await.data(200);
    last_text(app, number).await.code.unwrap()
}

fn another(code: &str) -> String {
    let last = if code.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &code[..5])
}

fn bearer(answer: &Answer) -> String {
    format!("Bearer {}", answer.data(200)["token"].as_str().expect("a token"))
}

/// Signs in by number, and says the name.
async fn newcomer(app: &TestApp, number: &str, name: &str) -> String {
    let code = code_for(app, number).await;
    let bearer = bearer(&verify(app, number, &code).await);
    let call = app.call("POST", "/api/auth/complete-profile").header("authorization", &bearer);
    call.json(json!({ "displayName": name })).send().await.data(200);
    bearer
}

async fn link(app: &TestApp, person: &Person, number: &str) -> Answer {
    let code = code_for(app, number).await;
    app.put("/api/auth/phone", person, json!({ "phoneNumber": number, "code": code })).await
}

on_both_databases! {
    async fn a_code_makes_an_account_whose_owner_says_his_name(app) {
        let sent = send(app, "+1 (202) 555-0123").await;
        assert_eq!(sent.data(200), &json!({ "phoneNumber": ANN, "expiresIn": 600 }));
        let text = last_text(app, ANN).await;
        let code = text.code.clone().unwrap();
        assert!(code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit()), "{code}");
        assert!(text.text.starts_with(&code), "{}", text.text);
        let first = verify(app, ANN, &code).await;
        let data = first.data(200);
        assert_eq!((&data["isNewUser"], &data["user"]["name"]), (&json!(true), &json!("")));
        assert_eq!(data["user"]["profileComplete"], false);
        let bearer = bearer(&first);
        let call = app.call("POST", "/api/auth/complete-profile").header("authorization", &bearer);
        let complete = call.json(json!({ "displayName": "Ann" })).send().await;
        assert_eq!((&complete.data(200)["name"], &complete.data(200)["profileComplete"]), (&json!("Ann"), &json!(true)));

        let again = verify(app, ANN, &code_for(app, ANN).await).await;
        assert_eq!((&again.data(200)["isNewUser"], &again.data(200)["user"]["id"]), (&json!(false), &data["user"]["id"]));
        let refresh = json!({ "refreshToken": again.data(200)["refreshToken"] });
        app.call("POST", "/api/auth/refresh").json(refresh.clone()).send().await.data(200);
        app.call("POST", "/api/auth/logout").header("authorization", &self::bearer(&again)).send().await.data(200);
        app.call("POST", "/api/auth/refresh").json(refresh).send().await.is_refused(401, "REFRESH_TOKEN_INVALID");
    }

    async fn somebody_without_a_company_sees_himself_and_nothing_else(app) {
        let world = World::create(app).await;
        let bearer = newcomer(app, ANN, "Ann").await;
        let get = async |path: &str| app.call("GET", path).header("authorization", &bearer).send().await;
        get("/api/auth/profile").await.data(200);
        get("/api/auth/sessions").await.data(200);
        assert_eq!(get("/api/auth/memberships").await.data(200), &json!([]));
        for path in ["/api/calls", "/api/contacts", "/api/agents", "/api/users", "/api/queues"] {
            get(path).await.is_refused(403, "FORBIDDEN");
        }
        let own = format!("/api/companies/{}", world.ours.id);
        assert!(matches!(get(&own).await.status.as_u16(), 403 | 404));
    }

    async fn the_sign_in_of_the_documents_takes_a_number_and_its_code(app) {
        let code = code_for(app, ANN).await;
        let body = json!({ "phoneNumber": ANN, "verificationCode": code, "displayName": "Ann" });
        let signed_in = app.call("POST", "/api/auth/login").json(body.clone()).send().await;
        assert_eq!(signed_in.data(200)["user"]["name"], "Ann");
        app.call("POST", "/api/auth/login").json(body).send().await.is_refused(401, "PHONE_CODE_INVALID");
        let alias = app.call("POST", "/api/auth/verify-phone").json(json!({ "phoneNumber": BOB })).send().await;
        assert_eq!(alias.data(200)["phoneNumber"], BOB);
        for (status, body, field) in [
            (400, json!({ "phoneNumber": ANN }), "/verificationCode"),
            (400, json!({ "email": "ann@example.com" }), "/password"),
            (400, json!({ "email": "ann@example.com", "password": "x", "displayName": "A" }), "/displayName"),
            (422, json!({ "phoneNumber": "0301234", "verificationCode": "123456" }), "/phoneNumber"),
        ] {
            let wrong = app.call("POST", "/api/auth/login").json(body).send().await;
            assert_eq!(wrong.is_refused(status, "VALIDATION_FAILED").wrong_fields(), [field], "{}", wrong.text);
        }
    }

    async fn nobody_learns_whether_a_number_has_an_account(app) {
        let world = World::create(app).await;
        link(app, &world.ours.owner, ANN).await.data(200);
        app.clock.advance(Duration::from_secs(60)).await;
        let known = send(app, ANN).await;
        let unknown = send(app, BOB).await;
        let same = |answer: &Answer| answer.without_request_id().to_string().replace(ANN, BOB);
        assert_eq!((known.status, same(&known)), (unknown.status, same(&unknown)));
        let (known, unknown) = (verify(app, ANN, "x").await, verify(app, BOB, "x").await);
        known.is_refused(401, "PHONE_CODE_INVALID");
        assert_eq!(known.without_request_id(), unknown.without_request_id());
        let never = verify(app, "+12025550142", "123456").await;
        assert_eq!(known.without_request_id(), never.without_request_id(), "one that was never asked for");
    }

    async fn five_wrong_tries_burn_a_code_also_when_they_come_at_once(app) {
        let code = code_for(app, ANN).await;
        let wrong = another(&code);
        for _ in 0..4 {
            verify(app, ANN, &wrong).await.is_refused(401, "PHONE_CODE_INVALID");
        }
        verify(app, ANN, &code).await.data(200);

        let code = code_for(app, ANN).await;
        let wrong = another(&code);
        let tries = [0; 5].map(|_| verify(app, ANN, &wrong));
        for tried in futures_util::future::join_all(tries).await {
            tried.is_refused(401, "PHONE_CODE_INVALID");
        }
        verify(app, ANN, &code).await.is_refused(401, "PHONE_CODE_INVALID");
        let code = code_for(app, ANN).await;
        verify(app, ANN, &code).await.data(200);
    }

    async fn a_code_is_good_once_for_ten_minutes_and_for_its_number(app) {
        let code = code_for(app, ANN).await;
        code_for(app, BOB).await;
        verify(app, BOB, &code).await.is_refused(401, "PHONE_CODE_INVALID");
        let (first, second) = tokio::join!(verify(app, ANN, &code), verify(app, ANN, &code));
        let good = [&first, &second].iter().filter(|answer| answer.status == 200).count();
        assert_eq!(good, 1, "{} / {}", first.text, second.text);

        let code = code_for(app, ANN).await;
        app.clock.advance(Duration::from_secs(599)).await;
        verify(app, ANN, &another(&code)).await.is_refused(401, "PHONE_CODE_INVALID");
        app.clock.advance(Duration::from_secs(1)).await;
        verify(app, ANN, &code).await.is_refused(401, "PHONE_CODE_INVALID");

        let old = code_for(app, ANN).await;
        let new = code_for(app, ANN).await;
        if old != new {
            verify(app, ANN, &old).await.is_refused(401, "PHONE_CODE_INVALID");
        }
        verify(app, ANN, &new).await.data(200);
    }

    async fn a_number_gets_one_code_a_minute_and_five_an_hour(app) {
        send(app, ANN).await.data(200);
        let refused = send(app, "+1-202-555-0123").await;
        refused.is_refused(429, "TOO_MANY_REQUESTS");
        assert_eq!(refused.headers["retry-after"], "60");
        send(app, BOB).await.data(200);
        for _ in 0..4 {
            app.clock.advance(Duration::from_secs(60)).await;
            send(app, ANN).await.data(200);
        }
        app.clock.advance(Duration::from_secs(60)).await;
        send(app, ANN).await.is_refused(429, "TOO_MANY_REQUESTS");
        app.clock.advance(Duration::from_secs(3_600)).await;
        send(app, ANN).await.data(200);
    }

    async fn a_second_factor_is_asked_for_and_the_code_stays_good_meanwhile(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        link(app, owner, ANN).await.data(200);
        let begun = app.post("/api/auth/mfa/totp", owner, Value::Null).await;
        let secret = crate::routes::second_factor::unbase32(begun.data(200)["secret"].as_str().unwrap());
        let totp = |app: &TestApp| {
            use calldocker::identity::second_factor::totp;
            totp::code(&secret, totp::step_at(app.clock.now()))
        };
        app.post("/api/auth/mfa/verify", owner, json!({ "code": totp(app) })).await.data(200);
        let code = code_for(app, ANN).await;
        verify(app, ANN, &another(&code)).await.is_refused(401, "PHONE_CODE_INVALID");
        verify(app, ANN, &code).await.is_refused(401, "MFA_REQUIRED");
        let with = async |second: &str| {
            let body = json!({ "phoneNumber": ANN, "code": code, "secondFactorCode": second });
            app.call("POST", "/api/auth/verify-otp").json(body).send().await
        };
        with("x00000").await.is_refused(401, "MFA_CODE_INVALID");
        let signed_in = with(&totp(app)).await;
        assert_eq!(signed_in.data(200)["user"]["id"], json!(owner.user));
        app.clock.advance(Duration::from_secs(30)).await;
        with(&totp(app)).await.is_refused(401, "PHONE_CODE_INVALID");
    }

    async fn a_number_is_tied_to_an_account_by_its_code_and_opens_it(app) {
        let world = World::create(app).await;
        let (owner, agent) = (&world.ours.owner, &world.ours.agent);
        let code = code_for(app, ANN).await;
        let body = |code: &str| json!({ "phoneNumber": ANN, "code": code });
        let wrong = app.put("/api/auth/phone", owner, body(&another(&code))).await;
        assert_eq!(wrong.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/code"]);
        let linked = app.put("/api/auth/phone", owner, body(&code)).await;
        assert_eq!(linked.data(200)["phoneNumber"], ANN);
        assert_eq!(app.mails_to(&owner.email).await.len(), 1, "he is told");
        link(app, agent, ANN).await.is_refused(409, "PHONE_NUMBER_IN_USE");
        let signed_in = verify(app, ANN, &code_for(app, ANN).await).await;
        assert_eq!(signed_in.data(200)["user"]["role"], "owner");
        assert_eq!(signed_in.data(200)["isNewUser"], false);
        app.log_in(&owner.email, PASSWORD).await.data(200);

        app.delete("/api/auth/phone", owner).await.data(200);
        let signed_in = verify(app, ANN, &code_for(app, ANN).await).await;
        assert_eq!(signed_in.data(200)["isNewUser"], true, "it is nobody's now");
        let call = app.call("DELETE", "/api/auth/phone").header("authorization", &bearer(&signed_in));
        call.send().await.is_refused(409, "PHONE_NUMBER_NEEDED");
        let lines = app.get("/api/audit?action=phone", owner).await;
        assert_eq!(lines.data(200).as_array().unwrap().len(), 2);
    }

    async fn a_banned_user_s_code_is_as_wrong_as_any(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        link(app, owner, ANN).await.data(200);
        let code = code_for(app, ANN).await;
        let tx = app.app.db.begin().await.unwrap();
        let banned = entity::user::ActiveModel {
            status: sea_orm::Set(entity::UserStatus::Banned),
            ..Default::default()
        };
        calldocker::store::users::update(&tx, owner.user, banned).await.unwrap();
        tx.commit().await.unwrap();
        verify(app, ANN, &code).await.is_refused(401, "PHONE_CODE_INVALID");
    }

    async fn an_invitation_goes_to_a_number_and_is_accepted_by_its_owner(app) {
        let world = World::create(app).await;
        let (owner, body) = (&world.ours.owner, json!({ "phoneNumber": "+1 202 555 0123", "role": "agent" }));
        let invited = app.post("/api/users/invite", owner, body.clone()).await;
        let data = invited.data(201);
        assert_eq!(data["phoneNumber"], ANN);
        assert!(data.get("token").is_none() && data.get("email").is_none(), "{data}");
        let rows = phone_messages::to(app.app.db.reader(), ANN).await.unwrap();
        assert_eq!((rows.len(), rows[0].purpose, rows[0].channel), (1, MessagePurpose::Invitation, MessageChannel::Sms));
        assert_eq!(rows[0].company_id, Some(world.ours.id));
        assert_eq!(rows[0].account_sid, OUR_ACCOUNT, "the company's own account pays");
        let text = last_text(app, ANN).await.text;
        assert!(text.starts_with("Ours "), "{text}");
        let token = text.rsplit(' ').next().unwrap().to_owned();
        app.post("/api/users/invite", owner, body).await.is_refused(429, "TOO_MANY_REQUESTS");

        let accept = async |bearer: &str, token: &str| {
            let call = app.call("POST", "/api/auth/invitations/accept").header("authorization", bearer);
            call.json(json!({ "inviteToken": token })).send().await
        };
        let bob = newcomer(app, BOB, "Bob").await;
        accept(&bob, &token).await.is_refused(404, "INVITATION_NOT_FOUND");
        let code = code_for(app, ANN).await;
        let ann = bearer(&verify(app, ANN, &code).await);
        accept(&ann, &token).await.is_refused(409, "PROFILE_INCOMPLETE");
        let ann = newcomer(app, ANN, "Ann").await;
        accept(&ann, "another token").await.is_refused(404, "INVITATION_NOT_FOUND");
        let joined = accept(&ann, &token).await;
        let user = &joined.data(200)["user"];
        assert_eq!((&user["role"], &user["companyId"]), (&json!("agent"), &json!(world.ours.id)));
        assert!(user["agentId"].is_string());
        let bearer = bearer(&joined);
        app.call("GET", "/api/queues").header("authorization", &bearer).send().await.data(200);
        accept(&ann, &token).await.is_refused(404, "INVITATION_NOT_FOUND");
        let again = json!({ "phoneNumber": ANN, "role": "agent" });
        app.clock.advance(Duration::from_secs(60)).await;
        app.post("/api/users/invite", owner, again).await.is_refused(409, "ALREADY_MEMBER");
        let members = app.get(&format!("/api/users/company/{}?search=ann", world.ours.id), owner).await;
        assert!(members.data(200).as_array().unwrap().iter().any(|member| member["phoneNumber"] == ANN));
    }

    async fn a_number_is_invited_five_times_an_hour_by_all_together_and_a_repeated_request_counts_once(app) {
        let world = World::create(app).await;
        let invite = async |company: usize, key: &str| {
            let owner = [&world.ours.owner, &world.theirs.owner][company];
            let call = app.call("POST", "/api/users/invite").by(owner).header("idempotency-key", key);
            call.json(json!({ "phoneNumber": ANN, "role": "agent" })).send().await
        };
        invite(0, "first").await.data(201);
        invite(0, "first").await.data(201);
        invite(0, "another").await.is_refused(429, "TOO_MANY_REQUESTS");
        invite(1, "first").await.data(201);
        for (company, key) in [(0, "second"), (1, "third"), (0, "fourth")] {
            app.clock.advance(Duration::from_secs(60)).await;
            invite(company, key).await.data(201);
        }
        app.clock.advance(Duration::from_secs(60)).await;
        invite(1, "fifth").await.is_refused(429, "TOO_MANY_REQUESTS");
        assert_eq!(phone_messages::to(app.app.db.reader(), ANN).await.unwrap().len(), 5);
    }

    async fn an_invitation_names_an_address_or_a_number(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        for (body, field) in [
            (json!({ "role": "agent" }), "/email"),
            (json!({ "role": "agent", "email": "a@example.com", "phoneNumber": ANN }), "/phoneNumber"),
            (json!({ "role": "agent", "phoneNumber": "0301234" }), "/phoneNumber"),
        ] {
            let refused = app.post("/api/users/invite", owner, body).await;
            assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), [field]);
        }
        let to = &world.ours.manager;
        link(app, to, ANN).await.data(200);
        let body = json!({ "phoneNumber": ANN, "role": "agent" });
        app.post("/api/users/invite", owner, body).await.is_refused(409, "ALREADY_MEMBER");
    }

    async fn where_registration_is_closed_a_new_number_needs_an_invitation(app) {
        let world = World::create(app).await;
        let closed = json!({ "openRegistration": false });
        app.put("/api/settings/system", &world.admin, closed).await.data(200);
        let code = code_for(app, ANN).await;
        verify(app, ANN, &code).await.is_refused(409, "REGISTRATION_CLOSED");
        let body = json!({ "phoneNumber": ANN, "role": "agent" });
        app.post("/api/users/invite", &world.ours.owner, body).await.data(201);
        verify(app, ANN, &code).await.data(200);
    }

    async fn neither_the_code_nor_the_token_stands_in_the_database(app) {
        let world = World::create(app).await;
        let code = code_for(app, ANN).await;
        let body = json!({ "phoneNumber": BOB, "role": "agent" });
        app.post("/api/users/invite", &world.ours.owner, body).await.data(201);
        let token = last_text(app, BOB).await.text.rsplit(' ').next().unwrap().to_owned();
        for secret in [code, token] {
            for (table, columns) in [
                ("phone_code", "code_hash"),
                ("phone_message", "content_sealed || sender || recipient"),
                ("invitation", "token_hash"),
            ] {
                let rows = texts(&app.app, &format!("SELECT {columns} AS row FROM {table}")).await;
                assert!(!rows.is_empty() && rows.iter().all(|row| !row.contains(&secret)), "{table}");
            }
        }
    }

    async fn numbers_that_are_none_are_refused_with_the_field(app) {
        for number in ["12025550123", "+1", "+19002345678", "+999123456789", "nobody"] {
            let refused = send(app, number).await;
            assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/phoneNumber"], "{number}");
        }
        send(app, "").await.is_refused(400, "VALIDATION_FAILED");
        let body = json!({ "phoneNumber": ANN, "channel": "pigeon" });
        let refused = app.call("POST", "/api/auth/send-otp").json(body).send().await;
        assert_eq!(refused.is_refused(400, "VALIDATION_FAILED").wrong_fields(), ["/channel"]);
    }

    async fn the_message_is_in_the_language_that_was_asked_for(app) {
        let call = app.call("POST", "/api/auth/send-otp").header("accept-language", "de-CH, en;q=0.5");
        call.json(json!({ "phoneNumber": ANN })).send().await.data(200);
        assert!(last_text(app, ANN).await.text.contains("Ihr Code"));
    }

    async fn what_happens_with_codes_is_counted(app) {
        let code = code_for(app, ANN).await;
        send(app, ANN).await.is_refused(429, "TOO_MANY_REQUESTS");
        verify(app, ANN, &another(&code)).await.is_refused(401, "PHONE_CODE_INVALID");
        verify(app, ANN, &code).await.data(200);
        let figures = app.call("GET", "/metrics").send().await.text;
        for result in ["sent", "limited", "refused", "verified"] {
            let line = format!("calldocker_phone_codes_total{{result=\"{result}\"}} 1");
            assert!(figures.contains(&line), "{line}");
        }
    }
}

#[tokio::test]
async fn an_address_and_all_together_get_so_many_codes_as_the_settings_say() {
    let limits = [("phone_codes_of_address", "3"), ("phone_codes_a_day", "5")];
    let app = TestApp::with(Backend::Sqlite, &limits).await.unwrap();
    let number = |n: u32| format!("+120255501{n:02}");
    for n in 10..13 {
        send(&app, &number(n)).await.data(200);
    }
    send(&app, &number(13)).await.is_refused(429, "TOO_MANY_REQUESTS");
    for _ in 0..6 {
        send(&app, &number(20)).await.is_refused(429, "TOO_MANY_REQUESTS");
    }
    app.clock.advance(Duration::from_secs(3_540)).await;
    let refused = send(&app, &number(20)).await;
    assert_eq!(refused.headers["retry-after"], "60", "it is the address's pause, not the number's");
    app.clock.advance(Duration::from_secs(60)).await;
    for n in 20..22 {
        send(&app, &number(n)).await.data(200);
    }
    let refused = send(&app, &number(22)).await;
    refused.is_refused(429, "TOO_MANY_REQUESTS");
    assert_eq!(refused.headers["retry-after"], "82800", "until a day is over");
    app.clock.advance(Duration::from_secs(82_800)).await;
    send(&app, &number(23)).await.data(200);
    app.close().await;
}

#[tokio::test]
async fn codes_are_sent_to_the_countries_and_by_the_channels_of_the_settings() {
    let settings = [("phone_countries", "DE,AT"), ("whatsapp_from", "")];
    let app = TestApp::with(Backend::Sqlite, &settings).await.unwrap();
    send(&app, "+4915112345678").await.data(200);
    let refused = send(&app, ANN).await;
    assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/phoneNumber"]);
    let body = json!({ "phoneNumber": "+4915112345679", "channel": "whatsapp" });
    let refused = app.call("POST", "/api/auth/send-otp").json(body).send().await;
    refused.is_refused(503, "PHONE_SIGN_IN_OFF");
    app.close().await;

    let app = TestApp::with(Backend::Sqlite, &[("sms_from", "")]).await.unwrap();
    send(&app, ANN).await.is_refused(503, "PHONE_SIGN_IN_OFF");
    app.close().await;
}

#[tokio::test]
async fn fifty_wrong_codes_from_one_address_are_followed_by_a_pause() {
    let app = TestApp::on(Backend::Sqlite).await.unwrap();
    for _ in 0..50 {
        verify(&app, ANN, "123456").await.is_refused(401, "PHONE_CODE_INVALID");
    }
    verify(&app, BOB, "123456").await.is_refused(429, "TOO_MANY_REQUESTS");
    app.clock.advance(Duration::from_secs(900)).await;
    verify(&app, BOB, "123456").await.is_refused(401, "PHONE_CODE_INVALID");
    app.close().await;
}

#[tokio::test]
async fn what_nobody_can_send_fails_and_says_why() {
    let app = TestApp::on(Backend::Sqlite).await.unwrap();
    send(&app, ANN).await.data(200);
    sms::carry_due(&app.app).await.unwrap();
    let rows = phone_messages::to(app.app.db.reader(), ANN).await.unwrap();
    assert_eq!((rows[0].state, rows[0].content_sealed.as_str()), (TextState::Failed, ""));
    assert!(
        rows[0].last_error.as_deref().unwrap().contains("ProviderNotConfigured"),
        "{:?}",
        rows[0].last_error
    );
    app.close().await;
}
