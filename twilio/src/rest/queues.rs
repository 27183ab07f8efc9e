//! Queues and who waits in them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Client, Error, lenient};
use crate::twiml::Method;
use crate::webhook::Params;

/// In place of a call's id: whoever has waited longest.
pub const FRONT: &str = "Front";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    pub sid: String,
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub account_sid: String,
    /// The name in `<Enqueue>`.
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub friendly_name: String,
    #[serde(default, deserialize_with = "lenient::number")]
    pub current_size: Option<u32>,
    #[serde(default, deserialize_with = "lenient::number")]
    pub max_size: Option<u32>,
    /// Seconds.
    #[serde(default, deserialize_with = "lenient::number")]
    pub average_wait_time: Option<u32>,
    #[serde(default, with = "lenient::moment")]
    pub date_created: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueueMember {
    pub call_sid: String,
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub queue_sid: String,
    /// 1 is next.
    #[serde(default, deserialize_with = "lenient::number")]
    pub position: Option<u32>,
    /// Seconds.
    #[serde(default, deserialize_with = "lenient::number")]
    pub wait_time: Option<u32>,
    #[serde(default, with = "lenient::moment")]
    pub date_enqueued: Option<DateTime<Utc>>,
}

impl Client {
    pub async fn list_queues(&self, limit: usize) -> Result<Vec<Queue>, Error> {
        self.list(self.url(&["Queues.json"]), "queues", &Params::new(), limit).await
    }

    /// Who waits in a queue, the next first, at most `limit`.
    pub async fn list_members(&self, queue_sid: &str, limit: usize) -> Result<Vec<QueueMember>, Error> {
        self.list(self.url(&["Queues", queue_sid, "Members.json"]), "queue_members", &Params::new(), limit)
            .await
    }

    pub async fn fetch_member(&self, queue_sid: &str, call_sid: &str) -> Result<QueueMember, Error> {
        self.get(self.url(&["Queues", queue_sid, "Members", &format!("{call_sid}.json")])).await
    }

    /// Takes a caller (or [`FRONT`]) out of the queue; he goes on with the document at `url`, and the `action` of his
    /// `<Enqueue>` hears `redirected`. [`Error::is_gone`] when he is not in the queue any more.
    pub async fn update_member(
        &self,
        queue_sid: &str,
        call_sid: &str,
        url: &str,
    ) -> Result<QueueMember, Error> {
        let form = Params::new().with("Url", url).with("Method", Method::Post.as_str());
        self.post(self.url(&["Queues", queue_sid, "Members", &format!("{call_sid}.json")]), &form).await
    }
}
