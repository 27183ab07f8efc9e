//! Offers and answers of surveys by the moment, for the calls behind figures.

crate::sql::script!(
    r#"
CREATE INDEX ix_offer_offered ON offer (company_id, offered_at);
CREATE INDEX ix_survey_answer_answered ON survey_answer (company_id, answered_at);
"#
);
