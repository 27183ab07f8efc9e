//! Calls in which the caller chooses, waits, is called back, and says what he thinks.

mod teller;

use ivr_engine::{CallFacts, Flow, Input, Session, step};
use serde_json::{Value, json};
use teller::{at, caller, check, flow};

const MONDAY: &str = "2026-03-02T12:00:00Z";

/// A flow of these nodes that begins at `a`.
fn of(nodes: Value) -> Flow {
    flow(&json!({ "version": 1, "name": "story", "voice": "Polly.Joanna", "start": "a", "nodes": nodes }))
}

fn end() -> Value {
    json!({ "type": "hangup", "prompt": "Bye." })
}

#[test]
fn the_language_is_the_nodes_own_or_the_chosen_one_or_the_flows() {
    let say = |text: &str, next: &str| json!({ "type": "say", "text": text, "next": { "next": next } });
    let flow = of(json!({
        "a": say("Flow's.", "b"),
        "b": { "type": "say", "text": "Own.", "language": "es-ES", "next": { "next": "c" } },
        "c": { "type": "language", "language": "fr-FR", "next": { "next": "d" } },
        "d": say("Chosen.", "e"),
        "e": { "type": "language", "language": "{{ vars.none | default: 'de-DE' }}", "voice": "Polly.Vicki", "next": { "next": "f" } },
        "f": { "type": "say", "library": "greeting", "next": { "next": "g" } },
        "g": { "type": "say", "text": "Own again.", "language": "en-US", "next": { "next": "h" } },
        "h": { "type": "language", "language": "{{ call.from }}", "next": { "next": "i" } },
        "i": { "type": "language", "language": "en-US", "next": { "next": "j" } },
        "j": { "type": "branch", "cases": [{ "port": "back", "when": { "operand": "language", "operator": "equals", "value": "EN-us" } }],
               "next": { "back": "menu", "else": "end" } },
        "menu": { "type": "menu", "prompt": "Sagen Sie ja.", "language": "de-DE", "choices": [{ "digits": "1", "phrases": ["ja"] }],
                  "next": { "1": "end", "timeout": "end", "noMatch": "end" } },
        "end": { "type": "hangup", "prompt": "{{ language }}", "voice": "Polly.Matthew" }
    }));
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > says eins
        ",
    );
}

#[test]
fn the_engines_own_sentences_follow_the_chosen_language() {
    let flow = of(json!({
        "a": { "type": "language", "language": "de-AT", "voice": "Polly.Hannah", "next": { "next": "b" } },
        "b": { "type": "enqueue", "queue": "sales", "maxWaitSeconds": 60 }
    }));
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > waited too long
        ",
    );
}

#[test]
fn a_split_sends_the_same_call_the_same_way_whenever_it_comes() {
    let share = |port: &str, percent: u32| json!({ "port": port, "percent": percent });
    let flow = of(json!({
        "a": { "type": "split", "shares": [share("x", 50), share("y", 50)], "next": { "x": "b", "y": "c" } },
        "b": { "type": "menu", "prompt": "x", "choices": [{ "digits": "1" }], "next": { "1": "a", "timeout": "end", "noMatch": "end" } },
        "c": { "type": "menu", "prompt": "y", "choices": [{ "digits": "1" }], "next": { "1": "a", "timeout": "end", "noMatch": "end" } },
        "end": end()
    }));
    let mut first = Vec::new();
    for seed in 0..40 {
        let begin = Session::new(caller("+15550100")).seeded(seed);
        let asked = step(&flow, begin, Input::Start, at(MONDAY)).session;
        let node = asked.node().expect("it asks").to_owned();
        let again = step(&flow, asked, Input::digits("1"), at(MONDAY)).session;
        assert_eq!(again.node(), Some(node.as_str()));
        first.push(node);
    }
    assert!(first.iter().any(|node| node == "b") && first.iter().any(|node| node == "c"), "{first:?}");
}

#[test]
fn a_loop_goes_round_so_often_and_then_counts_anew() {
    let flow = of(json!({
        "a": { "type": "loop", "times": 2, "next": { "again": "b", "done": "c" } },
        "b": { "type": "say", "text": "Round.", "next": { "next": "a" } },
        "c": { "type": "menu", "prompt": "Again?", "choices": [{ "digits": "1" }], "next": { "1": "a", "timeout": "end", "noMatch": "end" } },
        "end": end()
    }));
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > presses 1
        ",
    );
}

#[test]
fn what_an_import_left_over_is_passed_with_a_problem() {
    let flow = of(json!({
        "a": { "type": "disabled", "source": { "format": "studio", "type": "fork-stream", "raw": {} },
               "reason": "Streams are not supported.", "next": { "next": "b", "failed": "end" } },
        "b": { "type": "recording", "action": "start", "next": { "next": "c" } },
        "c": { "type": "recording", "action": "pause", "next": { "next": "d" } },
        "d": { "type": "recording", "action": "resume", "next": { "next": "e" } },
        "e": { "type": "recording", "action": "stop", "next": { "next": "f" } },
        "f": { "type": "sms", "text": "Hello {{ call.from }},\nsee you.", "next": { "next": "g" } },
        "g": { "type": "sms", "to": "+15550177", "text": "{{ vars.none }}", "next": { "next": "h" } },
        "h": { "type": "sms", "to": "{{ vars.none }}", "text": "x", "next": { "next": "end" } },
        "end": end()
    }));
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        ",
    );
}

#[test]
fn a_caller_waits_for_his_agent_first_and_comes_back_when_the_agent_hangs_up() {
    let flow = of(json!({
        "a": { "type": "enqueue", "queue": "sales", "preferAgent": { "agent": "last", "seconds": 15 },
               "next": { "afterAgent": "b", "failed": "end" } },
        "b": { "type": "survey", "name": "satisfaction", "question": { "prompt": "How was it?" },
               "comment": { "prompt": "Why?" }, "maxSeconds": 20, "retries": 1, "invalidPrompt": "One to five.",
               "next": { "answered": "c", "timeout": "end" } },
        "c": { "type": "enqueue", "queue": "sales", "preferAgent": { "agent": "{{ vars.none }}" } },
        "end": end()
    }));
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > the agent hangs up
        > presses 7
        > presses 4
        > dialed busy
        > records 12
        > the agent hangs up
        ",
    );
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > cannot be queued
        ",
    );
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > the agent hangs up
        > silence
        > presses 55
        ",
    );
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > the agent hangs up
        > presses 5
        > hangs up
        ",
    );
}

#[test]
fn a_survey_without_a_comment_is_over_with_the_key() {
    let flow = of(json!({
        "a": { "type": "survey", "name": "s", "question": { "library": "how" }, "next": { "answered": "end", "timeout": "end" } },
        "end": end()
    }));
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > says five
        > presses 1
        ",
    );
}

#[test]
fn a_transfer_goes_to_an_address_or_to_an_agent() {
    let flow = of(json!({
        "a": { "type": "transfer", "sip": "sip:{{ vars.none | default: 'desk' }}@example.com", "callerId": "{{ call.to }}",
               "next": { "busy": "b", "noAnswer": "b", "failed": "b" } },
        "b": { "type": "transfer", "agent": "Ada", "next": { "answered": "end", "busy": "c", "noAnswer": "c", "failed": "c" } },
        "c": { "type": "transfer", "sip": "{{ call.from }}", "next": { "busy": "d", "noAnswer": "d", "failed": "d" } },
        "d": { "type": "transfer", "agent": "{{ vars.none }}", "next": { "busy": "end", "noAnswer": "end", "failed": "end" } },
        "end": end()
    }));
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > dialed busy
        > dialed no answer
        ",
    );
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > dialed failed
        > dialed answered
        ",
    );
}

#[test]
fn a_message_may_begin_without_a_tone_and_be_written_down() {
    let flow = of(json!({
        "a": { "type": "voicemail", "library": "leave-a-message", "beep": false, "transcribe": true, "mailbox": "sales",
               "finishOnKey": "" }
    }));
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > records 3
        ",
    );
}

fn callback(settings: Value) -> Flow {
    let mut node = json!({ "type": "callback", "queue": "sales", "when": "inQueue",
        "next": { "accepted": "yes", "declined": "no", "invalid": "wrong", "closed": "shut", "failed": "broken" } });
    for (name, value) in settings.as_object().expect("settings") {
        node[name] = value.clone();
    }
    let end = |text: &str| json!({ "type": "hangup", "prompt": text });
    of(
        json!({ "a": node, "yes": end("Yes."), "no": end("No."), "wrong": end("Wrong."), "shut": end("Shut."), "broken": end("Broken.") }),
    )
}

#[test]
fn a_caller_confirms_his_number_and_is_called_back_in_his_turn() {
    let flow = callback(
        json!({ "priority": 70, "skills": [{ "skill": "French", "level": 2 }], "attempts": 5, "retryMinutes": 60 }),
    );
    check(
        &flow,
        caller("+15550100123"),
        at(MONDAY),
        "
        > rings
        > presses 1
        > callback accepted
        ",
    );
    check(
        &flow,
        caller("+15550100123"),
        at(MONDAY),
        "
        > rings
        > presses 2
        > presses 5550177123
        > presses 1
        > figures 1
        > callback failed
        ",
    );
}

#[test]
fn a_caller_who_does_not_want_to_be_called_back_says_nothing() {
    let flow = callback(json!({ "language": "de-DE" }));
    check(
        &flow,
        caller("+4930555120"),
        at(MONDAY),
        "
        > rings
        > silence
        > presses 9
        > the agent hangs up
        > silence
        ",
    );
}

#[test]
fn a_caller_without_a_number_keys_one_in() {
    let flow = callback(json!({}));
    check(
        &flow,
        CallFacts { to: "+4930777".to_owned(), ..caller("anonymous") },
        at(MONDAY),
        "
        > rings
        > presses 12
        > presses 03055512
        > presses 1
        > callback closed
        ",
    );
    check(
        &flow,
        caller("anonymous"),
        at(MONDAY),
        "
        > rings
        > presses 1
        > presses 2
        > presses *
        ",
    );
    let unasked = callback(json!({ "confirm": false }));
    check(
        &unasked,
        caller("anonymous"),
        at(MONDAY),
        "
        > rings
        ",
    );
    check(
        &unasked,
        caller("+15550100123"),
        at(MONDAY),
        "
        > rings
        > callback accepted
        ",
    );
}

#[test]
fn a_callback_is_made_at_a_time_at_which_somebody_is_there() {
    let hours = json!({ "zone": "Europe/Berlin", "weekly": { "thu": [{ "from": "09:00", "to": "17:00" }] } });
    let on = |day: &str| {
        callback(
            json!({ "when": "scheduled", "at": format!("2026-12-{day}T15:00{{{{ vars.none }}}}"), "zone": "Europe/Berlin",
                         "hours": hours, "confirm": false, "number": "+49 30 555120" }),
        )
    };
    check(
        &on("24"),
        caller("anonymous"),
        at(MONDAY),
        "
        > rings
        > callback accepted
        ",
    );
    check(
        &on("25"),
        caller("anonymous"),
        at(MONDAY),
        "
        > rings
        ",
    );
    check(
        &on("24"),
        caller("anonymous"),
        at("2026-12-24T14:00:00Z"),
        "
        > rings
        ",
    );
    check(
        &on("32"),
        caller("anonymous"),
        at(MONDAY),
        "
        > rings
        ",
    );
}

#[test]
fn closed_and_declined_left_open_lead_to_failed() {
    let end = |text: &str| json!({ "type": "hangup", "prompt": text });
    let flow = of(json!({
        "a": { "type": "callback", "queue": "sales", "when": "inQueue", "hours": { "zone": "UTC", "weekly": {} },
               "next": { "accepted": "b", "invalid": "b", "failed": "b" } },
        "b": { "type": "callback", "queue": "sales", "when": "inQueue",
               "next": { "accepted": "c", "invalid": "c", "failed": "c" } },
        "c": end("Bye.")
    }));
    check(
        &flow,
        caller("+15550100123"),
        at(MONDAY),
        "
        > rings
        > silence
        > silence
        > silence
        ",
    );
}
