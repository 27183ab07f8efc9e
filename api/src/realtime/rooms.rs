//! Who a socket's session makes it, and the rooms that follow from it. Rooms lie within a company (see `roster`).

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard};

use entity::id::{ChatId, CompanyId, QueueId, SessionId, UserId};

use super::roster::Dismissal;
use crate::app::App;
use crate::authz::{Permission, ReadCalls, Rows};
use crate::error::{Error, Result};
use crate::identity::Caller;
use crate::store::{Audience, chats, system};

pub type Place = (Caller, BTreeSet<String>);

/// What each of these sessions is good for now, read in one query for all of them.
pub async fn of_sessions(
    app: &App,
    sessions: &[SessionId],
) -> Result<HashMap<SessionId, Result<Place, Dismissal>>> {
    let read = system::sessions_of_sockets(app.db.reader(), sessions).await?;
    let groups = app.sockets.1.of(app, &read).await?;
    let now = app.clock.now();
    let place = |id: &SessionId| {
        let found = read.get(id).ok_or(Dismissal::SESSION_ENDED)?;
        let caller = Caller::of_row(&found.standing, *id, None, now).map_err(|error| {
            if let Error::Unauthorized { code, message } = error {
                Dismissal { code, message }
            } else {
                Dismissal::SESSION_ENDED
            }
        })?;
        let mut rooms = of(app, &caller, &found.queues);
        let his = caller.company().and_then(|company| groups.get(&(company, caller.user)));
        rooms.extend(his.into_iter().flatten().copied().map(|chat| Audience::Chat(chat).room()));
        Ok((caller, rooms))
    };
    Ok(sessions.iter().map(|id| (*id, place(id))).collect())
}

/// A user's own room, his agent's, those of the queues that the agent serves, and the supervisors' for whoever may see
/// every call of the company.
fn of(app: &App, caller: &Caller, queues: &BTreeSet<QueueId>) -> BTreeSet<String> {
    let mut rooms = vec![Audience::User(caller.user)];
    if caller.company().is_some() {
        rooms.push(Audience::Company);
        rooms.extend(caller.agent().map(Audience::Agent));
        rooms.extend(queues.iter().copied().map(Audience::Queue));
        if app.authz.rows(caller.seat(), ReadCalls::NAME) == Some(Rows::All) {
            rooms.push(Audience::Supervisors);
        }
    }
    rooms.into_iter().map(Audience::room).collect()
}

/// Somebody in a company.
type Seat = (CompanyId, UserId);

/// In which groups those are who hold sockets here. Read anew for all of a company when it has changed who is in its groups.
#[derive(Debug, Default)]
pub struct Groups(Mutex<HashMap<Seat, (i64, BTreeSet<ChatId>)>>);

impl Groups {
    fn lock(&self) -> MutexGuard<'_, HashMap<Seat, (i64, BTreeSet<ChatId>)>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Forgets all but these.
    pub fn keep(&self, there: &HashSet<Seat>) {
        self.lock().retain(|seat, _| there.contains(seat));
    }

    /// The version is read before the groups: what is kept under it is never older than it says.
    async fn of(
        &self,
        app: &App,
        read: &HashMap<SessionId, system::SessionOfSockets>,
    ) -> Result<HashMap<Seat, BTreeSet<ChatId>>> {
        let seats = read.values().filter_map(|found| {
            let member = found.standing.membership.as_ref()?;
            Some((member.company, found.standing.user))
        });
        let mut by_company: HashMap<CompanyId, HashSet<UserId>> = HashMap::new();
        for (company, user) in seats {
            by_company.entry(company).or_default().insert(user);
        }
        let companies: Vec<_> = by_company.keys().copied().collect();
        let versions = system::chat_rosters(app.db.reader(), &companies).await?;
        let mut groups = HashMap::new();
        for (company, users) in by_company {
            // Nobody has ever been in a group.
            let Some(version) = versions.get(&company).copied() else { continue };
            let mut stale = Vec::new();
            {
                let kept = self.lock();
                for user in users {
                    match kept.get(&(company, user)) {
                        Some((at, chats)) if *at == version => {
                            groups.insert((company, user), chats.clone());
                        }
                        Some(_) | None => stale.push(user),
                    }
                }
            }
            if stale.is_empty() {
                continue;
            }
            let fresh = chats::groups_of(system::outbox_scope(company), app.db.reader(), &stale).await?;
            let mut kept = self.lock();
            for (user, chats) in fresh {
                kept.insert((company, user), (version, chats.clone()));
                groups.insert((company, user), chats);
            }
        }
        Ok(groups)
    }
}
