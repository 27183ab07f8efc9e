//! What flows beside the call's say and ask, as TwiML of each of the places where they run: what a provider's queue plays,
//! what a conference plays to who is on hold, what an agent's line hears before its conference.

use ivr_engine::{Next, Prompt};
use twilio::twiml::{
    Conference, Dial, Gather, HoldResponse, Pause, Play, Redirect, VoiceResponse, WaitResponse,
};

use crate::calls::reply::{self, QUIET};

/// Where a question leads.
pub struct Answers {
    /// What was keyed in or said.
    pub gather: String,
    /// Nothing came.
    pub silence: String,
}

/// What a waiting caller hears and is asked. `again` is where the flow begins anew at its end.
pub fn wait(said: &[Prompt], next: &Next, answers: &Answers, again: String) -> String {
    let spoken = said.iter().fold(WaitResponse::new(), |response, prompt| match prompt {
        Prompt::Say { text, language, voice } => response.say(reply::say(text, language, voice.as_deref())),
        Prompt::Play { url } => response.play(Play::url(url)),
        Prompt::Library { .. } => response,
    });
    match gather(next, answers) {
        Some(gather) => spoken.gather(gather).redirect(Redirect::to(&answers.silence)).to_xml(),
        None => match next {
            Next::HangUp { .. } | Next::Ended => spoken.hangup().to_xml(),
            // A flow that says nothing is not asked as fast as the line can.
            _ if said.is_empty() => {
                spoken.pause(Pause::seconds(QUIET)).redirect(Redirect::to(again)).to_xml()
            }
            _ => spoken.redirect(Redirect::to(again)).to_xml(),
        },
    }
}

/// A while of silence before `again`.
pub fn nothing(again: String) -> String {
    WaitResponse::new().pause(Pause::seconds(1)).redirect(Redirect::to(again)).to_xml()
}

/// What the same flow says when it has taken its caller out of the queue.
pub fn out_of_the_queue(
    said: &[Prompt],
    next: &Next,
    answers: &Answers,
    record: Option<reply::Recording>,
) -> String {
    let spoken = said.iter().fold(VoiceResponse::new(), reply::hear);
    match (gather(next, answers), record) {
        (Some(gather), _) => spoken.gather(gather).redirect(Redirect::to(&answers.silence)).to_xml(),
        (None, Some(record)) => record.after(spoken, &answers.silence).to_xml(),
        (None, None) => spoken.hangup().to_xml(),
    }
}

/// What a held caller hears, before it begins anew at `again`.
pub fn hold(said: &[Prompt], again: String) -> String {
    let spoken = said.iter().fold(HoldResponse::new(), |response, prompt| match prompt {
        Prompt::Say { text, language, voice } => response.say(reply::say(text, language, voice.as_deref())),
        Prompt::Play { url } => response.play(Play::url(url)),
        Prompt::Library { .. } => response,
    });
    let filled = if said.is_empty() { spoken.pause(Pause::seconds(QUIET)) } else { spoken };
    filled.redirect(Redirect::to(again)).to_xml()
}

/// What an agent hears and is asked, and then where he is joined, at `exit` when he comes out of there.
pub fn whisper(said: &[Prompt], next: &Next, answers: &Answers, room: Conference, exit: String) -> String {
    let spoken = said.iter().fold(VoiceResponse::new(), reply::hear);
    match gather(next, answers) {
        Some(gather) => spoken.gather(gather).redirect(Redirect::to(&answers.silence)).to_xml(),
        None => match next {
            Next::HangUp { .. } => spoken.hangup().to_xml(),
            _ => spoken.dial(Dial::conference(room).action(exit)).to_xml(),
        },
    }
}

fn gather(next: &Next, answers: &Answers) -> Option<Gather> {
    match next {
        Next::Gather { .. } => Some(reply::gather(next)?.action(&answers.gather)),
        _ => None,
    }
}
