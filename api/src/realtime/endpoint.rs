//! Socket.IO within poem's own port. poem's tower adapter serves long polling but loses WebSocket upgrades, so those
//! are taken here and handed over as a byte stream. Failures are answered as Engine.IO does, not in the envelope.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use engineioxide::service::NotFoundService;
use poem::endpoint::TowerCompatExt;
use poem::http::{HeaderMap, StatusCode, header};
use poem::{Endpoint, Request, Response};
use sha1::{Digest, Sha1};
use socketioxide::SocketIo;
use socketioxide::service::SocketIoService;
use tower_service::Service;

use super::handshake;
use crate::app::App;

/// Events that wait for a slow client before it is counted as behind: a whole gap (`snapshot::LARGEST_GAP`) and more.
const BUFFER: usize = 2048;
/// The largest message that is read, in bytes. What is larger than an [event may be](super::events::LARGEST_EVENT) and not larger than
/// this is answered; above it there is nothing to answer, and the connection ends.
const LARGEST_MESSAGE: usize = 1_000_000;
/// What the WebSocket protocol appends to a client's key before hashing it (RFC 6455, section 1.3).
const KEY_SUFFIX: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The way in for sockets, to be mounted at /socket.io without stripping that prefix.
#[derive(Clone)]
pub struct Gateway {
    service: SocketIoService<NotFoundService>,
    io: SocketIo,
}

impl Gateway {
    pub fn open(app: &App) -> Self {
        let (service, io) = SocketIo::builder()
            .max_buffer_size(BUFFER)
            .max_payload(LARGEST_MESSAGE as u64)
            .ws_max_message_size(LARGEST_MESSAGE)
            .ws_max_frame_size(LARGEST_MESSAGE)
            .connect_timeout(handshake::TIME_TO_AUTHENTICATE)
            .build_svc();
        handshake::receive(app, &io);
        Self { service, io }
    }

    /// Closes every socket; clients see the transport close and connect again, to another node or a newer one.
    pub async fn close(&self) {
        self.io.close().await;
    }
}

impl Endpoint for Gateway {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        match accept_key(request.headers()) {
            Some(accept) => Ok(self.upgrade(request, &accept)),
            None => self.service.clone().compat().call(request).await,
        }
    }
}

impl Gateway {
    /// Switches protocols; the socket begins when the connection has been handed over.
    fn upgrade(&self, request: Request, accept: &str) -> Response {
        let Ok(upgrade) = request.take_upgrade() else {
            return Response::builder()
                .status(StatusCode::BAD_REQUEST)
                .body("this connection cannot be upgraded");
        };
        let (parts, _) = request.into_parts();
        let mut handed_over = http::Request::new(());
        *handed_over.method_mut() = parts.method;
        *handed_over.uri_mut() = parts.uri;
        *handed_over.version_mut() = parts.version;
        *handed_over.headers_mut() = parts.headers;
        let mut service = self.service.clone();
        tokio::spawn(async move {
            let Ok(stream) = upgrade.await else { return };
            if let Err(cause) = Service::call(&mut service, (stream, handed_over)).await {
                tracing::debug!(%cause, "a WebSocket was not Engine.IO");
            }
        });
        Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_ACCEPT, accept)
            .finish()
    }
}

/// The answer to a client that asks for WebSocket, version 13 (RFC 6455, section 4.2.2); `None` to any other.
fn accept_key(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let asked = text(header::UPGRADE)?.eq_ignore_ascii_case("websocket")
        && text(header::SEC_WEBSOCKET_VERSION)? == "13";
    let key = text(header::SEC_WEBSOCKET_KEY)?;
    asked.then(|| BASE64_STANDARD.encode(Sha1::new().chain_update(key).chain_update(KEY_SUFFIX).finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_key_is_accepted_as_in_the_example_of_the_rfc() {
        let asked = headers(&[
            (header::UPGRADE, "WebSocket"),
            (header::SEC_WEBSOCKET_VERSION, "13"),
            (header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ=="),
        ]);
        assert_eq!(accept_key(&asked).as_deref(), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    }

    #[test]
    fn a_request_that_asks_for_no_websocket_is_polling() {
        assert_eq!(accept_key(&headers(&[])), None);
        assert_eq!(accept_key(&headers(&[(header::UPGRADE, "h2c")])), None);
        assert_eq!(accept_key(&headers(&[(header::UPGRADE, "websocket")])), None);
    }
}
