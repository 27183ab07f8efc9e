//! Who a socket's session makes it, and the rooms that follow from it. Rooms lie within a company (see `roster`).

use std::collections::{BTreeSet, HashMap};

use entity::id::{QueueId, SessionId};

use super::roster::Dismissal;
use crate::app::App;
use crate::authz::{Permission, ReadCalls, Rows};
use crate::error::{Error, Result};
use crate::identity::Caller;
use crate::store::{Audience, system};

pub type Place = (Caller, BTreeSet<String>);

/// What each of these sessions is good for now, read in one query for all of them.
pub async fn of_sessions(
    app: &App,
    sessions: &[SessionId],
) -> Result<HashMap<SessionId, Result<Place, Dismissal>>> {
    let read = system::sessions_of_sockets(app.db.reader(), sessions).await?;
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
        Ok((caller, of(app, &caller, &found.queues)))
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
