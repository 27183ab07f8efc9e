//! Tokens with which agents' browsers are their phones.

use chrono::{DateTime, Utc};
use poem::web::Data;
use poem_openapi::{Object, OpenApi};

use super::Tag;
use super::envelope::{Reply, Success};
use crate::agents::{VoiceToken, voice_token};
use crate::app::App;
use crate::authz::{AnswerOffers, Can};
use crate::calls::desk;

pub struct VoiceTokens;

/// What a browser shows to Twilio.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct VoiceTokenOut {
    /// For the voice SDK.
    token: String,
    /// As what the browser is rung.
    identity: String,
    expires_at: DateTime<Utc>,
}

impl From<VoiceToken> for VoiceTokenOut {
    fn from(made: VoiceToken) -> Self {
        Self { token: made.token, identity: made.identity, expires_at: made.expires_at }
    }
}

#[OpenApi(tag = "Tag::Agents")]
impl VoiceTokens {
    /// Makes a token with which the agent's browser is its phone, for an hour.
    ///
    /// 409 `VOICE_NOT_CONFIGURED` while the company's Twilio integration has no API key and TwiML app.
    #[oai(path = "/api/agents/me/voice-token", method = "post", operation_id = "createVoiceToken")]
    async fn create(&self, can: Can<AnswerOffers>, Data(app): Data<&App>) -> Reply<VoiceTokenOut> {
        let agent = desk::acting_agent(can.caller().agent())?;
        Success::ok(voice_token(app, can.scope()?, agent).await?)
    }
}
