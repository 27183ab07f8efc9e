//! Mail on its way to a real mail server: it arrives as it was written, and what goes wrong loses none.

use std::time::Duration;

use calldocker::outbound::mail;
use calldocker::store::mails::{self, Sender};
use chrono::TimeDelta;
use entity::JobState;
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::support::process::{Server, free_port};
use crate::support::sink::{Certificates, Sink};
use crate::support::{Backend, TestApp, on_both_databases, texts};

const EMAIL: &str = "zoë@example.com";
const LOGIN: &str = "calldocker:a password for mail";

async fn app_with(sink: u16, settings: &[(&str, &str)]) -> TestApp {
    let port = sink.to_string();
    let mut all = vec![
        ("smtp_host", "localhost"),
        ("smtp_port", &port),
        ("smtp_from", "CallDocker <noreply@calls.example.com>"),
    ];
    all.extend(settings);
    TestApp::with(Backend::Sqlite, &all).await.expect("SQLite is always there")
}

async fn register(app: &TestApp, email: &str, languages: &str) {
    let body =
        json!({ "email": email, "password": "long enough", "name": "Zoë", "companyName": "Bücher & Söhne" });
    app.call("POST", "/api/auth/register")
        .header("accept-language", languages)
        .json(body)
        .send()
        .await
        .data(202);
}

/// State, attempts and the last error of the mails that are on their way.
async fn waiting(app: &TestApp) -> Vec<String> {
    let row =
        "SELECT state || ' ' || attempts || ' ' || coalesce(last_error, '') AS row FROM mail ORDER BY id";
    texts(&app.app, row).await
}

#[tokio::test]
async fn a_letter_arrives_in_the_clear_on_this_machine_whole_and_in_every_alphabet() {
    let Some(mut sink) = Sink::start(&[]).await else { return };
    let app = app_with(sink.port, &[("smtp_security", "none")]).await;
    register(&app, EMAIL, "fr").await;
    mail::deliver_due(&app.app).await.unwrap();
    let received = sink.received().await;
    assert_eq!((received.secure, received.user), (false, None));
    assert_eq!(received.to, [EMAIL]);
    let mail = received.mail;
    assert_eq!((mail.from.as_str(), mail.to.as_str()), ("noreply@calls.example.com", EMAIL));
    assert_eq!(mail.subject, "Confirmez votre inscription");
    assert!(
        mail.text.contains("Quelqu'un, vous-même espérons-le, s'est inscrit à CallDocker"),
        "{}",
        mail.text
    );
    assert!(mail.html.contains("vous-même espérons-le, s&#39;est inscrit à CallDocker"), "{}", mail.html);
    assert!(mail.message_id.ends_with("@calls.example.com"), "{}", mail.message_id);
    let token = json!({ "token": mail.token().expect("a token") });
    app.call("POST", "/api/auth/register/confirm").json(token).send().await.data(200);
    app.log_in(EMAIL, "long enough").await.data(200);
    assert!(waiting(&app).await.is_empty(), "what is delivered is forgotten");
    app.close().await;
}

#[tokio::test]
async fn a_letter_arrives_over_starttls_with_a_login() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let certificates = Certificates::make(folder.path());
    let mut environment = certificates.of_server();
    environment.push(("SMTP_LOGIN", LOGIN.to_owned()));
    let Some(mut sink) = Sink::start(&environment).await else { return };
    let authority = certificates.authority.to_str().expect("a path of plain text");
    let (user, pass) = LOGIN.split_once(':').expect("a login");
    let settings = [("smtp_user", user), ("smtp_pass", pass), ("smtp_ca_file", authority)];
    let app = app_with(sink.port, &settings).await;
    register(&app, "ann@example.com", "en").await;
    register(&app, "bob@example.com", "de").await;
    mail::deliver_due(&app.app).await.unwrap();
    let mut received = [sink.received().await, sink.received().await];
    received.sort_by_key(|received| received.to.clone());
    assert!(received.iter().all(|received| received.secure && received.user.as_deref() == Some(user)));
    assert_eq!(
        received.each_ref().map(|received| received.mail.subject.as_str()),
        ["Confirm your registration", "Bestätigen Sie Ihre Registrierung",]
    );
    app.close().await;
}

#[tokio::test]
async fn a_login_that_is_wrong_and_a_server_that_cannot_be_trusted_get_no_mail_and_lose_none() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let certificates = Certificates::make(folder.path());
    let mut environment = certificates.of_server();
    environment.push(("SMTP_LOGIN", LOGIN.to_owned()));
    let Some(sink) = Sink::start(&environment).await else { return };
    let authority = certificates.authority.to_str().expect("a path of plain text");
    let login = [("smtp_user", "calldocker"), ("smtp_pass", "another")];
    for (settings, told) in [
        (vec![login[0], login[1], ("smtp_ca_file", authority)], "535"),
        (login.to_vec(), "certificate"),
        (vec![], "certificate"),
    ] {
        let app = app_with(sink.port, &settings).await;
        register(&app, "ann@example.com", "en").await;
        mail::deliver_due(&app.app).await.unwrap();
        let waiting = waiting(&app).await;
        assert!(waiting.len() == 1 && waiting[0].starts_with("queued 1 "), "{waiting:?}");
        assert!(waiting[0].contains(told), "{waiting:?}");
        app.close().await;
    }
}

#[tokio::test]
async fn a_server_without_starttls_gets_nothing_in_the_clear() {
    let Some(sink) = Sink::start(&[]).await else { return };
    let app = app_with(sink.port, &[]).await;
    register(&app, "ann@example.com", "en").await;
    mail::deliver_due(&app.app).await.unwrap();
    let waiting = waiting(&app).await;
    assert!(waiting.len() == 1 && waiting[0].starts_with("queued 1 "), "{waiting:?}");
    app.close().await;
}

#[tokio::test]
async fn a_letter_waits_for_a_server_that_is_away() {
    let port = free_port();
    let app = app_with(port, &[("smtp_security", "none")]).await;
    register(&app, "ann@example.com", "en").await;
    mail::deliver_due(&app.app).await.unwrap();
    assert!(waiting(&app).await[0].starts_with("queued 1 "));
    let Some(mut sink) = Sink::start(&[("PORT", port.to_string())]).await else { return };
    app.clock.advance(Duration::from_secs(14)).await;
    mail::deliver_due(&app.app).await.unwrap();
    assert!(waiting(&app).await[0].starts_with("queued 1 "), "it is not tried without a pause");
    app.clock.advance(Duration::from_secs(1)).await;
    mail::deliver_due(&app.app).await.unwrap();
    assert_eq!(sink.received().await.to, ["ann@example.com"]);
    assert!(waiting(&app).await.is_empty());
    app.close().await;
}

#[tokio::test]
async fn a_mailbox_that_is_not_there_is_tried_once_and_a_letter_of_no_use_not_at_all() {
    let Some(mut sink) = Sink::start(&[("SMTP_REFUSE", "nobody@example.com".to_owned())]).await else {
        return;
    };
    let app = app_with(sink.port, &[("smtp_security", "none")]).await;
    register(&app, "nobody@example.com", "en").await;
    mail::deliver_due(&app.app).await.unwrap();
    let failed = waiting(&app).await;
    assert!(
        failed.len() == 1 && failed[0].starts_with("failed 1 ") && failed[0].contains("550"),
        "{failed:?}"
    );
    register(&app, "late@example.com", "en").await;
    app.clock.advance(Duration::from_secs(86_400)).await;
    register(&app, "ann@example.com", "en").await;
    mail::deliver_due(&app.app).await.unwrap();
    assert_eq!(sink.received().await.to, ["ann@example.com"]);
    let failed = waiting(&app).await;
    assert!(failed.len() == 2 && failed[1].starts_with("failed 1 "), "{failed:?}");
    let content = texts(&app.app, "SELECT content_sealed AS row FROM mail").await;
    assert_eq!(content, ["", ""], "what is given up is not kept");
    app.close().await;
}

on_both_databases! {
    async fn a_mail_that_a_killed_node_was_about_to_deliver_is_delivered_by_another(app) {
        register(app, "ann@example.com", "en").await;
        let claimed = mails::claim(&app.app, Sender::Platform, 10, TimeDelta::seconds(120)).await.unwrap();
        assert_eq!(claimed.iter().map(|mail| mail.state).collect::<Vec<_>>(), [JobState::Running]);
        let other = "UPDATE mail SET node_id = id";
        app.app.db.writer().execute_unprepared(other).await.unwrap();
        assert!(app.mails_to("ann@example.com").await.is_empty(), "somebody else holds it");
        app.clock.advance(Duration::from_secs(120)).await;
        assert_eq!(app.mails_to("ann@example.com").await.len(), 1);
        assert!(waiting(app).await.is_empty());
    }

    async fn a_letter_leaves_by_itself_as_soon_as_it_is_posted(app) {
        tokio::spawn(mail::run(app.app.clone()));
        app.clock.advance(Duration::from_secs(1)).await;
        register(app, "ann@example.com", "en").await;
        app.clock.still().await;
        assert_eq!(std::fs::read_dir(app.mail_folder()).unwrap().count(), 1);
        assert!(waiting(app).await.is_empty());
    }
}

#[tokio::test]
async fn a_newcomer_is_told_where_his_mail_lies_and_production_that_it_has_none() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let carrier = ("CARRIER_PORT", free_port().to_string());
    let mut server = Server::start(folder.path(), free_port(), vec![carrier]);
    server.ready().await;
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let body = json!({ "email": "ann@example.com", "password": "long enough", "name": "Ann", "companyName": "Acme" });
    let url = format!("{}/api/auth/register", server.url);
    let answer = http.post(&url).json(&body).send().await.expect("the server answers");
    assert_eq!(answer.status(), 202);
    let clock = clock::Clock::machine();
    let told = async {
        while !server.log().contains(".eml") {
            drop(clock.sleep(Duration::from_millis(50)).await);
        }
    };
    assert!(clock.timeout(Duration::from_secs(30), told).await.is_some(), "{}", server.log());
    let lines = server.log().lines().filter(|line| line.contains(".eml")).count();
    assert_eq!((lines, server.log().contains("ann@example.com")), (1, false), "{}", server.log());
    drop(server);

    let key = "a key for this test alone, of 32 and more characters";
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut server = Server::start(
        folder.path(),
        free_port(),
        vec![
            ("CALLDOCKER_ENV", "production".to_owned()),
            ("JWT_SECRET", key.to_owned()),
            ("MASTER_KEY", key.to_owned()),
            ("TWILIO_ACCOUNT_SID", "ACca11d0c0000000000000000000000007".to_owned()),
            ("TWILIO_AUTH_TOKEN", "a token for this test alone".to_owned()),
            ("TWILIO_API_URL", format!("http://127.0.0.1:{}", free_port())),
        ],
    );
    server.ready().await;
    assert!(server.log().contains("SMTP_HOST is not set"), "{}", server.log());
}
