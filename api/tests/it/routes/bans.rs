//! PUT /api/users/{id}/admission: banned everywhere.

use calldocker::identity::ban;
use calldocker::store::Unit;
use entity::{Availability, JobKind, agent, audit, job};
use sea_orm::{ColumnTrait, QueryFilter};
use serde_json::json;

use crate::support::{PASSWORD, Person, TestApp, World, on_both_databases, refresh_token};

async fn set(app: &TestApp, by: &Person, whom: &Person, status: &str) -> crate::support::Answer {
    app.put(&format!("/api/users/{}/admission", whom.user), by, json!({ "status": status })).await
}

on_both_databases! {
    async fn who_is_banned_everywhere_is_refused_at_once_whatever_he_holds_and_comes_back_as_he_was(app) {
        let world = World::create(app).await;
        let admin = Person { acting_for: None, ..world.admin.clone() };
        let owner = &world.ours.owner;
        let made = app.post("/api/api-keys", owner, json!({ "name": "CRM", "scopes": ["queues:read"] })).await;
        let key = made.data(201)["key"].as_str().unwrap().to_owned();
        let by_key = async || app.call("GET", "/api/queues").token(&key).send().await;
        by_key().await.data(200);
        let banned = set(app, &admin, owner, "banned").await;
        assert_eq!(banned.data(200)["status"], "banned");
        app.get("/api/auth/profile", owner).await.is_refused(401, "SESSION_ENDED");
        assert_eq!(by_key().await.status.as_u16(), 401);
        let refresh = json!({ "refreshToken": refresh_token(&owner.email) });
        app.call("POST", "/api/auth/refresh").json(refresh).send().await.is_refused(401, "REFRESH_TOKEN_INVALID");
        assert_eq!(app.log_in(&owner.email, PASSWORD).await.status.as_u16(), 401);
        assert_eq!(set(app, &admin, owner, "banned").await.data(200)["status"], "banned", "twice is once");

        let lines = world.ours.scope.find::<audit::Entity>().filter(audit::Column::Action.eq("users:ban-everywhere"));
        let lines = lines.all(app.app.db.reader()).await.unwrap();
        assert_eq!((lines.len(), lines[0].user_id, &lines[0].detail), (1, admin.user, &json!({ "userId": owner.user })));

        assert_eq!(set(app, &admin, owner, "active").await.data(200)["status"], "active");
        app.get("/api/auth/profile", owner).await.is_refused(401, "SESSION_ENDED");
        let signed_in = app.log_in(&owner.email, PASSWORD).await;
        assert_eq!(signed_in.data(200)["user"]["role"], "owner");
        by_key().await.data(200);
    }

    async fn an_agent_who_is_banned_everywhere_is_offered_nothing_more(app) {
        let world = World::create(app).await;
        let agent = world.ours.agent.agent.unwrap();
        set(app, &world.admin, &world.ours.agent, "banned").await.data(200);
        let jobs = world.ours.scope.find::<job::Entity>().filter(job::Column::Kind.eq(JobKind::TakeOffAir));
        let jobs = jobs.all(app.app.db.reader()).await.unwrap();
        assert_eq!((jobs.len(), jobs[0].subject_id), (1, agent.0));
        let mut unit = Unit::begin(&app.app, world.ours.scope).await.unwrap();
        ban::take_off_air(&mut unit, agent, &jobs[0].payload).await.unwrap();
        unit.commit().await.unwrap();
        let row = world.ours.scope.find_by_id::<agent::Entity>(agent).one(app.app.db.reader()).await.unwrap().unwrap();
        assert_eq!(row.availability, Availability::Offline);
    }

    async fn nobody_bans_himself_and_only_the_platform_bans(app) {
        let world = World::create(app).await;
        set(app, &world.admin, &world.admin, "banned").await.is_refused(409, "OWN_ACCOUNT");
        set(app, &world.ours.owner, &world.ours.agent, "banned").await.is_refused(403, "FORBIDDEN");
        let nobody = format!("/api/users/{}/admission", uuid::Uuid::from_u128(1));
        app.put(&nobody, &world.admin, json!({ "status": "banned" })).await.is_refused(404, "USER_NOT_FOUND");
    }
}
