//! What the agent decides about a transfer that he has begun: to go, to take it back, to bring all three together.

use entity::id::CallId;
use entity::{CompanyScope, TransferState, transfer};

use super::fate::{hand_over, take_back, together};
use super::{finish, project};
use crate::app::App;
use crate::calls::control::{self, Actor};
use crate::calls::hold;
use crate::error::{Code, Error, Result};
use crate::store::{Unit, live};

async fn under_way(unit: &Unit, call: CallId) -> Result<transfer::Model> {
    live::open_transfer(unit.scope(), unit.tx(), call)
        .await?
        .ok_or_else(|| Error::conflict(Code::NoTransfer, "No transfer of this call is under way."))
}

async fn with_both_there(unit: &Unit, call: CallId) -> Result<transfer::Model> {
    let transfer = under_way(unit, call).await?;
    if transfer.state == TransferState::Joined {
        Ok(transfer)
    } else {
        Err(Error::conflict(Code::TransferNotJoined, "Who is to get this call has not come yet."))
    }
}

/// The agent goes; who was asked has the caller.
pub async fn complete(app: &App, scope: CompanyScope, actor: Actor, call: CallId) -> Result<transfer::Model> {
    let mut unit = Unit::begin(app, scope).await?;
    let (mut file, first) = control::talk(&unit, actor, call).await?;
    let transfer = with_both_there(&unit, call).await?;
    let id = transfer.id;
    hand_over(&mut unit, &mut file, first, transfer).await?;
    after(unit, file, id).await
}

/// The agent keeps the caller; who was asked is let go.
pub async fn cancel(app: &App, scope: CompanyScope, actor: Actor, call: CallId) -> Result<transfer::Model> {
    let mut unit = Unit::begin(app, scope).await?;
    let (mut file, _) = control::talk(&unit, actor, call).await?;
    let transfer = under_way(&unit, call).await?;
    let id = transfer.id;
    let transfer = finish(&mut unit, &mut file, transfer, TransferState::Cancelled, None).await?;
    take_back(&mut unit, &mut file, &transfer).await?;
    hold::take_off(&mut unit, &file).await?;
    project(&unit, &mut file).await?;
    control::tell(&mut unit, &mut file).await?;
    after(unit, file, id).await
}

/// All three talk with each other.
pub async fn merge(app: &App, scope: CompanyScope, actor: Actor, call: CallId) -> Result<transfer::Model> {
    let mut unit = Unit::begin(app, scope).await?;
    let (mut file, _) = control::talk(&unit, actor, call).await?;
    let transfer = with_both_there(&unit, call).await?;
    hold::take_off(&mut unit, &file).await?;
    together(&mut unit, &mut file).await?;
    control::tell(&mut unit, &mut file).await?;
    after(unit, file, transfer.id).await
}

async fn after(
    mut unit: Unit,
    file: crate::calls::CallFile,
    id: entity::id::TransferId,
) -> Result<transfer::Model> {
    file.save(&mut unit).await?;
    let transfer = live::transfer(unit.scope(), unit.tx(), id).await?;
    unit.commit().await?;
    transfer.ok_or_else(|| Error::internal("transfer", "a transfer that was just saved is not there"))
}
