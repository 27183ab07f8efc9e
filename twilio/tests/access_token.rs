//! Access tokens against those of the official helper libraries (npm twilio 6.2.0, pip twilio 9.13.0).

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use twilio::access_token::{AccessToken, MAX_TTL, TokenError, VoiceGrant};

fn moment(seconds: &Value) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds.as_i64().expect("seconds"), 0).expect("a moment")
}

/// Header and payload, after the signature was verified.
fn decoded(jwt: &str, secret: &str) -> (Value, Value) {
    let (text, signature) = jwt.rsplit_once('.').expect("a signature");
    let (header, payload) = text.split_once('.').expect("a payload");
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(text.as_bytes());
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).expect("base64");
    mac.verify_slice(&signature).expect("the signature is valid");
    let json = |part: &str| {
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON")
    };
    (json(header), json(payload))
}

fn token(input: &Value, grant: VoiceGrant) -> AccessToken {
    let text = |name: &str| input[name].as_str().expect("a text").to_owned();
    let option = |name: &str| [&input["opts"][name], &input[name]].into_iter().find(|value| !value.is_null());
    let identity = option("identity").and_then(Value::as_str).expect("an identity");
    let mut token =
        AccessToken::voice(text("account_sid"), text("key_sid"), identity, grant, moment(&input["now"]));
    if let Some(seconds) = option("ttl").and_then(Value::as_u64) {
        token = token.ttl(Duration::from_secs(seconds));
    }
    if let Some(not_before) = option("nbf") {
        token = token.not_before(moment(not_before));
    }
    if let Some(region) = option("region").and_then(Value::as_str) {
        token = token.region(region);
    }
    token
}

fn grant(described: &Value) -> VoiceGrant {
    let mut grant = VoiceGrant::new();
    if described["incomingAllow"] == true {
        grant = grant.incoming();
    }
    if let Some(sid) = described["outgoingApplicationSid"].as_str() {
        let params = described["outgoingApplicationParams"].as_object().cloned().unwrap_or_default();
        grant = grant.outgoing_with(sid, params);
    }
    if let Some(sid) = described["pushCredentialSid"].as_str() {
        grant = grant.push_credential(sid);
    }
    if let Some(id) = described["endpointId"].as_str() {
        grant = grant.endpoint(id);
    }
    grant
}

#[test]
fn our_tokens_say_what_the_official_ones_say() {
    let vectors: Value =
        serde_json::from_str(include_str!("vectors/access-token-vectors.json")).expect("JSON");
    let vectors = vectors["vectors"].as_array().expect("a list");
    assert_eq!(vectors.len(), 4);
    for vector in vectors {
        let input = &vector["input"];
        let secret = input["secret"].as_str().expect("a secret");
        let official = decoded(vector["jwt"].as_str().expect("a JWT"), secret);
        assert_eq!(
            official,
            (vector["header"].clone(), vector["payload"].clone()),
            "the vector agrees with itself"
        );
        let python = vector["sdk"].as_str().is_some_and(|sdk| sdk.starts_with("pip"));
        let ours = if python {
            // The Python library writes no `iat` and a `nbf` of now; it gave this grant.
            let grant = VoiceGrant::new().incoming().outgoing("AP00000000000000000000000000000001");
            let ours = token(input, grant).not_before(moment(&input["now"])).sign(secret).expect("a token");
            let (header, mut payload) = decoded(&ours, secret);
            assert_eq!(
                payload.as_object_mut().and_then(|payload| payload.remove("iat")),
                Some(input["now"].clone())
            );
            (header, payload)
        } else {
            decoded(&token(input, grant(&input["voice_grant"])).sign(secret).expect("a token"), secret)
        };
        assert_eq!(ours, official, "{}", vector["id"]);
    }
}

#[test]
fn a_token_that_twilio_would_refuse_is_not_made() {
    let now = DateTime::from_timestamp(1_760_000_000, 0).expect("a moment");
    let token =
        |identity: &str| AccessToken::voice("AC1", "SK1", identity, VoiceGrant::new().incoming(), now);
    assert!(token("agent_1").ttl(MAX_TTL).sign("secret").is_ok());
    for ttl in [MAX_TTL + Duration::from_secs(1), Duration::ZERO] {
        assert_eq!(token("agent_1").ttl(ttl).sign("secret"), Err(TokenError::Ttl(ttl)));
    }
    assert_eq!(token("").sign("secret"), Err(TokenError::Missing("an identity")));
    assert_eq!(token("agent_1").sign(""), Err(TokenError::Missing("a secret")));
}
