//! People and things to test with: two companies that have one of everything, a user without a company, and the
//! platform's administrator. Rows are written past the API, tokens signed past the sign-in: what is tested is the rest.

use std::net::SocketAddr;

use bytes::Bytes;
use calldocker::app::App;
use calldocker::authz::Seat;
use calldocker::contacts::Contact;
use calldocker::identity::phone::codes;
use calldocker::identity::{Number, passwords, tokens};
use calldocker::outbound::signing;
use calldocker::providers::about_token;
use calldocker::reports::mailed;
use calldocker::sealed;
use calldocker::secret::Secret;
use calldocker::store::stories as stored_stories;
use calldocker::store::{
    contacts, invitations, password_links, phone_codes, push_devices, push_services, registrations,
    second_factors, sessions, story_highlights, system, users,
};
use calldocker::stories;
use entity::id::{
    AgentId, ApiKeyId, BucketId, CallId, CompanyId, ContactFieldId, ContactId, ContactImportId,
    DispositionId, ExportId, FlowId, FlowTestId, FlowVersionId, MediaId, MembershipId, PhoneNumberId,
    PrivacyRequestId, PromptId, PushDeviceId, QueueId, ReasonId, ReportScheduleId, ScheduleId, SessionId,
    SkillId, StoryHighlightId, StoryId, UserId, WebhookDeliveryId, WebhookEndpointId,
};
use entity::report_schedule::{Addresses, Members};
use entity::{
    Availability, ChatApp, CompanyScope, ContactFieldKind, ContactImportState, DeliveryState, ExportDataset,
    ExportFormat, ExportState, IdleReading, Inserted, MailedReport, MediaKind, MediaState, MediaStore,
    MembershipStatus, PlatformRole, PrivacyKind, PrivacyPerson, PrivacyState, PushPurpose, PushServiceKind,
    QueueRules, Reach, RecordingRule, ReportPeriod, RevokedBecause, Role, SmtpSecurity, StoryAudience,
    StoryKind, Strategy, Updated, agent, agent_skill, api_key, availability_reason, bucket, chat_integration,
    closed_company, company, contact, contact_field, contact_import, disposition, disposition_queue, export,
    flow, flow_test, flow_version, invitation, media, membership, password_link, phone_code, phone_number,
    privacy_request, prompt, prompt_resource, push_device, push_service, queue, queue_member,
    recording_policy, refresh_token, registration, report_schedule, schedule, second_factor, session, skill,
    smtp_server, story, story_highlight, transcription_hook, user, voice_key, webhook_delivery,
    webhook_endpoint, webhook_event,
};
use sea_orm::{ActiveValue::Set, DatabaseTransaction, TransactionTrait};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::chats::{self, Chats};
use super::live_calls::{self, LiveCalls};
use super::{PASSWORD, TestApp, peers, store};

/// Somebody with a session.
#[derive(Clone, Debug)]
pub struct Person {
    pub user: UserId,
    pub email: String,
    pub seat: Seat,
    pub membership: Option<MembershipId>,
    pub agent: Option<AgentId>,
    pub session: SessionId,
    pub token: String,
    /// Where the platform's administrator acts.
    pub acting_for: Option<CompanyId>,
}

/// A company with one of everything.
#[derive(Clone, Debug)]
pub struct Company {
    pub id: CompanyId,
    pub scope: CompanyScope,
    pub owner: Person,
    pub manager: Person,
    pub agent: Person,
    /// Another agent, who has nothing to do.
    pub idle_agent: AgentId,
    /// Who that is; in a world with peers a device of his is connected.
    pub idle: UserId,
    /// Rings for the owner, in a world with peers.
    pub peer_call: CallId,
    /// A group call of the agent's, in which nobody else is any more, in a world with peers.
    pub group_call: CallId,
    pub queue: QueueId,
    /// Nobody serves it.
    pub second_queue: QueueId,
    /// Why its agents are in training.
    pub reason: ReasonId,
    pub skill: SkillId,
    /// Opened by the number.
    pub flow: FlowId,
    pub flow_version: FlowVersionId,
    /// Never published, opened by nothing.
    pub draft_flow: FlowId,
    /// Of the flow that the number opens.
    pub flow_test: FlowTestId,
    /// For waiting callers; never published.
    pub wait_flow: FlowId,
    pub number: PhoneNumberId,
    /// For the second queue alone.
    pub disposition: DispositionId,
    pub schedule: ScheduleId,
    /// In English and German.
    pub prompt: PromptId,
    /// Blocked.
    pub contact: ContactId,
    /// Nobody has called him.
    pub other_contact: ContactId,
    pub contact_field: ContactFieldId,
    /// It waits for its job.
    pub contact_import: ContactImportId,
    /// Where nothing can be sent, since it is this machine.
    pub webhook: WebhookEndpointId,
    /// It has failed.
    pub webhook_delivery: WebhookDeliveryId,
    /// Was an agent here, and was removed.
    pub former: UserId,
    /// The owner's.
    pub api_key: ApiKeyId,
    /// Complete.
    pub export: ExportId,
    /// Somebody was erased.
    pub privacy_request: PrivacyRequestId,
    /// Of queues, every day, to the manager and somebody outside.
    pub report_schedule: ReportScheduleId,
    /// The owner's phone.
    pub device: PushDeviceId,
    /// By which the one outside ends it.
    pub unsubscribe_token: String,
    /// A picture of the owner's, which is ready.
    pub media: MediaId,
    /// A file of the owner's of which nothing is there yet.
    pub upload: MediaId,
    /// A picture of the owner's at Cloudinary.
    pub cloud_media: MediaId,
    /// A text of the owner's, for everybody.
    pub story: StoryId,
    /// Of the owner's, with that story in it.
    pub highlight: StoryHighlightId,
    pub calls: LiveCalls,
    pub chats: Chats,
}

/// The account of our company at the provider, and the token of any company's.
pub const OUR_ACCOUNT: &str = "AC00000000000000000000000000000001";
const THEIR_ACCOUNT: &str = "AC00000000000000000000000000000002";
pub const ACCOUNT_TOKEN: &str = "a-token-of-an-account";

/// Somebody in no company, who gets a report.
const OUTSIDER: &str = "board@example.org";

pub struct World {
    /// Where a mail server and a bucket are, if they are there.
    pub others: Option<(SocketAddr, SocketAddr)>,
    pub ours: Company,
    pub theirs: Company,
    pub alone: Person,
    pub admin: Person,
    /// A company that was closed.
    pub closed: CompanyId,
}

impl World {
    pub async fn create(app: &TestApp) -> Self {
        let ours = Company::create(app, "Ours").await;
        let theirs = Company::create(app, "Theirs").await;
        let alone = person(app, "alone@example.com", Seat::Alone, None).await;
        let admin = person(app, "admin@example.com", Seat::Admin, None).await;
        insert_registration(app).await;
        insert_account_things(app, &ours.owner, &alone).await;
        insert_phone_things(app, &ours).await;
        let closed = insert_closed_company(app, &admin).await;
        let others = app.others.as_ref().map(|others| (others.mail, others.bucket));
        Self { others, admin: Person { acting_for: Some(ours.id), ..admin }, ours, theirs, alone, closed }
    }

    /// The same, with a call among colleagues in each company.
    pub async fn with_peers(app: &TestApp) -> Self {
        let world = Self::create(app).await;
        for company in [&world.ours, &world.theirs] {
            let parties = (company.former, company.owner.user);
            peers::insert(app, company.scope, company.peer_call, parties, company.idle).await;
            let parties = (company.agent.user, company.former);
            peers::insert_group(app, company.scope, company.group_call, parties).await;
        }
        world
    }

    /// Who sits there, in our company where the seat is in one.
    pub fn at(&self, seat: Seat) -> &Person {
        match seat {
            Seat::Admin => &self.admin,
            Seat::Owner => &self.ours.owner,
            Seat::Manager => &self.ours.manager,
            Seat::Agent => &self.ours.agent,
            Seat::Alone => &self.alone,
        }
    }
}

impl Company {
    pub async fn create(app: &TestApp, name: &str) -> Self {
        let (ids, now) = (&app.app.ids, app.app.clock.now());
        let id: CompanyId = ids.next();
        let word = name.to_lowercase();
        let tx = app.app.db.begin().await.unwrap();
        let token = sealed::seal(&app.app.keys, &about_token(id), &Secret::new(ACCOUNT_TOKEN)).unwrap();
        let row = company::Model {
            id,
            name: name.to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            language: "en-US".to_owned(),
            demo: false,
            twilio_account_sid: Some(account(&word).to_owned()),
            twilio_auth_token_sealed: Some(token),
            tell_agents_of_supervision: true,
            report_settings: Default::default(),
            created_at: now,
        };
        system::insert_company(&tx, row).await.unwrap();
        tx.commit().await.unwrap();
        let owner =
            person(app, &format!("owner@{word}.example.com"), Seat::Owner, Some((id, Role::Owner))).await;
        let manager =
            person(app, &format!("manager@{word}.example.com"), Seat::Manager, Some((id, Role::Manager)))
                .await;
        let agent =
            person(app, &format!("agent@{word}.example.com"), Seat::Agent, Some((id, Role::Agent))).await;
        let former =
            person(app, &format!("former@{word}.example.com"), Seat::Agent, Some((id, Role::Agent))).await;
        let idle = format!("zoe@{word}.example.com");
        let idle = person(app, &idle, Seat::Agent, Some((id, Role::Agent))).await;
        #[expect(clippy::disallowed_methods, reason = "the test has just made the company")]
        let scope = CompanyScope::dangerous_mint(id);
        let report_schedule = ids.next();
        let link = mailed::unsubscribe_link(&app.app, scope, report_schedule, OUTSIDER).unwrap();
        let unsubscribe_token = link.split_once('#').expect("a link with a token").1.to_owned();
        let company = Self {
            id,
            scope,
            calls: LiveCalls::named(ids),
            chats: Chats::named(app, idle.clone()),
            idle_agent: idle.agent.expect("the idle agent is an agent"),
            idle: idle.user,
            peer_call: ids.next(),
            group_call: ids.next(),
            queue: ids.next(),
            second_queue: ids.next(),
            reason: ids.next(),
            skill: ids.next(),
            flow: ids.next(),
            flow_version: ids.next(),
            draft_flow: ids.next(),
            flow_test: ids.next(),
            wait_flow: ids.next(),
            number: ids.next(),
            disposition: ids.next(),
            schedule: ids.next(),
            prompt: ids.next(),
            contact: ids.next(),
            other_contact: ids.next(),
            contact_field: ids.next(),
            contact_import: ids.next(),
            webhook: ids.next(),
            webhook_delivery: ids.next(),
            former: former.user,
            api_key: ids.next(),
            export: ids.next(),
            privacy_request: ids.next(),
            report_schedule,
            device: ids.next(),
            unsubscribe_token,
            media: ids.next(),
            upload: ids.next(),
            cloud_media: ids.next(),
            story: ids.next(),
            highlight: ids.next(),
            owner,
            manager,
            agent,
        };
        company.insert_things(app, &word).await;
        company.insert_people(app, &former).await;
        let agent = company.agent.agent.expect("the agent is an agent");
        let supervisors = [company.owner.user, company.manager.user];
        live_calls::insert(app, scope, agent, company.queue, supervisors, &company.calls).await;
        chats::insert(app, &company).await;
        company
    }

    async fn insert_things(&self, app: &TestApp, word: &str) {
        let (now, scope, company_id) = (app.app.clock.now(), self.scope, self.id);
        let agent_id = self.agent.agent.unwrap();
        let tx = app.app.db.writer().begin().await.unwrap();
        let queue = queue::Model {
            id: self.queue,
            company_id,
            name: format!("{word} support"),
            strategy: Strategy::LongestIdle,
            idle_reading: IdleReading::SinceLastCall,
            ring_seconds: 20,
            wrap_up_seconds: 30,
            decline_cool_off_seconds: 60,
            hold_music_url: None,
            rules: QueueRules::default(),
            hold_reminder_seconds: 60,
            hold_limit_seconds: 300,
            created_at: now,
            deleted_at: None,
        };
        scope.insert::<queue::Entity, _>(&tx, queue.clone()).await.unwrap();
        let second = queue::Model { id: self.second_queue, name: format!("{word} billing"), ..queue };
        scope.insert::<queue::Entity, _>(&tx, second).await.unwrap();
        let reason = availability_reason::Model {
            id: self.reason,
            company_id,
            availability: Availability::Training,
            name: format!("{word} onboarding"),
            created_at: now,
        };
        scope.insert::<availability_reason::Entity, _>(&tx, reason).await.unwrap();
        let may_pick = agent::ActiveModel { may_pick: Set(true), ..Default::default() };
        scope.update::<agent::Entity, _>(&tx, agent_id, may_pick).await.unwrap();
        let here = agent::ActiveModel { availability: Set(Availability::Available), ..Default::default() };
        scope.update::<agent::Entity, _>(&tx, self.idle_agent, here).await.unwrap();
        let member = queue_member::Model { company_id, queue_id: self.queue, agent_id };
        scope.insert::<queue_member::Entity, _>(&tx, member).await.unwrap();
        let skill = skill::Model { id: self.skill, company_id, name: format!("{word} german") };
        scope.insert::<skill::Entity, _>(&tx, skill).await.unwrap();
        let level = agent_skill::Model { company_id, agent_id, skill_id: self.skill, level: 7 };
        scope.insert::<agent_skill::Entity, _>(&tx, level).await.unwrap();
        let waits = wait_draft();
        for (id, name, document) in [
            (self.flow, "opened", draft()),
            (self.draft_flow, "draft", draft()),
            (self.wait_flow, "wait", waits),
        ] {
            let flow = flow::Model {
                id,
                company_id,
                name: format!("{word} {name}"),
                draft: document,
                published_version_id: (id == self.flow).then_some(self.flow_version),
                created_at: now,
                updated_at: now,
            };
            scope.insert::<flow::Entity, _>(&tx, flow).await.unwrap();
        }
        let version = flow_version::Model {
            id: self.flow_version,
            company_id,
            flow_id: self.flow,
            number: 1,
            document: draft(),
            engine_version: 1,
            published_by: Some(self.owner.user),
            published_at: now,
            restored_from: None,
        };
        scope.insert::<flow_version::Entity, _>(&tx, version).await.unwrap();
        let test = json!({
            "name": "Silence", "world": {}, "script": [], "expect": [{ "notSaid": "nobody says this" }],
        });
        let test = flow_test::Model {
            id: self.flow_test,
            company_id,
            flow_id: self.flow,
            name: "Silence".to_owned(),
            definition: test,
            created_at: now,
            updated_at: now,
        };
        scope.insert::<flow_test::Entity, _>(&tx, test).await.unwrap();
        let number = phone_number::Model {
            id: self.number,
            company_id,
            account_sid: account(word).to_owned(),
            number: "+4930123456".to_owned(),
            label: format!("{word} main line"),
            flow_id: self.flow,
            created_at: now,
        };
        scope.insert::<phone_number::Entity, _>(&tx, number).await.unwrap();
        let policy = recording_policy::Model {
            company_id,
            rule: RecordingRule::OnDemand,
            inbound: true,
            outbound: true,
            countries: Default::default(),
            unknown_country: None,
            announce_always: false,
            announcement: None,
            agents_may_listen: true,
            keep_recordings_days: None,
            keep_voicemails_days: None,
            updated_at: now,
            updated_by: self.owner.user,
        };
        scope.insert::<recording_policy::Entity, _>(&tx, policy).await.unwrap();
        let about = format!("transcription_hook:{company_id}");
        let hook = transcription_hook::Model {
            company_id,
            url: format!("https://{word}.example.com/voicemails"),
            secret_sealed: sealed::seal(&app.app.keys, &about, &signing::new_secret()).unwrap(),
            updated_at: now,
            updated_by: self.owner.user,
        };
        scope.insert::<transcription_hook::Entity, _>(&tx, hook).await.unwrap();
        self.insert_integrations(app, &tx).await;
        self.insert_own_things(app, &tx).await;
        let about = format!("voice_key:{company_id}");
        let key = voice_key::Model {
            company_id,
            key_sid: "SK00000000000000000000000000000001".to_owned(),
            secret_sealed: sealed::seal(&app.app.keys, &about, &Secret::new("a secret of a key")).unwrap(),
            application_sid: "AP00000000000000000000000000000001".to_owned(),
            updated_at: now,
            updated_by: self.owner.user,
        };
        scope.insert::<voice_key::Entity, _>(&tx, key).await.unwrap();
        let disposition = disposition::Model {
            id: self.disposition,
            company_id,
            name: format!("{word} sale"),
            colour: None,
            needs_note: false,
            created_at: now,
            archived_at: None,
        };
        scope.insert::<disposition::Entity, _>(&tx, disposition).await.unwrap();
        let of_queue = disposition_queue::Model {
            disposition_id: self.disposition,
            company_id,
            queue_id: self.second_queue,
        };
        scope.insert::<disposition_queue::Entity, _>(&tx, of_queue).await.unwrap();
        let schedule = schedule::Model {
            id: self.schedule,
            company_id,
            name: format!("{word} office"),
            hours: office_hours(),
            created_at: now,
            updated_at: now,
        };
        scope.insert::<schedule::Entity, _>(&tx, schedule).await.unwrap();
        let prompt = prompt::Model {
            id: self.prompt,
            company_id,
            name: format!("{word} welcome"),
            created_at: now,
            updated_at: now,
        };
        scope.insert::<prompt::Entity, _>(&tx, prompt).await.unwrap();
        for (language, text) in [("en-US", "Welcome."), ("de-DE", "Willkommen.")] {
            let resource = prompt_resource::Model {
                prompt_id: self.prompt,
                company_id,
                language: language.to_owned(),
                text: Some(text.to_owned()),
                audio_key: None,
                content_type: None,
                size_bytes: None,
                sha256: None,
                updated_at: now,
            };
            scope.insert::<prompt_resource::Entity, _>(&tx, resource).await.unwrap();
        }
        let contact = contact::Model {
            id: self.contact,
            company_id,
            number: "+4930555000".to_owned(),
            name: Some(format!("{word} caller")),
            email: None,
            language: None,
            company_name: None,
            notes: None,
            tags: json!(["known"]),
            custom: json!({ "tier": "gold" }),
            favourite: false,
            blocked: true,
            search_text: String::new(),
            sort_key: String::new(),
            last_contact_at: chrono::DateTime::UNIX_EPOCH,
            indexed_at: None,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        };
        let other = contact::Model {
            id: self.other_contact,
            number: "+4930555002".to_owned(),
            name: Some(format!("{word} other")),
            tags: json!([]),
            custom: json!({}),
            blocked: false,
            ..contact.clone()
        };
        for row in [contact, other] {
            let contact = Contact { row, others: Vec::new() };
            assert_eq!(contacts::insert(scope, &tx, &contact).await.unwrap(), Inserted::Yes);
        }
        let plan = json!({"delimiter": 44, "encoding": "Utf8", "columns": [{"header": "number", "field": "number"}],
            "duplicates": "Skip", "country": null, "may_block": false, "begin": 8});
        let import = contact_import::Model {
            id: self.contact_import,
            company_id,
            requested_by: self.owner.user,
            state: ContactImportState::Queued,
            plan,
            storage_key: None,
            size_bytes: 8,
            bytes_done: 8,
            rows_done: 0,
            made: 0,
            updated: 0,
            skipped: 0,
            refused: 0,
            failure: None,
            created_at: now,
            started_at: None,
            ended_at: None,
        };
        scope.insert::<contact_import::Entity, _>(&tx, import).await.unwrap();
        let field = contact_field::Model {
            id: self.contact_field,
            company_id,
            name: "tier".to_owned(),
            label: "Tier".to_owned(),
            kind: ContactFieldKind::Choice,
            choices: json!(["gold", "silver"]),
            in_offers: true,
            created_at: now,
            updated_at: now,
        };
        scope.insert::<contact_field::Entity, _>(&tx, field).await.unwrap();
        self.insert_export(app, &tx).await;
        self.insert_privacy_request(app, &tx).await;
        self.insert_media(app, &tx).await;
        self.insert_story(app, &tx).await;
        tx.commit().await.unwrap();
    }

    /// What a company has of its own, where it can be reached, and a report that is mailed.
    async fn insert_own_things(&self, app: &TestApp, tx: &DatabaseTransaction) {
        let (now, scope, company_id) = (app.app.clock.now(), self.scope, self.id);
        let schedule = report_schedule::Model {
            id: self.report_schedule,
            company_id,
            name: "Queues of yesterday".to_owned(),
            report: MailedReport::Queues,
            period: ReportPeriod::Daily,
            hour: 7,
            language: None,
            members: Members(vec![self.manager.user]),
            addresses: Addresses(vec![OUTSIDER.to_owned()]),
            enabled: true,
            sent_until: None,
            sent_at: None,
            created_at: now,
            updated_at: now,
            updated_by: self.owner.user,
        };
        scope.insert::<report_schedule::Entity, _>(tx, schedule).await.unwrap();
        let Some(others) = &app.others else { return };
        let server = smtp_server::Model {
            company_id,
            host: others.mail.ip().to_string(),
            port: i32::from(others.mail.port()),
            security: SmtpSecurity::None,
            user_name: None,
            password_sealed: None,
            from_address: "hello@example.com".to_owned(),
            from_name: None,
            failing_since: None,
            last_error: None,
            last_error_at: None,
            updated_at: now,
            updated_by: self.owner.user,
        };
        scope.insert::<smtp_server::Entity, _>(tx, server).await.unwrap();
        let id: BucketId = app.app.ids.next();
        let secret = sealed::seal(&app.app.keys, &format!("bucket:{id}"), &Secret::new(store::SECRET));
        let bucket = bucket::Model {
            id,
            company_id,
            endpoint: Some(format!("http://{}", others.bucket)),
            region: "eu-central-1".to_owned(),
            name: store::BUCKET.to_owned(),
            prefix: String::new(),
            access_key_id: store::KEY.to_owned(),
            secret_sealed: secret.unwrap(),
            path_style: true,
            linked: true,
            created_at: now,
            retired_at: None,
            updated_at: now,
            updated_by: self.owner.user,
        };
        scope.insert::<bucket::Entity, _>(tx, bucket).await.unwrap();
    }

    async fn insert_integrations(&self, app: &TestApp, tx: &DatabaseTransaction) {
        let (now, scope, company_id) = (app.app.clock.now(), self.scope, self.id);
        let endpoint = webhook_endpoint::Model {
            id: self.webhook,
            company_id,
            url: "https://127.0.0.1:9/hooks".to_owned(),
            description: Some("Our CRM".to_owned()),
            events: None,
            enabled: true,
            disabled_because: None,
            disabled_at: None,
            secret_sealed: sealed::seal(
                &app.app.keys,
                &format!("webhook_endpoint:{}", self.webhook),
                &signing::new_secret(),
            )
            .unwrap(),
            old_secret_sealed: None,
            old_secret_until: None,
            failing_since: None,
            failures: 0,
            created_at: now,
            updated_at: now,
            updated_by: self.owner.user,
        };
        scope.insert::<webhook_endpoint::Entity, _>(tx, endpoint).await.unwrap();
        let event = webhook_event::Model {
            id: app.app.ids.next(),
            company_id,
            kind: "contact.created".to_owned(),
            body: json!({"type": "contact.created", "timestamp": now, "data": {}}).to_string(),
            created_at: now,
        };
        scope.insert::<webhook_event::Entity, _>(tx, event.clone()).await.unwrap();
        let delivery = webhook_delivery::Model {
            id: self.webhook_delivery,
            company_id,
            endpoint_id: self.webhook,
            event_id: event.id,
            state: DeliveryState::Failed,
            attempts: 8,
            tries: 8,
            next_attempt_at: None,
            created_at: now,
            settled_at: Some(now),
        };
        scope.insert::<webhook_delivery::Entity, _>(tx, delivery).await.unwrap();
        for chat in [ChatApp::Slack, ChatApp::Teams] {
            let row = chat_integration::Model {
                company_id,
                chat,
                url_sealed: None,
                signing_secret_sealed: None,
                notices: json!([]),
                quiet_from: None,
                quiet_until: None,
                failures: 0,
                last_error: None,
                last_error_at: None,
                last_attempt_at: None,
                updated_at: now,
                updated_by: self.owner.user,
            };
            scope.insert::<chat_integration::Entity, _>(tx, row).await.unwrap();
        }
        self.insert_phones(app, tx).await;
    }

    async fn insert_phones(&self, app: &TestApp, tx: &DatabaseTransaction) {
        let now = app.app.clock.now();
        // Nobody is signed in on it any more, so it never rings.
        let former = session::Model {
            id: app.app.ids.next(),
            user_id: self.owner.user,
            membership_id: self.owner.membership,
            created_at: now,
            refreshed_at: now,
            expires_at: now + chrono::TimeDelta::days(7),
            revoked_at: Some(now),
            revoked_because: Some(RevokedBecause::LoggedOut),
        };
        sessions::insert(tx, former.clone()).await.unwrap();
        let device = push_device::Model {
            id: self.device,
            user_id: self.owner.user,
            session_id: former.id,
            company_id: None,
            service: PushServiceKind::Fcm,
            token_hash: format!("of the phone {}", self.device),
            token_sealed: String::new(),
            purpose: PushPurpose::Alert,
            sandbox: false,
            name: Some("Ann's phone".to_owned()),
            created_at: now,
            registered_at: now,
            reached_at: None,
        };
        push_devices::register(tx, device).await.unwrap();
        for service in [PushServiceKind::Expo, PushServiceKind::Fcm, PushServiceKind::Apns] {
            let row = push_service::Model {
                company_id: self.id,
                service,
                account: json!({}),
                secret_sealed: String::new(),
                failing_since: None,
                last_error: None,
                last_error_at: None,
                updated_at: now,
                updated_by: self.owner.user,
            };
            push_services::put(self.scope, tx, row).await.unwrap();
        }
    }

    /// Who has left, and a key.
    async fn insert_people(&self, app: &TestApp, former: &Person) {
        let (now, scope) = (app.app.clock.now(), self.scope);
        let tx = app.app.db.begin().await.unwrap();
        let (former, removed) = (former.membership.unwrap(), MembershipStatus::Removed);
        assert_eq!(users::set_status(scope, &tx, former, removed).await.unwrap(), Updated::Yes);
        let key = api_key::Model {
            id: self.api_key,
            company_id: self.id,
            membership_id: self.owner.membership.unwrap(),
            name: "CRM".to_owned(),
            key_hash: tokens::hash(&format!("cdk_the key of {}", self.id)),
            hint: "cdk_the ke".to_owned(),
            scopes: json!(["calls:read"]),
            created_at: now,
            expires_at: None,
            last_used_at: None,
            revoked_at: None,
        };
        scope.insert::<api_key::Entity, _>(&tx, key).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn insert_export(&self, app: &TestApp, tx: &DatabaseTransaction) {
        let now = app.app.clock.now();
        let key = format!("{}/exports/{}.csv", self.id, self.export);
        app.app.storage.put(&key, Bytes::from_static(b"callId\r\n")).await.unwrap();
        let row = export::Model {
            id: self.export,
            company_id: self.id,
            requested_by: self.owner.user,
            dataset: ExportDataset::Calls,
            format: ExportFormat::Csv,
            gzip: false,
            bom: false,
            range_from: now - chrono::TimeDelta::days(1),
            range_to: now,
            intervals: None,
            state: ExportState::Completed,
            rows_estimated: Some(0),
            rows_written: 0,
            storage_key: Some(key),
            size_bytes: Some(8),
            sha256: Some("0".repeat(64)),
            failure: None,
            created_at: now,
            started_at: Some(now),
            ended_at: Some(now),
            expires_at: Some(now + chrono::TimeDelta::days(7)),
        };
        self.scope.insert::<export::Entity, _>(tx, row).await.unwrap();
    }

    async fn insert_privacy_request(&self, app: &TestApp, tx: &DatabaseTransaction) {
        let now = app.app.clock.now();
        let row = privacy_request::Model {
            id: self.privacy_request,
            company_id: self.id,
            kind: PrivacyKind::Erase,
            requested_by: self.owner.user,
            person: PrivacyPerson::Caller,
            subject_hash: "0".repeat(64),
            subject_sealed: None,
            state: PrivacyState::Completed,
            steps_done: 5,
            steps: 5,
            proof: json!({"found": {}, "erased": {"calls": 3},
                          "left": [{"what": "recordings", "count": 1, "because": "they are under a legal hold"}]}),
            storage_key: None,
            size_bytes: None,
            sha256: None,
            failure: None,
            created_at: now,
            started_at: Some(now),
            ended_at: Some(now),
            expires_at: None,
        };
        self.scope.insert::<privacy_request::Entity, _>(tx, row).await.unwrap();
    }

    async fn insert_media(&self, app: &TestApp, tx: &DatabaseTransaction) {
        let now = app.app.clock.now();
        let key = format!("{}/media/{}/picture", self.id, self.media);
        app.app.storage.put(&key, Bytes::from(png())).await.unwrap();
        let ready = media::Model {
            id: self.media,
            company_id: self.id,
            user_id: self.owner.user,
            state: MediaState::Ready,
            kind: Some(MediaKind::Image),
            content_type: Some("image/png".to_owned()),
            name: Some("picture.png".to_owned()),
            size_bytes: png().len() as i64,
            received_bytes: png().len() as i64,
            sha256: Some("0".repeat(64)),
            width: Some(1),
            height: Some(1),
            duration_ms: None,
            store: MediaStore::Files,
            storage_key: Some(key),
            thumbnail_key: None,
            created_at: now,
            ready_at: Some(now),
            expires_at: None,
            deleted_at: None,
            shown_at: None,
        };
        let upload = media::Model {
            id: self.upload,
            state: MediaState::Uploading,
            kind: None,
            content_type: None,
            size_bytes: 10,
            received_bytes: 0,
            sha256: None,
            storage_key: Some(format!("{}/media/{}/file", self.id, self.upload)),
            ready_at: None,
            expires_at: Some(now + chrono::TimeDelta::days(1)),
            ..ready.clone()
        };
        let cloud = media::Model {
            id: self.cloud_media,
            store: MediaStore::Cloudinary,
            sha256: None,
            storage_key: Some(format!("{}/media/{}/cloud", self.id, self.cloud_media)),
            ..ready.clone()
        };
        self.scope.insert_many::<media::Entity, _>(tx, vec![ready, upload, cloud]).await.unwrap();
    }

    async fn insert_story(&self, app: &TestApp, tx: &DatabaseTransaction) {
        let now = app.app.clock.now();
        let row = story::Model {
            id: self.story,
            company_id: self.id,
            user_id: self.owner.user,
            kind: StoryKind::Text,
            text: Some("Welcome".to_owned()),
            background: Some("#ffaa00".to_owned()),
            media_id: None,
            audience: StoryAudience::Everyone,
            posted_at: now,
            expires_at: now + stories::DAY,
            kept_at: None,
        };
        stored_stories::insert(self.scope, tx, row, &[]).await.unwrap();
        let row = story_highlight::Model {
            id: self.highlight,
            company_id: self.id,
            user_id: self.owner.user,
            title: "First days".to_owned(),
            created_at: now,
            updated_at: now,
        };
        story_highlights::insert(self.scope, tx, row).await.unwrap();
        story_highlights::fill(self.scope, tx, self.highlight, &[self.story]).await.unwrap();
    }

    /// Every id of this company: what must not stand in an answer to anybody else.
    pub fn ids(&self) -> Vec<String> {
        let people = [&self.owner, &self.manager, &self.agent];
        let mut ids = vec![
            self.id.to_string(),
            self.idle_agent.to_string(),
            self.queue.to_string(),
            self.second_queue.to_string(),
            self.reason.to_string(),
            self.skill.to_string(),
            self.flow.to_string(),
            self.flow_version.to_string(),
            self.prompt.to_string(),
            self.contact.to_string(),
            self.other_contact.to_string(),
            self.contact_field.to_string(),
            self.contact_import.to_string(),
            self.webhook.to_string(),
            self.webhook_delivery.to_string(),
            self.former.to_string(),
            self.idle.to_string(),
            self.peer_call.to_string(),
            self.group_call.to_string(),
            self.api_key.to_string(),
            self.export.to_string(),
            self.privacy_request.to_string(),
            self.media.to_string(),
            self.upload.to_string(),
            self.cloud_media.to_string(),
            self.story.to_string(),
            self.highlight.to_string(),
            self.draft_flow.to_string(),
            self.flow_test.to_string(),
            self.wait_flow.to_string(),
            self.number.to_string(),
            self.disposition.to_string(),
            self.schedule.to_string(),
            self.calls.offered.to_string(),
            self.calls.offer.to_string(),
            self.calls.wrap_up.to_string(),
            self.calls.voicemail.to_string(),
            self.calls.connected.to_string(),
            self.calls.consulting.to_string(),
            self.chats.colleague.user.to_string(),
            self.chats.private.to_string(),
            self.chats.message.to_string(),
            self.chats.answer.to_string(),
            self.chats.group.to_string(),
            self.chats.question.to_string(),
            self.chats.devices[0].to_string(),
            self.chats.devices[1].to_string(),
        ];
        ids.extend(people.iter().flat_map(|person| [person.user.to_string(), person.session.to_string()]));
        ids.extend(people.iter().filter_map(|person| person.agent).map(|agent| agent.to_string()));
        ids
    }
}

/// What somebody got who has registered and not confirmed it yet.
pub const REGISTRATION_TOKEN: &str = "the token of a registration";

async fn insert_registration(app: &TestApp) {
    let now = app.app.clock.now();
    let row = registration::Model {
        id: app.app.ids.next(),
        email: "waiting@example.com".to_owned(),
        name: "Waiting".to_owned(),
        password_hash: "none".to_owned(),
        company_name: Some("Waiting for it".to_owned()),
        token_hash: tokens::hash(REGISTRATION_TOKEN),
        created_at: now,
        expires_at: now + chrono::TimeDelta::hours(24),
    };
    let tx = app.app.db.begin().await.unwrap();
    registrations::replace(&tx, row).await.unwrap();
    tx.commit().await.unwrap();
}

/// Whose account it is.
fn account(word: &str) -> &'static str {
    if word == "ours" { OUR_ACCOUNT } else { THEIR_ACCOUNT }
}

/// Monday to Friday from nine to five in Berlin, but on Christmas Day.
pub fn office_hours() -> Value {
    let day = json!([{ "from": "09:00", "to": "17:00" }]);
    json!({
        "zone": "Europe/Berlin",
        "weekly": { "mon": day, "tue": day, "wed": day, "thu": day, "fri": day },
        "exceptions": [{ "date": "2026-12-25", "name": "Christmas", "intervals": [] }],
    })
}

/// What somebody got who has forgotten his password.
pub const PASSWORD_TOKEN: &str = "the token of a password";
/// Of the second factor that the user without a company has begun and not confirmed.
pub const FACTOR_SECRET: &[u8] = b"12345678901234567890";

async fn insert_account_things(app: &TestApp, owner: &Person, alone: &Person) {
    let now = app.app.clock.now();
    let link = password_link::Model {
        user_id: owner.user,
        token_hash: tokens::hash(PASSWORD_TOKEN),
        created_at: now,
        expires_at: now + chrono::TimeDelta::hours(1),
    };
    let secret = Secret::new(hex(FACTOR_SECRET));
    let factor = second_factor::Model {
        user_id: alone.user,
        secret_sealed: sealed::seal(&app.app.keys, &format!("second_factor:{}", alone.user), &secret)
            .unwrap(),
        created_at: now,
        confirmed_at: None,
        last_step: 0,
    };
    let tx = app.app.db.begin().await.unwrap();
    password_links::replace(&tx, link).await.unwrap();
    assert!(second_factors::begin(&tx, factor).await.unwrap());
    tx.commit().await.unwrap();
}

/// A number to which a code was sent, and the code.
pub const PHONE_NUMBER: &str = "+12025550177";
pub const PHONE_CODE: &str = "246810";
/// Of an invitation of ours to the user without a company.
pub const INVITATION_TOKEN: &str = "the token of an invitation";

async fn insert_phone_things(app: &TestApp, ours: &Company) {
    let now = app.app.clock.now();
    let number = Number::read(PHONE_NUMBER, "/phoneNumber").unwrap();
    let code = phone_code::Model {
        phone_number: PHONE_NUMBER.to_owned(),
        code_hash: codes::hash(&app.app.keys, &number, &Secret::new(PHONE_CODE)).unwrap(),
        wrong_tries: 0,
        created_at: now,
        expires_at: now + codes::LIFE,
    };
    let invitation = invitation::Model {
        id: app.app.ids.next(),
        company_id: ours.id,
        email: Some("alone@example.com".to_owned()),
        phone_number: None,
        role: Role::Agent,
        token_hash: tokens::hash(INVITATION_TOKEN),
        invited_by: ours.owner.user,
        created_at: now,
        expires_at: now + chrono::TimeDelta::days(7),
        accepted_at: None,
    };
    let tx = app.app.db.begin().await.unwrap();
    phone_codes::replace(&tx, code).await.unwrap();
    invitations::insert(ours.scope, &tx, invitation).await.unwrap();
    tx.commit().await.unwrap();
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn insert_closed_company(app: &TestApp, admin: &Person) -> CompanyId {
    let (ids, now) = (&app.app.ids, app.app.clock.now());
    let row = company::Model {
        id: ids.next(),
        name: "Closed".to_owned(),
        time_zone: "UTC".to_owned(),
        language: "en-US".to_owned(),
        demo: false,
        twilio_account_sid: None,
        twilio_auth_token_sealed: None,
        tell_agents_of_supervision: true,
        report_settings: Default::default(),
        created_at: now,
    };
    let closed = row.id;
    let tx = app.app.db.begin().await.unwrap();
    system::insert_company(&tx, row).await.unwrap();
    let closing = closed_company::Model { company_id: closed, closed_by: admin.user, closed_at: now };
    assert!(system::close_company(&tx, closing).await.unwrap());
    tx.commit().await.unwrap();
    closed
}

/// The beginning of a picture, which is all that is looked at.
pub fn png() -> Vec<u8> {
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0".to_vec()
}

/// The content type of [`form`].
pub const FORM: &str = "multipart/form-data; boundary=between-two-fields";

/// A form with a file.
pub fn form(name: &str, content: &[u8]) -> Vec<u8> {
    let head = format!(
        "--between-two-fields\r\ncontent-disposition: form-data; name=\"note\"\r\n\r\nfirst\r\n\
         --between-two-fields\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         content-type: application/octet-stream\r\n\r\n"
    );
    [head.as_bytes(), content, b"\r\n--between-two-fields--\r\n"].concat()
}

/// A document that can be published.
pub fn draft() -> Value {
    json!({
        "version": 1,
        "name": "Greeting",
        "language": "en-US",
        "start": "bye",
        "nodes": { "bye": { "type": "hangup" } }
    })
}

/// What waiting callers hear.
pub fn wait_draft() -> Value {
    json!({ "version": 1, "name": "Waiting", "kind": "wait", "start": "hello",
        "nodes": { "hello": { "type": "say", "text": "Please wait." } } })
}

/// A tenth of a second of silence, as telephones have it: µ-law, 8,000 samples a second.
pub fn wav() -> Vec<u8> {
    let sound = [0xFF; 800];
    let mut file = b"RIFF\x48\x03\0\0WAVEfmt \x10\0\0\0\x07\0\x01\0".to_vec();
    file.extend(8_000_u32.to_le_bytes());
    file.extend(8_000_u32.to_le_bytes());
    file.extend(b"\x01\0\x08\0data");
    file.extend(800_u32.to_le_bytes());
    file.extend(sound);
    file
}

/// The first refresh token of somebody's session.
pub fn refresh_token(email: &str) -> String {
    format!("the first refresh token of {email}")
}

/// A user with a good session.
pub async fn person(app: &TestApp, email: &str, seat: Seat, member: Option<(CompanyId, Role)>) -> Person {
    person_of(&app.app, email, seat, member).await
}

pub async fn person_of(app: &App, email: &str, seat: Seat, member: Option<(CompanyId, Role)>) -> Person {
    static HASH: OnceCell<String> = OnceCell::const_new();
    let hash = HASH.get_or_init(|| async { passwords::hash(Secret::new(PASSWORD)).await.unwrap() }).await;
    let (ids, now) = (&app.ids, app.clock.now());
    let name = email.split('@').next().unwrap().to_owned();
    let user = user::Model {
        password_hash: Some(hash.clone()),
        platform_role: (seat == Seat::Admin).then_some(PlatformRole::Admin),
        ..user::Model::begun(ids.next(), name, Some(email.to_owned()), now)
    };
    let tx = app.db.begin().await.unwrap();
    assert!(users::insert_unless_known(&tx, user.clone()).await.unwrap(), "{email} is taken");
    let mut agent_id = None;
    let membership = match member {
        Some((company_id, role)) => {
            let (id, status) = (ids.next(), MembershipStatus::Active);
            let row = membership::Model { id, company_id, user_id: user.id, role, status, created_at: now };
            system::insert_membership(&tx, row).await.unwrap();
            if role == Role::Agent {
                let agent = agent(ids.next(), company_id, id, &user.name, now);
                agent_id = Some(agent.id);
                system::insert_agent_unless_there(&tx, agent).await.unwrap();
            }
            Some((id, company_id))
        }
        None => None,
    };
    let session = session::Model {
        id: ids.next(),
        user_id: user.id,
        membership_id: membership.map(|(id, _)| id),
        created_at: now,
        refreshed_at: now,
        expires_at: now + chrono::TimeDelta::days(7),
        revoked_at: None,
        revoked_because: None,
    };
    let session_id = session.id;
    sessions::insert(&tx, session).await.unwrap();
    let refresh = refresh_token::Model {
        token_hash: tokens::hash(&refresh_token(email)),
        session_id,
        created_at: now,
        spent_at: None,
    };
    sessions::insert_token(&tx, refresh).await.unwrap();
    tx.commit().await.unwrap();
    let life = app.settings.access_token_life;
    let claims = tokens::Claims::new(user.id, session_id, seat, membership, now, life);
    Person {
        user: user.id,
        email: email.to_owned(),
        seat,
        membership: membership.map(|(id, _)| id),
        agent: agent_id,
        session: session_id,
        token: tokens::sign(&app.keys, &claims).unwrap(),
        acting_for: None,
    }
}

/// An idle agent, for tests of what is derived from its row.
pub fn agent_row(now: chrono::DateTime<chrono::Utc>) -> agent::Model {
    let id = uuid::Uuid::from_u128(1);
    agent(id.into(), id.into(), id.into(), "Ann", now)
}

fn agent(
    id: AgentId,
    company_id: CompanyId,
    membership_id: MembershipId,
    name: &str,
    now: chrono::DateTime<chrono::Utc>,
) -> agent::Model {
    agent::Model {
        reach: Reach::Client,
        number: Some("+4917012345".to_owned()),
        capacity: 2,
        ..agent::Model::begun(id, company_id, membership_id, name.to_owned(), now)
    }
}
