//! What the carrier knows: calls, conferences, queues, recordings, messages, numbers, phones.
//!
//! One mutex, short sections, never held across an await. Locks are taken in this order: this one, then a leg's, then
//! a lane's; never the other way round.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use clock::Clock;

use crate::Settings;
use crate::call::Call;
use crate::callbacks::Lanes;
use crate::conference::Conference;
use crate::faults::{Dice, Faults};
use crate::key::ApiKey;
use crate::message::Message;
use crate::number::Number;
use crate::queue::Queue;
use crate::recording::Recording;
use crate::script::Endpoint;
use crate::webhook::Client;

/// What all tasks share.
pub(crate) struct Shared {
    pub settings: Settings,
    pub clock: Clock,
    pub client: Client,
    pub dice: Dice,
    pub lanes: Lanes,
    /// `http://127.0.0.1:port`, without a path.
    pub base: String,
    state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    pub calls: Shelf<Call>,
    pub conferences: Shelf<Conference>,
    /// SIDs of the conferences that have not ended, by name.
    pub live_rooms: HashMap<String, String>,
    pub queues: Shelf<Queue>,
    pub recordings: Shelf<Recording>,
    /// SIDs of those that have not ended.
    pub running_recordings: Vec<String>,
    pub messages: Shelf<Message>,
    /// Who wants no messages from a number: the number, and he.
    pub opted_out: HashSet<(String, String)>,
    pub numbers: Shelf<Number>,
    pub keys: Shelf<ApiKey>,
    pub endpoints: HashMap<String, Endpoint>,
}

impl Shared {
    pub(crate) fn new(settings: Settings, client: Client, base: String) -> Arc<Self> {
        Arc::new(Self {
            clock: settings.clock.clone(),
            client,
            dice: Dice::new(Faults::default()),
            lanes: Lanes::default(),
            base,
            state: Mutex::default(),
            settings,
        })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// `/2010-04-01/Accounts/AC…`, the start of every resource's path.
    pub(crate) fn account_path(&self) -> String {
        format!("/2010-04-01/Accounts/{}", self.settings.account_sid)
    }
}

/// Things by SID, in the order in which they came.
pub(crate) struct Shelf<T> {
    by_sid: HashMap<String, T>,
    order: VecDeque<String>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { by_sid: HashMap::new(), order: VecDeque::new() }
    }
}

impl<T> Shelf<T> {
    pub(crate) fn insert(&mut self, sid: String, value: T) {
        self.order.push_back(sid.clone());
        self.by_sid.insert(sid, value);
    }

    pub(crate) fn get(&self, sid: &str) -> Option<&T> {
        self.by_sid.get(sid)
    }

    pub(crate) fn get_mut(&mut self, sid: &str) -> Option<&mut T> {
        self.by_sid.get_mut(sid)
    }

    pub(crate) fn remove(&mut self, sid: &str) -> Option<T> {
        let removed = self.by_sid.remove(sid)?;
        self.order.retain(|s| s != sid);
        Some(removed)
    }

    /// The order of Twilio's lists.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &T> {
        self.order.iter().rev().filter_map(|sid| self.by_sid.get(sid))
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.by_sid.values_mut()
    }

    /// Forgets the oldest ones that may be forgotten until no more than `keep` are left.
    pub(crate) fn trim(&mut self, keep: usize, may: impl Fn(&T) -> bool) {
        while self.order.len() > keep {
            let Some(at) = self.order.iter().position(|sid| self.by_sid.get(sid).is_none_or(&may)) else {
                return;
            };
            if let Some(sid) = self.order.remove(at) {
                self.by_sid.remove(&sid);
            }
        }
    }
}
