//! What we ourselves say to callers and agents on the line, in the languages that we speak. Flows bring their own words.

use std::time::Duration;

use twilio::twiml::Say;

mod why;

pub(crate) use why::{GoesFirst, Standing};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    English,
    Spanish,
    French,
    German,
}

impl Language {
    /// The one that we speak of this BCP 47 tag, whose capitals do not matter.
    fn of(tag: &str) -> Option<Self> {
        match tag.split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "en" => Some(Self::English),
            "es" => Some(Self::Spanish),
            "fr" => Some(Self::French),
            "de" => Some(Self::German),
            _ => None,
        }
    }

    /// The tag of the language alone.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
            Self::French => "fr",
            Self::German => "de",
        }
    }
}

/// Words in one language; English where we do not speak the one that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words(Language);

impl Words {
    /// By BCP 47 tag; only the language of it counts.
    pub fn of(tag: &str) -> Self {
        Self(Language::of(tag).unwrap_or(Language::English))
    }

    /// The first that we speak of those that a browser would rather have (Accept-Language, RFC 9110, section 12.5.4).
    pub fn accepted(header: &str) -> Self {
        let weighted = |choice: &str| {
            let (tag, parameters) = choice.split_once(';').unwrap_or((choice, ""));
            let weight = match parameters.trim().strip_prefix("q=") {
                Some(weight) => weight.trim().parse::<f32>().ok()?,
                None => 1.0,
            };
            Language::of(tag.trim()).filter(|_| weight > 0.0).map(|language| (language, weight))
        };
        let mut best: Option<(Language, f32)> = None;
        for (language, weight) in header.split(',').filter_map(weighted) {
            if best.is_none_or(|(_, most)| weight > most) {
                best = Some((language, weight));
            }
        }
        Self(best.map_or(Language::English, |(language, _)| language))
    }

    pub fn language(&self) -> Language {
        self.0
    }

    pub fn say(&self, text: String) -> Say {
        Say::new(text).language(self.tag())
    }

    /// BCP 47, of the words.
    pub fn tag(&self) -> &'static str {
        match self.0 {
            Language::English => "en-US",
            Language::Spanish => "es-ES",
            Language::French => "fr-FR",
            Language::German => "de-DE",
        }
    }

    pub fn recording_notice(&self) -> String {
        match self.0 {
            Language::English => "This call is being recorded.",
            Language::Spanish => "Esta llamada está siendo grabada.",
            Language::French => "Cet appel est enregistré.",
            Language::German => "Dieses Gespräch wird aufgezeichnet.",
        }
        .to_owned()
    }

    pub fn not_in_service(&self) -> String {
        match self.0 {
            Language::English => "The number you have dialed is not in service. Goodbye.",
            Language::Spanish => "El número que ha marcado no está en servicio. Adiós.",
            Language::French => "Le numéro que vous avez composé n'est pas en service. Au revoir.",
            Language::German => "Die gewählte Nummer ist nicht vergeben. Auf Wiederhören.",
        }
        .to_owned()
    }

    pub fn apology(&self) -> String {
        match self.0 {
            Language::English => "We are sorry, something went wrong on our side. Please call again later.",
            Language::Spanish => "Lo sentimos, ha ocurrido un error. Por favor, llame más tarde.",
            Language::French => {
                "Nous sommes désolés, une erreur s'est produite. Veuillez rappeler plus tard."
            }
            Language::German => {
                "Es tut uns leid, bei uns ist ein Fehler aufgetreten. Bitte rufen Sie später wieder an."
            }
        }
        .to_owned()
    }

    /// `position` counts from 1.
    pub fn position(&self, position: u64) -> String {
        match self.0 {
            Language::English => format!("You are number {position} in line."),
            Language::Spanish => format!("Usted es el número {position} en la cola."),
            Language::French => format!("Vous êtes numéro {position} dans la file d'attente."),
            Language::German => format!("Sie sind Nummer {position} in der Warteschlange."),
        }
    }

    /// Rounded up to whole minutes.
    pub fn expected_wait(&self, wait: Duration) -> String {
        let minutes = wait.as_secs().div_ceil(60).max(1);
        match (self.0, minutes) {
            (Language::English, 1) => "The expected wait is about one minute.".to_owned(),
            (Language::English, _) => format!("The expected wait is about {minutes} minutes."),
            (Language::Spanish, 1) => "La espera estimada es de un minuto.".to_owned(),
            (Language::Spanish, _) => format!("La espera estimada es de unos {minutes} minutos."),
            (Language::French, 1) => "L'attente estimée est d'environ une minute.".to_owned(),
            (Language::French, _) => format!("L'attente estimée est d'environ {minutes} minutes."),
            (Language::German, 1) => "Die Wartezeit beträgt etwa eine Minute.".to_owned(),
            (Language::German, _) => format!("Die Wartezeit beträgt etwa {minutes} Minuten."),
        }
    }

    pub fn leave_a_message(&self) -> String {
        match self.0 {
            Language::English => "Nobody can take your call now. Please leave a message after the tone.",
            Language::Spanish => "Nadie puede atender su llamada ahora. Deje un mensaje después de la señal.",
            Language::French => "Personne ne peut prendre votre appel. Laissez un message après le signal.",
            Language::German => {
                "Im Moment kann niemand Ihren Anruf annehmen. Bitte hinterlassen Sie nach dem Ton eine Nachricht."
            }
        }
        .to_owned()
    }

    pub fn press_one(&self, queue: &str) -> String {
        match self.0 {
            Language::English => format!("A call for {queue}. Press 1 to take it."),
            Language::Spanish => format!("Una llamada para {queue}. Pulse 1 para aceptarla."),
            Language::French => format!("Un appel pour {queue}. Appuyez sur 1 pour le prendre."),
            Language::German => format!("Ein Anruf für {queue}. Drücken Sie 1, um ihn anzunehmen."),
        }
    }

    /// To an agent at a number who wants to call out: a mailbox presses nothing.
    pub fn press_one_to_call(&self) -> String {
        match self.0 {
            Language::English => "Press 1 to make your call.",
            Language::Spanish => "Pulse 1 para hacer su llamada.",
            Language::French => "Appuyez sur 1 pour passer votre appel.",
            Language::German => "Drücken Sie 1, um Ihren Anruf zu beginnen.",
        }
        .to_owned()
    }

    pub fn on_hold(&self) -> String {
        match self.0 {
            Language::English => "Please hold the line.",
            Language::Spanish => "Por favor, permanezca en línea.",
            Language::French => "Veuillez rester en ligne.",
            Language::German => "Bitte bleiben Sie am Apparat.",
        }
        .to_owned()
    }

    /// For a supervisor.
    pub fn between_agents(&self) -> String {
        match self.0 {
            Language::English => "The caller waits for the next agent.",
            Language::Spanish => "La persona que llama espera al siguiente agente.",
            Language::French => "L'appelant attend le prochain agent.",
            Language::German => "Der Anrufer wartet auf den nächsten Agenten.",
        }
        .to_owned()
    }

    pub fn too_late(&self) -> String {
        match self.0 {
            Language::English => "This call has already been taken. Goodbye.",
            Language::Spanish => "Esta llamada ya ha sido atendida. Adiós.",
            Language::French => "Cet appel a déjà été pris. Au revoir.",
            Language::German => "Dieser Anruf wurde bereits angenommen. Auf Wiederhören.",
        }
        .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up_and_never_zero() {
        let words = Words::of("en-GB");
        assert_eq!(words.expected_wait(Duration::from_secs(0)), "The expected wait is about one minute.");
        assert_eq!(words.expected_wait(Duration::from_secs(61)), "The expected wait is about 2 minutes.");
    }

    #[test]
    fn a_language_that_we_do_not_speak_is_english() {
        assert_eq!(Words::of("xx"), Words::of("en"));
        assert_ne!(Words::of("de-AT"), Words::of("en"));
    }

    #[test]
    fn of_the_accepted_languages_the_dearest_that_we_speak_is_spoken() {
        for (header, spoken) in [
            ("", "en"),
            ("pt-BR,pt", "en"),
            ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7", "fr"),
            ("pt, en;q=0.5, DE;q=0.7", "de"),
            ("es;q=0, en;q=0.1", "en"),
            ("es;q=much, de;q=0.1", "de"),
        ] {
            assert_eq!(Words::accepted(header).language().tag(), spoken, "{header}");
        }
    }
}
