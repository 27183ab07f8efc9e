//! The people at the phones: scripted callers, and how the phones of those who are called behave.
//!
//! Owns nothing of the network: a script can only press, speak, hang up, listen and wait.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clock::{Busy, Clock};
use serde::{Deserialize, Serialize};

use crate::leg::{Ears, Input, Leg};
use crate::transcript::LineKind;

/// Seconds that a spoken word takes, a usual rate of about 170 words a minute.
const WORD: f64 = 0.35;

/// How long a text takes to be spoken.
pub(crate) fn speaking_time(text: &str) -> Duration {
    let words = u32::try_from(text.split_whitespace().count().max(1)).unwrap_or(u32::MAX);
    Duration::from_secs_f64(WORD) * words
}

/// What somebody at a phone does, step by step; after the last he stays on the line until it ends. As JSON a list:
/// `[{"until_said": "press one"}, {"press": "1"}, "until_connected", {"wait": 20}, "hang_up"]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Script(pub Vec<Step>);

/// One step of a script. Times are seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Presses these keys as the answer to the next question that waits for keys; waits for the question. `w` is a
    /// pause of half a second.
    Press(String),
    /// Presses these keys now, whether anything listens or not.
    PressNow(String),
    /// Speaks this once a question waits for speech or somebody is connected.
    Speak(String),
    /// Speaks this now.
    SpeakNow(String),
    Wait(f64),
    /// Waits until this was said or played to the phone, in any case of letters, after what earlier steps waited for.
    UntilSaid(String),
    /// Waits until in a conference or bridge with another live leg.
    UntilConnected,
    /// Waits until connected and then so many seconds.
    AfterConnected(f64),
    HangUp,
}

impl Script {
    /// Says nothing, presses nothing, stays on the line.
    pub fn silent() -> Self {
        Self::default()
    }

    pub fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self(steps.into_iter().collect())
    }
}

/// How a phone behaves when it is called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    pub answer: Answer,
    /// What its owner does after answering.
    #[serde(default)]
    pub script: Script,
    /// What answering machine detection reports when it is asked for.
    #[serde(default)]
    pub answered_by: AnsweredBy,
}

/// What a phone does when it rings. Times are seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    After(f64),
    Never,
    Busy,
    /// Rings, and is declined after a second.
    Reject,
    /// Cannot be reached at all: the call fails.
    Unreachable,
}

/// Who answered, in the words of Twilio's `AnsweredBy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnsweredBy {
    #[default]
    Human,
    MachineStart,
    MachineEndBeep,
    Fax,
    Unknown,
}

impl AnsweredBy {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            AnsweredBy::Human => "human",
            AnsweredBy::MachineStart => "machine_start",
            AnsweredBy::MachineEndBeep => "machine_end_beep",
            AnsweredBy::Fax => "fax",
            AnsweredBy::Unknown => "unknown",
        }
    }
}

impl Endpoint {
    /// Answers after so many seconds and then follows the script.
    pub fn answers(after: f64, script: Script) -> Self {
        Self { answer: Answer::After(after), script, answered_by: AnsweredBy::Human }
    }

    /// Does not come to a conversation, in one of the ways of [`Answer`].
    pub fn only(answer: Answer) -> Self {
        Self { answer, script: Script::silent(), answered_by: AnsweredBy::Human }
    }

    /// A phone that nobody described: a client answers by itself after a second, a number after three.
    pub(crate) fn default_for(address: &str) -> Self {
        Self::answers(if address.starts_with("client:") { 1.0 } else { 3.0 }, Script::silent())
    }
}

/// Seconds of a script or a setting, as a span of the clock; what is no time is none.
pub(crate) fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO)
}

/// The call ended before the script did.
struct Ended;

struct Performer {
    leg: Arc<Leg>,
    clock: Clock,
    busy: Option<Busy>,
    /// The last line that a step waited for.
    heard: usize,
    /// The last question that was answered.
    answered: u64,
}

/// Starts the phone's owner as a task of his own.
pub(crate) fn perform(leg: Arc<Leg>, clock: Clock, script: Script) {
    if script.0.is_empty() {
        return;
    }
    leg.open_phone();
    let busy = Some(clock.busy());
    let mut performer = Performer { leg, clock, busy, heard: 0, answered: 0 };
    tokio::spawn(async move {
        for step in &script.0 {
            if let Err(Ended) = performer.step(step).await {
                break;
            }
        }
        performer.leg.close_phone();
    });
}

impl Performer {
    async fn step(&mut self, step: &Step) -> Result<(), Ended> {
        match step {
            Step::Press(keys) => {
                let ears = self.until(|ears, answered| ears.keys && ears.question > answered).await?;
                self.answered = ears.question;
                self.press(keys).await
            }
            Step::PressNow(keys) => self.press(keys).await,
            Step::Speak(text) => {
                let ears = self
                    .until(|ears, answered| ears.connected || ears.speech && ears.question > answered)
                    .await?;
                if ears.speech {
                    self.answered = ears.question;
                }
                self.speak(text).await
            }
            Step::SpeakNow(text) => self.speak(text).await,
            Step::Wait(wait) => self.wait(seconds(*wait)).await,
            Step::UntilSaid(text) => loop {
                if let Some(line) = self.leg.transcript.heard(self.heard, text) {
                    self.heard = line;
                    return Ok(());
                }
                self.look(None).await?;
            },
            Step::UntilConnected => self.until(|ears, _| ears.connected).await.map(drop),
            Step::AfterConnected(wait) => {
                self.until(|ears, _| ears.connected).await?;
                self.wait(seconds(*wait)).await
            }
            Step::HangUp => {
                hang_up(&self.leg);
                Err(Ended)
            }
        }
    }

    async fn until(&mut self, wanted: impl Fn(&Ears, u64) -> bool) -> Result<Ears, Ended> {
        loop {
            let ears = self.leg.ears();
            if !ears.ended && wanted(&ears, self.answered) {
                return Ok(ears);
            }
            self.look(None).await?;
        }
    }

    async fn look(&mut self, deadline: Option<DateTime<Utc>>) -> Result<(), Ended> {
        if self.leg.ears().ended {
            return Err(Ended);
        }
        self.leg.phone_wait(&mut self.busy, deadline).await;
        Ok(())
    }

    async fn wait(&mut self, wait: Duration) -> Result<(), Ended> {
        let deadline = self.clock.now() + TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX);
        while self.clock.now() < deadline {
            self.look(Some(deadline)).await?;
        }
        Ok(())
    }

    async fn press(&mut self, keys: &str) -> Result<(), Ended> {
        for part in keys.split_inclusive('w') {
            press(&self.leg, part.trim_end_matches('w'));
            if part.ends_with('w') {
                self.wait(Duration::from_millis(500)).await?;
            }
        }
        Ok(())
    }

    async fn speak(&mut self, text: &str) -> Result<(), Ended> {
        self.leg.send(Input::SpeechBegan);
        self.wait(speaking_time(text)).await?;
        self.leg.line(LineKind::Spoke, text);
        self.leg.send(Input::Speech(text.to_owned()));
        Ok(())
    }
}

/// Presses keys at once.
pub(crate) fn press(leg: &Leg, keys: &str) {
    let keys: String = keys.chars().filter(|c| matches!(c, '0'..='9' | '*' | '#' | 'A'..='D')).collect();
    if keys.is_empty() {
        return;
    }
    leg.line(LineKind::Pressed, keys.as_str());
    for key in keys.chars() {
        leg.send(Input::Digit(key));
    }
}

/// Has spoken, in no time.
pub(crate) fn say(leg: &Leg, text: &str) {
    leg.line(LineKind::Spoke, text);
    leg.send(Input::SpeechBegan);
    leg.send(Input::Speech(text.to_owned()));
}

pub(crate) fn hang_up(leg: &Leg) {
    leg.line(LineKind::Status, "hung up");
    leg.send(Input::HungUp);
}
