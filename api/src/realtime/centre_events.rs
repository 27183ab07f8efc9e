//! What an agent's and a supervisor's screen sends: offers, calls under way, availability.

use entity::id::{AgentId, OfferId};
use entity::{Availability, When};
use serde_json::{Value, json};

use super::events::{Asked, wrong};
use super::roster::Holder;
use crate::agents::{self, Hand, Wanted};
use crate::app::App;
use crate::authz::{AnswerOffers, ControlCalls, Permission, SetAvailability, Whose};
use crate::calls::control::{self, Actor, Microphone};
use crate::calls::{accept, hold, transfer};
use crate::error::{Error, Result, Subject};

/// The longest reason of an availability, in characters, as over REST.
const LONGEST_REASON: usize = 200;

/// Answers an event of the contact centre's; `None` of any other.
pub async fn perform(app: &App, asked: &Asked<'_>) -> Result<Option<Value>> {
    let Asked { holder, name, fields, socket: _ } = asked;
    let answer = match *name {
        "offer:accept" => {
            let offer: OfferId = fields.required("offerId")?;
            let agent = acting::<AnswerOffers>(app, holder)?;
            let call = accept::accept(app, holder.caller.scope()?, offer, Some(agent)).await?;
            Ok(json!({"callId": call}))
        }
        "offer:decline" => {
            let offer: OfferId = fields.required("offerId")?;
            let agent = acting::<AnswerOffers>(app, holder)?;
            accept::decline(app, holder.caller.scope()?, offer, Some(agent)).await?;
            Ok(json!({}))
        }
        "call:hold" => {
            let actor = controls(app, holder)?;
            hold::hold(app, holder.caller.scope()?, actor, fields.required("callId")?).await?;
            Ok(json!({}))
        }
        "call:resume" => {
            let actor = controls(app, holder)?;
            hold::resume(app, holder.caller.scope()?, actor, fields.required("callId")?).await?;
            Ok(json!({}))
        }
        "call:mute" => {
            let actor = controls(app, holder)?;
            let muted: bool = fields.required("muted")?;
            let microphone = if muted { Microphone::Muted } else { Microphone::On };
            let (scope, call) = (holder.caller.scope()?, fields.required("callId")?);
            control::mute(app, scope, actor, call, microphone).await?;
            Ok(json!({}))
        }
        "call:transfer:complete" => {
            let actor = controls(app, holder)?;
            let (scope, call) = (holder.caller.scope()?, fields.required("callId")?);
            Ok(control::describe(&transfer::complete(app, scope, actor, call).await?))
        }
        "call:transfer:cancel" => {
            let actor = controls(app, holder)?;
            let (scope, call) = (holder.caller.scope()?, fields.required("callId")?);
            Ok(control::describe(&transfer::cancel(app, scope, actor, call).await?))
        }
        "call:transfer:merge" => {
            let actor = controls(app, holder)?;
            let (scope, call) = (holder.caller.scope()?, fields.required("callId")?);
            Ok(control::describe(&transfer::merge(app, scope, actor, call).await?))
        }
        "agent:status" => {
            let availability: Availability = fields.required("availability")?;
            let reason: Option<String> = fields.optional("reason")?;
            if reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
                return Err(wrong("reason", format!("must have at most {LONGEST_REASON} characters")));
            }
            let agent = acting::<SetAvailability>(app, holder)?;
            let (scope, by) = (holder.caller.scope()?, holder.caller.user);
            let when = fields.optional("when")?.unwrap_or(When::Now);
            let (hand, wanted) = (Hand::Own(by), Wanted { availability, reason });
            let status = agents::set_availability(app, scope, agent, hand, wanted, when).await?;
            Ok(agents::describe(&status))
        }
        "agent:take-back" => {
            let agent = acting::<SetAvailability>(app, holder)?;
            let (scope, hand) = (holder.caller.scope()?, Hand::Own(holder.caller.user));
            Ok(agents::describe(&agents::take_back_next(app, scope, agent, hand).await?))
        }
        "heartbeat" => {
            let agent = acting::<SetAvailability>(app, holder)?;
            let ready_until = agents::heartbeat(app, holder.caller.scope()?, agent).await?;
            Ok(json!({"readyUntil": ready_until}))
        }
        _ => return Ok(None),
    };
    answer.map(Some)
}

/// The holder's own agent, when he may do this with it.
fn acting<P: Permission>(app: &App, holder: &Holder) -> Result<AgentId> {
    match app.authz.rows(holder.caller.seat(), P::NAME) {
        Some(_) => holder.caller.agent().ok_or(Error::NotFound(Subject::Agent)),
        None => Err(Error::Forbidden { permission: P::NAME }),
    }
}

/// The holder as one who controls calls, when he may.
fn controls(app: &App, holder: &Holder) -> Result<Actor> {
    let name = ControlCalls::NAME;
    let rows = app.authz.rows(holder.caller.seat(), name).ok_or(Error::Forbidden { permission: name })?;
    Ok(Actor { user: holder.caller.user, whose: Whose::of(rows, holder.caller.agent()) })
}
