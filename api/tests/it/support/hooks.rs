//! Receivers of webhooks, as somebody who has only read the specification would write them.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use calldocker::hooks;
use calldocker::jobs::Done;
use calldocker::store::system::turn_over_jobs;
use calldocker::store::{Unit, jobs};
use entity::JobKind;
use entity::id::WebhookDeliveryId;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::TestApp;
use super::target::Request;
use crate::openapi;

/// `v1,` and HMAC-SHA256 over id, time and body, in base64.
pub fn signature(secret: &str, id: &str, at: &str, body: &str) -> String {
    let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any key will do");
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

/// Whether who knows this secret sees that the request is ours.
pub fn is_signed(request: &Request, secret: &str) -> bool {
    let header = |name: &str| request.header(name).unwrap_or_else(|| panic!("no {name}"));
    let expected = signature(secret, header("webhook-id"), header("webhook-timestamp"), &request.body);
    header("webhook-signature").split(' ').any(|one| one == expected)
}

pub fn message(request: &Request) -> Value {
    serde_json::from_str(&request.body).expect("a message is JSON")
}

/// Holds a message against what the specification says of its type, and nothing else may stand in it.
pub fn assert_documented(message: &Value) {
    let document = openapi::document();
    let kind = message["type"].as_str().expect("a type");
    let schema = &document["webhooks"][kind]["post"]["requestBody"]["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "{kind} is not in openapi.yaml");
    let problems = problems(schema, message, "", document);
    assert!(problems.is_empty(), "{problems:?} of {message}");
}

fn problems(schema: &Value, value: &Value, at: &str, document: &Value) -> Vec<String> {
    if let Some(target) = schema["$ref"].as_str() {
        let target = document.pointer(target.trim_start_matches('#')).expect("a good reference");
        return problems(target, value, at, document);
    }
    let list = |name: &str| schema[name].as_array().cloned().unwrap_or_default();
    let mut found: Vec<_> =
        list("allOf").iter().flat_map(|part| problems(part, value, at, document)).collect();
    let allowed = list("enum");
    if !allowed.is_empty() && !allowed.contains(value) {
        found.push(format!("{at}: {value} is none of {allowed:?}"));
    }
    let fits = match schema["type"].as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some(other) => panic!("{at}: a schema of type {other}"),
        None => true,
    };
    if !fits {
        found.push(format!("{at}: {value} is no {}", schema["type"]));
    }
    if let Some(text) = value.as_str() {
        let good = match schema["format"].as_str() {
            Some("uuid") => text.parse::<uuid::Uuid>().is_ok(),
            Some("date-time") => chrono::DateTime::parse_from_rfc3339(text).is_ok(),
            Some(_) | None => true,
        };
        if !good {
            found.push(format!("{at}: {text} is no {}", schema["format"]));
        }
    }
    for name in list("required") {
        if value.get(name.as_str().unwrap()).is_none() {
            found.push(format!("{at}/{name} is missing"));
        }
    }
    let known = schema["properties"].as_object();
    for (name, inner) in value.as_object().into_iter().flatten() {
        match known.and_then(|known| known.get(name)) {
            Some(schema) => found.extend(problems(schema, inner, &format!("{at}/{name}"), document)),
            None if schema["type"] == "object" && schema["additionalProperties"].is_null() => {
                found.push(format!("{at}/{name} is not known"));
            }
            None => {}
        }
    }
    for inner in value.as_array().into_iter().flatten() {
        found.extend(problems(&schema["items"], inner, &format!("{at}/0"), document));
    }
    found
}

/// Does what is due of what is told outside, in a server that does no jobs by itself. Other jobs are left as done.
pub async fn work(app: &TestApp) {
    let mut done = Vec::new();
    loop {
        let claimed = turn_over_jobs(&app.app, &done, 10).await.unwrap();
        if claimed.is_empty() {
            return;
        }
        done.clear();
        for claimed in claimed {
            let (scope, job) = (claimed.scope, &claimed.job);
            let went = match job.kind {
                JobKind::TellOutside => {
                    let mut unit = Unit::begin(&app.app, scope).await.unwrap();
                    hooks::tell(&mut unit, &job.payload).await.unwrap();
                    jobs::finish_in(&unit, &claimed).await.unwrap();
                    unit.commit().await.unwrap();
                    Done::Forgotten
                }
                JobKind::DeliverWebhook => {
                    let id = WebhookDeliveryId(job.subject_id);
                    match hooks::delivery::deliver(&app.app, scope, id).await {
                        Ok(went) => went,
                        // It was removed with its endpoint.
                        Err(calldocker::error::Error::NotFound(_)) => Done::Yes,
                        Err(error) => panic!("{error:?}"),
                    }
                }
                JobKind::SendNotices => calldocker::chat_apps::notices::send(&app.app, scope).await.unwrap(),
                _ => Done::Yes,
            };
            match went {
                Done::Yes => done.push(job.id),
                Done::Forgotten => {}
                Done::Again(at) => jobs::again(&app.app, &claimed, at).await.unwrap(),
                Done::Retry { because, .. } => panic!("{because}"),
            }
        }
    }
}

/// A server that may reach this machine, on both databases; it does no jobs by itself.
macro_rules! with_receivers {
    ($($(#[$about:meta])* async fn $name:ident($app:ident) $body:block)+) => { $(
        $(#[$about])*
        mod $name {
            #[allow(unused_imports, reason = "a scenario need not use all that its file does")]
            use super::*;

            async fn scenario($app: &$crate::support::TestApp) $body

            async fn on(backend: $crate::support::Backend) {
                let here = [("outbound_allow", "127.0.0.1")];
                let Some(app) = $crate::support::TestApp::with(backend, &here).await else { return };
                scenario(&app).await;
                app.close().await;
            }

            #[tokio::test]
            async fn on_sqlite() {
                on($crate::support::Backend::Sqlite).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                on($crate::support::Backend::Postgres).await;
            }
        }
    )+ };
}
pub(crate) use with_receivers;
