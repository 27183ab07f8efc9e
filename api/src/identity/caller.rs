//! The caller of a request: read from the database at each request, in one query, so that a ban, a changed role, a
//! removed membership and a logout hold at once and not when the token runs out.

use chrono::{DateTime, Utc};
use entity::id::{AgentId, ApiKeyId, CompanyId, MembershipId, SessionId, UserId};
use entity::{CompanyScope, MembershipStatus, PlatformRole, Role, UserStatus};
use sea_orm::ConnectionTrait;

use super::{api_keys, tokens};
use crate::app::App;
use crate::authz::{Rows, Scopes, Seat, Table};
use crate::error::{Code, Error, Result, Subject};
use crate::store::system::{self, SessionWithStanding};

/// Somebody who has proved who he is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    pub user: UserId,
    /// The nil id, which no session has, when he has sent a key.
    pub session: SessionId,
    pub standing: Standing,
    pub key: Option<KeyOfCaller>,
}

/// The key with which a program acts for its maker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyOfCaller {
    pub id: ApiKeyId,
    pub scopes: Scopes,
}

/// As what somebody acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The platform's administrator, in the company that this request names, if it names one.
    PlatformAdmin {
        acting_for: Option<CompanyId>,
    },
    Member {
        membership: MembershipId,
        company: CompanyId,
        role: Role,
        agent: Option<AgentId>,
    },
    /// A user without a company.
    Alone,
}

const INVALID: Error =
    Error::Unauthorized { code: Code::TokenInvalid, message: "The access token is not valid." };
const ENDED: Error =
    Error::Unauthorized { code: Code::SessionEnded, message: "This session has ended. Sign in again." };

impl Caller {
    /// Who sent this access token or key. `named` is the company that the request names beside it: the platform's
    /// administrator chooses by it where he acts; for anybody else it must be his own.
    ///
    /// # Errors
    /// `Unauthorized` for a token that is not ours, has run out, or whose session, user or membership is no longer good;
    /// `NotFound(Company)` when `named` is not there for this caller.
    pub async fn of_token(app: &App, token: &str, named: Option<CompanyId>) -> Result<Self> {
        let now = app.clock.now();
        if token.starts_with(api_keys::PREFIX) {
            return api_keys::caller(app, token, named).await;
        }
        let claims = tokens::verify(&app.keys, now, token)?;
        let caller = Self::of_session(app.db.reader(), claims.session, named, now).await?;
        // A token names the user and the membership of its session; one that does not was not issued for it.
        let membership = match caller.standing {
            Standing::Member { membership, .. } => Some(membership),
            Standing::PlatformAdmin { .. } | Standing::Alone => None,
        };
        if caller.user != claims.user || membership != claims.membership {
            return Err(INVALID);
        }
        Ok(caller)
    }

    /// Who holds this session.
    pub(super) async fn of_session(
        db: &impl ConnectionTrait,
        session: SessionId,
        named: Option<CompanyId>,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let row = system::session_with_standing(db, session, named).await?.ok_or(INVALID)?;
        Self::of_row(&row, session, named, now)
    }

    /// Who holds this session, as its row says now.
    ///
    /// # Errors
    /// As [`Caller::of_token`] once the token is known to be the session's.
    pub fn of_row(
        row: &SessionWithStanding,
        session: SessionId,
        named: Option<CompanyId>,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        if row.revoked_at.is_some() || row.expires_at <= now || row.user_status != UserStatus::Active {
            return Err(ENDED);
        }
        let standing = match (row.platform_role, &row.membership) {
            (Some(PlatformRole::Admin), _) => {
                if named.is_some() && (!row.named_company_exists || row.company_closed) {
                    return Err(Error::NotFound(Subject::Company));
                }
                Standing::PlatformAdmin { acting_for: named }
            }
            (None, Some(member)) => {
                if member.status != MembershipStatus::Active || row.company_closed {
                    return Err(ENDED);
                }
                if named.is_some_and(|company| company != member.company) {
                    return Err(Error::NotFound(Subject::Company));
                }
                let (membership, company, role, agent) =
                    (member.id, member.company, member.role, member.agent);
                Standing::Member { membership, company, role, agent }
            }
            (None, None) if named.is_some() => return Err(Error::NotFound(Subject::Company)),
            (None, None) => Standing::Alone,
        };
        Ok(Self { user: row.user, session, standing, key: None })
    }

    /// The company in which the caller acts, if any.
    pub fn company(&self) -> Option<CompanyId> {
        match self.standing {
            Standing::Member { company, .. } => Some(company),
            Standing::PlatformAdmin { acting_for } => acting_for,
            Standing::Alone => None,
        }
    }

    /// The right to the rows of the caller's company.
    ///
    /// # Errors
    /// When the caller acts in no company.
    pub fn scope(&self) -> Result<CompanyScope> {
        let company = match self.standing {
            Standing::Member { company, .. } | Standing::PlatformAdmin { acting_for: Some(company) } => {
                company
            }
            Standing::PlatformAdmin { acting_for: None } => {
                return Err(Error::Invalid {
                    code: Code::CompanyRequired,
                    message: "Name the company to act in with the header X-Company-Id.".into(),
                    fields: Vec::new(),
                });
            }
            Standing::Alone => return Err(Error::NotFound(Subject::Company)),
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "the session, user and membership were read for this request"
        )]
        Ok(CompanyScope::dangerous_mint(company))
    }

    pub fn seat(&self) -> Seat {
        match self.standing {
            Standing::PlatformAdmin { .. } => Seat::Admin,
            Standing::Member { role, .. } => role.into(),
            Standing::Alone => Seat::Alone,
        }
    }

    /// With which rows the caller may do this; `None`: he may not. A key may what its scopes name and its maker may now.
    pub fn rows(&self, table: &Table, permission: &str) -> Option<Rows> {
        let within = self.key.is_none_or(|key| key.scopes.include(permission));
        table.rows(self.seat(), permission).filter(|_| within)
    }

    /// # Errors
    /// Names the permission that the caller does not have.
    pub fn require(&self, table: &Table, permission: &'static str) -> Result<Rows> {
        self.rows(table, permission).ok_or(Error::Forbidden { permission })
    }

    /// The agent that the caller is, if it is one.
    pub fn agent(&self) -> Option<AgentId> {
        match self.standing {
            Standing::Member { agent, .. } => agent,
            Standing::PlatformAdmin { .. } | Standing::Alone => None,
        }
    }
}
