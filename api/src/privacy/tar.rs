//! An archive as POSIX describes it (ustar, IEEE 1003.1): before each file a block of 512 bytes that says what it is called and
//! how long it is, behind it zeros up to a whole block, and two blocks of zeros at the end.

use crate::error::{Error, Result};

const BLOCK: usize = 512;
/// Eleven octal digits.
const LONGEST: u64 = 0o77_777_777_777;

/// What stands before a file. `modified` is in seconds since 1970.
///
/// # Errors
/// For a name of more than 100 bytes, and a file of 8 GiB or more.
pub fn header(name: &str, size: u64, modified: i64) -> Result<[u8; BLOCK]> {
    if name.len() > 100 || size > LONGEST {
        return Err(Error::internal(
            "write an archive",
            format!("{name} ({size} bytes) does not fit into it"),
        ));
    }
    let mut block = [0_u8; BLOCK];
    let mut put = |at: usize, text: &str| block[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    put(100, "0000600\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{size:011o}\0"));
    put(136, &format!("{:011o}\0", modified.max(0)));
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\0");
    put(263, "00");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(block)
}

/// What stands behind a file of this size.
pub fn padding(size: u64) -> Vec<u8> {
    let over = usize::try_from(size % BLOCK as u64).unwrap_or_default();
    vec![0; if over == 0 { 0 } else { BLOCK - over }]
}

/// What stands at the end.
pub fn end() -> Vec<u8> {
    vec![0; 2 * BLOCK]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_what_a_file_is_and_its_sum_is_right() {
        let block = header("data/call.json", 1_234, 1_772_452_800).unwrap();
        assert_eq!(&block[..14], b"data/call.json");
        assert_eq!(&block[124..136], b"00000002322\0");
        assert_eq!(&block[257..265], b"ustar\x0000");
        let mut blank = block;
        blank[148..156].copy_from_slice(b"        ");
        let sum: u32 = blank.iter().map(|byte| u32::from(*byte)).sum();
        assert_eq!(block[148..154], *format!("{sum:06o}").as_bytes());
        assert!(header(&"x".repeat(101), 1, 0).is_err());
    }

    #[test]
    fn files_end_with_a_whole_block() {
        assert_eq!(padding(0).len(), 0);
        assert_eq!(padding(512).len(), 0);
        assert_eq!(padding(513).len(), 511);
        assert_eq!(padding(1).len(), 511);
    }
}
