//! Calls, told as a supervisor would follow them.

mod teller;

use ivr_engine::Flow;
use serde_json::{Value, json};
use teller::{at, caller, check, flow};

fn acme() -> Flow {
    flow(&serde_json::from_str(include_str!("../samples/acme.json")).expect("JSON"))
}

fn globex() -> Flow {
    flow(&serde_json::from_str(include_str!("../samples/globex.json")).expect("JSON"))
}

/// A call of Acme from where the menu has been read out.
#[track_caller]
fn acme_asks(story: &str) {
    let beginning = "
        > rings
          greeting -> next
          opening-hours -> open
          main-menu waits
          say [en-US] Thank you for calling Acme.
          ask: say [en-US] For sales, press 1 or say sales. For support, press 2 or say support. To leave a message, press 3. To hear this again, press 9.
          gather keys or words, 1 at most, 5 s, en-US, hints sales/buy something/support/help/message/voicemail/again/repeat
    ";
    check(&acme(), caller("+15550100"), at(MONDAY), &format!("{beginning}{story}"));
}

/// A flow of these nodes that begins at `a`.
fn of(language: &str, nodes: Value) -> Flow {
    flow(&json!({ "version": 1, "name": "story", "language": language, "start": "a", "nodes": nodes }))
}

const MONDAY: &str = "2026-03-02T12:00:00Z";

#[test]
fn a_caller_of_acme_presses_one_and_waits_for_sales() {
    acme_asks(
        "
        > presses 1
          main-menu -> 1
          sales waits
          enqueue sales, priority 60, 600 s at most
        > hangs up
          sales ends
          over
        > silence
          over
    ",
    );
}

#[test]
fn a_caller_of_acme_may_speak_instead() {
    acme_asks(
        "
        > says I need some help, please.
          main-menu -> 2
          support waits
          enqueue support, priority 50, 900 s at most
    ",
    );
    acme_asks(
        "
        > says One.
          main-menu -> 1
          sales waits
          enqueue sales, priority 60, 600 s at most
    ",
    );
}

#[test]
fn nine_repeats_the_menu_and_a_wrong_key_is_explained() {
    acme_asks(
        "
        > presses 9
          main-menu -> again
          main-menu waits
          ask: say [en-US] For sales, press 1 or say sales. For support, press 2 or say support. To leave a message, press 3. To hear this again, press 9.
          gather keys or words, 1 at most, 5 s, en-US, hints sales/buy something/support/help/message/voicemail/again/repeat
        > presses 7
          main-menu asks again (2)
          ask: say [en-US] Sorry, that is not one of the choices.
          ask: say [en-US] For sales, press 1 or say sales. For support, press 2 or say support. To leave a message, press 3. To hear this again, press 9.
          gather keys or words, 1 at most, 5 s, en-US, hints sales/buy something/support/help/message/voicemail/again/repeat
        > presses 8
          main-menu asks again (3)
          ask: say [en-US] Sorry, that is not one of the choices.
          ask: say [en-US] For sales, press 1 or say sales. For support, press 2 or say support. To leave a message, press 3. To hear this again, press 9.
          gather keys or words, 1 at most, 5 s, en-US, hints sales/buy something/support/help/message/voicemail/again/repeat
        > says gibberish
          main-menu -> noMatch
          support waits
          enqueue support, priority 50, 900 s at most
    ",
    );
}

#[test]
fn a_silent_caller_of_acme_ends_at_the_voicemail() {
    acme_asks(
        "
        > silence
          main-menu asks again (2)
          ask: say [en-US] Are you still there?
          ask: say [en-US] For sales, press 1 or say sales. For support, press 2 or say support. To leave a message, press 3. To hear this again, press 9.
          gather keys or words, 1 at most, 5 s, en-US, hints sales/buy something/support/help/message/voicemail/again/repeat
        > presses
          main-menu asks again (3)
          ask: say [en-US] Are you still there?
          ask: say [en-US] For sales, press 1 or say sales. For support, press 2 or say support. To leave a message, press 3. To hear this again, press 9.
          gather keys or words, 1 at most, 5 s, en-US, hints sales/buy something/support/help/message/voicemail/again/repeat
        > silence
          main-menu -> timeout
          message waits
          ask: say [en-US] Please leave a message after the tone, and press the hash key when you are done.
          record 120 s at most, # ends
        > records 12
          message -> recorded
          goodbye ends
          say [en-US] Thank you for calling Acme. Goodbye.
          hang up: Completed
    ",
    );
}

#[test]
fn who_waited_too_long_may_leave_a_message_instead() {
    acme_asks(
        "
        > presses 2
          main-menu -> 2
          support waits
          enqueue support, priority 50, 900 s at most
        > waited too long
          support -> timeout
          nobody-free -> next
          message waits
          say [en-US] We are sorry that you had to wait so long.
          ask: say [en-US] Please leave a message after the tone, and press the hash key when you are done.
          record 120 s at most, # ends
        > silence
          message -> silent
          goodbye ends
          say [en-US] Thank you for calling Acme. Goodbye.
          hang up: Completed
    ",
    );
}

#[test]
fn a_customer_of_globex_types_his_number_and_asks_for_a_technician() {
    check(
        &globex(),
        caller("+493055512"),
        at("2026-03-02T09:00:00Z"),
        "
        > rings
          stunden -> open
          stammkunde -> else
          nummer waits
          ask: say [de-DE, Polly.Vicki-Neural] Willkommen bei Globex. Bitte geben Sie Ihre sechsstellige Kundennummer ein.
          gather keys, 6 at most, # ends, 5 s, de-DE
        > presses 12
          nummer asks again (2)
          ask: say [de-DE, Polly.Vicki-Neural] Diese Nummer hat keine sechs Stellen.
          ask: say [de-DE, Polly.Vicki-Neural] Willkommen bei Globex. Bitte geben Sie Ihre sechsstellige Kundennummer ein.
          gather keys, 6 at most, # ends, 5 s, de-DE
        > presses 123456
          nummer -> collected
          merken -> next
          auswahl waits
          ask: say [de-DE, Polly.Vicki-Neural] Danke. Ihre Nummer ist 1 2 3 4 5 6. Sagen Sie Bestellung, Technik oder Außendienst.
          gather keys or words, 1 at most, 5 s, de-DE, hints Bestellung/bestellen/Technik/Störung/Außendienst
        > says Ich habe eine Störung!
          auswahl -> technik
          techniker waits
          enqueue Technik, priority 50, Deutsch from 3, Hydraulik from 1
    ",
    );
}

#[test]
fn globex_knows_its_best_customers_and_its_holidays() {
    check(
        &globex(),
        caller("+4930555001"),
        at("2026-03-02T09:00:00Z"),
        "
        > rings
          stunden -> open
          stammkunde -> wichtig
          schnell waits
          enqueue Bestellung, priority 90, 60 s ahead
    ",
    );
    check(
        &globex(),
        caller("+4930555001"),
        at("2026-12-25T09:00:00Z"),
        "
        > rings
          stunden -> exception
          feiertag -> next
          ende ends
          play https://media.example.com/globex/feiertag.mp3
          say [de-DE, Polly.Vicki-Neural] Auf Wiederhören.
          hang up: Completed
    ",
    );
    check(
        &globex(),
        caller("+4930555001"),
        at("2026-03-02T11:30:00Z"),
        "
        > rings
          stunden -> closed
          geschlossen -> next
          nachricht waits
          say [de-DE, Polly.Vicki-Neural] Globex ist zurzeit geschlossen. Es ist 12:30 Uhr.
          ask: say [de-DE, Polly.Vicki-Neural] Bitte sprechen Sie nach dem Ton.
          record 180 s at most, # ends, into zentrale
        > records 0
          nachricht ends
          hang up: Completed
    ",
    );
}

#[test]
fn globex_transfers_to_the_field_service_and_takes_a_message_when_it_is_busy() {
    let dialled = |story: &str| {
        let beginning = "
        > rings
          stunden -> open
          stammkunde -> else
          nummer waits
          ask: say [de-DE, Polly.Vicki-Neural] Willkommen bei Globex. Bitte geben Sie Ihre sechsstellige Kundennummer ein.
          gather keys, 6 at most, # ends, 5 s, de-DE
        > silence
          nummer asks again (2)
          ask: say [de-DE, Polly.Vicki-Neural] Willkommen bei Globex. Bitte geben Sie Ihre sechsstellige Kundennummer ein.
          gather keys, 6 at most, # ends, 5 s, de-DE
        > silence
          nummer -> timeout
          auswahl waits
          ask: say [de-DE, Polly.Vicki-Neural] Sagen Sie Bestellung, Technik oder Außendienst.
          gather keys or words, 1 at most, 5 s, de-DE, hints Bestellung/bestellen/Technik/Störung/Außendienst
        > presses 3
          auswahl -> aussendienst
          mobil waits
          dial +491715550103, 20 s, showing +15550199
        ";
        check(&globex(), caller("+493055512"), at("2026-03-02T09:00:00Z"), &format!("{beginning}{story}"));
    };
    dialled(
        "
        > dialed busy
          mobil -> busy
          nachricht waits
          ask: say [de-DE, Polly.Vicki-Neural] Bitte sprechen Sie nach dem Ton.
          record 180 s at most, # ends, into zentrale
        > records 30
          nachricht ends
          hang up: Completed
    ",
    );
    dialled(
        "
        > dialed answered
          mobil ends
          hang up: Completed
    ",
    );
}

#[test]
fn an_input_that_does_not_belong_is_ignored_and_the_same_is_asked_again() {
    acme_asks(
        "
        > dialed busy
          problem UnexpectedInput: `dialed` does not belong here; it was ignored
          ask: say [en-US] For sales, press 1 or say sales. For support, press 2 or say support. To leave a message, press 3. To hear this again, press 9.
          gather keys or words, 1 at most, 5 s, en-US, hints sales/buy something/support/help/message/voicemail/again/repeat
        > presses 1
          main-menu -> 1
          sales waits
          enqueue sales, priority 60, 600 s at most
        > presses 1
          problem UnexpectedInput: `digits` does not belong here; it was ignored
          enqueue sales, priority 60, 600 s at most
        > hangs up
          sales ends
          over
    ",
    );
    check(
        &acme(),
        caller("+15550100"),
        at(MONDAY),
        "
        > presses 1
          greeting -> next
          opening-hours -> open
          main-menu waits
          problem UnexpectedInput: `digits` does not belong here; it was ignored
          say [en-US] Thank you for calling Acme.
          ask: say [en-US] For sales, press 1 or say sales. For support, press 2 or say support. To leave a message, press 3. To hear this again, press 9.
          gather keys or words, 1 at most, 5 s, en-US, hints sales/buy something/support/help/message/voicemail/again/repeat
    ",
    );
}

#[test]
fn a_counter_in_a_variable_ends_a_circle_of_the_authors_own() {
    let flow = of(
        "en-GB",
        json!({
            "a": { "type": "menu", "prompt": "Press 1.", "retries": 0, "choices": [{ "digits": "1" }],
                   "next": { "1": "end", "timeout": "count", "noMatch": "count" } },
            "count": { "type": "set", "variables": { "tries": "{{ vars.tries | plus: 1 }}" }, "next": { "next": "b" } },
            "b": { "type": "branch", "cases": [{ "port": "enough", "when":
                     { "operand": "variable", "name": "tries", "operator": "greaterThan", "value": 1 } }],
                   "next": { "enough": "end", "else": "a" } },
            "end": { "type": "hangup", "prompt": "{{ vars.tries }} tries." }
        }),
    );
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
          a waits
          ask: say [en-GB] Press 1.
          gather keys, 1 at most, 5 s, en-GB
        > silence
          a -> timeout
          count -> next
          b -> else
          a waits
          ask: say [en-GB] Press 1.
          gather keys, 1 at most, 5 s, en-GB
        > silence
          a -> timeout
          count -> next
          b -> enough
          end ends
          say [en-GB] 2 tries.
          hang up: Completed
    ",
    );
}

#[test]
fn a_flow_that_runs_in_a_circle_apologises_in_its_language() {
    for (language, apology) in [
        ("en-US", "say [en-US] We are sorry, a technical problem has occurred. Please call again later."),
        (
            "es-MX",
            "say [es-MX] Lo sentimos, se ha producido un problema técnico. Por favor, llame de nuevo más tarde.",
        ),
        (
            "fr-FR",
            "say [fr-FR] Nous sommes désolés, un problème technique est survenu. Veuillez rappeler plus tard.",
        ),
        (
            "de-DE",
            "say [de-DE] Es tut uns leid, ein technisches Problem ist aufgetreten. Bitte rufen Sie später wieder an.",
        ),
        ("nl-NL", "say [en-US] We are sorry, a technical problem has occurred. Please call again later."),
    ] {
        let flow = of(
            language,
            json!({
                "a": { "type": "branch", "cases": [{ "port": "never", "when":
                         { "operand": "variable", "name": "x", "operator": "exists" } }],
                       "next": { "never": "end", "else": "a" } },
                "end": { "type": "hangup" }
            }),
        );
        let circle = "a -> else\n".repeat(200);
        let story = format!(
            "> rings\n{circle}problem TooManyNodes: the flow passed 200 nodes without asking the caller\n{apology}\nhang up: FlowFailed"
        );
        check(&flow, caller("+15550100"), at(MONDAY), &story);
    }
}

#[test]
fn ports_left_open_end_the_call_decently() {
    let flow = of("en-US", json!({ "a": { "type": "enqueue", "queue": "sales" } }));
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
          a waits
          enqueue sales, priority 50
        > waited too long
          a ends
          say [en-US] We are sorry, nobody is free to take your call. Please call again later.
          hang up: QueueTimedOut
    ",
    );
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
          a waits
          enqueue sales, priority 50
        > cannot be queued
          a -> failed
          problem PortNotConnected: the port `failed` leads nowhere
          say [en-US] We are sorry, a technical problem has occurred. Please call again later.
          hang up: FlowFailed
    ",
    );
}

#[test]
fn a_number_that_is_none_takes_the_port_failed() {
    let flow = of(
        "en-US",
        json!({
            "a": { "type": "transfer", "number": "{{ vars.none }}",
                   "next": { "busy": "end", "noAnswer": "end", "failed": "sorry" } },
            "sorry": { "type": "hangup", "prompt": "This did not work." },
            "end": { "type": "hangup" }
        }),
    );
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
          a -> failed
          sorry ends
          problem BadNumber: the number `` is no telephone number in E.164
          say [en-US] This did not work.
          hang up: Completed
    ",
    );
}

#[test]
fn a_broken_text_is_said_as_far_as_it_goes() {
    let flow = of(
        "en-US",
        json!({
            "a": { "type": "say", "text": "Hello. {{ call.to | plus: 'x' }} Bye.", "next": { "next": "end" } },
            "end": { "type": "hangup" }
        }),
    );
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
          a -> next
          end ends
          problem TemplateFailed: `x` is no number
          say [en-US] Hello.
          hang up: Completed
    ",
    );
}

#[test]
fn a_menu_with_long_and_hash_keys_knows_when_an_entry_is_complete() {
    let menu = |choices: Value, next: Value| {
        of(
            "en-US",
            json!({
                "a": { "type": "menu", "play": "https://media.example.com/menu.mp3", "language": "fr-CA", "choices": choices, "next": next },
                "end": { "type": "hangup" }
            }),
        )
    };
    let next = json!({ "x": "end", "y": "end", "timeout": "end", "noMatch": "end" });
    let long = menu(json!([{ "port": "x", "digits": "1" }, { "port": "y", "digits": "12" }]), next.clone());
    check(
        &long,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
          a waits
          ask: play https://media.example.com/menu.mp3
          gather keys, 2 at most, # ends, 5 s, fr-CA
        > presses 12
          a -> y
          end ends
          hang up: Completed
    ",
    );
    let hash = menu(json!([{ "port": "x", "digits": "1" }, { "port": "y", "digits": "1#" }]), next.clone());
    check(
        &hash,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
          a waits
          ask: play https://media.example.com/menu.mp3
          gather keys, 2 at most, 5 s, fr-CA
        > presses 1#
          a -> y
          end ends
          hang up: Completed
    ",
    );
    let words = menu(
        json!([{ "port": "x", "phrases": ["oui"] }, { "port": "y", "phrases": ["oui monsieur"] }]),
        next,
    );
    check(
        &words,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
          a waits
          ask: play https://media.example.com/menu.mp3
          gather words, 5 s, fr-CA, hints oui/oui monsieur
        > says Oui, monsieur.
          a -> y
          end ends
          hang up: Completed
    ",
    );
}
