//! What people call their files. A name is shown and sent as the name of a download; nothing is found or kept by it.

use crate::outbound::percent_encode;

/// Characters that are kept of a name.
const LONGEST: usize = 200;

/// The name without the folders before it and without what cannot be seen; `None` when nothing is left.
pub fn plain(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_seen = |c: &char| {
        !c.is_control()
            && !matches!(*c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let name: String = last.chars().filter(is_seen).take(LONGEST).collect();
    let name = name.trim().trim_matches('.').trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// `Content-Disposition` (RFC 6266): `how`, with the name for old clients and in UTF-8.
pub fn disposition(how: &str, name: Option<&str>) -> String {
    let Some(name) = name else { return how.to_owned() };
    let harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '-' | '_' | '(' | ')');
    let old: String = name.chars().map(|c| if harmless(c) { c } else { '_' }).collect();
    if old == name {
        format!("{how}; filename=\"{old}\"")
    } else {
        format!("{how}; filename=\"{old}\"; filename*=UTF-8''{}", percent_encode(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_and_hides_nothing() {
        assert_eq!(plain("../../etc/passwd").as_deref(), Some("passwd"));
        assert_eq!(plain("C:\\Users\\ann\\photo.jpg").as_deref(), Some("photo.jpg"));
        assert_eq!(plain("a\r\nSet-Cookie: x\0.txt").as_deref(), Some("aSet-Cookie: x.txt"));
        assert_eq!(plain("invoice\u{202e}gpj.exe").as_deref(), Some("invoicegpj.exe"));
        assert_eq!(plain(&"x".repeat(1000)).unwrap().len(), LONGEST);
        for nothing in ["", "  ", "..", "/", "\u{200b}"] {
            assert_eq!(plain(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn a_name_cannot_leave_its_header() {
        assert_eq!(disposition("inline", None), "inline");
        assert_eq!(disposition("attachment", Some("a (1).pdf")), "attachment; filename=\"a (1).pdf\"");
        assert_eq!(
            disposition("attachment", Some("Zoë\"; x=\"y.pdf")),
            "attachment; filename=\"Zo___ x__y.pdf\"; filename*=UTF-8''Zo%C3%AB%22%3B%20x%3D%22y.pdf"
        );
    }
}
