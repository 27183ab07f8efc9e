//! What went into the flows beside a call's own, for replays.

crate::sql::script!(
    r#"
ALTER TABLE side_session ADD COLUMN inputs integer NOT NULL DEFAULT 0;
ALTER TABLE side_session ADD COLUMN begun_at {time} NULL;
CREATE INDEX ix_side_session_begun ON side_session (company_id, begun_at);
CREATE INDEX ix_side_session_version ON side_session (company_id, flow_version_id);
CREATE TABLE side_input (
    company_id {uuid} NOT NULL,
    side_session_id {uuid} NOT NULL,
    seq integer NOT NULL,
    flow_version_id {uuid} NOT NULL,
    at {time} NOT NULL,
    input {json} NOT NULL,
    engine_version integer NOT NULL,
    time_zone_version varchar(32) NOT NULL,
    PRIMARY KEY (company_id, side_session_id, seq),
    FOREIGN KEY (company_id, side_session_id) REFERENCES side_session (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, flow_version_id) REFERENCES flow_version (company_id, id)
);
CREATE INDEX ix_side_input_version ON side_input (company_id, flow_version_id);
"#
);
