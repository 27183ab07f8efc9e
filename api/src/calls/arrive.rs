//! A call comes in.

use entity::id::{CallId, LegId};
use entity::{CallKind, CallStatus, JobKind, LegKind, LegState, call, leg, phone_number};
use ivr_engine::{CallFacts, Input, Session};
use sea_orm::{ColumnTrait, QueryFilter};
use serde_json::json;
use twilio::webhook::VoiceRequest;

use super::story::EventKind;
use super::{CallFile, Reply, flow as call_flow, sweep};
use crate::error::Result;
use crate::store::{Unit, calls, companies, contacts, phone_numbers};

/// The provider asks what to do with a new call, or asks again.
pub async fn arrive(unit: &mut Unit, request: &VoiceRequest) -> Result<Reply> {
    let words = companies::words(unit.scope(), unit.tx()).await?;
    if companies::is_closed(unit.scope(), unit.tx()).await? {
        return Ok(Reply::NotInService(words));
    }
    let Some(number) = number(unit, request).await? else {
        return Ok(Reply::NotInService(words));
    };
    let Some(version) = phone_numbers::version_of(unit.scope(), unit.tx(), &number).await? else {
        tracing::warn!(number = %number.id, "a call came to a number whose flow is not published");
        return Ok(Reply::NotInService(words));
    };
    let mut file = open(unit, request, &number, version).await?;
    let reply = call_flow::advance(unit, &mut file, Input::Start).await?;
    remember(unit, &mut file, &reply);
    file.save(unit).await?;
    Ok(reply)
}

/// How often a caller is helped on when our answers did not reach the provider; after that he hears an apology.
const RESCUES: usize = 3;

/// What becomes of a caller whose line could not get on.
pub enum Rescue {
    Say(Reply),
    /// His call is known and was only cut off from us: he goes on where he belongs.
    Resume(CallId),
}

/// The provider could not have our answer, or not use it, and asks here instead. An answer that was lost on the way (this
/// server was being started again, a balancer had nobody to ask) is given again; for one that is no good, and for who is
/// lost again and again, there is an apology, never silence.
pub async fn rescue(unit: &mut Unit, request: &VoiceRequest) -> Result<Rescue> {
    let words = companies::words(unit.scope(), unit.tx()).await?;
    let lost = request.error_code.is_some_and(was_lost);
    let Some(mut file) = CallFile::open_by_provider_sid(unit, &request.call_sid).await? else {
        return Ok(Rescue::Say(if lost { arrive(unit, request).await? } else { Reply::Apology(words) }));
    };
    let before = calls::times_rescued(unit.scope(), unit.tx(), file.id()).await?;
    file.note(
        unit,
        EventKind::FlowProblem,
        json!({"code": calls::FALLBACK, "errorCode": request.error_code, "errorUrl": request.error_url}),
    );
    let id = file.id();
    let resumes = lost && before < RESCUES && !file.caller_has_left();
    if !resumes {
        file.row.outcome.get_or_insert(entity::CallOutcome::Error);
    }
    file.save(unit).await?;
    Ok(if resumes { Rescue::Resume(id) } else { Rescue::Say(Reply::Apology(words)) })
}

/// Twilio's errors 11200 to 11220 are about getting a document (no connection, no name, no answer in time, a bad status);
/// those from 11750 and 12100 are about what is in it.
fn was_lost(code: u32) -> bool {
    (11_200..=11_220).contains(&code)
}

/// Keeps what the line was told, or is to be told when it comes back, for a hop that comes late.
pub fn remember(unit: &Unit, file: &mut CallFile, reply: &Reply) {
    let urls = unit.app().urls(unit.company());
    let told = match reply {
        Reply::AwaitSilence { then: Some(then), .. } => then,
        other => other,
    };
    file.row.current_twiml = Some(told.to_twiml(unit.company(), &urls));
}

async fn number(unit: &Unit, request: &VoiceRequest) -> Result<Option<phone_number::Model>> {
    Ok(unit
        .scope()
        .find::<phone_number::Entity>()
        .filter(phone_number::Column::Number.eq(request.to.as_deref().unwrap_or_default()))
        .filter(phone_number::Column::AccountSid.eq(&request.account_sid))
        .one(unit.tx())
        .await?)
}

async fn open(
    unit: &mut Unit,
    request: &VoiceRequest,
    number: &phone_number::Model,
    version: entity::id::FlowVersionId,
) -> Result<CallFile> {
    let id: CallId = unit.id();
    let from = request.from.clone().unwrap_or_else(|| "anonymous".to_owned());
    let facts = CallFacts {
        from: from.clone(),
        to: number.number.clone(),
        caller_name: request.caller_name.clone(),
        ..CallFacts::default()
    };
    // Half of the id is random, and it is drawn once for the call.
    let (_, seed) = id.0.as_u64_pair();
    let row = call::Model {
        status: CallStatus::InIvr,
        caller_name: request.caller_name.clone(),
        account_sid: request.account_sid.clone(),
        provider_sid: request.call_sid.clone(),
        phone_number_id: Some(number.id),
        flow_version_id: Some(version),
        session: Some(serde_json::to_value(Session::new(facts).seeded(seed)).unwrap_or_default()),
        ..call::Model::begun(
            id,
            unit.company(),
            CallKind::Inbound,
            (from.clone(), number.number.clone()),
            unit.now(),
        )
    };
    unit.scope().insert::<call::Entity, _>(unit.tx(), row.clone()).await?;
    contacts::touch(unit.scope(), unit.tx(), &[&row.from_address], row.started_at).await?;
    let leg = leg::Model {
        id: unit.id::<LegId>(),
        company_id: unit.company(),
        call_id: id,
        kind: LegKind::Caller,
        offer_id: None,
        agent_id: None,
        address: from,
        provider_sid: Some(request.call_sid.clone()),
        state: LegState::InProgress,
        held: false,
        muted: false,
        last_sequence: None,
        dialled_at: None,
        joined_at: None,
        left_at: None,
        ended_at: None,
        created_at: unit.now(),
    };
    unit.scope().insert::<leg::Entity, _>(unit.tx(), leg).await?;
    let check = unit.now() + unit.app().settings.timing.check_call;
    unit.job(JobKind::CheckCall, id, json!({}), check);
    sweep::watch(unit).await?;
    let mut file = CallFile::new(row);
    let summary = file.summary();
    unit.tell(&[crate::store::Audience::Supervisors], "call:update", summary);
    file.note(unit, EventKind::Arrived, json!({"from": file.row.from_address, "to": file.row.to_address}));
    file.note(unit, EventKind::FlowStarted, json!({"flowVersionId": version}));
    Ok(file)
}
