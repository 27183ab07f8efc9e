//! Signing in by telephone number: with what codes are sent, to where and how many, and whose tokens are believed.

use super::BadSetting;
use super::keys::Keys;

/// How the platform writes to numbers.
#[derive(Clone, Debug)]
pub struct PhoneSettings {
    /// From where text messages come: a number of the platform's account, or a messaging service of it (`MG…`).
    pub sms_from: Option<String>,
    /// The same for WhatsApp: a number that is registered there.
    pub whatsapp_from: Option<String>,
    /// The template of a code (`HX…`), without which WhatsApp takes no message to somebody who has not written before.
    pub whatsapp_template: Option<String>,
    /// The countries (ISO 3166-1) to whose numbers codes are sent; all, without.
    pub countries: Option<Vec<String>>,
    /// Codes that one address may ask for in an hour; 0 is no limit.
    pub codes_of_address: u32,
    /// Codes that are sent in a day, by all nodes together; 0 is no limit.
    pub codes_a_day: u32,
}

/// A project at Firebase whose ID tokens are believed.
#[derive(Clone, Debug)]
pub struct FirebaseSettings {
    pub project: String,
    /// Where the keys are that sign its tokens.
    pub keys_url: String,
}

pub(super) fn phone(keys: &Keys) -> Result<PhoneSettings, BadSetting> {
    Ok(PhoneSettings {
        sms_from: sender(keys, "sms_from", is_number_or_service)?,
        whatsapp_from: sender(keys, "whatsapp_from", is_number)?,
        whatsapp_template: keys.optional("whatsapp_template"),
        countries: countries(keys)?,
        codes_of_address: keys.number("phone_codes_of_address")?,
        codes_a_day: keys.number("phone_codes_a_day")?,
    })
}

pub(super) fn firebase(keys: &Keys) -> Result<Option<FirebaseSettings>, BadSetting> {
    let keys_url = keys.text("firebase_jwks_url");
    if !keys_url.starts_with("https://") && !keys_url.starts_with("http://") {
        return Err(keys.bad("firebase_jwks_url", "is not an address"));
    }
    Ok(keys.optional("firebase_project_id").map(|project| FirebaseSettings { project, keys_url }))
}

fn sender(keys: &Keys, key: &str, is_good: fn(&str) -> bool) -> Result<Option<String>, BadSetting> {
    match keys.optional(key) {
        Some(sender) if !is_good(&sender) => {
            Err(keys
                .bad(key, "is no number with its country, as +12025550100, nor what may stand here instead"))
        }
        sender => Ok(sender),
    }
}

fn is_number(text: &str) -> bool {
    crate::phone::e164(text).is_some_and(|number| number == text)
}

fn is_number_or_service(text: &str) -> bool {
    is_number(text) || text.starts_with("MG")
}

fn countries(keys: &Keys) -> Result<Option<Vec<String>>, BadSetting> {
    let text = keys.text("phone_countries").to_uppercase();
    let named: Vec<_> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    match named.iter().find(|name| !crate::calling_codes::is_country(name)) {
        Some(wrong) => Err(keys.bad("phone_countries", &format!("`{wrong}` is no country, as DE or US"))),
        None if named.is_empty() => Ok(None),
        None => Ok(Some(named.into_iter().map(str::to_owned).collect())),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;

    #[test]
    fn senders_and_countries_are_what_they_say() {
        let read = |changes: &[(&str, &str)]| Settings::with(changes).map(|settings| settings.phone);
        let defaults = read(&[]).unwrap();
        assert_eq!((defaults.sms_from, defaults.countries), (None, None));
        assert_eq!((defaults.codes_of_address, defaults.codes_a_day), (20, 1000));
        let chosen = read(&[("sms_from", "MG1"), ("phone_countries", "de, US")]).unwrap();
        assert_eq!(chosen.sms_from.as_deref(), Some("MG1"));
        assert_eq!(chosen.countries.unwrap(), ["DE", "US"]);
        for (key, value) in
            [("sms_from", "0301234"), ("whatsapp_from", "MG1"), ("phone_countries", "Germany")]
        {
            assert_eq!(read(&[(key, value)]).unwrap_err().key, key.to_uppercase());
        }
    }

    #[test]
    fn nobody_s_tokens_are_believed_unless_a_project_is_named() {
        assert!(Settings::with(&[]).unwrap().firebase.is_none());
        let firebase = Settings::with(&[("firebase_project_id", "demo")]).unwrap().firebase.unwrap();
        assert!(firebase.keys_url.starts_with("https://www.googleapis.com/"));
        assert!(Settings::with(&[("firebase_jwks_url", "keys.json")]).is_err());
    }
}
