//! Finds whom a request is about, and by what else he is known.

use entity::CompanyScope;
use entity::id::{ContactId, UserId};

use super::subject::{Known, Subject};
use crate::app::App;
use crate::error::{Error, Result, Subject as Missing};
use crate::phone::e164;
use crate::store::{contacts, persons, users};

/// A person, as somebody names him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    User(UserId),
    Contact(ContactId),
    Number(String),
}

/// Who is meant. People who were removed and contacts that were deleted are found, too.
pub async fn find(app: &App, scope: CompanyScope, named: Named) -> Result<Subject> {
    let db = app.db.reader();
    match named {
        Named::User(user) => find_user(app, scope, user).await,
        Named::Contact(id) => {
            let found = contacts::even_deleted(scope, db, id).await?;
            let number = found.ok_or(Error::NotFound(Missing::Contact))?.number;
            let living = contacts::by_id(scope, db, id).await?;
            find_caller(app, scope, number, living.map(|contact| contact.others).unwrap_or_default()).await
        }
        Named::Number(written) => {
            let problem = "must be a telephone number with its country code, as in +49 30 123456";
            let number = e164(&written).ok_or_else(|| Error::invalid("/number", problem))?;
            find_caller(app, scope, number, Vec::new()).await
        }
    }
}

async fn find_caller(app: &App, scope: CompanyScope, number: String, others: Vec<String>) -> Result<Subject> {
    let db = app.db.reader();
    let mut known = Known::default();
    for number in others.iter().chain([&number]) {
        known.names.extend(persons::caller_names(scope, db, number).await?);
        for row in persons::contacts(scope, db, number).await? {
            known.names.extend(row.name);
            known.emails.extend(row.email);
        }
    }
    known.numbers = others;
    Ok(Subject::Caller { number, known: known.tidy() })
}

async fn find_user(app: &App, scope: CompanyScope, user: UserId) -> Result<Subject> {
    let (db, missing) = (app.db.reader(), || Error::NotFound(Missing::User));
    let membership = persons::membership(scope, db, user).await?.ok_or_else(missing)?;
    let account = users::by_id(db, user).await?.ok_or_else(missing)?;
    let (emails, numbers) = (account.email.into_iter().collect(), account.phone_number.into_iter().collect());
    let mut known = Known { names: vec![account.name], emails, numbers };
    if let Some(agent) = persons::agent(scope, db, membership.id).await? {
        known.names.push(agent.name);
        known.numbers.extend(agent.number);
    }
    Ok(Subject::User { user, membership: membership.id, known: known.tidy() })
}
