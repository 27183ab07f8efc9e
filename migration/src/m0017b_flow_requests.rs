//! Requests that flows wait for, and the secrets that go with them.

crate::sql::script!(
    r#"
CREATE TABLE flow_request (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL,
    call_id {uuid} NOT NULL,
    request {json} NOT NULL,
    attempts integer NOT NULL,
    outcome {json} NULL,
    created_at {time} NOT NULL,
    deadline_at {time} NOT NULL,
    UNIQUE (company_id, id),
    UNIQUE (company_id, call_id),
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE
);
CREATE TABLE call_secret (
    company_id {uuid} NOT NULL,
    call_id {uuid} NOT NULL,
    sealed text NOT NULL,
    expires_at {time} NOT NULL,
    PRIMARY KEY (company_id, call_id),
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE
);
"#
);
