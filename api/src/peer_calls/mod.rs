//! Calls among the people of a company: voice and video, by two or by a group. This module decides who rings, who is busy,
//! what ends a call, and who is told; the media never pass through here. The same use cases serve all dialects of the
//! sockets and the operations of REST.
//!
//! A call is a row of `call` of the kind `peer`, so that it stands in lists, stories and figures as any other; what only it
//! has is in `peer_call` and `peer_call_participant`. It must never talk to the telephone provider.

mod answer;
mod book;
mod callees;
mod feedback;
mod figures;
mod group;
mod initiate;
mod invite;
mod leave;
mod media;
mod reconnect;
mod ring;
mod settings;
mod signal;
mod state;
mod tell;
mod view;

pub use answer::{Reason, Taken, answer, reject};
pub use callees::MOST_CALLED;
pub use feedback::{Feedback, rate};
pub use figures::{Analytics, Figures, analytics, figures};
pub use group::{Member, join};
pub use initiate::{Callee, Made, Wish, initiate};
pub use invite::{Added, Invitation, invite};
pub use leave::{Left, hang_up, not_back, socket_gone, take_out, time_is_up, user_gone};
pub use media::{AgoraAccess, IceServers, agora, complete, ice_servers};
pub use reconnect::{Ringing, back, ringing_for};
pub use settings::{SettingsPatch, change_settings, settings};
pub use signal::{Signal, pass_on};
pub use view::{PartyView, PeerView, active, describe, views};

use entity::id::UserId;
use serde_json::Value;

use crate::error::Result;
use crate::store::{Unit, users};

/// The device by which somebody takes part.
#[derive(Clone, Debug, Default)]
pub struct Device {
    /// Its socket; `None` over REST.
    pub socket: Option<String>,
    /// `{platform, version, userAgent}`.
    pub info: Option<Value>,
    /// `{ip, connectionType}`.
    pub network: Option<Value>,
}

async fn name_of(unit: &Unit, user: UserId) -> Result<String> {
    Ok(users::by_id(unit.tx(), user).await?.map(|row| row.name).unwrap_or_default())
}
