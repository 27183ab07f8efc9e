//! What the server's answers mean.

use super::{Place, Run, Turn};
use crate::node::{Figures, FindContact, Request};
use crate::{Input, InputRecord, RequestOutcome};

impl<'f> Run<'f> {
    pub(super) fn figures(
        &mut self,
        place: Place<'f>,
        figures: &'f Figures,
        input: &Input,
        record: &InputRecord,
    ) -> Turn<'f> {
        match input {
            Input::Figures(known) => Turn::Port(self.case(&figures.cases, Some(known))),
            _ => self.same_again(place, 1, record),
        }
    }

    pub(super) fn contact_found(
        &mut self,
        place: Place<'f>,
        contact: &'f FindContact,
        input: &Input,
        record: &InputRecord,
    ) -> Turn<'f> {
        match input {
            Input::ContactFound(Some(known)) => {
                for (variable, field) in &contact.save {
                    self.keep_or_forget(place.id, variable, known.get(field).and_then(Option::as_deref));
                }
                Turn::Port("found")
            }
            Input::ContactFound(None) => Turn::Port("notFound"),
            _ => self.same_again(place, 1, record),
        }
    }

    pub(super) fn requested(
        &mut self,
        place: Place<'f>,
        request: &'f Request,
        input: &Input,
        record: &InputRecord,
    ) -> Turn<'f> {
        match input {
            Input::Requested(RequestOutcome::Answered { status, values }) if (200..300).contains(status) => {
                for (variable, pointer) in &request.save {
                    self.keep_or_forget(place.id, variable, values.get(pointer).and_then(Option::as_deref));
                }
                Turn::Port("succeeded")
            }
            Input::Requested(RequestOutcome::TimedOut) if place.node.next.contains_key("timeout") => {
                Turn::Port("timeout")
            }
            Input::Requested(_) => Turn::Port("failed"),
            _ => self.same_again(place, 1, record),
        }
    }
}
