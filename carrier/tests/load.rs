//! Many calls at once in one process.

mod support;

use std::collections::HashSet;

use carrier::{CallStatus, NewCall, Script, Step};
use support::{OFFICE, Story};

#[tokio::test]
async fn a_thousand_callers_wait_and_leave_and_nothing_is_left_over() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Gather action='/menu' numDigits='1'><Say>Press one for sales</Say></Gather>");
    story.twiml("/menu", "<Enqueue action='/exit' waitUrl='/wait'>sales</Enqueue>");
    story.twiml("/wait", "<Pause length='20'/>");
    let began = std::time::Instant::now();
    let calls: Vec<_> = (0..1000)
        .map(|n| {
            let script = Script::new([Step::Press("1".into()), Step::Wait(30.0), Step::HangUp]);
            story.carrier.place_call(NewCall::new(&format!("+1555{n:07}"), OFFICE, script))
        })
        .collect();
    story.pass(15.0).await;
    assert_eq!(story.carrier.snapshot().queues, [("sales".to_owned(), 1000)]);
    story.pass(60.0).await;
    println!("1000 calls, {} requests: {:?}", story.all_hooks().len(), began.elapsed());
    let sids: HashSet<_> = calls.iter().map(|call| call.sid().to_owned()).collect();
    assert_eq!(sids.len(), 1000);
    for call in &calls {
        assert_eq!(call.status(), CallStatus::Completed, "{:#?}", call.transcript());
    }
    let exits = story.hooks("/exit");
    assert_eq!(exits.len(), 1000);
    assert!(exits.iter().all(|hook| hook.get("QueueResult") == "hangup" && hook.get("QueueTime") == "30"));
    assert_eq!(story.carrier.snapshot().queues, [("sales".to_owned(), 0)]);
    story.carrier.stop().await;
}
