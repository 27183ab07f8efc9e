//! A call that is to be made or written down, as a body.

use chrono::{DateTime, Utc};
use entity::id::QueueId;
use entity::{CallKind, CallOutcome, MachineDetection};
use poem_openapi::Object;
use uuid::Uuid;

use super::Word;
use crate::calls::desk::NewCall;
use crate::calls::outbound::{Dialling, Hours, Noted, Record};
use crate::error::{Error, Result as Outcome};

/// A call that an agent is to make, or one that was handled elsewhere.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct CallIn {
    /// Who is called: in E.164, or as it is dialled in the country of the number that is shown.
    #[oai(validator(min_length = 1, max_length = 40))]
    pub to: String,
    /// What is shown to who is called: a number of the company. Left out, the agent's own, else the company's. Of a call
    /// that was handled elsewhere, who has called.
    #[oai(validator(min_length = 1, max_length = 40))]
    pub from: Option<String>,
    /// Whose call it is; left out, the caller's of this operation. Only who may dial for everybody names another agent.
    pub agent_id: Option<Uuid>,
    /// On whose account it is made: its rules for wrap-up and hold count. Left out, the first queue that the agent serves.
    pub queue_id: Option<Uuid>,
    /// Lets the provider tell whether a person or a machine has answered.
    pub machine_detection: Option<Word<MachineDetection>>,
    /// Calls outside the company's hours, too: a supervisor's decision.
    #[oai(default)]
    pub any_time: bool,
    /// Whether the conversation is recorded: `true` where the company's rules do not forbid it, as if the agent began it by
    /// hand; `false` also where such calls are always recorded, which is a supervisor's decision. Left out, as the rules say.
    pub record: Option<bool>,
    /// Nobody is called: the call is over, and only written down.
    pub handled_elsewhere: Option<ElsewhereIn>,
}

/// How a call went that was handled elsewhere.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct ElsewhereIn {
    /// `inbound` or `outbound`.
    pub direction: Word<CallKind>,
    pub started_at: DateTime<Utc>,
    /// Needed when the outcome is `answered`.
    pub answered_at: Option<DateTime<Utc>>,
    pub ended_at: DateTime<Utc>,
    /// `answered`, `abandoned`, `voicemail`, `no_answer`, `busy` or `error`.
    pub outcome: Word<CallOutcome>,
    #[oai(validator(max_length = 100))]
    pub disposition: Option<String>,
    #[oai(validator(max_length = 10000))]
    pub notes: Option<String>,
}

impl CallIn {
    pub(super) fn read(mut self) -> Outcome<NewCall> {
        match self.handled_elsewhere.take() {
            Some(how) => self.noted(how).map(NewCall::Noted),
            None => Ok(NewCall::Dialled(self.dialling())),
        }
    }

    fn dialling(self) -> Dialling {
        Dialling {
            to: self.to,
            from: self.from,
            queue: self.queue_id.map(QueueId),
            machine_detection: self.machine_detection.map(|word| word.0),
            hours: if self.any_time { Hours::SetAside } else { Hours::Kept },
            record: match self.record {
                None => Record::ByRule,
                Some(true) => Record::Yes,
                Some(false) => Record::No,
            },
        }
    }

    fn noted(self, how: ElsewhereIn) -> Outcome<Noted> {
        let from = self.from.ok_or_else(|| Error::invalid("/from", "is needed: who has called"))?;
        if self.machine_detection.is_some() {
            return Err(Error::invalid("/machineDetection", "does not go with a call that is over"));
        }
        if self.record.is_some() {
            return Err(Error::invalid("/record", "does not go with a call that is over"));
        }
        Ok(Noted {
            kind: how.direction.0,
            from,
            to: self.to,
            queue: self.queue_id.map(QueueId),
            started_at: how.started_at,
            answered_at: how.answered_at,
            ended_at: how.ended_at,
            outcome: how.outcome.0,
            disposition: how.disposition,
            notes: how.notes,
        })
    }
}
