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
CREATE INDEX ix_agent_skill_company ON agent_skill (company_id, agent_id);
CREATE INDEX ix_queue_member_queue ON queue_member (company_id, queue_id, agent_id);
DROP INDEX ix_leg_call;
CREATE INDEX ix_leg_call ON leg (company_id, call_id, id);
DROP INDEX ix_segment_call;
CREATE INDEX ix_segment_call ON segment (company_id, call_id, id);
DROP INDEX ix_recording_call;
CREATE INDEX ix_recording_call ON recording (company_id, call_id, id);
DROP INDEX ix_offer_entry;
CREATE INDEX ix_offer_entry ON offer (company_id, queue_entry_id, id);
CREATE INDEX ix_contact_search ON contact (company_id, search_text, id) WHERE deleted_at IS NULL;
"#
);
