//! Files of others, for those who have them: each goes in, with nothing left out.

use std::path::{Path, PathBuf};

use flow_import::{Imported, Mapping, Source, import};
use ivr_engine::FindingCode;
use serde_json::Value;

use crate::support::{assert_engine_agrees, assert_nothing_left_out, assert_sound};

/// Where the files lie. None, and it is said: nobody has them here.
fn shared() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let given = std::env::var_os("CALLDOCKER_SHARED").map(PathBuf::from);
    let path = given.unwrap_or(beside).join("fixtures");
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: set CALLDOCKER_SHARED to where fixtures/ lies");
    None
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            files.extend(self::files(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "json") {
            files.push(entry);
        }
    }
    files.sort();
    files
}

fn check(what: &str, document: &Value, source: Source, shapes: &[FindingCode]) -> Imported {
    let imported =
        import(None, document, &Mapping::default()).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(imported.report.source, source, "{what}");
    let (root, at): (Value, &str) = match document.get("Content") {
        Some(content) => {
            (serde_json::from_str(content.as_str().expect("a text")).expect("JSON"), "/Content#")
        }
        None => (document.clone(), ""),
    };
    assert_sound(what, &imported);
    assert_nothing_left_out(what, &imported, &root, at);
    assert_engine_agrees(what, &imported, shapes);
    imported
}

#[test]
fn every_flow_of_others_goes_in() {
    let Some(shared) = shared() else { return };
    let mut flows = 0;
    for (folder, source) in [("studio", Source::Studio), ("connect", Source::Connect)] {
        for path in files(&shared.join(folder)) {
            let what = path.strip_prefix(&shared).expect("it lies there").display().to_string();
            let document: Value =
                serde_json::from_str(&std::fs::read_to_string(&path).expect("it can be read")).expect("JSON");
            // A list of single widgets; each of them is a document.
            let documents: Vec<Value> = match document {
                Value::Array(items) => items.into_iter().map(|item| item["state"].clone()).collect(),
                document => vec![document],
            };
            for (number, document) in documents.iter().enumerate() {
                let what = format!("{what} ({number})");
                // Single widgets that lead to themselves turn in a circle there as well.
                let alone = document.get("transitions").is_some();
                let shapes: &[FindingCode] = if alone {
                    &[FindingCode::LoopWithoutInput, FindingCode::NoWayToAnEnd]
                } else {
                    &[FindingCode::NoWayToAnEnd]
                };
                check(&what, document, source, shapes);
                flows += 1;
            }
        }
    }
    assert!(flows > 100, "only {flows} were found");
}

#[test]
fn the_main_flow_of_the_acme_files_can_be_used_when_its_references_are_mapped() {
    let Some(shared) = shared() else { return };
    let text = std::fs::read_to_string(shared.join("connect/acme_main_AUTO.json")).expect("it can be read");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let first = check("acme_main", &document, Source::Connect, &[]);
    assert_eq!(first.report.counts.unsupported, 0, "{:#?}", first.report.elements);
    let mapping: Mapping = first
        .report
        .references
        .iter()
        .filter(|reference| reference.required)
        .map(|reference| match reference.kind {
            flow_import::ReferenceKind::RequestUrl => {
                (reference.reference.clone(), "https://crm.example.com/a".to_owned())
            }
            _ => (reference.reference.clone(), format!("our {:?}", reference.kind)),
        })
        .collect();
    let second = import(None, &document, &mapping).expect("it can be imported");
    assert!(
        second.report.references.iter().all(|reference| !reference.required || reference.mapped.is_some())
    );
    assert!(ivr_engine::Flow::parse(&second.flows[0]).is_ok(), "{:#?}", second.report.findings);
    assert_eq!(second.flows[0]["name"], "acme_main_AUTO");
}
