//! How a socket is heard: how much it may say, how large, and that one thing is done after the other.

use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

use clock::Busy;
use futures_util::FutureExt;
use serde_json::Value;
use socketioxide::extract::{AckSender, Event, SocketRef, TryData};

use super::bucket::{Bucket, Taken};
use super::events;
use super::turns::Turns;
use crate::app::App;

/// Hears its events from now on.
pub fn listen(app: &App, socket: &SocketRef, turns: Turns<Said>) {
    let (receiving, bucket) = (app.clone(), Arc::new(Mutex::new(Bucket::full(app.clock.now()))));
    socket.on_fallback(
        // Called for one event after the other, in the order in which they were sent; what it returns runs by itself.
        move |socket: SocketRef, Event(name): Event, TryData(payload): TryData<Value>, ack: AckSender| {
            let app = receiving.clone();
            let payload = payload.unwrap_or_default();
            let taken = bucket.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take(app.clock.now());
            let refused = match taken {
                Taken::No => Some(events::too_many()),
                Taken::Yes if is_too_large(&payload) => Some(events::too_large()),
                Taken::Yes => None,
            };
            let serves = match refused {
                Some(answer) => {
                    let _ = ack.send(&answer);
                    false
                }
                None => turns.join(Said { name, payload, ack, _busy: app.clock.busy() }),
            };
            let turns = turns.clone();
            async move {
                if serves {
                    hear(&app, &socket, &turns).await;
                }
            }
        },
    );
}

/// An event that a socket has sent.
pub struct Said {
    name: String,
    payload: Value,
    ack: AckSender,
    /// A test's time stands still until it is answered.
    _busy: Busy,
}

/// Answers what the socket has said, and what it says in the meantime.
pub async fn hear(app: &App, socket: &SocketRef, turns: &Turns<Said>) {
    while let Some(said) = turns.next() {
        let answering = AssertUnwindSafe(events::answer(app, socket, &said.name, &said.payload));
        // Whoever comes after it is answered in any case.
        let answer = answering.catch_unwind().await.unwrap_or_else(|_| events::failed());
        // A client that has gone, or reads nothing, gets no answer.
        let _ = said.ack.send(&answer);
    }
}

fn is_too_large(payload: &Value) -> bool {
    struct Room(usize);
    impl io::Write for Room {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::WriteZero)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    serde_json::to_writer(Room(events::LARGEST_EVENT), payload).is_err()
}
