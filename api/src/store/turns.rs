//! Turns among nodes: who has a name's turn keeps the others of that name waiting until it is dropped. On SQLite there is one
//! node, which keeps its own order.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Database, Tx};

/// Turns that one node has or waits for at a time. Each holds a connection, and what is done in it needs another.
const AT_ONCE: usize = 2;

#[derive(Clone)]
pub struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

/// Ends when it is dropped.
pub struct Turn {
    _held: Option<(Tx, Option<OwnedSemaphorePermit>)>,
}

/// Waits for the turn of `name`.
pub async fn take(db: &Database, turns: &Turns, name: &str) -> Result<Turn, DbErr> {
    if db.backend() != DbBackend::Postgres {
        return Ok(Turn { _held: None });
    }
    let place = turns.0.clone().acquire_owned().await.ok();
    let hash: [u8; 32] = Sha256::digest(name).into();
    let key = i64::from_be_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]]);
    let tx = db.begin().await?;
    tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({key})")).await?;
    Ok(Turn { _held: Some((tx, place)) })
}
