//! The look-alikes notice what the services would: requests that our clients do not make.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use push::fakes::{Apns, Checked, Expo, Fcm};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::{clock, minutes, noon};

/// What the service answers, after the look-alike has noted a fault.
async fn refused(fake: &impl Checked, request: RequestBuilder) -> (u16, Value) {
    let before = fake.faults().len();
    let (status, body) = answer(request).await;
    assert!(fake.faults().len() > before, "{status} {body} is not noted");
    (status.as_u16(), body)
}

async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status();
    (status, serde_json::from_slice(&response.bytes().await.expect("a body")).unwrap_or_default())
}

fn http() -> Client {
    Client::builder().no_proxy().build().expect("a client")
}

#[tokio::test]
async fn expo_notices_wrong_batches_and_messages() {
    let expo = Expo::start(clock()).await;
    let http = http();
    let ask =
        |what: &str, body: Value| http.post(format!("{}/--/api/v2/push/{what}", expo.base())).json(&body);
    let good = || json!({ "to": "ExponentPushToken[a]", "body": "Hello" });
    let with = |name: &str, value: Value| {
        let mut message = good();
        message[name] = value;
        json!([message])
    };
    let code = |answer: (u16, Value)| answer.1["errors"][0]["code"].as_str().unwrap_or_default().to_owned();

    let many: Vec<Value> = (0..101).map(|_| good()).collect();
    assert_eq!(code(refused(&expo, ask("send", many.into())).await), "PUSH_TOO_MANY_NOTIFICATIONS");
    assert_eq!(
        code(refused(&expo, ask("getReceipts", json!({ "ids": vec!["x"; 1001] }))).await),
        "PUSH_TOO_MANY_RECEIPTS"
    );
    let wrong = [
        json!([]),
        json!({}),
        json!([1]),
        with("to", json!("a")),
        with("colour", json!("red")),
        with("ttl", json!("60")),
        with("ttl", json!(-1)),
        with("priority", json!("urgent")),
        with("data", json!("text")),
        with("badge", json!(1.5)),
    ];
    for body in wrong {
        assert_eq!(code(refused(&expo, ask("send", body)).await), "VALIDATION_ERROR");
    }
    let (status, body) = refused(&expo, ask("send", with("body", json!("x".repeat(4096))))).await;
    assert_eq!((status, &body["data"][0]["details"]["error"]), (200, &json!("MessageTooBig")));
    refused(&expo, ask("send", json!([good()])).header("content-encoding", "gzip")).await;
    refused(&expo, ask("send", json!([good()])).header("content-encoding", "br")).await;
    refused(&expo, ask("sent", json!([good()]))).await;
    refused(&expo, http.post(format!("{}/--/api/v2/push/send", expo.base())).body("[]")).await;
    refused(&expo, http.get(format!("{}/--/api/v2/push/send", expo.base()))).await;
    assert!(expo.sent().is_empty());
    assert_eq!(answer(ask("send", json!([good()]))).await.0, 200);
    assert_eq!(expo.sent(), [good()]);
}

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Who asks Google for access.
struct Grants {
    url: String,
    file: Value,
    key: EncodingKey,
}

impl Grants {
    fn new(fcm: &Fcm) -> Self {
        let file: Value = serde_json::from_str(fcm.key_file()).expect("JSON");
        let pem = file["private_key"].as_str().expect("a key");
        let key = EncodingKey::from_rsa_pem(pem.as_bytes()).expect("a key");
        Self { url: format!("{}/token", fcm.base()), file, key }
    }

    fn claims(&self) -> Value {
        json!({
            "iss": self.file["client_email"],
            "scope": push::fcm::SCOPE,
            "aud": self.url,
            "iat": noon().timestamp(),
            "exp": noon().timestamp() + 3600,
        })
    }

    fn signed(&self, claims: &Value) -> String {
        let kid = self.file["private_key_id"].as_str().map(str::to_owned);
        let header = Header { kid, ..Header::new(Algorithm::RS256) };
        jsonwebtoken::encode(&header, claims, &self.key).expect("a JWT")
    }
}

#[tokio::test]
async fn google_notices_wrong_grants() {
    let fcm = Fcm::start(clock()).await;
    let http = http();
    let grants = Grants::new(&fcm);
    let with = |name: &str, value: Value| {
        let mut claims = grants.claims();
        claims[name] = value;
        claims
    };
    let ask = |grant: &str, claims: &Value| {
        let assertion = grants.signed(claims);
        http.post(&grants.url).form(&[("grant_type", grant), ("assertion", assertion.as_str())])
    };
    let wrong = [
        with("scope", json!("https://www.googleapis.com/auth/cloud-platform")),
        with("aud", json!("https://oauth2.googleapis.com/token")),
        with("iat", json!(noon().timestamp() + 1)),
        with("exp", json!(noon().timestamp() + 3601)),
        with("exp", json!(noon().timestamp())),
        with("exp", Value::Null),
    ];
    for claims in wrong {
        assert_eq!(refused(&fcm, ask(GRANT, &claims)).await.0, 400);
    }
    refused(&fcm, ask("client_credentials", &grants.claims())).await;
    refused(&fcm, http.post(&grants.url).json(&grants.claims())).await;
    assert_eq!(fcm.granted(), 0);
    let (status, granted) = answer(ask(GRANT, &grants.claims())).await;
    assert_eq!((status.as_u16(), &granted["expires_in"]), (200, &json!(3599)));
}

#[tokio::test]
async fn fcm_notices_wrong_messages() {
    let clock = clock();
    let fcm = Fcm::start(clock.clone()).await;
    let http = http();
    let grants = Grants::new(&fcm);
    let assertion = grants.signed(&grants.claims());
    let form = [("grant_type", GRANT), ("assertion", assertion.as_str())];
    let granted = answer(http.post(&grants.url).form(&form)).await.1;
    let access = granted["access_token"].as_str().expect("access");
    let url = format!("{}/v1/projects/calldocker-test/messages:send", fcm.base());
    let send = |message: Value| http.post(&url).bearer_auth(access).json(&json!({ "message": message }));
    let good =
        || json!({ "token": "a", "data": { "a": "b" }, "android": { "ttl": "60s", "priority": "HIGH" } });
    let with = |path: &str, value: Value| {
        let mut message = good();
        *message.pointer_mut(path).expect("a place") = value;
        message
    };
    let wrong = [
        with("/token", json!("")),
        with("/token", Value::Null),
        with("/data/a", json!(1)),
        with("/data", json!({ "from": "b" })),
        with("/data", json!({ "google.x": "b" })),
        with("/data", json!({ "a": "x".repeat(4096) })),
        with("/android/ttl", json!("60")),
        with("/android/ttl", json!("2419201s")),
        with("/android/priority", json!("high!")),
        with("/android", json!({ "ttl": "60s", "colour": "red" })),
        json!({ "token": "a", "topic": "all", "android": { "ttl": "60s" } }),
    ];
    for message in wrong {
        assert_eq!(refused(&fcm, send(message.clone())).await.0, 400, "{message}");
    }
    refused(&fcm, http.post(&url).bearer_auth(access).body("{}")).await;
    refused(&fcm, http.post(format!("{}/v1/projects/other/messages:send", fcm.base())).bearer_auth(access))
        .await;
    assert!(fcm.sent().is_empty());
    assert_eq!(answer(send(good())).await.0, 200);
    // A test may use access that is over: no fault.
    let faults = fcm.faults().len();
    minutes(&clock, 60).await;
    assert_eq!(answer(send(good())).await.0, 401);
    assert_eq!(answer(http.post(&url).json(&good())).await.0, 401);
    assert_eq!(fcm.faults().len(), faults);
}

/// Who sends to APNs.
struct Sender {
    http: Client,
    authority: reqwest::Certificate,
    base: String,
    key: EncodingKey,
}

impl Sender {
    fn new(apns: &Apns) -> Self {
        let authority = reqwest::Certificate::from_pem(apns.authority().as_bytes()).expect("an authority");
        let http =
            Client::builder().no_proxy().tls_certs_only([authority.clone()]).build().expect("a client");
        let key = EncodingKey::from_ec_pem(apns.credentials().0.as_bytes()).expect("a key");
        Self { http, authority, base: apns.base(), key }
    }

    fn provider(&self, issued_at: i64) -> String {
        let header = Header { kid: Some("KEY1234567".into()), ..Header::new(Algorithm::ES256) };
        let claims = json!({ "iss": "TEAM123456", "iat": issued_at });
        format!("bearer {}", jsonwebtoken::encode(&header, &claims, &self.key).expect("a JWT"))
    }

    /// A good request, with other values of `headers`; an empty one is left out.
    fn request(&self, headers: &[(&str, &str)], body: &Value) -> RequestBuilder {
        let provider = self.provider(noon().timestamp());
        let usual = [
            ("authorization", provider.as_str()),
            ("apns-topic", "test.calldocker.app"),
            ("apns-push-type", "alert"),
            ("apns-priority", "10"),
            ("apns-expiration", "0"),
        ];
        let kept = usual.iter().filter(|(name, _)| headers.iter().all(|(other, _)| other != name));
        let all = kept.chain(headers).filter(|(_, value)| !value.is_empty());
        let request = self.http.post(format!("{}/3/device/aa", self.base)).body(body.to_string());
        all.fold(request, |request, (name, value)| request.header(*name, *value))
    }
}

#[tokio::test]
async fn apns_notices_wrong_headers_and_payloads() {
    let apns = Apns::start(clock()).await;
    let sender = Sender::new(&apns);
    let good = json!({ "aps": { "alert": { "body": "Hello" } } });
    let quiet = json!({ "aps": { "content-available": 1 } });
    let long = "x".repeat(65);
    type Headers<'a> = &'a [(&'a str, &'a str)];
    let wrong: [(Headers<'_>, &Value, &str); 12] = [
        (&[("authorization", "")], &good, "MissingProviderToken"),
        (&[("apns-topic", "")], &good, "MissingTopic"),
        (&[("apns-push-type", "")], &good, "InvalidPushType"),
        (&[("apns-push-type", "voip")], &good, "InvalidPushType"),
        (&[("apns-topic", "test.calldocker.app.voip")], &good, "InvalidPushType"),
        (&[("apns-push-type", "background")], &quiet, "InvalidPushType"),
        (&[("apns-priority", "7")], &good, "BadPriority"),
        (&[("apns-expiration", "soon")], &good, "BadExpirationDate"),
        (&[("apns-collapse-id", long.as_str())], &good, "BadCollapseId"),
        (&[], &quiet, "the payload does not fit apns-push-type"),
        (&[], &json!([]), "the payload is no object with aps"),
        (&[], &json!({ "aps": { "alert": "x".repeat(4096) } }), "PayloadTooLarge"),
    ];
    for (headers, body, reason) in wrong {
        let (_, answer) = refused(&apns, sender.request(headers, body)).await;
        assert_eq!(answer["reason"], reason);
    }
    let (status, _) = refused(&apns, sender.request(&[], &good).header("apns-topic", "twice")).await;
    assert_eq!(status, 400);
    let url = format!("{}/3/device", sender.base);
    refused(&apns, sender.http.post(&url)).await;
    refused(&apns, sender.http.post(format!("{url}/xyz"))).await;
    refused(&apns, sender.http.get(format!("{url}/aa"))).await;
    assert!(apns.pushed().is_empty());
    assert_eq!(answer(sender.request(&[], &good)).await.0, 200);

    let old = Client::builder()
        .no_proxy()
        .http1_only()
        .tls_certs_only([sender.authority])
        .build()
        .expect("a client");
    assert!(old.post(format!("{url}/aa")).send().await.is_err(), "HTTP/1.1 is not spoken");
}

#[tokio::test]
async fn apns_notices_provider_tokens_that_are_too_old_or_too_new() {
    let clock = clock();
    let apns = Apns::start(clock.clone()).await;
    let sender = Sender::new(&apns);
    let good = json!({ "aps": { "alert": { "body": "Hello" } } });
    let issued = |minutes: i64| sender.provider(noon().timestamp() + 60 * minutes);
    assert_eq!(answer(sender.request(&[("authorization", issued(0).as_str())], &good)).await.0, 200);
    minutes(&clock, 19).await;
    let (status, body) =
        refused(&apns, sender.request(&[("authorization", issued(19).as_str())], &good)).await;
    assert_eq!((status, &body["reason"]), (429, &json!("TooManyProviderTokenUpdates")));
    minutes(&clock, 1).await;
    assert_eq!(answer(sender.request(&[("authorization", issued(20).as_str())], &good)).await.0, 200);
    minutes(&clock, 61).await;
    let (status, body) =
        refused(&apns, sender.request(&[("authorization", issued(20).as_str())], &good)).await;
    assert_eq!((status, &body["reason"]), (403, &json!("ExpiredProviderToken")));
}
