//! `calldocker backup` and `calldocker restore`.

use std::path::PathBuf;

use clock::Clock;
use tokio::net::TcpListener;

use super::print;
use crate::app::App;
use crate::backup::{self, Over, Secrets, Wish};
use crate::bus::Delivery;
use crate::config::Settings;
use crate::error::{Error, Result};

#[derive(clap::Args)]
pub struct BackupArguments {
    /// The folder in which a new one is made for this backup; DATA_DIR/backups when it is left out.
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Puts JWT_SECRET and MASTER_KEY into it, too. Whoever has such a backup reads everything.
    #[arg(long)]
    with_keys: bool,
}

#[derive(clap::Args)]
pub struct RestoreArguments {
    /// The backup's folder.
    from: PathBuf,
    /// Takes JWT_SECRET and MASTER_KEY from the backup, into DATA_DIR.
    #[arg(long)]
    with_keys: bool,
    /// Gives up what the database holds.
    #[arg(long)]
    force: bool,
}

pub async fn run(settings: Settings, arguments: BackupArguments) -> Result<()> {
    let to = arguments.to.unwrap_or_else(|| settings.data_dir.join("backups"));
    let app = App::build(settings, Clock::machine(), Delivery::DropEverything).await?;
    let made = backup::backup(&app, &to, secrets(arguments.with_keys), &mut say).await;
    app.db.clone().close().await?;
    print(&format!("The backup is {}.\n", made?.display()))
}

pub async fn restore(settings: Settings, arguments: RestoreArguments) -> Result<()> {
    // A server that runs would write into what is taken from under it.
    let address = (settings.host, settings.port);
    if TcpListener::bind(address).await.is_err() {
        let problem =
            format!("something listens on {}:{} (HOST and PORT); stop it first", address.0, address.1);
        return Err(Error::internal("a server runs", problem));
    }
    let over = if arguments.force { Over::Everything } else { Over::Nothing };
    let wish = Wish { secrets: secrets(arguments.with_keys), over };
    backup::restore(settings, &arguments.from, wish, &mut say).await
}

fn secrets(with_keys: bool) -> Secrets {
    if with_keys { Secrets::Included } else { Secrets::LeftOut }
}

/// A reader who has gone away does not stop it.
fn say(line: &str) {
    let _ = print(&format!("{line}\n"));
}
