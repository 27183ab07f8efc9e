//! Callbacks: who is to be called back, and at which place in the line.

crate::sql::script!(
    r#"
CREATE TABLE callback (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    queue_id {uuid} NOT NULL,
    number varchar(16) NOT NULL,
    our_number varchar(320) NOT NULL,
    state varchar(32) NOT NULL,
    waiting_since {time} NOT NULL,
    wanted_at {time} NULL,
    due_at {time} NOT NULL,
    priority integer NOT NULL,
    skills {json} NOT NULL,
    max_attempts integer NOT NULL,
    retry_minutes integer NOT NULL,
    attempts integer NOT NULL,
    agent_id {uuid} NULL,
    last_call_id {uuid} NOT NULL,
    last_call_at {time} NOT NULL,
    call_id {uuid} NULL,
    reason varchar(64) NULL,
    created_at {time} NOT NULL,
    settled_at {time} NULL,
    UNIQUE (company_id, id),
    FOREIGN KEY (company_id, queue_id) REFERENCES queue (company_id, id),
    FOREIGN KEY (company_id, agent_id) REFERENCES agent (company_id, id),
    FOREIGN KEY (company_id, last_call_id) REFERENCES call (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX ux_callback_open ON callback (company_id, queue_id, number) WHERE state = 'open';
CREATE INDEX ix_callback_state ON callback (company_id, state, id);
CREATE INDEX ix_callback_call ON callback (company_id, call_id);
"#
);
