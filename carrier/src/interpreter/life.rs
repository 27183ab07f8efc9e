//! A leg from its beginning to its end: ringing, being answered, one document after the other.

use std::sync::Arc;

use super::{Exit, Flow, Session, Source, Stage};
use crate::call::{CallStatus, Plan};
use crate::callbacks::{Callback, Listener};
use crate::conference::LeaveReason;
use crate::faults::CallbackKind;
use crate::leg::Leg;
use crate::script::{self, Answer, AnsweredBy, Endpoint, Script, seconds};
use crate::state::Shared;
use crate::transcript::LineKind;
use crate::twiml::{Document, Link, RejectReason, Verb};
use crate::webhook::released;

/// Twilio rings so many seconds longer than it was told to.
const RING_BUFFER: f64 = 5.0;
/// From dialling to the first ring.
const SETUP: f64 = 0.2;
/// So many documents may follow each other without time passing.
const HOPS: u32 = 100;
/// From the first ring to a phone's refusal.
const REFUSAL: f64 = 1.0;
/// How long it takes to hear who has answered; a machine's greeting has to be over.
const LISTENING: f64 = 3.0;
const GREETING: f64 = 8.0;

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
#[derive(Clone, Debug)]
pub(crate) enum Detection {
    Off,
    /// The document waits for it, and is asked for with the result.
    First,
    /// While the call goes on; the result is told by itself.
    Beside(Link),
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

impl Shared {
    fn heard(&self, sid: &str, by: AnsweredBy) {
        if let Some(call) = self.lock().calls.get_mut(sid) {
            call.answered_by = Some(by.as_str().to_owned());
        }
    }

    /// Tells who has answered when that has been heard, if he is still there.
    fn listen(self: &Arc<Self>, leg: &Arc<Leg>, link: Link, by: AnsweredBy) {
        let (shared, leg) = (self.clone(), leg.clone());
        let mut busy = Some(shared.clock.busy());
        let length = match by {
            AnsweredBy::MachineEndBeep => GREETING,
            AnsweredBy::Human | AnsweredBy::MachineStart | AnsweredBy::Fax | AnsweredBy::Unknown => LISTENING,
        };
        tokio::spawn(async move {
            let sleep = shared.clock.sleep(seconds(length));
            busy = Some(released(&mut busy, sleep).await);
            if shared.status(&leg.sid) == CallStatus::InProgress {
                shared.heard(&leg.sid, by);
                leg.line(LineKind::Status, format!("answered by {}", by.as_str()));
                let add = |name: &str, value: String| (name.to_owned(), value);
                let params = vec![
                    add("CallSid", leg.sid.clone()),
                    add("AccountSid", shared.settings.account_sid.clone()),
                    add("AnsweredBy", by.as_str().to_owned()),
                    add("MachineDetectionDuration", format!("{:.0}", length * 1000.0)),
                ];
                let event = "answered-by".to_owned();
                let callback =
                    Callback { kind: CallbackKind::Call, event, link, params, leg: Some(leg.clone()) };
                shared.call_back(&leg.sid, callback);
            }
            drop(busy);
        });
    }
}

impl Session {
    fn finish(&mut self, status: CallStatus) {
        self.shared.finish_call(&self.leg.sid, status);
        self.busy = None;
    }

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
    pub(super) async fn run(&mut self, mut document: Result<Document, Exit>) -> CallStatus {
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
    pub(super) async fn last_words(&mut self, exit: Exit) -> CallStatus {
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
            // A client may be called with parameters of its own, `client:ann?case=7`.
            let phone = state.endpoints.get(to.split('?').next().unwrap_or_default()).cloned();
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
        match detection {
            Detection::Off => {}
            Detection::First => self.shared.heard(&sid, endpoint.answered_by),
            Detection::Beside(link) => self.shared.listen(&self.leg, link, endpoint.answered_by),
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
}
