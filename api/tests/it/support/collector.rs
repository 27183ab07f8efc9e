//! A collector of traces in this process: takes OTLP over HTTP and reads the binary form of protobuf by itself, so that what
//! is written is read by somebody else.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A span as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub name: String,
    /// In hex, as the next two.
    pub trace: String,
    pub id: String,
    /// Empty for the first of a trace.
    pub parent: String,
    pub kind: u64,
    /// STATUS_CODE_ERROR.
    pub failed: bool,
    /// Lines of the log and others that it is linked to.
    pub more: usize,
    pub attributes: BTreeMap<String, String>,
    /// `service.name` of whose span it is.
    pub service: String,
}

pub struct Collector {
    pub address: SocketAddr,
    got: Arc<Mutex<Got>>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Got {
    heads: Vec<String>,
    spans: Vec<Span>,
    bytes: Vec<u8>,
}

impl Collector {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let got = Arc::new(Mutex::new(Got::default()));
        let keeps = got.clone();
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let keeps = keeps.clone();
                tokio::spawn(async move { drop(take(stream, &keeps).await) });
            }
        });
        Self { address, got, server }
    }

    pub fn spans(&self) -> Vec<Span> {
        self.got.lock().expect("nobody panics with it").spans.clone()
    }

    /// All bodies, one after the other, as far as they are text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.got.lock().expect("nobody panics with it").bytes).into_owned()
    }

    /// The heads of the requests.
    pub fn heads(&self) -> Vec<String> {
        self.got.lock().expect("nobody panics with it").heads.clone()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Request after request of one connection.
async fn take(mut stream: TcpStream, keeps: &Mutex<Got>) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let head = end.map(|end| String::from_utf8_lossy(&bytes[..end]).to_lowercase());
        let length = head.as_ref().and_then(|head| head.split_once("content-length: "));
        let length = length.and_then(|(_, rest)| rest.lines().next()?.parse::<usize>().ok()).unwrap_or(0);
        if let (Some(end), Some(head)) = (end, head)
            && bytes.len() >= end + 4 + length
        {
            let body = bytes[end + 4..end + 4 + length].to_vec();
            bytes.drain(..end + 4 + length);
            {
                let mut got = keeps.lock().expect("nobody panics with it");
                got.heads.push(head);
                got.spans.extend(read(&body));
                got.bytes.extend_from_slice(&body);
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await?;
            continue;
        }
        let mut piece = [0; 8192];
        let read = stream.read(&mut piece).await?;
        if read == 0 {
            return Ok(());
        }
        bytes.extend_from_slice(&piece[..read]);
    }
}

/// ExportTraceServiceRequest.
fn read(body: &[u8]) -> Vec<Span> {
    let mut spans = Vec::new();
    for of_resource in Message::of(body).messages(1) {
        let resource = of_resource.messages(1).pop().map(|resource| pairs(&resource, 1)).unwrap_or_default();
        let service = resource.get("service.name").cloned().unwrap_or_default();
        for of_scope in of_resource.messages(2) {
            for span in of_scope.messages(2) {
                spans.push(Span {
                    name: span.text(5),
                    trace: hex::encode(span.bytes(1)),
                    id: hex::encode(span.bytes(2)),
                    parent: hex::encode(span.bytes(4)),
                    kind: span.number(6),
                    failed: span.messages(15).pop().is_some_and(|status| status.number(3) == 2),
                    more: span.messages(11).len() + span.messages(13).len(),
                    attributes: pairs(&span, 9),
                    service: service.clone(),
                });
            }
        }
    }
    spans
}

fn pairs(message: &Message, field: u64) -> BTreeMap<String, String> {
    let pair = |pair: Message| {
        let value = pair.messages(2).pop().expect("a value");
        let text = if value.has(3) { value.number(3).to_string() } else { value.text(1) };
        (pair.text(1), text)
    };
    message.messages(field).into_iter().map(pair).collect()
}

enum Value {
    Number(u64),
    Bytes(Vec<u8>),
}

/// Fields by their numbers.
struct Message(Vec<(u64, Value)>);

impl Message {
    fn of(mut rest: &[u8]) -> Self {
        let mut fields = Vec::new();
        while !rest.is_empty() {
            let tag = varint(&mut rest);
            let value = match tag & 7 {
                0 => Value::Number(varint(&mut rest)),
                1 => {
                    let (number, after) = rest.split_at(8);
                    rest = after;
                    Value::Number(u64::from_le_bytes(number.try_into().expect("eight bytes")))
                }
                2 => {
                    let length = usize::try_from(varint(&mut rest)).expect("a length");
                    let (bytes, after) = rest.split_at(length);
                    rest = after;
                    Value::Bytes(bytes.to_vec())
                }
                5 => {
                    let (number, after) = rest.split_at(4);
                    rest = after;
                    Value::Number(u32::from_le_bytes(number.try_into().expect("four bytes")).into())
                }
                wire => panic!("wire type {wire}"),
            };
            fields.push((tag >> 3, value));
        }
        Self(fields)
    }

    fn has(&self, field: u64) -> bool {
        self.0.iter().any(|(number, _)| *number == field)
    }

    fn bytes(&self, field: u64) -> Vec<u8> {
        let found = self.0.iter().find(|(number, _)| *number == field);
        match found {
            Some((_, Value::Bytes(bytes))) => bytes.clone(),
            Some((_, Value::Number(_))) => panic!("field {field} is a number"),
            None => Vec::new(),
        }
    }

    fn text(&self, field: u64) -> String {
        String::from_utf8(self.bytes(field)).expect("a text")
    }

    fn number(&self, field: u64) -> u64 {
        let found = self.0.iter().find(|(number, _)| *number == field);
        match found {
            Some((_, Value::Number(number))) => *number,
            Some((_, Value::Bytes(_))) => panic!("field {field} is no number"),
            None => 0,
        }
    }

    fn messages(&self, field: u64) -> Vec<Self> {
        let of_field = self.0.iter().filter(|(number, _)| *number == field);
        let message = |(_, value): &(u64, Value)| match value {
            Value::Bytes(bytes) => Self::of(bytes),
            Value::Number(_) => panic!("field {field} is a number"),
        };
        of_field.map(message).collect()
    }
}

fn varint(rest: &mut &[u8]) -> u64 {
    let mut number = 0;
    for place in 0..10 {
        let (byte, after) = rest.split_first().expect("a byte");
        *rest = after;
        number |= u64::from(byte & 0x7F) << (7 * place);
        if byte & 0x80 == 0 {
            return number;
        }
    }
    panic!("no number")
}
