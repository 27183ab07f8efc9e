//! Offers: made, let ring, declined, accepted by one, and everybody else told.

use calldocker::error::Error;
use carrier::Step;
use entity::{Activity, Availability, CallStatus, OfferState, Reach, SegmentState, Strategy};
use futures_util::future::join_all;

use crate::support::centre::{Centre, Plan, conflict, whole_calls};

fn ends_well() -> [Step; 2] {
    [Step::AfterConnected(10.0), Step::HangUp]
}

whole_calls! {
    async fn an_offer_that_nobody_takes_goes_to_the_next_agent_and_the_caller_keeps_his_place(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.ring(ends_well());
        centre.pass(5).await;
        let offer = centre.offer(0).await;
        assert!(centre.open_offers(1).await.is_empty(), "one is asked at a time");
        let entry = centre.entries().await.remove(0);

        centre.pass(20).await;
        assert_eq!(centre.agent(0).await.activity, Activity::NotResponding, "{}", centre.all_stories().await);
        assert!(centre.open_offers(0).await.is_empty());
        let again = centre.entries().await;
        assert_eq!((again.len(), again[0].waiting_since), (1, entry.waiting_since));
        assert_eq!(conflict(centre.try_to_accept(0, offer).await), "OFFER_EXPIRED");

        centre.accept(1).await;
        centre.pass(60).await;
        assert_eq!(centre.segments().await[0].agent_id, centre.agents[1]);
        centre.assert_at_rest().await;

        // He is asked again when he says that he is back.
        centre.set(1, Availability::Away).await;
        let second = centre.ring(ends_well());
        centre.pass(30).await;
        assert!(centre.open_offers(0).await.is_empty(), "{}", centre.all_stories().await);
        centre.set(0, Availability::Available).await;
        centre.pass(1).await;
        assert_eq!(centre.accept(0).await, centre.call_of(&second).await.id);
        centre.pass(120).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn who_declines_is_not_asked_again_for_a_while_and_then_he_is(ground) {
        let centre = Centre::open(ground, Plan { agents: vec![Reach::Client], ..Plan::default() }).await;
        centre.ring(ends_well());
        centre.pass(5).await;
        centre.decline(0).await.unwrap();
        assert_eq!(centre.agent(0).await.activity, Activity::Idle, "declining is nobody's fault");
        assert_eq!(centre.call().await.status, CallStatus::Queued);
        centre.pass(58).await;
        assert!(centre.open_offers(0).await.is_empty(), "{}", centre.all_stories().await);
        centre.pass(4).await;
        centre.accept(0).await;
        centre.pass(120).await;
        let states: Vec<_> = centre.offers().await.iter().map(|offer| offer.state).collect();
        assert_eq!(states, [OfferState::Declined, OfferState::Accepted]);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_caller_waits_until_somebody_becomes_available(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.set(0, Availability::Away).await;
        centre.set(1, Availability::Break).await;
        centre.ring(ends_well());
        centre.pass(90).await;
        assert!(centre.offers().await.is_empty());
        assert_eq!(centre.call().await.status, CallStatus::Queued);
        centre.set(1, Availability::Available).await;
        centre.pass(1).await;
        centre.accept(1).await;
        centre.pass(120).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn who_accepts_second_is_told_the_winner_s_name(ground) {
        let centre = Centre::open(ground, Plan { strategy: Strategy::RingAll, ..Plan::default() }).await;
        centre.ring(ends_well());
        centre.pass(2).await;
        let (mine, his) = (centre.offer(0).await, centre.offer(1).await);
        centre.try_to_accept(1, his).await.unwrap();
        let Error::Conflict { code, message } = centre.try_to_accept(0, mine).await.unwrap_err() else {
            panic!("a conflict")
        };
        assert_eq!(code.as_str(), "OFFER_ALREADY_TAKEN");
        assert!(message.contains("Agent 1"), "{message}");
        assert_eq!(conflict(centre.try_to_accept(1, his).await), "OFFER_ALREADY_ACCEPTED");
        assert_eq!(centre.agent(0).await.activity, Activity::Idle);
        centre.pass(120).await;
        assert_eq!(centre.agent(0).await.activity, Activity::Idle, "who lost the race is not blamed");
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn of_eight_who_accept_at_once_exactly_one_gets_the_call(ground) {
        let plan = Plan { strategy: Strategy::RingAll, agents: vec![Reach::Client; 8], ..Plan::default() };
        let centre = Centre::open(ground, plan).await;
        centre.ring(ends_well());
        centre.pass(2).await;
        let mut offers = Vec::new();
        for agent in 0..8 {
            offers.push(centre.offer(agent).await);
        }
        let results =
            join_all(offers.iter().enumerate().map(|(agent, offer)| centre.try_to_accept(agent, *offer))).await;
        let winners: Vec<_> = (0..8).filter(|agent| results[*agent].is_ok()).collect();
        assert_eq!(winners.len(), 1, "{results:?}");
        let name = format!("Agent {}", winners[0]);
        for error in results.into_iter().filter_map(Result::err) {
            let Error::Conflict { code, message } = error else { panic!("a conflict: {error:?}") };
            assert_eq!(code.as_str(), "OFFER_ALREADY_TAKEN");
            assert!(message.contains(&name), "{message}");
        }
        for agent in 0..8 {
            let expected = if agent == winners[0] { Activity::OnCall } else { Activity::Idle };
            let status = centre.agent(agent).await;
            assert_eq!((status.activity, status.held), (expected, usize::from(agent == winners[0])));
        }
        assert_eq!(centre.segments().await.len(), 1);
        centre.pass(120).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn an_offer_of_a_caller_who_has_left_cannot_be_accepted(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.ring([]);
        centre.pass(2).await;
        let offer = centre.offer(0).await;
        caller.hang_up();
        centre.pass(1).await;
        assert_eq!(conflict(centre.try_to_accept(0, offer).await), "CALLER_LEFT");
        assert_eq!(centre.agent(0).await.activity, Activity::Idle);
        centre.pass(60).await;
        assert_eq!(centre.agent(0).await.activity, Activity::Idle, "the offer's timer blames nobody");
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn another_agent_s_offer_does_not_exist(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.ring([]);
        centre.pass(2).await;
        let offer = centre.offer(0).await;
        assert!(matches!(centre.try_to_accept(1, offer).await, Err(Error::NotFound(_))));
        assert_eq!(centre.offer(0).await, offer, "it is still open for whose it is");
        caller.hang_up();
        centre.pass(60).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn offers_and_accepts_hold_exactly_one_slot_from_the_first_ring_to_the_end_of_wrap_up(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.ring(ends_well());
        centre.pass(2).await;
        assert_eq!((centre.agent(0).await.activity, centre.agent(0).await.held), (Activity::Offered, 1));
        centre.accept(0).await;
        assert_eq!((centre.agent(0).await.activity, centre.agent(0).await.held), (Activity::OnCall, 1));
        centre.pass_until_segment_is(SegmentState::WrapUp).await;
        assert_eq!((centre.agent(0).await.activity, centre.agent(0).await.held), (Activity::WrapUp, 1));
        centre.pass_until_segment_is(SegmentState::Done).await;
        assert_eq!((centre.agent(0).await.activity, centre.agent(0).await.held), (Activity::Idle, 0));
        centre.pass(60).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }
}
