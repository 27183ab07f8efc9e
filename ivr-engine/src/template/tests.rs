use chrono::{DateTime, Utc};

use super::{Form, Scope, Template};
use crate::{CallFacts, Session};

fn now() -> DateTime<Utc> {
    "2026-07-01T16:05:00Z".parse().unwrap()
}

fn session() -> Session {
    let mut session = Session::new(CallFacts {
        from: "+15550100".to_owned(),
        to: "+15550199".to_owned(),
        caller_name: Some("Ada".to_owned()),
        ..CallFacts::default()
    });
    session.variables.insert("tier".to_owned(), "gold".to_owned());
    session.variables.insert("tries".to_owned(), "2".to_owned());
    session.digits = Some("42".to_owned());
    session
}

fn said(source: &str) -> String {
    let rendered =
        Template::parse(source).expect(source).render(&Scope::new(&session(), now(), "en-US"), Form::Line);
    assert_eq!(rendered.failure, None, "{source}");
    rendered.text
}

fn failed(source: &str) -> (String, String) {
    let rendered =
        Template::parse(source).expect(source).render(&Scope::new(&session(), now(), "en-US"), Form::Line);
    (rendered.text, rendered.failure.expect(source))
}

#[test]
fn a_text_is_completed_with_what_is_known_of_the_call() {
    assert_eq!(
        said("Hello {{ call.callerName }}, {{call.from}} to {{call.to}}"),
        "Hello Ada, +15550100 to +15550199"
    );
    assert_eq!(said("{{ vars.tier }} {{ vars[\"tier\"] }} {{ digits }}"), "gold gold 42");
    assert_eq!(said("{% if vars.tier == 'gold' %}Dear{% else %}Hi{% endif %} caller"), "Dear caller");
    assert_eq!(said("{% case digits %}{% when '41' %}no{% when '42' %}yes{% endcase %}"), "yes");
    assert_eq!(said("{% assign n = vars.tries | plus: 1 %}{{ n }}"), "3");
    assert_eq!(said("{% unless vars.none %}unset{% endunless %}"), "unset");
    assert_eq!(
        said("{% if vars contains 'tier' %}a{% endif %}{% if vars contains 'none' %}b{% endif %}"),
        "a"
    );
    assert_eq!(said("{{ call.callerName.size }} {{ vars.size }}"), "3 2");
}

#[test]
fn values_are_texts_until_a_filter_makes_numbers_of_them() {
    assert_eq!(said("{% assign n = vars.tries | plus: 0 %}{% if n > 1 %}more{% endif %}"), "more");
    assert_eq!(
        said("{% if vars.tries == '2' %}two{% endif %}{% if vars.tries == 2 %}never{% endif %}"),
        "two"
    );
}

#[test]
fn what_is_not_set_is_empty_and_never_fails() {
    for source in [
        "{{ vars.none }}",
        "{{ vars.none.deeper.still }}",
        "{{ vars.tier.deeper }}",
        "{{ unheard_of }}",
        "{{ unheard_of.at.all | upcase }}",
        "{{ speech }}",
        "{{ nil }}",
        "{% if speech %}x{% endif %}",
        "{% if none.none == 1 %}x{% endif %}",
    ] {
        assert_eq!(said(source), "", "{source}");
    }
    assert_eq!(said("{{ vars.none | default: 'nobody' }}"), "nobody");
}

#[test]
fn the_time_can_be_said_in_a_zone() {
    assert_eq!(said("{{ now }}"), "2026-07-01T16:05:00Z");
    assert_eq!(said("{{ now | date: '%H:%M' }}"), "16:05");
    assert_eq!(said("{{ now | date: '%A %H:%M', 'Europe/Paris' }}"), "Wednesday 18:05");
    assert_eq!(said("{{ 'soon' | date: '%H' }}"), "soon");
    assert!(failed("{{ now | date: '%H', 'Europe/Atlantis' }}").1.contains("no time zone"));
    assert!(failed("{{ now | date: '%Q' }}").1.contains("no date format"));
}

#[test]
fn a_number_can_be_read_out_digit_by_digit() {
    assert_eq!(said("{{ call.from | remove: '+' | split: '' | join: ' ' }}"), "1 5 5 5 0 1 0 0");
    assert_eq!(said("{{ call.from | slice: -4, 4 }}"), "0100");
    assert_eq!(said("{{ 'a,b' | split: ',' | last }}"), "b");
    assert_eq!(said("{{ 'wait here' | truncate: 5, '' | capitalize }}"), "Wait");
    assert_eq!(
        said("{{ 7 | divided_by: 2 }} {{ 7 | modulo: 2 }} {{ 7.46 | round: 1 }} {{ 7.5 | round }}"),
        "3 1 7.5 8"
    );
}

#[test]
fn speech_is_one_line_without_what_xml_cannot_hold() {
    assert_eq!(said("  Hello,\n\t you\u{0}there {{ digits }} \n"), "Hello, you there 42");
}

#[test]
fn what_fails_in_the_middle_keeps_what_was_said_before() {
    let (text, failure) = failed("Order {{ vars.tier | plus: 1 }} is late");
    assert_eq!(text, "Order");
    assert!(failure.contains("no number"), "{failure}");
    assert!(failed("{{ 1 | divided_by: 0 }}").1.contains("zero"));
    assert!(failed("{{ 999999999999999999 | times: 999999999999999999 }}").1.contains("too large"));
}

#[test]
fn bombs_are_refused_or_go_off_harmlessly() {
    for refused in [
        "{% for i in (1..1000000000) %}boom{% endfor %}",
        "{% tablerow i in (1..1000000000) %}boom{% endtablerow %}",
        "{% capture a %}{{ a }}{{ a }}{% endcapture %}",
        "{% include 'x' %}",
        "{% comment %}x{{% endcomment",
        "{% raw %}{{ x }}{% endraw %}",
        "{{ 99999999999999999999 }}",
        "{{ 'a' | url_decode }}",
        "{{ a",
        "{% if %}",
        "{% endif %}",
        "{{ 'a' | append }}",
    ] {
        let error = Template::parse(refused).expect_err(refused);
        assert!(!error.is_empty() && error.len() <= 300, "{error}");
    }
    let deep = format!("{{{{ {}a{} }}}}", "a[".repeat(1_000), "]".repeat(1_000));
    assert!(Template::parse(&deep).is_err());
    let nested = format!("{}x{}", "{% if true %}".repeat(2_000), "{% endif %}".repeat(2_000));
    assert!(Template::parse(&nested).is_err());

    let doubling =
        format!("{{% assign a = 'xxxxxxxx' %}}{}{{{{ a }}}}", "{% assign a = a | append: a %}".repeat(50));
    let growing = format!("{{{{ 'aaaa' {} }}}}", "| replace: 'a', 'aaaaaaaa' ".repeat(100));
    let joined = format!("{{{{ 'aaaa' {} }}}}", "| split: '' | join: 'aaaaaaaa' ".repeat(100));
    let long = "{{ 'x' | append: call.from }}{{ now }}".repeat(108);
    for bomb in [doubling, growing, joined] {
        assert!(failed(&bomb).1.contains("more than 3000 bytes"), "{bomb}");
    }
    let (text, failure) = failed(&long);
    assert_eq!(text.len(), 3_000);
    assert!(failure.contains("longer than 3000 bytes"), "{failure}");
}
#[test]
fn the_author_is_told_what_is_wrong_and_where() {
    for (source, told) in [
        ("Hi {% for i in (1..2) %}x{% endfor %}", "line 1, column 7: Unknown tag. (for)"),
        ("Hi\n{{ a", "line 2, column 4: expected Literal"),
        ("{% if a %}x", "line 1, column 12: Unclosed block. {% endif %} tag expected."),
        ("{{ 'a' | url_decode }}", "Unknown filter (url_decode)"),
        ("{{ 'a' | append }}", "`append` takes 1 argument"),
        ("{{ 'a' | slice }}", "`slice` takes 1 to 2 arguments"),
    ] {
        assert_eq!(Template::parse(source).expect_err(source), told);
    }
    assert_eq!(failed("{{ 'a' | plus: 1 }}").1, "`a` is no number");
}

#[test]
fn texts_are_written_into_addresses_and_bodies_as_these_need_it() {
    assert_eq!(said("{{ call.from | url_encode }}"), "%2B15550100");
    assert_eq!(said("{{ 'a b&ü' | url_encode }}"), "a%20b%26%C3%BC");
    assert_eq!(
        said(r#"{"tier": {{ vars.tier | json }}, "none": {{ vars.none | json }}}"#),
        r#"{"tier": "gold", "none": ""}"#
    );
    assert_eq!(said("{{ 'say \"hi\"' | json }}"), r#""say \"hi\"""#);
}

#[test]
fn a_body_keeps_its_lines_and_may_be_longer_than_what_is_said() {
    let long = format!("{{{{ digits }}}}\n{}", "x".repeat(4_000));
    let rendered =
        Template::parse(&long).expect("a text").render(&Scope::new(&session(), now(), "en-US"), Form::Body);
    assert_eq!((rendered.text.len(), rendered.failure), (4_003, None));
    assert!(rendered.text.starts_with("42\nx"));
}
