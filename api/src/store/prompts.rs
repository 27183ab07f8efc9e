//! Prompts by name, and what each is in its languages.

use entity::id::PromptId;
use entity::{CompanyScope, Inserted, Updated, flow, flow_version, prompt, prompt_resource};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;

use super::Tx;

/// A prompt with its resources, ordered by language.
#[derive(Clone, Debug)]
pub struct Prompt {
    pub row: prompt::Model,
    pub resources: Vec<prompt_resource::Model>,
}

/// The company's prompts by name.
pub async fn all(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<Vec<Prompt>, DbErr> {
    let rows = scope.find::<prompt::Entity>().order_by_asc(prompt::Column::Name).all(db).await?;
    let mut resources = scope
        .find::<prompt_resource::Entity>()
        .order_by_asc(prompt_resource::Column::Language)
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let (own, others) = resources.drain(..).partition(|resource| resource.prompt_id == row.id);
            resources = others;
            Prompt { row, resources: own }
        })
        .collect())
}

/// What flows may call: the names of the company's prompts, and their ids.
pub async fn names(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let rows = scope.find::<prompt::Entity>().all(db).await?;
    Ok(rows.into_iter().flat_map(|row| [row.id.to_string(), row.name]).collect())
}

pub async fn by_id(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: PromptId,
) -> Result<Option<Prompt>, DbErr> {
    match scope.find_by_id::<prompt::Entity>(id).one(db).await? {
        Some(row) => Ok(Some(with_resources(scope, db, row).await?)),
        None => Ok(None),
    }
}

/// By the name that flows call it, or by its id.
pub async fn by_name(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    name: &str,
) -> Result<Option<Prompt>, DbErr> {
    let by = match name.parse::<PromptId>() {
        Ok(id) => prompt::Column::Id.eq(id),
        Err(_) => prompt::Column::Name.eq(name),
    };
    match scope.find::<prompt::Entity>().filter(by).one(db).await? {
        Some(row) => Ok(Some(with_resources(scope, db, row).await?)),
        None => Ok(None),
    }
}

async fn with_resources(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    row: prompt::Model,
) -> Result<Prompt, DbErr> {
    let resources = scope
        .find::<prompt_resource::Entity>()
        .filter(prompt_resource::Column::PromptId.eq(row.id))
        .order_by_asc(prompt_resource::Column::Language)
        .all(db)
        .await?;
    Ok(Prompt { row, resources })
}

/// The prompt, locked until the transaction ends.
pub async fn lock(scope: CompanyScope, tx: &Tx, id: PromptId) -> Result<Option<prompt::Model>, DbErr> {
    scope.find_by_id::<prompt::Entity>(id).lock_exclusive().one(tx).await
}

/// Inserts a prompt unless the company has one of this name.
pub async fn insert(scope: CompanyScope, tx: &Tx, row: prompt::Model) -> Result<Inserted, DbErr> {
    scope.insert_or_ignore::<prompt::Entity, _>(tx, row).await
}

pub async fn save(scope: CompanyScope, tx: &Tx, row: prompt::Model) -> Result<Updated, DbErr> {
    scope.save::<prompt::Entity, _>(tx, row.id, row).await
}

pub async fn delete(scope: CompanyScope, tx: &Tx, id: PromptId) -> Result<u64, DbErr> {
    Ok(scope.delete_many::<prompt::Entity>().filter(prompt::Column::Id.eq(id)).exec(tx).await?.rows_affected)
}

/// Puts a resource in place of the one in its language.
pub async fn put_resource(scope: CompanyScope, tx: &Tx, row: prompt_resource::Model) -> Result<(), DbErr> {
    delete_resource(scope, tx, row.prompt_id, &row.language).await?;
    scope.insert::<prompt_resource::Entity, _>(tx, row).await
}

pub async fn delete_resource(
    scope: CompanyScope,
    tx: &Tx,
    prompt: PromptId,
    language: &str,
) -> Result<u64, DbErr> {
    let done = scope
        .delete_many::<prompt_resource::Entity>()
        .filter(prompt_resource::Column::PromptId.eq(prompt))
        .filter(prompt_resource::Column::Language.eq(language))
        .exec(tx)
        .await?;
    Ok(done.rows_affected)
}

/// Whether a prompt is this file in any language.
pub async fn names_file(scope: CompanyScope, db: &impl ConnectionTrait, key: &str) -> Result<bool, DbErr> {
    let naming = scope.find::<prompt_resource::Entity>().filter(prompt_resource::Column::AudioKey.eq(key));
    Ok(naming.one(db).await?.is_some())
}

/// The documents in which a prompt may be named: drafts, and versions that calls may still get. With the flow's name.
pub async fn documents(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
) -> Result<Vec<(String, Value)>, DbErr> {
    let flows = scope.find::<flow::Entity>().order_by_asc(flow::Column::Name).all(db).await?;
    let published: Vec<_> = flows.iter().filter_map(|flow| flow.published_version_id).collect();
    let versions = scope
        .find::<flow_version::Entity>()
        .filter(flow_version::Column::Id.is_in(published))
        .all(db)
        .await?;
    let mut documents = Vec::new();
    for flow in flows {
        let version = versions.iter().find(|version| Some(version.id) == flow.published_version_id);
        documents.extend(version.map(|version| (flow.name.clone(), version.document.clone())));
        documents.push((flow.name, flow.draft));
    }
    Ok(documents)
}
