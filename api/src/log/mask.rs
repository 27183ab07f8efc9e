//! Phone numbers in what is logged: `+493012345001` becomes `+49…001`, also within an address (`%2B49…`). A number is
//! known by its plus, as it is kept and sent everywhere here (E.164); a caller's number without one is in no row.

use std::borrow::Cow;
use std::io::{Result, Write};

use tracing_subscriber::fmt::MakeWriter;

/// A plus as it stands in texts and in addresses.
const PLUSES: [&str; 3] = ["+", "%2B", "%2b"];
/// No number has fewer digits, and what has fewer is an offset or a sum.
const FEWEST_DIGITS: usize = 8;
/// Digits that are left in front, where the country is, and at the end, by which two numbers are told apart.
const LEFT_IN_FRONT: usize = 2;
const LEFT_AT_THE_END: usize = 3;

/// The text without whole numbers.
pub fn mask(text: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut rest = text;
    while let Some((at, plus)) = next_plus(rest) {
        let digits = &rest[at + plus..];
        let count = digits.bytes().take_while(u8::is_ascii_digit).count();
        let behind = at + plus + count;
        if count < FEWEST_DIGITS {
            masked.push_str(&rest[..behind]);
        } else {
            masked.push_str(&rest[..at + plus + LEFT_IN_FRONT]);
            masked.push('…');
            masked.push_str(&rest[behind - LEFT_AT_THE_END..behind]);
        }
        rest = &rest[behind..];
    }
    if masked.is_empty() {
        return Cow::Borrowed(text);
    }
    masked.push_str(rest);
    Cow::Owned(masked)
}

/// Where the next plus is, in bytes, and how long.
fn next_plus(text: &str) -> Option<(usize, usize)> {
    PLUSES.iter().filter_map(|plus| text.find(plus).map(|at| (at, plus.len()))).min()
}

/// Writes lines without whole numbers. A line comes in one piece: so the log hands it over.
#[derive(Clone)]
pub struct Masking<M>(pub M);

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Masking<M> {
    type Writer = Masked<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Masked(self.0.make_writer())
    }
}

pub struct Masked<W>(W);

impl<W: Write> Write for Masked<W> {
    fn write(&mut self, line: &[u8]) -> Result<usize> {
        self.0.write_all(mask(&String::from_utf8_lossy(line)).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_country_and_its_end_only() {
        for (text, masked) in [
            ("from +493012345001 to +12025550100.", "from +49…001 to +12…100."),
            ("/Calls?To=%2B493012345001&n=1", "/Calls?To=%2B49…001&n=1"),
            ("{\"to\":\"+493012345001\"}", "{\"to\":\"+49…001\"}"),
            ("++493012345001", "++49…001"),
            ("12:00:00+00:00, +5 and 1+1", "12:00:00+00:00, +5 and 1+1"),
            ("no number", "no number"),
            ("ends in +", "ends in +"),
            ("ü+493012345001ü", "ü+49…001ü"),
        ] {
            assert_eq!(mask(text), masked);
        }
    }

    #[test]
    fn a_writer_says_that_all_of_the_line_is_written() {
        let mut written = Vec::new();
        Masked(&mut written).write_all("call from +493012345001\n".as_bytes()).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), "call from +49…001\n");
    }
}
