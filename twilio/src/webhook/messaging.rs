//! Requests about messages: one that came in, and what became of one that went out.

use super::fields::request;
use super::values::DeliveryStatus;

request! {
    /// A message has come in.
    pub struct IncomingMessage {
        pub message_sid: String = "MessageSid",
        pub account_sid: String = "AccountSid",
        /// E.164, with the channel before it where it is no SMS: `whatsapp:+15005550006`.
        pub from: String = "From",
        /// As `from`.
        pub to: String = "To",
        --
        /// Absent when the message is media alone.
        pub body: String = "Body",
        pub messaging_service_sid: String = "MessagingServiceSid",
        pub num_segments: u32 = "NumSegments",
        pub num_media: u32 = "NumMedia",
        /// The sender's name in WhatsApp.
        pub profile_name: String = "ProfileName",
        /// The sender's number in WhatsApp, without a plus.
        pub whatsapp_id: String = "WaId",
        /// What a pressed button stands for.
        pub button_payload: String = "ButtonPayload",
        pub button_text: String = "ButtonText",
        /// `STOP`, `START` or `HELP`: Twilio has already acted on it.
        pub opt_out_type: String = "OptOutType",
        /// The message that this one answers.
        pub replied_message_sid: String = "OriginalRepliedMessageSid",
        pub latitude: f64 = "Latitude",
        pub longitude: f64 = "Longitude",
        pub status: DeliveryStatus = "SmsStatus",
    }
}

/// A picture, sound or file of a message, kept at Twilio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    pub url: String,
    /// A MIME type; empty where Twilio does not say.
    pub content_type: String,
}

impl IncomingMessage {
    /// The media in order: `MediaUrl0`, `MediaUrl1`, … up to the first that is missing.
    pub fn media(&self) -> Vec<Media> {
        let nth = |n: usize| {
            let url = self.other.get(&format!("MediaUrl{n}"))?.to_owned();
            let content_type = self.other.get(&format!("MediaContentType{n}")).unwrap_or_default().to_owned();
            Some(Media { url, content_type })
        };
        (0..).map_while(nth).collect()
    }

    /// The same message with one more medium.
    #[must_use]
    pub fn with_media(mut self, media: &Media) -> Self {
        let n = self.media().len();
        self.other.push(format!("MediaUrl{n}"), &media.url);
        self.other.push(format!("MediaContentType{n}"), &media.content_type);
        self.num_media = u32::try_from(n + 1).ok();
        self
    }
}

request! {
    /// A message that was sent has come further.
    pub struct MessageStatus {
        pub message_sid: String = "MessageSid",
        pub status: DeliveryStatus = "MessageStatus",
        --
        pub account_sid: String = "AccountSid",
        /// Why it failed.
        pub error_code: u32 = "ErrorCode",
        pub from: String = "From",
        pub to: String = "To",
        pub messaging_service_sid: String = "MessagingServiceSid",
        /// `whatsapp` and the like.
        pub channel_prefix: String = "ChannelPrefix",
    }
}
