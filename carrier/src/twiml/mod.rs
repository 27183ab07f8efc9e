//! TwiML as Twilio reads it: XML into verbs, warnings for what is not understood, an error for what is no document.
//!
//! Owns the grammar and its defaults (Twilio docs, "TwiML for Programmable Voice"; names as in the official SDK). Does
//! nothing: executing is the interpreter's.

mod schema;

use std::time::Duration;

use roxmltree::Node;

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
    /// `client:name` or a number.
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
    let mut reader = Reader { warnings: Vec::new() };
    let verbs = reader.verbs(root, schema::TOP_LEVEL);
    Ok(Document { verbs, warnings: reader.warnings })
}

struct Reader {
    warnings: Vec<String>,
}

impl Reader {
    fn warn(&mut self, text: impl std::fmt::Display) {
        self.warnings.push(format!("12200 {text}"));
    }

    fn verbs(&mut self, parent: Node, allowed: &[&str]) -> Vec<Verb> {
        let mut verbs = Vec::new();
        for node in parent.children() {
            if node.is_text() && !node.text().unwrap_or_default().trim().is_empty() {
                self.warn(format_args!("text directly in <{}> is ignored", parent.tag_name().name()));
            }
            if !node.is_element() {
                continue;
            }
            let name = node.tag_name().name();
            if !allowed.contains(&name) {
                if schema::NOT_IMITATED_VERBS.contains(&name) {
                    self.warn(format_args!(
                        "<{name}> is a verb of Twilio's that is not imitated; it is skipped"
                    ));
                } else {
                    let parent = parent.tag_name().name();
                    self.warn(format_args!("<{name}> is not allowed in <{parent}>; it is skipped"));
                }
                continue;
            }
            verbs.extend(self.verb(node));
        }
        verbs
    }

    fn verb(&mut self, node: Node) -> Option<Verb> {
        self.check_attributes(node);
        match node.tag_name().name() {
            "Say" => {
                let text = spoken(node);
                if text.is_empty() {
                    self.warnings.push("13520 <Say> without text".to_owned());
                    return None;
                }
                Some(Verb::Say(Say { text, repeat: self.repeat(node) }))
            }
            "Play" => {
                let digits = node.attribute("digits").map(str::to_owned);
                Some(Verb::Play(Play { url: text_of(node), digits, repeat: self.repeat(node) }))
            }
            "Pause" => Some(Verb::Pause(self.seconds(node, "length", 1))),
            "Gather" => Some(Verb::Gather(self.gather(node))),
            "Record" => Some(Verb::Record(self.record(node))),
            "Dial" => self.dial(node).map(Verb::Dial),
            "Enqueue" => Some(Verb::Enqueue(self.enqueue(node))),
            "Leave" => Some(Verb::Leave),
            "Hangup" => Some(Verb::Hangup),
            "Redirect" => Some(Verb::Redirect(Link {
                url: text_of(node),
                method: Method::parse(node.attribute("method")),
            })),
            "Reject" => {
                let busy = node.attribute("reason") == Some("busy");
                Some(Verb::Reject(if busy { RejectReason::Busy } else { RejectReason::Rejected }))
            }
            other => {
                self.warn(format_args!("<{other}> is unknown; it is skipped"));
                None
            }
        }
    }

    fn check_attributes(&mut self, node: Node) {
        let name = node.tag_name().name();
        for attribute in node.attributes() {
            match schema::attribute(name, attribute.name()) {
                schema::Support::Honoured => {}
                schema::Support::NotImitated => {
                    self.warn(format_args!(
                        "{} of <{name}> is not imitated; it is ignored",
                        attribute.name()
                    ));
                }
                schema::Support::Unknown => {
                    self.warn(format_args!(
                        "{} is not an attribute of <{name}>; it is ignored",
                        attribute.name()
                    ));
                }
            }
        }
    }

    fn number(&mut self, node: Node, name: &str) -> Option<u64> {
        let text = node.attribute(name)?;
        let number = text.trim().parse().ok();
        if number.is_none() {
            self.warn(format_args!(
                "{name}=\"{text}\" of <{}> is not a whole number",
                node.tag_name().name()
            ));
        }
        number
    }

    fn seconds(&mut self, node: Node, name: &str, default: u64) -> Duration {
        Duration::from_secs(self.number(node, name).unwrap_or(default))
    }

    /// 0 means until hangup, which is 1000 times.
    fn repeat(&mut self, node: Node) -> u32 {
        match self.number(node, "loop") {
            None => 1,
            Some(0) => 1000,
            Some(n) => u32::try_from(n).unwrap_or(1000).min(1000),
        }
    }

    fn flag(&mut self, node: Node, name: &str, default: Flag) -> bool {
        match node.attribute(name) {
            None => default == Flag::On,
            Some("true") => true,
            Some("false") => false,
            Some(other) => {
                self.warn(format_args!(
                    "{name}=\"{other}\" of <{}> is neither true nor false",
                    node.tag_name().name()
                ));
                default == Flag::On
            }
        }
    }

    fn gather(&mut self, node: Node) -> Gather {
        let input = node.attribute("input").unwrap_or("dtmf");
        let finish = node.attribute("finishOnKey").unwrap_or("#");
        Gather {
            keys: input.split_whitespace().any(|i| i == "dtmf"),
            speech: input.split_whitespace().any(|i| i == "speech"),
            action: non_empty(node.attribute("action")),
            method: Method::parse(node.attribute("method")),
            timeout: if node.attribute("timeout") == Some("auto") {
                Duration::from_secs(5)
            } else {
                self.seconds(node, "timeout", 5)
            },
            num_digits: self
                .number(node, "numDigits")
                .map(|n| usize::try_from(n).unwrap_or(usize::MAX).max(1)),
            finish_on_key: finish.chars().next(),
            action_on_empty_result: self.flag(node, "actionOnEmptyResult", Flag::Off),
            prompts: self.verbs(node, schema::PROMPTS),
        }
    }

    fn record(&mut self, node: Node) -> Record {
        Record {
            action: non_empty(node.attribute("action")),
            method: Method::parse(node.attribute("method")),
            timeout: self.seconds(node, "timeout", 5),
            finish_on_key: node.attribute("finishOnKey").unwrap_or("1234567890*#").to_owned(),
            max_length: self.seconds(node, "maxLength", 3600),
            status: subscription(node, "recordingStatusCallback", "completed"),
            play_beep: self.flag(node, "playBeep", Flag::On),
        }
    }

    fn dial(&mut self, node: Node) -> Option<Dial> {
        let mut phones = Vec::new();
        let mut alone = None;
        for child in node.children().filter(Node::is_element) {
            self.check_attributes(child);
            match child.tag_name().name() {
                "Number" => phones.push(phone(child, text_of(child))),
                "Client" => {
                    let identity = child
                        .children()
                        .find(|c| c.has_tag_name("Identity"))
                        .map_or_else(|| text_of(child), text_of);
                    let identity = identity.strip_prefix("client:").unwrap_or(&identity).to_owned();
                    phones.push(phone(child, format!("client:{identity}")));
                }
                "Conference" => alone = Some(Target::Conference(Box::new(self.conference(child)))),
                "Queue" => {
                    let url = non_empty(child.attribute("url"))
                        .map(|url| Link { url, method: Method::parse(child.attribute("method")) });
                    alone = Some(Target::Queue { name: text_of(child), url });
                }
                other => self.warn(format_args!("<{other}> in <Dial> is not imitated; it is skipped")),
            }
        }
        let text: String = node.children().filter(Node::is_text).filter_map(|c| c.text()).collect();
        if phones.is_empty() && alone.is_none() && !text.trim().is_empty() {
            phones.push(Phone {
                address: text.trim().to_owned(),
                url: None,
                send_digits: None,
                status: None,
            });
        }
        if phones.len() > 10 {
            self.warn("more than 10 nouns in <Dial>; those after the tenth are not dialled");
            phones.truncate(10);
        }
        let target = match alone {
            Some(target) => target,
            None if !phones.is_empty() => Target::Phones(phones),
            None => {
                self.warnings.push("13223 <Dial> names nobody; it is skipped".to_owned());
                return None;
            }
        };
        Some(Dial {
            action: non_empty(node.attribute("action")),
            method: Method::parse(node.attribute("method")),
            timeout: self.seconds(node, "timeout", 30),
            time_limit: self.seconds(node, "timeLimit", 14400),
            caller_id: non_empty(node.attribute("callerId")),
            sequential: self.flag(node, "sequential", Flag::Off),
            record: !matches!(node.attribute("record"), None | Some("do-not-record" | "false")),
            recording_status: subscription(node, "recordingStatusCallback", "completed"),
            target,
        })
    }

    fn conference(&mut self, node: Node) -> Conference {
        Conference {
            name: text_of(node),
            label: non_empty(node.attribute("participantLabel")),
            muted: self.flag(node, "muted", Flag::Off),
            start_on_enter: self.flag(node, "startConferenceOnEnter", Flag::On),
            end_on_exit: self.flag(node, "endConferenceOnExit", Flag::Off),
            max_participants: usize::try_from(self.number(node, "maxParticipants").unwrap_or(250))
                .unwrap_or(250),
            coach: non_empty(node.attribute("coach")),
            wait: music(node, "waitMethod"),
            record: matches!(node.attribute("record"), Some("record-from-start" | "true")),
            status: subscription(node, "statusCallback", ""),
            recording_status: subscription(node, "recordingStatusCallback", "completed"),
        }
    }

    fn enqueue(&mut self, node: Node) -> Enqueue {
        if node.attribute("workflowSid").is_some() {
            self.warn("workflowSid of <Enqueue> needs TaskRouter, which is not imitated; the call waits in a plain queue");
        }
        let text: String = node.children().filter(Node::is_text).filter_map(|c| c.text()).collect();
        let name = text.trim();
        Enqueue {
            name: if name.is_empty() { "default" } else { name }.to_owned(),
            action: non_empty(node.attribute("action")),
            method: Method::parse(node.attribute("method")),
            wait: music(node, "waitUrlMethod"),
            max_size: self.number(node, "maxQueueSize").and_then(|n| usize::try_from(n).ok()),
        }
    }
}

/// An optional attribute's value when it is absent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flag {
    On,
    Off,
}

fn phone(node: Node, address: String) -> Phone {
    Phone {
        address,
        url: non_empty(node.attribute("url"))
            .map(|url| Link { url, method: Method::parse(node.attribute("method")) }),
        send_digits: non_empty(node.attribute("sendDigits")),
        status: subscription(node, "statusCallback", "completed"),
    }
}

fn music(node: Node, method: &str) -> Music {
    match node.attribute("waitUrl").map(str::trim) {
        None => Music::Default,
        Some("") => Music::Silence,
        Some(url) => {
            Music::Document(Link { url: url.to_owned(), method: Method::parse(node.attribute(method)) })
        }
    }
}

fn subscription(node: Node, prefix: &str, default: &str) -> Option<Subscription> {
    let url = non_empty(node.attribute(prefix))?;
    let method = Method::parse(node.attribute(format!("{prefix}Method").as_str()));
    let events = node.attribute(format!("{prefix}Event").as_str()).unwrap_or(default);
    Some(Subscription { link: Link { url, method }, events: words(events) })
}

/// A list attribute: Twilio's SDKs join with one space; people also write commas.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split([' ', ',', '\n', '\t']).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

fn non_empty(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned)
}

fn text_of(node: Node) -> String {
    node.text().unwrap_or_default().trim().to_owned()
}

/// All the text under a `<Say>`, through its SSML, with single spaces.
fn spoken(node: Node) -> String {
    let mut text = String::new();
    for part in node.descendants().filter(|d| d.is_text()) {
        text.push_str(part.text().unwrap_or_default());
        text.push(' ');
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
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
