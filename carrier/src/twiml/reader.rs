//! From XML to verbs: attributes with their defaults, and a warning for whatever is not understood.

use std::time::Duration;

use roxmltree::Node;

use super::{
    Conference, Dial, Enqueue, Gather, Link, Method, Music, Phone, Play, Record, RejectReason, Say,
    Subscription, Target, Verb, schema, words,
};

#[derive(Default)]
pub(super) struct Reader {
    pub warnings: Vec<String>,
}

impl Reader {
    fn warn(&mut self, text: impl std::fmt::Display) {
        self.warnings.push(format!("12200 {text}"));
    }

    pub(super) fn verbs(&mut self, parent: Node, allowed: &[&str]) -> Vec<Verb> {
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
                "Sip" => {
                    // What follows the question mark is headers for who is called.
                    let uri = text_of(child);
                    let address = uri.split('?').next().unwrap_or_default().to_owned();
                    phones.push(phone(child, address));
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
