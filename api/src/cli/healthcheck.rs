//! `calldocker healthcheck`: the probe of the container image, which has no shell and no curl.

use std::net::IpAddr;
use std::time::Duration;

use crate::config::Settings;
use crate::error::{Error, Result};

const PATIENCE: Duration = Duration::from_secs(5);

pub async fn run(settings: &Settings) -> Result<()> {
    let failed = |cause| Error::internal("ask the server whether it is ready", cause);
    let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().map_err(failed)?;
    // A server that listens on every address is asked at the loopback one.
    let host = match settings.host {
        IpAddr::V4(host) if host.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(host) if host.is_unspecified() => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
        host => host,
    };
    let address = std::net::SocketAddr::new(host, settings.port);
    let reply = client.get(format!("http://{address}/health/ready")).send().await.map_err(failed)?;
    reply.error_for_status().map(drop).map_err(failed)
}
