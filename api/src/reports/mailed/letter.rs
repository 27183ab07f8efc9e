//! How a report looks as a letter: twice the same, as text and as HTML that mail programs show alike (tables, and styles at
//! each element).

use chrono::NaiveDate;
use entity::{MailedReport, ReportPeriod, company};

use super::sheet::{Level, Sheet, Value};
use super::when::Due;
use crate::outbound::mail::letters::{escape, one_line};
use crate::outbound::mail::{AttachedFile, Content};
use crate::words::Words;

/// What all readers of a report get alike.
#[derive(Clone, Debug)]
pub struct Letter<'a> {
    pub words: Words,
    pub company: &'a company::Model,
    pub report: MailedReport,
    pub period: ReportPeriod,
    pub due: Due,
    pub sheet: Sheet,
    /// Where the API has the same figures.
    pub link: String,
}

/// What a reader may do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reader {
    Member,
    /// Somebody outside, with the link by which he says that he wants no more of it.
    Outside {
        unsubscribe: String,
    },
}

/// Figures of the overview that stand out, as in the API.
const TILES: [&str; 4] = ["calls", "answered", "serviceLevelPercent", "averageSpeedOfAnswerSeconds"];

const FONT: &str = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const INK: &str = "#1c2430";
const QUIET: &str = "#5b6675";
const LINE: &str = "#e3e7ec";

impl Letter<'_> {
    pub fn write(&self, reader: &Reader) -> Content {
        let unsubscribe = match reader {
            Reader::Member => None,
            Reader::Outside { unsubscribe } => Some(unsubscribe.clone()),
        };
        Content {
            subject: self.subject(),
            text: self.text(unsubscribe.as_deref()),
            html: self.html(unsubscribe.as_deref()),
            attachments: vec![self.file()],
            unsubscribe,
        }
    }

    fn file(&self) -> AttachedFile {
        let (from, to) = self.due.days;
        let report = self.report.as_str();
        let name =
            if from == to { format!("{report}-{from}.csv") } else { format!("{report}-{from}-{to}.csv") };
        AttachedFile { name, content_type: "text/csv; charset=utf-8".to_owned(), content: self.sheet.csv() }
    }

    fn title(&self) -> &'static str {
        self.words.text(&format!("report.{}", self.report.as_str()))
    }

    fn company(&self) -> String {
        one_line(&self.company.name)
    }

    fn subject(&self) -> String {
        let (company, days) = (self.company(), self.days());
        let filled = [("company", company.as_str()), ("report", self.title()), ("days", days.as_str())];
        self.words.fill("report.subject", &filled)
    }

    /// As `1 Mar 2026`, or from one day to another.
    fn days(&self) -> String {
        let form = self.words.text("report.date");
        let shown = |day: NaiveDate| day.format(form).to_string();
        let (from, to) = self.due.days;
        if from == to { shown(from) } else { format!("{} – {}", shown(from), shown(to)) }
    }

    fn zone(&self) -> String {
        self.words.fill("report.zone", &[("zone", &self.company.time_zone)])
    }

    fn figure(&self, name: &str) -> &'static str {
        self.words.text(&format!("report.figure.{name}"))
    }

    /// The same above a column, where there is little room.
    fn heading(&self, name: &str) -> &'static str {
        match self.words.text(&format!("report.short.{name}")) {
            "" => self.figure(name),
            short => short,
        }
    }

    fn formula(&self, level: &Level) -> String {
        let formula = self.words.text(&format!("report.formula.{}", level.variant));
        let limits = match level.limits {
            Some((x, s)) => self.words.fill("report.limits", &[("x", &x.to_string()), ("s", &s.to_string())]),
            None => self.words.text("report.own_limits").to_owned(),
        };
        let filled = [("formula", formula), ("limits", limits.as_str())];
        self.words.fill("report.service_level", &filled)
    }

    fn period(&self) -> &'static str {
        self.words.text(&format!("report.because.{}", self.period.as_str()))
    }

    fn text(&self, unsubscribe: Option<&str>) -> String {
        let mut lines = vec![self.company(), format!("{}, {}", self.title(), self.days()), String::new()];
        let shown = |value: &Value| value.shown(self.words);
        match self.report {
            MailedReport::Overview => {
                for (column, value) in self.sheet.columns.iter().zip(self.sheet.rows.iter().flatten()) {
                    lines.push(format!("{}: {}", self.figure(column), shown(value)));
                }
            }
            MailedReport::Queues | MailedReport::Agents => {
                for row in &self.sheet.rows {
                    lines.push(row.first().map(shown).unwrap_or_default());
                    for (column, value) in self.sheet.columns.iter().zip(row).skip(1) {
                        lines.push(format!("  {}: {}", self.figure(column), shown(value)));
                    }
                }
                if self.sheet.rows.is_empty() {
                    lines.push(self.words.text("report.nothing").to_owned());
                }
            }
        }
        lines.push(String::new());
        lines.extend(self.sheet.level.as_ref().map(|level| self.formula(level)));
        lines.push(self.zone());
        lines.push(format!("{}: {}", self.words.text("report.link"), self.link));
        lines.push(String::new());
        lines.push(self.period().to_owned());
        if let Some(link) = unsubscribe {
            lines.push(format!("{}: {link}", self.words.text("report.unsubscribe")));
        }
        lines.join("\n") + "\n"
    }

    fn html(&self, unsubscribe: Option<&str>) -> String {
        let figures = match self.report {
            MailedReport::Overview => format!("{}{}", self.tiles(), self.list()),
            MailedReport::Queues | MailedReport::Agents => self.table(),
        };
        let note =
            |text: &str| format!("<p style=\"margin:0 0 8px;color:{QUIET};font-size:13px\">{text}</p>\n");
        let formula = self.sheet.level.as_ref().map(|level| note(&escape(&self.formula(level))));
        let link = format!(
            "<p style=\"margin:16px 0 0\"><a href=\"{}\" style=\"color:#1357b8;font-weight:600\">{}</a></p>\n",
            escape(&self.link),
            escape(self.words.text("report.link"))
        );
        let mut footer = escape(self.period());
        if let Some(link) = unsubscribe {
            let label = escape(self.words.text("report.unsubscribe"));
            footer += &format!(" <a href=\"{}\" style=\"color:{QUIET}\">{label}</a>", escape(link));
        }
        format!(
            "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{subject}</title></head>\n\
             <body style=\"margin:0;padding:24px 12px;background:#f3f5f8;color:{INK};{FONT};font-size:15px;line-height:1.45\">\n\
             <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"table-layout:fixed\"><tr><td align=\"center\">\n\
             <table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" style=\"table-layout:fixed;width:100%;max-width:880px;background:#fff;\
             border:1px solid {LINE};border-radius:8px\"><tr><td style=\"padding:24px;text-align:left\">\n\
             <p style=\"margin:0;color:{QUIET};font-size:13px\">{company}</p>\n\
             <h1 style=\"margin:2px 0 2px;font-size:22px;line-height:1.25\">{title}</h1>\n\
             <p style=\"margin:0 0 20px;color:{QUIET}\">{days}</p>\n\
             {figures}{formula}{zone}{link}</td></tr></table>\n\
             <p style=\"max-width:700px;margin:16px auto 0;color:{QUIET};font-size:12px\">{footer}</p>\n\
             </td></tr></table>\n</body>\n</html>\n",
            lang = self.words.language_tag(),
            subject = escape(&self.subject()),
            company = escape(&self.company()),
            title = escape(self.title()),
            days = escape(&self.days()),
            formula = formula.unwrap_or_default(),
            zone = note(&escape(&self.zone())),
        )
    }

    /// The figures that are read first, side by side.
    fn tiles(&self) -> String {
        let pairs = self.sheet.columns.iter().zip(self.sheet.rows.iter().flatten());
        let tiles = pairs.filter(|(column, _)| TILES.contains(column)).enumerate().map(|(index, (column, value))| {
            let gap = if index + 1 < TILES.len() { "border-right:8px solid #fff;" } else { "" };
            format!(
                "<td width=\"25%\" valign=\"top\" style=\"padding:12px;{gap}border-left:3px solid #1357b8;background:#f7f9fc\">\
                 <div style=\"font-size:24px;font-weight:700;line-height:1.1\">{}</div>\
                 <div style=\"margin-top:4px;color:{QUIET};font-size:12px\">{}</div></td>\n",
                escape(&value.shown(self.words)),
                escape(self.figure(column))
            )
        });
        format!(
            "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"margin:0 0 16px\"><tr>\n\
             {}</tr></table>\n",
            tiles.collect::<String>()
        )
    }

    /// A figure a row.
    fn list(&self) -> String {
        let pairs = self.sheet.columns.iter().zip(self.sheet.rows.iter().flatten());
        let rows: String = pairs
            .map(|(column, value)| {
                format!(
                    "<tr><th scope=\"row\" style=\"padding:7px 0;border-bottom:1px solid {LINE};text-align:left;\
                     font-weight:400\">{}</th><td style=\"padding:7px 0;border-bottom:1px solid {LINE};text-align:right;\
                     font-weight:600\">{}</td></tr>\n",
                    escape(self.figure(column)),
                    escape(&value.shown(self.words))
                )
            })
            .collect();
        format!(
            "<table width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"margin:0 0 16px\">\n{rows}</table>\n"
        )
    }

    /// A queue or an agent a row.
    fn table(&self) -> String {
        if self.sheet.rows.is_empty() {
            return format!("<p>{}</p>\n", escape(self.words.text("report.nothing")));
        }
        let side = |number: bool| if number { "right" } else { "left" };
        let heads: String = self
            .sheet
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| {
                format!(
                    "<th scope=\"col\" valign=\"bottom\" style=\"padding:6px;border-bottom:2px solid {INK};\
                     text-align:{};font-size:12px;line-height:1.25\">{}</th>",
                    side(index > 0),
                    escape(self.heading(column))
                )
            })
            .collect();
        let cell = |value: &Value| {
            format!(
                "<td style=\"padding:7px 6px;border-bottom:1px solid {LINE};text-align:{}\">{}</td>",
                side(value.is_number()),
                escape(&value.shown(self.words))
            )
        };
        let rows: String = self
            .sheet
            .rows
            .iter()
            .map(|row| format!("<tr>{}</tr>\n", row.iter().map(cell).collect::<String>()))
            .collect();
        format!(
            "<div style=\"overflow-x:auto\"><table width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"margin:0 0 16px;font-size:13px\">\n\
             <thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n"
        )
    }
}
