//! Words without accents and case: how columns hold them by which people, contacts and messages are found.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Without accents, case and ligatures.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.nfkd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase) {
        match letter {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            'ø' => folded.push('o'),
            'đ' | 'ð' => folded.push('d'),
            'ł' => folded.push('l'),
            'ħ' => folded.push('h'),
            'ı' => folded.push('i'),
            other => folded.push(other),
        }
    }
    folded
}

/// In small letters, with umlauts as they are written where there are none.
pub fn spelt(text: &str) -> String {
    let text = text.nfc().collect::<String>().to_lowercase();
    text.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue").replace('å', "aa")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_and_ligatures_do_not_count() {
        for (written, folded) in [
            ("Zoë Özil", "zoe ozil"),
            ("STRAẞE Straße", "strasse strasse"),
            ("Łukasz Đorđe Ægir", "lukasz dorde aegir"),
            ("İstanbul ısı", "istanbul isi"),
            ("Ａｎｎ", "ann"),
            ("Ἀθήνα", "αθηνα"),
        ] {
            assert_eq!(fold(written), folded, "{written}");
        }
    }
}
