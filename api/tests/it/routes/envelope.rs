//! Whatever fails, in whichever layer, has the one envelope.

use serde_json::json;

use crate::support::{World, on_both_databases};

on_both_databases! {
    async fn every_layer_s_failure_is_in_the_envelope(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let login = || app.call("POST", "/api/auth/login");
        app.call("GET", "/no/such/path").send().await.is_refused(404, "NO_SUCH_PATH");
        app.call("GET", "/api/").send().await.is_refused(404, "NO_SUCH_PATH");
        login().text("application/json", "{").send().await.is_refused(400, "INVALID_JSON");
        login().text("application/json", "").send().await.is_refused(400, "INVALID_JSON");
        login().text("application/json", [0xff_u8, 0xfe].map(char::from).iter().collect::<String>()).send().await.is_refused(400, "INVALID_JSON");
        login().text("text/plain", "{}").send().await.is_refused(415, "UNSUPPORTED_MEDIA_TYPE");
        login().send().await.is_refused(415, "UNSUPPORTED_MEDIA_TYPE");
        let large = format!("\"{}\"", "x".repeat(app.app.settings.max_body_bytes));
        login().text("application/json", large).send().await.is_refused(413, "BODY_TOO_LARGE");
        let bad_id = app.get("/api/users/not-an-id", owner).await;
        assert_eq!(bad_id.is_refused(400, "INVALID_PARAMETER").wrong_fields(), ["id"]);
        let bad_query = app.post("/api/auth/logout?all=perhaps", owner, json!({})).await;
        assert_eq!(bad_query.is_refused(400, "INVALID_PARAMETER").wrong_fields(), ["all"]);
        let bad_email = json!({ "email": "not an address", "password": "long enough", "name": "x" });
        let refused = app.call("POST", "/api/auth/register").json(bad_email).send().await;
        assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/email"]);
    }

    async fn a_wrong_method_is_told_which_are_right(app) {
        let world = World::create(app).await;
        for (method, path, allow) in [
            ("PATCH", "/api/auth/profile".to_owned(), "GET, HEAD, PUT"),
            ("POST", format!("/api/users/{}", world.ours.owner.user), "GET, HEAD, PUT, DELETE"),
            ("GET", "/api/auth/login".to_owned(), "POST"),
            ("DELETE", "/openapi.yaml".to_owned(), "GET, HEAD"),
        ] {
            let answer = app.call(method, &path).send().await;
            answer.is_refused(405, "METHOD_NOT_ALLOWED");
            assert_eq!(answer.headers["allow"], allow, "{path}");
        }
    }

    async fn a_body_is_told_everything_that_is_wrong_with_it_at_once(app) {
        let body = json!({ "email": 7, "password": "short", "nickname": "x" });
        let answer = app.call("POST", "/api/auth/register").json(body).send().await;
        answer.is_refused(400, "VALIDATION_FAILED");
        let mut wrong = answer.wrong_fields();
        wrong.sort_unstable();
        assert_eq!(wrong, ["/email", "/name", "/nickname", "/password"]);
    }

    async fn an_unauthorized_answer_says_how_to_authenticate(app) {
        let answer = app.call("GET", "/api/auth/profile").send().await;
        answer.is_refused(401, "TOKEN_MISSING");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }

    async fn a_proxy_may_name_the_request_when_the_name_is_harmless(app) {
        let named = app.call("GET", "/nowhere").header("x-request-id", "req-42_a").send().await;
        assert_eq!(named.body["requestId"], "req-42_a");
        for harmful in ["a b", "<script>", &"x".repeat(65)] {
            let answer = app.call("GET", "/nowhere").header("x-request-id", harmful).send().await;
            assert_ne!(answer.body["requestId"], harmful);
        }
    }

    async fn an_error_of_the_database_is_hidden_and_so_is_its_cause(app) {
        let world = World::create(app).await;
        sea_orm::ConnectionTrait::execute_unprepared(app.app.db.writer(), "DROP TABLE queue_member").await.unwrap();
        let answer = app.get("/api/queues", &world.ours.owner).await;
        answer.is_refused(500, "INTERNAL");
        assert!(!answer.text.contains("queue_member"), "{}", answer.text);
    }
}

/// A handler that panics, below the same outermost layer as the real ones.
#[tokio::test]
async fn a_crash_is_a_plain_500_and_the_server_goes_on() {
    use calldocker::http::envelope::Envelope;
    use poem::{Endpoint, EndpointExt, Request, Route, endpoint::make_sync};
    let crash = make_sync(|_| -> &'static str { panic!("the secret of the house") });
    let paths = calldocker::http::specification().unwrap().paths();
    let envelope = Envelope { clock: clock::Clock::machine(), paths };
    let server = Route::new().at("/crash", crash).with(envelope);
    for _ in 0..2 {
        let request = Request::builder().uri_str("/crash").finish();
        let answer = server.call(request).await.expect("a failure is an answer");
        assert_eq!(answer.status(), 500);
        let text = answer.into_body().into_string().await.unwrap();
        assert!(text.contains("INTERNAL") && !text.contains("secret"), "{text}");
    }
}
