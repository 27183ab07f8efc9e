//! Closed enums of the entities in bodies, parameters and the specification, without a second enum for each.

use std::borrow::Cow;

use entity::Documented;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type};
use sea_orm::{ActiveEnum, Iterable};
use serde_json::Value;

/// A value of the closed enum `E`, in its stored spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<E>(pub E);

impl<E> From<E> for Word<E> {
    fn from(value: E) -> Self {
        Self(value)
    }
}

/// What an enum must be to stand in the API.
pub trait ClosedEnum:
    ActiveEnum<Value = String> + Iterable + Documented + Copy + Send + Sync + 'static
{
}

impl<E: ActiveEnum<Value = String> + Iterable + Documented + Copy + Send + Sync + 'static> ClosedEnum for E {}

fn spellings<E: ClosedEnum>() -> Vec<String> {
    E::iter().map(|value| value.to_value()).collect()
}

/// What it is about, and what each value means of which there is more to say than its name.
fn description<E: ClosedEnum>() -> Option<&'static str> {
    let plain = |text: &str| {
        text.replace("[`", "`").replace("`]", "`").lines().map(str::trim).collect::<Vec<_>>().join(" ")
    };
    let mut text = plain(E::ABOUT);
    let values = E::iter().filter(|value| !value.about().is_empty());
    for (place, value) in values.enumerate() {
        let before = if place == 0 { "\n\n" } else { "\n" };
        text.push_str(&format!("{before}- `{}`: {}", value.to_value(), plain(value.about())));
    }
    // The registry keeps texts that live as long as the process, as its specification does.
    (!text.is_empty()).then(|| &*text.leak())
}

fn schema_name<E>() -> &'static str {
    std::any::type_name::<E>().rsplit("::").next().unwrap_or_default()
}

impl<E: ClosedEnum> Word<E> {
    fn read(text: &str) -> Option<Self> {
        E::iter().find(|value| value.to_value() == text).map(Self)
    }
}

impl<E: ClosedEnum> Type for Word<E> {
    const IS_REQUIRED: bool = true;

    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        Cow::Borrowed(schema_name::<E>())
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(schema_name::<E>().to_owned())
    }

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>(schema_name::<E>().to_owned(), |_| MetaSchema {
            description: description::<E>(),
            enum_items: spellings::<E>().into_iter().map(Value::String).collect(),
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

impl<E: ClosedEnum> ParseFromJSON for Word<E> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let value = value.unwrap_or_default();
        value.as_str().and_then(Self::read).ok_or_else(|| ParseError::custom(one_of::<E>()))
    }
}

impl<E: ClosedEnum> ParseFromParameter for Word<E> {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        Self::read(text).ok_or_else(|| ParseError::custom(one_of::<E>()))
    }
}

impl<E: ClosedEnum> ToJSON for Word<E> {
    fn to_json(&self) -> Option<Value> {
        Some(Value::String(self.0.to_value()))
    }
}

fn one_of<E: ClosedEnum>() -> String {
    format!("must be one of {}", spellings::<E>().join(", "))
}
