//! Conversations that are recorded: when, how, and by whose will.

use calldocker::authz::Whose;
use calldocker::calls::control::Actor;
use calldocker::calls::outbound::Record;
use calldocker::calls::recording::desk::Action;
use calldocker::calls::recording::settings::{self, Settings};
use calldocker::calls::recording::{self, is_silent};
use calldocker::error::Error;
use calldocker::store::outbox;
use carrier::{CallbackEffect, CallbackFault, CallbackKind, Faults, RestEffect, RestFault, Step};
use entity::{
    CountryRule, PauseHolder, RecordingOrigin, RecordingRule, RecordingState, SegmentState, queue,
    recording as rows,
};
use twilio::webhook::RecordingState as AtProvider;

use super::{
    a_talk, assert_kept, centre_that_says, does, in_america, lines, only, pass_until_it_is, says, within,
};
use crate::calls::outbound::CUSTOMER;
use crate::support::centre::{Centre, Plan, conflict, heard, whole_calls};

/// What an agent does at his desk.
async fn agent_does(centre: &Centre, action: Action) -> Result<rows::Model, Error> {
    let (call, whose) = (centre.call().await.id, Whose::Agents(centre.agents[0]));
    does(centre, whose, call, action).await
}

/// Of what was refused.
fn wrong_field<T: std::fmt::Debug>(refused: Result<T, Error>) -> String {
    match refused {
        Err(Error::Invalid { fields, .. }) => fields[0].field.clone(),
        other => panic!("{other:?}"),
    }
}

/// Where the provider says that the recording stands.
async fn at_provider(centre: &Centre) -> AtProvider {
    let row = centre.recordings().await.pop().expect("there is a recording");
    let client = centre.app.providers.client(centre.scope, centre.app.db.reader()).await.unwrap();
    client.fetch_recording(row.provider_sid.as_deref().expect("it has begun")).await.unwrap().status
}

whole_calls! {
    async fn a_conversation_is_recorded_from_the_connection_to_its_end_on_two_channels(ground) {
        let centre = centre_that_says(ground, says(RecordingRule::Always)).await;
        a_talk(&centre, 20.0).await;
        centre.pass(130).await;
        let row = only(&centre).await;
        assert_kept(&centre, &row).await;
        assert_eq!((row.channels, row.origin, row.pauses), (Some(2), RecordingOrigin::Policy, 0));
        let seconds = row.duration_seconds.unwrap();
        assert!((19..=21).contains(&seconds), "{seconds} s\n{}", centre.all_stories().await);
        let told = ["recording.wanted", "recording.started", "recording.stopped", "recording.stored"];
        assert_eq!(lines(&centre).await, told);
        let news = outbox::after(centre.scope, centre.app.db.reader(), 0, 1000).await.unwrap();
        let news: Vec<_> = news.iter().filter(|row| row.event.starts_with("recording:")).collect();
        assert_eq!(
            news.iter().map(|row| row.event.as_str()).collect::<Vec<_>>(),
            ["recording:started", "recording:stopped", "recording:stored"]
        );
        assert_eq!(news[2].payload["callId"], serde_json::json!(row.call_id));
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_call_that_goes_out_is_recorded_and_who_is_called_is_told_first(ground) {
        let centre = centre_that_says(ground, in_america(CountryRule::Announce)).await;
        centre.dial(0, CUSTOMER).await.unwrap();
        centre.pass(4).await;
        assert!(centre.recordings().await.is_empty(), "nobody is there yet");
        centre.pass_until_segment_is(SegmentState::Connected).await;
        let customer = centre.phone_of(CUSTOMER);
        centre.pass(20).await;
        assert!(heard(&customer, "recorded"), "{}", centre.all_stories().await);
        customer.hang_up();
        centre.pass(180).await;
        assert_kept(&centre, &only(&centre).await).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn who_calls_out_has_it_recorded_where_nothing_forbids_that(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.dial_recorded(centre.acting(0), CUSTOMER, Record::Yes).await.unwrap();
        centre.pass_until_segment_is(SegmentState::Connected).await;
        centre.pass(20).await;
        centre.phone_of(CUSTOMER).hang_up();
        centre.pass(180).await;
        let row = only(&centre).await;
        assert_kept(&centre, &row).await;
        assert_eq!(row.origin, RecordingOrigin::Person);
        for rule in [in_america(CountryRule::Off), says(RecordingRule::Never)] {
            settings::put(&centre.app, centre.scope, centre.user, rule).await.unwrap();
            let refused = centre.dial_recorded(centre.acting(0), CUSTOMER, Record::Yes).await;
            assert_eq!(wrong_field(refused), "/record");
        }
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn what_is_always_recorded_only_a_supervisor_leaves_out(ground) {
        let centre = centre_that_says(ground, says(RecordingRule::Always)).await;
        assert_eq!(wrong_field(centre.dial_recorded(centre.acting(0), CUSTOMER, Record::No).await), "/record");
        let supervisor = Actor { whose: Whose::Everybodys, ..centre.acting(0) };
        centre.dial_recorded(supervisor, CUSTOMER, Record::No).await.unwrap();
        centre.pass_until_segment_is(SegmentState::Connected).await;
        centre.pass(20).await;
        assert!(centre.recordings().await.is_empty(), "{}", centre.all_stories().await);
        assert_eq!(lines(&centre).await, ["recording.forbidden"]);
        // By hand it may begin all the same.
        agent_does(&centre, Action::Start).await.unwrap();
        centre.pass(10).await;
        centre.phone_of(CUSTOMER).hang_up();
        centre.pass(180).await;
        assert_kept(&centre, &only(&centre).await).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_company_that_says_nothing_records_nothing(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        a_talk(&centre, 10.0).await;
        centre.pass(130).await;
        assert!(centre.recordings().await.is_empty());
        assert!(lines(&centre).await.is_empty());
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_queue_that_says_never_is_not_recorded_though_its_company_always_is(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let queue = centre.scope.find::<queue::Entity>().one(centre.app.db.reader()).await.unwrap().unwrap().id;
        let never = Settings { queues: [(queue, RecordingRule::Never)].into(), ..says(RecordingRule::Always) };
        settings::put(&centre.app, centre.scope, centre.user, never).await.unwrap();
        a_talk(&centre, 10.0).await;
        assert_eq!(conflict(agent_does(&centre, Action::Start).await), "RECORDING_NOT_ALLOWED");
        centre.pass(130).await;
        assert!(centre.recordings().await.is_empty());
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_caller_whose_country_forbids_it_is_not_recorded_by_anybody(ground) {
        let centre = centre_that_says(ground, in_america(CountryRule::Off)).await;
        a_talk(&centre, 10.0).await;
        assert_eq!(conflict(agent_does(&centre, Action::Start).await), "RECORDING_NOT_ALLOWED");
        centre.pass(130).await;
        assert!(centre.recordings().await.is_empty());
        assert_eq!(lines(&centre).await, ["recording.forbidden"]);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_caller_whose_country_wants_it_is_told_before_it_begins(ground) {
        let centre = centre_that_says(ground, in_america(CountryRule::Announce)).await;
        let caller = a_talk(&centre, 20.0).await;
        centre.pass(130).await;
        assert!(heard(&caller, "this call is being recorded"), "{}", centre.all_stories().await);
        let row = only(&centre).await;
        assert_kept(&centre, &row).await;
        assert!(row.announced_at.unwrap() <= row.started_at.unwrap());
        let told = ["recording.wanted", "recording.announced", "recording.started", "recording.stopped", "recording.stored"];
        assert_eq!(lines(&centre).await, told);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn what_could_not_be_announced_is_not_recorded(ground) {
        let centre = centre_that_says(ground, in_america(CountryRule::Announce)).await;
        let fails = RestFault { times: None, ..RestFault::once("POST", "/Conferences/", RestEffect::ServerError) };
        centre.carrier.set_faults(Faults { rest: vec![fails], ..Faults::default() });
        let caller = a_talk(&centre, 20.0).await;
        centre.pass(25).await;
        centre.heal();
        centre.pass(200).await;
        assert!(!heard(&caller, "recorded"));
        assert_eq!(only(&centre).await.state, RecordingState::Absent, "{}", centre.all_stories().await);
        assert_eq!(lines(&centre).await, ["recording.wanted", "recording.absent"]);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn an_agent_pauses_and_a_flow_s_own_pause_outlasts_his(ground) {
        let centre = centre_that_says(ground, says(RecordingRule::Always)).await;
        a_talk(&centre, 60.0).await;
        pass_until_it_is(&centre, RecordingState::InProgress).await;
        let call = centre.call().await.id;
        assert!(!is_silent(centre.scope, centre.app.db.reader(), call).await.unwrap());
        for _ in 0..2 {
            agent_does(&centre, Action::Pause).await.unwrap();
        }
        pass_until_it_is(&centre, RecordingState::Paused).await;
        assert_eq!(at_provider(&centre).await, AtProvider::Paused);
        assert!(is_silent(centre.scope, centre.app.db.reader(), call).await.unwrap());

        within(&centre, call, async |unit, file| {
            recording::pause(unit, file, PauseHolder::SecureDigits).await.unwrap().expect("it is recorded");
        })
        .await;
        agent_does(&centre, Action::Resume).await.unwrap();
        centre.pass(5).await;
        assert_eq!(at_provider(&centre).await, AtProvider::Paused, "the digits are not over");
        within(&centre, call, async |unit, file| {
            recording::resume(unit, file, PauseHolder::SecureDigits).await.unwrap().expect("it is recorded");
            recording::resume(unit, file, PauseHolder::SecureDigits).await.unwrap().expect("it is recorded");
        })
        .await;
        pass_until_it_is(&centre, RecordingState::InProgress).await;
        assert_eq!(at_provider(&centre).await, AtProvider::InProgress);

        centre.pass(200).await;
        let row = only(&centre).await;
        assert_kept(&centre, &row).await;
        assert_eq!(row.pauses, 1, "it went from audible to silent once");
        let seconds = row.duration_seconds.unwrap();
        assert!((59..=61).contains(&seconds), "silence keeps the length: {seconds} s");
        let story = lines(&centre).await;
        assert_eq!(story.iter().filter(|kind| *kind == "recording.paused").count(), 1, "{story:?}");
        assert_eq!(story.iter().filter(|kind| *kind == "recording.resumed").count(), 1, "{story:?}");
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn an_agent_starts_and_stops_and_starts_again(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        a_talk(&centre, 60.0).await;
        for nothing in [Action::Pause, Action::Resume, Action::Stop] {
            assert_eq!(conflict(agent_does(&centre, nothing).await), "NOT_RECORDING");
        }
        let (call, another) = (centre.call().await.id, Whose::Agents(centre.agents[1]));
        let not_his = does(&centre, another, call, Action::Start).await;
        assert!(matches!(not_his, Err(Error::NotFound(_))), "{not_his:?}");
        let first = agent_does(&centre, Action::Start).await.unwrap();
        centre.pass(5).await;
        assert_eq!(agent_does(&centre, Action::Start).await.unwrap().id, first.id, "it is already recorded");
        agent_does(&centre, Action::Stop).await.unwrap();
        centre.pass(10).await;
        let row = only(&centre).await;
        assert_kept(&centre, &row).await;
        assert!((4..=6).contains(&row.duration_seconds.unwrap()));
        let second = agent_does(&centre, Action::Start).await.unwrap();
        assert_ne!(second.id, first.id);
        centre.pass(200).await;
        for row in centre.recordings().await {
            assert_kept(&centre, &row).await;
            assert_eq!(row.origin, RecordingOrigin::Person);
        }
        assert_eq!(centre.recordings().await.len(), 2);
        let audited: Vec<_> = centre.audited().await.into_iter().map(|(action, _)| action).collect();
        assert_eq!(audited, ["recording:start", "recording:start", "recording:stop", "recording:start"]);
        assert!(matches!(agent_does(&centre, Action::Start).await, Err(Error::NotFound(_))), "it is his no more");
        let over = does(&centre, Whose::Everybodys, centre.call().await.id, Action::Start);
        assert_eq!(conflict(over.await), "CALL_IS_OVER");
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn who_hangs_up_at_once_leaves_nothing_open(ground) {
        let centre = centre_that_says(ground, says(RecordingRule::Always)).await;
        centre.ring([Step::AfterConnected(0.0), Step::HangUp]);
        centre.pass(5).await;
        centre.accept(0).await;
        centre.pass(200).await;
        // The end of his leg may be told before his coming into the room: then there was no conversation to record.
        let talked = centre.call().await.answered_at.is_some();
        let rows = centre.recordings().await;
        assert_eq!(rows.len(), usize::from(talked), "{rows:?}\n{}", centre.all_stories().await);
        for row in rows {
            let settled = [RecordingState::Absent, RecordingState::Stored];
            assert!(settled.contains(&row.state), "{row:?}\n{}", centre.all_stories().await);
        }
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn who_hangs_up_before_it_begins_leaves_nothing_open(ground) {
        let centre = centre_that_says(ground, says(RecordingRule::Always)).await;
        let busy = RestEffect::TooManyRequests { retry_after: 10 };
        let busy = RestFault { times: None, ..RestFault::once("POST", "/Recordings.json", busy) };
        centre.carrier.set_faults(Faults { rest: vec![busy], ..Faults::default() });
        a_talk(&centre, 3.0).await;
        centre.pass(200).await;
        assert_eq!(only(&centre).await.state, RecordingState::Absent, "{}", centre.all_stories().await);
        assert_eq!(lines(&centre).await, ["recording.wanted", "recording.absent"]);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_recording_whose_callback_is_lost_is_fetched_all_the_same(ground) {
        let centre = centre_that_says(ground, says(RecordingRule::Always)).await;
        let lost = CallbackFault::of(CallbackKind::Recording, CallbackEffect::Lost);
        centre.carrier.set_faults(Faults { callbacks: vec![lost], ..Faults::default() });
        a_talk(&centre, 10.0).await;
        centre.pass(200).await;
        assert_kept(&centre, &only(&centre).await).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn callbacks_that_come_twice_or_late_change_nothing(ground) {
        let centre = centre_that_says(ground, says(RecordingRule::Always)).await;
        let twice = CallbackFault::of(CallbackKind::Recording, CallbackEffect::Double);
        centre.carrier.set_faults(Faults { callbacks: vec![twice], ..Faults::default() });
        a_talk(&centre, 10.0).await;
        centre.pass(200).await;
        let row = only(&centre).await;
        assert_kept(&centre, &row).await;
        // The provider says it all again, long after.
        let url = centre.app.urls(centre.scope.company()).call_recording(row.call_id, row.id);
        let sid = row.provider_sid.clone().unwrap();
        for status in ["in-progress", "absent", "completed"] {
            let call = centre.call().await.provider_sid;
            let params = [
                ("CallSid", call.as_str()),
                ("RecordingSid", &sid),
                ("RecordingUrl", "https://example.com"),
                ("RecordingStatus", status),
                ("RecordingDuration", "99"),
            ];
            centre.hop(&url, &params).await;
        }
        centre.pass(100).await;
        let after = only(&centre).await;
        assert_eq!((after.state, after.duration_seconds), (RecordingState::Stored, row.duration_seconds));
        assert_eq!(lines(&centre).await.iter().filter(|kind| *kind == "recording.stored").count(), 1);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_callback_about_another_recording_is_not_believed(ground) {
        let centre = centre_that_says(ground, says(RecordingRule::Always)).await;
        a_talk(&centre, 30.0).await;
        pass_until_it_is(&centre, RecordingState::InProgress).await;
        let row = only(&centre).await;
        let url = centre.app.urls(centre.scope.company()).call_recording(row.call_id, row.id);
        let params = [("CallSid", "CA1"), ("RecordingSid", "RE1"), ("RecordingUrl", "x"), ("RecordingStatus", "absent")];
        centre.hop(&url, &params).await;
        assert_eq!(only(&centre).await.state, RecordingState::InProgress);
        centre.pass(200).await;
        assert_kept(&centre, &only(&centre).await).await;
        centre.close().await;
    }

    async fn an_answer_that_is_lost_does_not_make_a_second_recording(ground) {
        let centre = centre_that_says(ground, says(RecordingRule::Always)).await;
        let lost = RestFault::once("POST", "/Recordings.json", RestEffect::ReplyLost);
        centre.carrier.set_faults(Faults { rest: vec![lost], ..Faults::default() });
        let caller = a_talk(&centre, 30.0).await;
        pass_until_it_is(&centre, RecordingState::InProgress).await;
        let client = centre.app.providers.client(centre.scope, centre.app.db.reader()).await.unwrap();
        assert_eq!(client.list_recordings_of_call(caller.sid(), 10).await.unwrap().len(), 1);
        centre.pass(200).await;
        assert_kept(&centre, &only(&centre).await).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_provider_that_fails_to_begin_is_asked_again(ground) {
        let centre = centre_that_says(ground, says(RecordingRule::Always)).await;
        let fails = RestFault { times: Some(2), ..RestFault::once("POST", "/Recordings.json", RestEffect::ServerError) };
        centre.carrier.set_faults(Faults { rest: vec![fails], ..Faults::default() });
        a_talk(&centre, 60.0).await;
        centre.pass(200).await;
        let row = only(&centre).await;
        assert_kept(&centre, &row).await;
        assert!(row.duration_seconds.unwrap() > 50, "it began soon: {row:?}\n{}", centre.all_stories().await);
        centre.assert_at_rest().await;
        centre.close().await;
    }
}
