//! `calldocker call`: somebody calls a number through the look-alike, does what the flags say in their order, and what
//! happens is printed as it happens.

mod phone;
mod steps;
mod story;

use std::io::Write;
use std::pin::pin;

use carrier::{CallStatus, Line, NewCall, Script};

use super::write;
use crate::config::Settings;
use crate::error::{Error, Result};
use crate::http::server;
pub use phone::Phone;
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

/// Places the call and follows it until it has ended; tells `out` what happens.
///
/// # Errors
/// When no look-alike is reachable, the number is not in service, or the call was not completed.
pub async fn run(settings: &Settings, arguments: Arguments, out: &mut impl Write) -> Result<()> {
    let phone = Phone::find(settings).await?;
    phone.must_be_in_service(&arguments.to).await?;
    let names = Names::of(settings).await;
    let call = NewCall::new(&arguments.from, &arguments.to, Script(arguments.steps.0));
    let sid = phone.call(&call).await?;
    write(out, &format!("{} calls {}\n", arguments.from, arguments.to))?;
    let detail = if arguments.verbose { story::Detail::Requests } else { story::Detail::Call };
    let reader = Reader { phone: &phone, names: &names, story: Story::new(detail), out };
    let status = reader.follow(&sid).await?;
    match status {
        CallStatus::Completed => Ok(()),
        other => Err(Error::internal("the call was not completed", other.as_str())),
    }
}

/// Reads along, for whoever started the command.
struct Reader<'a, W> {
    phone: &'a Phone,
    names: &'a Names,
    story: Story,
    out: &'a mut W,
}

impl<W: Write> Reader<'_, W> {
    /// Tells what is new until the call has ended. Told to stop, the caller hangs up.
    async fn follow(mut self, sid: &str) -> Result<CallStatus> {
        let mut stop = pin!(server::told_to_stop());
        let mut stopped = false;
        let mut after = 0;
        loop {
            let news = tokio::select! {
                news = self.phone.lines(sid, after) => news?,
                told = &mut stop, if !stopped => {
                    told?;
                    stopped = true;
                    self.phone.hang_up(sid).await?;
                    continue;
                }
            };
            for line in &news.lines {
                after = line.n;
                self.tell(sid, line).await?;
            }
            if news.ended && news.lines.is_empty() {
                return Ok(news.status);
            }
        }
    }

    async fn tell(&mut self, sid: &str, line: &Line) -> Result<()> {
        let told = self.story.tell(line);
        write(self.out, &self.names.in_text(told).await)?;
        if let Some(Meeting { room }) = self.story.meeting(line) {
            for address in self.phone.others_in(&room, sid).await? {
                let name = self.names.of_address(&address).await;
                write(self.out, &self.story.meets(line, &name))?;
            }
        }
        Ok(())
    }
}
