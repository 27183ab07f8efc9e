//! The examples of the specification are true: each is a body that succeeds.

use serde_json::Value;

use crate::attack::operations;
use crate::openapi;
use crate::samples::sample;
use crate::support::{Backend, TestApp, World};

#[tokio::test]
async fn every_example_of_a_body_succeeds() {
    let document = openapi::document();
    let mut tried = 0;
    for operation in operations(document) {
        let schema = &operation.item["requestBody"]["content"]["application/json"]["schema"];
        let Some(reference) = schema["$ref"].as_str() else { continue };
        let example =
            &document.pointer(reference.trim_start_matches('#')).expect("a good reference")["examples"][0];
        if example.is_null() {
            continue;
        }
        let app = TestApp::on(Backend::Sqlite).await.expect("SQLite is always there");
        let world = World::create(&app).await;
        let sample = sample(&operation.id, &world).expect("every operation has a sample");
        let fill = |path: String, (name, value): &(&str, String)| path.replace(&format!("{{{name}}}"), value);
        let path = sample.path.iter().fold(operation.path.clone(), fill);
        let call = app.call(&operation.method, &path).by(world.at(sample.by)).json(example.clone());
        let answer = call.send().await;
        assert_eq!(answer.status.as_u16(), sample.status, "{}: {}", operation.id, answer.text);
        assert_ne!(answer.body["success"], Value::Bool(false), "{}", operation.id);
        app.close().await;
        tried += 1;
    }
    assert!(tried >= 5, "only {tried} examples were found");
}
