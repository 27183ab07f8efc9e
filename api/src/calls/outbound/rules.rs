//! The company's rules for calls that go out, and the number that is shown of an agent.

use entity::id::{AgentId, PhoneNumberId, UserId};
use entity::{CompanyScope, outbound_rules};
use serde_json::{Value, json};

use super::guard;
use crate::app::App;
use crate::calling_codes::is_country;
use crate::error::{Code, Error, FieldError, Result};
use crate::identity::audit;
use crate::store::{Tx, Unit, outbound, workforce};

/// Whom, when and with which number the company's agents call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    /// What is shown of agents without a number of their own; the company's oldest one unless said.
    pub caller_id: Option<PhoneNumberId>,
    /// As in an `hours` node; always, unless said.
    pub hours: Option<Value>,
    /// Two letters each; the countries of the company's own numbers unless said.
    pub countries: Option<Vec<String>>,
    pub premium_rate: bool,
}

impl From<outbound_rules::Model> for Rules {
    fn from(row: outbound_rules::Model) -> Self {
        let countries = row.countries.and_then(|stored| serde_json::from_value(stored).ok());
        Self { caller_id: row.phone_number_id, hours: row.hours, countries, premium_rate: row.premium_rate }
    }
}

pub async fn rules(app: &App, scope: CompanyScope) -> Result<Rules> {
    Ok(outbound::rules(scope, app.db.reader()).await?.map(Rules::from).unwrap_or_default())
}

/// Sets all of the rules; who did is in the audit.
///
/// # Errors
/// 422 with every field that is wrong.
pub async fn set_rules(app: &App, scope: CompanyScope, by: UserId, rules: Rules) -> Result<Rules> {
    let unit = Unit::begin(app, scope).await?;
    let mut wrong = Vec::new();
    if let Some(number) = rules.caller_id
        && !is_ours(scope, unit.tx(), number).await?
    {
        wrong.push(FieldError { field: "/callerId".to_owned(), message: NOT_OURS.to_owned() });
    }
    if let Some(Err(mut found)) = rules.hours.as_ref().map(guard::read_hours) {
        wrong.append(&mut found);
    }
    for (index, country) in rules.countries.iter().flatten().enumerate() {
        if !is_country(country) {
            let message = "is no country: two capital letters, as US".to_owned();
            wrong.push(FieldError { field: format!("/countries/{index}"), message });
        }
    }
    if !wrong.is_empty() {
        return Err(Error::Invalid {
            code: Code::ValidationFailed,
            message: "Some fields are not valid.".into(),
            fields: wrong,
        });
    }
    let row = outbound_rules::Model {
        company_id: scope.company(),
        phone_number_id: rules.caller_id,
        hours: rules.hours.clone(),
        countries: rules.countries.as_ref().map(|countries| json!(countries)),
        premium_rate: rules.premium_rate,
        updated_at: unit.now(),
    };
    outbound::save_rules(scope, unit.tx(), row).await?;
    let detail = json!({"callerId": rules.caller_id, "hours": rules.hours, "countries": rules.countries,
        "premiumRate": rules.premium_rate});
    audit::note(app, scope, unit.tx(), by, "outbound:rules", detail).await?;
    unit.commit().await?;
    Ok(rules)
}

const NOT_OURS: &str = "is not a number of the company";

async fn is_ours(scope: CompanyScope, tx: &Tx, id: PhoneNumberId) -> Result<bool> {
    Ok(outbound::numbers(scope, tx).await?.iter().any(|number| number.id == id))
}

/// The number that is shown when this agent calls out; `None` for the company's.
pub async fn caller_id_of(app: &App, scope: CompanyScope, agent: AgentId) -> Result<Option<PhoneNumberId>> {
    workforce::agent(scope, app.db.reader(), agent).await?;
    Ok(outbound::caller_id(scope, app.db.reader(), agent).await?)
}

/// Gives the agent a number of his own to show, or takes it.
pub async fn set_caller_id(
    app: &App,
    scope: CompanyScope,
    agent: AgentId,
    number: Option<PhoneNumberId>,
) -> Result<Option<PhoneNumberId>> {
    let unit = Unit::begin(app, scope).await?;
    workforce::agent(scope, unit.tx(), agent).await?;
    if let Some(number) = number
        && !is_ours(scope, unit.tx(), number).await?
    {
        return Err(Error::invalid("/phoneNumberId", NOT_OURS));
    }
    outbound::set_caller_id(scope, unit.tx(), agent, number).await?;
    unit.commit().await?;
    Ok(number)
}
