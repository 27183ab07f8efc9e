//! Tells a call as a story: a line that begins with `>` is what happens, the others are what the flow does about it.

#![allow(dead_code, reason = "each file of tests uses a part of it")]

use chrono::{DateTime, TimeDelta, Utc};
use ivr_engine::{
    Accepts, Booking, CallFacts, CallbackTime, DialOutcome, DialTo, Effect, Flow, FlowRef, Gapped, Input,
    Next, Passage, Prompt, QueueFigures, QueueLeft, RecordPurpose, RequestOutcome, Session, Step, step,
};
use serde_json::Value;

pub fn flow(document: &Value) -> Flow {
    Flow::parse(document).unwrap_or_else(|findings| panic!("the flow of this story is broken: {findings:#?}"))
}

pub fn caller(from: &str) -> CallFacts {
    CallFacts { from: from.to_owned(), to: "+15550199".to_owned(), ..CallFacts::default() }
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a moment such as 2026-03-02T12:00:00Z")
}

/// Plays the input lines of `story`, ten seconds apart, and compares the whole with what it should be.
#[track_caller]
pub fn check(flow: &Flow, call: CallFacts, start: DateTime<Utc>, story: &str) {
    check_among(&[flow], call, start, story);
}

/// The same among several flows: the call begins in the first, and each is found by its name.
#[track_caller]
pub fn check_among(flows: &[&Flow], call: CallFacts, start: DateTime<Utc>, story: &str) {
    let expected: Vec<&str> = story.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut told = Vec::new();
    let mut session = Session::new(call).seeded(7);
    let mut now = start;
    for line in expected.iter().filter(|line| line.starts_with('>')) {
        told.push((*line).to_owned());
        let flow = match session.flow() {
            None => flows[0],
            Some(named) => {
                flows.iter().find(|flow| flow.name() == named.as_str()).expect("a flow of the story")
            }
        };
        let result = step(flow, session, input(line), now);
        told.extend(lines(&result));
        // What is stored between two requests is JSON.
        let stored = serde_json::to_string(&result.session).expect("a session is JSON");
        session = serde_json::from_str(&stored).expect("a session comes back from JSON");
        assert_eq!(session, result.session);
        now += TimeDelta::seconds(10);
    }
    assert!(!told.is_empty(), "a story without input lines tells nothing");
    let told = told.join("\n");
    let expected = expected.join("\n");
    assert_eq!(
        told, expected,
        "the call went differently; if this is better, put it into the story:\n{told}\n"
    );
}

fn input(line: &str) -> Input {
    let line = line.trim_start_matches('>').trim();
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match (word, rest) {
        ("rings", "") => Input::Start,
        ("presses", keys) => Input::digits(keys),
        ("says", words) => Input::speech(words),
        ("silence", "") => Input::Silence,
        ("waited", "too long") => Input::QueueLeft(QueueLeft::TimedOut),
        ("cannot", "be queued") => Input::QueueLeft(QueueLeft::Failed),
        ("the", "agent hangs up") => Input::AgentLeft,
        ("records", seconds) => Input::Recorded { seconds: seconds.parse().expect("seconds") },
        ("dialed", "answered") => Input::Dialed(DialOutcome::Answered),
        ("dialed", "busy") => Input::Dialed(DialOutcome::Busy),
        ("dialed", "no answer") => Input::Dialed(DialOutcome::NoAnswer),
        ("dialed", "failed") => Input::Dialed(DialOutcome::Failed),
        ("hangs", "up") => Input::HungUp,
        // waiting longest available staffed expected; - for what is not known
        ("figures", figures) => Input::Figures(figures_of(figures)),
        ("nobody", "has that number") => Input::ContactFound(None),
        // field=value, or field for one without
        ("contact", fields) => Input::ContactFound(Some(values(fields))),
        ("flow", name) => Input::FlowFound(Some(FlowRef::new(name))),
        ("no", "such flow") => Input::FlowFound(None),
        ("callback", "accepted") => Input::CallbackBooked(Booking::Accepted),
        ("callback", "closed") => Input::CallbackBooked(Booking::Closed),
        ("callback", "failed") => Input::CallbackBooked(Booking::Failed),
        ("answer", "times out") => Input::Requested(RequestOutcome::TimedOut),
        ("request", "fails") => Input::Requested(RequestOutcome::Failed),
        // status pointer=value …
        ("answer", answer) => {
            let (status, values_) = answer.split_once(' ').unwrap_or((answer, ""));
            let status = status.parse().expect("a status");
            Input::Requested(RequestOutcome::Answered { status, values: values(values_) })
        }
        ("goes", "on") => Input::Continue,
        _ => panic!("no such input line: {line}"),
    }
}

fn values(text: &str) -> ivr_engine::Values {
    text.split_whitespace()
        .map(|part| match part.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (part.to_owned(), None),
        })
        .collect()
}

fn figures_of(text: &str) -> QueueFigures {
    let mut figures = text.split(' ').map(|figure| figure.parse().ok());
    let mut figure = || figures.next().flatten();
    QueueFigures {
        waiting: figure(),
        longest_wait_seconds: figure(),
        available: figure(),
        staffed: figure(),
        expected_wait_seconds: figure(),
    }
}

fn lines(step: &Step) -> Vec<String> {
    let mut lines: Vec<String> = step
        .trace
        .iter()
        .map(|entry| match &entry.passage {
            Passage::Left { port } => format!("{} -> {port}", entry.node),
            Passage::Waits => format!("{} waits", entry.node),
            Passage::AsksAgain { attempt } => format!("{} asks again ({attempt})", entry.node),
            Passage::Enters { flow } => format!("{} enters {flow}", entry.node),
            Passage::Returns => format!("{} returns", entry.node),
            Passage::Ends => format!("{} ends", entry.node),
        })
        .collect();
    lines.extend(
        step.problems.iter().map(|problem| format!("problem {:?}: {}", problem.code, problem.message)),
    );
    lines.extend(step.prompts.iter().map(heard));
    lines.extend(step.effects.iter().map(effect));
    lines.extend(next(&step.next));
    lines
}

fn heard(prompt: &Prompt) -> String {
    match prompt {
        Prompt::Say { text, language, voice } => {
            let voice = voice.as_ref().map(|voice| format!(", {voice}")).unwrap_or_default();
            format!("say [{language}{voice}] {text}")
        }
        Prompt::Play { url } => format!("play {url}"),
        Prompt::Library { name, language, voice } => {
            let voice = voice.as_ref().map(|voice| format!(", {voice}")).unwrap_or_default();
            format!("prompt {name} [{language}{voice}]")
        }
    }
}

fn effect(effect: &Effect) -> String {
    match effect {
        Effect::SaveContact { number, fields, tags } => {
            let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
            format!("save contact {number}: {}; tags {}", fields.join(", "), tags.join(", "))
        }
        Effect::Recording { action } => format!("recording {}", action.as_str()),
        Effect::Sms { to, text } => format!("text {to}: {text}"),
        Effect::SurveyAnswered { survey, score } => format!("survey {survey}: {score}"),
    }
}

fn next(next: &Next) -> Vec<String> {
    let asked = |prompts: &[Prompt]| -> Vec<String> {
        prompts.iter().map(|prompt| format!("ask: {}", heard(prompt))).collect()
    };
    match next {
        Next::Gather {
            prompts,
            accepts,
            num_digits,
            finish_on_key,
            timeout_seconds,
            hints,
            language,
            secret,
        } => {
            let accepts = match accepts {
                Accepts::Digits => "keys",
                Accepts::Speech => "words",
                Accepts::DigitsAndSpeech => "keys or words",
            };
            let secret = if *secret { "secret " } else { "" };
            let keys = num_digits.map(|keys| format!(", {keys} at most")).unwrap_or_default();
            let finish = finish_on_key.map(|key| format!(", {key} ends")).unwrap_or_default();
            let hints = if hints.is_empty() { String::new() } else { format!(", hints {}", hints.join("/")) };
            let mut lines = asked(prompts);
            lines.push(format!(
                "gather {secret}{accepts}{keys}{finish}, {timeout_seconds} s, {language}{hints}"
            ));
            lines
        }
        Next::Enqueue {
            queue,
            priority,
            skills,
            max_wait_seconds,
            age_credit_seconds,
            prefer_agent,
            comes_back,
        } => {
            let skills: String =
                skills.iter().map(|need| format!(", {} from {}", need.skill, need.level)).collect();
            let longest =
                max_wait_seconds.map(|seconds| format!(", {seconds} s at most")).unwrap_or_default();
            let credit = if *age_credit_seconds > 0 {
                format!(", {age_credit_seconds} s ahead")
            } else {
                String::new()
            };
            let prefer = prefer_agent
                .as_ref()
                .map(|prefer| format!(", {} for {} s first", prefer.agent, prefer.seconds))
                .unwrap_or_default();
            let back = if *comes_back { ", comes back" } else { "" };
            vec![format!("enqueue {queue}, priority {priority}{skills}{longest}{credit}{prefer}{back}")]
        }
        Next::Dial { to, timeout_seconds, caller_id } => {
            let shown = caller_id.as_ref().map(|number| format!(", showing {number}")).unwrap_or_default();
            let to = match to {
                DialTo::Number(number) => number.clone(),
                DialTo::Sip(address) => address.clone(),
                DialTo::Agent(agent) => format!("agent {agent}"),
            };
            vec![format!("dial {to}, {timeout_seconds} s{shown}")]
        }
        Next::Record { prompts, max_seconds, finish_on_key, beep, purpose } => {
            let finish = finish_on_key.map(|key| format!(", {key} ends")).unwrap_or_default();
            let beep = if *beep { "" } else { ", without a tone" };
            let purpose = match purpose {
                RecordPurpose::Voicemail { mailbox, transcribe } => {
                    let mailbox =
                        mailbox.as_ref().map(|mailbox| format!(", into {mailbox}")).unwrap_or_default();
                    let written = if *transcribe { ", written down" } else { "" };
                    format!("{mailbox}{written}")
                }
                RecordPurpose::SurveyComment { survey } => format!(", for survey {survey}"),
            };
            let mut lines = asked(prompts);
            lines.push(format!("record {max_seconds} s at most{finish}{beep}{purpose}"));
            lines
        }
        Next::Request(request) => {
            let mut lines = vec![format!("{} {}", request.method.as_str(), request.url.shown())];
            lines.extend(request.headers.iter().map(|(name, value)| format!("{name}: {}", value.shown())));
            lines.extend(request.body.as_ref().map(Gapped::shown));
            lines.push(format!(
                "wants {}, {} s, {} retries, {}",
                request.wanted.join(" "),
                request.timeout_seconds,
                request.retries,
                request.content_type
            ));
            lines
        }
        Next::Figures { queue } => vec![format!("figures of {queue}?")],
        Next::FindContact { number, fields } => {
            vec![format!("contact of {number}? {}", fields.join(" ")).trim_end().to_owned()]
        }
        Next::FindFlow { flow } => vec![format!("flow {flow}?")],
        Next::BookCallback(callback) => {
            let when = match callback.when {
                CallbackTime::InQueue => "in his turn".to_owned(),
                CallbackTime::At(at) => format!("at {at}"),
            };
            let skills: String =
                callback.skills.iter().map(|need| format!(", {} from {}", need.skill, need.level)).collect();
            vec![format!(
                "call back {} {when}, by {}, priority {}{skills}, {} times, every {} min",
                callback.number, callback.queue, callback.priority, callback.attempts, callback.retry_minutes
            )]
        }
        Next::Continue => vec!["on to the next flow".to_owned()],
        Next::Done => vec!["at its end".to_owned()],
        Next::HangUp { outcome } => vec![format!("hang up: {outcome:?}")],
        Next::Ended => vec!["over".to_owned()],
    }
}
