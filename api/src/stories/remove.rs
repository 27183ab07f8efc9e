//! How stories go: when their day is over, by hand, or with their author. Their media go with them, unless another story
//! shows the same.

use entity::id::{StoryId, UserId};
use entity::{CompanyScope, JobKind, story};
use serde_json::json;

use super::{audience_of, seers};
use crate::app::App;
use crate::authz::Rows;
use crate::error::{Error, Result, Subject};
use crate::identity::audit;
use crate::media::remove as media;
use crate::store::stories as rows;
use crate::store::{Unit, jobs, story_highlights as highlights};

/// Deletes a story: the author his own, and who may delete everybody's any other, which is noted in the audit.
pub async fn delete(app: &App, scope: CompanyScope, by: UserId, whose: Rows, id: StoryId) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let holding = highlights::lock_with(scope, unit.tx(), id).await?;
    let row = rows::lock(scope, unit.tx(), id).await?;
    let is_own = row.user_id == by;
    let is_there = row.expires_at > unit.now() || is_kept(&unit, id).await?;
    if !is_there || (!is_own && whose == Rows::Own) {
        return Err(Error::NotFound(Subject::Story));
    }
    if !is_own {
        let detail =
            json!({"storyId": id, "userId": row.user_id, "kind": row.kind, "postedAt": row.posted_at});
        audit::note(app, scope, unit.tx(), by, "stories:delete", detail).await?;
    }
    let audience = audience_of(&unit, &row).await?;
    let seers = seers(&unit, &row, &audience).await?;
    unit.tell(&seers, "story_deleted", json!({"storyId": id, "userId": row.user_id, "by": by}));
    end(&mut unit, row).await?;
    let left = highlights::items(scope, unit.tx(), &holding).await?;
    for highlight in holding {
        if left.iter().all(|item| item.highlight_id != highlight) {
            highlights::delete(scope, unit.tx(), highlight).await?;
        }
    }
    unit.commit().await
}

/// The job: its day is over.
pub async fn expire(unit: &mut Unit, id: StoryId) -> Result<()> {
    let row = rows::lock(unit.scope(), unit.tx(), id).await?;
    if is_kept(unit, id).await? {
        rows::keep(unit.scope(), unit.tx(), id, unit.now()).await
    } else {
        end(unit, row).await
    }
}

/// It has left a highlight: where its day is over and no other has it, it goes. Its row is locked.
pub(super) async fn let_go(unit: &mut Unit, row: story::Model) -> Result<()> {
    if row.expires_at > unit.now() || is_kept(unit, row.id).await? {
        return Ok(());
    }
    end(unit, row).await
}

async fn is_kept(unit: &Unit, id: StoryId) -> Result<bool> {
    Ok(!highlights::items_with(unit.scope(), unit.tx(), &[id]).await?.is_empty())
}

/// Whatever these people have posted goes with them; answers how many.
pub async fn all_of(unit: &mut Unit, authors: &[UserId]) -> Result<u64> {
    highlights::delete_all_of(unit.scope(), unit.tx(), authors).await?;
    let stories = rows::lock_all_of(unit.scope(), unit.tx(), authors).await?;
    let count = stories.len() as u64;
    for row in stories {
        end(unit, row).await?;
    }
    Ok(count)
}

/// A locked row goes, and what hangs on it.
async fn end(unit: &mut Unit, row: story::Model) -> Result<()> {
    jobs::cancel(unit, JobKind::ExpireStory, row.id).await?;
    rows::delete(unit.scope(), unit.tx(), row.id).await?;
    let Some(id) = row.media_id else { return Ok(()) };
    if rows::shows_media(unit.scope(), unit.tx(), id).await? {
        Ok(())
    } else {
        media::remove_in(unit, id).await
    }
}
