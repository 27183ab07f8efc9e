use std::time::SystemTime;

use opentelemetry::trace::{Event, SpanId, TraceFlags, TraceId};
use opentelemetry::{InstrumentationScope, trace};

use super::*;

fn span(name: &'static str, attributes: &[(&'static str, &'static str)]) -> SpanData {
    let state = TraceState::from_key_value([("whose", "others")]).unwrap();
    let (trace, id) = (TraceId::from(1_u128), SpanId::from(2_u64));
    let mut events = SpanEvents::default();
    events.events.push(Event::with_name("a line of the log"));
    SpanData {
        span_context: SpanContext::new(trace, id, TraceFlags::SAMPLED, false, state),
        parent_span_id: SpanId::from(3_u64),
        parent_span_is_remote: false,
        span_kind: SpanKind::Internal,
        name: name.into(),
        start_time: SystemTime::UNIX_EPOCH,
        end_time: SystemTime::UNIX_EPOCH,
        attributes: attributes.iter().map(|(name, value)| KeyValue::new(*name, *value)).collect(),
        dropped_attributes_count: 0,
        events,
        links: SpanLinks::default(),
        status: trace::Status::error("a text with a secret"),
        instrumentation_scope: InstrumentationScope::builder("calldocker").build(),
    }
}

#[test]
fn a_span_leaves_with_the_fields_that_are_named_and_without_whole_numbers() {
    let left = as_it_may_leave(span(
        "job",
        &[("kind", "dial_party"), ("subject", "to +493012345001"), ("payload", "secret")],
    ));
    assert_eq!(left.name, "job dial_party");
    assert_eq!(
        left.attributes,
        [KeyValue::new("kind", "dial_party"), KeyValue::new("subject_id", "to +49…001")]
    );
    assert!(left.events.events.is_empty());
    assert_eq!(left.span_context.trace_state().header(), "");
    assert_eq!((left.status, left.parent_span_id), (trace::Status::Unset, SpanId::from(3_u64)));
}

#[test]
fn a_span_is_called_by_what_it_is_about_and_has_failed_when_that_has() {
    let failed = trace::Status::error("");
    let route = "/api/users/{id}";
    let sent = [("method", "POST"), ("host", "example.com")];
    let (unset, server, client, internal) =
        (trace::Status::Unset, SpanKind::Server, SpanKind::Client, SpanKind::Internal);
    for (ours, attributes, name, kind, status) in [
        (
            "request",
            vec![(METHOD, "GET"), (ROUTE, route), (STATUS, "404")],
            "GET /api/users/{id}",
            &server,
            &unset,
        ),
        ("request", vec![(METHOD, "GET"), (STATUS, "500")], "GET", &server, &failed),
        ("request", vec![(METHOD, "BREW"), (STATUS, "405")], "_OTHER", &server, &unset),
        ("outgoing", vec![sent[0], sent[1], ("status", "204")], "POST example.com", &client, &unset),
        ("outgoing", vec![sent[0], sent[1], ("status", "404")], "POST example.com", &client, &failed),
        ("outgoing", vec![sent[0], sent[1]], "POST example.com", &client, &failed),
        ("job", vec![("kind", "sweep"), ("outcome", "error")], "job sweep", &internal, &failed),
        ("webhook", vec![("kind", "step")], "webhook step", &internal, &unset),
    ] {
        let left = as_it_may_leave(span(ours, &attributes));
        assert_eq!(
            (left.name.as_ref(), &left.span_kind, &left.status),
            (name, kind, status),
            "{attributes:?}"
        );
    }
}
