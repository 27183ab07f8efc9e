//! What people do with calls that are under way.

use calldocker::authz::Whose;
use calldocker::calls::control::Actor;
use calldocker::calls::hold;
use calldocker::calls::outbound::{self, Dialling, Hours, Record};
use calldocker::calls::supervise::{self, Supervisor};
use calldocker::calls::transfer::{self, To};
use calldocker::error::Error;
use calldocker::store::live;
use carrier::{CallHandle, LineKind};
use entity::id::{CallId, FlowId, QueueId};
use entity::{
    CallStatus, MachineDetection, SegmentState, SuperviseMode, TransferMode, TransferState, audit, call,
    flow, outbox, queue,
};
use sea_orm::QueryOrder;

use super::centre::Centre;

fn plain(to: &str) -> Dialling {
    Dialling {
        to: to.to_owned(),
        from: None,
        queue: None,
        machine_detection: None,
        hours: Hours::Kept,
        record: Record::ByRule,
    }
}

impl Centre {
    /// An agent at his own call.
    pub fn acting(&self, agent: usize) -> Actor {
        Actor { user: self.user, whose: Whose::Agents(self.agents[agent]) }
    }

    /// A caller and the first agent talk.
    pub async fn talk(&self) -> CallHandle {
        let caller = self.ring([]);
        self.pass(3).await;
        self.accept(0).await;
        self.pass_until_segment_is(SegmentState::Connected).await;
        caller
    }

    /// An agent calls somebody.
    pub async fn dial(&self, agent: usize, to: &str) -> Result<CallId, Error> {
        self.dial_with(agent, to, None).await
    }

    /// Somebody has the first agent call, and says whether it is recorded.
    pub async fn dial_recorded(&self, actor: Actor, to: &str, record: Record) -> Result<CallId, Error> {
        let wish = Dialling { record, ..plain(to) };
        outbound::dial(&self.app, self.scope, actor, self.agents[0], wish, None).await.map(|call| call.id)
    }

    /// [`Centre::dial`], with the provider listening for machines.
    pub async fn dial_with(
        &self,
        agent: usize,
        to: &str,
        machine_detection: Option<MachineDetection>,
    ) -> Result<CallId, Error> {
        let wish = Dialling { machine_detection, ..plain(to) };
        let (actor, id) = (self.acting(agent), self.agents[agent]);
        outbound::dial(&self.app, self.scope, actor, id, wish, None).await.map(|call| call.id)
    }

    pub async fn hold(&self, agent: usize) -> Result<(), Error> {
        hold::hold(&self.app, self.scope, self.acting(agent), self.call().await.id).await
    }

    pub async fn resume(&self, agent: usize) -> Result<(), Error> {
        hold::resume(&self.app, self.scope, self.acting(agent), self.call().await.id).await
    }

    /// The first agent passes the only call on.
    pub async fn pass_on(&self, to: To, mode: TransferMode) -> Result<(), Error> {
        let call = self.call().await.id;
        transfer::start(&self.app, self.scope, self.acting(0), call, to, mode).await.map(drop)
    }

    pub fn colleague(&self, agent: usize) -> To {
        To::Agent(self.agents[agent])
    }

    pub async fn complete(&self) -> Result<(), Error> {
        let call = self.call().await.id;
        transfer::complete(&self.app, self.scope, self.acting(0), call).await.map(drop)
    }

    pub async fn cancel(&self) -> Result<(), Error> {
        let call = self.call().await.id;
        transfer::cancel(&self.app, self.scope, self.acting(0), call).await.map(drop)
    }

    pub async fn merge(&self) -> Result<(), Error> {
        let call = self.call().await.id;
        transfer::merge(&self.app, self.scope, self.acting(0), call).await.map(drop)
    }

    /// How the transfers of the only call stand, oldest first.
    pub async fn transfers(&self) -> Vec<(TransferState, Option<String>)> {
        let call = self.call().await.id;
        let rows = live::transfers(self.scope, self.app.db.reader(), call).await.unwrap();
        rows.into_iter().map(|row| (row.state, row.reason)).collect()
    }

    pub async fn pass_until_transfer_is(&self, state: TransferState) {
        let what = format!("the transfer is {state:?}");
        self.pass_until(&what, async || {
            self.transfers().await.last().is_some_and(|(last, _)| *last == state)
        })
        .await;
    }

    pub async fn pass_until_status_is(&self, status: CallStatus) {
        let what = format!("the call is {status:?}");
        self.pass_until(&what, async || self.call().await.status == status).await;
    }

    /// The only queue.
    pub async fn queue(&self) -> QueueId {
        self.scope.find::<queue::Entity>().one(self.app.db.reader()).await.unwrap().unwrap().id
    }

    /// The only flow.
    pub async fn flow(&self) -> FlowId {
        self.scope.find::<flow::Entity>().one(self.app.db.reader()).await.unwrap().unwrap().id
    }

    /// The user of the first agent, as somebody who is no agent.
    pub async fn supervise(&self, mode: SuperviseMode) -> Result<(), Error> {
        let supervisor = Supervisor { user: self.user, agent: None };
        let call: call::Model = self.call().await;
        supervise::supervise(&self.app, self.scope, supervisor, call.id, mode).await.map(drop)
    }

    pub async fn stop_supervising(&self) -> Result<(), Error> {
        supervise::stop(&self.app, self.scope, self.user, self.call().await.id).await
    }

    /// What is in the company's audit, oldest first.
    pub async fn audited(&self) -> Vec<(String, serde_json::Value)> {
        let rows = self.scope.find::<audit::Entity>().order_by_asc(audit::Column::Id);
        let rows = rows.all(self.app.db.reader()).await.unwrap();
        rows.into_iter().map(|row| (row.action, row.detail["mode"].clone())).collect()
    }

    /// The supervisor's phone.
    pub fn supervisor(&self) -> CallHandle {
        self.phone_of(&supervise::identity(self.user))
    }

    /// The phone on which the provider has called this address last.
    pub fn phone_of(&self, address: &str) -> CallHandle {
        let legs = self.carrier.snapshot().calls;
        let leg = legs.into_iter().find(|leg| leg.to == address).expect("this phone has rung");
        self.carrier.call(&leg.sid).expect("the provider knows its calls")
    }

    /// An agent's phone, at his last call.
    pub fn agent_phone(&self, agent: usize) -> CallHandle {
        self.phone_of(&calldocker::calls::accept::client_address(self.agents[agent]))
    }

    /// Which events people were told of, oldest first, with what was said.
    pub async fn told(&self, event: &str) -> Vec<outbox::Model> {
        let rows = self.scope.find::<outbox::Entity>().order_by_asc(outbox::Column::Seq);
        let rows = rows.all(self.app.db.reader()).await.unwrap();
        rows.into_iter().filter(|row| row.event == event).collect()
    }
}

/// Whether somebody heard another party say this.
pub fn heard_say(phone: &CallHandle, text: &str) -> bool {
    phone.transcript().iter().any(|line| line.kind == LineKind::Heard && line.text.contains(text))
}
