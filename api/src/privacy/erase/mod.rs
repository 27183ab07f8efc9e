//! Erasing a person: what goes, what is made nobody's, and what is left on purpose.
//!
//! Calls stay, with all that is counted of them; whose they were is gone. Each step finds what is left of it, so it may be
//! broken off and done again at any point.

mod caller;
mod sweep;
mod user;

use chrono::TimeDelta;

use super::subject::Subject;
use super::work::{self, Went, Work};
use crate::error::Result;
use crate::exports::desk as exports;
use crate::store::{persons, privacy_requests};

/// To let go, what is his own, rows that are about him, rows that name him, copies.
pub const STEPS: i32 = 5;
/// How long is waited for what has to end first.
const WAIT: TimeDelta = TimeDelta::seconds(20);

/// Tables in which nothing is changed, and why. All others of the company are looked through.
pub const LEFT: [(&str, &str); 9] = [
    ("company", "it is the company itself"),
    ("flow", "a flow is the company's; change it if it names a person"),
    ("flow_version", "a published version never changes; publish another one if it names a person"),
    ("flow_test", "a test is the company's; change it if it names a person"),
    ("prompt_resource", "a prompt is the company's; change it if it names a person"),
    ("phone_number", "it is a number of the company's own"),
    ("opt_out", "that somebody wants no messages is kept under a keyed hash, so that none is sent to him"),
    ("recording", "what is under a legal hold stays as it is; all else of his is deleted with its file"),
    ("privacy_request", "it is the proof"),
];

/// Goes on where it was.
pub async fn run(work: &mut Work<'_>) -> Result<Went> {
    while work.row.steps_done < STEPS {
        let step = work.row.steps_done;
        let went = match (work.subject.clone(), step) {
            (Subject::Caller { .. }, 0..=2) => of_each_number(work, step).await?,
            (Subject::User { user, membership, .. }, 0) => user::let_go(work, user, membership).await?,
            (Subject::User { user, membership, .. }, 1) => user::account(work, user, membership).await?,
            (Subject::User { user, membership, .. }, 2) => user::rows(work, user, membership).await?,
            (Subject::Caller { .. } | Subject::User { .. }, 3) => sweep::all(work).await?,
            (Subject::Caller { .. } | Subject::User { .. }, _) => copies(work).await?,
        };
        if went != Went::On {
            work.note_alone(step).await?;
            return Ok(went);
        }
        work.note_alone(step + 1).await?;
    }
    work::erased(work).await?;
    Ok(Went::On)
}

async fn of_each_number(work: &mut Work<'_>, step: i32) -> Result<Went> {
    for number in work.subject.numbers() {
        let went = match step {
            0 => caller::let_go(work, &number).await?,
            1 => caller::recordings(work, &number).await?,
            _ => caller::rows(work, &number).await?,
        };
        if went != Went::On {
            return Ok(went);
        }
    }
    Ok(Went::On)
}

/// In how long something is looked at again.
fn later(work: &Work<'_>) -> Went {
    Went::Until(work.app.clock.now() + WAIT)
}

/// What was taken out of the company before and may still hold him: archives about him, and files of rows.
async fn copies(work: &mut Work<'_>) -> Result<Went> {
    let (app, scope) = (work.app, work.scope);
    for row in privacy_requests::archives(scope, app.db.reader(), &work.row.subject_hash).await? {
        work::expire(app, scope, row.id).await?;
        work.count("erased", "archives", 1);
    }
    for id in persons::exports(scope, app.db.reader()).await? {
        exports::remove(app, scope, work.row.requested_by, id).await?;
        work.count("erased", "exportFiles", 1);
    }
    Ok(Went::On)
}
