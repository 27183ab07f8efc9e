//! Texts with values in them: Liquid, as in Twilio Studio, without the parts that can run long or grow large.
//!
//! There are `if`, `unless`, `case` and `assign`, and the filters of [`filters`]. There are no loops, no `capture`, no
//! partials, and no `comment` and `raw`, on whose unclosed blocks the parser panics. Every value on the way is bounded by
//! [`limits::TEXT_BYTES`], and so is the output: a template costs time and memory in proportion to its length, whatever
//! it says.

mod filters;
mod gaps;
mod scope;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use liquid_lib::stdlib;

use crate::limits;
pub(crate) use gaps::secrets_in;
pub(crate) use scope::Scope;

/// A compiled text.
pub(crate) enum Template {
    /// Without any tag: as it is written, and as one line.
    Plain {
        source: String,
        line: String,
    },
    Liquid {
        source: String,
        compiled: liquid::Template,
    },
}

/// What a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// One line without control characters, trimmed: what is said, shown or compared.
    Line,
    /// As it is written, and longer: the body of a request, a text message.
    Body,
}

/// What became of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rendered {
    /// Empty when there is nothing to say.
    pub(crate) text: String,
    /// Why it is not complete.
    pub(crate) failure: Option<String>,
}

impl Template {
    /// Compiles `source`; the error is for its author.
    pub(crate) fn parse(source: &str) -> Result<Self, String> {
        if !source.contains("{{") && !source.contains("{%") {
            let line = one_line(limits::cut(source, limits::TEXT_BYTES));
            return Ok(Self::Plain { source: source.to_owned(), line });
        }
        refuse_what_the_parser_cannot_bear(source)?;
        let parser = parser()?;
        match catch_unwind(AssertUnwindSafe(|| parser.parse(source))) {
            Ok(Ok(compiled)) => Ok(Self::Liquid { source: source.to_owned(), compiled }),
            Ok(Err(error)) => Err(brief(&error)),
            Err(_) => Err("the template cannot be read".to_owned()),
        }
    }

    /// Completes the text. Unknown and unset variables are empty; what fails otherwise cuts the text there.
    pub(crate) fn render(&self, scope: &Scope<'_>, form: Form) -> Rendered {
        let room = match form {
            Form::Line => limits::TEXT_BYTES,
            Form::Body => limits::BODY_BYTES,
        };
        match self {
            Self::Plain { source, line } => {
                let text = match form {
                    Form::Line => line.clone(),
                    Form::Body => limits::cut(source, room).to_owned(),
                };
                Rendered { text, failure: None }
            }
            Self::Liquid { compiled, .. } => {
                let mut out = Bounded { text: Vec::new(), room };
                let failure = match catch_unwind(AssertUnwindSafe(|| compiled.render_to(&mut out, scope))) {
                    Ok(Ok(())) => None,
                    Ok(Err(_)) if out.room == 0 => Some(format!("longer than {room} bytes")),
                    Ok(Err(error)) => Some(brief(&error)),
                    Err(_) => Some("the template could not be completed".to_owned()),
                };
                let text = String::from_utf8_lossy(&out.text);
                let text = match form {
                    Form::Line => one_line(&text),
                    Form::Body => text.into_owned(),
                };
                Rendered { text, failure }
            }
        }
    }

    /// What completing it may cost: a unit, and one for each filter and tag, of which each may go over a whole text.
    pub(crate) fn work(&self) -> u32 {
        match self {
            Self::Plain { .. } => 0,
            Self::Liquid { source, .. } => {
                let parts = source.matches('|').count() + source.matches("{%").count();
                u32::try_from(parts).unwrap_or(u32::MAX).saturating_add(1)
            }
        }
    }

    /// Whether it says nothing, whatever the variables are.
    pub(crate) fn is_blank(&self) -> bool {
        match self {
            Self::Plain { line, .. } => line.is_empty(),
            Self::Liquid { .. } => false,
        }
    }

    /// The text, when it needs no completing.
    pub(crate) fn plain(&self) -> Option<&str> {
        match self {
            Self::Plain { line, .. } => Some(line),
            Self::Liquid { .. } => None,
        }
    }
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let source = match self {
            Self::Plain { source, .. } | Self::Liquid { source, .. } => source,
        };
        f.debug_tuple("Template").field(source).finish()
    }
}

/// The Liquid parser takes an integer that does not fit into 64 bits, and brackets in brackets, as a reason to panic
/// or to recurse without end. Refused here with a message instead.
fn refuse_what_the_parser_cannot_bear(source: &str) -> Result<(), String> {
    let tags = source.matches("{%").count();
    if tags > limits::TEMPLATE_TAGS {
        return Err(format!("{tags} tags; {} are allowed", limits::TEMPLATE_TAGS));
    }
    if source.matches('[').count() > 16 {
        return Err("more than 16 brackets".to_owned());
    }
    let longest = source.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    if longest > 18 {
        return Err("a number of more than 18 digits; put spaces between them, it is read out".to_owned());
    }
    Ok(())
}

/// One parser for all: it has no state.
fn parser() -> Result<&'static liquid::Parser, String> {
    static PARSER: OnceLock<Result<liquid::Parser, String>> = OnceLock::new();
    let made = PARSER.get_or_init(|| {
        let mut builder = liquid::ParserBuilder::new()
            .tag(stdlib::AssignTag)
            .block(stdlib::IfBlock)
            .block(stdlib::UnlessBlock)
            .block(stdlib::CaseBlock);
        for filter in filters::Bounded::ALL {
            builder = builder.filter(filter);
        }
        builder.build().map_err(|error| error.to_string())
    });
    made.as_ref().map_err(Clone::clone)
}

/// Liquid draws the place in the source and lists all that it knows; an author needs where, what, and what he wrote.
fn brief(error: &liquid::Error) -> String {
    let text = error.to_string();
    let mut lines = text.lines().map(str::trim);
    let first = lines.next().unwrap_or_default().trim_start_matches("liquid:").trim();
    let place = first.strip_prefix("-->").and_then(|place| place.trim().split_once(':'));
    let rest: Vec<&str> = lines.collect();
    let asked = rest.iter().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        name.starts_with("requested").then_some(value)
    });
    let drawn = rest.iter().find_map(|line| line.strip_prefix("= "));
    let mut told = match place {
        Some((line, column)) => {
            format!("line {line}, column {column}: {}", drawn.unwrap_or("cannot be read"))
        }
        None => first.to_owned(),
    };
    if let Some(asked) = asked {
        told.push_str(&format!(" ({asked})"));
    }
    limits::cut(&told, 300).to_owned()
}

/// Speech is one line: runs of white space become one space, and what XML cannot hold goes.
fn one_line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { ' ' } else { c })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Takes as much as there is room for, and then fails.
struct Bounded {
    text: Vec<u8>,
    room: usize,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.room == 0 && !bytes.is_empty() {
            return Err(io::Error::other("the text is full"));
        }
        let taken = bytes.len().min(self.room);
        self.text.extend_from_slice(&bytes[..taken]);
        self.room -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
