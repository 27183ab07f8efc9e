//! Imports of contacts from CSV.

use chrono::{DateTime, Utc};
use entity::id::ContactImportId;
use entity::{ContactImportOutcome, ContactImportState, contact_import};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use uuid::Uuid;

use super::contacts::ContactOut;
use super::csv_body::CsvBody;
use super::envelope::{Done, Failure, Reply, Success};
use super::export_file::ExportStream;
use super::page::{LARGEST_LIMIT, limit_within};
use super::{Tag, Word, idempotency};
use crate::app::App;
use crate::authz::{BlockContacts, Can, ManageContacts};
use crate::calling_codes::is_country;
use crate::contacts::View;
use crate::contacts::import::desk::{self, Preview};
use crate::contacts::import::{Counts, Duplicates, Encoding, Plan, Wish};
use crate::error::{Error, Result as OurResult};
use crate::exports::stream::Travel;

pub struct ContactImports;

/// The sign between cells.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[oai(rename_all = "lowercase")]
enum CsvDelimiter {
    Comma,
    Semicolon,
    Tab,
}

/// In which a file is written.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
enum CsvEncoding {
    #[oai(rename = "utf-8")]
    Utf8,
    /// What is called Latin-1, with the signs that Windows adds.
    #[oai(rename = "windows-1252")]
    Windows1252,
}

/// What is done about a number that a contact has already.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[oai(rename_all = "lowercase")]
enum OnDuplicateContact {
    /// The contact stays as it is.
    Skip,
    /// The contact gets what the row says. What the row leaves empty stays; tags, numbers and own fields are added.
    Update,
    /// The row is refused.
    Refuse,
}

/// A column of the file.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct ContactImportColumnOut {
    header: String,
    /// `number`, `otherNumbers`, `name`, `firstName`, `lastName`, `email`, `language`, `company`, `notes`, `tags`, `blocked`,
    /// `custom.NAME` or `custom`; absent for a column that is left out.
    field: Option<String>,
}

/// What is wrong with a row.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct ContactImportProblemOut {
    /// The header being 1, empty lines not counted.
    row: i64,
    /// Its header; empty of what is about the whole row.
    column: String,
    message: String,
}

/// What a row comes to.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct ContactImportRowOut {
    /// The header being 1, empty lines not counted.
    row: i64,
    outcome: Word<ContactImportOutcome>,
    /// As it would be, or is.
    contact: Option<ContactOut>,
}

/// An import of contacts, or what one would come to.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct ContactImportOut {
    /// Absent of a preview.
    id: Option<Uuid>,
    /// Absent of a preview.
    state: Option<Word<ContactImportState>>,
    delimiter: CsvDelimiter,
    encoding: CsvEncoding,
    duplicates: OnDuplicateContact,
    /// Whose national numbers are understood.
    country: Option<String>,
    columns: Vec<ContactImportColumnOut>,
    /// Rows that are done.
    rows: i64,
    /// From 0 to 100, by the bytes of the file.
    percent: i64,
    made: i64,
    updated: i64,
    skipped: i64,
    refused: i64,
    /// Of a preview: the first rows.
    preview: Option<Vec<ContactImportRowOut>>,
    /// Of a preview: the first 500.
    problems: Option<Vec<ContactImportProblemOut>>,
    /// Where the rows that were skipped or refused are told, for who may import.
    report: Option<String>,
    /// Why it failed.
    failure: Option<String>,
    /// The user.
    requested_by: Option<Uuid>,
    created_at: Option<DateTime<Utc>>,
    started_at: Option<DateTime<Utc>>,
    /// When it was complete, had failed, or was taken back.
    ended_at: Option<DateTime<Utc>>,
}

impl ContactImportOut {
    fn of_plan(plan: Plan, counts: Counts, rows: i64) -> Self {
        let columns = plan.columns.into_iter().map(|column| ContactImportColumnOut {
            header: column.header,
            field: column.field.map(|field| field.to_string()),
        });
        Self {
            id: None,
            state: None,
            delimiter: match plan.delimiter {
                b';' => CsvDelimiter::Semicolon,
                b'\t' => CsvDelimiter::Tab,
                _ => CsvDelimiter::Comma,
            },
            encoding: match plan.encoding {
                Encoding::Utf8 => CsvEncoding::Utf8,
                Encoding::Windows1252 => CsvEncoding::Windows1252,
            },
            duplicates: match plan.duplicates {
                Duplicates::Skip => OnDuplicateContact::Skip,
                Duplicates::Update => OnDuplicateContact::Update,
                Duplicates::Refuse => OnDuplicateContact::Refuse,
            },
            country: plan.country,
            columns: columns.collect(),
            rows,
            percent: 100,
            made: counts.made,
            updated: counts.updated,
            skipped: counts.skipped,
            refused: counts.refused,
            preview: None,
            problems: None,
            report: None,
            failure: None,
            requested_by: None,
            created_at: None,
            started_at: None,
            ended_at: None,
        }
    }

    fn of_preview(preview: Preview) -> Self {
        let shown = preview.shown.into_iter().map(|row| ContactImportRowOut {
            row: row.line,
            outcome: Word(row.judged),
            contact: row.contact.map(|contact| View { contact, favourite: false }.into()),
        });
        let problems = preview.problems.into_iter().map(|(row, problem)| ContactImportProblemOut {
            row,
            column: problem.column,
            message: problem.message,
        });
        Self {
            preview: Some(shown.collect()),
            problems: Some(problems.collect()),
            ..Self::of_plan(preview.plan, preview.counts, preview.rows)
        }
    }

    fn of(row: contact_import::Model) -> OurResult<Self> {
        let plan = desk::plan_of(&row)?;
        let counts =
            Counts { made: row.made, updated: row.updated, skipped: row.skipped, refused: row.refused };
        Ok(Self {
            id: Some(row.id.0),
            state: Some(Word(row.state)),
            percent: (row.bytes_done * 100).checked_div(row.size_bytes).unwrap_or(100),
            report: Some(format!("/api/contacts/imports/{}/report", row.id)),
            failure: row.failure,
            requested_by: Some(row.requested_by.0),
            created_at: Some(row.created_at),
            started_at: row.started_at,
            ended_at: row.ended_at,
            ..Self::of_plan(plan, counts, row.rows_done)
        })
    }
}

/// What came of a file.
#[derive(ApiResponse)]
enum Imported {
    /// What it would come to. Nothing is written.
    #[oai(status = 200)]
    Preview(Json<Success<ContactImportOut>>),
    /// A job imports it.
    #[oai(status = 201)]
    Begun(Json<Success<ContactImportOut>>),
}

#[OpenApi(tag = "Tag::Contacts")]
impl ContactImports {
    /// Imports contacts from a file of CSV, by a job; or tells by `preview=true` what it would come to.
    ///
    /// The first line names the columns. Encoding, sign between cells and columns are guessed, told, and can be said. A row is a
    /// contact by its number. `GET /api/contacts/imports/{id}` says how far it is, and `report` there which rows were skipped or
    /// refused, and why. 409 `TOO_MANY_IMPORTS` when three of the company are under way. Repeated with the same
    /// `Idempotency-Key` and file within a day, it is done once. At most 64 MiB and 200,000 rows.
    #[oai(path = "/api/contacts/import", method = "post", operation_id = "importContacts")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn import(
        &self,
        can: Can<ManageContacts>,
        Data(app): Data<&App>,
        /// Writes nothing, and answers with the first rows, counts and problems.
        Query(preview): Query<Option<bool>>,
        /// The sign between cells; guessed when absent.
        Query(delimiter): Query<Option<CsvDelimiter>>,
        /// What each column has, from the first on, parted by commas, as in `name,number,-,custom.tier`; `-` leaves one out.
        /// Guessed when absent.
        #[oai(validator(max_length = 10000))]
        Query(columns): Query<Option<String>>,
        /// `skip` when absent.
        Query(duplicates): Query<Option<OnDuplicateContact>>,
        /// Whose national numbers are understood: two capitals of ISO 3166-1. Numbers need their country codes when absent.
        Query(country): Query<Option<String>>,
        /// 1 to 255 visible characters, new for each import: a request that comes twice with it is done once.
        #[oai(name = "Idempotency-Key")]
        Header(key): Header<Option<String>>,
        body: CsvBody,
    ) -> Result<Imported, Failure> {
        if country.as_deref().is_some_and(|country| !is_country(country)) {
            return Err(Error::invalid("country", "must be two capitals of ISO 3166-1, as in DE").into());
        }
        let said = format!("{delimiter:?} {columns:?} {duplicates:?} {country:?}");
        let once = idempotency::once(&can, "importContacts", key, &said)?;
        let wish = Wish {
            delimiter: delimiter.map(|sign| match sign {
                CsvDelimiter::Comma => b',',
                CsvDelimiter::Semicolon => b';',
                CsvDelimiter::Tab => b'\t',
            }),
            columns: columns.map(|columns| columns.split(',').map(str::to_owned).collect()),
            duplicates: match duplicates {
                Some(OnDuplicateContact::Update) => Duplicates::Update,
                Some(OnDuplicateContact::Refuse) => Duplicates::Refuse,
                Some(OnDuplicateContact::Skip) | None => Duplicates::Skip,
            },
            country,
        };
        let (scope, user) = (can.scope()?, can.caller().user);
        let may_block = can.also_may::<BlockContacts>(app).is_some();
        let file = desk::take(app, scope, body.0, wish, may_block).await?;
        if preview.unwrap_or_default() {
            let seen = desk::preview(app, scope, file).await?;
            return Ok(Imported::Preview(Json(Success::of(ContactImportOut::of_preview(seen)))));
        }
        let begun = desk::create(app, scope, user, file, once).await?;
        Ok(Imported::Begun(Json(Success::of(ContactImportOut::of(begun)?))))
    }

    /// Lists imports of contacts, newest first.
    #[oai(path = "/api/contacts/imports", method = "get", operation_id = "listContactImports")]
    async fn list(
        &self,
        can: Can<ManageContacts>,
        Data(app): Data<&App>,
        /// 1 to 100; 50 unless said.
        Query(limit): Query<Option<u64>>,
        /// Reads on behind an earlier page.
        Query(cursor): Query<Option<String>>,
    ) -> Reply<Vec<ContactImportOut>> {
        let limit = limit_within(limit, LARGEST_LIMIT)?;
        let slice = desk::list(app, can.scope()?, cursor.as_deref(), limit).await?;
        let rows = slice.rows.into_iter().map(ContactImportOut::of).collect::<OurResult<Vec<_>>>()?;
        Ok(Json(Success { next_cursor: slice.next_cursor, ..Success::of(rows) }))
    }

    /// Shows how far an import of contacts is.
    #[oai(path = "/api/contacts/imports/:id", method = "get", operation_id = "getContactImport")]
    async fn get(
        &self,
        can: Can<ManageContacts>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<ContactImportOut> {
        let row = desk::get(app, can.scope()?, ContactImportId(id)).await?;
        Success::ok(ContactImportOut::of(row)?)
    }

    /// Stops an import. Rows that are done stay done.
    #[oai(path = "/api/contacts/imports/:id", method = "delete", operation_id = "cancelContactImport")]
    async fn delete(
        &self,
        can: Can<ManageContacts>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        desk::cancel(app, can.scope()?, can.caller().user, ContactImportId(id)).await?;
        Done::saying("The import is stopped.")
    }

    /// Tells which rows were skipped or refused, and why: CSV with `row`, `outcome`, `number`, `column` and `reason`.
    #[oai(path = "/api/contacts/imports/:id/report", method = "get", operation_id = "getContactImportReport")]
    async fn report(
        &self,
        can: Can<ManageContacts>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Result<ExportStream, Failure> {
        let pieces = desk::report(app, can.scope()?, ContactImportId(id)).await?;
        let name = format!("attachment; filename=\"import-{id}.csv\"");
        Ok(ExportStream::named("text/csv; charset=utf-8", name, Travel::AsTheyAre, pieces))
    }
}
