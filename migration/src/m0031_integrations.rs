//! A company's own mail server and bucket, reports that are mailed by a schedule, and whether a call out is recorded.

crate::sql::script!(
    r#"
CREATE TABLE smtp_server (
    company_id {uuid} NOT NULL PRIMARY KEY REFERENCES company (id) ON DELETE CASCADE,
    host varchar(253) NOT NULL,
    port integer NOT NULL,
    security varchar(32) NOT NULL,
    user_name varchar(320) NULL,
    password_sealed text NULL,
    from_address varchar(320) NOT NULL,
    from_name varchar(100) NULL,
    failing_since {time} NULL,
    last_error text NULL,
    last_error_at {time} NULL,
    updated_at {time} NOT NULL,
    updated_by {uuid} NOT NULL REFERENCES "user" (id)
);
ALTER TABLE mail ADD COLUMN company_id {uuid} NULL REFERENCES company (id) ON DELETE CASCADE;
CREATE TABLE bucket (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    endpoint text NULL,
    region varchar(64) NOT NULL,
    name varchar(63) NOT NULL,
    prefix varchar(255) NOT NULL,
    access_key_id varchar(128) NOT NULL,
    secret_sealed text NOT NULL,
    path_style boolean NOT NULL,
    linked boolean NOT NULL,
    created_at {time} NOT NULL,
    retired_at {time} NULL,
    updated_at {time} NOT NULL,
    updated_by {uuid} NOT NULL REFERENCES "user" (id),
    UNIQUE (company_id, id)
);
CREATE UNIQUE INDEX ux_bucket_current ON bucket (company_id) WHERE retired_at IS NULL;
CREATE TABLE bucket_file (
    company_id {uuid} NOT NULL,
    file_key varchar(400) NOT NULL,
    bucket_id {uuid} NOT NULL,
    created_at {time} NOT NULL,
    PRIMARY KEY (company_id, file_key),
    FOREIGN KEY (company_id, bucket_id) REFERENCES bucket (company_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_bucket_file_bucket ON bucket_file (company_id, bucket_id);
CREATE TABLE report_schedule (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    name varchar(100) NOT NULL,
    report varchar(32) NOT NULL,
    period varchar(32) NOT NULL,
    hour integer NOT NULL,
    language varchar(35) NULL,
    members {json} NOT NULL,
    addresses {json} NOT NULL,
    enabled boolean NOT NULL,
    sent_until {time} NULL,
    sent_at {time} NULL,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL,
    updated_by {uuid} NOT NULL REFERENCES "user" (id),
    UNIQUE (company_id, id)
);
CREATE TABLE report_refusal (
    company_id {uuid} NOT NULL,
    schedule_id {uuid} NOT NULL,
    address varchar(320) NOT NULL,
    refused_at {time} NOT NULL,
    PRIMARY KEY (company_id, schedule_id, address),
    FOREIGN KEY (company_id, schedule_id) REFERENCES report_schedule (company_id, id) ON DELETE CASCADE
);
ALTER TABLE outbound_call ADD COLUMN record boolean NULL;
"#
);
