//! Calls that go out: what only they have, the rules and caller ids of a company, and requests that must not be done twice.

crate::sql::script!(
    r#"
CREATE TABLE outbound_call (
    company_id {uuid} NOT NULL,
    call_id {uuid} NOT NULL,
    requested_by {uuid} NOT NULL REFERENCES "user" (id),
    machine_detection varchar(32) NULL,
    answered_by varchar(32) NULL,
    answered_by_at {time} NULL,
    PRIMARY KEY (company_id, call_id),
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE
);
CREATE TABLE noted_call (
    company_id {uuid} NOT NULL,
    call_id {uuid} NOT NULL,
    noted_by {uuid} NOT NULL REFERENCES "user" (id),
    noted_at {time} NOT NULL,
    PRIMARY KEY (company_id, call_id),
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE
);
CREATE TABLE outbound_rules (
    company_id {uuid} NOT NULL PRIMARY KEY REFERENCES company (id) ON DELETE CASCADE,
    phone_number_id {uuid} NULL,
    hours {json} NULL,
    countries {json} NULL,
    premium_rate boolean NOT NULL,
    updated_at {time} NOT NULL,
    FOREIGN KEY (company_id, phone_number_id) REFERENCES phone_number (company_id, id)
);
CREATE TABLE agent_caller_id (
    company_id {uuid} NOT NULL,
    agent_id {uuid} NOT NULL,
    phone_number_id {uuid} NOT NULL,
    PRIMARY KEY (company_id, agent_id),
    FOREIGN KEY (company_id, agent_id) REFERENCES agent (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, phone_number_id) REFERENCES phone_number (company_id, id) ON DELETE CASCADE
);
CREATE TABLE idempotency_key (
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    user_id {uuid} NOT NULL REFERENCES "user" (id),
    operation varchar(64) NOT NULL,
    token varchar(255) NOT NULL,
    fingerprint varchar(64) NOT NULL,
    subject_id {uuid} NOT NULL,
    created_at {time} NOT NULL,
    PRIMARY KEY (company_id, user_id, operation, token)
);
CREATE INDEX ix_idempotency_key_age ON idempotency_key (company_id, created_at);
"#
);
