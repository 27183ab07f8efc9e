//! Recording by policy, by a flow and by hand; what belongs to whom when a call is passed on; and what becomes of the files.

mod by_flow;
mod conversation;
mod kept;
mod passed_on;

use calldocker::authz::Whose;
use calldocker::calls::CallFile;
use calldocker::calls::recording::desk::{self, Action, Reader};
use calldocker::calls::recording::policy::Policy;
use calldocker::calls::recording::settings::{self, Listening, Settings};
use calldocker::error::Error;
use calldocker::store::Unit;
use carrier::{CallHandle, Step};
use entity::id::CallId;
use entity::recording_policy::CountryLaw;
use entity::{CountryRule, RecordingRule, RecordingState, SegmentState, recording as rows};

use crate::support::centre::{Centre, Ground, Plan};

/// Says `rule`, and nothing else.
fn says(rule: RecordingRule) -> Settings {
    Settings {
        policy: Policy { rule, ..Policy::default() },
        announcement: None,
        listening: Listening::Supervisors,
        keep_recordings_days: None,
        keep_voicemails_days: None,
        queues: Default::default(),
    }
}

/// The company says this of all its calls.
pub(super) async fn say(centre: &Centre, rule: RecordingRule) {
    settings::put(&centre.app, centre.scope, centre.user, says(rule)).await.unwrap();
}

fn in_america(rule: CountryRule) -> Settings {
    let countries = vec![CountryLaw { country: "US".to_owned(), rule }];
    let always = says(RecordingRule::Always);
    Settings { policy: Policy { countries, ..always.policy }, ..always }
}

async fn centre_that_says(ground: Ground, settings: Settings) -> Centre {
    centre_of(ground, Plan::default(), settings).await
}

async fn centre_of(ground: Ground, plan: Plan, settings: Settings) -> Centre {
    let centre = Centre::open(ground, plan).await;
    settings::put(&centre.app, centre.scope, centre.user, settings).await.unwrap();
    centre
}

/// A caller whom the first agent takes; he hangs up after so many seconds.
async fn a_talk(centre: &Centre, seconds: f64) -> CallHandle {
    let caller = centre.ring([Step::AfterConnected(seconds), Step::HangUp]);
    centre.pass(5).await;
    centre.accept(0).await;
    centre.pass_until_segment_is(SegmentState::Connected).await;
    caller
}

/// The only recording.
async fn only(centre: &Centre) -> rows::Model {
    let mut all = centre.recordings().await;
    assert_eq!(all.len(), 1, "there should be one recording: {all:?}\n{}", centre.all_stories().await);
    all.remove(0)
}

async fn pass_until_it_is(centre: &Centre, state: RecordingState) {
    let what = format!("the recording is {state:?}");
    centre
        .pass_until(&what, async || centre.recordings().await.last().is_some_and(|row| row.state == state))
        .await;
}

/// What a person does at his desk with the recording of a call.
async fn does(centre: &Centre, whose: Whose, call: CallId, action: Action) -> Result<rows::Model, Error> {
    let by = Reader { user: centre.user, whose };
    desk::control(&centre.app, centre.scope, by, call, action).await
}

/// Does something to a call, in one unit.
async fn within(centre: &Centre, call: CallId, act: impl AsyncFnOnce(&mut Unit, &CallFile)) {
    let mut unit = Unit::begin(&centre.app, centre.scope).await.unwrap();
    let file = CallFile::open(&unit, call).await.unwrap();
    act(&mut unit, &file).await;
    file.save(&mut unit).await.unwrap();
    unit.commit().await.unwrap();
}

/// It is here, whole, and nowhere else.
async fn assert_kept(centre: &Centre, row: &rows::Model) {
    let stories = centre.all_stories().await;
    assert_eq!(row.state, RecordingState::Stored, "{row:?}\n{stories}");
    let file = centre.app.storage.get(row.storage_key.as_deref().unwrap()).await.unwrap().expect("a file");
    assert_eq!(i64::try_from(file.len()).ok(), row.size_bytes);
    assert_eq!(row.sha256.as_deref(), Some(sha256(&file).as_str()));
    let client = centre.app.providers.client(centre.scope, centre.app.db.reader()).await.unwrap();
    let there = client.fetch_recording(row.provider_sid.as_deref().unwrap()).await;
    assert!(there.as_ref().is_err_and(twilio::rest::Error::is_gone), "{there:?}\n{stories}");
    assert!(row.provider_deleted_at.is_some());
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(Sha256::digest(bytes))
}

/// The lines about recordings, in order.
async fn lines(centre: &Centre) -> Vec<String> {
    let story = centre.story(centre.call().await.id).await;
    story.into_iter().filter(|kind| kind.starts_with("recording.")).collect()
}
