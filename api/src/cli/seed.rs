//! `calldocker seed`: the demo companies, and the way in which `serve` makes them in an empty database.

use clock::Clock;
use seed::{PASSWORD, Plan, Seeded, Standing};

use super::{look_alike, migrate, print};
use crate::app::App;
use crate::bus::Delivery;
use crate::config::Settings;
use crate::error::{Error, Result};
use crate::identity::passwords;
use crate::secret::Secret;

pub async fn run(settings: Settings) -> Result<()> {
    if settings.is_production() {
        return Err(Error::internal(
            "seed",
            "the demo's password is known to everybody, so it is never made in production",
        ));
    }
    let account_sid = look_alike::account_sid(&settings).to_owned();
    let app = App::build(settings, Clock::machine(), Delivery::DropEverything).await?;
    migrate::bring_up_to_date(&app).await?;
    let seeded = demo(&app, &account_sid).await;
    app.db.clone().close().await?;
    match seeded? {
        Seeded::Now => print(&format!("The demo is there. {}\n", logins())),
        Seeded::Before => print(&format!("The demo was there already; nothing was changed. {}\n", logins())),
    }
}

/// Makes the demo unless it is there; its numbers are of this account.
pub async fn demo(app: &App, account_sid: &str) -> Result<Seeded> {
    if let Standing::Demo(_) = seed::standing(app.db.reader()).await? {
        return Ok(Seeded::Before);
    }
    // Once for all logins: it takes as long as twenty sign-ins otherwise.
    let password_hash = passwords::hash(Secret::new(PASSWORD)).await?;
    let tx = app.db.begin().await?;
    let plan =
        Plan { now: app.clock.now(), account_sid, password_hash: &password_hash, ids: &|| app.ids.next() };
    let seeded = seed::demo(&tx, &plan).await.map_err(|cause| Error::internal("seed", cause))?;
    tx.commit().await?;
    Ok(seeded)
}

/// Keeps the demo, whose password everybody knows, out of production.
///
/// # Errors
/// In production, when the database has a company of the demo.
pub async fn refuse_in_production(app: &App) -> Result<()> {
    if !app.settings.is_production() {
        return Ok(());
    }
    match seed::standing(app.db.reader()).await? {
        Standing::Demo(names) => {
            let problem = format!(
                "this database holds the demo ({}), whose passwords are published; point DATABASE_URL or DATA_DIR at \
                 another database, or leave CALLDOCKER_ENV at development",
                names.join(", ")
            );
            Err(Error::internal("production does not start on the demo companies", problem))
        }
        Standing::Empty | Standing::Others(_) => Ok(()),
    }
}

fn logins() -> String {
    let domains: Vec<_> = seed::COMPANIES.iter().map(|company| company.domain).collect();
    format!(
        "Sign in as owner@, manager@ or agent1@ to agent6@ {}, or as {}; the password is {PASSWORD}.",
        domains.join(" or "),
        seed::ADMIN_EMAIL
    )
}
