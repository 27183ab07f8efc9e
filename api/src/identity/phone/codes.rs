//! Codes to telephone numbers: six digits, good for ten minutes and once, burnt by five wrong tries. What is stored is a
//! keyed hash, so that whoever reads the table cannot try all million of them.

use chrono::TimeDelta;
use entity::{MessageChannel, MessagePurpose, phone_code};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::identity::number::Number;
use crate::identity::trail::Trail;
use crate::keys::Keys;
use crate::limits::{PHONE_CODE, PHONE_CODE_OFTEN, PHONE_TRY_FROM};
use crate::metrics::PhoneCode;
use crate::outbound::sms::{self, Text};
use crate::secret::Secret;
use crate::store::Tx;
use crate::store::phone_codes::{self, Try};
use crate::words::Words;

/// How long a code is good.
pub const LIFE: TimeDelta = TimeDelta::minutes(10);
/// So many wrong tries burn it.
const TRIES: i32 = 5;

/// A code that was right and is not spent yet.
pub(super) struct Proof {
    number: Number,
    hash: String,
}

/// Sends a code to the number, in place of one that was sent before. Who has the number is not looked at, so nobody
/// learns it, neither by the answer nor by the time that it takes.
///
/// # Errors
/// 422 for a number of a country to which no codes are sent; `PHONE_SIGN_IN_OFF` where nothing can be sent by this
/// channel; `TooOften` for a second one within a minute or a sixth within an hour, and beyond what the settings allow an
/// address in an hour and all in a day.
pub async fn send(app: &App, number: &Number, channel: MessageChannel, words: Words) -> Result<()> {
    let settings = &app.settings.phone;
    let sender = sms::platform_sender(app, channel).ok_or(Error::Unavailable {
        code: Code::PhoneSignInOff,
        message: "This server sends no codes in this way.",
    })?;
    if settings.countries.as_ref().is_some_and(|countries| !number.is_of(countries)) {
        return Err(Error::invalid("/phoneNumber", "is of a country to which no codes are sent"));
    }
    limit(app, number).await.inspect_err(|_| app.metrics.phone_code(PhoneCode::Limited))?;
    let (now, code) = (app.clock.now(), Secret::new(app.ids.digits::<6>()));
    let row = phone_code::Model {
        phone_number: number.as_str().to_owned(),
        code_hash: hash(&app.keys, number, &code)?,
        wrong_tries: 0,
        created_at: now,
        expires_at: now + LIFE,
    };
    let text = Text {
        company: None,
        purpose: MessagePurpose::Code,
        channel,
        sender,
        to: number.clone(),
        content: sms::texts::code(words, &code),
        give_up_at: row.expires_at,
    };
    let tx = app.db.begin().await?;
    phone_codes::replace(&tx, row).await?;
    sms::post(app, &tx, text).await?;
    tx.commit().await?;
    app.texter.wake();
    app.metrics.phone_code(PhoneCode::Sent);
    Ok(())
}

async fn limit(app: &App, number: &Number) -> Result<()> {
    let (now, limiter) = (app.clock.now(), &app.limiter);
    // The address first: who asks too often must not use up what others' numbers may get.
    if let Some(from) = Trail::current().and_then(|trail| trail.from()) {
        limiter.take(app.limits.phone_codes_of_address, &from, now).await?;
    }
    limiter.take(PHONE_CODE, number.as_str(), now).await?;
    limiter.take(PHONE_CODE_OFTEN, number.as_str(), now).await?;
    limiter.take(app.limits.phone_codes, "all", now).await.inspect_err(|_| {
        tracing::warn!("no more codes are sent today: PHONE_CODES_A_DAY");
    })
}

/// Holds a code against the one that was sent to the number. A wrong one is counted, whoever else tries at the same time;
/// a right one stays good until it is spent.
///
/// # Errors
/// `wrong` for a wrong code, and for a number without one: burnt, spent, too old or never sent. `TooOften` after fifty from
/// where the client is.
pub(super) async fn check(app: &App, number: &Number, code: &Secret, wrong: Error) -> Result<Proof> {
    let (now, from) = (app.clock.now(), Trail::current().and_then(|trail| trail.from()));
    if let Some(from) = &from {
        app.limiter.check(PHONE_TRY_FROM, from, now).await?;
    }
    let code = Secret::new(code.expose().trim());
    let tx = app.db.begin().await?;
    let sent = phone_codes::lock(&tx, number.as_str(), now).await?;
    // The same work without one.
    let known = sent.as_ref().map_or("", |sent| sent.code_hash.as_str());
    let right = matches(&app.keys, number, &code, known)?;
    let went = match &sent {
        Some(_) if right => Try::Right,
        Some(sent) if sent.wrong_tries + 1 >= TRIES => Try::Burnt,
        Some(_) | None => Try::Wrong,
    };
    phone_codes::tried(&tx, number.as_str(), went).await?;
    tx.commit().await?;
    match (sent, went) {
        (Some(sent), Try::Right) => Ok(Proof { number: number.clone(), hash: sent.code_hash }),
        (Some(_) | None, Try::Right | Try::Wrong | Try::Burnt) => {
            app.metrics.phone_code(PhoneCode::Refused);
            if let Some(from) = &from {
                app.limiter.count(PHONE_TRY_FROM, from, now).await;
            }
            Err(wrong)
        }
    }
}

/// Spends the code in the transaction of what it is for.
///
/// # Errors
/// `wrong` when somebody else has spent it meanwhile, or a newer one was sent.
pub(super) async fn spend(tx: &Tx, proof: &Proof, wrong: Error) -> Result<()> {
    if phone_codes::spend(tx, proof.number.as_str(), &proof.hash).await? { Ok(()) } else { Err(wrong) }
}

/// What is stored of a code.
pub fn hash(keys: &Keys, number: &Number, code: &Secret) -> Result<String> {
    Ok(hex::encode(mac(keys, number, code)?.finalize().into_bytes()))
}

/// In time that does not depend on how much of it is right.
fn matches(keys: &Keys, number: &Number, code: &Secret, stored: &str) -> Result<bool> {
    let stored = hex::decode(stored).unwrap_or_default();
    Ok(mac(keys, number, code)?.verify_slice(&stored).is_ok())
}

fn mac(keys: &Keys, number: &Number, code: &Secret) -> Result<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&keys.derive("codes to telephone numbers")?)
        .expect("HMAC takes keys of any length");
    mac.update(number.as_str().as_bytes());
    mac.update(b"\0");
    mac.update(code.expose().as_bytes());
    Ok(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(master: &str) -> Keys {
        Keys { jwt: Secret::new("j".repeat(32)), master: Secret::new(master.repeat(32)) }
    }

    #[test]
    fn a_hash_is_of_one_key_one_number_and_one_code() {
        let number = |text| Number::read(text, "/phoneNumber").unwrap();
        let (ours, ann, code) = (keys("m"), number("+12025550123"), Secret::new("042195"));
        let stored = hash(&ours, &ann, &code).unwrap();
        assert!(!stored.contains("042195"));
        assert!(matches(&ours, &ann, &code, &stored).unwrap());
        assert!(!matches(&keys("n"), &ann, &code, &stored).unwrap());
        assert!(!matches(&ours, &number("+12025550124"), &code, &stored).unwrap());
        for wrong in ["042196", "42195", ""] {
            assert!(!matches(&ours, &ann, &Secret::new(wrong), &stored).unwrap(), "{wrong}");
        }
        for broken in ["", "zz", &stored[..62]] {
            assert!(!matches(&ours, &ann, &code, broken).unwrap(), "{broken}");
        }
    }
}
