//! Many calls at once in one process; with threads, and with the machine's clock.

mod support;

use std::collections::HashSet;

use carrier::{CallStatus, NewCall, Script, Settings, Step};
use clock::Clock;
use support::{ACCOUNT, OFFICE, Story, TOKEN, said};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_machines_clock_a_call_takes_its_real_time() {
    let clock = Clock::machine();
    let story = Story::with(Settings::new(ACCOUNT, TOKEN, clock.clone()), clock).await;
    story.twiml("/voice", "<Gather action='/keys' numDigits='1'><Say>Press one please now</Say></Gather>");
    story.twiml("/keys", "<Say>Thank you</Say>");
    let began = std::time::Instant::now();
    let call = story.calls([Step::Wait(0.2), Step::Press("1".into())]);
    let ended = call.ended().await;
    assert_eq!(
        (ended.status, said(&call)),
        (CallStatus::Completed, vec!["Press one please now".into(), "Thank you".into()])
    );
    // 0.2 s until the key and 0.7 s for two words.
    assert!(began.elapsed() >= std::time::Duration::from_millis(880), "{:?}", began.elapsed());
    assert_eq!(story.hook("/keys").get("Digits"), "1");
    story.carrier.stop().await;
}
