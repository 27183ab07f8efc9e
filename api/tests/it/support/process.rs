//! The binary as processes of its own: started with settings and nothing else from this process's environment, killed,
//! started again, asked to stop.

use std::fs::OpenOptions;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use clock::Clock;
use rand::RngExt;
use tokio::process::{Child, Command};

const BINARY: &str = env!("CARGO_BIN_EXE_calldocker");

/// How long a server may take until it is ready, on a machine that is busy with other tests.
pub const START: Duration = Duration::from_secs(60);

/// Settings of a process, as `("PORT", "20123")`.
pub type Environment = Vec<(&'static str, String)>;

/// `calldocker` with these arguments, and nothing in its environment but what it is given.
pub fn calldocker(arguments: &[&str], environment: &Environment) -> Command {
    let mut command = Command::new(BINARY);
    command.args(arguments).env_clear().envs(environment.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs a command that ends by itself.
pub async fn run(arguments: &[&str], environment: &Environment, limit: Duration) -> Output {
    let command = calldocker(arguments, environment).output();
    let output = Clock::machine().timeout(limit, command).await;
    output
        .unwrap_or_else(|| panic!("calldocker {arguments:?} does not end within {limit:?}"))
        .unwrap_or_else(|cause| panic!("calldocker {arguments:?} does not start: {cause}"))
}

/// Everything that a command printed.
pub fn printed(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A port of loopback that is free now. It lies below the range from which outgoing connections take theirs, so that it
/// stays free while a server is being started again.
pub fn free_port() -> u16 {
    let mut rng = rand::rng();
    (0..200)
        .map(|_| rng.random_range(20_000..32_000))
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

/// Who holds the socket at which a server listens.
pub enum Door {
    /// The server itself: it is closed while the server is not there.
    Own,
    /// This process, as a service manager would: whoever comes meanwhile waits.
    HandedDown(TcpListener),
}

impl Door {
    pub fn held_at(port: u16) -> Self {
        Self::HandedDown(TcpListener::bind(("127.0.0.1", port)).expect("a free port"))
    }

    fn serve(&self, environment: &Environment) -> Command {
        match self {
            Self::Own => calldocker(&["serve"], environment),
            Self::HandedDown(socket) => {
                // The protocol wants the socket as descriptor 3; the shell moves it there and becomes the server.
                let mut command = Command::new("/bin/sh");
                command.args(["-c", "exec \"$0\" serve 3<&0 </dev/null", BINARY]).env_clear();
                command.envs(environment.iter().map(|(name, value)| (name, value))).env("LISTEN_FDS", "1");
                let socket = socket.try_clone().expect("a socket can be shared");
                command.stdin(Stdio::from(OwnedFd::from(socket))).kill_on_drop(true);
                command
            }
        }
    }
}

/// `calldocker serve`. Dropped, it is killed.
pub struct Server {
    /// As `http://127.0.0.1:20123`.
    pub url: String,
    door: Door,
    environment: Environment,
    log: PathBuf,
    child: Child,
    http: reqwest::Client,
    clock: Clock,
}

impl Server {
    /// Starts one at a port of its own; what it prints goes to a file in `folder`, which is its data directory, too,
    /// unless the settings name another.
    pub fn start(folder: &Path, port: u16, settings: Environment) -> Self {
        Self::start_behind(Door::Own, folder, port, settings)
    }

    /// [`Server::start`], with the socket of that port held by whoever the door says.
    pub fn start_behind(door: Door, folder: &Path, port: u16, settings: Environment) -> Self {
        let url = format!("http://127.0.0.1:{port}");
        let mut environment: Environment = vec![
            ("PORT", port.to_string()),
            ("DATA_DIR", folder.to_str().expect("a path of plain text").to_owned()),
        ];
        environment.extend(settings);
        let log = folder.join("server.log");
        let child = spawn(&door, &environment, &log);
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build();
        Self { url, door, environment, log, child, http: http.expect("a client"), clock: Clock::machine() }
    }

    /// What other commands need in order to meet this server.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Waits until the server says that it is ready.
    pub async fn ready(&mut self) {
        let url = format!("{}/health/ready", self.url);
        let asked = async {
            loop {
                if self.http.get(&url).send().await.is_ok_and(|reply| reply.status().is_success()) {
                    return;
                }
                if let Some(status) = self.child.try_wait().expect("the process can be asked for") {
                    panic!("the server has ended with {status}\n{}", self.log());
                }
                drop(self.clock.sleep(Duration::from_millis(50)).await);
            }
        };
        assert!(
            Clock::machine().timeout(START, asked).await.is_some(),
            "not ready within {START:?}\n{}",
            self.log()
        );
    }

    /// Kills the process without a word, as a loss of power does, and starts it again after so long.
    pub async fn kill_and_restart(&mut self, after: Duration) {
        self.child.kill().await.expect("the process can be killed");
        drop(self.clock.sleep(after).await);
        self.child = spawn(&self.door, &self.environment, &self.log);
    }

    /// Tells the server to stop.
    pub async fn terminate(&self) {
        let pid = self.child.id().expect("the process runs").to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status().await.expect("kill is there");
        assert!(told.success(), "the process can be told to stop");
    }

    /// Waits for the end of the process, which somebody has asked for.
    pub async fn ended(mut self, limit: Duration) -> ExitStatus {
        let ended = Clock::machine().timeout(limit, self.child.wait()).await;
        ended
            .unwrap_or_else(|| panic!("the server does not end within {limit:?}\n{}", self.log()))
            .expect("a status")
    }

    /// Everything that it has printed since its first start.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

fn spawn(door: &Door, environment: &Environment, log: &Path) -> Child {
    let file = OpenOptions::new().create(true).append(true).open(log).expect("the log can be written");
    let both = file.try_clone().expect("the log can be written twice");
    door.serve(environment).stdout(file).stderr(both).spawn().expect("the server's binary starts")
}
