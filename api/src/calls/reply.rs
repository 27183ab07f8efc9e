//! What a party's line is to do next, and how that reads as TwiML.

use std::time::Duration;

use entity::id::{CallId, CompanyId, OfferId, QueueEntryId, QueueId, SegmentId};
use ivr_engine::{Accepts, Next, Prompt};
use twilio::twiml::{
    Beep, Conference, ConferenceSubscription, Dial, Enqueue, Gather, GatherInput, Number, OnEnter, OnExit,
    Pause, Play, Record, RecordingEvent, Redirect, Reject, RejectReason, Say, VoiceResponse, WaitResponse,
};

use super::urls::{Heard, Urls};
use crate::words::Words;

/// How long an agent at a number has to press 1.
const PRESS_SECONDS: u32 = 8;

#[derive(Clone, Debug)]
pub enum Reply {
    /// The flow speaks, and then waits for something or ends.
    Flow {
        call: CallId,
        version: i32,
        prompts: Vec<Prompt>,
        next: FlowNext,
    },
    /// Nobody owns the number, or nothing answers at it.
    NotInService(Words),
    /// Something of ours is broken. Never silence.
    Apology(Words),
    /// The caller comes back to his parking place.
    Park {
        call: CallId,
        version: i32,
        entry: QueueEntryId,
        queue: QueueId,
    },
    Wait(Wait),
    /// The caller leaves the queue; the flow goes on at the queue's exit.
    LeaveQueue,
    /// The caller joins the agent.
    JoinCaller {
        call: CallId,
        offer: OfferId,
    },
    /// The agent joins; the caller is brought when he has.
    JoinAgent {
        offer: OfferId,
    },
    /// An agent at a number is asked whether he takes the call.
    PressToTake {
        offer: OfferId,
        words: Words,
        queue: String,
    },
    /// The agent's answer came too late.
    TooLate(Words),
    HangUp,
    /// A late hop: what the line was told last.
    Current(String),
    /// For callbacks: there is nothing to say.
    Nothing,
    /// Ours failed for a moment: the same address again in a moment.
    TryAgain {
        url: String,
    },
}

/// What the flow waits for; an enqueued caller is already a row.
#[derive(Clone, Debug)]
pub enum FlowNext {
    Engine(Next),
    Parked { entry: QueueEntryId, queue: QueueId },
}

/// What a waiting caller hears.
#[derive(Clone, Debug)]
pub struct Wait {
    pub entry: QueueEntryId,
    pub hop: u32,
    /// From 1. Not told, without.
    pub position: Option<u64>,
    /// Not told, without.
    pub expected: Option<Duration>,
    pub music: Option<String>,
    /// Seconds until he is asked for again, where no music fills them.
    pub quiet: u32,
    pub words: Words,
}

impl Reply {
    pub fn to_twiml(&self, company: CompanyId, urls: &Urls) -> String {
        match self {
            Self::Flow { call, version, prompts, next } => {
                flow(company, urls, *call, *version, prompts, next).to_xml()
            }
            Self::NotInService(words) => {
                VoiceResponse::new().say(words.say(words.not_in_service())).hangup().to_xml()
            }
            Self::Apology(words) => VoiceResponse::new().say(words.say(words.apology())).hangup().to_xml(),
            Self::Park { call, version, entry, queue } => {
                VoiceResponse::new().enqueue(park(company, urls, *call, *version, *entry, *queue)).to_xml()
            }
            Self::Wait(wait) => wait.document(urls).to_xml(),
            Self::LeaveQueue => WaitResponse::new().leave().to_xml(),
            Self::JoinCaller { call, offer } => {
                let room = room(urls, *offer)
                    .participant_label(caller_label(*call))
                    .on_enter(OnEnter::StartsConference)
                    .on_exit(OnExit::EndsConference);
                VoiceResponse::new().dial(Dial::conference(room)).to_xml()
            }
            Self::JoinAgent { offer } => {
                let room = room(urls, *offer)
                    .participant_label(agent_label(*offer))
                    .on_enter(OnEnter::StartsConference)
                    .on_exit(OnExit::LeavesOthers);
                VoiceResponse::new().dial(Dial::conference(room).action(urls.agent_exit(*offer))).to_xml()
            }
            Self::PressToTake { offer, words, queue } => {
                let ask = Gather::new()
                    .input([GatherInput::Dtmf])
                    .num_digits(1)
                    .timeout(PRESS_SECONDS)
                    .action(urls.agent_press(*offer))
                    .say(words.say(words.press_one(queue)));
                VoiceResponse::new().gather(ask).hangup().to_xml()
            }
            Self::TooLate(words) => VoiceResponse::new().say(words.say(words.too_late())).hangup().to_xml(),
            Self::HangUp => VoiceResponse::new().hangup().to_xml(),
            Self::Current(twiml) => twiml.clone(),
            Self::Nothing => VoiceResponse::new().to_xml(),
            Self::TryAgain { url } => {
                VoiceResponse::new().pause(Pause::seconds(1)).redirect(Redirect::to(url)).to_xml()
            }
        }
    }

    /// For a number that must not be answered at all.
    pub fn refusal() -> String {
        VoiceResponse::reject(Reject::new(RejectReason::Rejected)).to_xml()
    }
}

/// The name of an agent's place in the conference. It holds the offer's id, so that none is used twice.
pub fn agent_label(offer: OfferId) -> String {
    format!("agent-{offer}")
}

pub fn caller_label(call: CallId) -> String {
    format!("caller-{call}")
}

/// One room an offer: a caller who goes back to the queue meets the next agent in another room, and late events of the
/// first cannot be taken for the second's.
fn room(urls: &Urls, offer: OfferId) -> Conference {
    use ConferenceSubscription::{Hold, Join, Leave, Modify, Mute, Start};
    Conference::new(format!("room-{offer}"))
        .beep(Beep::Never)
        .wait_url("")
        .status_callback(urls.conference(offer))
        // Its start says that both are there, should the word of one's joining be lost; its end follows from who leaves.
        .status_callback_event([Start, Join, Leave, Mute, Hold, Modify])
}

fn park(
    company: CompanyId,
    urls: &Urls,
    call: CallId,
    version: i32,
    entry: QueueEntryId,
    queue: QueueId,
) -> Enqueue {
    // 64 characters at most: two ids without hyphens are exactly that.
    Enqueue::new(format!("{}{}", company.0.simple(), queue.0.simple()))
        .action(urls.queue_exit(call, entry, version))
        .wait_url(urls.wait(entry, 0))
}

fn flow(
    company: CompanyId,
    urls: &Urls,
    call: CallId,
    version: i32,
    prompts: &[Prompt],
    next: &FlowNext,
) -> VoiceResponse {
    let silence = || Redirect::to(urls.step(call, version, Heard::Silence));
    let spoken = prompts.iter().fold(VoiceResponse::new(), |response, prompt| match prompt {
        Prompt::Say { text, language, voice } => response.say(say(text, language, voice.as_deref())),
        Prompt::Play { url } => response.play(Play::url(url)),
    });
    let next = match next {
        FlowNext::Parked { entry, queue } => {
            return spoken.enqueue(park(company, urls, call, version, *entry, *queue));
        }
        FlowNext::Engine(next) => next,
    };
    match next {
        Next::Gather { prompts, accepts, num_digits, finish_on_key, timeout_seconds, hints, language } => {
            let mut gather = Gather::new()
                .input(inputs(*accepts))
                .action(urls.step(call, version, Heard::Gather))
                .timeout(*timeout_seconds)
                .finish_on_key(finish_on_key.map(String::from).unwrap_or_default());
            if let Some(count) = num_digits {
                gather = gather.num_digits(*count);
            }
            if accepts.speech() {
                gather = gather.language(language);
                if !hints.is_empty() {
                    gather = gather.hints(hints.join(","));
                }
            }
            let gather = prompts.iter().fold(gather, |gather, prompt| match prompt {
                Prompt::Say { text, language, voice } => gather.say(say(text, language, voice.as_deref())),
                Prompt::Play { url } => gather.play(Play::url(url)),
            });
            spoken.gather(gather).redirect(silence())
        }
        Next::Dial { number, timeout_seconds, caller_id } => {
            let mut dial = Dial::number(Number::new(number)).timeout(*timeout_seconds).action(urls.step(
                call,
                version,
                Heard::Dial,
            ));
            if let Some(caller_id) = caller_id {
                dial = dial.caller_id(caller_id);
            }
            spoken.dial(dial)
        }
        Next::Record { prompts, max_seconds, finish_on_key, mailbox } => {
            let asked = prompts.iter().fold(spoken, |response, prompt| match prompt {
                Prompt::Say { text, language, voice } => response.say(say(text, language, voice.as_deref())),
                Prompt::Play { url } => response.play(Play::url(url)),
            });
            let record = Record::new()
                .action(urls.recorded_step(call, version, mailbox.as_deref()))
                .max_length((*max_seconds).max(2))
                .finish_on_key(finish_on_key.map(String::from).unwrap_or_default())
                .recording_status_callback(urls.recording(call, mailbox.as_deref()))
                .recording_status_callback_event([RecordingEvent::Completed, RecordingEvent::Absent]);
            asked.record(record).redirect(silence())
        }
        // An enqueued caller is a row by now and comes as `Parked`; here only what ends the call is left.
        Next::Enqueue { .. } | Next::HangUp { .. } | Next::Ended => spoken.hangup(),
    }
}

fn inputs(accepts: Accepts) -> Vec<GatherInput> {
    match accepts {
        Accepts::Digits => vec![GatherInput::Dtmf],
        Accepts::Speech => vec![GatherInput::Speech],
        Accepts::DigitsAndSpeech => vec![GatherInput::Dtmf, GatherInput::Speech],
    }
}

fn say(text: &str, language: &str, voice: Option<&str>) -> Say {
    let say = Say::new(text).language(language);
    match voice {
        Some(voice) => say.voice(voice),
        None => say,
    }
}

impl Wait {
    /// A few seconds; then the next hop asks again. The provider would loop a document by itself, but then each round
    /// would bear the same address.
    fn document(&self, urls: &Urls) -> WaitResponse {
        let words = &self.words;
        let mut spoken = WaitResponse::new();
        if let Some(position) = self.position {
            spoken = spoken.say(words.say(words.position(position)));
        }
        if let Some(expected) = self.expected {
            spoken = spoken.say(words.say(words.expected_wait(expected)));
        }
        let filled = match &self.music {
            Some(url) => spoken.play(Play::url(url)),
            None => spoken.pause(Pause::seconds(self.quiet)),
        };
        filled.redirect(Redirect::to(urls.wait(self.entry, self.hop + 1)))
    }
}

/// Which segment a caller is being brought to, where he is parked again, or that he goes on behind the queue's exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    Agent { call: CallId, segment: SegmentId },
    Queue { call: CallId, entry: QueueEntryId, after: SegmentId },
    QueueExit { call: CallId, entry: QueueEntryId, version: i32 },
}

impl Destination {
    pub fn url(self, urls: &Urls) -> String {
        match self {
            Self::Agent { call, segment } => urls.caller_join(call, segment),
            Self::Queue { call, entry, after } => urls.park(call, entry, after),
            Self::QueueExit { call, entry, version } => urls.queue_leave(call, entry, version),
        }
    }
}
