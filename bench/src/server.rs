//! The server as a process of its own, so that its memory and processor time are its own, too.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command as Blocking, Stdio};
use std::time::{Duration, Instant};

use clock::Clock;
use tokio::process::{Child, Command};

use crate::ground::Ground;
use crate::{ACCOUNT, Failure, TOKEN};

/// A start that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a server is started with, the same at every start.
pub struct Plan {
    program: PathBuf,
    port: u16,
    environment: Vec<(&'static str, String)>,
    log: PathBuf,
}

impl Plan {
    /// # Errors
    /// When the program was not built beside this one.
    pub fn new(ground: &Ground, api_url: &str) -> Result<Self, Failure> {
        let program = std::env::current_exe()?.with_file_name("calldocker");
        if !program.is_file() {
            return Err(format!(
                "{} is missing: build it with this program, as `make bench` does",
                program.display()
            )
            .into());
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let environment = vec![
            ("DATA_DIR", ground.folder().display().to_string()),
            ("DATABASE_URL", ground.url().to_owned()),
            ("HOST", "127.0.0.1".to_owned()),
            ("PORT", port.to_string()),
            ("PUBLIC_URL", format!("http://127.0.0.1:{port}")),
            // What the server can, not what it allows.
            ("RATE_LIMIT_MAX_REQUESTS", "0".to_owned()),
            ("RATE_LIMIT_USER", "0".to_owned()),
            ("RATE_LIMIT_COMPANY", "0".to_owned()),
            ("RATE_LIMIT_CALLS", "0".to_owned()),
            ("TWILIO_ACCOUNT_SID", ACCOUNT.to_owned()),
            ("TWILIO_AUTH_TOKEN", TOKEN.to_owned()),
            ("TWILIO_API_URL", api_url.to_owned()),
            ("LOG", "warn".to_owned()),
        ];
        Ok(Self { program, port, environment, log: ground.folder().join("server.log") })
    }

    /// One setting more.
    pub fn set(&mut self, name: &'static str, value: String) {
        self.environment.push((name, value));
    }

    /// Starts the server; answers how long it took until it said that it is ready.
    ///
    /// # Errors
    /// When it does not become ready.
    pub async fn start(&self, clock: &Clock) -> Result<(Server, Duration), Failure> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let began = Instant::now();
        let child = Command::new(&self.program)
            .arg("serve")
            .env_clear()
            .envs(std::env::vars().filter(|(name, _)| name == "PATH"))
            .envs(self.environment.iter().map(|(name, value)| (*name, value.as_str())))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let mut server = Server { pid: child.id().ok_or("the server has ended")?, child };
        let url = format!("http://127.0.0.1:{}/health/ready", self.port);
        let client = reqwest::Client::builder().no_proxy().build()?;
        while began.elapsed() < PATIENCE {
            if let Some(status) = server.child.try_wait()? {
                return Err(format!("the server ended with {status}:\n{}", self.log_text()).into());
            }
            if client.get(&url).send().await.is_ok_and(|reply| reply.status().is_success()) {
                return Ok((server, began.elapsed()));
            }
            drop(clock.sleep(Duration::from_millis(2)).await);
        }
        Err(format!("the server is not ready after {PATIENCE:?}:\n{}", self.log_text()).into())
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Lines of the log that tell of a failure.
    pub fn errors(&self) -> Vec<String> {
        self.log_text().lines().filter(|line| line.contains("ERROR")).map(str::to_owned).collect()
    }

    fn log_text(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

/// A running server; it is killed when this is dropped.
pub struct Server {
    pub pid: u32,
    child: Child,
}

impl Server {
    /// Tells it to end, as an operator does, and waits for it.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn stop(mut self, clock: &Clock) -> Result<(), Failure> {
        Blocking::new("kill").args(["-TERM", &self.pid.to_string()]).status()?;
        match clock.timeout(PATIENCE, self.child.wait()).await {
            Some(status) => Ok(status.map(drop)?),
            None => Err("the server does not stop".into()),
        }
    }
}
