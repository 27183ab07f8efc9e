//! A connection that is given up when its other side takes nothing of what is written for some time: whatever makes the
//! answer is dropped then, with all that it holds.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use clock::Clock;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub struct Patient<S> {
    stream: S,
    clock: Clock,
    limit: Duration,
    /// Ends when patience does; there while the other side takes nothing.
    waiting: Option<BoxFuture<'static, ()>>,
    /// For good: poem polls a connection once more after it has failed, and hyper would then end the answer as if it were whole.
    given_up: bool,
}

impl<S> Patient<S> {
    pub fn new(stream: S, clock: Clock, limit: Duration) -> Self {
        Self { stream, clock, limit, waiting: None, given_up: false }
    }

    /// What was tried has given this.
    fn tried<T>(&mut self, got: Poll<Result<T>>, context: &mut Context<'_>) -> Poll<Result<T>> {
        if got.is_ready() {
            self.waiting = None;
            return got;
        }
        let (clock, limit) = (self.clock.clone(), self.limit);
        let waiting =
            self.waiting.get_or_insert_with(|| async move { drop(clock.sleep(limit).await) }.boxed());
        waiting.poll_unpin(context).map(|()| {
            self.given_up = true;
            Err(given_up())
        })
    }
}

fn given_up() -> Error {
    Error::new(ErrorKind::TimedOut, "the client takes nothing")
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        if self.given_up {
            return Poll::Ready(Err(given_up()));
        }
        let got = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.tried(got, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        if self.given_up {
            return Poll::Ready(Err(given_up()));
        }
        let got = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.tried(got, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let got = Pin::new(&mut self.stream).poll_flush(context);
        self.tried(got, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn who_takes_nothing_is_given_up_and_who_takes_something_is_not() {
        let clock = Clock::simulated("2026-03-02T12:00:00Z".parse().unwrap());
        let (ours, mut theirs) = tokio::io::duplex(4);
        let mut patient = Patient::new(ours, clock.clone(), Duration::from_secs(30));
        let writing = tokio::spawn(async move {
            let first = patient.write_all(b"twelve bytes").await;
            (first, patient.write_all(b"more").await)
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(29)).await;
        theirs.read_exact(&mut [0; 4]).await.unwrap();
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(29)).await;
        assert!(!writing.is_finished(), "he took something a moment ago");
        clock.advance(Duration::from_secs(1)).await;
        let (first, more) = writing.await.unwrap();
        assert_eq!(first.unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(more.unwrap_err().kind(), ErrorKind::TimedOut, "it is given up for good");
    }
}
