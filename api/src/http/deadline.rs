//! A request has so long until its answer begins. A client that sends its body byte by byte, and a handler that waits for
//! ever, hold nothing longer than that; what was begun in a transaction is rolled back. An answer that has begun may take
//! as long as it likes: recordings are heard, replays are streamed.

use std::time::Duration;

use clock::Clock;
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};

use super::envelope::Failure;
use crate::error::{Code, Error};

pub struct Deadline {
    pub clock: Clock,
    /// `None`: no limit.
    pub limit: Option<Duration>,
}

impl<E: Endpoint> Middleware<E> for Deadline {
    type Output = Limited<E>;

    fn transform(&self, inner: E) -> Limited<E> {
        Limited { inner, clock: self.clock.clone(), limit: self.limit }
    }
}

pub struct Limited<E> {
    inner: E,
    clock: Clock,
    limit: Option<Duration>,
}

impl<E: Endpoint> Endpoint for Limited<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        // How slowly media may come, their use case says: a film takes longer than a minute.
        let sends = matches!(request.method().as_str(), "POST" | "PATCH");
        let has_its_own = sends && request.uri().path().starts_with("/api/media");
        let answered = self.inner.call(request);
        let answer = match self.limit.filter(|_| !has_its_own) {
            Some(limit) => self.clock.timeout(limit, answered).await.ok_or(Failure(Error::Unavailable {
                code: Code::TimedOut,
                message: "This took too long and was given up.",
            }))?,
            None => answered.await,
        };
        answer.map(IntoResponse::into_response)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use poem::EndpointExt;
    use poem::endpoint::make;

    use super::*;
    use crate::http::envelope::Envelope;

    #[tokio::test]
    async fn who_waits_for_ever_is_given_up_and_told_so() {
        let clock = Clock::machine();
        let hangs = make(|_| async { pending::<&'static str>().await });
        let paths = crate::http::specification().unwrap().paths();
        let limit = Some(Duration::from_millis(1));
        let server = hangs.with(Deadline { clock: clock.clone(), limit }).with(Envelope { clock, paths });
        let answer = server.call(Request::builder().finish()).await.unwrap();
        assert_eq!(answer.status(), 503);
        assert!(answer.into_body().into_string().await.unwrap().contains(Code::TimedOut.as_str()));
    }

    #[tokio::test]
    async fn an_answer_in_time_and_one_without_a_limit_pass() {
        for limit in [Some(Duration::from_secs(60)), None] {
            let prompt = make(|_| async { "here" }).with(Deadline { clock: Clock::machine(), limit });
            assert_eq!(prompt.call(Request::builder().finish()).await.unwrap().status(), 200);
        }
    }
}
