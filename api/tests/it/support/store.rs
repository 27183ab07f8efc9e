//! A real S3 server in this process, which checks signatures and keeps its files in a temporary folder
//! (docs/decisions/0021).

use std::net::SocketAddr;
use std::path::Path;

use calldocker::config::Settings;
use calldocker::storage::S3;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub const KEY: &str = "AKIAFORTESTS";
pub const SECRET: &str = "a secret that only this test knows";
pub const BUCKET: &str = "calldocker";

/// An S3 server with one bucket.
pub struct Store {
    pub address: SocketAddr,
    folder: tempfile::TempDir,
    server: JoinHandle<()>,
}

impl Store {
    pub async fn open() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join(BUCKET)).expect("a bucket");
        let mut service =
            S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).expect("a file system"));
        service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let service = service.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let connection = Builder::new(TokioExecutor::new());
                    // A client that goes away is no failure of the server.
                    let _ = connection.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, folder, server }
    }

    /// What leads to it, changed by `changes`.
    pub fn settings<'a>(&self, changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, String)> {
        let mut settings = vec![
            ("aws_s3_bucket", BUCKET.to_owned()),
            ("aws_access_key_id", KEY.to_owned()),
            ("aws_secret_access_key", SECRET.to_owned()),
            ("aws_s3_endpoint", format!("http://{}", self.address)),
            ("aws_s3_path_style", "true".to_owned()),
        ];
        settings.extend(changes.iter().map(|(name, value)| (*name, (*value).to_owned())));
        settings
    }

    pub fn client(&self, changes: &[(&str, &str)]) -> S3 {
        let settings = self.settings(changes);
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        S3::new(&Settings::with(&settings).unwrap().s3.expect("a bucket is set"))
    }

    /// The names of the files in the bucket, in order.
    pub fn files(&self) -> Vec<String> {
        fn walk(folder: &Path, root: &Path, found: &mut Vec<String>) {
            for entry in
                std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path())
            {
                if entry.is_dir() {
                    walk(&entry, root, found);
                } else {
                    let name = entry.strip_prefix(root).expect("it is below the root");
                    found.push(name.to_str().expect("plain text").to_owned());
                }
            }
        }
        let root = self.folder.path().join(BUCKET);
        let mut found = Vec::new();
        walk(&root, &root, &mut found);
        found.sort();
        found
    }

    pub fn close(self) {
        self.server.abort();
        drop(self.folder);
    }
}
