//! [`Can`]: the proof, taken as the first argument of a handler, that the caller is known and may do this.

use std::marker::PhantomData;

use entity::CompanyScope;
use entity::id::{AgentId, CompanyId};
use poem::http::{Method, header};
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde_json::json;

use super::Rows;
use super::permission::{DialCalls, MakePeerCalls, Permission};
use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::http::Failure;
use crate::identity::trail::{Asker, Trail};
use crate::identity::{Caller, Standing, audit};

/// The header in which the platform's administrator names the company he acts in.
pub const COMPANY_HEADER: &str = "X-Company-Id";

/// The caller may `P`. Puts the permission into the specification, from where the checks at start and the tests read it.
pub struct Can<P> {
    caller: Caller,
    rows: Rows,
    permission: PhantomData<fn() -> P>,
}

/// Whose rows the caller may see or change with this permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Every agent's of the company.
    Everybodys,
    /// This agent's alone.
    Agents(AgentId),
    /// The caller may only see an agent's own rows, and is no agent.
    Nobodys,
}

impl Whose {
    /// Of who may do something with these rows, and is this agent.
    pub fn of(rows: Rows, agent: Option<AgentId>) -> Self {
        match (rows, agent) {
            (Rows::All, _) => Self::Everybodys,
            (Rows::Own, Some(agent)) => Self::Agents(agent),
            (Rows::Own, None) => Self::Nobodys,
        }
    }

    /// Whether a row of `agent` is among them.
    pub fn includes(self, agent: AgentId) -> bool {
        match self {
            Self::Everybodys => true,
            Self::Agents(own) => own == agent,
            Self::Nobodys => false,
        }
    }
}

impl<P: Permission> Can<P> {
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The company in which the caller acts.
    pub fn scope(&self) -> Result<CompanyScope> {
        self.caller.scope()
    }

    /// The same, for an address that names the company: any other than the caller's own does not exist for him.
    pub fn scope_of(&self, company: CompanyId) -> Result<CompanyScope> {
        let scope = self.caller.scope()?;
        if scope.company() == company { Ok(scope) } else { Err(Error::NotFound(Subject::Company)) }
    }

    /// Whether the caller may do something else beside this: for what an answer shows, or how far a change may go.
    pub fn also_may<Other: Permission>(&self, app: &App) -> Option<Rows> {
        self.caller.rows(app.authz, Other::NAME)
    }

    /// # Errors
    /// Names the other permission when the caller lacks it.
    pub fn must_also<Other: Permission>(&self, app: &App) -> Result<()> {
        self.caller.require(app.authz, Other::NAME).map(drop)
    }

    pub fn rows(&self) -> Rows {
        self.rows
    }

    /// Whose rows, where rows belong to agents.
    pub fn whose(&self) -> Whose {
        Whose::of(self.rows, self.caller.agent())
    }
}

impl<'a, P: Permission> ApiExtractor<'a> for Can<P> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let scheme = MetaSecurityScheme {
            ty: "http",
            description: Some(
                "An access token, from /api/auth/login or /api/auth/refresh, or a key, from /api/api-keys.",
            ),
            name: None,
            key_in: None,
            scheme: Some("bearer"),
            bearer_format: Some("JWT"),
            flows: None,
            openid_connect_url: None,
        };
        registry.create_security_scheme("bearer", scheme);
    }

    /// The permission stands in the place of the scheme's name; `http::spec` puts both where they belong.
    fn security_schemes() -> Vec<&'static str> {
        vec![P::NAME]
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let app: &App = request.data().expect("every route carries the app");
        Ok(Self::check(app, request).await.map_err(Failure)?)
    }
}

impl<P: Permission> Can<P> {
    async fn check(app: &App, request: &Request) -> Result<Self> {
        let caller = sender(app, request).await?;
        count_request(app, &caller, P::NAME, request).await?;
        let rows = caller.require(app.authz, P::NAME)?;
        if let Some(trail) = Trail::current() {
            let key = caller.key.map(|key| key.id);
            trail.is_of(Asker { user: caller.user, company: caller.company(), key, permission: P::NAME });
        }
        audit_admin(app, &caller, P::NAME, request).await?;
        Ok(Self { caller, rows, permission: PhantomData })
    }
}

/// Who sends this request, whatever he may do.
///
/// # Errors
/// As [`Caller::of_token`].
pub async fn sender(app: &App, request: &Request) -> Result<Caller> {
    Caller::of_token(app, bearer(request)?, named_company(request)?).await
}

/// Counts the request against who sent it, his company, and, when it begins a call, against his calls.
///
/// # Errors
/// `TooOften` when it is one too many.
pub async fn count_request(app: &App, caller: &Caller, permission: &str, request: &Request) -> Result<()> {
    let (limits, now, trail) = (&app.limits, app.clock.now(), Trail::current());
    let begins_call = permission == MakePeerCalls::NAME
        || permission == DialCalls::NAME && request.method() == Method::POST;
    let who = match caller.key {
        Some(key) => (limits.key, key.id.to_string()),
        None => (limits.user, caller.user.to_string()),
    };
    let company = caller.company().map(|company| (limits.company, company.to_string()));
    let calls = begins_call.then(|| (limits.calls, caller.user.to_string()));
    for (rule, who) in [Some(who), company, calls].into_iter().flatten() {
        let Some(count) = app.limiter.count(rule, &who, now).await else { continue };
        if let Some(trail) = &trail {
            trail.counted(count);
        }
        count.allows()?;
    }
    Ok(())
}

fn bearer(request: &Request) -> Result<&str> {
    let missing = Error::Unauthorized {
        code: Code::TokenMissing,
        message: "Send an access token: Authorization: Bearer …",
    };
    let value = request.header(header::AUTHORIZATION).ok_or(missing)?;
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        Some(_) | None => {
            Err(Error::Unauthorized { code: Code::TokenInvalid, message: "The access token is not valid." })
        }
    }
}

fn named_company(request: &Request) -> Result<Option<CompanyId>> {
    let Some(text) = request.header(COMPANY_HEADER) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| Error::invalid(COMPANY_HEADER, "must be the id of a company"))
}

/// Whatever the platform's administrator does in a company is noted there, before it is done.
async fn audit_admin(app: &App, caller: &Caller, permission: &str, request: &Request) -> Result<()> {
    let Standing::PlatformAdmin { acting_for: Some(_) } = caller.standing else { return Ok(()) };
    let detail = json!({ "method": request.method().as_str(), "path": request.uri().path() });
    let tx = app.db.begin().await?;
    audit::note(app, caller.scope()?, &tx, caller.user, &format!("admin:{permission}"), detail).await?;
    tx.commit().await?;
    Ok(())
}
