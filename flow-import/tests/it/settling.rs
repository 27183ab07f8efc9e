//! What queues take of a workflow, and what stays with its flow.

use std::collections::BTreeMap;

use flow_import::{CompanyQueue, Imported, Keeper, OverflowAction, OverflowStep, Settled};
use serde_json::{Value, json};

use crate::support::imported;

fn workflow(filters: Value, default: &str) -> Imported {
    imported(&json!({ "task_routing": { "filters": filters, "default_filter": { "queue": default } } }))
}

fn filter(name: &str, targets: Value) -> Value {
    json!({ "filter_friendly_name": name, "expression": format!("topic == '{name}'"), "targets": targets })
}

/// Every queue of the plan, new, under its own name.
fn all_new(imported: &Imported) -> BTreeMap<String, CompanyQueue> {
    let plan = imported.routing.as_ref().expect("a plan");
    let new = |name: &String| (name.clone(), CompanyQueue { id: name.clone(), kept: None });
    plan.queues.iter().map(|queue| new(&queue.name)).collect()
}

fn settle(imported: &mut Imported, queues: &BTreeMap<String, CompanyQueue>) -> Settled {
    let plan = imported.routing.clone().expect("a plan");
    plan.settle(&mut imported.flows[0], queues)
}

fn step(after_seconds: u32, action: OverflowAction) -> OverflowStep {
    OverflowStep { after_seconds, action }
}

fn to(queue: &str) -> OverflowAction {
    OverflowAction::Queue(queue.to_owned())
}

fn keepers(settled: &Settled) -> Vec<Keeper> {
    settled.lines.iter().map(|line| line.keeper).collect()
}

/// The node of a filter's target.
fn node(imported: &Imported, filter: usize, target: usize) -> &Value {
    let plan = imported.routing.as_ref().expect("a plan");
    &imported.flows[0]["nodes"][&plan.rules[filter].steps[target].node]
}

#[test]
fn a_time_that_runs_out_is_an_overflow_step_of_its_queue() {
    let targets = json!([
        { "queue": "A", "timeout": 30, "priority": 5, "expression": "skills HAS 'gold'" },
        { "queue": "B", "timeout": 60, "priority": 5, "expression": "skills HAS 'gold'" },
    ]);
    let mut imported = workflow(json!([filter("gold", targets)]), "Z");
    let all_by_flow = node(&imported, 0, 0).clone();
    assert_eq!(all_by_flow["maxWaitSeconds"], 30);
    let queues = all_new(&imported);
    let settled = settle(&mut imported, &queues);
    assert_eq!(settled.overflow, [("A".to_owned(), vec![step(30, to("B"))])].into());
    assert_eq!(keepers(&settled), [Keeper::NewRule, Keeper::Flow]);
    assert!(settled.lines[1].message.contains("from 5 to 0"), "{}", settled.lines[1].message);
    assert_eq!(settled.lines[0].pointer, "/task_routing/filters/0/targets/0");
    let first = node(&imported, 0, 0);
    assert_eq!(first["maxWaitSeconds"], 90, "the flow waits as long as both targets");
    assert_eq!(first["next"]["timeout"], "otherwise");
    assert_eq!((&first["priority"], &first["skills"]), (&all_by_flow["priority"], &all_by_flow["skills"]));
    assert_eq!(node(&imported, 0, 1)["maxWaitSeconds"], 60, "who comes there at once waits its time");
}

#[test]
fn where_all_of_it_is_the_queues_the_flow_does_not_count() {
    let targets = json!([{ "queue": "A", "timeout": 20 }, { "queue": "B", "timeout": 40 }]);
    let mut imported = workflow(json!([filter("x", targets)]), "Z");
    let queues = all_new(&imported);
    let settled = settle(&mut imported, &queues);
    let expected = [("A".to_owned(), vec![step(20, to("B"))]), ("B".to_owned(), vec![step(40, to("Z"))])];
    assert_eq!(settled.overflow, expected.into());
    for target in [0, 1] {
        let node = node(&imported, 0, target);
        assert_eq!((&node["maxWaitSeconds"], &node["next"]["timeout"]), (&Value::Null, &Value::Null));
        assert!(node["next"]["failed"].is_string(), "a queue may not take a call");
    }
}

#[test]
fn asking_for_less_in_one_queue_is_a_step_of_it() {
    let targets = json!([
        { "queue": "A", "timeout": 15, "expression": "routing.levels.french >= 5 AND routing.levels.law >= 2" },
        { "queue": "A", "timeout": 15, "expression": "routing.levels.french >= 3" },
        { "queue": "A", "timeout": 30 },
    ]);
    let mut imported = workflow(json!([filter("x", targets)]), "Z");
    let queues = all_new(&imported);
    let settled = settle(&mut imported, &queues);
    let relaxes = |levels| OverflowAction::RelaxSkills(levels);
    assert_eq!(settled.overflow["A"], [step(15, relaxes(Some(2))), step(30, relaxes(None))]);
    // Who is moved asks for all again.
    assert_eq!(keepers(&settled), [Keeper::NewRule, Keeper::NewRule, Keeper::Flow]);
    assert_eq!(node(&imported, 0, 0)["maxWaitSeconds"], 60);
    assert_eq!(node(&imported, 0, 0)["next"]["timeout"], "otherwise");
}

#[test]
fn what_calls_of_a_queue_do_not_have_in_common_stays_with_the_flow() {
    let one = json!([{ "queue": "A", "timeout": 20 }, { "queue": "B" }]);
    let other = json!([{ "queue": "A", "timeout": 50 }, { "queue": "B" }]);
    let mut imported = workflow(json!([filter("one", one), filter("other", other)]), "Z");
    let before = imported.flows[0].clone();
    let queues = all_new(&imported);
    let settled = settle(&mut imported, &queues);
    assert_eq!(settled.overflow, BTreeMap::new());
    assert_eq!(keepers(&settled), [Keeper::Flow, Keeper::Flow]);
    assert_eq!(imported.flows[0], before);

    let targets = json!([{ "queue": "A", "timeout": 20 }, { "queue": "B" }]);
    let mut imported = workflow(json!([filter("one", targets)]), "A");
    let queues = all_new(&imported);
    let settled = settle(&mut imported, &queues);
    assert_eq!(settled.overflow, BTreeMap::new(), "calls without a filter wait in A for ever");
}

#[test]
fn what_a_rule_cannot_say_stays_with_the_flow_and_is_told() {
    let skipped =
        json!([{ "queue": "A", "timeout": 5 }, { "queue": "B", "skip_if": "workers.available == 0" }]);
    let known =
        json!([{ "queue": "C", "timeout": 5 }, { "queue": "D", "known_worker_friendly_name": "task.x" }]);
    let back = json!([{ "queue": "E", "timeout": 5 }, { "queue": "F", "timeout": 5 }, { "queue": "E" }]);
    let skills = json!([{ "queue": "G", "timeout": 5, "expression": "skills HAS 'a'" }, { "queue": "H" }]);
    let filters = [filter("1", skipped), filter("2", known), filter("3", back), filter("4", skills)];
    let mut imported = workflow(json!(filters), "Z");
    let queues = all_new(&imported);
    let settled = settle(&mut imported, &queues);
    assert_eq!(settled.overflow, BTreeMap::new(), "in E calls wait in two ways: {:?}", settled.lines);
    let words = ["skipped", "one agent first", "not all calls", "back to a queue", "keeps asking"];
    let told: Vec<_> = settled.lines.iter().map(|line| line.message.as_str()).collect();
    assert_eq!(told.len(), words.len());
    for (told, word) in told.iter().zip(words) {
        assert!(told.contains(word), "`{told}` should say `{word}`");
    }
}

#[test]
fn a_queue_that_is_there_keeps_its_rules_and_a_second_import_is_the_same() {
    let targets = json!([{ "queue": "A", "timeout": 20 }, { "queue": "B", "timeout": 40 }, { "queue": "A" }]);
    let other = json!([{ "queue": "B", "timeout": 40 }, { "queue": "A", "timeout": 7 }]);
    let first = workflow(json!([filter("x", targets), filter("y", other)]), "Z");
    let queues = all_new(&first);
    let mut made = first.clone();
    let settled = settle(&mut made, &queues);
    let kept = |steps: &dyn Fn(&str) -> Vec<OverflowStep>| -> BTreeMap<String, CompanyQueue> {
        let queue = |name: &String| CompanyQueue { id: name.clone(), kept: Some(steps(name)) };
        queues.keys().map(|name| (name.clone(), queue(name))).collect()
    };
    let mut again = first.clone();
    let as_made = kept(&|name| settled.overflow.get(name).cloned().unwrap_or_default());
    let second = settle(&mut again, &as_made);
    assert_eq!(again.flows, made.flows);
    assert_eq!(second.overflow, BTreeMap::new(), "nothing is made twice");
    let was_made = |keeper: &Keeper| if *keeper == Keeper::NewRule { Keeper::KeptRule } else { *keeper };
    assert_eq!(keepers(&second), keepers(&settled).iter().map(was_made).collect::<Vec<_>>());

    let mut changed = first.clone();
    let otherwise = kept(&|_| vec![step(5, OverflowAction::Else)]);
    let third = settle(&mut changed, &otherwise);
    assert_eq!(changed.flows, first.flows, "the flow does it all");
    assert!(keepers(&third).iter().all(|keeper| *keeper == Keeper::Flow));
}
