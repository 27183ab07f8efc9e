//! The company's numbers: which flow each opens, and that the provider asks us when it rings.

use entity::id::{FlowId, FlowVersionId, PhoneNumberId};
use entity::{CompanyScope, phone_number};
use ivr_engine::FlowKind;
use twilio::rest::NumberSettings;

use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::jobs::Done;
use crate::store::phone_numbers::{self, Number};
use crate::store::{Tx, flows};

pub async fn all(app: &App, scope: CompanyScope) -> Result<Vec<Number>> {
    Ok(phone_numbers::all(scope, app.db.reader()).await?)
}

/// What a number opens.
#[derive(Clone, Debug)]
pub struct Opening {
    pub label: String,
    pub flow: FlowId,
    /// A published version of the flow, with which the number stays; `None` follows the latest.
    pub version: Option<FlowVersionId>,
}

/// Sets what a number opens. Calls under way keep their version.
///
/// # Errors
/// `FLOW_NOT_FOUND`; `FLOW_VERSION_NOT_FOUND` also for a version of another flow.
pub async fn open_with(
    app: &App,
    scope: CompanyScope,
    id: PhoneNumberId,
    opening: Opening,
) -> Result<Number> {
    let tx = app.db.begin().await?;
    let row = phone_numbers::lock(scope, &tx, id).await?.ok_or(Error::NotFound(Subject::PhoneNumber))?;
    let flow = flows::by_id(scope, &tx, opening.flow).await?.ok_or(Error::NotFound(Subject::Flow))?;
    if crate::flows::kind(&flow.draft) != FlowKind::Call {
        return Err(Error::invalid("/flowId", "must be a flow of the kind `call`"));
    }
    if let Some(version) = opening.version {
        is_of_flow(scope, &tx, version, opening.flow).await?;
    }
    let row = phone_number::Model { label: opening.label, flow_id: opening.flow, ..row };
    let number = Number { row, pinned: opening.version };
    phone_numbers::save(scope, &tx, number.clone()).await?;
    tx.commit().await?;
    Ok(number)
}

async fn is_of_flow(scope: CompanyScope, tx: &Tx, version: FlowVersionId, flow: FlowId) -> Result<()> {
    match flows::version_by_id(scope, tx, version).await? {
        Some(found) if found.flow_id == flow => Ok(()),
        Some(_) | None => Err(Error::NotFound(Subject::FlowVersion)),
    }
}

/// Points the number's webhooks here. A number that the account does not have yet is taken: with the look-alike that
/// always works, with Twilio it is bought only when [`crate::config::Settings::buys_numbers`] says so.
pub async fn provision(app: &App, scope: CompanyScope, id: PhoneNumberId) -> Result<Done> {
    let db = app.db.reader();
    let row = scope
        .find_by_id::<phone_number::Entity>(id)
        .one(db)
        .await?
        .ok_or(Error::NotFound(Subject::PhoneNumber))?;
    let urls = app.urls(scope.company());
    let settings = NumberSettings::new()
        .voice_url(urls.voice())
        .voice_fallback_url(urls.fallback())
        .status_callback(urls.call_status());
    let client = app.providers.client(scope, db).await?;
    let found = match client.list_incoming_numbers(Some(&row.number), 1).await {
        Ok(found) => found,
        Err(error) => return Ok(Done::retry(&error)),
    };
    let done = match found.first() {
        Some(number) => client.update_incoming_number(&number.sid, &settings).await,
        None if app.settings.buys_numbers() => client.create_incoming_number(&row.number, &settings).await,
        None => {
            tracing::error!(number = %row.id, "the account does not have this number; its calls will not arrive");
            return Ok(Done::Yes);
        }
    };
    Ok(match done {
        Ok(_) => Done::Yes,
        Err(error) => Done::retry(&error),
    })
}
