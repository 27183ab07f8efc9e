//! The server that writes down a company's voicemails: where it is, and the secret by which it knows us.

use entity::id::UserId;
use entity::{CompanyScope, transcription_hook};
use reqwest::Url;
use serde_json::json;

use crate::app::App;
use crate::error::{Error, FieldError, Result, Subject};
use crate::identity::audit;
use crate::outbound::signing;
use crate::sealed;
use crate::secret::Secret;
use crate::store::{Unit, one_each};

/// What is to be the company's hook.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub url: String,
    /// The one that there is, or a new one, when none is given.
    pub secret: Option<Secret>,
}

/// A hook, and its secret if nobody has seen that before.
#[derive(Clone, Debug)]
pub struct Shown {
    pub hook: transcription_hook::Model,
    pub new_secret: Option<Secret>,
}

pub async fn get(app: &App, scope: CompanyScope) -> Result<Shown> {
    let hook = one_each::get::<transcription_hook::Entity>(scope, app.db.reader()).await?;
    let hook = hook.ok_or(Error::NotFound(Subject::TranscriptionHook))?;
    Ok(Shown { hook, new_secret: None })
}

/// Puts it in place of the one before. Who did is in the audit.
///
/// # Errors
/// 422 with every field that is wrong.
pub async fn put(app: &App, scope: CompanyScope, by: UserId, wanted: Wanted) -> Result<Shown> {
    check(app, &wanted)?;
    let unit = Unit::begin(app, scope).await?;
    let old = one_each::get::<transcription_hook::Entity>(scope, unit.tx()).await?;
    let seal = |secret: &Secret| sealed::seal(&app.keys, &about(scope), secret);
    let (secret_sealed, new_secret) = match (wanted.secret, old) {
        (Some(secret), _) => (seal(&secret)?, None),
        (None, Some(old)) => (old.secret_sealed, None),
        (None, None) => {
            let secret = signing::new_secret();
            (seal(&secret)?, Some(secret))
        }
    };
    let hook = transcription_hook::Model {
        company_id: scope.company(),
        url: wanted.url,
        secret_sealed,
        updated_at: unit.now(),
        updated_by: by,
    };
    one_each::put::<transcription_hook::Entity>(scope, unit.tx(), Some(hook.clone())).await?;
    // A part of the address may be a secret, too.
    let host = Url::parse(&hook.url).ok().and_then(|url| url.host_str().map(str::to_owned));
    audit::note(app, scope, unit.tx(), by, "transcription:hook", json!({"host": host})).await?;
    unit.commit().await?;
    Ok(Shown { hook, new_secret })
}

/// Nobody writes the company's voicemails down from now on.
pub async fn remove(app: &App, scope: CompanyScope, by: UserId) -> Result<()> {
    let unit = Unit::begin(app, scope).await?;
    if one_each::delete::<transcription_hook::Entity>(scope, unit.tx()).await? == 0 {
        return Err(Error::NotFound(Subject::TranscriptionHook));
    }
    audit::note(app, scope, unit.tx(), by, "transcription:hook-removed", json!({})).await?;
    unit.commit().await
}

/// The secret of a hook.
pub fn secret(app: &App, scope: CompanyScope, hook: &transcription_hook::Model) -> Result<Secret> {
    sealed::open(&app.keys, &about(scope), &hook.secret_sealed)
}

fn about(scope: CompanyScope) -> String {
    format!("transcription_hook:{}", scope.company())
}

fn check(app: &App, wanted: &Wanted) -> Result<()> {
    let url = Url::parse(&wanted.url).ok().filter(|url| url.has_host());
    let url_problem = match url {
        None => Some("must be an address such as https://speech.example.com/voicemails"),
        Some(url) if !url.username().is_empty() || url.password().is_some() => {
            Some("must have no user and no password: the signature proves who asks")
        }
        Some(url) if !app.web.is_private_enough(&url) => {
            Some("must begin with https:// and lead to a host on the public internet")
        }
        Some(_) => None,
    };
    let bad_secret = wanted.secret.as_ref().is_some_and(|secret| !signing::is_secret(secret));
    let secret_problem = bad_secret.then_some("must be whsec_ and 24 to 64 bytes in base64");
    let wrong: Vec<_> = [("/url", url_problem), ("/secret", secret_problem)]
        .into_iter()
        .filter_map(|(field, problem)| {
            Some(FieldError { field: field.to_owned(), message: problem?.to_owned() })
        })
        .collect();
    Error::unless_empty(wrong)
}
