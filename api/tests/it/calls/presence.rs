//! What agents want, now and after the call, and what the sum of a shift's history comes to.

use calldocker::agents::{self, Hand, Level, Wanted};
use carrier::Step;
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::AgentId;
use entity::{
    Activity, Availability, CallStatus, ChangeCause, CompanyScope, OfferState, Reach, SegmentState, When,
    agent_change, skill,
};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder};
use serde_json::json;

use crate::support::centre::{Centre, Plan, straight_to_the_queue, whole_calls};

fn wanted(availability: Availability) -> Wanted {
    Wanted { availability, reason: None }
}

async fn ask(centre: &Centre, agent: usize, availability: Availability, when: When) -> agents::Status {
    let (id, hand) = (centre.agents[agent], Hand::Own(centre.user));
    agents::set_availability(&centre.app, centre.scope, id, hand, wanted(availability), when).await.unwrap()
}

/// The agent's history, oldest first.
async fn history(centre: &Centre, agent: usize) -> Vec<agent_change::Model> {
    let lines = centre.scope.find::<agent_change::Entity>();
    let lines = lines.filter(agent_change::Column::AgentId.eq(centre.agents[agent]));
    lines.order_by_asc(agent_change::Column::Id).all(centre.app.db.reader()).await.unwrap()
}

/// One agent who can take two calls.
fn one_with_capacity(capacity: i32) -> Plan {
    Plan { agents: vec![Reach::Client], capacity, ..Plan::default() }
}

whole_calls! {
    async fn what_was_asked_for_during_a_call_is_so_in_the_moment_in_which_wrap_up_ends(ground) {
        let centre = Centre::open(ground, one_with_capacity(2)).await;
        centre.ring([Step::AfterConnected(20.0), Step::HangUp]);
        centre.pass(5).await;
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        let status = ask(&centre, 0, Availability::Break, When::AfterCall).await;
        assert_eq!((status.row.availability, status.activity), (Availability::Available, Activity::OnCall));
        assert_eq!(agents::next_of(&status.row), Some(wanted(Availability::Break)), "it can be seen");

        let second = centre.ring_as(1, [Step::AfterConnected(5.0), Step::HangUp]);
        centre.pass(3).await;
        assert!(centre.open_offers(0).await.is_empty(), "he gets no other call before his break");
        centre.pass_until_segment_is(SegmentState::WrapUp).await;
        assert_eq!(centre.agent(0).await.row.availability, Availability::Available, "wrap-up belongs to the call");
        centre.pass_until_segment_is(SegmentState::Done).await;
        let after = centre.agent(0).await;
        assert_eq!((after.row.availability, after.activity), (Availability::Break, Activity::Idle));
        assert_eq!(agents::next_of(&after.row), None);
        let last = history(&centre, 0).await.pop().unwrap();
        assert_eq!(last.because, ChangeCause::NextState);
        assert_eq!(last.changed_by, Some(centre.user), "who asked for it is known");
        assert_eq!(Some(last.at), centre.segments().await[0].wrapped_up_at, "one transaction");

        centre.pass(30).await;
        assert_eq!(centre.call_of(&second).await.status, CallStatus::Queued, "{}", centre.all_stories().await);
        centre.set(0, Availability::Available).await;
        centre.pass(1).await;
        centre.accept(0).await;
        centre.pass(120).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn without_wrap_up_it_is_so_when_the_call_ends(ground) {
        let plan = Plan { wrap_up_seconds: 0, ..one_with_capacity(1) };
        let centre = Centre::open(ground, plan).await;
        centre.ring([Step::AfterConnected(20.0), Step::HangUp]);
        centre.pass(5).await;
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        ask(&centre, 0, Availability::Training, When::AfterCall).await;
        centre.pass_until_segment_is(SegmentState::Done).await;
        assert_eq!(centre.agent(0).await.row.availability, Availability::Training);
        centre.pass(120).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn of_two_calls_the_last_one_decides(ground) {
        let centre = Centre::open(ground, one_with_capacity(2)).await;
        centre.ring([Step::AfterConnected(20.0), Step::HangUp]);
        centre.pass(2).await;
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        centre.ring_as(1, [Step::AfterConnected(120.0), Step::HangUp]);
        centre.pass(2).await;
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        ask(&centre, 0, Availability::Away, When::AfterCall).await;
        centre.pass(80).await;
        let states: Vec<_> = centre.segments().await.iter().map(|segment| segment.state).collect();
        assert_eq!(states, [SegmentState::Done, SegmentState::Connected], "{}", centre.all_stories().await);
        assert_eq!(centre.agent(0).await.row.availability, Availability::Available);
        centre.pass(120).await;
        assert_eq!(centre.agent(0).await.row.availability, Availability::Away);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn what_was_asked_for_can_be_taken_back_and_a_newer_will_counts(ground) {
        let centre = Centre::open(ground, one_with_capacity(1)).await;
        centre.ring([Step::AfterConnected(20.0), Step::HangUp]);
        centre.pass(5).await;
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        ask(&centre, 0, Availability::Break, When::AfterCall).await;
        let (id, hand) = (centre.agents[0], Hand::Own(centre.user));
        let status = agents::take_back_next(&centre.app, centre.scope, id, hand).await.unwrap();
        assert_eq!(agents::next_of(&status.row), None);
        ask(&centre, 0, Availability::Break, When::AfterCall).await;
        ask(&centre, 0, Availability::Busy, When::Now).await;
        centre.pass_until_segment_is(SegmentState::Done).await;
        assert_eq!(centre.agent(0).await.row.availability, Availability::Busy);
        let status = ask(&centre, 0, Availability::Available, When::AfterCall).await;
        assert_eq!(status.row.availability, Availability::Available, "without a call there is nothing to wait for");
        centre.pass(60).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn who_becomes_unavailable_while_it_rings_gives_the_call_to_the_next_and_is_not_blamed(ground) {
        let centre = Centre::open(ground, Plan { agents: vec![Reach::Client, Reach::Client], ..Plan::default() }).await;
        centre.ring([Step::AfterConnected(5.0), Step::HangUp]);
        centre.pass(3).await;
        centre.offer(0).await;
        let since = centre.entries().await[0].waiting_since;
        centre.set(0, Availability::Break).await;
        centre.pass(1).await;
        centre.offer(1).await;
        assert_eq!(centre.offers().await[0].state, OfferState::Withdrawn);
        assert_eq!(centre.entries().await[0].waiting_since, since, "he keeps his place");
        assert_eq!(centre.agent(0).await.activity, Activity::Idle);
        centre.accept(1).await;
        centre.pass(120).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_capacity_that_is_lowered_tears_nothing_and_offers_no_more(ground) {
        let centre = Centre::open(ground, one_with_capacity(2)).await;
        for caller in 0..2 {
            centre.ring_as(caller, [Step::AfterConnected(60.0 + 60.0 * caller as f64), Step::HangUp]);
            centre.pass(2).await;
            centre.accept(0).await;
            centre.pass_until_segment_is(SegmentState::Connected).await;
        }
        let patch = agents::AgentPatch { capacity: Some(1), ..Default::default() };
        agents::update_agent(&centre.app, centre.scope, centre.user, centre.agents[0], patch).await.unwrap();
        assert_eq!(centre.agent(0).await.held, 2);
        let third = centre.ring_as(2, [Step::AfterConnected(5.0), Step::HangUp]);
        // The first of the two ends, the second goes on: one of one is held.
        centre.pass(100).await;
        let states: Vec<_> = centre.segments().await.iter().map(|segment| segment.state).collect();
        assert_eq!(states, [SegmentState::Done, SegmentState::Connected], "{}", centre.all_stories().await);
        assert!(centre.open_offers(0).await.is_empty());
        assert_eq!(centre.call_of(&third).await.status, CallStatus::Queued);
        centre.pass_until("the third is offered", async || !centre.open_offers(0).await.is_empty()).await;
        assert_eq!(centre.agent(0).await.held, 1);
        centre.accept(0).await;
        centre.pass(120).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_browser_that_comes_back_in_time_is_what_it_was_and_later_its_agent_is_away_without_blame(ground) {
        let plan = Plan { agents: vec![Reach::Browser], ring_seconds: 100, ..Plan::default() };
        let centre = Centre::open(ground, plan).await;
        let (app, scope, id) = (&centre.app, centre.scope, centre.agents[0]);
        agents::heartbeat(app, scope, id).await.unwrap();
        centre.pass(30).await;
        let caller = centre.ring([Step::AfterConnected(5.0), Step::HangUp]);
        centre.pass(5).await;
        assert!(centre.open_offers(0).await.is_empty(), "a silent browser is offered nothing");
        agents::heartbeat(app, scope, id).await.unwrap();
        centre.pass(1).await;
        let back = centre.agent(0).await;
        assert_eq!((back.row.availability, back.activity), (Availability::Available, Activity::Offered));
        assert!(history(&centre, 0).await.is_empty(), "nothing has changed");

        let since = centre.entries().await[0].waiting_since;
        centre.pass(61).await;
        let lost = centre.agent(0).await;
        assert_eq!((lost.row.availability, lost.row.availability_reason.as_deref()), (Availability::Away, Some("device")));
        assert_eq!(lost.activity, Activity::Idle, "his device failed, he did not let it ring");
        assert_eq!(centre.offers().await[0].state, OfferState::DeviceError);
        assert_eq!(centre.entries().await[0].waiting_since, since);
        let line = history(&centre, 0).await.pop().unwrap();
        assert_eq!((line.because, line.changed_by), (ChangeCause::HeartbeatLost, None));
        agents::heartbeat(app, scope, id).await.unwrap();
        centre.pass(1).await;
        assert_eq!(centre.agent(0).await.row.availability, Availability::Away, "nothing flips by itself");
        caller.hang_up();
        centre.pass(60).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn routing_sees_skills_for_today_and_that_the_day_is_over(ground) {
        let mut flow = straight_to_the_queue();
        flow["nodes"]["wait"]["skills"] = json!([{"skill": "french", "level": 5}]);
        let centre = Centre::open(ground, Plan { flow, ..one_with_capacity(1) }).await;
        let (app, scope, id) = (&centre.app, centre.scope, centre.agents[0]);
        // It is noon in UTC, and eleven at night there.
        let move_there = "UPDATE company SET time_zone = 'Pacific/Noumea'";
        app.db.writer().execute_unprepared(move_there).await.unwrap();
        let french = skill::Model { id: app.ids.next(), company_id: scope.company(), name: "french".into() };
        let tx = app.db.begin().await.unwrap();
        scope.insert::<skill::Entity, _>(&tx, french.clone()).await.unwrap();
        tx.commit().await.unwrap();
        let caller = centre.ring([]);
        centre.pass(5).await;
        assert!(centre.open_offers(0).await.is_empty());
        let levels = vec![Level { skill: french.id, level: 6 }];
        let shown = agents::set_skills_today(app, scope, centre.user, id, levels).await.unwrap();
        assert_eq!((shown.skills.len(), shown.skills_today.len()), (0, 1));
        centre.pass(1).await;
        centre.offer(0).await;
        caller.hang_up();
        centre.pass(60).await;

        centre.pass(3600 - 66 - 30).await;
        assert_eq!(agents::get(app, scope, id).await.unwrap().skills_today.len(), 1);
        centre.pass(60).await;
        assert!(agents::get(app, scope, id).await.unwrap().skills_today.is_empty());
        let levels = vec![Level { skill: french.id, level: 6 }];
        agents::set_skills_today(app, scope, centre.user, id, levels).await.unwrap();
        centre.pass(1).await;
        agents::restore_skills(app, scope, centre.user, id).await.unwrap();
        let caller = centre.ring([]);
        centre.pass(5).await;
        assert!(centre.open_offers(0).await.is_empty(), "{}", centre.all_stories().await);
        caller.hang_up();
        centre.pass(60).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn over_a_random_shift_the_times_between_the_lines_of_history_add_up_to_the_time_logged_in(ground) {
        let plan = Plan { agents: vec![Reach::Browser], wrap_up_seconds: 10, ..Plan::default() };
        let centre = Centre::open(ground, plan).await;
        let shift = RandomShift::spend(&centre, 7).await;
        let lines = history(&centre, 0).await;
        assert!(lines.len() > 12, "a shift that is worth looking at: {} lines", lines.len());
        for (earlier, later) in lines.iter().zip(lines.iter().skip(1)) {
            assert_eq!(earlier.after, later.before, "each line begins where the one before it ended");
            assert!(earlier.at <= later.at);
            assert_ne!(later.before, later.after, "a line says what changed");
        }
        let mut intervals = Vec::new();
        let ends = lines.iter().skip(1).map(|line| line.at).chain([shift.ended]);
        intervals.push((json!("available"), lines[0].at - shift.began));
        intervals.extend(lines.iter().zip(ends).map(|(line, end)| (line.after["availability"].clone(), end - line.at)));
        let logged_in: TimeDelta =
            intervals.into_iter().filter(|(state, _)| *state != "offline").map(|(_, time)| time).sum();
        assert_eq!(logged_in, shift.logged_in);
        centre.close().await;
    }
}

/// What a test saw of a shift: nothing of it is read from the history.
struct RandomShift {
    began: DateTime<Utc>,
    ended: DateTime<Utc>,
    logged_in: TimeDelta,
}

impl RandomShift {
    /// A busy hour in which the agent does this and that every minute or two, with calls, lost heartbeats and a supervisor.
    async fn spend(centre: &Centre, seed: u64) -> Self {
        let began = centre.clock.now();
        let (app, scope, id): (_, CompanyScope, AgentId) = (&centre.app, centre.scope, centre.agents[0]);
        let mut dice = Dice(seed);
        let mut shift = Self { began, ended: began, logged_in: TimeDelta::zero() };
        while centre.clock.now() - began < TimeDelta::hours(1) {
            let availability = [
                Availability::Available,
                Availability::Available,
                Availability::Busy,
                Availability::Away,
                Availability::Break,
                Availability::Training,
                Availability::Offline,
            ][dice.roll(7)];
            match dice.roll(9) {
                0 => {
                    let hand = Hand::Supervisors(centre.user);
                    let wanted = wanted(availability);
                    agents::set_availability(app, scope, id, hand, wanted, When::Now).await.unwrap();
                }
                1 | 2 => drop(ask(centre, 0, availability, When::Now).await),
                3 => drop(ask(centre, 0, availability, When::AfterCall).await),
                4 => {
                    centre.ring_as(dice.roll(900), [Step::AfterConnected(40.0), Step::HangUp]);
                }
                5 => drop(agents::take_back_next(app, scope, id, Hand::Own(centre.user)).await.unwrap()),
                6 => drop(agents::log_out(app, scope, centre.user, id).await.unwrap()),
                _ => {}
            }
            // Mostly his browser beats; at times it is silent for longer than it may be.
            let minutes = 1 + dice.roll(2);
            let silent = dice.roll(6) == 0;
            for _ in 0..minutes * 4 {
                if !silent {
                    agents::heartbeat(app, scope, id).await.unwrap();
                }
                for offer in centre.open_offers(0).await {
                    if dice.roll(3) > 0 {
                        centre.try_to_accept(0, offer).await.unwrap();
                    }
                }
                shift.watch(centre, 14).await;
            }
        }
        shift
    }

    /// Lets seconds pass, and counts those in which he is logged in. Within them he comes or goes at most once, by what
    /// was asked for after a call: the moment stands on his row.
    async fn watch(&mut self, centre: &Centre, seconds: u64) {
        let logged_in = centre.agent(0).await.row.availability != Availability::Offline;
        let before = centre.clock.now();
        centre.pass(seconds).await;
        self.ended = centre.clock.now();
        if logged_in {
            // What was asked for after a call may end the time within these seconds: its moment is on the row.
            let after = centre.agent(0).await.row;
            let until =
                if after.availability == Availability::Offline { after.available_since } else { self.ended };
            self.logged_in += until - before;
        } else {
            let after = centre.agent(0).await.row;
            if after.availability != Availability::Offline {
                self.logged_in += self.ended - after.available_since;
            }
        }
    }
}

/// A small generator, the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}
