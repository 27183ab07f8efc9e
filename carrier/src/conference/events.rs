//! The events about a conference, as its first participant subscribed to them.

use std::sync::Arc;

use super::{Conference, LeaveReason, Participant};
use crate::call::CallStatus;
use crate::callbacks::Callback;
use crate::faults::CallbackKind;
use crate::leg::Leg;
use crate::sid;
use crate::state::Shared;
use crate::transcript::LineKind;
use crate::webhook::Params;

impl Shared {
    /// An announcement to the whole conference was heard, or could not be.
    pub(crate) fn announced(self: &Arc<Self>, room: &str, event: &'static str) {
        if let Some(conference) = self.lock().conferences.get_mut(room) {
            self.room_event(None, conference, event, None, &[]);
        }
    }

    pub(super) fn leave_event(
        self: &Arc<Self>,
        leg: Option<&Arc<Leg>>,
        conference: &mut Conference,
        left: &Participant,
        reason: LeaveReason,
        status: CallStatus,
    ) {
        let extra = [
            ("ParticipantCallStatus", status.as_str().to_owned()),
            ("ReasonParticipantLeft", reason.as_str().to_owned()),
        ];
        self.room_event(leg, conference, "participant-leave", Some(left), &extra);
    }

    pub(super) fn room_event(
        self: &Arc<Self>,
        leg: Option<&Arc<Leg>>,
        conference: &mut Conference,
        event: &'static str,
        about: Option<&Participant>,
        extra: &[(&str, String)],
    ) {
        if let Some(leg) = leg {
            leg.line(LineKind::Status, format!("{event} in conference {}", conference.name));
        }
        let Some(listener) = &mut conference.listener else { return };
        if listener.next(subscription(event)).is_none() {
            return;
        }
        let mut params: Params = Vec::with_capacity(20);
        let mut add = |name: &str, value: &str| params.push((name.to_owned(), value.to_owned()));
        add("AccountSid", &self.settings.account_sid);
        add("ConferenceSid", &conference.sid);
        add("FriendlyName", &conference.name);
        // From 1, in the order of the events.
        add("SequenceNumber", &listener.sequence.to_string());
        add("Timestamp", &sid::rfc2822(self.clock.now()));
        add("StatusCallbackEvent", event);
        if let Some(p) = about {
            add("CallSid", &p.call_sid);
            add("Muted", flag(p.muted));
            add("Hold", flag(p.hold.is_some()));
            add("Coaching", flag(p.coaching.is_some()));
            if let Some(coached) = &p.coaching {
                add("CallSidToCoach", coached);
            }
            add("EndConferenceOnExit", flag(p.end_on_exit));
            add("StartConferenceOnEnter", flag(p.start_on_enter));
            if let Some(label) = &p.label {
                add("ParticipantLabel", label);
            }
        }
        for (name, value) in extra {
            add(name, value);
        }
        let link = listener.link.clone();
        let callback = Callback {
            kind: CallbackKind::Conference,
            event: event.to_owned(),
            link,
            params,
            leg: leg.cloned(),
        };
        self.call_back(&conference.sid, callback);
    }
}

fn subscription(event: &str) -> &str {
    match event.strip_prefix("participant-").or_else(|| event.strip_prefix("conference-")) {
        Some("unmute") => "mute",
        Some("unhold") => "hold",
        Some(name) => name,
        None => "announcement",
    }
}

fn flag(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
