//! What other systems are told of a company, and what they tell us: webhooks out and in, Slack and Teams.

crate::sql::script!(
    r#"
ALTER TABLE outbox_counter ADD COLUMN facts_wanted boolean NOT NULL DEFAULT false;
CREATE TABLE webhook_endpoint (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    url varchar(2048) NOT NULL,
    description varchar(200) NULL,
    events {json} NULL,
    enabled boolean NOT NULL,
    disabled_because varchar(32) NULL,
    disabled_at {time} NULL,
    secret_sealed varchar(1024) NOT NULL,
    old_secret_sealed varchar(1024) NULL,
    old_secret_until {time} NULL,
    failing_since {time} NULL,
    failures integer NOT NULL,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL,
    updated_by {uuid} NOT NULL REFERENCES "user" (id),
    UNIQUE (company_id, id)
);
CREATE TABLE webhook_event (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    kind varchar(64) NOT NULL,
    body text NOT NULL,
    created_at {time} NOT NULL,
    UNIQUE (company_id, id)
);
CREATE INDEX ix_webhook_event_created ON webhook_event (created_at);
CREATE TABLE webhook_delivery (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    endpoint_id {uuid} NOT NULL,
    event_id {uuid} NOT NULL,
    state varchar(32) NOT NULL,
    attempts integer NOT NULL,
    tries integer NOT NULL,
    next_attempt_at {time} NULL,
    created_at {time} NOT NULL,
    settled_at {time} NULL,
    UNIQUE (company_id, id),
    UNIQUE (company_id, event_id, endpoint_id),
    FOREIGN KEY (company_id, endpoint_id) REFERENCES webhook_endpoint (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, event_id) REFERENCES webhook_event (company_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_webhook_delivery_endpoint ON webhook_delivery (company_id, endpoint_id, id);
CREATE TABLE webhook_attempt (
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    delivery_id {uuid} NOT NULL,
    number integer NOT NULL,
    at {time} NOT NULL,
    duration_ms integer NOT NULL,
    status integer NULL,
    failure varchar(64) NULL,
    answer text NULL,
    PRIMARY KEY (company_id, delivery_id, number),
    FOREIGN KEY (company_id, delivery_id) REFERENCES webhook_delivery (company_id, id) ON DELETE CASCADE
);
CREATE TABLE incoming_secret (
    company_id {uuid} NOT NULL PRIMARY KEY REFERENCES company (id) ON DELETE CASCADE,
    secret_sealed varchar(1024) NOT NULL,
    old_secret_sealed varchar(1024) NULL,
    old_secret_until {time} NULL,
    updated_at {time} NOT NULL,
    updated_by {uuid} NOT NULL REFERENCES "user" (id)
);
CREATE TABLE chat_integration (
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    chat varchar(32) NOT NULL,
    url_sealed text NULL,
    signing_secret_sealed varchar(1024) NULL,
    notices {json} NOT NULL,
    quiet_from varchar(5) NULL,
    quiet_until varchar(5) NULL,
    failures integer NOT NULL,
    last_error varchar(64) NULL,
    last_error_at {time} NULL,
    last_attempt_at {time} NULL,
    updated_at {time} NOT NULL,
    updated_by {uuid} NOT NULL REFERENCES "user" (id),
    PRIMARY KEY (company_id, chat)
);
CREATE TABLE chat_notice (
    company_id {uuid} NOT NULL,
    chat varchar(32) NOT NULL,
    id {uuid} NOT NULL,
    notice varchar(32) NOT NULL,
    told {json} NOT NULL,
    created_at {time} NOT NULL,
    PRIMARY KEY (company_id, chat, id),
    FOREIGN KEY (company_id, chat) REFERENCES chat_integration (company_id, chat) ON DELETE CASCADE
);
CREATE TABLE slack_code (
    company_id {uuid} NOT NULL,
    agent_id {uuid} NOT NULL,
    code_hash varchar(64) NOT NULL,
    expires_at {time} NOT NULL,
    PRIMARY KEY (company_id, agent_id),
    UNIQUE (company_id, code_hash),
    FOREIGN KEY (company_id, agent_id) REFERENCES agent (company_id, id) ON DELETE CASCADE
);
CREATE TABLE slack_link (
    company_id {uuid} NOT NULL,
    slack_user varchar(64) NOT NULL,
    agent_id {uuid} NOT NULL,
    linked_at {time} NOT NULL,
    PRIMARY KEY (company_id, slack_user),
    FOREIGN KEY (company_id, agent_id) REFERENCES agent (company_id, id) ON DELETE CASCADE
);
"#
);
