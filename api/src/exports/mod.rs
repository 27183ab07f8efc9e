//! What people take out of a company: rows of a dataset as CSV or NDJSON, sent while they are read ([`stream`]) or written to
//! a file by a job ([`desk`], [`work`]). docs/exports.md is the contract.
//!
//! Owns how such a file looks from its first byte to its last, and how much of the server exports may take. A file that is
//! not whole is never a file that merely ends: a stream breaks, and a job's file is not there before it is complete.

pub mod desk;
mod intervals;
mod pack;
pub mod stream;
pub mod work;

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use entity::{Attribution, CompanyScope, ExportDataset, ExportFormat};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::app::App;
use crate::companies;
use crate::config::ExportSettings;
use crate::error::{Error, Result};
use crate::store::datasets::{self, Ask, Intervals, Rows, Table, What};
use ::reports::Length;
use pack::Pack;

/// How far back an export goes when nobody says.
const USUAL: TimeDelta = TimeDelta::days(30);
/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What is wanted, as it will lie in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    pub ask: Ask,
    /// The file is compressed.
    pub gzip: bool,
    /// CSV begins with a byte order mark, for programs that take it for the old encoding of their country otherwise.
    pub bom: bool,
}

/// Which rows, as somebody has said it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub dataset: ExportDataset,
    /// CSV when absent.
    pub format: Option<ExportFormat>,
    /// Thirty days before `to` when absent.
    pub from: Option<DateTime<Utc>>,
    /// Now when absent.
    pub to: Option<DateTime<Utc>>,
    /// The next three are of intervals alone. Half an hour when absent.
    pub interval: Option<Length>,
    /// The company's when absent.
    pub tz: Option<String>,
    /// Activity-driven when absent.
    pub attribution: Option<Attribution>,
}

impl Asked {
    /// # Errors
    /// When the range has no room, the zone is none, or rows of a table were to be by interval.
    pub async fn read(self, app: &App, scope: CompanyScope) -> Result<Ask> {
        let own = match (self.dataset, &self.tz) {
            (ExportDataset::Intervals, None) => companies::get(app, scope).await?.time_zone.parse().ok(),
            _ => None,
        };
        self.read_at(app.clock.now(), own.unwrap_or(Tz::UTC))
    }

    fn read_at(self, now: DateTime<Utc>, own: Tz) -> Result<Ask> {
        let what = self.what(own)?;
        let to = self.to.unwrap_or(now);
        let from = self.from.or_else(|| to.checked_sub_signed(USUAL)).unwrap_or(to);
        if from >= to {
            return Err(Error::invalid("from", "must be before `to`"));
        }
        Ok(Ask { what, format: self.format.unwrap_or(ExportFormat::Csv), from, to })
    }

    fn what(&self, own: Tz) -> Result<What> {
        let table = match self.dataset {
            ExportDataset::Calls => Table::Calls,
            ExportDataset::Agents => Table::Agents,
            ExportDataset::Events => Table::Events,
            ExportDataset::Intervals => {
                let zone = match &self.tz {
                    Some(name) => name.parse().map_err(|_| {
                        Error::invalid("tz", "is no zone of the IANA database, as Europe/Berlin")
                    })?,
                    None => own,
                };
                let length = self.interval.unwrap_or(Length::HalfHour);
                let attribution = self.attribution.unwrap_or(Attribution::ActivityDriven);
                return Ok(What::Intervals(Intervals { length, zone, attribution }));
            }
        };
        let given = [
            ("interval", self.interval.is_some()),
            ("tz", self.tz.is_some()),
            ("attribution", self.attribution.is_some()),
        ];
        match given.into_iter().find(|(_, given)| *given) {
            Some((field, _)) => Err(Error::invalid(field, "goes with the dataset `intervals` only")),
            None => Ok(What::Rows(table)),
        }
    }
}

/// Begins to read what is asked for.
fn rows(app: &App, scope: CompanyScope, ask: Ask) -> Rows {
    match ask.what {
        What::Rows(table) => datasets::rows(scope, &app.db, table, ask),
        What::Intervals(intervals) => self::intervals::rows(app, scope, ask, intervals),
    }
}

impl Wish {
    pub fn content_type(&self) -> &'static str {
        match (self.gzip, self.ask.format) {
            (true, _) => "application/gzip",
            (false, ExportFormat::Csv) => "text/csv; charset=utf-8",
            (false, ExportFormat::Ndjson) => "application/x-ndjson",
        }
    }

    /// As `calls-20260301T000000Z-20260302T000000Z.csv`.
    pub fn file_name(&self) -> String {
        let Ask { what, format, from, to } = self.ask;
        let moment = |at: DateTime<Utc>| at.format("%Y%m%dT%H%M%SZ").to_string();
        let end = if self.gzip { ".gz" } else { "" };
        format!("{}-{}-{}.{}{end}", what.dataset().as_str(), moment(from), moment(to), format.as_str())
    }

    pub fn disposition(&self) -> String {
        format!("attachment; filename=\"{}\"", self.file_name())
    }

    /// What stands before the rows.
    fn head(&self) -> Bytes {
        let mut head = BytesMut::new();
        if self.bom && self.ask.format == ExportFormat::Csv {
            head.put_slice(BYTE_ORDER_MARK);
        }
        head.put_slice(datasets::header(self.ask.what.dataset(), self.ask.format).as_bytes());
        head.freeze()
    }
}

/// A file that comes into being, piece by piece.
struct Text {
    head: Option<Bytes>,
    rows: Rows,
    pack: Pack,
    count: u64,
    ended: bool,
}

impl Text {
    fn of(wish: &Wish, rows: Rows, pack: Pack) -> Self {
        Self { head: Some(wish.head()), rows, pack, count: 0, ended: false }
    }

    /// The next bytes, never none; `None` behind the last ones.
    async fn next(&mut self) -> Result<Option<Bytes>> {
        while !self.ended {
            let packed = if let Some(head) = self.head.take() {
                self.pack.put(head)?
            } else if let Some(piece) = self.rows.next().await? {
                self.count += piece.rows;
                self.pack.put(piece.text)?
            } else {
                self.ended = true;
                self.pack.end()?
            };
            if !packed.is_empty() {
                return Ok(Some(packed));
            }
        }
        Ok(None)
    }

    /// Rows so far.
    fn count(&self) -> u64 {
        self.count
    }
}

/// How many exports a node has under way at once, jobs among them.
pub struct Places {
    all: Arc<Semaphore>,
    jobs: Arc<Semaphore>,
    size: usize,
}

/// A place that is taken.
pub struct Place {
    _all: OwnedSemaphorePermit,
    _job: Option<OwnedSemaphorePermit>,
}

impl Places {
    pub fn of(settings: &ExportSettings) -> Self {
        let size = usize::try_from(settings.pool).unwrap_or(1).max(1);
        let (all, jobs) = (Arc::new(Semaphore::new(size)), Arc::new(Semaphore::new(size.div_ceil(2))));
        Self { all, jobs, size }
    }

    fn for_stream(&self) -> Option<Place> {
        Some(Place { _all: self.all.clone().try_acquire_owned().ok()?, _job: None })
    }

    fn for_job(&self) -> Option<Place> {
        let job = self.jobs.clone().try_acquire_owned().ok()?;
        Some(Place { _all: self.all.clone().try_acquire_owned().ok()?, _job: Some(job) })
    }

    /// Exports that are under way here.
    pub fn taken(&self) -> usize {
        self.size - self.all.available_permits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> DateTime<Utc> {
        "2026-03-02T12:00:00Z".parse().unwrap()
    }

    fn asked(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> Asked {
        let dataset = ExportDataset::Calls;
        Asked { dataset, format: None, from, to, interval: None, tz: None, attribution: None }
    }

    fn read(asked: Asked) -> Result<Ask, String> {
        asked.read_at(noon(), chrono_tz::Europe::Berlin).map_err(|error| match error {
            Error::Invalid { fields, .. } => fields[0].field.clone(),
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn intervals_are_half_hours_of_the_company_s_zone_when_nobody_says_otherwise() {
        let dataset = ExportDataset::Intervals;
        let asked = Asked { dataset, ..asked(None, None) };
        let own = chrono_tz::Europe::Berlin;
        let attribution = Attribution::ActivityDriven;
        let usual = Intervals { length: Length::HalfHour, zone: own, attribution };
        assert_eq!(read(asked.clone()).unwrap().what, What::Intervals(usual));
        let zone = |tz: &str| Asked { tz: Some(tz.to_owned()), ..asked.clone() };
        let kolkata = Intervals { zone: chrono_tz::Asia::Kolkata, ..usual };
        assert_eq!(read(zone("Asia/Kolkata")).unwrap().what, What::Intervals(kolkata));
        assert_eq!(read(zone("Mars/Olympus")), Err("tz".to_owned()));
        let calls = Asked { dataset: ExportDataset::Calls, ..asked };
        assert_eq!(read(Asked { interval: Some(Length::Hour), ..calls.clone() }), Err("interval".to_owned()));
        assert_eq!(read(Asked { tz: Some("UTC".to_owned()), ..calls }), Err("tz".to_owned()));
    }

    #[test]
    fn thirty_days_are_meant_when_nobody_says_otherwise() {
        let ask = read(asked(None, None)).unwrap();
        assert_eq!((ask.from, ask.to), (noon() - TimeDelta::days(30), noon()));
        assert_eq!(ask.format, ExportFormat::Csv);
        assert_eq!(read(asked(Some(noon()), Some(noon()))), Err("from".to_owned()));
        assert_eq!(read(asked(None, Some(DateTime::<Utc>::MIN_UTC))), Err("from".to_owned()));
    }

    #[test]
    fn a_file_is_named_after_what_is_in_it() {
        let ask = read(asked(None, None)).unwrap();
        let wish = Wish { ask, gzip: false, bom: true };
        assert_eq!(wish.file_name(), "calls-20260131T120000Z-20260302T120000Z.csv");
        assert!(wish.head().starts_with("\u{feff}callId,direction,".as_bytes()));
        let wish = Wish { ask: Ask { format: ExportFormat::Ndjson, ..ask }, gzip: true, bom: true };
        assert_eq!(wish.file_name(), "calls-20260131T120000Z-20260302T120000Z.ndjson.gz");
        assert!(wish.head().is_empty());
    }

    #[test]
    fn half_of_the_places_are_for_jobs_at_most() {
        let settings = crate::config::Settings::with(&[("export_pool", "3")]).unwrap();
        let places = Places::of(&settings.exports);
        let jobs = [places.for_job().unwrap(), places.for_job().unwrap()];
        assert!(places.for_job().is_none());
        let stream = places.for_stream().unwrap();
        assert!(places.for_stream().is_none());
        drop(jobs);
        drop(stream);
        assert_eq!(places.taken(), 0);
    }
}
