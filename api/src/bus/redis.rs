//! Wake-ups over Redis publish/subscribe, with a connection that comes back by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use redis::AsyncCommands;
use tokio::sync::mpsc;

use super::{Bus, Connection, Remote, Wake};
use crate::secret::Secret;

const CHANNEL: &str = "calldocker:wake";
/// Beyond this many unsent wake-ups new ones are dropped: the others poll anyway.
const BACKLOG: usize = 10_000;
const RETRY: Duration = Duration::from_secs(1);

/// The connection of one node.
pub struct RedisBus {
    outgoing: mpsc::Sender<Wake>,
    connected: Arc<AtomicBool>,
}

impl RedisBus {
    /// Connects in the background and stays at it; what is published meanwhile is lost, as wake-ups may be.
    pub fn start(url: &Secret, bus: &Bus, clock: &clock::Clock) -> Result<Arc<Self>, redis::RedisError> {
        let client = redis::Client::open(url.expose())?;
        let connected = Arc::new(AtomicBool::new(false));
        let (outgoing, wakes) = mpsc::channel(BACKLOG);
        tokio::spawn(listen(client.clone(), bus.clone(), connected.clone(), clock.clone()));
        tokio::spawn(speak(client, wakes));
        Ok(Arc::new(Self { outgoing, connected }))
    }
}

impl Remote for RedisBus {
    fn publish(&self, wake: Wake) {
        let _ = self.outgoing.try_send(wake);
    }

    fn connection(&self) -> Connection {
        if self.connected.load(Ordering::Relaxed) { Connection::Connected } else { Connection::Lost }
    }
}

async fn speak(client: redis::Client, mut wakes: mpsc::Receiver<Wake>) {
    let mut connection = None;
    while let Some(wake) = wakes.recv().await {
        if connection.is_none() {
            connection = client.get_multiplexed_async_connection().await.ok();
        }
        let Some(open) = connection.as_mut() else { continue };
        if open.publish::<_, _, ()>(CHANNEL, encode(wake)).await.is_err() {
            connection = None;
        }
    }
}

async fn listen(client: redis::Client, bus: Bus, connected: Arc<AtomicBool>, clock: clock::Clock) {
    loop {
        if let Ok(mut subscription) = client.get_async_pubsub().await
            && subscription.subscribe(CHANNEL).await.is_ok()
        {
            connected.store(true, Ordering::Relaxed);
            let mut messages = subscription.on_message();
            while let Some(message) = messages.next().await {
                if let Some(wake) = message.get_payload::<String>().ok().as_deref().and_then(decode) {
                    bus.wake_here(wake);
                }
            }
            connected.store(false, Ordering::Relaxed);
            tracing::warn!("Redis is gone; polling until it is back");
        }
        drop(clock.sleep(RETRY).await);
    }
}

fn encode(wake: Wake) -> String {
    match wake {
        Wake::Jobs => "jobs".to_owned(),
        Wake::Routing(company) => format!("routing:{company}"),
        Wake::Outbox(company) => format!("outbox:{company}"),
    }
}

fn decode(text: &str) -> Option<Wake> {
    match text.split_once(':') {
        None if text == "jobs" => Some(Wake::Jobs),
        Some(("routing", company)) => company.parse().ok().map(Wake::Routing),
        Some(("outbox", company)) => company.parse().ok().map(Wake::Outbox),
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_survives_the_wire() {
        let company = uuid::Uuid::from_u128(7).into();
        for wake in [Wake::Jobs, Wake::Routing(company), Wake::Outbox(company)] {
            assert_eq!(decode(&encode(wake)), Some(wake));
        }
        assert_eq!(decode("routing:nonsense"), None);
    }
}
