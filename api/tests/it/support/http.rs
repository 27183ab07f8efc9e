//! A small client: says who calls, and what came back.

use std::sync::LazyLock;
use std::time::Duration;

use entity::id::CompanyId;
use reqwest::{Client, Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::Value;

use super::{Person, contract};

/// One for all tests, since making one takes longer than most tests. It keeps no connection: that would belong to the
/// runtime of a test that has ended.
static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let client = Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(Duration::from_secs(30));
    client.build().expect("a client")
});

#[must_use = "a call does nothing until it is sent"]
pub struct Call(RequestBuilder);

impl Call {
    pub fn new(method: &str, url: String) -> Self {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        Self(CLIENT.request(method, url))
    }

    /// With the access token of this person, and, for the platform's administrator, the company he acts in.
    pub fn by(self, person: &Person) -> Self {
        let call = self.token(&person.token);
        match person.acting_for {
            Some(company) => call.company(company),
            None => call,
        }
    }

    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn company(self, company: CompanyId) -> Self {
        self.header("x-company-id", &company.to_string())
    }

    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    pub fn json(self, body: Value) -> Self {
        self.text("application/json", body.to_string())
    }

    pub fn text(self, content_type: &str, body: impl Into<String>) -> Self {
        self.bytes(content_type, body.into())
    }

    pub fn bytes(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self(self.0.header("content-type", content_type).body(body.into()))
    }

    pub async fn send(self) -> Answer {
        let request = self.0.build().expect("a request");
        let asked = (request.method().to_string(), request.url().path().to_owned());
        let response = CLIENT.execute(request).await.expect("the server answers");
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("the answer is text");
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        if headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"application/json")) {
            contract::hold(&asked.0, &asked.1, status, &body);
        }
        Answer { status, headers, body, text }
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Null when it is not JSON.
    pub body: Value,
    pub text: String,
}

impl Answer {
    /// The data of a success with this status.
    #[track_caller]
    pub fn data(&self, status: u16) -> &Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.body["success"], true, "{}", self.text);
        &self.body["data"]
    }

    /// Is a failure with this status and code, in the envelope and with nothing else in it.
    #[track_caller]
    pub fn is_refused(&self, status: u16, code: &str) -> &Self {
        assert_eq!((self.status.as_u16(), self.body["code"].as_str()), (status, Some(code)), "{}", self.text);
        let mut keys: Vec<_> = self.body.as_object().expect("an object").keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["code", "errors", "message", "requestId", "success"]);
        assert_eq!(self.body["success"], false);
        assert_eq!(self.headers["content-type"], "application/json");
        assert_eq!(self.body["requestId"].as_str(), self.headers["x-request-id"].to_str().ok());
        self
    }

    /// Fields that are named as wrong.
    pub fn wrong_fields(&self) -> Vec<&str> {
        self.body["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|error| error["field"].as_str())
            .collect()
    }

    /// The body without what is different in every answer.
    pub fn without_request_id(&self) -> Value {
        let mut body = self.body.clone();
        if let Some(body) = body.as_object_mut() {
            body.remove("requestId");
        }
        body
    }
}
