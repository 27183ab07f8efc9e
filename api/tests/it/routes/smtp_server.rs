//! /api/settings/company/{companyId}/integrations/smtp

use calldocker::outbound::mail;
use calldocker::store::one_each;
use chrono::TimeDelta;
use entity::{SmtpSecurity, smtp_server};
use serde_json::{Value, json};

use crate::support::process::free_port;
use crate::support::sink::{Certificates, Sink};
use crate::support::{Backend, TestApp, World, on_both_databases, texts};

const LOGIN: &str = "acme:a password for mail";
const PASSWORD: &str = "a password for mail";

fn path(world: &World) -> String {
    format!("/api/settings/company/{}/integrations/smtp", world.ours.id)
}

fn server(port: u16) -> Value {
    json!({
        "host": "localhost", "port": port, "security": "starttls", "user": "acme", "password": PASSWORD,
        "fromAddress": "hello@acme.example.com", "fromName": "Acme",
    })
}

async fn invite(app: &TestApp, world: &World, email: &str) {
    let body = json!({ "email": email, "role": "agent" });
    app.post("/api/users/invite", &world.ours.owner, body).await.data(201);
}

/// A server that may be reached, with TLS and a login.
async fn app_with(sink: &Sink, authority: &str) -> TestApp {
    let allowed = format!("localhost:{}", sink.port);
    let settings = [("outbound_allow", allowed.as_str()), ("smtp_ca_file", authority)];
    TestApp::with(Backend::Sqlite, &settings).await.expect("SQLite is always there")
}

async fn with_a_login(folder: &std::path::Path) -> Option<(Sink, String)> {
    let certificates = Certificates::make(folder);
    let mut environment = certificates.of_server();
    environment.push(("SMTP_LOGIN", LOGIN.to_owned()));
    let authority = certificates.authority.to_str().expect("a path of plain text").to_owned();
    Some((Sink::start(&environment).await?, authority))
}

#[tokio::test]
async fn a_company_s_mail_leaves_by_its_own_server_and_everybody_else_s_by_the_platform_s() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let Some((mut sink, authority)) = with_a_login(folder.path()).await else { return };
    let app = app_with(&sink, &authority).await;
    let world = World::create(&app).await;
    let owner = &world.ours.owner;
    app.get(&path(&world), owner).await.is_refused(404, "INTEGRATION_NOT_FOUND");
    let put = app.put(&path(&world), owner, server(sink.port)).await;
    assert_eq!((&put.data(200)["passwordSet"], &put.data(200)["user"]), (&json!(true), &json!("acme")));
    let read = app.get(&path(&world), &world.ours.manager).await;
    assert!(!put.text.contains(PASSWORD) && !read.text.contains(PASSWORD), "{}", read.text);
    let row =
        one_each::get::<smtp_server::Entity>(world.ours.scope, app.app.db.reader()).await.unwrap().unwrap();
    assert!(!row.password_sealed.expect("it is kept").contains(PASSWORD), "it is sealed");
    assert!(!texts(&app.app, "SELECT detail AS row FROM audit").await.concat().contains(PASSWORD));

    invite(&app, &world, "new@example.com").await;
    mail::deliver_due(&app.app).await.unwrap();
    let received = sink.received().await;
    assert_eq!((received.secure, received.user.as_deref()), (true, Some("acme")));
    assert_eq!(
        (received.mail.from.as_str(), received.mail.to.as_str()),
        ("hello@acme.example.com", "new@example.com")
    );
    assert!(received.mail.subject.starts_with("Ours"), "{}", received.mail.subject);
    let body = json!({ "email": "other@example.com", "role": "agent" });
    app.post("/api/users/invite", &world.theirs.owner, body).await.data(201);
    assert_eq!(app.mails_to("other@example.com").await.len(), 1, "another company has the platform's");
    assert!(app.mails_to("new@example.com").await.is_empty());

    // The same again without the password: it is known.
    let mut same = server(sink.port);
    same.as_object_mut().expect("an object").remove("password");
    app.put(&path(&world), owner, same.clone()).await.data(200);
    same["user"] = json!("somebody");
    let refused = app.put(&path(&world), owner, same).await;
    assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/password"]);

    app.delete(&path(&world), owner).await.data(200);
    app.delete(&path(&world), owner).await.is_refused(404, "INTEGRATION_NOT_FOUND");
    invite(&app, &world, "next@example.com").await;
    let mails = app.mails_to("next@example.com").await;
    assert_eq!(mails.iter().map(|mail| mail.from.as_str()).collect::<Vec<_>>(), ["calldocker@localhost"]);
    app.close().await;
}

#[tokio::test]
async fn a_server_that_does_not_let_us_in_is_not_saved_and_its_answer_is_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let Some((sink, authority)) = with_a_login(folder.path()).await else { return };
    let Some(plain) = Sink::start(&[]).await else { return };
    let silent = free_port();
    let allowed = format!("localhost:{},localhost:{},localhost:{silent}", sink.port, plain.port);
    for (trusted, changes, field, told) in [
        (true, json!({ "password": "another" }), "/password", "535"),
        (true, json!({ "port": plain.port }), "/security", "STARTTLS"),
        (true, json!({ "port": silent }), "/host", "cannot be used"),
        (false, json!({}), "/security", "ertificate"),
    ] {
        let mut settings = vec![("outbound_allow", allowed.as_str())];
        settings.extend(trusted.then_some(("smtp_ca_file", authority.as_str())));
        let app = TestApp::with(Backend::Sqlite, &settings).await.expect("SQLite is always there");
        let world = World::create(&app).await;
        let mut body = server(sink.port);
        body.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
        let refused = app.put(&path(&world), &world.ours.owner, body).await;
        assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), [field], "{changes}");
        assert!(refused.text.contains(told), "{changes}: {}", refused.text);
        app.get(&path(&world), &world.ours.owner).await.is_refused(404, "INTEGRATION_NOT_FOUND");
        app.close().await;
    }
}

/// As if it had been saved while it could be reached.
async fn set(app: &TestApp, world: &World, host: &str) {
    let row = smtp_server::Model {
        company_id: world.ours.id,
        host: host.to_owned(),
        port: 587,
        security: SmtpSecurity::Starttls,
        user_name: None,
        password_sealed: None,
        from_address: "hello@acme.example.com".to_owned(),
        from_name: None,
        failing_since: None,
        last_error: None,
        last_error_at: None,
        updated_at: app.clock.now(),
        updated_by: world.ours.owner.user,
    };
    let tx = app.app.db.begin().await.unwrap();
    one_each::put::<smtp_server::Entity>(world.ours.scope, &tx, Some(row)).await.unwrap();
    tx.commit().await.unwrap();
}

on_both_databases! {
    async fn no_host_of_ours_and_no_private_one_can_be_set(app) {
        let world = World::create(app).await;
        for host in ["127.0.0.1", "localhost", "::1", "10.0.0.1", "169.254.169.254", "192.168.1.1", "2130706433", "0x7f.1",
            "user@example.com", "example.com/x", "::ffff:127.0.0.1"] {
            let mut body = server(25);
            body["host"] = json!(host);
            let refused = app.put(&path(&world), &world.ours.owner, body).await;
            assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/host"], "{host}");
        }
        let clear = json!({ "host": "mail.example.com", "port": 25, "security": "none", "fromAddress": "nobody", "password": "x" });
        let refused = app.put(&path(&world), &world.ours.owner, clear).await;
        assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/security", "/user", "/fromAddress"]);
    }

    async fn mail_waits_for_a_server_that_does_not_work_leaves_by_no_other_and_the_owner_sees_why(app) {
        let world = World::create(app).await;
        set(app, &world, "169.254.169.254").await;
        invite(app, &world, "one@example.com").await;
        invite(app, &world, "two@example.com").await;
        assert!(app.mails_to("one@example.com").await.is_empty(), "it leaves by no other");
        let began = app.clock.now();
        let shown = app.get(&path(&world), &world.ours.manager).await;
        assert_eq!(shown.data(200)["failingSince"], json!(began.to_rfc3339()));
        assert!(shown.data(200)["lastError"].as_str().unwrap().contains("public internet"), "{}", shown.text);
        app.clock.advance(std::time::Duration::from_secs(15)).await;
        mail::deliver_due(&app.app).await.unwrap();
        let shown = app.get(&path(&world), &world.ours.manager).await;
        assert_eq!(shown.data(200)["failingSince"], json!(began.to_rfc3339()), "since when is not since the last time");
        assert_eq!(shown.data(200)["lastErrorAt"], json!((began + TimeDelta::seconds(15)).to_rfc3339()));

        // One that waits does so with those that were tried.
        invite(app, &world, "three@example.com").await;
        mail::deliver_due(&app.app).await.unwrap();
        let states = texts(&app.app, "SELECT DISTINCT state AS row FROM mail WHERE company_id IS NOT NULL").await;
        assert_eq!(states, ["queued"]);
        app.delete(&path(&world), &world.ours.owner).await.data(200);
        for email in ["one@example.com", "two@example.com", "three@example.com"] {
            assert_eq!(app.mails_to(email).await.len(), 1, "{email} gets it at once by the platform's server");
        }
    }
}
