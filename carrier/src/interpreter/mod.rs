//! Executes TwiML for one leg: one task a leg, from the first document to the last.
//!
//! Owns the order of a leg's life. The rules of conferences, queues and recordings are those modules'. The task holds
//! a [`Busy`] guard whenever it does anything but wait.

mod dial;
mod document;
mod enqueue;
mod gather;
mod life;
mod prompt;
mod record;
mod room;

pub(crate) use life::{Detection, Purpose, start_inbound, start_outbound};
pub(crate) use room::announce;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use clock::Busy;

use crate::call::{CallStatus, Direction, Plan};
use crate::callbacks::Listener;
use crate::leg::{Input, Leg};
use crate::state::Shared;
use crate::transcript::LineKind;
use crate::twiml::{Document, Link, Music, Subscription, Verb};
use crate::webhook::Params;

/// So many documents of somebody who waits may follow each other without time passing; then a second passes.
const WAIT_HOPS: u32 = 10;

/// Where a document comes from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// Absolute.
    Url { link: Link, extra: Params },
    /// Given with a REST request.
    Text(String),
}

/// After a verb or a document.
enum Flow {
    Continue,
    Goto(Source),
}

/// Why execution stops in the middle.
enum Exit {
    /// By the phone, or by `<Hangup>`.
    HungUp,
    /// Over REST.
    Ended,
    /// Over REST, to another document.
    Redirected(Source),
    /// `<Leave>`.
    Left,
    /// A key or a word came while a `<Gather>` prompts; it is in `Session::typed`.
    BargeIn,
    /// What the document accompanies (a queue, a conference) has changed; for a queue, `Session::taken` says how.
    Interrupted,
    /// No document could be had: the apology was heard.
    Failed,
}

/// On which part of a call a document runs; not every verb is allowed everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Call,
    QueueWait,
    RoomWait,
    Whisper,
}

impl Stage {
    fn allows(self, verb: &Verb) -> bool {
        match verb {
            Verb::Say(_) | Verb::Play(_) | Verb::Pause(_) | Verb::Redirect(_) => true,
            Verb::Gather(_) | Verb::Hangup => self != Stage::RoomWait,
            Verb::Leave => self == Stage::QueueWait,
            Verb::Record(_) | Verb::Dial(_) | Verb::Enqueue(_) | Verb::Reject(_) => self == Stage::Call,
        }
    }
}

/// How a call was taken out of its queue.
enum Taken {
    Dequeued(Source),
    Dialed { by: String, url: Option<Link> },
}

struct Session {
    shared: Arc<Shared>,
    leg: Arc<Leg>,
    busy: Option<Busy>,
    /// Of the current document; `None` for one that came with a REST request.
    base: Option<String>,
    fallback: Option<Link>,
    /// A `<Gather>` listens.
    listening: bool,
    typed: Option<Input>,
    /// The call waits in a queue.
    queued: bool,
    taken: Option<Taken>,
    /// The call is in a conference.
    in_room: bool,
}

impl Session {
    fn new(shared: Arc<Shared>, leg: Arc<Leg>) -> Self {
        let busy = Some(shared.clock.busy());
        Self {
            shared,
            leg,
            busy,
            base: None,
            fallback: None,
            listening: false,
            typed: None,
            queued: false,
            taken: None,
            in_room: false,
        }
    }

    fn warn(&self, text: impl Into<String>) {
        let text = text.into();
        tracing::warn!(call = %self.leg.sid, "{text}");
        self.leg.line(LineKind::Warning, text);
    }

    fn error(&self, text: String) {
        tracing::warn!(call = %self.leg.sid, "{text}");
        self.leg.line(LineKind::Error, text);
    }

    // Waiting

    /// The next input that is none of the call's whole life, or `None` at the deadline.
    async fn next(&mut self, deadline: Option<DateTime<Utc>>) -> Result<Option<Input>, Exit> {
        loop {
            let Some(input) = self.leg.wait(&mut self.busy, deadline).await else { return Ok(None) };
            if let Some(input) = self.route(input)? {
                return Ok(Some(input));
            }
        }
    }

    /// Takes what came meanwhile, without waiting. Keys and words for which nothing listens are lost, as on a
    /// telephone.
    fn check(&mut self) -> Result<(), Exit> {
        while let Some(input) = self.leg.pop() {
            self.route(input)?;
        }
        Ok(())
    }

    fn route(&mut self, input: Input) -> Result<Option<Input>, Exit> {
        match input {
            Input::HungUp => Err(Exit::HungUp),
            Input::End => Err(Exit::Ended),
            Input::Redirect(source) => Err(Exit::Redirected(source)),
            Input::Dequeue(source) if self.queued => {
                self.taken = Some(Taken::Dequeued(source));
                Err(Exit::Interrupted)
            }
            // Of the queue that it has just left.
            Input::Dequeue(_) => Ok(None),
            Input::TakenFromQueue { by, url } if self.queued => {
                self.taken = Some(Taken::Dialed { by, url });
                Err(Exit::Interrupted)
            }
            Input::TakenFromQueue { by, .. } => {
                self.tell_peer_gone(&by, CallStatus::Completed);
                Ok(None)
            }
            Input::RoomChanged if self.in_room => Err(Exit::Interrupted),
            Input::RoomChanged => Ok(None),
            Input::Digit(_)
            | Input::SpeechBegan
            | Input::Speech(_)
            | Input::PeerReady { .. }
            | Input::PeerGone { .. } => Ok(Some(input)),
        }
    }

    fn deadline(&self, wait: std::time::Duration) -> DateTime<Utc> {
        self.shared.clock.now() + TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX)
    }

    /// Time passes; a key or a word ends it when a `<Gather>` listens.
    async fn rest(&mut self, wait: std::time::Duration) -> Result<(), Exit> {
        let deadline = self.deadline(wait);
        while let Some(input) = self.next(Some(deadline)).await? {
            let typed = matches!(input, Input::Digit(_) | Input::SpeechBegan | Input::Speech(_));
            if typed && self.listening {
                self.typed = Some(input);
                return Err(Exit::BargeIn);
            }
        }
        Ok(())
    }

    /// Until something happens to the call.
    async fn rest_for_ever(&mut self) -> Result<(), Exit> {
        while self.next(None).await?.is_some() {}
        Ok(())
    }

    // Documents

    /// Executes the verbs one after the other.
    async fn execute(&mut self, document: &Document, stage: Stage) -> Result<Flow, Exit> {
        for verb in &document.verbs {
            self.check()?;
            if !stage.allows(verb) {
                self.warn(format!("12200 <{}> is not allowed here; it is skipped", verb.name()));
                continue;
            }
            let flow = match verb {
                Verb::Say(say) => self.say_verb(say).await?,
                Verb::Play(play) => self.play(play).await?,
                Verb::Pause(length) => {
                    self.rest(*length).await?;
                    Flow::Continue
                }
                Verb::Gather(gather) => self.gather(gather).await?,
                Verb::Record(record) => self.record(record).await?,
                Verb::Dial(dial) => Box::pin(self.dial(dial)).await?,
                Verb::Enqueue(enqueue) => Box::pin(self.enqueue(enqueue)).await?,
                Verb::Leave => return Err(Exit::Left),
                // Reject answers nothing any more once the call was answered: it ends it.
                Verb::Hangup | Verb::Reject(_) => return Err(Exit::HungUp),
                Verb::Redirect(link) => {
                    Flow::Goto(Source::Url { link: self.absolute(link)?, extra: Vec::new() })
                }
            };
            if let Flow::Goto(_) = flow {
                return Ok(flow);
            }
        }
        self.check()?;
        Ok(Flow::Continue)
    }

    /// A document in itself, with what it redirects to, on a part of the call.
    async fn perform(&mut self, first: Source, stage: Stage) -> Result<(), Exit> {
        let mut source = first;
        let base = self.base.clone();
        let mut hops = 0;
        let result = loop {
            let began = self.shared.clock.now();
            let document = match self.document_without_fallback(&source).await {
                Ok(document) => document,
                Err(failure) => {
                    self.error(format!("{} {}", failure.code, failure.message));
                    break Ok(());
                }
            };
            match Box::pin(self.execute(&document, stage)).await {
                Ok(Flow::Continue) => break Ok(()),
                Ok(Flow::Goto(next)) => source = next,
                Err(exit) => break Err(exit),
            }
            hops = if began == self.shared.clock.now() { hops + 1 } else { 0 };
            // Documents of nothing but <Redirect> would be fetched as fast as the machine can.
            if hops >= WAIT_HOPS
                && let Err(exit) = self.rest(std::time::Duration::from_secs(1)).await
            {
                break Err(exit);
            }
        };
        self.base = base;
        result
    }

    /// Music for somebody who waits: plays until something happens.
    async fn music(&mut self, music: &Music, stage: Stage, extra: Params) -> Result<(), Exit> {
        match music {
            Music::Default => self.leg.line(LineKind::Played, "hold music"),
            Music::Silence => {}
            Music::Document(link) => {
                self.perform(Source::Url { link: link.clone(), extra }, stage).await?;
            }
        }
        self.rest_for_ever().await
    }

    /// What the owner of this phone says is heard by whom he is connected with.
    fn relay(&self, text: &str) {
        let (name, audience) = {
            let state = self.shared.lock();
            (state.address(&self.leg.sid), state.audience(&self.leg.sid))
        };
        for leg in audience {
            leg.line(LineKind::Heard, format!("{name}: {text}"));
        }
    }

    fn absolute(&self, link: &Link) -> Result<Link, Exit> {
        match crate::webhook::resolve(self.base.as_deref(), &link.url) {
            Ok(url) => Ok(Link { url, method: link.method }),
            Err(failure) => {
                self.error(format!("{} {}", failure.code, failure.message));
                Err(Exit::Failed)
            }
        }
    }

    /// The absolute address of a verb's action, if it has one.
    fn action(&self, url: &Option<String>, method: crate::twiml::Method) -> Result<Option<Link>, Exit> {
        url.as_ref().map(|url| self.absolute(&Link { url: url.clone(), method })).transpose()
    }

    fn listener(&self, subscription: Option<&Subscription>) -> Result<Option<Listener>, Exit> {
        subscription
            .map(|s| {
                let link = self.absolute(&s.link)?;
                Ok(Listener::new(link.url, link.method, s.events.clone()))
            })
            .transpose()
    }

    /// The last request of a verb whose call has ended meanwhile: its answer is not read.
    async fn farewell(&mut self, action: Option<Link>, extra: Params) {
        let Some(link) = action else { return };
        self.shared.stop_recordings_of_call(&self.leg.sid);
        self.shared.set_status(&self.leg.sid, CallStatus::Completed);
        drop(self.fetch(&link, extra).await);
    }

    /// A child leg's plan: who dials is who called, unless the document says otherwise.
    fn child_plan(&self, to: &str, caller_id: Option<&String>, listener: Option<Listener>) -> Plan {
        let from = self.shared.lock().address(&self.leg.sid);
        Plan {
            parent: Some(self.leg.sid.clone()),
            from: caller_id.cloned().unwrap_or(from),
            to: to.to_owned(),
            caller_name: None,
            number_sid: None,
            direction: Direction::OutboundDial,
            listener,
            extra: Vec::new(),
            time_limit: None,
        }
    }
}
