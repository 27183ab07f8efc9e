//! A caller who is sent on his own line to a number outside or to another flow.

use entity::id::TransferId;
use entity::{EndedBy, TransferState, TransferTarget, transfer};
use ivr_engine::DialOutcome;
use twilio::webhook::{CallProgress, CallStatus as ProviderStatus};

use super::fate::{Why, return_caller};
use super::{RING_SECONDS, finish, project, published};
use crate::calls::{CallFile, Reply, agent_leg, arrive, control, flow, leave};
use crate::error::Result;
use crate::store::{Unit, live};

/// The caller's line asks what it is to do. From now on it is not sent here again: that would tear him from the number.
pub async fn take_up(unit: &mut Unit, id: TransferId) -> Result<Reply> {
    let Some((mut file, mut transfer)) = open(unit, id).await? else { return Ok(Reply::HangUp) };
    if !transfer.state.is_open() || file.caller_has_left() {
        return Ok(file.current());
    }
    transfer.taken_up_at = Some(unit.now());
    live::save_transfer(unit.scope(), unit.tx(), transfer.clone()).await?;
    leave::out_of_the_room(unit, &file).await?;
    let reply = match (transfer.target, transfer.to_number.clone(), transfer.to_flow_id) {
        (TransferTarget::Number, Some(number), _) => {
            let caller_id = file.row.our_address().to_owned();
            Reply::Dial { transfer: id, number, caller_id, seconds: RING_SECONDS }
        }
        (TransferTarget::Flow, _, Some(flow)) => {
            let version = published(unit, flow).await?;
            finish(unit, &mut file, transfer, TransferState::Completed, None).await?;
            flow::go_over_to(unit, &mut file, version).await?
        }
        (
            TransferTarget::Agent | TransferTarget::Queue | TransferTarget::Number | TransferTarget::Flow,
            ..,
        ) => file.current(),
    };
    arrive::remember(unit, &mut file, &reply);
    file.save(unit).await?;
    Ok(reply)
}

/// How the call of a number ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    pub outcome: DialOutcome,
    /// How long the two have talked; not known of every call.
    pub seconds: Option<u32>,
}

/// The number outside was called, and that is over: nobody answered, or the two have talked.
pub async fn dialed(unit: &mut Unit, id: TransferId, ended: Ended, line: &ProviderStatus) -> Result<Reply> {
    let Some((mut file, transfer)) = open(unit, id).await? else { return Ok(Reply::HangUp) };
    let goes_on = agent_leg::leg_state(line).is_some_and(|state| !state.is_over()) && !file.caller_has_left();
    let why = match ended.outcome {
        DialOutcome::Answered => None,
        DialOutcome::Busy => Some(Why::Busy),
        DialOutcome::NoAnswer => Some(Why::NoAnswer),
        DialOutcome::Failed => Some(Why::Unreachable),
    };
    let pending = transfer.state == TransferState::Pending;
    let reply = match why {
        Some(why) if pending && goes_on => back(unit, &mut file, transfer, why).await?,
        // The caller's own callback says the rest.
        Some(_) => Reply::HangUp,
        // He has hung up while it rang, as far as is known: his own callback says so.
        None if pending && !goes_on && ended.seconds.is_none() => Reply::HangUp,
        None => {
            finish(unit, &mut file, transfer, TransferState::Completed, None).await?;
            project(unit, &mut file).await?;
            if goes_on {
                file.row.ended_by.get_or_insert(EndedBy::ThirdParty);
            }
            Reply::HangUp
        }
    };
    file.save(unit).await?;
    Ok(reply)
}

/// The caller waits again, and the agent who had passed him on is rung back.
async fn back(unit: &mut Unit, file: &mut CallFile, transfer: transfer::Model, why: Why) -> Result<Reply> {
    let reply = match return_caller(unit, file, transfer, why).await? {
        Some(entry) => Reply::Park {
            call: file.id(),
            version: file.row.session_version,
            entry: entry.id,
            queue: entry.queue_id,
        },
        None => Reply::HangUp,
    };
    arrive::remember(unit, file, &reply);
    Ok(reply)
}

/// What the provider says of the number that the caller's line calls: only that it has answered is news.
pub async fn number_progressed(unit: &mut Unit, id: TransferId, news: &CallProgress) -> Result<()> {
    let Some((mut file, transfer)) = open(unit, id).await? else { return Ok(()) };
    if news.status == ProviderStatus::InProgress && transfer.state == TransferState::Pending {
        finish(unit, &mut file, transfer, TransferState::Completed, None).await?;
        project(unit, &mut file).await?;
        control::tell(unit, &mut file).await?;
        file.save(unit).await?;
    }
    Ok(())
}

async fn open(unit: &Unit, id: TransferId) -> Result<Option<(CallFile, transfer::Model)>> {
    let Some(seen) = live::transfer(unit.scope(), unit.tx(), id).await? else { return Ok(None) };
    let file = CallFile::open(unit, seen.call_id).await?;
    Ok(live::transfer(unit.scope(), unit.tx(), id).await?.map(|transfer| (file, transfer)))
}

/// Whether the caller's line has yet to begin with it.
pub async fn is_still_wanted(
    scope: entity::CompanyScope,
    db: &impl sea_orm::ConnectionTrait,
    id: TransferId,
) -> Result<bool> {
    let transfer = live::transfer(scope, db, id).await?;
    Ok(transfer.is_some_and(|transfer| transfer.state.is_open() && transfer.taken_up_at.is_none()))
}
