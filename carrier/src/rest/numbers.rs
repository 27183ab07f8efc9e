//! IncomingPhoneNumbers: the customer's numbers.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Context, Reply, RestError, Result, calls, is_address};
use crate::number::{Hook, NewNumber, Number};
use crate::sid::rfc2822;
use crate::state::Shared;
use crate::twiml::Method;

pub(super) fn list(context: &Context) -> Result {
    let call = &context.call;
    let state = context.shared.lock();
    let items = state
        .numbers
        .newest_first()
        // A part of a number is a search, as with Twilio.
        .filter(|n| {
            call.text("PhoneNumber").is_none_or(|wanted| n.phone_number.contains(wanted.trim_matches('*')))
        })
        .filter(|n| call.text("FriendlyName").is_none_or(|wanted| n.friendly_name == wanted))
        .map(|n| render(context.shared, n));
    context.page("incoming_phone_numbers", items)
}

pub(super) fn create(context: &Context) -> Result {
    let phone_number = match (context.call.text("PhoneNumber"), context.call.text("AreaCode")) {
        (Some(number), _) => number.to_owned(),
        // Any number of that area.
        (None, Some(area)) => format!("+1{area}555{:04}", rand::random::<u16>() % 10_000),
        (None, None) => return Err(RestError::bad(21402, "PhoneNumber or AreaCode is required")),
    };
    if !phone_number.starts_with('+') || !is_address(&phone_number) {
        return Err(RestError::bad(21421, format!("PhoneNumber is invalid: {phone_number}")));
    }
    check_urls(context)?;
    if context.shared.lock().number(&phone_number).is_some() {
        return Err(RestError::bad(21422, format!("PhoneNumber is not available: {phone_number}")));
    }
    let sid = context.shared.create_number(NewNumber::new(&phone_number, ""));
    apply(context, &sid);
    fetch(context, &sid).map(|reply| Reply { status: StatusCode::CREATED, ..reply })
}

pub(super) fn fetch(context: &Context, sid: &str) -> Result {
    let state = context.shared.lock();
    let number = state.numbers.get(sid).ok_or_else(|| context.missing())?;
    Ok(Reply::ok(&render(context.shared, number)))
}

pub(super) fn update(context: &Context, sid: &str) -> Result {
    if context.shared.lock().numbers.get(sid).is_none() {
        return Err(context.missing());
    }
    check_urls(context)?;
    apply(context, sid);
    fetch(context, sid)
}

pub(super) fn delete(context: &Context, sid: &str) -> Result {
    match context.shared.lock().numbers.remove(sid) {
        Some(_) => Ok(Reply::no_content()),
        None => Err(context.missing()),
    }
}

const URLS: [&str; 5] = ["VoiceUrl", "VoiceFallbackUrl", "StatusCallback", "SmsUrl", "SmsFallbackUrl"];

fn check_urls(context: &Context) -> std::result::Result<(), RestError> {
    for name in URLS {
        if let Some(url) = context.call.text(name)
            && crate::webhook::resolve(None, url).is_err()
        {
            return Err(RestError::bad(21502, format!("{name} is not valid: {url}")));
        }
    }
    Ok(())
}

/// Writes what the request names; an empty value unsets an address.
fn apply(context: &Context, sid: &str) {
    let call = &context.call;
    let mut state = context.shared.lock();
    let Some(number) = state.numbers.get_mut(sid) else { return };
    let hook = |hook: &mut Hook, url: &str, method: &str| {
        if let Some(url) = call.get(url) {
            url.clone_into(&mut hook.url);
        }
        if let Some(method) = call.text(method) {
            hook.method = Method::parse(Some(method));
        }
    };
    hook(&mut number.voice, "VoiceUrl", "VoiceMethod");
    hook(&mut number.voice_fallback, "VoiceFallbackUrl", "VoiceFallbackMethod");
    hook(&mut number.status_callback, "StatusCallback", "StatusCallbackMethod");
    hook(&mut number.sms, "SmsUrl", "SmsMethod");
    hook(&mut number.sms_fallback, "SmsFallbackUrl", "SmsFallbackMethod");
    let text = |field: &mut String, name: &str| {
        if let Some(value) = call.get(name) {
            value.clone_into(field);
        }
    };
    text(&mut number.friendly_name, "FriendlyName");
    text(&mut number.voice_application_sid, "VoiceApplicationSid");
    text(&mut number.sms_application_sid, "SmsApplicationSid");
    if let Some(lookup) = call.flag("VoiceCallerIdLookup") {
        number.caller_id_lookup = lookup;
    }
    if number.friendly_name == number.phone_number {
        number.friendly_name = calls::formatted(&number.phone_number);
    }
    number.updated = context.shared.clock.now();
}

fn render(shared: &Shared, number: &Number) -> Value {
    let or_null = |text: &str| if text.is_empty() { Value::Null } else { text.into() };
    let sid = &number.sid;
    json!({
        "account_sid": shared.settings.account_sid,
        "address_sid": null,
        "address_requirements": "none",
        "api_version": "2010-04-01",
        "beta": false,
        "capabilities": { "mms": false, "sms": true, "voice": true, "fax": false },
        "date_created": rfc2822(number.created),
        "date_updated": rfc2822(number.updated),
        "friendly_name": number.friendly_name,
        "identity_sid": null,
        "phone_number": number.phone_number,
        "origin": "twilio",
        "sid": sid,
        "sms_application_sid": or_null(&number.sms_application_sid),
        "sms_fallback_method": number.sms_fallback.method.as_str(),
        "sms_fallback_url": number.sms_fallback.url,
        "sms_method": number.sms.method.as_str(),
        "sms_url": number.sms.url,
        "status_callback": number.status_callback.url,
        "status_callback_method": number.status_callback.method.as_str(),
        "trunk_sid": null,
        "uri": format!("{}/IncomingPhoneNumbers/{sid}.json", shared.account_path()),
        "voice_receive_mode": "voice",
        "voice_application_sid": or_null(&number.voice_application_sid),
        "voice_caller_id_lookup": number.caller_id_lookup,
        "voice_fallback_method": number.voice_fallback.method.as_str(),
        "voice_fallback_url": number.voice_fallback.url,
        "voice_method": number.voice.method.as_str(),
        "voice_url": number.voice.url,
        "emergency_status": "Inactive",
        "emergency_address_sid": null,
        "emergency_address_status": "unregistered",
        "bundle_sid": null,
        "status": "in-use",
        "type": "local",
    })
}
