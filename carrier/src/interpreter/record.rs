//! Record: a message after the beep.

use super::{Exit, Flow, Session, Source};
use crate::leg::Input;
use crate::recording::{Keep, NewRecording};
use crate::transcript::LineKind;
use crate::twiml::{Link, Record};
use crate::webhook::Params;

impl Session {
    pub(super) async fn record(&mut self, record: &Record) -> Result<Flow, Exit> {
        if record.play_beep {
            self.leg.line(LineKind::Played, "beep");
        }
        let listener = self.listener(record.status.as_ref())?;
        let link = match &record.action {
            Some(url) => Link { url: url.clone(), method: record.method },
            None => Link { url: self.base.clone().unwrap_or_default(), method: record.method },
        };
        let action = self.absolute(&link)?;
        let sid = self.shared.start_recording(NewRecording {
            call_sid: self.leg.sid.clone(),
            conference_sid: None,
            source: "RecordVerb",
            channels: 1,
            listener,
        });
        self.leg.set_ears(|ears| {
            (ears.keys, ears.speech) = (!record.finish_on_key.is_empty(), true);
            ears.question += 1;
        });
        let mut spoke = false;
        let result = self.record_until(record, &mut spoke).await;
        self.leg.set_ears(|ears| (ears.keys, ears.speech) = (false, false));
        let heard = spoke || matches!(result, Ok(Some(_)));
        let seconds = self.shared.stop_recording(&sid, if heard { Keep::Sound } else { Keep::Nothing });
        self.leg.line(LineKind::Status, format!("recorded {seconds} s"));
        let params = |digits: String| -> Params {
            let url = self.shared.recording_url(&sid);
            [
                ("RecordingUrl", url),
                ("RecordingSid", sid.clone()),
                ("RecordingDuration", seconds.to_string()),
                ("Digits", digits),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into()
        };
        match result {
            // Nothing but silence: the action is not asked, the document goes on.
            Ok(None) if !spoke => Ok(Flow::Continue),
            Ok(key) => {
                let extra = params(key.map_or_else(String::new, String::from));
                Ok(Flow::Goto(Source::Url { link: action, extra }))
            }
            Err(Exit::HungUp) if spoke => {
                let extra = params("hangup".to_owned());
                self.farewell(Some(action), extra).await;
                Err(Exit::HungUp)
            }
            Err(exit) => Err(exit),
        }
    }

    /// Until a key, a silence, or the maximal length; returns the key.
    async fn record_until(&mut self, record: &Record, spoke: &mut bool) -> Result<Option<char>, Exit> {
        let end = self.deadline(record.max_length);
        let mut speaking = false;
        loop {
            let silence = self.deadline(record.timeout);
            let deadline = if speaking { end } else { silence.min(end) };
            match self.next(Some(deadline)).await? {
                None => return Ok(None),
                Some(Input::Digit(key)) if record.finish_on_key.contains(key) => return Ok(Some(key)),
                Some(Input::SpeechBegan) => speaking = true,
                Some(Input::Speech(_)) => (*spoke, speaking) = (true, false),
                Some(_) => {}
            }
        }
    }
}
