//! What a line would be told in a call that is only played: by the renderer of real calls, from rows that are only read.

use entity::CompanyScope;
use entity::id::{CallId, QueueEntryId, QueueId};
use ivr_engine::{DialTo, Effect, Entry, FlowKind, Next, Prompt, RecordingAction};
use uuid::Uuid;

use super::direct::NoAgent;
use super::recording::policy::Why;
use super::recording::{self, Rehearsed};
use super::reply::{FlowNext, Reply};
use super::{direct, effects, library};
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
    pub obstacles: Vec<Obstacle>,
}

/// Why something that the flow wants would not be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    NoPrompt(String),
    NoQueue(String),
    NoAgent { why: NoAgent, agent: String },
    MayNotRecord(Why),
}

/// A call that is played, as far as what its line is told depends on what was before.
pub struct Rehearsal<'a> {
    app: &'a App,
    scope: CompanyScope,
    kind: FlowKind,
    caller: String,
    /// In which he waited last.
    queue: Option<QueueId>,
    recorded: IsRecorded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IsRecorded {
    Yes,
    No,
}

impl<'a> Rehearsal<'a> {
    pub fn of(app: &'a App, scope: CompanyScope, kind: FlowKind, caller: String) -> Self {
        Self { app, scope, kind, caller, queue: None, recorded: IsRecorded::No }
    }

    /// Tells the line what follows from the next entry of a transcript. `version` is that of the session, as in a call.
    pub async fn tell(&mut self, entry: &Entry, version: i32) -> Result<Told> {
        let (app, scope, db) = (self.app, self.scope, self.app.db.reader());
        let mut obstacles = Vec::new();
        let said = self.with_notices(entry, &mut obstacles).await?;
        let found = library::find(scope, db, &app.settings.public_url, said, entry.next.clone()).await?;
        obstacles.extend(found.missing.into_iter().map(Obstacle::NoPrompt));
        let heard = found.said.iter().chain(found.next.prompts()).cloned().collect();
        let next = self.what_the_line_does(found.next, &mut obstacles).await?;
        let twiml = next.map(|next| {
            let reply = Reply::Flow { call: CallId(Uuid::nil()), version, prompts: found.said, next };
            reply.to_twiml(scope.company(), &app.urls(scope.company()))
        });
        Ok(Told { said: heard, twiml, obstacles })
    }

    /// What is said, and that the call is recorded before what is said with the wish to record it.
    async fn with_notices(&mut self, entry: &Entry, obstacles: &mut Vec<Obstacle>) -> Result<Vec<Prompt>> {
        let mut said = entry.prompts.clone();
        let mut more = 0;
        for (effect, before) in entry.effects.iter().zip(&entry.prompts_before) {
            let Effect::Recording { action } = effect else { continue };
            let begins = match action {
                RecordingAction::Start => self.recorded == IsRecorded::No,
                RecordingAction::Stop => {
                    self.recorded = IsRecorded::No;
                    false
                }
                RecordingAction::Pause | RecordingAction::Resume => false,
            };
            if !begins {
                continue;
            }
            match recording::rehearse(self.scope, self.app.db.reader(), &self.caller, self.queue).await? {
                Rehearsed::Begins(notice) => {
                    self.recorded = IsRecorded::Yes;
                    if let Some(notice) = notice {
                        said.insert((before + more).min(said.len()), effects::said(notice));
                        more += 1;
                    }
                }
                Rehearsed::Refused(why) => obstacles.push(Obstacle::MayNotRecord(why)),
            }
        }
        Ok(said)
    }

    /// The call and its place in a queue are nobody's.
    async fn what_the_line_does(
        &mut self,
        next: Next,
        obstacles: &mut Vec<Obstacle>,
    ) -> Result<Option<FlowNext>> {
        let (scope, db) = (self.scope, self.app.db.reader());
        let queue = match next {
            Next::Enqueue { queue, .. } => match queueing::queue_by_name(scope, db, &queue).await? {
                Some(row) => row.id,
                None => {
                    obstacles.push(Obstacle::NoQueue(queue));
                    return Ok(None);
                }
            },
            Next::Dial { to: DialTo::Agent(agent), .. } => match self.queue_for(&agent).await? {
                Ok(queue) => queue,
                Err(why) => {
                    obstacles.push(Obstacle::NoAgent { why, agent });
                    return Ok(None);
                }
            },
            Next::Request(_) if self.kind == FlowKind::Call => return Ok(Some(FlowNext::Requesting)),
            next => return Ok(is_told(self.kind, &next).then_some(FlowNext::Engine(next))),
        };
        self.queue = Some(queue);
        Ok(Some(FlowNext::Parked { entry: QueueEntryId(Uuid::nil()), queue }))
    }

    /// Where a caller waits who is being connected with this agent. Whether that one could be asked is the script's matter.
    async fn queue_for(&self, agent: &str) -> Result<std::result::Result<QueueId, NoAgent>> {
        let (scope, db) = (self.scope, self.app.db.reader());
        let agent = match direct::find(scope, db, agent).await? {
            Ok(agent) => agent.id,
            Err(why) => return Ok(Err(why)),
        };
        Ok(direct::queue_of(scope, db, self.queue, agent).await?.ok_or(NoAgent::WithoutQueue))
    }
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
