//! Skills.

use entity::skill;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Created, Done, Failure, Reply, Success};
use super::{JsonBody, Tag};
use crate::app::App;
use crate::authz::{Can, ReadSkills, WriteSkills};
use crate::skills;

pub struct Skills;

/// Something that agents can and calls ask for.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct CompanySkillOut {
    id: Uuid,
    name: String,
}

/// A skill by its name.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct CompanySkillIn {
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
}

impl From<skill::Model> for CompanySkillOut {
    fn from(skill: skill::Model) -> Self {
        Self { id: skill.id.into(), name: skill.name }
    }
}

#[OpenApi(prefix_path = "/api/skills", tag = "Tag::Queues")]
impl Skills {
    /// Lists the company's skills.
    #[oai(path = "/", method = "get", operation_id = "listSkills")]
    async fn list(&self, can: Can<ReadSkills>, Data(app): Data<&App>) -> Reply<Vec<CompanySkillOut>> {
        Success::list(skills::all(app, can.scope()?).await?)
    }

    /// Makes a skill.
    #[oai(path = "/", method = "post", operation_id = "createSkill")]
    async fn post(
        &self,
        can: Can<WriteSkills>,
        Data(app): Data<&App>,
        body: JsonBody<CompanySkillIn>,
    ) -> Result<Created<CompanySkillOut>, Failure> {
        Created::of(skills::create(app, can.scope()?, body.0.name).await?)
    }

    /// Gives a skill another name. One that flows use stays.
    #[oai(path = "/:id", method = "put", operation_id = "updateSkill")]
    async fn put(
        &self,
        can: Can<WriteSkills>,
        Data(app): Data<&App>,
        /// The skill's id.
        id: Path<Uuid>,
        body: JsonBody<CompanySkillIn>,
    ) -> Reply<CompanySkillOut> {
        Success::ok(skills::rename(app, can.scope()?, id.0.into(), body.0.name).await?)
    }

    /// Deletes a skill; agents have it no longer. Not one that flows ask for: the failure names them.
    #[oai(path = "/:id", method = "delete", operation_id = "deleteSkill")]
    async fn delete(
        &self,
        can: Can<WriteSkills>,
        Data(app): Data<&App>,
        /// The skill's id.
        id: Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        skills::delete(app, can.scope()?, id.0.into()).await?;
        Done::saying("Deleted.")
    }
}
