//! Companies: reading them, and their settings. They come into being by registration (see [`crate::identity::register`]).

pub mod settings;
pub mod twilio;

use entity::{CompanyScope, company};

use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::store::{companies, system};

/// One page of all companies by name, and how many there are: for the platform's administrator alone.
pub async fn page(app: &App, offset: u64, limit: u64) -> Result<(Vec<company::Model>, u64)> {
    Ok(system::companies(app.db.reader(), offset, limit).await?)
}

pub async fn get(app: &App, scope: CompanyScope) -> Result<company::Model> {
    companies::own(scope, app.db.reader()).await?.ok_or(Error::NotFound(Subject::Company))
}
