//! The rules of a queue, and what they mean for each visit; queues that have been deleted, but were waited in; who talked
//! with this number last, and how a queue did today.

crate::sql::script!(
    r#"
ALTER TABLE queue ADD COLUMN rules {json} NOT NULL DEFAULT '{}';
ALTER TABLE queue ADD COLUMN deleted_at {time} NULL;
ALTER TABLE queue_entry ADD COLUMN plan {json} NOT NULL DEFAULT '{}';
CREATE INDEX ix_call_from ON call (company_id, from_address, id);
CREATE INDEX ix_queue_entry_entered ON queue_entry (company_id, queue_id, entered_at);
"#
);
