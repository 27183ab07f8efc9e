//! How a request's parameters become methods.

/// Declares the parameters of a request, one method each, as `twiml`'s attributes: `text`, `number`, `one`, `on`, `off`;
/// `many` writes its name once for each word.
macro_rules! form {
    ($Type:ident { $($(#[$doc:meta])* $kind:ident $method:ident $(: $Word:ty)? = $name:literal;)* }) => {
        impl $Type {
            $($crate::rest::form::form!(@$kind [$(#[$doc])*] $method [$($Word)?] $name);)*

            /// The request as it is sent.
            pub fn params(&self) -> &$crate::webhook::Params {
                &self.0
            }
        }
    };
    (@text [$($doc:tt)*] $method:ident [] $name:literal) => {
        $($doc)*
        #[must_use]
        pub fn $method(mut self, value: impl Into<String>) -> Self {
            self.0.set($name, value);
            self
        }
    };
    (@number [$($doc:tt)*] $method:ident [] $name:literal) => {
        $($doc)*
        #[must_use]
        pub fn $method(mut self, value: u32) -> Self {
            self.0.set($name, value.to_string());
            self
        }
    };
    (@one [$($doc:tt)*] $method:ident [$Word:ty] $name:literal) => {
        $($doc)*
        #[must_use]
        pub fn $method(mut self, value: $Word) -> Self {
            self.0.set($name, value.as_str());
            self
        }
    };
    (@many [$($doc:tt)*] $method:ident [$Word:ty] $name:literal) => {
        $($doc)*
        #[must_use]
        pub fn $method(mut self, values: impl IntoIterator<Item = $Word>) -> Self {
            self.0.remove($name);
            for value in values {
                self.0.push($name, value.as_str());
            }
            self
        }
    };
    (@on [$($doc:tt)*] $method:ident [] $name:literal) => {
        $($doc)*
        #[must_use]
        pub fn $method(mut self) -> Self {
            self.0.set($name, "true");
            self
        }
    };
    (@off [$($doc:tt)*] $method:ident [] $name:literal) => {
        $($doc)*
        #[must_use]
        pub fn $method(mut self) -> Self {
            self.0.set($name, "false");
            self
        }
    };
}

pub(super) use form;
