//! Invitations into a company. Finding one by its token is in `system`: who holds it is in no company yet.

use entity::id::InvitationId;
use entity::{CompanyScope, invitation};
use sea_orm::{ConnectionTrait, DbErr};

use super::Tx;

pub async fn insert(
    scope: CompanyScope,
    tx: &Tx,
    invitation: invitation::Model,
) -> Result<InvitationId, DbErr> {
    let id = invitation.id;
    scope.insert::<invitation::Entity, _>(tx, invitation).await?;
    Ok(id)
}

pub async fn by_id(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: InvitationId,
) -> Result<Option<invitation::Model>, DbErr> {
    scope.find_by_id::<invitation::Entity>(id).one(db).await
}
