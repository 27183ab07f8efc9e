//! Skills: what calls ask for and agents have.

use entity::id::SkillId;
use entity::{CompanyScope, Inserted, RoutingSubject, skill};
use uuid::Uuid;

use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::references::{self, Named};
use crate::store::{Unit, skills};

pub async fn all(app: &App, scope: CompanyScope) -> Result<Vec<skill::Model>> {
    Ok(skills::all(scope, app.db.reader()).await?)
}

pub async fn create(app: &App, scope: CompanyScope, name: String) -> Result<skill::Model> {
    let unit = Unit::begin(app, scope).await?;
    let row = make(&unit, name).await?;
    unit.commit().await?;
    Ok(row)
}

/// A new skill, as part of something larger.
pub async fn make(unit: &Unit, name: String) -> Result<skill::Model> {
    let row = skill::Model { id: unit.id(), company_id: unit.company(), name: checked(name)? };
    match skills::insert(unit.scope(), unit.tx(), row.clone()).await? {
        Inserted::Yes => Ok(row),
        Inserted::Conflicted => Err(name_taken()),
    }
}

/// Gives a skill another name, unless flows name it by the one that it has.
pub async fn rename(app: &App, scope: CompanyScope, id: SkillId, name: String) -> Result<skill::Model> {
    let name = checked(name)?;
    let unit = Unit::begin(app, scope).await?;
    let row = skills::lock(scope, unit.tx(), id).await?.ok_or(Error::NotFound(Subject::Skill))?;
    if name != row.name {
        if skills::has_other_named(scope, unit.tx(), &name, id).await? {
            return Err(name_taken());
        }
        let former = [row.name.clone()];
        refuse_if_named(&references::flows_naming(scope, unit.tx(), Named::Skill, &former).await?)?;
    }
    let row = skill::Model { name, ..row };
    skills::save(scope, unit.tx(), row.clone()).await?;
    unit.commit().await?;
    Ok(row)
}

/// Deletes a skill; agents have it no longer. Who waits and asks for it goes on asking: nobody has it any more, so he is
/// helped by his queue's rules.
///
/// # Errors
/// `SKILL_IN_USE` with the names of the flows that ask for it.
pub async fn delete(app: &App, scope: CompanyScope, id: SkillId) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let row = skills::lock(scope, unit.tx(), id).await?.ok_or(Error::NotFound(Subject::Skill))?;
    let names = [row.name, id.to_string()];
    refuse_if_named(&references::flows_naming(scope, unit.tx(), Named::Skill, &names).await?)?;
    for agent in skills::agents_with(scope, unit.tx(), id).await? {
        unit.reroute(RoutingSubject::Agent, agent);
    }
    skills::delete(scope, unit.tx(), id).await?;
    unit.commit().await
}

fn checked(name: String) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.parse::<Uuid>().is_ok() {
        return Err(Error::invalid("/name", "must be a name, and not an id"));
    }
    Ok(name.to_owned())
}

fn refuse_if_named(flows: &[String]) -> Result<()> {
    if flows.is_empty() {
        return Ok(());
    }
    Err(Error::conflict(Code::SkillInUse, format!("Flows ask for this skill: {}.", flows.join(", "))))
}

fn name_taken() -> Error {
    Error::conflict(Code::SkillNameTaken, "Another skill of the company has this name.")
}
