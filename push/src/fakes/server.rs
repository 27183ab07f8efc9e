//! A small HTTP server on a free port of loopback.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderMap};
use hyper::service::service_fn;
use hyper::{Method, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::{Book, Fault};

pub struct Request {
    pub version: Version,
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Request {
    /// A header that stands there once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?;
        if values.next().is_some() { None } else { value.to_str().ok() }
    }
}

pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Answer {
    pub fn json(status: u16, body: &Value) -> Self {
        let content_type = ("content-type", "application/json".to_owned());
        Self { status, headers: vec![content_type], body: body.to_string() }
    }
}

pub trait Service: Send + Sync + 'static {
    fn book(&self) -> &Book;
    fn answer(&self, request: &Request) -> Answer;
}

/// A server that ends when it is dropped; connections that are open end with their clients.
#[derive(Debug)]
pub struct Server {
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// With `tls` it speaks HTTP/2 alone.
    pub async fn start<S: Service>(service: Arc<S>, tls: Option<ServerConfig>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("an address");
        let acceptor = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (service, acceptor) = (service.clone(), acceptor.clone());
                tokio::spawn(async move {
                    match acceptor {
                        None => serve(stream, service, auto::Builder::new(TokioExecutor::new())).await,
                        Some(acceptor) => {
                            let Ok(stream) = acceptor.accept(stream).await else { return };
                            let builder = auto::Builder::new(TokioExecutor::new()).http2_only();
                            serve(stream, service, builder).await;
                        }
                    }
                });
            }
        });
        Self { address, task }
    }
}

async fn serve<S: Service>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    service: Arc<S>,
    builder: auto::Builder<TokioExecutor>,
) {
    let service = service_fn(move |request| respond(request, service.clone()));
    // An error is a connection that broke, which is what some tests want.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

async fn respond<S: Service>(
    request: hyper::Request<Incoming>,
    service: Arc<S>,
) -> Result<hyper::Response<Full<Bytes>>, &'static str> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| "the request is not whole")?.to_bytes();
    let path = head.uri.path().to_owned();
    let request = Request { version: head.version, method: head.method, path, headers: head.headers, body };
    let fault = service.book().request();
    let answer = service.answer(&request);
    let answer = match fault {
        None => answer,
        Some(Fault::Break) => return Err("the connection breaks"),
        Some(Fault::Silence) => return std::future::pending().await,
        Some(Fault::Answer { status, headers, body }) => Answer { status, headers, body },
    };
    let mut response = hyper::Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(*name, value);
    }
    if answer.headers.iter().all(|(name, _)| *name != CONTENT_TYPE.as_str()) && !answer.body.is_empty() {
        response = response.header(CONTENT_TYPE, "application/json");
    }
    response
        .body(Full::new(Bytes::from(answer.body)))
        .map_err(|_| "a test answers with a header that is none")
}
