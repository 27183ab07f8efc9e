//! TaskRouter workflows as rules.

use flow_import::{KnownBy, SkillNeed};
use serde_json::json;

use crate::support::{fixture, flow, imported};

#[test]
fn filters_are_rules_and_targets_are_steps() {
    let imported = imported(&fixture("taskrouter-plain"));
    let plan = imported.routing.as_ref().expect("a plan");
    let names: Vec<&str> = plan.rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["Support", "Sales", "Named", "Both sides", "Filter 5"]);
    assert_eq!(plan.otherwise.as_deref(), Some("WQ00000000000000000000000000000003"));
    assert_eq!(plan.queues.len(), 3);
    assert_eq!(plan.skills, ["french", "support"]);
    assert!(plan.variables.contains(&"task_language".to_owned()));

    let [first, second, third] = plan.rules[0].steps.as_slice() else { panic!("three steps") };
    assert_eq!((first.timeout_seconds, first.priority), (Some(15), Some(5)));
    let need = |skill: &str, level| SkillNeed { skill: skill.to_owned(), level };
    assert_eq!(first.skills, [need("support", 1), need("french", 4)]);
    assert!(first.skip_if.as_ref().is_some_and(|skip| skip.when.is_some()));
    assert!(second.skip_if.as_ref().is_some_and(|skip| skip.when.is_none()));
    assert_eq!(second.queue, first.queue, "a target without a queue has that of the one before");
    assert_eq!(third.timeout_seconds, None);
    assert_eq!(plan.rules[1].steps[0].known_worker.as_ref().map(|worker| worker.by), Some(KnownBy::Sid));
    assert_eq!(plan.rules[3].when, None, "what cannot be said never holds");
}

#[test]
fn the_flow_goes_the_way_of_the_workflow() {
    let imported = imported(&fixture("taskrouter-plain"));
    let nodes = &flow(&imported)["nodes"];
    assert_eq!(flow(&imported)["start"], "rules");
    let skip = nodes["rules"]["next"]["Support"].as_str().expect("a way");
    assert_eq!(nodes[skip]["type"], "figures");
    let first = nodes[skip]["next"]["else"].as_str().expect("a way");
    assert_eq!(nodes[first]["maxWaitSeconds"], 15);
    assert_eq!(
        nodes[first]["next"]["timeout"], nodes[skip]["next"]["skip"],
        "it is skipped to the same step"
    );
    let second = nodes[first]["next"]["timeout"].as_str().expect("a way");
    assert_eq!(nodes[second]["ageCreditSeconds"], 15, "the caller keeps his age");
    let sales = nodes["rules"]["next"]["Sales"].as_str().expect("a way");
    assert_eq!(
        nodes[sales]["preferAgent"],
        json!({ "agent": "{{ vars.task_last_agent_sid }}", "seconds": 60 })
    );
    let otherwise = nodes["rules"]["next"]["else"].as_str().expect("a way");
    assert_eq!(nodes[otherwise]["queue"], "WQ00000000000000000000000000000003");
}
