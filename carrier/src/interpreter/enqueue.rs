//! Enqueue: waiting in a queue, and the ways out of it.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Exit, Flow, Session, Source, Stage, Taken};
use crate::call::CallStatus;
use crate::faults::RedirectedReply;
use crate::leg::Input;
use crate::queue::Entry;
use crate::transcript::LineKind;
use crate::twiml::{Enqueue, Link, Music};
use crate::webhook::Params;

impl Session {
    pub(super) async fn enqueue(&mut self, enqueue: &Enqueue) -> Result<Flow, Exit> {
        let action = self.action(&enqueue.action, enqueue.method)?;
        let wait = match &enqueue.wait {
            Music::Document(link) => Music::Document(self.absolute(link)?),
            Music::Default => Music::Default,
            Music::Silence => Music::Silence,
        };
        let sid = self.leg.sid.clone();
        let since = self.shared.clock.now();
        // Before entering: a dialler may take the call in the same moment.
        self.queued = true;
        let queue = match self.shared.enter_queue(&sid, &enqueue.name, enqueue.max_size) {
            Entry::Waiting { queue_sid } => queue_sid,
            Entry::Full => {
                self.queued = false;
                return Ok(next(action, result_params("queue-full", None)));
            }
        };
        self.leg.line(LineKind::Status, format!("waits in queue {}", enqueue.name));
        let exit = self.wait_in_queue(&queue, &wait).await;
        self.queued = false;
        self.shared.leave_queue(&sid);
        let waited = (self.shared.clock.now() - since).num_seconds();
        let params = |result: &str| result_params(result, Some((&queue, waited)));
        match (exit, self.taken.take()) {
            (Exit::Left, _) => Ok(next(action, params("leave"))),
            (Exit::Interrupted, Some(Taken::Dequeued(source))) => {
                self.redirected(action, params("redirected"), source).await
            }
            (Exit::Redirected(source), _) => self.redirected(action, params("redirected"), source).await,
            (Exit::Interrupted, Some(Taken::Dialed { by, url })) => {
                match self.bridge_from_queue(&by, url, &queue, since).await {
                    Ok(()) => Ok(next(action, params("bridged"))),
                    Err(Exit::Redirected(source)) => {
                        self.redirected(action, params("redirected-from-bridged"), source).await
                    }
                    Err(exit @ (Exit::HungUp | Exit::Ended)) => {
                        self.farewell(action, params("bridged")).await;
                        Err(exit)
                    }
                    Err(exit) => Err(exit),
                }
            }
            (exit @ (Exit::HungUp | Exit::Ended), _) => {
                self.farewell(action, params("hangup")).await;
                Err(exit)
            }
            (Exit::Interrupted | Exit::BargeIn | Exit::Failed, _) => Ok(next(action, params("system-error"))),
        }
    }

    /// The wait document again and again; there is no way out of it without a reason.
    async fn wait_in_queue(&mut self, queue: &str, wait: &Music) -> Exit {
        loop {
            let began = self.shared.clock.now();
            let result = match wait {
                Music::Document(link) => {
                    let extra = self.standing_params(queue);
                    self.perform(Source::Url { link: link.clone(), extra }, Stage::QueueWait).await
                }
                Music::Default | Music::Silence => self.music(wait, Stage::QueueWait, Vec::new()).await,
            };
            if let Err(exit) = result {
                return exit;
            }
            // An empty document would be fetched as fast as the machine can.
            if began == self.shared.clock.now()
                && let Err(exit) = self.rest(Duration::from_secs(1)).await
            {
                return exit;
            }
        }
    }

    fn standing_params(&self, queue: &str) -> Params {
        let mut params = vec![("QueueSid".to_owned(), queue.to_owned())];
        if let Some(standing) = self.shared.standing(queue, &self.leg.sid) {
            let mut add = |name: &str, value: String| params.push((name.to_owned(), value));
            add("QueuePosition", standing.position.to_string());
            add("QueueTime", standing.waited.to_string());
            add("AvgQueueTime", standing.average.to_string());
            add("CurrentQueueSize", standing.size.to_string());
            add("MaxQueueSize", standing.max_size.to_string());
        }
        params
    }

    /// The action hears of it first; what it answers is ignored, unless a fault says that it is executed.
    async fn redirected(&mut self, action: Option<Link>, params: Params, to: Source) -> Result<Flow, Exit> {
        let Some(link) = action else { return Err(Exit::Redirected(to)) };
        match self.shared.dice.redirected_reply() {
            RedirectedReply::Ignored => {
                if let Err(failure) = self.fetch(&link, params).await {
                    self.warn(format!("{} {}", failure.code, failure.message));
                }
                Err(Exit::Redirected(to))
            }
            RedirectedReply::Executed => {
                if let Source::Url { link, extra } = &to {
                    drop(self.fetch(link, extra.clone()).await);
                }
                Err(Exit::Redirected(Source::Url { link, extra: params }))
            }
        }
    }

    /// A dialler took the call: the queue's url is heard, then the two are bridged until one goes.
    async fn bridge_from_queue(
        &mut self,
        by: &str,
        url: Option<Link>,
        queue: &str,
        since: DateTime<Utc>,
    ) -> Result<(), Exit> {
        let sid = self.leg.sid.clone();
        if let Some(link) = url {
            let waited = (self.shared.clock.now() - since).num_seconds();
            let extra = [
                ("QueueSid", queue.to_owned()),
                ("QueueTime", waited.to_string()),
                // Twilio's spelling.
                ("DequeingCallSid", by.to_owned()),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into();
            if let Err(exit) = self.perform(Source::Url { link, extra }, Stage::RoomWait).await {
                self.tell_peer_gone(by, CallStatus::Completed);
                return Err(exit);
            }
        }
        {
            let mut state = self.shared.lock();
            // A dialler who went meanwhile has let go of this call.
            if state.calls.get(by).is_none_or(|dialer| dialer.peer.as_deref() != Some(sid.as_str())) {
                return Ok(());
            }
            if let Some(call) = state.calls.get_mut(&sid) {
                call.peer = Some(by.to_owned());
            }
            state.send(by, Input::PeerReady { sid });
        }
        self.bridged(by, None).await.map(drop)
    }
}

fn next(action: Option<Link>, extra: Params) -> Flow {
    match action {
        Some(link) => Flow::Goto(Source::Url { link, extra }),
        None => Flow::Continue,
    }
}

fn result_params(result: &str, queued: Option<(&str, i64)>) -> Params {
    let mut params = vec![("QueueResult".to_owned(), result.to_owned())];
    if let Some((queue, waited)) = queued {
        params.push(("QueueSid".to_owned(), queue.to_owned()));
        params.push(("QueueTime".to_owned(), waited.to_string()));
    }
    params
}
