//! The demo, written into a migrated SQLite file.
#![expect(clippy::disallowed_methods, reason = "tests look across companies")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use entity::id::{CompanyId, QueueId};
use entity::{
    Availability, CompanyScope, JobKind, PlatformRole, Reach, Role, agent, agent_skill, company, flow,
    flow_version, job, membership, outbox_counter, phone_number, queue, queue_member, routing_state, skill,
    user,
};
use ivr_engine::{CallFacts, Catalog, Flow, Input, Known, Next, Session, step, validate};
use migration::{Migrator, MigratorTrait};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectOptions, Database, DatabaseConnection, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, TransactionTrait,
};
use seed::{Error, Plan, Seeded, Standing};
use uuid::Uuid;

const ACCOUNT: &str = "AC00000000000000000000000000000001";
/// Stands for the hash of the password; that a login works is a test of the server.
const HASH: &str = "$argon2id$demo";

fn now() -> DateTime<Utc> {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

/// A migrated database in a file of its own, which goes with it.
struct Store {
    db: DatabaseConnection,
    file: PathBuf,
}

impl Store {
    async fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let file = std::env::temp_dir().join(format!("calldocker-seed-{}-{number}.db", std::process::id()));
        drop(std::fs::remove_file(&file));
        let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", file.display()));
        options.max_connections(1).map_sqlx_sqlite_opts(|options| options.foreign_keys(true));
        let db = Database::connect(options).await.unwrap();
        Migrator::up(&db, None).await.unwrap();
        Self { db, file }
    }

    async fn seed(&self) -> Result<Seeded, Error> {
        self.seed_at(now()).await
    }

    async fn seed_at(&self, now: DateTime<Utc>) -> Result<Seeded, Error> {
        let tx = self.db.begin().await.unwrap();
        let plan = Plan { now, account_sid: ACCOUNT, password_hash: HASH, ids: &Uuid::now_v7 };
        let seeded = seed::demo(&tx, &plan).await?;
        tx.commit().await.unwrap();
        Ok(seeded)
    }

    async fn company(&self, name: &str) -> CompanyScope {
        let all = company::Entity::find().all(&self.db).await.unwrap();
        let found = all.into_iter().find(|company| company.name == name);
        CompanyScope::dangerous_mint(found.expect("the company is there").id)
    }

    async fn queue(&self, scope: CompanyScope, name: &str) -> queue::Model {
        let all = scope.find::<queue::Entity>().all(&self.db).await.unwrap();
        all.into_iter().find(|queue| queue.name == name).expect("the queue is there")
    }

    async fn agents(&self, scope: CompanyScope) -> Vec<agent::Model> {
        let mut all = scope.find::<agent::Entity>().all(&self.db).await.unwrap();
        all.sort_by_key(|agent| agent.id);
        all
    }

    async fn serve(&self, scope: CompanyScope, queue: QueueId) -> BTreeSet<entity::id::AgentId> {
        let members = scope.find::<queue_member::Entity>().all(&self.db).await.unwrap();
        members.into_iter().filter(|member| member.queue_id == queue).map(|member| member.agent_id).collect()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.file));
    }
}

#[tokio::test]
async fn the_demo_has_two_companies_with_owners_managers_and_six_agents_and_one_platform_admin() {
    let store = Store::new().await;
    assert_eq!(seed::standing(&store.db).await.unwrap(), Standing::Empty);
    assert_eq!(store.seed().await.unwrap(), Seeded::Now);
    let demo = Standing::Demo(vec!["Acme".into(), "Globex".into()]);
    assert_eq!(seed::standing(&store.db).await.unwrap(), demo);

    let users = user::Entity::find().all(&store.db).await.unwrap();
    assert_eq!(users.len(), 1 + 2 * 8);
    assert!(users.iter().all(|user| user.password_hash.as_deref() == Some(HASH)));
    let admins: Vec<_> = users.iter().filter(|user| user.platform_role.is_some()).collect();
    assert_eq!(admins.len(), 1);
    assert_eq!(admins[0].email.as_deref(), Some(seed::ADMIN_EMAIL));
    assert_eq!(admins[0].platform_role, Some(PlatformRole::Admin));
    let members = membership::Entity::find().all(&store.db).await.unwrap();
    assert!(members.iter().all(|member| member.user_id != admins[0].id), "the admin belongs to no company");

    for cast in seed::COMPANIES {
        let scope = store.company(cast.name).await;
        for (login, role) in [("owner", Role::Owner), ("manager", Role::Manager), ("agent6", Role::Agent)] {
            let email = cast.login(login);
            let user = users
                .iter()
                .find(|user| user.email.as_deref() == Some(email.as_str()))
                .expect("the login is there");
            let own: Vec<_> = members.iter().filter(|member| member.user_id == user.id).collect();
            assert_eq!(own.len(), 1, "{email}");
            assert_eq!((own[0].company_id, own[0].role), (scope.company(), role), "{email}");
        }
        assert_eq!(store.agents(scope).await.len(), 6);
        let counted = scope.find::<outbox_counter::Entity>().count(&store.db).await.unwrap();
        let routed = scope.find::<routing_state::Entity>().count(&store.db).await.unwrap();
        assert_eq!((counted, routed), (1, 1), "{}", cast.name);
    }
}

#[tokio::test]
async fn agents_one_to_three_wait_at_softphones_four_at_a_telephone_for_support_and_two_are_offline() {
    let store = Store::new().await;
    store.seed().await.unwrap();
    for cast in seed::COMPANIES {
        let scope = store.company(cast.name).await;
        let agents = store.agents(scope).await;
        let seen: Vec<_> = agents.iter().map(|agent| (agent.reach, agent.availability)).collect();
        let softphone = (Reach::Client, Availability::Available);
        let browser = (Reach::Browser, Availability::Offline);
        let telephone = (Reach::Number, Availability::Available);
        assert_eq!(seen, [softphone, softphone, softphone, telephone, browser, browser], "{}", cast.name);
        let fourth = &agents[3];
        assert!(fourth.number.as_deref().unwrap().starts_with("+1202555020"));
        let (sales, support) = (store.queue(scope, "sales").await, store.queue(scope, "support").await);
        assert_ne!(sales.strategy, support.strategy);
        assert_eq!((sales.ring_seconds, sales.decline_cool_off_seconds), (30, 60));
        assert!(!store.serve(scope, sales.id).await.contains(&fourth.id));
        assert!(store.serve(scope, support.id).await.contains(&fourth.id));
    }
}

#[tokio::test]
async fn the_first_sales_call_of_acme_is_for_agent_one() {
    let store = Store::new().await;
    store.seed().await.unwrap();
    let scope = store.company("Acme").await;
    let sales = store.queue(scope, "sales").await;
    let serving = store.serve(scope, sales.id).await;
    let rule = routing::Queue {
        id: routing::QueueId(sales.id.0),
        strategy: routing::Strategy::LongestIdle,
        ring_all_limit: None,
        decline_cool_off: std::time::Duration::ZERO,
        mean_handle_time: None,
        idle_reading: routing::IdleReading::SinceLastCall,
        ageing: None,
    };
    assert_eq!(sales.strategy, entity::Strategy::LongestIdle);
    assert_eq!(sales.idle_reading, entity::IdleReading::SinceLastCall);
    let free = store
        .agents(scope)
        .await
        .into_iter()
        .filter(|agent| agent.availability == Availability::Available && serving.contains(&agent.id));
    let ranks: BTreeSet<_> = free
        .map(|agent| {
            let ranked = routing::Agent {
                id: routing::AgentId(agent.id.0),
                queues: BTreeSet::from([rule.id]),
                skills: Default::default(),
                capacity: 1,
                held: 0,
                readiness: routing::Readiness::Ready,
                ready_until: None,
                last_call_ended_at: agent.last_call_ended_at,
                available_since: agent.available_since,
                calls_handled: 0,
                talk_time: std::time::Duration::ZERO,
                last_offered_at: agent.last_offered_at,
            };
            (routing::AgentRank::of(&ranked, &rule), agent.name)
        })
        .collect();
    let order: Vec<_> = ranks.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(order, ["Ana Torres", "Ben Whitaker", "Chloe Nguyen"]);
}

#[tokio::test]
async fn nothing_is_wrong_with_the_published_flows() {
    let store = Store::new().await;
    store.seed().await.unwrap();
    for cast in seed::COMPANIES {
        let scope = store.company(cast.name).await;
        let flow = scope.find::<flow::Entity>().one(&store.db).await.unwrap().expect("a flow");
        let version = scope.find::<flow_version::Entity>().one(&store.db).await.unwrap().expect("a version");
        assert_eq!((version.number, version.flow_id), (1, flow.id));
        assert_eq!(flow.published_version_id, Some(version.id));
        assert_eq!(flow.draft, version.document);
        let queues = scope.find::<queue::Entity>().all(&store.db).await.unwrap();
        let skills = scope.find::<skill::Entity>().all(&store.db).await.unwrap();
        let catalog = Catalog {
            queues: Known::only(queues.into_iter().map(|queue| queue.name)),
            skills: Known::only(skills.into_iter().map(|skill| skill.name)),
            ..Catalog::unchecked()
        };
        let findings = validate(&version.document, &catalog);
        assert_eq!(findings, [], "{}", cast.name);
    }
}

/// What a caller of the company hears at this time until he is asked something.
async fn opening(store: &Store, name: &str, at: &str) -> (String, Next) {
    let scope = store.company(name).await;
    let version = scope.find::<flow_version::Entity>().one(&store.db).await.unwrap().expect("a version");
    let flow = Flow::parse(&version.document).expect("a published flow compiles");
    let call = CallFacts { from: "+12025550199".into(), to: "+12025550110".into(), ..CallFacts::default() };
    let first = step(&flow, Session::new(call), Input::Start, at.parse().unwrap());
    let said = first.prompts.iter().map(|prompt| match prompt {
        ivr_engine::Prompt::Say { text, .. } => text.clone(),
        ivr_engine::Prompt::Play { url } => url.clone(),
        ivr_engine::Prompt::Library { name, .. } => name.clone(),
    });
    (said.collect::<Vec<_>>().join(" "), first.next)
}

#[tokio::test]
async fn globex_is_open_over_midnight_closed_before_dawn_and_on_the_coming_christmas() {
    let store = Store::new().await;
    store.seed().await.unwrap();
    let (said, next) = opening(&store, "Globex", "2026-11-20T09:00:00Z").await;
    assert!(matches!(next, Next::Gather { .. }), "{next:?}");
    assert_eq!(said, "Good morning, this is Globex.");
    let (said, next) = opening(&store, "Globex", "2026-11-21T00:30:00Z").await;
    assert!(matches!(next, Next::Gather { .. }), "Friday's hours go on after midnight: {said}");
    let (said, next) = opening(&store, "Globex", "2026-11-20T04:00:00Z").await;
    assert!(matches!(next, Next::Record { .. }), "{next:?}");
    assert!(said.contains("it is 04:00"), "{said}");
    let (_, next) = opening(&store, "Globex", "2026-12-25T12:00:00Z").await;
    assert!(matches!(next, Next::Record { .. }), "{next:?}");
}

#[tokio::test]
async fn acme_is_always_open() {
    let store = Store::new().await;
    store.seed().await.unwrap();
    let (said, next) = opening(&store, "Acme", "2026-11-22T08:00:00Z").await;
    assert_eq!(said, "Thank you for calling Acme.");
    assert!(matches!(next, Next::Gather { .. }), "{next:?}");
}

#[tokio::test]
async fn each_number_belongs_to_the_given_account_and_waits_to_be_pointed_at_the_server() {
    let store = Store::new().await;
    store.seed().await.unwrap();
    for cast in seed::COMPANIES {
        let scope = store.company(cast.name).await;
        let number = scope.find::<phone_number::Entity>().one(&store.db).await.unwrap().expect("a number");
        assert_eq!((number.number.as_str(), number.account_sid.as_str()), (cast.number, ACCOUNT));
        let jobs = scope.find::<job::Entity>().all(&store.db).await.unwrap();
        assert_eq!(jobs.len(), 1);
        assert_eq!((jobs[0].kind, jobs[0].subject_id), (JobKind::ProvisionNumber, number.id.0));
        assert_eq!(jobs[0].run_at, now());
    }
}

#[tokio::test]
async fn seeding_twice_changes_nothing() {
    let store = Store::new().await;
    store.seed().await.unwrap();
    let before = everything(&store).await;
    assert_eq!(store.seed_at(now() + chrono::TimeDelta::days(1)).await.unwrap(), Seeded::Before);
    assert_eq!(everything(&store).await, before);
}

async fn everything(store: &Store) -> String {
    let db = &store.db;
    format!(
        "{:?}{:?}{:?}{:?}{:?}{:?}",
        user::Entity::find().all(db).await.unwrap(),
        company::Entity::find().all(db).await.unwrap(),
        agent::Entity::find().all(db).await.unwrap(),
        agent_skill::Entity::find().all(db).await.unwrap(),
        flow_version::Entity::find().all(db).await.unwrap(),
        job::Entity::find().all(db).await.unwrap(),
    )
}

#[tokio::test]
async fn a_database_of_other_companies_is_refused_and_left_as_it_is() {
    let store = Store::new().await;
    let other = company::Model {
        id: CompanyId(Uuid::now_v7()),
        name: "Initech".into(),
        time_zone: "UTC".into(),
        language: "en-US".into(),
        demo: false,
        twilio_account_sid: None,
        twilio_auth_token_sealed: None,
        tell_agents_of_supervision: true,
        report_settings: Default::default(),
        created_at: now(),
    };
    company::Entity::insert(other.into_active_model()).exec_without_returning(&store.db).await.unwrap();
    let refused = store.seed().await.unwrap_err();
    assert!(matches!(&refused, Error::OtherCompanies { names } if names == &["Initech"]));
    let message = refused.to_string();
    assert!(message.contains("Initech") && message.contains("DATABASE_URL"), "{message}");
    assert_eq!(user::Entity::find().count(&store.db).await.unwrap(), 0);
}

#[tokio::test]
async fn a_company_that_somebody_founded_beside_the_demo_changes_nothing() {
    let store = Store::new().await;
    store.seed().await.unwrap();
    let globex = store.company("Globex").await.company();
    company::Entity::update_many()
        .col_expr(company::Column::Demo, Expr::value(false))
        .filter(company::Column::Id.eq(globex))
        .exec(&store.db)
        .await
        .unwrap();
    assert_eq!(seed::standing(&store.db).await.unwrap(), Standing::Demo(vec!["Acme".into()]));
    assert_eq!(store.seed().await.unwrap(), Seeded::Before);
}

#[tokio::test]
async fn acme_s_queues_have_rules_and_none_of_them_acts_within_the_first_minute() {
    let store = Store::new().await;
    store.seed().await.unwrap();
    let acme = store.company("Acme").await;
    for name in ["sales", "support"] {
        let rules = store.queue(acme, name).await.rules;
        assert!(rules.ageing_seconds.is_some() && !rules.overflow.is_empty(), "{name}: {rules:?}");
        assert!(rules.overflow.is_sorted_by(|one, other| one.after_seconds < other.after_seconds));
        assert!(rules.overflow.iter().all(|step| step.after_seconds > 60), "{name}: {rules:?}");
        assert!(rules.hours.is_none() && rules.max_length.is_none() && !rules.skip_when_unstaffed);
    }
}
