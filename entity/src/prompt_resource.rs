//! A prompt in one language: a text to be said, or a file to be played.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, PromptId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "prompt_resource")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub prompt_id: PromptId,
    pub company_id: CompanyId,
    /// BCP 47 tag.
    #[sea_orm(primary_key, auto_increment = false)]
    pub language: String,
    pub text: Option<String>,
    /// Where the file lies in the storage.
    pub audio_key: Option<String>,
    pub content_type: Option<String>,
    pub size_bytes: Option<i64>,
    /// Of the file, in hex.
    pub sha256: Option<String>,
    pub updated_at: DateTimeUtc,
}

company_owned!();
