//! One good request for every operation of openapi.yaml. A new operation needs an arm here; the attacks do the rest.

use calldocker::authz::Seat;
use calldocker::identity::second_factor::totp;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::support::devices::Device;
use crate::support::firebase::Firebase;
use crate::support::{
    ACCOUNT_TOKEN, FACTOR_SECRET, FORM, INVITATION_TOKEN, OUR_ACCOUNT, PHONE_CODE, PHONE_NUMBER, World,
    draft, form, office_hours, png, refresh_token,
};
use crate::support::{phones, store};

/// A request that succeeds when the right person sends it.
#[derive(Debug)]
pub struct Sample {
    /// Whose request succeeds.
    pub by: Seat,
    pub status: u16,
    /// Values for the parameters of the path, by name.
    pub path: Vec<(&'static str, String)>,
    /// Without the question mark.
    pub query: &'static str,
    pub body: Option<Value>,
    /// A body that is no JSON: its content type and its content.
    pub file: Option<(&'static str, Vec<u8>)>,
    /// What the operation wants to be told in headers.
    pub headers: Vec<(&'static str, &'static str)>,
    /// For each id in the body: its JSON pointer, and an id of the other company to put there.
    pub foreign: Vec<(&'static str, String)>,
    /// As whom the caller acts.
    pub acting: Acting,
}

/// As whom the caller of an operation acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acting {
    /// As the member that he is.
    AsMember,
    /// As his own agent: who is none finds nothing, whatever he may.
    AsOwnAgent,
}

impl Sample {
    fn by(by: Seat) -> Self {
        Self {
            by,
            status: 200,
            path: Vec::new(),
            query: "",
            body: None,
            file: None,
            headers: Vec::new(),
            foreign: Vec::new(),
            acting: Acting::AsMember,
        }
    }

    fn made(self) -> Self {
        Self { status: 201, ..self }
    }

    fn accepted(self) -> Self {
        Self { status: 202, ..self }
    }

    fn empty(self) -> Self {
        Self { status: 204, ..self }
    }

    fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    fn by_own_agent(self) -> Self {
        Self { acting: Acting::AsOwnAgent, ..self }
    }

    fn id(self, id: impl ToString) -> Self {
        self.path("id", id)
    }

    fn path(mut self, name: &'static str, value: impl ToString) -> Self {
        self.path.push((name, value.to_string()));
        self
    }

    fn query(self, query: &'static str) -> Self {
        Self { query, ..self }
    }

    fn body(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    fn file(self, content_type: &'static str, content: Vec<u8>) -> Self {
        Self { file: Some((content_type, content)), ..self }
    }

    fn foreign(mut self, pointer: &'static str, id: impl ToString) -> Self {
        self.foreign.push((pointer, id.to_string()));
        self
    }
}

/// When the tests begin.
fn noon() -> DateTime<Utc> {
    "2026-03-02T12:00:00Z".parse().expect("a time")
}

/// What the second factor of the user without a company shows when the tests begin.
fn factor_code() -> String {
    totp::code(FACTOR_SECRET, totp::step_at(noon()))
}

/// The sample of an operation, with ids of `world.ours`.
pub fn sample(operation: &str, world: &World) -> Option<Sample> {
    let (ours, theirs) = (&world.ours, &world.theirs);
    let owner = || Sample::by(Seat::Owner);
    let agent = || Sample::by(Seat::Agent);
    let agent_id = ours.agent.agent.expect("the agent is an agent");
    let sample = match operation {
        // Public: anybody may, so nobody in particular does.
        "getHealth" | "getLiveness" | "getReadiness" | "listLanguages" => owner(),
        "getServices" => Sample::by(Seat::Admin),
        "register" => owner().accepted().body(json!({
            "email": "new@example.com", "password": "long enough", "name": "New", "companyName": "Newco"
        })),
        "confirmRegistration" => owner().body(json!({ "token": crate::support::REGISTRATION_TOKEN })),
        "logIn" => owner().body(json!({ "email": ours.owner.email, "password": crate::support::PASSWORD })),
        "refreshTokens" | "refreshTokensAlias" => {
            owner().body(json!({ "refreshToken": refresh_token(&ours.owner.email) }))
        }

        "sendPhoneCode" | "sendPhoneCodeAlias" => owner().body(json!({ "phoneNumber": "+1 202 555 0188" })),
        "verifyPhoneCode" => owner().body(json!({ "phoneNumber": PHONE_NUMBER, "code": PHONE_CODE })),
        "logInWithFirebase" => {
            owner().body(json!({ "idToken": Firebase::everybodys().token("+12025550188", noon()) }))
        }
        "completeProfile" => owner().body(json!({ "displayName": "Another Name" })),
        "linkPhoneNumber" => owner().body(json!({ "phoneNumber": PHONE_NUMBER, "code": PHONE_CODE })),
        "unlinkPhoneNumber" => owner(),
        "acceptInvitation" => Sample::by(Seat::Alone).body(json!({ "inviteToken": INVITATION_TOKEN })),
        "logOut" => owner().query("all=true"),
        "listMemberships" => owner(),
        "switchCompany" => owner().body(json!({ "companyId": ours.id })).foreign("/companyId", theirs.id),
        "getProfile" => owner(),
        "updateProfile" => owner().body(json!({ "name": "Another Name" })),
        "changePassword" => {
            let current = crate::support::PASSWORD;
            owner().body(json!({ "currentPassword": current, "newPassword": "another good one" }))
        }
        "listSessions" => owner(),
        "forgotPassword" => owner().accepted().body(json!({ "email": ours.owner.email })),
        "resetPassword" => {
            owner().body(json!({ "token": crate::support::PASSWORD_TOKEN, "password": "another good one" }))
        }
        "beginSecondFactor" => owner(),
        "confirmSecondFactor" => Sample::by(Seat::Alone).body(json!({ "code": factor_code() })),
        "endSecondFactor" => {
            let query = format!("code={}", factor_code());
            Sample { query: Box::leak(query.into_boxed_str()), ..Sample::by(Seat::Alone) }
        }
        "endSession" => owner().id(ours.owner.session),

        "listUsersOfCompany" => owner().path("companyId", ours.id).query("page=1&limit=2"),
        "inviteUser" => owner().made().body(json!({ "email": "invited@example.com", "role": "agent" })),
        "getUser" => owner().id(ours.agent.user),
        "updateUser" => owner().id(ours.agent.user).body(json!({ "role": "manager" })),
        "removeUser" => owner().id(ours.manager.user),
        "listUsers" => Sample::by(Seat::Admin).query("search=own&status=active&page=1&limit=2"),
        "createUser" => {
            owner().made().body(json!({ "email": "made@example.com", "name": "Made", "role": "agent" }))
        }
        "setUserAdmission" => Sample::by(Seat::Admin).id(ours.agent.user).body(json!({ "status": "banned" })),
        "restoreUser" => owner().id(ours.former),
        "resetSecondFactor" => owner().id(ours.agent.user),
        "searchUsers" => agent().query("q=zoe&page=1&limit=2"),
        "addContact" => owner().body(json!({ "phoneNumber": "+49 30 555009", "name": "Bo" })),
        "getProfileAlias" => owner(),
        "updateProfileAlias" => owner().body(json!({ "name": "Another Name" })),
        "uploadAvatar" => owner().file("image/png", png()),

        "listCompanies" => Sample::by(Seat::Admin),
        "getCompany" => owner().id(ours.id),
        "createCompany" => Sample::by(Seat::Admin)
            .made()
            .body(json!({ "name": "Newco", "ownerEmail": "boss@example.com", "timeZone": "Europe/Madrid" })),
        "restoreCompany" => Sample::by(Seat::Admin)
            .body(json!({ "companyId": world.closed }))
            .foreign("/companyId", theirs.id),
        "updateCompany" => owner().id(ours.id).body(json!({ "name": "Ours too", "language": "de-DE" })),
        "closeCompany" => owner().id(ours.id).query("confirm=Ours"),

        "listApiKeys" => owner(),
        "createApiKey" => owner().made().body(json!({ "name": "CRM", "scopes": ["calls:read"] })),
        "revokeApiKey" => owner().id(ours.api_key),
        "listAudit" => owner().query("action=users&limit=10"),
        "listPhoneNumbers" => owner().id(ours.id),
        "updatePhoneNumber" => owner()
            .id(ours.id)
            .path("numberId", ours.number)
            .body(json!({ "label": "Front", "flowId": ours.flow, "pinnedVersionId": ours.flow_version }))
            .foreign("/flowId", theirs.flow)
            .foreign("/pinnedVersionId", theirs.flow_version),

        "createPhoneNumber" => owner()
            .made()
            .id(ours.id)
            .body(json!({ "number": "+49 30 123458", "label": "Back", "flowId": ours.flow,
                "pinnedVersionId": ours.flow_version }))
            .foreign("/flowId", theirs.flow)
            .foreign("/pinnedVersionId", theirs.flow_version),
        "deletePhoneNumber" => owner().id(ours.id).path("numberId", ours.number),
        "getTwilioAccount" | "deleteTwilioAccount" => owner().path("companyId", ours.id),
        "putTwilioAccount" => {
            let body = json!({ "accountSid": OUR_ACCOUNT, "authToken": ACCOUNT_TOKEN });
            owner().path("companyId", ours.id).body(body)
        }
        "createVoiceToken" => agent().by_own_agent(),
        "streamExport" => owner().path("companyId", ours.id).query("dataset=calls&format=ndjson"),
        "getInsights" => owner().path("companyId", ours.id),
        "listExports" => owner(),
        "createExport" => owner().made().body(json!({ "dataset": "calls", "format": "csv", "gzip": true })),
        "getExport" | "getExportContent" | "deleteExport" => owner().id(ours.export),

        "listPrivacyRequests" => owner(),
        "getPrivacyRequest" => owner().id(ours.privacy_request),
        "exportPerson" | "erasePerson" => owner()
            .made()
            .body(json!({ "userId": ours.former, "contactId": null }))
            .foreign("/userId", theirs.former)
            .foreign("/contactId", theirs.contact),

        "listContacts" => owner().query("search=caller&page=1&limit=2"),
        "createContact" => {
            owner().made().body(json!({ "number": "+49 30 555001", "name": "Ann", "tags": ["vip"] }))
        }
        "getContact" => owner().id(ours.contact),
        "listContactMessages" => owner().id(ours.contact).query("limit=2"),
        "updateContact" => {
            owner().id(ours.contact).body(json!({ "notes": "Calls on Mondays.", "favourite": true }))
        }
        "deleteContact" => owner().id(ours.contact),
        "listContactFields" => owner(),
        "createContactField" => {
            owner().made().body(json!({ "name": "since", "kind": "date", "inOffers": true }))
        }
        "updateContactField" => {
            owner().id(ours.contact_field).body(json!({ "name": "tier", "kind": "text", "label": "Level" }))
        }
        "deleteContactField" => owner().id(ours.contact_field),
        "importContacts" => owner()
            .made()
            .query("duplicates=update")
            .file("text/csv", b"number,name\n+4930555003,Zoe\n".to_vec()),
        "listContactImports" => owner().query("limit=2"),
        "getContactImport" | "getContactImportReport" | "cancelContactImport" => {
            owner().id(ours.contact_import)
        }
        "exportContacts" => owner().query("format=ndjson&search=caller"),
        "listDuplicateContacts" => owner(),
        "mergeContacts" => owner()
            .id(ours.contact)
            .body(json!({ "otherIds": [ours.other_contact] }))
            .foreign("/otherIds/0", theirs.other_contact),
        "getContactTimeline" => agent().id(ours.contact),

        "listFlows" => owner(),
        "createFlow" => owner().made().body(json!({ "name": "Night", "draft": draft() })),
        "getFlow" => owner().id(ours.flow),
        "updateFlow" => owner().id(ours.flow).body(json!({ "name": "Day", "draft": draft() })),
        "deleteFlow" => owner().id(ours.draft_flow),
        "publishFlow" => owner().made().id(ours.flow),
        "listFlowVersions" => owner().id(ours.flow),
        "rollBackFlow" => owner().made().id(ours.flow).body(json!({ "number": 1 })),
        "compareFlowVersions" => owner().id(ours.flow).query("from=1&to=draft"),
        "simulateFlow" => owner().id(ours.flow).query("otherFlows=drafts").body(json!({ "script": [] })),
        "listFlowTests" => owner().id(ours.flow),
        "createFlowTest" => {
            let body = json!({ "name": "Nothing", "call": { "script": [] }, "expect": [{ "notSaid": "x" }] });
            owner().made().id(ours.flow).body(body)
        }
        "getFlowTest" | "deleteFlowTest" => owner().id(ours.flow).path("testId", ours.flow_test),
        "updateFlowTest" => {
            let body = json!({ "name": "Goodbye", "call": { "script": [] }, "expect": [] });
            owner().id(ours.flow).path("testId", ours.flow_test).body(body)
        }
        "runFlowTests" => owner().id(ours.flow).query("version=1"),
        "replayFlow" => owner()
            .id(ours.flow)
            .body(json!({ "from": "2026-03-01T00:00:00Z", "to": "2026-03-03T00:00:00Z", "version": 1 })),
        "importFlow" => owner().made().body(json!({ "name": "Night", "definition": draft() })),
        "importIntoFlow" => owner().id(ours.flow).body(json!({ "definition": draft() })),
        "exportFlow" => owner().id(ours.flow).query("version=1"),

        "listPrompts" => owner(),
        "createPrompt" => owner().made().body(json!({
            "name": "closed", "texts": [{ "language": "en-US", "text": "We are closed." }]
        })),
        "getPrompt" => owner().id(ours.prompt),
        "renamePrompt" => owner().id(ours.prompt).body(json!({ "name": "hello" })),
        "deletePrompt" => owner().id(ours.prompt),
        "putPromptText" => {
            owner().id(ours.prompt).path("language", "fr-FR").body(json!({ "text": "Bienvenue." }))
        }
        "putPromptAudio" => {
            owner().id(ours.prompt).path("language", "fr-FR").file("audio/wav", crate::support::wav())
        }
        "deletePromptResource" => owner().id(ours.prompt).path("language", "de-DE"),

        "listQueues" => owner(),
        "getQueueFlows" => owner().id(ours.queue),
        "setQueueFlows" => {
            let body = json!({ "waitFlowId": ours.wait_flow, "holdFlowId": null, "whisperFlowId": null });
            owner()
                .id(ours.queue)
                .body(body)
                .foreign("/waitFlowId", theirs.wait_flow)
                .foreign("/holdFlowId", theirs.wait_flow)
                .foreign("/whisperFlowId", theirs.wait_flow)
        }
        "getQueue" => owner().id(ours.queue),
        "createQueue" => owner()
            .made()
            .body(json!({
                "name": "Sales",
                "agentIds": [agent_id],
                "rules": { "scheduleId": ours.schedule, "overflow": [
                    { "afterSeconds": 30, "action": "queue", "queueId": ours.queue },
                    { "afterSeconds": 60, "action": "flow", "flowId": ours.flow },
                ]},
            }))
            .foreign("/rules/scheduleId", theirs.schedule)
            .foreign("/agentIds/0", theirs.agent.agent.expect("the agent is an agent"))
            .foreign("/rules/overflow/0/queueId", theirs.queue)
            .foreign("/rules/overflow/1/flowId", theirs.flow),
        "updateQueue" => owner()
            .id(ours.queue)
            .body(json!({
                "name": "Help",
                "agentIds": [agent_id],
                "rules": { "scheduleId": ours.schedule, "overflow": [
                    { "afterSeconds": 30, "action": "queue", "queueId": ours.second_queue },
                    { "afterSeconds": 60, "action": "flow", "flowId": ours.flow },
                ]},
            }))
            .foreign("/rules/scheduleId", theirs.schedule)
            .foreign("/agentIds/0", theirs.agent.agent.expect("the agent is an agent"))
            .foreign("/rules/overflow/0/queueId", theirs.queue)
            .foreign("/rules/overflow/1/flowId", theirs.flow),
        "deleteQueue" => owner().id(ours.second_queue),
        "getQueueLive" => owner().id(ours.queue),
        "listSkills" => owner(),
        "createSkill" => owner().made().body(json!({ "name": "French" })),
        "updateSkill" => owner().id(ours.skill).body(json!({ "name": "German" })),
        "deleteSkill" => owner().id(ours.skill),
        "listAgents" => owner(),
        "listAgentsOfCompany" => owner().path("companyId", ours.id),
        "getAgent" => owner().id(agent_id),
        "setAgentAvailability" => owner().id(agent_id).body(json!({ "status": "away", "reason": "lunch" })),
        "takeBackNextAvailability" => owner().id(agent_id),
        "listAgentHistory" => agent().id(agent_id).query("limit=10"),
        "createAgent" => {
            let body = json!({
                "userId": ours.manager.user, "reach": "number", "number": "+4930123457", "capacity": 2,
                "skills": [{ "id": ours.skill, "level": 3 }], "queueIds": [ours.queue],
            });
            let theirs_in_it = owner().made().body(body).foreign("/userId", theirs.manager.user);
            theirs_in_it.foreign("/skills/0/id", theirs.skill).foreign("/queueIds/0", theirs.queue)
        }
        "updateAgent" => {
            let body = json!({ "skills": [{ "id": ours.skill, "level": 3 }], "queueIds": [ours.queue] });
            let theirs_in_it = owner().id(agent_id).body(body).foreign("/skills/0/id", theirs.skill);
            theirs_in_it.foreign("/queueIds/0", theirs.queue)
        }
        "deleteAgent" => owner().id(ours.idle_agent),
        "setSkillsToday" => {
            let body = json!({ "skills": [{ "id": ours.skill, "level": 0 }] });
            owner().id(agent_id).body(body).foreign("/skills/0/id", theirs.skill)
        }
        "restoreSkills" => owner().id(agent_id),
        "releaseAgent" => owner().id(agent_id).body(json!({ "force": false })),
        "logOutAgent" => owner().id(agent_id),
        "listAvailabilityReasons" => owner(),
        "createAvailabilityReason" => {
            owner().made().body(json!({ "availability": "break", "name": "Lunch" }))
        }
        "updateAvailabilityReason" => owner().id(ours.reason).body(json!({ "name": "Course" })),
        "deleteAvailabilityReason" => owner().id(ours.reason),
        "sendHeartbeat" => agent().by_own_agent(),

        "createCall" => {
            // A click on behalf of an agent who is free.
            let body = json!({ "to": "+4930123457", "agentId": ours.idle_agent, "queueId": ours.queue });
            let theirs_in_it = owner().made().body(body).foreign("/agentId", theirs.idle_agent);
            theirs_in_it.foreign("/queueId", theirs.queue)
        }
        "getOutboundRules" => agent().path("companyId", ours.id),
        "setOutboundRules" => {
            let body = json!({ "callerId": ours.number, "countries": ["DE", "US"], "premiumRate": false });
            owner().path("companyId", ours.id).body(body).foreign("/callerId", theirs.number)
        }
        "getCallerId" => agent().id(agent_id),
        "setCallerId" => {
            let body = json!({ "phoneNumberId": ours.number });
            owner().id(agent_id).body(body).foreign("/phoneNumberId", theirs.number)
        }
        "listCalls" => owner().query("status=offered&direction=inbound&sort=-startedAt&page=1&limit=10"),
        "listActiveCalls" | "listMissedCalls" | "markMissedCallsSeen" | "getOwnCallStats" => agent(),
        "listOwnCalls" | "listOwnCallsAlias" => agent().query("direction=inbound&limit=10"),
        "hideCall" | "markCallSeen" => agent().id(ours.calls.wrap_up),
        "listDispositions" => owner().query("archived=true"),
        "createDisposition" => {
            let body = json!({ "name": "Complaint", "colour": "#ff8800", "queueIds": [ours.queue], "needsNote": true });
            owner().made().body(body).foreign("/queueIds/0", theirs.queue)
        }
        "updateDisposition" => {
            let body = json!({ "name": "Sale", "queueIds": [ours.queue] });
            owner().id(ours.disposition).body(body).foreign("/queueIds/0", theirs.queue)
        }
        "deleteDisposition" => owner().id(ours.disposition),
        "listSchedules" => owner(),
        "createSchedule" => owner().made().body(json!({ "name": "Shop", "hours": office_hours() })),
        "getSchedule" | "getScheduleNow" | "deleteSchedule" => owner().id(ours.schedule),
        "updateSchedule" => {
            owner().id(ours.schedule).body(json!({ "name": "Desk", "hours": office_hours() }))
        }
        "initiateCall" => Sample::by(Seat::Manager)
            .made()
            .body(json!({
                "toUserId": ours.idle, "toUserIds": [ours.idle], "callType": "video", "metadata": { "connectionType": "wifi" }
            }))
            .foreign("/toUserId", theirs.idle)
            .foreign("/toUserIds/0", theirs.idle),
        "inviteToCall" => agent()
            .id(ours.group_call)
            .body(json!({ "userIds": [ours.idle] }))
            .foreign("/userIds/0", theirs.idle),
        "acceptCall" => owner().id(ours.peer_call).body(json!({ "metadata": {} })),
        "rejectCall" => owner().id(ours.peer_call).body(json!({ "reason": "declined" })),
        "endCall" | "endCallAlias" => owner().id(ours.peer_call).body(json!({ "qualityScore": 4 })),
        "rateCall" => {
            let body = json!({ "score": 4, "issues": ["echo"], "comment": "Far away.", "stats": { "packetsLost": 3 } });
            owner().id(ours.peer_call).body(body)
        }
        "listIceServers" => agent(),
        "getOwnCallAnalytics" => owner().query("period=30d"),
        "listPresence" => agent(),
        "updatePresence" => agent().body(json!({ "status": "away" })),
        "getPresence" => agent().id(ours.idle),
        "getCallSettings" => agent(),
        "updateCallSettings" => agent().body(json!({ "allowVideoCalls": false, "onlineShownTo": "supervisors" })),

        "getCall" => agent().id(ours.calls.offered),
        "updateCall" => agent()
            .id(ours.calls.wrap_up)
            .body(json!({ "notes": "Called about the bill.", "tags": ["bill"] })),
        "whyDoesCallWait" => owner().id(ours.calls.offered),
        "listCallEvents" => owner().id(ours.calls.offered),
        "listCallSurveys" | "listCallMessages" => owner().id(ours.calls.offered),
        "listCallRecordings" => owner().id(ours.calls.wrap_up),
        "endWrapUp" => agent().id(ours.calls.wrap_up).body(json!({ "disposition": "billing" })),
        "extendWrapUp" => agent().id(ours.calls.wrap_up),
        "setCallPriority" => owner().id(ours.calls.offered).body(json!({ "priority": 90 })),
        "moveCall" => {
            let body = json!({ "queueId": ours.second_queue });
            owner().id(ours.calls.offered).body(body).foreign("/queueId", theirs.queue)
        }
        "pickCall" => agent().by_own_agent().id(ours.calls.offered),
        "assignCall" => {
            let theirs_in_it = owner().id(ours.calls.offered).body(json!({ "agentId": ours.idle_agent }));
            theirs_in_it.foreign("/agentId", theirs.idle_agent)
        }
        "peekNextCall" => agent(),
        "takeNextCall" => agent().by_own_agent(),
        "listOffers" => agent(),
        "acceptOffer" => agent().by_own_agent().id(ours.calls.offer),
        "declineOffer" => agent().by_own_agent().id(ours.calls.offer),
        "holdCall" | "resumeCall" => agent().id(ours.calls.connected),
        "muteCall" => agent().id(ours.calls.connected).body(json!({ "muted": true })),
        "sendDigits" => agent().id(ours.calls.connected).body(json!({ "digits": "12#" })),
        "transferCall" => {
            let to = json!({ "agentId": null, "queueId": ours.queue, "flowId": null });
            agent()
                .made()
                .id(ours.calls.connected)
                .body(json!({ "to": to, "mode": "blind" }))
                .foreign("/to/agentId", theirs.agent.agent.expect("the agent is an agent"))
                .foreign("/to/queueId", theirs.queue)
                .foreign("/to/flowId", theirs.flow)
        }
        "completeTransfer" | "cancelTransfer" | "mergeTransfer" | "listTransfers" => {
            agent().id(ours.calls.consulting)
        }
        "superviseCall" => owner().id(ours.calls.consulting).body(json!({ "mode": "whisper" })),
        "stopSupervising" => owner().id(ours.calls.consulting),
        "listChats" => agent().query("archived=false&limit=10"),
        "openPrivateChat" => {
            let body = json!({ "userId": ours.chats.colleague.user });
            agent().body(body).foreign("/userId", theirs.chats.colleague.user)
        }
        "createGroup" => {
            let body = json!({ "title": "Lunch", "memberIds": [ours.chats.colleague.user] });
            agent().made().body(body).foreign("/memberIds/0", theirs.chats.colleague.user)
        }
        "listUnreadChats" | "listBlockedUsers" => agent(),
        "getChat" | "listChatMembers" => agent().id(ours.chats.group),
        "updateGroup" => agent().id(ours.chats.group).body(json!({ "title": "First level" })),
        "setChatSettings" => {
            let body = json!({ "mutedUntil": "2026-03-02T18:00:00Z", "pinned": true });
            agent().id(ours.chats.group).body(body)
        }
        "addGroupMembers" => {
            let body = json!({ "userIds": [ours.owner.user] });
            agent().id(ours.chats.group).body(body).foreign("/userIds/0", theirs.owner.user)
        }
        "setGroupRole" => {
            let member = agent().id(ours.chats.group).path("userId", ours.chats.colleague.user);
            member.body(json!({ "role": "admin" }))
        }
        "removeGroupMember" => agent().id(ours.chats.group).path("userId", ours.chats.colleague.user),
        "listChatMessages" => agent().id(ours.chats.private).query("limit=10"),
        "sendMessage" => {
            let body = json!({
                "chatId": ours.chats.group, "replyTo": ours.chats.question, "tempId": "8d1f",
                "content": { "type": "image", "mediaId": ours.media, "text": "At eight." },
            });
            let theirs_in_it = agent().made().body(body).foreign("/chatId", theirs.chats.group);
            let theirs_in_it = theirs_in_it.foreign("/content/mediaId", theirs.media);
            theirs_in_it.foreign("/replyTo", theirs.chats.question)
        }
        "searchMessages" => agent().query("search=line"),
        "getMessage" | "deleteMessage" => agent().id(ours.chats.message),
        "markMessageDelivered" | "markMessageRead" => agent().id(ours.chats.answer),
        "editMessage" => agent().id(ours.chats.message).body(json!({ "text": "Who has the keys?" })),
        "reactToMessage" => agent().id(ours.chats.answer).body(json!({ "emoji": "👍" })),
        "forwardMessage" => {
            let body = json!({ "chatIds": [ours.chats.private] });
            agent().made().id(ours.chats.question).body(body).foreign("/chatIds/0", theirs.chats.private)
        }
        "listOwnChatDevices" => agent(),
        "listChatDevices" | "encryptChat" => agent().id(ours.chats.private),
        "publishChatDevice" => {
            let new = Device::new(ours.id, ours.agent.user, ours.reason.0.into(), 7);
            let theirs = Device::new(theirs.id, theirs.agent.user, ours.reason.0.into(), 7).body();
            let sample = agent().path("deviceId", new.id).body(new.body());
            sample.foreign("/signature", theirs["signature"].as_str().expect("a signature"))
        }
        "removeChatDevice" => agent().path("deviceId", ours.chats.devices[0]),
        "addChatKeys" => {
            let device = Device::new(ours.id, ours.agent.user, ours.chats.devices[0], 1);
            let body = json!({ "oneTimeKeys": [device.key(7)], "fallbackKey": device.fallback(8) });
            agent().path("deviceId", device.id).body(body)
        }
        "claimChatKeys" => {
            let of = json!({ "userId": ours.chats.colleague.user, "deviceId": ours.chats.devices[1] });
            let sample = agent().id(ours.chats.private).body(json!({ "devices": [of] }));
            let sample = sample.foreign("/devices/0/userId", theirs.chats.colleague.user);
            sample.foreign("/devices/0/deviceId", theirs.chats.devices[1])
        }
        "getChatHistory" | "blockUser" => agent().path("userId", ours.chats.colleague.user),
        "unblockUser" => agent().path("userId", ours.former),
        "listCallbacks" => agent().query("state=open&limit=10"),
        "getCallback" | "cancelCallback" | "finishCallback" => agent().id(ours.calls.callback),
        "assignCallback" => {
            let body = json!({ "agentId": agent_id });
            let theirs = theirs.agent.agent.expect("the agent is an agent");
            agent().id(ours.calls.callback).body(body).foreign("/agentId", theirs)
        }
        "createCallback" => {
            let body = json!({ "queueId": ours.queue, "number": "+4930123457", "contactId": null, "agentId": agent_id });
            let theirs_in_it = agent().made().body(body).foreign("/queueId", theirs.queue);
            let theirs_in_it = theirs_in_it.foreign("/contactId", theirs.contact);
            theirs_in_it.foreign("/agentId", theirs.agent.agent.expect("the agent is an agent"))
        }
        "rescheduleCallback" => agent().id(ours.calls.callback).body(json!({})),
        "listVoicemails" => owner().query("state=open"),
        "hearVoicemail" | "finishVoicemail" | "reopenVoicemail" => owner().id(ours.calls.voicemail),
        "assignVoicemail" => {
            let body = json!({ "agentId": agent_id });
            let theirs = theirs.agent.agent.expect("the agent is an agent");
            owner().id(ours.calls.voicemail).body(body).foreign("/agentId", theirs)
        }
        "getSystemSettings" | "getSystemStatus" => Sample::by(Seat::Admin),
        "updateSystemSettings" => Sample::by(Seat::Admin).body(json!({ "openRegistration": false })),
        "getPreferences" | "listThemes" => owner(),
        "updatePreferences" => owner().body(json!({ "theme": "dark", "language": "de-DE" })),
        "getRecordingContent" => owner().id(ours.calls.voicemail),
        "controlRecording" => owner().id(ours.calls.offered).body(json!({ "action": "start" })),
        "holdRecording" => {
            owner().id(ours.calls.voicemail).body(json!({ "hold": true, "reason": "Case 4711" }))
        }
        "deleteRecording" => owner().id(ours.calls.voicemail),
        "getRecordingPolicy" | "countDueRecordings" => owner().path("companyId", ours.id),
        "putRecordingPolicy" => owner()
            .path("companyId", ours.id)
            .body(json!({
                "rule": "always", "inbound": true, "outbound": false, "announceAlways": false,
                "countries": [{ "country": "DE", "rule": "announce" }], "agentsMayListen": true,
                "queues": [{ "queueId": ours.queue, "rule": "never" }]
            }))
            .foreign("/queues/0/queueId", theirs.queue),
        "getOverview" | "getCallsReport" | "getIntervals" | "getQueuesReport" => {
            owner().path("companyId", ours.id).query("from=2026-03-01&to=2026-03-02&tz=Europe/Berlin")
        }
        "getAgentPerformance" => {
            owner().path("companyId", ours.id).query("from=2026-03-02&to=2026-03-02&interval=60")
        }
        "getCompanySettings" => owner().path("companyId", ours.id),
        "updateCompanySettings" => {
            owner().path("companyId", ours.id).body(json!({ "tellAgentsOfSupervision": false }))
        }
        "listWebhooks" | "rotateIncomingSecret" => owner().path("companyId", ours.id),
        "createWebhook" => owner().path("companyId", ours.id).made().body(
            json!({ "url": "https://crm.example.com/hooks", "events": ["call.ended", "contact.created"] }),
        ),
        "getWebhook" | "deleteWebhook" | "rotateWebhookSecret" | "listWebhookDeliveries" | "testWebhook" => {
            owner().path("companyId", ours.id).id(ours.webhook)
        }
        "updateWebhook" => owner()
            .path("companyId", ours.id)
            .id(ours.webhook)
            .body(json!({ "url": "https://crm.example.com/hooks", "enabled": false })),
        "redeliverWebhook" => owner()
            .path("companyId", ours.id)
            .id(ours.webhook)
            .body(json!({ "deliveryId": ours.webhook_delivery }))
            .foreign("/deliveryId", theirs.webhook_delivery),

        "getSlackIntegration"
        | "deleteSlackIntegration"
        | "getTeamsIntegration"
        | "deleteTeamsIntegration" => owner().path("companyId", ours.id),
        "putSlackIntegration" => owner().path("companyId", ours.id).body(json!({
            "url": "https://hooks.slack.example.com/services/T1/B1/x", "signingSecret": "shh",
            "notices": ["missed_call", "voicemail"], "quietHours": { "from": "22:00", "until": "07:00" },
        })),
        "putTeamsIntegration" => owner()
            .path("companyId", ours.id)
            .body(json!({ "url": "https://teams.example.com/workflows/1", "notices": ["missed_call"] })),
        "createSlackCode" => agent().by_own_agent(),

        "getSmtpServer" | "deleteSmtpServer" | "getBucket" | "deleteBucket" => {
            owner().path("companyId", ours.id)
        }
        "putSmtpServer" => {
            let (mail, _) = world.others.expect("a mail server is there");
            owner().path("companyId", ours.id).body(json!({
                "host": mail.ip(), "port": mail.port(), "security": "none", "fromAddress": "hello@example.com",
            }))
        }
        "putBucket" => {
            let (_, bucket) = world.others.expect("a bucket is there");
            owner().path("companyId", ours.id).body(json!({
                "endpoint": format!("http://{bucket}"), "region": "eu-central-1", "bucket": store::BUCKET,
                "accessKeyId": store::KEY, "secretAccessKey": store::SECRET, "pathStyle": true,
            }))
        }

        "listDevices" => owner(),
        "registerDevice" => owner().made().body(json!({ "service": "fcm", "token": "a-token", "name": "Ann's phone" })),
        "registerExpoPushToken" => owner().body(json!({ "token": "ExponentPushToken[a-token]" })),
        "deleteDevice" => owner().id(ours.device),
        "listPushServices" | "deleteExpoPush" | "deleteFcmPush" | "deleteApnsPush" => {
            owner().path("companyId", ours.id)
        }
        "putExpoPush" => owner().path("companyId", ours.id).body(json!({ "accessToken": "a-token" })),
        "putFcmPush" => owner().path("companyId", ours.id).body(json!({ "keyFile": phones::key_file() })),
        "putApnsPush" => owner().path("companyId", ours.id).body(json!({
            "key": phones::apns_key(), "keyId": "KEY1234567", "teamId": "TEAM123456", "bundleId": "com.example.app",
        })),

        "listReportSchedules" => owner().path("companyId", ours.id),
        "createReportSchedule" => owner()
            .made()
            .path("companyId", ours.id)
            .body(json!({ "name": "Monthly", "report": "overview", "period": "monthly", "hour": 6,
                "members": [ours.owner.user], "addresses": ["board@example.org"] }))
            .foreign("/members/0", theirs.owner.user),
        "getReportSchedule" | "deleteReportSchedule" => {
            owner().path("companyId", ours.id).id(ours.report_schedule)
        }
        "sendReportNow" => owner().accepted().path("companyId", ours.id).id(ours.report_schedule),
        "updateReportSchedule" => owner()
            .path("companyId", ours.id)
            .id(ours.report_schedule)
            .body(
                json!({ "name": "Agents", "report": "agents", "period": "weekly", "hour": 8, "language": "de",
                "members": [ours.owner.user] }),
            )
            .foreign("/members/0", theirs.owner.user),
        "unsubscribeFromReport" => owner().body(json!({ "token": ours.unsubscribe_token })),
        "uploadMedia" => owner().made().file(FORM, form("picture.png", &png())),
        "listMedia" => owner().query("mine=true&kind=image&limit=10"),
        "getMedia" | "deleteMedia" => owner().id(ours.media),
        "beginCloudinaryUpload" => {
            owner().made().body(json!({ "kind": "image", "name": "a.png", "sizeBytes": 10 }))
        }
        "confirmCloudinaryUpload" => {
            owner().id(ours.cloud_media).body(json!({ "version": 1, "signature": "0".repeat(40) }))
        }
        "beginUpload" => owner().made().header("upload-length", "10"),
        "getUpload" => owner().id(ours.upload),
        "continueUpload" => owner()
            .empty()
            .id(ours.upload)
            .header("upload-offset", "0")
            .file("application/offset+octet-stream", b"Plain text".to_vec()),
        "endUpload" => owner().empty().id(ours.upload),

        "listStories" => agent().query("limit=10"),
        "postStory" => owner()
            .made()
            .body(json!({ "mediaId": ours.media, "text": "Our new office",
                "audience": { "who": "except", "userIds": [ours.agent.user, ours.manager.user] } }))
            .foreign("/mediaId", theirs.media)
            .foreign("/audience/userIds/0", theirs.agent.user),
        "getStory" | "viewStory" => agent().id(ours.story),
        "deleteStory" | "listStoryViews" => owner().id(ours.story),
        "reactToStory" => agent().id(ours.story).body(json!({ "emoji": "👍" })),
        "takeBackStoryReaction" => agent().id(ours.story),
        "listStoryHighlights" => owner(),
        "createStoryHighlight" => owner()
            .made()
            .body(json!({ "title": "Office", "storyIds": [ours.story] }))
            .foreign("/storyIds/0", theirs.story),
        "getStoryHighlight" | "listStoriesOfHighlight" => agent().id(ours.highlight),
        "updateStoryHighlight" => owner()
            .id(ours.highlight)
            .body(json!({ "title": "Office", "storyIds": [ours.story] }))
            .foreign("/storyIds/0", theirs.story),
        "deleteStoryHighlight" => owner().id(ours.highlight),

        "getTranscriptionHook" | "deleteTranscriptionHook" => owner().path("companyId", ours.id),
        "putTranscriptionHook" => {
            owner().path("companyId", ours.id).body(json!({ "url": "https://speech.example.com/voicemails" }))
        }
        _ => return None,
    };
    Some(sample)
}
