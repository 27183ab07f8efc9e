//! Any document, then any inputs: the document is one line of JSON, each further line an input.

#![no_main]

use ivr_engine::{CallFacts, Catalog, Flow, InputRecord, Session, step, validate};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut lines = data.split(|byte| *byte == b'\n');
    let Some(Ok(document)) = lines.next().map(serde_json::from_slice) else { return };
    let Ok(flow) = Flow::parse(&document) else {
        assert!(!validate(&document, &Catalog::unchecked()).is_empty());
        return;
    };
    let call = CallFacts { from: "+15550100".into(), to: "+15550199".into(), ..CallFacts::default() };
    let mut session = Session::new(call);
    let mut now = chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000);
    for line in lines {
        let input: InputRecord = serde_json::from_slice(line).unwrap_or(InputRecord::Silence);
        let next = step(&flow, session, input.into(), now);
        assert_eq!(next.next.waits(), !next.session.has_ended());
        session = next.session;
        now += chrono::TimeDelta::hours(7);
    }
});
