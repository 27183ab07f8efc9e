//! The one writer of what an agent wants. Nothing else writes these columns, and each change leaves a line of history:
//! the store writes both or neither.

use chrono::{DateTime, Utc};
use entity::id::{AgentId, UserId};
use entity::{Availability, ChangeCause, RoutingSubject, WebhookEventKind, agent, agent_change};
use serde_json::json;

use super::history::Axes;
use super::tell_status;
use crate::error::Result;
use crate::store::{Unit, workforce};

/// What an agent wants, or is to want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub availability: Availability,
    pub reason: Option<String>,
}

/// What changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// From now on. Whatever was asked for after the call is forgotten: the newer will counts.
    Now(Wanted),
    /// Once the call and its wrap-up are over.
    AfterCall(Wanted),
    /// What was asked for after the call is asked for no more.
    TakeBack,
    /// He let an offer ring: passed over until he says himself that he is back.
    StopsResponding,
}

/// Who changes it, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Why {
    pub because: ChangeCause,
    /// Who asked for it; nobody when it follows from what happened.
    pub by: Option<UserId>,
}

impl Why {
    pub fn happened(because: ChangeCause) -> Self {
        Self { because, by: None }
    }
}

/// Changes an agent's state within the unit. A step that changes nothing leaves no line and tells nobody.
pub async fn change(unit: &mut Unit, id: AgentId, step: Step, why: Why) -> Result<agent::Model> {
    let mut row = workforce::lock_agent(unit.scope(), unit.tx(), id).await?;
    let before = Axes::of(&row);
    apply(&mut row, step, why, unit.now());
    let after = Axes::of(&row);
    if before == after {
        return Ok(row);
    }
    let line = agent_change::Model {
        id: unit.id(),
        company_id: unit.company(),
        agent_id: id,
        changed_by: why.by,
        because: why.because,
        before: before.stored(),
        after: after.stored(),
        at: unit.now(),
    };
    workforce::change_state(unit.scope(), unit.tx(), &row, line).await?;
    unit.reroute(RoutingSubject::Agent, id);
    tell_outside(unit, &row, (&before, &after), why);
    tell_status(unit, id).await?;
    Ok(row)
}

/// What others are told of it: what he asks for after the call is nobody's business yet.
fn tell_outside(unit: &mut Unit, row: &agent::Model, (before, after): (&Axes, &Axes), why: Why) {
    let at = unit.now();
    if (before.availability, &before.reason) != (after.availability, &after.reason) {
        let told = json!({"agentId": row.id, "name": row.name, "availability": row.availability,
            "reason": row.availability_reason, "previous": before.availability, "because": why.because});
        unit.fact(WebhookEventKind::AgentAvailabilityChanged, at, told);
    }
    if after.not_responding && !before.not_responding {
        let told = json!({"agentId": row.id, "name": row.name, "since": at});
        unit.fact(WebhookEventKind::AgentNotResponding, at, told);
    }
}

fn apply(row: &mut agent::Model, step: Step, why: Why, now: DateTime<Utc>) {
    match step {
        Step::Now(wanted) => {
            let responds_again = row.not_responding_since.is_some() && proves_presence(why.because);
            if responds_again {
                row.not_responding_since = None;
            }
            if responds_again || row.availability != wanted.availability {
                row.available_since = now;
            }
            row.availability = wanted.availability;
            row.availability_reason = wanted.reason;
            ask_after_call(row, None, None);
        }
        Step::AfterCall(wanted) => {
            let as_now = row.availability == wanted.availability && row.availability_reason == wanted.reason;
            ask_after_call(row, (!as_now).then_some(wanted), why.by);
        }
        Step::TakeBack => ask_after_call(row, None, None),
        Step::StopsResponding => {
            row.not_responding_since.get_or_insert(now);
        }
    }
}

fn ask_after_call(row: &mut agent::Model, wanted: Option<Wanted>, by: Option<UserId>) {
    row.next_asked_by = by.filter(|_| wanted.is_some());
    let (availability, reason) = wanted.map_or((None, None), |next| (Some(next.availability), next.reason));
    row.next_availability = availability;
    row.next_reason = reason;
}

/// Whether it shows that the agent is there, or ends his day: either way nobody waits for his answer any more. What
/// others do does not show it.
fn proves_presence(because: ChangeCause) -> bool {
    match because {
        ChangeCause::Agent
        | ChangeCause::LoggedOut
        | ChangeCause::MemberRemoved
        | ChangeCause::AgentRemoved => true,
        ChangeCause::Supervisor
        | ChangeCause::HeartbeatLost
        | ChangeCause::NotResponding
        | ChangeCause::NextState
        | ChangeCause::Integration => false,
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use entity::Reach;
    use uuid::Uuid;

    use super::*;

    fn noon() -> DateTime<Utc> {
        "2026-03-02T12:00:00Z".parse().unwrap()
    }

    fn available() -> agent::Model {
        let id = Uuid::from_u128(1);
        let begun = agent::Model::begun(id.into(), id.into(), id.into(), "Ann".into(), noon());
        agent::Model { reach: Reach::Client, availability: Availability::Available, ..begun }
    }

    fn by(because: ChangeCause) -> Why {
        Why { because, by: Some(Uuid::from_u128(2).into()) }
    }

    fn wanted(availability: Availability) -> Wanted {
        Wanted { availability, reason: None }
    }

    #[test]
    fn what_is_wanted_now_outweighs_what_was_asked_for_after_the_call() {
        let mut ann = available();
        apply(&mut ann, Step::AfterCall(wanted(Availability::Break)), by(ChangeCause::Agent), noon());
        assert_eq!(
            (ann.availability, ann.next_availability),
            (Availability::Available, Some(Availability::Break))
        );
        assert!(ann.next_asked_by.is_some());
        apply(&mut ann, Step::Now(wanted(Availability::Training)), by(ChangeCause::Supervisor), noon());
        assert_eq!((ann.availability, ann.next_availability), (Availability::Training, None));
        assert_eq!(ann.next_asked_by, None);
    }

    #[test]
    fn who_asks_to_stay_what_he_is_asks_for_nothing() {
        let mut ann = available();
        apply(&mut ann, Step::AfterCall(wanted(Availability::Break)), by(ChangeCause::Agent), noon());
        apply(&mut ann, Step::AfterCall(wanted(Availability::Available)), by(ChangeCause::Agent), noon());
        assert_eq!(ann, available());
    }

    #[test]
    fn not_responding_ends_by_the_agent_s_own_hand_and_not_by_another_s() {
        let mut ann = available();
        let later = noon() + TimeDelta::minutes(1);
        apply(&mut ann, Step::StopsResponding, Why::happened(ChangeCause::NotResponding), noon());
        apply(&mut ann, Step::StopsResponding, Why::happened(ChangeCause::NotResponding), later);
        assert_eq!(ann.not_responding_since, Some(noon()), "the first counts");
        apply(&mut ann, Step::Now(wanted(Availability::Available)), by(ChangeCause::Supervisor), later);
        assert_eq!((ann.not_responding_since, ann.available_since), (Some(noon()), noon()));
        apply(&mut ann, Step::Now(wanted(Availability::Available)), by(ChangeCause::Agent), later);
        assert_eq!((ann.not_responding_since, ann.available_since), (None, later));
    }
}
