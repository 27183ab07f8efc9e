//! A good payload of every event that the server listens to: what the attacks of `hostile` begin with.

use calldocker::authz::Seat;
use serde_json::{Value, json};

use crate::support::World;

/// An event as somebody in our company sends it.
pub struct Sample {
    pub by: Seat,
    pub payload: Value,
    /// The code by which it is refused all the same, as things stand in a world with peers.
    pub refused: Option<&'static str>,
}

pub fn sample(event: &str, world: &World) -> Sample {
    let ours = &world.ours;
    let by = |by, payload| Sample { by, payload, refused: None };
    let agent = |payload| by(Seat::Agent, payload);
    let owner = |payload| by(Seat::Owner, payload);
    let offer = json!({ "type": "offer", "sdp": "v=0\r\n" });
    let candidate = json!({ "candidate": "candidate:1 1 UDP 1 192.0.2.7 50000 typ host", "sdpMid": "0" });
    match event {
        "authenticate" => agent(json!({ "token": ours.agent.token, "dialect": "002" })),
        "resume" => agent(json!({ "from": 0 })),

        "offer:accept" | "offer:decline" => agent(json!({ "offerId": ours.calls.offer })),
        "call:hold" | "call:resume" => agent(json!({ "callId": ours.calls.connected })),
        "call:mute" => agent(json!({ "callId": ours.calls.connected, "muted": true })),
        "call:transfer:complete" | "call:transfer:cancel" | "call:transfer:merge" => {
            agent(json!({ "callId": ours.calls.consulting }))
        }
        "agent:status" => agent(json!({ "availability": "away", "reason": "lunch", "when": "after_call" })),
        "agent:take-back" | "heartbeat" => agent(json!({})),

        "call:initiate" | "CALL_REQUEST" => by(
            Seat::Manager,
            json!({
                "receiverId": ours.idle, "receiverIds": [ours.idle], "callType": "video", "offer": offer,
                "deviceInfo": { "platform": "web" },
            }),
        ),
        "call:answer" | "CALL_ACCEPT" => owner(json!({ "callId": ours.peer_call, "deviceInfo": {} })),
        "call:reject" | "CALL_REJECT" => owner(json!({ "callId": ours.peer_call, "reason": "declined" })),
        "call:busy" | "CALL_BUSY" => owner(json!({ "callId": ours.peer_call })),
        "call:end" | "CALL_ENDED" | "call:leave" => {
            owner(json!({ "callId": ours.peer_call, "qualityScore": 4 }))
        }
        "call:ice-candidate" | "ICE_CANDIDATE" => {
            owner(json!({ "callId": ours.peer_call, "candidate": candidate, "to": ours.former }))
        }
        "call:renegotiate" => {
            owner(json!({ "callId": ours.peer_call, "description": offer, "to": ours.former }))
        }
        "call:media" => {
            owner(json!({ "callId": ours.peer_call, "audio": true, "video": false, "screen": true }))
        }
        // It is a call of two.
        "call:join" => Sample {
            refused: Some("CALL_NOT_RINGING"),
            ..owner(json!({ "callId": ours.peer_call, "deviceInfo": {} }))
        },
        "call:invite" => agent(json!({ "callId": ours.group_call, "userIds": [ours.idle] })),
        "user_online" => agent(json!({ "status": "away" })),

        "join_chat" | "leave_chat" | "typing_start" | "typing_stop" => {
            agent(json!({ "chatId": ours.chats.group }))
        }
        "send_message" => agent(json!({
            "chatId": ours.chats.group, "replyTo": ours.chats.question, "tempId": "8d1f",
            "content": { "type": "image", "mediaId": ours.media, "text": "At eight." },
        })),
        "CHAT_MESSAGE" => agent(json!({
            "receiverId": ours.chats.colleague.user, "replyTo": ours.chats.message, "tempId": "8d20",
            "content": { "type": "location", "location": { "latitude": 52.5, "longitude": 13.4, "name": "Desk" } },
        })),
        "CHAT_TYPING" | "CHAT_STOP_TYPING" => agent(json!({ "receiverId": ours.chats.colleague.user })),
        "message_delivered" | "message_read" | "MESSAGE_READ" => {
            agent(json!({ "messageId": ours.chats.answer }))
        }
        "add_reaction" => agent(json!({ "messageId": ours.chats.answer, "emoji": "👍" })),
        "edit_message" => {
            agent(json!({ "messageId": ours.chats.message, "newContent": "Who has the keys?" }))
        }
        "delete_message" => agent(json!({ "messageId": ours.chats.message, "deleteForEveryone": true })),
        _ => panic!("{event} has no sample: add an arm to api/tests/it/realtime/samples.rs"),
    }
}
