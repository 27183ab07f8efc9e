//! What whoever starts the server for development sees: where it is, who can sign in, and how to make a call.

use std::fmt::Write as _;
use std::path::Path;

use seed::{COMPANIES, PASSWORD, Standing};

use crate::config::Settings;

/// The text, for a terminal.
pub fn text(settings: &Settings, telephone: Telephone, standing: &Standing) -> String {
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = write(&mut text, settings, telephone, standing);
    text
}

/// Who carries the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telephone {
    /// The look-alike in this process.
    LookAlike,
    /// What the settings name.
    Provider,
}

fn write(
    text: &mut String,
    settings: &Settings,
    telephone: Telephone,
    standing: &Standing,
) -> std::fmt::Result {
    let url = &settings.public_url;
    writeln!(text)?;
    writeln!(text, "  CallDocker {} is ready.", env!("CARGO_PKG_VERSION"))?;
    writeln!(text)?;
    writeln!(text, "    Address    {url}")?;
    writeln!(text, "    API        {url}/docs")?;
    match telephone {
        Telephone::LookAlike => {
            writeln!(
                text,
                "    Telephone  a look-alike of Twilio at {}; calls cost nothing",
                settings.twilio_api_url
            )?;
        }
        Telephone::Provider => writeln!(text, "    Telephone  {}", settings.twilio_api_url)?,
    }
    match standing {
        Standing::Demo(_) => demo(text, settings)?,
        Standing::Empty => {
            writeln!(text)?;
            writeln!(
                text,
                "  There is no company yet; `{} seed` makes two to try things with.",
                command(settings)
            )?;
        }
        Standing::Others(_) => {}
    }
    writeln!(text)
}

fn demo(text: &mut String, settings: &Settings) -> std::fmt::Result {
    writeln!(text)?;
    writeln!(text, "  Sign in with the password {PASSWORD}:")?;
    writeln!(text)?;
    for company in COMPANIES {
        let [owner, manager, first, last] =
            ["owner", "manager", "agent1", "agent6"].map(|login| company.login(login));
        let (name, number) = (company.name, company.number);
        writeln!(text, "    {name:<8} {number}  {owner}, {manager}, {first} … {last}")?;
    }
    writeln!(text, "    {:<8} {:<12}  {}", "Platform", "", seed::ADMIN_EMAIL)?;
    if !settings.buys_numbers() {
        return Ok(());
    }
    let acme = COMPANIES[0];
    writeln!(text)?;
    writeln!(text, "  Call {} sales from another terminal, and read along:", possessive(acme.name))?;
    writeln!(text)?;
    writeln!(text, "    {} call --to {} --press 1 --wait 60 --hangup", command(settings), acme.number)?;
    writeln!(text)?;
    writeln!(text, "  It is offered to {} first. At {}/docs:", acme.login("agent1"), settings.public_url)?;
    writeln!(text)?;
    writeln!(
        text,
        "    take it       POST /api/auth/login, GET /api/offers, POST /api/offers/{{id}}/accept"
    )?;
    writeln!(text, "    look back     GET /api/calls, GET /api/calls/{{id}}/events")?;
    writeln!(text, "    come back     PUT /api/agents/{{id}}/availability, for an agent who let a call ring")
}

fn possessive(name: &str) -> String {
    if name.ends_with('s') { format!("{name}'") } else { format!("{name}'s") }
}

/// How this binary is started from where its user is, with the settings that another process has to share.
fn command(settings: &Settings) -> String {
    let defaults = Settings::with(&[]).expect("the checked-in defaults are good");
    let mut shared = String::new();
    if settings.data_dir != defaults.data_dir {
        let _ = write!(shared, "DATA_DIR={} ", settings.data_dir.display());
    }
    if settings.carrier_port != defaults.carrier_port {
        let _ = write!(shared, "CARRIER_PORT={} ", settings.carrier_port);
    }
    let folder = std::env::current_dir().unwrap_or_default();
    let binary =
        std::env::current_exe().map_or_else(|_| "calldocker".to_owned(), |path| from(&folder, &path));
    format!("{shared}{binary}")
}

/// The path as a shell in this folder takes it.
fn from(folder: &Path, path: &Path) -> String {
    match path.strip_prefix(folder) {
        Ok(below) => format!("./{}", below.display()),
        Err(_) => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(changes: &[(&str, &str)], telephone: Telephone, standing: &Standing) -> String {
        text(&Settings::with(changes).unwrap(), telephone, standing)
    }

    #[test]
    fn a_newcomer_sees_the_address_a_login_and_a_command_that_places_a_call() {
        let demo = Standing::Demo(vec!["Acme".into(), "Globex".into()]);
        let shown = shown(&[("twilio_api_url", "http://127.0.0.1:3001")], Telephone::LookAlike, &demo);
        for wanted in [
            "http://127.0.0.1:3000/docs",
            "owner@acme.test",
            "agent1@acme.test",
            "owner@globex.test",
            "admin@calldocker.test",
            PASSWORD,
            "call --to +12025550100 --press 1 --wait 60 --hangup",
        ] {
            assert!(shown.contains(wanted), "{wanted} is missing:\n{shown}");
        }
        assert!(!shown.contains("DATA_DIR="), "defaults need not be repeated:\n{shown}");
    }

    #[test]
    fn the_command_names_the_settings_that_the_caller_has_to_share() {
        let changes =
            [("twilio_api_url", "http://127.0.0.1:4001"), ("data_dir", "/tmp/cd"), ("carrier_port", "4001")];
        let shown = shown(&changes, Telephone::LookAlike, &Standing::Demo(vec!["Acme".into()]));
        assert!(shown.contains("    DATA_DIR=/tmp/cd CARRIER_PORT=4001 /"), "{shown}");
    }

    #[test]
    fn nobody_is_invited_to_place_a_call_that_would_cost_something() {
        let shown = shown(&[], Telephone::Provider, &Standing::Demo(vec!["Acme".into()]));
        assert!(!shown.contains(" call --to"), "{shown}");
        assert!(shown.contains("https://api.twilio.com"), "{shown}");
    }

    #[test]
    fn a_binary_below_the_folder_is_named_from_there() {
        let folder = Path::new("/home/ann/calldocker");
        assert_eq!(from(folder, &folder.join("target/debug/calldocker")), "./target/debug/calldocker");
        assert_eq!(from(folder, Path::new("/usr/bin/calldocker")), "/usr/bin/calldocker");
    }
}
