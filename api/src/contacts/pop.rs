//! Who somebody is, for those to whom his call comes: what an agent has to know before he says hello.

use chrono::{DateTime, Utc};
use entity::{CallKind, CompanyScope, call, contact};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::{custom_of, tags_of};
use crate::error::Result;
use crate::store::{contact_fields, contact_timeline, contacts};

/// A contact as an offered call shows him.
#[derive(Clone, Debug)]
pub struct Pop {
    pub row: contact::Model,
    /// When he called or was called before this call.
    pub last_call_at: Option<DateTime<Utc>>,
    pub fields: Vec<Shown>,
}

/// A field of the company's own that is to be seen.
#[derive(Clone, Debug)]
pub struct Shown {
    pub name: String,
    pub label: String,
    pub value: String,
}

/// The contact at the other end of a call; `None` when nobody knows the number.
pub async fn of_call(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    call: &call::Model,
) -> Result<Option<Pop>> {
    let number = match call.kind {
        CallKind::Inbound => &call.from_address,
        CallKind::Outbound => &call.to_address,
        CallKind::Peer => return Ok(None),
    };
    let known = contacts::by_numbers(scope, db, &[number.as_str()]).await?.remove(number);
    let Some(contact) = known else { return Ok(None) };
    let numbers: Vec<_> = contact.numbers().collect();
    let last_call_at = contact_timeline::last_call(scope, db, &numbers, call).await?;
    let mut custom = custom_of(&contact.row);
    let shown = contact_fields::all(scope, db).await?.into_iter().filter(|field| field.in_offers);
    let fields = shown.filter_map(|field| {
        let value = custom.remove(&field.name).filter(|value| !value.is_empty())?;
        Some(Shown { name: field.name, label: field.label, value })
    });
    Ok(Some(Pop { fields: fields.collect(), last_call_at, row: contact.row }))
}

impl Pop {
    /// As sockets tell it.
    pub fn describe(&self) -> Value {
        let row = &self.row;
        let fields = self
            .fields
            .iter()
            .map(|field| json!({"name": field.name, "label": field.label, "value": field.value}));
        json!({
            "id": row.id,
            "name": row.name,
            "company": row.company_name,
            "language": row.language,
            "tags": tags_of(row),
            "blocked": row.blocked,
            "lastCallAt": self.last_call_at,
            "fields": fields.collect::<Vec<_>>(),
        })
    }
}
