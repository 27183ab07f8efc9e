//! Socket.IO at /socket.io: who may connect, which rooms a socket is in, the events that it is told and those that it
//! sends. What is told comes from the outbox rows of the database, which every node tails by itself for the companies
//! of its sockets: no event depends on another node or on Redis. Nothing is decided here: an event that a client sends
//! goes to the same use case, under the same permission, as its REST operation. `docs/realtime.md` is for clients.

mod bucket;
mod centre_events;
mod chat_events;
mod dialects;
mod endpoint;
mod events;
mod figures;
mod handshake;
mod hearing;
mod peer_events;
mod rooms;
mod roster;
mod snapshot;
mod tail;
mod turns;
mod watch;

pub use endpoint::Gateway;
pub use events::listened;
use serde_json::Value;
use socketioxide::extract::SocketRef;
use socketioxide::{SendError, SocketError};

use crate::app::App;
use crate::presence;
use roster::{Dismissal, Line, Roster, Sent};

/// The sockets of this node.
#[derive(Default)]
pub struct Sockets(Roster<Wire>, rooms::Groups);

impl Sockets {
    /// How many have signed in.
    pub fn connected(&self) -> usize {
        self.0.count()
    }
}

/// Runs until the process ends: tells the sockets what happens, and looks after them. Also on a node without sockets,
/// since somebody has to receive the outbox's wake-ups.
pub async fn run(app: App) {
    tokio::join!(tail::run(&app), watch::run(&app), presence::run(&app), tell_fleeting(&app));
}

async fn tell_fleeting(app: &App) {
    loop {
        let (_busy, events) = app.bus.fleeting().await;
        for told in events {
            app.sockets.0.tell(told.company, &told.rooms, &told.event, &told.payload);
        }
    }
}

/// A connected socket.
#[derive(Clone)]
struct Wire(SocketRef);

impl Line for Wire {
    fn send(&self, event: &str, payload: &Value) -> Sent {
        match self.0.emit(event, payload) {
            Ok(()) => Sent::Yes,
            Err(SendError::Socket(SocketError::InternalChannelFull)) => Sent::Full,
            Err(SendError::Socket(SocketError::Closed)) => Sent::Closed,
            Err(SendError::Serialize(cause)) => {
                tracing::error!(event, %cause, "an event cannot be written");
                Sent::Yes
            }
        }
    }
}

impl Wire {
    /// Says why, and ends the socket. When its buffer is too full for that, `watch` tries again.
    fn dismiss(self, app: &App, why: Dismissal) {
        let sid = self.0.id;
        self.send("authentication_error", &why.describe());
        if self.0.clone().disconnect().is_err() {
            app.sockets.0.greet(sid, self, app.clock.now());
        }
    }
}
