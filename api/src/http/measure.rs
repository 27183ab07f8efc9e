//! Counts every request by its operation and how it was answered, and takes its time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use poem::{Endpoint, Middleware, Request, Response};

use super::spec::Spec;
use crate::metrics::Metrics;
use crate::webhooks::twilio::TwilioWebhooks;

/// Of a request to no operation of the specification.
const OTHER: &str = "other";
const WEBHOOK: &str = "twilioWebhook";

pub struct Measure {
    metrics: Arc<Metrics>,
    operations: Arc<Operations>,
}

impl Measure {
    pub fn new(metrics: &Arc<Metrics>, spec: &Spec) -> Self {
        Self { metrics: metrics.clone(), operations: Arc::new(Operations::of(spec)) }
    }
}

impl<E: Endpoint<Output = Response>> Middleware<E> for Measure {
    type Output = Measured<E>;

    fn transform(&self, inner: E) -> Measured<E> {
        Measured { inner, metrics: self.metrics.clone(), operations: self.operations.clone() }
    }
}

pub struct Measured<E> {
    inner: E,
    metrics: Arc<Metrics>,
    operations: Arc<Operations>,
}

impl<E: Endpoint<Output = Response>> Endpoint for Measured<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let began = Instant::now();
        let operation = self.operations.named(request.method().as_str(), request.uri().path());
        let response = self.inner.call(request).await?;
        self.metrics.answered(operation, response.status().as_u16(), began.elapsed());
        Ok(response)
    }
}

/// The names of operations by method and address. An address that nobody knows gives no new name: whoever tries out
/// addresses must not make series.
pub(super) struct Operations(HashMap<(String, usize), Vec<Known>>);

struct Known {
    /// `None` stands for a parameter.
    segments: Vec<Option<String>>,
    id: String,
}

impl Operations {
    pub(super) fn of(spec: &Spec) -> Self {
        let mut operations: HashMap<_, Vec<Known>> = HashMap::new();
        for operation in spec.operations() {
            let segments: Vec<_> = segments(operation.path)
                .map(|segment| (!segment.starts_with('{')).then(|| segment.to_owned()))
                .collect();
            let key = (operation.method.to_owned(), segments.len());
            operations.entry(key).or_default().push(Known { segments, id: operation.id.to_owned() });
        }
        for known in operations.values_mut() {
            // An address without a parameter is nearer than one with.
            known.sort_by_key(|known| known.segments.iter().filter(|segment| segment.is_none()).count());
        }
        Self(operations)
    }

    pub(super) fn named(&self, method: &str, path: &str) -> &str {
        if path.starts_with(TwilioWebhooks::PREFIX) {
            return WEBHOOK;
        }
        let method = if method == "HEAD" { "GET" } else { method };
        let count = segments(path).count();
        let fits = |known: &&Known| {
            known
                .segments
                .iter()
                .zip(segments(path))
                .all(|(known, given)| known.as_ref().is_none_or(|k| k == given))
        };
        let known = self.0.get(&(method.to_owned(), count));
        known.and_then(|known| known.iter().find(fits)).map_or(OTHER, |known| known.id.as_str())
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.trim_matches('/').split('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_named_by_its_operation_and_never_by_its_address() {
        let operations = Operations::of(crate::http::specification().unwrap());
        for (method, path, name) in [
            ("GET", "/health", "getHealth"),
            ("HEAD", "/health", "getHealth"),
            ("GET", "/api/users/0192f0c4-0000-7000-8000-000000000000", "getUser"),
            ("POST", "/api/webhooks/twilio/x/step", WEBHOOK),
            ("GET", "/api/nowhere/at/all", OTHER),
            ("BREW", "/health", OTHER),
        ] {
            assert_eq!(operations.named(method, path), name, "{method} {path}");
        }
    }
}
