//! Who watches the server: by the key of the settings (OPERATOR_TOKEN), which is nobody's account and opens nothing but
//! figures.

use std::net::IpAddr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use poem::http::header;
use poem::{Addr, Request, RequestBody};
use poem_openapi::registry::Registry;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::app::App;
use crate::authz::{Can, ReadSystem};

/// Whether a request carries the operator's key.
pub fn has_key(app: &App, request: &Request) -> bool {
    let Some(key) = &app.settings.operator_token else { return false };
    let given = request.header(header::AUTHORIZATION).and_then(|value| value.split_once(' '));
    given.is_some_and(|(scheme, given)| {
        scheme.eq_ignore_ascii_case("bearer")
            && verify_slices_are_equal(given.trim().as_bytes(), key.expose().as_bytes()).is_ok()
    })
}

/// Whether it may see figures without an account: by the key, or, while nothing is in production and there is no key,
/// from this machine and by no proxy.
pub fn may_watch(app: &App, request: &Request) -> bool {
    let tries_things_out = !app.settings.is_production() && app.settings.operator_token.is_none();
    has_key(app, request) || (tries_things_out && is_from_here(request))
}

fn is_from_here(request: &Request) -> bool {
    let peer: Option<IpAddr> = match &request.remote_addr().0 {
        Addr::SocketAddr(address) => Some(address.ip()),
        Addr::Unix(_) | Addr::Custom(..) => None,
    };
    let by_proxy =
        request.headers().contains_key("x-forwarded-for") || request.headers().contains_key("forwarded");
    peer.is_some_and(|peer| peer.is_loopback()) && !by_proxy
}

/// May see how the server is: the operator by his key, else who [`ReadSystem`] allows it.
pub struct Operator;

impl<'a> ApiExtractor<'a> for Operator {
    const TYPES: &'static [ApiExtractorType] = Can::<ReadSystem>::TYPES;

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        Can::<ReadSystem>::register(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        Can::<ReadSystem>::security_schemes()
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let app: &App = request.data().expect("every route carries the app");
        if !has_key(app, request) {
            Can::<ReadSystem>::from_request(request, body, options).await?;
        }
        Ok(Self)
    }
}
