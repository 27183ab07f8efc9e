//! Recordings: what is known of them, and the file.

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Response, Url};
use serde::{Deserialize, Serialize};

use super::form::form;
use super::{Client, Effect, Error, lenient, refusal};
use crate::twiml::{Method, RecordingEvent, RecordingTrack, Trim};
use crate::webhook::{Params, RecordingSource, RecordingState};

/// A file may be moved so many times before it is given up.
const MAX_REDIRECTS: usize = 3;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    pub sid: String,
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub account_sid: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub call_sid: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub conference_sid: Option<String>,
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub status: RecordingState,
    #[serde(default, deserialize_with = "lenient::some_word")]
    pub source: Option<RecordingSource>,
    /// 1 or 2.
    #[serde(default, deserialize_with = "lenient::number")]
    pub channels: Option<u32>,
    /// Seconds.
    #[serde(default, with = "lenient::number_text")]
    pub duration: Option<u32>,
    #[serde(default, with = "lenient::moment")]
    pub start_time: Option<DateTime<Utc>>,
    #[serde(default, with = "lenient::moment")]
    pub date_created: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "lenient::number")]
    pub error_code: Option<u32>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub media_url: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordingFormat {
    Wav,
    Mp3,
}

impl RecordingFormat {
    /// What the name of the file ends in, without a dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Mp3 => "mp3",
        }
    }
}

/// Whose recording it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded<'a> {
    /// The id of a call.
    Call(&'a str),
    /// The id of a conference.
    Conference(&'a str),
}

/// In place of a recording's id: the one that is being made.
pub const CURRENT: &str = "Twilio.CURRENT";

/// What to do with a recording that is being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateRecording {
    /// Leaves out what is said from now on; the file gets shorter.
    PauseSkipping,
    /// Records silence in place of what is said from now on; the file keeps its length.
    PauseSilent,
    Resume,
    Stop,
}

impl UpdateRecording {
    /// The request as it is sent.
    pub fn params(self) -> Params {
        match self {
            Self::PauseSkipping => Params::new().with("Status", "paused").with("PauseBehavior", "skip"),
            Self::PauseSilent => Params::new().with("Status", "paused").with("PauseBehavior", "silence"),
            Self::Resume => Params::new().with("Status", "in-progress"),
            Self::Stop => Params::new().with("Status", "stopped"),
        }
    }
}

closed_names! {
    /// How many channels a recording of a call has.
    pub enum RecordingChannels {
        Mono = "mono",
        /// One a side.
        Dual = "dual",
    }
}

/// A recording to be begun while a call runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CreateRecording(Params);

impl CreateRecording {
    pub fn new() -> Self {
        Self::default()
    }
}

form!(CreateRecording {
    one channels: RecordingChannels = "RecordingChannels";
    one track: RecordingTrack = "RecordingTrack";
    one trim: Trim = "Trim";
    text status_callback = "RecordingStatusCallback";
    many status_callback_event: RecordingEvent = "RecordingStatusCallbackEvent";
    one status_callback_method: Method = "RecordingStatusCallbackMethod";
});

/// A file that is being read. It fails as soon as it turns out to be longer than was allowed.
#[derive(Debug)]
pub struct RecordingFile {
    response: Response,
    limit: u64,
    read: u64,
}

impl RecordingFile {
    /// A MIME type, as the server says.
    pub fn content_type(&self) -> Option<&str> {
        self.response.headers().get(CONTENT_TYPE)?.to_str().ok()
    }

    /// Bytes of the whole file, where the server says.
    pub fn length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// The next piece, `None` at the end. A connection that breaks before the end is [`Error::Interrupted`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let piece = self.response.chunk().await.map_err(|error| Effect::Reads.lost(error))?;
        self.read += piece.as_ref().map_or(0, |piece| piece.len() as u64);
        if self.read > self.limit { Err(Error::TooLarge { limit: self.limit }) } else { Ok(piece) }
    }

    /// All of it.
    pub async fn bytes(mut self) -> Result<Bytes, Error> {
        let mut all = BytesMut::new();
        while let Some(piece) = self.chunk().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }
}

impl Client {
    pub async fn fetch_recording(&self, recording_sid: &str) -> Result<Recording, Error> {
        self.get(self.url(&["Recordings", &format!("{recording_sid}.json")])).await
    }

    /// Begins to read the file, which may have at most `limit` bytes. [`Error::is_gone`] when it was deleted, or is
    /// not ready yet.
    pub async fn download_recording(
        &self,
        recording_sid: &str,
        format: RecordingFormat,
        limit: u64,
    ) -> Result<RecordingFile, Error> {
        let mut url = self.url(&["Recordings", &format!("{recording_sid}.{}", format.extension())]);
        for _ in 0..=MAX_REDIRECTS {
            let response = self.get_file(url.clone()).await?;
            let status = response.status();
            if status.is_redirection() {
                url = moved(&url, &response)?;
                continue;
            }
            if !status.is_success() {
                return Err(refusal(response).await);
            }
            if response.content_length().is_some_and(|length| length > limit) {
                return Err(Error::TooLarge { limit });
            }
            return Ok(RecordingFile { response, limit, read: 0 });
        }
        Err(Error::Unreadable("the file is moved too often".into()))
    }

    pub async fn delete_recording(&self, recording_sid: &str) -> Result<(), Error> {
        self.delete(self.url(&["Recordings", &format!("{recording_sid}.json")])).await
    }

    /// Begins to record a call that runs. A conference is recorded by `<Conference>` or by its first participant.
    pub async fn create_recording(
        &self,
        call_sid: &str,
        recording: &CreateRecording,
    ) -> Result<Recording, Error> {
        self.post(self.url(&["Calls", call_sid, "Recordings.json"]), recording.params()).await
    }

    /// The recordings of a call, newest first, at most `limit`; those of conferences it was in are not among them.
    pub async fn list_recordings_of_call(
        &self,
        call_sid: &str,
        limit: usize,
    ) -> Result<Vec<Recording>, Error> {
        let url = self.url(&["Calls", call_sid, "Recordings.json"]);
        self.list(url, "recordings", &Params::new(), limit).await
    }

    /// Pauses, resumes or stops a recording, or [`CURRENT`].
    pub async fn update_recording(
        &self,
        recorded: Recorded<'_>,
        recording_sid: &str,
        update: UpdateRecording,
    ) -> Result<Recording, Error> {
        let (kind, sid) = match recorded {
            Recorded::Call(sid) => ("Calls", sid),
            Recorded::Conference(sid) => ("Conferences", sid),
        };
        let url = self.url(&[kind, sid, "Recordings", &format!("{recording_sid}.json")]);
        self.post(url, &update.params()).await
    }

    /// A file may take longer than a reply, so each piece of it has the time that a whole reply has. Only the API's
    /// own host is told who asks: the file may lie at a storage of somebody else.
    async fn get_file(&self, url: Url) -> Result<Response, Error> {
        let known = url.origin() == self.base.origin();
        let request = self.files.get(url);
        let request = if known {
            request.basic_auth(&self.credentials.user, Some(&self.credentials.secret))
        } else {
            request
        };
        request.send().await.map_err(|error| Effect::Reads.lost(error))
    }
}

fn moved(from: &Url, response: &Response) -> Result<Url, Error> {
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let to = location.and_then(|location| from.join(location).ok());
    to.filter(|to| to.scheme() == from.scheme() || to.scheme() == "https")
        .ok_or_else(|| Error::Unreadable("the file is moved to nowhere".into()))
}
