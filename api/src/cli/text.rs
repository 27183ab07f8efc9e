//! `calldocker text`: somebody sends a text message to a number through the look-alike.

use std::io::Write;

use super::call::Phone;
use super::write;
use crate::config::Settings;
use crate::error::Result;

/// Somebody sends a text message to a number.
#[derive(clap::Args)]
pub struct Arguments {
    /// The number that it is sent to, as in +12025550100.
    #[arg(long, value_name = "NUMBER")]
    to: String,
    /// The sender's own number.
    #[arg(long, value_name = "NUMBER", default_value = "+12025550199")]
    from: String,
    /// What it says.
    #[arg(long, value_name = "TEXT")]
    body: String,
}

/// # Errors
/// When no look-alike is reachable, or the number is not in service.
pub async fn run(settings: &Settings, arguments: Arguments, out: &mut impl Write) -> Result<()> {
    let phone = Phone::find(settings).await?;
    phone.must_be_in_service(&arguments.to).await?;
    phone.text(&arguments.from, &arguments.to, &arguments.body).await?;
    write(out, &format!("{} writes to {}: {}\n", arguments.from, arguments.to, arguments.body))
}
