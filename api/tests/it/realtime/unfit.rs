//! Payloads as no client should send them: made up ones, and good ones of which one thing is wrong.

use serde_json::{Map, Value, json};

/// What an event may carry in place of its payload.
pub fn payloads() -> Vec<Vec<Value>> {
    let mut made = vec![vec![], vec![json!({}), json!({})], vec![json!(7); 20]];
    made.extend(values().into_iter().map(|value| vec![value]));
    made.push(vec![Value::Object(
        (0..2_000).map(|at| (format!("field {at}"), json!(at))).collect::<Map<_, _>>(),
    )]);
    made.push(vec![json!({ "text": "x".repeat(150_000) })]);
    made
}

/// Values of every type, and those at the edges of some.
pub fn values() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("x"),
        json!("\0"),
        json!("a\0b"),
        json!("\u{fffe}\u{202e}'; -- \u{1f4a9}"),
        json!("00000000-0000-0000-0000-000000000000"),
        json!("9".repeat(5_000)),
        json!("\u{1f4a9}".repeat(2_200)),
        json!("x".repeat(70_000)),
        json!([]),
        json!([null]),
        json!({}),
        json!({ "": null }),
        json!(vec![json!("00000000-0000-0000-0000-000000000000"); 60]),
        deep(40),
        deep(120),
    ]
}

/// Lists and objects in one another.
fn deep(levels: usize) -> Value {
    (0..levels)
        .fold(json!(1), |inner, level| if level % 2 == 0 { json!([inner]) } else { json!({ "a": inner }) })
}

/// The payload with each of its parts, however deep it lies, left out and replaced by each of these values.
pub fn variants(payload: &Value) -> Vec<Value> {
    let mut made = Vec::new();
    for pointer in parts(payload) {
        for value in values() {
            made.push(with(payload, &pointer, value));
        }
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer begins with a slash");
        let mut without = payload.clone();
        if let Some(Value::Object(fields)) = without.pointer_mut(parent) {
            fields.remove(name);
            made.push(without);
        }
    }
    made
}

pub fn with(payload: &Value, pointer: &str, value: Value) -> Value {
    let mut changed = payload.clone();
    *changed.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is in {payload}")) = value;
    changed
}

/// JSON pointers of all parts of a payload but itself.
pub fn parts(payload: &Value) -> Vec<String> {
    fn walk(value: &Value, at: &str, found: &mut Vec<String>) {
        let children: Vec<(String, &Value)> = match value {
            Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
            Value::Array(items) => {
                items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect()
            }
            _ => Vec::new(),
        };
        for (name, child) in children {
            let pointer = format!("{at}/{name}");
            walk(child, &pointer, found);
            found.push(pointer);
        }
    }
    let mut found = Vec::new();
    walk(payload, "", &mut found);
    found
}
