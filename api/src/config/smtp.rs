//! The server that takes our mail.

use entity::SmtpSecurity;
use lettre::message::Mailbox;

use super::BadSetting;
use super::keys::Keys;
use crate::secret::Secret;

/// A server that takes our mail.
#[derive(Clone, Debug)]
pub struct SmtpServer {
    pub host: String,
    pub port: u16,
    /// User and password.
    pub login: Option<(String, Secret)>,
    /// Whom mail comes from.
    pub from: Mailbox,
    pub security: SmtpSecurity,
}

pub(super) fn smtp(keys: &Keys) -> Result<Option<SmtpServer>, BadSetting> {
    let security = keys.choice(
        "smtp_security",
        &[("starttls", SmtpSecurity::Starttls), ("tls", SmtpSecurity::Tls), ("none", SmtpSecurity::None)],
    )?;
    let port = keys.number("smtp_port")?;
    let Some(host) = keys.optional("smtp_host") else { return Ok(None) };
    let from = keys.optional("smtp_from");
    let from = from.ok_or_else(|| keys.bad("smtp_from", "is missing beside SMTP_HOST"))?;
    let from = from
        .parse()
        .map_err(|_| keys.bad("smtp_from", "is not an address, e.g. CallDocker <noreply@example.com>"))?;
    let login = match (keys.optional("smtp_user"), keys.optional("smtp_pass")) {
        (Some(user), Some(pass)) => Some((user, Secret::new(pass))),
        (None, None) => None,
        (Some(_), None) => return Err(keys.bad("smtp_pass", "is missing beside SMTP_USER")),
        (None, Some(_)) => return Err(keys.bad("smtp_user", "is missing beside SMTP_PASS")),
    };
    Ok(Some(SmtpServer { host, port, login, from, security }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn a_mail_server_needs_a_sender_and_both_halves_of_a_login() {
        let host = ("smtp_host", "mail.example.com");
        let from = ("smtp_from", "CallDocker <noreply@example.com>");
        let bad = |changes: &[(&str, &str)]| Settings::with(changes).unwrap_err().key;
        assert_eq!(bad(&[host]), "SMTP_FROM");
        assert_eq!(bad(&[host, ("smtp_from", "nobody")]), "SMTP_FROM");
        assert_eq!(bad(&[host, from, ("smtp_user", "ann")]), "SMTP_PASS");
        assert_eq!(bad(&[host, from, ("smtp_pass", "secret")]), "SMTP_USER");
        assert_eq!(bad(&[("smtp_security", "ssl")]), "SMTP_SECURITY");
        let smtp = Settings::with(&[host, from]).unwrap().smtp.unwrap();
        assert_eq!((smtp.port, smtp.security), (587, SmtpSecurity::Starttls));
        assert_eq!(smtp.from.email.to_string(), "noreply@example.com");
    }
}
