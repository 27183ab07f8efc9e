//! The clients against the services' look-alikes, on loopback.

mod apns;
mod expo;
mod fakes;
mod fcm;
mod sizes;

use std::time::Duration;

use chrono::{DateTime, Utc};
use clock::Clock;
use push::{Endpoint, Error, Timeouts};

fn noon() -> DateTime<Utc> {
    "2026-03-02T12:00:00Z".parse().expect("a moment")
}

fn clock() -> Clock {
    Clock::simulated(noon())
}

async fn minutes(clock: &Clock, minutes: u64) {
    clock.advance(Duration::from_secs(60 * minutes)).await;
}

/// For a service that will not answer.
fn impatient(endpoint: Endpoint) -> Endpoint {
    endpoint.timeouts(Timeouts { connect: Duration::from_secs(30), reply: Duration::from_millis(300) })
}

/// An address at which nobody listens.
async fn nobody() -> Endpoint {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    Endpoint::new(format!("http://{}", listener.local_addr().expect("an address")))
}

fn is_misconfigured(error: &Error, word: &str) -> bool {
    matches!(error, Error::Misconfigured { reason } if reason.contains(word))
}
