//! What a parameter of a path is, where the address says it.

use serde_json::{Value, json};

/// Describes the ids that their handlers do not: `/api/queues/{id}/flows` is of the queue's id.
pub(super) fn describe_ids(document: &mut Value) {
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        let operations = item.as_object_mut().into_iter().flat_map(|item| item.values_mut());
        let parameters = operations.filter_map(|operation| operation.get_mut("parameters")?.as_array_mut());
        for parameter in parameters.flatten() {
            if parameter["in"] == "path" && parameter["description"].is_null() {
                let name = parameter["name"].as_str().unwrap_or_default();
                parameter["description"] = json!(format!("The {}'s id.", thing(path, name)));
            }
        }
    }
}

/// `companyId` names its thing; `id` is of what stands before it in the path, which is named in the plural.
fn thing(path: &str, parameter: &str) -> String {
    if let Some(thing) = parameter.strip_suffix("Id") {
        return thing.to_owned();
    }
    let slot = format!("{{{parameter}}}");
    let before = path.split('/').take_while(|segment| *segment != slot).last().unwrap_or_default();
    let singular = match before.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => before.strip_suffix('s').unwrap_or(before).to_owned(),
    };
    if singular == "ivr" { "flow".to_owned() } else { singular.replace('-', " ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_of_what_the_path_names_before_it() {
        for (path, name, said) in [
            ("/api/queues/{id}/flows", "id", "queue"),
            ("/api/companies/{id}", "id", "company"),
            ("/api/settings/company/{companyId}", "companyId", "company"),
            ("/api/availability-reasons/{id}", "id", "availability reason"),
            ("/api/ivr/{id}/tests/{testId}", "testId", "test"),
            ("/api/ivr/{id}", "id", "flow"),
        ] {
            assert_eq!(thing(path, name), said, "{path}");
        }
    }
}
