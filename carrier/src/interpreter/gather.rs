//! Gather: keys and words.

use super::{Exit, Flow, Session, Source};
use crate::leg::Input;
use crate::transcript::LineKind;
use crate::twiml::{Gather, Link, Verb};
use crate::webhook::Params;

/// What was gathered.
#[derive(Default)]
struct Gathered {
    digits: String,
    finished_on: Option<char>,
    speech: Option<String>,
}

impl Session {
    pub(super) async fn gather(&mut self, gather: &Gather) -> Result<Flow, Exit> {
        self.listen(gather);
        let result = self.gather_input(gather).await;
        self.listening = false;
        self.typed = None;
        self.leg.set_ears(|ears| (ears.keys, ears.speech) = (false, false));
        let gathered = result?;
        let empty = gathered.digits.is_empty() && gathered.speech.is_none();
        if empty {
            self.leg.line(LineKind::Status, "no input");
            if !gather.action_on_empty_result {
                return Ok(Flow::Continue);
            }
        }
        let link = match &gather.action {
            Some(url) => Link { url: url.clone(), method: gather.method },
            // The document itself.
            None => Link { url: self.base.clone().unwrap_or_default(), method: gather.method },
        };
        Ok(Flow::Goto(Source::Url { link: self.absolute(&link)?, extra: params(gathered, gather) }))
    }

    fn listen(&mut self, gather: &Gather) {
        self.listening = true;
        let (keys, speech) = (gather.keys, gather.speech);
        self.leg.set_ears(|ears| {
            (ears.keys, ears.speech) = (keys, speech);
            ears.question += 1;
        });
    }

    async fn gather_input(&mut self, gather: &Gather) -> Result<Gathered, Exit> {
        match self.prompts(&gather.prompts).await {
            Ok(()) | Err(Exit::BargeIn) => {}
            Err(exit) => return Err(exit),
        }
        let mut gathered = Gathered::default();
        // Somebody who is speaking is not silent.
        let mut speaking = false;
        loop {
            let input = match self.typed.take() {
                Some(input) => Some(input),
                None => {
                    let deadline = (!speaking).then(|| self.deadline(gather.timeout));
                    self.next(deadline).await?
                }
            };
            match input {
                None => return Ok(gathered),
                Some(Input::Digit(key)) if gather.keys => {
                    if Some(key) == gather.finish_on_key {
                        gathered.finished_on = Some(key);
                        return Ok(gathered);
                    }
                    gathered.digits.push(key);
                    if gather.num_digits.is_some_and(|n| gathered.digits.len() >= n) {
                        return Ok(gathered);
                    }
                }
                Some(Input::SpeechBegan) if gather.speech => speaking = true,
                Some(Input::Speech(text)) if gather.speech => {
                    gathered.speech = Some(text);
                    return Ok(gathered);
                }
                Some(_) => {}
            }
        }
    }

    async fn prompts(&mut self, prompts: &[Verb]) -> Result<(), Exit> {
        for prompt in prompts {
            match prompt {
                Verb::Say(say) => self.say_verb(say).await.map(drop)?,
                Verb::Play(play) => self.play(play).await.map(drop)?,
                Verb::Pause(length) => self.rest(*length).await?,
                Verb::Gather(_)
                | Verb::Record(_)
                | Verb::Dial(_)
                | Verb::Enqueue(_)
                | Verb::Leave
                | Verb::Hangup
                | Verb::Redirect(_)
                | Verb::Reject(_) => {}
            }
        }
        Ok(())
    }
}

fn params(gathered: Gathered, gather: &Gather) -> Params {
    let mut params: Params = Vec::new();
    let mut add = |name: &str, value: String| params.push((name.to_owned(), value));
    add("msg", "Gather End".to_owned());
    match gathered.speech {
        Some(speech) => {
            add("SpeechResult", speech);
            add("Confidence", "0.92".to_owned());
            add("Language", "en-US".to_owned());
        }
        None => {
            add("Digits", gathered.digits);
            let key = gathered.finished_on.map_or_else(String::new, String::from);
            if gather.keys {
                add("FinishedOnKey", key);
            }
        }
    }
    params
}
