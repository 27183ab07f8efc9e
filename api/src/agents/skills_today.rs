//! Skills that are other than usual for the rest of the day: the day of the company's time zone, which may have 23 or 25
//! hours.

use chrono::{DateTime, Days, LocalResult, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use entity::id::{AgentId, UserId};
use entity::{CompanyScope, JobKind, RoutingSubject, agent_skill_today};
use serde_json::json;

use super::staff::{Level, lock, refuse_unknown_skills};
use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::identity::audit;
use crate::store::agents::AgentWithWork;
use crate::store::{Audience, Unit, companies, jobs, workforce};

/// The levels that hold for the rest of the day, in place of those set before; 0 is without the skill. Skills that are not
/// named are as usual.
pub async fn set_skills_today(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    id: AgentId,
    levels: Vec<Level>,
) -> Result<AgentWithWork> {
    let mut unit = Unit::begin(app, scope).await?;
    lock(&unit, id).await?;
    refuse_unknown_skills(&unit, &levels).await?;
    let company = companies::own(scope, unit.tx()).await?.ok_or(Error::NotFound(Subject::Company))?;
    let until = end_of_day(unit.now(), zone(&company.time_zone));
    let row = |level: &Level| agent_skill_today::Model {
        company_id: scope.company(),
        agent_id: id,
        skill_id: level.skill,
        level: level.level,
        until,
    };
    workforce::set_skills_today(scope, unit.tx(), id, levels.iter().map(row).collect()).await?;
    jobs::cancel(&unit, JobKind::EndSkillsToday, id).await?;
    if !levels.is_empty() {
        unit.job(JobKind::EndSkillsToday, id, json!({}), until);
    }
    let named: Vec<_> =
        levels.iter().map(|level| json!({"skillId": level.skill, "level": level.level})).collect();
    let detail = json!({"agentId": id, "skills": named, "until": until});
    audit::note(app, scope, unit.tx(), by, "agents:skills-today", detail).await?;
    changed(&mut unit, id).await?;
    unit.commit().await?;
    super::get(app, scope, id).await
}

/// The usual levels hold again.
pub async fn restore_skills(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    id: AgentId,
) -> Result<AgentWithWork> {
    set_skills_today(app, scope, by, id, Vec::new()).await
}

/// The day is over.
pub async fn end_skills_today(unit: &mut Unit, id: AgentId) -> Result<()> {
    workforce::end_skills_today(unit.scope(), unit.tx(), id, unit.now()).await?;
    changed(unit, id).await
}

/// Routing reads the agent again, and who watches is told.
async fn changed(unit: &mut Unit, id: AgentId) -> Result<()> {
    unit.reroute(RoutingSubject::Agent, id);
    let today = workforce::skills_today(unit.scope(), unit.tx(), Some(&[id]), unit.now()).await?;
    let until = today.first().map(|row| row.until);
    let levels: Vec<_> =
        today.iter().map(|row| json!({"skillId": row.skill_id, "level": row.level})).collect();
    unit.tell(
        &[Audience::Agent(id), Audience::Supervisors],
        "agent:skills",
        json!({"agentId": id, "today": levels, "until": until}),
    );
    Ok(())
}

/// The zone of this name; a company with none that is known lives by UTC.
fn zone(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}

/// The first moment of tomorrow. Where midnight is skipped, as some zones' summer time does it, that is the first moment
/// after the gap; where it comes twice, the first of the two.
fn end_of_day(now: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    let tomorrow = now.with_timezone(&zone).date_naive() + Days::new(1);
    let midnight = tomorrow.and_time(NaiveTime::MIN);
    // No gap has been longer than a day.
    (0..=24 * 60)
        .find_map(|minutes| match zone.from_local_datetime(&(midnight + TimeDelta::minutes(minutes))) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.to_utc()),
            LocalResult::None => None,
        })
        .unwrap_or(now + TimeDelta::days(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(now: &str, zone: &str) -> String {
        let now: DateTime<Utc> = now.parse().unwrap();
        end_of_day(now, super::zone(zone)).format("%FT%TZ").to_string()
    }

    #[test]
    fn the_day_ends_at_the_company_s_midnight() {
        assert_eq!(end("2026-03-02T12:00:00Z", "America/New_York"), "2026-03-03T05:00:00Z");
        assert_eq!(end("2026-03-03T04:59:59Z", "America/New_York"), "2026-03-03T05:00:00Z");
        assert_eq!(end("2026-03-03T05:00:00Z", "America/New_York"), "2026-03-04T05:00:00Z");
        assert_eq!(end("2026-03-02T12:00:00Z", "nowhere"), "2026-03-03T00:00:00Z");
    }

    #[test]
    fn a_day_may_have_23_or_25_hours() {
        // Berlin, 29 March 2026: begins at 23:00 UTC, summer time comes at 01:00 UTC.
        assert_eq!(end("2026-03-28T23:00:00Z", "Europe/Berlin"), "2026-03-29T22:00:00Z");
        // 25 October 2026: begins at 22:00 UTC.
        assert_eq!(end("2026-10-24T22:00:00Z", "Europe/Berlin"), "2026-10-25T23:00:00Z");
    }

    #[test]
    fn a_midnight_that_is_skipped_is_the_moment_after_the_gap() {
        // Cairo, 24 April 2026: 00:00 becomes 01:00.
        assert_eq!(end("2026-04-23T12:00:00Z", "Africa/Cairo"), "2026-04-23T22:00:00Z");
    }
}
