//! `calldocker call`: somebody calls a number through the look-alike, does what the flags say in their order, and what
//! happens is printed as it happens.

mod phone;
mod steps;
mod story;

use std::pin::pin;

use carrier::{CallStatus, NewCall, Script};

use super::print;
use crate::config::Settings;
use crate::error::{Error, Result};
use crate::http::server;
use phone::Phone;
use steps::Steps;
use story::{Meeting, Names, Story};

/// Somebody calls a number. What the caller does is said by the flags after that, in their order and as often as wanted;
/// after the last he stays on the line until the call ends.
#[derive(clap::Args)]
pub struct Arguments {
    /// The number that is called, as in +12025550100.
    #[arg(long, value_name = "NUMBER")]
    to: String,
    /// The caller's own number.
    #[arg(long, value_name = "NUMBER", default_value = "+12025550199")]
    from: String,
    /// Prints each request to the server, too.
    #[arg(long)]
    verbose: bool,
    #[command(flatten)]
    steps: Steps,
}

/// Places the call and follows it until it has ended.
///
/// # Errors
/// When no look-alike is reachable, the number is not in service, or the call was not completed.
pub async fn run(settings: &Settings, arguments: Arguments) -> Result<()> {
    let phone = Phone::find(settings).await?;
    phone.must_be_in_service(&arguments.to).await?;
    let names = Names::of(settings).await;
    let call = NewCall::new(&arguments.from, &arguments.to, Script(arguments.steps.0));
    let sid = phone.call(&call).await?;
    print(&format!("{} calls {}\n", arguments.from, arguments.to))?;
    let detail = if arguments.verbose { story::Detail::Requests } else { story::Detail::Call };
    let status = follow(&phone, &sid, &names, Story::new(detail)).await?;
    match status {
        CallStatus::Completed => Ok(()),
        other => Err(Error::internal("the call was not completed", other.as_str())),
    }
}

/// Prints what is new until the call has ended. Told to stop, the caller hangs up.
async fn follow(phone: &Phone, sid: &str, names: &Names, mut story: Story) -> Result<CallStatus> {
    let mut stop = pin!(server::told_to_stop());
    let mut stopped = false;
    let mut after = 0;
    loop {
        let news = tokio::select! {
            news = phone.lines(sid, after) => news?,
            told = &mut stop, if !stopped => {
                told?;
                stopped = true;
                phone.hang_up(sid).await?;
                continue;
            }
        };
        for line in &news.lines {
            after = line.n;
            let mut told = story.tell(line);
            if let Some(Meeting { room }) = story.meeting(line) {
                for address in phone.others_in(&room, sid).await? {
                    told.push_str(&story.meets(line, &names.of_address(&address).await));
                }
            }
            print(&names.in_text(told).await)?;
        }
        if news.ended && news.lines.is_empty() {
            return Ok(news.status);
        }
    }
}
