//! Companies and their phone numbers.

use chrono::{DateTime, Utc};
use entity::company;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Created, Done, Failure, Reply, Success};
use super::page::Page;
use super::users::InvitationOut;
use super::{JsonBody, Tag};
use crate::app::App;
use crate::authz::{
    AssignPhoneNumbers, Can, CloseCompanies, CreateCompanies, ListCompanies, ReadCompanies, ReadPhoneNumbers,
    WriteCompanies, WritePhoneNumbers,
};
use crate::companies::life::{self, Founded, NewCompany};
use crate::companies::{self, CompanyPatch};
use crate::identity::Email;
use crate::numbers::{self, Accounts, NewNumber, Opening};
use crate::store::phone_numbers::Number;
use crate::store::system::Doors;

pub struct Companies;

/// A company.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct CompanyOut {
    id: Uuid,
    name: String,
    /// IANA name.
    time_zone: String,
    /// BCP 47 tag.
    language: String,
    /// Made by `calldocker seed`, not for real calls.
    demo: bool,
    created_at: DateTime<Utc>,
}

/// What to change of a company; what is left out stays.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct CompanyIn {
    #[oai(validator(min_length = 1, max_length = 200))]
    name: Option<String>,
    /// IANA name.
    #[oai(validator(max_length = 64))]
    time_zone: Option<String>,
    /// BCP 47 tag.
    #[oai(validator(max_length = 16))]
    language: Option<String>,
}

/// A company for somebody who is to own it.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct NewCompanyIn {
    #[oai(validator(min_length = 1, max_length = 200))]
    name: String,
    /// Whom it invites as its owner.
    #[oai(validator(min_length = 3, max_length = 320))]
    owner_email: String,
    /// IANA name; UTC unless said.
    #[oai(validator(max_length = 64))]
    time_zone: Option<String>,
    /// BCP 47 tag; en-US unless said.
    #[oai(validator(max_length = 16))]
    language: Option<String>,
}

/// A company that was made, and the invitation of its owner.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct FoundedOut {
    company: CompanyOut,
    invitation: InvitationOut,
}

/// What is to be opened again.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct ReopeningIn {
    company_id: Uuid,
}

impl From<CompanyIn> for CompanyPatch {
    fn from(body: CompanyIn) -> Self {
        Self { name: body.name, time_zone: body.time_zone, language: body.language }
    }
}

impl From<Founded> for FoundedOut {
    fn from(Founded { company, invitation }: Founded) -> Self {
        Self { company: company.into(), invitation: invitation.into() }
    }
}

/// A phone number of the company.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct PhoneNumberOut {
    id: Uuid,
    /// E.164.
    number: String,
    label: String,
    /// The flow that a call to this number opens.
    flow_id: Uuid,
    /// The version with which the number stays; absent when it follows the latest published one.
    pinned_version_id: Option<Uuid>,
    /// The provider's account that the number belongs to.
    account_sid: String,
    created_at: DateTime<Utc>,
}

/// What a number opens.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct PhoneNumberIn {
    #[oai(validator(min_length = 1, max_length = 200))]
    label: String,
    /// The flow that a call to this number opens.
    flow_id: Uuid,
    /// A published version of the flow with which the number stays. Left out, it follows the latest published one.
    pinned_version_id: Option<Uuid>,
}

/// A number that the company is to have.
#[derive(Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct NewPhoneNumberIn {
    /// Of the company's Twilio account, in E.164.
    #[oai(validator(min_length = 1, max_length = 40))]
    number: String,
    #[oai(validator(min_length = 1, max_length = 200))]
    label: String,
    /// The flow that a call to this number opens.
    flow_id: Uuid,
    /// A published version of the flow with which the number stays. Left out, it follows the latest published one.
    pinned_version_id: Option<Uuid>,
}

impl From<NewPhoneNumberIn> for NewNumber {
    fn from(body: NewPhoneNumberIn) -> Self {
        let version = body.pinned_version_id.map(Into::into);
        let opening = Opening { label: body.label, flow: body.flow_id.into(), version };
        Self { number: body.number, opening }
    }
}

impl From<company::Model> for CompanyOut {
    fn from(company: company::Model) -> Self {
        Self {
            id: company.id.into(),
            name: company.name,
            time_zone: company.time_zone,
            language: company.language,
            demo: company.demo,
            created_at: company.created_at,
        }
    }
}

impl From<Number> for PhoneNumberOut {
    fn from(Number { row: number, pinned }: Number) -> Self {
        Self {
            id: number.id.into(),
            number: number.number,
            label: number.label,
            flow_id: number.flow_id.into(),
            pinned_version_id: pinned.map(Into::into),
            account_sid: number.account_sid,
            created_at: number.created_at,
        }
    }
}

impl From<PhoneNumberIn> for Opening {
    fn from(body: PhoneNumberIn) -> Self {
        Self { label: body.label, flow: body.flow_id.into(), version: body.pinned_version_id.map(Into::into) }
    }
}

#[OpenApi(prefix_path = "/api/companies", tag = "Tag::Companies")]
impl Companies {
    /// Lists all companies of the platform.
    #[oai(path = "/", method = "get", operation_id = "listCompanies")]
    async fn list(
        &self,
        _can: Can<ListCompanies>,
        Data(app): Data<&App>,
        /// Those that were closed, in place of those that are open.
        closed: Query<Option<bool>>,
        /// From 1.
        #[oai(validator(minimum(value = "1"), maximum(value = "1000000")))]
        page: Query<Option<u64>>,
        /// Rows a page, 1 to 100; 50 unless said.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u64>>,
    ) -> Reply<Vec<CompanyOut>> {
        let page = Page::read(page.0, limit.0)?;
        let doors = if closed.0 == Some(true) { Doors::Closed } else { Doors::Open };
        let (companies, total) = companies::page(app, doors, page.offset(), page.limit()).await?;
        Success::page(companies, page.of(total))
    }

    /// Makes a company, and invites its owner.
    #[oai(path = "/", method = "post", operation_id = "createCompany")]
    async fn post(
        &self,
        can: Can<CreateCompanies>,
        Data(app): Data<&App>,
        JsonBody(body): JsonBody<NewCompanyIn>,
    ) -> Result<Created<FoundedOut>, Failure> {
        let NewCompanyIn { name, owner_email, time_zone, language } = body;
        let new = NewCompany { name, time_zone, language, owner: Email::read(&owner_email)? };
        Created::of(life::create(app, can.caller(), new).await?)
    }

    /// Opens a closed company again.
    #[oai(path = "/restore", method = "post", operation_id = "restoreCompany")]
    async fn restore(
        &self,
        can: Can<CreateCompanies>,
        Data(app): Data<&App>,
        body: JsonBody<ReopeningIn>,
    ) -> Reply<CompanyOut> {
        Success::ok(life::reopen(app, can.caller().user, body.0.company_id.into()).await?)
    }

    /// Shows the caller's company.
    #[oai(path = "/:id", method = "get", operation_id = "getCompany")]
    async fn get(
        &self,
        can: Can<ReadCompanies>,
        Data(app): Data<&App>,
        /// The company's id.
        id: Path<Uuid>,
    ) -> Reply<CompanyOut> {
        Success::ok(companies::get(app, can.scope_of(id.0.into())?).await?)
    }

    /// Changes the company's name, time zone or language.
    #[oai(path = "/:id", method = "put", operation_id = "updateCompany")]
    async fn put(
        &self,
        can: Can<WriteCompanies>,
        Data(app): Data<&App>,
        /// The company's id.
        id: Path<Uuid>,
        body: JsonBody<CompanyIn>,
    ) -> Reply<CompanyOut> {
        let scope = can.scope_of(id.0.into())?;
        Success::ok(companies::change(app, scope, can.caller().user, body.0.into()).await?)
    }

    /// Closes the company.
    ///
    /// Its people are signed out, its keys refused, its agents off the air, and its numbers say that they are not in service.
    /// Calls under way go on to their end. Nothing is deleted: the platform's administrator can open it again.
    #[oai(path = "/:id", method = "delete", operation_id = "closeCompany")]
    async fn delete(
        &self,
        can: Can<CloseCompanies>,
        Data(app): Data<&App>,
        /// The company's id.
        id: Path<Uuid>,
        /// The company's name, so that nobody closes it by mistake.
        #[oai(validator(max_length = 200))]
        confirm: Query<String>,
    ) -> Result<Json<Done>, Failure> {
        life::close(app, can.scope_of(id.0.into())?, can.caller().user, &confirm.0).await?;
        Done::saying("The company is closed.")
    }

    /// Lists the company's phone numbers.
    #[oai(path = "/:id/phone-numbers", method = "get", operation_id = "listPhoneNumbers")]
    async fn phone_numbers(
        &self,
        can: Can<ReadPhoneNumbers>,
        Data(app): Data<&App>,
        /// The company's id.
        id: Path<Uuid>,
    ) -> Reply<Vec<PhoneNumberOut>> {
        Success::list(numbers::all(app, can.scope_of(id.0.into())?).await?)
    }

    /// Gives the company a number of its Twilio account, and has Twilio ask this server when it rings.
    ///
    /// Without an account of its own the company has the platform's, whose numbers the platform's administrator alone gives
    /// away. 422 `NUMBER_NOT_IN_ACCOUNT`; 409 `PHONE_NUMBER_TAKEN` when a company has the number already; 503
    /// `PROVIDER_UNAVAILABLE` when Twilio cannot be asked.
    #[oai(path = "/:id/phone-numbers", method = "post", operation_id = "createPhoneNumber")]
    async fn post_phone_number(
        &self,
        can: Can<WritePhoneNumbers>,
        Data(app): Data<&App>,
        /// The company's id.
        id: Path<Uuid>,
        body: JsonBody<NewPhoneNumberIn>,
    ) -> Result<Created<PhoneNumberOut>, Failure> {
        let (scope, by) = (can.scope_of(id.0.into())?, can.caller().user);
        let accounts = match can.also_may::<AssignPhoneNumbers>(app) {
            Some(_) => Accounts::AlsoPlatforms,
            None => Accounts::Own,
        };
        Created::of(numbers::add(app, scope, by, accounts, body.0.into()).await?)
    }

    /// Sets which flow a number opens, and in which version.
    ///
    /// Calls under way keep the version with which they began.
    #[oai(path = "/:id/phone-numbers/:numberId", method = "put", operation_id = "updatePhoneNumber")]
    async fn put_phone_number(
        &self,
        can: Can<WritePhoneNumbers>,
        Data(app): Data<&App>,
        /// The company's id.
        id: Path<Uuid>,
        /// The number's id.
        #[oai(name = "numberId")]
        number: Path<Uuid>,
        body: JsonBody<PhoneNumberIn>,
    ) -> Reply<PhoneNumberOut> {
        let scope = can.scope_of(id.0.into())?;
        Success::ok(numbers::open_with(app, scope, number.0.into(), body.0.into()).await?)
    }
    /// Takes a number from the company: Twilio asks this server no more. Calls under way go on.
    #[oai(path = "/:id/phone-numbers/:numberId", method = "delete", operation_id = "deletePhoneNumber")]
    async fn delete_phone_number(
        &self,
        can: Can<WritePhoneNumbers>,
        Data(app): Data<&App>,
        /// The company's id.
        id: Path<Uuid>,
        /// The number's id.
        #[oai(name = "numberId")]
        number: Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        let (scope, by) = (can.scope_of(id.0.into())?, can.caller().user);
        numbers::remove(app, scope, by, number.0.into()).await?;
        Done::saying("The number is removed.")
    }
}
