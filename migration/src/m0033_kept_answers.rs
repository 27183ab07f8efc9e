//! Requests with an `Idempotency-Key` and what they were answered with.

crate::sql::script!(
    r#"
CREATE TABLE kept_answer (
    id varchar(64) NOT NULL PRIMARY KEY,
    user_id {uuid} NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
    company_id {uuid} NULL REFERENCES company (id) ON DELETE CASCADE,
    fingerprint varchar(64) NOT NULL,
    attempt {uuid} NOT NULL,
    until {time} NOT NULL,
    status integer NULL,
    answer_sealed text NULL,
    created_at {time} NOT NULL
);
CREATE INDEX ix_kept_answer_age ON kept_answer (created_at);
CREATE INDEX ix_kept_answer_user ON kept_answer (user_id);
CREATE INDEX ix_kept_answer_company ON kept_answer (company_id);
"#
);
