//! Mail as who gets it reads it: by somebody else's parser.

use std::path::PathBuf;

use calldocker::outbound::mail;
use mail_parser::{MessageParser, MimeHeaders};

use super::TestApp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub from: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub message_id: String,
    /// Names and contents of what is attached.
    pub files: Vec<(String, String)>,
}

impl Mail {
    pub fn read(raw: &[u8]) -> Self {
        let shown = String::from_utf8_lossy(raw);
        let message = MessageParser::default().parse(raw).unwrap_or_else(|| panic!("no mail: {shown}"));
        assert_eq!((message.text_body_count(), message.html_body_count()), (1, 1), "{shown}");
        let address = |list: Option<&mail_parser::Address<'_>>| {
            let first = list.and_then(|list| list.first()).and_then(|one| one.address());
            first.unwrap_or_else(|| panic!("an address is missing: {shown}")).to_owned()
        };
        let file = |part: &mail_parser::MessagePart<'_>| {
            let content = String::from_utf8(part.contents().to_vec()).expect("a file of text");
            (part.attachment_name().expect("a name").to_owned(), content)
        };
        Self {
            from: address(message.from()),
            to: address(message.to()),
            subject: message.subject().expect("a subject").to_owned(),
            text: message.body_text(0).expect("a body of text").replace("\r\n", "\n"),
            html: message.body_html(0).expect("a body of HTML").replace("\r\n", "\n"),
            message_id: message.message_id().expect("a Message-ID").to_owned(),
            files: message.attachments().map(file).collect(),
        }
    }

    /// The token in it: behind the # of a link, or a word by itself.
    pub fn token(&self) -> Option<&str> {
        let random = |word: &&str| {
            word.len() == 43 && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        };
        self.text.split(['#', ' ', '\n']).find(random)
    }
}

impl TestApp {
    /// The folder in which mail is laid down while there is no mail server.
    pub fn mail_folder(&self) -> PathBuf {
        self.app.settings.data_dir.join("mail")
    }

    /// Delivers what is due, and answers what this address has got so far, the oldest first.
    pub async fn mails_to(&self, email: &str) -> Vec<Mail> {
        mail::deliver_due(&self.app).await.expect("mail is delivered");
        let Ok(folder) = std::fs::read_dir(self.mail_folder()) else { return Vec::new() };
        let mut files: Vec<_> = folder.map(|file| file.expect("a file").path()).collect();
        files.sort();
        let mails = files.iter().map(|file| Mail::read(&std::fs::read(file).expect("a file can be read")));
        mails.filter(|mail| mail.to == email).collect()
    }

    /// The token in the last mail to this address.
    pub async fn mailed_token(&self, email: &str) -> String {
        let mails = self.mails_to(email).await;
        let last = mails.last().unwrap_or_else(|| panic!("{email} got no mail"));
        last.token().unwrap_or_else(|| panic!("no token in {last:?}")).to_owned()
    }
}
