//! A script of `tests/node` that tells a story by the official client. It asks for what a client cannot do (let time pass,
//! write events) with a line on its output, and gets a line back.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

pub struct Script {
    child: Child,
    requests: Lines<BufReader<ChildStdout>>,
    answers: ChildStdin,
}

impl Script {
    pub fn start<'a>(name: &str, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        let scripts = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/node");
        assert!(
            scripts.join("node_modules/socket.io-client").is_dir(),
            "If you are here because this failed: the official client is missing, run `make node`"
        );
        let mut child = Command::new("node")
            .arg(name)
            .args(arguments)
            .current_dir(scripts)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("Node is installed");
        let requests = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let answers = child.stdin.take().expect("it is piped");
        Self { child, requests, answers }
    }

    /// What it asks for next, with what that is about; `None` when it has ended.
    pub async fn request(&mut self) -> Option<(String, Value)> {
        let line = self.requests.next_line().await.expect("its output can be read")?;
        let request: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not a request: {line}"));
        let what = request["do"].as_str().unwrap_or_else(|| panic!("not a request: {line}")).to_owned();
        Some((what, request))
    }

    pub async fn answer(&mut self, request: &Value, result: Value) {
        let answer = format!("{}\n", json!({"id": request["id"], "result": result}));
        self.answers.write_all(answer.as_bytes()).await.expect("it takes an answer");
    }

    /// It has to have gone well.
    pub async fn end(mut self) {
        let status = self.child.wait().await.expect("it ends");
        assert!(status.success(), "the script says above what failed");
    }
}
