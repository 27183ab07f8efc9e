//! What stands before several nodes: connections go to each in turn. It knows nothing of HTTP.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

/// Serves until its task is dropped with the runtime. Answers the address to connect to.
pub async fn start(nodes: Vec<SocketAddr>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound port");
    tokio::spawn(async move {
        for node in nodes.into_iter().cycle() {
            let Ok((mut client, _)) = listener.accept().await else { return };
            tokio::spawn(async move {
                // A node that is gone closes the connection, as a balancer's would.
                if let Ok(mut server) = TcpStream::connect(node).await {
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                }
            });
        }
    });
    address
}
