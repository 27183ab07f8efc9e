//! `calldocker serve`. Where there is no account at a provider, and nobody says that this is production, it also starts
//! the look-alike and makes the demo, so that a first call can be made at once.

use clock::Clock;
use migration::{Migrator, MigratorTrait};
use seed::Standing;
use tokio::net::TcpListener;

use super::banner::{self, Telephone};
use super::{look_alike, print, seed as demo};
use crate::app::App;
use crate::bus::Delivery;
use crate::config::Settings;
use crate::error::{Error, Result};
use crate::http::server;
use crate::store::system;

pub async fn run(mut settings: Settings) -> Result<()> {
    let clock = Clock::machine();
    let carrier = look_alike::start_beside_server(&mut settings, &clock).await?;
    let app = App::build(settings, clock, Delivery::Deliver).await?;
    Migrator::up(app.db.writer(), None).await?;
    demo::refuse_in_production(&app).await?;
    let standing = fill_when_empty(&app).await?;
    // Bound before any work starts: what the provider is told to ask is there when it asks.
    let address = (app.settings.host, app.settings.port);
    let listener = TcpListener::bind(address).await.map_err(|cause| {
        Error::internal(format!("listen on {}:{} (HOST and PORT set it)", address.0, address.1), cause)
    })?;
    system::provision_numbers(&app, look_alike::account_sid(&app.settings)).await?;
    app.start_work().await?;
    tracing::info!(url = app.settings.public_url, "ready");
    if !app.settings.is_production() {
        let telephone = if carrier.is_some() { Telephone::LookAlike } else { Telephone::Provider };
        print(&banner::text(&app.settings, telephone, &standing))?;
    }
    server::serve(&app, listener, async {
        if let Err(failure) = server::told_to_stop().await {
            tracing::error!(?failure, "cannot listen for signals; stopping");
        }
        tracing::info!("stopping");
    })
    .await?;
    if let Some(carrier) = carrier {
        carrier.stop().await;
    }
    app.db.clone().close().await?;
    Ok(())
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
