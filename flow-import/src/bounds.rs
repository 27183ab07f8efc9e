//! How much of everything there may be. A document comes from strangers; these bounds, checked before anything else is
//! looked at, are what keeps an import short whatever it contains.

use serde_json::Value;

use crate::error::{ImportError, ImportErrorCode};

/// Bytes of all texts and names of a document. Studio and Connect allow flows of about 1 MB.
const BYTES: usize = 2 * 1_024 * 1_024;
/// Values of a document.
const VALUES: usize = 200_000;
/// How deep a document can be nested. Connect allows conditions five deep, each in three levels of JSON.
const DEPTH: usize = 64;
/// Elements (widgets, actions, filters and targets) of a document: as many as a flow of ours may have nodes.
pub(crate) const ELEMENTS: usize = 1_000;
/// Items of a list within an element: transitions, conditions, parameters.
pub(crate) const ITEMS: usize = 500;

/// Where a value is, told by where its parent is. A pointer is written only for an error: one for each value of a wide list
/// under a long path would be a thousand times the document.
#[derive(Clone, Copy)]
struct Place<'v> {
    parent: usize,
    step: Step<'v>,
}

#[derive(Clone, Copy)]
enum Step<'v> {
    Root,
    Index(usize),
    Field(&'v str),
}

/// Refuses a document that is too large or too deep. Without recursion: depth is what it guards against.
pub(crate) fn check(value: &Value, at: &str) -> Result<(), ImportError> {
    let mut places = vec![Place { parent: 0, step: Step::Root }];
    let mut bytes = 0_usize;
    let mut open = vec![(value, 0_usize, 0_usize)];
    while let Some((value, depth, place)) = open.pop() {
        if depth > DEPTH {
            let message = format!("nested deeper than {DEPTH} levels");
            return Err(ImportError::new(ImportErrorCode::TooDeep, written(&places, place, at), message));
        }
        let inside = match value {
            Value::Array(items) => items.len(),
            Value::Object(fields) => fields.len(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
        };
        if places.len() + inside > VALUES {
            let message = format!("the document has more than {VALUES} values");
            return Err(ImportError::new(ImportErrorCode::TooLarge, written(&places, place, at), message));
        }
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::String(text) => bytes += text.len(),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    open.push((item, depth + 1, places.len()));
                    places.push(Place { parent: place, step: Step::Index(index) });
                }
            }
            Value::Object(fields) => {
                for (name, item) in fields {
                    bytes += name.len();
                    open.push((item, depth + 1, places.len()));
                    places.push(Place { parent: place, step: Step::Field(name) });
                }
            }
        }
        if bytes > BYTES {
            let message = format!("more than {BYTES} bytes of text");
            return Err(ImportError::new(ImportErrorCode::TooLarge, written(&places, place, at), message));
        }
    }
    Ok(())
}

/// The pointer to a place of what is at `at`.
fn written(places: &[Place<'_>], mut place: usize, at: &str) -> String {
    let mut steps = Vec::new();
    loop {
        let Place { parent, step } = places[place];
        match step {
            Step::Root => break,
            Step::Index(_) | Step::Field(_) => steps.push(step),
        }
        place = parent;
    }
    steps.into_iter().rev().fold(at.to_owned(), |at, step| match step {
        Step::Root => at,
        Step::Index(index) => format!("{at}/{index}"),
        Step::Field(name) => pointer(&at, name),
    })
}

/// Refuses a list of elements that is too long.
pub(crate) fn elements(count: usize, at: &str) -> Result<(), ImportError> {
    if count > ELEMENTS {
        let message = format!("{count} elements; {ELEMENTS} can be imported");
        return Err(ImportError::new(ImportErrorCode::TooLarge, at, message));
    }
    Ok(())
}

/// The pointer to a field of what is at `at`.
pub(crate) fn pointer(at: &str, name: &str) -> String {
    format!("{at}/{}", cut(name, 128).replace('~', "~0").replace('/', "~1"))
}

/// The beginning of `text` that has at most `bytes` bytes, cut between characters.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
