//! Published versions. They never change: bringing an old one back makes a new version with its document, so that the
//! history is one line and says what callers met when.

use entity::id::{FlowId, UserId};
use entity::{CompanyScope, flow_version};
use ivr_engine::{ENGINE_VERSION, Flow, Severity};
use serde_json::Value;

use super::{catalog, field, findings};
use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::store::{Tx, flows};

/// Publishes the draft as the next version, which new calls then get.
///
/// # Errors
/// `FLOW_NOT_PUBLISHABLE` with every finding of severity error.
pub async fn publish(app: &App, scope: CompanyScope, id: FlowId, by: UserId) -> Result<flow_version::Model> {
    let tx = app.db.begin().await?;
    let flow = flows::lock(scope, &tx, id).await?.ok_or(Error::NotFound(Subject::Flow))?;
    let new = New { flow: id, document: flow.draft, within: "draft", restored_from: None, by };
    let version = new.publish(app, scope, &tx).await?;
    tx.commit().await?;
    Ok(version)
}

/// Brings an older version back as the next one. The draft stays as it is.
///
/// # Errors
/// `FLOW_VERSION_NOT_FOUND`; `FLOW_NOT_PUBLISHABLE` when what it refers to is no longer there.
pub async fn roll_back(
    app: &App,
    scope: CompanyScope,
    id: FlowId,
    number: i32,
    by: UserId,
) -> Result<flow_version::Model> {
    let tx = app.db.begin().await?;
    flows::lock(scope, &tx, id).await?.ok_or(Error::NotFound(Subject::Flow))?;
    let old = flows::version(scope, &tx, id, number).await?.ok_or(Error::NotFound(Subject::FlowVersion))?;
    let new = New { flow: id, document: old.document, within: "document", restored_from: Some(number), by };
    let version = new.publish(app, scope, &tx).await?;
    tx.commit().await?;
    Ok(version)
}

/// The published versions, the newest first.
pub async fn versions(app: &App, scope: CompanyScope, id: FlowId) -> Result<Vec<flow_version::Model>> {
    flows::by_id(scope, app.db.reader(), id).await?.ok_or(Error::NotFound(Subject::Flow))?;
    Ok(flows::versions(scope, app.db.reader(), id).await?)
}

/// A version that is about to be published.
struct New {
    flow: FlowId,
    document: Value,
    /// The property by which errors name the document.
    within: &'static str,
    restored_from: Option<i32>,
    by: UserId,
}

impl New {
    async fn publish(self, app: &App, scope: CompanyScope, tx: &Tx) -> Result<flow_version::Model> {
        let mut errors = findings(&self.document, &catalog(tx, scope).await?);
        errors.retain(|finding| finding.severity == Severity::Error);
        // The engine parses it at every call: what it cannot parse must not be published, whatever the checks say.
        if errors.is_empty() {
            errors = Flow::parse(&self.document).err().unwrap_or_default();
        }
        if !errors.is_empty() {
            return Err(Error::Invalid {
                code: "FLOW_NOT_PUBLISHABLE",
                message: "The flow has errors.".into(),
                fields: errors.into_iter().map(|finding| field(self.within, finding)).collect(),
            });
        }
        let now = app.clock.now();
        let version = flow_version::Model {
            id: app.ids.next(),
            company_id: scope.company(),
            flow_id: self.flow,
            number: flows::last_number(scope, tx, self.flow).await? + 1,
            document: self.document,
            engine_version: i32::try_from(ENGINE_VERSION).unwrap_or(i32::MAX),
            published_by: Some(self.by),
            published_at: now,
            restored_from: self.restored_from,
        };
        flows::publish(scope, tx, version.clone(), now).await?;
        Ok(version)
    }
}
