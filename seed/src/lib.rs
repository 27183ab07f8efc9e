//! The demo: two companies with people, skills, queues, flows and numbers, so that a first call can be made within a
//! minute of cloning.
//!
//! Owns what the demo consists of. Its password is published, so it must never get into a database that anybody else
//! uses: [`demo`] refuses one that holds other companies, and the server refuses to run in production on
//! [`Standing::Demo`].

mod cast;
mod flows;
mod rows;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr};
use uuid::Uuid;

pub use cast::{ACME, ADMIN_EMAIL, Company, GLOBEX};

/// The password of every login of the demo. Everybody knows it.
pub const PASSWORD: &str = "calldocker-demo";

/// The demo's companies.
pub const COMPANIES: [&Company; 2] = [&ACME, &GLOBEX];

/// What the demo is made with.
pub struct Plan<'a> {
    pub now: DateTime<Utc>,
    /// The account at the provider that the numbers belong to.
    pub account_sid: &'a str,
    /// The PHC string of [`PASSWORD`], made once for all logins: hashing is slow by design.
    pub password_hash: &'a str,
    /// New ids, each sorting after those before it.
    pub ids: &'a (dyn Fn() -> Uuid + Sync),
}

/// Whose database it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is no company.
    Empty,
    /// The demo is there, perhaps beside companies that somebody founded while trying it out. The names of its companies.
    Demo(Vec<String>),
    /// Only companies that are not the demo's; their names.
    Others(Vec<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seeded {
    Now,
    /// It was there already; nothing was changed.
    Before,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "this database holds other companies ({}), and the demo's password is known to everybody; \
         point DATABASE_URL or DATA_DIR at an empty one",
        .names.join(", ")
    )]
    OtherCompanies { names: Vec<String> },
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Whose database this is.
pub async fn standing(db: &impl ConnectionTrait) -> Result<Standing, DbErr> {
    let companies = rows::companies(db).await?;
    let names = |demo| -> Vec<String> {
        companies.iter().filter(|company| company.demo == demo).map(|company| company.name.clone()).collect()
    };
    Ok(match (names(true), names(false)) {
        (demo, _) if !demo.is_empty() => Standing::Demo(demo),
        (_, others) if !others.is_empty() => Standing::Others(others),
        _ => Standing::Empty,
    })
}

/// Makes the demo in an empty database, and jobs that point its numbers' webhooks at the server. On SQLite `tx` has to
/// have begun as a writing one.
///
/// # Errors
/// [`Error::OtherCompanies`] when somebody else's companies are there and the demo is not.
pub async fn demo(tx: &DatabaseTransaction, plan: &Plan<'_>) -> Result<Seeded, Error> {
    if tx.get_database_backend() == DbBackend::Postgres {
        // Two servers that start at the same moment: the second waits here, and then finds the demo.
        tx.execute_unprepared("LOCK TABLE company IN SHARE ROW EXCLUSIVE MODE").await?;
    }
    match standing(tx).await? {
        Standing::Demo(_) => return Ok(Seeded::Before),
        Standing::Others(names) => return Err(Error::OtherCompanies { names }),
        Standing::Empty => {}
    }
    rows::write_admin(tx, plan).await?;
    for company in COMPANIES {
        rows::write_company(tx, plan, company).await?;
    }
    Ok(Seeded::Now)
}
