//! Every operation of openapi.yaml, attacked. Each has first to succeed for the person it is for, so that a refusal
//! later is not just a broken request; then come bad credentials of every kind, every seat that the policy denies,
//! people of another company with these ids, and ids of another company in the body. Whoever was refused must have
//! changed nothing.

use calldocker::authz::{Rows, Seat};
use calldocker::identity::tokens::{self, Claims};
use entity::{RevokedBecause, UserStatus, user};
use sea_orm::Set;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::examples::Examples;
use crate::openapi;
use crate::samples::{Acting, Sample, sample};
use crate::support::{Answer, Backend, Person, TestApp, World, dump};

/// An operation of the specification.
pub struct Operation<'a> {
    pub id: String,
    pub method: String,
    pub path: String,
    /// `None`: public.
    pub permission: Option<String>,
    pub item: &'a Value,
}

pub fn operations(document: &Value) -> Vec<Operation<'_>> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, item) in item.as_object().expect("operations") {
            operations.push(Operation {
                id: item["operationId"].as_str().expect("an operationId").to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                permission: item["x-permission"].as_str().map(str::to_owned),
                item,
            });
        }
    }
    operations
}

fn sample_of(operation: &Operation<'_>, world: &World) -> Sample {
    sample(&operation.id, world).unwrap_or_else(|| {
        panic!(
            "{} {} ({}) has no sample request: add an arm for \"{}\" to api/tests/it/samples.rs",
            operation.method, operation.path, operation.id, operation.id
        )
    })
}

/// Sends the sample with another token, other ids in the path, or another body.
struct Shot<'a> {
    app: &'a TestApp,
    operation: &'a Operation<'a>,
    sample: &'a Sample,
}

impl Shot<'_> {
    fn path(&self, replace: impl Fn(&str) -> String) -> String {
        let fill = |path: String, (name, value): &(&str, String)| {
            let slot = format!("{{{name}}}");
            assert!(
                path.contains(&slot),
                "the sample of {} names {slot}, which is not in {path}",
                self.operation.id
            );
            path.replace(&slot, &replace(value))
        };
        let path = self.sample.path.iter().fold(self.operation.path.clone(), fill);
        assert!(!path.contains('{'), "the sample of {} lacks a parameter of {path}", self.operation.id);
        if self.sample.query.is_empty() { path } else { format!("{path}?{}", self.sample.query) }
    }

    async fn send(&self, path: String, body: Option<&Value>, credentials: &Credentials<'_>) -> Answer {
        let mut call = self.app.call(&self.operation.method, &path);
        if let Some(body) = body {
            call = call.json(body.clone());
        } else if let Some((content_type, content)) = &self.sample.file {
            call = call.bytes(content_type, content.clone());
        }
        call = self.sample.headers.iter().fold(call, |call, (name, value)| call.header(name, value));
        let call = match credentials {
            Credentials::None => call,
            Credentials::Header(value) => call.header("authorization", value),
            Credentials::Of(person) => call.by(person),
        };
        call.send().await
    }

    async fn plain(&self, credentials: Credentials<'_>) -> Answer {
        self.send(self.path(str::to_owned), self.sample.body.as_ref(), &credentials).await
    }
}

enum Credentials<'a> {
    None,
    Header(String),
    Of(&'a Person),
}

#[tokio::test]
async fn every_operation_withstands_attack_on_sqlite() {
    attack_all(Backend::Sqlite).await;
}

#[tokio::test]
async fn every_operation_withstands_attack_on_postgres() {
    attack_all(Backend::Postgres).await;
}

/// What asks the provider before it answers.
const ASKS_THE_PROVIDER: [&str; 3] = ["createPhoneNumber", "putTwilioAccount", "deleteTwilioAccount"];

/// Some of the world's people have a call, and cannot make another.
const HAS_ANOTHER_CALL: &str = "initiateCall";

/// What companies have of their own, and asks that before it answers.
const ASKS_OTHERS: [&str; 6] =
    ["getSmtpServer", "putSmtpServer", "deleteSmtpServer", "getBucket", "putBucket", "deleteBucket"];

async fn app_for(backend: Backend, operation: &Operation<'_>) -> Option<TestApp> {
    if ASKS_THE_PROVIDER.contains(&operation.id.as_str()) {
        TestApp::with_provider(backend).await
    } else if ASKS_OTHERS.contains(&operation.id.as_str()) {
        TestApp::with_others(backend).await
    } else {
        TestApp::on(backend).await
    }
}

async fn attack_all(backend: Backend) {
    let document = openapi::document();
    let operations = operations(document);
    assert!(operations.len() > 20, "only {} operations were found", operations.len());
    let mut examples = Examples::default();
    for operation in &operations {
        let Some(app) = app_for(backend, operation).await else { return };
        let world = World::with_peers(&app).await;
        let sample = sample_of(operation, &world);
        let answer = succeeds_for_whom_it_is_for(&app, &world, operation, &sample).await;
        examples.add(&operation.id, &sample, &answer);
        let others = others_who_may(&app, operation, sample.by);
        app.close().await;

        all_of_them_can(backend, operation, &others).await;

        let app = app_for(backend, operation).await.expect("it was there before");
        let world = World::with_peers(&app).await;
        let sample = sample_of(operation, &world);
        let shot = Shot { app: &app, operation, sample: &sample };
        let before = dump(&app.app).await;
        if let Some(permission) = &operation.permission {
            denied_seats_are_refused(&shot, &world, permission).await;
            bad_credentials_are_refused(&shot, &world).await;
            strangers_find_nothing(&shot, &world, permission).await;
            foreign_ids_in_the_body_are_refused(&shot, &world).await;
        }
        assert_eq!(
            dump(&app.app).await,
            before,
            "{}: somebody who was refused changed something",
            operation.id
        );
        if operation.permission.is_some() {
            the_banned_and_the_signed_out_are_refused(&shot, &world).await;
        }
        app.close().await;
    }
    examples.hold();
}

async fn succeeds_for_whom_it_is_for(
    app: &TestApp,
    world: &World,
    operation: &Operation<'_>,
    sample: &Sample,
) -> Answer {
    let shot = Shot { app, operation, sample };
    let credentials = match operation.permission {
        Some(_) => Credentials::Of(world.at(sample.by)),
        None => Credentials::None,
    };
    let answer = shot.plain(credentials).await;
    let id = &operation.id;
    assert_eq!(answer.status.as_u16(), sample.status, "the sample of {id} must succeed: {}", answer.text);
    let declared = &operation.item["responses"][answer.status.as_str()];
    assert!(declared.is_object(), "{id} answers {}, which is not in openapi.yaml", answer.status);
    answer
}

/// The seats that the policy lets do it, but for the one whose request has succeeded already.
fn others_who_may(app: &TestApp, operation: &Operation<'_>, but: Seat) -> Vec<Seat> {
    let Some(permission) = &operation.permission else { return Vec::new() };
    let may = |seat: &Seat| *seat != but && app.app.authz.rows(*seat, permission).is_some();
    Seat::ALL.into_iter().filter(may).collect()
}

/// A change needs a world of its own for each seat; readers share one.
async fn all_of_them_can(backend: Backend, operation: &Operation<'_>, seats: &[Seat]) {
    let Some(permission) = operation.permission.as_ref().filter(|_| !seats.is_empty()) else { return };
    let may = async |app: &TestApp, world: &World, seat| {
        let Some(rows) = app.app.authz.rows(seat, permission) else { return };
        let sample = sample_of(operation, world);
        let shot = Shot { app, operation, sample: &sample };
        let answer = shot.plain(Credentials::Of(world.at(seat))).await;
        let fine = match (rows, sample.acting) {
            (Rows::All, Acting::AsMember) => answer.status.as_u16() == sample.status,
            // His own: what the sample names may be somebody else's, and then it is not there, or not for him.
            (Rows::Own, _) | (Rows::All, Acting::AsOwnAgent) => {
                let busy = operation.id == HAS_ANOTHER_CALL && answer.status == 409;
                let wrong = answer.wrong_fields();
                let names = |field: &&str| {
                    sample.foreign.iter().any(|(pointer, _)| pointer == field)
                        || sample.path.iter().any(|(name, _)| name == field)
                };
                let not_his = answer.status == 422 && !wrong.is_empty() && wrong.iter().all(names);
                answer.status.is_success() || answer.status == 404 || busy || not_his
            }
        };
        assert!(fine, "{}: {seat:?} has {permission} ({rows:?}), and got {}", operation.id, answer.text);
    };
    if operation.method == "GET" {
        let app = app_for(backend, operation).await.expect("it was there before");
        let world = World::with_peers(&app).await;
        for seat in seats.iter().copied() {
            may(&app, &world, seat).await;
        }
        app.close().await;
    } else {
        for seat in seats.iter().copied() {
            let app = app_for(backend, operation).await.expect("it was there before");
            let world = World::with_peers(&app).await;
            may(&app, &world, seat).await;
            app.close().await;
        }
    }
}

async fn denied_seats_are_refused(shot: &Shot<'_>, world: &World, permission: &str) {
    for seat in Seat::ALL {
        if shot.app.app.authz.rows(seat, permission).is_none() {
            let answer = shot.plain(Credentials::Of(world.at(seat))).await;
            answer.is_refused(403, "FORBIDDEN");
        }
    }
}

async fn bad_credentials_are_refused(shot: &Shot<'_>, world: &World) {
    let person = world.at(shot.sample.by);
    shot.plain(Credentials::None).await.is_refused(401, "TOKEN_MISSING");
    let (app, now) = (&shot.app.app, shot.app.app.clock.now());
    let claims = |since| {
        let member = person.membership.map(|id| (id, world.ours.id));
        Claims::new(person.user, person.session, person.seat, member, since, app.settings.access_token_life)
    };
    let expired = tokens::sign(&app.keys, &claims(now - app.settings.access_token_life)).unwrap();
    shot.plain(Credentials::Header(format!("Bearer {expired}"))).await.is_refused(401, "TOKEN_EXPIRED");
    let (head, signature) = person.token.rsplit_once('.').unwrap();
    let (_, claims_part) = head.split_once('.').unwrap();
    let flipped: String = signature.chars().rev().collect();
    let of_another_session = {
        let mut claims = claims(now);
        claims.session = world.theirs.owner.session;
        tokens::sign(&app.keys, &claims).unwrap()
    };
    let of_no_session = {
        let mut claims = claims(now);
        claims.session = Uuid::from_u128(1).into();
        tokens::sign(&app.keys, &claims).unwrap()
    };
    let of_another_membership = {
        let mut claims = claims(now);
        claims.membership = world.theirs.owner.membership;
        tokens::sign(&app.keys, &claims).unwrap()
    };
    let malformed = [
        format!("Basic {}", person.token),
        "Bearer".to_owned(),
        "Bearer x".to_owned(),
        format!("Bearer {head}.{flipped}"),
        format!("Bearer {head}."),
        // {"alg":"none"} and {"alg":"none","typ":"JWT"}
        format!("Bearer eyJhbGciOiJub25lIn0.{claims_part}."),
        format!("Bearer eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims_part}.{signature}"),
        format!("Bearer {of_another_session}"),
        format!("Bearer {of_no_session}"),
        format!("Bearer {of_another_membership}"),
    ];
    for header in malformed {
        shot.plain(Credentials::Header(header)).await.is_refused(401, "TOKEN_INVALID");
    }
}

/// Everybody of the other company who may do this there, with our ids: as if they were random.
async fn strangers_find_nothing(shot: &Shot<'_>, world: &World, permission: &str) {
    let theirs = &world.theirs;
    let admin = Person { acting_for: Some(theirs.id), ..world.admin.clone() };
    for stranger in [&theirs.owner, &theirs.manager, &theirs.agent, &admin] {
        if shot.app.app.authz.rows(stranger.seat, permission).is_none() {
            continue;
        }
        let credentials = Credentials::Of(stranger);
        if shot.sample.path.is_empty() {
            let reads = shot.operation.method == "GET";
            if reads && shot.sample.by != Seat::Admin {
                let answer = shot.plain(credentials).await;
                let leaked: Vec<_> =
                    world.ours.ids().into_iter().filter(|id| answer.text.contains(id)).collect();
                assert!(leaked.is_empty(), "{}: {:?} saw {leaked:?}", shot.operation.id, stranger.seat);
            }
            continue;
        }
        let body = shot.sample.body.as_ref();
        let with_ours = shot.send(shot.path(str::to_owned), body, &credentials).await;
        let random = |value: &str| match value.parse::<Uuid>() {
            Ok(_) => Uuid::now_v7().to_string(),
            Err(_) => value.to_owned(),
        };
        let with_random = shot.send(shot.path(random), body, &credentials).await;
        assert_eq!(
            with_ours.status, 404,
            "{}: {:?} got {}",
            shot.operation.id, stranger.seat, with_ours.text
        );
        assert_eq!(with_random.status, 404, "{}: {}", shot.operation.id, with_random.text);
        assert_eq!(
            with_ours.without_request_id(),
            with_random.without_request_id(),
            "{}: an id of another company and a random one can be told apart",
            shot.operation.id
        );
    }
}

async fn foreign_ids_in_the_body_are_refused(shot: &Shot<'_>, world: &World) {
    let document = openapi::document();
    let named: Vec<_> = shot.sample.foreign.iter().map(|(pointer, _)| of_any_item(pointer)).collect();
    for pointer in ids_in_body(shot.operation.item, document) {
        assert!(
            named.contains(&pointer),
            "the body of {} has an id at {pointer}: add .foreign(\"{pointer}\", an id of world.theirs) to its sample",
            shot.operation.id
        );
    }
    for (pointer, id) in &shot.sample.foreign {
        let mut body = shot.sample.body.clone().expect("a sample with foreign ids has a body");
        *body.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is not in the sample")) = json!(id);
        let who = Credentials::Of(world.at(shot.sample.by));
        let answer = shot.send(shot.path(str::to_owned), Some(&body), &who).await;
        let refused = answer.status == 404 || answer.status == 422;
        assert!(refused, "{}: an id of another company at {pointer} gave {}", shot.operation.id, answer.text);
    }
}

/// The pointer with the first item in place of each: items of different kinds name different ids.
fn of_any_item(pointer: &str) -> String {
    let of_any = |part: &str| if part.parse::<usize>().is_ok() { "0".to_owned() } else { part.to_owned() };
    pointer.split('/').map(of_any).collect::<Vec<_>>().join("/")
}

/// JSON pointers of the ids in a request's body.
fn ids_in_body(item: &Value, document: &Value) -> Vec<String> {
    fn walk(schema: &Value, at: &str, document: &Value, found: &mut Vec<String>) {
        if let Some(target) = schema["$ref"].as_str() {
            return walk(
                document.pointer(target.trim_start_matches('#')).expect("a good reference"),
                at,
                document,
                found,
            );
        }
        if schema["format"] == "uuid" {
            found.push(at.to_owned());
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            walk(property, &format!("{at}/{name}"), document, found);
        }
        if schema["items"].is_object() {
            walk(&schema["items"], &format!("{at}/0"), document, found);
        }
    }
    let mut found = Vec::new();
    walk(&item["requestBody"]["content"]["application/json"]["schema"], "", document, &mut found);
    found
}

async fn the_banned_and_the_signed_out_are_refused(shot: &Shot<'_>, world: &World) {
    use calldocker::store::sessions::{self, Sessions};
    let (app, person) = (&shot.app.app, world.at(shot.sample.by));
    let set_status = async |status| {
        let tx = app.db.begin().await.unwrap();
        let changes = user::ActiveModel { status: Set(status), ..Default::default() };
        calldocker::store::users::update(&tx, person.user, changes).await.unwrap();
        tx.commit().await.unwrap();
    };
    for status in [UserStatus::Banned, UserStatus::Deleted] {
        set_status(status).await;
        shot.plain(Credentials::Of(person)).await.is_refused(401, "SESSION_ENDED");
    }
    set_status(UserStatus::Active).await;
    let tx = app.db.begin().await.unwrap();
    let revoked =
        sessions::revoke(&tx, Sessions::One(person.session), RevokedBecause::LoggedOut, app.clock.now())
            .await;
    assert_eq!(revoked.unwrap(), 1);
    tx.commit().await.unwrap();
    shot.plain(Credentials::Of(person)).await.is_refused(401, "SESSION_ENDED");
}
