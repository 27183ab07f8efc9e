//! Sockets of two companies that write down what they are told.

use chrono::TimeDelta;
use entity::Role;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::identity::Standing;

/// A client that remembers what it was told, with a buffer of so many events.
#[derive(Clone)]
struct Client(Arc<Mutex<(Vec<String>, usize)>>);

impl Client {
    fn new(room_for: usize) -> Self {
        Self(Arc::new(Mutex::new((Vec::new(), room_for))))
    }

    fn told(&self) -> String {
        self.0.lock().unwrap().0.join(" ")
    }

    fn reads_all(&self) {
        self.0.lock().unwrap().1 = usize::MAX;
    }
}

impl Line for Client {
    fn send(&self, event: &str, _: &Value) -> Sent {
        let mut inner = self.0.lock().unwrap();
        if inner.0.len() >= inner.1 {
            return Sent::Full;
        }
        inner.0.push(event.to_owned());
        Sent::Yes
    }
}

fn noon() -> DateTime<Utc> {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

fn company(n: u128) -> CompanyId {
    Uuid::from_u128(n).into()
}

fn caller(user: u128, company: CompanyId) -> Caller {
    let id = Uuid::from_u128(user);
    let standing =
        Standing::Member { membership: id.into(), company, role: Role::Agent, agent: Some(id.into()) };
    Caller { user: id.into(), session: id.into(), standing, key: None }
}

fn rooms(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn event(seq: i64, room: &str) -> Arc<Event> {
    let payload = json!({ "seq": seq });
    Arc::new(Event { seq, audience: vec![room.to_owned()], name: format!("e{seq}"), payload })
}

fn snapshot() -> Vec<Message> {
    vec![Message { event: "snapshot".into(), payload: json!({}) }]
}

/// A member who has been told everything up to `seq`.
fn join(
    roster: &Roster<Client>,
    user: u128,
    home: CompanyId,
    room: &str,
    seq: i64,
    client: Client,
) -> (Sid, Client) {
    let sid = Sid::new();
    let holder = Holder { caller: caller(user, home), until: noon() + TimeDelta::hours(1) };
    assert_eq!(roster.admit(sid, client.clone(), holder, rooms(&[room])), Admitted::Yes);
    roster.begin_at(home, seq);
    roster.release(sid, &[], seq);
    (sid, client)
}

#[test]
fn an_event_reaches_its_rooms_in_its_company_and_nobody_else() {
    let roster = Roster::default();
    let (_, ann) = join(&roster, 1, company(1), "agent:1", 0, Client::new(99));
    let (_, bob) = join(&roster, 2, company(1), "agent:2", 0, Client::new(99));
    let (_, eve) = join(&roster, 3, company(2), "agent:1", 0, Client::new(99));
    roster.deliver(company(1), &[event(1, "agent:1"), event(2, "agent:2")]);
    roster.tell(company(1), &["agent:1".to_owned()], "fleeting", &json!({}));
    assert_eq!((ann.told(), bob.told(), eve.told()), ("e1 fleeting".into(), "e2".into(), String::new()));
    assert_eq!((roster.cursor(company(1)), roster.cursor(company(2))), (Some(2), Some(0)));
}

#[test]
fn what_happens_while_a_snapshot_is_read_is_told_after_it_and_once() {
    let roster = Roster::default();
    let (ann, told) = join(&roster, 1, company(1), "a", 5, Client::new(99));
    assert_eq!(roster.hold(ann), Hold::Held);
    assert_eq!(roster.hold(ann), Hold::Already);
    roster.deliver(company(1), &[event(6, "a"), event(7, "a"), event(8, "a")]);
    assert_eq!(told.told(), "");
    // The snapshot was read when 7 had been committed.
    roster.release(ann, &snapshot(), 7);
    roster.deliver(company(1), &[event(9, "a")]);
    assert_eq!(told.told(), "snapshot e8 e9");
}

#[test]
fn a_snapshot_that_is_ahead_of_the_tail_is_not_followed_by_older_events() {
    let roster = Roster::default();
    let (ann, told) = join(&roster, 1, company(1), "a", 5, Client::new(99));
    assert_eq!(roster.hold(ann), Hold::Held);
    roster.release(ann, &snapshot(), 7);
    roster.deliver(company(1), &[event(6, "a"), event(7, "a"), event(8, "a")]);
    assert_eq!(told.told(), "snapshot e8");
}

#[test]
fn events_that_do_not_follow_each_other_are_not_handed_on() {
    let roster = Roster::default();
    let (_, told) = join(&roster, 1, company(1), "a", 5, Client::new(99));
    roster.deliver(company(1), &[event(5, "a"), event(7, "a"), event(6, "a")]);
    assert_eq!((told.told(), roster.cursor(company(1))), ("e6".into(), Some(6)));
}

#[test]
fn a_client_that_reads_too_slowly_gets_a_snapshot_when_it_can_take_one() {
    let roster = Roster::default();
    let (ann, told) = join(&roster, 1, company(1), "a", 0, Client::new(1));
    roster.deliver(company(1), &[event(1, "a"), event(2, "a")]);
    assert_eq!(roster.behind(), [ann]);
    told.reads_all();
    roster.deliver(company(1), &[event(3, "a")]);
    assert_eq!(told.told(), "e1", "nothing may be told before the snapshot");
    assert_eq!(roster.hold(ann), Hold::Held);
    roster.release(ann, &snapshot(), 3);
    assert_eq!((told.told(), roster.behind()), ("e1 snapshot".into(), vec![]));
}

#[test]
fn lost_events_are_made_up_for_by_a_snapshot() {
    let roster = Roster::default();
    let (ann, told) = join(&roster, 1, company(1), "a", 3, Client::new(99));
    roster.skip_to(company(1), 6);
    roster.deliver(company(1), &[event(7, "a")]);
    assert_eq!((told.told(), roster.behind()), (String::new(), vec![ann]));
}

#[test]
fn who_is_no_longer_good_is_taken_out_and_a_changed_one_changes_rooms() {
    let roster = Roster::default();
    let home = company(1);
    let (ann, ann_told) = join(&roster, 1, home, "a", 0, Client::new(99));
    let (bob, _) = join(&roster, 2, home, "a", 0, Client::new(99));
    let (eve, _) = join(&roster, 3, home, "a", 0, Client::new(99));
    let verdicts = HashMap::from([
        (caller(1, home).session, Ok((caller(1, home), rooms(&["b"])))),
        (caller(2, home).session, Err(Dismissal::SESSION_ENDED)),
        (caller(3, home).session, Ok((caller(3, company(2)), rooms(&["a"])))),
    ]);
    let gone: Vec<_> = roster.refresh(noon(), &verdicts).into_iter().map(|(_, why)| why).collect();
    assert_eq!(gone, [Dismissal::SESSION_ENDED; 2]);
    assert!(roster.holder(bob).is_none() && roster.holder(eve).is_none() && roster.holder(ann).is_some());
    roster.deliver(home, &[event(1, "a"), event(2, "b")]);
    assert_eq!(ann_told.told(), "e2");
    let late = roster.refresh(noon() + TimeDelta::hours(1), &HashMap::new());
    assert_eq!(late.len(), 1);
    assert_eq!(late[0].1, Dismissal::TOKEN_EXPIRED);
    assert_eq!(roster.cursor(home), None, "an empty company is forgotten");
}

#[test]
fn a_socket_keeps_its_user_and_its_company() {
    let roster = Roster::default();
    let (ann, told) = join(&roster, 1, company(1), "a", 0, Client::new(99));
    let until = noon() + TimeDelta::hours(2);
    let again = |caller| roster.admit(ann, told.clone(), Holder { caller, until }, rooms(&["a"]));
    assert_eq!(again(caller(2, company(1))), Admitted::SomebodyElse);
    assert_eq!(again(caller(1, company(2))), Admitted::SomebodyElse);
    assert_eq!(again(caller(1, company(1))), Admitted::Again);
    assert_eq!(roster.holder(ann).unwrap().until, until);
}

#[test]
fn a_chat_is_told_in_the_words_of_the_one_who_hears() {
    let roster = Roster::default();
    let joined = |user| join(&roster, user, company(1), "a", 0, Client::new(99));
    let (sids, told): (Vec<_>, Vec<_>) = (1..=5).map(joined).unzip();
    roster.speaks(sids[1], Dialect::Capital);
    roster.speaks_in_chat(sids[2], InChat::Small);
    roster.speaks(sids[3], Dialect::Colon);
    // How it calls is known later, and what it has said of chats holds.
    roster.speaks_in_chat(sids[4], InChat::Small);
    roster.speaks(sids[4], Dialect::Capital);
    let payload = json!({"message": {"id": "m", "receiverId": "u"}});
    let new = Event { seq: 1, audience: vec!["a".to_owned()], name: "new_message".to_owned(), payload };
    let edited = Event {
        seq: 2,
        name: "message_edited".to_owned(),
        audience: new.audience.clone(),
        payload: json!({}),
    };
    roster.deliver(company(1), &[Arc::new(new), Arc::new(edited)]);
    let typing = json!({"chatKind": "private", "isTyping": true});
    roster.tell(company(1), &["a".to_owned()], "user_typing", &typing);
    let small = "new_message message_edited user_typing";
    let both = "CHAT_MESSAGE new_message message_edited CHAT_TYPING user_typing";
    let heard: Vec<_> = told.iter().map(Client::told).collect();
    assert_eq!(heard, [both, "CHAT_MESSAGE message_edited CHAT_TYPING", small, small, small]);
}

#[test]
fn a_stranger_has_until_its_deadline() {
    let roster = Roster::default();
    roster.greet(Sid::new(), Client::new(9), noon() + TimeDelta::seconds(10));
    assert!(roster.overdue(noon() + TimeDelta::seconds(9)).is_empty());
    assert_eq!(roster.overdue(noon() + TimeDelta::seconds(10)).len(), 1);
    assert!(roster.overdue(noon() + TimeDelta::seconds(11)).is_empty());
}
