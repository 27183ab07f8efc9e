//! What is looked up at every step of a call, and was found by reading all that the company ever had.

crate::sql::script!(
    r#"
CREATE INDEX ix_offer_call ON offer (company_id, call_id);
CREATE INDEX ix_segment_call ON segment (company_id, call_id);
CREATE INDEX ix_segment_entry ON segment (company_id, queue_entry_id);
CREATE INDEX ix_segment_queue ON segment (company_id, queue_id, id);
"#
);
