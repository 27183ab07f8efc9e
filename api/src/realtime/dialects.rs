//! The dialects of calls among colleagues: one engine, and a table of names over it. What is told is written once, under the
//! name and with the payload of `call:*`; here it becomes what the other dialects call it. What a client sends becomes a
//! [`Command`]. Nothing is decided here.
//!
//! A socket's dialect is what it says in the handshake, else what its first event of a call belongs to. Until it is known the
//! socket is told in every dialect: a client ignores names that it does not know.

use serde_json::{Value, json};

/// A family of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `call:initiate` and its siblings: session descriptions over the socket.
    Colon,
    /// `CALL_REQUEST` and its siblings: the same under other names.
    Capital,
    /// `incoming_call` and its siblings: calls are made over REST, media go through Agora.
    Snake,
}

impl Dialect {
    /// As a client names it in its handshake.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "call" | "002" | "004" => Some(Self::Colon),
            "003" => Some(Self::Capital),
            "000" => Some(Self::Snake),
            _ => None,
        }
    }
}

/// What a client wants of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    Initiate,
    Answer,
    Reject,
    /// Rejects it because there is another.
    Busy,
    End,
    Candidate,
    Renegotiate,
    Media,
    Join,
    Leave,
    /// Is there, and how.
    Online,
}

/// The names that clients send.
const COMMANDS: [(&str, Dialect, Command); 17] = [
    ("call:initiate", Dialect::Colon, Command::Initiate),
    ("call:answer", Dialect::Colon, Command::Answer),
    ("call:reject", Dialect::Colon, Command::Reject),
    ("call:busy", Dialect::Colon, Command::Busy),
    ("call:end", Dialect::Colon, Command::End),
    ("call:ice-candidate", Dialect::Colon, Command::Candidate),
    ("call:renegotiate", Dialect::Colon, Command::Renegotiate),
    ("call:media", Dialect::Colon, Command::Media),
    ("call:join", Dialect::Colon, Command::Join),
    ("call:leave", Dialect::Colon, Command::Leave),
    ("CALL_REQUEST", Dialect::Capital, Command::Initiate),
    ("CALL_ACCEPT", Dialect::Capital, Command::Answer),
    ("CALL_REJECT", Dialect::Capital, Command::Reject),
    ("CALL_BUSY", Dialect::Capital, Command::Busy),
    ("CALL_ENDED", Dialect::Capital, Command::End),
    ("ICE_CANDIDATE", Dialect::Capital, Command::Candidate),
    ("user_online", Dialect::Snake, Command::Online),
];

/// What an event of a client's asks for, and in which dialect; `None` of an event that is no call's.
pub fn command(event: &str) -> Option<(Dialect, Command)> {
    COMMANDS.iter().find(|(name, ..)| *name == event).map(|(_, dialect, command)| (*dialect, *command))
}

/// An event in the words of one dialect.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub dialect: Dialect,
    pub event: &'static str,
    pub payload: Value,
}

/// How each dialect says this; `None` of what all say alike.
pub fn told(event: &str, payload: &Value) -> Option<Vec<Said>> {
    let capital = |event, names: &[(&str, &str)]| Said {
        dialect: Dialect::Capital,
        event,
        payload: picked(payload, names, &[]),
    };
    let snake = |event, names: &[(&str, &str)]| Said {
        dialect: Dialect::Snake,
        event,
        payload: picked(payload, names, &[]),
    };
    let status = |status: &str, more: &[(&str, Value)]| {
        let mut fixed = vec![("status", json!(status))];
        fixed.extend_from_slice(more);
        let payload = picked(payload, &[("reason", "/reason"), ("callType", "/callType")], &fixed);
        Said { dialect: Dialect::Snake, event: "call_status_change", payload }
    };
    let (colon, others) = match event {
        "call:incoming" => {
            let request = [
                ("callerId", "/from/id"),
                ("callerName", "/from/name"),
                ("callType", "/callType"),
                ("offer", "/offer"),
            ];
            let incoming =
                [("fromUserId", "/from/id"), ("fromDisplayName", "/from/name"), ("callType", "/callType")];
            ("call:incoming", vec![capital("CALL_REQUEST", &request), snake("incoming_call", &incoming)])
        }
        "call:ringing" => ("call:ringing", vec![status("ringing", &[])]),
        "call:answered" => {
            let accepted = [("userId", "/userId"), ("agora", "/agora")];
            let answer = [("answer", "/answer"), ("agora", "/agora")];
            let said = vec![
                capital("CALL_ACCEPT", &answer),
                snake("call_accepted", &accepted),
                status("active", &[]),
            ];
            ("call:answered", said)
        }
        "call:rejected" => {
            let said = vec![capital("CALL_REJECT", &[("reason", "/reason")]), status("rejected", &[])];
            ("call:rejected", said)
        }
        "call:ended" => {
            let capital = capital("CALL_ENDED", &[("reason", "/reason")]);
            // It goes on, or has come to something, on another device.
            let snakes = match payload["reason"].as_str() {
                Some("answered_elsewhere") => vec![status("active", &[])],
                Some("declined_elsewhere") => vec![status("rejected", &[])],
                Some(_) | None => {
                    let ended = [("reason", "/reason"), ("duration", "/duration")];
                    vec![snake("call_ended", &ended), status("ended", &[])]
                }
            };
            ("call:ended", std::iter::once(capital).chain(snakes).collect())
        }
        "call:ice-candidate" => {
            ("call:ice-candidate", vec![capital("ICE_CANDIDATE", &[("candidate", "/candidate")])])
        }
        "call:busy" => {
            let said = vec![capital("CALL_BUSY", &[]), status("rejected", &[("reason", json!("busy"))])];
            ("call:busy", said)
        }
        "call:failed" => ("call:failed", vec![status("failed", &[])]),
        "call:timeout" => ("call:timeout", vec![capital("CALL_TIMEOUT", &[]), status("missed", &[])]),
        "call:renegotiate" => ("call:renegotiate", Vec::new()),
        "call:media" => ("call:media", Vec::new()),
        "call:participant-joined" => ("call:participant-joined", Vec::new()),
        "call:participant-left" => ("call:participant-left", Vec::new()),
        _ => return None,
    };
    let first = Said { dialect: Dialect::Colon, event: colon, payload: payload.clone() };
    Some(std::iter::once(first).chain(others).collect())
}

/// What stands at these places of the payload, under other names; with the call's id and the number of the event.
fn picked(payload: &Value, names: &[(&str, &str)], fixed: &[(&str, Value)]) -> Value {
    let mut made = json!({});
    for (name, place) in [("callId", "/callId"), ("seq", "/seq")].iter().chain(names) {
        if let Some(value) = payload.pointer(place) {
            made[*name] = value.clone();
        }
    }
    for (name, value) in fixed {
        made[*name] = value.clone();
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names and payloads, a line each.
    fn lines(event: &str, payload: &Value) -> Vec<String> {
        let said = told(event, payload).unwrap();
        said.into_iter().map(|said| format!("{} {}", said.event, said.payload)).collect()
    }

    #[test]
    fn a_call_comes_in_under_three_names() {
        let incoming = json!({"callId": "c", "from": {"id": "u", "name": "Ann"}, "callType": "video", "offer": {"sdp": "x"}, "seq": 7});
        assert_eq!(
            lines("call:incoming", &incoming),
            [
                format!("call:incoming {incoming}"),
                r#"CALL_REQUEST {"callId":"c","callType":"video","callerId":"u","callerName":"Ann","offer":{"sdp":"x"},"seq":7}"#
                    .to_owned(),
                r#"incoming_call {"callId":"c","callType":"video","fromDisplayName":"Ann","fromUserId":"u","seq":7}"#
                    .to_owned(),
            ]
        );
    }

    #[test]
    fn what_becomes_of_a_call_is_a_change_of_its_status_where_there_is_one_name_for_all() {
        let of = |event: &str| {
            let said = told(event, &json!({"callId": "c", "reason": "declined"})).unwrap();
            let status = said.into_iter().find(|said| said.event == "call_status_change");
            status.map(|said| format!("{} {}", said.payload["status"], said.payload["reason"]))
        };
        for (event, status) in [
            ("call:ringing", r#""ringing" "declined""#),
            ("call:answered", r#""active" "declined""#),
            ("call:rejected", r#""rejected" "declined""#),
            ("call:busy", r#""rejected" "busy""#),
            ("call:failed", r#""failed" "declined""#),
            ("call:timeout", r#""missed" "declined""#),
            ("call:ended", r#""ended" "declined""#),
        ] {
            assert_eq!(of(event).as_deref(), Some(status), "{event}");
        }
        let elsewhere = told("call:ended", &json!({"callId": "c", "reason": "answered_elsewhere"})).unwrap();
        let names: Vec<_> = elsewhere.iter().map(|said| said.event).collect();
        assert_eq!(names, ["call:ended", "CALL_ENDED", "call_status_change"]);
        assert_eq!(elsewhere[2].payload["status"], "active");
        for event in ["call:ice-candidate", "call:renegotiate", "call:media", "call:participant-joined"] {
            assert_eq!(of(event), None, "{event}");
        }
    }

    #[test]
    fn other_events_are_said_alike_by_all() {
        for event in ["call:update", "call:transfer", "call:hold-reminder", "offer:new", "user_status_change"]
        {
            assert_eq!(told(event, &json!({})), None, "{event}");
        }
    }

    #[test]
    fn a_client_is_understood_in_its_own_words() {
        assert_eq!(command("call:initiate"), Some((Dialect::Colon, Command::Initiate)));
        assert_eq!(command("CALL_ACCEPT"), Some((Dialect::Capital, Command::Answer)));
        assert_eq!(command("user_online"), Some((Dialect::Snake, Command::Online)));
        for other in ["call:hold", "call:resume", "call:mute", "call:transfer:cancel", "CALL_TIMEOUT", ""] {
            assert_eq!(command(other), None, "{other}");
        }
    }
}
