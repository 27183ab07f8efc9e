//! Stories of what callers and supervisors are told: the place in the line, the expected wait, a queue's
//! figures, and why a call is waiting.
//!
//! If one of these fails, either the change is wrong, or the definition in `src/index/figures.rs` has to say
//! the new one.

mod support;

use routing::{
    Agent, Change, Entry, EntryState, Obstacle, Precedence, Preference, Queue, QueueFigures, Readiness,
    Strategy, Turn,
};

use support::company::{Company, nobody};
use support::{
    ageing, agent, agent_id, asking, at, entry, entry_id, queue, queue_id, seconds, skill_id, skilled,
};

/// A queue with a handle time of 120 s, `busy` agents in a call and callers 1, 2, 3 … who wait since second
/// 1, 2, 3 …
fn all_busy(busy: u128, callers: u128) -> Company {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.told(0, (1..=busy).map(|n| Change::Agent(Agent { held: 1, ..agent(n, [1]) })));
    company.told(100, (1..=callers).map(|n| Change::Entry(entry(n, 1, n as i64))));
    company
}

fn expected(company: &Company, caller: u128) -> Option<f64> {
    company.index.expected_wait(entry_id(caller), at(100)).map(|wait| wait.as_secs_f64())
}

#[test]
fn with_all_agents_busy_the_kth_in_line_waits_k_handle_times_shared_by_all_agents() {
    let company = all_busy(4, 6);
    let waits: Vec<_> = (1..=6).map(|caller| expected(&company, caller)).collect();
    assert_eq!(waits, [30.0, 60.0, 90.0, 120.0, 150.0, 180.0].map(Some));
}

#[test]
fn who_would_come_next_is_told_the_wait_behind_everybody_or_none_when_somebody_is_free() {
    let next = |company: &Company| company.index.expected_wait_of_next(queue_id(1), at(100));
    let mut company = all_busy(4, 6);
    assert_eq!(next(&company), Some(seconds(210)));
    let mut idle = all_busy(1, 0);
    assert_eq!(next(&idle), Some(seconds(120)));
    idle.agent(100, agent(2, [1]));
    assert_eq!(next(&idle), Some(seconds(0)));
    company.told(100, [Change::Queue(Queue { mean_handle_time: None, ..queue(1, Strategy::LongestIdle) })]);
    assert_eq!(next(&company), None, "no data is no promise");
    assert_eq!(company.index.expected_wait_of_next(queue_id(9), at(100)), None);
}

#[test]
fn an_agent_of_two_queues_is_half_an_agent_to_each() {
    let mut company = all_busy(1, 1);
    assert_eq!(expected(&company, 1), Some(120.0));
    company.agent(100, Agent { held: 1, ..agent(2, [1, 2]) });
    assert_eq!(expected(&company, 1), Some(80.0), "120 s over one and a half agents");
}

#[test]
fn an_agent_with_two_slots_counts_twice() {
    let mut company = all_busy(0, 1);
    company.agent(100, Agent { capacity: 2, held: 2, ..agent(1, [1]) });
    assert_eq!(expected(&company, 1), Some(60.0));
}

#[test]
fn nothing_is_promised_without_a_handle_time_or_without_agents() {
    let mut company = all_busy(1, 1);
    for unknown in [None, Some(seconds(0))] {
        company.told(
            100,
            [Change::Queue(Queue { mean_handle_time: unknown, ..queue(1, Strategy::LongestIdle) })],
        );
        assert_eq!(expected(&company, 1), None);
    }
    company.told(100, [Change::Queue(queue(1, Strategy::LongestIdle))]);
    assert_eq!(expected(&company, 1), Some(120.0));
    company.agent(100, Agent { readiness: Readiness::NotReady, ..agent(1, [1]) });
    assert_eq!(expected(&company, 1), None, "nobody is staffed");
    assert_eq!(expected(&company, 99), None, "an unknown caller");
}

#[test]
fn nothing_is_promised_by_the_heartbeat_of_yesterday() {
    let mut company = all_busy(0, 1);
    company.agent(100, Agent { held: 1, ready_until: Some(at(115)), ..agent(1, [1]) });
    assert_eq!(company.index.expected_wait(entry_id(1), at(114)), Some(seconds(120)));
    assert_eq!(company.index.expected_wait(entry_id(1), at(115)), None);
}

#[test]
fn callers_who_ask_for_other_agents_are_no_wait() {
    let (french, polish) = (skill_id(1), skill_id(2));
    let busy = |n, skill| Change::Agent(Agent { held: 1, ..skilled([(skill, 3)], agent(n, [1])) });
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.told(0, [busy(1, french), busy(2, french), busy(3, polish)]);
    let in_french = |n| Change::Entry(asking(&[(french, 1)], entry(n, 1, n as i64)));
    company.told(10, [in_french(1), in_french(2), in_french(3)]);
    company.entry(10, asking(&[(polish, 1)], entry(4, 1, 4)));
    company.entry(10, entry(5, 1, 5));
    assert_eq!(company.index.position(entry_id(4)), Some(4));
    assert_eq!(expected(&company, 3), Some(180.0), "third of three, two agents");
    assert_eq!(expected(&company, 4), Some(120.0), "the first who asks for Polish, one agent");
    assert_eq!(expected(&company, 5), Some(200.0), "fifth of five, any of three agents");
    company.agent(10, Agent { held: 1, ..skilled([(french, 3), (polish, 3)], agent(2, [1])) });
    assert_eq!(expected(&company, 4), Some(150.0), "half of three callers compete, two agents");
}

#[test]
fn a_caller_who_is_being_offered_keeps_his_place_and_waits_no_more() {
    let mut company = all_busy(1, 2);
    company.agent(100, agent(2, [1]));
    assert_eq!(company.index.position(entry_id(1)), Some(1));
    assert_eq!(company.index.position(entry_id(2)), Some(2));
    assert_eq!(expected(&company, 1), Some(0.0));
    assert_eq!(expected(&company, 2), Some(60.0), "the caller before him has his agent");
    company.entry(100, Entry { state: EntryState::Reserved(agent_id(2)), ..entry(1, 1, 1) });
    assert_eq!(company.index.position(entry_id(1)), None);
    assert_eq!(company.index.position(entry_id(2)), Some(1));
    assert_eq!(expected(&company, 1), None);
}

#[test]
fn positions_are_counted_in_each_queue_by_itself() {
    let mut company = all_busy(0, 2);
    company.entry(100, Entry { priority: 9, ..entry(3, 2, 0) });
    let positions = [1, 2, 3].map(|caller| company.index.position(entry_id(caller)));
    assert_eq!(positions, [1, 2, 1].map(Some));
}

#[test]
fn the_figures_of_a_queue_say_who_waits_how_long_and_who_could_help() {
    let mut company = all_busy(1, 3);
    let beating = Agent { held: 1, ready_until: Some(at(115)), ..agent(2, [1]) };
    let unable = Agent { readiness: Readiness::NotResponding, ..agent(3, [1]) };
    company.told(100, [beating, unable].map(Change::Agent));
    company.agent(100, Agent { capacity: 3, held: 2, ..agent(4, [1]) });
    company.entry(100, Entry { state: EntryState::Reserved(agent_id(1)), ..entry(2, 1, 2) });
    let figures = company.index.queue_figures(queue_id(1), at(110));
    assert_eq!((figures.waiting, figures.in_offer, figures.reserved), (2, 1, 1));
    assert_eq!(figures.longest_wait, Some(seconds(109)), "caller 1 is being offered and waits still");
    assert_eq!((figures.staffed, figures.available, figures.free_slots), (3, 0, 0));

    company.agent(111, Agent { capacity: 3, held: 3, ..agent(4, [1]) });
    company.told(111, [1, 3].map(|caller| Change::EntryGone(entry_id(caller))));
    company.agent(112, Agent { capacity: 3, held: 1, ..agent(4, [1]) });
    let figures = company.index.queue_figures(queue_id(1), at(115));
    assert_eq!((figures.waiting, figures.longest_wait), (0, None));
    assert_eq!(
        (figures.staffed, figures.available, figures.free_slots),
        (2, 1, 2),
        "agent 2's heartbeat ended"
    );
    assert_eq!(company.index.queue_figures(queue_id(9), at(115)), QueueFigures::default());
}

#[test]
fn a_supervisor_can_ask_why_a_call_is_waiting() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    let french = skill_id(1);
    let able = |n| skilled([(french, 2)], agent(n, [1]));
    let agents = [
        Agent { readiness: Readiness::NotReady, ..able(1) },
        Agent { readiness: Readiness::NotResponding, ..able(2) },
        Agent { ready_until: Some(at(15)), ..able(3) },
        skilled([(french, 1)], agent(4, [1])),
        Agent { held: 1, ..able(5) },
        able(6),
        agent(7, [2]),
    ];
    company.told(0, agents.map(Change::Agent));
    let declined = Entry { declined_by: vec![(agent_id(6), at(50))], ..entry(1, 1, 20) };
    assert_eq!(company.entry(20, asking(&[(french, 2)], declined)), nobody());
    let reasons = [
        Obstacle::NotReady,
        Obstacle::NotResponding,
        Obstacle::HeartbeatEnded(at(15)),
        Obstacle::LacksSkill { skill: french, has: Some(1), needs: 2 },
        Obstacle::NoFreeSlot,
        Obstacle::CoolingOff(at(50)),
    ];
    let explained = company.index.explain(entry_id(1), 10, at(20)).expect("a known caller");
    let reasons = reasons.into_iter().zip(1..).map(|(reason, n)| (agent_id(n), vec![reason]));
    assert_eq!(explained.agents, reasons.collect::<Vec<_>>());
    assert_eq!(explained.turns, [(at(50), Turn::CooledOff(agent_id(6)))]);
    assert_eq!(company.index.explain(entry_id(9), 10, at(20)), None);
}

#[test]
fn all_that_an_agent_lacks_is_told_at_once() {
    let (french, polish) = (skill_id(1), skill_id(2));
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    let away = Agent { readiness: Readiness::NotReady, held: 1, ..skilled([(french, 3)], agent(1, [1])) };
    company.agent(0, away);
    let kept = Preference { agent: agent_id(2), until: at(40) };
    let caller = Entry { preferred: Some(kept), ..asking(&[(french, 5), (polish, 1)], entry(1, 1, 10)) };
    company.entry(10, caller);
    let told = company.index.explain(entry_id(1), 10, at(20)).expect("a known caller").agents;
    let lacks = [
        Obstacle::NotReady,
        Obstacle::LacksSkill { skill: french, has: Some(3), needs: 5 },
        Obstacle::LacksSkill { skill: polish, has: None, needs: 1 },
        Obstacle::KeptFor(agent_id(2), at(40)),
        Obstacle::NoFreeSlot,
    ];
    assert_eq!(told, [(agent_id(1), lacks.to_vec())]);
}

#[test]
fn who_goes_before_a_caller_is_told_with_the_reason() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    let urgent = Entry { priority: 2, ..entry(1, 1, 30) };
    company.told(40, [urgent, entry(2, 1, 10), entry(3, 1, 20), entry(4, 2, 0)].map(Change::Entry));
    let ahead = |company: &Company, most| {
        let told = company.index.explain(entry_id(3), most, at(40)).expect("a known caller");
        (told.position, told.ahead.iter().map(|one| (one.entry, one.because)).collect::<Vec<_>>())
    };
    let both = vec![(entry_id(1), Precedence::Priority), (entry_id(2), Precedence::Age)];
    assert_eq!(ahead(&company, 10), (Some(3), both));
    assert_eq!(ahead(&company, 1), (Some(3), vec![(entry_id(1), Precedence::Priority)]));
    company.told(40, [Change::Queue(ageing(10, queue(1, Strategy::LongestIdle)))]);
    let both = vec![(entry_id(1), Precedence::HeadStart), (entry_id(2), Precedence::Age)];
    assert_eq!(ahead(&company, 10), (Some(3), both));
}
