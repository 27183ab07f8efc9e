//! How the mail servers of companies do.

use chrono::{DateTime, Utc};
use entity::{CompanyScope, smtp_server};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DbErr, QueryFilter, Set};

use super::Tx;

/// It has not taken a mail.
pub async fn has_failed(
    scope: CompanyScope,
    tx: &Tx,
    because: &str,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let changes = smtp_server::ActiveModel {
        last_error: Set(Some(because.to_owned())),
        last_error_at: Set(Some(now)),
        ..Default::default()
    };
    scope.update_many::<smtp_server::Entity>().set(changes).exec(tx).await?;
    scope
        .update_many::<smtp_server::Entity>()
        .col_expr(smtp_server::Column::FailingSince, Expr::value(now))
        .filter(smtp_server::Column::FailingSince.is_null())
        .exec(tx)
        .await
        .map(drop)
}

/// It has taken one.
pub async fn has_worked(scope: CompanyScope, tx: &Tx) -> Result<(), DbErr> {
    let changes = smtp_server::ActiveModel {
        failing_since: Set(None),
        last_error: Set(None),
        last_error_at: Set(None),
        ..Default::default()
    };
    scope.update_many::<smtp_server::Entity>().set(changes).exec(tx).await.map(drop)
}
