//! Lost updates: who changes what he has read says which version he read (`ETag`, `If-Match`, RFC 9110, 8.8.3 and 13.1.1), and
//! is refused when somebody was faster. One layer for every address that can be read and put; the resources know nothing of
//! it (docs/decisions/0037).

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

use poem::error::ReadBodyError;
use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use super::envelope::{Failure, Refused};
use crate::app::App;
use crate::error::{Error, Result};
use crate::store::turns::{self, Turns};

/// Changes of one address stand in line; two addresses seldom share a line.
const LINES: usize = 64;

/// The addresses that have versions.
#[derive(Clone, Debug)]
pub struct Versioned(Vec<Address>);

#[derive(Clone, Debug)]
struct Address {
    segments: Vec<String>,
    /// What a change answers with is what reading would.
    put_shows: Shown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Same,
    Other,
}

impl Versioned {
    /// Of a specification: what can be read as JSON and put.
    pub fn of(document: &Value) -> Self {
        let paths = document["paths"].as_object().into_iter().flatten();
        Self(
            paths
                .filter_map(|(path, item)| {
                    let read = json_of(&item["get"])?;
                    let put = item.get("put")?;
                    let segments = path.trim_matches('/').split('/').map(str::to_owned).collect();
                    let put_shows = if json_of(put) == Some(read) { Shown::Same } else { Shown::Other };
                    Some(Address { segments, put_shows })
                })
                .collect(),
        )
    }

    /// Says in a specification what the layer does.
    pub fn describe(document: &mut Value) {
        let tag =
            || json!({ "description": "The version of what is shown.", "schema": { "type": "string" } });
        let named = Self::of(document);
        for address in named.0 {
            let item = &mut document["paths"][format!("/{}", address.segments.join("/"))];
            item["get"]["responses"]["200"]["headers"]["ETag"] = tag();
            if address.put_shows == Shown::Same {
                item["put"]["responses"]["200"]["headers"]["ETag"] = tag();
            }
            let if_match = json!({
                "name": "If-Match",
                "in": "header",
                "required": false,
                "description": "The `ETag` of what was read: if it has changed since, nothing is done and the answer is 412.",
                "schema": { "type": "string" },
            });
            match item["put"]["parameters"].as_array_mut() {
                Some(parameters) => parameters.push(if_match),
                None => item["put"]["parameters"] = json!([if_match]),
            }
            item["put"]["responses"]["412"] = json!({ "$ref": "#/components/responses/PreconditionFailed" });
        }
    }

    /// The most exact of those that an address fits.
    fn fitting(&self, path: &str) -> Option<&Address> {
        let given: Vec<_> = path.trim_matches('/').split('/').collect();
        let fits = |address: &&Address| {
            address.segments.len() == given.len()
                && address
                    .segments
                    .iter()
                    .zip(&given)
                    .all(|(known, given)| known.starts_with('{') || known == given)
        };
        let exact =
            |address: &&Address| address.segments.iter().filter(|part| !part.starts_with('{')).count();
        self.0.iter().filter(fits).max_by_key(exact)
    }
}

fn json_of(operation: &Value) -> Option<&Value> {
    operation["responses"]["200"]["content"].get("application/json").map(|content| &content["schema"])
}

pub struct Versions {
    pub app: App,
    pub versioned: Versioned,
}

impl<E: Endpoint> Middleware<E> for Versions {
    type Output = WithVersions<E>;

    fn transform(&self, inner: E) -> WithVersions<E> {
        let lines = Arc::new(std::array::from_fn(|_| Mutex::default()));
        WithVersions {
            inner,
            app: self.app.clone(),
            versioned: self.versioned.clone(),
            lines,
            turns: Turns::default(),
        }
    }
}

pub struct WithVersions<E> {
    inner: E,
    app: App,
    versioned: Versioned,
    lines: Arc<[Mutex<()>; LINES]>,
    turns: Turns,
}

impl<E: Endpoint> Endpoint for WithVersions<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let path = request.uri().path().to_owned();
        let Some(address) = self.versioned.fitting(&path) else {
            return self.inner.call(request).await.map(IntoResponse::into_response);
        };
        if *request.method() == Method::GET {
            return tagged(self.inner.call(request).await?.into_response()).await;
        }
        if *request.method() != Method::PUT {
            return self.inner.call(request).await.map(IntoResponse::into_response);
        }
        // Nobody holds up a line by sending slowly.
        self.take_in(&mut request).await?;
        let line = BuildHasherDefault::<DefaultHasher>::default().hash_one(&path) as usize % LINES;
        let _in_line = self.lines[line].lock().await;
        let expected = expected(request.headers());
        let _turn = match &expected {
            Some(expected) => {
                let turn = turns::take(&self.app.db, &self.turns, &path).await;
                let turn = turn.map_err(|cause| Failure(Error::from(cause)))?;
                self.check(&request, expected).await?;
                Some(turn)
            }
            None => None,
        };
        let answer = self.inner.call(request).await?.into_response();
        match address.put_shows {
            Shown::Same => tagged(answer).await,
            Shown::Other => Ok(answer),
        }
    }
}

impl<E: Endpoint> WithVersions<E> {
    async fn take_in(&self, request: &mut Request) -> poem::Result<()> {
        let limit = self.app.settings.max_body_bytes.max(self.app.settings.max_file_size);
        let body = request.take_body().into_bytes_limit(limit).await.map_err(|error| match error {
            ReadBodyError::PayloadTooLarge => Refused::TooLarge(limit),
            ReadBodyError::BodyHasBeenTaken | ReadBodyError::Utf8(_) | ReadBodyError::Io(_) => {
                Refused::BrokenOff
            }
        })?;
        request.set_body(body);
        Ok(())
    }

    /// Reads for the same caller what he is about to change. What he cannot read is refused as reading it is.
    async fn check(&self, request: &Request, expected: &Expected) -> poem::Result<()> {
        let mut reading = Request::builder().method(Method::GET).uri(request.uri().clone()).finish();
        *reading.headers_mut() = request.headers().clone();
        for name in
            [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::IF_MATCH]
        {
            reading.headers_mut().remove(name);
        }
        let current = tagged(self.inner.call(reading).await?.into_response()).await?;
        let tag = current.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
        expected.holds(tag).map_err(|error| Failure(error).into())
    }
}

/// Gives an answer that shows something its version: a hash of what it shows.
async fn tagged(mut response: Response) -> poem::Result<Response> {
    let is_json = response.content_type().is_some_and(|content| content.starts_with("application/json"));
    if response.status() != StatusCode::OK || !is_json {
        return Ok(response);
    }
    let body = response.take_body().into_bytes().await?;
    let hash = hex::encode(&Sha256::digest(&body)[..16]);
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{hash}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response.set_body(body);
    Ok(response)
}

/// Which versions a change is for.
#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Any,
    OneOf(Vec<String>),
}

impl Expected {
    fn holds(&self, current: Option<&str>) -> Result<()> {
        let holds = match (self, current) {
            (Self::Any, current) => current.is_some(),
            (Self::OneOf(tags), Some(current)) => tags.iter().any(|tag| tag == current),
            (Self::OneOf(_), None) => false,
        };
        if holds { Ok(()) } else { Err(Error::PreconditionFailed) }
    }
}

/// A proxy that compresses makes a version weak (`W/"…"`): it is still that of what was shown.
fn expected(headers: &HeaderMap) -> Option<Expected> {
    let values: Vec<_> =
        headers.get_all(header::IF_MATCH).iter().filter_map(|value| value.to_str().ok()).collect();
    if values.is_empty() {
        return None;
    }
    let tags = values.iter().flat_map(|value| value.split(',')).map(str::trim);
    let tags: Vec<_> = tags.map(|tag| tag.strip_prefix("W/").unwrap_or(tag).to_owned()).collect();
    Some(if tags.iter().any(|tag| tag == "*") { Expected::Any } else { Expected::OneOf(tags) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Option<Expected> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::IF_MATCH, HeaderValue::from_str(value).unwrap());
        }
        expected(&headers)
    }

    #[test]
    fn a_change_is_for_the_versions_that_it_names() {
        assert_eq!(of(&[]), None);
        let one = of(&["\"a\", W/\"b\""]).unwrap();
        assert!(one.holds(Some("\"a\"")).is_ok() && one.holds(Some("\"b\"")).is_ok());
        assert!(matches!(one.holds(Some("\"c\"")), Err(Error::PreconditionFailed)));
        assert!(one.holds(None).is_err());
        let any = of(&["*"]).unwrap();
        assert!(any.holds(Some("\"c\"")).is_ok() && any.holds(None).is_err());
    }

    #[test]
    fn what_can_be_read_and_put_has_versions() {
        let json = |name: &str| json!({ "responses": { "200": { "content": { "application/json": { "schema": name } } } } });
        let mut document = json!({ "paths": {
            "/api/users/{id}": { "get": json("User"), "put": json("User") },
            "/api/users/me": { "get": json("Me"), "put": json("Done") },
            "/api/users": { "get": json("Users") },
        } });
        let versioned = Versioned::of(&document);
        let shows = |path| versioned.fitting(path).map(|address| address.put_shows);
        assert_eq!(shows("/api/users/7"), Some(Shown::Same));
        assert_eq!(shows("/api/users/me"), Some(Shown::Other));
        assert_eq!(shows("/api/users"), None);
        Versioned::describe(&mut document);
        let put = &document["paths"]["/api/users/{id}"]["put"];
        assert_eq!(put["parameters"][0]["name"], "If-Match");
        assert!(document["paths"]["/api/users"]["get"]["responses"]["200"]["headers"].is_null());
    }
}
