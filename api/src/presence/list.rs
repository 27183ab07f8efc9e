//! How colleagues are there, as somebody may see it.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use entity::id::UserId;
use entity::{CompanyScope, PresenceStatus, ShownTo};

use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::store::users::{self, MemberFilter};
use crate::store::{peer_calls as calls, presences, queueing};

/// Members at once.
const MOST: u64 = 1000;

/// What somebody sees of a colleague.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub user: UserId,
    pub status: PresenceStatus,
    /// `None`: he was never here, or does not let it be seen.
    pub last_seen: Option<DateTime<Utc>>,
}

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    Colleague(UserId),
    /// Who may see all that people do here.
    Supervisor(UserId),
}

impl Viewer {
    fn may_see(self, user: UserId, shown: ShownTo) -> bool {
        let (own, supervises) = match self {
            Self::Colleague(own) => (own, false),
            Self::Supervisor(own) => (own, true),
        };
        own == user
            || match shown {
                ShownTo::Everyone => true,
                ShownTo::Supervisors => supervises,
                ShownTo::Nobody => false,
            }
    }
}

/// One colleague.
///
/// # Errors
/// `USER_NOT_FOUND`.
pub async fn of(app: &App, scope: CompanyScope, viewer: Viewer, user: UserId) -> Result<Seen> {
    let member = users::member(scope, app.db.reader(), user).await?;
    member.ok_or(Error::NotFound(Subject::User))?;
    let mut seen = see(app, scope, viewer, vec![user]).await?;
    seen.pop().ok_or(Error::NotFound(Subject::User))
}

/// All members of the company.
pub async fn all(app: &App, scope: CompanyScope, viewer: Viewer) -> Result<Vec<Seen>> {
    let (members, _) = users::members(scope, app.db.reader(), &MemberFilter::default(), 0, MOST).await?;
    see(app, scope, viewer, members.into_iter().map(|member| member.user.id).collect()).await
}

async fn see(app: &App, scope: CompanyScope, viewer: Viewer, users: Vec<UserId>) -> Result<Vec<Seen>> {
    let db = app.db.reader();
    let rows = presences::of_users(scope, db, &users).await?;
    let rows: HashMap<_, _> = rows.into_iter().map(|row| (row.user_id, row)).collect();
    let settings = calls::settings_of(scope, db, &users).await?;
    let mut talking: HashSet<UserId> = calls::talking(scope, db, &users).await?.into_iter().collect();
    talking.extend(queueing::users_in_calls(scope, db).await?);
    let one = |user: UserId| {
        let settings = settings.get(&user).copied().unwrap_or_default();
        let row = rows.get(&user);
        let status = row.map_or(PresenceStatus::Offline, |row| super::status(row, talking.contains(&user)));
        Seen {
            user,
            status: if viewer.may_see(user, settings.online_shown_to) {
                status
            } else {
                PresenceStatus::Offline
            },
            last_seen: row
                .and_then(|row| row.last_seen_at)
                .filter(|_| viewer.may_see(user, settings.last_seen_shown_to)),
        }
    };
    Ok(users.into_iter().map(one).collect())
}
