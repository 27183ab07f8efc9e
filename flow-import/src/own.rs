//! Our own flow document: it comes in as it went out. Names of what a company has can be mapped on the way.

use serde_json::{Value, json};

use crate::bounds::{self, pointer};
use crate::detect::Found;
use crate::document::{FlowKind, Wanted, Work, text};
use crate::error::{ImportError, ImportErrorCode};
use crate::mapping::Mapping;
use crate::report::{Imported, ReferenceKind, Source};

/// The settings of our nodes that name something of the company.
const NAMES: [(&str, ReferenceKind); 4] = [
    ("queue", ReferenceKind::Queue),
    ("flow", ReferenceKind::Flow),
    ("library", ReferenceKind::Prompt),
    ("agent", ReferenceKind::Agent),
];

pub(crate) fn import(found: &Found<'_>, mapping: &Mapping) -> Result<Imported, ImportError> {
    let at = pointer(&found.at, "nodes");
    let Some(nodes) = found.root.get("nodes").and_then(Value::as_object) else {
        let message = "has to be an object of nodes";
        return Err(ImportError::new(ImportErrorCode::NotThisFormat, at, message));
    };
    bounds::elements(nodes.len(), &at)?;
    let mut document = found.root.as_ref().clone();
    let mut work = Work::new(Source::CallDocker, FlowKind::Call, mapping);
    let sorted: std::collections::BTreeMap<&String, &Value> = nodes.iter().collect();
    for (number, (id, node)) in sorted.into_iter().enumerate() {
        let node_type = text(node.get("type")).unwrap_or_default();
        work.element(id, &node_type, pointer(&at, id), id, node);
        for (field, kind) in NAMES {
            if let Some(name) = node.get(field).and_then(Value::as_str).filter(|name| !name.contains("{{")) {
                let wanted = Wanted::optional(kind, name);
                if let Some(mapped) = work.refer(number, wanted, Some(id), Some(field)) {
                    document["nodes"][id][field] = json!(mapped);
                }
            }
        }
        let skills = node.get("skills").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for (at, need) in skills.iter().enumerate() {
            if let Some(name) = need.get("skill").and_then(Value::as_str) {
                let wanted = Wanted::optional(ReferenceKind::Skill, name);
                if let Some(mapped) = work.refer(number, wanted, Some(id), Some("skills")) {
                    document["nodes"][id]["skills"][at]["skill"] = json!(mapped);
                }
            }
        }
    }
    Ok(work.finish_as(document))
}
