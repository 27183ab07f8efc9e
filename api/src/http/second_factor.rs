//! The caller's own second factor.

use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::envelope::{Done, Failure, Reply, Success};
use super::{JsonBody, Tag};
use crate::app::App;
use crate::authz::{Can, WriteProfile};
use crate::identity::second_factor::{self, Begun};
use crate::secret::Secret;

pub struct SecondFactor;

/// A second factor that waits for its first code. Both are shown once.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct BegunSecondFactorOut {
    /// In base32, to be typed.
    secret: String,
    /// To be shown as a square code.
    otpauth_url: String,
}

/// A code of the second factor.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct SecondFactorCodeIn {
    /// Six digits.
    #[oai(validator(min_length = 6, max_length = 40))]
    code: String,
}

/// To be written down: each stands for the second factor once. They are never shown again.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct RecoveryCodesOut {
    recovery_codes: Vec<String>,
}

impl From<Begun> for BegunSecondFactorOut {
    fn from(begun: Begun) -> Self {
        Self { secret: begun.secret.expose().to_owned(), otpauth_url: begun.url.expose().to_owned() }
    }
}

impl From<Vec<Secret>> for RecoveryCodesOut {
    fn from(codes: Vec<Secret>) -> Self {
        Self { recovery_codes: codes.iter().map(|code| code.expose().to_owned()).collect() }
    }
}

#[OpenApi(prefix_path = "/api/auth/mfa", tag = "Tag::Auth")]
impl SecondFactor {
    /// Begins a second factor (RFC 6238).
    ///
    /// It is asked for once it is confirmed. One that was begun before and not confirmed is forgotten.
    #[oai(path = "/totp", method = "post", operation_id = "beginSecondFactor")]
    async fn begin(&self, can: Can<WriteProfile>, Data(app): Data<&App>) -> Reply<BegunSecondFactorOut> {
        Success::ok(second_factor::begin(app, can.caller()).await?)
    }

    /// Confirms the second factor with its first code.
    #[oai(path = "/verify", method = "post", operation_id = "confirmSecondFactor")]
    async fn confirm(
        &self,
        can: Can<WriteProfile>,
        Data(app): Data<&App>,
        body: JsonBody<SecondFactorCodeIn>,
    ) -> Reply<RecoveryCodesOut> {
        Success::ok(second_factor::confirm(app, can.caller(), &body.0.code).await?)
    }

    /// Ends the second factor.
    #[oai(path = "/totp", method = "delete", operation_id = "endSecondFactor")]
    async fn end(
        &self,
        can: Can<WriteProfile>,
        Data(app): Data<&App>,
        /// A code of it, or a recovery code. It is good once, so that it may stand in an address.
        #[oai(validator(min_length = 6, max_length = 40))]
        code: Query<String>,
    ) -> Result<Json<Done>, Failure> {
        second_factor::end(app, can.caller(), &code.0).await?;
        Done::saying("You sign in with your password alone.")
    }
}
