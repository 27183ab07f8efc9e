//! Texts of Connect: plain, with JSONPath such as `$.Attributes.tier` in them.

use crate::document::FlowKind;
use crate::document::names::variable;
use crate::liquid::inert;

use super::Connect;

/// The variable in which the digits are that a caller has entered.
pub(super) const STORED: &str = "stored_customer_input";
/// The variable in which the name of the queue is that a call will go to.
pub(super) const QUEUE: &str = "target_queue";
/// The variable in which the agent is that a call will go to.
pub(super) const AGENT: &str = "target_agent";
/// What the names of flow attributes and of answers of functions begin with.
const FLOW: &str = "flow_";
const EXTERNAL: &str = "external_";

/// What a path is here.
enum Seen {
    /// An expression of Liquid.
    Expression(String),
    /// The same in every call.
    Constant(String),
    Unknown,
}

/// Whether a parameter is one path and nothing else.
pub(super) fn is_path(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("$.") && path_at(text).is_some_and(|(_, length)| length == text.len())
}

/// The variable of a flow attribute.
pub(super) fn flow_variable(name: &str) -> String {
    variable(&format!("{FLOW}{name}"))
}

impl Connect<'_> {
    /// A text in our Liquid. A path that is nothing here is kept as it is, and told.
    pub(super) fn liquid(&mut self, number: usize, source: &str) -> String {
        let mut text = String::new();
        let mut rest = source;
        while let Some(at) = rest.find("$.") {
            text.push_str(&inert(&rest[..at]));
            rest = &rest[at..];
            let Some((path, length)) = path_at(rest) else {
                text.push_str("$.");
                rest = &rest[2..];
                continue;
            };
            match self.seen(number, &path) {
                Seen::Expression(expression) => text.push_str(&format!("{{{{ {expression} }}}}")),
                Seen::Constant(constant) => text.push_str(&inert(&constant)),
                Seen::Unknown => {
                    let written = &rest[..length];
                    self.work
                        .approximate(number, format!("`{written}` is nothing here and is kept as it is"));
                    text.push_str(written);
                }
            }
            rest = &rest[length..];
        }
        text.push_str(&inert(rest));
        if text.len() > LONGEST {
            self.work
                .approximate(number, format!("the text has {} bytes and is cut to {LONGEST}", text.len()));
            text = crate::bounds::cut(&text, LONGEST).to_owned();
            if self.work.judge.template(&text).is_some() {
                text = inert(&text);
            }
        }
        text
    }

    /// The variable of ours that a path is. None: it is none, or more than one.
    pub(super) fn expression(&mut self, number: usize, source: &str) -> Option<String> {
        let source = source.trim();
        let (path, length) = path_at(source)?;
        if length != source.len() {
            return None;
        }
        match self.seen(number, &path) {
            Seen::Expression(expression) => Some(expression),
            Seen::Constant(_) | Seen::Unknown => None,
        }
    }

    /// What a parameter is that has one value in every call: flow attributes that are constants are known.
    pub(super) fn constant(&self, source: &str) -> String {
        let source = source.trim();
        if let Some((path, length)) = path_at(source)
            && length == source.len()
            && let [root, name] = path.as_slice()
            && root == "FlowAttributes"
            && let Some(value) = self.constants.get(name)
        {
            return value.clone();
        }
        source.to_owned()
    }

    fn seen(&mut self, number: usize, path: &[String]) -> Seen {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        let vars = |name: &str| Seen::Expression(format!("vars.{}", variable(name)));
        let beside = matches!(self.work.kind, FlowKind::Wait | FlowKind::Hold | FlowKind::Whisper);
        match names.as_slice() {
            ["Attributes", name] => vars(name),
            ["FlowAttributes", name] => vars(&format!("{FLOW}{name}")),
            ["External", parts @ ..] if !parts.is_empty() => {
                let name = variable(&format!("{EXTERNAL}{}", parts.join("_")));
                let pointer: String = parts
                    .iter()
                    .map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1")))
                    .collect();
                self.save_of_functions(&name, &pointer);
                Seen::Expression(format!("vars.{name}"))
            }
            ["Modules", parts @ ..] if !parts.is_empty() => {
                let part = parts.last().map_or("", |part| *part).to_owned();
                let name = variable(&format!("module_{part}"));
                self.save_of_modules(&name, &part);
                Seen::Expression(format!("vars.{name}"))
            }
            ["StoredCustomerInput"] => vars(STORED),
            ["CustomerEndpoint", "Address"] => Seen::Expression("call.from".to_owned()),
            ["SystemEndpoint", "Address"] => Seen::Expression("call.to".to_owned()),
            ["Queue", "Name"] if beside => Seen::Expression("call.queue".to_owned()),
            ["Queue", "Name"] => {
                self.work.remark(
                    number,
                    format!("the queue's name is the variable `{QUEUE}` here, which the flow sets"),
                );
                vars(QUEUE)
            }
            ["Agent", "UserName" | "FirstName" | "LastName"] if beside => {
                Seen::Expression("call.agent".to_owned())
            }
            ["Channel"] => Seen::Constant("VOICE".to_owned()),
            _ => Seen::Unknown,
        }
    }

    /// Every function may have given the answer that is spoken of: the last one that was asked has.
    fn save_of_functions(&mut self, name: &str, pointer: &str) {
        self.save_of("InvokeLambdaFunction", name, pointer);
    }

    fn save_of_modules(&mut self, name: &str, part: &str) {
        self.save_of("InvokeFlowModule", name, part);
    }

    fn save_of(&mut self, action_type: &str, name: &str, part: &str) {
        // The engine keeps 64 variables of a call.
        if self.saved.len() >= SAVED || !self.saved.insert(name.to_owned()) {
            return;
        }
        for number in 0..self.actions.len() {
            if self.actions[number].action_type == action_type {
                self.work.save(number, name, part.to_owned());
            }
        }
    }
}

/// Variables that answers are kept in.
const SAVED: usize = 64;

/// Bytes of a text that the engine says.
const LONGEST: usize = 3_000;

/// The path that a text begins with, without the `$`, and its length: `$.Attributes.tier`, `$.Attributes['my tier']`.
fn path_at(text: &str) -> Option<(Vec<String>, usize)> {
    if !text.starts_with('$') {
        return None;
    }
    let mut names = Vec::new();
    let mut at = 1;
    loop {
        let rest = &text[at..];
        if let Some(inside) = rest.strip_prefix(".['").or_else(|| rest.strip_prefix("['")) {
            let opened = rest.len() - inside.len();
            let Some(end) = inside.find("']") else { break };
            names.push(inside[..end].to_owned());
            at += opened + end + 2;
            continue;
        }
        let Some(rest) = rest.strip_prefix('.') else { break };
        let goes_on = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        let length = rest.find(|c: char| !goes_on(c)).unwrap_or(rest.len());
        if length == 0 {
            break;
        }
        names.push(rest[..length].to_owned());
        at += 1 + length;
    }
    (!names.is_empty()).then_some((names, at))
}

#[cfg(test)]
mod tests {
    use super::{is_path, path_at};

    #[test]
    fn paths_end_where_the_sentence_goes_on() {
        assert_eq!(path_at("$.Queue.Name. Bye"), Some((vec!["Queue".to_owned(), "Name".to_owned()], 12)));
        let quoted = path_at("$.Attributes['my tier']!");
        assert_eq!(quoted, Some((vec!["Attributes".to_owned(), "my tier".to_owned()], 23)));
        assert_eq!(path_at("$. 5"), None);
        assert_eq!(path_at(""), None);
        assert_eq!(path_at("é.Attributes.tier"), None);
        assert!(is_path("$.FlowAttributes.a-b"));
        assert!(!is_path("$.Attributes.a and more"));
        assert!(!is_path("arn:aws:lambda:$.AwsRegion:1:function:f"));
    }
}
