//! `calldocker migrate`: for deployments that bring the database up to date before they start new servers.

use clock::Clock;
use migration::{Migrator, MigratorTrait};

use crate::app::App;
use crate::bus::Delivery;
use crate::config::Settings;
use crate::error::Result;

pub async fn run(settings: Settings) -> Result<()> {
    let app = App::build(settings, Clock::machine(), Delivery::DropEverything).await?;
    Migrator::up(app.db.writer(), None).await?;
    app.db.clone().close().await?;
    tracing::info!("the database is up to date");
    Ok(())
}
