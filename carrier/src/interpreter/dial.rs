//! Dial: phones that ring, the first that answers, and the bridge of two legs.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Detection, Exit, Flow, Purpose, Session, Source, Stage, start_outbound};
use crate::call::CallStatus;
use crate::leg::Input;
use crate::recording::NewRecording;
use crate::transcript::LineKind;
use crate::twiml::{Dial, Link, Phone, Target};
use crate::webhook::Params;

/// How a dial went.
struct Outcome {
    status: CallStatus,
    /// The other leg, and how long the two were bridged; no length when it was redirected away.
    peer: Option<(String, Option<i64>)>,
}

/// Why a bridge is over, when its leg still lives.
pub(super) enum Unbridged {
    PeerGone,
    /// The other leg lives on elsewhere.
    PeerRedirected,
    TimeLimit,
}

impl Session {
    pub(super) async fn dial(&mut self, dial: &Dial) -> Result<Flow, Exit> {
        match &dial.target {
            Target::Conference(noun) => self.dial_conference(dial, noun).await,
            Target::Phones(phones) => {
                let action = self.action(&dial.action, dial.method)?;
                let result = self.dial_phones(dial, phones).await;
                self.after_dial(action, result).await
            }
            Target::Queue { name, url } => {
                let action = self.action(&dial.action, dial.method)?;
                let url = url.as_ref().map(|link| self.absolute(link)).transpose()?;
                let result = self.dial_queue(dial, name, url).await;
                self.after_dial(action, result).await
            }
        }
    }

    async fn after_dial(
        &mut self,
        action: Option<Link>,
        result: Result<Outcome, Exit>,
    ) -> Result<Flow, Exit> {
        match result {
            Ok(outcome) => {
                let status = outcome.status.as_str();
                self.leg.line(LineKind::Status, format!("dial ended: {status}"));
                let mut extra: Params = vec![("DialCallStatus".to_owned(), status.to_owned())];
                let bridged = matches!(outcome.peer, Some((_, Some(_))));
                extra.push(("DialBridged".to_owned(), bridged.to_string()));
                if let Some((sid, length)) = outcome.peer {
                    extra.push(("DialCallSid".to_owned(), sid));
                    if let Some(seconds) = length {
                        extra.push(("DialCallDuration".to_owned(), seconds.to_string()));
                    }
                }
                Ok(match action {
                    Some(link) => Flow::Goto(Source::Url { link, extra }),
                    None => Flow::Continue,
                })
            }
            Err(exit @ (Exit::HungUp | Exit::Ended)) => {
                let extra = vec![("DialCallStatus".to_owned(), "completed".to_owned())];
                self.farewell(action, extra).await;
                Err(exit)
            }
            Err(exit) => Err(exit),
        }
    }

    async fn dial_phones(&mut self, dial: &Dial, phones: &[Phone]) -> Result<Outcome, Exit> {
        let groups: Vec<&[Phone]> = if dial.sequential { phones.chunks(1).collect() } else { vec![phones] };
        let mut outcome = Outcome { status: CallStatus::NoAnswer, peer: None };
        for group in groups {
            outcome = self.dial_group(dial, group).await?;
            if outcome.status == CallStatus::Completed {
                break;
            }
        }
        Ok(outcome)
    }

    /// Rings all at once; the first that is there is bridged, the others stop ringing.
    async fn dial_group(&mut self, dial: &Dial, phones: &[Phone]) -> Result<Outcome, Exit> {
        let mut children = Vec::new();
        for phone in phones {
            let listener = self.listener(phone.status.as_ref())?;
            let whisper = phone.url.as_ref().map(|link| self.absolute(link)).transpose()?;
            let leg =
                self.shared.create_call(self.child_plan(&phone.address, dial.caller_id.as_ref(), listener));
            children.push(leg.sid.clone());
            let parent = self.leg.sid.clone();
            start_outbound(
                &self.shared,
                leg,
                dial.timeout.as_secs(),
                Detection::Off,
                Purpose::Child { parent, whisper },
            );
        }
        let result = self.first_ready(&mut children).await;
        let answered = result.as_ref().ok().and_then(|r| r.as_ref().ok()).cloned();
        for child in children.iter().filter(|c| Some(*c) != answered.as_ref()) {
            self.shared.lock().send(child, Input::End);
        }
        let child = match result? {
            Ok(child) => child,
            Err((status, sid)) => return Ok(Outcome { status, peer: sid.map(|sid| (sid, None)) }),
        };
        // The child waits for this before it may be heard.
        self.shared.lock().send(&child, Input::PeerReady { sid: self.leg.sid.clone() });
        self.bridge_dialed(dial, child).await
    }

    /// The first child that is ready; or why there is none, and the last that was tried.
    async fn first_ready(
        &mut self,
        children: &mut Vec<String>,
    ) -> Result<Result<String, (CallStatus, Option<String>)>, Exit> {
        loop {
            match self.next(None).await {
                Ok(Some(Input::PeerReady { sid })) if children.contains(&sid) => return Ok(Ok(sid)),
                Ok(Some(Input::PeerGone { sid, status })) if children.contains(&sid) => {
                    children.retain(|c| *c != sid);
                    if children.is_empty() {
                        return Ok(Err((status, Some(sid))));
                    }
                }
                Ok(Some(_) | None) => {}
                Err(exit) => {
                    return Err(exit);
                }
            }
        }
    }

    async fn bridge_dialed(&mut self, dial: &Dial, peer: String) -> Result<Outcome, Exit> {
        if dial.record {
            let listener = self.listener(dial.recording_status.as_ref())?;
            self.shared.start_recording(NewRecording {
                call_sid: self.leg.sid.clone(),
                conference_sid: None,
                source: "DialVerb",
                channels: 1,
                listener,
            });
        }
        let began = self.shared.clock.now();
        let result = self.bridged(&peer, Some(self.deadline(dial.time_limit))).await;
        if dial.record {
            self.shared.stop_recordings_of_call(&self.leg.sid);
        }
        let length = (self.shared.clock.now() - began).num_seconds();
        let length = match result? {
            Unbridged::PeerGone | Unbridged::TimeLimit => Some(length),
            Unbridged::PeerRedirected => None,
        };
        Ok(Outcome { status: CallStatus::Completed, peer: Some((peer, length)) })
    }

    /// Two legs hear each other; `Ok` when the other one has gone or the time is over.
    pub(super) async fn bridged(
        &mut self,
        peer: &str,
        limit: Option<DateTime<Utc>>,
    ) -> Result<Unbridged, Exit> {
        let sid = self.leg.sid.clone();
        if let Some(call) = self.shared.lock().calls.get_mut(&sid) {
            call.peer = Some(peer.to_owned());
        }
        let name = self.shared.lock().address(peer);
        self.leg.line(LineKind::Status, format!("connected with {name}"));
        self.leg.set_ears(|ears| ears.connected = true);
        let result = self.talk_with(peer, limit).await;
        self.leg.set_ears(|ears| ears.connected = false);
        if let Some(call) = self.shared.lock().calls.get_mut(&sid) {
            call.peer = None;
        }
        match &result {
            Ok(Unbridged::PeerGone | Unbridged::PeerRedirected) => {}
            Err(Exit::Redirected(_)) => self.tell_peer_gone(peer, CallStatus::InProgress),
            Ok(Unbridged::TimeLimit) | Err(_) => self.tell_peer_gone(peer, CallStatus::Completed),
        }
        result
    }

    async fn talk_with(&mut self, peer: &str, limit: Option<DateTime<Utc>>) -> Result<Unbridged, Exit> {
        loop {
            match self.next(limit).await? {
                None => return Ok(Unbridged::TimeLimit),
                Some(Input::PeerGone { sid, status }) if sid == peer => {
                    return Ok(match status.is_terminal() {
                        true => Unbridged::PeerGone,
                        false => Unbridged::PeerRedirected,
                    });
                }
                Some(Input::Speech(text)) => self.relay(&text),
                Some(_) => {}
            }
        }
    }

    /// In progress: this leg lives on elsewhere.
    pub(super) fn tell_peer_gone(&self, peer: &str, status: CallStatus) {
        self.shared.lock().send(peer, Input::PeerGone { sid: self.leg.sid.clone(), status });
    }

    /// The child's side: the whisper, then the bridge, then whatever a redirection brings.
    pub(super) async fn run_child(&mut self, parent: &str, whisper: Option<&Link>) -> CallStatus {
        let result = self.child_life(parent, whisper).await;
        match result {
            Ok(()) => CallStatus::Completed,
            Err(Exit::Redirected(source)) => {
                self.tell_peer_gone(parent, CallStatus::InProgress);
                let document = self.document(&source).await;
                self.run(document).await
            }
            Err(exit) => self.last_words(exit).await,
        }
    }

    async fn child_life(&mut self, parent: &str, whisper: Option<&Link>) -> Result<(), Exit> {
        if let Some(link) = whisper {
            self.perform(Source::Url { link: link.clone(), extra: Vec::new() }, Stage::Whisper).await?;
        }
        self.shared.lock().send(parent, Input::PeerReady { sid: self.leg.sid.clone() });
        loop {
            match self.next(None).await? {
                Some(Input::PeerReady { sid }) if sid == parent => break,
                Some(Input::PeerGone { sid, .. }) if sid == parent => return Ok(()),
                Some(_) | None => {}
            }
        }
        self.bridged(parent, None).await.map(drop)
    }

    /// `<Dial><Queue>`: the first who waits, or the next who comes within the timeout.
    async fn dial_queue(&mut self, dial: &Dial, name: &str, url: Option<Link>) -> Result<Outcome, Exit> {
        let sid = self.leg.sid.clone();
        if !self.shared.dial_queue(&sid, name, url) {
            self.warn(format!("queue {name} does not exist"));
            return Ok(Outcome { status: CallStatus::Failed, peer: None });
        }
        let deadline = self.deadline(dial.timeout.max(Duration::from_secs(1)));
        let result = self.wait_for_member(deadline).await;
        self.shared.stop_dialing_queue(&sid, name);
        match result {
            Ok(Some(peer)) => self.bridge_dialed(dial, peer).await,
            // Taken in the last moment, or not at all.
            Ok(None) => {
                self.release_member();
                Ok(Outcome { status: CallStatus::NoAnswer, peer: None })
            }
            Err(exit) => {
                self.release_member();
                Err(exit)
            }
        }
    }

    async fn wait_for_member(&mut self, deadline: DateTime<Utc>) -> Result<Option<String>, Exit> {
        loop {
            let taken = self.shared.lock().calls.get(&self.leg.sid).and_then(|c| c.peer.clone());
            // One who is on his way, hearing the queue's url, is waited for.
            let limit = if taken.is_some() { None } else { Some(deadline) };
            match self.next(limit).await? {
                Some(Input::PeerReady { sid }) => return Ok(Some(sid)),
                Some(Input::PeerGone { sid, .. }) if taken.as_ref() == Some(&sid) => return Ok(None),
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }

    /// Lets go of somebody who was taken from a queue and not yet bridged.
    fn release_member(&self) {
        let taken = self.shared.lock().calls.get_mut(&self.leg.sid).and_then(|c| c.peer.take());
        if let Some(peer) = taken {
            self.tell_peer_gone(&peer, CallStatus::Completed);
        }
    }
}
