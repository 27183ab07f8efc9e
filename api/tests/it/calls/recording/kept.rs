//! From the provider to our storage: what fails on the way, and a server that is killed.

use calldocker::store::recordings;
use carrier::{Faults, RestEffect, RestFault};
use entity::{RecordingRule, RecordingState, recording};

use super::{centre_of, only, says};
use crate::support::centre::{Centre, Ground, Life, Plan, whole_calls};

async fn centre_that_records(ground: Ground, life: Life) -> Centre {
    centre_of(ground, Plan { life, ..Plan::default() }, says(RecordingRule::Always)).await
}

async fn a_talk(centre: &Centre) {
    super::a_talk(centre, 10.0).await;
}

/// Every attempt to fetch the sound, or to delete it, fails so.
fn fails(method: &str, path: &str, does: RestEffect, times: Option<u32>) -> Faults {
    Faults { rest: vec![RestFault { times, ..RestFault::once(method, path, does) }], ..Faults::default() }
}

async fn is_at_the_provider(centre: &Centre, row: &recording::Model) -> bool {
    let client = centre.app.providers.client(centre.scope, centre.app.db.reader()).await.unwrap();
    client.fetch_recording(row.provider_sid.as_deref().unwrap()).await.is_ok()
}

async fn file(centre: &Centre, row: &recording::Model) -> bytes::Bytes {
    centre.app.storage.get(row.storage_key.as_deref().unwrap()).await.unwrap().expect("the file is there")
}

async fn assert_kept(centre: &Centre) -> recording::Model {
    let row = only(centre).await;
    assert_eq!(row.state, RecordingState::Stored, "{row:?}\n{}", centre.all_stories().await);
    assert_eq!(i64::try_from(file(centre, &row).await.len()).ok(), row.size_bytes);
    assert_eq!((row.tries, row.failure.as_deref()), (0, None));
    assert!(!is_at_the_provider(centre, &row).await, "it is deleted there");
    centre.assert_at_rest().await;
    row
}

whole_calls! {
    async fn a_download_that_fails_three_times_succeeds_the_fourth(ground) {
        let centre = centre_that_records(ground, Life::Immortal).await;
        centre.carrier.set_faults(fails("GET", ".wav", RestEffect::ServerError, Some(3)));
        a_talk(&centre).await;
        centre.pass(13).await;
        let failing = only(&centre).await;
        assert!(failing.state == RecordingState::Processing && failing.tries > 0, "{failing:?}");
        assert!(is_at_the_provider(&centre, &failing).await, "what is not here is not deleted there");
        centre.pass(200).await;
        assert_kept(&centre).await;
        centre.close().await;
    }

    async fn a_download_that_breaks_off_in_the_middle_leaves_no_half_file(ground) {
        let centre = centre_that_records(ground, Life::Immortal).await;
        centre.carrier.set_faults(fails("GET", ".wav", RestEffect::CutShort, Some(2)));
        a_talk(&centre).await;
        centre.pass(200).await;
        let row = assert_kept(&centre).await;
        let sound = file(&centre, &row).await;
        let promised = u32::from_le_bytes(sound[4..8].try_into().unwrap()) as usize + 8;
        assert_eq!(sound.len(), promised, "all of the sound is there");
        centre.close().await;
    }

    async fn a_provider_that_never_has_the_file_is_given_up_and_said_to_have_failed(ground) {
        let centre = centre_that_records(ground, Life::Immortal).await;
        centre.carrier.set_faults(fails("GET", ".wav", RestEffect::ServerError, None));
        a_talk(&centre).await;
        centre.pass(15).await;
        // As if it had gone on so for most of a day.
        let row = recording::Model { tries: 27, ..only(&centre).await };
        let tx = centre.app.db.begin().await.unwrap();
        recordings::save(centre.scope, &tx, row).await.unwrap();
        tx.commit().await.unwrap();
        centre.pass(200).await;
        let row = only(&centre).await;
        assert_eq!(row.state, RecordingState::Failed, "{row:?}");
        assert!(row.failure.is_some());
        assert!(is_at_the_provider(&centre, &row).await, "a person may still have it from there");
        let story = centre.story(centre.call().await.id).await;
        assert!(story.iter().any(|kind| kind == "recording.failed"), "{story:?}");
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_recording_that_somebody_deleted_at_the_provider_has_failed(ground) {
        let centre = centre_that_records(ground, Life::Immortal).await;
        centre.carrier.set_faults(fails("GET", ".wav", RestEffect::ServerError, None));
        a_talk(&centre).await;
        centre.pass(15).await;
        let row = only(&centre).await;
        let client = centre.app.providers.client(centre.scope, centre.app.db.reader()).await.unwrap();
        client.delete_recording(row.provider_sid.as_deref().unwrap()).await.unwrap();
        centre.heal();
        centre.pass(200).await;
        assert_eq!(only(&centre).await.state, RecordingState::Failed);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_server_that_is_killed_between_storing_and_deleting_there_does_the_rest_later(ground) {
        let mut centre = centre_that_records(ground, Life::Mortal).await;
        centre.carrier.set_faults(fails("DELETE", "/Recordings/", RestEffect::ServerError, None));
        a_talk(&centre).await;
        centre
            .pass_until("the file is here", async || only_if_stored(&centre).await)
            .await;
        let before = only(&centre).await;
        assert!(before.provider_deleted_at.is_none() && is_at_the_provider(&centre, &before).await);
        let sound = file(&centre, &before).await;
        centre.kill_and_restart().await;
        centre.heal();
        centre.pass(300).await;
        let row = assert_kept(&centre).await;
        assert_eq!(file(&centre, &row).await, sound);
        assert_eq!(row.stored_at, before.stored_at, "it was not fetched again");
        centre.close().await;
    }

    async fn a_server_that_is_killed_while_it_cannot_fetch_leaves_it_to_the_next(ground) {
        let mut centre = centre_that_records(ground, Life::Mortal).await;
        centre.carrier.set_faults(fails("GET", ".wav", RestEffect::CutShort, None));
        a_talk(&centre).await;
        centre.pass(15).await;
        centre.kill_and_restart().await;
        centre.heal();
        centre.pass(300).await;
        assert_kept(&centre).await;
        centre.close().await;
    }

    async fn a_server_that_is_killed_during_the_conversation_keeps_it_all_the_same(ground) {
        let mut centre = centre_that_records(ground, Life::Mortal).await;
        a_talk(&centre).await;
        centre.pass(2).await;
        centre.kill_and_restart().await;
        centre.pass(300).await;
        assert_kept(&centre).await;
        centre.close().await;
    }
}

async fn only_if_stored(centre: &Centre) -> bool {
    centre.recordings().await.first().is_some_and(|row| row.state == RecordingState::Stored)
}
