//! The commands that a newcomer meets first, against a server with its look-alike in this process.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use clock::Clock;
use entity::CompanyScope;
use entity::{JobKind, job, phone_number};
use migration::{Migrator, MigratorTrait};
use sea_orm::PaginatorTrait;
use seed::{COMPANIES, PASSWORD, Seeded};
use tokio::net::TcpListener;

use super::serve::Prepared;
use super::{call, look_alike, seed as demo, text};
use crate::app::App;
use crate::bus::Delivery;
use crate::calls::accept;
use crate::config::Settings;
use crate::error::Error;
use crate::identity::{Email, sessions};
use crate::ids::Ids;
use crate::secret::Secret;
use crate::store::{messages, queueing, system};

/// A data directory that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let id: uuid::Uuid = Ids::new(Clock::machine()).next();
        let path = std::env::temp_dir().join(format!("calldocker-cli-{id}"));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn settings(&self, changes: &[(&str, &str)]) -> Settings {
        let folder = [("data_dir", self.0.to_str().unwrap()), ("sqlite_synchronous", "normal")];
        Settings::with(&[folder.as_slice(), changes].concat()).unwrap()
    }

    async fn app(&self, changes: &[(&str, &str)]) -> App {
        let app = App::build(self.settings(changes), noon(), Delivery::DropEverything).await.unwrap();
        Migrator::up(app.db.writer(), None).await.unwrap();
        app
    }

    /// A server as `calldocker serve` starts it.
    async fn server(&self, clock: &Clock) -> Prepared {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let settings = self.settings(&[("public_url", &url), ("carrier_port", "0")]);
        Prepared::new(settings, clock.clone(), listener).await.unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn noon() -> Clock {
    Clock::simulated("2026-03-02T12:00:00Z".parse().unwrap())
}

fn refusal(failure: Error) -> String {
    match failure {
        Error::Internal(failure) => failure.for_operator(),
        other => panic!("another refusal: {other:?}"),
    }
}

/// `calldocker call` with these flags.
fn call_of(line: &str) -> call::Arguments {
    #[derive(Parser)]
    #[command(no_binary_name = true)]
    struct Command {
        #[command(flatten)]
        arguments: call::Arguments,
    }
    Command::try_parse_from(line.split(' ')).unwrap().arguments
}

fn text_of(line: &str) -> text::Arguments {
    #[derive(Parser)]
    struct Text {
        #[command(flatten)]
        arguments: text::Arguments,
    }
    let words = std::iter::once("text").chain(line.split_whitespace());
    Text::parse_from(words).arguments
}

#[tokio::test]
async fn every_login_of_the_demo_works() {
    let folder = Folder::new();
    let app = folder.app(&[]).await;
    assert_eq!(demo::demo(&app, look_alike::account_sid(&app.settings)).await.unwrap(), Seeded::Now);
    assert_eq!(demo::demo(&app, look_alike::account_sid(&app.settings)).await.unwrap(), Seeded::Before);
    let people = ["owner", "manager", "agent1", "agent2", "agent3", "agent4", "agent5", "agent6"];
    let members = COMPANIES.iter().flat_map(|company| people.map(|login| company.login(login)));
    let logins: Vec<_> = members.chain([seed::ADMIN_EMAIL.to_owned()]).collect();
    assert_eq!(logins.len(), 17);
    for login in logins {
        let email = Email::read(&login).unwrap();
        let signed_in = sessions::sign_in(&app, &email, Secret::new(PASSWORD), None).await;
        assert_eq!(
            signed_in.unwrap_or_else(|error| panic!("{login}: {error:?}")).profile.user.email,
            Some(login)
        );
    }
    let email = Email::read("owner@acme.test").unwrap();
    assert!(sessions::sign_in(&app, &email, Secret::new("guessed"), None).await.is_err());
}

#[tokio::test]
async fn production_does_not_start_on_the_demo_and_says_what_to_do() {
    let folder = Folder::new();
    let development = folder.app(&[]).await;
    demo::refuse_in_production(&development).await.unwrap();
    demo::demo(&development, "AC1").await.unwrap();
    demo::refuse_in_production(&development).await.unwrap();
    let secret = "a secret of thirty-two characters";
    let changes = [("calldocker_env", "production"), ("jwt_secret", secret), ("master_key", secret)];
    let production = folder.app(&changes).await;
    let refused = refusal(demo::refuse_in_production(&production).await.unwrap_err());
    assert!(refused.contains("Acme, Globex") && refused.contains("DATABASE_URL"), "{refused}");
    let refused = refusal(demo::run(folder.settings(&changes)).await.unwrap_err());
    assert!(refused.contains("never made in production"), "{refused}");
}

#[tokio::test]
async fn a_start_points_each_number_of_the_account_here_once_also_where_that_was_given_up() {
    let folder = Folder::new();
    let app = folder.app(&[]).await;
    demo::demo(&app, "AC1").await.unwrap();
    let jobs = async || {
        let mut all = Vec::new();
        for company in system::companies(app.db.reader(), system::Doors::Open, 0, 10).await.unwrap().0 {
            let scope = system::routing_scope(company.id);
            all.extend(scope.find::<job::Entity>().all(app.db.reader()).await.unwrap());
            assert_eq!(scope.find::<phone_number::Entity>().count(app.db.reader()).await.unwrap(), 1);
        }
        all
    };
    let give_up = async |scope: CompanyScope, id: entity::id::JobId| {
        let tx = app.db.begin().await.unwrap();
        let mut row = scope.find_by_id::<job::Entity>(id).one(&tx).await.unwrap().unwrap();
        (row.state, row.attempts) = (entity::JobState::Failed, 12);
        scope.save::<job::Entity, _>(&tx, id, row).await.unwrap();
        tx.commit().await.unwrap();
    };
    let delete = async |scope: CompanyScope| {
        let tx = app.db.begin().await.unwrap();
        scope.delete_many::<job::Entity>().exec(&tx).await.unwrap();
        tx.commit().await.unwrap();
    };

    let seeded = jobs().await;
    assert_eq!(seeded.len(), 2);
    give_up(system::routing_scope(seeded[0].company_id), seeded[0].id).await;
    delete(system::routing_scope(seeded[1].company_id)).await;
    system::provision_numbers(&app, "AC2").await.unwrap();
    assert_eq!(jobs().await.len(), 1, "another account's numbers are none of ours");
    system::provision_numbers(&app, "AC1").await.unwrap();
    let found = jobs().await;
    assert_eq!(found.len(), 2);
    for job in found {
        assert_eq!(
            (job.kind, job.state, job.attempts),
            (JobKind::ProvisionNumber, entity::JobState::Queued, 0)
        );
    }
}

#[tokio::test]
async fn a_newcomer_calls_acme_and_reads_how_ana_torres_takes_the_call() {
    let folder = Folder::new();
    let clock = noon();
    let server = folder.server(&clock).await;
    let app = server.app.clone();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(server.serve(async { drop(stopped.await) }));

    // The numbers' jobs run.
    clock.advance(Duration::from_secs(2)).await;
    let mut told = Vec::new();
    let arguments = call_of("--to +12025550100 --press 1 --until-answered --say Hello --wait 3 --hangup");
    let calling = call::run(&app.settings, arguments, &mut told);
    let mut taken_by = Vec::new();
    let everybody_else = async {
        loop {
            clock.advance(Duration::from_secs(1)).await;
            for company in system::companies(app.db.reader(), system::Doors::Open, 0, 10).await.unwrap().0 {
                let scope = system::routing_scope(company.id);
                for offer in queueing::open_offers_of_agent(scope, app.db.reader(), None).await.unwrap() {
                    accept::accept(&app, scope, offer.id, Some(offer.agent_id)).await.unwrap();
                    taken_by.push(offer.agent_id);
                }
            }
        }
    };
    tokio::select! {
        called = calling => called.unwrap(),
        () = everybody_else => {}
    }
    let told = String::from_utf8(told).unwrap();
    let mut rest = told.as_str();
    for wanted in [
        "+12025550199 calls +12025550100",
        "Thank you for calling Acme.",
        "press 1 or say sales",
        "presses  1",
        "waits    in the queue",
        "You are number 1 in line.",
        "talks    with Ana Torres",
        "says     \"Hello\"",
        "hangs up",
        "ends     completed",
    ] {
        let at =
            rest.find(wanted).unwrap_or_else(|| panic!("no `{wanted}` after its predecessor in\n{told}"));
        rest = &rest[at..];
    }
    assert_eq!(taken_by.len(), 1, "one agent was asked, and took it");

    let mut told = Vec::new();
    text::run(&app.settings, text_of("--to +12025550100 --body Thanks"), &mut told).await.unwrap();
    assert_eq!(String::from_utf8(told).unwrap(), "+12025550199 writes to +12025550100: Thanks\n");
    clock.advance(Duration::from_secs(2)).await;
    let mut texts = Vec::new();
    for company in system::companies(app.db.reader(), system::Doors::Open, 0, 10).await.unwrap().0 {
        let scope = system::routing_scope(company.id);
        texts.extend(
            messages::with_numbers(scope, app.db.reader(), &["+12025550199"], None, 10).await.unwrap(),
        );
    }
    assert_eq!(texts.iter().map(|row| row.body.as_str()).collect::<Vec<_>>(), ["Thanks"]);
    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_call_that_cannot_be_placed_says_why() {
    let folder = Folder::new();
    let nobody = folder.settings(&[("twilio_api_url", "http://127.0.0.1:9")]);
    let mut told = Vec::new();
    let refused = refusal(call::run(&nobody, call_of("--to +12025550100"), &mut told).await.unwrap_err());
    assert!(refused.contains("none answers at http://127.0.0.1:9"), "{refused}");

    let clock = noon();
    let server = folder.server(&clock).await;
    let app = server.app.clone();
    // The numbers' jobs run.
    clock.advance(Duration::from_secs(2)).await;
    let wrong = call::run(&app.settings, call_of("--to +12025550142"), &mut told).await.unwrap_err();
    let wrong = refusal(wrong);
    assert!(wrong.contains("+12025550142 is not in service"), "{wrong}");
    assert!(wrong.contains("these are: +12025550100, +12025550110"), "{wrong}");

    let stranger = Folder::new();
    let url = app.settings.twilio_api_url.as_str();
    let stranger = stranger.settings(&[
        ("twilio_api_url", url),
        ("twilio_account_sid", "ACca11d0c0000000000000000000000000"),
        ("twilio_auth_token", "guessed"),
    ]);
    let refused = refusal(call::run(&stranger, call_of("--to +12025550100"), &mut told).await.unwrap_err());
    assert!(refused.contains("does not accept the token"), "{refused}");
    assert!(told.is_empty(), "nothing was told of calls that never were");
}
