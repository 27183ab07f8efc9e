//! Somebody is to be called back, and keeps his place in a queue's line. Each try is a call of its own.

use sea_orm::entity::prelude::*;

use crate::CallbackState;
use crate::id::{AgentId, CallId, CallbackId, CompanyId, QueueId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "callback")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CallbackId,
    pub company_id: CompanyId,
    pub queue_id: QueueId,
    /// Who is called, in E.164. In one queue he has one open callback.
    pub number: String,
    /// The number of the company that he called, and that he is shown.
    pub our_number: String,
    pub state: CallbackState,
    /// Since when he waits: the moment that decides his place in the line, at every try.
    pub waiting_since: DateTimeUtc,
    /// The time that was asked for; without one he is called when it is his turn.
    pub wanted_at: Option<DateTimeUtc>,
    /// Not before this he waits in the line: at once, at the time asked for, at the next try, at the next opening.
    pub due_at: DateTimeUtc,
    pub priority: i32,
    #[sea_orm(column_type = "JsonBinary")]
    pub skills: Json,
    /// How often he is rung at most.
    pub max_attempts: i32,
    pub retry_minutes: i32,
    /// How often he has been rung.
    pub attempts: i32,
    /// For whom he is kept at first.
    pub agent_id: Option<AgentId>,
    /// His own latest call, if any led to it. As long as it lasts he is not called, and if an agent answers him in it,
    /// nobody need call.
    pub last_call_id: Option<CallId>,
    pub last_call_at: DateTimeUtc,
    /// The try that waits in the line or is under way; of an answered callback the conversation.
    pub call_id: Option<CallId>,
    /// Why he is not called any more.
    pub reason: Option<String>,
    pub created_at: DateTimeUtc,
    pub settled_at: Option<DateTimeUtc>,
}

company_owned!();
