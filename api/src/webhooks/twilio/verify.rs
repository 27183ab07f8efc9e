//! Who is asking: the signature, over the public address of the settings (never the Host header) and every parameter,
//! with the token of the account that it names: the company's own, or the platform's.

use std::sync::atomic::{AtomicU64, Ordering};

use entity::CompanyScope;
use entity::id::CompanyId;
use twilio::signature::{self, SignedBody};
use twilio::webhook::Params;

use crate::app::App;
use crate::error::Result;
use crate::store::system;

/// Requests that were turned away; the only trace that they leave.
pub static REFUSED: AtomicU64 = AtomicU64::new(0);

/// A request that Twilio signed, for a company of ours.
pub struct Verified {
    pub scope: CompanyScope,
    pub params: Params,
}

/// What the signature says.
pub enum Verdict {
    Genuine(Verified),
    /// Signed with the platform's token, for a company that is not there (any more).
    NoSuchCompany,
    Refused,
}

pub struct Signed<'a> {
    /// Path and query as they were requested.
    pub path_and_query: &'a str,
    pub body: &'a [u8],
    pub signature: &'a str,
}

pub async fn verify(app: &App, company: &str, request: Signed<'_>) -> Result<Verdict> {
    let params = Params::from_form(request.body);
    let company = match company.parse::<CompanyId>() {
        Ok(id) => system::company(app.db.reader(), id).await?,
        Err(_) => None,
    };
    let named = params.get("AccountSid").unwrap_or_default();
    let account = app.providers.of_webhook(company.as_ref(), named)?;
    let url = format!("{}{}", app.settings.public_url, request.path_and_query);
    let genuine = account.is_some_and(|account| {
        let token = account.auth_token.expose();
        signature::verify(&[token], &url, SignedBody::Form(params.pairs()), request.signature)
    });
    Ok(match (genuine, company) {
        (true, Some(company)) => Verdict::Genuine(Verified { scope: mint(company.id), params }),
        (true, None) => Verdict::NoSuchCompany,
        (false, _) => {
            REFUSED.fetch_add(1, Ordering::Relaxed);
            Verdict::Refused
        }
    })
}

/// The one place where a webhook gets a company's scope: after its signature was verified with that company's account.
#[expect(clippy::disallowed_methods, reason = "the signature has proved the company")]
fn mint(company: CompanyId) -> CompanyScope {
    CompanyScope::dangerous_mint(company)
}
