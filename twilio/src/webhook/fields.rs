//! How a request becomes a type and a type becomes a request again.
//!
//! Owns the reading of single values and the macro that declares a request. Reading is lenient: an optional value
//! that is empty or does not parse is absent, and its pair stays among the request's other parameters, so that nothing
//! is lost on the way there and back.

use chrono::{DateTime, Utc};

/// One value of a parameter.
pub(super) trait Field: Sized {
    /// `None` when `text`, which is never empty, is no such value.
    fn read(text: &str) -> Option<Self>;
    fn write(&self) -> String;
}

impl Field for String {
    fn read(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }

    fn write(&self) -> String {
        self.clone()
    }
}

impl Field for u32 {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

impl Field for f64 {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number: &f64| number.is_finite())
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

impl Field for bool {
    fn read(text: &str) -> Option<Self> {
        text.to_ascii_lowercase().parse().ok()
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

/// RFC 2822 in whole seconds, as Twilio writes it.
impl Field for DateTime<Utc> {
    fn read(text: &str) -> Option<Self> {
        crate::moment::read(text)
    }

    fn write(&self) -> String {
        crate::moment::write(self)
    }
}

/// Lets enums of words be fields.
macro_rules! word_fields {
    ($($Name:ty),+ $(,)?) => {
        $(impl crate::webhook::fields::Field for $Name {
            fn read(text: &str) -> Option<Self> {
                Some(Self::from(text))
            }

            fn write(&self) -> String {
                self.as_str().to_owned()
            }
        })+
    };
}

/// Declares a request: fields that must be there, then fields that may be, each with the name of its parameter.
macro_rules! request {
    (
        $(#[$meta:meta])*
        pub struct $Name:ident {
            $($(#[$required_doc:meta])* pub $required:ident: $Required:ty = $required_name:literal,)*
            --
            $($(#[$optional_doc:meta])* pub $optional:ident: $Optional:ty = $optional_name:literal,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $Name {
            $($(#[$required_doc])* pub $required: $Required,)*
            $($(#[$optional_doc])* pub $optional: Option<$Optional>,)*
            /// Every pair that is in none of the fields above, in the order in which it came.
            pub other: $crate::webhook::Params,
        }

        impl $Name {
            /// A request with what it must have, and nothing else.
            pub fn new($($required: impl Into<$Required>),*) -> Self {
                Self {
                    $($required: $required.into(),)*
                    $($optional: None,)*
                    other: $crate::webhook::Params::new(),
                }
            }

            /// Reads a request. Fails only where a parameter is missing without which it has no meaning.
            pub fn from_params(
                params: &$crate::webhook::Params,
            ) -> Result<Self, $crate::webhook::MissingParameter> {
                let mut taken: Vec<&'static str> = Vec::new();
                $(let $required = $crate::webhook::fields::take(params, $required_name, &mut taken)
                    .ok_or($crate::webhook::MissingParameter($required_name))?;)*
                $(let $optional = $crate::webhook::fields::take(params, $optional_name, &mut taken);)*
                let other = $crate::webhook::fields::rest(params, taken);
                Ok(Self { $($required,)* $($optional,)* other })
            }

            /// The request as parameters: the fields in the order in which they are declared, then the others.
            pub fn to_params(&self) -> $crate::webhook::Params {
                let mut params = $crate::webhook::Params::new();
                $(params.push($required_name, $crate::webhook::fields::Field::write(&self.$required));)*
                $(if let Some(value) = &self.$optional {
                    params.push($optional_name, $crate::webhook::fields::Field::write(value));
                })*
                for (name, value) in self.other.pairs() {
                    params.push(name, value);
                }
                params
            }
        }
    };
}

pub(super) use {request, word_fields};

use super::Params;

/// Reads the first value of `name` and notes that it was taken.
pub(super) fn take<T: Field>(
    params: &Params,
    name: &'static str,
    taken: &mut Vec<&'static str>,
) -> Option<T> {
    let value = params.get(name).filter(|text| !text.is_empty()).and_then(T::read)?;
    taken.push(name);
    Some(value)
}

/// What was not taken. Of a repeated name only the first pair is taken.
pub(super) fn rest(params: &Params, mut taken: Vec<&'static str>) -> Params {
    let kept = params.pairs().iter().filter(|(name, _)| match taken.iter().position(|other| other == name) {
        Some(at) => {
            taken.swap_remove(at);
            false
        }
        None => true,
    });
    kept.cloned().collect()
}
