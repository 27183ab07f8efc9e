//! Telephone numbers of people. Whoever reads what comes to one proves by it who he is, so each has one spelling.

use phonenumber::metadata::DATABASE;
use phonenumber::{Mode, Type};

use crate::calling_codes;
use crate::error::{Error, Result};
use crate::phone;

/// A number in E.164, to which messages may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number(String);

impl Number {
    /// Reads it as people write it, with its country code. That such a number is assigned is not asked: plans of numbering
    /// change faster than we do, and one that is not costs nothing.
    ///
    /// # Errors
    /// 422 for what is no number, and for numbers that cost whoever writes to them, or that are no person's.
    pub fn read(text: &str, field: &str) -> Result<Self> {
        let bad = || Error::invalid(field, "must be a telephone number with its country, as +12025550123");
        let number = phonenumber::parse(None, text.trim()).map_err(|_| bad())?;
        let e164 = phone::e164(&number.format().mode(Mode::E164).to_string()).ok_or_else(bad)?;
        match number.number_type(&DATABASE) {
            Type::FixedLine
            | Type::Mobile
            | Type::FixedLineOrMobile
            | Type::Voip
            | Type::PersonalNumber
            | Type::Unknown => Ok(Self(e164)),
            _ => Err(Error::invalid(field, "is not a person's number: messages are not sent to it")),
        }
    }

    /// Whether it belongs to one of these countries (ISO 3166-1).
    pub fn is_of(&self, countries: &[String]) -> bool {
        let own = calling_codes::country_of(&self.0);
        own.is_some_and(|own| countries.iter().any(|country| country == own))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn read(text: &str) -> Option<String> {
        Number::read(text, "/phoneNumber").ok().map(|number| number.0)
    }

    #[test]
    fn one_number_has_one_spelling_and_nonsense_is_refused() {
        for written in ["+4915112345678", "+49 151 12345678", "+49 (0)151-1234 5678", " +49/151/12345678 "] {
            assert_eq!(read(written).as_deref(), Some("+4915112345678"), "{written}");
        }
        assert_eq!(read("+1 555 123 4567").as_deref(), Some("+15551234567"), "the documents' example");
        for bad in ["", "0151 12345678", "15112345678", "+49", "+999123456789", "+4912", "ann@example.com"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn numbers_that_cost_who_writes_to_them_get_nothing() {
        for dear in ["+19002345678", "+449098790000", "+18002345678"] {
            assert_eq!(read(dear), None, "{dear}");
        }
    }

    #[test]
    fn countries_are_told_apart_also_within_one_code() {
        let of = |text: &str, countries: &[&str]| {
            let countries: Vec<_> = countries.iter().map(|country| (*country).to_owned()).collect();
            Number::read(text, "/phoneNumber").unwrap().is_of(&countries)
        };
        assert!(of("+4915112345678", &["AT", "DE"]) && !of("+4915112345678", &["AT"]));
        assert!(of("+12425550123", &["BS"]) && !of("+12425550123", &["US"]));
    }

    /// Each region of libphonenumber's metadata has an example of a mobile number.
    #[test]
    fn an_example_of_every_region_comes_back_as_it_was_in_whatever_way_it_is_written() {
        let mut regions = BTreeSet::new();
        for region in DATABASE.iter().filter(|region| region.id() != "001") {
            let Some(example) = region.descriptors().get(Type::Mobile).and_then(|mobile| mobile.example())
            else {
                continue;
            };
            let e164 = format!("+{}{example}", region.country_code());
            assert_eq!(read(&e164).as_deref(), Some(e164.as_str()), "{}", region.id());
            let number = phonenumber::parse(None, &e164).unwrap();
            let written = number.format().mode(Mode::International).to_string();
            assert_eq!(read(&written).as_deref(), Some(e164.as_str()), "{}: {written}", region.id());
            regions.insert(region.id().to_owned());
        }
        assert!(regions.len() >= 195, "only {} regions have an example", regions.len());
    }
}
