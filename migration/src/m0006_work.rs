//! What follows from a change of state: jobs to do, events to tell, requests that were received.

crate::sql::script!(
    r#"
CREATE TABLE job (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    kind varchar(32) NOT NULL,
    subject_id {uuid} NOT NULL,
    payload {json} NOT NULL,
    run_at {time} NOT NULL,
    state varchar(32) NOT NULL,
    attempts integer NOT NULL,
    node_id {uuid} NULL,
    lease_until {time} NULL,
    last_error text NULL,
    created_at {time} NOT NULL,
    UNIQUE (company_id, id)
);
CREATE INDEX ix_job_due ON job (state, run_at);
CREATE INDEX ix_job_subject ON job (company_id, subject_id);
CREATE TABLE outbox_counter (
    company_id {uuid} NOT NULL PRIMARY KEY REFERENCES company (id) ON DELETE CASCADE,
    last_seq bigint NOT NULL
);
CREATE TABLE outbox (
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    seq bigint NOT NULL,
    audience {json} NOT NULL,
    event varchar(64) NOT NULL,
    payload {json} NOT NULL,
    created_at {time} NOT NULL,
    PRIMARY KEY (company_id, seq)
);
CREATE TABLE webhook_request (
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    request_key varchar(400) NOT NULL,
    call_sid varchar(64) NULL,
    path varchar(200) NOT NULL,
    params {json} NOT NULL,
    reply text NULL,
    received_at {time} NOT NULL,
    PRIMARY KEY (company_id, request_key)
);
CREATE INDEX ix_webhook_request_received ON webhook_request (received_at);
"#
);
