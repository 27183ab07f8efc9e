//! Live call control: two agents with one caller, holds, transfers, supervisors.

crate::sql::script!(
    r#"
ALTER TABLE segment ADD COLUMN part varchar(32) NOT NULL DEFAULT 'main';
ALTER TABLE segment ADD COLUMN room_id {uuid} NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';
ALTER TABLE segment ADD COLUMN held_since {time} NULL;
UPDATE segment SET room_id = offer_id;
DROP INDEX ux_segment_live;
CREATE UNIQUE INDEX ux_segment_live ON segment (company_id, call_id, part) WHERE state IN ('reserved', 'joined', 'connected');
ALTER TABLE queue_entry ADD COLUMN purpose varchar(32) NOT NULL DEFAULT 'caller';
ALTER TABLE queue_entry ADD COLUMN wanted_agent_id {uuid} NULL;
ALTER TABLE leg ADD COLUMN held boolean NOT NULL DEFAULT FALSE;
ALTER TABLE leg ADD COLUMN muted boolean NOT NULL DEFAULT FALSE;
ALTER TABLE queue ADD COLUMN hold_reminder_seconds integer NOT NULL DEFAULT 60;
ALTER TABLE queue ADD COLUMN hold_limit_seconds integer NOT NULL DEFAULT 300;
ALTER TABLE company ADD COLUMN tell_agents_of_supervision boolean NOT NULL DEFAULT TRUE;
CREATE TABLE transfer (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL,
    call_id {uuid} NOT NULL,
    segment_id {uuid} NOT NULL,
    agent_id {uuid} NOT NULL,
    requested_by {uuid} NOT NULL,
    mode varchar(32) NOT NULL,
    target varchar(32) NOT NULL,
    to_agent_id {uuid} NULL,
    to_queue_id {uuid} NULL,
    to_number varchar(320) NULL,
    to_flow_id {uuid} NULL,
    state varchar(32) NOT NULL,
    queue_entry_id {uuid} NULL,
    leg_id {uuid} NULL,
    started_at {time} NOT NULL,
    taken_up_at {time} NULL,
    joined_at {time} NULL,
    ended_at {time} NULL,
    reason varchar(64) NULL,
    UNIQUE (company_id, id),
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, segment_id) REFERENCES segment (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, agent_id) REFERENCES agent (company_id, id),
    FOREIGN KEY (company_id, to_agent_id) REFERENCES agent (company_id, id),
    FOREIGN KEY (company_id, to_queue_id) REFERENCES queue (company_id, id),
    FOREIGN KEY (company_id, to_flow_id) REFERENCES flow (company_id, id),
    FOREIGN KEY (company_id, queue_entry_id) REFERENCES queue_entry (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, leg_id) REFERENCES leg (company_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX ux_transfer_open ON transfer (company_id, call_id) WHERE state IN ('pending', 'joined');
CREATE INDEX ix_transfer_call ON transfer (company_id, call_id);
CREATE INDEX ix_transfer_entry ON transfer (company_id, queue_entry_id);
CREATE TABLE supervision (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL,
    call_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL REFERENCES "user" (id),
    leg_id {uuid} NOT NULL,
    mode varchar(32) NOT NULL,
    started_at {time} NOT NULL,
    ended_at {time} NULL,
    UNIQUE (company_id, id),
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, leg_id) REFERENCES leg (company_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX ux_supervision_open ON supervision (company_id, user_id) WHERE ended_at IS NULL;
CREATE INDEX ix_supervision_call ON supervision (company_id, call_id);
"#
);
