//! Somebody else's server, on loopback: answers as it is told, and remembers who came with what.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;
use tokio::task::JoinHandle;

/// How one request is answered.
#[derive(Clone, Debug)]
pub enum Act {
    /// This status with this JSON.
    Answers(u16, Value),
    /// This status with this JSON, once as many are here as meet at the barrier.
    AnswersBeside(Arc<Barrier>, u16, Value),
    /// What comes of the request, and takes its time.
    Works(fn(Request) -> BoxFuture<'static, (u16, Value)>),
    /// Not now, but after so many seconds.
    IsBusy(u32),
    /// This status with this text, whatever it is.
    Says(u16, Vec<u8>),
    /// Nothing, for as long as the other side stays.
    IsSilent,
    /// A head, and then a byte every twentieth of a second.
    Drips,
    /// A hundred megabytes.
    Floods,
    /// Sends the other side elsewhere.
    Redirects(String),
    /// Hangs up.
    HangsUp,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// As in `POST /orders?id=1`.
    pub line: String,
    head: String,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(is, _)| is.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

pub struct Target {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    acts: Mutex<VecDeque<Act>>,
    requests: Mutex<Vec<Request>>,
    flooded: AtomicUsize,
}

impl Target {
    /// Answers the requests in this order; the last act stays.
    pub async fn start(acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let shared = Arc::new(Shared { acts: Mutex::new(acts.into_iter().collect()), ..Shared::default() });
        let serving = shared.clone();
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = serving.clone();
                // Who goes away in the middle is what some of the tests are about.
                tokio::spawn(async move { drop(shared.serve(stream).await) });
            }
        });
        Self { address, shared, server }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many bytes of its floods somebody took, or the network has in its buffers.
    pub fn flooded(&self) -> usize {
        self.shared.flooded.load(Ordering::SeqCst)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().expect("nobody panics with it").clone()
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    async fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let Some(request) = read(&mut stream).await? else { return Ok(()) };
        self.requests.lock().expect("nobody panics with it").push(request.clone());
        let act = {
            let mut acts = self.acts.lock().expect("nobody panics with it");
            let first = acts.front().cloned().expect("the test says how it is answered");
            if acts.len() > 1 {
                acts.pop_front();
            }
            first
        };
        let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
        match act {
            Act::Answers(status, json) => say(&mut stream, status, json.to_string().as_bytes()).await,
            Act::AnswersBeside(others, status, json) => {
                others.wait().await;
                say(&mut stream, status, json.to_string().as_bytes()).await
            }
            Act::Works(work) => {
                let (status, json) = work(request).await;
                say(&mut stream, status, json.to_string().as_bytes()).await
            }
            Act::IsBusy(seconds) => {
                let head = format!(
                    "HTTP/1.1 503 Busy\r\nretry-after: {seconds}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                );
                stream.write_all(head.as_bytes()).await?;
                stream.shutdown().await
            }
            Act::Says(status, body) => say(&mut stream, status, &body).await,
            Act::IsSilent => stream.read(&mut [0; 16]).await.map(drop),
            Act::Drips => {
                stream.write_all(head.as_bytes()).await?;
                let mut drops = tokio::time::interval(Duration::from_millis(50));
                loop {
                    drops.tick().await;
                    stream.write_all(b"x").await?;
                }
            }
            Act::Floods => {
                stream.write_all(head.as_bytes()).await?;
                let piece = vec![b'x'; 1 << 20];
                for _ in 0..100 {
                    stream.write_all(&piece).await?;
                    self.flooded.fetch_add(piece.len(), Ordering::SeqCst);
                }
                Ok(())
            }
            Act::Redirects(to) => {
                let head = format!(
                    "HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                );
                stream.write_all(head.as_bytes()).await?;
                stream.shutdown().await
            }
            Act::HangsUp => Ok(()),
        }
    }
}

async fn say(stream: &mut TcpStream, status: u16, body: &[u8]) -> std::io::Result<()> {
    let head =
        format!("HTTP/1.1 {status} Said\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await?;
    stream.shutdown().await
}

async fn read(stream: &mut TcpStream) -> std::io::Result<Option<Request>> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let (line, head) = head.split_once("\r\n").unwrap_or((head, ""));
            let request = Request {
                line: line.trim_end_matches(" HTTP/1.1").to_owned(),
                head: head.to_owned(),
                body: body.to_owned(),
            };
            let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                return Ok(Some(request));
            }
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece).await? {
            0 => return Ok(None),
            count => bytes.extend_from_slice(&piece[..count]),
        }
    }
}
