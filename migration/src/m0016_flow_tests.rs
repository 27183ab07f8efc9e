//! Tests that are kept with a flow, and what an import has left to be named.

crate::sql::script!(
    r#"
CREATE TABLE flow_test (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL,
    flow_id {uuid} NOT NULL,
    name varchar(200) NOT NULL,
    definition {json} NOT NULL,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL,
    UNIQUE (company_id, id),
    UNIQUE (company_id, flow_id, name),
    FOREIGN KEY (company_id, flow_id) REFERENCES flow (company_id, id) ON DELETE CASCADE
);
CREATE TABLE flow_import (
    company_id {uuid} NOT NULL,
    flow_id {uuid} NOT NULL,
    source varchar(32) NOT NULL,
    open_references {json} NOT NULL,
    imported_at {time} NOT NULL,
    PRIMARY KEY (company_id, flow_id),
    FOREIGN KEY (company_id, flow_id) REFERENCES flow (company_id, id) ON DELETE CASCADE
);
"#
);
