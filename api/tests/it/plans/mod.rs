//! Every query that is asked often is answered by an index that begins with the company: the list of them, on both
//! databases. A query that is missing here is one that nobody has looked at.

mod watch;

use ::reports::{Limits, Part};
use calldocker::authz::Whose;
use calldocker::calls::lists::{self, Place, Search};
use calldocker::contacts::fold;
use calldocker::contacts::merge::Likeness;
use calldocker::identity::audit;
use calldocker::queues;
use calldocker::reports::answer;
use calldocker::reports::ask::Question;
use calldocker::store::call_lists::{self, Filter, Only, Order, Own};
use calldocker::store::calls_counted::{By, Conversations, Limited, Surveys, SurveysOf, Visits, When};
use calldocker::store::chat_messages::{self, Part as OfChat};
use calldocker::store::datasets::{self, Ask, Table, What};
use calldocker::store::mails::Sender;
use calldocker::store::push_devices::Whom;
use calldocker::store::reports as rollups;
use calldocker::store::stories::Feed;
use calldocker::store::{
    agent_work, audits, callbacks, calls, chat_devices, chat_receipts, chats, contact_search,
    contact_timeline, contacts, hooks, mails, messages, outbox, peer_calls, phone_numbers, presences,
    push_devices, push_services, queueing, recordings, sessions, stories, story_highlights, story_views,
    system, workforce,
};
use chrono::TimeDelta;
use entity::id::{SessionId, UserId};
use entity::{
    Attribution, CallKind, CallOutcome, CallStatus, DeliveryState, EntryOutcome, ExportFormat, OfferState,
};
use sea_orm::{QuerySelect, QueryTrait};

use self::watch::Needs::{Anyones, By as Found, InOrder};
use self::watch::Watch;
use crate::support::{OUR_ACCOUNT, TestApp, World, on_both_databases};

on_both_databases! {
    async fn lists_of_calls_begin_with_an_index_of_the_company(app) {
        let (world, mut watch) = watched(app).await;
        let (scope, now) = (world.ours.scope, app.clock.now());
        let (agent, user, queue) = (world.ours.agent.agent.unwrap(), world.ours.agent.user, world.ours.queue);
        let (day, number) = (now - TimeDelta::days(1), || Some("+4930777001".to_owned()));
        let within = || Filter { from: Some(day), to: Some(now), ..Filter::default() };
        let ended = || Filter { when: When::CallEnded, ..within() };
        let limited = || vec![Limited { limits: Limits { threshold: 20, short: 5 }, queues: vec![queue] }];
        let own = Own { agent: Some(agent), user };
        let surveys = Surveys { scores: (4, 5), of: SurveysOf::Queues };
        for (name, needs, filter) in [
            ("all", InOrder("ix_call_company_started"), Filter::default()),
            ("of a range", InOrder("ix_call_company_started"), within()),
            ("by status", InOrder("ix_call_status"), Filter { status: Some(CallStatus::Completed), ..Filter::default() }),
            ("by direction", InOrder("ix_call_company_started"), Filter { kind: Some(CallKind::Outbound), ..Filter::default() }),
            ("by outcome", InOrder("ix_call_company_started"), Filter { outcome: Some(CallOutcome::Error), ..Filter::default() }),
            ("by agent", InOrder("ix_call_agent"), Filter { agent: Some(agent), ..Filter::default() }),
            ("by queue", InOrder("ix_call_queue"), Filter { queue: Some(queue), ..Filter::default() }),
            ("by who calls", InOrder("ix_call_from"), Filter { number: number(), ..Filter::default() }),
            ("by who is called", InOrder("ix_call_to"), Filter { number: number(), ..Filter::default() }),
            ("by tag", Found("ix_call_tag_tag"), Filter { tag: Some("vip".into()), ..Filter::default() }),
            ("by flow", InOrder("ix_call_company_started"), Filter { flow: Some(world.ours.flow), ..Filter::default() }),
            ("by words", InOrder("ix_call_company_started"), Filter { words: vec!["discount".into()], ..Filter::default() }),
            ("that are live", Found("ix_call_"), Filter { only: Only::Live, ..Filter::default() }),
            ("an agent's own", Found("ix_segment_agent"), Filter { of_agent: Some(agent), ..Filter::default() }),
            ("an agent's history", Found("ix_segment_agent"), Filter { of_agent: Some(agent), shown_to: Some(user), ..Filter::default() }),
            ("somebody's history", Found("ix_peer_call_participant_user"), Filter { own: Some(own), shown_to: Some(user), ..Filter::default() }),
            ("missed", Found("ix_offer_agent"), Filter { only: Only::MissedBy(own), ..Filter::default() }),
            ("missed and not seen", Found("ix_offer_agent"), Filter { only: Only::Unseen(own), ..Filter::default() }),
            ("that ended", Found("ix_call_ended"), ended()),
            ("with a visit", Found("ix_queue_entry_entered"), Filter { by: By::Visit(Visits::All), ..within() }),
            ("with a visit of a queue", Found("ix_queue_entry_entered"),
                Filter { by: By::Visit(Visits::Ended(EntryOutcome::Abandoned)), queue: Some(queue), ..within() }),
            ("with a visit, that ended", Found("ix_queue_entry_call"), Filter { by: By::Visit(Visits::All), queue: Some(queue), ..ended() }),
            ("with a conversation", Found("ix_segment_queue_connected"), Filter { by: By::Conversation(Conversations::All), ..within() }),
            ("with a conversation of a queue", Found("ix_segment_queue_connected"),
                Filter { by: By::Conversation(Conversations::All), queue: Some(queue), ..within() }),
            ("with a conversation of an agent", Found("ix_segment_agent"),
                Filter { by: By::Conversation(Conversations::All), agent: Some(agent), ..within() }),
            ("with a conversation, that ended", Found("ix_segment_call"), Filter { by: By::Conversation(Conversations::All), agent: Some(agent), ..ended() }),
            ("of who waits still", Found("queue_entry"), Filter { by: By::Visit(Visits::StillWaiting), ..within() }),
            ("of short abandons", Found("ix_queue_entry_entered"), Filter { by: By::Visit(Visits::ShortAbandons), limited: limited(), ..within() }),
            ("of short abandons, that ended", Found("ix_queue_entry_call"),
                Filter { by: By::Visit(Visits::ShortAbandons), queue: Some(queue), limited: limited(), ..ended() }),
            ("in the service level", Found("ix_queue_entry_entered"),
                Filter { by: By::Visit(Visits::ServiceLevel(Part::Denominator)), limited: limited(), ..within() }),
            ("in the service level, that ended", Found("ix_queue_entry_call"),
                Filter { by: By::Visit(Visits::ServiceLevel(Part::Numerator)), queue: Some(queue), limited: limited(), ..ended() }),
            ("called back", Found("ix_queue_entry_entered"), Filter { by: By::CalledBack(Some(EntryOutcome::Unreached)), ..within() }),
            ("with a consult", Found("ix_queue_entry_entered"), Filter { by: By::Consult, queue: Some(queue), ..within() }),
            ("with a consult, that ended", Found("ix_queue_entry_call"), Filter { by: By::Consult, ..ended() }),
            ("called out", Found("ix_segment_queue_connected"), Filter { by: By::Conversation(Conversations::Outbound), ..within() }),
            ("with a hold", Found("ix_segment_agent"), Filter { by: By::Conversation(Conversations::Held), agent: Some(agent), ..within() }),
            ("passed on", Found("ix_transfer_call"), Filter { by: By::Conversation(Conversations::Transferred), ..within() }),
            ("passed on, that ended", Found("ix_transfer_call"), Filter { by: By::Conversation(Conversations::Transferred), ..ended() }),
            ("not connected", Found("ix_segment_reserved"), Filter { by: By::NotConnected, queue: Some(queue), ..within() }),
            ("not connected, of an agent", Found("ix_segment_agent"), Filter { by: By::NotConnected, agent: Some(agent), ..within() }),
            ("not connected, that ended", Found("ix_segment_call"), Filter { by: By::NotConnected, agent: Some(agent), ..ended() }),
            ("offered", Found("ix_offer_offered"), Filter { by: By::Offer(&[]), queue: Some(queue), ..within() }),
            ("offered to an agent", Found("ix_offer_offered"),
                Filter { by: By::Offer(&[OfferState::Declined]), agent: Some(agent), ..within() }),
            ("offered, that ended", Found("ix_offer_call"), Filter { by: By::Offer(&[OfferState::Declined]), agent: Some(agent), ..ended() }),
            ("with a survey", Found("ix_survey_answer_answered"), Filter { by: By::Survey(surveys), ..within() }),
            ("with a survey, that ended", Found("ix_survey_answer_call"), Filter { by: By::Survey(surveys), agent: Some(agent), ..ended() }),
        ] {
            for order in [Order::NewestFirst, Order::OldestFirst] {
                let after = Some((now, world.ours.calls.wrap_up));
                for after in [None, after] {
                    let db = watch.app.db.clone();
                    let list = call_lists::list(scope, db.reader(), &filter, order, after, (0, 50));
                    watch.see(&format!("calls {name}, {order:?}, {}", after.is_some()), needs, list).await;
                }
            }
            let db = watch.app.db.clone();
            // To be counted they need no order, so any index will do that begins with the company.
            watch.see(&format!("number of calls {name}"), Found("call"), call_lists::count(scope, db.reader(), &filter)).await;
        }
        let (app, search) = (watch.app.clone(), Search::default());
        let list = lists::list(&app, scope, Whose::Everybodys, search, Place::Page { offset: 0, limit: 50 });
        watch.see("GET /api/calls?page=1", Found("ix_call_company_started"), list).await;
        watch.end();
    }

    async fn other_hot_queries_begin_with_an_index_of_the_company(app) {
        let (world, mut watch) = watched(app).await;
        let (ours, now) = (&world.ours, app.clock.now());
        let (scope, agent, queue, call) = (ours.scope, ours.agent.agent.unwrap(), ours.queue, ours.calls.offered);
        let (a, db) = (watch.app.clone(), watch.app.db.clone());
        let (r, tx) = (db.reader(), db.begin().await.unwrap());
        let (span, week) = ((now - TimeDelta::days(1), now), now - TimeDelta::days(7));
        let entry = queueing::visit_of(scope, r, call).await.unwrap().unwrap();
        let w = &mut watch;

        // A call, and what belongs to it.
        w.see("a call", Found("call"), calls::get(scope, r, call)).await;
        w.see("a call, locked", Found("call"), calls::lock(scope, &tx, call)).await;
        w.see("a call by its sid", Found("sqlite_autoindex_call"), calls::lock_by_provider_sid(scope, &tx, "CA1")).await;
        w.see("a call's story", InOrder("sqlite_autoindex_call_event"), calls::events(scope, r, call, 0, 100)).await;
        w.see("a call's legs", Found("ix_leg_call"), calls::legs(scope, r, call)).await;
        w.see("legs by sid", Found("leg"), calls::legs_by_sid(scope, r, &["CA1".to_owned()])).await;
        w.see("calls that are not over", Found("ix_call_status"), calls::unfinished(scope, r)).await;
        w.see("a call's segments", Found("ix_segment_call"), queueing::segments_of_call(scope, r, call)).await;
        w.see("a call's live segments", Found("segment"), queueing::live_segments(scope, r, call)).await;
        w.see("a call's last visit", Found("queue_entry"), queueing::last_visit(scope, r, call)).await;
        w.see("a call's open visit", Found("queue_entry"), queueing::open_entry(scope, &tx, call)).await;
        w.see("a call's open offers", Found("offer"), queueing::open_offers_of_call(scope, &tx, call)).await;
        w.see("a call's recordings", Found("ix_recording_call"), recordings::of_call(scope, r, call)).await;
        w.see("whose call it is", Found("segment"), queueing::is_call_of(scope, r, agent, call)).await;

        // An agent.
        w.see("an agent", Found("agent"), workforce::agent(scope, r, agent)).await;
        w.see("an agent's open offers", Found("ix_offer_agent"), outbox::open_offers(scope, r, agent)).await;
        w.see("an agent's calls in hand", Found("segment"), outbox::calls_in_hand(scope, r, agent)).await;
        w.see("an agent's conversations", Found("ix_segment_agent"), agent_work::conversations(scope, r, agent, span)).await;
        w.see("an agent's calls out", Found("ix_segment_agent"), agent_work::calls_made(scope, r, agent, span)).await;
        // By the agent or by the time: either is little.
        w.see("an agent's missed calls", Found("ix_offer_"), agent_work::rings_in_vain(scope, r, agent, span)).await;
        w.see("an agent's next change", InOrder("ix_agent_change_agent"), rollups::next_change(scope, r, agent, now)).await;

        // Routing, and the line.
        w.see("the lock of routing", Found("routing_state"), queueing::lock_routing(scope, &tx)).await;
        w.see("changes for routing", Found("routing_change"), queueing::take_changes(scope, &tx)).await;
        w.see("who waits", Found("queue_entry"), queueing::open_entries(scope, r)).await;
        w.see("offers of who waits", Found("ix_offer_entry"), queueing::offers_of_entry(scope, r, &[entry.id])).await;
        w.see("an open round", Found("ux_offer_round_open"), queueing::open_round_of(scope, &tx, entry.id)).await;
        w.see("how many wait", Found("queue_entry"), queueing::length(scope, r, queue)).await;
        w.see("who is ahead", Found("queue_entry"), queueing::ahead_of(scope, r, &entry, None)).await;
        w.see("slots", Found("agent_slot"), queueing::held_slots(scope, r)).await;
        w.see("conversations of a queue", InOrder("ix_segment_queue"), queueing::last_handled(scope, r, queue, 50)).await;
        w.see("the last agent of a caller", Found("ix_call_from"), queueing::last_agent_of(scope, r, "+4930777001")).await;
        w.see("visits of a day", Found("ix_queue_entry_entered"), queueing::visits_since(scope, r, queue, week)).await;
        w.see("callbacks of a queue", Found("callback"), callbacks::open_in(scope, r, queue)).await;
        w.see("contacts locked by numbers", Found("sqlite_autoindex_contact_number"), contacts::lock_by_numbers(scope, &tx, &["+4930777001", "+4930777002"])).await;
        w.see("who has called", Found("sqlite_autoindex_contact_number"), contacts::touch(scope, &tx, &["+4930777001"], now)).await;
        tx.rollback().await.unwrap();
        w.see("GET /api/queues/{id}/live", Found("ix_queue_entry_entered"), queues::live(&a, scope, queue)).await;

        // Who asks.
        w.see("a session", Anyones("session"), system::session_with_standing(r, SessionId(a.ids.next()), Some(ours.id))).await;
        w.see("a key", Anyones("api_key"), system::key_with_standing(r, "none", Some(ours.id))).await;
        w.see("a refresh token", Anyones("refresh_token"), sessions::token(r, "none")).await;
        w.see("a user's sessions", Anyones("ix_session_user"), sessions::open_of(r, ours.owner.user, now)).await;
        w.see("a company", Anyones("company"), system::company(r, ours.id)).await;
        w.see("a number of an account", Anyones("phone_number"), phone_numbers::is_there(scope, r, OUR_ACCOUNT, "+4930123456")).await;
        w.see("numbers of a flow", Found("ix_phone_number_flow"), phone_numbers::of_flow(scope, r, ours.flow)).await;

        // Who is told on his phone.
        let (his, agents) = (Whom::User(ours.owner.user), Whom::Agent(ours.agent.agent.unwrap()));
        w.see("a user's phones", Anyones("ix_push_device_user"), push_devices::reachable(scope, his, now).all(r)).await;
        w.see("an agent's phones", Anyones("ix_push_device_user"), push_devices::reachable(scope, agents, now).all(r)).await;
        w.see("who listens on a phone", Anyones("ix_push_device_user"), push_devices::listeners(scope, world.ours.chats.group, ours.owner.user, now).into_tuple::<UserId>().all(r)).await;
        w.see("tickets of notices", InOrder("ix_push_ticket_sent"), push_services::tickets(scope, r, now, 100)).await;

        // Lists of a supervisor.
        let line = |filter: audit::Filter| async move { audits::page(scope, r, &filter, None, 50).await };
        let (user, subject) = (Some(ours.owner.user), Some(ours.calls.wrap_up.0));
        w.see("the audit", InOrder("audit"), line(audit::Filter::default())).await;
        w.see("the audit of a user", InOrder("ix_audit_user"), line(audit::Filter { user, ..Default::default() })).await;
        w.see("the audit of a thing", InOrder("ix_audit_subject"), line(audit::Filter { subject, ..Default::default() })).await;
        let asked = |text: &str| contact_search::Ask { terms: fold::terms(text).unwrap(), ..contact_search::Ask::default() };
        let (all, some, word) = (asked(""), asked("anna 3456"), "sqlite_autoindex_contact_word");
        w.see("contacts", InOrder("ix_contact_name"), contact_search::list(scope, r, &all, None, None, (0, 50))).await;
        let blocked = contact_search::Ask { blocked: Some(true), ..all.clone() };
        w.see("who is blocked", InOrder("ix_contact_blocked"), contact_search::list(scope, r, &blocked, None, None, (0, 50))).await;
        w.see("how many are blocked", Found("ix_contact_blocked"), contact_search::count(scope, r, &blocked, None)).await;
        let last = contact_search::Ask { order: contact_search::Order::LastContact, ..all.clone() };
        w.see("contacts by last contact", InOrder("ix_contact_last"), contact_search::list(scope, r, &last, None, None, (0, 50))).await;
        w.see("who few are", Found(word), contact_search::few(scope, r, &some.terms)).await;
        w.see("how many have words", Found(word), contact_search::count(scope, r, &some, None)).await;
        let after = contact_search::Position::Name("b".into(), ours.contact);
        let few = contact_search::Few { having: vec![ours.contact, ours.other_contact], left: some.terms.clone() };
        let list = contact_search::list(scope, r, &some, Some(&few), Some(&after), (0, 50));
        w.see("a search by words that few have", Found("sqlite_autoindex_contact_2"), list).await;
        let many = contact_search::listed(scope, &some, None, None).limit(50).build(db.backend());
        w.look("a search by words that many have", InOrder("ix_contact_name"), vec![many]).await;
        let numbers = vec!["+4930777001".to_owned(), "+4930777002".to_owned()];
        let theirs = contact_timeline::Ask { numbers, of_agent: None, before: Some((now, uuid::Uuid::nil())), limit: 50 };
        let his = contact_timeline::Ask { of_agent: Some(agent), ..theirs.clone() };
        w.see("a contact's calls", InOrder("ix_call_from"), contact_timeline::calls(scope, r, &theirs)).await;
        w.see("a contact's calls of an agent", Found("ix_call_from"), contact_timeline::calls(scope, r, &his)).await;
        w.see("a contact's voicemails", Found("ix_recording_call"), contact_timeline::voicemails(scope, r, &theirs)).await;
        w.see("a contact's callbacks", InOrder("ix_callback_number"), contact_timeline::callbacks(scope, r, &theirs)).await;
        w.see("a contact's messages", Found("ix_text_message_"), contact_timeline::messages(scope, r, &theirs)).await;
        w.see("a contact's answers", Found("ix_survey_answer_call"), contact_timeline::answers(scope, r, &theirs)).await;
        let this = calls::get(scope, r, call).await.unwrap();
        w.see("a contact's last call", InOrder("ix_call_from"), contact_timeline::last_call(scope, r, &["+4930777001", "+4930777002"], &this)).await;
        w.see("messages with a contact", Found("ix_text_message_"), messages::with_numbers(scope, r, &["+4930777001", "+4930777002"], None, 50)).await;
        for (by, index) in [(Likeness::Number, "ix_contact_number_plain"), (Likeness::Email, "ix_contact_email"), (Likeness::Name, "ix_contact_name")] {
            w.see(&format!("what contacts share, {by:?}"), Found(index), contacts::shared(scope, r, by, "", 50)).await;
            w.see(&format!("who shares it, {by:?}"), Found(index), contacts::sharing(scope, r, by, "x", 21)).await;
        }
        w.see("contacts by numbers", Found("sqlite_autoindex_contact_number"), contacts::by_numbers(scope, r, &["+4930777001", "+4930777002"])).await;
        w.see("a contact by number", Found("sqlite_autoindex_contact_number"), contacts::by_number(scope, r, "+4930777001")).await;
        w.see("news for sockets", InOrder("sqlite_autoindex_outbox"), outbox::after(scope, r, 0, 100)).await;

        // Calls among colleagues, and who is there.
        let me = ours.owner.user;
        w.see("a call that somebody has", Found("peer_call_participant"), peer_calls::live_party(scope, r, me)).await;
        w.see("who is in a call", Found("sqlite_autoindex_peer_call_participant"), peer_calls::parties(scope, r, call)).await;
        w.see("whether two know each other", Found("peer_call_participant"), peer_calls::know_each_other(scope, r, me, me)).await;
        w.see("somebody's devices", Found("ix_presence_socket_user"), peer_calls::sockets(scope, r, me, now)).await;
        w.see("parts in calls", InOrder("ix_peer_call_participant_user"), peer_calls::parts_within(scope, r, me, (Some(week), now))).await;
        w.see("who is there", Found("presence"), presences::of_users(scope, r, &[me])).await;
        w.see("sockets of dead nodes", Anyones("ix_presence_socket_lease"), system::lost_sockets(r, now, 10)).await;
        // Stories.
        let (viewer, day) = (ours.agent.user, |author| Feed { viewer: ours.agent.user, author, now });
        w.see("a feed", InOrder("ix_story_live"), stories::feed(scope, r, day(None), None, 50)).await;
        w.see("more of a feed", InOrder("ix_story_live"), stories::feed(scope, r, day(None), Some(ours.story), 50)).await;
        w.see("a person's stories", Found("ix_story_"), stories::feed(scope, r, day(Some(ours.owner.user)), None, 50)).await;
        w.see("a story", Found("story"), stories::one_shown(scope, r, viewer, ours.story, now)).await;
        w.see("a person's highlighted stories", Found("ix_story_user"), stories::highlighted(scope, r, viewer, ours.owner.user)).await;
        w.see("a person's highlights", InOrder("ix_story_highlight_user"), story_highlights::of_author(scope, r, ours.owner.user)).await;
        w.see("what is in highlights", Found("story_highlight_item"), story_highlights::items(scope, r, &[ours.highlight])).await;
        w.see("highlights of stories", Found("ix_story_highlight_item_story"), story_highlights::items_with(scope, r, &[ours.story])).await;
        w.see("views of a story", Found("story_view"), story_views::list(scope, r, ours.story, None, 50)).await;
        w.see("numbers of views", Found("story_view"), story_views::counts(scope, r, &[ours.story])).await;
        w.see("what somebody has seen", Found("story_view"), story_views::by_viewer(scope, r, viewer, &[ours.story])).await;
        w.see("audiences of stories", Found("story_listed"), stories::listed(scope, r, &[ours.story])).await;

        // Figures.
        let (activity, quarters) = (Attribution::ActivityDriven, 1_967_000..1_970_000);
        w.see("rollups of queues", Found("sqlite_autoindex_report_queue"), rollups::queue_rows(scope, r, activity, quarters.clone(), None)).await;
        w.see("rollups of a queue", Found("sqlite_autoindex_report_queue"), rollups::queue_rows(scope, r, activity, quarters.clone(), Some(&[queue]))).await;
        w.see("rollups of agents", Found("sqlite_autoindex_report_agent"), rollups::agent_rows(scope, r, activity, quarters.clone(), None)).await;
        w.see("rollups of an agent", Found("sqlite_autoindex_report_agent"), rollups::agent_rows(scope, r, activity, quarters, Some(agent))).await;
        w.see("changes of agents", Found("ix_agent_change"), rollups::changes_of(scope, r, None, week, now)).await;
        w.see("calls to count", InOrder("ix_call_unreported"), rollups::unreported(scope, r, 200)).await;
        w.see("where calls count", Found("report_call"), rollups::quarters_of(scope, r, &[call])).await;
        w.see("what counts in quarters", Found("ix_report_call_quarter"), rollups::calls_in(scope, r, &[1_967_000].into())).await;
        w.see("rows of calls to count", Found("ix_segment_call"), rollups::rows_of(scope, r, &[call])).await;
        w.see("GET …/overview", Found("report_queue"), answer::overview(&a, scope, Question::default())).await;

        // Exports.
        for (table, index) in [
            (Table::Calls, "ix_call_company_started"), (Table::Agents, "ix_segment_reserved"), (Table::Events, "ix_call_event_company_time"),
        ] {
            let ask = Ask { what: What::Rows(table), format: ExportFormat::Csv, from: week, to: now };
            let statement = datasets::statement(scope, db.backend(), table, ask);
            w.look(&format!("export of {table:?}"), Found(index), vec![statement]).await;
            w.see(&format!("number of {table:?}"), Found(index), datasets::count(scope, &db, ask)).await;
        }

        // Work.
        w.see("due jobs", Anyones("ix_job_due"), system::turn_over_jobs(&a, &[], 10)).await;
        w.see("the next job", Anyones("ix_job_due"), system::next_job_at(&a)).await;
        w.see("due mails", Anyones("ix_mail_due"), mails::claim(&a, Sender::Company, 10, TimeDelta::minutes(1))).await;
        w.see("the next mail", Anyones("ix_mail_due"), mails::next_at(&a, Sender::Company)).await;
        w.see("deliveries of an endpoint", InOrder("ix_webhook_delivery_endpoint"), hooks::deliveries(scope, r, ours.webhook, Some(DeliveryState::Failed), None, 50)).await;
        w.see("attempts of a delivery", InOrder("sqlite_autoindex_webhook_attempt"), hooks::attempts(scope, r, vec![ours.webhook_delivery])).await;
        watch.end();
    }
}

on_both_databases! {
    async fn what_is_asked_of_chats_begins_with_an_index_of_the_company(app) {
        let (world, mut watch) = watched(app).await;
        let (scope, ours, now) = (world.ours.scope, &world.ours.chats, app.clock.now());
        let (me, other) = (world.ours.agent.user, ours.colleague.user);
        let db = watch.app.db.clone();
        let (r, tx) = (db.reader(), db.begin().await.unwrap());
        let (w, pair) = (&mut watch, format!("{me}:{other}"));
        w.see("a chat", Found("chat"), chats::lock(scope, &tx, ours.group)).await;
        w.see("the chat of two", Found("ux_chat_pair"), chats::of_pair(scope, r, &pair)).await;
        w.see("a member", Found("sqlite_autoindex_chat_member"), chats::lock_member(scope, &tx, ours.group, me)).await;
        w.see("who is in a chat", Found("sqlite_autoindex_chat_member"), chats::people(scope, r, ours.group)).await;
        w.see("the other side", Found("sqlite_autoindex_chat_member"), chats::others(scope, r, &[ours.private], me)).await;
        w.see("how far the others are", Found("sqlite_autoindex_chat_member"), chats::others_have(scope, r, ours.group, me)).await;
        w.see("one's chats", Found("ix_chat_member_user"), chats::listed(scope, me, Some(false), None).limit(50).all(r)).await;
        w.see("one's chats with something to read", Found("ix_chat_member_user"), chats::with_unread(scope, r, me)).await;
        w.see("one's chats with something that has not come", Found("ix_chat_member_user"), chats::undelivered(scope, r, me, now - TimeDelta::minutes(1))).await;
        w.see("the groups of sockets", Found("ix_chat_member_user"), chats::groups_of(scope, r, &[me, other])).await;
        w.see("which groups have changed", Found("chat_roster"), system::chat_rosters(r, &[world.ours.id, world.theirs.id])).await;
        w.see("who is blocked", Found("sqlite_autoindex_user_block"), chats::are_blocked(scope, r, me, other)).await;
        w.see("who blocks", Found("sqlite_autoindex_user_block"), chats::who_block(scope, r, me, &[other])).await;
        for part in [OfChat::Before(None), OfChat::Before(Some(2)), OfChat::After(0)] {
            let part = chat_messages::listed(scope, ours.private, me, part).limit(50).all(r);
            w.see("messages", InOrder("ux_chat_message_seq"), part).await;
        }
        w.see("the last message of chats", Found("ux_chat_message_seq"), chat_messages::last_of(scope, r, &[ours.private, ours.group], me)).await;
        w.see("a message by its name", Found("ux_chat_message_temp"), chat_messages::by_temp(scope, r, me, "t")).await;
        w.see("own messages after", Found("ux_chat_message_seq"), chat_messages::count_own_after(scope, &tx, (ours.private, me, 1))).await;
        w.see("senders", Found("ux_chat_message_seq"), chat_messages::senders_between(scope, &tx, ours.private, (0, 2))).await;
        w.see("reactions", Found("sqlite_autoindex_chat_reaction"), chat_messages::reactions_of(scope, r, vec![ours.message, ours.answer])).await;
        w.see("when a message was read", Found("sqlite_autoindex_chat_receipt"), chat_receipts::of_message(scope, r, ours.group, 1)).await;
        w.see("receipts of long ago", Anyones("ix_chat_receipt_at"), system::forget_chat_receipts(&tx, now)).await;
        let device = (other, ours.devices[1]);
        w.see("the devices of two", Found("sqlite_autoindex_chat_device"), chat_devices::of_users(scope, r, &[me, other])).await;
        w.see("a device", Found("sqlite_autoindex_chat_device"), chat_devices::lock(scope, &tx, device)).await;
        w.see("keys that are left", Found("chat_device_key"), chat_devices::count_free(scope, r, device)).await;
        w.see("a key", InOrder("ix_chat_device_key_free"), chat_devices::claim(scope, &tx, device, app.clock.now())).await;
        w.see("encrypted messages", Found("sqlite_autoindex_chat_ciphertext"), chat_devices::ciphertexts_for(scope, r, me, vec![ours.message])).await;
        w.see("who knows one's devices", Found("chat_member"), chat_devices::partners(scope, &tx, me)).await;
        tx.rollback().await.unwrap();
        watch.end();
    }
}

async fn watched(app: &TestApp) -> (World, Watch) {
    (World::create(app).await, Watch::on(app).await)
}
