//! What a party's line is to do next, and how that reads as TwiML.

use std::time::Duration;

use entity::id::{CallId, CompanyId, LegId, OfferId, QueueEntryId, QueueId, SegmentId, TransferId};
use ivr_engine::{Accepts, DialTo, Next, Prompt};
use twilio::twiml::{
    Beep, CallEvent, Conference, ConferenceSubscription, Dial, Enqueue, Gather, GatherInput, HoldResponse,
    Number, OnEnter, OnExit, Pause, Play, Record, RecordingEvent, Redirect, Reject, RejectReason, Say, Sip,
    VoiceResponse, WaitResponse,
};

use super::recording::Notice;
use super::urls::{Heard, Spoken, Urls};
use crate::words::Words;

/// Seconds of quiet between two announcements, where no rule of a queue says otherwise.
pub const QUIET: u32 = 15;
/// Seconds until a supervisor between two agents is asked for again.
const BETWEEN: u32 = 3;
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
    /// The flow waits for an answer that is not there yet.
    AwaitAnswer {
        call: CallId,
        version: i32,
        hop: u32,
    },
    /// The flow would ask for a secret, and a recording can still be heard. What the line is told `then` is in the first one.
    AwaitSilence {
        call: CallId,
        version: i32,
        hop: u32,
        then: Option<Box<Reply>>,
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
        room: OfferId,
    },
    /// The agent joins; the caller is brought when he has.
    JoinAgent {
        offer: OfferId,
        room: OfferId,
    },
    /// Somebody outside, or a supervisor, joins.
    JoinParty {
        leg: LegId,
        room: OfferId,
        hears: Hears,
    },
    /// A supervisor waits until the caller has the next agent.
    Between {
        leg: LegId,
        hop: u32,
        words: Words,
    },
    /// A caller on hold.
    Hold {
        call: CallId,
        hop: u32,
        music: Option<String>,
        words: Words,
    },
    /// Keys are played to a party.
    Keys(String),
    /// The caller's own line calls the number that he is passed on to.
    Dial {
        transfer: TransferId,
        number: String,
        caller_id: String,
        seconds: u32,
    },
    /// An agent at a number is asked whether he takes the call.
    PressToTake {
        offer: OfferId,
        words: Words,
        queue: String,
    },
    /// An agent at a number is asked whether it is he who wants to call out.
    PressToCall {
        offer: OfferId,
        words: Words,
    },
    /// The agent's answer came too late.
    TooLate(Words),
    /// Both sides hear that their conversation is recorded.
    Announcement(Notice),
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

/// Whether who joins is heard from the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hears {
    AndIsHeard,
    Only,
}

/// What the flow waits for; an enqueued caller is already a row.
#[derive(Clone, Debug)]
pub enum FlowNext {
    Engine(Next),
    Parked {
        entry: QueueEntryId,
        queue: QueueId,
    },
    /// A request, which is already a row.
    Requesting,
}

/// What a waiting caller is told of his place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// He has none: one agent is asked, and takes him at once or not.
    OneIsAsked,
    InLine {
        /// From 1. Not told, without.
        position: Option<u64>,
        /// Not told, without.
        expected: Option<Duration>,
    },
}

/// What a waiting caller hears.
#[derive(Clone, Debug)]
pub struct Wait {
    pub entry: QueueEntryId,
    pub hop: u32,
    pub place: Place,
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
            Self::AwaitAnswer { call, version, hop } => {
                let again = Redirect::to(urls.request(*call, *version, *hop));
                VoiceResponse::new().pause(Pause::seconds(1)).redirect(again).to_xml()
            }
            Self::AwaitSilence { call, version, hop, .. } => {
                let again = Redirect::to(urls.silence(*call, *version, *hop));
                VoiceResponse::new().pause(Pause::seconds(1)).redirect(again).to_xml()
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
            Self::JoinCaller { call, room: offer } => {
                let room = room(urls, *offer)
                    .participant_label(caller_label(*call))
                    .on_enter(OnEnter::StartsConference)
                    .on_exit(OnExit::EndsConference);
                VoiceResponse::new().dial(Dial::conference(room)).to_xml()
            }
            Self::JoinAgent { offer, room: name } => {
                let room = agent_room(urls, *offer, *name);
                VoiceResponse::new().dial(Dial::conference(room).action(urls.agent_exit(*offer))).to_xml()
            }
            Self::JoinParty { leg, room: offer, hears } => {
                let joins =
                    room(urls, *offer).participant_label(party_label(*leg)).on_exit(OnExit::LeavesOthers);
                let room = match hears {
                    Hears::AndIsHeard => joins.on_enter(OnEnter::StartsConference),
                    Hears::Only => joins.on_enter(OnEnter::WaitsForStart).muted(),
                };
                VoiceResponse::new().dial(Dial::conference(room).action(urls.party_exit(*leg, 0))).to_xml()
            }
            Self::Between { leg, hop, words } => {
                let again = Redirect::to(urls.party_exit(*leg, hop + 1));
                let spoken = match hop {
                    0 => VoiceResponse::new().say(words.say(words.between_agents())),
                    _ => VoiceResponse::new(),
                };
                spoken.pause(Pause::seconds(BETWEEN)).redirect(again).to_xml()
            }
            Self::Hold { call, hop, music, words } => {
                let filled = match music {
                    Some(url) => HoldResponse::new().play(Play::url(url)),
                    None => HoldResponse::new().say(words.say(words.on_hold())).pause(Pause::seconds(QUIET)),
                };
                // A hold document that ends is followed by silence.
                filled.redirect(Redirect::to(urls.hold(*call, hop + 1))).to_xml()
            }
            Self::Keys(keys) => HoldResponse::new().play(Play::digits(keys)).to_xml(),
            Self::Dial { transfer, number, caller_id, seconds } => {
                let number = Number::new(number)
                    .status_callback(urls.transfer_status(*transfer))
                    .status_callback_event([CallEvent::Answered]);
                let dial = Dial::number(number).timeout(*seconds).caller_id(caller_id);
                VoiceResponse::new().dial(dial.action(urls.transfer_dialed(*transfer))).to_xml()
            }
            Self::PressToTake { offer, words, queue } => {
                press(urls, *offer, words.say(words.press_one(queue))).to_xml()
            }
            Self::PressToCall { offer, words } => {
                press(urls, *offer, words.say(words.press_one_to_call())).to_xml()
            }
            Self::TooLate(words) => VoiceResponse::new().say(words.say(words.too_late())).hangup().to_xml(),
            Self::Announcement(notice) => {
                HoldResponse::new().say(Say::new(&notice.text).language(&notice.language)).to_xml()
            }
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

/// Asks an agent at a number for a key; without one his line ends.
fn press(urls: &Urls, offer: OfferId, question: Say) -> VoiceResponse {
    let ask = Gather::new().input([GatherInput::Dtmf]).num_digits(1).timeout(PRESS_SECONDS);
    VoiceResponse::new().gather(ask.action(urls.agent_press(offer)).say(question)).hangup()
}

/// The room of an offer, by which it is also known before the provider has given it an id.
pub fn room_name(offer: OfferId) -> String {
    format!("room-{offer}")
}

/// The name of an agent's place in the conference. It holds the offer's id, so that none is used twice.
pub fn agent_label(offer: OfferId) -> String {
    format!("agent-{offer}")
}

pub fn caller_label(call: CallId) -> String {
    format!("caller-{call}")
}

/// Whose label this is, if it is an agent's.
pub fn agent_of_label(label: &str) -> Option<OfferId> {
    label.strip_prefix("agent-")?.parse().ok()
}

/// Whose label this is, if it is that of somebody outside or of a supervisor.
pub fn party_of_label(label: &str) -> Option<LegId> {
    label.strip_prefix("party-")?.parse().ok()
}

/// The name of somebody who is neither the caller nor an agent with an offer.
pub fn party_label(leg: LegId) -> String {
    format!("party-{leg}")
}

/// An agent's place in a room.
pub fn agent_room(urls: &Urls, offer: OfferId, name: OfferId) -> Conference {
    room(urls, name)
        .participant_label(agent_label(offer))
        .on_enter(OnEnter::StartsConference)
        .on_exit(OnExit::LeavesOthers)
}

/// One room an offer: a caller who goes back to the queue meets the next agent in another room, and late events of the
/// first cannot be taken for the second's.
fn room(urls: &Urls, offer: OfferId) -> Conference {
    use ConferenceSubscription::{Hold, Join, Leave, Modify, Mute, Start};
    Conference::new(room_name(offer))
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
    let spoken = prompts.iter().fold(VoiceResponse::new(), hear);
    let next = match next {
        FlowNext::Parked { entry, queue } => {
            return spoken.enqueue(park(company, urls, call, version, *entry, *queue));
        }
        FlowNext::Requesting => return spoken.redirect(Redirect::to(urls.request(call, version, 0))),
        FlowNext::Engine(next) => next,
    };
    match next {
        Next::Gather { secret, .. } => match gather(next) {
            Some(gather) => {
                let heard = if *secret { Heard::Secret } else { Heard::Gather };
                let gather = gather.action(urls.step(call, version, heard));
                spoken.gather(gather).redirect(silence())
            }
            None => spoken.redirect(silence()),
        },
        Next::Dial { to: to @ (DialTo::Number(_) | DialTo::Sip(_)), timeout_seconds, caller_id } => {
            let dial = match to {
                DialTo::Sip(address) => Dial::sip(Sip::new(address)),
                DialTo::Number(number) | DialTo::Agent(number) => Dial::number(Number::new(number)),
            };
            let mut dial = dial.timeout(*timeout_seconds).action(urls.step(call, version, Heard::Dial));
            if let Some(caller_id) = caller_id {
                dial = dial.caller_id(caller_id);
            }
            spoken.dial(dial)
        }
        Next::Record { purpose, prompts, .. } => {
            let said = Spoken::of(purpose, prompts);
            let action = urls.recorded_step(call, version, &said);
            match Recording::of(next, action, urls.recording(call, &said)) {
                Some(recording) => recording.after(spoken, &urls.step(call, version, Heard::Silence)),
                None => spoken.redirect(silence()),
            }
        }
        // An enqueued caller is a row by now and comes as `Parked`, and what the server has to answer it has answered;
        // here only what ends the call is left.
        Next::Enqueue { .. }
        | Next::Dial { .. }
        | Next::Request(_)
        | Next::Figures { .. }
        | Next::FindContact { .. }
        | Next::FindFlow { .. }
        | Next::BookCallback(_)
        | Next::Continue
        | Next::Done
        | Next::HangUp { .. }
        | Next::Ended => spoken.hangup(),
    }
}

/// What is asked, without the address of the answer; `None` when nothing is.
pub fn gather(next: &Next) -> Option<Gather> {
    let Next::Gather {
        prompts,
        accepts,
        num_digits,
        finish_on_key,
        timeout_seconds,
        hints,
        language,
        secret: _,
    } = next
    else {
        return None;
    };
    let mut gather = Gather::new()
        .input(inputs(*accepts))
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
    Some(prompts.iter().fold(gather, |gather, prompt| match prompt {
        Prompt::Say { text, language, voice } => gather.say(say(text, language, voice.as_deref())),
        Prompt::Play { url } => gather.play(Play::url(url)),
        Prompt::Library { .. } => gather,
    }))
}

/// What a caller is to say, and what he hears before it.
pub struct Recording {
    before: Vec<Prompt>,
    record: Record,
}

impl Recording {
    /// `None` when nothing is to be recorded. `status` hears how the recording is doing.
    pub fn of(next: &Next, action: String, status: String) -> Option<Self> {
        let Next::Record { prompts, max_seconds, finish_on_key, beep, purpose: _ } = next else {
            return None;
        };
        let record = Record::new()
            .action(action)
            .max_length((*max_seconds).max(2))
            .finish_on_key(finish_on_key.map(String::from).unwrap_or_default())
            .recording_status_callback(status)
            .recording_status_callback_event([RecordingEvent::Completed, RecordingEvent::Absent]);
        let record = if *beep { record } else { record.no_beep() };
        Some(Self { before: prompts.clone(), record })
    }

    /// Silence leads to the second address.
    pub fn after(self, spoken: VoiceResponse, silence: &str) -> VoiceResponse {
        self.before.iter().fold(spoken, hear).record(self.record).redirect(Redirect::to(silence))
    }
}

/// Adds what the caller hears. Prompts that were named have been looked up before.
pub fn hear(response: VoiceResponse, prompt: &Prompt) -> VoiceResponse {
    match prompt {
        Prompt::Say { text, language, voice } => response.say(say(text, language, voice.as_deref())),
        Prompt::Play { url } => response.play(Play::url(url)),
        Prompt::Library { .. } => response,
    }
}

fn inputs(accepts: Accepts) -> Vec<GatherInput> {
    match accepts {
        Accepts::Digits => vec![GatherInput::Dtmf],
        Accepts::Speech => vec![GatherInput::Speech],
        Accepts::DigitsAndSpeech => vec![GatherInput::Dtmf, GatherInput::Speech],
    }
}

pub fn say(text: &str, language: &str, voice: Option<&str>) -> Say {
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
        let spoken = match self.place {
            Place::OneIsAsked => WaitResponse::new().say(words.say(words.on_hold())),
            Place::InLine { position, expected } => {
                let position = position.map(|position| words.position(position));
                let expected = expected.map(|expected| words.expected_wait(expected));
                let told = position.into_iter().chain(expected);
                told.fold(WaitResponse::new(), |spoken, one| spoken.say(words.say(one)))
            }
        };
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
    Transfer {
        transfer: TransferId,
    },
    Agent {
        call: CallId,
        segment: SegmentId,
    },
    Queue {
        call: CallId,
        entry: QueueEntryId,
        after: SegmentId,
    },
    /// On in his flow.
    Flow {
        call: CallId,
        version: i32,
    },
    QueueExit {
        call: CallId,
        entry: QueueEntryId,
        version: i32,
    },
}

impl Destination {
    pub fn url(self, urls: &Urls) -> String {
        match self {
            Self::Transfer { transfer } => urls.transfer_start(transfer),
            Self::Agent { call, segment } => urls.caller_join(call, segment),
            Self::Queue { call, entry, after } => urls.park(call, entry, after),
            Self::Flow { call, version } => urls.resume(call, version),
            Self::QueueExit { call, entry, version } => urls.queue_leave(call, entry, version),
        }
    }
}
