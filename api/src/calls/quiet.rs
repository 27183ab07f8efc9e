//! A caller is asked for a secret only while no recording of his call can be heard. Until the provider has made it silent
//! his line waits, a second at a time.

use entity::CallOutcome;
use ivr_engine::Next;
use serde_json::json;

use super::recording::secret::{self, Recorded};
use super::reply::FlowNext;
use super::request::Asking;
use super::story::EventKind;
use super::{CallFile, Reply};
use crate::error::Result;
use crate::store::{Unit, companies};

/// So many seconds a line waits. A recording that is not silent by then will not be.
const MOST: u32 = 20;

/// What the line is told of a step: what the flow says, or, where that asks for a secret too early, to come back for it.
/// Whatever else the flow says, recordings may be heard again.
pub async fn before(unit: &mut Unit, file: &CallFile, reply: Reply) -> Result<Reply> {
    if !asks_for_a_secret(&reply) {
        secret::end(unit, file).await?;
        return Ok(reply);
    }
    Ok(match secret::begin(unit, file).await? {
        Recorded::No => reply,
        Recorded::Still => Reply::AwaitSilence {
            call: file.id(),
            version: file.row.session_version,
            hop: 0,
            then: Some(Box::new(reply)),
        },
    })
}

fn asks_for_a_secret(reply: &Reply) -> bool {
    matches!(reply, Reply::Flow { next: FlowNext::Engine(Next::Gather { secret: true, .. }), .. })
}

/// The line comes back for what it was to be told.
pub async fn come_back(unit: &mut Unit, asking: Asking) -> Result<Reply> {
    let mut file = CallFile::open(unit, asking.call).await?;
    if file.row.session_version != asking.version {
        return Ok(file.current());
    }
    Ok(match secret::begin(unit, &file).await? {
        Recorded::No => file.current(),
        Recorded::Still if asking.hop < MOST => Reply::AwaitSilence {
            call: asking.call,
            version: asking.version,
            hop: asking.hop + 1,
            then: None,
        },
        Recorded::Still => {
            file.note(unit, EventKind::FlowProblem, json!({"code": "recordingNotSilent"}));
            file.row.outcome.get_or_insert(CallOutcome::Error);
            file.save(unit).await?;
            Reply::Apology(companies::words(unit.scope(), unit.tx()).await?)
        }
    })
}
