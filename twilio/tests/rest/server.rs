//! A small HTTP server that answers as it is told and remembers what it was asked.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use twilio::rest::{Client, Credentials, Timeouts};
use twilio::webhook::Params;

pub const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// What the server does with a request.
pub enum Answer {
    Json(u16, Value),
    /// Status, headers, body.
    Text(u16, Vec<(&'static str, String)>, String),
    /// A body without a length, in two pieces.
    Pieces(&'static str, &'static str),
    /// The head, a piece of the body, and then the connection breaks.
    BreakInBody,
    /// The request is read, and then the connection breaks.
    Break,
    /// The request is read, and nothing more happens.
    Silence,
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub authorization: Option<String>,
    pub content_type: Option<String>,
    pub form: Params,
}

pub struct Server {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

type Body = BoxBody<Bytes, &'static str>;

impl Server {
    /// A server that gives these answers in this order, and then breaks connections.
    pub async fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let answers = Arc::new(Mutex::new(answers.into_iter().collect::<VecDeque<_>>()));
        let log = asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (log, answers) = (log.clone(), answers.clone());
                let service = service_fn(move |request| answer(request, log.clone(), answers.clone()));
                tokio::spawn(async move {
                    // An error is a connection that broke, which is what some tests want.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self { address, asked }
    }

    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn client(&self) -> Client {
        client(&self.base())
    }

    /// Everything that was asked.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("not poisoned").clone()
    }

    /// The one thing that was asked.
    pub fn asked_once(&self) -> Asked {
        let asked = self.asked();
        assert_eq!(asked.len(), 1, "exactly one request is sent: {asked:?}");
        asked[0].clone()
    }
}

/// A client that waits for as long as a busy machine may need.
pub fn client(base: &str) -> Client {
    waiting(base, Duration::from_secs(30))
}

/// A client for a server that will not answer.
pub fn impatient_client(base: &str) -> Client {
    waiting(base, Duration::from_secs(1))
}

fn waiting(base: &str, reply: Duration) -> Client {
    let timeouts = Timeouts { connect: Duration::from_secs(30), reply };
    Client::new(Credentials::auth_token(ACCOUNT, TOKEN), base, timeouts).expect("a client")
}

async fn answer(
    request: Request<Incoming>,
    log: Arc<Mutex<Vec<Asked>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
) -> Result<Response<Body>, &'static str> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| "the request is not whole")?.to_bytes();
    let header =
        |name| head.headers.get(name).and_then(|value: &hyper::header::HeaderValue| value.to_str().ok());
    log.lock().expect("not poisoned").push(Asked {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        authorization: header("authorization").map(str::to_owned),
        content_type: header("content-type").map(str::to_owned),
        form: Params::from_form(&body),
    });
    let next = answers.lock().expect("not poisoned").pop_front();
    match next.unwrap_or(Answer::Break) {
        Answer::Json(status, value) => {
            Ok(full(status, &[("content-type", "application/json".into())], value.to_string()))
        }
        Answer::Text(status, headers, text) => Ok(full(status, &headers, text)),
        Answer::Pieces(first, second) => Ok(pieces([Ok(first), Ok(second)])),
        Answer::BreakInBody => Ok(pieces([Ok("{\"sid\":"), Err("the connection breaks")])),
        Answer::Break => Err("the connection breaks"),
        Answer::Silence => std::future::pending().await,
    }
}

fn full(status: u16, headers: &[(&'static str, String)], text: String) -> Response<Body> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, value);
    }
    let body = Full::new(Bytes::from(text)).map_err(|never: Infallible| match never {});
    response.body(body.boxed()).expect("a response")
}

fn pieces(pieces: [Result<&'static str, &'static str>; 2]) -> Response<Body> {
    let frames = pieces.map(|piece| piece.map(|text| Frame::data(Bytes::from_static(text.as_bytes()))));
    Response::new(BodyExt::boxed(StreamBody::new(futures_util::stream::iter(frames))))
}
