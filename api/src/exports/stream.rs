//! Exports that are sent while they are read.
//!
//! A reader that takes too little is cut off: its answer breaks, and the connection to the database is free. So it is when
//! the export takes too long, since a database cannot tidy up behind rows that somebody still reads.

use chrono::{DateTime, TimeDelta, Utc};
use clock::Clock;
use entity::CompanyScope;
use entity::id::UserId;
use futures_util::StreamExt;
use serde_json::{Value, json};

use super::pack::Pack;
use super::{Place, Text, Wish, desk};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::audit;
use crate::storage::Pieces;
use crate::store::Unit;

/// What a client is asked to wait for a place.
const FOR_A_PLACE: std::time::Duration = std::time::Duration::from_secs(5);

/// How the bytes travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Travel {
    AsTheyAre,
    /// Compressed on the way alone.
    Gzip,
}

/// What is noted of an export.
pub fn detail(wish: &Wish) -> Value {
    let ask = &wish.ask;
    let mut detail =
        json!({"dataset": ask.what.dataset(), "format": ask.format, "from": ask.from, "to": ask.to});
    if let Some(intervals) = desk::intervals(ask.what) {
        detail["intervals"] = json!(intervals);
    }
    detail
}

/// Begins an export for `user`, which is noted first.
///
/// # Errors
/// `TooOften` when as many are under way as there are places.
pub async fn begin(
    app: &App,
    scope: CompanyScope,
    user: UserId,
    wish: Wish,
    travel: Travel,
) -> Result<Pieces> {
    let place = app.exports.for_stream().ok_or(Error::TooOften { retry_after: FOR_A_PLACE })?;
    let unit = Unit::begin(app, scope).await?;
    audit::note(app, scope, unit.tx(), user, "export:stream", detail(&wish)).await?;
    unit.commit().await?;
    let packed = wish.gzip || travel == Travel::Gzip;
    let pack = if packed { Pack::gzip() } else { Pack::Plain };
    let span = |span| TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
    let streaming = Streaming {
        text: Text::of(&wish, super::rows(app, scope, wish.ask), pack),
        clock: app.clock.clone(),
        begun: app.clock.now(),
        given: None,
        stall: span(app.settings.timing.client_stall),
        longest: span(app.settings.exports.longest),
        _place: place,
    };
    let pieces = futures_util::stream::try_unfold(streaming, |mut streaming| async move {
        let next = streaming.next().await;
        if let Err(error) = &next {
            tracing::warn!(?error, rows = streaming.text.count(), "an export is broken off");
        }
        next.map(|piece| piece.map(|piece| (piece, streaming)))
    });
    Ok(pieces.boxed())
}

struct Streaming {
    text: Text,
    clock: Clock,
    begun: DateTime<Utc>,
    /// When the last piece was given away.
    given: Option<DateTime<Utc>>,
    stall: TimeDelta,
    longest: TimeDelta,
    _place: Place,
}

impl Streaming {
    async fn next(&mut self) -> std::io::Result<Option<bytes::Bytes>> {
        let late = |why: &str| std::io::Error::new(std::io::ErrorKind::TimedOut, why.to_owned());
        let now = self.clock.now();
        if self.given.is_some_and(|given| now - given > self.stall) {
            return Err(late("the client takes too little"));
        }
        if now - self.begun > self.longest {
            return Err(late("it takes too long"));
        }
        let piece = self.text.next().await.map_err(|error| std::io::Error::other(format!("{error:?}")))?;
        self.given = Some(self.clock.now());
        Ok(piece)
    }
}
