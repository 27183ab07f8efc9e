//! The company's numbers: which flow each opens, and that the provider asks us when it rings or a message comes to it.

use entity::id::{FlowId, FlowVersionId, PhoneNumberId, UserId};
use entity::{CompanyScope, Inserted, JobKind, phone_number};
use ivr_engine::FlowKind;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use twilio::rest::{Client, IncomingNumber, NumberSettings};
use twilio::twiml::Method;

use crate::app::App;
use crate::authz::{AssignPhoneNumbers, Permission};
use crate::error::{Code, Error, FieldError, Result, Subject};
use crate::identity::audit;
use crate::jobs::Done;
use crate::phone::e164;
use crate::providers::unavailable;
use crate::store::phone_numbers::{self, Number};
use crate::store::{Unit, companies, flows};

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
    check(scope, &tx, &opening).await?;
    let row = phone_number::Model { label: opening.label, flow_id: opening.flow, ..row };
    let number = Number { row, pinned: opening.version };
    phone_numbers::save(scope, &tx, number.clone()).await?;
    tx.commit().await?;
    Ok(number)
}

async fn check(scope: CompanyScope, db: &impl ConnectionTrait, opening: &Opening) -> Result<()> {
    let flow = flows::by_id(scope, db, opening.flow).await?.ok_or(Error::NotFound(Subject::Flow))?;
    if crate::flows::kind(&flow.draft) != FlowKind::Call {
        return Err(Error::invalid("/flowId", "must be a flow of the kind `call`"));
    }
    let Some(version) = opening.version else { return Ok(()) };
    match flows::version_by_id(scope, db, version).await? {
        Some(found) if found.flow_id == opening.flow => Ok(()),
        Some(_) | None => Err(Error::NotFound(Subject::FlowVersion)),
    }
}

/// A number that the company is to have.
#[derive(Clone, Debug)]
pub struct NewNumber {
    pub number: String,
    pub opening: Opening,
}

/// Of which accounts somebody may give numbers to the company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accounts {
    /// Of the company's own, to which it has the token.
    Own,
    /// Of the platform's too, whose numbers are anybody's until somebody decides.
    AlsoPlatforms,
}

/// Gives the company a number of its account; Twilio is told at once to ask us when it rings.
///
/// # Errors
/// What [`open_with`] answers; `NUMBER_NOT_IN_ACCOUNT`; `PHONE_NUMBER_TAKEN` when it is a company's already;
/// `PROVIDER_NOT_CONFIGURED`, `PROVIDER_UNAVAILABLE`; forbidden where the company has no account of its own.
pub async fn add(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    accounts: Accounts,
    new: NewNumber,
) -> Result<Number> {
    let number = e164(&new.number).ok_or_else(|| {
        Error::invalid("/number", "must be a telephone number with its country code, as in +49 30 123456")
    })?;
    let company = companies::own(scope, app.db.reader()).await?.ok_or(Error::NotFound(Subject::Company))?;
    if company.twilio_account_sid.is_none() && accounts == Accounts::Own {
        return Err(Error::Forbidden { permission: AssignPhoneNumbers::NAME });
    }
    check(scope, app.db.reader(), &new.opening).await?;
    let account = app.providers.account(&company)?;
    is_in_account(app, &app.providers.client_of(&account)?, &number).await?;

    let mut unit = Unit::begin(app, scope).await?;
    let company = companies::lock(scope, unit.tx()).await?.ok_or(Error::NotFound(Subject::Company))?;
    if app.providers.account(&company)?.account_sid != account.account_sid {
        return Err(Error::conflict(
            Code::AccountChanged,
            "The company has another account by now. Try again.",
        ));
    }
    check(scope, unit.tx(), &new.opening).await?;
    let row = phone_number::Model {
        id: unit.id(),
        company_id: scope.company(),
        account_sid: account.account_sid,
        number,
        label: new.opening.label,
        flow_id: new.opening.flow,
        created_at: unit.now(),
    };
    let added = Number { row, pinned: new.opening.version };
    match phone_numbers::insert(scope, unit.tx(), added.clone()).await? {
        Inserted::Yes => {}
        Inserted::Conflicted => {
            return Err(Error::conflict(
                Code::PhoneNumberTaken,
                "This number of the account is in use already.",
            ));
        }
    }
    let now = unit.now();
    unit.job(JobKind::ProvisionNumber, added.row.id, json!({}), now);
    note(&unit, by, "phone-numbers:add", &added.row).await?;
    unit.commit().await?;
    Ok(added)
}

/// Takes a number from the company: Twilio asks us no more, and calls keep it in writing. Calls under way go on.
pub async fn remove(app: &App, scope: CompanyScope, by: UserId, id: PhoneNumberId) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let row =
        phone_numbers::lock(scope, unit.tx(), id).await?.ok_or(Error::NotFound(Subject::PhoneNumber))?;
    phone_numbers::delete(scope, unit.tx(), id).await?;
    let (now, left) = (unit.now(), json!({"accountSid": row.account_sid, "number": row.number}));
    unit.job(JobKind::ReleaseNumber, id, left, now);
    note(&unit, by, "phone-numbers:remove", &row).await?;
    unit.commit().await
}

async fn note(unit: &Unit, by: UserId, action: &str, row: &phone_number::Model) -> Result<()> {
    let detail = json!({"phoneNumberId": row.id, "number": row.number, "accountSid": row.account_sid});
    audit::note(unit.app(), unit.scope(), unit.tx(), by, action, detail).await
}

/// # Errors
/// `NUMBER_NOT_IN_ACCOUNT`, but for a look-alike, which has every number.
async fn is_in_account(app: &App, client: &Client, number: &str) -> Result<()> {
    match numbered(client, number).await {
        Ok(None) if !app.settings.buys_numbers() => Err(Error::Invalid {
            code: Code::NumberNotInAccount,
            message: "The company's Twilio account does not have this number.".into(),
            fields: vec![FieldError {
                field: "/number".into(),
                message: "must be a number of the account".into(),
            }],
        }),
        Ok(_) => Ok(()),
        Err(error) => Err(unavailable(&error)),
    }
}

/// The account's number that is this one and not only like it.
async fn numbered(client: &Client, number: &str) -> Result<Option<IncomingNumber>, twilio::rest::Error> {
    let found = client.list_incoming_numbers(Some(number), 20).await?;
    Ok(found.into_iter().find(|found| found.phone_number == number))
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
    // Whatever else the number was used for before: nothing of it may stand in the way of these addresses.
    let settings = NumberSettings::new()
        .voice_application_sid("")
        .trunk_sid("")
        .voice_url(urls.voice())
        .voice_method(Method::Post)
        .voice_fallback_url(urls.fallback())
        .voice_fallback_method(Method::Post)
        .status_callback(urls.call_status())
        .status_callback_method(Method::Post)
        .sms_application_sid("")
        .sms_url(urls.message_in())
        .sms_method(Method::Post)
        .sms_fallback_url(urls.message_in())
        .sms_fallback_method(Method::Post);
    let client = app.providers.client(scope, db).await?;
    if client.account_sid() != row.account_sid {
        tracing::error!(number = %row.id, "the number is of another account; its calls may not arrive");
        return Ok(Done::Yes);
    }
    let found = match numbered(&client, &row.number).await {
        Ok(found) => found,
        Err(error) => return Ok(Done::retry(&error)),
    };
    let done = match found {
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

/// Unsets the addresses of a number that was removed here, unless it asks somebody else by now or is back.
pub async fn release(app: &App, scope: CompanyScope, left: &Value) -> Result<Done> {
    let db = app.db.reader();
    let (Some(account), Some(number)) = (left["accountSid"].as_str(), left["number"].as_str()) else {
        return Err(Error::internal("read a job's payload", "it names no number"));
    };
    let client = match app.providers.client(scope, db).await {
        Ok(client) if client.account_sid() == account => client,
        // Nobody has its token any more.
        Ok(_) | Err(Error::Conflict { .. }) => return Ok(Done::Yes),
        Err(error) => return Err(error),
    };
    if phone_numbers::is_there(scope, db, account, number).await? {
        return Ok(Done::Yes);
    }
    let found = match numbered(&client, number).await {
        Ok(found) => found,
        Err(error) => return Ok(Done::retry(&error)),
    };
    let ours = app.urls(scope.company()).voice();
    let Some(found) = found.filter(|found| found.voice_url.as_deref() == Some(ours.as_str())) else {
        return Ok(Done::Yes);
    };
    let nobody = NumberSettings::new()
        .voice_url("")
        .voice_fallback_url("")
        .status_callback("")
        .sms_url("")
        .sms_fallback_url("");
    Ok(match client.update_incoming_number(&found.sid, &nobody).await {
        Ok(_) => Done::Yes,
        Err(error) => Done::retry(&error),
    })
}
