//! What a failure means for what may be done next.

use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;
use twilio::rest::{Client, CreateCall, Credentials, Error, RecordingFormat, TWILIO, Timeouts, UpdateCall};

use crate::server::{ACCOUNT, Answer, Server, TOKEN, client, impatient_client};

fn call() -> CreateCall {
    CreateCall::url("+14155550199", "+14155550100", "https://cc.example.com/a")
}

fn refused(status: u16, code: u32) -> Answer {
    Answer::Json(status, json!({ "code": code, "message": "no", "more_info": "https://…", "status": status }))
}

#[tokio::test]
async fn a_create_that_is_not_answered_in_time_is_unknown_and_was_sent_once() {
    let server = Server::answering([Answer::Silence]).await;
    let error = impatient_client(&server.base()).create_call(&call()).await.expect_err("no answer comes");
    assert!(matches!(error, Error::Unknown(_)), "{error:?}");
    assert!(!error.may_be_repeated());
    server.asked_once();
}

#[tokio::test]
async fn a_create_whose_connection_breaks_is_unknown_and_was_sent_once() {
    for answer in [Answer::Break, Answer::BreakInBody] {
        let server = Server::answering([answer]).await;
        let error = server.client().create_call(&call()).await.expect_err("no whole answer comes");
        assert!(matches!(error, Error::Unknown(_)), "{error:?}");
        server.asked_once();
    }
}

#[tokio::test]
async fn every_change_whose_answer_is_lost_is_unknown() {
    let server = Server::answering([]).await;
    let client = server.client();
    let update = client.update_call("CA1", &UpdateCall::Complete).await.expect_err("it breaks");
    let delete = client.delete_recording("RE1").await.expect_err("it breaks");
    assert!(matches!((&update, &delete), (Error::Unknown(_), Error::Unknown(_))), "{update:?} {delete:?}");
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_read_whose_answer_is_lost_may_be_repeated() {
    for answer in [Answer::Silence, Answer::Break, Answer::BreakInBody] {
        let server = Server::answering([answer]).await;
        let error =
            impatient_client(&server.base()).fetch_call("CA1").await.expect_err("no whole answer comes");
        assert!(matches!(error, Error::Interrupted(_)), "{error:?}");
        assert!(error.may_be_repeated());
        server.asked_once();
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable_even_for_a_create() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let client = client(&format!("http://{address}"));
    for error in [
        client.create_call(&call()).await.expect_err("nobody listens"),
        client.fetch_call("CA1").await.expect_err("nobody listens"),
        client.delete_recording("RE1").await.expect_err("nobody listens"),
    ] {
        assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
        assert!(error.may_be_repeated());
    }
}

#[tokio::test]
async fn a_create_on_a_kept_connection_that_breaks_is_not_sent_twice() {
    let created = || Answer::Json(201, json!({ "sid": "CA1" }));
    let server = Server::answering([created(), Answer::Break, created()]).await;
    let client = server.client();
    assert!(client.create_call(&call()).await.is_ok());
    let error = client.create_call(&call()).await.expect_err("the kept connection breaks");
    assert!(matches!(error, Error::Unknown(_)), "{error:?}");
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn too_many_requests_are_told_with_how_long_to_wait() {
    let limited = |after: Option<&str>| {
        let headers = after.map(|after| ("retry-after", after.to_owned())).into_iter().collect();
        Answer::Text(429, headers, r#"{"code":20429}"#.into())
    };
    let server = Server::answering([
        limited(Some("7")),
        limited(None),
        limited(Some("Fri, 07 Nov 2025 09:05:03 GMT")),
    ])
    .await;
    let client = server.client();
    for retry_after in [Some(Duration::from_secs(7)), None, None] {
        let error = client.create_call(&call()).await.expect_err("it is refused");
        assert_eq!(error, Error::RateLimited { retry_after });
        assert!(error.may_be_repeated());
    }
}

#[tokio::test]
async fn a_refusal_has_its_code_and_its_words() {
    let server = Server::answering([refused(400, 21211)]).await;
    let error = server.client().create_call(&call()).await.expect_err("it is refused");
    assert_eq!(error, Error::Refused { status: 400, code: Some(21211), message: "no".into() });
    assert!(!error.is_gone() && !error.may_be_repeated());
}

#[tokio::test]
async fn what_is_over_or_was_never_there_is_gone() {
    let server = Server::answering([
        refused(404, 20404),
        refused(400, 21220),
        Answer::Text(404, vec![], "<html>".into()),
        refused(401, 20003),
    ])
    .await;
    let client = server.client();
    for gone in [true, true, true, false] {
        let error = client.update_call("CA1", &UpdateCall::Complete).await.expect_err("it is refused");
        assert_eq!(error.is_gone(), gone, "{error:?}");
    }
}

#[tokio::test]
async fn a_refusal_that_is_no_json_is_still_a_refusal() {
    let server = Server::answering([
        Answer::Text(403, vec![], "<html>forbidden</html>".into()),
        Answer::Text(302, vec![("location", "https://elsewhere.example.com/".into())], String::new()),
    ])
    .await;
    let client = server.client();
    for status in [403, 302] {
        let error = client.create_call(&call()).await.expect_err("it is refused");
        assert!(
            matches!(error, Error::Refused { status: got, code: None, .. } if got == status),
            "{error:?}"
        );
    }
    assert_eq!(server.asked().len(), 2, "a create does not follow a redirect");
}

#[tokio::test]
async fn a_failing_server_is_no_refusal_and_not_repeatable() {
    let server = Server::answering([Answer::Text(503, vec![], "down".into())]).await;
    let error = server.client().create_call(&call()).await.expect_err("it fails");
    assert_eq!(error, Error::Server { status: 503 });
    assert!(!error.may_be_repeated() && !error.is_gone());
}

#[tokio::test]
async fn a_success_that_cannot_be_read_is_unknown_for_a_create_and_unreadable_for_a_fetch() {
    for body in ["", "{\"sid\": \"CA", "[]", "{\"status\": \"queued\"}"] {
        let server = Server::answering([
            Answer::Text(201, vec![], body.into()),
            Answer::Text(200, vec![], body.into()),
        ])
        .await;
        let client = server.client();
        let error = client.create_call(&call()).await.expect_err("there is no call in it");
        assert!(matches!(error, Error::Unknown(_)), "{body:?}: {error:?}");
        let error = client.fetch_call("CA1").await.expect_err("there is no call in it");
        assert!(matches!(error, Error::Unreadable(_)), "{body:?}: {error:?}");
        assert!(!error.may_be_repeated());
    }
}

#[tokio::test]
async fn a_list_without_its_entries_is_unreadable() {
    let server = Server::answering([Answer::Json(200, json!({ "queues": [] }))]).await;
    let error = server.client().list_members("QU1", 10).await.expect_err("there are no members in it");
    assert!(matches!(error, Error::Unreadable(_)), "{error:?}");
}

#[tokio::test]
async fn a_file_that_is_longer_than_allowed_is_given_up() {
    let server = Server::answering([
        Answer::Text(200, vec![], "12345".into()),
        Answer::Text(200, vec![], "12345".into()),
        Answer::Pieces("123", "45"),
        Answer::Pieces("123", "45"),
        Answer::BreakInBody,
    ])
    .await;
    let client = server.client();
    let download =
        async |limit| client.download_recording("RE1", RecordingFormat::Wav, limit).await?.bytes().await;
    assert_eq!(download(5).await.as_deref(), Ok(&b"12345"[..]));
    assert_eq!(download(4).await, Err(Error::TooLarge { limit: 4 }));
    assert_eq!(download(5).await.as_deref(), Ok(&b"12345"[..]));
    assert_eq!(download(4).await, Err(Error::TooLarge { limit: 4 }));
    let cut = download(100).await.expect_err("it is cut");
    assert!(matches!(cut, Error::Interrupted(_)), "half a file is no file: {cut:?}");
}

#[tokio::test]
async fn a_file_that_moves_around_for_ever_is_given_up() {
    let moved = || Answer::Text(307, vec![("location", "/again".into())], String::new());
    let server = Server::answering((0..10).map(|_| moved())).await;
    let error =
        server.client().download_recording("RE1", RecordingFormat::Mp3, 10).await.expect_err("no file");
    assert!(matches!(error, Error::Unreadable(_)), "{error:?}");
    assert_eq!(server.asked().len(), 4);
}

#[test]
fn a_base_url_that_is_none_is_refused_at_once() {
    assert!(Client::new(Credentials::auth_token(ACCOUNT, TOKEN), TWILIO, Timeouts::default()).is_ok());
    for base in ["", "api.twilio.com", "ftp://api.twilio.com", "mailto:a@b", "https://"] {
        let client = Client::new(Credentials::auth_token(ACCOUNT, TOKEN), base, Timeouts::default());
        assert!(matches!(client, Err(Error::Setup(_))), "{base}");
    }
}

#[tokio::test]
async fn neither_the_client_nor_its_errors_show_the_secret() {
    let key = Credentials::api_key(ACCOUNT, "SK1", "s3cr3t");
    assert_eq!(format!("{key:?}"), format!("Credentials {{ account_sid: {ACCOUNT:?}, user: \"SK1\", .. }}"));
    let server = Server::answering([]).await;
    let client = server.client();
    let error = client.fetch_call("CA1").await.expect_err("it breaks");
    for text in [format!("{client:?}"), format!("{error:?}"), error.to_string()] {
        assert!(!text.contains(TOKEN), "{text}");
    }
    assert!(!error.to_string().contains(ACCOUNT), "{error}");
}
