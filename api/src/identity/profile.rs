//! What somebody sees and changes of himself.

use entity::id::{AgentId, CompanyId, UserId};
use entity::{RevokedBecause, user};
use sea_orm::Set;

use super::caller::{Caller, Standing};
use super::password_links;
use super::passwords::{self, Verdict};
use crate::app::App;
use crate::authz::Seat;
use crate::error::{Error, Result, Subject};
use crate::secret::Secret;
use crate::store::sessions::{self, Sessions};
use crate::store::system::MembershipOfUser;
use crate::store::{Tx, avatars, second_factors, system, users};
use crate::words::Words;

/// A user as he acts in the present session.
#[derive(Clone, Debug)]
pub struct Profile {
    pub user: user::Model,
    pub seat: Seat,
    pub company: Option<CompanyId>,
    pub agent: Option<AgentId>,
    /// Where his picture lies.
    pub avatar: Option<String>,
    /// Signing in asks for a second factor.
    pub second_factor: bool,
}

pub async fn of(app: &App, caller: &Caller) -> Result<Profile> {
    let user = users::by_id(app.db.reader(), caller.user).await?.ok_or(Error::NotFound(Subject::User))?;
    let company = match caller.standing {
        Standing::Member { company, .. } => Some(company),
        Standing::PlatformAdmin { acting_for } => acting_for,
        Standing::Alone => None,
    };
    let avatar = avatars::of(app.db.reader(), vec![user.id]).await?.remove(&user.id);
    let second_factor = second_factors::is_on(app.db.reader(), user.id).await?;
    Ok(Profile { user, seat: caller.seat(), company, agent: caller.agent(), avatar, second_factor })
}

/// Changes the caller's name, also as an agent in every company.
pub async fn rename(app: &App, caller: &Caller, name: String) -> Result<Profile> {
    let tx = app.db.begin().await?;
    set_name(app, &tx, caller.user, name).await?;
    tx.commit().await?;
    of(app, caller).await
}

/// A person's name, also as an agent in every company.
pub(super) async fn set_name(app: &App, tx: &Tx, id: UserId, name: String) -> Result<()> {
    system::rename_agents_of(tx, id, &name).await?;
    let changes =
        user::ActiveModel { name: Set(name), updated_at: Set(app.clock.now()), ..Default::default() };
    Ok(users::update(tx, id, changes).await?)
}

/// Changes the caller's password, and ends his sessions elsewhere. He is told by mail.
pub async fn change_password(
    app: &App,
    caller: &Caller,
    current: Secret,
    new: Secret,
    words: Words,
) -> Result<()> {
    let user = users::by_id(app.db.reader(), caller.user).await?.ok_or(Error::NotFound(Subject::User))?;
    if passwords::verify(current, user.password_hash.clone()).await? == Verdict::Wrong {
        return Err(Error::invalid("/currentPassword", "is wrong"));
    }
    let password_hash = passwords::hash(new).await?;
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let changes = user::ActiveModel {
        password_hash: Set(Some(password_hash)),
        updated_at: Set(now),
        ..Default::default()
    };
    users::update(&tx, caller.user, changes).await?;
    let others = Sessions::OthersOf(caller.user, caller.session);
    sessions::revoke(&tx, others, RevokedBecause::LoggedOut, now).await?;
    password_links::tell_changed(app, &tx, &user, words).await?;
    tx.commit().await?;
    app.mailer.wake();
    Ok(())
}

/// The companies in which the caller can act.
pub async fn memberships(app: &App, caller: &Caller) -> Result<Vec<MembershipOfUser>> {
    Ok(system::memberships_of(app.db.reader(), caller.user).await?)
}
