//! A look-alike of Twilio's voice platform on loopback, for demos, tests and load.
//!
//! It speaks Twilio's REST API, asks a customer's application for TwiML with signed requests and executes it, plays the
//! people at both ends by scripts, and goes wrong in the ways in which the real one goes wrong when it is told to. It
//! shares no types with any client of Twilio's: what it emits is built from Twilio's documentation alone, so that a
//! client's misunderstandings are noticed here.
//!
//! All waiting is by an injected [`clock::Clock`]; see `README.md` for what is imitated and what is not.

mod audio;
mod call;
mod callbacks;
mod conference;
mod control;
mod faults;
mod handle;
mod interpreter;
mod key;
mod leg;
mod listener;
mod message;
mod number;
mod queue;
mod recording;
mod rest;
mod script;
mod server;
mod sid;
mod state;
mod transcript;
mod twiml;
mod webhook;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use serde::{Deserialize, Serialize};

pub use call::CallStatus;
pub use faults::{
    CallbackEffect, CallbackFault, CallbackKind, Faults, RedirectedReply, RestEffect, RestFault,
    WebhookEffect, WebhookFault,
};
pub use handle::{CallHandle, CallSummary, Ended, Snapshot, Subscription};
pub use message::{Message, MessageDirection, MessageStatus};
pub use number::NewNumber;
pub use script::{Answer, AnsweredBy, Endpoint, Script, Step};
pub use transcript::{Line, LineKind};
pub use webhook::{WebhookResult, WebhookTiming, WebhookWatch};

use call::{Direction, Plan};
use state::Shared;

/// What a carrier is started with.
#[derive(Clone)]
pub struct Settings {
    /// `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// The password of the REST API, and the key of signatures.
    pub auth_token: String,
    pub clock: Clock,
    /// Port 0 lets the machine choose; [`Carrier::api_url`] tells.
    pub listen: SocketAddr,
    /// The hard limit of a webhook with its retries, in the machine's time, since the clock stands still meanwhile.
    /// Twilio's is 15 seconds.
    pub webhook_timeout: Duration,
    /// How many ended calls (and conferences, recordings, messages) are kept for the REST API and for transcripts.
    pub keep_calls: usize,
    /// Told of every request to the customer's application once it is over: for measuring.
    pub watch: Option<WebhookWatch>,
}

impl Settings {
    /// A port of the machine's choice on loopback and Twilio's limits.
    pub fn new(account_sid: impl Into<String>, auth_token: impl Into<String>, clock: Clock) -> Self {
        Self {
            account_sid: account_sid.into(),
            auth_token: auth_token.into(),
            clock,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            webhook_timeout: Duration::from_secs(15),
            keep_calls: 5_000,
            watch: None,
        }
    }
}

/// Somebody who calls one of the customer's numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCall {
    /// E.164, or the words of a hidden number such as `anonymous`.
    pub from: String,
    pub to: String,
    /// Told only when the number has VoiceCallerIdLookup, as with Twilio.
    #[serde(default)]
    pub caller_name: Option<String>,
    #[serde(default)]
    pub script: Script,
    /// What else the outside world tells of the call, sent with all its webhooks: `ForwardedFrom`, `FromCity`,
    /// `StirVerstat`, …
    #[serde(default)]
    pub params: BTreeMap<String, String>,
}

impl NewCall {
    pub fn new(from: &str, to: &str, script: Script) -> Self {
        Self { from: from.to_owned(), to: to.to_owned(), caller_name: None, script, params: BTreeMap::new() }
    }
}

/// A running carrier.
pub struct Carrier {
    shared: Arc<Shared>,
    server: server::Server,
}

impl Carrier {
    /// Begins to listen.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(settings: Settings) -> io::Result<Carrier> {
        let client = webhook::Client::new(
            settings.auth_token.clone(),
            settings.webhook_timeout,
            settings.watch.clone(),
        )
        .map_err(io::Error::other)?;
        let listener = tokio::net::TcpListener::bind(settings.listen).await?;
        let base = format!("http://{}", listener.local_addr()?);
        let shared = Shared::new(settings, client, base);
        let server = server::Server::start(&shared, listener);
        Ok(Carrier { shared, server })
    }

    /// `http://127.0.0.1:port`: what stands in the place of `https://api.twilio.com`.
    pub fn api_url(&self) -> String {
        self.shared.base.clone()
    }

    /// Gives the customer a number; REST can do it, too. Returns its SID.
    pub fn add_number(&self, number: NewNumber) -> String {
        self.shared.create_number(number)
    }

    /// Makes an API key; REST can do it, too. Returns its SID and its secret.
    pub fn add_api_key(&self, friendly_name: &str) -> (String, String) {
        let key = self.shared.create_key(friendly_name);
        (key.sid, key.secret)
    }

    /// Somebody calls. A number that nobody configured fails, and the transcript says so.
    pub fn place_call(&self, call: NewCall) -> CallHandle {
        CallHandle::new(self.shared.clone(), handle::place(&self.shared, call))
    }

    /// The call with this SID, also one that was made over REST or by `<Dial>`.
    pub fn call(&self, sid: &str) -> Option<CallHandle> {
        let leg = self.shared.lock().leg(sid)?;
        Some(CallHandle::new(self.shared.clone(), leg))
    }

    /// How the phone at `client:name` or at a number behaves from its next call on.
    pub fn set_endpoint(&self, address: &str, endpoint: Endpoint) {
        self.shared.lock().endpoints.insert(address.to_owned(), endpoint);
    }

    /// Replaces all faults, and the seed of their dice.
    pub fn set_faults(&self, faults: Faults) {
        self.shared.dice.set(faults);
    }

    /// Somebody sends a message to one of the customer's numbers; `None` when it has no address for messages.
    pub fn send_message(&self, from: &str, to: &str, body: &str) -> Option<Message> {
        self.shared.receive_message(from, to, body, &[])
    }

    /// The same with pictures, at these addresses.
    pub fn send_media(&self, from: &str, to: &str, body: &str, media: &[String]) -> Option<Message> {
        self.shared.receive_message(from, to, body, media)
    }

    /// All messages, newest first.
    pub fn messages(&self) -> Vec<Message> {
        self.shared.lock().messages.newest_first().cloned().collect()
    }

    /// What there is now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.shared)
    }

    /// Stops listening, lets open requests end, and ends all calls.
    pub async fn stop(self) {
        handle::end_all(&self.shared);
        self.server.stop().await;
    }
}

/// The plan of a call from outside.
pub(crate) fn inbound_plan(call: &NewCall) -> Plan {
    Plan {
        parent: None,
        from: call.from.clone(),
        to: call.to.clone(),
        caller_name: call.caller_name.clone(),
        number_sid: None,
        direction: Direction::Inbound,
        listener: None,
        extra: call.params.clone().into_iter().collect(),
        time_limit: None,
    }
}
