//! By which way mail leaves: handed to a mail server, written to a folder where there is none, or not at all.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use entity::{SmtpSecurity, mail};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart};
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::response::{Category, Severity};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::Content;
use crate::config::{Settings, SmtpServer};
use crate::error::{Error, Result};

/// How long the server may take over one command.
const COMMAND: Duration = Duration::from_secs(20);

pub enum Way {
    Server {
        from: Mailbox,
        transport: AsyncSmtpTransport<Tokio1Executor>,
    },
    /// For who tries things out: what would be sent lies in this folder.
    Folder {
        from: Mailbox,
        folder: PathBuf,
    },
    /// In production without a mail server: tokens must not lie about in files.
    None,
}

/// How a delivery went.
pub enum Outcome {
    Sent,
    Later(String),
    /// Another try would end the same way.
    Never(String),
}

/// An address as the mail server takes it.
///
/// # Errors
/// `Invalid` when none would.
pub fn address(text: &str) -> Result<Address> {
    text.parse().map_err(|_| Error::invalid("/email", "must be an address to which mail can be sent"))
}

impl Way {
    pub fn new(settings: &Settings) -> Result<Self> {
        match &settings.smtp {
            Some(server) => {
                let transport = transport(server, settings.smtp_ca_file.as_deref())?;
                Ok(Self::Server { from: server.from.clone(), transport })
            }
            None if settings.is_production() => Ok(Self::None),
            None => {
                let sender = "CallDocker <calldocker@localhost>".parse::<Mailbox>();
                let from = sender.map_err(|cause| Error::internal("the sender of mail", cause))?;
                Ok(Self::Folder { from, folder: settings.data_dir.join("mail") })
            }
        }
    }

    pub fn delivers(&self) -> bool {
        match self {
            Self::Server { .. } | Self::Folder { .. } => true,
            Self::None => false,
        }
    }

    /// Greets the mail server, where there is one.
    pub async fn probe(&self) -> Option<Result<(), String>> {
        match self {
            Self::Server { transport, .. } => Some(match transport.test_connection().await {
                Ok(true) => Ok(()),
                Ok(false) => Err("the server does not answer".to_owned()),
                Err(error) => Err(causes(&error)),
            }),
            Self::Folder { .. } | Self::None => None,
        }
    }

    pub async fn send(&self, mail: &mail::Model, content: &Content) -> Outcome {
        match self {
            Self::Server { from, transport } => match message(from, mail, content) {
                Ok(message) => hand_in(transport, message).await,
                Err(cause) => Outcome::Never(cause),
            },
            Self::Folder { from, folder } => {
                let message = match message(from, mail, content) {
                    Ok(message) => message.formatted(),
                    Err(cause) => return Outcome::Never(cause),
                };
                lay_down(folder.join(format!("{}.eml", mail.id)), message).await
            }
            Self::None => Outcome::Later("there is no SMTP_HOST".to_owned()),
        }
    }
}

fn transport(server: &SmtpServer, ca_file: Option<&Path>) -> Result<AsyncSmtpTransport<Tokio1Executor>> {
    let tls = match server.security {
        SmtpSecurity::Starttls => Tls::Required(trust(&server.host, ca_file)?),
        SmtpSecurity::Tls => Tls::Wrapper(trust(&server.host, ca_file)?),
        SmtpSecurity::None => Tls::None,
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
        .port(server.port)
        .tls(tls)
        .timeout(Some(COMMAND))
        .pool_config(PoolConfig::new().max_size(4));
    if let Some((user, password)) = &server.login {
        builder = builder.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
    }
    Ok(builder.build())
}

/// The system's authorities, and those of the settings.
pub fn trust(host: &str, ca_file: Option<&Path>) -> Result<TlsParameters> {
    let mut parameters = TlsParameters::builder(host.to_owned());
    if let Some(path) = ca_file {
        let bad = |cause: String| Error::internal("SMTP_CA_FILE", format!("{}: {cause}", path.display()));
        let pem = std::fs::read(path).map_err(|cause| bad(cause.to_string()))?;
        let authority = Certificate::from_pem(&pem).map_err(|cause| bad(cause.to_string()))?;
        parameters = parameters.add_root_certificate(authority);
    }
    parameters.build().map_err(|cause| Error::internal("SMTP: prepare TLS", cause))
}

/// The id is the row's, so that a mail that was delivered twice is known for the same.
pub fn message(from: &Mailbox, mail: &mail::Model, content: &Content) -> Result<Message, String> {
    let to = mail.recipient.parse::<Address>().map_err(|cause| format!("the recipient: {cause}"))?;
    let mut parts = MultiPart::alternative_plain_html(content.text.clone(), content.html.clone());
    if !content.attachments.is_empty() {
        parts = MultiPart::mixed().multipart(parts);
    }
    for file in &content.attachments {
        let kind = ContentType::parse(&file.content_type).map_err(|cause| cause.to_string())?;
        parts = parts.singlepart(Attachment::new(file.name.clone()).body(file.content.clone(), kind));
    }
    let mut message = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(content.subject.clone())
        .message_id(Some(format!("<{}@{}>", mail.id, from.email.domain())))
        .date(mail.created_at.into())
        .multipart(parts)
        .map_err(|cause| cause.to_string())?;
    if let Some(link) = &content.unsubscribe {
        let name = HeaderName::new_from_ascii_str("List-Unsubscribe");
        message.headers_mut().insert_raw(HeaderValue::new(name, format!("<{link}>")));
    }
    Ok(message)
}

async fn hand_in(transport: &AsyncSmtpTransport<Tokio1Executor>, message: Message) -> Outcome {
    match transport.send(message).await {
        Ok(_) => Outcome::Sent,
        Err(error) => refused(&error),
    }
}

/// What a server's refusal of a mail comes to.
pub fn refused(error: &lettre::transport::smtp::Error) -> Outcome {
    let because = causes(error);
    // x5z is about the mail itself (RFC 5321, section 4.2.1): no such mailbox, not wanted. Any other refusal, a wrong
    // password for one, is the operator's to mend while the mail waits.
    let about_the_mail = error.status().is_some_and(|code| {
        code.severity == Severity::PermanentNegativeCompletion && code.category == Category::MailSystem
    });
    if about_the_mail { Outcome::Never(because) } else { Outcome::Later(because) }
}

pub fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

async fn lay_down(path: PathBuf, message: Vec<u8>) -> Outcome {
    let shown = path.display().to_string();
    let written = tokio::task::spawn_blocking(move || write(&path, &message)).await;
    match written.map_err(std::io::Error::other).flatten() {
        Ok(()) => {
            tracing::info!(path = shown, "there is no SMTP_HOST: a mail was written to this file");
            Outcome::Sent
        }
        Err(cause) => Outcome::Later(format!("cannot write {shown}: {cause}")),
    }
}

/// Readable by its owner alone, and never half a file.
fn write(path: &Path, message: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let draft = path.with_extension("part");
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(message)?;
    file.sync_all()?;
    std::fs::rename(draft, path)
}
