//! Offers: a waiting call offered to an agent.

use chrono::{DateTime, Utc};
use entity::OfferState;
use entity::id::OfferId;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::calls::CallOut;
use super::envelope::{Done, Failure, Reply, Success};
use super::{Tag, Word};
use crate::app::App;
use crate::authz::Can;
use crate::authz::{AnswerOffers, ReadOffers};
use crate::calls::{accept, desk};

pub struct Offers;

/// A call offered to an agent.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct OfferOut {
    pub id: Uuid,
    pub agent_id: Uuid,
    pub state: Word<OfferState>,
    pub offered_at: DateTime<Utc>,
    /// Until when it can be accepted.
    pub expires_at: DateTime<Utc>,
    pub call: CallOut,
}

impl From<desk::OfferView> for OfferOut {
    fn from(view: desk::OfferView) -> Self {
        Self {
            id: view.offer.id.0,
            agent_id: view.offer.agent_id.0,
            state: Word(view.offer.state),
            offered_at: view.offer.offered_at,
            expires_at: view.offer.expires_at,
            call: CallOut { contact: view.contact.map(Into::into), ..view.call.into() },
        }
    }
}

/// The call that was taken.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct AcceptedOut {
    pub call_id: Uuid,
}

#[OpenApi(tag = "Tag::Offers")]
impl Offers {
    /// Lists the agent's open offers.
    #[oai(path = "/api/offers", method = "get", operation_id = "listOffers")]
    async fn list(&self, can: Can<ReadOffers>, Data(app): Data<&App>) -> Reply<Vec<OfferOut>> {
        Success::list(desk::offers(app, can.scope()?, can.caller().agent()).await?)
    }

    /// Accepts an offer: the call is reserved, and the agent's phone is called.
    ///
    /// 409 with the winner's name when another agent was faster, the caller has hung up or time has run out.
    #[oai(path = "/api/offers/:id/accept", method = "post", operation_id = "acceptOffer")]
    async fn accept(
        &self,
        can: Can<AnswerOffers>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<AcceptedOut> {
        let agent = desk::acting_agent(can.caller().agent())?;
        let call = accept::accept(app, can.scope()?, OfferId(id), Some(agent)).await?;
        Success::ok(AcceptedOut { call_id: call.0 })
    }

    /// Declines an offer; the agent is not asked again for this call for a while.
    #[oai(path = "/api/offers/:id/decline", method = "post", operation_id = "declineOffer")]
    async fn decline(
        &self,
        can: Can<AnswerOffers>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        let agent = desk::acting_agent(can.caller().agent())?;
        accept::decline(app, can.scope()?, OfferId(id), Some(agent)).await?;
        Done::saying("Declined.")
    }
}
