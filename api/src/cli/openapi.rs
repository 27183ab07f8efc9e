//! `calldocker openapi`: prints what is checked in as openapi.yaml.

use std::io::Write;

use crate::error::{Error, Result};

pub fn run() -> Result<()> {
    let yaml = crate::http::specification()?.yaml();
    std::io::stdout()
        .write_all(yaml.as_bytes())
        .map_err(|cause| Error::internal("print the specification", cause))
}
