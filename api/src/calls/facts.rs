//! What others outside are told of a call: made of the lines of its story as they are written, so that the two cannot
//! differ. Notes and what was said stand in none of it.

use entity::{WebhookEventKind as Kind, call, call_event};
use serde_json::{Value, json};

use super::file::summary;
use super::story::EventKind;
use crate::store::Unit;

/// Tells of the new lines of a call.
pub fn tell(unit: &mut Unit, row: &call::Model, lines: &[call_event::Model]) {
    for line in lines {
        for (kind, data) in of(row, line) {
            unit.fact(kind, line.occurred_at, data);
        }
    }
}

/// What a line comes to. Whether somebody waited for too long is found out when it is told.
fn of(row: &call::Model, line: &call_event::Model) -> Vec<(Kind, Value)> {
    let is = |kind: EventKind| line.kind == kind.as_str();
    let with = |names: &[&str]| {
        let mut data = described(row);
        for name in names {
            if let Some(value) = line.data.get(name).filter(|value| !value.is_null()) {
                data[*name] = value.clone();
            }
        }
        data
    };
    if is(EventKind::Arrived) || is(EventKind::Requested) {
        vec![(Kind::CallStarted, with(&["agentId", "queueId"]))]
    } else if is(EventKind::Queued) && line.data["purpose"] != "consult" {
        vec![(Kind::CallQueued, with(&["queueId", "priority", "waitingSince"]))]
    } else if is(EventKind::Offered) {
        vec![(Kind::CallOffered, with(&["offerId", "agentId"]))]
    } else if is(EventKind::Connected) {
        vec![(Kind::CallAnswered, with(&["agentId"]))]
    } else if is(EventKind::Dequeued) {
        let of_target = json!({"callId": row.id, "from": row.from_address, "entryId": line.data["entryId"]});
        match line.data["outcome"].as_str() {
            Some("abandoned") => {
                vec![(Kind::CallAbandoned, with(&[])), (Kind::QueueTargetMissed, of_target)]
            }
            Some("answered") => vec![(Kind::QueueTargetMissed, of_target)],
            Some(_) | None => Vec::new(),
        }
    } else if is(EventKind::WrapUpEnded) {
        vec![(Kind::CallWrappedUp, with(&["agentId", "disposition"]))]
    } else if is(EventKind::Ended) {
        vec![(Kind::CallEnded, with(&["endedBy"]))]
    } else {
        Vec::new()
    }
}

/// The call without what it has not.
fn described(row: &call::Model) -> Value {
    let mut data = summary(row);
    data["disposition"] = json!(row.disposition);
    if let Some(data) = data.as_object_mut() {
        data.retain(|_, value| !value.is_null());
    }
    data
}

#[cfg(test)]
mod tests {
    use entity::{CallKind, CallStatus};
    use uuid::Uuid;

    use super::*;

    fn call() -> call::Model {
        let (id, at) = (Uuid::from_u128(1), "2026-03-02T12:00:00Z".parse().unwrap());
        call::Model {
            status: CallStatus::Completed,
            provider_sid: "CA1".into(),
            session: Some(json!({"secret": "no"})),
            session_version: 1,
            event_seq: 3,
            queue_id: Some(Uuid::from_u128(2).into()),
            notes: Some("private".into()),
            ended_at: Some(at),
            ..call::Model::begun(
                id.into(),
                id.into(),
                CallKind::Inbound,
                ("+4930555000".into(), "+4930123456".into()),
                at,
            )
        }
    }

    fn line(kind: EventKind, data: Value) -> call_event::Model {
        let row = call();
        call_event::Model {
            company_id: row.company_id,
            call_id: row.id,
            seq: 1,
            kind: kind.as_str().into(),
            data,
            occurred_at: row.started_at,
            provider_at: None,
            received_at: row.started_at,
        }
    }

    #[test]
    fn a_call_is_told_without_its_notes_and_its_session() {
        let told = of(&call(), &line(EventKind::Ended, json!({"endedBy": "caller", "outcome": null})));
        let [(Kind::CallEnded, data)] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((&data["endedBy"], &data["from"]), (&json!("caller"), &json!("+4930555000")));
        assert_eq!(data.get("agentId"), None, "what there is not is left out");
        assert!(!data.to_string().contains("private") && !data.to_string().contains("secret"));
    }

    #[test]
    fn a_colleague_who_is_asked_is_no_caller_who_waits() {
        assert_eq!(of(&call(), &line(EventKind::Queued, json!({"purpose": "consult"}))), []);
        let told = of(&call(), &line(EventKind::Queued, json!({"purpose": "caller", "priority": 3})));
        assert_eq!(told[0].1["priority"], 3);
        assert_eq!(of(&call(), &line(EventKind::NodePassed, json!({}))), []);
    }

    #[test]
    fn who_gives_up_is_told_and_whether_it_was_too_late_is_asked() {
        let kinds = |outcome: &str| -> Vec<Kind> {
            let told = of(&call(), &line(EventKind::Dequeued, json!({"entryId": 1, "outcome": outcome})));
            told.into_iter().map(|(kind, _)| kind).collect()
        };
        assert_eq!(kinds("abandoned"), [Kind::CallAbandoned, Kind::QueueTargetMissed]);
        assert_eq!(kinds("answered"), [Kind::QueueTargetMissed]);
        assert_eq!(kinds("overflow"), []);
    }
}
