//! Twilio's own library for Node on both sides of the wire: it plays Twilio for the server, and it is the client of the
//! look-alike. The scripts are in `tests/node`.

use std::path::PathBuf;
use std::time::Duration;

use carrier::Carrier;
use clock::Clock;
use tokio::process::Command;

use crate::support::process::{Environment, free_port};

const ACCOUNT: &str = "ACca11d0c0000000000000000000000007";
const TOKEN: &str = "a-token-that-only-this-test-knows";
/// More than either script takes on a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(120);

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/node")
}

/// Runs a script with nothing in its environment but this, and shows what it printed when it fails.
async fn passes(script: &str, environment: Environment) {
    let folder = folder();
    if !folder.join("node_modules/twilio").is_dir() {
        println!("skipped: {} is not installed; `make node` does it", folder.join("node_modules").display());
        assert!(std::env::var_os("CI").is_none(), "nothing is skipped in CI: run `make node` first");
        return;
    }
    let mut node = Command::new("node");
    node.arg(script).current_dir(&folder).env_clear().envs(environment).kill_on_drop(true);
    node.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let output = Clock::machine().timeout(LIMIT, node.output()).await;
    let output = output
        .unwrap_or_else(|| panic!("{script} does not end within {LIMIT:?}"))
        .expect("node is installed");
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script} fails with {}:\n{said}\n{complained}", output.status);
    // A file whose tests were not even found would succeed, too.
    assert!(said.contains("# fail 0") && !said.contains("# pass 0"), "{script} has tested nothing:\n{said}");
}

#[tokio::test]
async fn twilio_played_with_its_own_library_gets_through_a_whole_call() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let environment = vec![
        ("CALLDOCKER", env!("CARGO_BIN_EXE_calldocker").to_owned()),
        ("PORT", free_port().to_string()),
        ("DATA_DIR", data.path().to_str().expect("a path of plain text").to_owned()),
        ("TWILIO_ACCOUNT_SID", ACCOUNT.to_owned()),
        ("TWILIO_AUTH_TOKEN", TOKEN.to_owned()),
    ];
    passes("twilio-by-hand.test.mjs", environment).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twilio_s_own_client_cannot_tell_the_look_alike_from_twilio() {
    let carrier = Carrier::start(carrier::Settings::new(ACCOUNT, TOKEN, Clock::machine())).await.unwrap();
    let environment = vec![
        ("CARRIER_URL", carrier.api_url()),
        ("TWILIO_ACCOUNT_SID", ACCOUNT.to_owned()),
        ("TWILIO_AUTH_TOKEN", TOKEN.to_owned()),
    ];
    passes("twilio-client.test.mjs", environment).await;
    carrier.stop().await;
}
