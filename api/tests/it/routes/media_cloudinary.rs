//! Media at Cloudinary: a stand-in for it checks every signature by its own rule, as the real one does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use entity::media;
use poem::http::StatusCode;
use poem::listener::TcpAcceptor;
use poem::web::{Data, Form, Json, Multipart, Path, Query};
use poem::{EndpointExt, IntoResponse, Request, Response, Route, Server, get, handler, post};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::exports::until;
use super::media::open;
use crate::support::{Backend, Person, TestApp, World, png};

const SECRET: &str = "abcd";
const KEY: &str = "874837483274837";

type Fields = BTreeMap<String, String>;

/// Format and bytes, by public id.
type Assets = BTreeMap<String, (String, Vec<u8>)>;

/// What lies there.
#[derive(Clone, Default)]
struct Cloud(Arc<Mutex<Assets>>);

struct Running {
    cloud: Cloud,
    url: String,
    server: JoinHandle<()>,
}

impl Running {
    async fn start() -> Self {
        let cloud = Cloud::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = Route::new()
            .at("/v1_1/calldocker/:resource/upload", post(take))
            .at("/v1_1/calldocker/:resource/download", get(give))
            .at("/v1_1/calldocker/:resource/destroy", post(destroy))
            .at("/v1_1/calldocker/resources/:resource/private/:id", get(describe))
            .data(cloud.clone());
        let server = Server::new_with_acceptor(TcpAcceptor::from_tokio(listener).unwrap());
        let server = tokio::spawn(async move { server.run(routes).await.unwrap() });
        Self { cloud, url, server }
    }

    fn count(&self) -> usize {
        self.cloud.0.lock().unwrap().len()
    }
}

fn signature(fields: &Fields) -> String {
    let not_signed = ["file", "cloud_name", "resource_type", "api_key", "signature"];
    let signed =
        fields.iter().filter(|(name, value)| !not_signed.contains(&name.as_str()) && !value.is_empty());
    let text: Vec<_> = signed.map(|(name, value)| format!("{name}={value}").replace('&', "%26")).collect();
    hex::encode(Sha1::digest(text.join("&") + SECRET))
}

fn is_signed(fields: &Fields) -> bool {
    fields.get("api_key").is_some_and(|key| key == KEY) && fields.get("signature") == Some(&signature(fields))
}

/// By the first bytes, as far as this test goes.
fn format_of(file: &[u8]) -> &'static str {
    if file.starts_with(b"\x89PNG") { "png" } else { "svg" }
}

#[handler]
async fn take(Data(cloud): Data<&Cloud>, mut form: Multipart) -> Response {
    let (mut fields, mut file) = (Fields::new(), Vec::new());
    while let Some(field) = form.next_field().await.unwrap() {
        let name = field.name().unwrap().to_owned();
        if name == "file" {
            file = field.bytes().await.unwrap();
        } else {
            fields.insert(name, field.text().await.unwrap());
        }
    }
    if !is_signed(&fields) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let format = format_of(&file);
    if fields["type"] != "private" || !fields["allowed_formats"].split(',').any(|allowed| allowed == format) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let id = fields["public_id"].clone();
    let answered =
        Fields::from([("public_id".to_owned(), id.clone()), ("version".to_owned(), "7".to_owned())]);
    cloud.0.lock().unwrap().insert(id.clone(), (format.to_owned(), file));
    Json(json!({ "public_id": id, "version": 7, "signature": signature(&answered), "bytes": 1 }))
        .into_response()
}

#[handler]
fn describe(Data(cloud): Data<&Cloud>, Path((_, id)): Path<(String, String)>, request: &Request) -> Response {
    let expected = format!(
        "Basic {}",
        base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("{KEY}:{SECRET}"))
    );
    if request.header("authorization") != Some(&expected) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match cloud.0.lock().unwrap().get(&id) {
        Some((format, file)) => {
            Json(json!({ "public_id": id, "format": format, "bytes": file.len(), "width": 1, "height": 2 }))
                .into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[handler]
fn give(Data(cloud): Data<&Cloud>, Query(fields): Query<Fields>) -> Response {
    let files = cloud.0.lock().unwrap();
    match files.get(&fields["public_id"]) {
        Some((_, file)) if is_signed(&fields) && fields["type"] == "private" => file.clone().into_response(),
        Some(_) => StatusCode::UNAUTHORIZED.into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[handler]
fn destroy(Data(cloud): Data<&Cloud>, Form(fields): Form<Fields>) -> Response {
    if !is_signed(&fields) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    cloud.0.lock().unwrap().remove(&fields["public_id"]);
    Json(json!({ "result": "ok" })).into_response()
}

async fn begin(app: &TestApp, by: &Person) -> Value {
    let body = json!({ "kind": "image", "name": "a & b.png", "sizeBytes": png().len() });
    app.post("/api/media/cloudinary", by, body).await.data(201).clone()
}

/// What a client does with what it was told.
async fn put(ticket: &Value, change: impl Fn(&str, String) -> String, file: Vec<u8>) -> (u16, Value) {
    let fields = ticket["fields"].as_array().unwrap().iter();
    let fields = fields.map(|field| (field["name"].as_str().unwrap(), field["value"].as_str().unwrap()));
    let mut body = String::new();
    for (name, value) in fields {
        let value = change(name, value.to_owned());
        body += &format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    body += "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n";
    let body = [body.as_bytes(), &file, b"\r\n--x--\r\n"].concat();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let sent = client
        .post(ticket["url"].as_str().unwrap())
        .header("content-type", "multipart/form-data; boundary=x");
    let answer = sent.body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

/// As Cloudinary signs its answer about the file of a ticket.
fn signed_answer(ticket: &Value) -> String {
    let mut fields = ticket["fields"].as_array().unwrap().iter();
    let id = fields.find(|field| field["name"] == "public_id").unwrap()["value"].as_str().unwrap();
    signature(&Fields::from([
        ("public_id".to_owned(), id.to_owned()),
        ("version".to_owned(), "7".to_owned()),
    ]))
}

#[tokio::test]
async fn a_client_puts_a_picture_to_cloudinary_and_only_what_is_signed_counts() {
    let cloud = Running::start().await;
    let settings = [("cloudinary_api_url", cloud.url.as_str())];
    let app = TestApp::with(Backend::Sqlite, &settings).await.expect("SQLite is always there");
    let world = World::create(&app).await;
    app.app.start_work().await.unwrap();
    let (agent, keep) = (&world.ours.agent, |_: &str, value: String| value);
    let ticket = begin(&app, agent).await;
    let path = format!("/api/media/{}", ticket["mediaId"].as_str().unwrap());
    let confirm = format!("{path}/confirm");

    let other_id = |name: &str, value: String| if name == "public_id" { "theirs".to_owned() } else { value };
    assert_eq!(put(&ticket, other_id, png()).await.0, 401, "what is signed cannot be changed");
    let page = b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec();
    assert_eq!(put(&ticket, keep, page).await.0, 400, "the formats are signed");
    let early = json!({ "version": 7, "signature": "0".repeat(40) });
    app.post(&confirm, agent, early).await.is_refused(422, "VALIDATION_FAILED");

    let (status, answered) = put(&ticket, keep, png()).await;
    assert_eq!(status, 200);
    let told = json!({ "version": answered["version"], "signature": answered["signature"] });
    app.post(&confirm, &world.ours.owner, told.clone()).await.is_refused(404, "MEDIA_NOT_FOUND");
    let ready = app.post(&confirm, agent, told.clone()).await;
    let data = ready.data(200);
    assert_eq!(
        (&data["state"], &data["contentType"], &data["sizeBytes"], &data["height"]),
        (&json!("ready"), &json!("image/png"), &json!(png().len()), &json!(2)),
        "what it is, Cloudinary says and not the client"
    );
    assert_eq!(app.post(&confirm, agent, told.clone()).await.data(200), data, "twice is once");

    let sent_on = open(&app, &data["url"]).await;
    assert_eq!(
        (sent_on.status().as_u16(), sent_on.headers()["cache-control"].to_str().unwrap()),
        (302, "no-store")
    );
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let location = sent_on.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(client.get(&location).send().await.unwrap().bytes().await.unwrap(), png());
    let longer = location.replace("expires_at=", "expires_at=9");
    assert_eq!(client.get(longer).send().await.unwrap().status(), 401);

    assert_eq!(app.delete(&path, agent).await.status, 200);
    assert_eq!(open(&app, &data["url"]).await.status(), 404);
    until("it is deleted there", async || cloud.count() == 0).await;
    app.close().await;
    cloud.server.abort();
}

#[tokio::test]
async fn what_cloudinary_does_not_have_is_not_ready() {
    let cloud = Running::start().await;
    let settings = [("cloudinary_api_url", cloud.url.as_str())];
    let app = TestApp::with(Backend::Sqlite, &settings).await.expect("SQLite is always there");
    let world = World::create(&app).await;
    let agent = &world.ours.agent;
    let ticket = begin(&app, agent).await;
    let confirm = format!("/api/media/{}/confirm", ticket["mediaId"].as_str().unwrap());
    let told = json!({ "version": 7, "signature": signed_answer(&ticket) });
    app.post(&confirm, agent, told).await.is_refused(409, "MEDIA_NOT_UPLOADED");
    let document = json!({ "kind": "document", "sizeBytes": 10 });
    app.post("/api/media/cloudinary", agent, document).await.is_refused(422, "VALIDATION_FAILED");
    let large = json!({ "kind": "image", "sizeBytes": 1_000_000_000 });
    app.post("/api/media/cloudinary", agent, large).await.is_refused(422, "MEDIA_TOO_LARGE");
    let rows = world.ours.scope.find::<media::Entity>().all(app.app.db.reader()).await.unwrap();
    assert_eq!(rows.len(), 4, "what was refused has no row");
    app.close().await;
    cloud.server.abort();
}

#[tokio::test]
async fn when_cloudinary_does_not_answer_nothing_is_ready() {
    let app = TestApp::on(Backend::Sqlite).await.expect("SQLite is always there");
    let world = World::create(&app).await;
    let ticket = begin(&app, &world.ours.agent).await;
    let confirm = format!("/api/media/{}/confirm", ticket["mediaId"].as_str().unwrap());
    let told = json!({ "version": 7, "signature": signed_answer(&ticket) });
    app.post(&confirm, &world.ours.agent, told).await.is_refused(503, "CLOUDINARY_UNAVAILABLE");
    app.close().await;
}

#[tokio::test]
async fn a_server_without_an_account_at_cloudinary_says_so() {
    let app = TestApp::with(Backend::Sqlite, &[("cloudinary_cloud_name", "")])
        .await
        .expect("SQLite is always there");
    let world = World::create(&app).await;
    let body = json!({ "kind": "image", "sizeBytes": 10 });
    app.post("/api/media/cloudinary", &world.ours.agent, body).await.is_refused(409, "CLOUDINARY_OFF");
    app.close().await;
}
