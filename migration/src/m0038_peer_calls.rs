//! Calls among the people of a company, how each wants to be called, and who is there.

crate::sql::script!(
    r#"
CREATE TABLE peer_call (
    company_id {uuid} NOT NULL,
    call_id {uuid} NOT NULL,
    called_by {uuid} NOT NULL REFERENCES "user" (id),
    call_type varchar(32) NOT NULL,
    status varchar(32) NOT NULL,
    media varchar(32) NOT NULL,
    is_group boolean NOT NULL,
    to_number varchar(32) NULL,
    end_reason varchar(64) NULL,
    offer {json} NULL,
    connection_type varchar(32) NOT NULL,
    region varchar(64) NULL,
    call_settings {json} NULL,
    error_info {json} NULL,
    PRIMARY KEY (company_id, call_id),
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_peer_call_caller ON peer_call (company_id, called_by);
CREATE TABLE peer_call_participant (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL,
    call_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL REFERENCES "user" (id),
    agent_id {uuid} NULL,
    role varchar(32) NOT NULL,
    state varchar(32) NOT NULL,
    invited_at {time} NOT NULL,
    joined_at {time} NULL,
    left_at {time} NULL,
    socket varchar(64) NULL,
    lost_at {time} NULL,
    device {json} NULL,
    network {json} NULL,
    quality_score integer NULL,
    feedback {json} NULL,
    UNIQUE (company_id, id),
    UNIQUE (company_id, call_id, user_id),
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, agent_id) REFERENCES agent (company_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX ux_peer_call_participant_live ON peer_call_participant (company_id, user_id) WHERE state IN ('ringing', 'joined');
CREATE INDEX ix_peer_call_participant_user ON peer_call_participant (company_id, user_id, invited_at, call_id);
CREATE INDEX ix_peer_call_participant_agent ON peer_call_participant (company_id, agent_id, call_id);
CREATE TABLE call_settings (
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    user_id {uuid} NOT NULL REFERENCES "user" (id),
    settings {json} NOT NULL,
    updated_at {time} NOT NULL,
    PRIMARY KEY (company_id, user_id)
);
CREATE TABLE presence (
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    user_id {uuid} NOT NULL REFERENCES "user" (id),
    is_online boolean NOT NULL,
    chosen varchar(32) NOT NULL,
    last_seen_at {time} NULL,
    changed_at {time} NOT NULL,
    PRIMARY KEY (company_id, user_id)
);
CREATE TABLE presence_socket (
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    socket varchar(64) NOT NULL,
    user_id {uuid} NOT NULL REFERENCES "user" (id),
    node_id {uuid} NOT NULL,
    connected_at {time} NOT NULL,
    lease_until {time} NOT NULL,
    PRIMARY KEY (company_id, socket)
);
CREATE INDEX ix_presence_socket_user ON presence_socket (company_id, user_id);
CREATE INDEX ix_presence_socket_node ON presence_socket (node_id);
CREATE INDEX ix_presence_socket_lease ON presence_socket (lease_until);
"#
);
