//! What a queue does with who waits too long: overflow steps and the longest wait, whatever happens meanwhile.

use std::time::Duration;

use calldocker::flows;
use calldocker::queues::{RulesWish, Settings, StepAction, StepWish};
use carrier::{Endpoint, Script, Step};
use entity::id::FlowId;
use entity::{Availability, CallOutcome, CallStatus, EntryOutcome, Reach};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::queue_rules::{ends_well, night_hours, plan, plan_of, rules, step, steps};
use crate::support::centre::{Centre, Life, Plan, heard, whole_calls};

impl Centre {
    pub(super) async fn new_flow(&self, name: &str, nodes: Value) -> FlowId {
        let document =
            json!({"version": 1, "name": name, "start": "start", "language": "en-US", "nodes": nodes});
        let made = flows::create(&self.app, self.scope, name.to_owned(), document).await.unwrap();
        flows::publish(&self.app, self.scope, made.flow.id, self.user, None).await.unwrap();
        made.flow.id
    }
}

whole_calls! {
    async fn who_overflows_into_another_queue_waits_there_as_old_as_he_is(ground) {
        let centre = Centre::open(ground, Plan { agents: vec![Reach::Client; 3], ..plan() }).await;
        centre.all_go(Availability::Away).await;
        let second = centre.new_queue("second line", &centre.agents[2..]).await;
        let to_second = StepWish { queue: Some(second), ..step(30, StepAction::Queue) };
        centre.set_rules(centre.support().await, steps([to_second])).await;
        let caller = centre.ring(ends_well());
        centre.pass(28).await;
        assert_eq!(centre.entries().await.len(), 1);
        centre.pass(10).await;
        let entries = centre.entries().await;
        assert_eq!(entries.len(), 2, "{}", centre.all_stories().await);
        assert_eq!(entries[0].outcome, Some(EntryOutcome::Overflow));
        assert_eq!((entries[1].queue_id, entries[1].outcome), (second, None));
        assert_eq!(entries[1].waiting_since, entries[0].waiting_since);
        let after = (entries[1].entered_at - entries[0].entered_at).num_milliseconds();
        assert!((30_000..31_000).contains(&after), "after {after} ms");
        centre.pass(60).await;
        assert!(!caller.status().is_terminal(), "he goes on waiting: {}", centre.all_stories().await);
        centre.set(2, Availability::Available).await;
        centre.pass(1).await;
        centre.accept(2).await;
        centre.pass(60).await;
        let call = centre.call().await;
        assert_eq!((call.outcome, call.queue_id), (Some(CallOutcome::Answered), Some(second)));
        centre.finish().await;
    }

    async fn who_was_moved_to_another_queue_can_hang_up_there_and_wait_too_long_there(ground) {
        let centre = Centre::open(ground, plan_of(json!({"maxWaitSeconds": 60}))).await;
        centre.all_go(Availability::Away).await;
        let second = centre.new_queue("second line", &centre.agents).await;
        let to_second = StepWish { queue: Some(second), ..step(10, StepAction::Queue) };
        centre.set_rules(centre.support().await, steps([to_second])).await;
        let impatient = centre.ring_as(0, []);
        let patient = centre.ring_as(1, []);
        centre.pass(30).await;
        impatient.hang_up();
        centre.pass(10).await;
        assert_eq!(centre.call_of(&impatient).await.outcome, Some(CallOutcome::Abandoned));
        centre.pass(40).await;
        assert!(heard(&patient, "nobody was free"), "the flow's limit holds anywhere: {}", centre.all_stories().await);
        let outcomes: Vec<_> = centre.entries().await.into_iter().map(|entry| entry.outcome.unwrap()).collect();
        let count = |outcome| outcomes.iter().filter(|other| **other == outcome).count();
        assert_eq!((count(EntryOutcome::Overflow), count(EntryOutcome::Abandoned)), (3, 1), "{outcomes:?}");
        centre.finish().await;
    }

    async fn two_queues_that_overflow_into_each_other_do_not_pass_a_caller_to_and_fro(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.all_go(Availability::Away).await;
        let (first, second) = (centre.support().await, centre.new_queue("second line", &centre.agents).await);
        let to = |queue| steps([StepWish { queue: Some(queue), ..step(5, StepAction::Queue) }]);
        centre.set_rules(first, to(second)).await;
        centre.set_rules(second, to(first)).await;
        let caller = centre.ring([]);
        centre.pass(40).await;
        assert_eq!(centre.entries().await.len(), 2, "{}", centre.all_stories().await);
        assert_eq!(centre.lines("queue.refused").await[0].data["reason"], "came_from_there");
        caller.hang_up();
        centre.finish().await;
    }

    async fn a_queue_that_is_closed_takes_nobody_from_another_either(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.all_go(Availability::Away).await;
        let second = centre.new_queue("second line", &centre.agents).await;
        centre.set_rules(second, RulesWish { hours: Some(night_hours()), ..rules() }).await;
        let to_second = StepWish { queue: Some(second), ..step(5, StepAction::Queue) };
        let late = step(20, StepAction::Voicemail);
        centre.set_rules(centre.support().await, steps([to_second, late])).await;
        let caller = centre.ring([Step::UntilSaid("leave a message".into()), Step::HangUp]);
        centre.pass(15).await;
        assert_eq!(centre.entries().await.len(), 1, "he waits where he waited");
        centre.pass(30).await;
        assert!(heard(&caller, "leave a message"), "the next step comes all the same: {}", centre.all_stories().await);
        centre.finish().await;
    }

    async fn who_asks_for_too_much_asks_for_less_after_a_while(ground) {
        let skills = json!({"skills": [{"skill": "french", "level": 5}]});
        let centre = Centre::open(ground, Plan { agents: vec![Reach::Client], ..plan_of(skills) }).await;
        let french = calldocker::skills::create(&centre.app, centre.scope, "french".into()).await.unwrap().id;
        centre.teach(0, french, 2).await;
        let lower = |after, levels| StepWish { levels: Some(levels), ..step(after, StepAction::RelaxSkills) };
        centre.set_rules(centre.support().await, steps([lower(20, 2), lower(40, 1)])).await;
        centre.ring(ends_well());
        centre.pass(38).await;
        assert!(centre.open_offers(0).await.is_empty(), "{}", centre.all_stories().await);
        centre.pass(3).await;
        centre.accept(0).await;
        centre.pass(60).await;
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Answered), "{}", centre.all_stories().await);
        centre.finish().await;
    }

    async fn after_a_while_everybody_is_rung(ground) {
        let centre = Centre::open(ground, Plan { agents: vec![Reach::Client; 3], ring_seconds: 30, ..plan() }).await;
        centre.set_rules(centre.support().await, steps([step(10, StepAction::RingAll)])).await;
        centre.ring(ends_well());
        centre.pass(20).await;
        assert_eq!(centre.offers().await.len(), 1, "who is being rung is not disturbed");
        centre.pass(15).await;
        centre.offer(1).await;
        centre.accept(2).await;
        assert!(centre.open_offers(1).await.is_empty());
        assert_eq!(centre.lines("queue.step").await[0].data["action"], "ring_all");
        centre.finish().await;
    }

    async fn who_overflows_into_a_flow_goes_on_there_in_the_same_call(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.all_go(Availability::Away).await;
        let sorry = centre.new_flow("Sorry", json!({
            "start": {"type": "menu", "prompt": "Press one for the other team.", "choices": [{"digits": "1"}],
                      "next": {"1": "again", "timeout": "bye", "noMatch": "bye"}},
            "again": {"type": "enqueue", "queue": "support"},
            "bye": {"type": "hangup"},
        })).await;
        let to_flow = StepWish { flow: Some(sorry), ..step(30, StepAction::Flow) };
        centre.set_rules(centre.support().await, steps([to_flow])).await;
        centre.ring([Step::Press("1".into()), Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(45).await;
        centre.set(0, Availability::Available).await;
        centre.pass(3).await;
        centre.accept(0).await;
        centre.pass(60).await;
        let outcomes: Vec<_> = centre.entries().await.into_iter().map(|entry| entry.outcome).collect();
        assert_eq!(outcomes, [Some(EntryOutcome::Overflow), Some(EntryOutcome::Answered)], "{}", centre.all_stories().await);
        assert_eq!(centre.lines("flow.started").await.len(), 2);
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Answered));
        centre.finish().await;
    }

    async fn who_overflows_into_the_mailbox_leaves_a_message_there(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.all_go(Availability::Away).await;
        let mailbox = StepWish { mailbox: Some("support".into()), ..step(20, StepAction::Voicemail) };
        centre.set_rules(centre.support().await, steps([mailbox])).await;
        centre.ring([
            Step::UntilSaid("leave a message".into()),
            // What is said before the tone is in no message.
            Step::Wait(8.0),
            Step::SpeakNow("Please call me back about the two pianos".into()),
            Step::Wait(5.0),
            Step::HangUp,
        ]);
        centre.pass(150).await;
        let stories = centre.all_stories().await;
        assert_eq!(centre.entries().await[0].outcome, Some(EntryOutcome::Voicemail), "{stories}");
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Voicemail), "{stories}");
        let recordings = centre.recordings().await;
        assert_eq!(recordings.len(), 1, "{stories}");
        assert_eq!(recordings[0].mailbox.as_deref(), Some("support"));
        centre.finish().await;
    }

    async fn music_does_not_keep_a_caller_from_what_his_queue_s_rules_say(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.all_go(Availability::Away).await;
        let queue = centre.support().await;
        let music = Settings { hold_music_url: Some(an_hour_of_silence().await), ..Settings::default() };
        centre.change_queue(queue, music).await;
        centre.set_rules(queue, RulesWish { max_wait_seconds: Some(50), ..steps([step(20, StepAction::RingAll)]) }).await;
        let caller = centre.ring([]);
        centre.pass(48).await;
        assert_eq!(centre.call().await.status, CallStatus::Queued);
        centre.pass(15).await;
        assert!(heard(&caller, "nobody was free"), "{}", centre.all_stories().await);
        assert!(caller.status().is_terminal());
        centre.finish().await;
    }

    async fn a_rule_waits_for_who_is_just_getting_the_caller(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.phone(0, Endpoint::answers(12.0, Script::silent()));
        centre.set_rules(centre.support().await, steps([step(20, StepAction::Voicemail)])).await;
        centre.ring(ends_well());
        centre.pass(18).await;
        centre.accept(0).await;
        centre.pass(60).await;
        assert_eq!(centre.entries().await[0].outcome, Some(EntryOutcome::Answered), "{}", centre.all_stories().await);
        centre.finish().await;
    }

    async fn a_rule_that_came_due_while_an_agent_s_device_failed_is_done_after_all(ground) {
        let centre = Centre::open(ground, Plan { agents: vec![Reach::Client], ..plan() }).await;
        centre.phone(0, Endpoint::only(carrier::Answer::Never));
        centre.set_rules(centre.support().await, steps([step(20, StepAction::Voicemail)])).await;
        let caller = centre.ring([Step::UntilSaid("leave a message".into()), Step::HangUp]);
        centre.pass(15).await;
        centre.accept(0).await;
        centre.pass(60).await;
        assert!(heard(&caller, "leave a message"), "{}", centre.all_stories().await);
        centre.finish().await;
    }

    async fn a_server_that_was_killed_leaves_the_rules_to_the_next_one(ground) {
        let mut centre = Centre::open(ground, Plan { life: Life::Mortal, ..plan() }).await;
        centre.all_go(Availability::Away).await;
        centre.set_rules(centre.support().await, steps([step(40, StepAction::Voicemail)])).await;
        let caller = centre.ring([Step::UntilSaid("leave a message".into()), Step::HangUp]);
        centre.pass(10).await;
        centre.kill_and_restart().await;
        centre.pass(60).await;
        assert!(heard(&caller, "leave a message"), "{}", centre.all_stories().await);
        centre.finish().await;
    }
}

/// The address of a sound file on loopback that lasts for an hour, as its head says.
async fn an_hour_of_silence() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/music.wav", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut asked = [0; 1024];
            let _ = socket.read(&mut asked).await;
            let sound = silent_wav(Duration::from_secs(3600));
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                sound.len()
            );
            let _ = socket.write_all(head.as_bytes()).await;
            let _ = socket.write_all(&sound).await;
        }
    });
    url
}

/// One byte a second would be a strange sound, but it is a valid one.
fn silent_wav(length: Duration) -> Vec<u8> {
    const BYTES_A_SECOND: u32 = 1;
    let data = u32::try_from(length.as_secs()).unwrap() * BYTES_A_SECOND;
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + data).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend(1_u16.to_le_bytes());
    wav.extend(1_u16.to_le_bytes());
    wav.extend(BYTES_A_SECOND.to_le_bytes());
    wav.extend(BYTES_A_SECOND.to_le_bytes());
    wav.extend(1_u16.to_le_bytes());
    wav.extend(8_u16.to_le_bytes());
    wav.extend(b"data");
    wav.extend(data.to_le_bytes());
    wav.resize(44 + data as usize, 128);
    wav
}
