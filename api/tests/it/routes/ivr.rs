//! /api/ivr

use serde_json::{Value, json};

use crate::support::{World, draft, on_both_databases};

on_both_databases! {
    async fn a_draft_with_errors_is_saved_and_its_findings_are_told(app) {
        let world = World::create(app).await;
        let broken = json!({ "version": 1, "name": "x", "start": "gone", "nodes": {} });
        let made = app.post("/api/ivr", &world.ours.manager, json!({ "name": "Broken", "draft": broken })).await;
        let findings = made.data(201)["findings"].as_array().unwrap().clone();
        assert!(findings.iter().any(|finding| finding["severity"] == "error"), "{findings:?}");
        let path = format!("/api/ivr/{}", made.data(201)["id"].as_str().unwrap());
        let refused = app.call("POST", &format!("{path}/activate")).by(&world.ours.manager).send().await;
        refused.is_refused(422, "FLOW_NOT_PUBLISHABLE");
        assert!(refused.wrong_fields().iter().all(|field| field.starts_with("/draft")), "{}", refused.text);
        let mended = app.put(&path, &world.ours.manager, json!({ "draft": draft() })).await;
        assert!(mended.data(200)["findings"].as_array().unwrap().iter().all(|finding| finding["severity"] != "error"), "{}", mended.text);
        let published = app.call("POST", &format!("{path}/activate")).by(&world.ours.manager).send().await;
        assert_eq!(published.data(201)["number"], 1);
    }

    async fn a_published_version_never_changes_and_the_next_one_is_counted(app) {
        let world = World::create(app).await;
        let path = format!("/api/ivr/{}", world.ours.flow);
        let activate = format!("{path}/activate");
        let second = app.call("POST", &activate).by(&world.ours.owner).send().await;
        assert_eq!((&second.data(201)["number"], &second.data(201)["document"]), (&json!(2), &draft()));
        let mut changed = draft();
        changed["name"] = json!("Another greeting");
        app.put(&path, &world.ours.owner, json!({ "draft": changed })).await.data(200);
        let versions = app.get(&format!("{path}/versions"), &world.ours.owner).await;
        let numbers: Vec<_> = versions.data(200).as_array().unwrap().iter().map(|version| version["number"].clone()).collect();
        assert_eq!(numbers, [json!(2), json!(1)]);
        assert_eq!(versions.data(200)[0]["document"], draft());
        let flow = app.get(&path, &world.ours.owner).await;
        assert_eq!(flow.data(200)["publishedVersionId"], second.data(201)["id"]);
    }

    async fn a_message_that_nobody_writes_down_is_warned_of_and_published_all_the_same(app) {
        let world = World::create(app).await;
        let mut asking = draft();
        asking["nodes"]["text"] = json!({ "type": "voicemail", "prompt": "Speak now.", "transcribe": true,
            "next": { "recorded": "bye", "silent": "bye" } });
        asking["start"] = json!("text");
        let path = format!("/api/ivr/{}", world.ours.draft_flow);
        let saved = app.put(&path, &world.ours.owner, json!({ "draft": asking })).await;
        let warned = |flow: &Value| {
            let findings = flow["findings"].as_array().unwrap().clone();
            findings.into_iter().find(|finding| finding["code"] == "notWrittenDown")
        };
        assert_eq!(warned(saved.data(200)), None, "the company has a hook");
        let hook = format!("/api/settings/company/{}/integrations/transcription", world.ours.id);
        app.delete(&hook, &world.ours.owner).await.data(200);
        let flow = app.get(&path, &world.ours.owner).await;
        let told = warned(flow.data(200)).expect("it is told");
        assert_eq!((&told["severity"], &told["node"]), (&json!("warning"), &json!("text")));
        assert_eq!(told["field"], "/nodes/text/transcribe");
        app.call("POST", &format!("{path}/activate")).by(&world.ours.owner).send().await.data(201);
    }

    async fn an_older_version_is_brought_back_as_the_next_one(app) {
        let world = World::create(app).await;
        let path = format!("/api/ivr/{}", world.ours.flow);
        let mut changed = draft();
        changed["name"] = json!("Another greeting");
        app.put(&path, &world.ours.owner, json!({ "draft": changed })).await.data(200);
        app.call("POST", &format!("{path}/activate")).by(&world.ours.owner).send().await.data(201);
        let back = app.post(&format!("{path}/rollback"), &world.ours.owner, json!({ "number": 1 })).await;
        let version = back.data(201);
        assert_eq!((&version["number"], &version["restoredFrom"], &version["document"]), (&json!(3), &json!(1), &draft()));
        let flow = app.get(&path, &world.ours.owner).await;
        assert_eq!(flow.data(200)["publishedVersionId"], version["id"]);
        assert_eq!(flow.data(200)["draft"], changed, "the draft stays as it is");
        app.post(&format!("{path}/rollback"), &world.ours.owner, json!({ "number": 9 })).await.is_refused(404, "FLOW_VERSION_NOT_FOUND");
    }

    async fn two_who_publish_at_once_get_two_versions(app) {
        let world = World::create(app).await;
        let path = format!("/api/ivr/{}/activate", world.ours.draft_flow);
        let publish = async || app.call("POST", &path).by(&world.ours.owner).send().await;
        let (one, other) = tokio::join!(publish(), publish());
        let mut numbers = [one.data(201)["number"].as_i64(), other.data(201)["number"].as_i64()];
        numbers.sort_unstable();
        assert_eq!(numbers, [Some(1), Some(2)]);
    }

    async fn a_name_is_taken_once_a_company(app) {
        let world = World::create(app).await;
        let body = json!({ "name": "ours opened", "draft": draft() });
        app.post("/api/ivr", &world.ours.owner, body.clone()).await.is_refused(409, "FLOW_NAME_TAKEN");
        app.post("/api/ivr", &world.theirs.owner, body.clone()).await.data(201);
        let path = format!("/api/ivr/{}", world.ours.draft_flow);
        app.put(&path, &world.ours.owner, body).await.is_refused(409, "FLOW_NAME_TAKEN");
    }

    async fn a_flow_that_a_number_opens_is_not_deleted(app) {
        let world = World::create(app).await;
        let opened = format!("/api/ivr/{}", world.ours.flow);
        app.delete(&opened, &world.ours.owner).await.is_refused(409, "FLOW_IN_USE");
        app.get(&opened, &world.ours.owner).await.data(200);
        let unused = format!("/api/ivr/{}", world.ours.draft_flow);
        app.delete(&unused, &world.ours.owner).await.data(200);
        app.get(&unused, &world.ours.owner).await.is_refused(404, "FLOW_NOT_FOUND");
    }
}
