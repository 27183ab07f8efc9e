//! `calldocker migrate`: for deployments that bring the database up to date before they start new servers.

use clock::Clock;
use migration::{Migrator, MigratorTrait};

use crate::app::App;
use crate::bus::Delivery;
use crate::config::Settings;
use crate::error::Result;

pub async fn run(settings: Settings) -> Result<()> {
    let app = App::build(settings, Clock::machine(), Delivery::DropEverything).await?;
    bring_up_to_date(&app).await?;
    app.db.clone().close().await?;
    Ok(())
}

/// Brings the schema of the database to that of this program.
pub(super) async fn bring_up_to_date(app: &App) -> Result<()> {
    let missing = Migrator::get_pending_migrations(app.db.writer()).await?.len();
    Migrator::up(app.db.writer(), None).await?;
    tracing::info!(migrations = missing, "the database is up to date");
    Ok(())
}
