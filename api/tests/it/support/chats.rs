//! Chats in a company of the tests: one of two colleagues, and a group.

use calldocker::chat::words;
use entity::id::{ChatDeviceId, ChatId, ChatMessageId, UserId};
use entity::{
    ChatKind, ChatMark, ChatRole, CompanyScope, MessageKind, chat, chat_device, chat_device_key, chat_member,
    chat_message, chat_receipt, chat_roster, user_block,
};

use super::devices::Device;
use super::{Company, Person, TestApp};

/// What a company's people say to each other.
#[derive(Clone, Debug)]
pub struct Chats {
    /// An agent with nothing to do.
    pub colleague: Person,
    /// Of the agent and the colleague.
    pub private: ChatId,
    /// The agent's, in the private chat.
    pub message: ChatMessageId,
    /// The colleague's, after it; the agent has not read it.
    pub answer: ChatMessageId,
    /// The agent and the manager are its admins, the colleague is in it, the owner is not.
    pub group: ChatId,
    /// The agent's, in the group, with a picture of the owner's.
    pub question: ChatMessageId,
    /// The agent's and the colleague's: each has one key to give out, and a fallback key.
    pub devices: [ChatDeviceId; 2],
}

impl Chats {
    pub fn named(app: &TestApp, colleague: Person) -> Self {
        let ids = &app.app.ids;
        Self {
            colleague,
            private: ids.next(),
            message: ids.next(),
            answer: ids.next(),
            group: ids.next(),
            question: ids.next(),
            devices: [ids.next(), ids.next()],
        }
    }
}

/// Writes them past the API. The agent does not want to hear from somebody who has left.
pub async fn insert(app: &TestApp, company: &Company) {
    let (scope, chats, now) = (company.scope, &company.chats, app.app.clock.now());
    let (agent, manager, colleague) = (company.agent.user, company.manager.user, chats.colleague.user);
    let tx = app.app.db.begin().await.unwrap();
    let pair = format!("{}:{}", agent.min(colleague), agent.max(colleague));
    let private = chat::Model {
        id: chats.private,
        company_id: company.id,
        kind: ChatKind::Private,
        pair: Some(pair),
        title: None,
        last_seq: 2,
        active_at: now,
        created_by: agent,
        created_at: now,
        encrypted_at: None,
    };
    let group = chat::Model {
        id: chats.group,
        kind: ChatKind::Group,
        pair: None,
        title: Some("Support".to_owned()),
        last_seq: 1,
        ..private.clone()
    };
    scope.insert_many::<chat::Entity, _>(&tx, vec![private, group]).await.unwrap();
    let member = |chat_id, user_id, role, read_seq| chat_member::Model {
        company_id: company.id,
        chat_id,
        user_id,
        role,
        joined_at: now,
        left_at: None,
        delivered_seq: read_seq,
        read_seq,
        own_unread: 0,
        muted_until: None,
        pinned: false,
        archived: false,
    };
    let members = vec![
        member(chats.private, agent, ChatRole::Member, 1),
        member(chats.private, colleague, ChatRole::Member, 2),
        member(chats.group, agent, ChatRole::Admin, 1),
        member(chats.group, manager, ChatRole::Admin, 0),
        member(chats.group, colleague, ChatRole::Member, 0),
    ];
    scope.insert_many::<chat_member::Entity, _>(&tx, members).await.unwrap();
    for (chat, seq, id, sender, text) in [
        (chats.private, 1, chats.message, agent, "Who has the key?"),
        (chats.private, 2, chats.answer, colleague, "I have it."),
        (chats.group, 1, chats.question, agent, "When does the line open?"),
    ] {
        let shows = (id == chats.question).then_some(company.media);
        let kind = if shows.is_some() { MessageKind::Image } else { MessageKind::Text };
        let row = message(scope, (chat, seq, id), sender, text, now);
        let row = chat_message::Model { kind, media_id: shows, ..row };
        scope.insert::<chat_message::Entity, _>(&tx, row).await.unwrap();
    }
    let receipt = chat_receipt::Model {
        company_id: company.id,
        chat_id: chats.private,
        user_id: colleague,
        mark: ChatMark::Read,
        seq: 1,
        after_seq: 0,
        delivered_after_seq: 0,
        at: now,
    };
    scope.insert::<chat_receipt::Entity, _>(&tx, receipt).await.unwrap();
    for (user, id, seed) in [(agent, chats.devices[0], 1), (colleague, chats.devices[1], 2)] {
        let (device, key) = Device::new(company.id, user, id, seed).rows(1, now);
        scope.insert::<chat_device::Entity, _>(&tx, device).await.unwrap();
        scope.insert::<chat_device_key::Entity, _>(&tx, key).await.unwrap();
    }
    let roster = chat_roster::Model { company_id: company.id, version: 1 };
    scope.insert::<chat_roster::Entity, _>(&tx, roster).await.unwrap();
    let block = user_block::Model {
        company_id: company.id,
        user_id: agent,
        blocked_user_id: company.former,
        blocked_at: now,
    };
    scope.insert::<user_block::Entity, _>(&tx, block).await.unwrap();
    tx.commit().await.unwrap();
}

fn message(
    scope: CompanyScope,
    (chat_id, seq, id): (ChatId, i64, ChatMessageId),
    user_id: UserId,
    text: &str,
    sent_at: chrono::DateTime<chrono::Utc>,
) -> chat_message::Model {
    chat_message::Model {
        id,
        company_id: scope.company(),
        chat_id,
        seq,
        user_id,
        temp_id: None,
        kind: MessageKind::Text,
        body: Some(text.to_owned()),
        detail: None,
        media_id: None,
        reply_to_id: None,
        forwarded_from_id: None,
        folded: words::folded(scope.company(), chat_id, text),
        sent_at,
        edited_at: None,
        deleted_at: None,
        deleted_by: None,
    }
}
