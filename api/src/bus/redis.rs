//! Wake-ups and fleeting events over Redis publish/subscribe, with a connection that comes back by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use entity::id::NodeId;
use futures_util::StreamExt;
use redis::AsyncCommands;
use tokio::sync::mpsc;

use super::{Bus, Connection, Fleeting, Remote, Wake};
use crate::secret::Secret;

const CHANNEL: &str = "calldocker:wake";
const FLEETING: &str = "calldocker:tell";
/// Beyond this many unsent messages new ones are dropped: the others poll anyway.
const BACKLOG: usize = 10_000;
const RETRY: Duration = Duration::from_secs(1);

/// The connection of one node.
pub struct RedisBus {
    outgoing: mpsc::Sender<(&'static str, String)>,
    /// What this node has said itself comes back from Redis with this before it.
    name: String,
    connected: Arc<AtomicBool>,
}

impl RedisBus {
    /// Connects in the background and stays at it; what is published meanwhile is lost, as wake-ups may be.
    pub fn start(
        url: &Secret,
        bus: &Bus,
        clock: &clock::Clock,
        node: NodeId,
    ) -> Result<Arc<Self>, redis::RedisError> {
        let client = redis::Client::open(url.expose())?;
        let connected = Arc::new(AtomicBool::new(false));
        let (outgoing, messages) = mpsc::channel(BACKLOG);
        let name = node.0.simple().to_string();
        let listening = (connected.clone(), name.clone());
        tokio::spawn(listen(client.clone(), bus.clone(), listening, clock.clone()));
        tokio::spawn(speak(client, messages));
        Ok(Arc::new(Self { outgoing, name, connected }))
    }
}

impl Remote for RedisBus {
    fn publish(&self, wake: Wake) {
        let _ = self.outgoing.try_send((CHANNEL, encode(wake)));
    }

    fn tell(&self, event: Fleeting) {
        if let Ok(text) = serde_json::to_string(&event) {
            let _ = self.outgoing.try_send((FLEETING, format!("{}:{text}", self.name)));
        }
    }

    fn connection(&self) -> Connection {
        if self.connected.load(Ordering::Relaxed) { Connection::Connected } else { Connection::Lost }
    }
}

async fn speak(client: redis::Client, mut messages: mpsc::Receiver<(&'static str, String)>) {
    let mut connection = None;
    while let Some((channel, text)) = messages.recv().await {
        if connection.is_none() {
            connection = client.get_multiplexed_async_connection().await.ok();
        }
        let Some(open) = connection.as_mut() else { continue };
        if open.publish::<_, _, ()>(channel, text).await.is_err() {
            connection = None;
        }
    }
}

async fn listen(
    client: redis::Client,
    bus: Bus,
    (connected, name): (Arc<AtomicBool>, String),
    clock: clock::Clock,
) {
    loop {
        if let Ok(mut subscription) = client.get_async_pubsub().await
            && subscription.subscribe(CHANNEL).await.is_ok()
            && subscription.subscribe(FLEETING).await.is_ok()
        {
            connected.store(true, Ordering::Relaxed);
            let mut messages = subscription.on_message();
            while let Some(message) = messages.next().await {
                let Ok(text) = message.get_payload::<String>() else { continue };
                if message.get_channel_name() == FLEETING {
                    if let Some(event) = of_another(&text, &name) {
                        bus.tell_here(event);
                    }
                } else if let Some(wake) = decode(&text) {
                    bus.wake_here(wake);
                }
            }
            connected.store(false, Ordering::Relaxed);
            tracing::warn!("Redis is gone; polling until it is back");
        }
        drop(clock.sleep(RETRY).await);
    }
}

/// An event that another node has sent.
fn of_another(text: &str, name: &str) -> Option<Fleeting> {
    let (sender, event) = text.split_once(':')?;
    (sender != name).then(|| serde_json::from_str(event).ok()).flatten()
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

    #[test]
    fn a_node_does_not_hear_itself() {
        let company = uuid::Uuid::from_u128(7).into();
        let payload = serde_json::json!({"isTyping": true});
        let event = Fleeting { company, rooms: vec!["user:1".into()], event: "user_typing".into(), payload };
        let text = format!("a:{}", serde_json::to_string(&event).unwrap());
        assert_eq!((of_another(&text, "a"), of_another(&text, "b")), (None, Some(event)));
        assert_eq!(of_another("nonsense", "a"), None);
    }
}
