//! Which flows and queues name something, so that nobody takes it from under them. Drafts count as well as what is
//! published: a draft that names what is no more cannot be published any more.

use entity::id::QueueId;
use entity::{CompanyScope, OverflowAction};
use sea_orm::ConnectionTrait;
use serde_json::Value;

use crate::error::Result;
use crate::store::{flows, queueing};

/// What a flow can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    Queue,
    Skill,
}

/// The names of the flows that name one of these (an id or a name), by name.
pub async fn flows_naming(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    what: Named,
    these: &[String],
) -> Result<Vec<String>> {
    let documents = flows::documents(scope, db).await?;
    let names_one =
        |document: &Value| names_in(document, what).any(|name| these.iter().any(|one| one == name));
    let mut names: Vec<_> =
        documents.into_iter().filter(|(_, document)| names_one(document)).map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// The names of the queues that overflow into this one, by name.
pub async fn queues_overflowing_into(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    queue: QueueId,
) -> Result<Vec<String>> {
    let leads_there = |action: &OverflowAction| *action == OverflowAction::Queue { queue_id: queue };
    let queues = queueing::queues(scope, db).await?.into_iter();
    let leading = queues.filter(|one| one.rules.overflow.iter().any(|step| leads_there(&step.action)));
    let mut names: Vec<_> = leading.map(|one| one.name).collect();
    names.sort_unstable();
    Ok(names)
}

/// Every kind of node says `queue` for a queue, and `skills` for a list of skills.
fn names_in(document: &Value, what: Named) -> impl Iterator<Item = &str> {
    let nodes = document["nodes"].as_object().into_iter().flat_map(|nodes| nodes.values());
    nodes.flat_map(move |node| -> Vec<&str> {
        match what {
            Named::Queue => node["queue"].as_str().into_iter().collect(),
            Named::Skill => {
                let needs = node["skills"].as_array().into_iter().flatten();
                needs.filter_map(|need| need["skill"].as_str()).collect()
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn queues_and_skills_are_found_in_any_node_that_names_them() {
        let document = json!({"nodes": {
            "a": {"type": "enqueue", "queue": "sales", "skills": [{"skill": "french", "level": 3}]},
            "b": {"type": "figures", "queue": "support"},
            "c": {"type": "say", "text": "queue"},
        }});
        assert_eq!(names_in(&document, Named::Queue).collect::<Vec<_>>(), ["sales", "support"]);
        assert_eq!(names_in(&document, Named::Skill).collect::<Vec<_>>(), ["french"]);
        assert_eq!(names_in(&json!("no flow"), Named::Queue).count(), 0);
    }
}
