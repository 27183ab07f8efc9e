//! How a document is had: from the customer's application, with the fallback's help, or from a REST request.

use super::{Exit, Session, Source};
use crate::transcript::LineKind;
use crate::twiml::{self, Document, Failure, Link, Play, Say, Verb};
use crate::webhook::{Fetched, Params, Reply};

impl Session {
    /// A document for the call itself; asks the fallback when it cannot be had.
    pub(super) async fn document(&mut self, source: &Source) -> Result<Document, Exit> {
        let failure = match self.document_without_fallback(source).await {
            Ok(document) => return Ok(document),
            Err(failure) => failure,
        };
        self.error(format!("{} {}", failure.code, failure.message));
        let Some(fallback) = self.fallback.clone() else { return Err(Exit::Failed) };
        let url = match source {
            Source::Url { link, .. } => link.url.clone(),
            Source::Text(_) => String::new(),
        };
        let extra = vec![("ErrorCode".to_owned(), failure.code.to_string()), ("ErrorUrl".to_owned(), url)];
        let source = Source::Url { link: fallback, extra };
        self.document_without_fallback(&source).await.map_err(|failure| {
            self.error(format!("{} {} (the fallback, too)", failure.code, failure.message));
            Exit::Failed
        })
    }

    pub(super) async fn document_without_fallback(&mut self, source: &Source) -> Result<Document, Failure> {
        let (document, base) = match source {
            Source::Text(text) => (twiml::parse(text)?, None),
            Source::Url { link, extra } => {
                let reply = self.fetch(link, extra.clone()).await?;
                (read(&reply)?, Some(reply.url))
            }
        };
        self.base = base;
        for warning in &document.warnings {
            self.warn(warning.clone());
        }
        Ok(document)
    }

    /// One request with the call's parameters and these.
    pub(super) async fn fetch(&mut self, link: &Link, extra: Params) -> Result<Reply, Failure> {
        let mut params = self.shared.call_params(&self.leg.sid);
        params.extend(extra);
        let shared = self.shared.clone();
        let began = shared.clock.now();
        let Fetched { result, delay } = shared.client.fetch(&shared.dice, link, &params).await;
        self.leg.idle(&mut self.busy, delay).await;
        let (status, size) = match &result {
            Ok(reply) => (reply.status.to_string(), format!(", {} bytes", reply.body.len())),
            Err(failure) => (failure.code.to_string(), String::new()),
        };
        let took = (shared.clock.now() - began).num_milliseconds();
        let line = format!("{} {} -> {status}{size}, {took} ms", link.method.as_str(), link.url);
        self.leg.line(LineKind::Webhook, line);
        result
    }
}

/// What a reply is, by its content type.
pub(super) fn read(reply: &Reply) -> Result<Document, Failure> {
    match reply.content_type.as_str() {
        "text/xml" | "application/xml" | "text/html" => twiml::parse(&reply.body),
        "text/plain" => Ok(twiml::parse(&reply.body).unwrap_or_else(|_| spoken(&reply.body))),
        sound if sound.starts_with("audio/") => {
            let play = Play { url: reply.url.clone(), digits: None, repeat: 1 };
            Ok(Document { verbs: vec![Verb::Play(play), Verb::Hangup], warnings: Vec::new() })
        }
        // Nothing to do is an answer, too.
        _ if reply.status == 204 => Ok(Document::default()),
        other => Err(Failure::new(12300, format!("Invalid Content-Type \"{other}\" from {}", reply.url))),
    }
}

fn spoken(text: &str) -> Document {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let verbs = if text.is_empty() { Vec::new() } else { vec![Verb::Say(Say { text, repeat: 1 })] };
    Document { verbs, warnings: Vec::new() }
}
