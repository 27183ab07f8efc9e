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

    /// Said after an answer that was none.
    pub(crate) fn not_understood(self) -> &'static str {
        match self {
            Self::English => "Sorry, that was not understood.",
            Self::Spanish => "Lo siento, no se ha entendido.",
            Self::French => "Désolé, nous n'avons pas compris.",
            Self::German => "Das wurde leider nicht verstanden.",
        }
    }

    /// Reads a number out, and asks whether it is the right one to call back.
    pub(crate) fn confirm_number(self, number: &str) -> String {
        let spaced: Vec<String> = number.chars().filter(char::is_ascii_digit).map(String::from).collect();
        let number = spaced.join(" ");
        match self {
            Self::English => {
                format!(
                    "We will call you back at {number}. To confirm, press 1. For another number, press 2."
                )
            }
            Self::Spanish => {
                format!("Le llamaremos al {number}. Para confirmar, pulse 1. Para otro número, pulse 2.")
            }
            Self::French => format!(
                "Nous vous rappellerons au {number}. Pour confirmer, appuyez sur 1. Pour un autre numéro, appuyez sur 2."
            ),
            Self::German => format!(
                "Wir rufen Sie unter {number} zurück. Zum Bestätigen drücken Sie die 1, für eine andere Nummer die 2."
            ),
        }
    }

    /// Asks for a number to call back.
    pub(crate) fn which_number(self) -> &'static str {
        match self {
            Self::English => {
                "Please enter the number that we should call, with its area code, and press the hash key."
            }
            Self::Spanish => {
                "Marque el número al que debemos llamar, con su prefijo, y pulse la tecla almohadilla."
            }
            Self::French => {
                "Composez le numéro auquel nous devons vous rappeler, avec son indicatif, puis appuyez sur dièse."
            }
            Self::German => {
                "Bitte geben Sie die Nummer mit Vorwahl ein, unter der wir Sie anrufen sollen, und drücken Sie die Raute."
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
