//! Calls in which the caller chooses, waits, is connected, and says what he thinks.

mod teller;

use ivr_engine::{Flow, Input, Session, step};
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
          a -> next
          b -> next
          c -> next
          d -> next
          e -> next
          f -> next
          g -> next
          h -> next
          i -> next
          j -> back
          menu waits
          problem BadLanguage: `+15550100` is no language tag
          say [en-US, Polly.Joanna] Flow's.
          say [es-ES] Own.
          say [fr-FR] Chosen.
          prompt greeting [de-DE, Polly.Vicki]
          say [en-US] Own again.
          ask: say [de-DE] Sagen Sie ja.
          gather keys or words, 1 at most, 5 s, de-DE, hints ja
        > says eins
          menu -> 1
          end ends
          say [en-US, Polly.Matthew] en-US
          hang up: Completed
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
          a -> next
          b waits
          enqueue sales, priority 50, 60 s at most
        > waited too long
          b ends
          say [de-AT, Polly.Hannah] Es tut uns leid, im Moment ist niemand für Sie frei. Bitte rufen Sie später wieder an.
          hang up: QueueTimedOut
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
          a -> again
          b -> next
          a -> again
          b -> next
          a -> done
          c waits
          say [en-US, Polly.Joanna] Round.
          say [en-US, Polly.Joanna] Round.
          ask: say [en-US, Polly.Joanna] Again?
          gather keys, 1 at most, 5 s, en-US
        > presses 1
          c -> 1
          a -> again
          b -> next
          a -> again
          b -> next
          a -> done
          c waits
          say [en-US, Polly.Joanna] Round.
          say [en-US, Polly.Joanna] Round.
          ask: say [en-US, Polly.Joanna] Again?
          gather keys, 1 at most, 5 s, en-US
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
        "h": { "type": "sms", "to": "{{ vars.none }}", "text": "x", "next": { "next": "end", "failed": "i" } },
        "i": { "type": "saveContact", "number": "{{ vars.none }}", "fields": { "name": "x" }, "next": { "next": "end" } },
        "end": end()
    }));
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
          a -> next
          b -> next
          c -> next
          d -> next
          e -> next
          f -> next
          g -> next
          h -> failed
          i -> next
          end ends
          problem Disabled: nothing was done here: Streams are not supported.
          problem TemplateFailed: the message came out empty; it was not sent
          problem BadNumber: the receiver `` is no telephone number in E.164
          problem BadNumber: the contact's number `` is no telephone number in E.164
          say [en-US, Polly.Joanna] Bye.
          recording start
          recording pause
          recording resume
          recording stop
          text +15550100: Hello +15550100,
          see you.
          hang up: Completed
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
    let surveyed = |story: &str| {
        let beginning = "
        > rings
          a waits
          enqueue sales, priority 50, last for 15 s first, comes back
        > the agent hangs up
          a -> afterAgent
          b waits
          ask: say [en-US, Polly.Joanna] How was it?
          gather keys, 1 at most, 5 s, en-US
        ";
        check(&flow, caller("+15550100"), at(MONDAY), &format!("{beginning}{story}"));
    };
    surveyed(
        "
        > presses 7
          b asks again (2)
          ask: say [en-US, Polly.Joanna] One to five.
          ask: say [en-US, Polly.Joanna] How was it?
          gather keys, 1 at most, 5 s, en-US
        > presses 4
          b waits
          survey satisfaction: 4
          ask: say [en-US, Polly.Joanna] Why?
          record 20 s at most, # ends, for survey satisfaction
        > dialed busy
          problem UnexpectedInput: `dialed` does not belong here; it was ignored
          ask: say [en-US, Polly.Joanna] Why?
          record 20 s at most, # ends, for survey satisfaction
        > records 12
          b -> answered
          c waits
          enqueue sales, priority 50
        > the agent hangs up
          c ends
          hang up: Completed
        ",
    );
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
          a waits
          enqueue sales, priority 50, last for 15 s first, comes back
        > cannot be queued
          a -> failed
          end ends
          say [en-US, Polly.Joanna] Bye.
          hang up: Completed
        ",
    );
    surveyed(
        "
        > silence
          b asks again (2)
          ask: say [en-US, Polly.Joanna] How was it?
          gather keys, 1 at most, 5 s, en-US
        > presses 55
          b -> timeout
          end ends
          say [en-US, Polly.Joanna] Bye.
          hang up: Completed
        ",
    );
    surveyed(
        "
        > presses 5
          b waits
          survey satisfaction: 5
          ask: say [en-US, Polly.Joanna] Why?
          record 20 s at most, # ends, for survey satisfaction
        > hangs up
          b ends
          over
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
          a waits
          ask: prompt how [en-US, Polly.Joanna]
          gather keys, 1 at most, 5 s, en-US
        > says five
          problem UnexpectedInput: `speech` does not belong here; it was ignored
          ask: prompt how [en-US, Polly.Joanna]
          gather keys, 1 at most, 5 s, en-US
        > presses 1
          a -> answered
          end ends
          say [en-US, Polly.Joanna] Bye.
          survey s: 1
          hang up: Completed
        ",
    );
}

#[test]
fn who_is_not_content_is_connected_with_somebody() {
    let flow = of(json!({
        "a": { "type": "survey", "name": "s", "question": { "prompt": "How was it?" }, "next": { "answered": "b", "timeout": "end" } },
        "b": { "type": "branch", "cases": [{ "port": "bad", "when": { "operand": "digits", "operator": "lessThan", "value": 3 } }],
               "next": { "bad": "c", "else": "end" } },
        "c": { "type": "enqueue", "queue": "complaints" },
        "end": end()
    }));
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
          a waits
          ask: say [en-US, Polly.Joanna] How was it?
          gather keys, 1 at most, 5 s, en-US
        > presses 2
          a -> answered
          b -> bad
          c waits
          survey s: 2
          enqueue complaints, priority 50
        ",
    );
}

#[test]
fn an_hour_may_be_written_with_a_zero_in_front() {
    let flow = of(json!({
        "a": { "type": "branch", "cases": [{ "port": "early", "when":
                 { "operand": "hour", "zone": "UTC", "operator": "in", "value": ["07", 8] } }],
               "next": { "early": "end", "else": "a2" } },
        "a2": { "type": "enqueue", "queue": "sales" },
        "end": end()
    }));
    for hour in ["07", "08"] {
        let story = "> rings\na -> early\nend ends\nsay [en-US, Polly.Joanna] Bye.\nhang up: Completed";
        check(&flow, caller("+15550100"), at(&format!("2026-03-02T{hour}:30:00Z")), story);
    }
}

#[test]
fn what_is_too_long_to_send_or_to_keep_is_shortened_with_a_problem() {
    let long = "{{ 'x' | append: vars.long }}";
    let flow = of(json!({
        "a": { "type": "set", "variables": { "long": "x".repeat(1_024) }, "next": { "next": "b" } },
        "b": { "type": "sms", "text": format!("{long}{long}"), "next": { "next": "c" } },
        "c": { "type": "saveContact", "fields": { "notes": long }, "tags": [long], "next": { "next": "d" } },
        "d": { "type": "enqueue", "queue": "sales", "preferAgent": { "agent": long } }
    }));
    let step = step(&flow, Session::new(caller("+15550100")), Input::Start, at(MONDAY));
    let told: Vec<String> =
        step.problems.iter().map(|problem| format!("{:?}: {}", problem.code, problem.message)).collect();
    assert_eq!(
        told,
        [
            "Shortened: the message has 2050 bytes; 1600 were kept",
            "Shortened: the contact's `notes` has 1025 bytes; 1024 were kept",
            "Shortened: a tag has 1025 bytes; 128 were kept",
            "Shortened: the agent's name has 1025 bytes; 128 were kept",
        ]
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
          a waits
          dial sip:desk@example.com, 30 s, showing +15550199
        > dialed busy
          a -> busy
          b waits
          dial agent Ada, 30 s
        > dialed no answer
          b -> noAnswer
          c -> failed
          d -> failed
          end ends
          problem BadNumber: `+15550100` is no address of SIP
          problem BadNumber: the agent's name came out empty
          say [en-US, Polly.Joanna] Bye.
          hang up: Completed
        ",
    );
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
          a waits
          dial sip:desk@example.com, 30 s, showing +15550199
        > dialed failed
          a -> failed
          b waits
          dial agent Ada, 30 s
        > dialed answered
          b -> answered
          end ends
          say [en-US, Polly.Joanna] Bye.
          hang up: Completed
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
          a waits
          ask: prompt leave-a-message [en-US, Polly.Joanna]
          record 120 s at most, without a tone, into sales, written down
        > records 3
          a ends
          hang up: Completed
        ",
    );
}
