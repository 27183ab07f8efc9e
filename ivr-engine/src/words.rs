//! The few sentences that the engine itself says, for when a flow has none, and the spoken digits.

/// The languages that the engine can speak by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    English,
    Spanish,
    French,
    German,
}

impl Speaks {
    /// By the first subtag of a BCP 47 tag; English for all languages that are not built in.
    pub(crate) fn of(tag: &str) -> Self {
        let primary = tag.split('-').next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "es" => Self::Spanish,
            "fr" => Self::French,
            "de" => Self::German,
            _ => Self::English,
        }
    }

    /// The tag to say the engine's own sentences with: the flow's, unless they would be read with a foreign accent.
    pub(crate) fn tag(self, flow: &str) -> String {
        let primary = flow.split('-').next().unwrap_or_default();
        match self {
            Self::English if !primary.eq_ignore_ascii_case("en") => "en-US".to_owned(),
            Self::English | Self::Spanish | Self::French | Self::German => flow.to_owned(),
        }
    }

    /// Said when a flow is broken.
    pub(crate) fn apology(self) -> &'static str {
        match self {
            Self::English => "We are sorry, a technical problem has occurred. Please call again later.",
            Self::Spanish => {
                "Lo sentimos, se ha producido un problema técnico. Por favor, llame de nuevo más tarde."
            }
            Self::French => {
                "Nous sommes désolés, un problème technique est survenu. Veuillez rappeler plus tard."
            }
            Self::German => {
                "Es tut uns leid, ein technisches Problem ist aufgetreten. Bitte rufen Sie später wieder an."
            }
        }
    }

    /// Said when nobody could take the call in time and the flow does not say what then.
    pub(crate) fn nobody_free(self) -> &'static str {
        match self {
            Self::English => "We are sorry, nobody is free to take your call. Please call again later.",
            Self::Spanish => {
                "Lo sentimos, no hay nadie disponible para atender su llamada. Por favor, llame de nuevo más tarde."
            }
            Self::French => {
                "Nous sommes désolés, personne n'est disponible pour prendre votre appel. Veuillez rappeler plus tard."
            }
            Self::German => {
                "Es tut uns leid, im Moment ist niemand für Sie frei. Bitte rufen Sie später wieder an."
            }
        }
    }

    /// Zero to nine, as one says them; already lower-case.
    pub(crate) fn digits(self) -> [&'static str; 10] {
        match self {
            Self::English => ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
            Self::Spanish => {
                ["cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"]
            }
            Self::French => ["zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"],
            Self::German => {
                ["null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"]
            }
        }
    }
}
