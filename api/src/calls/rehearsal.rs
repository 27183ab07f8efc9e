//! What a line would be told in a call that is only played: by the renderer of real calls, from rows that are only read.

use entity::CompanyScope;
use entity::id::{CallId, QueueEntryId};
use ivr_engine::{DialTo, Entry, FlowKind, Next, Prompt};
use uuid::Uuid;

use super::library;
use super::reply::{FlowNext, Reply};
use crate::app::App;
use crate::error::Result;
use crate::store::queueing;

/// What a played caller hears, and the document for his line.
#[derive(Debug)]
pub struct Told {
    /// With the library's prompts in place of their names.
    pub said: Vec<Prompt>,
    /// None where nobody is on the line any more, and where the flow waits for something that the caller is not told of.
    pub twiml: Option<String>,
    /// Names that the company does not have.
    pub missing: Vec<Missing>,
}

/// Something that the flow names and the company does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    Prompt(String),
    Queue(String),
}

/// Tells the line what follows from one entry of a transcript. `version` is that of the session, as in a call.
pub async fn tell(
    app: &App,
    scope: CompanyScope,
    kind: FlowKind,
    entry: &Entry,
    version: i32,
) -> Result<Told> {
    let db = app.db.reader();
    let (said, next) = (entry.prompts.clone(), entry.next.clone());
    let found = library::find(scope, db, &app.settings.public_url, said, next).await?;
    let mut missing: Vec<_> = found.missing.into_iter().map(Missing::Prompt).collect();
    let heard = found.said.iter().chain(found.next.prompts()).cloned().collect();
    let next = match found.next {
        // The call and its place in the queue are nobody's.
        Next::Enqueue { queue, .. } => match queueing::queue_by_name(scope, db, &queue).await? {
            Some(queue) => Some(FlowNext::Parked { entry: QueueEntryId(Uuid::nil()), queue: queue.id }),
            None => {
                missing.push(Missing::Queue(queue));
                None
            }
        },
        Next::Request(_) if kind == FlowKind::Call => Some(FlowNext::Requesting),
        next => is_told(kind, &next).then_some(FlowNext::Engine(next)),
    };
    let twiml = next.map(|next| {
        let reply = Reply::Flow { call: CallId(Uuid::nil()), version, prompts: found.said, next };
        reply.to_twiml(scope.company(), &app.urls(scope.company()))
    });
    Ok(Told { said: heard, twiml, missing })
}

/// Whether a line is given a document of its own for this. What a waiting, held or joining party hears stands in documents
/// of its queue.
fn is_told(kind: FlowKind, next: &Next) -> bool {
    kind == FlowKind::Call
        && match next {
            Next::Gather { .. }
            | Next::Record { .. }
            | Next::Dial { to: DialTo::Number(_) | DialTo::Sip(_), .. }
            | Next::HangUp { .. } => true,
            Next::Dial { .. }
            | Next::Enqueue { .. }
            | Next::Request(_)
            | Next::Figures { .. }
            | Next::FindContact { .. }
            | Next::FindFlow { .. }
            | Next::BookCallback(_)
            | Next::Continue
            | Next::Done
            | Next::Ended => false,
        }
}
