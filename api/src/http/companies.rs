//! Companies and their phone numbers.

use chrono::{DateTime, Utc};
use entity::{company, phone_number};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::Tag;
use super::envelope::{Reply, Success};
use super::page::Page;
use crate::app::App;
use crate::authz::{Can, ListCompanies, ReadCompanies, ReadPhoneNumbers};
use crate::companies;

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

/// A phone number of the company.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct PhoneNumberOut {
    id: Uuid,
    /// E.164.
    number: String,
    label: String,
    /// The flow that a call to this number opens.
    flow_id: Uuid,
    /// The provider's account that the number belongs to.
    account_sid: String,
    created_at: DateTime<Utc>,
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

impl From<phone_number::Model> for PhoneNumberOut {
    fn from(number: phone_number::Model) -> Self {
        Self {
            id: number.id.into(),
            number: number.number,
            label: number.label,
            flow_id: number.flow_id.into(),
            account_sid: number.account_sid,
            created_at: number.created_at,
        }
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
        /// From 1.
        #[oai(validator(minimum(value = "1"), maximum(value = "1000000")))]
        page: Query<Option<u64>>,
        /// Rows a page, 1 to 100; 50 unless said.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u64>>,
    ) -> Reply<Vec<CompanyOut>> {
        let page = Page::read(page.0, limit.0)?;
        let (companies, total) = companies::page(app, page.offset(), page.limit()).await?;
        Success::page(companies, page.of(total))
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

    /// Lists the company's phone numbers.
    #[oai(path = "/:id/phone-numbers", method = "get", operation_id = "listPhoneNumbers")]
    async fn phone_numbers(
        &self,
        can: Can<ReadPhoneNumbers>,
        Data(app): Data<&App>,
        /// The company's id.
        id: Path<Uuid>,
    ) -> Reply<Vec<PhoneNumberOut>> {
        Success::list(companies::phone_numbers(app, can.scope_of(id.0.into())?).await?)
    }
}
