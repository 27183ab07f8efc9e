//! What the variables of Studio are here.

use std::collections::BTreeMap;

use super::Widget;
use super::asking::Asks;
use crate::document::names::variable;
use crate::liquid::Renamed;

/// What a text can speak of.
pub(super) struct Seen<'s, 'a> {
    pub(super) by_name: &'s BTreeMap<String, usize>,
    pub(super) widgets: &'s [Widget<'a>],
    pub(super) asks: &'s BTreeMap<usize, Asks>,
}

/// The variable of a flow of ours, whatever it is called there.
pub(super) fn of_flow(name: &str) -> String {
    variable(name)
}

/// `saves` are parts of answers that the text wants: of which widget, in which variable, which part.
pub(super) fn rename(
    seen: &Seen<'_, '_>,
    path: &[String],
    saves: &mut Vec<(usize, String, String)>,
    parameters: &mut Vec<String>,
) -> Renamed {
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    let vars = |name: &str| format!("vars.{}", of_flow(name));
    match names.as_slice() {
        ["flow", "variables", name] => Renamed::Same(vars(name)),
        ["flow", "variables", name, ..] => {
            Renamed::Like(vars(name), format!("`{name}` is a text here; its parts cannot be named"))
        }
        ["trigger", "parent", "parameters", name] => {
            parameters.push(of_flow(name));
            Renamed::Same(vars(name))
        }
        ["flow", "data", name] | ["trigger", "request", "parameters", name] => Renamed::Like(
            vars(name),
            format!(
                "`{name}` was given by the request that began the flow; here something has to set the variable"
            ),
        ),
        ["trigger", "call", "From" | "Caller"] | ["contact", "channel", "address"] => {
            Renamed::Same("call.from".to_owned())
        }
        ["trigger", "call", "To" | "Called"] | ["flow", "channel", "address"] => {
            Renamed::Same("call.to".to_owned())
        }
        ["trigger", "call", "CallerName"] => Renamed::Same("call.callerName".to_owned()),
        ["widgets", widget, rest @ ..] => match seen.by_name.get(*widget) {
            Some(&number) => of_widget(seen, number, widget, rest, saves),
            None => Renamed::Unknown(format!("there is no widget `{widget}`")),
        },
        ["trigger", "message" | "conversation", ..] => {
            Renamed::Unknown("a flow here begins with a call, not with a message".to_owned())
        }
        _ => Renamed::Unknown("there is nothing like it here".to_owned()),
    }
}

fn of_widget(
    seen: &Seen<'_, '_>,
    number: usize,
    name: &str,
    rest: &[&str],
    saves: &mut Vec<(usize, String, String)>,
) -> Renamed {
    let widget = &seen.widgets[number];
    match (widget.widget_type.as_str(), rest) {
        ("gather-input-on-call", ["Digits"]) => match seen.asks.get(&number) {
            Some(Asks::Keys { variable }) => Renamed::Same(format!("vars.{variable}")),
            Some(Asks::Menu { .. }) | None => Renamed::Like(
                "digits".to_owned(),
                format!("`widgets.{name}.Digits` is what the caller pressed last, at whichever node"),
            ),
        },
        ("gather-input-on-call", ["SpeechResult"]) => Renamed::Like(
            "speech".to_owned(),
            format!("`widgets.{name}.SpeechResult` is what the caller said last, at whichever node"),
        ),
        ("make-http-request" | "run-function", ["parsed", parts @ ..]) if !parts.is_empty() => {
            let variable = variable(&format!("{name}_{}", parts.join("_")));
            let pointer: String =
                parts.iter().map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1"))).collect();
            saves.push((number, variable.clone(), pointer));
            Renamed::Same(format!("vars.{variable}"))
        }
        ("make-http-request" | "run-function", ["body"] | ["parsed"]) => Renamed::Unknown(
            "an answer is not kept as a whole; name the parts of it that are wanted".to_owned(),
        ),
        ("run-subflow", ["flow", "variables", part] | ["variables", part]) => {
            let variable = variable(&format!("{name}_{part}"));
            saves.push((number, variable.clone(), (*part).to_owned()));
            Renamed::Like(
                format!("vars.{variable}"),
                format!("the sub-flow has to return `{part}` among its `values`"),
            )
        }
        ("set-variables", _) => Renamed::Unknown("variables are named by `flow.variables`".to_owned()),
        (widget_type, _) => Renamed::Unknown(format!("a `{widget_type}` leaves nothing of the kind here")),
    }
}
