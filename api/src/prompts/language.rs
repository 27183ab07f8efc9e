//! Which of a prompt's languages a caller hears.

use entity::prompt_resource;

/// A BCP 47 tag as far as we use it: a language of two or three letters, and subtags of up to eight letters and digits.
pub fn is_tag(text: &str) -> bool {
    let mut subtags = text.split('-');
    let language = subtags.next().unwrap_or_default();
    text.len() <= 35
        && (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && subtags.all(|subtag| {
            (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

/// In this order: the tag that is asked for; the same language without a region, then in another region; the same for
/// the company's language; English; the first by tag. `resources` are ordered by language. `None` for an empty prompt.
pub fn choose<'a>(
    resources: &'a [prompt_resource::Model],
    asked: &str,
    company: &str,
) -> Option<&'a prompt_resource::Model> {
    let alike = |tag: &str| {
        let base = base(tag);
        resources
            .iter()
            .find(|resource| resource.language == tag)
            .or_else(|| resources.iter().find(|resource| resource.language == base))
            .or_else(|| resources.iter().find(|resource| self::base(&resource.language) == base))
    };
    alike(asked).or_else(|| alike(company)).or_else(|| alike("en-US")).or_else(|| resources.first())
}

fn base(tag: &str) -> &str {
    tag.split('-').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use entity::id::{CompanyId, PromptId};
    use uuid::Uuid;

    use super::*;

    fn in_languages(tags: &[&str]) -> Vec<prompt_resource::Model> {
        let resource = |tag: &&str| prompt_resource::Model {
            prompt_id: PromptId(Uuid::nil()),
            company_id: CompanyId(Uuid::nil()),
            language: (*tag).to_owned(),
            text: Some("text".to_owned()),
            audio_key: None,
            content_type: None,
            size_bytes: None,
            sha256: None,
            updated_at: "2026-03-02T12:00:00Z".parse().unwrap(),
        };
        tags.iter().map(resource).collect()
    }

    fn chosen(tags: &[&str], asked: &str, company: &str) -> Option<String> {
        choose(&in_languages(tags), asked, company).map(|resource| resource.language.clone())
    }

    #[test]
    fn the_language_falls_back_step_by_step() {
        let tags = ["de", "en-GB", "es", "es-MX", "fr-FR"];
        assert_eq!(chosen(&tags, "es-MX", "de-DE").as_deref(), Some("es-MX"));
        assert_eq!(chosen(&tags, "es-AR", "de-DE").as_deref(), Some("es"), "without a region");
        assert_eq!(chosen(&tags, "fr-CA", "de-DE").as_deref(), Some("fr-FR"), "in another region");
        assert_eq!(chosen(&tags, "it-IT", "de-DE").as_deref(), Some("de"), "the company's");
        assert_eq!(chosen(&tags, "it-IT", "pt-BR").as_deref(), Some("en-GB"), "English");
        assert_eq!(chosen(&["fr-FR", "ja-JP"], "it-IT", "pt-BR").as_deref(), Some("fr-FR"), "the first");
        assert_eq!(chosen(&[], "it-IT", "pt-BR"), None);
    }

    #[test]
    fn tags_are_told_from_other_words() {
        for tag in ["en", "es-419", "zh-Hant-TW", "yue-HK"] {
            assert!(is_tag(tag), "{tag}");
        }
        for other in ["", "e", "English", "en_US", "en-", "EN-us", "../x", "en-toolongsubtag"] {
            assert!(!is_tag(other), "{other}");
        }
    }
}
