//! Flows with their drafts and immutable published versions, and the numbers that open them.

crate::sql::script!(
    r#"
CREATE TABLE flow (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    name varchar(200) NOT NULL,
    draft {json} NOT NULL,
    published_version_id {uuid} NULL,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL,
    UNIQUE (company_id, id),
    UNIQUE (company_id, name)
);
CREATE TABLE flow_version (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    flow_id {uuid} NOT NULL,
    number integer NOT NULL,
    document {json} NOT NULL,
    engine_version integer NOT NULL,
    published_by {uuid} NULL REFERENCES "user" (id),
    published_at {time} NOT NULL,
    UNIQUE (company_id, id),
    UNIQUE (company_id, flow_id, number),
    FOREIGN KEY (company_id, flow_id) REFERENCES flow (company_id, id) ON DELETE CASCADE
);
CREATE TABLE phone_number (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    account_sid varchar(64) NOT NULL,
    number varchar(32) NOT NULL,
    label varchar(200) NOT NULL,
    flow_id {uuid} NOT NULL,
    created_at {time} NOT NULL,
    UNIQUE (company_id, id),
    UNIQUE (account_sid, number),
    FOREIGN KEY (company_id, flow_id) REFERENCES flow (company_id, id)
);
"#
);
