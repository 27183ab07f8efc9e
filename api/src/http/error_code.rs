//! The codes of refusals in the specification: a closed enum in which each value is told.

use std::borrow::Cow;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde_json::Value;

use crate::error::Code;

const NAME: &str = "ErrorCode";

/// What it is about, and what each code means and asks of the client.
fn description() -> String {
    let mut text = "Why something was refused, for programs. The list is closed for each release: a later one may know more, and a \
                    client takes a code that it does not know for what its status says.\n"
        .to_owned();
    for code in Code::ALL {
        text.push_str(&format!("\n- `{code}`: {} {}", code.meaning(), code.advice()));
    }
    text
}

impl Type for Code {
    const IS_REQUIRED: bool = true;

    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        Cow::Borrowed(NAME)
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(NAME.to_owned())
    }

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>(NAME.to_owned(), |_| MetaSchema {
            // The registry keeps texts that live as long as the process, as its specification does.
            description: Some(description().leak()),
            enum_items: Self::ALL.iter().map(|code| code.as_str().into()).collect(),
            ..MetaSchema::new("string")
        });
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for Code {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let value = value.unwrap_or_default();
        let known = Self::ALL.iter().find(|code| value == code.as_str());
        known.copied().ok_or_else(|| ParseError::custom("must be one of the codes of refusals"))
    }
}

impl ToJSON for Code {
    fn to_json(&self) -> Option<Value> {
        Some(self.as_str().into())
    }
}
