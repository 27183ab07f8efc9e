//! Names become addresses, of which only those that may be reached are given to whoever connects. There is no second
//! look-up between the check and the connection, so a name that is another address a moment later gains nothing.

use std::io::{Error, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::Fault;

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

#[derive(Clone)]
pub struct GuardedNames {
    pub look_up: LookUp,
    pub may_be_reached: fn(IpAddr) -> bool,
}

impl GuardedNames {
    /// A name of which one address may not be reached is not reached at any: nobody has a good reason for both.
    pub async fn addresses(&self, name: String) -> Result<Vec<IpAddr>, Fault> {
        let found = (self.look_up)(name).await.map_err(|_| Fault::NoAnswer)?;
        if found.is_empty() {
            return Err(Fault::NoAnswer);
        }
        let found: Vec<_> = found.iter().map(SocketAddr::ip).collect();
        if found.iter().all(|address| (self.may_be_reached)(*address)) {
            Ok(found)
        } else {
            Err(Fault::AddressRefused)
        }
    }
}

impl Resolve for GuardedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let names = self.clone();
        async move {
            match names.addresses(name.as_str().to_owned()).await {
                Ok(found) => {
                    let found: Addrs = Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)));
                    Ok::<_, Box<dyn std::error::Error + Send + Sync>>(found)
                }
                Err(Fault::AddressRefused) => Err(Refused.into()),
                Err(Fault::BadHeader | Fault::NoAnswer | Fault::TimedOut | Fault::AnswerTooLarge) => {
                    Err(Error::new(ErrorKind::NotFound, "the name has no address").into())
                }
            }
        }
        .boxed()
    }
}

/// Names as one client of a tenant's may look them up.
#[derive(Clone)]
pub struct NamesOf {
    pub(super) names: GuardedNames,
    /// A host that is reached wherever it is, with those below it.
    pub(super) allowed: Option<String>,
}

impl std::fmt::Debug for NamesOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NamesOf")
    }
}

impl NamesOf {
    pub async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, Fault> {
        let allowed = self.allowed.as_deref().is_some_and(|host| {
            name == host || name.strip_suffix(host).is_some_and(|rest| rest.ends_with('.'))
        });
        if !allowed {
            return self.names.addresses(name.to_owned()).await;
        }
        let found = (self.names.look_up)(name.to_owned()).await.map_err(|_| Fault::NoAnswer)?;
        Ok(found.iter().map(SocketAddr::ip).collect())
    }
}
