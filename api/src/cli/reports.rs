//! `calldocker reports verify`: computes all figures of all companies from their rows, and says where the stored ones differ.

use ::reports::{Attribution, Of};
use chrono::SecondsFormat;
use chrono_tz::Tz;
use clap::{Args, Subcommand};
use clock::Clock;
use entity::company;

use super::{migrate, print};
use crate::app::App;
use crate::bus::Delivery;
use crate::config::Settings;
use crate::error::{Error, Result};
use crate::reports::verify::{self, Difference, Findings};
use crate::store::system;

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Computes every figure from calls and their stories, and compares it with the stored one; ends with 1 when one differs.
    Verify {
        /// Writes the right figures in their place.
        #[arg(long)]
        repair: bool,
    },
}

pub async fn run(settings: Settings, arguments: Arguments) -> Result<()> {
    let What::Verify { repair } = arguments.what;
    let app = App::build(settings, Clock::machine(), Delivery::DropEverything).await?;
    migrate::bring_up_to_date(&app).await?;
    let (report, wrong) = check(&app, if repair { Then::Repair } else { Then::Leave }).await?;
    print(&report)?;
    app.db.clone().close().await?;
    match wrong {
        0 => Ok(()),
        _ => Err(Error::internal("reports verify", format!("{wrong} figures or identities are wrong"))),
    }
}

/// What is done about what differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    Leave,
    Repair,
}

/// Looks at every company; what to print, and how much is wrong at the end.
pub async fn check(app: &App, then: Then) -> Result<(String, usize)> {
    let (mut report, mut wrong) = (String::new(), 0);
    for (scope, company) in system::companies_with_reports(app).await? {
        let zone: Tz = company.time_zone.parse().unwrap_or(Tz::UTC);
        let mut findings = verify::verify(app, scope, zone).await?;
        report += &text(&company, &findings);
        if then == Then::Repair && !findings.differences.is_empty() {
            verify::repair(app, scope, &findings).await?;
            findings = verify::verify(app, scope, zone).await?;
            report += &format!("{}: repaired; {} still differ\n", company.name, findings.differences.len());
        }
        wrong += findings.differences.len() + findings.broken.len();
    }
    Ok((report, wrong))
}

fn text(company: &company::Model, findings: &Findings) -> String {
    let Findings { calls, cells, differences, broken } = findings;
    let mut text = format!(
        "{} ({}): {calls} calls, {cells} rows of figures, {} differ, {} identities broken\n",
        company.name,
        company.id,
        differences.len(),
        broken.len()
    );
    for Difference { cell, figure, stored, recomputed } in differences {
        let at = cell.quarter.begins().to_rfc3339_opts(SecondsFormat::Secs, true);
        let attribution = match cell.attribution {
            Attribution::ContactDriven => "contact-driven",
            Attribution::ActivityDriven => "activity-driven",
        };
        let of = match cell.of {
            Of::Company => "the company".to_owned(),
            Of::Queue(queue) => format!("queue {queue}"),
            Of::Agent(agent, Some(queue)) => format!("agent {agent} in queue {queue}"),
            Of::Agent(agent, None) => format!("agent {agent}"),
        };
        text += &format!("  {at} {attribution} {of}: {figure} stored {stored}, recomputed {recomputed}\n");
    }
    for rule in broken {
        text += &format!("  {rule}\n");
    }
    text
}
