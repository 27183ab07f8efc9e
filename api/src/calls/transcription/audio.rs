//! Where who is to write a voicemail down fetches its sound: without an account, for some minutes, and only as long as the
//! text is awaited.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CompanyId, RecordingId};
use entity::{CompanyScope, recording};

use super::super::recording::desk::Sound;
use crate::app::App;
use crate::error::{Error, Result};
use crate::signed_link;
use crate::store::recordings;

/// How long an address is good: longer than a try takes.
const GOOD: TimeDelta = TimeDelta::minutes(15);

pub struct Link {
    pub url: String,
    pub until: DateTime<Utc>,
}

pub fn link(app: &App, row: &recording::Model) -> Result<Link> {
    let until = app.clock.now() + GOOD;
    let path = signed_link::sign(&app.keys, &path(row.company_id, row.id), until)?;
    Ok(Link { url: format!("{}{path}", app.settings.public_url), until })
}

fn path(company: CompanyId, recording: RecordingId) -> String {
    format!("/media/{company}/recordings/{recording}")
}

/// An address as it was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Address<'a> {
    pub company: &'a str,
    pub recording: &'a str,
    pub until: &'a str,
    pub signature: &'a str,
}

/// The sound at this address; `None` when it is not one of ours, its time is over, or nobody awaits the text any more.
pub async fn fetch(app: &App, address: Address<'_>) -> Result<Option<Sound>> {
    let (Ok(company), Ok(id), Ok(until)) =
        (address.company.parse(), address.recording.parse(), address.until.parse())
    else {
        return Ok(None);
    };
    let now = app.clock.now();
    if !signed_link::opens(&app.keys, &path(company, id), until, address.signature, now)? {
        return Ok(None);
    }
    let scope = mint(company);
    match recordings::get(scope, app.db.reader(), id).await {
        Ok(row) if row.awaits_transcript() => Sound::of(scope, row).map(Some),
        Ok(_) | Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// After our own signature over the company's id and the recording's.
#[expect(clippy::disallowed_methods, reason = "the signature has proved the company")]
fn mint(company: CompanyId) -> CompanyScope {
    CompanyScope::dangerous_mint(company)
}
