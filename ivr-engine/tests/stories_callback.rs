//! Calls that end in a promise to call back.

mod teller;

use ivr_engine::{CallFacts, Flow};
use serde_json::{Value, json};
use teller::{at, caller, check, flow};

const MONDAY: &str = "2026-03-02T12:00:00Z";

/// A flow of these nodes that begins at `a`.
fn of(nodes: Value) -> Flow {
    flow(&json!({ "version": 1, "name": "story", "voice": "Polly.Joanna", "start": "a", "nodes": nodes }))
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
          a waits
          ask: say [en-US, Polly.Joanna] We will call you back at 1 5 5 5 0 1 0 0 1 2 3. To confirm, press 1. For another number, press 2.
          gather keys, 1 at most, 5 s, en-US
        > presses 1
          call back +15550100123 in his turn, by sales, priority 70, French from 2, 5 times, every 60 min
        > callback accepted
          a -> accepted
          yes ends
          say [en-US, Polly.Joanna] Yes.
          hang up: Completed
        ",
    );
    check(
        &flow,
        caller("+15550100123"),
        at(MONDAY),
        "
        > rings
          a waits
          ask: say [en-US, Polly.Joanna] We will call you back at 1 5 5 5 0 1 0 0 1 2 3. To confirm, press 1. For another number, press 2.
          gather keys, 1 at most, 5 s, en-US
        > presses 2
          ask: say [en-US, Polly.Joanna] Please enter the number that we should call, with its area code, and press the hash key.
          gather keys, 18 at most, # ends, 5 s, en-US
        > presses 5550177123
          ask: say [en-US, Polly.Joanna] We will call you back at 1 5 5 5 0 1 7 7 1 2 3. To confirm, press 1. For another number, press 2.
          gather keys, 1 at most, 5 s, en-US
        > presses 1
          call back +15550177123 in his turn, by sales, priority 70, French from 2, 5 times, every 60 min
        > figures 1
          problem UnexpectedInput: `figures` does not belong here; it was ignored
          call back +15550177123 in his turn, by sales, priority 70, French from 2, 5 times, every 60 min
        > callback failed
          a -> failed
          broken ends
          say [en-US, Polly.Joanna] Broken.
          hang up: Completed
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
          a waits
          ask: say [de-DE] Wir rufen Sie unter 4 9 3 0 5 5 5 1 2 0 zurück. Zum Bestätigen drücken Sie die 1, für eine andere Nummer die 2.
          gather keys, 1 at most, 5 s, de-DE
        > silence
          a asks again (2)
          ask: say [de-DE] Wir rufen Sie unter 4 9 3 0 5 5 5 1 2 0 zurück. Zum Bestätigen drücken Sie die 1, für eine andere Nummer die 2.
          gather keys, 1 at most, 5 s, de-DE
        > presses 9
          a asks again (3)
          ask: say [de-DE] Das wurde leider nicht verstanden.
          ask: say [de-DE] Wir rufen Sie unter 4 9 3 0 5 5 5 1 2 0 zurück. Zum Bestätigen drücken Sie die 1, für eine andere Nummer die 2.
          gather keys, 1 at most, 5 s, de-DE
        > the agent hangs up
          problem UnexpectedInput: `agentLeft` does not belong here; it was ignored
          ask: say [de-DE] Wir rufen Sie unter 4 9 3 0 5 5 5 1 2 0 zurück. Zum Bestätigen drücken Sie die 1, für eine andere Nummer die 2.
          gather keys, 1 at most, 5 s, de-DE
        > silence
          a -> declined
          no ends
          say [en-US, Polly.Joanna] No.
          hang up: Completed
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
          a waits
          ask: say [en-US, Polly.Joanna] Please enter the number that we should call, with its area code, and press the hash key.
          gather keys, 18 at most, # ends, 5 s, en-US
        > presses 12
          a asks again (2)
          ask: say [en-US, Polly.Joanna] Sorry, that was not understood.
          ask: say [en-US, Polly.Joanna] Please enter the number that we should call, with its area code, and press the hash key.
          gather keys, 18 at most, # ends, 5 s, en-US
        > presses 03055512
          ask: say [en-US, Polly.Joanna] We will call you back at 4 9 3 0 5 5 5 1 2. To confirm, press 1. For another number, press 2.
          gather keys, 1 at most, 5 s, en-US
        > presses 1
          call back +493055512 in his turn, by sales, priority 50, 3 times, every 15 min
        > callback closed
          a -> closed
          shut ends
          say [en-US, Polly.Joanna] Shut.
          hang up: Completed
        ",
    );
    check(
        &flow,
        caller("anonymous"),
        at(MONDAY),
        "
        > rings
          a waits
          ask: say [en-US, Polly.Joanna] Please enter the number that we should call, with its area code, and press the hash key.
          gather keys, 18 at most, # ends, 5 s, en-US
        > presses 1
          a asks again (2)
          ask: say [en-US, Polly.Joanna] Sorry, that was not understood.
          ask: say [en-US, Polly.Joanna] Please enter the number that we should call, with its area code, and press the hash key.
          gather keys, 18 at most, # ends, 5 s, en-US
        > presses 2
          a asks again (3)
          ask: say [en-US, Polly.Joanna] Sorry, that was not understood.
          ask: say [en-US, Polly.Joanna] Please enter the number that we should call, with its area code, and press the hash key.
          gather keys, 18 at most, # ends, 5 s, en-US
        > presses *
          a -> invalid
          wrong ends
          say [en-US, Polly.Joanna] Wrong.
          hang up: Completed
        ",
    );
    check(
        &flow,
        caller("anonymous"),
        at(MONDAY),
        "
        > rings
          a waits
          ask: say [en-US, Polly.Joanna] Please enter the number that we should call, with its area code, and press the hash key.
          gather keys, 18 at most, # ends, 5 s, en-US
        > presses 1
          a asks again (2)
          ask: say [en-US, Polly.Joanna] Sorry, that was not understood.
          ask: say [en-US, Polly.Joanna] Please enter the number that we should call, with its area code, and press the hash key.
          gather keys, 18 at most, # ends, 5 s, en-US
        > silence
          a asks again (3)
          ask: say [en-US, Polly.Joanna] Please enter the number that we should call, with its area code, and press the hash key.
          gather keys, 18 at most, # ends, 5 s, en-US
        > silence
          a -> invalid
          wrong ends
          say [en-US, Polly.Joanna] Wrong.
          hang up: Completed
        ",
    );
    let unasked = callback(json!({ "confirm": false }));
    check(
        &unasked,
        caller("anonymous"),
        at(MONDAY),
        "
        > rings
          a -> invalid
          wrong ends
          problem BadNumber: `anonymous` is no telephone number in E.164
          say [en-US, Polly.Joanna] Wrong.
          hang up: Completed
        ",
    );
    check(
        &unasked,
        caller("+15550100123"),
        at(MONDAY),
        "
        > rings
          call back +15550100123 in his turn, by sales, priority 50, 3 times, every 15 min
        > callback accepted
          a -> accepted
          yes ends
          say [en-US, Polly.Joanna] Yes.
          hang up: Completed
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
          call back +4930555120 at 2026-12-24 14:00:00 UTC, by sales, priority 50, 3 times, every 15 min
        > callback accepted
          a -> accepted
          yes ends
          say [en-US, Polly.Joanna] Yes.
          hang up: Completed
        ",
    );
    check(
        &on("25"),
        caller("anonymous"),
        at(MONDAY),
        "
        > rings
          a -> closed
          shut ends
          say [en-US, Polly.Joanna] Shut.
          hang up: Completed
        ",
    );
    check(
        &on("24"),
        caller("anonymous"),
        at("2026-12-24T14:00:00Z"),
        "
        > rings
          a -> failed
          broken ends
          problem BadTime: `2026-12-24T15:00` is over
          say [en-US, Polly.Joanna] Broken.
          hang up: Completed
        ",
    );
    check(
        &on("32"),
        caller("anonymous"),
        at(MONDAY),
        "
        > rings
          a -> failed
          broken ends
          problem BadTime: `2026-12-32T15:00` is no time such as 2026-12-24T15:00
          say [en-US, Polly.Joanna] Broken.
          hang up: Completed
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
          a -> failed
          b waits
          ask: say [en-US, Polly.Joanna] We will call you back at 1 5 5 5 0 1 0 0 1 2 3. To confirm, press 1. For another number, press 2.
          gather keys, 1 at most, 5 s, en-US
        > silence
          b asks again (2)
          ask: say [en-US, Polly.Joanna] We will call you back at 1 5 5 5 0 1 0 0 1 2 3. To confirm, press 1. For another number, press 2.
          gather keys, 1 at most, 5 s, en-US
        > silence
          b asks again (3)
          ask: say [en-US, Polly.Joanna] We will call you back at 1 5 5 5 0 1 0 0 1 2 3. To confirm, press 1. For another number, press 2.
          gather keys, 1 at most, 5 s, en-US
        > silence
          b -> failed
          c ends
          say [en-US, Polly.Joanna] Bye.
          hang up: Completed
        ",
    );
}
