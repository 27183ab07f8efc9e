//! The figures of a mailed report, as rows: for people in their language, and as CSV under the names that the API has.

use ::reports::figures;
use entity::{CompanyScope, MailedReport};

use super::super::answer::{self, AgentLine, Line, Overview, QueueLine, Rows, ServiceLevel, Subjects};
use super::super::ask::{Asked, Question};
use super::when::Due;
use crate::app::App;
use crate::authz::Whose;
use crate::error::Result;
use crate::store::datasets::{Kind, cell};
use crate::words::Words;

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Name(String),
    Count(u64),
    Percent(Option<f64>),
    Seconds(Option<f64>),
}

/// A table whose first column names the rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// As in the API. What they are called stands under `report.figure` in the languages.
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<Value>>,
    /// How the service level in it is made, where there is one.
    pub level: Option<Level>,
}

/// The way in which a service level is counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// As the company's settings call it.
    pub variant: String,
    /// X and S, where all queues have the same.
    pub limits: Option<(u32, u32)>,
}

const OVERVIEW: [&str; 14] = [
    "calls",
    "inbound",
    "outbound",
    "queued",
    "answered",
    "abandoned",
    "callbacks",
    "voicemails",
    "serviceLevelPercent",
    "averageSpeedOfAnswerSeconds",
    "longestWaitSeconds",
    "averageHandleSeconds",
    "loggedInSeconds",
    "occupancyPercent",
];
const QUEUES: [&str; 9] = [
    "queue",
    "queued",
    "answered",
    "abandoned",
    "abandonPercent",
    "serviceLevelPercent",
    "averageSpeedOfAnswerSeconds",
    "longestWaitSeconds",
    "averageHandleSeconds",
];
const AGENTS: [&str; 8] = [
    "agent",
    "handled",
    "averageHandleSeconds",
    "offered",
    "nonResponse",
    "loggedInSeconds",
    "onContactSeconds",
    "occupancyPercent",
];

/// Reads the figures of a period.
pub async fn read(app: &App, scope: CompanyScope, report: MailedReport, due: &Due) -> Result<Sheet> {
    let question =
        Question { from: Some(due.from.to_rfc3339()), to: Some(due.to.to_rfc3339()), ..Question::default() };
    Ok(match report {
        MailedReport::Overview => {
            let (asked, overview) = answer::overview(app, scope, question).await?;
            of_company(&asked, &overview)
        }
        MailedReport::Queues => {
            let (asked, lines) = answer::queues(app, scope, question, Rows::Whole).await?;
            of_queues(&asked, lines)
        }
        MailedReport::Agents => {
            let everybody = Whose::Everybodys;
            let (_, lines) =
                answer::performance(app, scope, everybody, question, Rows::Whole, Subjects::Agents).await?;
            Sheet { columns: AGENTS.to_vec(), rows: lines.into_iter().map(of_agent).collect(), level: None }
        }
    })
}

fn level(asked: &Asked, level: ServiceLevel) -> Level {
    Level { variant: asked.settings.variant.as_str(), limits: level.limits }
}

fn longest_wait(line: &Line) -> Value {
    let counters = &line.counters;
    let any = counters.queued > counters.still_waiting;
    Value::Seconds(any.then(|| seconds(counters.longest_wait_ms)))
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

/// One row.
fn of_company(asked: &Asked, overview: &Overview) -> Sheet {
    let (calls, line, counters) = (&overview.calls, &overview.line, &overview.line.counters);
    let row = vec![
        Value::Count(calls.calls),
        Value::Count(calls.inbound),
        Value::Count(calls.outbound),
        Value::Count(counters.queued),
        Value::Count(counters.answered),
        Value::Count(counters.abandoned),
        Value::Count(counters.callbacks),
        Value::Count(counters.voicemails),
        Value::Percent(line.service_level.ratio.percent()),
        Value::Seconds(figures::speed_of_answer(counters)),
        longest_wait(line),
        Value::Seconds(figures::handle_time(counters)),
        Value::Seconds(Some(seconds(overview.time.logged_in))),
        Value::Percent(overview.time.occupancy().percent()),
    ];
    let level = Some(level(asked, line.service_level));
    Sheet { columns: OVERVIEW.to_vec(), rows: vec![row], level }
}

fn of_queues(asked: &Asked, lines: Vec<QueueLine>) -> Sheet {
    // X and S belong to the note below only where they are everybody's.
    let mut limits: Vec<_> = lines.iter().map(|line| line.line.service_level.limits).collect();
    limits.dedup();
    let all = ServiceLevel {
        limits: limits.first().copied().flatten().filter(|_| limits.len() == 1),
        ..ServiceLevel::default()
    };
    let row = |QueueLine { name, line, .. }: QueueLine| {
        let counters = &line.counters;
        vec![
            Value::Name(name),
            Value::Count(counters.queued),
            Value::Count(counters.answered),
            Value::Count(counters.abandoned),
            Value::Percent(figures::abandonment_rate(counters).percent()),
            Value::Percent(line.service_level.ratio.percent()),
            Value::Seconds(figures::speed_of_answer(counters)),
            longest_wait(&line),
            Value::Seconds(figures::handle_time(counters)),
        ]
    };
    let level = Some(level(asked, all));
    Sheet { columns: QUEUES.to_vec(), rows: lines.into_iter().map(row).collect(), level }
}

fn of_agent(line: AgentLine) -> Vec<Value> {
    let (counters, time) = (&line.counters, line.time);
    vec![
        Value::Name(line.name),
        Value::Count(counters.handled),
        Value::Seconds(figures::handle_time(counters)),
        Value::Count(counters.offered),
        Value::Count(figures::non_response(counters)),
        Value::Seconds(time.map(|time| seconds(time.logged_in))),
        Value::Seconds(time.map(|time| seconds(time.on_contact))),
        Value::Percent(time.and_then(|time| time.occupancy().percent())),
    ]
}

impl Value {
    /// For people. Nothing to be made of is a dash.
    pub fn shown(&self, words: Words) -> String {
        match self {
            Self::Name(name) => name.clone(),
            Self::Count(count) => count.to_string(),
            Self::Percent(Some(percent)) => {
                let number = format!("{percent:.1}").replace('.', words.text("report.decimal"));
                words.fill("report.percent", &[("number", &number)])
            }
            Self::Seconds(Some(seconds)) => clock(*seconds),
            Self::Percent(None) | Self::Seconds(None) => "–".to_owned(),
        }
    }

    pub fn is_number(&self) -> bool {
        !matches!(self, Self::Name(_))
    }

    fn raw(&self) -> Option<String> {
        match self {
            Self::Name(name) => Some(name.clone()),
            Self::Count(count) => Some(count.to_string()),
            Self::Percent(number) | Self::Seconds(number) => number.map(|number| format!("{number:.3}")),
        }
    }
}

/// Minutes and seconds, with hours where there are any.
fn clock(seconds: f64) -> String {
    let whole = seconds.round().max(0.0) as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

impl Sheet {
    /// RFC 4180, with what looks like a formula defused.
    pub fn csv(&self) -> String {
        let mut csv = self.columns.join(",").into_bytes();
        csv.extend(b"\r\n");
        for row in &self.rows {
            for (index, value) in row.iter().enumerate() {
                if index > 0 {
                    csv.push(b',');
                }
                let kind = if value.is_number() { Kind::Number } else { Kind::Text };
                cell(&mut csv, kind, value.raw().as_deref());
            }
            csv.extend(b"\r\n");
        }
        String::from_utf8_lossy(&csv).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_the_language_has_them_and_plain_in_the_file() {
        let (english, german) = (Words::of("en"), Words::of("de"));
        let percent = Value::Percent(Some(93.456));
        assert_eq!((percent.shown(english), percent.shown(german)), ("93.5%".into(), "93,5 %".into()));
        assert_eq!(Value::Seconds(Some(59.6)).shown(english), "1:00");
        assert_eq!(Value::Seconds(Some(36_061.0)).shown(english), "10:01:01");
        assert_eq!(Value::Seconds(None).shown(german), "–");
        let rows =
            vec![vec![Value::Name("=Sales, \"A\"".into()), Value::Count(3), percent, Value::Seconds(None)]];
        let columns = vec!["queue", "queued", "serviceLevelPercent", "averageHandleSeconds"];
        let csv = Sheet { columns, rows, level: None }.csv();
        assert_eq!(
            csv,
            "queue,queued,serviceLevelPercent,averageHandleSeconds\r\n\"'=Sales, \"\"A\"\"\",3,93.456,\r\n"
        );
    }

    #[test]
    fn every_figure_has_a_name_in_english() {
        let words = Words::of("en");
        for figure in OVERVIEW.iter().chain(&QUEUES).chain(&AGENTS) {
            assert!(!words.text(&format!("report.figure.{figure}")).is_empty(), "{figure}");
        }
    }
}
