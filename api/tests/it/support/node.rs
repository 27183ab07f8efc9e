//! Another node beside a test's: the same database, the same clock, a port of its own.

use std::time::Duration;

use calldocker::app::App;
use calldocker::bus::{Connection, Delivery};
use calldocker::http::server;
use clock::Clock;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::TestApp;

/// It has a runtime of its own so that it can be killed: nothing of it says goodbye.
pub struct Node {
    pub app: App,
    pub url: String,
    runtime: Runtime,
}

impl Node {
    /// Where there is Redis, once both hear each other.
    pub async fn start(beside: &TestApp) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let (settings, clock) = (beside.app.settings.clone(), beside.clock.clone());
        let started = runtime.spawn(async move {
            let node = App::build(settings, clock, Delivery::Deliver).await.expect("the node is built");
            node.start_work().await.expect("the node works");
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let url = format!("http://{}", listener.local_addr().expect("a bound port"));
            let serving = node.clone();
            tokio::spawn(async move { server::serve(&serving, listener, std::future::pending()).await });
            (node, url)
        });
        let (app, url) = started.await.expect("the node starts");
        while [&beside.app, &app].iter().any(|node| node.bus.connection() == Connection::Lost) {
            tokio::task::yield_now().await;
        }
        Self { app, url, runtime }
    }

    /// It goes while it is still: what a dead process would have had in hand stays in this one, and the clock would wait
    /// for it.
    pub async fn kill(self, clock: &Clock) {
        clock.still().await;
        self.stop().await;
    }

    /// As it is.
    pub async fn stop(self) {
        drop(self.app);
        tokio::task::spawn_blocking(|| self.runtime.shutdown_timeout(Duration::from_secs(10))).await.unwrap();
    }
}

/// What Redis counts ends by the machine's time; it passes with a test's here. Only for a database of Redis that these tests have
/// for themselves.
pub async fn pass_in_redis(url: &str, time: Duration) {
    let client = redis::Client::open(url).expect("an address of Redis");
    let mut redis = client.get_multiplexed_async_connection().await.expect("Redis is there");
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut redis).await.expect("its keys");
    for key in keys {
        let left: i64 =
            redis::cmd("PTTL").arg(&key).query_async(&mut redis).await.expect("how long it lives");
        let left = left - i64::try_from(time.as_millis()).expect("a short time");
        let _: i64 =
            redis::cmd("PEXPIRE").arg(&key).arg(left).query_async(&mut redis).await.expect("a count");
    }
}
