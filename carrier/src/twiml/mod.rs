//! TwiML as Twilio reads it: XML into verbs, warnings for what is not understood, an error for what is no document.
//!
//! Owns the grammar and its defaults (Twilio docs, "TwiML for Programmable Voice"; names as in the official SDK). Does
//! nothing: executing is the interpreter's.

mod reader;
mod schema;

use std::time::Duration;

use reader::Reader;

/// Documents over this are refused with 11750.
pub(crate) const DOCUMENT_LIMIT: usize = 64 * 1024;

/// A document that can be executed.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Document {
    pub verbs: Vec<Verb>,
    /// What was ignored, each with Twilio's number for it.
    pub warnings: Vec<String>,
}

/// Why there is no document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Twilio's error number, as sent to the fallback URL.
    pub code: u32,
    pub message: String,
}

impl Failure {
    pub(crate) fn new(code: u32, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
}

impl Method {
    /// GET in any case is GET; all else is POST, the default everywhere that we imitate.
    pub(crate) fn parse(text: Option<&str>) -> Self {
        if text.is_some_and(|t| t.eq_ignore_ascii_case("GET")) { Method::Get } else { Method::Post }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
        }
    }
}

/// An address in a document, possibly relative to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub url: String,
    pub method: Method,
}

/// Where callbacks about something go, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub link: Link,
    pub events: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verb {
    Say(Say),
    Play(Play),
    Pause(Duration),
    Gather(Gather),
    Record(Record),
    Dial(Dial),
    Enqueue(Enqueue),
    Leave,
    Hangup,
    Redirect(Link),
    Reject(RejectReason),
}

impl Verb {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Verb::Say(_) => "Say",
            Verb::Play(_) => "Play",
            Verb::Pause(_) => "Pause",
            Verb::Gather(_) => "Gather",
            Verb::Record(_) => "Record",
            Verb::Dial(_) => "Dial",
            Verb::Enqueue(_) => "Enqueue",
            Verb::Leave => "Leave",
            Verb::Hangup => "Hangup",
            Verb::Redirect(_) => "Redirect",
            Verb::Reject(_) => "Reject",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Say {
    pub text: String,
    pub repeat: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Play {
    pub url: String,
    pub digits: Option<String>,
    pub repeat: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Gather {
    pub keys: bool,
    pub speech: bool,
    /// The current document when absent.
    pub action: Option<String>,
    pub method: Method,
    pub timeout: Duration,
    pub num_digits: Option<usize>,
    pub finish_on_key: Option<char>,
    pub action_on_empty_result: bool,
    pub prompts: Vec<Verb>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    pub action: Option<String>,
    pub method: Method,
    pub timeout: Duration,
    pub finish_on_key: String,
    pub max_length: Duration,
    pub status: Option<Subscription>,
    pub play_beep: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Dial {
    pub action: Option<String>,
    pub method: Method,
    pub timeout: Duration,
    pub time_limit: Duration,
    pub caller_id: Option<String>,
    pub sequential: bool,
    pub record: bool,
    pub recording_status: Option<Subscription>,
    pub target: Target,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Target {
    Phones(Vec<Phone>),
    Conference(Box<Conference>),
    Queue { name: String, url: Option<Link> },
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Phone {
    /// `client:name`, `sip:…` or a number.
    pub address: String,
    pub url: Option<Link>,
    pub send_digits: Option<String>,
    pub status: Option<Subscription>,
}

/// How music for those who wait is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Music {
    /// Twilio's own playlist.
    Default,
    /// An empty `waitUrl`.
    Silence,
    Document(Link),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Conference {
    pub name: String,
    pub label: Option<String>,
    pub muted: bool,
    pub start_on_enter: bool,
    pub end_on_exit: bool,
    pub max_participants: usize,
    pub coach: Option<String>,
    pub wait: Music,
    pub record: bool,
    pub status: Option<Subscription>,
    pub recording_status: Option<Subscription>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Enqueue {
    pub name: String,
    pub action: Option<String>,
    pub method: Method,
    pub wait: Music,
    pub max_size: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RejectReason {
    Rejected,
    Busy,
}

/// Reads a document.
pub(crate) fn parse(text: &str) -> Result<Document, Failure> {
    if text.len() > DOCUMENT_LIMIT {
        return Err(Failure::new(11750, format!("TwiML response body of {} bytes is too large", text.len())));
    }
    let xml = roxmltree::Document::parse(text)
        .map_err(|e| Failure::new(12100, format!("Document parse failure: {e}")))?;
    let root = xml.root_element();
    if root.tag_name().name() != "Response" {
        let name = root.tag_name().name();
        return Err(Failure::new(
            12100,
            format!("Document parse failure: the root is <{name}>, not <Response>"),
        ));
    }
    let mut reader = Reader::default();
    let verbs = reader.verbs(root, schema::TOP_LEVEL);
    Ok(Document { verbs, warnings: reader.warnings })
}

/// A list attribute: Twilio's SDKs join with one space; people also write commas.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split([' ', ',', '\n', '\t']).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> (Verb, Vec<String>) {
        let mut document = parse(&format!("<Response>{text}</Response>")).expect("a document");
        (document.verbs.remove(0), document.warnings)
    }

    #[test]
    fn a_gather_without_attributes_has_the_documented_defaults() {
        let (verb, warnings) = one("<Gather><Say>Press <emphasis>one</emphasis></Say></Gather>");
        let Verb::Gather(gather) = verb else { panic!("{verb:?}") };
        assert!(gather.keys && !gather.speech && !gather.action_on_empty_result);
        assert_eq!((gather.timeout, gather.finish_on_key), (Duration::from_secs(5), Some('#')));
        assert_eq!(gather.prompts, [Verb::Say(Say { text: "Press one".into(), repeat: 1 })]);
        assert_eq!(warnings, Vec::<String>::new());
    }

    #[test]
    fn a_conference_without_attributes_has_the_documented_defaults() {
        let (verb, _) = one("<Dial><Conference> room </Conference></Dial>");
        let Verb::Dial(Dial { target: Target::Conference(conference), .. }) = verb else {
            panic!("{verb:?}")
        };
        assert_eq!(conference.name, "room");
        assert!(conference.start_on_enter && !conference.end_on_exit && !conference.muted);
        assert_eq!((conference.wait.clone(), conference.status), (Music::Default, None));
    }

    #[test]
    fn what_is_unknown_is_named_and_skipped() {
        let document = parse(
            "<Response><Shout/><Say volume=\"9\">Hi</Say><Dial hangupOnStar=\"true\">+15550001111</Dial><Pay/></Response>",
        )
        .expect("a document");
        assert_eq!(document.verbs.iter().map(Verb::name).collect::<Vec<_>>(), ["Say", "Dial"]);
        let all = document.warnings.join("\n");
        for part in [
            "<Shout> is not allowed",
            "volume is not an attribute",
            "hangupOnStar of <Dial> is not imitated",
            "<Pay>",
        ] {
            assert!(all.contains(part), "no warning about {part}: {all}");
        }
    }

    #[test]
    fn what_is_no_document_has_the_number_of_its_failure() {
        for text in ["", "hello", "<Response>", " <?xml version=\"1.0\"?><Response/>", "<response/>"] {
            assert_eq!(parse(text).expect_err(text).code, 12100, "{text:?}");
        }
        let long = format!("<Response><Say>{}</Say></Response>", "a".repeat(DOCUMENT_LIMIT));
        assert_eq!(parse(&long).expect_err("too long").code, 11750);
    }

    #[test]
    fn phones_queue_and_plain_number_are_dialled() {
        let (verb, _) =
            one("<Dial timeout='12'><Client>ann</Client><Number url='/w'>+15550002222</Number></Dial>");
        let Verb::Dial(dial) = verb else { panic!("{verb:?}") };
        assert_eq!(dial.timeout, Duration::from_secs(12));
        let Target::Phones(phones) = dial.target else { panic!("{:?}", dial.target) };
        assert_eq!(
            phones.iter().map(|p| p.address.as_str()).collect::<Vec<_>>(),
            ["client:ann", "+15550002222"]
        );
        assert!(matches!(
            one("<Dial><Queue>q</Queue></Dial>").0,
            Verb::Dial(Dial { target: Target::Queue { .. }, .. })
        ));
        assert!(
            matches!(one("<Dial> +15550001111 </Dial>").0, Verb::Dial(Dial { target: Target::Phones(p), .. }) if p[0].address == "+15550001111")
        );
    }
}
