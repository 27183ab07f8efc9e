//! A visit of a queue, the rounds of offers it led to, the segments with agents, and the slots that are capacity.

crate::sql::script!(
    r#"
CREATE TABLE queue_entry (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL,
    call_id {uuid} NOT NULL,
    queue_id {uuid} NOT NULL,
    priority integer NOT NULL,
    skills {json} NOT NULL,
    entered_at {time} NOT NULL,
    waiting_since {time} NOT NULL,
    max_wait_until {time} NULL,
    outcome varchar(32) NULL,
    left_at {time} NULL,
    UNIQUE (company_id, id),
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, queue_id) REFERENCES queue (company_id, id)
);
CREATE UNIQUE INDEX ux_queue_entry_open ON queue_entry (company_id, call_id) WHERE outcome IS NULL;
CREATE INDEX ix_queue_entry_waiting ON queue_entry (company_id, queue_id, priority, waiting_since) WHERE outcome IS NULL;
CREATE INDEX ix_queue_entry_call ON queue_entry (company_id, call_id);
CREATE TABLE offer_round (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL,
    queue_entry_id {uuid} NOT NULL,
    opened_at {time} NOT NULL,
    closed_at {time} NULL,
    UNIQUE (company_id, id),
    FOREIGN KEY (company_id, queue_entry_id) REFERENCES queue_entry (company_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX ux_offer_round_open ON offer_round (company_id, queue_entry_id) WHERE closed_at IS NULL;
CREATE INDEX ix_offer_round_entry ON offer_round (company_id, queue_entry_id);
CREATE TABLE offer (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL,
    round_id {uuid} NOT NULL,
    queue_entry_id {uuid} NOT NULL,
    call_id {uuid} NOT NULL,
    agent_id {uuid} NOT NULL,
    state varchar(32) NOT NULL,
    offered_at {time} NOT NULL,
    expires_at {time} NOT NULL,
    settled_at {time} NULL,
    UNIQUE (company_id, id),
    UNIQUE (company_id, round_id, agent_id),
    FOREIGN KEY (company_id, round_id) REFERENCES offer_round (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, queue_entry_id) REFERENCES queue_entry (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, agent_id) REFERENCES agent (company_id, id)
);
CREATE UNIQUE INDEX ux_offer_winner ON offer (company_id, round_id) WHERE state = 'accepted';
CREATE INDEX ix_offer_agent_open ON offer (company_id, agent_id) WHERE state = 'open';
CREATE INDEX ix_offer_entry ON offer (company_id, queue_entry_id);
CREATE TABLE segment (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL,
    call_id {uuid} NOT NULL,
    queue_entry_id {uuid} NOT NULL,
    offer_id {uuid} NOT NULL,
    agent_id {uuid} NOT NULL,
    queue_id {uuid} NOT NULL,
    state varchar(32) NOT NULL,
    reserved_at {time} NOT NULL,
    agent_joined_at {time} NULL,
    connected_at {time} NULL,
    ended_at {time} NULL,
    ended_by varchar(32) NULL,
    hold_ms bigint NOT NULL,
    wrap_up_until {time} NULL,
    wrap_up_extensions integer NOT NULL,
    wrapped_up_at {time} NULL,
    disposition varchar(100) NULL,
    notes text NULL,
    UNIQUE (company_id, id),
    UNIQUE (company_id, offer_id),
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, queue_entry_id) REFERENCES queue_entry (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, offer_id) REFERENCES offer (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, agent_id) REFERENCES agent (company_id, id)
);
CREATE UNIQUE INDEX ux_segment_live ON segment (company_id, call_id) WHERE state IN ('reserved', 'joined', 'connected');
CREATE INDEX ix_segment_agent ON segment (company_id, agent_id, reserved_at);
CREATE TABLE agent_slot (
    company_id {uuid} NOT NULL,
    agent_id {uuid} NOT NULL,
    slot integer NOT NULL,
    holder varchar(32) NOT NULL,
    offer_id {uuid} NOT NULL,
    call_id {uuid} NOT NULL,
    held_since {time} NOT NULL,
    PRIMARY KEY (agent_id, slot),
    UNIQUE (company_id, offer_id),
    FOREIGN KEY (company_id, agent_id) REFERENCES agent (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE
);
CREATE TABLE routing_state (
    company_id {uuid} NOT NULL PRIMARY KEY REFERENCES company (id) ON DELETE CASCADE,
    node_id {uuid} NULL,
    lease_until {time} NULL
);
CREATE TABLE routing_change (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    subject varchar(32) NOT NULL,
    subject_id {uuid} NOT NULL
);
CREATE INDEX ix_routing_change_company ON routing_change (company_id, id);
"#
);
