//! What people do with such requests: make one, look how far it is, fetch the archive. Who asks for what is noted in the
//! company's audit, with the person's hash and not with his name.

use chrono::TimeDelta;
use entity::id::{CompanyId, PrivacyRequestId, UserId};
use entity::{CompanyScope, JobKind, PrivacyKind, PrivacyPerson, PrivacyState, privacy_request};
use serde_json::json;

pub use super::find::Named;
use super::find::find;
use super::subject::Subject;
use super::{archive, erase};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::files;
use crate::identity::audit;
use crate::signed_link;
use crate::slice::{Slice, read_cursor};
use crate::storage::Pieces;
use crate::store::idempotency::{self, Claim};
use crate::store::{Unit, privacy_requests, users};

/// How long an address that needs no account is good.
const LINK_IS_GOOD: TimeDelta = TimeDelta::minutes(15);

/// Has a job take out, or erase, all that the company holds on a person.
///
/// # Errors
/// `USER_NOT_FOUND`, `CONTACT_NOT_FOUND`; `PRIVACY_REQUEST_UNDER_WAY` while the same is being done about him; `LAST_OWNER` when
/// the company's only active owner is to be erased.
pub async fn create(
    app: &App,
    scope: CompanyScope,
    user: UserId,
    kind: PrivacyKind,
    named: Named,
    once: Option<idempotency::Request>,
) -> Result<privacy_request::Model> {
    let subject = find(app, scope, named).await?;
    let mut unit = Unit::begin(app, scope).await?;
    let (id, now): (PrivacyRequestId, _) = (unit.id(), unit.now());
    if let Some(request) = once
        && let Claim::Repeated(known) = idempotency::claim(scope, unit.tx(), &request, id.0, now).await?
    {
        return privacy_requests::get(scope, unit.tx(), known.into()).await;
    }
    let subject_hash = subject.hash(&app.keys, scope.company())?;
    if privacy_requests::under_way(scope, unit.tx(), kind, &subject_hash).await? > 0 {
        let message = "The same is being done about this person already.";
        return Err(Error::conflict(Code::PrivacyRequestUnderWay, message));
    }
    let (person, steps) = match (&subject, kind) {
        (Subject::User { .. }, PrivacyKind::Export) => (PrivacyPerson::User, archive::STEPS),
        (Subject::Caller { .. }, PrivacyKind::Export) => (PrivacyPerson::Caller, archive::STEPS),
        (Subject::User { membership, .. }, PrivacyKind::Erase) => {
            keep_an_owner(&users::lock_owners(scope, unit.tx()).await?, *membership)?;
            (PrivacyPerson::User, erase::STEPS)
        }
        (Subject::Caller { .. }, PrivacyKind::Erase) => (PrivacyPerson::Caller, erase::STEPS),
    };
    let row = privacy_request::Model {
        id,
        company_id: scope.company(),
        kind,
        requested_by: user,
        person,
        subject_sealed: Some(subject.seal(&app.keys, id)?),
        subject_hash,
        state: PrivacyState::Queued,
        steps_done: 0,
        steps,
        proof: json!({"found": {}, "erased": {}, "left": []}),
        storage_key: None,
        size_bytes: None,
        sha256: None,
        failure: None,
        created_at: now,
        started_at: None,
        ended_at: None,
        expires_at: None,
    };
    privacy_requests::insert(scope, unit.tx(), row.clone()).await?;
    unit.job(JobKind::DoPrivacyRequest, id, json!({}), now);
    let detail = json!({"privacyRequestId": id, "person": person, "subjectHash": row.subject_hash});
    audit::note(app, scope, unit.tx(), user, &format!("privacy:{}", kind.as_str()), detail).await?;
    unit.commit().await?;
    Ok(row)
}

pub fn keep_an_owner(
    owners: &[entity::membership::Model],
    membership: entity::id::MembershipId,
) -> Result<()> {
    match owners {
        [last] if last.id == membership => {
            Err(Error::conflict(Code::LastOwner, "A company keeps at least one owner."))
        }
        _ => Ok(()),
    }
}

/// Newest first.
pub async fn list(
    app: &App,
    scope: CompanyScope,
    cursor: Option<&str>,
    limit: u64,
) -> Result<Slice<privacy_request::Model>> {
    let before = read_cursor(cursor)?;
    let rows = privacy_requests::list(scope, app.db.reader(), before, limit + 1).await?;
    Ok(Slice::of(rows, limit, |row| row.id))
}

pub async fn get(app: &App, scope: CompanyScope, id: PrivacyRequestId) -> Result<privacy_request::Model> {
    privacy_requests::get(scope, app.db.reader(), id).await
}

fn path(company: CompanyId, id: PrivacyRequestId) -> String {
    format!("/media/{company}/privacy/{id}")
}

/// The archive's place, as long as it is there.
fn key(app: &App, row: &privacy_request::Model) -> Option<String> {
    let gone = row.expires_at.is_some_and(|at| at <= app.clock.now());
    row.storage_key.clone().filter(|_| row.state == PrivacyState::Completed && !gone)
}

/// An address at which whoever has it can fetch the archive for some minutes, without an account; `None` when there is none.
pub fn link(app: &App, row: &privacy_request::Model) -> Result<Option<String>> {
    if key(app, row).is_none() {
        return Ok(None);
    }
    let until = app.clock.now() + LINK_IS_GOOD;
    let link = signed_link::sign(&app.keys, &path(row.company_id, row.id), until)?;
    Ok(Some(format!("{}{link}", app.settings.public_url)))
}

/// Such an address as it was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Address<'a> {
    pub company: &'a str,
    pub request: &'a str,
    pub until: &'a str,
    pub signature: &'a str,
}

/// An archive that may be fetched.
pub struct Archive {
    pub file_name: String,
    pub size: u64,
    pub pieces: Pieces,
}

/// The archive at this address; `None` when it is not one of ours, its time is over, or there is no archive any more.
pub async fn fetch_signed(app: &App, address: Address<'_>) -> Result<Option<Archive>> {
    let (Ok(company), Ok(id), Ok(until)) =
        (address.company.parse(), address.request.parse(), address.until.parse())
    else {
        return Ok(None);
    };
    let now = app.clock.now();
    if !signed_link::opens(&app.keys, &path(company, id), until, address.signature, now)? {
        return Ok(None);
    }
    let scope = mint(company);
    let row = match privacy_requests::get(scope, app.db.reader(), id).await {
        Ok(row) => row,
        Err(Error::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(key) = key(app, &row) else { return Ok(None) };
    let Some(pieces) = files::read(app, scope, &key, None).await? else { return Ok(None) };
    let size = row.size_bytes.and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
    Ok(Some(Archive { file_name: format!("person-{id}.tar"), size, pieces }))
}

/// After our own signature over the company's id and the request's.
#[expect(clippy::disallowed_methods, reason = "the signature has proved the company")]
fn mint(company: CompanyId) -> CompanyScope {
    CompanyScope::dangerous_mint(company)
}
