//! Any text, as a template that is said and kept in a variable.

#![no_main]

use ivr_engine::{CallFacts, Flow, Input, Prompt, Session, step};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let document = serde_json::json!({
        "version": 1, "name": "text", "start": "a", "nodes": {
            "a": { "type": "set", "variables": { "a": text }, "next": { "next": "b" } },
            "b": { "type": "say", "text": format!("{text}!"), "next": { "next": "c" } },
            "c": { "type": "hangup" }
        }
    });
    let Ok(flow) = Flow::parse(&document) else { return };
    let call = CallFacts { from: "+15550100".into(), to: "+15550199".into(), ..CallFacts::default() };
    let last = step(&flow, Session::new(call), Input::Start, chrono::DateTime::UNIX_EPOCH);
    for prompt in &last.prompts {
        assert!(matches!(prompt, Prompt::Say { text, .. } if !text.is_empty() && text.len() <= 3_000));
    }
});
