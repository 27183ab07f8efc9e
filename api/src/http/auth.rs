//! Coming in and going out: registration, tokens, the companies one can act in.

use entity::Role;
use poem::web::Data;
use poem_openapi::param::{Header, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi, Union};
use uuid::Uuid;

use super::envelope::{Accepted, Done, Failure, Reply, Success};
use super::profile::ProfileOut;
use super::{JsonBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, ReadProfile, WriteSessions};
use crate::error::Error;
use crate::identity::phone::{self, Comer};
use crate::identity::register::{Joining, Registration, confirm, register};
use crate::identity::sessions::{self, Ending, SignedIn, Tokens};
use crate::identity::{Email, Number, password_links, profile};
use crate::secret::Secret;
use crate::store::system::MembershipOfUser;
use crate::words::Words;

pub struct Auth;

/// A new user.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct RegistrationIn {
    #[oai(validator(min_length = 3, max_length = 320))]
    email: String,
    #[oai(validator(min_length = 8, max_length = 128))]
    password: String,
    #[oai(validator(min_length = 1, max_length = 200))]
    name: String,
    /// Makes a company of this name with the user as its owner.
    #[oai(validator(min_length = 1, max_length = 200))]
    company_name: Option<String>,
    /// Joins the company that sent this token, in the role of the invitation.
    #[oai(validator(min_length = 1, max_length = 200))]
    invite_token: Option<String>,
}

/// What the mail brought.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct ConfirmationIn {
    /// From the mail that was sent to the registered address.
    #[oai(validator(min_length = 1, max_length = 200))]
    token: String,
}

/// Whom to sign in: by address and password, or by telephone number and the code that was sent to it.
#[derive(Union)]
#[oai(one_of = true, rename = "CredentialsIn")]
enum CredentialsIn {
    Password(PasswordCredentialsIn),
    Phone(PhoneCredentialsIn),
}

/// An address and its password.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct PasswordCredentialsIn {
    #[oai(validator(min_length = 1, max_length = 320))]
    email: String,
    #[oai(validator(min_length = 1, max_length = 128))]
    password: String,
    /// Of the second factor, or a recovery code, where `MFA_REQUIRED` has asked for it.
    #[oai(validator(min_length = 6, max_length = 40))]
    code: Option<String>,
}

/// A telephone number and the code that was sent to it.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct PhoneCredentialsIn {
    #[oai(validator(min_length = 1, max_length = 40))]
    phone_number: String,
    #[oai(validator(min_length = 1, max_length = 20))]
    verification_code: String,
    /// What somebody new is called.
    #[oai(validator(min_length = 1, max_length = 200))]
    display_name: Option<String>,
    /// Of the second factor, or a recovery code, where `MFA_REQUIRED` has asked for it.
    #[oai(validator(min_length = 6, max_length = 40))]
    code: Option<String>,
}

/// Somebody who has forgotten his password.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct ForgottenIn {
    #[oai(validator(min_length = 3, max_length = 320))]
    email: String,
}

/// The link of a letter, and the password to be set by it.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct NewPasswordIn {
    /// From the mail.
    #[oai(validator(min_length = 1, max_length = 200))]
    token: String,
    #[oai(validator(min_length = 8, max_length = 128))]
    password: String,
}

/// The refresh token that is spent for new ones.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct RefreshIn {
    #[oai(validator(min_length = 1, max_length = 200))]
    refresh_token: String,
}

/// The company to act in.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct SwitchIn {
    company_id: Uuid,
}

/// A fresh sign-in.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(super) struct SignedInOut {
    pub user: ProfileOut,
    /// The access token: `Authorization: Bearer …`.
    pub token: String,
    pub refresh_token: String,
    /// Seconds until the access token runs out.
    pub expires_in: u64,
}

/// Tokens that replace those before.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct TokensOut {
    token: String,
    refresh_token: String,
    /// Seconds until the access token runs out.
    expires_in: u64,
}

/// A company in which the caller can act.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct MembershipOut {
    company_id: Uuid,
    company_name: String,
    role: Word<Role>,
}

impl From<SignedIn> for SignedInOut {
    fn from(SignedIn { profile, tokens }: SignedIn) -> Self {
        let TokensOut { token, refresh_token, expires_in } = tokens.into();
        Self { user: profile.into(), token, refresh_token, expires_in }
    }
}

impl From<Tokens> for TokensOut {
    fn from(tokens: Tokens) -> Self {
        Self {
            token: tokens.access.expose().to_owned(),
            refresh_token: tokens.refresh.expose().to_owned(),
            expires_in: tokens.expires_in,
        }
    }
}

impl From<MembershipOfUser> for MembershipOut {
    fn from(MembershipOfUser { membership, company }: MembershipOfUser) -> Self {
        Self { company_id: company.id.into(), company_name: company.name, role: Word(membership.role) }
    }
}

#[OpenApi(prefix_path = "/api/auth", tag = "Tag::Auth")]
impl Auth {
    /// Registers a user.
    ///
    /// With an invitation the account is there at once. Without one a mail goes to the address, and the account, with its
    /// company, is made when the token in it is confirmed, within 24 hours. The answer is the same whether or not the
    /// address is known; the mail tells its owner. Somebody who is known keeps the account and the password that he has,
    /// and gets the company beside those that he has: with an invitation if he sends his password, otherwise when he
    /// confirms. A newer registration of an address replaces the older; after five within an hour it is 429.
    #[oai(path = "/register", method = "post", operation_id = "register")]
    async fn register(
        &self,
        Data(app): Data<&App>,
        /// The languages in which the mail may be written, the dearest first.
        #[oai(name = "Accept-Language")]
        languages: Header<Option<String>>,
        body: JsonBody<RegistrationIn>,
    ) -> Result<Accepted, Failure> {
        let body = body.0;
        let joining = match (body.company_name, body.invite_token) {
            (None, None) => Joining::None,
            (Some(name), None) => Joining::Founding(name),
            (None, Some(token)) => Joining::Invited(Secret::new(token)),
            (Some(_), Some(_)) => {
                return Err(Error::invalid("/inviteToken", "cannot stand beside companyName").into());
            }
        };
        let (email, password) = (Email::read(&body.email)?, Secret::new(body.password));
        let words = Words::accepted(&languages.0.unwrap_or_default());
        let invited = matches!(joining, Joining::Invited(_));
        register(app, Registration { email, password, name: body.name, joining, words }).await?;
        Accepted::saying(if invited {
            "If the address was free, the account is there now: sign in."
        } else {
            "A mail is on its way to the address. It says how to go on."
        })
    }

    /// Confirms a registration with the token that was sent to its address.
    ///
    /// A token is good once. One that is wrong, spent, too old or replaced by a newer registration is 404.
    #[oai(path = "/register/confirm", method = "post", operation_id = "confirmRegistration")]
    async fn confirm(
        &self,
        Data(app): Data<&App>,
        body: JsonBody<ConfirmationIn>,
    ) -> Result<Json<Done>, Failure> {
        confirm(app, &Secret::new(body.0.token)).await?;
        Done::saying("The registration is confirmed: sign in.")
    }

    /// Signs in.
    ///
    /// Who has a second factor sends a code of it with the password. Without one the answer is 401 `MFA_REQUIRED` when the
    /// password is right: send the same again with `code`. After five wrong passwords for an account within fifteen minutes it
    /// is 429, and so with codes. With a telephone number it is as `/api/auth/verify-otp`.
    #[oai(path = "/login", method = "post", operation_id = "logIn")]
    async fn log_in(&self, Data(app): Data<&App>, body: JsonBody<CredentialsIn>) -> Reply<SignedInOut> {
        match body.0 {
            CredentialsIn::Password(PasswordCredentialsIn { email, password, code }) => {
                let (email, password) = (Email::read(&email)?, Secret::new(password));
                Success::ok(sessions::sign_in(app, &email, password, code.as_deref()).await?)
            }
            CredentialsIn::Phone(body) => {
                let number = Number::read(&body.phone_number, "/phoneNumber")?;
                let (code, name) = (Secret::new(body.verification_code), body.display_name);
                let comer = Comer { number, code, second_factor: body.code, name };
                Success::ok(phone::sign_in(app, comer).await?.signed_in)
            }
        }
    }

    /// Asks for a link to set a new password.
    ///
    /// The answer is the same whether or not the address is known; the mail tells its owner. The link is good for an hour,
    /// once. One mail a minute goes to an address, and five an hour.
    #[oai(path = "/password/forgot", method = "post", operation_id = "forgotPassword")]
    async fn forgot(
        &self,
        Data(app): Data<&App>,
        /// The languages in which the mail may be written, the dearest first.
        #[oai(name = "Accept-Language")]
        languages: Header<Option<String>>,
        body: JsonBody<ForgottenIn>,
    ) -> Result<Accepted, Failure> {
        let words = Words::accepted(&languages.0.unwrap_or_default());
        password_links::forgot(app, Email::read(&body.0.email)?, words).await?;
        Accepted::saying("A mail is on its way to the address. It says how to go on.")
    }

    /// Sets a password by a link, and ends every session of its owner.
    ///
    /// A token is good once. One that is wrong, spent, too old or replaced by a newer one is 404.
    #[oai(path = "/password/reset", method = "post", operation_id = "resetPassword")]
    async fn reset(
        &self,
        Data(app): Data<&App>,
        /// The languages in which the mail may be written, the dearest first.
        #[oai(name = "Accept-Language")]
        languages: Header<Option<String>>,
        body: JsonBody<NewPasswordIn>,
    ) -> Result<Json<Done>, Failure> {
        let words = Words::accepted(&languages.0.unwrap_or_default());
        let (token, password) = (Secret::new(body.0.token), Secret::new(body.0.password));
        password_links::reset(app, &token, password, words).await?;
        Done::saying("The password is set: sign in.")
    }

    /// Exchanges a refresh token for new tokens.
    ///
    /// A refresh token is good once. Within 30 seconds the same successor is returned again; after that its use ends the
    /// session.
    #[oai(path = "/refresh", method = "post", operation_id = "refreshTokens")]
    async fn refresh(&self, Data(app): Data<&App>, body: JsonBody<RefreshIn>) -> Reply<TokensOut> {
        Success::ok(sessions::refresh(app, &Secret::new(body.0.refresh_token)).await?)
    }

    /// Exchanges a refresh token for new tokens (another name of `/api/auth/refresh`).
    #[oai(path = "/refresh-token", method = "post", operation_id = "refreshTokensAlias")]
    async fn refresh_alias(&self, Data(app): Data<&App>, body: JsonBody<RefreshIn>) -> Reply<TokensOut> {
        Success::ok(sessions::refresh(app, &Secret::new(body.0.refresh_token)).await?)
    }

    /// Ends this session, or every session of the caller.
    #[oai(path = "/logout", method = "post", operation_id = "logOut")]
    async fn log_out(
        &self,
        can: Can<WriteSessions>,
        Data(app): Data<&App>,
        /// Ends every session of the caller.
        all: Query<Option<bool>>,
    ) -> Result<Json<Done>, Failure> {
        let ending = if all.0 == Some(true) { Ending::All } else { Ending::This };
        sessions::end(app, can.caller(), ending).await?;
        Done::saying("Signed out.")
    }

    /// Lists the companies in which the caller can act.
    #[oai(path = "/memberships", method = "get", operation_id = "listMemberships")]
    async fn memberships(&self, can: Can<ReadProfile>, Data(app): Data<&App>) -> Reply<Vec<MembershipOut>> {
        Success::list(profile::memberships(app, can.caller()).await?)
    }

    /// Opens a session of the caller in another of his companies.
    ///
    /// The present session stays as it is.
    #[oai(path = "/switch", method = "post", operation_id = "switchCompany")]
    async fn switch(
        &self,
        can: Can<WriteSessions>,
        Data(app): Data<&App>,
        body: JsonBody<SwitchIn>,
    ) -> Reply<SignedInOut> {
        Success::ok(sessions::switch(app, can.caller(), body.0.company_id.into()).await?)
    }
}
