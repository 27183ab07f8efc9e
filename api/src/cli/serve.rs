//! `calldocker serve`.

use clock::Clock;
use migration::{Migrator, MigratorTrait};
use tokio::net::TcpListener;

use crate::app::App;
use crate::bus::Delivery;
use crate::config::Settings;
use crate::error::{Error, Result};
use crate::http::server;

pub async fn run(settings: Settings) -> Result<()> {
    let app = App::build(settings, Clock::machine(), Delivery::Deliver).await?;
    Migrator::up(app.db.writer(), None).await?;
    let address = (app.settings.host, app.settings.port);
    let listener = TcpListener::bind(address)
        .await
        .map_err(|cause| Error::internal(format!("listen on {}:{}", address.0, address.1), cause))?;
    tracing::info!(url = app.settings.public_url, "ready");
    server::serve(&app, listener, async {
        if let Err(failure) = server::told_to_stop().await {
            tracing::error!(?failure, "cannot listen for signals; stopping");
        }
        tracing::info!("stopping");
    })
    .await?;
    app.db.clone().close().await?;
    Ok(())
}
