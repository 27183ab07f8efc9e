//! The mail server of a company's own. A tenant says where it is: its name is looked up here, and the connection is made to
//! an address that was checked, while TLS still wants the name.

use entity::{SmtpSecurity, mail};
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;

use super::Content;
use super::way::{Outcome, causes, message, refused, trust};
use crate::app::App;
use crate::error::Result;
use crate::outbound::web::Fault;
use crate::secret::Secret;

/// The longest part of a server's answer that is shown.
const LONGEST_ANSWER: usize = 300;
const CONNECTING: std::time::Duration = std::time::Duration::from_secs(10);

#[derive(Clone, Debug)]
pub struct OwnServer {
    pub host: String,
    pub port: u16,
    pub security: SmtpSecurity,
    /// User and password.
    pub login: Option<(String, Secret)>,
    pub from: Mailbox,
}

/// How far it came, and what went wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub step: Step,
    /// What the server has said, or why it said nothing.
    pub because: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Its address may not be reached.
    Address,
    Connect,
    Secure,
    SignIn,
    /// It has let us in, and does nothing.
    Serve,
}

impl Trouble {
    fn at(step: Step, because: impl std::fmt::Display) -> Self {
        let plain: String =
            because.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Self { step, because: plain.trim().chars().take(LONGEST_ANSWER).collect() }
    }
}

impl OwnServer {
    /// Whether it lets us in: connects, secures, signs in, and has it do nothing.
    pub async fn try_out(&self, app: &App) -> Result<Result<(), Trouble>> {
        let tried = async {
            let mut connection = match self.connect(app).await? {
                Ok(connection) => connection,
                Err(trouble) => return Ok(Err(trouble)),
            };
            let answers = connection.test_connected().await;
            // It has been told all that it has to know.
            let _ = connection.quit().await;
            Ok(if answers { Ok(()) } else { Err(Trouble::at(Step::Serve, "it does not answer NOOP")) })
        };
        let tried = app.clock.timeout(super::DELIVERY_BY_OWN, tried).await;
        tried.unwrap_or_else(|| Ok(Err(Trouble::at(Step::Connect, "it took too long"))))
    }

    pub async fn send(&self, app: &App, mail: &mail::Model, content: &Content) -> Outcome {
        let message = match message(&self.from, mail, content) {
            Ok(message) => message,
            Err(cause) => return Outcome::Never(cause),
        };
        let mut connection = match self.connect(app).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(trouble)) => return Outcome::Later(trouble.because),
            Err(error) => return Outcome::Later(format!("{error:?}")),
        };
        let sent = connection.send(message.envelope(), &message.formatted()).await;
        match sent {
            Ok(_) => {
                let _ = connection.quit().await;
                Outcome::Sent
            }
            Err(error) => refused(&error),
        }
    }

    async fn connect(&self, app: &App) -> Result<Result<AsyncSmtpConnection, Trouble>> {
        let addresses = match app.web.addresses(&self.host, self.port).await {
            Ok(addresses) => addresses,
            Err(Fault::AddressRefused) => {
                return Ok(Err(Trouble::at(Step::Address, "it is no host of the public internet")));
            }
            Err(Fault::BadHeader | Fault::NoAnswer | Fault::TimedOut | Fault::AnswerTooLarge) => {
                return Ok(Err(Trouble::at(Step::Connect, "the name has no address")));
            }
        };
        let tls = match self.security {
            SmtpSecurity::Starttls | SmtpSecurity::Tls => {
                Some(trust(&self.host, app.settings.smtp_ca_file.as_deref())?)
            }
            SmtpSecurity::None => None,
        };
        let at_once = tls.clone().filter(|_| self.security == SmtpSecurity::Tls);
        let hello = ClientId::default();
        let connected = AsyncSmtpConnection::connect_tokio1(
            addresses.as_slice(),
            Some(CONNECTING),
            &hello,
            at_once,
            None,
        );
        let mut connection = match connected.await {
            Ok(connection) => connection,
            Err(error) => {
                let step = if error.is_tls() { Step::Secure } else { Step::Connect };
                return Ok(Err(Trouble::at(step, causes(&error))));
            }
        };
        if let Some(tls) = tls.filter(|_| self.security == SmtpSecurity::Starttls)
            && let Err(error) = connection.starttls(tls, &hello).await
        {
            return Ok(Err(Trouble::at(Step::Secure, causes(&error))));
        }
        if let Some((user, password)) = &self.login {
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            if let Err(error) = connection.auth(DEFAULT_MECHANISMS, &credentials).await {
                connection.abort().await;
                return Ok(Err(Trouble::at(Step::SignIn, causes(&error))));
            }
        }
        Ok(Ok(connection))
    }
}
