//! The limits of a document. Source: Twilio docs, TwiML pages and error codes.

use std::ops::RangeInclusive;

use super::xml::Element;

/// A document may have so many bytes (error 11750).
pub const MAX_DOCUMENT_BYTES: usize = 64 * 1024;
/// As the parameter `Twiml` of a REST request a document may have so many characters (error 32018).
pub const MAX_REST_CHARACTERS: usize = 4000;
/// So many may be rung at once.
pub const MAX_ENDPOINTS: usize = 10;

/// What Twilio would not do as it is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TwimlError {
    #[error("the document has {bytes} bytes, {MAX_DOCUMENT_BYTES} are allowed")]
    DocumentTooLong { bytes: usize },
    #[error("the document has {characters} characters, {MAX_REST_CHARACTERS} are allowed in a REST request")]
    RestTooLong { characters: usize },
    #[error("the {attribute} of {element} is no absolute URL, which a document in a REST request needs")]
    RelativeUrl { element: &'static str, attribute: &'static str },
    #[error("a Say has nothing to say")]
    NothingToSay,
    #[error("a Say has {characters} characters, {limit} are allowed for its voice")]
    SayTooLong { characters: usize, limit: usize },
    #[error("a Dial has {count} endpoints, 1 to {MAX_ENDPOINTS} are allowed")]
    Endpoints { count: usize },
    #[error("the name in {element} has {characters} characters, 1 to {limit} are allowed")]
    Name { element: &'static str, characters: usize, limit: usize },
    #[error("the {attribute} of {element} has {characters} characters, {limit} are allowed")]
    TooLong { element: &'static str, attribute: &'static str, characters: usize, limit: usize },
    #[error("the {attribute} of {element} is out of range")]
    OutOfRange { element: &'static str, attribute: &'static str },
    #[error("the {attribute} of {element} has keys that there are not")]
    NoSuchKeys { element: &'static str, attribute: &'static str },
}

impl TwimlError {
    /// Whether Twilio would refuse the whole document. Otherwise it leaves one verb or attribute out, warns, and the
    /// call goes on.
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::DocumentTooLong { .. } | Self::RestTooLong { .. } | Self::RelativeUrl { .. } => true,
            Self::NothingToSay
            | Self::SayTooLong { .. }
            | Self::Endpoints { .. }
            | Self::Name { .. }
            | Self::TooLong { .. }
            | Self::OutOfRange { .. }
            | Self::NoSuchKeys { .. } => false,
        }
    }
}

/// The first thing that Twilio would not do as it is written.
pub(super) fn check(response: &Element) -> Result<(), TwimlError> {
    let bytes = response.to_document().len();
    if bytes > MAX_DOCUMENT_BYTES {
        return Err(TwimlError::DocumentTooLong { bytes });
    }
    check_children(response)
}

/// As [`check`], for a document that travels in a REST request.
pub(super) fn check_for_rest(response: &Element) -> Result<(), TwimlError> {
    let characters = response.to_document().chars().count();
    if characters > MAX_REST_CHARACTERS {
        return Err(TwimlError::RestTooLong { characters });
    }
    check_absolute(response)?;
    check_children(response)
}

fn check_children(element: &Element) -> Result<(), TwimlError> {
    for child in element.elements() {
        check_element(child)?;
        check_children(child)?;
    }
    Ok(())
}

fn check_element(element: &Element) -> Result<(), TwimlError> {
    match element.name {
        "Say" => say(element),
        "Play" => keys(element, "digits", "0123456789wW*#"),
        "Gather" => {
            keys(element, "finishOnKey", "0123456789*#")?;
            at_most(element, "finishOnKey", 1)?;
            range(element, "numDigits", 1..=u32::MAX)
        }
        "Record" => {
            keys(element, "finishOnKey", "0123456789*#")?;
            range(element, "maxLength", 2..=14400)
        }
        "Enqueue" | "Queue" => name(element, 64),
        "Dial" => {
            let count = element.elements().count();
            if !(1..=MAX_ENDPOINTS).contains(&count) {
                return Err(TwimlError::Endpoints { count });
            }
            at_most(element, "callReason", 50)
        }
        "Number" => {
            keys(element, "sendDigits", "0123456789ABCDwW*#")?;
            range(element, "machineDetectionTimeout", 3..=60)?;
            range(element, "machineDetectionSpeechThreshold", 1000..=6000)?;
            range(element, "machineDetectionSpeechEndThreshold", 500..=5000)?;
            range(element, "machineDetectionSilenceTimeout", 2000..=10000)
        }
        "Client" if element.elements().next().is_none() => name(element, 256),
        "Identity" => name(element, 256),
        "Sip" => {
            let uri = element.text();
            let (address, headers) = uri.split_once('?').unwrap_or((&uri, ""));
            length("Sip", address, 255)?;
            match headers.chars().count() {
                0..=1024 => Ok(()),
                characters => {
                    Err(TwimlError::TooLong { element: "Sip", attribute: "headers", characters, limit: 1024 })
                }
            }
        }
        "Conference" => {
            name(element, usize::MAX)?;
            at_most(element, "participantLabel", 128)?;
            range(element, "maxParticipants", 2..=250)
        }
        _ => Ok(()),
    }
}

fn say(element: &Element) -> Result<(), TwimlError> {
    let text = element.text();
    if text.trim().is_empty() {
        return Err(TwimlError::NothingToSay);
    }
    let limit = match element.get("voice") {
        Some(voice) if voice.starts_with("Polly.") => 3000,
        Some(voice) if voice.starts_with("Google.") => 5000,
        Some(_) | None => 4096,
    };
    match text.chars().count() {
        characters if characters > limit => Err(TwimlError::SayTooLong { characters, limit }),
        _ => Ok(()),
    }
}

fn name(element: &Element, limit: usize) -> Result<(), TwimlError> {
    length(element.name, &element.text(), limit)
}

fn length(element: &'static str, text: &str, limit: usize) -> Result<(), TwimlError> {
    match text.chars().count() {
        characters if characters == 0 || characters > limit => {
            Err(TwimlError::Name { element, characters, limit })
        }
        _ => Ok(()),
    }
}

fn at_most(element: &Element, attribute: &'static str, limit: usize) -> Result<(), TwimlError> {
    match element.get(attribute).map_or(0, |value| value.chars().count()) {
        characters if characters > limit => {
            Err(TwimlError::TooLong { element: element.name, attribute, characters, limit })
        }
        _ => Ok(()),
    }
}

fn range(element: &Element, attribute: &'static str, allowed: RangeInclusive<u32>) -> Result<(), TwimlError> {
    match element.get(attribute).and_then(|value| value.parse().ok()) {
        Some(value) if !allowed.contains(&value) => {
            Err(TwimlError::OutOfRange { element: element.name, attribute })
        }
        Some(_) | None => Ok(()),
    }
}

fn keys(element: &Element, attribute: &'static str, allowed: &str) -> Result<(), TwimlError> {
    match element.get(attribute) {
        Some(value) if !value.chars().all(|key| allowed.contains(key)) => {
            Err(TwimlError::NoSuchKeys { element: element.name, attribute })
        }
        Some(_) | None => Ok(()),
    }
}

/// There is no document URL that a relative one could be relative to.
fn check_absolute(element: &Element) -> Result<(), TwimlError> {
    let is_url =
        |name: &str| matches!(name, "action" | "url") || name.ends_with("Url") || name.ends_with("Callback");
    let relative = |url: &str| !url.is_empty() && !url.contains("://");
    for (name, value) in &element.attributes {
        if is_url(name) && relative(value) {
            return Err(TwimlError::RelativeUrl { element: element.name, attribute: name });
        }
    }
    if matches!(element.name, "Redirect" | "Play") && relative(&element.text()) {
        return Err(TwimlError::RelativeUrl { element: element.name, attribute: "text" });
    }
    element.elements().try_for_each(check_absolute)
}
