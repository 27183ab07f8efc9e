//! Names become addresses, of which only those that may be reached are given to whoever connects. There is no second
//! look-up between the check and the connection, so a name that is another address a moment later gains nothing.

use std::io::{Error, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// What a name resolves to; the port means nothing.
pub type LookUp = Arc<dyn Fn(String) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// The system's resolver.
pub fn system() -> LookUp {
    Arc::new(|name| async move { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect()) }.boxed())
}

/// A name that leads to where nobody may go.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that may not be reached")]
pub struct Refused;

pub struct GuardedNames {
    pub look_up: LookUp,
    pub may_be_reached: fn(IpAddr) -> bool,
}

impl Resolve for GuardedNames {
    /// A name of which one address may not be reached is not reached at any: nobody has a good reason for both.
    fn resolve(&self, name: Name) -> Resolving {
        let (looking, may) = ((self.look_up)(name.as_str().to_owned()), self.may_be_reached);
        async move {
            let found = looking.await?;
            if found.is_empty() {
                return Err(Error::new(ErrorKind::NotFound, "the name has no address").into());
            }
            if !found.iter().all(|address| may(address.ip())) {
                return Err(Refused.into());
            }
            let found: Addrs = Box::new(found.into_iter());
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(found)
        }
        .boxed()
    }
}
