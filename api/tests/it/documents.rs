//! What documents say of tests, and of what is in the code.

use std::fmt::Write;
use std::path::Path;

use calldocker::error::Code;
use regex::Regex;

/// Every line of Rust below this folder of the crate.
fn source(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).expect("a folder of the crate") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            text.push_str(&source(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let file = std::fs::read_to_string(&path).expect("a file of the crate");
            writeln!(text, "{file}").expect("a text grows");
        }
    }
    text
}

#[test]
fn the_tests_that_the_security_checklist_names_are_there() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = source(&crate_folder.join("src")) + source(&crate_folder.join("tests")).as_str();
    let list = std::fs::read_to_string(crate_folder.join("../docs/security.md")).expect("the checklist");
    let names = Regex::new(r"`([a-z0-9]+(?:_[a-z0-9]+){3,})`").expect("a pattern");
    let named: Vec<_> = names.captures_iter(&list).map(|found| found[1].to_owned()).collect();
    assert!(named.len() > 25, "only {} tests are named", named.len());
    let missing: Vec<_> = named
        .iter()
        .filter(|name| *name != "jwt_refresh_expires_in" && !all.contains(&format!("fn {name}(")))
        .collect();
    assert!(missing.is_empty(), "docs/security.md names tests that are not there: {missing:?}");
    let files = Regex::new(r"`((?:[a-z_]+/)*[a-z_]+\.rs)`").expect("a pattern");
    for file in files.captures_iter(&list).map(|found| found[1].to_owned()) {
        let there = [crate_folder.join("src"), crate_folder.join("tests/it")];
        assert!(there.iter().any(|folder| folder.join(&file).is_file()), "docs/security.md names {file}");
    }
}

/// The table of docs/errors.md.
fn codes() -> String {
    let mut table = "| code | status | meaning | what to do |\n|---|---|---|---|\n".to_owned();
    for code in Code::ALL {
        let statuses: Vec<_> = code.statuses().iter().map(u16::to_string).collect();
        let statuses = if statuses.is_empty() { "socket".to_owned() } else { statuses.join(", ") };
        let (meaning, advice) = (code.meaning(), code.advice());
        writeln!(table, "| `{code}` | {statuses} | {meaning} | {advice} |").expect("a text grows");
    }
    table
}

#[test]
fn the_table_of_codes_is_that_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors.md");
    let page = std::fs::read_to_string(&path).expect("docs/errors.md");
    let start = page.find("| code |").expect("docs/errors.md has a table of codes");
    let current = page[..start].to_owned() + codes().as_str();
    if std::env::var("INSTA_UPDATE").is_ok_and(|wanted| wanted == "always") {
        std::fs::write(&path, &current).expect("docs/errors.md is written");
    } else {
        assert!(
            page == current,
            "docs/errors.md is stale: INSTA_UPDATE=always cargo test -p calldocker --test it codes"
        );
    }
}
