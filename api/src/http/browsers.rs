//! What every answer tells browsers, and which pages of other origins may read it. The outermost layer of all, sockets
//! included: an answer of any kind, a failure too, leaves with these headers. What a layer below has set itself stays.

use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};

use crate::config::Settings;
use crate::origin::Origins;

/// An answer of the API is data: a browser that is led to it as to a page runs and embeds nothing.
const DATA_ONLY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
/// One year, once a browser has been here by HTTPS.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");
const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
const ALLOWED_HEADERS: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, Accept-Language, Idempotency-Key, If-Match, If-None-Match, Range, Tus-Resumable, \
     Upload-Length, Upload-Metadata, Upload-Offset, X-Company-Id, X-Request-Id",
);
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static(
    "Content-Disposition, Content-Range, ETag, Location, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, \
     Retry-After, Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, Upload-Expires, Upload-Length, Upload-Offset, \
     X-Request-Id",
);
/// Seconds for which a browser need not ask again.
const REMEMBERED: HeaderValue = HeaderValue::from_static("600");

pub struct Browsers {
    https: bool,
    origins: Origins,
}

impl Browsers {
    pub fn new(settings: &Settings) -> Self {
        Self { https: settings.public_url.starts_with("https://"), origins: settings.cors_origins.clone() }
    }
}

impl<E: Endpoint> Middleware<E> for Browsers {
    type Output = Told<E>;

    fn transform(&self, inner: E) -> Told<E> {
        Told { inner, https: self.https, origins: self.origins.clone() }
    }
}

pub struct Told<E> {
    inner: E,
    https: bool,
    origins: Origins,
}

impl<E: Endpoint> Endpoint for Told<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let origin = request.headers().get(header::ORIGIN).cloned();
        let allowed = origin.filter(|origin| origin.to_str().is_ok_and(|text| self.origins.include(text)));
        let holds_data =
            request.uri().path().starts_with("/api/") || request.uri().path().starts_with("/health");
        let mut response = match &allowed {
            Some(_) if is_preflight(&request) => preflight(),
            _ => match self.inner.call(request).await {
                Ok(output) => output.into_response(),
                Err(error) => error.into_response(),
            },
        };
        let headers = response.headers_mut();
        if let Some(origin) = allowed {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
        }
        if !self.origins.is_empty() {
            headers.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        unless_set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        unless_set(headers, header::REFERRER_POLICY, "no-referrer");
        unless_set(headers, header::X_FRAME_OPTIONS, "DENY");
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(DATA_ONLY);
        if holds_data {
            unless_set(headers, header::CACHE_CONTROL, "no-store");
        }
        if self.https {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
        }
        Ok(response)
    }
}

fn unless_set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}

/// A browser asks before it sends what no form could (Fetch, section 3.2.2).
fn is_preflight(request: &Request) -> bool {
    *request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight() -> Response {
    Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS)
        .header(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS)
        .header(header::ACCESS_CONTROL_MAX_AGE, REMEMBERED)
        .finish()
}
