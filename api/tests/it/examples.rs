//! The examples of openapi.yaml: the sample of each operation and what the server answered it with, made the same for every run.
//! The attack (`attack.rs`) sends the samples anyway, each in a fresh world, and hands them over.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use poem::http::HeaderValue;
use regex::{Captures, Regex};
use serde_json::{Map, Value, json};

use crate::samples::Sample;
use crate::support::Answer;

static ID: LazyLock<Regex> = LazyLock::new(|| pattern("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"));
/// An id without its hyphens.
static PLAIN_ID: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b[0-9a-f]{32}\b"));
static TOKEN: LazyLock<Regex> = LazyLock::new(|| pattern(r"eyJ[\w-]+\.[\w-]+\.[\w-]+"));
/// A hash or a signature in hexadecimal digits, or 256 random bits in base64.
static RANDOM: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"[0-9a-f]{40,}|[A-Za-z0-9_-]{43}=?|[A-Za-z0-9+/]{43}="));
static PRIVATE_KEY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"-----BEGIN PRIVATE KEY-----[A-Za-z0-9+/=\\\s]+-----END PRIVATE KEY-----"));
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| pattern(r"http://(?:127\.0\.0\.1|localhost):\d+"));

/// Operations that tell of the machine on which they are asked.
const OF_THE_MACHINE: [&str; 2] = ["getServices", "getSystemStatus"];

/// What is different in each run, by its property.
const RANDOM_PROPERTIES: [&str; 8] =
    ["code", "hint", "key", "otpauthUrl", "recoveryCodes", "requestId", "secret", "version"];

/// A moment with some chance in it, and what is shown in its place.
const JITTERED: (&str, &str) = ("nextAttemptAt", "2026-03-02T12:00:05+00:00");

/// Characters of a device's signature over ids, which are others in each run.
const SIGNATURE: usize = 86;

/// In place of that of a server that the tests have started.
const PORT: u16 = 587;

/// So many items of a list are shown; of a list of plain values all but those too many for a line.
const ITEMS: usize = 1;
const VALUES: usize = 4;

/// By operations.
#[derive(Default)]
pub struct Examples(BTreeMap<String, Value>);

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern")
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/http/spec/examples.json")
}

impl Examples {
    /// Takes an exchange that succeeded.
    pub fn add(&mut self, operation: &str, sample: &Sample, answer: &Answer) {
        if OF_THE_MACHINE.contains(&operation) {
            return;
        }
        let mut names = Names::default();
        for (_, value) in &sample.path {
            names.plain(value);
        }
        let mut example = Map::new();
        if let Some(body) = &sample.body {
            example.insert("request".to_owned(), names.shown(body, Way::Sent, ""));
        }
        if answer.headers.get("content-type").is_some_and(is_json) {
            example.insert("status".to_owned(), json!(answer.status.as_u16()));
            example.insert("answer".to_owned(), names.shown(&answer.body, Way::Read, ""));
        }
        if !example.is_empty() {
            example.entry("status").or_insert(json!(answer.status.as_u16()));
            self.0.insert(operation.to_owned(), Value::Object(example));
        }
    }

    /// They are those that are checked in.
    pub fn hold(&self) {
        if std::env::var("INSTA_UPDATE").is_ok_and(|wanted| wanted == "always") {
            let text = serde_json::to_string_pretty(&self.0).expect("JSON") + "\n";
            std::fs::write(path(), text).expect("examples.json is written");
            return;
        }
        let text = std::fs::read_to_string(path()).expect("examples.json");
        let checked_in: BTreeMap<String, Value> = serde_json::from_str(&text).expect("examples.json is JSON");
        let changed: Vec<_> = self
            .0
            .iter()
            .filter(|(id, example)| checked_in.get(*id) != Some(example))
            .map(|(id, example)| format!("{id}: {example}\n  is checked in as {:?}", checked_in.get(id)))
            .collect();
        let gone: Vec<_> = checked_in.keys().filter(|id| !self.0.contains_key(*id)).collect();
        assert!(
            changed.is_empty() && gone.is_empty(),
            "examples of openapi.yaml are not true: {}\nno operation: {gone:?}\nIf the change is meant: INSTA_UPDATE=always cargo \
             test -p calldocker --test it attack_on_sqlite, and then openapi.yaml",
            changed.join("\n")
        );
    }
}

/// The names that stand for ids, in the order in which those are met.
#[derive(Default)]
struct Names(BTreeMap<String, usize>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Sent,
    Read,
}

impl Names {
    fn shown(&mut self, value: &Value, way: Way, property: &str) -> Value {
        let random = way == Way::Read && RANDOM_PROPERTIES.contains(&property);
        match value {
            Value::String(text) if property == "signature" && text.len() == SIGNATURE => json!("<signature>"),
            Value::String(_) if property == JITTERED.0 => json!(JITTERED.1),
            Value::String(text) if random && !is_word(text) => json!(format!("<{property}>")),
            Value::Array(_) if random => json!([format!("<{property}>")]),
            Value::String(text) => json!(self.plain(text)),
            Value::Array(items) => {
                let plain = items.iter().all(|item| !item.is_array() && !item.is_object());
                let most = if plain { VALUES } else { ITEMS };
                items.iter().take(most).map(|item| self.shown(item, way, "")).collect()
            }
            // A request leaves out what it does not say.
            Value::Object(map) => map
                .iter()
                .filter(|(_, value)| way == Way::Read || !value.is_null())
                .map(|(name, value)| (name.clone(), self.shown(value, way, name)))
                .collect(),
            Value::Number(_) if property == "port" => json!(PORT),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn plain(&mut self, text: &str) -> String {
        let text = ID.replace_all(text, |found: &Captures<'_>| {
            let next = self.0.len() + 1;
            let place = *self.0.entry(found[0].to_owned()).or_insert(next);
            format!("0195577b-3000-7000-8000-{place:012x}")
        });
        let text = PLAIN_ID.replace_all(&text, "0195577b300070008000000000000001");
        let text = PRIVATE_KEY.replace_all(&text, "<private key>");
        let text = TOKEN.replace_all(&text, "<access token>");
        let text = RANDOM.replace_all(&text, "<secret>");
        ADDRESS.replace_all(&text, "https://calls.example.com").into_owned()
    }
}

fn is_json(kind: &HeaderValue) -> bool {
    kind.as_bytes().starts_with(b"application/json")
}

/// A code that is one of a closed list is the same in each run.
fn is_word(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}
