//! `calldocker carrier`: the look-alike of the provider by itself, for servers and tests in other processes.

use std::fmt::Write as _;

use clock::Clock;

use super::{look_alike, print};
use crate::config::Settings;
use crate::error::Result;
use crate::http::server;

pub async fn run(settings: Settings) -> Result<()> {
    let carrier = look_alike::start(&settings, &Clock::machine()).await?;
    print(&how_to_use(&settings, &carrier.api_url()))?;
    server::told_to_stop().await?;
    carrier.stop().await;
    Ok(())
}

fn how_to_use(settings: &Settings, url: &str) -> String {
    let token = match settings.twilio {
        Some(_) => "the TWILIO_AUTH_TOKEN of this process".to_owned(),
        None => format!("$(cat {})", settings.data_dir.join("carrier_token").display()),
    };
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = writeln!(text, "A look-alike of Twilio answers at {url}. Servers reach it with");
    let _ = writeln!(text);
    let _ = writeln!(text, "  TWILIO_API_URL={url}");
    let _ = writeln!(text, "  TWILIO_ACCOUNT_SID={}", look_alike::account_sid(settings));
    let _ = writeln!(text, "  TWILIO_AUTH_TOKEN={token}");
    text
}
