//! New ids and random secrets: UUID v7 of the injected clock, ordered also within a millisecond.

use std::sync::Mutex;

use clock::Clock;
use rand::Rng;
use uuid::{ContextV7, Timestamp, Uuid};

pub struct Ids {
    clock: Clock,
    context: Mutex<ContextV7>,
}

impl Ids {
    pub fn new(clock: Clock) -> Self {
        Self { clock, context: Mutex::new(ContextV7::new()) }
    }

    /// An id that sorts after every one made before it on this node.
    pub fn next<Id: From<Uuid>>(&self) -> Id {
        let now = self.clock.now();
        let context = self.context.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        Id::from(Uuid::new_v7(Timestamp::from_unix(&*context, seconds, now.timestamp_subsec_nanos())))
    }

    /// Eight letters and digits to be typed, without those that look alike: 39 random bits.
    pub fn code(&self) -> String {
        const SIGNS: &[u8; 31] = b"ABCDEFGHJKLMNPQRSTUVWXYZ2345678";
        (0..8).map(|_| char::from(SIGNS[rand::random_range(0..SIGNS.len())])).collect()
    }

    /// So many random digits, to be typed.
    pub fn digits<const N: usize>(&self) -> String {
        (0..N).map(|_| char::from(rand::random_range(b'0'..=b'9'))).collect()
    }

    /// 256 random bits as text that fits into an address.
    pub fn token(&self) -> String {
        base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, self.random::<32>())
    }

    /// Random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0_u8; N];
        rand::rng().fill_bytes(&mut bytes);
        bytes
    }
}
