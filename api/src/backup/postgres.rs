//! `pg_dump` and `pg_restore`, which belong to PostgreSQL and know it best. The password goes by the environment: what a
//! program is called with, every user of the machine can read.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;
use url::Url;

use crate::error::{Error, Result};

/// Settings of libpq by the parameters of an address that mean the same.
const PARAMETERS: [(&str, &str); 5] = [
    ("host", "PGHOST"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
];

/// A database, as libpq's programs are told of it.
pub struct Server(Vec<(&'static str, String)>);

impl Server {
    pub fn of(url: &str) -> Result<Self> {
        let bad = || Error::internal("DATABASE_URL", "is no address of a PostgreSQL database");
        let url = Url::parse(url).map_err(|_| bad())?;
        let plain = |text: &str| {
            let pairs = form_urlencoded_value(text);
            (!pairs.is_empty()).then_some(pairs)
        };
        let mut environment = Vec::new();
        let mut set = |name, value: Option<String>| environment.extend(value.map(|value| (name, value)));
        set("PGHOST", url.host_str().and_then(plain));
        set("PGPORT", url.port().map(|port| port.to_string()));
        set("PGUSER", plain(url.username()));
        set("PGPASSWORD", url.password().and_then(plain));
        set("PGDATABASE", plain(url.path().trim_start_matches('/')));
        for (name, value) in url.query_pairs() {
            if let Some((_, known)) = PARAMETERS.iter().find(|(parameter, _)| *parameter == name) {
                set(known, Some(value.into_owned()));
            }
        }
        Ok(Self(environment))
    }

    /// Writes everything that this snapshot sees, in the format that `pg_restore` reads.
    pub async fn dump(&self, file: &Path, snapshot: &str) -> Result<()> {
        let snapshot = format!("--snapshot={snapshot}");
        let flags = [
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            "--schema=public",
            "--no-password",
            &snapshot,
        ];
        let mut arguments: Vec<&OsStr> = flags.iter().map(OsStr::new).collect();
        arguments.extend([OsStr::new("--file"), file.as_os_str()]);
        self.run("pg_dump", &arguments).await
    }

    /// Puts it into a database that is empty: all of it, or nothing.
    pub async fn restore(&self, file: &Path) -> Result<()> {
        // The schema is there; a dump of it would make it again.
        let flags = [
            "--no-owner",
            "--no-privileges",
            "--schema=public",
            "--exit-on-error",
            "--single-transaction",
            "--no-password",
            "--dbname",
        ];
        let mut arguments: Vec<&OsStr> = flags.iter().map(OsStr::new).collect();
        let database =
            self.0.iter().find(|(name, _)| *name == "PGDATABASE").map_or("", |(_, name)| name.as_str());
        arguments.extend([OsStr::new(database), file.as_os_str()]);
        self.run("pg_restore", &arguments).await
    }

    async fn run(&self, program: &'static str, arguments: &[&OsStr]) -> Result<()> {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        command.envs(self.0.iter().map(|(name, value)| (*name, value)));
        let output = command.output().await.map_err(|cause| match cause.kind() {
            std::io::ErrorKind::NotFound => Error::internal(
                program,
                "is not installed here. It belongs to PostgreSQL's client programs (postgresql-client, at least as new as \
                 the server); run this command where they are",
            ),
            _ => Error::internal(program, cause),
        })?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Error::internal(program, format!("has failed ({}): {}", output.status, said.trim())))
    }
}

/// A part of an address, as it was before it was escaped.
fn form_urlencoded_value(text: &str) -> String {
    let escaped = text.replace('+', "%2B");
    url::form_urlencoded::parse(escaped.as_bytes())
        .next()
        .map_or_else(String::new, |(value, _)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_what_libpq_reads() {
        let server =
            Server::of("postgres://a%20b:p%40s+s@db.example:5433/calls?sslmode=require&x=1").unwrap();
        let wanted = [
            ("PGHOST", "db.example"),
            ("PGPORT", "5433"),
            ("PGUSER", "a b"),
            ("PGPASSWORD", "p@s+s"),
            ("PGDATABASE", "calls"),
            ("PGSSLMODE", "require"),
        ];
        assert_eq!(server.0, wanted.map(|(name, value)| (name, value.to_owned())));
        assert!(Server::of("calls").is_err());
    }
}
