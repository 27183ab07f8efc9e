//! `GET /metrics`, for Prometheus. To whom it is not shown it does not exist.

use poem::error::NotFoundError;
use poem::web::Data;
use poem::{IntoResponse, Request, Response, handler};

use super::envelope::Failure;
use super::operator;
use crate::app::App;
use crate::metrics;

/// Prometheus' text format, version 0.0.4.
const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

#[handler]
pub async fn exposition(request: &Request, Data(app): Data<&App>) -> poem::Result<Response> {
    if !operator::may_watch(app, request) {
        return Err(NotFoundError.into());
    }
    let text = metrics::exposition(app).await.map_err(Failure)?;
    Ok(text.with_content_type(FORMAT).into_response())
}
