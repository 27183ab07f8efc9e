//! Files, in a folder and in a bucket: the same promises. The bucket is that of a real S3 server, which runs in this
//! process, checks signatures, and keeps its files in a temporary folder (docs/decisions/0021).

use bytes::Bytes;
use calldocker::app::App;
use calldocker::bus::Delivery;
use calldocker::calls::transcription;
use calldocker::media::upload;
use calldocker::storage::{Folder, Link, Storage, Upload};
use calldocker::store::recordings;
use entity::{MediaState, TranscriptState, recording};
use futures_util::{StreamExt, TryStreamExt};

use crate::support::live_calls::SOUND;
use crate::support::store::Store;
use crate::support::{Backend, TestApp, World};

/// Bytes that differ everywhere, so that a part in the wrong place is noticed.
fn long(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

async fn read(storage: &dyn Storage, key: &str, range: Option<std::ops::Range<u64>>) -> Option<Vec<u8>> {
    let pieces: Vec<Bytes> = storage.read(key, range).await.unwrap()?.try_collect().await.unwrap();
    Some(pieces.concat())
}

/// What every store promises.
async fn keeps_its_promises(storage: &dyn Storage) {
    storage.put("c/recordings/1.wav", Bytes::from_static(b"RIFF")).await.unwrap();
    assert_eq!(storage.get("c/recordings/1.wav").await.unwrap().unwrap(), "RIFF");
    storage.put("c/recordings/1.wav", Bytes::from_static(b"anew")).await.unwrap();
    assert_eq!(storage.get("c/recordings/1.wav").await.unwrap().unwrap(), "anew");
    assert!(storage.get("c/recordings/2.wav").await.unwrap().is_none());
    assert!(storage.get("../1.wav").await.is_err() && storage.delete("c/../../x").await.is_err());

    // More than two of the parts in which a bucket takes it, in odd pieces.
    let whole = long(17 << 20);
    let mut upload = Upload::begin(storage, "c/recordings/long.wav").await.unwrap();
    for piece in whole.chunks(1_000_003) {
        upload.write(Bytes::copy_from_slice(piece)).await.unwrap();
        assert!(storage.read("c/recordings/long.wav", None).await.unwrap().is_none(), "half a file is none");
    }
    let kept = upload.finish().await.unwrap();
    assert_eq!(kept.size, whole.len() as u64);
    assert_eq!(kept.sha256, sha256(&whole));
    assert!(read(storage, "c/recordings/long.wav", None).await.unwrap() == whole, "it comes back as it was");
    let part = read(storage, "c/recordings/long.wav", Some(8_388_600..8_388_700)).await.unwrap();
    assert_eq!(part, &whole[8_388_600..8_388_700]);
    assert_eq!(read(storage, "c/recordings/long.wav", Some(0..1)).await.unwrap(), &whole[..1]);

    let mut unwanted = Upload::begin(storage, "c/recordings/3.wav").await.unwrap();
    unwanted.write(Bytes::from(long(9 << 20))).await.unwrap();
    unwanted.discard().await;
    assert!(storage.read("c/recordings/3.wav", None).await.unwrap().is_none());

    for _ in 0..2 {
        storage.delete("c/recordings/long.wav").await.unwrap();
    }
    assert!(storage.read("c/recordings/long.wav", None).await.unwrap().is_none());
    assert_eq!(storage.get("c/recordings/1.wav").await.unwrap().unwrap(), "anew");
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(Sha256::digest(bytes))
}

#[tokio::test]
async fn a_folder_keeps_its_promises() {
    let folder = tempfile::tempdir().unwrap();
    keeps_its_promises(&Folder::new(folder.path().to_owned())).await;
}

#[tokio::test]
async fn a_bucket_keeps_its_promises() {
    let store = Store::open().await;
    keeps_its_promises(&store.client(&[])).await;
    store.close();
}

#[tokio::test]
async fn a_bucket_that_does_not_know_us_is_an_error_and_no_missing_file() {
    let store = Store::open().await;
    let stranger = store.client(&[("aws_secret_access_key", "another secret altogether")]);
    assert!(stranger.put("c/1.wav", Bytes::from_static(b"RIFF")).await.is_err());
    assert!(stranger.get("c/1.wav").await.is_err());
    store.close();
}

#[tokio::test]
async fn a_link_is_given_where_it_is_wanted_and_good_for_this_file_only() {
    let store = Store::open().await;
    let link = Link {
        valid_for: std::time::Duration::from_secs(300),
        content_type: "audio/x-wav",
        disposition: "inline",
    };
    assert!(store.client(&[]).link("c/1.wav", link).await.unwrap().is_none());
    let linked = store.client(&[("aws_s3_files", "linked")]);
    linked.put("c/1.wav", Bytes::from_static(SOUND)).await.unwrap();
    linked.put("c/2.wav", Bytes::from_static(SOUND)).await.unwrap();
    let url = linked.link("c/1.wav", link).await.unwrap().expect("a link");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let got = client.get(&url).header("range", "bytes=8-11").send().await.unwrap();
    assert_eq!((got.status().as_u16(), got.bytes().await.unwrap().as_ref()), (206, b"WAVE".as_slice()));
    let other = client.get(url.replace("1.wav", "2.wav")).send().await.unwrap();
    assert!(other.status().is_client_error(), "{}", other.status());
    store.close();
}

/// What a transcription hook gets of the voicemail.
async fn fetched_to_be_written_down(app: &TestApp, world: &World) -> Bytes {
    let (scope, id) = (world.ours.scope, world.ours.calls.voicemail);
    let row = recordings::get(scope, app.app.db.reader(), id).await.unwrap();
    let row = recording::Model { transcript_state: Some(TranscriptState::Awaited), ..row };
    let tx = app.app.db.begin().await.unwrap();
    recordings::save(scope, &tx, row.clone()).await.unwrap();
    tx.commit().await.unwrap();
    let link = transcription::audio::link(&app.app, &row).unwrap().url;
    let link = link.replace(&app.app.settings.public_url, &app.url);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.get(link).send().await.unwrap().bytes().await.unwrap()
}

#[tokio::test]
async fn a_recording_in_a_bucket_is_streamed_or_linked_as_the_settings_say() {
    for (files, status) in [("streamed", 206), ("linked", 302)] {
        let store = Store::open().await;
        let settings = store.settings(&[("aws_s3_files", files)]);
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let app = TestApp::with(Backend::Sqlite, &settings).await.expect("SQLite is always there");
        let world = World::create(&app).await;
        let path = format!("{}/api/recordings/{}/content", app.url, world.ours.calls.voicemail);
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let request = client.build().unwrap().get(path).bearer_auth(&world.ours.owner.token);
        let answer = request.header("range", "bytes=8-11").send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
        let part = match answer.headers().get("location").cloned() {
            None => answer,
            Some(link) => {
                let client = reqwest::Client::builder().no_proxy().build().unwrap();
                let link = client.get(link.to_str().unwrap()).header("range", "bytes=8-11");
                link.send().await.unwrap()
            }
        };
        assert_eq!(part.bytes().await.unwrap().as_ref(), b"WAVE");
        assert_eq!(fetched_to_be_written_down(&app, &world).await, SOUND, "{files}");
        app.close().await;
        store.close();
    }
}

#[tokio::test]
async fn an_upload_goes_on_at_another_node_by_the_bucket() {
    let store = Store::open().await;
    let settings = store.settings(&[]);
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let app = TestApp::with(Backend::Sqlite, &settings).await.expect("SQLite is always there");
    let world = World::create(&app).await;
    let (owner, whole) = (&world.ours.owner, "Plain text, again and again. ".repeat(700_000).into_bytes());
    let begun =
        app.call("POST", "/api/media/uploads").by(owner).header("upload-length", &whole.len().to_string());
    let path = begun.send().await.headers["location"].to_str().unwrap().to_owned();
    let half = 9 << 20;
    let first = app.call("PATCH", &path).by(owner).header("upload-offset", "0");
    let first = first.bytes("application/offset+octet-stream", &whole[..half]).send().await;
    assert_eq!(first.headers["upload-offset"], half.to_string());
    let other = App::build(app.app.settings.clone(), app.clock.clone(), Delivery::Deliver).await.unwrap();
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let rest: Vec<_> = whole[half..].chunks(300_000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    let rest = futures_util::stream::iter(rest).boxed();
    let row = upload::receive(&other, world.ours.scope, owner.user, id, half as u64, rest).await.unwrap();
    assert_eq!((row.state, row.sha256), (MediaState::Ready, Some(sha256(&whole))));
    other.db.clone().close().await.unwrap();
    let made = app.get(&path.replace("/uploads", ""), owner).await;
    let link = made.data(200)["url"].as_str().unwrap().replace(&app.app.settings.public_url, &app.url);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    assert!(
        client.get(link).send().await.unwrap().bytes().await.unwrap() == whole,
        "it comes back as it was"
    );
    app.close().await;
    store.close();
}
