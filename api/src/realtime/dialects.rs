//! The dialects of calls among colleagues, and of chat: one engine, and a table of names over it. What is told is written once, under the
//! name and with the payload of `call:*`; here it becomes what the other dialects call it. What a client sends becomes a
//! [`Command`]. Nothing is decided here.
//!
//! A socket's dialect is what it says in the handshake, else what its first event of a call, or of a chat in capitals, belongs to.
//! Until it is known the socket is told in every dialect: a client ignores names that it does not know. Chat has two: capitals for
//! those who call in them, and for all others names in small letters, by which alone it is not known how a client calls.

use serde_json::{Value, json};

use crate::chat::news;

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
    /// Adds colleagues.
    Invite,
    /// Is there, and how.
    Online,
}

/// The names that clients send.
const COMMANDS: [(&str, Dialect, Command); 18] = [
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
    ("call:invite", Dialect::Colon, Command::Invite),
    ("CALL_REQUEST", Dialect::Capital, Command::Initiate),
    ("CALL_ACCEPT", Dialect::Capital, Command::Answer),
    ("CALL_REJECT", Dialect::Capital, Command::Reject),
    ("CALL_BUSY", Dialect::Capital, Command::Busy),
    ("CALL_ENDED", Dialect::Capital, Command::End),
    ("ICE_CANDIDATE", Dialect::Capital, Command::Candidate),
    ("user_online", Dialect::Snake, Command::Online),
];

/// The names that are listened to.
pub fn names() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().map(|(name, ..)| *name).chain(OF_CHAT.iter().map(|(name, _)| *name))
}

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
        "call:participant-invited" => ("call:participant-invited", Vec::new()),
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

/// A family of names of chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InChat {
    /// `send_message`, `new_message` and their siblings; everything has a name in it.
    Small,
    /// `CHAT_MESSAGE` and its siblings, for chats of two. What has no name in it is told in small letters.
    Capital,
}

impl From<Dialect> for InChat {
    fn from(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Capital => Self::Capital,
            Dialect::Colon | Dialect::Snake => Self::Small,
        }
    }
}

/// The names of chat that clients send.
const OF_CHAT: [(&str, InChat); 14] = [
    ("join_chat", InChat::Small),
    ("leave_chat", InChat::Small),
    ("send_message", InChat::Small),
    ("typing_start", InChat::Small),
    ("typing_stop", InChat::Small),
    ("message_delivered", InChat::Small),
    ("message_read", InChat::Small),
    ("add_reaction", InChat::Small),
    ("edit_message", InChat::Small),
    ("delete_message", InChat::Small),
    ("CHAT_MESSAGE", InChat::Capital),
    ("CHAT_TYPING", InChat::Capital),
    ("CHAT_STOP_TYPING", InChat::Capital),
    ("MESSAGE_READ", InChat::Capital),
];

/// In which dialect a client says this; `None` of an event that is no chat's.
pub fn of_chat(event: &str) -> Option<InChat> {
    OF_CHAT.iter().find(|(name, _)| *name == event).map(|(_, dialect)| *dialect)
}

/// How the capital dialect says this of a chat; `None` of what it has no name for, and of groups.
pub fn in_capitals(event: &str, payload: &Value) -> Option<(&'static str, Value)> {
    let is_private = payload["chatKind"] == "private";
    let mut told = match event {
        news::NEW_MESSAGE if payload["message"]["receiverId"].is_string() => {
            let message = &payload["message"];
            let told = json!({
                "messageId": message["id"],
                "chatId": message["chatId"],
                "senderId": message["senderId"],
                "receiverId": message["receiverId"],
                "content": message["content"],
                "timestamp": message["sentAt"],
            });
            ("CHAT_MESSAGE", told)
        }
        news::USER_TYPING if is_private => {
            let name = if payload["isTyping"] == true { "CHAT_TYPING" } else { "CHAT_STOP_TYPING" };
            (name, json!({"chatId": payload["chatId"], "senderId": payload["userId"]}))
        }
        news::MESSAGE_STATUS if is_private && payload["status"] == "read" => {
            let told = json!({
                "messageId": payload["messageId"],
                "chatId": payload["chatId"],
                "readerId": payload["userId"],
            });
            ("MESSAGE_READ", told)
        }
        _ => return None,
    };
    if let Some(seq) = payload.get("seq") {
        told.1["seq"] = seq.clone();
    }
    Some(told)
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
        for event in [
            "call:ice-candidate",
            "call:renegotiate",
            "call:media",
            "call:participant-invited",
            "call:participant-joined",
        ] {
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

    #[test]
    fn a_chat_of_two_has_capitals() {
        let message = json!({"id": "m", "chatId": "c", "senderId": "a", "receiverId": "b", "content": {"type": "text", "text": "Hi"},
            "sentAt": "2026-03-02T12:00:00Z"});
        let (event, told) = in_capitals("new_message", &json!({"message": message, "seq": 7})).unwrap();
        assert_eq!((event, &told["senderId"], &told["seq"]), ("CHAT_MESSAGE", &json!("a"), &json!(7)));
        let typing = |is| json!({"chatKind": "private", "chatId": "c", "userId": "a", "isTyping": is});
        assert_eq!(in_capitals("user_typing", &typing(true)).unwrap().0, "CHAT_TYPING");
        assert_eq!(in_capitals("user_typing", &typing(false)).unwrap().0, "CHAT_STOP_TYPING");
        let status =
            |status| json!({"chatKind": "private", "messageId": "m", "userId": "b", "status": status});
        assert_eq!(in_capitals("message_status_update", &status("read")).unwrap().0, "MESSAGE_READ");
        assert_eq!(in_capitals("message_status_update", &status("delivered")), None);
    }

    #[test]
    fn a_group_has_no_capitals() {
        assert_eq!(in_capitals("new_message", &json!({"message": {"id": "m"}})), None);
        assert_eq!(in_capitals("user_typing", &json!({"chatKind": "group"})), None);
        assert_eq!(in_capitals("offer:new", &json!({})), None);
    }

    #[test]
    fn chat_is_understood_in_small_letters_and_in_capitals() {
        assert_eq!(of_chat("send_message"), Some(InChat::Small));
        assert_eq!(of_chat("CHAT_MESSAGE"), Some(InChat::Capital));
        for other in ["call:initiate", "CALL_REQUEST", "new_message", ""] {
            assert_eq!(of_chat(other), None, "{other}");
        }
    }
}
