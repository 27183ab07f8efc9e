//! What a notice says: on a phone, in the language of its owner, and by mail.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use entity::id::ChatMessageId;
use entity::user_preferences::Preferences;
use entity::{CompanyScope, chat_message};
use push::{Notification, Sound, Urgency};

use super::{Kind, Notice, Told};
use crate::app::App;
use crate::error::Result;
use crate::identity::Email;
use crate::outbound::mail::{self, Letter, letters};
use crate::store::push_devices::Whom;
use crate::store::{Unit, chat_messages, companies, users, workforce};
use crate::words::Words;

/// What is longer is cut before a service does it: nobody reads more on a locked screen.
const LONGEST: usize = 240;

/// The notice as a phone gets it.
pub(super) async fn notification(
    app: &App,
    scope: CompanyScope,
    told: &Told,
    now: DateTime<Utc>,
) -> Result<Notification> {
    let chosen = users::preferences(app.db.reader(), told.user).await?;
    let chosen = chosen.map(|row| row.preferences).unwrap_or_default();
    let company = companies::own(scope, app.db.reader()).await?;
    let language = chosen.language.or(company.map(|company| company.language)).unwrap_or_default();
    let (words, notice) = (Words::of(&language), &told.notice);
    let text = match notice.kind {
        Kind::Message if chosen.message_previews => {
            let row = chat_messages::get(scope, app.db.reader(), ChatMessageId(notice.about)).await?;
            said(words, &row)
        }
        Kind::Message => words.text("push.said.message").to_owned(),
        Kind::Offer | Kind::Call | Kind::Over | Kind::MissedCall | Kind::Voicemail | Kind::Callback => {
            String::new()
        }
    };
    let (title, body) = texts(words, notice, &text);
    let said = match notice.kind {
        Kind::Offer | Kind::Call => Notification::call(title),
        // Without a title the app is woken, and nothing is shown.
        Kind::Over => Notification::other("").urgency(Urgency::High),
        Kind::Message => Notification::message(title),
        Kind::MissedCall | Kind::Voicemail | Kind::Callback => {
            Notification::other(title).urgency(Urgency::High).sound(Sound::Default)
        }
    };
    let left = (notice.until - now).to_std().unwrap_or_default();
    let body = if notice.kind == Kind::Over { String::new() } else { body };
    let said = said
        .body(body)
        .time_to_live(left)
        .collapse_key(notice.thread.as_str())
        .data("notice", notice.kind.as_str())
        .data("companyId", scope.company().to_string())
        .data("at", notice.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
        .data("until", notice.until.to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
    Ok(notice.data.iter().fold(said, |said, (name, value)| said.data(name.as_str(), value.as_str())))
}

/// What a message says, else what it is.
fn said(words: Words, row: &chat_message::Model) -> String {
    let name = row.kind.as_str();
    row.body.clone().unwrap_or_else(|| words.text(&format!("push.said.{name}")).to_owned())
}

fn texts(words: Words, notice: &Notice, text: &str) -> (String, String) {
    let mut values: Vec<_> =
        notice.values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    values.push(("text", text));
    let of = match notice.kind {
        Kind::Message if notice.values.contains_key("chat") => "group_message",
        kind => kind.as_str(),
    };
    let text = |part: &str| {
        let text = words.fill(&format!("push.{of}.{part}"), &values);
        let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let mut short: String = plain.trim().chars().take(LONGEST).collect();
        if short.len() < plain.trim().len() {
            short.push('…');
        }
        short
    };
    (text("title"), text("body"))
}

/// Writes a letter of a missed call to who wishes it.
pub(super) async fn mail(unit: &mut Unit, whom: Whom, notice: &Notice) -> Result<()> {
    let (scope, app) = (unit.scope(), unit.app().clone());
    let user = match whom {
        Whom::User(user) => Some(user),
        Whom::Agent(agent) => workforce::user_of(scope, unit.tx(), agent).await?,
    };
    let Some(user) = user else { return Ok(()) };
    let Some(chosen) = users::preferences(unit.tx(), user).await?.map(|row| row.preferences) else {
        return Ok(());
    };
    if !chosen.missed_calls_by_mail {
        return Ok(());
    }
    let Some(account) = users::by_id(unit.tx(), user).await? else { return Ok(()) };
    let Some(company) = companies::own(scope, unit.tx()).await? else { return Ok(()) };
    let Some(Ok(to)) = account.email.as_deref().map(Email::read) else { return Ok(()) };
    let zone = zone(&chosen, &company.time_zone);
    let words = Words::of(chosen.language.as_deref().unwrap_or(&company.language));
    let at = notice.at.with_timezone(&zone).format("%Y-%m-%d %H:%M %Z").to_string();
    let who = notice.values.get("who").map_or("", String::as_str);
    let content = letters::missed_call(words, &company, &app.settings.public_url, who, &at);
    let letter = Letter { from: Some(company.id), to, content, give_up_at: unit.now() + TimeDelta::days(1) };
    // Nobody waits for it: the mailer finds it when it looks.
    mail::post(&app, unit.tx(), letter).await?;
    Ok(())
}

fn zone(chosen: &Preferences, company: &str) -> Tz {
    let own = chosen.quiet_hours.as_ref().and_then(|quiet| quiet.time_zone.as_deref());
    own.unwrap_or(company).parse().unwrap_or(Tz::UTC)
}

#[cfg(test)]
mod tests {
    use entity::MessageKind;
    use entity::id::CallId;
    use sea_orm::Iterable;
    use uuid::Uuid;

    use super::*;

    fn notice(who: &str) -> Notice {
        let now = "2026-03-02T12:00:00Z".parse().unwrap();
        Notice::missed_call(CallId(Uuid::from_u128(1)), who, now)
    }

    #[test]
    fn every_kind_says_something_in_every_language() {
        for tongue in ["en", "de", "es", "fr"] {
            for kind in
                [Kind::Offer, Kind::Call, Kind::MissedCall, Kind::Voicemail, Kind::Callback, Kind::Message]
            {
                let filled = Notice { kind, ..notice("Ann").says("queue", "Sales") };
                let (title, body) = texts(Words::of(tongue), &filled, "Hello");
                assert!(!title.is_empty() && !body.is_empty(), "{tongue} {kind:?}");
                assert!(title.contains("Ann") || body.contains("Ann"), "{tongue} {kind:?}: {title}, {body}");
            }
            let whatever = Words::of(tongue);
            let group = Notice { kind: Kind::Message, ..notice("Ann").says("chat", "Lunch") };
            let told = texts(whatever, &group, "Hello");
            assert_eq!(told, ("Lunch".to_owned(), "Ann: Hello".to_owned()), "{tongue}");
            let kinds =
                MessageKind::iter().filter(|kind| !matches!(kind, MessageKind::Text | MessageKind::System));
            for kind in kinds.map(|kind| kind.as_str()).chain(["message".into()]) {
                assert!(!whatever.text(&format!("push.said.{kind}")).is_empty(), "{tongue} {kind}");
            }
        }
    }

    #[test]
    fn a_name_brings_no_lines_of_its_own_and_no_novel() {
        let (title, body) = texts(Words::of("en"), &notice(&"Ann\nBob ".repeat(100)), "");
        assert!(!format!("{title}{body}").contains('\n'));
        assert!(title.chars().count().max(body.chars().count()) == LONGEST + 1, "{title} {body}");
    }
}
