//! Finds the languages: every file in `languages/` goes into the binary.

use std::fmt::Write;
use std::path::PathBuf;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=languages");
    let folder = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("languages");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("the folder of languages")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    let mut list = String::from("&[\n");
    for file in files {
        let name = file.file_stem().and_then(|name| name.to_str()).expect("a plain name");
        // A checkout may be moved with what was built in it.
        let file = format!(r#"concat!(env!("CARGO_MANIFEST_DIR"), "/languages/{name}.toml")"#);
        writeln!(list, "    ({name:?}, include_str!({file})),").expect("a text grows");
    }
    list.push(']');
    let place = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("languages.rs");
    fs::write(place, list).expect("the list is written");
}
