//! Tells a call as a story: a line that begins with `>` is what happens, the others are what the flow does about it.

#![allow(dead_code, reason = "each file of tests uses a part of it")]

use chrono::{DateTime, TimeDelta, Utc};
use ivr_engine::{
    Accepts, CallFacts, DialOutcome, Flow, Input, Next, Passage, Prompt, QueueLeft, Session, Step, step,
};
use serde_json::Value;

pub fn flow(document: &Value) -> Flow {
    Flow::parse(document).unwrap_or_else(|findings| panic!("the flow of this story is broken: {findings:#?}"))
}

pub fn caller(from: &str) -> CallFacts {
    CallFacts { from: from.to_owned(), to: "+15550199".to_owned(), caller_name: None }
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a moment such as 2026-03-02T12:00:00Z")
}

/// Plays the input lines of `story`, ten seconds apart, and compares the whole with what it should be.
#[track_caller]
pub fn check(flow: &Flow, call: CallFacts, start: DateTime<Utc>, story: &str) {
    let expected: Vec<&str> = story.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut told = Vec::new();
    let mut session = Session::new(call);
    let mut now = start;
    for line in expected.iter().filter(|line| line.starts_with('>')) {
        told.push((*line).to_owned());
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
        ("records", seconds) => Input::Recorded { seconds: seconds.parse().expect("seconds") },
        ("dialed", "answered") => Input::Dialed(DialOutcome::Answered),
        ("dialed", "busy") => Input::Dialed(DialOutcome::Busy),
        ("dialed", "no answer") => Input::Dialed(DialOutcome::NoAnswer),
        ("dialed", "failed") => Input::Dialed(DialOutcome::Failed),
        ("hangs", "up") => Input::HungUp,
        _ => panic!("no such input line: {line}"),
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
            Passage::Ends => format!("{} ends", entry.node),
        })
        .collect();
    lines.extend(
        step.problems.iter().map(|problem| format!("problem {:?}: {}", problem.code, problem.message)),
    );
    lines.extend(step.prompts.iter().map(heard));
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
    }
}

fn next(next: &Next) -> Vec<String> {
    match next {
        Next::Gather { prompts, accepts, num_digits, finish_on_key, timeout_seconds, hints, language } => {
            let accepts = match accepts {
                Accepts::Digits => "keys",
                Accepts::Speech => "words",
                Accepts::DigitsAndSpeech => "keys or words",
            };
            let keys = num_digits.map(|keys| format!(", {keys} at most")).unwrap_or_default();
            let finish = finish_on_key.map(|key| format!(", {key} ends")).unwrap_or_default();
            let hints = if hints.is_empty() { String::new() } else { format!(", hints {}", hints.join("/")) };
            let mut lines: Vec<String> =
                prompts.iter().map(|prompt| format!("ask: {}", heard(prompt))).collect();
            lines.push(format!("gather {accepts}{keys}{finish}, {timeout_seconds} s, {language}{hints}"));
            lines
        }
        Next::Enqueue { queue, priority, skills, max_wait_seconds, age_credit_seconds } => {
            let skills: String =
                skills.iter().map(|need| format!(", {} from {}", need.skill, need.level)).collect();
            let longest =
                max_wait_seconds.map(|seconds| format!(", {seconds} s at most")).unwrap_or_default();
            let credit = if *age_credit_seconds > 0 {
                format!(", {age_credit_seconds} s ahead")
            } else {
                String::new()
            };
            vec![format!("enqueue {queue}, priority {priority}{skills}{longest}{credit}")]
        }
        Next::Dial { number, timeout_seconds, caller_id } => {
            let shown = caller_id.as_ref().map(|number| format!(", showing {number}")).unwrap_or_default();
            vec![format!("dial {number}, {timeout_seconds} s{shown}")]
        }
        Next::Record { prompts, max_seconds, finish_on_key, mailbox } => {
            let finish = finish_on_key.map(|key| format!(", {key} ends")).unwrap_or_default();
            let mailbox = mailbox.as_ref().map(|mailbox| format!(", into {mailbox}")).unwrap_or_default();
            let mut lines: Vec<String> =
                prompts.iter().map(|prompt| format!("ask: {}", heard(prompt))).collect();
            lines.push(format!("record {max_seconds} s at most{finish}{mailbox}"));
            lines
        }
        Next::HangUp { outcome } => vec![format!("hang up: {outcome:?}")],
        Next::Ended => vec!["over".to_owned()],
    }
}
