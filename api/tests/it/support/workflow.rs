//! A TaskRouter workflow, as Twilio's API gives it.

use serde_json::{Value, json};

/// Gold callers wait for gold agents in one queue and then in another, all others elsewhere.
pub fn workflow() -> Value {
    let routing = json!({
        "filters": [
            {
                "filter_friendly_name": "Gold",
                "expression": "from IN [\"+12025550199\"] AND channel != \"sms\"",
                "targets": [
                    { "queue": "WQgold", "timeout": 30, "priority": 10, "expression": "routing.levels.gold >= 3" },
                    { "queue": "WQbackup", "timeout": 60, "priority": 10, "expression": "routing.levels.gold >= 3" },
                ],
            },
            {
                "filter_friendly_name": "Contracts",
                "expression": "topic == \"contracts\"",
                "targets": [{ "queue": "WQcontracts", "timeout": 45, "priority": 5, "expression": "skills HAS \"contracts\"" }],
            },
        ],
        "default_filter": { "queue": "WQothers" },
    });
    json!({
        "sid": "WW00000000000000000000000000000001",
        "friendly_name": "Support",
        "configuration": json!({ "task_routing": routing }).to_string(),
    })
}

/// What its queues are called here.
pub fn names() -> Value {
    json!({ "WQgold": "Gold", "WQbackup": "Backup", "WQcontracts": "Contracts", "WQothers": "Others" })
}
