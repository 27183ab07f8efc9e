//! Whether flows call each other in a circle, as far as the catalog tells.

use std::collections::{BTreeMap, BTreeSet};

use super::{Checker, Draft, pointer};
use crate::node::Kind;
use crate::{FindingCode, KnownFlows, limits};

pub(super) fn check(drafts: &BTreeMap<String, Draft>, checker: &mut Checker) {
    let KnownFlows::Only { this: Some(this), .. } = &checker.catalog.flows else { return };
    let this = this.clone();
    let called: Vec<(&String, &str)> = drafts
        .iter()
        .filter_map(|(id, draft)| match &draft.kind {
            Some(Kind::Subflow(subflow)) => Some((id, subflow.flow.as_str())),
            Some(_) | None => None,
        })
        .collect();
    for (id, flow) in called {
        if leads_to(&this, flow, &checker.catalog.flows) {
            checker.node = Some(limits::cut(id, limits::NAME_BYTES).to_owned());
            let message = format!(
                "`{}` can come to call this flow again; {} deep it leaves by `failed`",
                limits::cut(flow, limits::NAME_BYTES),
                limits::FLOWS_DEEP
            );
            checker.warning(FindingCode::Recursion, pointer("/nodes", id), message);
        }
    }
    checker.node = None;
}

fn leads_to(this: &str, flow: &str, flows: &KnownFlows) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![flow];
    while let Some(flow) = open.pop() {
        let Some(known) = flows.get(flow) else { continue };
        if known.id == this {
            return true;
        }
        if seen.insert(known.id.as_str()) {
            open.extend(known.calls.iter().map(String::as_str));
        }
    }
    false
}
