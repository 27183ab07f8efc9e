//! /api/analytics/company/{companyId}

mod count;
mod day;
mod export;
mod intervals;
mod links;

use std::time::Duration;

use calldocker::authz::Seat;
use entity::Role;
use serde_json::Value;

use crate::support::days::Days;
use crate::support::{Person, TestApp, World, person};

/// Two companies some days later, and somebody of ours who signed in just now.
pub struct Later {
    pub world: World,
    pub owner: Person,
}

impl Later {
    pub async fn days(app: &TestApp, days: u64) -> Self {
        let world = World::create(app).await;
        app.clock.advance(Duration::from_secs(days * 86_400)).await;
        let owner = person(app, "later@ours.test", Seat::Owner, Some((world.ours.id, Role::Owner))).await;
        Self { world, owner }
    }

    pub fn script<'a>(&self, app: &'a TestApp) -> Days<'a> {
        Days::of(app, &self.world.ours)
    }

    pub fn path(&self, report: &str) -> String {
        format!("/api/analytics/company/{}/{report}", self.world.ours.id)
    }

    pub async fn report(&self, app: &TestApp, report: &str) -> Value {
        app.get(&self.path(report), &self.owner).await.data(200).clone()
    }

    /// How many calls a link opens.
    pub async fn behind(&self, app: &TestApp, link: &Value) -> u64 {
        let link = link.as_str().expect("a figure has its calls");
        let calls = app.get(&format!("{link}&limit=100"), &self.owner).await;
        u64::try_from(calls.data(200).as_array().expect("a list").len()).unwrap()
    }
}
