//! Signing in, staying signed in, and ending it. A session is one sign-in: it names at most one membership, and a chain
//! of refresh tokens of which only the newest is good keeps it alive.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{AgentId, CompanyId, MembershipId, SessionId, UserId};
use entity::{OfferState, PlatformRole, RevokedBecause, UserStatus, refresh_token, session, user};

use super::caller::{Caller, Standing};
use super::email::Email;
use super::passwords::{self, Verdict};
use super::profile::{self, Profile};
use super::second_factor;
use super::tokens::{self, Claims};
use super::trail::Trail;
use crate::agents;
use crate::app::App;
use crate::authz::Seat;
use crate::error::{Code, Error, Result, Subject};
use crate::limits::{SIGN_IN, SIGN_IN_FROM};
use crate::secret::Secret;
use crate::store::sessions::{self, Sessions};
use crate::store::system::MembershipOfUser;
use crate::store::{Tx, Unit, system, users};

/// For so long the predecessor of a refresh token returns the same successor again: to a second tab, or to a client
/// whose answer was lost. Later its use means that it was stolen.
const GRACE: TimeDelta = TimeDelta::seconds(30);

/// What a client holds.
#[derive(Debug)]
pub struct Tokens {
    pub access: Secret,
    pub refresh: Secret,
    /// Seconds until the access token runs out.
    pub expires_in: u64,
}

/// A fresh sign-in.
#[derive(Debug)]
pub struct SignedIn {
    pub profile: Profile,
    pub tokens: Tokens,
}

const WRONG: Error =
    Error::Unauthorized { code: Code::InvalidCredentials, message: "The address or the password is wrong." };
const STALE: Error = Error::Unauthorized {
    code: Code::RefreshTokenInvalid,
    message: "The refresh token is not valid. Sign in again.",
};
const REUSED: Error = Error::Unauthorized {
    code: Code::RefreshTokenReused,
    message: "This refresh token was used before, so the session was ended. Sign in again.",
};

/// Signs in with a password, into the company where the user was last.
///
/// # Errors
/// One and the same for an unknown address, a wrong password and a banned user; `TooOften` after five of them for the account
/// or fifty from where the client is. `MFA_REQUIRED` and `MFA_CODE_INVALID` once the password is right.
pub async fn sign_in(app: &App, email: &Email, password: Secret, code: Option<&str>) -> Result<SignedIn> {
    let (now, from) = (app.clock.now(), Trail::current().and_then(|trail| trail.from()));
    app.limiter.check(SIGN_IN, email.as_str(), now).await?;
    if let Some(from) = &from {
        app.limiter.check(SIGN_IN_FROM, from, now).await?;
    }
    let user = users::by_email(app.db.reader(), email.as_str()).await?;
    let verdict =
        passwords::verify(password, user.as_ref().and_then(|user| user.password_hash.clone())).await?;
    let user = match (user, verdict) {
        (Some(user), Verdict::Right) if user.status == UserStatus::Active => user,
        (Some(_) | None, Verdict::Right | Verdict::Wrong) => {
            app.limiter.count(SIGN_IN, email.as_str(), now).await;
            if let Some(from) = &from {
                app.limiter.count(SIGN_IN_FROM, from, now).await;
            }
            return Err(WRONG);
        }
    };
    second_factor::demand(app, &user, code).await?;
    app.limiter.forget(SIGN_IN, email.as_str()).await;
    let tx = app.db.begin().await?;
    let tokens = enter(app, &tx, &user).await?;
    tx.commit().await?;
    signed_in(app, tokens).await
}

/// A session of somebody who has proved who he is, in the company where he was last.
pub(super) async fn enter(app: &App, tx: &Tx, user: &user::Model) -> Result<Tokens> {
    let memberships = system::memberships_of(tx, user.id).await?;
    let last = sessions::last_membership(tx, user.id).await?;
    let chosen =
        memberships.iter().find(|one| Some(one.membership.id) == last).or_else(|| memberships.first());
    open(app, tx, user, chosen).await
}

/// A session of the same user in another of his companies; the present one stays as it is.
pub async fn switch(app: &App, caller: &Caller, company: CompanyId) -> Result<SignedIn> {
    let user = users::by_id(app.db.reader(), caller.user).await?.ok_or(Error::NotFound(Subject::User))?;
    let memberships = system::memberships_of(app.db.reader(), caller.user).await?;
    let chosen =
        memberships.iter().find(|one| one.company.id == company).ok_or(Error::NotFound(Subject::Company))?;
    let tx = app.db.begin().await?;
    let tokens = open(app, &tx, &user, Some(chosen)).await?;
    tx.commit().await?;
    signed_in(app, tokens).await
}

pub(super) async fn signed_in(app: &App, tokens: Tokens) -> Result<SignedIn> {
    let caller = Caller::of_token(app, tokens.access.expose(), None).await?;
    Ok(SignedIn { profile: profile::of(app, &caller).await?, tokens })
}

async fn open(app: &App, tx: &Tx, user: &user::Model, member: Option<&MembershipOfUser>) -> Result<Tokens> {
    let now = app.clock.now();
    // The platform's administrator acts from his platform role alone, so his sessions name no membership.
    let (seat, member) = match (user.platform_role, member) {
        (Some(PlatformRole::Admin), _) => (Seat::Admin, None),
        (None, Some(member)) => {
            (member.membership.role.into(), Some((member.membership.id, member.company.id)))
        }
        (None, None) => (Seat::Alone, None),
    };
    let session = session::Model {
        id: app.ids.next(),
        user_id: user.id,
        membership_id: member.map(|(membership, _)| membership),
        created_at: now,
        refreshed_at: now,
        expires_at: refresh_until(app, now),
        revoked_at: None,
        revoked_because: None,
    };
    let access = access_token(app, user.id, session.id, seat, member)?;
    let refresh = Secret::new(app.ids.token());
    let first = refresh_token::Model {
        token_hash: tokens::hash(refresh.expose()),
        session_id: session.id,
        created_at: now,
        spent_at: None,
    };
    sessions::insert(tx, session).await?;
    sessions::insert_token(tx, first).await?;
    Ok(Tokens { access, refresh, expires_in: app.settings.access_token_life.as_secs() })
}

fn access_token(
    app: &App,
    user: UserId,
    session: SessionId,
    seat: Seat,
    member: Option<(MembershipId, CompanyId)>,
) -> Result<Secret> {
    let claims = Claims::new(user, session, seat, member, app.clock.now(), app.settings.access_token_life);
    tokens::sign(&app.keys, &claims).map(Secret::new)
}

fn refresh_until(app: &App, now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::from_std(app.settings.refresh_token_life).unwrap_or(TimeDelta::zero())
}

/// Spends a refresh token and returns its successor with a new access token.
///
/// # Errors
/// `REFRESH_TOKEN_REUSED` when it was spent more than 30 seconds ago: the whole session is then over, for whoever
/// stole the token as for its owner. `REFRESH_TOKEN_INVALID` in every other case.
pub async fn refresh(app: &App, spent: &Secret) -> Result<Tokens> {
    let (now, hash) = (app.clock.now(), tokens::hash(spent.expose()));
    let tx = app.db.begin().await?;
    let Some(token) = sessions::token(&tx, &hash).await? else { return Err(STALE) };
    let fresh = sessions::spend(&tx, &hash, now).await?;
    let caller = Caller::of_session(&tx, token.session_id, None, now).await.map_err(|error| match error {
        Error::Unauthorized { .. } => STALE,
        other => other,
    })?;
    let next = tokens::successor(&app.keys, spent.expose());
    if fresh {
        let successor = refresh_token::Model {
            token_hash: tokens::hash(next.expose()),
            session_id: token.session_id,
            created_at: now,
            spent_at: None,
        };
        sessions::insert_token(&tx, successor).await?;
        sessions::extend(&tx, token.session_id, now, refresh_until(app, now)).await?;
    } else {
        // Read again: on PostgreSQL another request may have spent it since the first look.
        let spent_at = sessions::token(&tx, &hash).await?.and_then(|token| token.spent_at);
        if spent_at.is_none_or(|at| at + GRACE < now) {
            sessions::revoke(&tx, Sessions::One(token.session_id), RevokedBecause::TokenReused, now).await?;
            tx.commit().await?;
            tracing::warn!(session = %token.session_id, user = %caller.user, "a spent refresh token was used again");
            return Err(REUSED);
        }
    }
    let member = match caller.standing {
        Standing::Member { membership, company, .. } => Some((membership, company)),
        Standing::PlatformAdmin { .. } | Standing::Alone => None,
    };
    let access = access_token(app, caller.user, caller.session, caller.seat(), member)?;
    tx.commit().await?;
    Ok(Tokens { access, refresh: next, expires_in: app.settings.access_token_life.as_secs() })
}

/// Which of his sessions the caller ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    This,
    All,
    Named(SessionId),
}

/// Ends sessions of the caller at once: their access tokens are refused from now on. An agent without a session left is
/// offline.
pub async fn end(app: &App, caller: &Caller, ending: Ending) -> Result<()> {
    let which = match ending {
        Ending::This => Sessions::One(caller.session),
        Ending::All => Sessions::AllOf(caller.user),
        Ending::Named(id) => Sessions::OneOf(caller.user, id),
    };
    let ended = match caller.standing {
        Standing::Member { membership, agent: Some(agent), .. } => {
            end_of_agent(app, caller, which, membership, agent).await?
        }
        Standing::Member { agent: None, .. } | Standing::PlatformAdmin { .. } | Standing::Alone => {
            let tx = app.db.begin().await?;
            let ended = sessions::revoke(&tx, which, RevokedBecause::LoggedOut, app.clock.now()).await?;
            tx.commit().await?;
            ended
        }
    };
    match ending {
        Ending::Named(_) if ended == 0 => Err(Error::NotFound(Subject::Session)),
        Ending::Named(_) | Ending::This | Ending::All => Ok(()),
    }
}

async fn end_of_agent(
    app: &App,
    caller: &Caller,
    which: Sessions,
    membership: MembershipId,
    agent: AgentId,
) -> Result<u64> {
    let scope = caller.scope()?;
    let mut unit = Unit::begin(app, scope).await?;
    let now = unit.now();
    let ended = sessions::revoke(unit.tx(), which, RevokedBecause::LoggedOut, now).await?;
    let left = sessions::open_of(unit.tx(), caller.user, now).await?;
    let gone = left.iter().all(|session| session.membership_id != Some(membership));
    if gone {
        agents::has_left(&mut unit, agent, caller.user).await?;
    }
    unit.commit().await?;
    if gone {
        agents::withdraw_offers(app, scope, agent, OfferState::Withdrawn).await?;
    }
    Ok(ended)
}

/// Where the caller is signed in, the newest first.
pub async fn open_of(app: &App, caller: &Caller) -> Result<Vec<session::Model>> {
    Ok(sessions::open_of(app.db.reader(), caller.user, app.clock.now()).await?)
}
