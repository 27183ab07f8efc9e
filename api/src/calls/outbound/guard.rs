//! With which number somebody may be called, who, and when. Whatever is refused says what would be accepted.
//!
//! Numbers to which an agent passes a caller on are judged by the same rules.

use chrono::{DateTime, Utc};
use entity::id::AgentId;
use entity::{outbound_rules, phone_number};
use ivr_engine::Hours;
use phonenumber::country::Id as Country;
use phonenumber::metadata::DATABASE;
use phonenumber::{Mode, PhoneNumber, Type};
use serde_json::Value;

use crate::error::{Code, Error, FieldError, Result};
use crate::store::{Unit, contacts, outbound};

/// Digits of the longest number that exists within one country only: emergency calls, directory enquiries, short codes.
const SHORT: usize = 6;

/// Reads the numbering plans of all countries, which the first time takes a while: not within a transaction.
pub fn load_plans() {
    let _loaded = DATABASE.by_id("US").is_some();
}

/// The number that is shown, and with whose account the call is made: the one that was named, else the agent's own, else
/// the company's, else its oldest.
pub async fn line(
    unit: &Unit,
    rules: Option<&outbound_rules::Model>,
    agent: AgentId,
    named: Option<&str>,
) -> Result<(phone_number::Model, Vec<phone_number::Model>)> {
    let (scope, tx) = (unit.scope(), unit.tx());
    let numbers = outbound::numbers(scope, tx).await?;
    let by_id = |id| numbers.iter().find(|number| number.id == id).cloned();
    let chosen = match named {
        Some(named) => {
            let named = named.trim();
            let found = numbers.iter().find(|number| number.number == named).cloned();
            found.ok_or_else(|| Error::invalid("/from", "is not a number of the company"))?
        }
        None => {
            let own = outbound::caller_id(scope, tx, agent).await?.and_then(by_id);
            let default = rules.and_then(|rules| rules.phone_number_id).and_then(by_id);
            own.or(default).or_else(|| numbers.first().cloned()).ok_or_else(|| {
                Error::conflict(
                    Code::NoNumber,
                    "The company has no number that could be shown to who is called.",
                )
            })?
        }
    };
    Ok((chosen, numbers))
}

/// The number that is meant, in E.164: as it is dialled in the country of `near`, or with its country code.
///
/// # Errors
/// 422 for what is no number, short and emergency numbers, premium rates, and countries that the rules do not allow.
pub fn callee(
    text: &str,
    near: Option<&phone_number::Model>,
    rules: Option<&outbound_rules::Model>,
    numbers: &[phone_number::Model],
) -> Result<String> {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    if digits <= SHORT && !text.trim_start().starts_with('+') {
        return Err(refused(
            Code::ShortNumber,
            "Emergency and other short numbers cannot be called from here. In an emergency, use a telephone.",
        ));
    }
    let home = near.and_then(|near| parse(None, &near.number)).and_then(|number| number.country().id());
    let number = parse(home, text).filter(PhoneNumber::is_valid).ok_or_else(|| {
        Error::invalid("/to", "is not a telephone number; write it with its country, as +12025550123")
    })?;
    let premium = rules.is_some_and(|rules| rules.premium_rate);
    if !premium && matches!(number.number_type(&DATABASE), Type::PremiumRate | Type::SharedCost) {
        return Err(refused(
            Code::PremiumRateNumber,
            "Calls to this number are paid for at a premium rate, which the company's rules do not allow.",
        ));
    }
    let country = number.country().id();
    let allowed = countries(rules, numbers);
    if !country.is_some_and(|country| allowed.iter().any(|one| one == country.as_ref())) {
        let named = country.map_or("a number without a country".to_owned(), |one| one.as_ref().to_owned());
        return Err(refused(
            Code::CountryNotAllowed,
            format!("Calls to {named} are not allowed. The company's rules allow: {}.", allowed.join(", ")),
        ));
    }
    Ok(number.format().mode(Mode::E164).to_string())
}

/// Where the company lets its agents call: the countries of the rules, else those of its own numbers.
fn countries(rules: Option<&outbound_rules::Model>, numbers: &[phone_number::Model]) -> Vec<String> {
    let chosen = rules.and_then(|rules| rules.countries.clone());
    if let Some(chosen) = chosen.and_then(|chosen| serde_json::from_value(chosen).ok()) {
        return chosen;
    }
    let own = numbers.iter().filter_map(|number| parse(None, &number.number)?.country().id());
    let mut own: Vec<String> = own.map(|country| country.as_ref().to_owned()).collect();
    own.sort_unstable();
    own.dedup();
    own
}

/// Whether a caller may be passed on to this number, which is in E.164; `field` is where it was given.
pub async fn may_be_passed_to(unit: &Unit, number: &str, field: &str) -> Result<()> {
    let rules = outbound::rules(unit.scope(), unit.tx()).await?;
    let numbers = outbound::numbers(unit.scope(), unit.tx()).await?;
    callee(number, None, rules.as_ref(), &numbers).map(drop).map_err(|refused| match refused {
        Error::Invalid { code, message, mut fields } => {
            fields.iter_mut().for_each(|wrong| field.clone_into(&mut wrong.field));
            Error::Invalid { code, message, fields }
        }
        other => other,
    })
}

/// Whether anybody of the company may call this number, which is in E.164, whoever asks for it: the name of who is called,
/// if he is a contact.
///
/// # Errors
/// 422 with the code of what is against it.
pub async fn may_be_called(unit: &Unit, number: &str) -> Result<Option<String>> {
    let rules = outbound::rules(unit.scope(), unit.tx()).await?;
    let numbers = outbound::numbers(unit.scope(), unit.tx()).await?;
    let number = callee(number, None, rules.as_ref(), &numbers)?;
    contact(unit, &number).await
}

/// The number that somebody wants called, in E.164, and the one of the company that is shown to it: the company's usual
/// one.
///
/// # Errors
/// `NO_NUMBER`; 422 with what is against it.
pub async fn callable(unit: &Unit, text: &str) -> Result<(String, phone_number::Model)> {
    let rules = outbound::rules(unit.scope(), unit.tx()).await?;
    let numbers = outbound::numbers(unit.scope(), unit.tx()).await?;
    let usual = rules.as_ref().and_then(|rules| rules.phone_number_id);
    let line = numbers.iter().find(|number| Some(number.id) == usual).or(numbers.first()).cloned();
    let line = line.ok_or_else(|| {
        Error::conflict(Code::NoNumber, "The company has no number that could be shown to who is called.")
    })?;
    let number = callee(text, Some(&line), rules.as_ref(), &numbers)?;
    contact(unit, &number).await?;
    Ok((number, line))
}

/// The name of who is called, if he is a contact.
///
/// # Errors
/// 422 when the contact is blocked.
pub async fn contact(unit: &Unit, number: &str) -> Result<Option<String>> {
    match contacts::by_number(unit.scope(), unit.tx(), number).await? {
        Some(contact) if contact.blocked => Err(refused(
            Code::ContactBlocked,
            format!(
                "{} is blocked: the company does not call this number.",
                contact.name.unwrap_or(contact.number)
            ),
        )),
        Some(contact) => Ok(contact.name),
        None => Ok(None),
    }
}

fn parse(home: Option<Country>, text: &str) -> Option<PhoneNumber> {
    phonenumber::parse(home, text).ok()
}

/// Whether the company calls out at this moment.
///
/// # Errors
/// A conflict that names the next opening, when it does not.
pub fn hours(rules: Option<&outbound_rules::Model>, now: DateTime<Utc>) -> Result<()> {
    let Some(hours) = calendar(rules)? else { return Ok(()) };
    if hours.is_open(now) {
        return Ok(());
    }
    let next = hours.next_change(now).map_or_else(
        || "No opening follows.".to_owned(),
        |at| format!("They begin again at {}.", at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
    );
    Err(Error::conflict(
        Code::OutsideHours,
        format!("It is outside the hours in which the company calls. {next}"),
    ))
}

/// When the company calls out; always, without.
pub fn calendar(rules: Option<&outbound_rules::Model>) -> Result<Option<Hours>> {
    let Some(stored) = rules.and_then(|rules| rules.hours.as_ref()) else { return Ok(None) };
    read_hours(stored).map(Some).map_err(|problems| {
        let first = problems.into_iter().next().map_or_else(String::new, |problem| problem.message);
        Error::internal("read the hours of outbound calls", first)
    })
}

/// Hours as in an `hours` node, or every field that is wrong.
pub fn read_hours(value: &Value) -> Result<Hours, Vec<FieldError>> {
    Hours::parse(value).map_err(|findings| {
        let wrong = |finding: ivr_engine::Finding| FieldError {
            field: format!("/hours{}", finding.field.unwrap_or_default()),
            message: finding.message,
        };
        findings.into_iter().map(wrong).collect()
    })
}

fn refused(code: Code, message: impl Into<String>) -> Error {
    let message = message.into();
    let field = FieldError { field: "/to".to_owned(), message: message.clone() };
    Error::Invalid { code, message: message.into(), fields: vec![field] }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn number(text: &str) -> phone_number::Model {
        let id = Uuid::nil();
        phone_number::Model {
            id: id.into(),
            company_id: id.into(),
            account_sid: "AC1".to_owned(),
            number: text.to_owned(),
            label: "Main".to_owned(),
            flow_id: id.into(),
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    fn rules(countries: Value, premium_rate: bool) -> outbound_rules::Model {
        outbound_rules::Model {
            company_id: Uuid::nil().into(),
            phone_number_id: None,
            hours: None,
            countries: Some(countries),
            premium_rate,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    fn code(result: Result<String>) -> Code {
        match result {
            Err(Error::Invalid { code, .. }) => code,
            other => panic!("this should be refused: {other:?}"),
        }
    }

    #[test]
    fn a_number_is_read_as_it_is_dialled_where_the_company_s_own_is() {
        let (us, de) = (number("+12025550100"), number("+4930123456"));
        let from = |near: &phone_number::Model, to| {
            callee(to, Some(near), None, std::slice::from_ref(near)).unwrap()
        };
        assert_eq!(from(&us, "(202) 555-0199"), "+12025550199");
        assert_eq!(from(&us, "+1 202 555 0199"), "+12025550199");
        assert_eq!(from(&de, "030 123457"), "+4930123457");
    }

    #[test]
    fn emergency_numbers_are_refused_however_they_are_written() {
        let us = number("+12025550100");
        let all = rules(json!(["US", "DE", "GB"]), true);
        for to in ["911", "112", "9-1-1", " 999", "110"] {
            assert_eq!(code(callee(to, Some(&us), Some(&all), &[])), Code::ShortNumber, "{to}");
        }
        for to in ["+1911", "+49112", "+44999", "+911", "nobody"] {
            assert!(callee(to, Some(&us), Some(&all), &[]).is_err(), "{to}");
        }
    }

    #[test]
    fn premium_rates_and_other_countries_cost_a_decision() {
        let us = number("+12025550100");
        let own = std::slice::from_ref(&us);
        assert_eq!(code(callee("+19002345678", Some(&us), None, own)), Code::PremiumRateNumber);
        assert!(callee("+19002345678", Some(&us), Some(&rules(json!(["US"]), true)), own).is_ok());
        assert_eq!(code(callee("+4930123456", Some(&us), None, own)), Code::CountryNotAllowed);
        assert!(callee("+4930123456", Some(&us), Some(&rules(json!(["DE"]), false)), own).is_ok());
        assert_eq!(
            code(callee("+12025550199", Some(&us), Some(&rules(json!(["DE"]), false)), own)),
            Code::CountryNotAllowed
        );
    }

    #[test]
    fn outside_the_hours_the_next_opening_is_named() {
        let weekly = json!({"mon": [{"from": "09:00", "to": "17:00"}]});
        let mut stored = rules(json!(["US"]), false);
        stored.hours = Some(json!({"zone": "America/New_York", "weekly": weekly}));
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert!(hours(Some(&stored), at("2026-03-02T15:00:00Z")).is_ok(), "Monday, 10:00");
        let Err(Error::Conflict { code, message }) = hours(Some(&stored), at("2026-03-03T15:00:00Z")) else {
            panic!("Tuesday")
        };
        assert_eq!(code, Code::OutsideHours);
        assert!(message.contains("2026-03-09T13:00:00Z"), "{message}");
    }
}
