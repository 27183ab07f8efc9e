//! What a [`super::Company`] has of calls among colleagues: one that rings for its owner, and a colleague who is there.

use chrono::TimeDelta;
use entity::call_settings::CallSettings;
use entity::id::{CallId, UserId};
use entity::{
    CallKind, CallStatus, CallType, CompanyScope, ConnectionType, PartyState, PeerMedia, PeerRole,
    PeerStatus, PresenceStatus, call, call_settings, peer_call, peer_call_participant, presence,
    presence_socket,
};
use sea_orm::DatabaseTransaction;
use serde_json::json;

use super::TestApp;

/// `caller` has called `callee`, and `present` has a device.
pub async fn insert(
    app: &TestApp,
    scope: CompanyScope,
    id: CallId,
    (caller, callee): (UserId, UserId),
    present: UserId,
) {
    let (company_id, now) = (scope.company(), app.app.clock.now());
    let tx = app.app.db.begin().await.unwrap();
    let parties =
        [(caller, PeerRole::Caller, PartyState::Joined), (callee, PeerRole::Callee, PartyState::Ringing)];
    insert_call(app, scope, &tx, id, PeerStatus::Ringing, parties).await;
    is_there(scope, &tx, present, app).await;
    let row = call_settings::Model {
        user_id: present,
        company_id,
        settings: CallSettings::default(),
        updated_at: now,
    };
    scope.insert::<call_settings::Entity, _>(&tx, row).await.unwrap();
    tx.commit().await.unwrap();
}

/// `caller` is in a group call, which the other one has left.
pub async fn insert_group(app: &TestApp, scope: CompanyScope, id: CallId, (caller, other): (UserId, UserId)) {
    let tx = app.app.db.begin().await.unwrap();
    let parties =
        [(caller, PeerRole::Caller, PartyState::Joined), (other, PeerRole::Callee, PartyState::Left)];
    insert_call(app, scope, &tx, id, PeerStatus::Active, parties).await;
    tx.commit().await.unwrap();
}

async fn insert_call(
    app: &TestApp,
    scope: CompanyScope,
    tx: &DatabaseTransaction,
    id: CallId,
    status: PeerStatus,
    parties: [(UserId, PeerRole, PartyState); 2],
) {
    let (caller, callee) = (parties[0].0, parties[1].0);
    let (company_id, now) = (scope.company(), app.app.clock.now());
    let row = call::Model {
        status: if status == PeerStatus::Active { CallStatus::Connected } else { CallStatus::Dialing },
        ..call::Model::begun(
            id,
            company_id,
            CallKind::Peer,
            (format!("user:{caller}"), format!("user:{callee}")),
            now,
        )
    };
    scope.insert::<call::Entity, _>(tx, row).await.unwrap();
    let row = peer_call::Model {
        call_id: id,
        company_id,
        called_by: caller,
        call_type: CallType::Voice,
        status,
        media: PeerMedia::Agora,
        is_group: status == PeerStatus::Active,
        to_number: None,
        end_reason: None,
        offer: None,
        connection_type: ConnectionType::Wifi,
        region: None,
        call_settings: Some(json!({"audioEnabled": true, "videoEnabled": false})),
        error_info: None,
    };
    scope.insert::<peer_call::Entity, _>(tx, row).await.unwrap();
    for (user, role, state) in parties {
        let row = peer_call_participant::Model {
            id: app.app.ids.next(),
            company_id,
            call_id: id,
            user_id: user,
            agent_id: None,
            role,
            state,
            invited_at: now,
            invited_by: None,
            is_unwanted: false,
            joined_at: None,
            left_at: None,
            socket: None,
            lost_at: None,
            device: None,
            network: Some(json!({"ip": "192.0.2.7"})),
            quality_score: None,
            feedback: None,
        };
        scope.insert::<peer_call_participant::Entity, _>(tx, row).await.unwrap();
    }
}

/// He has a device for a day.
pub async fn is_there(scope: CompanyScope, tx: &DatabaseTransaction, user: UserId, app: &TestApp) {
    let (company_id, now) = (scope.company(), app.app.clock.now());
    let row = presence::Model {
        user_id: user,
        company_id,
        is_online: true,
        chosen: PresenceStatus::Online,
        last_seen_at: None,
        changed_at: now,
    };
    scope.insert::<presence::Entity, _>(tx, row).await.unwrap();
    let row = presence_socket::Model {
        socket: format!("of-{}", user.0.simple()),
        company_id,
        user_id: user,
        node_id: app.app.node,
        connected_at: now,
        lease_until: now + TimeDelta::days(1),
    };
    scope.insert::<presence_socket::Entity, _>(tx, row).await.unwrap();
}
