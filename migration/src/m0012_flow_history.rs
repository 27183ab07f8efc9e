//! Versions that were restored, and numbers that stay with one version of their flow.

crate::sql::script!(
    r#"
ALTER TABLE flow_version ADD COLUMN restored_from integer NULL;
CREATE TABLE phone_number_pin (
    company_id {uuid} NOT NULL,
    phone_number_id {uuid} NOT NULL,
    flow_version_id {uuid} NOT NULL,
    PRIMARY KEY (company_id, phone_number_id),
    FOREIGN KEY (company_id, phone_number_id) REFERENCES phone_number (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, flow_version_id) REFERENCES flow_version (company_id, id)
);
CREATE INDEX ix_phone_number_flow ON phone_number (company_id, flow_id);
CREATE INDEX ix_phone_number_pin_version ON phone_number_pin (company_id, flow_version_id);
"#
);
