//! What stands before several nodes: connections go to each in turn. It knows nothing of HTTP.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

pub struct Balancer {
    address: SocketAddr,
    connections: Arc<[AtomicUsize; 2]>,
}

impl Balancer {
    /// Serves until the runtime ends.
    pub async fn start(nodes: [SocketAddr; 2]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let connections = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        let counted = connections.clone();
        tokio::spawn(async move {
            for (index, node) in nodes.into_iter().enumerate().cycle() {
                let Ok((mut client, _)) = listener.accept().await else { return };
                counted[index].fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    // A node that is gone closes the connection, as a balancer's would.
                    if let Ok(mut server) = TcpStream::connect(node).await {
                        let _ = copy_bidirectional(&mut client, &mut server).await;
                    }
                });
            }
        });
        Self { address, connections }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections that went to each node.
    pub fn connections(&self) -> [usize; 2] {
        [0, 1].map(|node| self.connections[node].load(Ordering::Relaxed))
    }
}
