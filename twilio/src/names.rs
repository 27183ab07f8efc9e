//! Enums that are words on the wire.
//!
//! Owns the two ways in which a set of words becomes an enum. Use an open set for what Twilio sends, which may grow
//! without notice, and a closed one for what we send.

/// A set of words that Twilio may add to: what is not known becomes `Other`, and is written back as it came.
macro_rules! open_names {
    ($(#[$meta:meta])* pub enum $Name:ident { $($(#[$doc:meta])* $Variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum $Name {
            $($(#[$doc])* $Variant,)+
            /// A word that this library does not know.
            Other(String),
        }

        impl $Name {
            /// Every member that has a name here.
            pub const KNOWN: &'static [Self] = &[$(Self::$Variant),+];

            /// The word on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$Variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $Name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$Variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl From<String> for $Name {
            fn from(word: String) -> Self {
                Self::from(word.as_str())
            }
        }

        impl From<$Name> for String {
            fn from(name: $Name) -> Self {
                name.as_str().to_owned()
            }
        }

        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

/// A set of words that we choose from.
macro_rules! closed_names {
    ($(#[$meta:meta])* pub enum $Name:ident { $($(#[$doc:meta])* $Variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $Name {
            $($(#[$doc])* $Variant,)+
        }

        impl $Name {
            /// Every member.
            pub const ALL: &'static [Self] = &[$(Self::$Variant),+];

            /// The word on the wire.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$Variant => $word,)+
                }
            }
        }

        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
