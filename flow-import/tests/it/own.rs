//! Our own documents come in as they went out.

use flow_import::{Mapping, Outcome, Source, import};
use serde_json::{Value, json};

use crate::support::{assert_sound, flow, imported};

fn sample(name: &str) -> Value {
    let path = format!("{}/../ivr-engine/samples/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(&path).expect("a sample")).expect("JSON")
}

#[test]
fn our_own_documents_come_in_as_they_went_out() {
    for name in ["acme", "globex"] {
        let document = sample(name);
        let imported = imported(&document);
        assert_eq!(imported.report.source, Source::CallDocker);
        assert_eq!(flow(&imported), &document, "{name}");
        assert!(imported.report.elements.iter().all(|element| element.outcome == Outcome::Imported));
        assert!(imported.report.references.iter().all(|reference| !reference.required));
        assert_sound(name, &imported);
    }
}

#[test]
fn what_an_import_gives_can_be_imported_again() {
    for name in ["studio-voice", "studio-unsupported", "connect-call", "connect-wait", "taskrouter"] {
        let first = imported(&crate::support::fixture(name));
        let again = import(Some(Source::CallDocker), flow(&first), &Mapping::default()).expect("it is ours");
        assert_eq!(flow(&again), flow(&first), "{name}");
    }
}

#[test]
fn names_can_be_mapped_on_the_way() {
    let document = json!({
        "version": 1, "name": "Reception", "start": "wait",
        "nodes": { "wait": { "type": "enqueue", "queue": "a", "skills": [{ "skill": "b", "level": 2 }],
            "preferAgent": { "agent": "last" } } }
    });
    let mapping = Mapping::from_iter([("a", "Reception desk"), ("b", "German")]);
    let imported = import(None, &document, &mapping).expect("it is ours");
    assert_eq!(flow(&imported)["nodes"]["wait"]["queue"], "Reception desk");
    assert_eq!(flow(&imported)["nodes"]["wait"]["skills"], json!([{ "skill": "German", "level": 2 }]));
}
