//! Joins the resources into one tree of routes and serves it. The order of the layers, outermost first: what browsers are
//! told, figures, what follows a request, envelope, repeats, deadline, limits, versions, the app as request data, routes.

use std::io::Result as IoResult;
use std::time::Duration;

use clock::Clock;
use poem::endpoint::make_sync;
use poem::http::uri::Scheme;
use poem::listener::{Acceptor, TcpAcceptor};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, EndpointExt, IntoResponse, Response, Route, Server, get};
use tokio::net::{TcpListener, TcpStream};

use super::browsers::Browsers;
use super::deadline::Deadline;
use super::envelope::Envelope;
use super::etag::{Versioned, Versions};
use super::limited::{Follow, Limit};
use super::measure::Measure;
use super::media_uploads::Tus;
use super::patience::Patient;
use super::repeats::Repeats;
use super::spec::Spec;
use super::{figures, media, pages};
use crate::app::App;
use crate::error::{Error, Result};
use crate::outbound::mail::letters::{CONFIRM_PAGE, PASSWORD_PAGE};
use crate::realtime::Gateway;
use crate::reports::mailed::UNSUBSCRIBE_PAGE;
use crate::webhooks::incoming::IncomingWebhooks;
use crate::webhooks::slack::SlackWebhooks;
use crate::webhooks::twilio::TwilioWebhooks;

/// How long requests under way may take to end after the server was told to stop.
const SHUTDOWN: Duration = Duration::from_secs(10);

/// Every route, within every layer.
///
/// # Errors
/// When an operation needs no permission and is not on the short public list: a server that would answer it to anybody
/// does not start.
pub fn endpoint(app: &App) -> Result<impl Endpoint<Output = Response> + 'static> {
    let spec = super::specification()?;
    let envelope = Envelope { clock: app.clock.clone(), paths: spec.paths() };
    let versions = Versions { app: app.clone(), versioned: Versioned::of(spec.document()) };
    let deadline = Deadline { clock: app.clock.clone(), limit: app.settings.request_limit };
    let routes = routes(app, spec).data(app.clone()).with(versions).with(Limit::new(app, spec));
    let routes = routes
        .with(deadline)
        .with(Repeats { app: app.clone(), spec })
        .with(envelope)
        .with(Follow { app: app.clone() });
    let routes = routes.with(Tus { largest: app.settings.media.largest() });
    Ok(routes.with(Measure::new(&app.metrics, spec)))
}

fn routes(app: &App, spec: &'static Spec) -> Route {
    Route::new()
        .nest_no_strip("/", super::service())
        .nest_no_strip(TwilioWebhooks::PREFIX, TwilioWebhooks::new(app))
        .nest_no_strip(IncomingWebhooks::PREFIX, IncomingWebhooks::new(app))
        .nest_no_strip(SlackWebhooks::PREFIX, SlackWebhooks::new(app))
        .at(media::PROMPTS, get(media::prompt))
        .at(media::RECORDINGS, get(media::recording))
        .at(media::EXPORTS, get(media::export))
        .at(media::PRIVACY, get(media::person))
        .at(media::FILES, get(media::upload))
        .at(media::THUMBNAILS, get(media::upload_thumbnail))
        .at("/openapi.yaml", get(make_sync(|_| spec.yaml().with_content_type("application/yaml"))))
        .at(media::AVATARS, get(media::avatar))
        .at(PASSWORD_PAGE, get(make_sync(|request| pages::set_password(&request))))
        .at(UNSUBSCRIBE_PAGE, get(make_sync(|request| pages::unsubscribe(&request))))
        .at(CONFIRM_PAGE, get(make_sync(|request| pages::confirm_registration(&request))))
        .at("/docs", get(make_sync(|_| pages::docs(spec.docs()))))
        .at("/metrics", get(figures::exposition))
}

/// Serves until `stop`, then closes the sockets and lets what is under way end.
pub async fn serve(app: &App, listener: TcpListener, stop: impl Future<Output = ()>) -> Result<()> {
    let gateway = Gateway::open(app);
    let sockets = gateway.clone();
    let endpoint = Route::new()
        .nest_no_strip("/socket.io", gateway)
        .nest_no_strip("/", endpoint(app)?)
        .with(Browsers::new(&app.settings));
    let stop = async move {
        stop.await;
        sockets.close().await;
    };
    let failed = |cause| Error::internal("serve HTTP", cause);
    let acceptor = Connections {
        acceptor: TcpAcceptor::from_tokio(listener).map_err(failed)?,
        clock: app.clock.clone(),
        stall: app.settings.timing.client_stall,
    };
    Server::new_with_acceptor(acceptor)
        .run_with_graceful_shutdown(endpoint, stop, Some(SHUTDOWN))
        .await
        .map_err(failed)
}

/// Resolves when the process is told to end: SIGTERM, or SIGINT from a terminal.
pub async fn told_to_stop() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|cause| Error::internal("listen for signals", cause));
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Sets TCP_NODELAY: poem does not, and a small first message to a client would then wait 40 ms for an acknowledgement.
/// Gives up who takes nothing.
struct Connections {
    acceptor: TcpAcceptor,
    clock: Clock,
    stall: Duration,
}

impl Acceptor for Connections {
    type Io = Patient<TcpStream>;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.acceptor.local_addr()
    }

    async fn accept(&mut self) -> IoResult<(Self::Io, LocalAddr, RemoteAddr, Scheme)> {
        let (stream, local, remote, scheme) = self.acceptor.accept().await?;
        stream.set_nodelay(true)?;
        Ok((Patient::new(stream, self.clock.clone(), self.stall), local, remote, scheme))
    }
}
