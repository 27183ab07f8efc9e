//! Answers that come piece by piece: one JSON object a line (`application/x-ndjson`). Who has read enough closes the
//! connection, and the stream is dropped with all that it does.

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use poem::{Body, IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{
    MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
};
use poem_openapi::types::{ToJSON, Type};

/// Lines of `T`. The stream gives them in batches, each of which is sent at once.
pub struct Lines<T> {
    body: Body,
    line: std::marker::PhantomData<fn() -> T>,
}

impl<T: ToJSON> Lines<T> {
    const CONTENT_TYPE: &'static str = "application/x-ndjson";

    pub fn of(batches: impl Stream<Item = Vec<T>> + Send + 'static) -> Self {
        let text = |batch: Vec<T>| {
            let lines: String = batch.iter().map(|line| line.to_json_string() + "\n").collect();
            Ok::<_, std::io::Error>(Bytes::from(lines))
        };
        Self { body: Body::from_bytes_stream(batches.map(text)), line: std::marker::PhantomData }
    }
}

impl<T: ToJSON> IntoResponse for Lines<T> {
    fn into_response(self) -> Response {
        Response::builder().content_type(Self::CONTENT_TYPE).body(self.body)
    }
}

impl<T: Type + ToJSON> ApiResponse for Lines<T> {
    fn meta() -> MetaResponses {
        let schema = MetaSchema {
            description: Some("One such object a line."),
            items: Some(Box::new(T::schema_ref())),
            ..MetaSchema::new("array")
        };
        let content = MetaMediaType {
            content_type: Self::CONTENT_TYPE,
            schema: MetaSchemaRef::Inline(Box::new(schema)),
        };
        let lines = MetaResponse {
            description: "Done, line by line.",
            status: Some(200),
            status_range: None,
            content: vec![content],
            headers: Vec::new(),
        };
        MetaResponses { responses: vec![lines] }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}
