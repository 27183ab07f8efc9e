//! A Socket.IO client (protocol 5 over Engine.IO 4), small enough for thousands in a process and bare enough for tests: any frame
//! can be sent. By WebSocket only, to the default namespace, without attachments. It never connects again by itself. What the
//! official clients make of the server is seen with those.

use std::collections::VecDeque;
use std::io;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};

/// What a socket is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    Event {
        name: String,
        payload: Value,
    },
    /// The acknowledgement of the event that was sent with this number.
    Answer {
        number: u64,
        payload: Value,
    },
    /// The server has let it out of the namespace.
    Out,
}

pub struct Client {
    stream: WebSocketStream<TcpStream>,
    last: u64,
    /// Told while something else was waited for, the oldest first.
    pub heard: VecDeque<(String, Value)>,
}

impl Client {
    /// Connects with what a client says of itself, as `{"token": "…"}`. `address` is as `127.0.0.1:8080`.
    ///
    /// # Errors
    /// `ConnectionRefused` with the server's word when it does not let the client in; whatever the connection fails with.
    pub async fn connect(address: &str, auth: &Value) -> io::Result<Self> {
        let connection = TcpStream::connect(address).await?;
        connection.set_nodelay(true)?;
        let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
        // Thousands of them share a process.
        let buffers =
            WebSocketConfig::default().read_buffer_size(2048).write_buffer_size(0).max_message_size(None);
        let (stream, _) = tokio_tungstenite::client_async_with_config(url, connection, Some(buffers))
            .await
            .map_err(broken)?;
        let mut client = Self { stream, last: 0, heard: VecDeque::new() };
        client.expect('0').await?;
        client.send_frame(format!("40{auth}")).await?;
        let answer = client.expect('4').await?;
        match answer.strip_prefix('0') {
            Some(_) => Ok(client),
            None => Err(io::Error::new(io::ErrorKind::ConnectionRefused, answer)),
        }
    }

    /// The rest of the next frame, which has to begin so.
    async fn expect(&mut self, first: char) -> io::Result<String> {
        let frame = self.frame().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        frame.strip_prefix(first).map(str::to_owned).ok_or_else(|| broken(frame))
    }

    /// Sends a frame as it is.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn send_frame(&mut self, frame: String) -> io::Result<()> {
        self.stream.send(Message::text(frame)).await.map_err(broken)
    }

    /// Sends an event with so many payloads; answers the number of its acknowledgement.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn emit(&mut self, event: &str, payloads: &[Value]) -> io::Result<u64> {
        self.last += 1;
        let said = std::iter::once(json!(event)).chain(payloads.iter().cloned()).collect::<Vec<_>>();
        self.send_frame(format!("42{}{}", self.last, Value::Array(said))).await?;
        Ok(self.last)
    }

    /// The acknowledgement of an event. What comes before it is kept in `heard`.
    ///
    /// # Errors
    /// When the connection ends before the answer comes.
    pub async fn ask(&mut self, event: &str, payloads: &[Value]) -> io::Result<Value> {
        let asked = self.emit(event, payloads).await?;
        loop {
            match self.next().await? {
                Some(Told::Answer { number, payload }) if number == asked => return Ok(payload),
                Some(Told::Event { name, payload }) => self.heard.push_back((name, payload)),
                Some(Told::Answer { .. }) => {}
                Some(Told::Out) | None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
    }

    /// The payload of the first such event, heard already or still to come. What comes before it stays in `heard`.
    ///
    /// # Errors
    /// When the connection ends before it comes.
    pub async fn until(&mut self, event: &str) -> io::Result<Value> {
        loop {
            if let Some(at) = self.heard.iter().position(|(name, _)| name == event) {
                return Ok(self.heard.remove(at).map(|(_, payload)| payload).unwrap_or_default());
            }
            match self.next().await? {
                Some(Told::Event { name, payload }) => self.heard.push_back((name, payload)),
                Some(Told::Answer { .. }) => {}
                Some(Told::Out) | None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
    }

    /// What comes next; `None` when the server has closed the connection.
    ///
    /// # Errors
    /// When the connection breaks, and of frames that are no Socket.IO.
    pub async fn next(&mut self) -> io::Result<Option<Told>> {
        let Some(frame) = self.frame().await? else { return Ok(None) };
        if frame == "41" {
            return Ok(Some(Told::Out));
        }
        let kind = frame.get(..2).unwrap_or_default();
        let (number, data) = frame
            .get(2..)
            .unwrap_or_default()
            .split_at(frame.bytes().skip(2).take_while(u8::is_ascii_digit).count());
        let Ok(Value::Array(mut data)) = serde_json::from_str(data) else { return Err(broken(frame)) };
        let payload =
            |data: &mut Vec<Value>, at: usize| data.get_mut(at).map(Value::take).unwrap_or_default();
        match kind {
            "42" => {
                let Value::String(name) = payload(&mut data, 0) else { return Err(broken(frame)) };
                Ok(Some(Told::Event { name, payload: payload(&mut data, 1) }))
            }
            "43" => {
                let number = number.parse().map_err(|_| broken(&frame))?;
                Ok(Some(Told::Answer { number, payload: payload(&mut data, 0) }))
            }
            _ => Err(broken(frame)),
        }
    }

    /// The next frame that is not about the connection itself.
    async fn frame(&mut self) -> io::Result<Option<String>> {
        loop {
            match self.stream.next().await {
                None | Some(Ok(Message::Close(_))) => return Ok(None),
                Some(Ok(Message::Text(text))) if text.as_str() == "2" => {
                    self.send_frame("3".to_owned()).await?
                }
                Some(Ok(Message::Text(text))) if text.as_str() == "1" => return Ok(None),
                Some(Ok(Message::Text(text))) => return Ok(Some(text.as_str().to_owned())),
                Some(Ok(_)) => {}
                Some(Err(Error::ConnectionClosed | Error::AlreadyClosed)) => return Ok(None),
                Some(Err(cause)) => return Err(broken(cause)),
            }
        }
    }
}

fn broken(cause: impl std::fmt::Display) -> io::Error {
    io::Error::other(cause.to_string())
}
