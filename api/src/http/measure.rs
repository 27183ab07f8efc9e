//! Counts every request by its operation and how it was answered, and takes its time; gives it the name that it has in traces.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use poem::{Endpoint, Middleware, Request, Response};

use super::spec::Spec;
use crate::log::traces::Route;
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

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let began = Instant::now();
        let (method, path) = (request.method().as_str(), request.uri().path());
        let operation = self.operations.named(method, path);
        if let Some(route) = Route::when_exported(|| self.operations.route(method, path)) {
            request.extensions_mut().insert(route);
        }
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
    /// As `/api/users/{id}`.
    path: String,
}

impl Operations {
    pub(super) fn of(spec: &Spec) -> Self {
        let mut operations: HashMap<_, Vec<Known>> = HashMap::new();
        for operation in spec.operations() {
            let segments: Vec<_> = segments(operation.path)
                .map(|segment| (!segment.starts_with('{')).then(|| segment.to_owned()))
                .collect();
            let key = (operation.method.to_owned(), segments.len());
            operations.entry(key).or_default().push(Known {
                segments,
                id: operation.id.to_owned(),
                path: operation.path.to_owned(),
            });
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
        self.known(method, path).map_or(OTHER, |known| known.id.as_str())
    }

    /// The address of the operation, with names in place of its parameters.
    fn route(&self, method: &str, path: &str) -> Option<String> {
        if path.starts_with(TwilioWebhooks::PREFIX) {
            return Some(format!("{}/{{companyId}}", TwilioWebhooks::PREFIX));
        }
        self.known(method, path).map(|known| known.path.clone())
    }

    fn known(&self, method: &str, path: &str) -> Option<&Known> {
        let method = if method == "HEAD" { "GET" } else { method };
        let count = segments(path).count();
        let fits = |known: &&Known| {
            known
                .segments
                .iter()
                .zip(segments(path))
                .all(|(known, given)| known.as_ref().is_none_or(|k| k == given))
        };
        self.0.get(&(method.to_owned(), count))?.iter().find(fits)
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
        for (path, route) in [
            ("/api/users/0192f0c4-0000-7000-8000-000000000000", Some("/api/users/{id}")),
            ("/api/webhooks/twilio/x/step", Some("/api/webhooks/twilio/{companyId}")),
            ("/api/nowhere/at/all", None),
        ] {
            assert_eq!(operations.route("GET", path).as_deref(), route, "{path}");
        }
    }
}
