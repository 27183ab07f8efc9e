//! Conferences: who is in, who hears whom, when one starts and ends, and the events about all that.
//!
//! Owns the rules (Twilio docs, "`<Conference>`" and "Conferences resource"): a start needs two participants and one
//! with startConferenceOnEnter; the first participant alone decides where events go. What those who wait hear is
//! played by the interpreter, which is told whenever it becomes something else.

mod events;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::call::{CallStatus, Direction};
use crate::callbacks::Listener;
use crate::leg::{Input, Leg};
use crate::recording::NewRecording;
use crate::sid::{self, Kind};
use crate::state::{Shared, State};
use crate::twiml::{Failure, Music};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RoomStatus {
    Init,
    InProgress,
    Completed,
}

impl RoomStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            RoomStatus::Init => "init",
            RoomStatus::InProgress => "in-progress",
            RoomStatus::Completed => "completed",
        }
    }
}

pub(crate) struct Conference {
    pub sid: String,
    pub name: String,
    pub status: RoomStatus,
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
    pub participants: Vec<Participant>,
    /// Why it ended, and by whose call.
    pub end: Option<(EndReason, Option<String>)>,
    listener: Option<Listener>,
    record: Option<Option<Listener>>,
}

#[derive(Clone)]
pub(crate) struct Participant {
    pub call_sid: String,
    pub label: Option<String>,
    pub muted: bool,
    /// What he hears while on hold.
    pub hold: Option<Music>,
    pub coaching: Option<String>,
    pub start_on_enter: bool,
    pub end_on_exit: bool,
    pub wait: Music,
    /// Whether he is in; a participant created over REST is listed while his phone still rings.
    pub joined: bool,
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
    /// What his leg was last told.
    shown: Option<Hears>,
}

/// What a participant hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hears {
    /// Nothing: he is no longer in.
    Gone,
    Waiting(Music),
    Held(Music),
    /// The others, if any can be heard.
    Talking {
        company: bool,
    },
}

/// With what somebody enters.
pub(crate) struct Entrance {
    /// Friendly name.
    pub name: String,
    pub label: Option<String>,
    pub muted: bool,
    pub start_on_enter: bool,
    pub end_on_exit: bool,
    pub max_participants: usize,
    pub coach: Option<String>,
    pub wait: Music,
    pub listener: Option<Listener>,
    /// `Some` to record from the start, with whom to tell.
    pub record: Option<Option<Listener>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeaveReason {
    HungUp,
    /// Redirected or ended over REST.
    Updated,
    Kicked,
    ModeratorLeft,
    ConferenceEnded,
    AddFailed,
}

impl LeaveReason {
    fn as_str(self) -> &'static str {
        match self {
            LeaveReason::HungUp => "participant_hung_up",
            LeaveReason::Updated | LeaveReason::Kicked => "participant_updated_via_api",
            LeaveReason::ModeratorLeft => "moderator_ended_conference",
            LeaveReason::ConferenceEnded => "conference_ended_via_api",
            LeaveReason::AddFailed => "participant_add_failed",
        }
    }
}

/// Why a conference ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndReason {
    OverRest,
    LastKicked,
    LastLeft,
    /// One with endConferenceOnExit.
    ModeratorKicked,
    ModeratorLeft,
}

impl EndReason {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            EndReason::OverRest => "conference-ended-via-api",
            EndReason::LastKicked => "last-participant-kicked",
            EndReason::LastLeft => "last-participant-left",
            EndReason::ModeratorKicked => "participant-with-end-conference-on-exit-kicked",
            EndReason::ModeratorLeft => "participant-with-end-conference-on-exit-left",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            EndReason::OverRest => "Conference ended via API",
            EndReason::LastKicked => "Last participant was removed via API",
            EndReason::LastLeft => "Last participant left",
            EndReason::ModeratorKicked => "Participant with endConferenceOnExit was removed via API",
            EndReason::ModeratorLeft => "Participant with endConferenceOnExit left",
        }
    }
}

/// What can be changed of a participant over REST; `None` leaves it.
#[derive(Default)]
pub(crate) struct Change {
    pub muted: Option<bool>,
    pub hold: Option<Option<Music>>,
    pub coaching: Option<Option<String>>,
    pub end_on_exit: Option<bool>,
}

impl Conference {
    fn new(name: &str, now: DateTime<Utc>) -> Self {
        Self {
            sid: sid::new(Kind::Conference),
            name: name.to_owned(),
            status: RoomStatus::Init,
            created: now,
            updated: now,
            participants: Vec::new(),
            end: None,
            listener: None,
            record: None,
        }
    }

    /// By call SID or label.
    pub(crate) fn participant(&self, key: &str) -> Option<&Participant> {
        self.participants.iter().find(|p| p.call_sid == key || p.label.as_deref() == Some(key))
    }

    fn hears(&self, participant: &Participant) -> Hears {
        if self.status == RoomStatus::Completed {
            return Hears::Gone;
        }
        if let Some(music) = &participant.hold {
            return Hears::Held(music.clone());
        }
        match self.status {
            RoomStatus::Init => Hears::Waiting(participant.wait.clone()),
            RoomStatus::InProgress | RoomStatus::Completed => {
                let company = self
                    .participants
                    .iter()
                    .any(|p| p.joined && p.hold.is_none() && p.call_sid != participant.call_sid);
                Hears::Talking { company }
            }
        }
    }
}

impl State {
    pub(crate) fn live_conference(&mut self, name: &str) -> Option<&mut Conference> {
        let sid = self.live_rooms.get(name)?;
        self.conferences.get_mut(sid)
    }

    /// Tells every participant for whom something else is to be heard now.
    fn refresh(&mut self, room: &str) {
        let Some(conference) = self.conferences.get_mut(room) else { return };
        let now: Vec<Hears> = conference.participants.iter().map(|p| conference.hears(p)).collect();
        let mut changed = Vec::new();
        for (participant, hears) in conference.participants.iter_mut().zip(now) {
            if participant.joined && participant.shown.as_ref() != Some(&hears) {
                participant.shown = Some(hears);
                changed.push(participant.call_sid.clone());
            }
        }
        for sid in changed {
            self.send(&sid, Input::RoomChanged);
        }
    }

    /// Who hears what this call's owner says.
    pub(crate) fn audience(&self, call_sid: &str) -> Vec<Arc<Leg>> {
        let Some(call) = self.calls.get(call_sid) else { return Vec::new() };
        if let Some(peer) = &call.peer {
            return self.leg(peer).into_iter().collect();
        }
        let Some(conference) = call.room.as_ref().and_then(|room| self.conferences.get(room)) else {
            return Vec::new();
        };
        let Some(speaker) = conference.participant(call_sid) else { return Vec::new() };
        if conference.status != RoomStatus::InProgress || speaker.muted || speaker.hold.is_some() {
            return Vec::new();
        }
        conference
            .participants
            .iter()
            .filter(|p| p.joined && p.hold.is_none() && p.call_sid != call_sid)
            .filter(|p| speaker.coaching.as_ref().is_none_or(|coached| *coached == p.call_sid))
            .filter_map(|p| self.leg(&p.call_sid))
            .collect()
    }

    /// The other party's address, as people would name him.
    pub(crate) fn address(&self, call_sid: &str) -> String {
        self.calls.get(call_sid).map_or_else(String::new, |call| match call.direction {
            Direction::Inbound => call.from.clone(),
            Direction::OutboundApi | Direction::OutboundDial => call.to.clone(),
        })
    }
}

impl Shared {
    /// The live conference of this name, new or not.
    fn open_room(&self, state: &mut State, entrance: &Entrance) -> String {
        let now = self.clock.now();
        if let Some(conference) = state.live_conference(&entrance.name) {
            return conference.sid.clone();
        }
        let mut conference = Conference::new(&entrance.name, now);
        // The first participant alone decides where the events go.
        conference.listener = entrance.listener.clone();
        conference.record = entrance.record.clone();
        let sid = conference.sid.clone();
        state.live_rooms.insert(conference.name.clone(), sid.clone());
        state.conferences.insert(sid.clone(), conference);
        state.conferences.trim(self.settings.keep_calls, |c| c.status == RoomStatus::Completed);
        sid
    }

    /// Writes down a participant whose phone is only now going to ring. Refuses a label that is taken (16025), a full
    /// conference, and a coach of nobody (13240).
    pub(crate) fn expect_participant(&self, call_sid: &str, entrance: &Entrance) -> Result<String, Failure> {
        let now = self.clock.now();
        let mut state = self.lock();
        if let Some(conference) = state.live_conference(&entrance.name) {
            check(conference, call_sid, entrance)?;
        } else if entrance.coach.is_some() {
            return Err(nobody_to_coach());
        }
        let room = self.open_room(&mut state, entrance);
        let Some(conference) = state.conferences.get_mut(&room) else { return Ok(room) };
        conference.participants.push(Participant {
            call_sid: call_sid.to_owned(),
            label: entrance.label.clone(),
            muted: entrance.muted,
            hold: None,
            coaching: entrance.coach.clone(),
            start_on_enter: entrance.start_on_enter,
            end_on_exit: entrance.end_on_exit,
            wait: entrance.wait.clone(),
            joined: false,
            created: now,
            updated: now,
            shown: None,
        });
        if let Some(call) = state.calls.get_mut(call_sid) {
            call.room = Some(room.clone());
        }
        Ok(room)
    }

    /// An expected participant is there. `false` when the conference has ended meanwhile.
    pub(crate) fn enter_room(self: &Arc<Self>, room: &str, call_sid: &str) -> bool {
        let now = self.clock.now();
        let mut guard = self.lock();
        let state = &mut *guard;
        let Some(conference) = state.conferences.get_mut(room) else { return false };
        let Some(at) = conference.participants.iter().position(|p| p.call_sid == call_sid) else {
            return false;
        };
        if conference.status == RoomStatus::Completed {
            return false;
        }
        conference.updated = now;
        conference.participants[at].joined = true;
        conference.participants[at].updated = now;
        let newcomer = conference.participants[at].clone();
        self.room_event(
            state.calls.get(call_sid).map(|c| &c.leg),
            conference,
            "participant-join",
            Some(&newcomer),
            &[],
        );
        let joined = conference.participants.iter().filter(|p| p.joined);
        let starts = conference.status == RoomStatus::Init
            && joined.clone().count() >= 2
            && joined.clone().any(|p| p.start_on_enter);
        if starts {
            conference.status = RoomStatus::InProgress;
            self.room_event(None, conference, "conference-start", None, &[]);
        }
        let record = if starts { conference.record.take() } else { None };
        state.refresh(room);
        drop(guard);
        if let Some(listener) = record {
            self.start_recording(NewRecording {
                call_sid: call_sid.to_owned(),
                conference_sid: Some(room.to_owned()),
                source: "Conference",
                channels: 1,
                listener,
            });
        }
        true
    }

    /// What a participant hears now.
    pub(crate) fn hears(&self, room: &str, call_sid: &str) -> Hears {
        let state = self.lock();
        let Some(conference) = state.conferences.get(room) else { return Hears::Gone };
        conference.participant(call_sid).map_or(Hears::Gone, |p| conference.hears(p))
    }

    /// Takes a participant out, and ends the conference when he was the last or one whose exit ends it. Without effect
    /// on somebody who is no longer in.
    pub(crate) fn leave_room(
        self: &Arc<Self>,
        room: &str,
        call_sid: &str,
        reason: LeaveReason,
        status: CallStatus,
    ) {
        let mut guard = self.lock();
        let state = &mut *guard;
        let Some(conference) = state.conferences.get_mut(room) else { return };
        let Some(at) = conference.participants.iter().position(|p| p.call_sid == call_sid) else { return };
        let left = conference.participants.remove(at);
        conference.updated = self.clock.now();
        let leg = state.calls.get_mut(call_sid).map(|call| {
            call.room = None;
            call.leg.clone()
        });
        self.leave_event(leg.as_ref(), conference, &left, reason, status);
        let kicked = reason == LeaveReason::Kicked;
        let end = match (left.joined && left.end_on_exit, conference.participants.is_empty()) {
            (true, _) if kicked => Some(EndReason::ModeratorKicked),
            (true, _) => Some(EndReason::ModeratorLeft),
            (false, true) if kicked => Some(EndReason::LastKicked),
            (false, true) => Some(EndReason::LastLeft),
            (false, false) => None,
        };
        // A kicked one has to be told that he is out; others know.
        if kicked && let Some(leg) = &leg {
            leg.send(Input::RoomChanged);
        }
        match end {
            Some(why) => {
                drop(guard);
                self.end_room(room, why, Some(&left), LeaveReason::ModeratorLeft);
            }
            None => state.refresh(room),
        }
    }

    /// Ends a conference for all who are in.
    pub(crate) fn end_room(
        self: &Arc<Self>,
        room: &str,
        why: EndReason,
        by: Option<&Participant>,
        reason: LeaveReason,
    ) {
        {
            let mut guard = self.lock();
            let state = &mut *guard;
            let Some(conference) = state.conferences.get_mut(room) else { return };
            if conference.status == RoomStatus::Completed {
                return;
            }
            let others = std::mem::take(&mut conference.participants);
            for participant in &others {
                let Some(call) = state.calls.get_mut(&participant.call_sid) else { continue };
                call.room = None;
                if participant.joined {
                    call.leg.send(Input::RoomChanged);
                } else {
                    call.leg.send(Input::End);
                }
                self.leave_event(Some(&call.leg), conference, participant, reason, call.status);
            }
            conference.status = RoomStatus::Completed;
            state.live_rooms.remove(&conference.name);
            conference.updated = self.clock.now();
            conference.end = Some((why, by.map(|p| p.call_sid.clone())));
            let mut extra = vec![
                ("ReasonConferenceEnded", why.as_str().to_owned()),
                ("Reason", why.sentence().to_owned()),
            ];
            if let Some(by) = by {
                extra.push(("CallSidEndingConference", by.call_sid.clone()));
                if let Some(label) = &by.label {
                    extra.push(("ParticipantLabelEndingConference", label.clone()));
                }
            }
            self.room_event(None, conference, "conference-end", None, &extra);
        }
        self.stop_recordings_of_conference(room);
    }

    /// Changes a participant over REST and tells of each change; `None` when there is no such participant.
    pub(crate) fn change_participant(
        self: &Arc<Self>,
        room: &str,
        key: &str,
        change: Change,
    ) -> Option<Result<Participant, Failure>> {
        let now = self.clock.now();
        let mut guard = self.lock();
        let state = &mut *guard;
        let conference = state.conferences.get_mut(room)?;
        let at = conference
            .participants
            .iter()
            .position(|p| p.call_sid == key || p.label.as_deref() == Some(key))?;
        if let Some(Some(coached)) = &change.coaching
            && !conference.participants.iter().any(|p| p.joined && p.call_sid == *coached)
        {
            return Some(Err(nobody_to_coach()));
        }
        let participant = &mut conference.participants[at];
        let mut events = Vec::new();
        if let Some(muted) = change.muted.filter(|muted| *muted != participant.muted) {
            participant.muted = muted;
            events.push(if muted { "participant-mute" } else { "participant-unmute" });
        }
        if let Some(hold) = change.hold
            && hold != participant.hold
        {
            events.push(if hold.is_some() { "participant-hold" } else { "participant-unhold" });
            participant.hold = hold;
        }
        let before = (participant.coaching.clone(), participant.end_on_exit);
        if let Some(coaching) = change.coaching {
            participant.coaching = coaching;
        }
        if let Some(end_on_exit) = change.end_on_exit {
            participant.end_on_exit = end_on_exit;
        }
        if before != (participant.coaching.clone(), participant.end_on_exit) {
            events.push("participant-modify");
        }
        participant.updated = now;
        let changed = participant.clone();
        let leg = state.calls.get(&changed.call_sid).map(|c| c.leg.clone());
        for event in events {
            self.room_event(leg.as_ref(), conference, event, Some(&changed), &[]);
        }
        state.refresh(room);
        Some(Ok(changed))
    }
}

fn check(conference: &Conference, call_sid: &str, entrance: &Entrance) -> Result<(), Failure> {
    let others = || conference.participants.iter().filter(|p| p.call_sid != call_sid);
    if let Some(label) = &entrance.label
        && others().any(|p| p.label.as_ref() == Some(label))
    {
        return Err(Failure::new(
            16025,
            format!("participantLabel {label} is already in conference {}", conference.name),
        ));
    }
    if let Some(coached) = &entrance.coach
        && !others().any(|p| p.joined && p.call_sid == *coached)
    {
        return Err(nobody_to_coach());
    }
    if others().count() >= entrance.max_participants {
        return Err(Failure::new(16020, format!("conference {} is full", conference.name)));
    }
    Ok(())
}

fn nobody_to_coach() -> Failure {
    Failure::new(13240, "the call SID to coach is not that of a participant of an in-progress conference")
}
