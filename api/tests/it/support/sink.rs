//! A real mail server that keeps what it gets: `tests/node/smtp-sink.mjs`.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use clock::Clock;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::mails::Mail;

/// More than a mail takes on a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(60);

pub struct Sink {
    pub port: u16,
    lines: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

/// A mail, and how it came.
#[derive(Debug)]
pub struct Received {
    pub mail: Mail,
    /// The envelope's.
    pub to: Vec<String>,
    /// Over TLS.
    pub secure: bool,
    /// Who has signed in.
    pub user: Option<String>,
}

/// Certificates of a mail server at `localhost`, and of the authority that stands for it.
pub struct Certificates {
    pub authority: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl Certificates {
    pub fn make(folder: &Path) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(DnType::CommonName, "The tests' authority");
        let signed = authority.self_signed(&key).expect("an authority");
        let issuer = Issuer::new(authority, key);
        let leaf_key = KeyPair::generate().expect("a key");
        let leaf = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
        let leaf = leaf.signed_by(&leaf_key, &issuer).expect("a certificate");
        let made = Self {
            authority: folder.join("authority.pem"),
            certificate: folder.join("certificate.pem"),
            key: folder.join("key.pem"),
        };
        for (path, pem) in [
            (&made.authority, signed.pem()),
            (&made.certificate, leaf.pem()),
            (&made.key, leaf_key.serialize_pem()),
        ] {
            std::fs::write(path, pem).expect("a file can be written");
        }
        made
    }

    /// What the server is told.
    pub fn of_server(&self) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.to_str().expect("a path of plain text").to_owned();
        vec![("CERT", text(&self.certificate)), ("KEY", text(&self.key))]
    }
}

impl Sink {
    /// `None` where the npm packages are not installed, which it says.
    pub async fn start(environment: &[(&str, String)]) -> Option<Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/node");
        if !folder.join("node_modules/smtp-server").is_dir() {
            println!("skipped: smtp-server is not installed in {}; `make node` does it", folder.display());
            assert!(std::env::var_os("CI").is_none(), "nothing is skipped in CI: run `make node` first");
            return None;
        }
        let mut node = Command::new("node");
        node.arg("smtp-sink.mjs").current_dir(&folder).env_clear().kill_on_drop(true);
        node.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        node.envs(environment.iter().map(|(name, value)| (name, value)));
        let mut child = node.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("node is installed");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut sink = Self { port: 0, lines, _child: child };
        let port = sink.line().await["port"].as_u64().expect("a port");
        sink.port = u16::try_from(port).expect("a port");
        Some(sink)
    }

    async fn line(&mut self) -> Value {
        let line = Clock::machine().timeout(LIMIT, self.lines.next_line()).await;
        let line = line.expect("the mail server says nothing").expect("a line").expect("the server goes on");
        serde_json::from_str(&line).expect("a line is JSON")
    }

    /// The next mail that comes, or has come.
    pub async fn received(&mut self) -> Received {
        let line = self.line().await;
        let raw = BASE64_STANDARD.decode(line["raw"].as_str().expect("a mail")).expect("base64");
        let to = line["to"].as_array().expect("recipients").iter();
        Received {
            mail: Mail::read(&raw),
            to: to.map(|to| to.as_str().expect("an address").to_owned()).collect(),
            secure: line["secure"].as_bool().expect("whether it was secure"),
            user: line["user"].as_str().map(str::to_owned),
        }
    }
}
