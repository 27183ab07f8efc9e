//! Exports of intervals, what hours and days come to, and indexes of what is read often.

crate::sql::script!(
    r#"
ALTER TABLE export ADD COLUMN intervals {json} NULL;
CREATE TABLE report_sum (
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    attribution varchar(32) NOT NULL,
    quarters integer NOT NULL,
    first integer NOT NULL,
    sums {json} NOT NULL,
    PRIMARY KEY (company_id, attribution, quarters, first)
);
CREATE INDEX ix_call_ended ON call (company_id, ended_at, id) WHERE ended_at IS NOT NULL;
CREATE INDEX ix_segment_queue_connected ON segment (company_id, queue_id, connected_at) WHERE connected_at IS NOT NULL;
CREATE INDEX ix_audit_user ON audit (company_id, user_id, id);
CREATE INDEX ix_audit_subject ON audit (company_id, subject_id, id) WHERE subject_id IS NOT NULL;
CREATE INDEX ix_contact_search ON contact (company_id, search_text, id) WHERE deleted_at IS NULL;
"#
);
