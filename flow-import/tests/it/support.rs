//! Documents, and what holds of every import.

use std::collections::BTreeSet;

use flow_import::{Imported, Mapping, Outcome, Source, import};
use ivr_engine::{FindingCode, Severity};
use serde_json::{Map, Value};

/// A document of this crate's own.
pub fn fixture(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub fn imported(document: &Value) -> Imported {
    import(None, document, &Mapping::default()).unwrap_or_else(|error| panic!("it can be imported: {error}"))
}

/// The document that an import gives.
pub fn flow(imported: &Imported) -> &Value {
    let [flow] = imported.flows.as_slice() else { panic!("one document") };
    flow
}

/// JSON in an order that does not depend on which features other crates ask of the JSON library.
pub fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Object(fields) => {
            let fields: std::collections::BTreeMap<_, _> = fields.iter().collect();
            Value::Object(
                fields.into_iter().map(|(name, value)| (name.clone(), sorted(value))).collect::<Map<_, _>>(),
            )
        }
        other => other.clone(),
    }
}

/// What must hold of every import, whatever was imported.
pub fn assert_sound(what: &str, imported: &Imported) {
    let nodes = flow(imported)["nodes"].as_object().expect("a document has nodes");
    let report = &imported.report;
    for element in &report.elements {
        for node in &element.nodes {
            assert!(
                nodes.contains_key(node),
                "{what}: {} tells of a node {node} that is not there",
                element.pointer
            );
        }
        assert!(!element.nodes.is_empty(), "{what}: {} has left no node", element.pointer);
        match element.outcome {
            Outcome::Imported => {}
            Outcome::Approximated | Outcome::Unsupported => {
                assert!(!element.remarks.is_empty(), "{what}: {} does not say what differs", element.pointer);
            }
        }
        if element.outcome == Outcome::Unsupported {
            assert!(
                element.nodes.iter().any(|node| nodes[node]["type"] == "disabled"),
                "{what}: {} has no disabled node",
                element.pointer
            );
        }
    }
    let told: BTreeSet<&String> = report.elements.iter().flat_map(|element| &element.nodes).collect();
    for (id, node) in nodes {
        // The end of a flow is the one node that comes from no element.
        let ends = matches!(node["type"].as_str(), Some("hangup" | "return" | "set"));
        assert!(
            told.contains(id) || (id.starts_with("end") && ends),
            "{what}: nobody tells of the node {id}"
        );
    }
    let outcomes = report.counts.imported + report.counts.approximated + report.counts.unsupported;
    assert_eq!(outcomes, report.elements.len(), "{what}: the counts do not add up");
}

/// Errors may come from disabled nodes, and from the shapes that are given; other ones would be the importer's.
pub fn assert_engine_agrees(what: &str, imported: &Imported, shapes: &[FindingCode]) {
    for finding in &imported.report.findings {
        let allowed = finding.severity == Severity::Warning
            || finding.code == FindingCode::Disabled
            || shapes.contains(&finding.code);
        assert!(allowed, "{what}: the engine says {finding:?}");
    }
}

/// The elements of a source, by pointer, with their position where they have one.
pub fn elements_of(source: Source, root: &Value, at: &str) -> Vec<(String, Option<(f64, f64)>)> {
    let xy = |value: Option<&Value>| {
        let value = value?;
        Some((value.get("x")?.as_f64()?, value.get("y")?.as_f64()?))
    };
    let list = |name: &str| root[name].as_array().cloned().unwrap_or_default().into_iter().enumerate();
    match source {
        Source::Studio if root.get("states").is_none() => {
            vec![(at.to_owned(), xy(root["properties"].get("offset")))]
        }
        Source::Studio => list("states")
            .map(|(n, state)| (format!("{at}/states/{n}"), xy(state["properties"].get("offset"))))
            .collect(),
        Source::Connect => list("Actions")
            .map(|(n, action)| {
                let id = action["Identifier"].as_str().unwrap_or_default();
                let about = &root["Metadata"]["ActionMetadata"][id];
                let position = about.get("position").or_else(|| about.get("Position"));
                (format!("{at}/Actions/{n}"), xy(position))
            })
            .collect(),
        Source::ConnectLegacy => list("modules")
            .map(|(n, module)| (format!("{at}/modules/{n}"), xy(module["metadata"].get("position"))))
            .collect(),
        Source::TaskRouter => {
            let routing = &root["task_routing"];
            let mut elements = vec![(format!("{at}/task_routing"), None)];
            for (n, filter) in routing["filters"].as_array().into_iter().flatten().enumerate() {
                let at = format!("{at}/task_routing/filters/{n}");
                elements.push((at.clone(), None));
                let targets = filter["targets"].as_array().map_or(0, Vec::len);
                elements.extend((0..targets).map(|target| (format!("{at}/targets/{target}"), None)));
            }
            if routing["default_filter"]["queue"].is_string() {
                elements.push((format!("{at}/task_routing/default_filter"), None));
            }
            elements
        }
        Source::CallDocker => {
            let nodes = root["nodes"].as_object().expect("nodes");
            nodes.keys().map(|id| (format!("{at}/nodes/{id}"), None)).collect()
        }
    }
}

/// Every element of the source has its line in the report, and its place on the canvas.
pub fn assert_nothing_left_out(what: &str, imported: &Imported, root: &Value, at: &str) {
    let expected = elements_of(imported.report.source, root, at);
    let pointers: Vec<&str> =
        imported.report.elements.iter().map(|element| element.pointer.as_str()).collect();
    for (pointer, _) in &expected {
        let lines = pointers.iter().filter(|known| *known == pointer).count();
        assert_eq!(lines, 1, "{what}: {pointer} has {lines} lines in the report");
    }
    assert_eq!(pointers.len(), expected.len(), "{what}: the report has lines for what is not there");
    for (pointer, position) in expected {
        let Some((x, y)) = position else { continue };
        let element =
            imported.report.elements.iter().find(|element| element.pointer == pointer).expect("told");
        let kept = element.nodes.iter().any(|node| {
            let kept = &flow(imported)["nodes"][node]["position"];
            kept["x"].as_f64() == Some(x) && kept["y"].as_f64() == Some(y)
        });
        assert!(kept, "{what}: {pointer} does not stand at {x}, {y} any more");
    }
}
