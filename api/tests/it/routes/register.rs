//! /api/auth/register: nothing comes of a registration until its address is proved, and nobody else learns whether that
//! address was known.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use calldocker::jobs::housekeeping;
use entity::UserStatus;
use serde_json::{Value, json};

use crate::support::{Answer, Backend, PASSWORD, TestApp, World, dump, on_both_databases, texts};

const DAY: Duration = Duration::from_secs(86_400);

async fn register(app: &TestApp, body: Value) -> Answer {
    app.call("POST", "/api/auth/register").json(body).send().await
}

async fn confirm(app: &TestApp, token: &str) -> Answer {
    app.call("POST", "/api/auth/register/confirm").json(json!({ "token": token })).send().await
}

fn ann(company: Option<&str>) -> Value {
    let mut body = json!({ "email": "ann@example.com", "password": "long enough", "name": "Ann" });
    if let Some(company) = company {
        body["companyName"] = json!(company);
    }
    body
}

fn text<'a>(data: &'a Value, name: &str) -> &'a str {
    data[name].as_str().unwrap_or_else(|| panic!("{name} is not in {data}"))
}

/// How many rows each table has.
async fn counts(app: &TestApp) -> BTreeMap<String, usize> {
    dump(&app.app).await.into_iter().map(|(table, rows)| (table, rows.len())).collect()
}

/// What an answer shows, but for what differs in every one.
fn shown(answer: &Answer) -> (u16, Value, BTreeMap<String, String>) {
    let headers =
        answer.headers.iter().filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    (answer.status.as_u16(), answer.without_request_id(), headers.collect())
}

on_both_databases! {
    async fn a_founder_owns_his_company_once_he_has_confirmed(app) {
        let body = json!({ "email": "Ann@Example.com", "password": "long enough", "name": "Ann", "companyName": "Acme" });
        register(app, body).await.data(202);
        app.log_in("ann@example.com", "long enough").await.is_refused(401, "INVALID_CREDENTIALS");
        let rows = dump(&app.app).await;
        for table in ["user", "company", "membership"] {
            assert!(rows[table].is_empty(), "{table} has a row before anything was confirmed");
        }
        let mails = app.mails_to("ann@example.com").await;
        let [mail] = mails.as_slice() else { panic!("{mails:?}") };
        assert_eq!(mail.subject, "Confirm your registration");
        confirm(app, mail.token().unwrap()).await.data(200);
        let signed_in = app.log_in("ann@example.com", "long enough").await;
        let user = &signed_in.data(200)["user"];
        assert_eq!((text(user, "role"), text(user, "email"), text(user, "name")), ("owner", "ann@example.com", "Ann"));
        let rows = dump(&app.app).await;
        for table in ["company", "membership", "routing_state", "outbox_counter"] {
            assert_eq!(rows[table].len(), 1, "{table}");
        }
        assert!(rows["registration"].is_empty() && rows["mail"].is_empty(), "what is done is forgotten");
        let audited = texts(&app.app, "SELECT action AS row FROM audit").await;
        assert_eq!(audited, ["companies:found"]);
    }

    async fn a_known_and_an_unknown_address_cannot_be_told_apart(app) {
        let world = World::create(app).await;
        for company in [None, Some("Evil")] {
            let mut stories = Vec::new();
            for email in [world.ours.owner.email.as_str(), "nobody@example.com"] {
                let (mut story, before) = (Vec::new(), counts(app).await);
                let mut body = ann(company);
                body["email"] = json!(email);
                story.push(shown(&register(app, body.clone()).await));
                let changed: Vec<_> = counts(app).await.into_iter().filter(|(table, rows)| before[table] != *rows).collect();
                story.push((0, json!(changed.iter().map(|(table, rows)| (table, rows - before[table])).collect::<Vec<_>>()), BTreeMap::new()));
                story.push(shown(&app.log_in(email, "long enough").await));
                story.push(shown(&confirm(app, "not the token").await));
                story.push(shown(&register(app, body.clone()).await));
                for _ in 0..10 {
                    story.push(shown(&app.log_in(email, "long enough").await));
                }
                for _ in 0..4 {
                    story.push(shown(&register(app, body.clone()).await));
                }
                assert_eq!(story.last().unwrap().0, 429, "somebody's mailbox is filled without end");
                stories.push(story);
                app.mails_to(email).await;
                let forget = "DELETE FROM registration";
                sea_orm::ConnectionTrait::execute_unprepared(app.app.db.writer(), forget).await.unwrap();
            }
            assert_eq!(stories[0], stories[1], "with the company {company:?}");
            app.clock.advance(Duration::from_secs(3601)).await;
        }
    }

    async fn somebody_who_is_known_is_told_so_by_mail_and_nothing_of_his_is_touched(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let mut body = ann(None);
        body["email"] = json!(owner.email);
        let before = dump(&app.app).await;
        register(app, body).await.data(202);
        let mails = app.mails_to(&owner.email).await;
        assert_eq!(mails[0].subject, "You have an account already");
        assert_eq!((mails.len(), mails[0].token()), (1, None), "there is nothing to confirm");
        let after = dump(&app.app).await;
        for table in ["user", "company", "membership"] {
            assert_eq!(before[table], after[table], "{table}");
        }
        app.log_in(&owner.email, PASSWORD).await.data(200);
    }

    async fn somebody_who_is_known_gets_another_company_by_confirming_and_keeps_his_name_and_password(app) {
        let world = World::create(app).await;
        let alone = &world.alone;
        let mut body = ann(Some("Second"));
        body["email"] = json!(alone.email);
        register(app, body).await.data(202);
        let mails = app.mails_to(&alone.email).await;
        assert_eq!(mails[0].subject, "Confirm your new company");
        assert_eq!(app.log_in(&alone.email, PASSWORD).await.data(200)["user"].get("role"), None, "too early");
        confirm(app, mails[0].token().unwrap()).await.data(200);
        app.log_in(&alone.email, "long enough").await.is_refused(401, "INVALID_CREDENTIALS");
        let signed_in = app.log_in(&alone.email, PASSWORD).await;
        let user = &signed_in.data(200)["user"];
        assert_eq!((text(user, "role"), text(user, "name")), ("owner", "alone"));
    }

    async fn a_letter_says_nothing_that_its_occasion_chose(app) {
        let body = json!({
            "email": "ann@example.com", "password": "long enough",
            "name": "Win at evil.example", "companyName": "Lottery of evil.example"
        });
        register(app, body).await.data(202);
        let mails = app.mails_to("ann@example.com").await;
        for part in [&mails[0].subject, &mails[0].text, &mails[0].html] {
            assert!(!part.contains("evil.example"), "{part}");
        }
    }

    async fn a_token_is_good_once_also_for_two_who_come_at_once(app) {
        register(app, ann(Some("Acme"))).await.data(202);
        let token = app.mailed_token("ann@example.com").await;
        let (one, other) = tokio::join!(confirm(app, &token), confirm(app, &token));
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 404], "{} / {}", one.text, other.text);
        confirm(app, &token).await.is_refused(404, "REGISTRATION_NOT_FOUND");
        assert_eq!(dump(&app.app).await["company"].len(), 1);
    }

    async fn a_token_is_good_for_a_day(app) {
        register(app, ann(None)).await.data(202);
        let token = app.mailed_token("ann@example.com").await;
        app.clock.advance(DAY).await;
        confirm(app, &token).await.is_refused(404, "REGISTRATION_NOT_FOUND");
        app.log_in("ann@example.com", "long enough").await.is_refused(401, "INVALID_CREDENTIALS");
    }

    async fn a_newer_registration_replaces_the_older(app) {
        register(app, ann(Some("First"))).await.data(202);
        let first = app.mailed_token("ann@example.com").await;
        app.clock.advance(Duration::from_secs(1)).await;
        let mut body = ann(Some("Second"));
        body["password"] = json!("another good one");
        register(app, body).await.data(202);
        let second = app.mailed_token("ann@example.com").await;
        confirm(app, &first).await.is_refused(404, "REGISTRATION_NOT_FOUND");
        confirm(app, &second).await.data(200);
        app.log_in("ann@example.com", "long enough").await.is_refused(401, "INVALID_CREDENTIALS");
        let signed_in = app.log_in("ann@example.com", "another good one").await;
        let token = text(signed_in.data(200), "token");
        let memberships = app.call("GET", "/api/auth/memberships").token(token).send().await;
        assert_eq!(memberships.data(200)[0]["companyName"], "Second");
    }

    async fn an_account_that_was_made_meanwhile_keeps_its_password(app) {
        let world = World::create(app).await;
        let body = json!({ "email": "ann@example.com", "role": "agent" });
        app.post("/api/users/invite", &world.ours.owner, body).await.data(201);
        let invitation = app.mailed_token("ann@example.com").await;
        app.clock.advance(Duration::from_secs(1)).await;
        let by_eve = json!({ "email": "ann@example.com", "password": "of somebody else", "name": "Eve" });
        register(app, by_eve).await.data(202);
        let token = app.mailed_token("ann@example.com").await;
        let mut joining = ann(None);
        joining["inviteToken"] = json!(invitation);
        register(app, joining).await.data(202);
        confirm(app, &token).await.data(200);
        app.log_in("ann@example.com", "of somebody else").await.is_refused(401, "INVALID_CREDENTIALS");
        assert_eq!(text(&app.log_in("ann@example.com", "long enough").await.data(200)["user"], "name"), "Ann");
    }

    async fn somebody_who_is_banned_gets_no_company(app) {
        let world = World::create(app).await;
        let alone = &world.alone;
        let mut body = ann(Some("Second"));
        body["email"] = json!(alone.email);
        register(app, body).await.data(202);
        let token = app.mailed_token(&alone.email).await;
        let tx = app.app.db.begin().await.unwrap();
        let changes = entity::user::ActiveModel { status: sea_orm::Set(UserStatus::Banned), ..Default::default() };
        calldocker::store::users::update(&tx, alone.user, changes).await.unwrap();
        tx.commit().await.unwrap();
        let before = dump(&app.app).await;
        confirm(app, &token).await.is_refused(404, "REGISTRATION_NOT_FOUND");
        assert_eq!(dump(&app.app).await, before);
    }

    async fn a_mailbox_is_written_to_five_times_an_hour_at_most(app) {
        for _ in 0..5 {
            register(app, ann(None)).await.data(202);
        }
        let refused = register(app, ann(None)).await;
        refused.is_refused(429, "TOO_MANY_REQUESTS");
        assert_eq!(refused.headers["retry-after"], "3600");
        let mut other = ann(None);
        other["email"] = json!("bob@example.com");
        register(app, other).await.data(202);
        assert_eq!(app.mails_to("ann@example.com").await.len(), 5);
        app.clock.advance(Duration::from_secs(3600)).await;
        register(app, ann(None)).await.data(202);
    }

    async fn the_letter_is_in_the_language_that_the_browser_asks_for(app) {
        let call = app.call("POST", "/api/auth/register").header("accept-language", "pt, de-AT;q=0.8, en;q=0.5");
        call.json(ann(None)).send().await.data(202);
        let mails = app.mails_to("ann@example.com").await;
        assert_eq!(mails[0].subject, "Bestätigen Sie Ihre Registrierung");
        for body in [&mails[0].text, &mails[0].html] {
            assert!(body.contains("Bestätigen Sie nur, wenn Sie das waren"), "{body}");
        }
        confirm(app, mails[0].token().unwrap()).await.data(200);
    }

    async fn the_link_leads_to_a_page_that_asks_before_it_confirms(app) {
        register(app, ann(None)).await.data(202);
        let mails = app.mails_to("ann@example.com").await;
        let link = format!("{}/register/confirm#", app.app.settings.public_url);
        assert!(mails[0].text.contains(&link) && mails[0].html.contains(&link), "{}", mails[0].text);
        let page = app.call("GET", "/register/confirm").header("accept-language", "fr").send().await;
        assert_eq!((page.status.as_u16(), page.headers["content-type"].to_str().unwrap()), (200, "text/html; charset=utf-8"));
        assert!(page.text.contains("<html lang=\"fr\">") && page.text.contains("Confirmer"), "{}", page.text);
        assert!(page.headers["content-security-policy"].to_str().unwrap().contains("script-src 'sha256-"));
        app.log_in("ann@example.com", "long enough").await.is_refused(401, "INVALID_CREDENTIALS");
    }

    async fn neither_the_database_nor_other_users_of_the_machine_see_a_token(app) {
        register(app, ann(None)).await.data(202);
        let rows = dump(&app.app).await;
        let token = app.mailed_token("ann@example.com").await;
        assert_eq!(rows["mail"].len(), 1, "the mail waits as a row until it is delivered");
        for row in rows.values().flatten() {
            assert!(!row.contains(&token) && !row.contains("Confirm your registration"), "{row}");
        }
        for file in std::fs::read_dir(app.mail_folder()).unwrap() {
            assert_eq!(file.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(std::fs::metadata(app.mail_folder()).unwrap().permissions().mode() & 0o777, 0o700);
    }

    async fn what_nobody_confirms_is_forgotten(app) {
        register(app, ann(None)).await.data(202);
        tokio::spawn(housekeeping::run(app.app.clone()));
        app.clock.advance(DAY - Duration::from_secs(1800)).await;
        assert_eq!(dump(&app.app).await["registration"].len(), 1);
        app.clock.advance(Duration::from_secs(3600)).await;
        let left = texts(&app.app, "SELECT email AS row FROM registration").await;
        assert!(left.is_empty(), "{left:?}");
    }

    async fn an_address_to_which_no_mail_can_be_sent_is_refused(app) {
        let mut body = ann(None);
        body["email"] = json!("ann,bob@example.com");
        let refused = register(app, body).await;
        assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/email"]);
    }

    async fn nobody_chooses_a_role_or_a_company_when_he_registers(app) {
        let world = World::create(app).await;
        for (name, value) in [("role", json!("owner")), ("companyId", json!(world.ours.id)), ("platformRole", json!("admin"))] {
            let mut body = json!({ "email": "eve@example.com", "password": "long enough", "name": "Eve" });
            body[name] = value;
            let answer = register(app, body).await;
            answer.is_refused(400, "VALIDATION_FAILED");
            assert_eq!(answer.wrong_fields(), [format!("/{name}")]);
        }
    }

    async fn an_invitation_is_good_once_and_for_its_address_only(app) {
        let world = World::create(app).await;
        let invited = app.post("/api/users/invite", &world.ours.manager, json!({ "email": "bob@example.com", "role": "agent" })).await;
        assert_eq!(invited.data(201).get("token"), None, "who invites does not read Bob's mail");
        let mails = app.mails_to("bob@example.com").await;
        assert_eq!(mails[0].subject, "Ours invites you");
        let token = mails[0].token().unwrap();
        let body = |email: &str| json!({ "email": email, "password": "long enough", "name": "Bob", "inviteToken": token });
        register(app, body("eve@example.com")).await.is_refused(404, "INVITATION_NOT_FOUND");
        register(app, body("bob@example.com")).await.data(202);
        register(app, body("bob@example.com")).await.is_refused(404, "INVITATION_NOT_FOUND");
        let bob = app.log_in("bob@example.com", "long enough").await;
        let user = &bob.data(200)["user"];
        assert_eq!((text(user, "role"), text(user, "companyId")), ("agent", world.ours.id.to_string().as_str()));
        let agent = app.get(&format!("/api/agents/{}", text(user, "agentId")), &world.ours.owner).await;
        assert_eq!((text(agent.data(200), "name"), text(agent.data(200), "availability")), ("Bob", "offline"));
        let audited = texts(&app.app, "SELECT action AS row FROM audit ORDER BY id").await;
        assert_eq!(audited, ["users:invite", "users:join"]);
    }

    async fn an_invitation_runs_out_after_seven_days(app) {
        let world = World::create(app).await;
        app.post("/api/users/invite", &world.ours.owner, json!({ "email": "bob@example.com", "role": "manager" })).await.data(201);
        let token = app.mailed_token("bob@example.com").await;
        app.clock.advance(7 * DAY).await;
        let body = json!({ "email": "bob@example.com", "password": "long enough", "name": "Bob", "inviteToken": token });
        register(app, body).await.is_refused(404, "INVITATION_NOT_FOUND");
    }
}

/// In production without a mail server.
#[tokio::test]
async fn where_no_mail_can_be_sent_only_the_invited_register() {
    let key = "a key for this test alone, of 32 and more characters";
    let settings = [("calldocker_env", "production"), ("jwt_secret", key), ("master_key", key)];
    let app = TestApp::with(Backend::Sqlite, &settings).await.expect("SQLite is always there");
    let world = World::create(&app).await;
    let before = dump(&app.app).await;
    for email in [world.ours.owner.email.as_str(), "nobody@example.com"] {
        let mut body = ann(Some("Acme"));
        body["email"] = json!(email);
        register(&app, body).await.is_refused(503, "REGISTRATION_NEEDS_INVITATION");
    }
    assert_eq!(dump(&app.app).await, before);
    let body = json!({ "email": "bob@example.com", "role": "agent" });
    let invited = app.post("/api/users/invite", &world.ours.owner, body).await;
    let token = text(invited.data(201), "token");
    assert!(dump(&app.app).await["mail"].is_empty(), "a mail would wait for ever");
    let body =
        json!({ "email": "bob@example.com", "password": "long enough", "name": "Bob", "inviteToken": token });
    register(&app, body).await.data(202);
    app.log_in("bob@example.com", "long enough").await.data(200);
    app.close().await;
}
