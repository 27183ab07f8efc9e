//! Callers: as many as the server bears (closed loop), or so many a second whether it bears them or not (open loop).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use carrier::{CallHandle, Carrier, NewCall, Script, Step, WebhookResult, WebhookTiming, WebhookWatch};
use clock::Clock;

use crate::figures::Durations;

/// How webhooks went since they were last taken.
#[derive(Clone, Default)]
pub struct Recorder(Arc<Mutex<Webhooks>>);

/// Requests of the look-alike to the server.
#[derive(Clone, Debug, Default)]
pub struct Webhooks {
    /// From the request sent to its reply read.
    pub all: Durations,
    /// By the part of the address that names the request: `wait`, `conference`, …; empty for a call's first.
    pub by_path: BTreeMap<String, Durations>,
    pub failed: usize,
}

impl Recorder {
    /// What the look-alike tells.
    pub fn watch(&self) -> WebhookWatch {
        let webhooks = self.0.clone();
        Arc::new(move |timing: WebhookTiming<'_>| {
            let mut webhooks = webhooks.lock().unwrap_or_else(PoisonError::into_inner);
            webhooks.all.add(timing.took);
            webhooks.by_path.entry(path(timing.url)).or_default().add(timing.took);
            match timing.result {
                WebhookResult::Answered => {}
                WebhookResult::Failed => webhooks.failed += 1,
            }
        })
    }

    /// What was recorded until now; recording begins anew.
    pub fn take(&self) -> Webhooks {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// `http://host/api/webhooks/twilio/{company}/agent/answer?…` is `agent/answer`.
fn path(url: &str) -> String {
    let path = url.split('?').next().unwrap_or_default();
    path.splitn(8, '/').nth(7).unwrap_or_default().to_owned()
}

/// Somebody who hangs up so many seconds after an agent answered him.
fn caller(number: &str, index: usize, talk: Duration) -> NewCall {
    let script = Script::new([Step::AfterConnected(talk.as_secs_f64()), Step::HangUp]);
    NewCall::new(&format!("+1303555{:04}", index % 10_000), number, script)
}

/// `callers` at once, each of whom calls again as soon as his call has ended, for a while. Answers how many called.
pub async fn closed(
    carrier: &Arc<Carrier>,
    numbers: &[String],
    callers: usize,
    lasting: Duration,
    talk: Duration,
) -> usize {
    let began = Instant::now();
    let tasks = (0..callers).map(|index| {
        let (carrier, number) = (carrier.clone(), numbers[index % numbers.len()].clone());
        tokio::spawn(async move {
            let mut calls = 0;
            while began.elapsed() < lasting {
                carrier.place_call(caller(&number, index, talk)).ended().await;
                calls += 1;
            }
            calls
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let mut calls = 0;
    for task in tasks {
        calls += task.await.unwrap_or_default();
    }
    calls
}

/// An open loop: calls come at a fixed rate.
#[derive(Clone, Copy, Debug)]
pub struct Open {
    /// A second.
    pub rate: f64,
    /// Until as many calls are in progress as will be.
    pub ramp: Duration,
    /// While it is measured.
    pub measured: Duration,
    pub talk: Duration,
}

/// What came of an open loop.
pub struct Opened {
    pub webhooks: Webhooks,
    /// Callers on the line in the middle and at the end of the measured time.
    pub in_progress: [usize; 2],
    pub calls: usize,
}

/// Lets calls come for the ramp and the measured time, then lets everybody hang up.
pub async fn open(
    carrier: &Carrier,
    recorder: &Recorder,
    numbers: &[String],
    clock: &Clock,
    plan: Open,
) -> Opened {
    let began = Instant::now();
    let mut calls = Vec::new();
    arrive(carrier, numbers, clock, plan, began, plan.ramp, &mut calls).await;
    recorder.take();
    arrive(carrier, numbers, clock, plan, began, plan.ramp + plan.measured / 2, &mut calls).await;
    let middle = alive(&calls);
    arrive(carrier, numbers, clock, plan, began, plan.ramp + plan.measured, &mut calls).await;
    let webhooks = recorder.take();
    let in_progress = [middle, alive(&calls)];
    calls.iter().for_each(CallHandle::hang_up);
    Opened { webhooks, in_progress, calls: calls.len() }
}

/// Places the calls that are due until so long after the beginning. A late one is placed at once: the rate is kept, and
/// what the server does not bear shows as waiting.
async fn arrive(
    carrier: &Carrier,
    numbers: &[String],
    clock: &Clock,
    plan: Open,
    began: Instant,
    until: Duration,
    calls: &mut Vec<CallHandle>,
) {
    let due = |index: usize| {
        #[expect(clippy::cast_precision_loss, reason = "there are some thousands of calls")]
        let index = index as f64;
        Duration::from_secs_f64(index / plan.rate)
    };
    while due(calls.len()) < until {
        drop(clock.sleep(due(calls.len()).saturating_sub(began.elapsed())).await);
        let index = calls.len();
        calls.push(carrier.place_call(caller(&numbers[index % numbers.len()], index, plan.talk)));
    }
    drop(clock.sleep(until.saturating_sub(began.elapsed())).await);
}

fn alive(calls: &[CallHandle]) -> usize {
    calls.iter().filter(|call| !call.status().is_terminal()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_named_by_what_stands_below_the_company() {
        assert_eq!(path("http://127.0.0.1:9/api/webhooks/twilio/0199/agent/answer?offer=1"), "agent/answer");
        assert_eq!(path("http://127.0.0.1:9/api/webhooks/twilio/0199"), "");
    }
}
