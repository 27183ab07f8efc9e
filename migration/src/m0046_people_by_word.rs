//! People are found without accents and case. What folds words is no SQL: rows whose `folded_at` lags behind are folded by the
//! server (`identity::fold`).

crate::sql::script!(
    r#"
ALTER TABLE "user" ADD COLUMN folded text NULL;
ALTER TABLE "user" ADD COLUMN folded_at {time} NULL;
CREATE INDEX ix_user_stale ON "user" (id) WHERE folded_at IS NULL OR folded_at < updated_at;
"#
);
