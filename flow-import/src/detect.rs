//! Which format a document has, and where in it the flow itself is: the APIs that give flows wrap them, and Connect even
//! in a text.

use std::borrow::Cow;

use serde_json::Value;

use crate::bounds::{self, cut, pointer};
use crate::document::text;
use crate::error::{ImportError, ImportErrorCode};
use crate::report::Source;

/// How many wrappers there may be around a flow.
const WRAPPERS: usize = 4;

/// The flow in a document.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    pub(crate) source: Source,
    pub(crate) root: Cow<'a, Value>,
    /// Pointer to the root.
    pub(crate) at: String,
    /// What a wrapper calls it.
    pub(crate) name: Option<String>,
    /// What kind of flow a wrapper says it is, as Connect has it: `CONTACT_FLOW`, `AGENT_WHISPER`.
    pub(crate) flow_type: Option<String>,
}

/// Finds the flow. Without a `source` its shape decides; with one it has to have that shape.
pub(crate) fn find(source: Option<Source>, value: &Value) -> Result<Found<'_>, ImportError> {
    let mut root = Cow::Borrowed(value);
    let (mut at, mut name, mut flow_type) = (String::new(), None, None);
    for _ in 0..WRAPPERS {
        if let Some(shape) = shape_of(&root) {
            return match source {
                Some(wanted) if wanted != shape => Err(other_shape(wanted, shape, at)),
                Some(_) | None => Ok(Found { source: shape, root, at, name, flow_type }),
            };
        }
        let Some((field, inside)) = wrapped(&root) else { break };
        name = name.or_else(|| {
            ["Name", "friendly_name", "friendlyName", "FriendlyName"]
                .into_iter()
                .find_map(|field| text(root.get(field)))
        });
        flow_type = flow_type.or_else(|| text(root.get("Type")));
        at = pointer(&at, field);
        let inside: Value = match inside {
            Value::String(json) => {
                let parsed = parse(json, &at)?;
                at.push('#');
                bounds::check(&parsed, &at)?;
                parsed
            }
            other => other.clone(),
        };
        root = Cow::Owned(inside);
    }
    Err(match source {
        Some(wanted) => {
            let message = format!("this is not {}: {}", wanted.title(), wants(wanted));
            ImportError::new(ImportErrorCode::NotThisFormat, at, message)
        }
        None => {
            let message = "this is none of the formats that can be imported: a Twilio Studio flow has `states`, \
                an Amazon Connect flow `Actions` (the older export `modules`), a TaskRouter workflow \
                `task_routing`, a flow of ours `nodes`";
            ImportError::new(ImportErrorCode::UnknownFormat, at, message)
        }
    })
}

fn parse(json: &str, at: &str) -> Result<Value, ImportError> {
    serde_json::from_str(json).map_err(|error| {
        ImportError::new(ImportErrorCode::BrokenJson, at, format!("this text has to be JSON: {error}"))
    })
}

fn other_shape(wanted: Source, shape: Source, at: String) -> ImportError {
    let message = format!("this is {}, not {}", shape.title(), wanted.title());
    ImportError::new(ImportErrorCode::NotThisFormat, at, message)
}

fn wants(source: Source) -> &'static str {
    match source {
        Source::Studio => "it has no list `states`",
        Source::Connect => "it has no list `Actions`",
        Source::ConnectLegacy => "it has no list `modules`",
        Source::TaskRouter => "it has no object `task_routing`",
        Source::CallDocker => "it has no object `nodes`",
    }
}

/// The format of a root. What claims one by the name of a field has it, whatever is in there; what is wrong with it is
/// said by who reads it.
fn shape_of(value: &Value) -> Option<Source> {
    let fields = value.as_object()?;
    let has = |name: &str| fields.contains_key(name);
    let list = |name: &str| fields.get(name).is_some_and(Value::is_array);
    if list("states") || (has("states") && has("initial_state")) {
        return Some(Source::Studio);
    }
    if list("transitions") && has("name") && has("type") {
        return Some(Source::Studio);
    }
    if has("Actions") || (has("Version") && has("StartAction")) {
        return Some(Source::Connect);
    }
    if has("modules") && (list("modules") || has("start")) {
        return Some(Source::ConnectLegacy);
    }
    if has("task_routing") {
        return Some(Source::TaskRouter);
    }
    if has("nodes") && (has("start") || has("version")) {
        return Some(Source::CallDocker);
    }
    None
}

/// What a wrapper holds.
fn wrapped(value: &Value) -> Option<(&'static str, &Value)> {
    const FIELDS: [&str; 6] =
        ["definition", "Content", "ContactFlow", "ContactFlowModule", "configuration", "Configuration"];
    FIELDS.into_iter().find_map(|field| {
        let inside = value.get(field)?;
        let fits = inside.is_object() || inside.as_str().is_some_and(|text| !cut(text, 1).is_empty());
        fits.then_some((field, inside))
    })
}
