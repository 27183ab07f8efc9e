//! The sweeper mends what lost callbacks and lost timers leave, and touches nothing else.

use calldocker::calls::sweep::Mend;
use carrier::{CallbackEffect, CallbackFault, CallbackKind, Endpoint, Faults, Script, Step};
use entity::{
    Activity, Availability, CallOutcome, CallStatus, JobKind, LegKind, LegState, Reach, SegmentState,
    SlotHolder, agent_slot, job, leg,
};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
use twilio::rest::CreateCall;
use twilio::twiml::{Pause, VoiceResponse};
use twilio::webhook::CallStatus as ProviderStatus;

use crate::support::centre::{CALLER, Centre, Plan, whole_calls};

fn one_agent() -> Plan {
    Plan { agents: vec![Reach::Client], ..Plan::default() }
}

fn every_callback_is_lost() -> Faults {
    let lost = CallbackFault { of: None, ..CallbackFault::of(CallbackKind::Call, CallbackEffect::Lost) };
    Faults { seed: 11, callbacks: vec![lost], ..Faults::default() }
}

/// Jobs of this kind are lost.
async fn lose(centre: &Centre, kind: JobKind) {
    let tx = centre.app.db.begin().await.unwrap();
    let jobs = centre.scope.delete_many::<job::Entity>().filter(job::Column::Kind.eq(kind));
    jobs.exec(&tx).await.unwrap();
    tx.commit().await.unwrap();
}

async fn sweeps(centre: &Centre) -> u64 {
    let jobs = centre.scope.find::<job::Entity>().filter(job::Column::Kind.eq(JobKind::Sweep));
    jobs.count(centre.app.db.reader()).await.unwrap()
}

fn mended(centre: &Centre, mend: Mend) -> u64 {
    centre.app.mends.count(mend)
}

fn mended_in_all(centre: &Centre) -> u64 {
    Mend::ALL.iter().map(|mend| mended(centre, *mend)).sum()
}

/// A call of the account that runs for an hour; its SID.
async fn somebody_s_call(centre: &Centre) -> String {
    let client = centre.app.providers.client(centre.scope, centre.app.db.reader()).await.unwrap();
    let document = VoiceResponse::new().pause(Pause::seconds(3600));
    client.create_call(&CreateCall::twiml(CALLER, "client:somebody", &document)).await.unwrap().sid
}

fn lives(centre: &Centre, sid: &str) -> bool {
    let calls = centre.carrier.snapshot().calls;
    calls.iter().any(|call| call.sid == sid && !call.status.is_terminal())
}

whole_calls! {
    async fn an_end_that_nobody_told_is_found_without_the_check_of_its_call(ground) {
        let centre = Centre::open(ground, one_agent()).await;
        let hangs_up = Script::new([Step::AfterConnected(5.0), Step::HangUp]);
        centre.phone(0, Endpoint::answers(1.0, hangs_up));
        centre.ring([]);
        centre.pass(2).await;
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        lose(&centre, JobKind::CheckCall).await;
        centre.carrier.set_faults(every_callback_is_lost());
        centre.pass(10).await;
        centre.heal();
        assert_eq!(centre.agent(0).await.activity, Activity::OnCall, "{}", centre.all_stories().await);
        centre.pass(180).await;
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Answered), "{}", centre.all_stories().await);
        assert!(mended(&centre, Mend::LegEnded) >= 1);
        centre.assert_at_rest().await;
        assert_eq!(sweeps(&centre).await, 0, "where nothing lives nothing is swept");
        centre.close().await;
    }

    async fn a_usual_day_leaves_it_nothing_to_mend_and_it_is_there_once(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        for caller in 0..4 {
            centre.ring_as(caller, [Step::AfterConnected(100.0), Step::HangUp]);
        }
        centre.pass(2).await;
        for agent in 0..2 {
            centre.accept(agent).await;
        }
        centre.pass(70).await;
        assert_eq!(sweeps(&centre).await, 1);
        for _ in 0..400 {
            centre.pass(1).await;
            for agent in 0..2 {
                for offer in centre.open_offers(agent).await {
                    centre.try_to_accept(agent, offer).await.unwrap();
                }
            }
        }
        assert_eq!(mended_in_all(&centre), 0, "{}", centre.all_stories().await);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_slot_that_nothing_holds_is_freed_after_a_while_and_the_agent_gets_calls_again(ground) {
        let centre = Centre::open(ground, one_agent()).await;
        let first = centre.ring_as(0, []);
        centre.pass(2).await;
        let offer = centre.offer(0).await;
        first.hang_up();
        centre.pass(2).await;
        let stuck = agent_slot::Model {
            company_id: centre.scope.company(),
            agent_id: centre.agents[0],
            slot: 1,
            holder: SlotHolder::Offer,
            offer_id: offer,
            call_id: centre.call_of(&first).await.id,
            held_since: centre.clock.now(),
        };
        let tx = centre.app.db.begin().await.unwrap();
        centre.scope.insert::<agent_slot::Entity, _>(&tx, stuck).await.unwrap();
        tx.commit().await.unwrap();
        centre.set(0, Availability::Busy).await;
        centre.set(0, Availability::Available).await;
        centre.ring_as(1, [Step::AfterConnected(5.0), Step::HangUp]);
        centre.pass(50).await;
        assert!(centre.open_offers(0).await.is_empty());
        assert_eq!(mended(&centre, Mend::SlotFreed), 0, "within the grace time nothing is touched");
        // Old enough it is in the second round, two minutes after the first caller came.
        centre.pass(40).await;
        centre.pass_until("the slot is free", async || mended(&centre, Mend::SlotFreed) == 1).await;
        centre.pass(1).await;
        centre.accept(0).await;
        centre.pass(180).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn timers_that_were_lost_are_made_up_for(ground) {
        let centre = Centre::open(ground, Plan { capacity: 2, ..one_agent() }).await;
        centre.ring_as(0, [Step::AfterConnected(5.0), Step::HangUp]);
        centre.pass(2).await;
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::WrapUp).await;
        let waits = centre.ring_as(1, []);
        centre.pass(2).await;
        centre.offer(0).await;
        lose(&centre, JobKind::EndWrapUp).await;
        lose(&centre, JobKind::ExpireOffer).await;
        centre.pass(60).await;
        assert_eq!(mended_in_all(&centre), 0);
        centre.pass(120).await;
        assert_eq!(mended(&centre, Mend::WrapUpEnded), 1, "{}", centre.all_stories().await);
        assert_eq!(mended(&centre, Mend::OfferExpired), 1);
        assert_eq!(centre.agent(0).await.activity, Activity::NotResponding, "he has let it ring, and stays so");
        waits.hang_up();
        centre.pass(60).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_leg_of_ours_that_nobody_needs_is_ended_and_a_stranger_s_call_is_left_alone(ground) {
        let centre = Centre::open(ground, one_agent()).await;
        let caller = centre.ring([Step::AfterConnected(400.0), Step::HangUp]);
        centre.pass(2).await;
        centre.decline(0).await.unwrap();
        let closed = centre.offers().await.remove(0);
        let (ours, stranger) = (somebody_s_call(&centre).await, somebody_s_call(&centre).await);
        let stray = leg::Model {
            id: centre.app.ids.next(),
            company_id: centre.scope.company(),
            call_id: closed.call_id,
            kind: LegKind::Agent,
            offer_id: Some(closed.id),
            agent_id: Some(centre.agents[0]),
            address: "client:somebody".into(),
            provider_sid: Some(ours.clone()),
            state: LegState::InProgress,
            last_sequence: None,
            dialled_at: Some(centre.clock.now()),
            joined_at: None,
            left_at: None,
            held: false,
            muted: false,
            ended_at: None,
            created_at: centre.clock.now(),
        };
        let lost = leg::Model {
            id: centre.app.ids.next(),
            provider_sid: None,
            state: LegState::Dialled,
            ..stray.clone()
        };
        let tx = centre.app.db.begin().await.unwrap();
        for leg in [&stray, &lost] {
            centre.scope.insert::<leg::Entity, _>(&tx, leg.clone()).await.unwrap();
        }
        tx.commit().await.unwrap();
        centre.pass(50).await;
        assert!(lives(&centre, &ours), "within the grace time nothing is touched");
        centre.pass(100).await;
        assert!(!lives(&centre, &ours), "{}", centre.all_stories().await);
        assert!(lives(&centre, &stranger));
        assert_eq!((mended(&centre, Mend::StrayEnded), mended(&centre, Mend::LegForgotten)), (1, 1));
        // He was offered again when the agent's peace was over, and the agent let it ring.
        assert_eq!(centre.call().await.status, CallStatus::Queued, "the caller waits on");
        caller.hang_up();
        centre.pass(180).await;
        assert!(lives(&centre, &stranger));
        let open = leg::Column::EndedAt.is_null();
        let open = centre.scope.find::<leg::Entity>().filter(open).count(centre.app.db.reader()).await.unwrap();
        assert_eq!(open, 0, "{}", centre.all_stories().await);
        let client = centre.app.providers.client(centre.scope, centre.app.db.reader()).await.unwrap();
        client.update_call(&stranger, &twilio::rest::UpdateCall::Complete).await.unwrap();
        centre.pass(1).await;
        centre.close().await;
    }

    async fn the_account_s_calls_are_listed_by_status_and_page_by_page(ground) {
        let centre = Centre::open(ground, one_agent()).await;
        let mut sids = Vec::new();
        for _ in 0..5 {
            sids.push(somebody_s_call(&centre).await);
        }
        centre.pass(10).await;
        let client = centre.app.providers.client(centre.scope, centre.app.db.reader()).await.unwrap();
        let list = async |status: ProviderStatus, limit| {
            let filter = twilio::rest::CallFilter::new().status(&status);
            let found = client.list_calls(&filter, limit).await.unwrap();
            found.into_iter().map(|call| call.sid).collect::<Vec<_>>()
        };
        let newest_first: Vec<_> = sids.iter().rev().cloned().collect();
        assert_eq!(list(ProviderStatus::InProgress, 100).await, newest_first);
        assert_eq!(list(ProviderStatus::InProgress, 2).await, newest_first[..2]);
        assert!(list(ProviderStatus::Ringing, 100).await.is_empty());
        for sid in &sids {
            client.update_call(sid, &twilio::rest::UpdateCall::Complete).await.unwrap();
        }
        centre.pass(5).await;
        assert!(list(ProviderStatus::InProgress, 100).await.is_empty());
        centre.close().await;
    }
}
