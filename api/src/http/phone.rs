//! Coming in by telephone number: with a code, or with a token of Firebase; and what follows from having one.

use entity::MessageChannel;
use poem::web::Data;
use poem_openapi::param::Header;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::auth::SignedInOut;
use super::envelope::{Done, Failure, Reply, Success};
use super::profile::ProfileOut;
use super::{JsonBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, WriteProfile, WriteSessions};
use crate::identity::phone::{self, Comer, Entered, codes};
use crate::identity::{Number, firebase, invitations, profile};
use crate::secret::Secret;
use crate::words::Words;

pub struct Phone;

/// To where a code is sent.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct PhoneCodeRequestIn {
    /// With its country code, as +12025550123.
    #[oai(validator(min_length = 1, max_length = 40))]
    phone_number: String,
    /// A text message unless it is said.
    channel: Option<Word<MessageChannel>>,
}

/// A code that was sent.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct PhoneCodeSentOut {
    /// In E.164.
    phone_number: String,
    /// Seconds for which it is good.
    expires_in: u32,
}

/// The code that has come.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct PhoneCodeIn {
    #[oai(validator(min_length = 1, max_length = 40))]
    phone_number: String,
    /// Six digits.
    #[oai(validator(min_length = 1, max_length = 20))]
    code: String,
    /// Of the second factor, or a recovery code, where `MFA_REQUIRED` has asked for it.
    #[oai(validator(min_length = 6, max_length = 40))]
    second_factor_code: Option<String>,
}

/// A token of Firebase.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct FirebaseTokenIn {
    /// The ID token of somebody who has signed in there by number.
    #[oai(validator(min_length = 1, max_length = 8192))]
    id_token: String,
    /// Of the second factor, or a recovery code, where `MFA_REQUIRED` has asked for it.
    #[oai(validator(min_length = 6, max_length = 40))]
    second_factor_code: Option<String>,
}

/// What somebody says of himself who has come by his number.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct ProfileCompletionIn {
    #[oai(validator(min_length = 1, max_length = 200))]
    display_name: String,
}

/// The number to be the caller's, with the code that was sent to it.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct PhoneLinkIn {
    #[oai(validator(min_length = 1, max_length = 40))]
    phone_number: String,
    #[oai(validator(min_length = 1, max_length = 20))]
    code: String,
}

/// What the mail or the message brought.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct AcceptanceIn {
    #[oai(validator(min_length = 1, max_length = 200))]
    invite_token: String,
}

/// A sign-in by number.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct EnteredOut {
    user: ProfileOut,
    /// The access token: `Authorization: Bearer …`.
    token: String,
    refresh_token: String,
    /// Seconds until the access token runs out.
    expires_in: u64,
    /// The account was made by this sign-in: ask its owner for his name.
    is_new_user: bool,
}

impl From<Entered> for EnteredOut {
    fn from(Entered { signed_in, is_new }: Entered) -> Self {
        let SignedInOut { user, token, refresh_token, expires_in } = signed_in.into();
        Self { user, token, refresh_token, expires_in, is_new_user: is_new }
    }
}

async fn send(app: &App, languages: Option<String>, body: PhoneCodeRequestIn) -> Reply<PhoneCodeSentOut> {
    let number = Number::read(&body.phone_number, "/phoneNumber")?;
    let channel = body.channel.map_or(MessageChannel::Sms, |channel| channel.0);
    codes::send(app, &number, channel, Words::accepted(&languages.unwrap_or_default())).await?;
    let expires_in = u32::try_from(codes::LIFE.num_seconds()).unwrap_or_default();
    let sent = PhoneCodeSentOut { phone_number: number.as_str().to_owned(), expires_in };
    Ok(Json(Success { message: Some("A code is on its way to the number.".to_owned()), ..Success::of(sent) }))
}

#[OpenApi(prefix_path = "/api/auth", tag = "Tag::Auth")]
impl Phone {
    /// Sends a code to a telephone number.
    ///
    /// Six digits, good for ten minutes and once, in place of one that was sent before. The answer is the same whether or
    /// not the number is known. One a minute goes to a number and five an hour; what one address may ask for, and all
    /// together, is the server's settings'. Beyond that it is 429.
    #[oai(path = "/send-otp", method = "post", operation_id = "sendPhoneCode")]
    async fn send(
        &self,
        Data(app): Data<&App>,
        /// The languages in which the message may be written, the dearest first.
        #[oai(name = "Accept-Language")]
        languages: Header<Option<String>>,
        body: JsonBody<PhoneCodeRequestIn>,
    ) -> Reply<PhoneCodeSentOut> {
        send(app, languages.0, body.0).await
    }

    /// Sends a code to a telephone number (another name of `/api/auth/send-otp`).
    #[oai(path = "/verify-phone", method = "post", operation_id = "sendPhoneCodeAlias")]
    async fn send_alias(
        &self,
        Data(app): Data<&App>,
        /// The languages in which the message may be written, the dearest first.
        #[oai(name = "Accept-Language")]
        languages: Header<Option<String>>,
        body: JsonBody<PhoneCodeRequestIn>,
    ) -> Reply<PhoneCodeSentOut> {
        send(app, languages.0, body.0).await
    }

    /// Signs in with a code that was sent to a telephone number.
    ///
    /// Whoever has the code acts as the account that has the number; without one it is made, and `isNewUser` says so. Five
    /// wrong tries burn a code. An account with a second factor answers 401 `MFA_REQUIRED` when the code is right: send the
    /// same again with `secondFactorCode`.
    #[oai(path = "/verify-otp", method = "post", operation_id = "verifyPhoneCode")]
    async fn verify(&self, Data(app): Data<&App>, body: JsonBody<PhoneCodeIn>) -> Reply<EnteredOut> {
        let PhoneCodeIn { phone_number, code, second_factor_code } = body.0;
        let number = Number::read(&phone_number, "/phoneNumber")?;
        let comer = Comer { number, code: Secret::new(code), second_factor: second_factor_code, name: None };
        Success::ok(phone::sign_in(app, comer).await?)
    }

    /// Signs in with an ID token of Firebase that proves a telephone number.
    ///
    /// The token must be of the project that the server's settings name, signed by Firebase and not run out. The number in it
    /// says whose account it is, as with a code.
    #[oai(path = "/firebase", method = "post", operation_id = "logInWithFirebase")]
    async fn firebase(&self, Data(app): Data<&App>, body: JsonBody<FirebaseTokenIn>) -> Reply<EnteredOut> {
        let (token, second) = (Secret::new(body.0.id_token), body.0.second_factor_code);
        Success::ok(firebase::sign_in(app, &token, second.as_deref()).await?)
    }

    /// Says the name of somebody who has come by his number.
    #[oai(path = "/complete-profile", method = "post", operation_id = "completeProfile")]
    async fn complete(
        &self,
        can: Can<WriteProfile>,
        Data(app): Data<&App>,
        body: JsonBody<ProfileCompletionIn>,
    ) -> Reply<ProfileOut> {
        Success::ok(profile::rename(app, can.caller(), body.0.display_name).await?)
    }

    /// Ties a telephone number to the caller's account, in place of the one that it has.
    ///
    /// The code is one that was sent to the number. From then on the number opens the account; a mail says so. One that
    /// another account has is 409 `PHONE_NUMBER_IN_USE`.
    #[oai(path = "/phone", method = "put", operation_id = "linkPhoneNumber")]
    async fn link(
        &self,
        can: Can<WriteProfile>,
        Data(app): Data<&App>,
        /// The languages in which the mail may be written, the dearest first.
        #[oai(name = "Accept-Language")]
        languages: Header<Option<String>>,
        body: JsonBody<PhoneLinkIn>,
    ) -> Reply<ProfileOut> {
        let words = Words::accepted(&languages.0.unwrap_or_default());
        let number = Number::read(&body.0.phone_number, "/phoneNumber")?;
        Success::ok(phone::link(app, can.caller(), number, &Secret::new(body.0.code), words).await?)
    }

    /// Takes the telephone number from the caller's account.
    ///
    /// Refused while it is the only way to open it.
    #[oai(path = "/phone", method = "delete", operation_id = "unlinkPhoneNumber")]
    async fn unlink(&self, can: Can<WriteProfile>, Data(app): Data<&App>) -> Result<Json<Done>, Failure> {
        phone::unlink(app, can.caller()).await?;
        Done::saying("The account has no telephone number.")
    }

    /// Accepts an invitation that was sent to the caller's own address or number.
    ///
    /// Answers a session in the company that has invited; the present one stays as it is. A token is good once. One that is
    /// wrong, spent, too old or somebody else's is 404; who has no name yet completes his profile first.
    #[oai(path = "/invitations/accept", method = "post", operation_id = "acceptInvitation")]
    async fn accept(
        &self,
        can: Can<WriteSessions>,
        Data(app): Data<&App>,
        body: JsonBody<AcceptanceIn>,
    ) -> Reply<SignedInOut> {
        Success::ok(invitations::accept(app, can.caller(), &Secret::new(body.0.invite_token)).await?)
    }
}
