//! Who may what: the permissions, the policy by seat (`policy.csv`, evaluated by casbin with `model.conf`), and
//! [`Can`], which every operation takes as its first argument. Deny by default. The policy is evaluated once, into a
//! table; a request pays a hash lookup. Nothing outside this folder decides by a role.

use std::collections::{BTreeSet, HashMap};

use casbin::{CoreApi, DefaultModel, Enforcer, StringAdapter};
use entity::Role;
use tokio::sync::OnceCell;

mod can;
mod permission;
mod scopes;

pub use can::{Can, Whose, count_request, sender};
pub use permission::*;
pub use scopes::Scopes;

use crate::error::{Error, Result};

const MODEL: &str = include_str!("model.conf");
const POLICY: &str = include_str!("policy.csv");

/// The place from which somebody acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Seat {
    /// The platform's administrator.
    Admin,
    Owner,
    Manager,
    Agent,
    /// Signed in, without a company.
    Alone,
}

impl Seat {
    pub const ALL: [Self; 5] = [Self::Admin, Self::Owner, Self::Manager, Self::Agent, Self::Alone];

    /// The spelling in the policy and in access tokens.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Owner => "owner",
            Self::Manager => "manager",
            Self::Agent => "agent",
            Self::Alone => "alone",
        }
    }
}

impl From<Role> for Seat {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Manager => Self::Manager,
            Role::Agent => Self::Agent,
        }
    }
}

/// With which rows something may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Every row of the company.
    All,
    /// The caller itself; for calls and offers, those of its agent.
    Own,
}

impl Rows {
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Own => "own",
        }
    }
}

/// The evaluated policy.
#[derive(Debug)]
pub struct Table(HashMap<(Seat, &'static str), Rows>);

impl Table {
    /// The checked-in policy, evaluated once a process. Fails when it names a seat, a permission or rows that do not exist: a
    /// typing error there would otherwise be a silent denial.
    pub async fn compiled() -> Result<&'static Self> {
        static COMPILED: OnceCell<Table> = OnceCell::const_new();
        COMPILED.get_or_try_init(|| Self::of(POLICY)).await
    }

    async fn of(policy: &str) -> Result<Self> {
        check(policy).map_err(|problem| Error::internal("authz/policy.csv", problem))?;
        let failed = |cause: casbin::Error| Error::internal("authz/policy.csv", cause.to_string());
        let model = DefaultModel::from_str(MODEL).await.map_err(failed)?;
        let mut enforcer = Enforcer::new(model, StringAdapter::new("")).await.map_err(failed)?;
        let mut table = HashMap::new();
        for permission in permission::NAMES {
            enforcer
                .set_adapter(StringAdapter::new(lines_about(policy, permission)))
                .await
                .map_err(failed)?;
            for seat in Seat::ALL {
                for rows in [Rows::All, Rows::Own] {
                    if enforcer.enforce((seat.name(), *permission, rows.name())).map_err(failed)? {
                        table.insert((seat, *permission), rows);
                        break;
                    }
                }
            }
        }
        Ok(Self(table))
    }

    /// The rows with which `seat` may do this; `None`: it may not.
    pub fn rows(&self, seat: Seat, permission: &str) -> Option<Rows> {
        permission::NAMES
            .iter()
            .find(|name| **name == permission)
            .and_then(|name| self.0.get(&(seat, *name)))
            .copied()
    }

    /// # Errors
    /// Names the permission that `seat` does not have.
    pub fn require(&self, seat: Seat, permission: &'static str) -> Result<Rows> {
        self.rows(seat, permission).ok_or(Error::Forbidden { permission })
    }
}

/// The lines that can match a question about the permission; each line costs every question an evaluation.
fn lines_about(policy: &str, permission: &str) -> String {
    let about = |line: &&str| line.split(',').nth(2).is_some_and(|named| named.trim() == permission);
    policy.lines().filter(about).collect::<Vec<_>>().join("\n")
}

fn check(policy: &str) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for line in policy.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words: Vec<_> = line.split(',').map(str::trim).collect();
        let ["p", seat, permission, rows] = words[..] else {
            return Err(format!("`{line}` is not `p, seat, permission, rows`"));
        };
        if !Seat::ALL.iter().any(|known| known.name() == seat) {
            return Err(format!("`{line}` names an unknown seat"));
        }
        if !permission::NAMES.contains(&permission) {
            return Err(format!("`{line}` names an unknown permission"));
        }
        if rows != Rows::All.name() && rows != Rows::Own.name() {
            return Err(format!("`{line}` names unknown rows"));
        }
        if !seen.insert((seat, permission)) {
            return Err(format!("`{line}` says something a second time"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_not_listed_is_denied() {
        let table = Table::of("p, agent, calls:read, own").await.unwrap();
        assert_eq!(table.rows(Seat::Agent, "calls:read"), Some(Rows::Own));
        assert_eq!(table.rows(Seat::Agent, "calls:write"), None);
        assert_eq!(table.rows(Seat::Owner, "calls:read"), None);
        assert_eq!(table.rows(Seat::Agent, "no:such"), None);
    }

    #[tokio::test]
    async fn who_lacks_a_permission_is_told_which() {
        let table = Table::of("p, manager, flows:write, all").await.unwrap();
        assert_eq!(table.require(Seat::Manager, "flows:write").unwrap(), Rows::All);
        let refused = table.require(Seat::Manager, "queues:write");
        assert!(matches!(refused, Err(Error::Forbidden { permission: "queues:write" })), "{refused:?}");
    }

    #[tokio::test]
    async fn a_typing_error_in_the_policy_does_not_start() {
        for line in [
            "p, agnet, calls:read, own",
            "p, agent, call:read, own",
            "p, agent, calls:read, mine",
            "p, agent",
        ] {
            assert!(Table::of(line).await.is_err(), "{line}");
        }
        assert!(Table::of("p, agent, calls:read, own\np, agent, calls:read, all").await.is_err());
    }

    #[tokio::test]
    async fn every_permission_is_given_to_somebody_and_a_manager_never_has_more_than_an_owner() {
        let table = Table::compiled().await.unwrap();
        for permission in permission::NAMES {
            assert!(
                Seat::ALL.iter().any(|seat| table.rows(*seat, permission).is_some()),
                "nobody has {permission}"
            );
            let (owner, manager) =
                (table.rows(Seat::Owner, permission), table.rows(Seat::Manager, permission));
            assert!(manager.is_none() || owner == manager || owner == Some(Rows::All), "{permission}");
        }
    }
}
