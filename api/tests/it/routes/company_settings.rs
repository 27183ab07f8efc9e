//! /api/settings/company/{companyId}

use entity::{audit, outbox};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::support::{TestApp, World, on_both_databases};

fn path(world: &World) -> String {
    format!("/api/settings/company/{}", world.ours.id)
}

/// All settings, where this one is so and nothing else was said.
fn telling(tells: bool) -> Value {
    json!({
        "tellAgentsOfSupervision": tells,
        "serviceLevel": { "variant": "excluding_short_abandons" },
    })
}

/// Whom the last word of a supervisor was for.
async fn audience(app: &TestApp, world: &World) -> Value {
    let told = outbox::Column::Event.eq("call:supervised");
    let told = world.ours.scope.find::<outbox::Entity>().filter(told).order_by_desc(outbox::Column::Seq);
    told.one(app.app.db.reader()).await.unwrap().expect("it was told").audience
}

on_both_databases! {
    async fn an_agent_is_told_of_a_supervisor_as_the_company_says(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let supervise = format!("/api/calls/{}/supervise", world.ours.calls.consulting);
        let mut whispers = ["whisper", "listen", "barge"].into_iter();
        for (tells, agents) in [(None, true), (Some(false), false), (Some(true), true)] {
            if let Some(tells) = tells {
                let put = app.put(&path(&world), owner, json!({ "tellAgentsOfSupervision": tells })).await;
                assert_eq!(put.data(200), &telling(tells));
            }
            app.post(&supervise, owner, json!({ "mode": whispers.next() })).await.data(200);
            let audience = audience(app, &world).await;
            let told = audience.as_array().unwrap().iter().any(|room| room.as_str().unwrap().starts_with("agent:"));
            assert_eq!(told, agents, "{tells:?}: {audience}");
        }
    }

    async fn what_is_left_out_stays_and_each_change_is_audited(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        app.put(&path(&world), owner, json!({ "tellAgentsOfSupervision": false })).await.data(200);
        let stays = telling(false);
        assert_eq!(app.put(&path(&world), owner, json!({})).await.data(200), &stays);
        assert_eq!(app.get(&path(&world), &world.ours.manager).await.data(200), &stays);
        let notes = world.ours.scope.find::<audit::Entity>().filter(audit::Column::Action.eq("company:settings"));
        let notes = notes.all(app.app.db.reader()).await.unwrap();
        let mut noted = stays.clone();
        noted["serviceLevel"]["shortAbandonSeconds"] = json!(null);
        assert_eq!(notes.iter().map(|note| (note.user_id, &note.detail)).collect::<Vec<_>>(), [(owner.user, &noted); 2]);
        let theirs = format!("/api/settings/company/{}", world.theirs.id);
        let untouched = telling(true);
        assert_eq!(app.get(&theirs, &world.theirs.owner).await.data(200), &untouched);
    }

    async fn who_may_not_or_says_something_else_changes_nothing(app) {
        let world = World::create(app).await;
        let quiet = json!({ "tellAgentsOfSupervision": false });
        app.put(&path(&world), &world.ours.manager, quiet.clone()).await.is_refused(403, "FORBIDDEN");
        app.get(&path(&world), &world.ours.agent).await.is_refused(403, "FORBIDDEN");
        app.put(&path(&world), &world.theirs.owner, quiet).await.is_refused(404, "COMPANY_NOT_FOUND");
        for (wrong, field) in [
            (json!({ "tellAgentsOfSupervision": "no" }), "/tellAgentsOfSupervision"),
            (json!({ "tellAgents": false }), "/tellAgents"),
            (json!({ "serviceLevel": { "variant": "best" } }), "/serviceLevel/variant"),
            (
                json!({ "serviceLevel": { "variant": "aws", "shortAbandonSeconds": 4000 } }),
                "/serviceLevel/shortAbandonSeconds",
            ),
        ] {
            let refused = app.put(&path(&world), &world.ours.owner, wrong).await;
            assert_eq!(refused.is_refused(400, "VALIDATION_FAILED").wrong_fields(), [field]);
        }
        let settings = app.get(&path(&world), &world.ours.owner).await;
        assert_eq!(settings.data(200), &telling(true));
    }
}
