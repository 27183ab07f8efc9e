//! `send-message`: a text message beside the call.

use serde_json::{Map, Value, json};

use super::{Studio, Widget};
use crate::document::{Goal, port};

impl Studio<'_> {
    pub(super) fn send_message(&mut self, number: usize, widget: &Widget<'_>) {
        let Some(body) = widget.text("body") else {
            return self.unsupported(number, "a message without a text cannot be sent here");
        };
        let mut fields = Map::from_iter([("text".to_owned(), json!(self.liquid(number, &body)))]);
        if let Some(to) = widget.text("to") {
            let to = self.liquid(number, &to);
            // Absent, it goes to the caller.
            if to.replace(' ', "") != "{{call.from}}" {
                fields.insert("to".to_owned(), json!(to));
            }
        }
        if let Some(from) =
            widget.text("from").filter(|from| from.replace(' ', "") != "{{flow.channel.address}}")
        {
            self.work.approximate(number, format!("it is sent by the company's number, not by `{from}`"));
        }
        self.ignore(number, widget, &["media_url"], "a message has no pictures here");
        self.ignore(
            number,
            widget,
            &["service", "channel", "attributes"],
            "it is a text message by telephone, whatever channel the flow was on",
        );
        let (next, failed) = (self.goal(number, "sent"), self.goal(number, "failed"));
        let mut ports = vec![port("next", &next)];
        if failed != Goal::End && failed != next {
            ports.push(port("failed", &failed));
            let only = "`failed` is taken where there is nothing to send; the call does not wait for whether it arrives";
            self.work.approximate(number, only);
        }
        self.work.node(number, "", "sms", Value::Object(fields), ports);
    }
}
