//! Liquid texts: taken apart, their variables renamed, and made such that the engine takes them.

use crate::document::check::Judge;

/// Bytes of a text that the engine takes, and of one without tags, which is said as it is.
const TEMPLATE_BYTES: usize = 4_096;
const PLAIN_BYTES: usize = 3_000;

/// Words of Liquid that are no variables.
const WORDS: [&str; 26] = [
    "if",
    "elsif",
    "else",
    "endif",
    "unless",
    "endunless",
    "case",
    "when",
    "endcase",
    "assign",
    "and",
    "or",
    "contains",
    "true",
    "false",
    "nil",
    "null",
    "blank",
    "empty",
    "for",
    "endfor",
    "in",
    "capture",
    "endcapture",
    "comment",
    "endcomment",
];

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'t> {
    Plain(&'t str),
    /// `{{ … }}`, the inside.
    Output(&'t str),
    /// `{% … %}`, the inside.
    Tag(&'t str),
}

/// A translated text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Translated {
    pub(crate) text: String,
    /// What differs, in words.
    pub(crate) differences: Vec<String>,
}

/// What a variable is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Renamed {
    /// The same under this name.
    Same(String),
    /// Something like it; and what differs.
    Like(String, String),
    /// Nothing; and why.
    Unknown(String),
}

/// Renames the variables of a text and makes it one that the engine takes. What cannot be translated is kept where the
/// engine bears it, and told in any case.
pub(crate) fn translate(
    source: &str,
    rename: &mut dyn FnMut(&[String]) -> Renamed,
    judge: &mut Judge,
) -> Translated {
    let mut differences = Vec::new();
    let mut text = String::new();
    let source = shortened(source, TEMPLATE_BYTES, &mut differences);
    for part in parts(&source) {
        match part {
            Part::Plain(plain) => text.push_str(&inert(plain)),
            Part::Output(inside) => {
                text.push_str(&format!("{{{{ {} }}}}", inner(inside, rename, &mut differences)));
            }
            Part::Tag(inside) => {
                text.push_str(&format!("{{% {} %}}", inner(inside, rename, &mut differences)));
            }
        }
    }
    if let Some(fault) = judge.template(&text) {
        differences
            .push(format!("what the engine does not know was taken out ({fault}); the text was: {source}"));
        text = bearable(&text, judge);
    }
    if !text.contains("{{") && !text.contains("{%") {
        text = shortened(&text, PLAIN_BYTES, &mut differences);
    }
    Translated { text, differences }
}

/// The names of the one variable that a text is, if it is nothing else: `{{ flow.variables.tier }}`.
pub(crate) fn single(source: &str) -> Option<Vec<String>> {
    let parts = parts(source.trim());
    let [Part::Output(inside)] = parts.as_slice() else { return None };
    let inside = inside.trim();
    let (names, length) = path(inside)?;
    (length == inside.len()).then_some(names)
}

/// Whether a text has parts to complete.
pub(crate) fn has_tags(text: &str) -> bool {
    parts(text).iter().any(|part| !matches!(part, Part::Plain(_)))
}

/// A translated text as a part of an address: what stands in it is encoded, and what it is completed with will be.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::new();
    for part in parts(text) {
        match part {
            Part::Plain(plain) => out.push_str(&percent(plain)),
            Part::Output(inside) => out.push_str(&format!("{{{{ {} | url_encode }}}}", inside.trim())),
            Part::Tag(inside) => out.push_str(&format!("{{%{inside}%}}")),
        }
    }
    out
}

/// As in the query of an address (RFC 3986).
fn percent(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Braces that would open a tag, moved apart.
pub(crate) fn inert(plain: &str) -> String {
    let mut text = plain.to_owned();
    while text.contains("{{") || text.contains("{%") {
        text = text.replace("{{", "{ {").replace("{%", "{ %");
    }
    text
}

fn shortened(text: &str, bytes: usize, differences: &mut Vec<String>) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    differences.push(format!("the text has {} bytes and is cut to {bytes}", text.len()));
    crate::bounds::cut(text, bytes).to_owned()
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let opening = rest.find("{{").into_iter().chain(rest.find("{%")).min();
        let Some(opening) = opening else { break };
        let closing = if rest[opening..].starts_with("{{") { "}}" } else { "%}" };
        let Some(length) = rest[opening + 2..].find(closing) else { break };
        if opening > 0 {
            parts.push(Part::Plain(&rest[..opening]));
        }
        let inside = &rest[opening + 2..opening + 2 + length];
        parts.push(if closing == "}}" { Part::Output(inside) } else { Part::Tag(inside) });
        rest = &rest[opening + 2 + length + 2..];
    }
    if !rest.is_empty() {
        parts.push(Part::Plain(rest));
    }
    parts
}

/// The inside of a tag with its variables renamed.
fn inner(
    inside: &str,
    rename: &mut dyn FnMut(&[String]) -> Renamed,
    differences: &mut Vec<String>,
) -> String {
    // The hyphens of `{{-` only take white space away, which speech does not have.
    let inside = inside.strip_prefix('-').unwrap_or(inside);
    let inside = inside.strip_suffix('-').unwrap_or(inside).trim();
    if let Some(rest) = of_now(inside) {
        return format!("now | {rest}");
    }
    let mut out = String::new();
    let mut rest = inside;
    let mut after_pipe = false;
    let mut assigns = false;
    while let Some(c) = rest.chars().next() {
        if c == '"' || c == '\'' {
            let end = rest[1..].find(c).map_or(rest.len(), |end| end + 2);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        if c.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(rest.len());
            out.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        let Some((names, length)) = path(rest) else {
            if c == '|' {
                after_pipe = true;
            }
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        let written = &rest[..length];
        rest = &rest[length..];
        let named = rest.trim_start().starts_with(':');
        let word = names.len() == 1 && WORDS.contains(&names[0].as_str());
        let local = assigns || names.len() == 1;
        if after_pipe || word || named || (local && !is_root(&names[0])) {
            out.push_str(written);
        } else {
            match rename(&names) {
                Renamed::Same(name) => out.push_str(&name),
                Renamed::Like(name, difference) => {
                    out.push_str(&name);
                    tell(differences, difference);
                }
                Renamed::Unknown(why) => {
                    out.push_str(written);
                    tell(differences, format!("`{written}` is kept as it is, and empty here: {why}"));
                }
            }
        }
        after_pipe = false;
        assigns = word && names[0] == "assign";
    }
    out
}

fn tell(differences: &mut Vec<String>, text: String) {
    if differences.len() < 20 && !differences.contains(&text) {
        differences.push(text);
    }
}

/// What follows the pipe in `"now" | date: …`.
fn of_now(inside: &str) -> Option<&str> {
    let rest = inside.strip_prefix("\"now\"").or_else(|| inside.strip_prefix("'now'"))?;
    Some(rest.trim_start().strip_prefix('|')?.trim_start())
}

/// The variables that every flow of Studio has.
fn is_root(name: &str) -> bool {
    matches!(name, "flow" | "trigger" | "widgets" | "contact")
}

/// The path that a text begins with, such as `widgets.lookup.parsed.items[0]["full name"]`, and its length.
fn path(text: &str) -> Option<(Vec<String>, usize)> {
    let mut names = Vec::new();
    let mut at = 0;
    let begins = |c: char| c.is_alphabetic() || c == '_';
    let goes_on = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    loop {
        let rest = &text[at..];
        if names.is_empty() && !rest.starts_with(begins) {
            return None;
        }
        let length = rest.find(|c: char| !goes_on(c)).unwrap_or(rest.len());
        if length > 0 {
            names.push(rest[..length].to_owned());
            at += length;
        }
        while text[at..].starts_with('[') {
            let Some(end) = text[at..].find(']') else { return Some((names, at)) };
            let key = text[at + 1..at + end].trim();
            names.push(key.trim_matches(|c| c == '"' || c == '\'').to_owned());
            at += end + 1;
        }
        if text[at..].starts_with('.') && text[at + 1..].starts_with(goes_on) {
            at += 1;
        } else {
            return Some((names, at));
        }
    }
}

/// The same text without what the engine refuses: single filters first, then outputs, then every tag.
fn bearable(text: &str, judge: &mut Judge) -> String {
    let mut kept = String::new();
    let mut plain = String::new();
    for part in parts(text) {
        match part {
            Part::Plain(part) => {
                kept.push_str(part);
                plain.push_str(part);
            }
            Part::Output(inside) => {
                let output = bearable_output(inside, judge);
                kept.push_str(&output);
                plain.push_str(&output);
            }
            Part::Tag(inside) => kept.push_str(&format!("{{%{inside}%}}")),
        }
    }
    [kept, plain].into_iter().find(|text| judge.template(text).is_none()).unwrap_or_else(|| inert(text))
}

fn bearable_output(inside: &str, judge: &mut Judge) -> String {
    let whole = format!("{{{{{inside}}}}}");
    if judge.template(&whole).is_none() {
        return whole;
    }
    let mut parts = split_pipes(inside).into_iter();
    let first = parts.next().unwrap_or_default().trim();
    let mut output = format!("{{{{ {first} }}}}");
    if first.is_empty() || judge.template(&output).is_some() {
        return String::new();
    }
    let mut chain = first.to_owned();
    for filter in parts {
        let longer = format!("{chain} | {}", filter.trim());
        let tried = format!("{{{{ {longer} }}}}");
        if judge.template(&tried).is_none() {
            chain = longer;
            output = tried;
        }
    }
    output
}

/// Parted at pipes outside of quotes.
fn split_pipes(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut quote = None;
    let mut from = 0;
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c == '|' => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            None => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(source: &str) -> Translated {
        let mut rename = |names: &[String]| match names[0].as_str() {
            "flow" => Renamed::Same(format!("vars.{}", names.last().map_or("", String::as_str))),
            _ => Renamed::Unknown("there is none".to_owned()),
        };
        translate(source, &mut rename, &mut Judge::new())
    }

    #[test]
    fn variables_are_renamed_and_everything_else_stays() {
        let text = said("Hi {{flow.variables.name}}, {{ 'flow.variables.x' | append: flow.data.y }}!");
        assert_eq!(text.text, "Hi {{ vars.name }}, {{ 'flow.variables.x' | append: vars.y }}!");
        let text = said("{% case flow.data.why %}{% when 'holiday' %}Holiday{% else %}Closed{% endcase %}");
        assert_eq!(text.text, "{% case vars.why %}{% when 'holiday' %}Holiday{% else %}Closed{% endcase %}");
        assert!(text.differences.is_empty());
    }

    #[test]
    fn the_moment_is_a_variable_here() {
        assert_eq!(said("{{ \"now\" | date: '%H' }}").text, "{{ now | date: '%H' }}");
    }

    #[test]
    fn what_is_unknown_is_kept_and_told() {
        let text = said("{{trigger.call.ForwardedFrom}}");
        assert_eq!(text.text, "{{ trigger.call.ForwardedFrom }}");
        assert!(text.differences[0].contains("trigger.call.ForwardedFrom"));
    }

    #[test]
    fn what_the_engine_refuses_is_taken_out_and_told() {
        let text = said("a {{ flow.x | to_json | upcase }} b {% for i in flow.list %}c{% endfor %} {{ open");
        assert_eq!(text.text, "a {{ vars.x | upcase }} b c { { open");
        assert!(text.differences[0].contains("to_json"));
    }

    #[test]
    fn a_text_that_is_one_variable_is_recognised() {
        assert_eq!(
            single(" {{ widgets.a-b.parsed.items[0] }} ").map(|names| names.join("/")),
            Some("widgets/a-b/parsed/items/0".to_owned())
        );
        assert_eq!(single("{{ a }} {{ b }}"), None);
        assert_eq!(single("{{ a | upcase }}"), None);
    }
}
