//! How a value stands in a line: pure, byte for byte what PostgreSQL makes by [`super::copy`].

use entity::ExportFormat;

use super::columns::{Column, Kind};

/// With which a spreadsheet begins a formula, the full-width ones of East Asian keyboards too.
pub const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A whole line, of the values of all columns in their order.
pub fn row(line: &mut Vec<u8>, format: ExportFormat, columns: &[Column], values: &[Option<String>]) {
    for (place, (column, value)) in columns.iter().zip(values).enumerate() {
        match format {
            ExportFormat::Csv => {
                line.extend((place > 0).then_some(b','));
                cell(line, column.kind, value.as_deref());
            }
            ExportFormat::Ndjson => {
                line.extend_from_slice(if place > 0 { b",\"" } else { b"{\"" });
                line.extend_from_slice(column.name.as_bytes());
                line.extend_from_slice(b"\":");
                json(line, column.kind, value.as_deref());
            }
        }
    }
    line.extend_from_slice(match format {
        ExportFormat::Csv => b"\r\n",
        ExportFormat::Ndjson => b"}\n",
    });
}

/// A cell of CSV (RFC 4180). `None` is nothing, and the empty text is `""`.
pub fn cell(line: &mut Vec<u8>, kind: Kind, value: Option<&str>) {
    let Some(value) = value else { return };
    let defused = match kind {
        Kind::Text => is_formula(value),
        Kind::Address => !is_number(value) && is_formula(value),
        Kind::Id | Kind::Word | Kind::Number | Kind::Time | Kind::Json => false,
    };
    let plain = !value.is_empty() && !value.bytes().any(|byte| matches!(byte, b'"' | b',' | b'\r' | b'\n'));
    if plain {
        line.extend(defused.then_some(b'\''));
        line.extend_from_slice(value.as_bytes());
        return;
    }
    line.push(b'"');
    line.extend(defused.then_some(b'\''));
    for part in value.split_inclusive('"') {
        line.extend_from_slice(part.as_bytes());
        if part.ends_with('"') {
            line.push(b'"');
        }
    }
    line.push(b'"');
}

/// Apostrophes before it count as nothing, so that taking one away from what begins like this gives every text back.
pub fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA)
}

/// E.164: a plus and digits, which as a formula is the number itself.
fn is_number(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A value of JSON.
pub fn json(line: &mut Vec<u8>, kind: Kind, value: Option<&str>) {
    match (kind, value) {
        (_, None) => line.extend_from_slice(b"null"),
        (Kind::Number | Kind::Json, Some(value)) => line.extend_from_slice(value.as_bytes()),
        (Kind::Id | Kind::Word | Kind::Time | Kind::Text | Kind::Address, Some(value)) => {
            // Writing to memory does not fail.
            let _ = serde_json::to_writer(line, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(kind: Kind, value: &str) -> String {
        let mut line = Vec::new();
        cell(&mut line, kind, Some(value));
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn a_cell_is_quoted_where_the_format_needs_it() {
        for (value, cell) in [
            ("plain", "plain"),
            ("", "\"\""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("\"", "\"\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("Zoë 漢字", "Zoë 漢字"),
        ] {
            assert_eq!(csv(Kind::Text, value), cell);
        }
        let mut nothing = Vec::new();
        cell(&mut nothing, Kind::Text, None);
        assert!(nothing.is_empty());
    }

    #[test]
    fn what_begins_like_a_formula_is_defused_and_can_be_undone() {
        let undo = |cell: &str| {
            if is_formula(cell) {
                cell.strip_prefix('\'').unwrap_or(cell).to_owned()
            } else {
                cell.to_owned()
            }
        };
        for value in [
            "=1+1", "+1 555", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1", "''-", "'t Hooft", "a=b", "",
            "'",
        ] {
            let mut line = Vec::new();
            cell(&mut line, Kind::Text, Some(value));
            let cell = String::from_utf8(line).unwrap();
            let cell = cell.strip_prefix('"').and_then(|cell| cell.strip_suffix('"')).unwrap_or(&cell);
            assert!(!cell.starts_with(FORMULA), "{value:?} became {cell:?}");
            assert_eq!(undo(cell), value);
        }
        assert_eq!(csv(Kind::Text, "=1,2"), "\"'=1,2\"");
        assert_eq!(csv(Kind::Text, "'t Hooft"), "'t Hooft");
    }

    #[test]
    fn a_phone_number_is_data_and_any_other_address_is_text() {
        assert_eq!(csv(Kind::Address, "+4930123456"), "+4930123456");
        assert_eq!(csv(Kind::Address, "+1+1"), "'+1+1");
        assert_eq!(csv(Kind::Address, "=cmd()"), "'=cmd()");
        assert_eq!(csv(Kind::Address, "client:anna"), "client:anna");
    }

    #[test]
    fn json_says_what_was_there() {
        let said = |kind, value| {
            let mut line = Vec::new();
            json(&mut line, kind, value);
            String::from_utf8(line).unwrap()
        };
        assert_eq!(said(Kind::Text, Some("=1 \"a\"\n")), r#""=1 \"a\"\n""#);
        assert_eq!(said(Kind::Number, Some("12")), "12");
        assert_eq!(said(Kind::Json, Some(r#"{"a":1}"#)), r#"{"a":1}"#);
        assert_eq!(said(Kind::Json, None), "null");
    }
}
