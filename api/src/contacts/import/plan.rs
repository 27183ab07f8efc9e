//! How a file is read: its signs between cells, its encoding, and what is in which column. All of it is guessed from the file
//! itself, told, and can be said instead.

use std::fmt;
use std::str::FromStr;

use entity::fold::fold;
use serde::{Deserialize, Serialize};

use crate::contacts::is_name;
use crate::error::{Error, Result};

/// What is looked at to tell how a file is read, in bytes; its header has to end within it.
pub const HEAD: usize = 64 << 10;
/// Columns of a file.
const COLUMNS: usize = 200;
/// Characters of a header that are kept: each problem of a row names one.
const HEADER: usize = 100;
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What a column has.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Field {
    Number,
    OtherNumbers,
    Name,
    FirstName,
    LastName,
    Email,
    Language,
    Company,
    Notes,
    Tags,
    Blocked,
    /// A field of the company's own.
    Custom(String),
    /// All of them, as one object of JSON: as an export has them.
    AllCustom,
}

static FIELDS: [(&str, Field); 12] = [
    ("number", Field::Number),
    ("otherNumbers", Field::OtherNumbers),
    ("name", Field::Name),
    ("firstName", Field::FirstName),
    ("lastName", Field::LastName),
    ("email", Field::Email),
    ("language", Field::Language),
    ("company", Field::Company),
    ("notes", Field::Notes),
    ("tags", Field::Tags),
    ("blocked", Field::Blocked),
    ("custom", Field::AllCustom),
];

/// Headers that are understood, folded and without signs, in the four languages and as other programs write them.
static HEADERS: [(&str, Field); 62] = [
    ("number", Field::Number),
    ("phone", Field::Number),
    ("phonenumber", Field::Number),
    ("phone1value", Field::Number),
    ("mobile", Field::Number),
    ("mobilephone", Field::Number),
    ("primaryphone", Field::Number),
    ("tel", Field::Number),
    ("telephone", Field::Number),
    ("telefon", Field::Number),
    ("telefonnummer", Field::Number),
    ("rufnummer", Field::Number),
    ("nummer", Field::Number),
    ("telefono", Field::Number),
    ("numero", Field::Number),
    ("numerodetelephone", Field::Number),
    ("numerodetelefono", Field::Number),
    ("othernumbers", Field::OtherNumbers),
    ("otherphones", Field::OtherNumbers),
    ("weiterenummern", Field::OtherNumbers),
    ("otrosnumeros", Field::OtherNumbers),
    ("autresnumeros", Field::OtherNumbers),
    ("name", Field::Name),
    ("fullname", Field::Name),
    ("displayname", Field::Name),
    ("contact", Field::Name),
    ("nom", Field::Name),
    ("nombre", Field::Name),
    ("firstname", Field::FirstName),
    ("givenname", Field::FirstName),
    ("vorname", Field::FirstName),
    ("prenom", Field::FirstName),
    ("lastname", Field::LastName),
    ("familyname", Field::LastName),
    ("surname", Field::LastName),
    ("nachname", Field::LastName),
    ("apellido", Field::LastName),
    ("apellidos", Field::LastName),
    ("email", Field::Email),
    ("emailaddress", Field::Email),
    ("mail", Field::Email),
    ("courriel", Field::Email),
    ("correo", Field::Email),
    ("correoelectronico", Field::Email),
    ("language", Field::Language),
    ("sprache", Field::Language),
    ("idioma", Field::Language),
    ("langue", Field::Language),
    ("company", Field::Company),
    ("organization", Field::Company),
    ("firma", Field::Company),
    ("unternehmen", Field::Company),
    ("empresa", Field::Company),
    ("entreprise", Field::Company),
    ("notes", Field::Notes),
    ("notizen", Field::Notes),
    ("notas", Field::Notes),
    ("tags", Field::Tags),
    ("labels", Field::Tags),
    ("blocked", Field::Blocked),
    ("gesperrt", Field::Blocked),
    ("custom", Field::AllCustom),
];

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Custom(name) = self {
            return write!(f, "custom.{name}");
        }
        let known = FIELDS.iter().find(|(_, field)| field == self);
        f.write_str(known.map_or("", |(name, _)| name))
    }
}

impl FromStr for Field {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(name) = text.strip_prefix("custom.").filter(|name| is_name(name)) {
            return Ok(Self::Custom(name.to_owned()));
        }
        let known = FIELDS.iter().find(|(name, _)| *name == text).map(|(_, field)| field.clone());
        known.ok_or_else(|| {
            let names: Vec<_> = FIELDS.iter().map(|(name, _)| *name).collect();
            format!("has to be one of {}, custom.NAME, or - for a column that is left out", names.join(", "))
        })
    }
}

impl TryFrom<String> for Field {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Field> for String {
    fn from(field: Field) -> Self {
        field.to_string()
    }
}

/// A column of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub header: String,
    /// `None`: it is left out.
    pub field: Option<Field>,
}

/// In which the file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    Utf8,
    /// What programs of Western countries call Latin-1, with the signs that Windows adds to it.
    Windows1252,
}

impl Encoding {
    pub fn read(self, bytes: &[u8]) -> String {
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Self::Windows1252 => bytes.iter().map(|byte| latin(*byte)).collect(),
        }
    }
}

/// A byte of windows-1252 (WHATWG Encoding, index windows-1252).
fn latin(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

/// What is done about a number that a contact has already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Duplicates {
    /// The contact stays as it is.
    #[default]
    Skip,
    /// The contact gets what the row says; what the row leaves empty stays. Tags, numbers and fields are added.
    Update,
    /// The row is refused.
    Refuse,
}

/// What was said about how a file is read; what is absent is guessed.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// The sign between cells.
    pub delimiter: Option<u8>,
    /// What each column has, from the first on; `-` leaves it out. Those behind the last are left out.
    pub columns: Option<Vec<String>>,
    pub duplicates: Duplicates,
    /// Whose national numbers are understood, as ISO 3166-1 has it.
    pub country: Option<String>,
}

/// How a file is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub delimiter: u8,
    pub encoding: Encoding,
    pub columns: Vec<Column>,
    pub duplicates: Duplicates,
    pub country: Option<String>,
    /// Who imports may say who is blocked.
    pub may_block: bool,
    /// Where the rows begin, in bytes.
    pub begin: u64,
}

impl Plan {
    /// Of the first bytes of a file; `own` are the names of the company's own fields.
    ///
    /// # Errors
    /// 422 when there is no header, a column is not understood, or none has the number.
    pub fn of(head: &[u8], encoding: Encoding, wish: Wish, may_block: bool, own: &[String]) -> Result<Self> {
        let text = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
        let mark = head.len() - text.len();
        let delimiter = wish.delimiter.unwrap_or_else(|| delimiter_of(text));
        let mut rows = Rows::of(text, delimiter);
        let no_header = || Error::invalid("body", "must be CSV whose first line names the columns");
        let (header, end) = rows.read().ok_or_else(no_header)?;
        if end >= text.len() && head.len() >= HEAD {
            return Err(no_header());
        }
        if header.len() > COLUMNS {
            return Err(Error::invalid("body", format!("must have at most {COLUMNS} columns")));
        }
        let names: Vec<String> = header.iter().map(|name| encoding.read(name).trim().to_owned()).collect();
        let fields = match &wish.columns {
            Some(said) => said_of(said, names.len())?,
            None => guess(&names, own),
        };
        let columns: Vec<_> =
            names.iter().zip(fields).map(|(name, field)| Column { header: short(name), field }).collect();
        for (place, column) in columns.iter().enumerate() {
            let Some(field) = &column.field else { continue };
            let earlier = columns.iter().take(place).any(|other| other.field.as_ref() == Some(field));
            if earlier && *field != Field::OtherNumbers && *field != Field::Tags {
                return Err(Error::invalid("columns", format!("more than one column has `{field}`")));
            }
        }
        if !columns.iter().any(|column| column.field == Some(Field::Number)) {
            let message = "no column has the number: say which, as in columns=name,number,-";
            return Err(Error::invalid("columns", message));
        }
        if !may_block && columns.iter().any(|column| column.field == Some(Field::Blocked)) {
            return Err(Error::Forbidden { permission: "contacts:block" });
        }
        Ok(Self {
            delimiter,
            encoding,
            columns,
            duplicates: wish.duplicates,
            country: wish.country,
            may_block,
            begin: u64::try_from(mark + end).unwrap_or_default(),
        })
    }
}

fn short(name: &str) -> String {
    name.chars().take(HEADER).collect()
}

/// The rows of a text, cell by cell, however many a row has. Empty lines are none.
pub struct Rows<'a> {
    reader: csv_core::Reader,
    text: &'a [u8],
    place: usize,
    cells: Vec<u8>,
    ends: Vec<usize>,
}

impl<'a> Rows<'a> {
    pub fn of(text: &'a [u8], delimiter: u8) -> Self {
        let reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        Self { reader, text, place: 0, cells: vec![0; 1024], ends: vec![0; 32] }
    }

    /// The cells of the next row, and where the one behind it begins.
    pub fn read(&mut self) -> Option<(Vec<&[u8]>, usize)> {
        use csv_core::ReadRecordResult::{End, InputEmpty, OutputEndsFull, OutputFull, Record};
        let (mut written, mut count) = (0, 0);
        loop {
            let (result, read, bytes, ends) = self.reader.read_record(
                &self.text[self.place..],
                &mut self.cells[written..],
                &mut self.ends[count..],
            );
            self.place += read;
            written += bytes;
            count += ends;
            match result {
                // Asked again with nothing, it knows that this was all.
                InputEmpty => {}
                OutputFull => self.cells.resize(self.cells.len() * 2, 0),
                OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                End => return None,
                Record => break,
            }
        }
        let begins = std::iter::once(0).chain(self.ends[..count].iter().copied());
        let cells = begins.zip(&self.ends[..count]).map(|(begin, end)| &self.cells[begin..*end]);
        let is_within_end =
            self.text[..self.place].ends_with(b"\r") && self.text[self.place..].starts_with(b"\n");
        Some((cells.collect(), self.place + usize::from(is_within_end)))
    }
}

/// Which of the usual signs stands in the header most often, outside of quotes; a comma is the likeliest to mean something else.
fn delimiter_of(text: &[u8]) -> u8 {
    let (mut quoted, mut counts) = (false, [(b',', 0), (b';', 0), (b'\t', 0)]);
    for byte in text {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            byte if !quoted => {
                counts.iter_mut().filter(|(sign, _)| sign == byte).for_each(|(_, count)| *count += 1);
            }
            _ => {}
        }
    }
    let most = counts.iter().filter(|(_, count)| *count > 0).max_by_key(|(_, count)| *count);
    most.map_or(b',', |(sign, _)| *sign)
}

fn said_of(said: &[String], columns: usize) -> Result<Vec<Option<Field>>> {
    if said.len() > columns {
        return Err(Error::invalid(
            "columns",
            format!("names {} columns; the file has {columns}", said.len()),
        ));
    }
    let read = |name: &String| match name.trim() {
        "" | "-" => Ok(None),
        name => name.parse().map(Some).map_err(|why| Error::invalid("columns", format!("`{name}` {why}"))),
    };
    let mut fields = said.iter().map(read).collect::<Result<Vec<_>>>()?;
    fields.resize(columns, None);
    Ok(fields)
}

/// A header is understood when it is one of the words for a field, or the name of one of the company's own. The first one wins; a
/// further number goes to the others.
fn guess(names: &[String], own: &[String]) -> Vec<Option<Field>> {
    let mut fields: Vec<Option<Field>> = Vec::new();
    for name in names {
        let guessed = guess_one(name, own);
        let taken = guessed.is_some() && fields.contains(&guessed);
        fields.push(match guessed {
            Some(Field::Number | Field::OtherNumbers) if taken => Some(Field::OtherNumbers),
            Some(Field::Tags) => Some(Field::Tags),
            _ if taken => None,
            guessed => guessed,
        });
    }
    fields
}

fn guess_one(name: &str, own: &[String]) -> Option<Field> {
    if let Some(name) = name.strip_prefix("custom.").filter(|name| is_name(name)) {
        return Some(Field::Custom(name.to_owned()));
    }
    if let Some(own) = own.iter().find(|own| fold(own) == fold(name)) {
        return Some(Field::Custom(own.clone()));
    }
    let plain: String = fold(name).chars().filter(|letter| letter.is_alphanumeric()).collect();
    HEADERS.iter().find(|(header, _)| *header == plain).map(|(_, field)| field.clone())
}

/// Looks at a file as it comes.
#[derive(Debug, Default)]
pub struct Sniffer {
    head: Vec<u8>,
    /// The beginning of a character whose end has not come.
    rest: Vec<u8>,
    is_no_utf8: bool,
    has_nul: bool,
}

impl Sniffer {
    pub fn look(&mut self, piece: &[u8]) {
        let room = HEAD.saturating_sub(self.head.len()).min(piece.len());
        self.head.extend_from_slice(&piece[..room]);
        self.has_nul |= piece.contains(&0);
        if self.is_no_utf8 {
            return;
        }
        self.rest.extend_from_slice(piece);
        match std::str::from_utf8(&self.rest) {
            Ok(_) => self.rest.clear(),
            Err(error) if error.error_len().is_none() => {
                self.rest.drain(..error.valid_up_to());
            }
            Err(_) => {
                self.is_no_utf8 = true;
                self.rest.clear();
            }
        }
    }

    /// The first bytes of the file, and in which encoding it is.
    ///
    /// # Errors
    /// 422 for an empty file and for one that is no text of one byte a letter at least, as UTF-16.
    pub fn end(self) -> Result<(Vec<u8>, Encoding)> {
        if self.head.is_empty() {
            return Err(Error::invalid("body", "is empty"));
        }
        if self.has_nul {
            return Err(Error::invalid("body", "must be text in UTF-8; save it as `CSV UTF-8`"));
        }
        let is_utf8 = !self.is_no_utf8 && self.rest.is_empty();
        Ok((self.head, if is_utf8 { Encoding::Utf8 } else { Encoding::Windows1252 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(head: &str) -> Plan {
        Plan::of(head.as_bytes(), Encoding::Utf8, Wish::default(), true, &["tier".to_owned()]).unwrap()
    }

    fn fields(plan: &Plan) -> Vec<String> {
        let name = |column: &Column| column.field.as_ref().map_or("-".to_owned(), Field::to_string);
        plan.columns.iter().map(name).collect()
    }

    #[test]
    fn columns_are_guessed_by_their_headers_in_four_languages() {
        let guessed =
            plan("\u{feff}Vorname;Nachname;Telefon;Téléphone;E-Mail;Tier;custom.x;Shoe size\r\nAnn;");
        assert_eq!(guessed.delimiter, b';');
        assert_eq!(
            fields(&guessed),
            ["firstName", "lastName", "number", "otherNumbers", "email", "custom.tier", "custom.x", "-"]
        );
        assert_eq!(
            guessed.begin,
            3 + "Vorname;Nachname;Telefon;Téléphone;E-Mail;Tier;custom.x;Shoe size\r\n".len() as u64
        );
    }

    #[test]
    fn a_sign_within_quotes_does_not_part_cells() {
        assert_eq!(plan("\"a,b,c,d\";number\n").delimiter, b';');
        assert_eq!(plan("number\tname, first\n").delimiter, b'\t');
        assert_eq!(plan("number\n").delimiter, b',');
    }

    #[test]
    fn what_is_said_goes_before_what_is_guessed() {
        let of = |columns: &[&str]| {
            let columns = Some(columns.iter().map(|name| (*name).to_owned()).collect());
            Plan::of(b"a,b,c\n", Encoding::Utf8, Wish { columns, ..Wish::default() }, false, &[])
        };
        assert_eq!(fields(&of(&["-", "number"]).unwrap()), ["-", "number", "-"]);
        for wrong in
            [&["name"][..], &["number", "number"], &["nonsense", "number"], &["number", "a", "b", "c"]]
        {
            assert!(of(wrong).is_err(), "{wrong:?}");
        }
        assert!(matches!(of(&["number", "blocked"]), Err(Error::Forbidden { .. })));
    }

    #[test]
    fn an_encoding_is_told_from_the_whole_file() {
        let sniff = |pieces: &[&[u8]]| {
            let mut sniffer = Sniffer::default();
            pieces.iter().for_each(|piece| sniffer.look(piece));
            sniffer.end().map(|(_, encoding)| encoding)
        };
        assert_eq!(sniff(&["Zo\u{eb}".as_bytes()]).unwrap(), Encoding::Utf8);
        let (first, second) = "ë".as_bytes().split_at(1);
        assert_eq!(sniff(&[first, second]).unwrap(), Encoding::Utf8);
        assert_eq!(sniff(&[b"number\n", b"Zo\xeb"]).unwrap(), Encoding::Windows1252);
        assert_eq!(sniff(&[first]).unwrap(), Encoding::Windows1252);
        assert!(sniff(&[b"n\0u\0"]).is_err());
        assert!(sniff(&[]).is_err());
        assert_eq!(Encoding::Windows1252.read(b"Zo\xeb \x80"), "Zoë €");
    }
}
