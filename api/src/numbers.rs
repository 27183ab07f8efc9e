//! Numbers at the provider: a company's number must ask us when it rings.

use entity::CompanyScope;
use entity::id::PhoneNumberId;
use entity::phone_number;
use twilio::rest::NumberSettings;

use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::jobs::Done;

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
