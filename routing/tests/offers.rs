//! Stories that a supervisor could read: who is offered what, and when.
//!
//! If one of these fails, the meaning of a setting has changed: either the change is wrong, or the
//! documentation of the field in `src/change.rs` has to say the new meaning.

mod support;

use routing::{
    Agent, Change, Entry, EntryState, IdleReading, Preference, Queue, Readiness, Relaxation, Strategy,
};

use support::company::{Company, nobody};
use support::{
    ageing, agent, agent_id, asking, at, entry, entry_id, limited_to, queue, queue_id, seconds, skill_id,
    skilled,
};

/// The order in which one queue under `strategy` asks these agents, found by sending it one call after the
/// other.
fn order_of(queue: Queue, agents: impl IntoIterator<Item = Agent>) -> Vec<u128> {
    let mut company = Company::with([queue]);
    company.told(100, agents.into_iter().map(Change::Agent));
    let calls = (1..).map(|n| company.entry(100, entry(n, 1, 100)));
    calls.map_while(|offered| Some(offered.first()?.1[0])).collect()
}

fn ended(at_second: i64, agent: Agent) -> Agent {
    Agent { last_call_ended_at: Some(at(at_second)), ..agent }
}

// Who is asked

#[test]
fn a_call_goes_to_the_agent_whose_last_call_ended_first() {
    let agents = [ended(30, agent(1, [1])), ended(10, agent(2, [1])), ended(20, agent(3, [1]))];
    assert_eq!(order_of(queue(1, Strategy::LongestIdle), agents), [2, 3, 1]);
}

#[test]
fn an_agent_without_a_call_is_idle_since_he_became_available() {
    let fresh = |n, since| Agent { available_since: at(since), ..agent(n, [1]) };
    let agents = [ended(30, fresh(1, 0)), fresh(2, 40), fresh(3, 20)];
    assert_eq!(order_of(queue(1, Strategy::LongestIdle), agents), [3, 1, 2]);
}

#[test]
fn a_break_does_not_cost_the_place_unless_the_queue_reads_idle_since_available() {
    let after_a_break = Agent { available_since: at(90), ..ended(10, agent(1, [1])) };
    let without_a_break = Agent { available_since: at(0), ..ended(20, agent(2, [1])) };
    let agents = [after_a_break, without_a_break];
    assert_eq!(order_of(queue(1, Strategy::LongestIdle), agents.clone()), [1, 2]);
    let since_available =
        Queue { idle_reading: IdleReading::SinceAvailable, ..queue(1, Strategy::LongestIdle) };
    assert_eq!(order_of(since_available, agents), [2, 1]);
}

#[test]
fn round_robin_asks_whom_it_asked_least_recently_and_the_never_asked_first() {
    let offered = |n, when: Option<i64>| Agent { last_offered_at: when.map(at), ..agent(n, [1]) };
    let agents = [offered(1, Some(20)), offered(2, None), offered(3, Some(10))];
    assert_eq!(order_of(queue(1, Strategy::RoundRobin), agents), [2, 3, 1]);
}

#[test]
fn an_offer_that_the_index_made_sends_the_agent_to_the_end_of_the_round_robin() {
    let mut company = Company::with([queue(1, Strategy::RoundRobin)]);
    let twice = |n| Agent { capacity: 2, ..agent(n, [1]) };
    company.told(0, [1, 2].map(twice).map(Change::Agent));
    let offered: Vec<_> = (1..=4).map(|n| company.entry(n as i64, entry(n, 1, n as i64))).collect();
    assert_eq!(offered, [[(1, vec![1])], [(2, vec![2])], [(3, vec![1])], [(4, vec![2])]]);
}

#[test]
fn fewest_calls_asks_who_handled_fewest_and_among_equals_who_is_idle_longest() {
    let handled = |n, calls, end| Agent { calls_handled: calls, ..ended(end, agent(n, [1])) };
    let agents = [handled(1, 5, 10), handled(2, 3, 30), handled(3, 3, 20)];
    assert_eq!(order_of(queue(1, Strategy::FewestCalls), agents), [3, 2, 1]);
}

#[test]
fn least_talk_time_asks_who_talked_least() {
    let talked = |n, minutes: u64| Agent { talk_time: seconds(60 * minutes), ..agent(n, [1]) };
    assert_eq!(
        order_of(queue(1, Strategy::LeastTalkTime), [talked(1, 50), talked(2, 7), talked(3, 20)]),
        [2, 3, 1]
    );
}

#[test]
fn equal_agents_are_asked_by_id_whatever_order_they_were_told_in() {
    assert_eq!(order_of(queue(1, Strategy::LongestIdle), [3, 1, 2].map(|n| agent(n, [1]))), [1, 2, 3]);
}

#[test]
fn a_queue_that_turns_to_another_strategy_asks_by_it_from_the_next_call_on() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    let handled = |n, calls, end| Agent { calls_handled: calls, ..ended(end, agent(n, [1])) };
    company.told(100, [handled(1, 9, 10), handled(2, 1, 20), handled(3, 5, 30)].map(Change::Agent));
    assert_eq!(company.entry(100, entry(1, 1, 100)), [(1, vec![1])]);
    assert_eq!(company.told(100, [Change::Queue(queue(1, Strategy::FewestCalls))]), nobody());
    assert_eq!(company.entry(100, entry(2, 1, 100)), [(2, vec![2])]);
}

// Ring all

#[test]
fn ring_all_rings_everybody_who_is_free_and_each_holds_a_slot_for_it() {
    let mut company = Company::with([queue(1, Strategy::RingAll)]);
    let away = Agent { readiness: Readiness::NotReady, ..agent(3, [1]) };
    company.told(0, [agent(1, [1]), agent(2, [1]), away, agent(4, [2])].map(Change::Agent));
    assert_eq!(company.entry(1, entry(1, 1, 1)), [(1, vec![1, 2])]);
    assert_eq!(company.entry(2, entry(2, 1, 2)), nobody(), "both are being rung already");
}

#[test]
fn ring_all_up_to_a_limit_rings_the_longest_idle() {
    let mut company = Company::with([limited_to(2, queue(1, Strategy::RingAll))]);
    let agents = [ended(30, agent(1, [1])), ended(10, agent(2, [1])), ended(20, agent(3, [1]))];
    company.told(40, agents.map(Change::Agent));
    assert_eq!(company.entry(40, entry(1, 1, 40)), [(1, vec![2, 3])]);
    assert_eq!(company.entry(41, entry(2, 1, 41)), [(2, vec![1])]);
}

#[test]
fn an_agent_who_becomes_free_does_not_join_a_round_that_rings_already() {
    let mut company = Company::with([queue(1, Strategy::RingAll)]);
    company.agent(0, agent(1, [1]));
    assert_eq!(company.entry(1, entry(1, 1, 1)), [(1, vec![1])]);
    assert_eq!(company.agent(2, agent(2, [1])), nobody());
}

#[test]
fn the_losers_of_a_ring_all_round_take_the_next_callers_when_they_are_told_free() {
    let mut company = Company::with([queue(1, Strategy::RingAll)]);
    company.told(0, [agent(1, [1]), agent(2, [1])].map(Change::Agent));
    company.told(1, [Change::Entry(entry(1, 1, 1)), Change::Entry(entry(2, 1, 2))]);
    let won = Change::Entry(Entry { state: EntryState::Reserved(agent_id(1)), ..entry(1, 1, 1) });
    let winner = Change::Agent(Agent { held: 1, ..agent(1, [1]) });
    assert_eq!(company.told(3, [won, winner, Change::Agent(agent(2, [1]))]), [(2, vec![2])]);
}

// Who is first in line

#[test]
fn a_freed_agent_gets_the_caller_who_waits_longest() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.told(30, [entry(1, 1, 20), entry(2, 1, 10), entry(3, 1, 15)].map(Change::Entry));
    assert_eq!(company.agent(31, agent(1, [1])), [(2, vec![1])]);
}

#[test]
fn a_higher_priority_goes_before_any_wait() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.told(500, [entry(1, 1, 0), Entry { priority: 1, ..entry(2, 1, 499) }].map(Change::Entry));
    assert_eq!(company.agent(500, agent(1, [1])), [(2, vec![1])]);
}

#[test]
fn a_caller_who_comes_back_with_his_age_keeps_his_place() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    let transferred = Entry { age_credit: seconds(60), ..entry(1, 1, 100) };
    company.told(100, [entry(2, 1, 50), transferred.clone()].map(Change::Entry));
    assert_eq!(company.index.position(entry_id(1)), Some(1), "100 - 60 is before 50");
    company.entry(101, Entry { age_credit: seconds(40), ..transferred });
    assert_eq!(company.index.position(entry_id(1)), Some(2), "100 - 40 is after 50");
    assert_eq!(company.agent(102, agent(1, [1])), [(2, vec![1])]);
}

#[test]
fn callers_of_the_same_moment_are_served_by_id() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.told(10, [entry(3, 1, 10), entry(1, 1, 10), entry(2, 1, 10)].map(Change::Entry));
    let served: Vec<_> = (1..=3).flat_map(|n| company.agent(11, agent(n, [1]))).collect();
    assert_eq!(served, [(1, vec![1]), (2, vec![2]), (3, vec![3])]);
}

#[test]
fn an_agent_of_two_queues_gets_whoever_is_first_over_both() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle), queue(2, Strategy::FewestCalls)]);
    company.told(30, [entry(1, 1, 20), entry(2, 2, 10), entry(3, 1, 5)].map(Change::Entry));
    assert_eq!(company.agent(31, agent(1, [1, 2])), [(3, vec![1])]);
    assert_eq!(company.agent(32, agent(2, [1, 2])), [(2, vec![2])]);
}

#[test]
fn an_agent_who_gains_a_queue_while_free_gets_its_first_caller() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle), queue(2, Strategy::LongestIdle)]);
    company.agent(0, agent(1, [1]));
    assert_eq!(company.entry(1, entry(1, 2, 1)), nobody());
    assert_eq!(company.agent(2, agent(1, [1, 2])), [(1, vec![1])]);
}

// Skills

#[test]
fn a_call_goes_only_to_who_has_every_skill_at_its_level() {
    let (french, sales) = (skill_id(1), skill_id(2));
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.agent(0, skilled([(french, 2), (sales, 5)], agent(1, [1])));
    company.agent(0, skilled([(french, 5)], agent(2, [1])));
    assert_eq!(company.entry(1, asking(&[(french, 3), (sales, 1)], entry(1, 1, 1))), nobody());
    assert_eq!(company.agent(2, skilled([(french, 3), (sales, 1)], agent(3, [1]))), [(1, vec![3])]);
}

#[test]
fn a_caller_whom_nobody_can_help_does_not_block_those_behind_him() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.told(2, [asking(&[(skill_id(1), 1)], entry(1, 1, 1)), entry(2, 1, 2)].map(Change::Entry));
    assert_eq!(company.agent(3, agent(1, [1])), [(2, vec![1])]);
    assert_eq!(company.agent(4, skilled([(skill_id(1), 1)], agent(2, [1]))), [(1, vec![2])]);
}

#[test]
fn an_agent_who_learns_a_skill_while_free_gets_the_caller_who_asks_for_it() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.agent(0, skilled([(skill_id(1), 1)], agent(1, [1])));
    assert_eq!(company.entry(1, asking(&[(skill_id(1), 2)], entry(1, 1, 1))), nobody());
    assert_eq!(company.agent(2, skilled([(skill_id(1), 2)], agent(1, [1]))), [(1, vec![1])]);
}

#[test]
fn a_caller_who_asks_for_less_is_matched_at_once() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.agent(0, agent(1, [1]));
    assert_eq!(company.entry(1, asking(&[(skill_id(1), 2)], entry(1, 1, 1))), nobody());
    assert_eq!(company.entry(60, entry(1, 1, 1)), [(1, vec![1])], "the flow relaxes what it asks for");
}

// Capacity

#[test]
fn an_agent_with_two_slots_takes_two_calls_and_not_a_third() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.agent(0, Agent { capacity: 2, ..agent(1, [1]) });
    let calls = (1..=3).map(|n| Change::Entry(entry(n, 1, n as i64)));
    assert_eq!(company.told(3, calls), [(1, vec![1]), (2, vec![1])]);
    assert_eq!(company.agent(4, Agent { capacity: 2, held: 1, ..agent(1, [1]) }), [(3, vec![1])]);
}

#[test]
fn nobody_gets_a_second_call_while_a_colleague_has_none() {
    let twice = |n, end| Agent { capacity: 2, ..ended(end, agent(n, [1])) };
    assert_eq!(order_of(queue(1, Strategy::LongestIdle), [twice(1, 10), twice(2, 20)]), [1, 2, 1, 2]);
}

#[test]
fn a_slot_held_for_wrap_up_or_a_peer_call_counts_as_any_other() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.agent(0, Agent { held: 1, ..agent(1, [1]) });
    assert_eq!(company.entry(1, entry(1, 1, 1)), nobody());
}

// Declining, not answering, heartbeats

/// What the server tells when agent 1 declined entry 1 at this second, with the queue's cool-off of 30 s.
fn declined_at(second: i64) -> [Change; 2] {
    let until = queue(1, Strategy::LongestIdle).cooled_off_at(at(second));
    let entry = Entry { declined_by: vec![(agent_id(1), until)], ..entry(1, 1, 1) };
    [Change::Entry(entry), Change::Agent(agent(1, [1]))]
}

#[test]
fn one_who_declined_is_not_asked_again_for_that_call_until_his_cool_off_ends() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.agent(0, agent(1, [1]));
    assert_eq!(company.entry(1, entry(1, 1, 1)), [(1, vec![1])]);
    assert_eq!(company.told(5, declined_at(5)), nobody());
    assert_eq!(company.index.next_due(), Some(at(35)), "the cool-off's end is when a tick matters");
    assert_eq!(company.tick(34), nobody());
    assert_eq!(company.tick(35), [(1, vec![1])]);
    assert_eq!(company.index.next_due(), None);
}

#[test]
fn one_who_declined_takes_other_calls_meanwhile_and_others_take_his() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.agent(0, agent(1, [1]));
    company.entry(1, entry(1, 1, 1));
    assert_eq!(company.told(5, declined_at(5)), nobody());
    assert_eq!(company.entry(6, entry(2, 1, 6)), [(2, vec![1])]);
    assert_eq!(company.agent(7, agent(2, [1])), [(1, vec![2])]);
}

#[test]
fn a_cool_off_that_ended_unnoticed_is_seen_with_the_next_change_whatever_it_is() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.told(5, declined_at(5));
    assert_eq!(company.agent(60, agent(9, [7])), [(1, vec![1])]);
}

#[test]
fn one_who_let_it_ring_is_passed_over_until_he_is_ready_again() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.agent(0, agent(1, [1]));
    assert_eq!(company.entry(1, entry(1, 1, 1)), [(1, vec![1])]);
    let not_responding = Agent { readiness: Readiness::NotResponding, ..agent(1, [1]) };
    let back_in_line = [Change::Entry(entry(1, 1, 1)), Change::Agent(not_responding)];
    assert_eq!(company.told(20, back_in_line), nobody());
    assert_eq!(company.tick(3_600), nobody(), "time alone does not bring him back");
    assert_eq!(company.agent(3_601, agent(1, [1])), [(1, vec![1])]);
}

#[test]
fn an_agent_whose_heartbeat_ran_out_gets_nothing_from_that_moment_on() {
    let beating = |n, until| Agent { ready_until: Some(at(until)), ..agent(n, [1]) };
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.told(0, [beating(1, 15), beating(2, 16)].map(Change::Agent));
    assert_eq!(company.index.next_due(), Some(at(15)));
    assert_eq!(
        company.entry(15, entry(1, 1, 15)),
        [(1, vec![2])],
        "agent 1 was first, but his browser is silent"
    );
    assert_eq!(company.entry(16, entry(2, 1, 16)), nobody());
    assert_eq!(company.agent(17, beating(1, 32)), [(2, vec![1])], "the browser is back");
}

#[test]
fn a_heartbeat_that_comes_in_time_moves_the_moment_when_a_tick_matters() {
    let mut company = Company::with([]);
    company.agent(0, Agent { ready_until: Some(at(15)), ..agent(1, [1]) });
    company.agent(5, Agent { ready_until: Some(at(20)), ..agent(1, [1]) });
    assert_eq!(company.index.next_due(), Some(at(20)));
    company.told(6, [Change::AgentGone(agent_id(1))]);
    assert_eq!(company.index.next_due(), None);
}

#[test]
fn a_moment_before_an_earlier_one_counts_as_the_earlier_one() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.agent(0, Agent { ready_until: Some(at(15)), ..agent(1, [1]) });
    company.tick(20);
    assert_eq!(company.entry(10, entry(1, 1, 10)), nobody());
}

// Telling rows

#[test]
fn a_round_counts_as_done_so_that_nobody_is_asked_twice() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.told(0, [agent(1, [1]), agent(2, [1])].map(Change::Agent));
    assert_eq!(company.entry(1, entry(1, 1, 1)), [(1, vec![1])]);
    assert_eq!(company.tick(2), nobody());
    assert_eq!(company.entry(3, entry(2, 1, 3)), [(2, vec![2])]);
}

#[test]
fn a_round_that_the_database_refused_is_offered_anew_when_the_rows_are_told() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.told(0, [agent(1, [1]), agent(2, [1])].map(Change::Agent));
    company.entry(1, entry(1, 1, 1));
    let truth = [Change::Agent(Agent { held: 1, ..agent(1, [1]) }), Change::Entry(entry(1, 1, 1))];
    assert_eq!(company.told(2, truth), [(1, vec![2])]);
}

#[test]
fn a_caller_who_hung_up_is_offered_to_nobody() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.entry(1, entry(1, 1, 1));
    company.told(2, [Change::EntryGone(entry_id(1))]);
    assert_eq!(company.agent(3, agent(1, [1])), nobody());
    assert_eq!(company.index.position(entry_id(1)), None);
}

#[test]
fn callers_of_a_queue_that_is_not_known_wait_until_it_is() {
    let mut company = Company::with([]);
    company.agent(0, agent(1, [1]));
    assert_eq!(company.entry(1, entry(1, 1, 1)), nobody());
    assert_eq!(company.index.position(entry_id(1)), Some(1));
    assert_eq!(company.told(2, [Change::Queue(queue(1, Strategy::LongestIdle))]), [(1, vec![1])]);
    company.told(3, [Change::QueueGone(queue_id(1)), Change::Agent(agent(1, [1]))]);
    assert_eq!(company.entry(4, entry(2, 1, 4)), nobody());
}

#[test]
fn a_call_that_moves_to_another_queue_is_offered_to_its_agents() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle), queue(2, Strategy::LongestIdle)]);
    company.agent(0, agent(1, [2]));
    assert_eq!(company.entry(1, entry(1, 1, 1)), nobody());
    assert_eq!(company.entry(2, entry(1, 2, 1)), [(1, vec![1])]);
    assert_eq!(company.index.queue_figures(queue_id(1), at(2)).waiting, 0);
}

// Priorities that grow with the wait

#[test]
fn in_a_queue_with_ageing_a_step_of_priority_is_so_many_seconds_of_waiting() {
    let mut company = Company::with([ageing(60, queue(1, Strategy::LongestIdle))]);
    let urgent = |n, entered| Entry { priority: 2, ..entry(n, 1, entered) };
    company.told(500, [entry(1, 1, 100), urgent(2, 210), urgent(3, 230)].map(Change::Entry));
    let order = [2, 1, 3].map(|caller| (caller, vec![1]));
    assert_eq!([500; 3].map(|now| company.agent(now, agent(1, [1])).remove(0)), order);
}

#[test]
fn who_waits_in_a_queue_with_ageing_stands_among_those_of_usual_priority_of_another_queue() {
    let mut company =
        Company::with([ageing(60, queue(1, Strategy::LongestIdle)), queue(2, Strategy::LongestIdle)]);
    let callers = [
        Entry { priority: 5, ..entry(1, 1, 300) },
        entry(2, 2, 10),
        Entry { priority: 1, ..entry(3, 2, 300) },
    ];
    company.told(300, callers.map(Change::Entry));
    let order = [3, 1, 2].map(|caller| (caller, vec![1]));
    assert_eq!([300; 3].map(|now| company.agent(now, agent(1, [1, 2])).remove(0)), order);
}

#[test]
fn a_queue_that_begins_to_age_puts_its_line_into_another_order() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.told(100, [entry(1, 1, 10), Entry { priority: 1, ..entry(2, 1, 90) }].map(Change::Entry));
    assert_eq!(company.index.position(entry_id(2)), Some(1));
    company.told(100, [Change::Queue(ageing(30, queue(1, Strategy::LongestIdle)))]);
    assert_eq!(company.index.position(entry_id(2)), Some(2));
    assert_eq!(company.agent(100, agent(1, [1])), [(1, vec![1])]);
}

// One agent first

fn kept_for(agent: u128, until: i64, entry: Entry) -> Entry {
    Entry { preferred: Some(Preference { agent: agent_id(agent), until: at(until) }), ..entry }
}

#[test]
fn a_caller_is_kept_for_his_agent_for_a_while_and_then_anybody_may_take_him() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.told(0, [Agent { held: 1, ..agent(1, [1]) }, agent(2, [1])].map(Change::Agent));
    assert_eq!(company.entry(10, kept_for(1, 30, entry(1, 1, 10))), nobody());
    assert_eq!(company.index.next_due(), Some(at(30)));
    assert_eq!(company.tick(29), nobody());
    assert_eq!(company.tick(30), [(1, vec![2])]);
}

#[test]
fn a_caller_who_is_kept_for_an_agent_gets_him_as_soon_as_he_is_free() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.told(0, [Agent { held: 1, ..agent(1, [1]) }, agent(2, [1])].map(Change::Agent));
    company.entry(10, kept_for(1, 30, entry(1, 1, 10)));
    assert_eq!(company.agent(12, agent(1, [1])), [(1, vec![1])]);
}

#[test]
fn who_is_kept_for_another_does_not_hold_up_the_line() {
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.told(20, [kept_for(1, 90, entry(1, 1, 1)), entry(2, 1, 2)].map(Change::Entry));
    assert_eq!(company.agent(20, agent(2, [1])), [(2, vec![2])]);
    assert_eq!(company.index.position(entry_id(1)), Some(1), "he keeps his place meanwhile");
}

// Less is asked for, more are rung

#[test]
fn what_is_asked_for_becomes_less_with_time() {
    let (french, sales) = (skill_id(1), skill_id(2));
    let mut company = Company::with([queue(1, Strategy::LongestIdle)]);
    company.told(0, [agent(1, [1]), skilled([(french, 2)], agent(2, [1]))].map(Change::Agent));
    let relaxations = vec![
        Relaxation { from: at(60), skills: vec![] },
        Relaxation { from: at(30), skills: vec![(french, 2)] },
    ];
    let caller = Entry { relaxations, ..asking(&[(french, 4), (sales, 1)], entry(1, 1, 10)) };
    assert_eq!(company.entry(10, caller.clone()), nobody());
    assert_eq!(company.index.next_due(), Some(at(30)));
    assert_eq!(company.tick(30), [(1, vec![2])]);
    let declined = Entry { declined_by: vec![(agent_id(2), at(500))], ..caller };
    assert_eq!(company.told(31, [Change::Entry(declined), Change::Agent(agent(2, [1]))]), nobody());
    assert_eq!(company.tick(60), [(1, vec![1])], "of agent 2 he is not asked for until second 500");
}

#[test]
fn a_caller_whose_moment_has_come_rings_all_up_to_the_queue_s_limit() {
    let mut company = Company::with([limited_to(2, queue(1, Strategy::LongestIdle))]);
    company.told(0, [1, 2, 3].map(|n| Change::Agent(ended(n as i64, agent(n, [1])))));
    let caller = |n| Entry { ring_all_from: Some(at(40)), ..entry(n, 1, 10) };
    assert_eq!(company.entry(39, caller(1)), [(1, vec![1])]);
    assert_eq!(company.entry(40, caller(2)), [(2, vec![2, 3])]);
}
