//! What a message says: checked here, wherever it comes from.

use entity::id::MediaId;
use entity::{MediaKind, MessageKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::sealed::Sealed;
use crate::error::{Code, Error, FieldError, Result};
use crate::phone::e164;

/// The longest text, in characters.
pub const LONGEST_TEXT: usize = 10_000;
/// The longest name of a place or a person, in characters.
const LONGEST_NAME: usize = 200;

/// What somebody wants to say.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    #[serde(rename = "type")]
    pub kind: MessageKind,
    pub text: Option<String>,
    /// Of a picture, a film, a sound or a document; of an encrypted message perhaps one that its devices have encrypted.
    #[serde(rename = "mediaId")]
    pub media: Option<MediaId>,
    pub location: Option<Location>,
    pub contact: Option<Card>,
    /// Of a message in an encrypted chat: everything.
    pub encrypted: Option<Sealed>,
}

/// Where somebody is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Degrees, north is positive.
    pub latitude: f64,
    /// Degrees, east is positive.
    pub longitude: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Somebody's card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// A message as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    pub kind: MessageKind,
    pub body: Option<String>,
    pub detail: Option<Value>,
    pub media: Option<MediaId>,
    /// What each device is sent of an encrypted one.
    pub sealed: Option<Sealed>,
}

impl Content {
    pub fn text(text: String) -> Self {
        Self {
            kind: MessageKind::Text,
            text: Some(text),
            media: None,
            location: None,
            contact: None,
            encrypted: None,
        }
    }

    /// What is kept of it.
    ///
    /// # Errors
    /// `Invalid` with every field that is wrong.
    pub fn check(self) -> Result<Checked> {
        let mut wrong = Vec::new();
        let mut refuse = |field: &str, message: &str| {
            wrong.push(FieldError { field: format!("/content/{field}"), message: message.to_owned() });
        };
        let body = self.text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        if body.as_ref().is_some_and(|text| text.chars().count() > LONGEST_TEXT) {
            refuse("text", &format!("must have at most {LONGEST_TEXT} characters"));
        }
        let is = |kind| if self.kind == kind { Need::Always } else { Need::Never };
        for (field, is_there, need) in [
            ("mediaId", self.media.is_some(), need_of_file(self.kind)),
            ("location", self.location.is_some(), is(MessageKind::Location)),
            ("contact", self.contact.is_some(), is(MessageKind::Contact)),
            ("encrypted", self.encrypted.is_some(), is(MessageKind::Encrypted)),
        ] {
            match (need, is_there) {
                (Need::Never, true) => refuse(field, "does not belong to a message of this type"),
                (Need::Always, false) => refuse(field, "is required"),
                (Need::Never, false) | (Need::Perhaps, _) | (Need::Always, true) => {}
            }
        }
        let mut detail = None;
        match self.kind {
            MessageKind::Text if body.is_none() => refuse("text", "is required"),
            MessageKind::Text => {}
            MessageKind::Image | MessageKind::Video | MessageKind::Audio | MessageKind::Document => {}
            MessageKind::Encrypted => {
                if body.is_some() {
                    refuse("text", "does not belong to a message of this type");
                }
                if let Some(sealed) = &self.encrypted {
                    sealed.check(&mut refuse);
                    detail = Some(json!({"deviceId": sealed.device}));
                }
            }
            MessageKind::System => refuse("type", "is written by the server alone"),
            MessageKind::Location => {
                if let Some(place) = self.location {
                    detail = place.check(&mut refuse);
                }
            }
            MessageKind::Contact => {
                if let Some(card) = self.contact {
                    detail = card.check(&mut refuse);
                }
            }
        }
        if !wrong.is_empty() {
            let message = "Some fields are not valid.".into();
            return Err(Error::Invalid { code: Code::ValidationFailed, message, fields: wrong });
        }
        Ok(Checked { kind: self.kind, body, detail, media: self.media, sealed: self.encrypted })
    }
}

/// Whether a message has a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Never,
    Perhaps,
    Always,
}

fn need_of_file(kind: MessageKind) -> Need {
    match (kind, file_of(kind)) {
        (MessageKind::Encrypted, _) => Need::Perhaps,
        (_, Some(_)) => Need::Always,
        (_, None) => Need::Never,
    }
}

/// What the file of such a message has to be.
pub fn file_of(kind: MessageKind) -> Option<MediaKind> {
    match kind {
        MessageKind::Image => Some(MediaKind::Image),
        MessageKind::Video => Some(MediaKind::Video),
        MessageKind::Audio => Some(MediaKind::Audio),
        MessageKind::Document => Some(MediaKind::Document),
        MessageKind::Encrypted => Some(MediaKind::Encrypted),
        MessageKind::Text | MessageKind::Location | MessageKind::Contact | MessageKind::System => None,
    }
}

impl Location {
    fn check(mut self, refuse: &mut impl FnMut(&str, &str)) -> Option<Value> {
        if !(-90.0..=90.0).contains(&self.latitude) {
            refuse("location/latitude", "must be between -90 and 90");
        }
        if !(-180.0..=180.0).contains(&self.longitude) {
            refuse("location/longitude", "must be between -180 and 180");
        }
        self.name = self.name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        if self.name.as_ref().is_some_and(|name| name.chars().count() > LONGEST_NAME) {
            refuse("location/name", "must have at most 200 characters");
        }
        serde_json::to_value(self).ok()
    }
}

impl Card {
    fn check(self, refuse: &mut impl FnMut(&str, &str)) -> Option<Value> {
        let name = self.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > LONGEST_NAME {
            refuse("contact/name", "must have 1 to 200 characters");
        }
        let number = self.number.filter(|number| !number.trim().is_empty());
        let in_full = number.as_deref().map(e164);
        if in_full.as_ref().is_some_and(Option::is_none) {
            refuse("contact/number", "must be a telephone number with its country code, as in +49 30 123456");
        }
        let email = self.email.map(|email| email.trim().to_owned()).filter(|email| !email.is_empty());
        if email.as_ref().is_some_and(|email| email.len() > 320 || !email.contains('@')) {
            refuse("contact/email", "must be an address of mail");
        }
        serde_json::to_value(Self { name, number: in_full.flatten(), email }).ok()
    }
}

/// The words of a message: its text, and the names in it.
pub fn said(body: Option<&str>, detail: Option<&Value>) -> String {
    let names = ["name", "number", "email"].iter().filter_map(|field| detail?[*field].as_str());
    body.into_iter().chain(names).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(content: Value) -> Vec<String> {
        let content: Content = serde_json::from_value(content).unwrap();
        match content.check() {
            Err(Error::Invalid { fields, .. }) => fields.into_iter().map(|wrong| wrong.field).collect(),
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn every_wrong_field_is_named() {
        let place = json!({"latitude": 91, "longitude": -181, "name": "x".repeat(201)});
        for (content, fields) in [
            (json!({"type": "text", "text": "  "}), vec!["/content/text"]),
            (json!({"type": "text", "text": "x".repeat(10_001)}), vec!["/content/text"]),
            (json!({"type": "system", "text": "x"}), vec!["/content/type"]),
            (json!({"type": "location"}), vec!["/content/location"]),
            (json!({"type": "encrypted", "text": "x"}), vec!["/content/encrypted", "/content/text"]),
            (json!({"type": "image", "text": "Look"}), vec!["/content/mediaId"]),
            (json!({"type": "text", "text": "x", "contact": {"name": "Ann"}}), vec!["/content/contact"]),
            (
                json!({"type": "location", "location": place}),
                vec!["/content/location/latitude", "/content/location/longitude", "/content/location/name"],
            ),
            (
                json!({"type": "contact", "contact": {"name": "", "number": "12", "email": "x"}}),
                vec!["/content/contact/name", "/content/contact/number", "/content/contact/email"],
            ),
        ] {
            assert_eq!(wrong(content.clone()), fields, "{content}");
        }
    }

    #[test]
    fn a_card_keeps_its_number_in_full_and_what_is_empty_is_nothing() {
        let card =
            json!({"type": "contact", "contact": {"name": " Ann ", "number": "+49 30 123456", "email": ""}});
        let content: Content = serde_json::from_value(card).unwrap();
        let checked = content.check().unwrap();
        assert_eq!(checked.detail, Some(json!({"name": "Ann", "number": "+4930123456"})));
        assert_eq!(said(checked.body.as_deref(), checked.detail.as_ref()), "Ann +4930123456");
    }
}
