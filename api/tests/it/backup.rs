//! Backups, and that they can be restored.

use std::path::Path;

use bytes::Bytes;
use calldocker::app::App;
use calldocker::backup::{self, Over, Secrets, Wish};
use calldocker::bus::Delivery;
use calldocker::config::Settings;
use calldocker::error::{Error, Result};
use clock::Clock;
use sea_orm::{ConnectionTrait, DbBackend};

use crate::support::{Backend, TestApp, TestDatabase, World, dump_all, on_both_databases};

const NOTHING: Wish = Wish { secrets: Secrets::LeftOut, over: Over::Nothing };
const WITH_KEYS: Wish = Wish { secrets: Secrets::Included, over: Over::Nothing };
const FORCED: Wish = Wish { secrets: Secrets::LeftOut, over: Over::Everything };

/// Where a backup is restored: an empty database of the same kind, and a folder.
struct Place {
    folder: tempfile::TempDir,
    database: TestDatabase,
}

impl Place {
    async fn like(app: &TestApp) -> Self {
        let backend = match app.app.db.backend() {
            DbBackend::Postgres => Backend::Postgres,
            _ => Backend::Sqlite,
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = TestDatabase::create(backend, folder.path()).await.expect("as the app's");
        Self { folder, database }
    }

    fn settings(&self) -> Settings {
        let folder = self.folder.path().to_str().expect("a path of plain text");
        Settings::with(&[("data_dir", folder), ("database_url", self.database.url())])
            .expect("settings for tests")
    }

    async fn restore(&self, from: &Path, wish: Wish) -> Result<()> {
        backup::restore(self.settings(), from, wish, &mut |_| {}).await
    }

    async fn app(&self) -> App {
        App::build(self.settings(), Clock::machine(), Delivery::DropEverything)
            .await
            .expect("the app is built")
    }

    async fn remove(self) {
        self.database.remove().await;
    }
}

fn why(result: Result<()>) -> String {
    match result {
        Err(Error::Internal(failure)) => failure.for_operator(),
        other => panic!("it should have been refused: {other:?}"),
    }
}

on_both_databases! {
    async fn a_restored_world_is_the_same_to_the_last_row_and_file(app) {
        World::create(app).await;
        let storage = &app.app.storage;
        storage.put("c/recordings/1.wav", Bytes::from_static(b"RIFF....")).await.unwrap();
        storage.put("c/prompts/2.mp3", Bytes::from_static(b"ID3")).await.unwrap();
        let to = tempfile::tempdir().unwrap();
        let mut told = Vec::new();
        let made = backup::backup(&app.app, to.path(), Secrets::Included, &mut |line| told.push(line.to_owned())).await.unwrap();
        assert!(told.iter().any(|line| line.contains(" files, ")), "{told:?}");
        let before = dump_all(&app.app).await;

        let place = Place::like(app).await;
        place.restore(&made, WITH_KEYS).await.unwrap();
        let restored = place.app().await;
        assert_eq!(dump_all(&restored).await, before);
        assert_eq!(restored.storage.get("c/recordings/1.wav").await.unwrap().unwrap(), "RIFF....");
        assert_eq!(restored.storage.get("c/prompts/2.mp3").await.unwrap().unwrap(), "ID3");
        assert_eq!(restored.keys.master, app.app.keys.master);
        restored.db.clone().close().await.unwrap();

        let refused = why(place.restore(&made, NOTHING).await);
        assert!(refused.contains("not empty") && refused.contains("--force"), "{refused}");
        place.restore(&made, FORCED).await.unwrap();
        place.remove().await;
    }

    async fn a_backup_that_is_damaged_or_newer_or_sealed_with_another_key_is_refused_before_anything_is_touched(app) {
        World::create(app).await;
        app.app.storage.put("c/recordings/1.wav", Bytes::from_static(b"RIFF")).await.unwrap();
        let to = tempfile::tempdir().unwrap();
        let made = backup::backup(&app.app, to.path(), Secrets::LeftOut, &mut |_| {}).await.unwrap();
        assert!(!made.join("keys").exists());
        let place = Place::like(app).await;

        let refused = why(place.restore(&made, NOTHING).await);
        assert!(refused.starts_with("MASTER_KEY"), "{refused}");
        assert!(why(place.restore(&made, WITH_KEYS).await).contains("jwt_secret"));

        let manifest = std::fs::read_to_string(made.join("manifest.json")).unwrap();
        let newer = manifest.replace("\"m0001_identity\"", "\"m9999_of_the_future\"");
        assert_ne!(newer, manifest);
        std::fs::write(made.join("manifest.json"), newer).unwrap();
        let refused = why(place.restore(&made, FORCED).await);
        assert!(refused.contains("newer than the program") && refused.contains("m9999_of_the_future"), "{refused}");
        std::fs::write(made.join("manifest.json"), manifest.replace("files/c", "files/../../c")).unwrap();
        assert!(why(place.restore(&made, FORCED).await).contains("leads out of the backup"));
        std::fs::write(made.join("manifest.json"), &manifest).unwrap();

        std::fs::write(made.join("files/c/recordings/1.wav"), "RIFX").unwrap();
        assert!(why(place.restore(&made, FORCED).await).contains("1.wav is damaged"));
        let nothing = place.app().await;
        let rows = calldocker::store::system::rows_by_table(nothing.db.reader()).await.unwrap();
        assert_eq!(rows.values().sum::<u64>(), 0);
        nothing.db.clone().close().await.unwrap();
        place.remove().await;
    }

    async fn what_is_written_while_a_backup_is_made_does_not_spoil_it(app) {
        let world = World::create(app).await;
        let to = tempfile::tempdir().unwrap();
        let rename = async {
            for n in 0..20 {
                let name = serde_json::json!({ "name": format!("Queue {n}") });
                app.post("/api/queues", &world.ours.owner, name).await.data(201);
            }
        };
        let mut say = |_: &str| {};
        let made = backup::backup(&app.app, to.path(), Secrets::Included, &mut say);
        let (made, ()) = futures_util::future::join(made, rename).await;
        let place = Place::like(app).await;
        place.restore(&made.unwrap(), WITH_KEYS).await.unwrap();
        place.remove().await;
    }
}

#[tokio::test]
async fn what_was_in_a_database_that_is_given_up_is_kept_beside_it() {
    let app = TestApp::on(Backend::Sqlite).await.expect("SQLite is always there");
    World::create(&app).await;
    let to = tempfile::tempdir().unwrap();
    let made = backup::backup(&app.app, to.path(), Secrets::Included, &mut |_| {}).await.unwrap();
    let place = Place::like(&app).await;
    place.restore(&made, WITH_KEYS).await.unwrap();
    let kept = || {
        let names = std::fs::read_dir(place.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().contains(".before-")).count()
    };
    assert_eq!(kept(), 0, "there was nothing");
    place.restore(&made, FORCED).await.unwrap();
    assert_eq!(kept(), 1);
    app.close().await;
}

#[tokio::test]
async fn a_postgres_that_somebody_uses_is_not_restored() {
    let Some(app) = TestApp::on(Backend::Postgres).await else { return };
    World::create(&app).await;
    let to = tempfile::tempdir().unwrap();
    let made = backup::backup(&app.app, to.path(), Secrets::Included, &mut |_| {}).await.unwrap();
    let place = Place::like(&app).await;
    let other = place.app().await;
    other.db.reader().execute_unprepared("SELECT 1").await.unwrap();
    let wish = Wish { secrets: Secrets::LeftOut, over: Over::Everything };
    assert!(why(place.restore(&made, wish).await).contains("in use"));
    other.db.clone().close().await.unwrap();
    place.remove().await;
    app.close().await;
}
