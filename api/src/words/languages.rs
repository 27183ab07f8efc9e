//! The languages that there are: the files of `api/languages`, each of which is one. They are in the binary, and are read
//! when the first word is said.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// By the names of the files.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/languages.rs"));
/// What is spoken where nothing else is.
const DEFAULT: &str = "en";

static TONGUES: LazyLock<Vec<Tongue>> = LazyLock::new(|| {
    let read = |(name, text): &(&str, &str)| {
        Tongue::read(text).unwrap_or_else(|problem| panic!("languages/{name}.toml: {problem}"))
    };
    FILES.iter().map(read).collect()
});

/// A language with all its texts.
#[derive(Debug, PartialEq, Eq)]
pub struct Tongue {
    /// By their keys, as `line.on_hold`.
    texts: BTreeMap<String, String>,
}

impl Tongue {
    fn read(text: &str) -> Result<Self, String> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
        let mut texts = BTreeMap::new();
        flatten("", table, &mut texts)?;
        for key in ["tag", "voice", "name", "english_name"] {
            if !texts.contains_key(&format!("language.{key}")) {
                return Err(format!("[language] has no {key}"));
            }
        }
        Ok(Self { texts })
    }

    /// Every language, by its tag.
    pub fn all() -> &'static [Self] {
        &TONGUES
    }

    /// The one with this tag of a language alone.
    pub fn of(tag: &str) -> Option<&'static Self> {
        Self::all().iter().find(|tongue| tongue.tag().eq_ignore_ascii_case(tag))
    }

    pub fn english() -> &'static Self {
        Self::of(DEFAULT).expect("English is a file")
    }

    /// BCP 47, of the language alone.
    pub fn tag(&self) -> &str {
        &self.texts["language.tag"]
    }

    /// BCP 47, for who reads it aloud.
    pub fn voice(&self) -> &str {
        &self.texts["language.voice"]
    }

    /// As its speakers call it.
    pub fn name(&self) -> &str {
        &self.texts["language.name"]
    }

    pub fn english_name(&self) -> &str {
        &self.texts["language.english_name"]
    }

    /// What this language itself says for the key.
    pub fn own(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(String::as_str)
    }

    /// Whether it has texts whose keys begin so.
    pub fn has(&self, chapter: &str) -> bool {
        self.texts.range(chapter.to_owned()..).next().is_some_and(|(key, _)| key.starts_with(chapter))
    }
}

fn flatten(above: &str, table: toml::Table, texts: &mut BTreeMap<String, String>) -> Result<(), String> {
    for (name, value) in table {
        let key = if above.is_empty() { name } else { format!("{above}.{name}") };
        match value {
            toml::Value::String(text) => drop(texts.insert(key, text)),
            toml::Value::Table(below) => flatten(&key, below, texts)?,
            toml::Value::Integer(_)
            | toml::Value::Float(_)
            | toml::Value::Boolean(_)
            | toml::Value::Datetime(_)
            | toml::Value::Array(_) => return Err(format!("{key} is no text")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::error::Code;

    /// The words in braces.
    fn blanks(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|behind| behind.split_once('}')).map(|(name, _)| name).collect()
    }

    fn keys(tongue: &Tongue, of_errors: bool) -> BTreeSet<&str> {
        tongue.texts.keys().map(String::as_str).filter(|key| key.starts_with("error.") == of_errors).collect()
    }

    #[test]
    fn every_language_says_everything_with_the_same_words_to_fill_in() {
        let english = Tongue::english();
        for tongue in Tongue::all() {
            assert_eq!(keys(tongue, false), keys(english, false), "{}", tongue.tag());
            for (key, text) in &tongue.texts {
                assert!(!text.trim().is_empty() && text.trim() == text, "{} {key}", tongue.tag());
                if let Some(known) = english.own(key) {
                    assert_eq!(blanks(text), blanks(known), "{} {key}", tongue.tag());
                }
            }
        }
    }

    #[test]
    fn every_other_language_has_a_sentence_for_each_code_of_a_refusal() {
        let codes: BTreeSet<_> = Code::ALL.iter().map(|code| format!("error.{code}")).collect();
        let codes: BTreeSet<_> = codes.iter().map(String::as_str).collect();
        let others: Vec<_> = Tongue::all().iter().filter(|tongue| tongue.tag() != DEFAULT).collect();
        assert!(others.len() >= 3);
        for tongue in others {
            let own = keys(tongue, true);
            let missing: Vec<_> = codes.difference(&own).collect();
            let unknown: Vec<_> = own.difference(&codes).collect();
            assert!(missing.is_empty(), "languages/{}.toml lacks {missing:?}", tongue.tag());
            assert!(
                unknown.is_empty(),
                "languages/{}.toml has {unknown:?}, which are no codes",
                tongue.tag()
            );
        }
        assert!(keys(Tongue::english(), true).is_empty(), "English messages stand in the code");
    }

    #[test]
    fn a_file_is_named_as_its_language() {
        for ((name, _), tongue) in FILES.iter().zip(Tongue::all()) {
            assert_eq!(*name, tongue.tag());
        }
        assert!(Tongue::of("DE").is_some() && Tongue::of("xx").is_none());
    }

    #[test]
    fn what_is_no_language_says_why() {
        assert!(Tongue::read("[language]\ntag = \"eo\"").unwrap_err().contains("voice"));
        assert!(Tongue::read("[line]\non_hold = 3").unwrap_err().contains("line.on_hold"));
    }
}
