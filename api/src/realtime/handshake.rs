//! A socket's way from connected to in its rooms: by the token of its handshake, or by an `authenticate` event within
//! ten seconds. The token is checked as a request's is.

use std::time::Duration;

use chrono::DateTime;
use entity::CompanyScope;
use entity::id::UserId;
use serde_json::{Value, json};
use socketioxide::SocketIo;
use socketioxide::extract::{SocketRef, TryData};
use socketioxide::handler::ConnectHandler;

use super::dialects::Dialect;
use super::hearing::{self, Said, hear};
use super::roster::{Admitted, Dismissal, Holder, Line};
use super::turns::Turns;
use super::{Wire, rooms, snapshot};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::http::envelope::Wording;
use crate::identity::{Caller, profile, tokens};
use crate::presence;

/// How long a socket may be connected without having said who it is.
pub const TIME_TO_AUTHENTICATE: Duration = Duration::from_secs(10);

const INVALID: Error =
    Error::Unauthorized { code: Code::TokenInvalid, message: "The access token is not valid." };

/// Whose presence a socket stands for, as long as it is connected.
#[derive(Clone, Copy)]
struct Present(CompanyScope, UserId);

/// Sets the handlers of the default namespace.
pub fn receive(app: &App, io: &SocketIo) {
    let (checking, connecting) = (app.clone(), app.clone());
    let check = move |socket: SocketRef, TryData(auth): TryData<Value>| {
        let app = checking.clone();
        async move { check(&app, &socket, auth.unwrap_or_default()).await }
    };
    let connect = move |socket: SocketRef| {
        let app = connecting.clone();
        async move { connected(&app, socket).await }
    };
    io.ns("/", connect.with(check));
}

/// Refuses a handshake whose token is not good, with the code of the failure as the message of `connect_error`. One
/// without a token passes: it may authenticate later.
async fn check(app: &App, socket: &SocketRef, auth: Value) -> Result<(), Code> {
    let _busy = app.clock.busy();
    let holder = match auth.get("token") {
        None | Some(Value::Null) => {
            let deadline = app.clock.now() + TIME_TO_AUTHENTICATE;
            app.sockets.0.greet(socket.id, Wire(socket.clone()), deadline);
            listen(app, socket, Turns::open());
            return Ok(());
        }
        Some(Value::String(token)) => holder_of(app, token).await,
        Some(_) => Err(INVALID),
    };
    match holder {
        Ok(holder) => {
            socket.extensions.insert(holder);
            if let Some(dialect) = auth["dialect"].as_str().and_then(Dialect::named) {
                socket.extensions.insert(dialect);
            }
            // It may speak before it is in, and is heard once it is.
            let turns = Turns::held();
            socket.extensions.insert(turns.clone());
            listen(app, socket, turns);
            Ok(())
        }
        Err(error) => Err(wording(&error).code),
    }
}

/// Who has this token.
///
/// # Errors
/// As [`Caller::of_token`].
async fn holder_of(app: &App, token: &str) -> Result<Holder> {
    let claims = tokens::verify(&app.keys, app.clock.now(), token)?;
    let caller = Caller::of_token(app, token, None).await?;
    let until = DateTime::from_timestamp(claims.exp, 0).ok_or(INVALID)?;
    Ok(Holder { caller, until })
}

/// Sets what is done when a socket goes, and when it says something. It has to be set before the socket is told that it is
/// connected, which is when it may speak.
fn listen(app: &App, socket: &SocketRef, turns: Turns<Said>) {
    let leaving = app.clone();
    socket.on_disconnect(move |socket: SocketRef| {
        let app = leaving.clone();
        async move {
            let _busy = app.clock.busy();
            app.sockets.0.leave(socket.id);
            has_left(&app, &socket).await;
        }
    });
    hearing::listen(app, socket, turns);
}

/// Lets in who has said in the handshake who he is.
async fn connected(app: &App, socket: SocketRef) {
    let _busy = app.clock.busy();
    if let Some(holder) = socket.extensions.remove::<Holder>() {
        let dialect = socket.extensions.remove::<Dialect>();
        if let Err(error) = enter(app, &socket, holder, dialect).await {
            let Wording { code, message: _, fields: _ } = wording(&error);
            Wire(socket.clone()).dismiss(app, Dismissal { code, message: "This socket was not let in." });
        }
    }
    if let Some(turns) = socket.extensions.remove::<Turns<Said>>() {
        hear(app, &socket, &turns).await;
    }
    forget_if_gone(app, &socket).await;
}

/// `authenticate {token}`: answered with `authenticated {user}` or `authentication_error {code, message}`. On a socket
/// that is in already, the new token takes the place of the old one.
///
/// # Errors
/// What `authentication_error` said too.
pub async fn authenticate(
    app: &App,
    socket: &SocketRef,
    token: &str,
    dialect: Option<&str>,
) -> Result<Value> {
    let entered = match holder_of(app, token).await {
        Ok(holder) => enter(app, socket, holder, dialect.and_then(Dialect::named)).await,
        Err(error) => Err(error),
    };
    forget_if_gone(app, socket).await;
    if let Err(error) = &entered {
        let Wording { code, message, fields: _ } = wording(error);
        Wire(socket.clone()).send("authentication_error", &json!({"code": code, "message": message}));
    }
    entered
}

/// Puts the socket into its rooms, says so, and shows it how things stand. Answers the user.
async fn enter(app: &App, socket: &SocketRef, holder: Holder, dialect: Option<Dialect>) -> Result<Value> {
    let session = holder.caller.session;
    let place = rooms::of_sessions(app, &[session]).await?.remove(&session);
    let (caller, rooms) = place.unwrap_or(Err(Dismissal::SESSION_ENDED)).map_err(Error::from)?;
    let profile = profile::of(app, &caller).await?;
    let user = json!({"user": {
        "id": profile.user.id,
        "name": profile.user.name,
        "email": profile.user.email,
        "role": profile.seat.name(),
        "companyId": profile.company,
        "agentId": profile.agent,
    }});
    let (sid, wire) = (socket.id, Wire(socket.clone()));
    match app.sockets.0.admit(sid, wire.clone(), Holder { caller, ..holder }, rooms) {
        Admitted::Yes => {
            if let Some(dialect) = dialect {
                app.sockets.0.speaks(sid, dialect);
            }
            wire.send("authenticated", &user);
            if caller.company().is_some() {
                let present = Present(caller.scope()?, caller.user);
                socket.extensions.insert(present);
                // Nobody is kept out because his colleagues cannot be told that he is there.
                if let Err(error) = presence::has_come(app, present.0, present.1, sid.as_str()).await {
                    tracing::error!(?error, "a socket's presence could not be noted");
                }
            }
            snapshot::give(app, sid).await;
        }
        Admitted::Again => drop(wire.send("authenticated", &user)),
        Admitted::SomebodyElse => {
            return Err(Error::conflict(Code::SocketOfAnotherUser, "Connect anew to be somebody else."));
        }
    }
    Ok(user)
}

/// It may have gone while it was let in, after its leaving was noted.
async fn forget_if_gone(app: &App, socket: &SocketRef) {
    if !socket.connected() {
        app.sockets.0.leave(socket.id);
        has_left(app, socket).await;
    }
}

async fn has_left(app: &App, socket: &SocketRef) {
    let Some(Present(scope, user)) = socket.extensions.remove::<Present>() else { return };
    if let Err(error) = presence::has_left(app, scope, user, socket.id.as_str()).await {
        // Its lease runs out, and another node or a later round sees to it.
        tracing::warn!(?error, "a socket's going could not be noted");
    }
}

fn wording(error: &Error) -> Wording {
    if let Error::Internal(cause) = error {
        tracing::error!(?cause, "a socket could not be let in");
    }
    Wording::of(error)
}

impl From<Dismissal> for Error {
    fn from(why: Dismissal) -> Self {
        Self::Unauthorized { code: why.code, message: why.message }
    }
}

impl Dismissal {
    pub fn describe(self) -> Value {
        json!({"code": self.code, "message": self.message})
    }
}
