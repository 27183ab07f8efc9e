//! The filters of the list of calls by which a report's figure is opened.

use ::reports::Part;
use entity::{Attribution, EntryOutcome, OfferState};
use poem_openapi::Enum;

use super::Word;
use crate::error::{Error, Result};
use crate::store::calls_counted::{By, Conversations, Surveys, SurveysOf, Visits, When};

/// What the filters of a list of calls are about.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[oai(rename_all = "camelCase")]
pub enum CountedByIn {
    Call,
    Visit,
    Conversation,
}

/// A counter of a report. What it counts is looked for by the moment to which the report counts it.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[oai(rename_all = "camelCase")]
pub enum CounterIn {
    /// Callers who gave up within S.
    ShortAbandons,
    /// Callers whom the company's way of counting the service level puts above the line.
    ServiceLevelNumerator,
    ServiceLevelDenominator,
    StillWaiting,
    CalledBack,
    CalledBackReached,
    CalledBackUnreached,
    /// Agents who asked for a colleague.
    Consults,
    HandledOutbound,
    /// Conversations with a hold.
    Held,
    Transferred,
    NotConnected,
    /// Offers, however they ended.
    Offered,
    Accepted,
    Declined,
    NotAnswered,
    DeviceFailed,
    CallerLeft,
    TakenByOther,
    OfferWithdrawn,
    NonResponse,
    NonResponseWithoutAbandons,
    /// Answered surveys.
    Surveys,
    /// Those with a 4 or a 5.
    Satisfied,
    /// Answered surveys of those who had been in a queue.
    QueueSurveys,
    QueueSatisfied,
}

impl CounterIn {
    /// Its name in the address.
    pub fn name(self) -> &'static str {
        match self {
            Self::ShortAbandons => "shortAbandons",
            Self::ServiceLevelNumerator => "serviceLevelNumerator",
            Self::ServiceLevelDenominator => "serviceLevelDenominator",
            Self::StillWaiting => "stillWaiting",
            Self::CalledBack => "calledBack",
            Self::CalledBackReached => "calledBackReached",
            Self::CalledBackUnreached => "calledBackUnreached",
            Self::Consults => "consults",
            Self::HandledOutbound => "handledOutbound",
            Self::Held => "held",
            Self::Transferred => "transferred",
            Self::NotConnected => "notConnected",
            Self::Offered => "offered",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::NotAnswered => "notAnswered",
            Self::DeviceFailed => "deviceFailed",
            Self::CallerLeft => "callerLeft",
            Self::TakenByOther => "takenByOther",
            Self::OfferWithdrawn => "offerWithdrawn",
            Self::NonResponse => "nonResponse",
            Self::NonResponseWithoutAbandons => "nonResponseWithoutAbandons",
            Self::Surveys => "surveys",
            Self::Satisfied => "satisfied",
            Self::QueueSurveys => "queueSurveys",
            Self::QueueSatisfied => "queueSatisfied",
        }
    }

    fn counts(self) -> By {
        use OfferState::{Accepted, CallerLeft, Declined, DeviceError, NoAnswer, TakenByOther, Withdrawn};
        let surveys = |of, scores| By::Survey(Surveys { scores, of });
        match self {
            Self::ShortAbandons => By::Visit(Visits::ShortAbandons),
            Self::ServiceLevelNumerator => By::Visit(Visits::ServiceLevel(Part::Numerator)),
            Self::ServiceLevelDenominator => By::Visit(Visits::ServiceLevel(Part::Denominator)),
            Self::StillWaiting => By::Visit(Visits::StillWaiting),
            Self::CalledBack => By::CalledBack(None),
            Self::CalledBackReached => By::CalledBack(Some(EntryOutcome::Answered)),
            Self::CalledBackUnreached => By::CalledBack(Some(EntryOutcome::Unreached)),
            Self::Consults => By::Consult,
            Self::HandledOutbound => By::Conversation(Conversations::Outbound),
            Self::Held => By::Conversation(Conversations::Held),
            Self::Transferred => By::Conversation(Conversations::Transferred),
            Self::NotConnected => By::NotConnected,
            Self::Offered => By::Offer(&[]),
            Self::Accepted => By::Offer(&[Accepted]),
            Self::Declined => By::Offer(&[Declined]),
            Self::NotAnswered => By::Offer(&[NoAnswer]),
            Self::DeviceFailed => By::Offer(&[DeviceError]),
            Self::CallerLeft => By::Offer(&[CallerLeft]),
            Self::TakenByOther => By::Offer(&[TakenByOther]),
            Self::OfferWithdrawn => By::Offer(&[Withdrawn]),
            Self::NonResponse => By::Offer(&[Declined, NoAnswer, DeviceError, CallerLeft]),
            Self::NonResponseWithoutAbandons => By::Offer(&[Declined, NoAnswer, DeviceError]),
            Self::Surveys => surveys(SurveysOf::Anybody, (1, 5)),
            Self::Satisfied => surveys(SurveysOf::Anybody, (4, 5)),
            Self::QueueSurveys => surveys(SurveysOf::Queues, (1, 5)),
            Self::QueueSatisfied => surveys(SurveysOf::Queues, (4, 5)),
        }
    }
}

/// What is asked for of these four.
pub struct CountedIn {
    pub by: Option<CountedByIn>,
    pub visit: Option<Word<EntryOutcome>>,
    pub counted: Option<CounterIn>,
    pub score: Option<i32>,
}

impl CountedIn {
    /// Reads them together.
    pub fn read(self) -> Result<By> {
        let Self { by, visit, counted, score } = self;
        match (by, visit, counted) {
            (Some(_), _, Some(_)) => Err(Error::invalid("by", "does not go with `counted`")),
            (None, Some(_), Some(_)) => Err(Error::invalid("visitOutcome", "does not go with `counted`")),
            (None, None, Some(counter)) => scored(counter.counts(), score),
            (_, _, None) if score.is_some() => scored(By::Call, score),
            (Some(CountedByIn::Visit), visit, None) => {
                Ok(By::Visit(visit.map_or(Visits::All, |word| Visits::Ended(word.0))))
            }
            (_, Some(_), None) => Err(Error::invalid("visitOutcome", "needs by=visit")),
            (None | Some(CountedByIn::Call), None, None) => Ok(By::Call),
            (Some(CountedByIn::Conversation), None, None) => Ok(By::Conversation(Conversations::All)),
        }
    }
}

fn scored(by: By, score: Option<i32>) -> Result<By> {
    match (by, score) {
        (by, None) => Ok(by),
        (By::Survey(Surveys { of, scores: (1, 5) }), Some(score)) if (1..=5).contains(&score) => {
            Ok(By::Survey(Surveys { of, scores: (score, score) }))
        }
        (By::Survey(Surveys { scores: (1, 5), .. }), Some(_)) => {
            Err(Error::invalid("score", "must be 1 to 5"))
        }
        (_, Some(_)) => Err(Error::invalid("score", "needs counted=surveys or counted=queueSurveys")),
    }
}

pub fn when(attribution: Option<Word<Attribution>>) -> When {
    match attribution {
        None | Some(Word(Attribution::ActivityDriven)) => When::Began,
        Some(Word(Attribution::ContactDriven)) => When::CallEnded,
    }
}

#[cfg(test)]
mod tests {
    use poem_openapi::types::ToJSON;

    use super::*;

    #[test]
    fn a_counter_has_one_name_in_links_and_in_the_specification() {
        for counter in [CounterIn::ShortAbandons, CounterIn::CalledBackReached, CounterIn::QueueSatisfied] {
            assert_eq!(counter.to_json(), Some(counter.name().into()));
        }
    }
}
