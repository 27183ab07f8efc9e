//! Somebody at a number outside, whom an agent asks and to whom he may leave the caller.

use chrono::{DateTime, Utc};
use entity::id::TransferId;
use entity::{EndedBy, LegState, TransferState, leg, transfer};
use serde_json::json;

use super::fate::{Why, back_to_first, joined, park_at, return_caller};
use super::{finish, outside_leg, project};
use crate::calls::story::EventKind;
use crate::calls::{CallFile, control, hold, leave, recording};
use crate::error::Result;
use crate::store::{Unit, calls, live, queueing};

/// Whether the agent who asked is still in the room.
async fn first_is_there(unit: &Unit, transfer: &transfer::Model) -> Result<bool> {
    let first = queueing::segment(unit.scope(), unit.tx(), transfer.segment_id).await?;
    Ok(first.is_some_and(|first| first.state.is_live()))
}

/// Whether somebody still waits for who has this leg, or talks with him.
pub async fn wanted(unit: &Unit, leg: &leg::Model) -> Result<bool> {
    let transfer = live::transfer_of_leg(unit.scope(), unit.tx(), leg.id).await?;
    Ok(transfer.is_some_and(|transfer| match transfer.state {
        TransferState::Pending | TransferState::Joined => true,
        TransferState::Completed => leg.joined_at.is_some(),
        TransferState::Failed | TransferState::Cancelled => false,
    }))
}

/// He is in the room. If the agent has gone meanwhile, the caller is his.
pub async fn came(
    unit: &mut Unit,
    file: &mut CallFile,
    mut leg: leg::Model,
    at: DateTime<Utc>,
) -> Result<()> {
    if !wanted(unit, &leg).await? {
        leave::end_leg(unit, &leg);
        return Ok(());
    }
    if leg.joined_at.is_some() {
        return Ok(());
    }
    leg.joined_at = Some(at);
    calls::save_leg(unit.scope(), unit.tx(), leg.clone()).await?;
    let Some(transfer) = live::transfer_of_leg(unit.scope(), unit.tx(), leg.id).await? else { return Ok(()) };
    if first_is_there(unit, &transfer).await? {
        joined(unit, file, transfer).await?;
    } else {
        recording::without_agent(unit, file).await?;
        finish(unit, file, transfer, TransferState::Completed, None).await?;
        hold::take_off(unit, file).await?;
        project(unit, file).await?;
    }
    control::tell(unit, file).await
}

/// His leg is over, or he has left the room. Twice or late changes nothing.
pub async fn gone(unit: &mut Unit, file: &mut CallFile, leg: &leg::Model) -> Result<()> {
    let Some(transfer) = live::transfer_of_leg(unit.scope(), unit.tx(), leg.id).await? else { return Ok(()) };
    if file.caller_has_left() {
        return Ok(());
    }
    match transfer.state {
        TransferState::Pending => did_not_come(unit, file, transfer, why(leg)).await,
        TransferState::Joined => back_to_first(unit, file, transfer, Why::LeftAgain).await,
        TransferState::Completed => {
            // Nobody else is with the caller: he must not be left alone in a silent conference.
            file.note(unit, EventKind::ThirdPartyLeft, json!({"transferId": transfer.id}));
            file.row.ended_by.get_or_insert(EndedBy::ThirdParty);
            if let Some(caller) = calls::caller_leg(unit.scope(), unit.tx(), file.id()).await? {
                leave::end_leg(unit, &caller);
            }
            Ok(())
        }
        TransferState::Failed | TransferState::Cancelled => Ok(()),
    }
}

fn why(leg: &leg::Model) -> Why {
    match leg.state {
        LegState::Busy | LegState::Canceled => Why::Busy,
        LegState::Failed => Why::Unreachable,
        LegState::Planned
        | LegState::Dialled
        | LegState::Queued
        | LegState::Initiated
        | LegState::Ringing
        | LegState::InProgress
        | LegState::Completed
        | LegState::NoAnswer => Why::NoAnswer,
    }
}

async fn did_not_come(
    unit: &mut Unit,
    file: &mut CallFile,
    transfer: transfer::Model,
    why: Why,
) -> Result<()> {
    if first_is_there(unit, &transfer).await? {
        return back_to_first(unit, file, transfer, why).await;
    }
    let after = transfer.segment_id;
    match return_caller(unit, file, transfer, why).await? {
        Some(entry) => park_at(unit, file, entry.id, after).await,
        None => Ok(()),
    }
}

/// He has had time enough to come, and nothing was heard of him.
pub async fn time_is_up(unit: &mut Unit, id: TransferId) -> Result<()> {
    let Some(seen) = live::transfer(unit.scope(), unit.tx(), id).await? else { return Ok(()) };
    let mut file = CallFile::open(unit, seen.call_id).await?;
    let Some(transfer) = live::transfer(unit.scope(), unit.tx(), id).await? else { return Ok(()) };
    if transfer.state != TransferState::Pending || file.caller_has_left() {
        return Ok(());
    }
    if let Some(leg) = outside_leg(unit, &transfer).await? {
        leave::end_leg(unit, &leg);
    }
    did_not_come(unit, &mut file, transfer, Why::NoAnswer).await?;
    file.save(unit).await
}
