//! Exports: rows of the company as CSV or NDJSON, streamed or written to a file by a job.

use ::reports::Length;
use chrono::{DateTime, Utc};
use entity::id::{CompanyId, ExportId};
use entity::{Attribution, CompanyScope, ExportDataset, ExportFormat, ExportState, export};
use poem::Request;
use poem::http::Version;
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Created, Done, Failure, Reply, Success};
use super::export_file::{ExportContent, ExportStream};
use super::page::limit_within;
use super::range;
use super::{JsonBody, Tag, Word, idempotency};
use crate::app::App;
use crate::authz::{Can, RunExports};
use crate::error::{Code, Error, Result as OurResult};
use crate::exports::stream::{self, Travel};
use crate::exports::{Asked, Wish, desk};
use crate::slice::Slice;

pub struct Exports;

/// An export that is made as a job.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct ExportOut {
    id: Uuid,
    dataset: Word<ExportDataset>,
    format: Word<ExportFormat>,
    /// Whether the file is compressed.
    gzip: bool,
    /// Whether CSV begins with a byte order mark.
    bom: bool,
    from: DateTime<Utc>,
    /// Not any more.
    to: DateTime<Utc>,
    /// Minutes of a row of intervals.
    interval: Option<ExportInterval>,
    /// By whose clock intervals begin.
    tz: Option<String>,
    /// To which interval a call's figures belong.
    attribution: Option<Word<Attribution>>,
    state: Word<ExportState>,
    /// Rows so far.
    rows_written: i64,
    /// Rows that there were when it was begun.
    rows_estimated: Option<i64>,
    /// Where the file is, for who may export; as soon as it is complete.
    link: Option<String>,
    /// The same, for whoever has this address, for fifteen minutes and without a token. Only where one export is asked for.
    download_url: Option<String>,
    size_bytes: Option<i64>,
    /// Of the file, in hex.
    sha256: Option<String>,
    /// Why it failed.
    failure: Option<String>,
    /// The user.
    requested_by: Uuid,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    /// When it was complete, had failed, or was taken back.
    ended_at: Option<DateTime<Utc>>,
    /// When the file is deleted.
    expires_at: Option<DateTime<Utc>>,
}

impl From<export::Model> for ExportOut {
    fn from(row: export::Model) -> Self {
        let complete = row.state == ExportState::Completed;
        let intervals = row.intervals.as_ref();
        Self {
            id: row.id.0,
            dataset: Word(row.dataset),
            format: Word(row.format),
            gzip: row.gzip,
            bom: row.bom,
            from: row.range_from,
            to: row.range_to,
            interval: intervals.and_then(|intervals| ExportInterval::of(intervals.minutes)),
            attribution: intervals.map(|intervals| Word(intervals.attribution)),
            tz: row.intervals.map(|intervals| intervals.tz),
            state: Word(row.state),
            rows_written: row.rows_written,
            rows_estimated: row.rows_estimated,
            link: complete.then(|| format!("/api/exports/{}/content", row.id)),
            download_url: None,
            size_bytes: row.size_bytes,
            sha256: row.sha256,
            failure: row.failure,
            requested_by: row.requested_by.0,
            created_at: row.created_at,
            started_at: row.started_at,
            ended_at: row.ended_at,
            expires_at: row.expires_at,
        }
    }
}

impl ExportOut {
    /// With an address that opens without a token.
    fn one(app: &App, row: export::Model) -> OurResult<Self> {
        Ok(Self { download_url: desk::link(app, &row)?, ..Self::from(row) })
    }
}

/// Minutes of a row of intervals.
#[derive(Enum, Clone, Copy, Debug)]
enum ExportInterval {
    #[oai(rename = "15")]
    Quarter,
    #[oai(rename = "30")]
    HalfHour,
    #[oai(rename = "60")]
    Hour,
}

impl ExportInterval {
    fn of(minutes: u32) -> Option<Self> {
        match minutes {
            15 => Some(Self::Quarter),
            30 => Some(Self::HalfHour),
            60 => Some(Self::Hour),
            _ => None,
        }
    }
}

impl From<ExportInterval> for Length {
    fn from(interval: ExportInterval) -> Self {
        match interval {
            ExportInterval::Quarter => Self::Quarter,
            ExportInterval::HalfHour => Self::HalfHour,
            ExportInterval::Hour => Self::Hour,
        }
    }
}

/// What is to be exported.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct ExportIn {
    dataset: Word<ExportDataset>,
    /// `csv` when absent.
    format: Option<Word<ExportFormat>>,
    /// Rows from then on; thirty days before `to` when absent.
    from: Option<DateTime<Utc>>,
    /// And before then; now when absent.
    to: Option<DateTime<Utc>>,
    /// Of intervals: minutes of a row; 30 when absent.
    interval: Option<ExportInterval>,
    /// Of intervals: the zone by whose clock they begin, as Europe/Berlin; the company's when absent.
    tz: Option<String>,
    /// Of intervals: to which one a call's figures belong; `activity_driven` when absent.
    attribution: Option<Word<Attribution>>,
    /// Compresses the file.
    gzip: Option<bool>,
    /// Begins CSV with a byte order mark.
    bom: Option<bool>,
}

impl ExportIn {
    async fn read(&self, app: &App, scope: CompanyScope) -> OurResult<Wish> {
        let asked = Asked {
            dataset: self.dataset.0,
            format: self.format.map(|word| word.0),
            from: self.from,
            to: self.to,
            interval: self.interval.map(Into::into),
            tz: self.tz.clone(),
            attribution: self.attribution.map(|word| word.0),
        };
        let ask = asked.read(app, scope).await.map_err(|error| error.within("/"))?;
        Ok(Wish { ask, gzip: self.gzip.unwrap_or_default(), bom: self.bom.unwrap_or_default() })
    }
}

/// HTTP/1.0 cannot say that an answer is whole: it ends when the connection does.
pub fn can_tell_the_end(request: &Request) -> OurResult<()> {
    if request.version() >= Version::HTTP_11 {
        return Ok(());
    }
    Err(Error::Invalid {
        code: Code::Http11Needed,
        message: "An export is streamed over HTTP/1.1 or later only. See whether a proxy speaks HTTP/1.0."
            .into(),
        fields: Vec::new(),
    })
}

/// Whether a client takes gzip on the way.
fn travel(accepted: Option<&str>, wish: &Wish) -> Travel {
    let takes = |coding: &str| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip") || name == "*");
        let refused = parts.any(|part| {
            part.strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok()).is_some_and(|q| q <= 0.0)
        });
        named && !refused
    };
    let takes = accepted.is_some_and(|accepted| accepted.split(',').any(takes));
    if takes && !wish.gzip { Travel::Gzip } else { Travel::AsTheyAre }
}

#[OpenApi(tag = "Tag::Exports")]
impl Exports {
    /// Streams the rows of a dataset.
    ///
    /// CSV has a header and is that of RFC 4180; NDJSON has one object a line. The columns are described in docs/exports.md.
    /// An answer that breaks off before its end is not whole. Who reads too slowly is cut off; for many rows, or a slow line,
    /// have a job write a file (`POST /api/exports`). 429 when too many exports are under way. Who exports what is noted in
    /// the company's audit.
    #[oai(path = "/api/analytics/company/:companyId/export", method = "get", operation_id = "streamExport")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn stream(
        &self,
        can: Can<RunExports>,
        Data(app): Data<&App>,
        request: &Request,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        /// What is to be exported.
        Query(dataset): Query<Word<ExportDataset>>,
        /// `csv` when absent.
        Query(format): Query<Option<Word<ExportFormat>>>,
        /// Rows from then on; thirty days before `to` when absent.
        Query(from): Query<Option<DateTime<Utc>>>,
        /// And before then; now when absent.
        Query(to): Query<Option<DateTime<Utc>>>,
        /// Of intervals: minutes of a row; 30 when absent.
        Query(interval): Query<Option<ExportInterval>>,
        /// Of intervals: the zone by whose clock they begin, as Europe/Berlin; the company's when absent.
        Query(tz): Query<Option<String>>,
        /// Of intervals: to which one a call's figures belong; `activity_driven` when absent.
        Query(attribution): Query<Option<Word<Attribution>>>,
        /// Sends a compressed file. (A client that takes `Content-Encoding: gzip` needs not ask.)
        Query(gzip): Query<Option<bool>>,
        /// Begins CSV with a byte order mark.
        Query(bom): Query<Option<bool>>,
        /// A client that takes gzip gets it.
        #[oai(name = "Accept-Encoding")]
        Header(accept): Header<Option<String>>,
    ) -> Result<ExportStream, Failure> {
        let scope = can.scope_of(CompanyId(company))?;
        can_tell_the_end(request)?;
        let (dataset, format) = (dataset.0, format.map(|word| word.0));
        let (interval, attribution) = (interval.map(Into::into), attribution.map(|word| word.0));
        let asked = Asked { dataset, format, from, to, interval, tz, attribution };
        let ask = asked.read(app, scope).await?;
        let wish = Wish { ask, gzip: gzip.unwrap_or_default(), bom: bom.unwrap_or_default() };
        let travel = travel(accept.as_deref(), &wish);
        let pieces = stream::begin(app, scope, can.caller().user, wish, travel).await?;
        Ok(ExportStream::of(&wish, travel, pieces))
    }

    /// Lists exports that were made as jobs, newest first.
    #[oai(path = "/api/exports", method = "get", operation_id = "listExports")]
    async fn list(
        &self,
        can: Can<RunExports>,
        Data(app): Data<&App>,
        /// 1 to 100; 50 unless said.
        Query(limit): Query<Option<u64>>,
        /// Reads on behind an earlier page.
        Query(cursor): Query<Option<String>>,
    ) -> Reply<Vec<ExportOut>> {
        let limit = limit_within(limit, super::page::LARGEST_LIMIT)?;
        let slice: Slice<export::Model> = desk::list(app, can.scope()?, cursor.as_deref(), limit).await?;
        slice.reply()
    }

    /// Has a job write an export to a file.
    ///
    /// `state`, `rowsWritten` and `rowsEstimated` say how far it is; `link` is there when it is complete. The file is deleted
    /// after some days. 409 `TOO_MANY_EXPORTS` when ten of the company are under way. Repeated with the same
    /// `Idempotency-Key` within a day, it is done once.
    #[oai(path = "/api/exports", method = "post", operation_id = "createExport")]
    async fn create(
        &self,
        can: Can<RunExports>,
        Data(app): Data<&App>,
        /// 1 to 255 visible characters, new for each export: a request that comes twice with it is done once.
        #[oai(name = "Idempotency-Key")]
        Header(key): Header<Option<String>>,
        JsonBody(body): JsonBody<ExportIn>,
    ) -> Result<Created<ExportOut>, Failure> {
        let once = idempotency::once(&can, "createExport", key, &body)?;
        let scope = can.scope()?;
        let wish = body.read(app, scope).await?;
        Created::of(desk::create(app, scope, can.caller().user, wish, once).await?)
    }

    /// Shows how far an export is, and where its file is.
    #[oai(path = "/api/exports/:id", method = "get", operation_id = "getExport")]
    async fn get(
        &self,
        can: Can<RunExports>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<ExportOut> {
        let row = desk::get(app, can.scope()?, ExportId(id)).await?;
        Success::ok(ExportOut::one(app, row)?)
    }

    /// Takes an export back: it is not made, or its file is deleted.
    #[oai(path = "/api/exports/:id", method = "delete", operation_id = "deleteExport")]
    async fn delete(
        &self,
        can: Can<RunExports>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        desk::remove(app, can.scope()?, can.caller().user, ExportId(id)).await?;
        Done::saying("The export is taken back.")
    }

    /// Fetches the file of an export. Who fetches it is noted in the company's audit.
    ///
    /// Understands one range of bytes. Where files are kept at a store that may be asked directly, the answer is a link. 409
    /// `EXPORT_NOT_READY` before it is complete, `EXPORT_GONE` when there is no file, or no longer.
    #[oai(path = "/api/exports/:id/content", method = "get", operation_id = "getExportContent")]
    async fn content(
        &self,
        can: Can<RunExports>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        /// For example: bytes=0-499
        #[oai(name = "Range")]
        Header(range): Header<Option<String>>,
        /// The tag of the file of which a part is wanted; of any other the whole is sent.
        #[oai(name = "If-Range")]
        Header(if_range): Header<Option<String>>,
        /// The tags of what the client has.
        #[oai(name = "If-None-Match")]
        Header(if_none_match): Header<Option<String>>,
    ) -> Result<ExportContent, Failure> {
        let asked = range::Asked { range, if_range, if_none_match };
        let (scope, user) = (can.scope()?, can.caller().user);
        let file = desk::fetch(app, scope, user, ExportId(id), asked.range.as_deref()).await?;
        ExportContent::of(app, &file, &asked).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::datasets::{Ask, Table, What};

    #[test]
    fn gzip_is_for_who_takes_it() {
        let ask = Ask {
            what: What::Rows(Table::Calls),
            format: ExportFormat::Csv,
            from: DateTime::UNIX_EPOCH,
            to: DateTime::UNIX_EPOCH,
        };
        let wish = Wish { ask, gzip: false, bom: false };
        for (accepted, wanted) in [
            (Some("gzip, deflate, br"), Travel::Gzip),
            (Some("br;q=1.0, GZIP;q=0.5"), Travel::Gzip),
            (Some("*"), Travel::Gzip),
            (Some("gzip;q=0"), Travel::AsTheyAre),
            (Some("identity"), Travel::AsTheyAre),
            (None, Travel::AsTheyAre),
        ] {
            assert_eq!(travel(accepted, &wish), wanted, "{accepted:?}");
        }
        assert_eq!(travel(Some("gzip"), &Wish { gzip: true, ..wish }), Travel::AsTheyAre, "not twice");
    }
}
