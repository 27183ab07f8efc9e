//! What is sent and answered when colleagues are added to a call.

use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::peer_calls::{Added, Invitation};

/// Whom to add to a call.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct InviteIn {
    #[oai(validator(min_items = 1, max_items = 50))]
    pub(super) user_ids: Vec<Uuid>,
}

/// What became of one who was added: `initiated` is called as soon as a device of his connects, `joined` was in the call.
#[derive(Enum, Clone, Copy, Debug)]
#[oai(rename_all = "snake_case")]
pub(super) enum InvitationStatus {
    Ringing,
    Initiated,
    Joined,
    Busy,
    Offline,
    Blocked,
    VideoNotAllowed,
}

impl From<Invitation> for InvitationStatus {
    fn from(came: Invitation) -> Self {
        match came {
            Invitation::Ringing => Self::Ringing,
            Invitation::Initiated => Self::Initiated,
            Invitation::Joined => Self::Joined,
            Invitation::Busy => Self::Busy,
            Invitation::Offline => Self::Offline,
            Invitation::Blocked => Self::Blocked,
            Invitation::VideoNotAllowed => Self::VideoNotAllowed,
        }
    }
}

/// One who was added to a call.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub(super) struct InvitedOut {
    pub(super) user_id: Uuid,
    pub(super) name: String,
    pub(super) status: InvitationStatus,
}

impl From<Added> for InvitedOut {
    fn from(added: Added) -> Self {
        let Added { user, name, came } = added;
        Self { user_id: user.0, name, status: came.into() }
    }
}

/// A call to which colleagues were added.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub(super) struct CallInvitationsOut {
    pub(super) call_id: Uuid,
    pub(super) invited: Vec<InvitedOut>,
}
