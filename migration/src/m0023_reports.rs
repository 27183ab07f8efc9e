//! What reports are read from: counters by quarter of an hour, and which calls have to be counted anew.

crate::sql::script!(
    r#"
ALTER TABLE call ADD COLUMN reported_at {time} NULL;
CREATE INDEX ix_call_unreported ON call (company_id, id) WHERE reported_at IS NULL;
ALTER TABLE company ADD COLUMN report_settings {json} NOT NULL DEFAULT '{}';
CREATE TABLE report_state (
    company_id {uuid} NOT NULL PRIMARY KEY REFERENCES company (id) ON DELETE CASCADE,
    version bigint NOT NULL,
    updated_at {time} NOT NULL
);
CREATE TABLE report_call (
    company_id {uuid} NOT NULL,
    call_id {uuid} NOT NULL,
    quarter integer NOT NULL,
    PRIMARY KEY (company_id, call_id, quarter),
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_report_call_quarter ON report_call (company_id, quarter, call_id);
CREATE TABLE report_queue (
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    attribution varchar(32) NOT NULL,
    quarter integer NOT NULL,
    queue_id {uuid} NOT NULL,
    counters {json} NOT NULL,
    PRIMARY KEY (company_id, attribution, quarter, queue_id)
);
CREATE TABLE report_agent (
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    attribution varchar(32) NOT NULL,
    quarter integer NOT NULL,
    agent_id {uuid} NOT NULL,
    queue_id {uuid} NOT NULL,
    counters {json} NOT NULL,
    PRIMARY KEY (company_id, attribution, quarter, agent_id, queue_id)
);
CREATE INDEX ix_agent_change_company ON agent_change (company_id, at);
"#
);
