//! Parameters keep everything that came, in the order in which it came.

use proptest::prelude::*;
use twilio::signature::{SignedBody, sign, verify};
use twilio::webhook::Params;

#[test]
fn a_form_is_decoded_and_nothing_is_lost() {
    let params =
        Params::from_form(b"Body=Ol%C3%A1+%F0%9F%91%8B+50%25&Empty=&Bare&Digits=5&Digits=1&New=x%2By");
    assert_eq!(params.get("Body"), Some("Olá 👋 50%"));
    assert_eq!(params.get("Empty"), Some(""));
    assert_eq!(params.get("Bare"), Some(""));
    assert_eq!(params.get("digits"), None, "names are case-sensitive");
    assert_eq!(params.get_all("Digits").collect::<Vec<_>>(), ["5", "1"]);
    assert_eq!(params.pairs().last(), Some(&("New".to_owned(), "x+y".to_owned())));
    assert_eq!(params.pairs().len(), 6);
}

#[test]
fn a_query_reads_with_and_without_its_question_mark() {
    assert_eq!(Params::from_query("?a=1&b=2"), Params::from_query("a=1&b=2"));
    assert_eq!(Params::from_query(""), Params::new());
}

#[test]
fn broken_bytes_do_not_fail() {
    assert_eq!(Params::from_form(b"Body=%FF%zz&\xff=1").get("Body"), Some("\u{fffd}%zz"));
}

#[test]
fn what_is_written_reads_back() {
    let params = Params::new().with("Body", " hi \r\n & = + % é ").with("a b", "").with("Body", "again");
    assert_eq!(Params::from_form(params.to_form().as_bytes()), params);
}

#[test]
fn setting_a_name_leaves_one_of_it() {
    let mut params = Params::new().with("a", "1").with("b", "2").with("a", "3");
    params.set("a", "4");
    assert_eq!(params, Params::new().with("b", "2").with("a", "4"));
    params.remove("b");
    assert_eq!(params, Params::new().with("a", "4"));
}

fn any_text() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 0..12).prop_map(|characters| characters.into_iter().collect())
}

proptest! {
    #[test]
    fn any_pairs_read_back_and_verify_in_any_order(
        pairs in prop::collection::vec((any_text(), any_text()), 0..8),
    ) {
        let params = Params::from(pairs.clone());
        let arrived = Params::from_form(params.to_form().as_bytes());
        prop_assert_eq!(&arrived, &params);
        let (url, mut reversed) = ("https://cc.example.com/t?a=1", pairs);
        reversed.reverse();
        prop_assert!(verify(&["token"], url, SignedBody::Form(arrived.pairs()), &sign("token", url, &reversed)));
        reversed.push(("Evil".into(), "1".into()));
        prop_assert!(!verify(&["token"], url, SignedBody::Form(arrived.pairs()), &sign("token", url, &reversed)));
    }
}
