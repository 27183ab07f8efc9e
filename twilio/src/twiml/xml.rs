//! A tree of elements and its text.
//!
//! Owns escaping. It must never know what an element means.

use std::fmt::{self, Write as _};

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Element {
    pub name: &'static str,
    pub attributes: Vec<(&'static str, String)>,
    pub children: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Text(String),
    Element(Element),
}

impl Element {
    pub fn new(name: &'static str) -> Self {
        Self { name, attributes: Vec::new(), children: Vec::new() }
    }

    pub fn with_text(name: &'static str, text: impl Into<String>) -> Self {
        let mut element = Self::new(name);
        element.children.push(Node::Text(text.into()));
        element
    }

    /// Sets an attribute; a second value of the same one replaces the first.
    pub fn set(&mut self, name: &'static str, value: impl Into<String>) {
        let value = value.into();
        match self.attributes.iter_mut().find(|(other, _)| *other == name) {
            Some((_, old)) => *old = value,
            None => self.attributes.push((name, value)),
        }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
    }

    pub fn push(&mut self, child: Element) {
        self.children.push(Node::Element(child));
    }

    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|child| match child {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// All text within, without the markup.
    pub fn text(&self) -> String {
        self.children
            .iter()
            .map(|child| match child {
                Node::Text(text) => text.clone(),
                Node::Element(element) => element.text(),
            })
            .collect()
    }

    fn hide_passwords(&mut self) {
        if self.get("password").is_some() {
            self.set("password", "…");
        }
        for child in &mut self.children {
            if let Node::Element(element) = child {
                element.hide_passwords();
            }
        }
    }

    /// The element as a document.
    pub fn to_document(&self) -> String {
        let mut xml = String::from(r#"<?xml version="1.0" encoding="UTF-8"?>"#);
        self.write(&mut xml);
        xml
    }

    fn write(&self, xml: &mut String) {
        xml.push('<');
        xml.push_str(self.name);
        for (name, value) in &self.attributes {
            xml.push(' ');
            xml.push_str(name);
            xml.push_str("=\"");
            escape(value, Place::Attribute, xml);
            xml.push('"');
        }
        if self.children.is_empty() {
            xml.push_str("/>");
            return;
        }
        xml.push('>');
        for child in &self.children {
            match child {
                Node::Text(text) => escape(text, Place::Text, xml),
                Node::Element(element) => element.write(xml),
            }
        }
        xml.push_str("</");
        xml.push_str(self.name);
        xml.push('>');
    }
}

/// As XML, without the password of a SIP address.
impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.clone();
        shown.hide_passwords();
        let mut xml = String::new();
        shown.write(&mut xml);
        f.write_str(&xml)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Text,
    Attribute,
}

/// Writes `text` so that a parser reads it back. Characters that XML 1.0 cannot hold even when escaped are left out.
fn escape(text: &str, place: Place, xml: &mut String) {
    for character in text.chars().filter(|&character| is_xml_character(character)) {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' if place == Place::Attribute => xml.push_str("&quot;"),
            // A parser makes a bare carriage return a newline, and in an attribute makes both and a tab a space.
            '\r' => xml.push_str("&#13;"),
            '\n' | '\t' if place == Place::Attribute => {
                // Writing to a String does not fail.
                let _ = write!(xml, "&#{};", u32::from(character));
            }
            other => xml.push(other),
        }
    }
}

/// XML 1.0, production 2 (Char).
fn is_xml_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
