//! Messages: create, list, fetch.

use serde_json::{Value, json};

use super::{Context, Reply, RestError, Result, is_address, url_param};
use crate::message::{Message, Outgoing};
use crate::sid::rfc2822;
use crate::state::Shared;

/// The longest text, in characters.
const BODY_LIMIT: usize = 1600;

pub(super) fn create(context: &Context) -> Result {
    let call = &context.call;
    let to = call.text("To").ok_or_else(|| RestError::bad(21604, "A 'To' phone number is required."))?;
    if !is_address(to) {
        return Err(RestError::bad(21211, format!("Invalid 'To' Phone Number: {to}")));
    }
    let service = call.text("MessagingServiceSid");
    if call.text("From").is_none() && service.is_none() {
        return Err(RestError::bad(21603, "A 'From' phone number is required."));
    }
    let media: Vec<String> =
        call.params.iter().filter(|(name, _)| name == "MediaUrl").map(|(_, url)| url.clone()).collect();
    let body = call.text("Body").unwrap_or_default();
    if body.is_empty() && media.is_empty() && call.text("ContentSid").is_none() {
        return Err(RestError::bad(21602, "Message body is required."));
    }
    if body.chars().count() > BODY_LIMIT {
        return Err(RestError::bad(21617, "The concatenated message body exceeds the 1600 character limit"));
    }
    let pair = (call.text("From").unwrap_or_default().to_owned(), to.to_owned());
    if context.shared.lock().opted_out.contains(&pair) {
        return Err(RestError::bad(21610, "Attempt to send to unsubscribed recipient"));
    }
    let message = context.shared.send_message(Outgoing {
        from: call.text("From").unwrap_or_default().to_owned(),
        to: to.to_owned(),
        body: body.to_owned(),
        media,
        messaging_service_sid: service.map(str::to_owned),
        status_callback: url_param(context, "StatusCallback")?,
    });
    Ok(Reply::created(&render(context.shared, &message)))
}

pub(super) fn list(context: &Context) -> Result {
    let call = &context.call;
    let state = context.shared.lock();
    let same = |name: &str, value: &str| call.text(name).is_none_or(|wanted| wanted == value);
    let items = state
        .messages
        .newest_first()
        .filter(|m| same("To", &m.to) && same("From", &m.from))
        .map(|m| render(context.shared, m));
    context.page("messages", items)
}

pub(super) fn fetch(context: &Context, sid: &str) -> Result {
    let state = context.shared.lock();
    let message = state.messages.get(sid).ok_or_else(|| context.missing())?;
    Ok(Reply::ok(&render(context.shared, message)))
}

fn render(shared: &Shared, message: &Message) -> Value {
    let base = format!("{}/Messages/{}", shared.account_path(), message.sid);
    json!({
        "body": message.body,
        "num_segments": message.body.chars().count().div_ceil(160).max(1).to_string(),
        "direction": message.direction.as_str(),
        "from": if message.from.is_empty() { None } else { Some(&message.from) },
        "to": message.to,
        "date_updated": rfc2822(message.updated_at),
        "price": null,
        "error_message": message.error_code.map(|_| "Unreachable destination handset"),
        "uri": format!("{base}.json"),
        "account_sid": shared.settings.account_sid,
        "num_media": message.media.len().to_string(),
        "status": message.status.as_str(),
        "messaging_service_sid": message.messaging_service_sid,
        "sid": message.sid,
        "date_sent": message.sent_at.map(rfc2822),
        "date_created": rfc2822(message.created_at),
        "error_code": message.error_code,
        "price_unit": "USD",
        "api_version": "2010-04-01",
        "subresource_uris": { "media": format!("{base}/Media.json") },
    })
}
