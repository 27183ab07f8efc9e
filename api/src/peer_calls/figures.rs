//! What somebody's calls with colleagues come to.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use entity::id::UserId;
use entity::{
    CallType, CompanyScope, PartyState, PeerRole, PeerStatus, peer_call, peer_call_participant as party,
};

use crate::app::App;
use crate::error::Result;
use crate::store::peer_calls as store;

/// Seconds are whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub total: u64,
    /// He was called in vain.
    pub missed: u64,
    /// He was called.
    pub received: u64,
    /// He has called.
    pub made: u64,
    /// In conversations.
    pub seconds: i64,
    /// Conversations.
    pub answered: u64,
}

impl Figures {
    /// Of one conversation.
    pub fn average_seconds(self) -> i64 {
        i64::try_from(self.answered).ok().and_then(|answered| self.seconds.checked_div(answered)).unwrap_or(0)
    }

    fn add(&mut self, part: &party::Model, now: DateTime<Utc>) {
        self.total += 1;
        match part.role {
            PeerRole::Caller => self.made += 1,
            PeerRole::Callee => self.received += 1,
        }
        let in_vain = matches!(part.state, PartyState::Missed | PartyState::Busy) && !part.is_unwanted;
        // Who has made a call may have left it and been called back into it.
        if in_vain && (part.role == PeerRole::Callee || part.invited_by.is_some()) {
            self.missed += 1;
        }
        if let Some(joined) = part.joined_at {
            self.answered += 1;
            self.seconds += (part.left_at.unwrap_or(now) - joined).num_seconds().max(0);
        }
    }
}

/// All calls of a user's, or those since a moment.
pub async fn figures(
    app: &App,
    scope: CompanyScope,
    user: UserId,
    since: Option<DateTime<Utc>>,
) -> Result<Figures> {
    let now = app.clock.now();
    let parts = store::parts_within(scope, app.db.reader(), user, (since, now)).await?;
    let mut figures = Figures::default();
    parts.iter().for_each(|(part, _)| figures.add(part, now));
    Ok(figures)
}

/// Calls of a stretch of time, looked at from several sides.
#[derive(Clone, Debug, Default)]
pub struct Analytics {
    pub all: Figures,
    pub by_status: BTreeMap<String, u64>,
    pub voice: u64,
    pub video: u64,
    /// By day of UTC on which they began.
    pub by_day: BTreeMap<NaiveDate, Figures>,
    /// Of his own scores, 1 to 5; `None` without any.
    pub average_quality: Option<f64>,
    pub rated: u64,
}

pub async fn analytics(
    app: &App,
    scope: CompanyScope,
    user: UserId,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Analytics> {
    let parts = store::parts_within(scope, app.db.reader(), user, (Some(from), to)).await?;
    Ok(look_at(&parts, to))
}

fn look_at(parts: &[(party::Model, peer_call::Model)], now: DateTime<Utc>) -> Analytics {
    let mut seen = Analytics::default();
    let mut scores = 0;
    for (part, call) in parts {
        seen.all.add(part, now);
        seen.by_day.entry(part.invited_at.date_naive()).or_default().add(part, now);
        let status: PeerStatus = call.status;
        *seen.by_status.entry(status.as_str()).or_default() += 1;
        match call.call_type {
            CallType::Voice => seen.voice += 1,
            CallType::Video => seen.video += 1,
        }
        if let Some(score) = part.quality_score {
            seen.rated += 1;
            scores += score;
        }
    }
    seen.average_quality = (seen.rated > 0).then(|| f64::from(scores) / seen.rated as f64);
    seen
}
