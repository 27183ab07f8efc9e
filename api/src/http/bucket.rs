//! The bucket of the company's own.

use chrono::{DateTime, Utc};
use entity::bucket as row;
use entity::id::CompanyId;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Done, Failure, Reply, Success};
use super::{JsonBody, Tag};
use crate::app::App;
use crate::authz::{Can, ReadIntegrations, WriteIntegrations};
use crate::integrations::bucket::{self, Handing, Wanted};
use crate::secret::Secret;

pub struct Buckets;

/// The bucket in which the company's files are kept.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct BucketOut {
    endpoint: Option<String>,
    region: String,
    bucket: String,
    prefix: String,
    /// The secret that belongs to it is shown to nobody.
    access_key_id: String,
    path_style: bool,
    linked: bool,
    updated_at: DateTime<Utc>,
}

/// Where the company's files are to be kept.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct BucketIn {
    /// Of a store that is not Amazon's: an https address on the public internet.
    #[oai(validator(min_length = 1, max_length = 1000))]
    endpoint: Option<String>,
    #[oai(validator(pattern = "^[a-z0-9-]{1,64}$"))]
    region: String,
    #[oai(validator(pattern = "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"))]
    bucket: String,
    /// Stands before the names of files: folders with slashes between them. None unless said.
    #[oai(validator(max_length = 200), default)]
    prefix: String,
    #[oai(validator(min_length = 1, max_length = 128))]
    access_key_id: String,
    /// Left out, it stays as it is while the place and the key's id do.
    #[oai(validator(min_length = 1, max_length = 500))]
    secret_access_key: Option<String>,
    /// The bucket stands in the path of addresses, not in their host.
    #[oai(default)]
    path_style: bool,
    /// Whoever may have a file gets a link to the store that is good for some minutes; else it is streamed through here.
    #[oai(default = "yes")]
    linked: bool,
}

fn yes() -> bool {
    true
}

impl From<row::Model> for BucketOut {
    fn from(row: row::Model) -> Self {
        Self {
            endpoint: row.endpoint,
            region: row.region,
            bucket: row.name,
            prefix: row.prefix,
            access_key_id: row.access_key_id,
            path_style: row.path_style,
            linked: row.linked,
            updated_at: row.updated_at,
        }
    }
}

impl From<BucketIn> for Wanted {
    fn from(body: BucketIn) -> Self {
        Self {
            endpoint: body.endpoint,
            region: body.region,
            name: body.bucket,
            prefix: body.prefix,
            access_key_id: body.access_key_id,
            secret: body.secret_access_key.map(Secret::new),
            path_style: body.path_style,
            handing: if body.linked { Handing::Linked } else { Handing::Streamed },
        }
    }
}

#[OpenApi(tag = "Tag::Integrations")]
impl Buckets {
    /// Shows in which bucket the company's new files are kept.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/s3",
        method = "get",
        operation_id = "getBucket"
    )]
    async fn get(
        &self,
        can: Can<ReadIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
    ) -> Reply<BucketOut> {
        Success::ok(bucket::get(app, can.scope_of(CompanyId(company))?).await?)
    }

    /// Sets in which bucket recordings, prompts and exports are kept from now on.
    ///
    /// It is tried before it is saved: a small file is written, read and deleted. What is stored already stays where it is, and
    /// is read and deleted there.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/s3",
        method = "put",
        operation_id = "putBucket"
    )]
    async fn put(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        JsonBody(body): JsonBody<BucketIn>,
    ) -> Reply<BucketOut> {
        let (scope, by) = (can.scope_of(CompanyId(company))?, can.caller().user);
        Success::ok(bucket::put(app, scope, by, body.into()).await?)
    }

    /// Keeps new files where the platform does from now on; what lies in the bucket stays there, and is read there.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/s3",
        method = "delete",
        operation_id = "deleteBucket"
    )]
    async fn delete(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        bucket::remove(app, can.scope_of(CompanyId(company))?, can.caller().user).await?;
        Done::saying("New files are kept by the platform from now on.")
    }
}
