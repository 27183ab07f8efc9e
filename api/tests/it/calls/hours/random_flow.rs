//! Flows at random. No port leads back, so that a caller who only listens comes to an end.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Map, Value, json};

/// Nodes besides those in which every way ends.
const NODES: usize = 14;
const ENDS: [&str; 4] = ["support", "sales", "mail", "bye"];

/// A flow for calls that the engine accepts.
pub(super) fn random_flow(dice: &mut StdRng) -> Value {
    let mut nodes: Map<String, Value> = (0..NODES).map(|at| (name(at), node(dice, at))).collect();
    nodes.extend(ends().as_object().unwrap().clone());
    let document = json!({
        "version": 1, "name": "Whatever", "start": name(0), "language": "en-US", "nodes": nodes,
    });
    let wrong: Vec<_> = ivr_engine::validate(&document, &ivr_engine::Catalog::unchecked())
        .into_iter()
        .filter(|finding| finding.severity == ivr_engine::Severity::Error)
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}\n{document:#}");
    document
}

/// What a caller does while the flow talks: presses, speaks, waits.
pub(super) fn fumbling(dice: &mut StdRng) -> Vec<carrier::Step> {
    use carrier::Step;
    let doing = dice.random_range(0..7);
    (0..doing)
        .map(|_| match dice.random_range(0..6) {
            0 => Step::Wait(f64::from(dice.random_range(1..12))),
            1 => Step::SpeakNow("sales".into()),
            2 => Step::PressNow("1234#".into()),
            3 => Step::PressNow("#".into()),
            _ => Step::Press(["1", "2", "3", "5"].choose(dice).unwrap().to_string()),
        })
        .collect()
}

fn name(at: usize) -> String {
    format!("n{at}")
}

fn ends() -> Value {
    let enqueue = |queue: &str| json!({"type": "enqueue", "queue": queue, "next": {"failed": "mail", "timeout": "mail", "afterAgent": "rate"}});
    json!({
        "support": enqueue("support"),
        "sales": enqueue("sales"),
        "rate": {"type": "survey", "name": "service", "question": {"prompt": "How was it, from one to five?"},
                 "next": {"answered": "bye", "timeout": "bye"}},
        "mail": {"type": "voicemail", "prompt": "Speak after the tone.", "mailbox": "support", "finishOnKey": "#",
                 "next": {"recorded": "bye"}},
        "bye": {"type": "hangup", "prompt": "Good bye."},
    })
}

/// One that leads only to later ones.
fn node(dice: &mut StdRng, at: usize) -> Value {
    let kind = dice.random_range(0..20);
    let mut to = || {
        let later = dice.random_range(at + 1..=NODES + 2);
        if later < NODES { name(later) } else { (*ENDS.choose(dice).unwrap()).to_owned() }
    };
    let (a, b, c, d) = (to(), to(), to(), to());
    match kind {
        0..4 => json!({
            "type": "menu", "prompt": "One, two, or say sales.", "retries": 1, "timeoutSeconds": 3,
            "choices": [{"digits": "1"}, {"digits": "2", "phrases": ["sales"]}],
            "next": {"1": a, "2": b, "timeout": c, "noMatch": d},
        }),
        4 => json!({"type": "say", "text": "You call from {{ call.from }}.", "next": {"next": a}}),
        5 => json!({
            "type": "collect", "prompt": "Your number?", "variable": "number", "maxDigits": 4,
            "next": {"collected": a, "timeout": b, "invalid": c},
        }),
        6 => json!({
            "type": "secureDigits", "prompt": "Your code?", "name": "code", "minDigits": 2, "maxDigits": 4,
            "next": {"collected": a, "timeout": b, "invalid": c},
        }),
        7 => json!({
            "type": "request", "method": "POST", "url": "http://127.0.0.1:9/nobody", "body": "{{ vars.number }}",
            "next": {"succeeded": a, "failed": b},
        }),
        8 => json!({
            "type": "figures", "queue": "support", "next": {"busy": a, "else": b},
            "cases": [{"port": "busy", "when": {"operand": "waiting", "operator": "greaterThan", "value": 1}}],
        }),
        9 => json!({
            "type": "split", "next": {"some": a, "others": b},
            "shares": [{"port": "some", "percent": 40}, {"port": "others", "percent": 60}],
        }),
        10 => json!({"type": "findContact", "save": {"name": "name"}, "next": {"found": a, "notFound": b}}),
        11 => {
            json!({"type": "saveContact", "fields": {"name": "Somebody"}, "tags": ["caller"], "next": {"next": a}})
        }
        12 => json!({
            "type": "callback", "queue": "sales", "when": "inQueue", "confirm": false, "attempts": 2, "retryMinutes": 5,
            "next": {"accepted": "bye", "declined": a, "invalid": a, "closed": b, "failed": b},
        }),
        13 => json!({
            "type": "transfer", "number": "+12025550177", "timeoutSeconds": 10,
            "next": {"answered": a, "busy": b, "noAnswer": c, "failed": d},
        }),
        14 => json!({
            "type": "transfer", "agent": format!("Agent {}", at % 5),
            "next": {"busy": a, "noAnswer": b, "failed": c},
        }),
        15 => json!({"type": "sms", "text": "Thank you for calling.", "next": {"next": a}}),
        16 => json!({"type": "recording", "action": "start", "next": {"next": a}}),
        17 => json!({"type": "language", "language": "de-DE", "next": {"next": a}}),
        18 => json!({
            "type": "branch", "next": {"long": a, "else": b},
            "cases": [{"port": "long", "when": {"operand": "digits", "operator": "exists"}}],
        }),
        _ => json!({"type": "set", "variables": {"number": "{{ vars.number }}7"}, "next": {"next": a}}),
    }
}
