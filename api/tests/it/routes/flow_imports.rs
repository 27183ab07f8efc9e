//! /api/ivr/import, /api/ivr/{id}/import and /api/ivr/{id}/export

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{Backend, TestApp, World, draft, on_both_databases};

/// A file of the importer's own.
fn fixture(name: &str) -> Value {
    read(
        &PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../flow-import/tests/fixtures/{name}.json")),
    )
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A caller is told something and waits for a workflow that is not in the file.
fn studio() -> Value {
    json!({
        "description": "Reception", "initial_state": "Trigger", "flags": {},
        "states": [
            { "name": "Trigger", "type": "trigger", "properties": {}, "transitions": [{ "event": "incomingCall", "next": "hello" }] },
            { "name": "hello", "type": "say-play", "properties": { "say": "Good morning.", "offset": { "x": 40, "y": 200 } },
              "transitions": [{ "event": "audioComplete", "next": "wait" }] },
            { "name": "wait", "type": "send-to-flex", "properties": { "workflow": "WW00000000000000000000000000000001", "channel": "TC1" },
              "transitions": [{ "event": "callComplete" }] },
        ]
    })
}

/// The elements of a source, by pointer, with what the source says of their position.
fn elements_of(document: &Value) -> Vec<(String, Value)> {
    let (root, at) = match (document.get("Content"), document.get("definition")) {
        (Some(Value::String(content)), _) => (serde_json::from_str(content).expect("JSON"), "/Content#"),
        (_, Some(definition)) => (definition.clone(), "/definition"),
        _ => (document.clone(), ""),
    };
    let list = |name: &str| root[name].as_array().cloned().unwrap_or_default().into_iter().enumerate();
    let mut found: Vec<(String, Value)> = Vec::new();
    found.extend(
        list("states").map(|(n, state)| (format!("{at}/states/{n}"), state["properties"]["offset"].clone())),
    );
    found.extend(
        list("modules")
            .map(|(n, module)| (format!("{at}/modules/{n}"), module["metadata"]["position"].clone())),
    );
    found.extend(list("Actions").map(|(n, action)| {
        let about = &root["Metadata"]["ActionMetadata"][action["Identifier"].as_str().unwrap_or_default()];
        let position = about.get("position").or_else(|| about.get("Position")).cloned().unwrap_or_default();
        (format!("{at}/Actions/{n}"), position)
    }));
    if root.get("transitions").is_some() {
        found.push((at.to_owned(), root["properties"]["offset"].clone()));
    }
    found
}

fn pointers_of(document: &Value) -> Vec<String> {
    elements_of(document).into_iter().map(|(pointer, _)| pointer).collect()
}

/// Where they stand, of those that stand anywhere.
fn positions(document: &Value) -> Vec<(String, f64, f64)> {
    let place = |(pointer, at): (String, Value)| Some((pointer, at["x"].as_f64()?, at["y"].as_f64()?));
    elements_of(document).into_iter().filter_map(place).collect()
}

/// Imports it, and holds the answer against the source: each element has its line, and its place on the canvas.
async fn goes_in(app: &TestApp, world: &World, what: &str, document: &Value) -> Value {
    let body = json!({ "name": what, "definition": document });
    let answer = app.post("/api/ivr/import", &world.ours.manager, body).await;
    assert_eq!(answer.status, 201, "{what}: {}", answer.text);
    let data = answer.data(201);
    let elements = data["report"]["elements"].as_array().unwrap();
    let counts =
        ["imported", "approximated", "unsupported"].map(|name| data["report"][name].as_u64().unwrap());
    assert_eq!(counts.iter().sum::<u64>(), u64::try_from(elements.len()).unwrap(), "{what}");
    for (outcome, count) in ["imported", "approximated", "unsupported"].into_iter().zip(counts) {
        let lines = elements.iter().filter(|element| element["outcome"] == outcome).count();
        assert_eq!(u64::try_from(lines).unwrap(), count, "{what}: {outcome}");
    }
    let pointers: BTreeSet<_> = elements.iter().map(|element| element["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers.len(), elements.len(), "{what}: an element has two lines");
    let expected = pointers_of(document);
    assert!(expected.is_empty() || expected.len() == elements.len(), "{what}: lines for what is not there");
    for pointer in expected {
        assert!(pointers.contains(pointer.as_str()), "{what}: the report does not tell of {pointer}");
    }
    for (pointer, x, y) in positions(document) {
        let element = elements.iter().find(|element| element["pointer"] == pointer.as_str());
        let element = element.unwrap_or_else(|| panic!("{what}: the report does not tell of {pointer}"));
        let kept = element["nodes"].as_array().unwrap().iter().any(|node| {
            let at = &data["flow"]["draft"]["nodes"][node.as_str().unwrap()]["position"];
            at["x"].as_f64() == Some(x) && at["y"].as_f64() == Some(y)
        });
        assert!(kept, "{what}: {pointer} does not stand at {x}, {y} any more");
    }
    let disabled = data["flow"]["draft"]["nodes"]
        .as_object()
        .unwrap()
        .values()
        .filter(|node| node["type"] == "disabled");
    for node in disabled {
        assert!(!node["source"]["raw"].is_null(), "{what}: a disabled node without what it was: {node}");
    }
    data.clone()
}

on_both_databases! {
    async fn a_flow_goes_out_and_comes_in_as_it_was(app) {
        let world = World::create(app).await;
        let path = format!("/api/ivr/{}", world.ours.flow);
        let mut changed = draft();
        changed["nodes"]["bye"]["position"] = json!({ "x": 12.5, "y": -3 });
        app.put(&path, &world.ours.owner, json!({ "draft": changed })).await.data(200);
        let out = app.get(&format!("{path}/export"), &world.ours.owner).await;
        let silence = json!({ "name": "Silence", "call": { "script": [] }, "expect": [{ "notSaid": "nobody says this" }] });
        assert_eq!(*out.data(200), json!({ "name": "ours opened", "source": "calldocker", "definition": changed, "tests": [silence] }));
        let there = app.post("/api/ivr/import", &world.theirs.owner, out.data(200).clone()).await;
        let flow = &there.data(201)["flow"];
        assert_eq!((&flow["name"], &flow["draft"]), (&json!("ours opened"), &changed));
        let first = app.get(&format!("{path}/export?version=1"), &world.ours.owner).await;
        assert_eq!(first.data(200)["definition"], draft());
        app.post("/api/ivr/import", &world.ours.owner, out.data(200).clone()).await.is_refused(409, "FLOW_NAME_TAKEN");
        app.get(&format!("{path}/export?version=3"), &world.ours.owner).await.is_refused(404, "FLOW_VERSION_NOT_FOUND");
    }

    async fn what_is_left_to_be_mapped_keeps_the_flow_from_being_published(app) {
        let world = World::create(app).await;
        let data = goes_in(app, &world, "Reception", &studio()).await;
        let reference = &data["report"]["references"][0];
        assert_eq!((&reference["kind"], &reference["required"]), (&json!("queue"), &json!(true)));
        let path = format!("/api/ivr/{}", data["flow"]["id"].as_str().unwrap());
        let told = data["flow"]["findings"].as_array().unwrap().iter().any(|finding| finding["code"] == "notMapped");
        assert!(told, "{}", data["flow"]["findings"]);
        let refused = app.call("POST", &format!("{path}/activate")).by(&world.ours.owner).send().await;
        assert!(refused.is_refused(422, "FLOW_NOT_PUBLISHABLE").wrong_fields().contains(&"/draft/nodes/wait/queue"), "{}", refused.text);
        assert!(refused.text.contains("WW00000000000000000000000000000001"), "{}", refused.text);
        let mapping = json!({ reference["reference"].as_str().unwrap(): "ours support", "nobody": "x" });
        let body = json!({ "source": "twilio-studio", "definition": studio(), "mapping": mapping });
        let mapped = app.post(&format!("{path}/import"), &world.ours.owner, body).await;
        assert_eq!(mapped.data(200)["report"]["references"][0]["mapped"], "ours support");
        assert_eq!(mapped.data(200)["flow"]["draft"]["nodes"]["wait"]["queue"], "ours support");
        assert!(mapped.data(200)["report"]["notes"].to_string().contains("nobody"), "a mapping for nothing is told");
        app.call("POST", &format!("{path}/activate")).by(&world.ours.owner).send().await.data(201);
    }

    async fn what_was_mended_by_hand_may_be_published(app) {
        let world = World::create(app).await;
        // A queue may bear the name that stands there, and still it is nobody's choice.
        let data = goes_in(app, &world, "Reception", &studio()).await;
        let path = format!("/api/ivr/{}", data["flow"]["id"].as_str().unwrap());
        let mut mended = data["flow"]["draft"].clone();
        mended["nodes"]["wait"]["queue"] = json!("ours support");
        let saved = app.put(&path, &world.ours.owner, json!({ "draft": mended })).await;
        let open = saved.data(200)["findings"].as_array().unwrap().iter().any(|finding| finding["code"] == "notMapped");
        assert!(!open, "{}", saved.text);
        app.call("POST", &format!("{path}/activate")).by(&world.ours.owner).send().await.data(201);
    }

    async fn what_cannot_be_imported_is_refused_where_it_is_wrong(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let import = async |body: Value| app.post("/api/ivr/import", owner, body).await;
        let nothing = import(json!({ "definition": { "hello": "world" } })).await;
        assert_eq!(nothing.is_refused(422, "NOT_IMPORTABLE").wrong_fields(), ["/definition"]);
        let broken = import(json!({ "definition": { "Content": "{broken" } })).await;
        assert_eq!(broken.is_refused(422, "NOT_IMPORTABLE").wrong_fields(), ["/definition/Content"]);
        let other = import(json!({ "source": "amazon-connect", "definition": studio() })).await;
        assert_eq!(other.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/source"]);
        let number = import(json!({ "definition": studio(), "mapping": { "WW1": 7 } })).await;
        assert_eq!(number.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/mapping/WW1"]);
        let large = import(json!({ "definition": { "nodes": {}, "start": "x".repeat(1_100_000) } })).await;
        large.is_refused(413, "BODY_TOO_LARGE");
        let mut deep = json!({});
        for _ in 0..100 {
            deep = json!({ "a": deep });
        }
        import(json!({ "definition": deep })).await.is_refused(422, "NOT_IMPORTABLE");
    }

    async fn every_format_goes_in_with_its_positions(app) {
        let world = World::create(app).await;
        for name in ["studio-voice", "studio-conditions", "studio-unsupported", "connect-call", "connect-wait", "connect-legacy", "taskrouter", "taskrouter-plain"] {
            let data = goes_in(app, &world, name, &fixture(name)).await;
            assert_eq!(data["routing"].is_object(), name.starts_with("taskrouter"), "{name}");
        }
    }
}

/// The draft as it was saved, exported, and imported once more, is always the same.
async fn goes_out_and_in_again(app: &TestApp, world: &World, what: &str, came: &Value) {
    let path = format!("/api/ivr/{}", came["flow"]["id"].as_str().unwrap());
    let draft = &came["flow"]["draft"];
    let read = app.get(&path, &world.ours.manager).await;
    assert_eq!(&read.data(200)["draft"], draft, "{what}: it was not saved as it was told");
    let mut given = app.get(&format!("{path}/export"), &world.ours.manager).await.data(200).clone();
    assert_eq!(&given["definition"], draft, "{what}: it goes out otherwise");
    given["name"] = json!(format!("{what} again"));
    let again = app.post("/api/ivr/import", &world.ours.manager, given).await;
    assert_eq!(again.status, 201, "{what}: {}", again.text);
    assert_eq!(&again.data(201)["flow"]["draft"], draft, "{what}: it comes in otherwise");
    assert_eq!(again.data(201)["report"]["source"], "calldocker", "{what}");
}

/// Flows of others, where they are at hand: `CALLDOCKER_SHARED`, else `../shared` beside the project.
async fn every_flow_of_others(app: TestApp) {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let shared = std::env::var_os("CALLDOCKER_SHARED").map_or(beside, PathBuf::from).join("fixtures");
    if !shared.is_dir() {
        println!("skipped: there is no {}", shared.display());
        app.close().await;
        return;
    }
    let world = World::create(&app).await;
    let mut flows = 0;
    let mut folders = vec![shared.clone()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path())
        {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            // A list of single widgets; each of them is a document.
            let documents = match read(&path) {
                Value::Array(items) => {
                    items.into_iter().map(|item| item["state"].clone()).collect::<Vec<_>>()
                }
                document => vec![document],
            };
            for (number, document) in documents.iter().enumerate() {
                let what =
                    format!("{} ({number})", path.strip_prefix(&shared).expect("it lies there").display());
                let came = goes_in(&app, &world, &what, document).await;
                goes_out_and_in_again(&app, &world, &what, &came).await;
                flows += 1;
            }
        }
    }
    assert!(flows > 100, "only {flows} were found");
    app.close().await;
}

#[tokio::test]
async fn every_flow_of_others_goes_in_with_its_positions_and_out_again_on_sqlite() {
    every_flow_of_others(TestApp::on(Backend::Sqlite).await.expect("SQLite is always there")).await;
}

#[tokio::test]
async fn every_flow_of_others_goes_in_with_its_positions_and_out_again_on_postgres() {
    if let Some(app) = TestApp::on(Backend::Postgres).await {
        every_flow_of_others(app).await;
    }
}
