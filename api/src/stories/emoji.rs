//! What counts as one emoji: the grammar that UTS #51 gives for scanners (section 1.4.9, "EBNF and Regex"), of which a text has
//! to be one whole. Half a flag and a plain digit, which Unicode counts among emoji, are none.

use std::sync::LazyLock;

use regex::Regex;

/// So many bytes has no emoji that anybody draws: the longest, a family or a flag by tags, has fewer than 50.
const LONGEST: usize = 80;

static ONE: LazyLock<Regex> = LazyLock::new(|| {
    let sign = r"[\p{Emoji}--[\p{Regional_Indicator}0-9#*]]";
    let element =
        format!(r"{sign}(?:\p{{Emoji_Modifier}}|\x{{FE0F}}|[\x{{E0020}}-\x{{E007E}}]+\x{{E007F}})?");
    let (flag, key) = (r"\p{Regional_Indicator}{2}", r"[0-9#*]\x{FE0F}?\x{20E3}");
    Regex::new(&format!(r"\A(?:{flag}|{key}|{element}(?:\x{{200D}}{element})*)\z")).expect("a pattern")
});

pub fn is_one(text: &str) -> bool {
    text.len() <= LONGEST && ONE.is_match(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_emoji_is_one_however_it_is_made_up() {
        for emoji in ["👍", "❤", "❤️", "👍🏽", "🇩🇪", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "#⃣", "🏳️‍🌈", "©️", "❤️‍🔥"]
        {
            assert!(is_one(emoji), "{emoji}");
        }
    }

    #[test]
    fn texts_and_several_are_none() {
        let long = "👍\u{200D}".repeat(30) + "👍";
        for text in [
            "",
            " ",
            "1",
            "#",
            "a",
            "ok",
            ":)",
            "👍👍",
            "👍 ",
            "🇩",
            "🇩🇪🇫🇷",
            "é",
            "你",
            "\u{200D}",
            "\u{FE0F}",
            "1\u{FE0F}",
            &long,
        ] {
            assert!(!is_one(text), "{text:?}");
        }
    }
}
