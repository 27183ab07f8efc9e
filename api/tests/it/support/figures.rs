//! What has to add up once everything is at rest: rows against the stories of calls, and agents against their segments.

use std::collections::BTreeMap;

use calldocker::agents::Axes;
use calldocker::reports::verify;
use calldocker::store::calls;
use entity::id::{AgentId, QueueEntryId};
use entity::{CallOutcome, EntryOutcome, EntryPurpose, agent, agent_change};
use sea_orm::QueryOrder;

use super::centre::Centre;

impl Centre {
    /// The identities of a contact centre's figures.
    pub(super) async fn assert_figures_add_up(&self, stories: &str) {
        self.assert_visits_add_up(stories).await;
        self.assert_agents_add_up(stories).await;
        self.assert_outcomes_fit(stories).await;
        self.assert_histories_have_no_gap().await;
    }

    /// Whoever came into a queue is counted once, as answered, abandoned, overflowed, called back, at a voicemail or moved.
    async fn assert_visits_add_up(&self, stories: &str) {
        let entries = self.entries().await;
        for entry in &entries {
            assert!(entry.outcome.is_some() && entry.left_at.is_some(), "{entry:?} has no end\n{stories}");
            assert!(entry.left_at >= Some(entry.entered_at), "{entry:?} ends before it begins\n{stories}");
        }
        let mut talks: BTreeMap<QueueEntryId, usize> = BTreeMap::new();
        for segment in self.segments().await.iter().filter(|segment| segment.connected_at.is_some()) {
            *talks.entry(segment.queue_entry_id).or_default() += 1;
        }
        for entry in &entries {
            let talked = talks.get(&entry.id).copied().unwrap_or_default();
            let (answered, outcome) = (talked > 0, entry.outcome.unwrap());
            let may = match outcome {
                EntryOutcome::Outbound => true,
                EntryOutcome::Answered => answered || entry.purpose != EntryPurpose::Caller,
                EntryOutcome::Abandoned
                | EntryOutcome::Overflow
                | EntryOutcome::Callback
                | EntryOutcome::Voicemail
                | EntryOutcome::Error
                | EntryOutcome::Moved
                | EntryOutcome::Withdrawn
                | EntryOutcome::Unreached => !answered,
            };
            assert!(may, "{talked} conversations of {entry:?}\n{stories}");
        }
    }

    /// What an agent handled is what his segments say.
    async fn assert_agents_add_up(&self, stories: &str) {
        let mut handled: BTreeMap<AgentId, (i32, i64)> = BTreeMap::new();
        for segment in self.segments().await {
            let Some((connected, ended)) = segment.connected_at.zip(segment.ended_at) else { continue };
            let (calls, talk_ms) = handled.entry(segment.agent_id).or_default();
            *calls += 1;
            *talk_ms += (ended - connected).num_milliseconds();
        }
        for agent in self.agent_rows().await {
            let expected = handled.get(&agent.id).copied().unwrap_or_default();
            assert_eq!((agent.calls_handled, agent.talk_ms), expected, "of {}\n{stories}", agent.name);
        }
    }

    /// A call's outcome is that of what happened in it last: who has talked with an agent and came nowhere else was answered.
    async fn assert_outcomes_fit(&self, stories: &str) {
        let entries = self.entries().await;
        for call in self.calls().await {
            let lines = calls::events(self.scope, self.app.db.reader(), call.id, 0, 10_000).await.unwrap();
            let last = |kinds: &[&str]| lines.iter().rposition(|line| kinds.contains(&line.kind.as_str()));
            let (talked, went_on) = (last(&["call.connected"]), last(&["queue.entered", "flow.node"]));
            let outcome = call.outcome.unwrap();
            let was_served = talked.is_some() && talked > went_on;
            assert!(
                !was_served || outcome == CallOutcome::Answered,
                "{outcome:?} of {}, who was served\n{stories}",
                call.id
            );
            assert!(call.ended_at >= Some(call.started_at), "{} ends before it begins\n{stories}", call.id);
            assert!(call.answered_at <= call.ended_at, "{} is answered after its end\n{stories}", call.id);
            let told = lines.iter().filter(|line| line.kind == "queue.entered").count();
            let visits = entries.iter().filter(|entry| entry.call_id == call.id).count();
            assert!(told <= visits, "{visits} visits of {}, {told} told\n{stories}", call.id);
        }
    }

    /// Each line of an agent's history begins with what the one before ended with, so that the times of his states add up to
    /// the time of his day.
    async fn assert_histories_have_no_gap(&self) {
        let rows = self.scope.find::<agent_change::Entity>().order_by_asc(agent_change::Column::Id);
        let rows = rows.all(self.app.db.reader()).await.unwrap();
        for agent in self.agent_rows().await {
            let own: Vec<_> = rows.iter().filter(|row| row.agent_id == agent.id).collect();
            for pair in own.windows(2) {
                assert_eq!(pair[0].after, pair[1].before, "a gap in the history of {}: {own:#?}", agent.name);
                assert!(pair[0].at <= pair[1].at, "the history of {} is out of order: {own:#?}", agent.name);
            }
            if let Some(last) = own.last() {
                assert_eq!(last.after, Axes::of(&agent).stored(), "the history of {} is behind", agent.name);
            }
        }
    }

    /// What is left to be counted is counted; then all counters are what the rows say, and their identities hold.
    pub(super) async fn assert_reports_are_right(&self, stories: &str) {
        let zone = "America/New_York".parse().unwrap();
        let findings = verify::verify(&self.app, self.scope, zone).await.unwrap();
        assert!(findings.is_well(), "reports are wrong: {findings:#?}\n{stories}");
        assert_eq!(findings.calls, self.calls().await.len(), "calls are missing in the reports\n{stories}");
    }

    async fn agent_rows(&self) -> Vec<agent::Model> {
        self.scope.find::<agent::Entity>().all(self.app.db.reader()).await.unwrap()
    }
}
