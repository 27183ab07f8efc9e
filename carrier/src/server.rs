//! The HTTP server: authentication, injected faults, and the way to the REST or the control API.
//!
//! Holds a [`clock::Busy`] guard while a request is handled, so that simulated time stands still meanwhile.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Method, StatusCode, header};
use poem::web::RemoteAddr;
use poem::{Endpoint, Request, Response};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::faults::RestEffect;
use crate::listener::{Connections, Port};
use crate::rest::{Reply, RestError};
use crate::script::seconds;
use crate::state::Shared;
use crate::webhook::Params;
use crate::{control, rest};

/// Bodies over this are refused; the largest that means anything is a `Twiml` parameter of 4000 characters.
const BODY_LIMIT: usize = 1024 * 1024;

pub(crate) struct Server {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) fn start(shared: &Arc<Shared>, listener: TcpListener) -> Self {
        let connections = Connections::default();
        let entrance = Entrance { shared: shared.clone(), connections: connections.clone() };
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let server = poem::Server::new_with_acceptor(Port { listener, connections }).name("carrier");
            // An error of the sender is a stop, too.
            let signal = async move { drop(stopped.await) };
            let result =
                server.run_with_graceful_shutdown(entrance, signal, Some(Duration::from_secs(1))).await;
            if let Err(error) = result {
                tracing::error!(%error, "the carrier's server has ended");
            }
        });
        Self { stop, task }
    }

    pub(crate) async fn stop(self) {
        // Whoever has stopped already needs no telling.
        let _ = self.stop.send(());
        drop(self.task.await);
    }
}

/// A request, read.
pub(crate) struct Call<'a> {
    pub method: &'a Method,
    /// After the version and account, or after `/carrier`; decoded.
    pub path: Vec<&'a str>,
    /// The form's or the query's.
    pub params: Params,
    pub body: &'a [u8],
}

impl Call<'_> {
    /// The first value of a parameter; empty when it was sent empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// [`Call::get`] without empty ones.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// All values: lists are sent by repeating the name, or in one value with spaces.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let values = self.params.iter().filter(|(n, _)| n == name);
        values.flat_map(|(_, value)| crate::twiml::words(value)).collect()
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).and_then(|value| value.to_ascii_lowercase().parse().ok())
    }

    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.get(name).and_then(|value| value.parse().ok())
    }
}

struct Entrance {
    shared: Arc<Shared>,
    connections: Connections,
}

impl Endpoint for Entrance {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let mut busy = Some(self.shared.clock.busy());
        let body = request.take_body().into_bytes_limit(BODY_LIMIT).await?;
        let path = request.uri().path().to_owned();
        if path == "/carrier/health" {
            return Ok(Reply::text("ok").into_response());
        }
        let Some(who) = self.authenticated(request.headers()) else {
            return Ok(RestError::authenticate().into_response());
        };
        let decoded: Vec<String> = path.split('/').filter(|s| !s.is_empty()).map(decode).collect();
        let parts: Vec<&str> = decoded.iter().map(String::as_str).collect();
        let mut params: Params = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
        if is_form(request.headers()) {
            params.extend(form_urlencoded::parse(&body).into_owned());
        }
        let call = |path| Call { method: request.method(), path, params: params.clone(), body: &body };
        if who == Who::ApiKey && rest::is_the_accounts_alone(&parts) {
            return Ok(RestError::authenticate().into_response());
        }
        if let ["carrier", rest @ ..] = parts.as_slice() {
            return Ok(control::answer(&self.shared, &call(rest.to_vec()), &mut busy).await);
        }
        let effect = self.shared.dice.rest(request.method().as_str(), &path);
        match effect {
            Some(RestEffect::ServerError) => return Ok(RestError::server().into_response()),
            Some(RestEffect::TooManyRequests { retry_after }) => {
                let mut response = RestError::too_many().into_response();
                response.headers_mut().insert(header::RETRY_AFTER, retry_after.into());
                return Ok(response);
            }
            Some(RestEffect::Slow(_) | RestEffect::ReplyLost | RestEffect::CutShort) | None => {}
        }
        let response = match rest::answer(&self.shared, call(parts)) {
            Ok(reply) if effect == Some(RestEffect::CutShort) => reply.cut_short(),
            Ok(reply) => reply.into_response(),
            Err(error) => error.into_response(),
        };
        match effect {
            Some(RestEffect::Slow(by)) => {
                let sleep = self.shared.clock.sleep(seconds(by));
                busy = Some(crate::webhook::released(&mut busy, sleep).await);
            }
            Some(RestEffect::ReplyLost) => {
                if let Some(remote) = socket_addr(request.remote_addr()) {
                    self.connections.break_off(remote);
                }
            }
            Some(RestEffect::ServerError | RestEffect::TooManyRequests { .. } | RestEffect::CutShort)
            | None => {}
        }
        drop(busy);
        Ok(response)
    }
}

/// With what a request is authenticated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Account,
    ApiKey,
}

impl Entrance {
    fn authenticated(&self, headers: &HeaderMap) -> Option<Who> {
        let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (_, given) = given.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))?;
        let is = |user: &str, password: &str| given.trim() == STANDARD.encode(format!("{user}:{password}"));
        let settings = &self.shared.settings;
        if is(&settings.account_sid, &settings.auth_token) {
            return Some(Who::Account);
        }
        let state = self.shared.lock();
        state.keys.newest_first().any(|key| is(&key.sid, &key.secret)).then_some(Who::ApiKey)
    }
}

fn socket_addr(remote: &RemoteAddr) -> Option<SocketAddr> {
    remote.0.as_socket_addr().copied()
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.starts_with("application/x-www-form-urlencoded")
}

/// A path's segment: percent signs decoded, a plus sign left.
fn decode(segment: &str) -> String {
    let escaped = segment.replace('+', "%2B");
    form_urlencoded::parse(format!("{escaped}=").as_bytes())
        .next()
        .map_or_else(|| segment.to_owned(), |(name, _)| name.into_owned())
}

impl Reply {
    fn into_response(self) -> Response {
        Response::builder().status(self.status).content_type(self.content_type).body(self.body)
    }

    /// Promises all of it, sends half of it, and breaks the connection.
    fn cut_short(mut self) -> Response {
        let length = self.body.len();
        self.body.truncate(length / 2);
        let pieces = [Ok(self.body), Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))];
        Response::builder()
            .status(self.status)
            .content_type(self.content_type)
            .header(header::CONTENT_LENGTH, length)
            .body(poem::Body::from_bytes_stream(futures_util::stream::iter(pieces)))
    }
}

impl RestError {
    fn into_response(self) -> Response {
        let unauthorized = self.status == StatusCode::UNAUTHORIZED;
        let mut response = Reply::json(self.status, &self.body()).into_response();
        if unauthorized {
            let realm = header::HeaderValue::from_static("Basic realm=\"Twilio API\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, realm);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_keeps_its_plus_and_loses_its_percent_signs() {
        assert_eq!(decode("%2B15550001111"), "+15550001111");
        assert_eq!(decode("+15550001111"), "+15550001111");
        assert_eq!(decode("room%20a%26b"), "room a&b");
    }
}
