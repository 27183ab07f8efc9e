//! Phones that are told what their owner misses, and with what keys.

crate::sql::script!(
    r#"
CREATE TABLE push_device (
    id {uuid} NOT NULL PRIMARY KEY,
    user_id {uuid} NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
    session_id {uuid} NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    company_id {uuid} NULL REFERENCES company (id) ON DELETE CASCADE,
    service varchar(32) NOT NULL,
    token_hash varchar(64) NOT NULL,
    token_sealed text NOT NULL,
    purpose varchar(32) NOT NULL,
    sandbox boolean NOT NULL,
    name varchar(100) NULL,
    created_at {time} NOT NULL,
    registered_at {time} NOT NULL,
    reached_at {time} NULL
);
CREATE UNIQUE INDEX ux_push_device_token ON push_device (service, token_hash);
CREATE INDEX ix_push_device_user ON push_device (user_id);
CREATE INDEX ix_push_device_session ON push_device (session_id);
CREATE INDEX ix_push_device_company ON push_device (company_id);
CREATE TABLE push_service (
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    service varchar(32) NOT NULL,
    account {json} NOT NULL,
    secret_sealed text NOT NULL,
    failing_since {time} NULL,
    last_error text NULL,
    last_error_at {time} NULL,
    updated_at {time} NOT NULL,
    updated_by {uuid} NOT NULL REFERENCES "user" (id),
    PRIMARY KEY (company_id, service)
);
CREATE TABLE push_ticket (
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    ticket varchar(100) NOT NULL,
    device_id {uuid} NOT NULL REFERENCES push_device (id) ON DELETE CASCADE,
    sent_at {time} NOT NULL,
    PRIMARY KEY (company_id, ticket)
);
CREATE INDEX ix_push_ticket_device ON push_ticket (device_id);
CREATE INDEX ix_push_ticket_sent ON push_ticket (company_id, sent_at)
"#
);
