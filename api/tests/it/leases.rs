//! The right to do a job, while it is done.

use calldocker::jobs::lease::while_held;
use calldocker::store::Unit;
use calldocker::store::system::{Claimed, turn_over_jobs};
use entity::{CompanyScope, JobKind, job};
use sea_orm::{ActiveValue::Set, ColumnTrait, QueryFilter};
use serde_json::json;
use std::time::Duration;
use tokio::sync::oneshot;

use crate::support::{TestApp, World, on_both_databases};

/// A job that this node has begun.
async fn begun(app: &TestApp, scope: CompanyScope) -> Claimed {
    let mut unit = Unit::begin(&app.app, scope).await.unwrap();
    let now = unit.now();
    unit.job(JobKind::StoreRecording, uuid::Uuid::nil(), json!({}), now);
    unit.commit().await.unwrap();
    let mut claimed = turn_over_jobs(&app.app, &[], 10).await.unwrap();
    assert_eq!(claimed.len(), 1);
    claimed.remove(0)
}

on_both_databases! {
    async fn a_job_that_takes_longer_than_its_lease_is_not_begun_by_anybody_else(app) {
        let world = World::create(app).await;
        let claimed = begun(app, world.ours.scope).await;
        let (finish, finished) = oneshot::channel::<()>();
        let work = tokio::spawn({
            let (app, claimed) = (app.app.clone(), claimed.clone());
            async move { while_held(&app, &claimed, async { finished.await.unwrap() }).await }
        });
        tokio::task::yield_now().await;
        for _ in 0..20 {
            app.clock.advance(Duration::from_secs(5)).await;
            assert!(turn_over_jobs(&app.app, &[], 10).await.unwrap().is_empty(), "it is still being done");
        }
        finish.send(()).unwrap();
        assert_eq!(work.await.unwrap(), Some(()));
        // Nobody renews it any more.
        app.clock.advance(Duration::from_secs(31)).await;
        assert_eq!(turn_over_jobs(&app.app, &[], 10).await.unwrap().len(), 1);
    }

    async fn a_job_that_another_node_has_taken_over_is_broken_off(app) {
        let world = World::create(app).await;
        let claimed = begun(app, world.ours.scope).await;
        let work = tokio::spawn({
            let (app, claimed) = (app.app.clone(), claimed.clone());
            async move { while_held(&app, &claimed, std::future::pending::<()>()).await }
        });
        tokio::task::yield_now().await;
        let tx = app.app.db.begin().await.unwrap();
        let another = job::ActiveModel { node_id: Set(Some(app.app.ids.next())), ..Default::default() };
        let taken = world.ours.scope.update_many::<job::Entity>().set(another).filter(job::Column::Id.eq(claimed.job.id));
        taken.exec(&tx).await.unwrap();
        tx.commit().await.unwrap();
        app.clock.advance(Duration::from_secs(11)).await;
        assert_eq!(work.await.unwrap(), None);
    }
}
