//! A leg's stay in a conference: waiting, talking, on hold, until it leaves or is put out.

use std::sync::Arc;

use super::prompt::{SOUND, tones};
use super::{Exit, Flow, Session, Source, Stage};
use crate::call::CallStatus;
use crate::conference::{Entrance, Hears, LeaveReason};
use crate::leg::{Input, Leg};
use crate::script::speaking_time;
use crate::state::Shared;
use crate::transcript::LineKind;
use crate::twiml::{Conference, Dial, Link, Music, Verb};
use crate::webhook::released;

impl Session {
    /// `<Dial><Conference>`.
    pub(super) async fn dial_conference(&mut self, dial: &Dial, noun: &Conference) -> Result<Flow, Exit> {
        let action = self.action(&dial.action, dial.method)?;
        let entrance = Entrance {
            name: noun.name.clone(),
            label: noun.label.clone(),
            muted: noun.muted,
            start_on_enter: noun.start_on_enter,
            end_on_exit: noun.end_on_exit,
            max_participants: noun.max_participants,
            coach: noun.coach.clone(),
            wait: match &noun.wait {
                Music::Document(link) => Music::Document(self.absolute(link)?),
                Music::Default => Music::Default,
                Music::Silence => Music::Silence,
            },
            listener: self.listener(noun.status.as_ref())?,
            record: match noun.record {
                true => Some(self.listener(noun.recording_status.as_ref())?),
                false => None,
            },
        };
        let sid = self.leg.sid.clone();
        let room = match self.shared.expect_participant(&sid, &entrance) {
            Ok(room) => room,
            Err(failure) => {
                // The call is not added, and goes on with the next verb.
                self.warn(format!("{} {}", failure.code, failure.message));
                return Ok(Flow::Continue);
            }
        };
        let result = self.visit(&room).await;
        let extra = vec![("DialCallStatus".to_owned(), "answered".to_owned())];
        match result {
            Ok(()) => Ok(match action {
                Some(link) => Flow::Goto(Source::Url { link, extra }),
                None => Flow::Continue,
            }),
            Err(exit @ (Exit::HungUp | Exit::Ended)) => {
                self.farewell(action, extra).await;
                Err(exit)
            }
            Err(exit) => Err(exit),
        }
    }

    /// Enters a conference where the call is expected and stays; `Ok` when it was put out of it or it ended.
    pub(super) async fn visit(&mut self, room: &str) -> Result<(), Exit> {
        let sid = self.leg.sid.clone();
        self.in_room = true;
        let entered = self.shared.enter_room(room, &sid);
        let result = if entered { self.stay(room).await } else { Ok(()) };
        self.in_room = false;
        self.leg.set_ears(|ears| ears.connected = false);
        let (reason, status) = match &result {
            Ok(()) => return result,
            Err(Exit::HungUp) => (LeaveReason::HungUp, CallStatus::Completed),
            Err(Exit::Ended) => (LeaveReason::Updated, CallStatus::Completed),
            Err(Exit::Redirected(_) | Exit::Left | Exit::BargeIn | Exit::Interrupted | Exit::Failed) => {
                (LeaveReason::Updated, CallStatus::InProgress)
            }
        };
        self.shared.leave_room(room, &sid, reason, status);
        result
    }

    async fn stay(&mut self, room: &str) -> Result<(), Exit> {
        let sid = self.leg.sid.clone();
        loop {
            let hears = self.shared.hears(room, &sid);
            let connected = hears == Hears::Talking { company: true };
            self.leg.set_ears(|ears| ears.connected = connected);
            let result = match &hears {
                Hears::Gone => return Ok(()),
                Hears::Talking { .. } => self.talk().await,
                Hears::Waiting(music) | Hears::Held(music) => {
                    self.music(music, Stage::RoomWait, Vec::new()).await
                }
            };
            match result {
                Ok(()) | Err(Exit::Interrupted) => {}
                Err(exit) => return Err(exit),
            }
        }
    }

    /// What is said goes to the others, until something happens.
    pub(super) async fn talk(&mut self) -> Result<(), Exit> {
        while let Some(input) = self.next(None).await? {
            if let Input::Speech(text) = input {
                self.relay(&text);
            }
        }
        Ok(())
    }
}

/// An announcement to legs in a conference: heard by each, and over when the longest document of it is.
pub(crate) fn announce(shared: &Arc<Shared>, room: String, audience: Vec<Arc<Leg>>, link: Link) {
    let shared = shared.clone();
    let mut busy = Some(shared.clock.busy());
    tokio::spawn(async move {
        let account = shared.settings.account_sid.clone();
        let params = vec![("ConferenceSid".to_owned(), room.clone()), ("AccountSid".to_owned(), account)];
        let fetched = shared.client.fetch(&shared.dice, &link, &params).await;
        let sleep = shared.clock.sleep(fetched.delay);
        busy = Some(released(&mut busy, sleep).await);
        let document = fetched.result.and_then(|reply| super::document::read(&reply));
        let Ok(document) = document else {
            shared.announced(&room, "announcement-fail");
            return;
        };
        for verb in &document.verbs {
            let (text, kind, time) = match verb {
                Verb::Say(say) => (say.text.clone(), LineKind::Said, speaking_time(&say.text)),
                Verb::Play(play) => match &play.digits {
                    Some(digits) => (format!("tones {digits}"), LineKind::Played, tones(digits)),
                    None => (play.url.clone(), LineKind::Played, SOUND),
                },
                Verb::Pause(length) => {
                    let sleep = shared.clock.sleep(*length);
                    busy = Some(released(&mut busy, sleep).await);
                    continue;
                }
                Verb::Gather(_)
                | Verb::Record(_)
                | Verb::Dial(_)
                | Verb::Enqueue(_)
                | Verb::Leave
                | Verb::Hangup
                | Verb::Redirect(_)
                | Verb::Reject(_) => continue,
            };
            for leg in &audience {
                leg.line(kind, text.as_str());
            }
            let sleep = shared.clock.sleep(time);
            busy = Some(released(&mut busy, sleep).await);
        }
        shared.announced(&room, "announcement-end");
    });
}
