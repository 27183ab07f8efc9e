//! The languages of Amazon Polly's voices: a voice here is named together with what it speaks.

const VOICES: [(&str, &[&str]); 36] = [
    ("arb", &["Zeina"]),
    ("ar-AE", &["Hala", "Zayd"]),
    ("ca-ES", &["Arlet"]),
    ("cmn-CN", &["Zhiyu"]),
    ("cs-CZ", &["Jitka"]),
    ("cy-GB", &["Gwyneth"]),
    ("da-DK", &["Naja", "Mads", "Sofie"]),
    ("de-AT", &["Hannah"]),
    ("de-CH", &["Sabrina"]),
    ("de-DE", &["Marlene", "Vicki", "Hans", "Daniel"]),
    ("en-AU", &["Nicole", "Olivia", "Russell"]),
    ("en-GB", &["Amy", "Emma", "Brian", "Arthur"]),
    ("en-IE", &["Niamh"]),
    ("en-IN", &["Aditi", "Raveena", "Kajal"]),
    ("en-NZ", &["Aria"]),
    (
        "en-US",
        &[
            "Ivy", "Joanna", "Kendra", "Kimberly", "Salli", "Joey", "Justin", "Kevin", "Matthew", "Danielle",
            "Gregory", "Ruth", "Stephen", "Tiffany",
        ],
    ),
    ("en-ZA", &["Ayanda"]),
    ("es-ES", &["Conchita", "Lucia", "Enrique", "Sergio"]),
    ("es-MX", &["Mia", "Andres"]),
    ("es-US", &["Lupe", "Penelope", "Miguel", "Pedro"]),
    ("fi-FI", &["Suvi"]),
    ("fr-BE", &["Isabelle"]),
    ("fr-CA", &["Chantal", "Gabrielle", "Liam"]),
    ("fr-FR", &["Celine", "Lea", "Mathieu", "Remi"]),
    ("is-IS", &["Dora", "Karl"]),
    ("it-IT", &["Carla", "Bianca", "Giorgio", "Adriano"]),
    ("ja-JP", &["Mizuki", "Takumi", "Kazuha", "Tomoko"]),
    ("ko-KR", &["Seoyeon", "Jihye"]),
    ("nb-NO", &["Liv", "Ida"]),
    ("nl-NL", &["Lotte", "Laura", "Ruben"]),
    ("pl-PL", &["Ewa", "Maja", "Jacek", "Jan", "Ola"]),
    ("pt-BR", &["Camila", "Vitoria", "Ricardo", "Thiago"]),
    ("pt-PT", &["Ines", "Cristiano"]),
    ("ro-RO", &["Carmen"]),
    ("ru-RU", &["Tatyana", "Maxim"]),
    ("sv-SE", &["Astrid", "Elin"]),
];

/// The language that a voice speaks.
pub(super) fn language_of(voice: &str) -> Option<&'static str> {
    VOICES.iter().find(|(_, voices)| voices.contains(&voice)).map(|(language, _)| *language)
}
