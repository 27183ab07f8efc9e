//! Executes TwiML for one leg: one task a leg, from the first document to the last.
//!
//! Owns the order of a leg's life. The rules of conferences, queues and recordings are those modules'. The task holds
//! a [`Busy`] guard whenever it does anything but wait.

mod dial;
mod document;
mod enqueue;
mod gather;
mod prompt;
mod record;
mod room;

pub(crate) use room::announce;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use clock::Busy;

use crate::call::{CallStatus, Direction, Plan};
use crate::callbacks::Listener;
use crate::conference::LeaveReason;
use crate::leg::{Input, Leg};
use crate::script::{self, Answer, Endpoint, Script, seconds};
use crate::state::Shared;
use crate::transcript::LineKind;
use crate::twiml::{Document, Link, Music, RejectReason, Subscription, Verb};
use crate::webhook::Params;

/// Twilio rings so many seconds longer than it was told to.
const RING_BUFFER: f64 = 5.0;
/// From dialling to the first ring.
const SETUP: f64 = 0.2;
/// So many documents may follow each other without time passing.
const HOPS: u32 = 100;
/// From the first ring to a phone's refusal.
const REFUSAL: f64 = 1.0;

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
        match (self, verb) {
            (_, Verb::Say(_) | Verb::Play(_) | Verb::Pause(_)) => true,
            (Stage::Call, Verb::Leave) => false,
            (Stage::Call, _) => true,
            (Stage::QueueWait, Verb::Gather(_) | Verb::Hangup | Verb::Redirect(_) | Verb::Leave) => true,
            (Stage::RoomWait, Verb::Redirect(_)) => true,
            (Stage::Whisper, Verb::Gather(_) | Verb::Hangup | Verb::Redirect(_)) => true,
            (Stage::QueueWait | Stage::RoomWait | Stage::Whisper, _) => false,
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

/// What an outbound leg does when it was answered.
pub(crate) enum Purpose {
    Document {
        source: Source,
        fallback: Option<Link>,
    },
    /// Joins this conference, where it is expected.
    Participant {
        room: String,
    },
    /// Is bridged with the leg that dials it, after a whisper.
    Child {
        parent: String,
        whisper: Option<Link>,
    },
}

/// What answering machine detection was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detection {
    Off,
    On,
}

/// Somebody calls one of the customer's numbers.
pub(crate) fn start_inbound(shared: &Arc<Shared>, plan: Plan, script: Script) -> Arc<Leg> {
    let number = shared.lock().number(&plan.to).cloned();
    let lookup = number.as_ref().is_some_and(|n| n.caller_id_lookup);
    let plan = Plan {
        number_sid: number.as_ref().map(|n| n.sid.clone()),
        listener: number.as_ref().filter(|n| n.status_callback.is_set()).map(|n| {
            let hook = &n.status_callback;
            Listener::new(hook.url.clone(), hook.method, vec!["completed".to_owned()])
        }),
        caller_name: plan.caller_name.filter(|_| lookup),
        ..plan
    };
    let leg = shared.create_call(plan);
    script::perform(leg.clone(), shared.clock.clone(), script);
    let mut session = Session::new(shared.clone(), leg.clone());
    tokio::spawn(async move {
        session.shared.set_status(&session.leg.sid, CallStatus::Ringing);
        let status = match number {
            Some(number) if number.voice.is_set() => {
                let hook = number.voice_fallback;
                session.fallback = hook.is_set().then_some(Link { url: hook.url, method: hook.method });
                let link = Link { url: number.voice.url, method: number.voice.method };
                session.run_inbound(Source::Url { link, extra: Vec::new() }).await
            }
            Some(number) => {
                session.error(format!("{} has no VoiceUrl: nobody answers", number.phone_number));
                CallStatus::Failed
            }
            None => {
                session.error("nobody configured this number: the call cannot be completed".to_owned());
                CallStatus::Failed
            }
        };
        session.finish(status);
    });
    leg
}

/// Starts to dial a call that was written down.
pub(crate) fn start_outbound(
    shared: &Arc<Shared>,
    leg: Arc<Leg>,
    timeout: u64,
    detection: Detection,
    purpose: Purpose,
) {
    let mut session = Session::new(shared.clone(), leg);
    tokio::spawn(async move {
        let status = session.run_outbound(timeout, detection, &purpose).await;
        if let Purpose::Child { parent, .. } = &purpose {
            session.tell_peer_gone(parent, status);
        }
        session.finish(status);
    });
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

    fn finish(&mut self, status: CallStatus) {
        self.shared.finish_call(&self.leg.sid, status);
        self.busy = None;
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

    // The life of a leg

    async fn run_inbound(&mut self, first: Source) -> CallStatus {
        let document = match self.document(&first).await {
            Ok(document) => document,
            Err(exit) => {
                self.shared.set_status(&self.leg.sid, CallStatus::InProgress);
                return self.last_words(exit).await;
            }
        };
        if let Some(Verb::Reject(reason)) = document.verbs.first() {
            return match reason {
                RejectReason::Busy => CallStatus::Busy,
                RejectReason::Rejected => CallStatus::NoAnswer,
            };
        }
        // Whoever hung up while it rang was never answered.
        if let Err(Exit::HungUp | Exit::Ended) = self.check() {
            return CallStatus::NoAnswer;
        }
        self.shared.set_status(&self.leg.sid, CallStatus::InProgress);
        self.run(Ok(document)).await
    }

    /// Executes document after document until the call ends.
    async fn run(&mut self, mut document: Result<Document, Exit>) -> CallStatus {
        let mut moved = self.shared.clock.now();
        let mut hops = 0;
        loop {
            if moved == self.shared.clock.now() {
                hops += 1;
            } else {
                (moved, hops) = (self.shared.clock.now(), 0);
            }
            if hops > HOPS {
                self.error(format!("{HOPS} documents in no time: they redirect in a circle"));
                return self.last_words(Exit::Failed).await;
            }
            let result = match document {
                Ok(document) => self.execute(&document, Stage::Call).await,
                Err(exit) => Err(exit),
            };
            let source = match result {
                // The end of a document is the end of the call.
                Ok(Flow::Continue) => return CallStatus::Completed,
                Ok(Flow::Goto(source)) | Err(Exit::Redirected(source)) => source,
                Err(exit) => return self.last_words(exit).await,
            };
            document = self.document(&source).await;
        }
    }

    /// What is heard before the line goes dead.
    async fn last_words(&mut self, exit: Exit) -> CallStatus {
        match exit {
            Exit::Failed => {
                // Whoever hangs up or redirects during the apology changes nothing any more.
                let text = "We are sorry, an application error has occurred. Goodbye.";
                drop(self.say(text).await);
                CallStatus::Completed
            }
            Exit::HungUp
            | Exit::Ended
            | Exit::Redirected(_)
            | Exit::Left
            | Exit::BargeIn
            | Exit::Interrupted => CallStatus::Completed,
        }
    }

    async fn run_outbound(&mut self, timeout: u64, detection: Detection, purpose: &Purpose) -> CallStatus {
        let sid = self.leg.sid.clone();
        self.shared.set_status(&sid, CallStatus::Queued);
        let (to, endpoint) = {
            let state = self.shared.lock();
            let to = state.calls.get(&sid).map_or_else(String::new, |c| c.to.clone());
            let phone = state.endpoints.get(&to).cloned();
            (to.clone(), phone.unwrap_or_else(|| Endpoint::default_for(&to)))
        };
        self.leg.line(LineKind::Status, format!("calling {to}"));
        match self.ring(timeout, endpoint.answer).await {
            Ok(()) => {}
            Err(status) => {
                if let Purpose::Participant { room } = purpose {
                    self.shared.leave_room(room, &sid, LeaveReason::AddFailed, status);
                }
                return status;
            }
        }
        if detection == Detection::On
            && let Some(call) = self.shared.lock().calls.get_mut(&sid)
        {
            call.answered_by = Some(endpoint.answered_by.as_str().to_owned());
        }
        self.shared.set_status(&sid, CallStatus::InProgress);
        script::perform(self.leg.clone(), self.shared.clock.clone(), endpoint.script);
        match purpose {
            Purpose::Document { source, fallback } => {
                self.fallback = fallback.clone();
                let document = self.document(&self.with_answered_by(source)).await;
                self.run(document).await
            }
            Purpose::Participant { room } => {
                let room = room.clone();
                match self.visit(&room).await {
                    Ok(()) => CallStatus::Completed,
                    Err(Exit::Redirected(source)) => {
                        let document = self.document(&source).await;
                        self.run(document).await
                    }
                    Err(exit) => self.last_words(exit).await,
                }
            }
            Purpose::Child { parent, whisper } => self.run_child(parent, whisper.as_ref()).await,
        }
    }

    fn with_answered_by(&self, source: &Source) -> Source {
        let answered_by = self.shared.lock().calls.get(&self.leg.sid).and_then(|c| c.answered_by.clone());
        match (source, answered_by) {
            (Source::Url { link, extra }, Some(by)) => {
                let mut extra = extra.clone();
                extra.push(("AnsweredBy".to_owned(), by));
                Source::Url { link: link.clone(), extra }
            }
            (source, _) => source.clone(),
        }
    }

    /// Rings until the phone is answered, or not.
    async fn ring(&mut self, timeout: u64, answer: Answer) -> Result<(), CallStatus> {
        self.silence(SETUP).await?;
        let patience = f64::from(u32::try_from(timeout).unwrap_or(600).min(600)) + RING_BUFFER;
        match answer {
            Answer::Busy => {
                self.silence(REFUSAL).await?;
                return Err(CallStatus::Busy);
            }
            Answer::Unreachable => return Err(CallStatus::Failed),
            Answer::After(_) | Answer::Never | Answer::Reject => {}
        }
        self.shared.set_status(&self.leg.sid, CallStatus::Ringing);
        match answer {
            Answer::After(after) if after <= patience => self.silence(after).await,
            Answer::Reject => {
                self.silence(REFUSAL.min(patience)).await?;
                Err(CallStatus::Busy)
            }
            Answer::After(_) | Answer::Never | Answer::Busy | Answer::Unreachable => {
                self.silence(patience).await?;
                Err(CallStatus::NoAnswer)
            }
        }
    }

    /// Time passes on a line that nobody has answered yet.
    async fn silence(&mut self, wait: f64) -> Result<(), CallStatus> {
        let deadline = self.deadline(seconds(wait));
        loop {
            match self.next(Some(deadline)).await {
                Ok(None) => return Ok(()),
                Ok(Some(_)) | Err(Exit::Interrupted | Exit::Redirected(_) | Exit::Left | Exit::BargeIn) => {}
                Err(Exit::HungUp | Exit::Ended | Exit::Failed) => return Err(CallStatus::Canceled),
            }
        }
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
        let mut began;
        let result = loop {
            began = self.shared.clock.now();
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
            // A document of nothing but <Redirect> would be fetched as fast as the machine can.
            if began == self.shared.clock.now()
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

    /// The address of a verb's action; the document's own when there is none and the verb says so.
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
        let state = self.shared.lock();
        let from = state.calls.get(&self.leg.sid).map_or_else(String::new, |call| match call.direction {
            Direction::Inbound => call.from.clone(),
            Direction::OutboundApi | Direction::OutboundDial => call.to.clone(),
        });
        Plan {
            parent: Some(self.leg.sid.clone()),
            from: caller_id.cloned().unwrap_or(from),
            to: to.to_owned(),
            caller_name: None,
            number_sid: None,
            direction: Direction::OutboundDial,
            listener,
        }
    }
}
