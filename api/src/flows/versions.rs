//! Published versions. They never change: bringing an old one back makes a new version with its document, so that the
//! history is one line and says what callers met when.

use entity::id::{FlowId, UserId};
use entity::{CompanyScope, flow_version};
use ivr_engine::{ENGINE_VERSION, Flow, FlowKind, Severity};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::{catalog, field, imports, tests};
use crate::app::App;
use crate::calls::side;
use crate::error::{Code, Error, Result, Subject};
use crate::identity::audit;
use crate::store::{Tx, flow_tests, flows, phone_numbers, side_sessions};

/// Why a draft is published although tests of it are red.
#[derive(Clone, Debug)]
pub struct Override {
    pub reason: String,
}

/// Publishes the draft as the next version, which new calls then get, when its tests are green.
///
/// # Errors
/// `FLOW_NOT_PUBLISHABLE` with every finding of severity error; `FLOW_TESTS_FAILED` with the line of each test that does not
/// hold, unless that is overridden, which is audited; `FLOW_CHANGED` when somebody else has changed it meanwhile.
pub async fn publish(
    app: &App,
    scope: CompanyScope,
    id: FlowId,
    by: UserId,
    wanted: Option<Override>,
) -> Result<flow_version::Model> {
    let seen = flows::by_id(scope, app.db.reader(), id).await?.ok_or(Error::NotFound(Subject::Flow))?;
    refuse_errors(scope, app.db.reader(), id, &seen.draft, "draft").await?;
    // They may take a while, so not in the transaction; what they were run on is looked at again in it.
    let tests = flow_tests::of_flow(scope, app.db.reader(), id).await?;
    let red = tests::red(scope, app.db.reader(), &seen, &tests).await?;
    if !red.is_empty() && wanted.is_none() {
        return Err(tests::refusal(&red));
    }
    let tx = app.db.begin().await?;
    let flow = flows::lock(scope, &tx, id).await?.ok_or(Error::NotFound(Subject::Flow))?;
    if flow.draft != seen.draft || flow_tests::of_flow(scope, &tx, id).await? != tests {
        return Err(Error::conflict(
            Code::FlowChanged,
            "The flow has been changed meanwhile. Look at it again.",
        ));
    }
    let new = New { flow: id, document: flow.draft, within: "draft", restored_from: None, by };
    let version = new.publish(app, scope, &tx).await?;
    if let Some(wanted) = wanted.filter(|_| !red.is_empty()) {
        let failed: Vec<_> = red.iter().map(tests::Red::as_detail).collect();
        let detail = json!({
            "flowId": id, "flowVersionId": version.id, "reason": wanted.reason, "failed": failed,
        });
        audit::note(app, scope, &tx, by, "flows:publish-with-red-tests", detail).await?;
    }
    tx.commit().await?;
    Ok(version)
}

/// Brings an older version back as the next one. The draft stays as it is. The flow's tests are those of its draft, and are
/// not run: this is the way out when something is wrong.
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
    /// What a flow is for cannot change under those who use it: numbers open flows of calls, queues have others.
    async fn fits(&self, scope: CompanyScope, tx: &Tx) -> Result<()> {
        let kind = super::kind(&self.document);
        if kind != FlowKind::Call && !phone_numbers::of_flow(scope, tx, self.flow).await?.is_empty() {
            let message = "A number opens this flow: it has to stay of the kind `call`.";
            return Err(Error::conflict(Code::FlowInUse, message));
        }
        for queue in side_sessions::queues_of(scope, tx, self.flow).await? {
            let used = [FlowKind::Wait, FlowKind::Hold, FlowKind::Whisper]
                .into_iter()
                .find(|used| *used != kind && side::named(&queue, *used) == Some(self.flow));
            if let Some(used) = used {
                let used = used.as_str();
                let message = format!("A queue has this flow: it has to stay of the kind `{used}`.");
                return Err(Error::conflict(Code::FlowInUse, message));
            }
        }
        Ok(())
    }

    async fn publish(self, app: &App, scope: CompanyScope, tx: &Tx) -> Result<flow_version::Model> {
        refuse_errors(scope, tx, self.flow, &self.document, self.within).await?;
        self.fits(scope, tx).await?;
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

/// Refuses a document with errors.
async fn refuse_errors(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    flow: FlowId,
    document: &Value,
    within: &str,
) -> Result<()> {
    let mut errors = ivr_engine::validate(document, &catalog(db, scope).await?);
    errors.extend(imports::findings(scope, db, flow, document).await?);
    errors.retain(|finding| finding.severity == Severity::Error);
    // The engine parses it at every call: what it cannot parse must not be published, whatever the checks say.
    if errors.is_empty() {
        errors = Flow::parse(document).err().unwrap_or_default();
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(Error::Invalid {
        code: Code::FlowNotPublishable,
        message: "The flow has errors.".into(),
        fields: errors.into_iter().map(|finding| field(within, finding)).collect(),
    })
}
