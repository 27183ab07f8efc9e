//! The codes of refusals: a closed list, and part of the contract. A program decides by them; `docs/errors.md` and the
//! specification are made of this file.

use std::fmt;

use serde::{Serialize, Serializer};

/// Two lines before each: what it means, and what the client does. Behind it its statuses over HTTP; none for what only
/// sockets are told. In the order of the alphabet.
macro_rules! codes {
    ($(#[doc = $meaning:literal] #[doc = $advice:literal] $code:ident = $name:literal [$($status:literal),*];)+) => {
        /// Why something was refused, for programs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $meaning] #[doc = $advice] $code),+ }

        impl Code {
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// As it is sent.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $name),+ }
            }

            /// What it means, in one sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$code => $meaning.trim_ascii()),+ }
            }

            /// What the client does about it.
            pub fn advice(self) -> &'static str {
                match self { $(Self::$code => $advice.trim_ascii()),+ }
            }

            /// The statuses of HTTP with which it is answered.
            pub const fn statuses(self) -> &'static [u16] {
                match self { $(Self::$code => &[$($status),*]),+ }
            }

            /// Its name in Rust.
            #[cfg(test)]
            fn ident(self) -> &'static str {
                match self { $(Self::$code => stringify!($code)),+ }
            }
        }
    };
}

codes! {
    /// The company changed its account at the provider while the request was under way.
    /// Send it again.
    AccountChanged = "ACCOUNT_CHANGED" [409];
    /// Somebody has an account with this address already.
    /// Invite the owner of the account instead.
    AccountExists = "ACCOUNT_EXISTS" [409];
    /// The agent has a call.
    /// Release the call first, or wait until it is over.
    AgentBusy = "AGENT_BUSY" [409];
    /// The agent cannot take a call now.
    /// Choose another agent, or wait until this one is ready.
    AgentNotAvailable = "AGENT_NOT_AVAILABLE" [409];
    /// There is no such agent.
    /// Read the list of agents again.
    AgentNotFound = "AGENT_NOT_FOUND" [404];
    /// The member is an agent already.
    /// Change the agent that there is.
    AlreadyAgent = "ALREADY_AGENT" [409];
    /// A call to this number is under way.
    /// Wait until it is over.
    AlreadyCalling = "ALREADY_CALLING" [409];
    /// The call waits in this queue already.
    /// Nothing; it is where it was to go.
    AlreadyInQueue = "ALREADY_IN_QUEUE" [409];
    /// Somebody with this address is in the company already.
    /// Change the member that there is.
    AlreadyMember = "ALREADY_MEMBER" [409];
    /// The socket is just being brought up to date.
    /// Wait for the answer to the first request.
    AlreadyResuming = "ALREADY_RESUMING" [];
    /// The API key has expired, was revoked, or its owner has left.
    /// Ask an owner of the company for a new one.
    ApiKeyEnded = "API_KEY_ENDED" [401];
    /// There is no such key.
    /// Read the list of keys again.
    ApiKeyNotFound = "API_KEY_NOT_FOUND" [404];
    /// There is no such reason for being away.
    /// Read the list of reasons again.
    AvailabilityReasonNotFound = "AVAILABILITY_REASON_NOT_FOUND" [404];
    /// The request cannot be read.
    /// Correct the program that sends it.
    BadRequest = "BAD_REQUEST" [400];
    /// The webhook's signature is missing or wrong.
    /// Sign with the secret of this server's settings, over the address that it is known by.
    BadSignature = "BAD_SIGNATURE" [403];
    /// The body broke off.
    /// Send it again.
    BodyBrokenOff = "BODY_BROKEN_OFF" [400];
    /// The body, or the payload of a socket's event, is larger than may be.
    /// Send less.
    BodyTooLarge = "BODY_TOO_LARGE" [413];
    /// The other has another call, or the caller has.
    /// Try again later.
    Busy = "BUSY" [409];
    /// This number is to be called back from this queue already.
    /// Change the callback that there is.
    CallbackExists = "CALLBACK_EXISTS" [409];
    /// There is no such callback.
    /// Read the list of callbacks again.
    CallbackNotFound = "CALLBACK_NOT_FOUND" [404];
    /// The callback is settled.
    /// Ask for a new one, if it is still wanted.
    CallbackSettled = "CALLBACK_SETTLED" [409];
    /// An agent is just calling back.
    /// Wait for the outcome.
    CallbackUnderWay = "CALLBACK_UNDER_WAY" [409];
    /// The caller has hung up.
    /// Take the call off the screen.
    CallerLeft = "CALLER_LEFT" [409];
    /// Calls are under way with the account at the provider that is to be replaced.
    /// Wait until they are over.
    CallsUnderWay = "CALLS_UNDER_WAY" [409];
    /// Somebody else has this call already.
    /// Take it off the screen; the message says who has it.
    CallAlreadyTaken = "CALL_ALREADY_TAKEN" [409];
    /// Who is called takes no calls from this caller.
    /// Ask him to change his settings, or to call himself.
    CallBlocked = "CALL_BLOCKED" [409];
    /// The caller is no longer on the line.
    /// Nothing more can be done with this call.
    CallIsOver = "CALL_IS_OVER" [409];
    /// Nobody talks with this caller now.
    /// Read the call again to see where it is.
    CallNotConnected = "CALL_NOT_CONNECTED" [409];
    /// There is no such call.
    /// Read the list of calls again.
    CallNotFound = "CALL_NOT_FOUND" [404];
    /// The call does not ring for this user, or no longer: another device of his has it.
    /// Take it off the screen.
    CallNotRinging = "CALL_NOT_RINGING" [409];
    /// The call does not wait in a queue.
    /// Read the call again to see where it is.
    CallNotWaiting = "CALL_NOT_WAITING" [409];
    /// One of the two has blocked the other.
    /// Write to somebody else; who has blocked can unblock.
    ChatBlocked = "CHAT_BLOCKED" [409];
    /// The other one in this chat does not work here any more.
    /// Write to somebody else; what was said can be read.
    ChatClosed = "CHAT_CLOSED" [409];
    /// The devices in this chat are others than those that the message is encrypted for.
    /// Read the devices of the chat, and encrypt for each: `errors` names `/missing/USER/DEVICE` and `/unknown/USER/DEVICE`.
    ChatDevicesChanged = "CHAT_DEVICES_CHANGED" [409];
    /// The chat, or the message, is encrypted: only a device can write it.
    /// Encrypt on the device, and send `content.encrypted`.
    ChatEncrypted = "CHAT_ENCRYPTED" [409];
    /// The group would have more people than a group may have.
    /// Make another group.
    ChatGroupFull = "CHAT_GROUP_FULL" [409];
    /// The chat, or the message, is not encrypted.
    /// Send it as a text, or encrypt the chat first.
    ChatNotEncrypted = "CHAT_NOT_ENCRYPTED" [409];
    /// There is no such chat.
    /// Read the list of chats again.
    ChatNotFound = "CHAT_NOT_FOUND" [404];
    /// This server has no account at Cloudinary.
    /// Upload to this server.
    CloudinaryOff = "CLOUDINARY_OFF" [409];
    /// Cloudinary does not answer.
    /// Send it again later.
    CloudinaryUnavailable = "CLOUDINARY_UNAVAILABLE" [503];
    /// There is no such company.
    /// Read the list of your companies again.
    CompanyNotFound = "COMPANY_NOT_FOUND" [404];
    /// The platform's administrator has not said in which company he acts.
    /// Name it in the header `X-Company-Id`.
    CompanyRequired = "COMPANY_REQUIRED" [422];
    /// The contact is blocked: the company does not call this number.
    /// Do not call; whoever manages contacts can unblock it.
    ContactBlocked = "CONTACT_BLOCKED" [422];
    /// Another field of the company's contacts has this name.
    /// Change that one instead.
    ContactFieldNameTaken = "CONTACT_FIELD_NAME_TAKEN" [409];
    /// The company's contacts have no such field.
    /// Read the list of fields again.
    ContactFieldNotFound = "CONTACT_FIELD_NOT_FOUND" [404];
    /// There is no such import of contacts.
    /// Read the list of imports again.
    ContactImportNotFound = "CONTACT_IMPORT_NOT_FOUND" [404];
    /// There is no such contact.
    /// Read the list of contacts again.
    ContactNotFound = "CONTACT_NOT_FOUND" [404];
    /// Another contact of the company has this number.
    /// Change that one instead.
    ContactNumberTaken = "CONTACT_NUMBER_TAKEN" [409];
    /// The company's rules do not allow calls to this country.
    /// Call another number, or have the rules changed.
    CountryNotAllowed = "COUNTRY_NOT_ALLOWED" [422];
    /// The server's database cannot be reached.
    /// Try again later; whoever runs the server is to look.
    DatabaseUnreachable = "DATABASE_UNREACHABLE" [503];
    /// The device has published other keys, and those do not change.
    /// Give the new device an id of its own.
    DeviceKeysFixed = "DEVICE_KEYS_FIXED" [409];
    /// One of the two in the chat has no device that can read encrypted messages.
    /// Wait until a device is published.
    DeviceNeeded = "DEVICE_NEEDED" [409];
    /// There is no such device.
    /// Read the list of devices again.
    DeviceNotFound = "DEVICE_NOT_FOUND" [404];
    /// Another disposition of the company has this name.
    /// Choose another name.
    DispositionNameTaken = "DISPOSITION_NAME_TAKEN" [409];
    /// There is no such disposition.
    /// Read the list of dispositions again.
    DispositionNotFound = "DISPOSITION_NOT_FOUND" [404];
    /// The export has no file, or no longer.
    /// Ask for a new export.
    ExportGone = "EXPORT_GONE" [409];
    /// There is no such export.
    /// Read the list of exports again.
    ExportNotFound = "EXPORT_NOT_FOUND" [404];
    /// The export is not complete yet.
    /// Ask again until its state is `ready`.
    ExportNotReady = "EXPORT_NOT_READY" [409];
    /// This server takes no tokens of Firebase.
    /// Sign in in another way, or ask whoever runs the server.
    FirebaseOff = "FIREBASE_OFF" [409];
    /// The token was not signed by Firebase for this server, has run out, or proves no telephone number.
    /// Let the person sign in at Firebase again, by number.
    FirebaseTokenInvalid = "FIREBASE_TOKEN_INVALID" [401];
    /// The keys of Firebase cannot be had at the moment.
    /// Try again later.
    FirebaseUnavailable = "FIREBASE_UNAVAILABLE" [503];
    /// The flow was changed while it was published.
    /// Read it again, and publish what is to be published.
    FlowChanged = "FLOW_CHANGED" [409];
    /// A number or a queue has this flow, or calls went through it.
    /// Give them another flow first.
    FlowInUse = "FLOW_IN_USE" [409];
    /// Another flow of the company has this name.
    /// Choose another name.
    FlowNameTaken = "FLOW_NAME_TAKEN" [409];
    /// There is no such flow.
    /// Read the list of flows again.
    FlowNotFound = "FLOW_NOT_FOUND" [404];
    /// The draft has errors.
    /// Correct what `errors` names.
    FlowNotPublishable = "FLOW_NOT_PUBLISHABLE" [422];
    /// The flow has never been published.
    /// Publish it first.
    FlowNotPublished = "FLOW_NOT_PUBLISHED" [409];
    /// The flow has errors, so it cannot be tried.
    /// Correct what `errors` names.
    FlowNotRunnable = "FLOW_NOT_RUNNABLE" [422];
    /// Tests of the flow fail.
    /// Mend it, or publish it with `override` and a reason.
    FlowTestsFailed = "FLOW_TESTS_FAILED" [422];
    /// Another test of the flow has this name.
    /// Choose another name.
    FlowTestNameTaken = "FLOW_TEST_NAME_TAKEN" [409];
    /// There is no such test of this flow.
    /// Read the list of its tests again.
    FlowTestNotFound = "FLOW_TEST_NOT_FOUND" [404];
    /// There is no such version of this flow.
    /// Read the list of its versions again.
    FlowVersionNotFound = "FLOW_VERSION_NOT_FOUND" [404];
    /// The caller may not do this.
    /// Ask somebody who has the permission that the message names.
    Forbidden = "FORBIDDEN" [403];
    /// More people than a group call has here.
    /// Call fewer of them, or wait until somebody has left.
    GroupFull = "GROUP_FULL" [409];
    /// An export is streamed over HTTP/1.1 or later only.
    /// See whether a proxy speaks HTTP/1.0.
    Http11Needed = "HTTP_1_1_NEEDED" [422];
    /// The same request with this `Idempotency-Key` is being carried out.
    /// Send it again after the seconds that `Retry-After` says.
    IdempotencyKeyInUse = "IDEMPOTENCY_KEY_IN_USE" [409];
    /// The `Idempotency-Key` stands for another request.
    /// Make a new key for each request.
    IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED" [422];
    /// The company has no such integration.
    /// Connect it first.
    IntegrationNotFound = "INTEGRATION_NOT_FOUND" [404];
    /// Something went wrong in the server, which has noted it.
    /// Try again later, and tell whoever runs the server the `requestId`.
    Internal = "INTERNAL" [500];
    /// The address or the password is wrong.
    /// Ask the person again.
    InvalidCredentials = "INVALID_CREDENTIALS" [401];
    /// The body is not JSON.
    /// Correct the program that sends it.
    InvalidJson = "INVALID_JSON" [400];
    /// A parameter of the address is not valid.
    /// Correct the one that `errors` names.
    InvalidParameter = "INVALID_PARAMETER" [400];
    /// The invitation is not valid, or no longer.
    /// Ask for a new one.
    InvitationNotFound = "INVITATION_NOT_FOUND" [404];
    /// A group keeps at least one admin.
    /// Make somebody else an admin first.
    LastGroupAdmin = "LAST_GROUP_ADMIN" [409];
    /// A company keeps at least one owner.
    /// Make somebody else an owner first.
    LastOwner = "LAST_OWNER" [409];
    /// The recording is under a legal hold.
    /// Whoever set the hold must lift it first.
    LegalHold = "LEGAL_HOLD" [409];
    /// The two apps have no way in common to send voices.
    /// Have a project of Agora's set for the server, or use the same kind of app.
    MediaIncompatible = "MEDIA_INCOMPATIBLE" [409];
    /// There are no such media, or no longer.
    /// Show that they are gone.
    MediaNotFound = "MEDIA_NOT_FOUND" [404];
    /// The file has not been put where it was to be put.
    /// Put it there first.
    MediaNotUploaded = "MEDIA_NOT_UPLOADED" [409];
    /// The company's media take as much room as they may.
    /// Delete some, or ask whoever runs the server.
    MediaQuotaExceeded = "MEDIA_QUOTA_EXCEEDED" [409];
    /// The file, or the picture in it, is larger than one of its kind may be.
    /// Send a smaller one; the message names the limit.
    MediaTooLarge = "MEDIA_TOO_LARGE" [422];
    /// Files of this type are not taken, whatever they are called.
    /// Send a picture, a sound, a film or a document of a common type.
    MediaTypeRefused = "MEDIA_TYPE_REFUSED" [422];
    /// The person is a member of other companies too.
    /// Only that person changes it, in the own profile.
    MemberElsewhere = "MEMBER_ELSEWHERE" [409];
    /// The message was deleted for everybody.
    /// Take its text off the screen.
    MessageDeleted = "MESSAGE_DELETED" [409];
    /// There is no such message.
    /// Read the chat again.
    MessageNotFound = "MESSAGE_NOT_FOUND" [404];
    /// Somebody else has sent the message.
    /// Ask its sender; an admin of the group can delete it.
    MessageNotYours = "MESSAGE_NOT_YOURS" [409];
    /// It is too late to change the message, or to delete it for everybody.
    /// Send another one; it can be deleted for oneself.
    MessageTooOld = "MESSAGE_TOO_OLD" [409];
    /// The address does not know this method.
    /// Use one of those that the header `Allow` names.
    MethodNotAllowed = "METHOD_NOT_ALLOWED" [405];
    /// The code of the second factor is wrong, or was used before.
    /// Ask the person for the next one.
    MfaCodeInvalid = "MFA_CODE_INVALID" [401];
    /// There is a confirmed second factor already.
    /// End it before another is begun.
    MfaOn = "MFA_ON" [409];
    /// The account has a second factor.
    /// Ask the person for its code, and send that too.
    MfaRequired = "MFA_REQUIRED" [401];
    /// The socket has not said in time who it is.
    /// Connect again, and authenticate at once.
    NotAuthenticated = "NOT_AUTHENTICATED" [];
    /// This is the chat of two people, and stays that.
    /// Make a group.
    NotAGroup = "NOT_A_GROUP" [409];
    /// This is a group; only a chat of two can be encrypted.
    /// Open a chat with each of them.
    NotAPrivateChat = "NOT_A_PRIVATE_CHAT" [409];
    /// Only an admin of the group can do this.
    /// Ask an admin of the group.
    NotGroupAdmin = "NOT_GROUP_ADMIN" [409];
    /// The definition cannot be imported.
    /// Correct what `errors` names.
    NotImportable = "NOT_IMPORTABLE" [422];
    /// The call is not in wrap-up.
    /// Nothing; the agent is free of it.
    NotInWrapUp = "NOT_IN_WRAP_UP" [409];
    /// The call is not being recorded.
    /// Start a recording first.
    NotRecording = "NOT_RECORDING" [409];
    /// The supervisor is not in this call.
    /// Join it first.
    NotSupervising = "NOT_SUPERVISING" [409];
    /// Another agent has this call.
    /// Read the call again to see who has it.
    NotYourCall = "NOT_YOUR_CALL" [409];
    /// The agent has as many calls as it may have.
    /// Choose another agent, or wait.
    NoFreeCapacity = "NO_FREE_CAPACITY" [409];
    /// The company has no number that could be shown to who is called.
    /// Add one to the company.
    NoNumber = "NO_NUMBER" [409];
    /// There is nothing at this address.
    /// Correct the address.
    NoSuchPath = "NO_SUCH_PATH" [404];
    /// No transfer of this call is under way.
    /// Read the call again to see where it is.
    NoTransfer = "NO_TRANSFER" [409];
    /// The company has numbers of the account at the provider that is to be replaced.
    /// Remove the numbers that the message names first.
    NumbersOfOtherAccount = "NUMBERS_OF_OTHER_ACCOUNT" [409];
    /// The company's account at the provider does not have this number.
    /// Buy the number there first, or correct it.
    NumberNotInAccount = "NUMBER_NOT_IN_ACCOUNT" [422];
    /// The agent has accepted this call already.
    /// Nothing; the phone rings, or has rung.
    OfferAlreadyAccepted = "OFFER_ALREADY_ACCEPTED" [409];
    /// Another agent has accepted this call already.
    /// Take the offer off the screen; the message says who has it.
    OfferAlreadyTaken = "OFFER_ALREADY_TAKEN" [409];
    /// The offer is no longer open.
    /// Take it off the screen.
    OfferClosed = "OFFER_CLOSED" [409];
    /// The offer has expired.
    /// Take it off the screen.
    OfferExpired = "OFFER_EXPIRED" [409];
    /// There is no such offer.
    /// Read the list of offers again.
    OfferNotFound = "OFFER_NOT_FOUND" [404];
    /// It is outside the hours in which the company calls.
    /// Call when they begin again, which the message says.
    OutsideHours = "OUTSIDE_HOURS" [409];
    /// The file has no such part.
    /// Ask for one within the size that `Content-Range` says.
    OutOfRange = "OUT_OF_RANGE" [416];
    /// Nobody bans his own account.
    /// Another administrator of the platform has to do it.
    OwnAccount = "OWN_ACCOUNT" [409];
    /// Nobody changes his own role.
    /// Ask another owner.
    OwnRole = "OWN_ROLE" [409];
    /// The link is not valid, or no longer.
    /// Ask for a new one.
    PasswordLinkNotFound = "PASSWORD_LINK_NOT_FOUND" [404];
    /// The server sends no mail, so nobody can set a new password by himself.
    /// Ask whoever runs the server.
    PasswordResetNeedsMail = "PASSWORD_RESET_NEEDS_MAIL" [503];
    /// The code is wrong, was used, or is too old; or five wrong ones were tried.
    /// Let the person try again, or ask for a new code.
    PhoneCodeInvalid = "PHONE_CODE_INVALID" [401];
    /// The telephone number belongs to another account.
    /// Sign in with the number there.
    PhoneNumberInUse = "PHONE_NUMBER_IN_USE" [409];
    /// The account can be opened by its telephone number alone.
    /// Keep the number, or link another in its place.
    PhoneNumberNeeded = "PHONE_NUMBER_NEEDED" [409];
    /// There is no such phone number.
    /// Read the list of numbers again.
    PhoneNumberNotFound = "PHONE_NUMBER_NOT_FOUND" [404];
    /// This number of the account is in use already.
    /// Remove it where it is used, or choose another.
    PhoneNumberTaken = "PHONE_NUMBER_TAKEN" [409];
    /// The server sends no codes by this channel.
    /// Choose another channel, or sign in in another way.
    PhoneSignInOff = "PHONE_SIGN_IN_OFF" [503];
    /// Somebody has changed it since it was read.
    /// Read it again, and send the change with the new `ETag`.
    PreconditionFailed = "PRECONDITION_FAILED" [412];
    /// Calls to this number are paid for at a premium rate, which the company's rules do not allow.
    /// Call another number, or have the rules changed.
    PremiumRateNumber = "PREMIUM_RATE_NUMBER" [422];
    /// There is no such request about a person.
    /// Read the list of requests again.
    PrivacyRequestNotFound = "PRIVACY_REQUEST_NOT_FOUND" [404];
    /// The same is being done about this person already.
    /// Look how far it is in the list of requests.
    PrivacyRequestUnderWay = "PRIVACY_REQUEST_UNDER_WAY" [409];
    /// Somebody who has come by his number lacks what this needs: his name, or an address of mail.
    /// Complete the profile first.
    ProfileIncomplete = "PROFILE_INCOMPLETE" [409];
    /// Flows use this prompt.
    /// Take it out of the flows that the message names first.
    PromptInUse = "PROMPT_IN_USE" [409];
    /// Another prompt of the company has this name.
    /// Choose another name.
    PromptNameTaken = "PROMPT_NAME_TAKEN" [409];
    /// There is no such prompt.
    /// Read the list of prompts again.
    PromptNotFound = "PROMPT_NOT_FOUND" [404];
    /// The prompt has nothing in this language.
    /// Read the prompt to see its languages.
    PromptResourceNotFound = "PROMPT_RESOURCE_NOT_FOUND" [404];
    /// There is no account for telephone calls.
    /// Set one for the company, or have one set for the platform.
    ProviderNotConfigured = "PROVIDER_NOT_CONFIGURED" [409];
    /// The provider of telephone calls cannot be asked at the moment.
    /// Try again.
    ProviderUnavailable = "PROVIDER_UNAVAILABLE" [503];
    /// The queue is closed.
    /// Choose another queue, or a time at which it is open.
    QueueClosed = "QUEUE_CLOSED" [409];
    /// As many callers wait in the queue as may.
    /// Choose another queue, or wait.
    QueueFull = "QUEUE_FULL" [409];
    /// Queues, flows or numbers use this queue.
    /// Take it out of what the message names first.
    QueueInUse = "QUEUE_IN_USE" [409];
    /// Another queue of the company has this name.
    /// Choose another name.
    QueueNameTaken = "QUEUE_NAME_TAKEN" [409];
    /// The queue has calls or callbacks.
    /// Wait until it is empty.
    QueueNotEmpty = "QUEUE_NOT_EMPTY" [409];
    /// There is no such queue.
    /// Read the list of queues again.
    QueueNotFound = "QUEUE_NOT_FOUND" [404];
    /// Nobody is ready in the queue now.
    /// Choose another queue.
    QueueUnstaffed = "QUEUE_UNSTAFFED" [409];
    /// The socket has sent too many events.
    /// Wait a little, and send fewer.
    RateLimited = "RATE_LIMITED" [];
    /// The company has this reason already.
    /// Use the one that there is.
    ReasonExists = "REASON_EXISTS" [409];
    /// The recording has been deleted.
    /// There is nothing more to fetch.
    RecordingDeleted = "RECORDING_DELETED" [409];
    /// The call may not be recorded.
    /// Nothing; the message says which rule is against it.
    RecordingNotAllowed = "RECORDING_NOT_ALLOWED" [409];
    /// There is no such recording.
    /// Read the list of recordings again.
    RecordingNotFound = "RECORDING_NOT_FOUND" [404];
    /// The recording has no file yet.
    /// Ask again when it is stored.
    RecordingNotStored = "RECORDING_NOT_STORED" [409];
    /// The session cannot be refreshed.
    /// Sign in again.
    RefreshTokenInvalid = "REFRESH_TOKEN_INVALID" [401];
    /// The session was ended, because its refresh token was used twice.
    /// Sign in again; use each refresh token once.
    RefreshTokenReused = "REFRESH_TOKEN_REUSED" [401];
    /// Nobody can register on this platform without an invitation.
    /// Ask a company for an invitation.
    RegistrationClosed = "REGISTRATION_CLOSED" [409];
    /// The server sends no mail, so nobody can register without an invitation.
    /// Ask a company for an invitation.
    RegistrationNeedsInvitation = "REGISTRATION_NEEDS_INVITATION" [503];
    /// The registration is not valid, or no longer.
    /// Register again.
    RegistrationNotFound = "REGISTRATION_NOT_FOUND" [404];
    /// There is no such report, or it is mailed no more.
    /// Read the list of reports that are mailed again.
    ReportScheduleNotFound = "REPORT_SCHEDULE_NOT_FOUND" [404];
    /// Queues or flows use this schedule.
    /// Take it out of what the message names first.
    ScheduleInUse = "SCHEDULE_IN_USE" [409];
    /// Another schedule of the company has this name.
    /// Choose another name.
    ScheduleNameTaken = "SCHEDULE_NAME_TAKEN" [409];
    /// There is no such schedule.
    /// Read the list of schedules again.
    ScheduleNotFound = "SCHEDULE_NOT_FOUND" [404];
    /// There is no second factor.
    /// Begin one first.
    SecondFactorNotFound = "SECOND_FACTOR_NOT_FOUND" [404];
    /// The session has ended.
    /// Sign in again.
    SessionEnded = "SESSION_ENDED" [401];
    /// There is no such session.
    /// Read the list of sessions again.
    SessionNotFound = "SESSION_NOT_FOUND" [404];
    /// Emergency and other short numbers cannot be called from here.
    /// In an emergency, use a telephone.
    ShortNumber = "SHORT_NUMBER" [422];
    /// Flows ask for this skill.
    /// Take it out of the flows that the message names first.
    SkillInUse = "SKILL_IN_USE" [409];
    /// Another skill of the company has this name.
    /// Choose another name.
    SkillNameTaken = "SKILL_NAME_TAKEN" [409];
    /// There is no such skill.
    /// Read the list of skills again.
    SkillNotFound = "SKILL_NOT_FOUND" [404];
    /// The socket is closed.
    /// Connect again.
    SocketClosed = "SOCKET_CLOSED" [];
    /// The socket is somebody else's.
    /// Connect anew to be somebody else.
    SocketOfAnotherUser = "SOCKET_OF_ANOTHER_USER" [];
    /// The company's own bucket does not take or give the file.
    /// Try again, or have an owner look at its settings.
    StorageUnavailable = "STORAGE_UNAVAILABLE" [503];
    /// There is no such highlight, or nothing of it is for the caller.
    /// Read the list of highlights again.
    StoryHighlightNotFound = "STORY_HIGHLIGHT_NOT_FOUND" [404];
    /// There is no such story, its day is over, or it is not for the caller.
    /// Read the list of stories again.
    StoryNotFound = "STORY_NOT_FOUND" [404];
    /// The supervisor is in another call.
    /// Leave that one first.
    SupervisingAnotherCall = "SUPERVISING_ANOTHER_CALL" [409];
    /// The sender has given this name to a message in another chat.
    /// Use a new one for each message, as a UUID.
    TempIdTaken = "TEMP_ID_TAKEN" [409];
    /// It took too long and was given up.
    /// Try again later; ask for less, where that is possible.
    TimedOut = "TIMED_OUT" [503];
    /// The access token has expired.
    /// Refresh it, and send the request again.
    TokenExpired = "TOKEN_EXPIRED" [401];
    /// The access token is not valid.
    /// Sign in again.
    TokenInvalid = "TOKEN_INVALID" [401];
    /// There is no access token.
    /// Send one in the header `Authorization: Bearer`.
    TokenMissing = "TOKEN_MISSING" [401];
    /// The person has as many devices as one may have.
    /// Take out one that is not used any more.
    TooManyDevices = "TOO_MANY_DEVICES" [409];
    /// As many exports of the company are under way as may be.
    /// Wait for one, or cancel one.
    TooManyExports = "TOO_MANY_EXPORTS" [409];
    /// The flow has as many tests as it may have.
    /// Delete one that is not needed.
    TooManyFlowTests = "TOO_MANY_FLOW_TESTS" [409];
    /// As many imports of the company are under way as may be.
    /// Wait for one, or cancel one.
    TooManyImports = "TOO_MANY_IMPORTS" [409];
    /// The company has as many keys as it may have.
    /// Revoke one that is not used.
    TooManyKeys = "TOO_MANY_KEYS" [409];
    /// The prompt has as many languages as it may have.
    /// Delete one that is not needed.
    TooManyLanguages = "TOO_MANY_LANGUAGES" [409];
    /// The company has as many reports that are mailed as it may have.
    /// Delete one that is not needed.
    TooManyReportSchedules = "TOO_MANY_REPORT_SCHEDULES" [409];
    /// There were too many requests, or too many attempts at one thing.
    /// Try again after the seconds that `Retry-After` says.
    TooManyRequests = "TOO_MANY_REQUESTS" [429];
    /// The person has as many stories, or highlights, as one may have.
    /// Delete one, or wait until the day of one is over.
    TooManyStories = "TOO_MANY_STORIES" [409];
    /// The company has as many webhooks as it may have.
    /// Delete one that is not needed.
    TooManyWebhooks = "TOO_MANY_WEBHOOKS" [409];
    /// The company has no transcription hook.
    /// Set one first.
    TranscriptionHookNotFound = "TRANSCRIPTION_HOOK_NOT_FOUND" [404];
    /// Who is to get this call has not come yet.
    /// Wait until the transfer is joined.
    TransferNotJoined = "TRANSFER_NOT_JOINED" [409];
    /// Another transfer of this call is under way.
    /// Wait for it, or cancel it.
    TransferUnderWay = "TRANSFER_UNDER_WAY" [409];
    /// The client speaks a version of the tus protocol that this server does not.
    /// Speak 1.0.0.
    TusVersionUnknown = "TUS_VERSION_UNKNOWN" [412];
    /// The company has no account of its own at the provider.
    /// Set one first.
    TwilioAccountNotFound = "TWILIO_ACCOUNT_NOT_FOUND" [404];
    /// Nobody has signed in.
    /// Sign in first.
    Unauthorized = "UNAUTHORIZED" [401];
    /// The socket has sent an event that is not known.
    /// Correct the program that sends it.
    UnknownEvent = "UNKNOWN_EVENT" [];
    /// The message of the other system has a type that is not known.
    /// Send one of those that the message names.
    UnknownEventType = "UNKNOWN_EVENT_TYPE" [422];
    /// The operation does not take bodies of this content type.
    /// Send the one that the message names.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE" [415];
    /// The connection was lost in the middle of an upload.
    /// Ask how far it is, and go on there.
    UploadBrokenOff = "UPLOAD_BROKEN_OFF" [503];
    /// The upload is at another place than the request.
    /// Ask how far it is, and go on there.
    UploadOffset = "UPLOAD_OFFSET" [409];
    /// There is no such user.
    /// Read the list of users again.
    UserNotFound = "USER_NOT_FOUND" [404];
    /// No device of who is called is connected.
    /// Nothing; he finds the call among those that he has missed.
    UserOffline = "USER_OFFLINE" [409];
    /// Some fields are not valid: 400 by their form, 422 by what they say.
    /// Correct those that `errors` names.
    ValidationFailed = "VALIDATION_FAILED" [400, 422];
    /// Who is called takes no video calls.
    /// Call him by voice.
    VideoNotAllowed = "VIDEO_NOT_ALLOWED" [409];
    /// The company's account at the provider is not set up for calls in the browser.
    /// Have an owner set its API key and TwiML app.
    VoiceNotConfigured = "VOICE_NOT_CONFIGURED" [409];
    /// There is no such delivery of this webhook.
    /// Read the list of its deliveries again.
    WebhookDeliveryNotFound = "WEBHOOK_DELIVERY_NOT_FOUND" [404];
    /// The webhook is switched off.
    /// Switch it on first.
    WebhookDisabled = "WEBHOOK_DISABLED" [409];
    /// The `webhook-id` stands for another message.
    /// Give each message an id of its own.
    WebhookIdReused = "WEBHOOK_ID_REUSED" [409];
    /// There is no such webhook.
    /// Read the list of webhooks again.
    WebhookNotFound = "WEBHOOK_NOT_FOUND" [404];
    /// The wrap-up cannot be extended any further.
    /// Finish it.
    WrapUpExtendedEnough = "WRAP_UP_EXTENDED_ENOUGH" [409];
    /// The call is the supervisor's own.
    /// Choose a call of somebody else.
    YourOwnCall = "YOUR_OWN_CALL" [409];
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn codes_are_in_order_and_told_in_sentences() {
        assert!(Code::ALL.is_sorted_by(|a, b| a.as_str() < b.as_str()), "keep them in order");
        for code in Code::ALL {
            for text in [code.meaning(), code.advice()] {
                assert!(text.ends_with('.') && text.starts_with(char::is_uppercase), "{code}: {text}");
            }
        }
    }

    /// The text of every file under `folder` but this one.
    fn sources(folder: &Path, all: &mut String) {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                sources(&entry, all);
            } else if !entry.ends_with("error/code.rs") {
                all.push_str(&fs::read_to_string(&entry).expect("a text"));
            }
        }
    }

    #[test]
    fn each_code_is_given_somewhere() {
        let mut all = String::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
        let is_given = |code: &Code| {
            let path = format!("Code::{}", code.ident());
            all.match_indices(&path).any(|(at, _)| {
                all[at + path.len()..].chars().next().is_none_or(|next| !next.is_alphanumeric())
            })
        };
        let unused: Vec<_> =
            Code::ALL.iter().filter(|code| !is_given(code)).map(|code| code.as_str()).collect();
        assert!(unused.is_empty(), "no source gives these codes, so clients need not know them: {unused:?}");
    }
}
