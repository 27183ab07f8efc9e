//! The token with which an agent's browser is its phone.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::AgentId;
use entity::{CompanyScope, voice_key};
use twilio::access_token::{AccessToken, VoiceGrant};

use crate::app::App;
use crate::calls::accept::client_identity;
use crate::companies::twilio as account_of;
use crate::error::{Code, Error, Result};
use crate::store::one_each;

/// Long enough for a shift's hour; the browser asks for the next one before it ends.
const LIFE: TimeDelta = TimeDelta::hours(1);

#[derive(Clone, Debug)]
pub struct VoiceToken {
    pub token: String,
    /// As what the browser is rung: `client:` and this.
    pub identity: String,
    pub expires_at: DateTime<Utc>,
}

/// # Errors
/// `VOICE_NOT_CONFIGURED` when the company has no API key and TwiML app of an account of its own.
pub async fn voice_token(app: &App, scope: CompanyScope, agent: AgentId) -> Result<VoiceToken> {
    let account = account_of::get(app, scope).await.ok();
    let key = one_each::get::<voice_key::Entity>(scope, app.db.reader()).await?;
    let (Some(account), Some(key)) = (account, key) else {
        return Err(Error::conflict(
            Code::VoiceNotConfigured,
            "The company's Twilio integration has no API key and TwiML app yet: an owner sets them in its settings.",
        ));
    };
    let secret = account_of::secret(app, scope, &key)?;
    let (identity, now) = (client_identity(agent), app.clock.now());
    let grant = VoiceGrant::new().incoming().outgoing(&key.application_sid);
    let life = LIFE.to_std().map_err(|cause| Error::internal("the life of a token", cause))?;
    let token = AccessToken::voice(account.account_sid, &key.key_sid, &identity, grant, now)
        .ttl(life)
        .sign(secret.expose())
        .map_err(|cause| Error::internal("sign a voice token", cause))?;
    Ok(VoiceToken { token, identity, expires_at: now + LIFE })
}
