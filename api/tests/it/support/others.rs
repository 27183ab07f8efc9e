//! What a company may have of its own, as far as it has to be there to be set: a mail server that says yes, and a bucket.

use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::store::Store;

pub struct Others {
    pub mail: SocketAddr,
    pub bucket: SocketAddr,
    _store: Store,
    server: JoinHandle<()>,
}

impl Others {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let mail = listener.local_addr().expect("a bound port");
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async move { drop(greet(stream).await) });
            }
        });
        let store = Store::open().await;
        Self { mail, bucket: store.address, _store: store, server }
    }

    /// Tenants may have us reach both.
    pub fn allowed(&self) -> String {
        format!("{},{}", self.mail, self.bucket)
    }
}

impl Drop for Others {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Takes no mail: says only what trying it out asks for.
async fn greet(stream: TcpStream) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    write.write_all(b"220 mail.example.com\r\n").await?;
    let mut lines = BufReader::new(read).lines();
    while let Some(line) = lines.next_line().await? {
        let answer = if line.starts_with("QUIT") { "221 Bye\r\n" } else { "250 mail.example.com\r\n" };
        write.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}
