//! Typed settings: the checked-in defaults (`settings.default.toml`, which is also their documentation), then the file
//! that CALLDOCKER_CONFIG names, then the environment.

mod keys;
mod phone;
mod push;
mod rtc;
mod smtp;
mod storage;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use entity::SmtpSecurity;

use crate::origin::Origins;
use crate::outbound::web::Allowed;
use crate::secret::Secret;

use keys::{Keys, parse};
pub use phone::{FirebaseSettings, PhoneSettings};
pub use push::{ApnsSettings, PushSettings};
pub use rtc::{RtcSettings, TokenForm};
pub use smtp::SmtpServer;
use smtp::smtp;
pub use storage::{CloudinarySettings, CloudinarySignature, MediaSettings, S3Files, S3Settings};
use storage::{cloudinary, s3};

pub const DEFAULTS: &str = include_str!("../settings.default.toml");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    Development,
    Production,
}

/// How safe a commit in SQLite is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqliteSynchronous {
    Full,
    Normal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Debug)]
pub struct Settings {
    pub environment: Environment,
    pub host: IpAddr,
    pub port: u16,
    /// Without a slash at the end.
    pub public_url: String,
    pub data_dir: PathBuf,
    pub database_url: Secret,
    pub database_pool: u32,
    pub sqlite_synchronous: SqliteSynchronous,
    pub redis_url: Option<Secret>,
    pub jwt_secret: Option<Secret>,
    pub master_key: Option<Secret>,
    pub access_token_life: Duration,
    pub refresh_token_life: Duration,
    /// The platform's account, when there is one.
    pub twilio: Option<TwilioAccount>,
    pub twilio_api_url: String,
    pub carrier_port: u16,
    /// Where mail is handed in, when there is such a place.
    pub smtp: Option<SmtpServer>,
    /// Certificates (PEM) that mail servers may show beside those of the system's authorities.
    pub smtp_ca_file: Option<PathBuf>,
    /// How the platform writes to telephone numbers.
    pub phone: PhoneSettings,
    /// Whose tokens sign people in, when there is somebody.
    pub firebase: Option<FirebaseSettings>,
    /// How phones are told things.
    pub push: PushSettings,
    /// Where requests of tenants may go beside the public internet.
    pub outbound_allow: Allowed,
    pub max_body_bytes: usize,
    /// Of an uploaded file.
    pub max_file_size: usize,
    /// Where files lie when there is no bucket.
    pub upload_path: PathBuf,
    /// Where files lie instead, when it is set.
    pub s3: Option<S3Settings>,
    pub media: MediaSettings,
    /// Where clients may put media themselves, when there is such a place.
    pub cloudinary: Option<CloudinarySettings>,
    /// Until an answer begins, when that is limited.
    pub request_limit: Option<Duration>,
    /// Whose pages may call the API from a browser.
    pub cors_origins: Origins,
    /// The key of who watches this server.
    pub operator_token: Option<Secret>,
    pub metrics_per_queue: bool,
    /// Where errors are reported.
    pub sentry_dsn: Option<Secret>,
    /// Where traces are exported to: a collector's address, without the path of the signal.
    pub otlp_endpoint: Option<String>,
    /// As what this server is known there.
    pub otel_service_name: String,
    pub exports: ExportSettings,
    pub timing: Timing,
    pub rate_limits: RateLimits,
    /// Of calls among colleagues.
    pub rtc: RtcSettings,
    /// How many proxies stand before us and add to `X-Forwarded-For`.
    pub trusted_proxies: usize,
    pub log: String,
    pub log_format: LogFormat,
}

#[derive(Clone, Debug)]
pub struct TwilioAccount {
    pub account_sid: String,
    pub auth_token: Secret,
}

/// How many requests are taken; 0 is no limit.
#[derive(Clone, Copy, Debug)]
pub struct RateLimits {
    pub window: Duration,
    /// In a window, from one address without credentials.
    pub requests: u32,
    /// The others: a minute.
    pub of_user: u32,
    pub of_key: u32,
    pub of_company: u32,
    pub calls: u32,
}

/// How much of this server exports may take.
#[derive(Clone, Copy, Debug)]
pub struct ExportSettings {
    /// Connections to the database that exports have for themselves: so many are under way at once.
    pub pool: u32,
    /// How long one that is streamed may take.
    pub longest: Duration,
    /// How long the file of one that was made as a job is kept.
    pub kept: Duration,
}

/// Limits of time that a company does not choose.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    pub join: Duration,
    pub heartbeat: Duration,
    pub heartbeat_lost: Duration,
    pub check_call: Duration,
    pub lease: Duration,
    /// A client that takes nothing of an answer for so long is cut off.
    pub client_stall: Duration,
}

/// A setting that cannot be used, with the way out.
#[derive(Debug, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct BadSetting {
    pub key: String,
    pub problem: String,
}

impl Settings {
    /// The settings of this process, and warnings about what was ignored or is risky.
    pub fn load() -> Result<(Self, Vec<String>), BadSetting> {
        let mut keys = parse(DEFAULTS).expect("the checked-in defaults are TOML");
        let mut warnings = Vec::new();
        if let Ok(path) = std::env::var("CALLDOCKER_CONFIG") {
            let bad = |problem| BadSetting { key: "CALLDOCKER_CONFIG".into(), problem };
            let text = std::fs::read_to_string(&path).map_err(|e| bad(format!("cannot read {path}: {e}")))?;
            for (key, value) in parse(&text).map_err(bad)? {
                match keys.get_mut(&key) {
                    Some(known) => *known = value,
                    None => warnings.push(format!("unknown setting `{key}` in {path} is ignored")),
                }
            }
        }
        if let Ok(value) = std::env::var("NODE_ENV") {
            keys.insert("calldocker_env".into(), value);
        }
        for (key, value) in &mut keys {
            if let Ok(set) = std::env::var(key.to_uppercase()) {
                *value = set;
            }
        }
        let settings = Self::from_keys(&Keys(keys))?;
        warnings.extend(settings.risks());
        Ok((settings, warnings))
    }

    /// The checked-in defaults, changed by `changes`: for tests and tools.
    pub fn with(changes: &[(&str, &str)]) -> Result<Self, BadSetting> {
        let mut keys = parse(DEFAULTS).expect("the checked-in defaults are TOML");
        for (key, value) in changes {
            keys.insert((*key).to_owned(), (*value).to_owned());
        }
        Self::from_keys(&Keys(keys))
    }

    fn from_keys(keys: &Keys) -> Result<Self, BadSetting> {
        let environment = keys.choice(
            "calldocker_env",
            &[
                ("development", Environment::Development),
                ("test", Environment::Development),
                ("production", Environment::Production),
            ],
        )?;
        let host = match keys.text("host").as_str() {
            "localhost" => IpAddr::from([127, 0, 0, 1]),
            text => text
                .parse()
                .map_err(|_| keys.bad("host", "is not an IP address, e.g. 127.0.0.1 or 0.0.0.0"))?,
        };
        let port = keys.number("port")?;
        let public_url = match keys.optional("public_url") {
            Some(url) if url.starts_with("http://") || url.starts_with("https://") => {
                url.trim_end_matches('/').to_owned()
            }
            Some(_) => {
                return Err(keys.bad("public_url", "is not an address, e.g. https://calls.example.com"));
            }
            None => format!("http://127.0.0.1:{port}"),
        };
        let data_dir = PathBuf::from(keys.text("data_dir"));
        let twilio = match (keys.optional("twilio_account_sid"), keys.optional("twilio_auth_token")) {
            (Some(account_sid), Some(token)) => {
                Some(TwilioAccount { account_sid, auth_token: Secret::new(token) })
            }
            (None, None) => None,
            (Some(_), None) => {
                return Err(keys.bad("twilio_auth_token", "is missing beside TWILIO_ACCOUNT_SID"));
            }
            (None, Some(_)) => {
                return Err(keys.bad("twilio_account_sid", "is missing beside TWILIO_AUTH_TOKEN"));
            }
        };
        Ok(Self {
            environment,
            host,
            port,
            public_url,
            database_url: Secret::new(database_url(keys, &data_dir)),
            upload_path: match keys.optional("upload_path") {
                Some(path) => PathBuf::from(path),
                None => data_dir.join("files"),
            },
            s3: s3(keys)?,
            media: MediaSettings {
                image: keys.number("max_file_size")?,
                audio: keys.number("media_max_audio")?,
                video: keys.number("media_max_video")?,
                document: keys.number("media_max_document")?,
                quota: Some(keys.number("media_quota")?).filter(|quota| *quota > 0),
                upload_kept: keys.span("media_upload_kept")?,
            },
            cloudinary: cloudinary(keys)?,
            exports: ExportSettings {
                pool: keys.number("export_pool")?,
                longest: keys.span("export_longest")?,
                kept: keys.span("export_kept")?,
            },
            data_dir,
            database_pool: keys.number("database_pool")?,
            sqlite_synchronous: keys.choice(
                "sqlite_synchronous",
                &[("full", SqliteSynchronous::Full), ("normal", SqliteSynchronous::Normal)],
            )?,
            redis_url: keys.optional("redis_url").map(Secret::new),
            jwt_secret: keys.optional("jwt_secret").map(Secret::new),
            master_key: keys.optional("master_key").map(Secret::new),
            access_token_life: keys.span("jwt_expires_in")?,
            refresh_token_life: keys.span("jwt_refresh_expires_in")?,
            twilio,
            twilio_api_url: keys.text("twilio_api_url").trim_end_matches('/').to_owned(),
            carrier_port: keys.number("carrier_port")?,
            smtp: smtp(keys)?,
            smtp_ca_file: keys.optional("smtp_ca_file").map(PathBuf::from),
            phone: phone::phone(keys)?,
            firebase: phone::firebase(keys)?,
            push: push::push(keys)?,
            outbound_allow: Allowed::read(&keys.text("outbound_allow")).map_err(|entry| {
                keys.bad("outbound_allow", &format!("`{entry}` is no host and no host:port"))
            })?,
            max_body_bytes: keys.number("max_body_bytes")?,
            max_file_size: keys.number("max_file_size")?,
            request_limit: Some(keys.seconds("request_seconds")?).filter(|limit| !limit.is_zero()),
            cors_origins: origins(keys)?,
            operator_token: operator_token(keys)?,
            metrics_per_queue: keys.choice("metrics_per_queue", &[("true", true), ("false", false)])?,
            sentry_dsn: keys.optional("sentry_dsn").map(Secret::new),
            otlp_endpoint: otlp_endpoint(keys)?,
            otel_service_name: keys.text("otel_service_name"),
            timing: Timing {
                join: keys.seconds("join_seconds")?,
                heartbeat: keys.seconds("heartbeat_seconds")?,
                heartbeat_lost: keys.seconds("heartbeat_lost_seconds")?,
                check_call: keys.seconds("check_call_seconds")?,
                lease: keys.seconds("lease_seconds")?,
                client_stall: keys.seconds("client_stall_seconds")?,
            },
            rate_limits: RateLimits {
                window: Duration::from_millis(keys.number("rate_limit_window_ms")?),
                requests: keys.number("rate_limit_max_requests")?,
                of_user: keys.number("rate_limit_user")?,
                of_key: keys.number("rate_limit_key")?,
                of_company: keys.number("rate_limit_company")?,
                calls: keys.number("rate_limit_calls")?,
            },
            rtc: RtcSettings::read(keys)?,
            trusted_proxies: keys.number("trusted_proxies")?,
            log: keys.text("log"),
            log_format: keys.choice("log_format", &[("text", LogFormat::Text), ("json", LogFormat::Json)])?,
        })
    }

    pub fn is_production(&self) -> bool {
        self.environment == Environment::Production
    }

    /// A number that the account does not have is taken from the look-alike, and never bought from anybody real.
    pub fn buys_numbers(&self) -> bool {
        !self.is_production()
            && ["http://127.0.0.1", "http://localhost"]
                .iter()
                .any(|local| self.twilio_api_url.starts_with(local))
    }

    /// Legal, but better not.
    pub(crate) fn risks(&self) -> Vec<String> {
        let mut risks = Vec::new();
        if self.is_production() && self.public_url.starts_with("http://") {
            risks.push(
                "PUBLIC_URL is not https: Twilio's webhooks and your agents' tokens travel in the clear"
                    .into(),
            );
        }
        if self.is_production() && self.smtp.is_none() {
            risks.push(
                "SMTP_HOST is not set: nobody can register without an invitation, and who invites has to hand the \
                 invitation over himself"
                    .into(),
            );
        }
        if let Some(smtp) = &self.smtp
            && smtp.security == SmtpSecurity::None
            && !["localhost", "127.0.0.1", "::1"].contains(&smtp.host.as_str())
        {
            risks.push("SMTP_SECURITY=none: mail, and SMTP_PASS with it, travels in the clear".into());
        }
        if self.is_production() && !self.outbound_allow.is_empty() {
            risks.push("OUTBOUND_ALLOW is set: the flows of every company reach these hosts".into());
        }
        if self.sqlite_synchronous == SqliteSynchronous::Normal {
            risks.push("SQLITE_SYNCHRONOUS=normal: a loss of power can lose the last calls".into());
        }
        if self.access_token_life > Duration::from_secs(24 * 3600) {
            risks.push("JWT_EXPIRES_IN is longer than 24h".into());
        }
        risks
    }
}

fn database_url(keys: &Keys, data_dir: &std::path::Path) -> String {
    if let Some(url) = keys.optional("database_url") {
        return url;
    }
    match keys.optional("db_host") {
        Some(host) => {
            let escape = |key| crate::outbound::percent_encode(&keys.text(key));
            format!(
                "postgres://{}:{}@{host}:{}/{}",
                escape("db_user"),
                escape("db_password"),
                keys.text("db_port"),
                escape("db_name")
            )
        }
        None => format!("sqlite://{}", data_dir.join("calldocker.db").display()),
    }
}

fn origins(keys: &Keys) -> Result<Origins, BadSetting> {
    let key = if keys.optional("cors_origin").is_some() { "cors_origin" } else { "frontend_url" };
    Origins::read(&keys.text(key)).map_err(|entry| {
        keys.bad(key, &format!("`{entry}` is no origin, e.g. https://app.example.com, without a path"))
    })
}

fn operator_token(keys: &Keys) -> Result<Option<Secret>, BadSetting> {
    match keys.optional("operator_token") {
        Some(token) if token.len() < 32 => {
            let problem = "is shorter than 32 characters; make one: openssl rand -hex 32";
            Err(keys.bad("operator_token", problem))
        }
        token => Ok(token.map(Secret::new)),
    }
}

fn otlp_endpoint(keys: &Keys) -> Result<Option<String>, BadSetting> {
    let is_address = |text: &String| text.starts_with("http://") || text.starts_with("https://");
    match keys.optional("otel_exporter_otlp_endpoint") {
        Some(endpoint) if !is_address(&endpoint) => {
            Err(keys.bad("otel_exporter_otlp_endpoint", "is not an address, e.g. http://127.0.0.1:4318"))
        }
        endpoint => Ok(endpoint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_a_working_development_set() {
        let settings = Settings::with(&[]).unwrap();
        assert_eq!(settings.environment, Environment::Development);
        assert_eq!(settings.public_url, "http://127.0.0.1:3000");
        assert_eq!(settings.database_url.expose(), "sqlite://./data/calldocker.db");
        assert_eq!(settings.access_token_life, Duration::from_secs(86_400));
    }

    #[test]
    fn document_001_s_database_names_make_a_postgres_address() {
        let settings =
            Settings::with(&[("db_host", "db"), ("db_user", "a b"), ("db_password", "p@ss")]).unwrap();
        assert_eq!(settings.database_url.expose(), "postgres://a%20b:p%40ss@db:5432/calldocker");
    }

    #[test]
    fn a_bad_value_names_its_key() {
        let bad = Settings::with(&[("port", "http")]).unwrap_err();
        assert_eq!(bad.to_string(), "PORT: is not a whole number in range");
        let bad = Settings::with(&[("outbound_allow", "crm.internal, http://x")]).unwrap_err();
        assert_eq!(bad.to_string(), "OUTBOUND_ALLOW: `http://x` is no host and no host:port");
        let bad = Settings::with(&[("twilio_account_sid", "AC1")]).unwrap_err();
        assert_eq!(bad.key, "TWILIO_AUTH_TOKEN");
    }

    #[test]
    fn pages_of_other_origins_are_named_and_an_operators_key_is_long() {
        let origins = Settings::with(&[("frontend_url", "http://localhost:5173")]).unwrap().cors_origins;
        assert!(origins.include("http://localhost:5173"));
        let both = [("frontend_url", "http://localhost:5173"), ("cors_origin", "https://a.example")];
        assert!(!Settings::with(&both).unwrap().cors_origins.include("http://localhost:5173"));
        let bad = |key, value| Settings::with(&[(key, value)]).unwrap_err().key;
        assert_eq!(bad("cors_origin", "*"), "CORS_ORIGIN");
        assert_eq!(bad("operator_token", "short"), "OPERATOR_TOKEN");
        assert_eq!(Settings::with(&[("request_seconds", "0")]).unwrap().request_limit, None);
    }

    #[test]
    fn production_is_warned_that_without_mail_nobody_registers() {
        let warned = |changes: &[(&str, &str)]| {
            let risks = Settings::with(changes).unwrap().risks();
            risks.iter().any(|risk| risk.starts_with("SMTP_HOST is not set"))
        };
        assert!(warned(&[("calldocker_env", "production")]));
        assert!(!warned(&[]));
        let mail = [("smtp_host", "mail"), ("smtp_from", "noreply@example.com")];
        assert!(!warned(&[&[("calldocker_env", "production")], mail.as_slice()].concat()));
    }
}
