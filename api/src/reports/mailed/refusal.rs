//! Somebody outside wants no more of a report. The link in his mail is signed with a key that is derived from MASTER_KEY
//! (HMAC-SHA-256), says whose report and which address it is about, and has no end.

use std::str::FromStr;

use entity::CompanyScope;
use entity::id::{CompanyId, ReportScheduleId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::keys::Keys;
use crate::store::report_schedules;

/// Where the link leads, below the public address.
pub const UNSUBSCRIBE_PAGE: &str = "/reports/unsubscribe";

/// The token stands behind the #, as in other links of letters.
pub fn link(app: &App, scope: CompanyScope, schedule: ReportScheduleId, address: &str) -> Result<String> {
    let about = format!("{}.{schedule}.{}", scope.company(), hex::encode(address));
    let signature = hex::encode(mac(&app.keys, &about)?.finalize().into_bytes());
    Ok(format!("{}{UNSUBSCRIBE_PAGE}#{about}.{signature}", app.settings.public_url))
}

/// The report is mailed there no more. Twice is once.
///
/// # Errors
/// `REPORT_SCHEDULE_NOT_FOUND` for a token that is none of ours, or whose report is mailed to nobody any more.
pub async fn refuse(app: &App, token: &str) -> Result<()> {
    let unknown = || Error::NotFound(Subject::ReportSchedule);
    let (company, schedule, address) = read(&app.keys, token)?.ok_or_else(unknown)?;
    let scope = mint(company);
    let tx = app.db.begin().await?;
    report_schedules::lock(scope, &tx, schedule).await?.ok_or_else(unknown)?;
    report_schedules::refuse(scope, &tx, schedule, &address, app.clock.now()).await?;
    Ok(tx.commit().await?)
}

fn read(keys: &Keys, token: &str) -> Result<Option<(CompanyId, ReportScheduleId, String)>> {
    let Some((about, signature)) = token.rsplit_once('.') else { return Ok(None) };
    let Ok(signature) = hex::decode(signature) else { return Ok(None) };
    if mac(keys, about)?.verify_slice(&signature).is_err() {
        return Ok(None);
    }
    let mut parts = about.split('.');
    let (Some(company), Some(schedule), Some(address)) = (parts.next(), parts.next(), parts.next()) else {
        return Ok(None);
    };
    let address = hex::decode(address).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let (company, schedule) = (CompanyId::from_str(company).ok(), ReportScheduleId::from_str(schedule).ok());
    Ok(company.zip(schedule).zip(address).map(|((company, schedule), address)| (company, schedule, address)))
}

fn mac(keys: &Keys, about: &str) -> Result<Hmac<Sha256>> {
    let mut mac = Hmac::new_from_slice(&keys.derive("reports that are not wanted")?)
        .map_err(|cause| Error::internal("sign a link", cause))?;
    mac.update(about.as_bytes());
    Ok(mac)
}

/// After our own signature over the company's id.
#[expect(clippy::disallowed_methods, reason = "the signature has proved the company")]
fn mint(company: CompanyId) -> CompanyScope {
    CompanyScope::dangerous_mint(company)
}
