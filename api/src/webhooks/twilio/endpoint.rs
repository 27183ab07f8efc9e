//! The HTTP side: `POST /api/webhooks/twilio/{companyId}` and everything below it.

use poem::http::StatusCode;
use poem::{Endpoint, Request, Response};
use tracing::{Instrument, Span};

use super::hop::{Hop, Wants};
use super::process::{self, Raw};
use super::verify::{Signed, Verdict, Verified, verify};
use crate::app::App;
use crate::calls::Reply;
use crate::error::{Error, Result};
use crate::http::Failure;
use crate::words::Words;

/// Twilio's own limit for what it sends is far below this.
const MAX_BODY: usize = 64 * 1024;
/// How often a line that met a failure of ours is sent to the same address again, a second apart.
const AGAIN: u32 = 3;
const SIGNATURE: &str = "X-Twilio-Signature";

/// Mounted at `/api/webhooks/twilio`, unstripped.
pub struct TwilioWebhooks {
    app: App,
}

impl TwilioWebhooks {
    pub const PREFIX: &str = "/api/webhooks/twilio";

    pub fn new(app: &App) -> Self {
        Self { app: app.clone() }
    }

    async fn answer(&self, request: &Request, body: &[u8]) -> Result<Response> {
        let uri = request.original_uri();
        let path_and_query = uri.path_and_query().map_or(uri.path(), |both| both.as_str());
        let below = uri.path().strip_prefix(Self::PREFIX).unwrap_or_default().trim_matches('/');
        let (company, path) = below.split_once('/').unwrap_or((below, ""));
        let signature = request.header(SIGNATURE).unwrap_or_default();
        let app = &self.app;
        let Verified { scope, params } =
            match verify(app, company, Signed { path_and_query, body, signature }).await? {
                Verdict::Genuine(verified) => verified,
                Verdict::NoSuchCompany => {
                    app.metrics.webhook("unknown", "gone");
                    let words = Words::of("en");
                    return Ok(twiml(
                        Reply::NotInService(words)
                            .to_twiml(uuid::Uuid::nil().into(), &app.urls(uuid::Uuid::nil().into())),
                    ));
                }
                Verdict::Refused => {
                    app.metrics.webhook("unknown", "refused");
                    return Err(Error::BadSignature);
                }
            };
        let raw = Raw {
            path: path.to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
            params: params.into_pairs(),
        };
        let Some(hop) = Hop::parse(&raw.path, &raw.query) else {
            return Err(Error::NotFound(crate::error::Subject::Call));
        };
        app.metrics.provider_was_here(app.clock.now());
        let about = about(&raw, &hop);
        let failed = match process::process(app, scope, &hop, &raw).instrument(about.clone()).await {
            Ok(reply) => {
                app.metrics.webhook(hop.kind(), "answered");
                about.in_scope(|| tracing::debug!("a webhook was answered"));
                return Ok(twiml(reply));
            }
            Err(Error::NotFound(_)) => {
                app.metrics.webhook(hop.kind(), "gone");
                return Ok(nothing_here(&hop));
            }
            Err(error) => error,
        };
        app.metrics.webhook(hop.kind(), "failed");
        about.in_scope(|| tracing::error!(error = ?failed, "a webhook could not be processed"));
        match hop.wants() {
            Wants::Twiml => Ok(twiml(self.soothe(&raw, path_and_query))),
            Wants::Nothing => {
                process::keep(app, scope, &hop, &raw).await?;
                Ok(Response::builder().status(StatusCode::NO_CONTENT).finish())
            }
        }
    }

    /// A failure of ours must not drop the caller: the line comes back in a second, and after a few times it hears an
    /// apology.
    fn soothe(&self, raw: &Raw, path_and_query: &str) -> String {
        let nobody = uuid::Uuid::nil().into();
        let urls = self.app.urls(nobody);
        let tried = raw.query.matches("again=").count();
        if tried >= AGAIN as usize {
            return Reply::Apology(Words::of("en")).to_twiml(nobody, &urls);
        }
        let join = if path_and_query.contains('?') { '&' } else { '?' };
        let url = format!("{}{path_and_query}{join}again={tried}", self.app.settings.public_url);
        Reply::TryAgain { url }.to_twiml(nobody, &urls)
    }
}

/// What each line of the log says while a webhook is worked on: which it is, the provider's name of the call, and ours
/// where the address names it.
fn about(raw: &Raw, hop: &Hop) -> Span {
    let sid = raw.params.iter().find(|(name, _)| name == "CallSid").map(|(_, sid)| sid.as_str());
    let call = hop.call().map(tracing::field::display);
    tracing::info_span!("webhook", kind = hop.kind(), call_sid = sid, call)
}

/// What we spoke of is no more, or never was ours.
fn nothing_here(hop: &Hop) -> Response {
    match hop.wants() {
        Wants::Twiml => {
            twiml("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Hangup/></Response>".to_owned())
        }
        Wants::Nothing => Response::builder().status(StatusCode::NO_CONTENT).finish(),
    }
}

fn twiml(document: String) -> Response {
    Response::builder().content_type("text/xml; charset=utf-8").body(document)
}

impl Endpoint for TwilioWebhooks {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let _busy = self.app.clock.busy();
        if request.method() != poem::http::Method::POST {
            return Err(poem::error::MethodNotAllowedError.into());
        }
        let body = request.take_body().into_bytes_limit(MAX_BODY).await?;
        self.answer(&request, &body).await.map_err(|error| Failure::from(error).into())
    }
}
