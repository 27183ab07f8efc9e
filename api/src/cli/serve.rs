//! `calldocker serve`. Where there is no account at a provider, and nobody says that this is production, it also starts
//! the look-alike and makes the demo, so that a first call can be made at once.

use carrier::Carrier;
use clock::Clock;
use seed::Standing;
use tokio::net::TcpListener;

use super::banner::{self, Telephone};
use super::{look_alike, migrate, print, seed as demo};
use crate::app::App;
use crate::bus::Delivery;
use crate::config::Settings;
use crate::error::{Error, Result};
use crate::http::server;
use crate::store::system;

pub async fn run(settings: Settings) -> Result<()> {
    // First of all: another server at this address is noticed before anything is touched.
    let listener = listen(&settings).await?;
    let server = Prepared::new(settings, Clock::machine(), listener).await?;
    if !server.app.settings.is_production() {
        print(&server.banner())?;
    }
    server
        .serve(async {
            if let Err(failure) = server::told_to_stop().await {
                tracing::error!(?failure, "cannot listen for signals; stopping");
            }
            tracing::info!("stopping");
        })
        .await
}

/// The socket that the service manager holds for us (LISTEN_FDS, as systemd's `.socket` units do it), else one of our own
/// at HOST and PORT. The manager's stays open while this process is being started again: what the provider asks meanwhile
/// waits in the socket's queue and is answered then, where otherwise its callers would be turned away.
async fn listen(settings: &Settings) -> Result<TcpListener> {
    let held = listenfd::ListenFd::from_env().take_tcp_listener(0);
    let held = held.map_err(|cause| Error::internal("take the socket that LISTEN_FDS names", cause))?;
    if let Some(socket) = held {
        let taken = socket.set_nonblocking(true).and_then(|()| TcpListener::from_std(socket));
        return taken.map_err(|cause| Error::internal("listen on the socket that LISTEN_FDS names", cause));
    }
    let address = (settings.host, settings.port);
    TcpListener::bind(address).await.map_err(|cause| {
        Error::internal(format!("listen on {}:{} (HOST and PORT set it)", address.0, address.1), cause)
    })
}

/// A server that has all it needs, and whose work has begun.
pub struct Prepared {
    pub app: App,
    listener: TcpListener,
    carrier: Option<Carrier>,
    standing: Standing,
}

impl Prepared {
    /// Starts a look-alike where one is wanted, brings the database up to date, and begins to work. `listener` is bound
    /// already, so that what the provider is told to ask is there when it asks.
    pub async fn new(mut settings: Settings, clock: Clock, listener: TcpListener) -> Result<Self> {
        let carrier = look_alike::start_beside_server(&mut settings, &clock).await?;
        let app = App::build(settings, clock, Delivery::Deliver).await?;
        migrate::bring_up_to_date(&app).await?;
        demo::refuse_in_production(&app).await?;
        let standing = fill_when_empty(&app).await?;
        system::provision_numbers(&app, look_alike::account_sid(&app.settings)).await?;
        app.start_work().await?;
        tracing::info!(url = app.settings.public_url, "ready");
        Ok(Self { app, listener, carrier, standing })
    }

    fn banner(&self) -> String {
        let telephone = match self.carrier {
            Some(_) => Telephone::LookAlike,
            None => Telephone::Provider,
        };
        banner::text(&self.app.settings, telephone, &self.standing)
    }

    /// Serves until `stop`.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> Result<()> {
        server::serve(&self.app, self.listener, stop).await?;
        if let Some(carrier) = self.carrier {
            carrier.stop().await;
        }
        Ok(self.app.db.clone().close().await?)
    }
}

/// Makes the demo in an empty database of a server whose calls go to a look-alike. One that reaches the real telephone
/// network may be reachable itself, and then it must not have logins that everybody knows unless somebody asked for them.
async fn fill_when_empty(app: &App) -> Result<Standing> {
    let standing = seed::standing(app.db.reader()).await?;
    match standing {
        Standing::Empty if app.settings.buys_numbers() => {
            demo::demo(app, look_alike::account_sid(&app.settings)).await?;
            Ok(seed::standing(app.db.reader()).await?)
        }
        Standing::Empty | Standing::Demo(_) | Standing::Others(_) => Ok(standing),
    }
}
