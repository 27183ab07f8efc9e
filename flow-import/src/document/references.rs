//! What a document needs from outside: looked up in the mapping, and listed with every use.

use serde_json::Value;

use super::{Work, names};
use crate::bounds::cut;
use crate::report::{Reference, ReferenceKind, Use};

/// Bytes of a reference that is listed.
const REFERENCE_BYTES: usize = 2_048;

/// Uses of one reference that are listed.
const USES: usize = 1_000;

/// A reference as an element has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'r> {
    pub(crate) kind: ReferenceKind,
    pub(crate) reference: &'r str,
    /// The name that the source tells beside it.
    pub(crate) suggestion: Option<&'r str>,
    /// Whether nothing works before it is mapped.
    pub(crate) required: bool,
}

impl<'r> Wanted<'r> {
    /// One that has to be mapped.
    pub(crate) fn required(kind: ReferenceKind, reference: &'r str) -> Self {
        Self { kind, reference, suggestion: None, required: true }
    }

    /// One that may be right as it stands.
    pub(crate) fn optional(kind: ReferenceKind, reference: &'r str) -> Self {
        Self { kind, reference, suggestion: None, required: false }
    }

    pub(crate) fn called(self, suggestion: Option<&'r str>) -> Self {
        Self { suggestion, ..self }
    }
}

impl Work<'_> {
    /// Lists the reference, and gives what the mapping makes of it.
    pub(crate) fn refer(
        &mut self,
        element: usize,
        wanted: Wanted<'_>,
        node: Option<&str>,
        field: Option<&str>,
    ) -> Option<String> {
        let reference = cut(wanted.reference, REFERENCE_BYTES);
        let mapped = self.mapping.name(reference).map(str::to_owned);
        let known = if self.mapping.schedule(reference).is_some() {
            Some("a schedule".to_owned())
        } else {
            mapped.clone()
        };
        let used = Use {
            pointer: self.elements[element].element.pointer.clone(),
            node: node.map(str::to_owned),
            field: field.map(str::to_owned),
        };
        let key = (wanted.kind, reference.to_owned());
        if let Some(place) = self.listed.get(&key) {
            let listed = &mut self.references[*place];
            listed.required |= wanted.required;
            if listed.suggestion.is_none() {
                listed.suggestion = wanted.suggestion.map(str::to_owned);
            }
            if listed.uses.len() < USES && !listed.uses.contains(&used) {
                listed.uses.push(used);
            }
        } else {
            self.listed.insert(key, self.references.len());
            self.references.push(Reference {
                reference: reference.to_owned(),
                kind: wanted.kind,
                suggestion: wanted.suggestion.map(str::to_owned),
                mapped: known,
                required: wanted.required,
                uses: vec![used],
            });
        }
        mapped
    }

    /// What stands in the document for a reference: as mapped, else the name that the source tells, else the last part of
    /// an ARN or the reference itself.
    pub(crate) fn refer_by_name(
        &mut self,
        element: usize,
        wanted: Wanted<'_>,
        node: &str,
        field: &str,
    ) -> String {
        let mapped = self.refer(element, wanted, Some(node), Some(field));
        if wanted.reference.contains("{{") {
            let told = cut(wanted.reference, 200);
            self.approximate(
                element,
                format!("which {field} it is was computed there (`{told}`); here it is one"),
            );
        }
        let name = mapped.as_deref().or(wanted.suggestion).unwrap_or_else(|| tail(wanted.reference));
        names::short(name, "unknown")
    }

    /// The opening hours that a reference is mapped to.
    pub(crate) fn schedule(&self, reference: &str) -> Option<Value> {
        self.mapping.schedule(cut(reference, REFERENCE_BYTES)).cloned()
    }
}

/// What tells two ARNs of a kind apart; an ARN is too long for a name. Of `${Q:sales:Q}`, a placeholder of deployment
/// tools, the name in it.
pub(crate) fn tail(reference: &str) -> &str {
    let tail = if reference.starts_with("arn:") {
        reference.rsplit(['/', ':']).find(|part| part.len() > 2 && !part.ends_with('}')).unwrap_or(reference)
    } else {
        reference
    };
    if tail.is_empty() { reference } else { tail }
}

#[cfg(test)]
mod tests {
    use super::tail;

    #[test]
    fn an_arn_is_known_by_its_last_part() {
        assert_eq!(tail("arn:aws:connect:eu-west-2:1:instance/a/queue/0001"), "0001");
        assert_eq!(tail("arn:aws:connect:${REGION}:${A}:instance/${I}/queue/${Q:sales:Q}"), "sales");
        assert_eq!(tail("arn:aws:lambda:eu-west-2:1:function:lookup"), "lookup");
        assert_eq!(tail("WW00000000000000000000000000000000"), "WW00000000000000000000000000000000");
    }
}
