//! `split-based-on`: a `branch`, after a `set` where a condition looks at more than one variable.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Studio, Widget};
use crate::bounds::cut;
use crate::document::conditions::{self, Case, Compare};
use crate::document::names::{slug, variable};
use crate::document::{Goal, text};
use crate::liquid;

/// The variables that have to be set before the conditions can look at them: what they look at, and, from that, numbers.
#[derive(Debug, Default)]
struct Prepared {
    looked_at: BTreeMap<String, Value>,
    first: Map<String, Value>,
    second: Map<String, Value>,
}

impl Studio<'_> {
    pub(super) fn split(&mut self, number: usize, widget: &Widget<'_>) {
        if self.joined(number) {
            return;
        }
        let input = widget.text("input").unwrap_or_default();
        let mut prepared = Prepared::default();
        let mut cases = Vec::new();
        for transition in widget.transitions.iter().filter(|transition| transition.event != "noMatch") {
            let goal = transition.next.map_or(Goal::End, |next| self.goal_named(number, next));
            if transition.conditions.len() > 1 {
                self.work.approximate(
                    number,
                    "several conditions of one transition: it is taken here when all of them hold",
                );
            }
            let mut whens = Vec::new();
            for condition in &transition.conditions {
                whens.push(self.condition(number, condition, &input, &mut prepared));
            }
            let when = match (whens.pop(), whens.is_empty()) {
                (None, _) => {
                    self.work.approximate(
                        number,
                        format!("the transition `{}` has no condition", transition.event),
                    );
                    conditions::never()
                }
                (Some(only), true) => only,
                (Some(last), false) => {
                    whens.push(last);
                    json!({ "all": whens })
                }
            };
            cases.push(Case { port: port_name(transition.conditions.first()), when, goal });
        }
        let otherwise = self.goal(number, "noMatch");
        self.set_before(number, prepared);
        if cases.is_empty() {
            self.work.through(number, otherwise, "has no conditions");
            return;
        }
        self.work.branch(number, "", ("branch", &json!({})), cases, &otherwise);
    }

    /// Whether the split has become part of a menu.
    fn joined(&self, number: usize) -> bool {
        self.asks
            .values()
            .any(|asks| matches!(asks, super::asking::Asks::Menu { splits, .. } if splits.contains(&number)))
    }

    /// Puts the nodes that set variables before the branch.
    fn set_before(&mut self, number: usize, prepared: Prepared) {
        let mut ids: Vec<(String, Map<String, Value>)> = Vec::new();
        for variables in [prepared.first, prepared.second] {
            if !variables.is_empty() {
                ids.push((self.work.id(number, "input"), variables));
            }
        }
        // The branch is the next node that is made, under the widget's own name.
        let branch = self.work.peek(number);
        for at in 0..ids.len() {
            let next = ids.get(at + 1).map_or_else(|| branch.clone(), |(id, _)| id.clone());
            let (id, variables) = ids[at].clone();
            let ports = vec![("next".to_owned(), Goal::Node(next))];
            self.work.put(number, &id, "set", json!({ "variables": variables }), ports);
        }
    }

    fn condition(&mut self, number: usize, condition: &Value, input: &str, prepared: &mut Prepared) -> Value {
        let argument = condition
            .get("arguments")
            .and_then(Value::as_array)
            .and_then(|arguments| arguments.first())
            .and_then(Value::as_str)
            .unwrap_or(input);
        let condition_type = condition.get("type").and_then(Value::as_str).unwrap_or_default();
        let value = text(condition.get("value")).unwrap_or_default();
        match self.translated_condition(number, condition_type, argument, &value, prepared) {
            Ok(when) => when,
            Err(why) => {
                let told = format!("`{argument}` {condition_type} `{}`", cut(&value, 100));
                self.work.approximate(number, format!("the condition {told} never holds here: {why}"));
                conditions::never()
            }
        }
    }

    fn translated_condition(
        &mut self,
        number: usize,
        condition_type: &str,
        argument: &str,
        value: &str,
        prepared: &mut Prepared,
    ) -> Result<Value, String> {
        if liquid::has_tags(value) {
            return self.compared_with_variable(number, condition_type, argument, value, prepared);
        }
        let operand = self.operand(number, argument, prepared);
        let listed = || -> Vec<String> {
            value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
        };
        let any_of = || conditions::one_of(&operand, &listed()).ok_or("1 to 100 values can be compared");
        let amount = || value.trim().parse::<f64>().ok().filter(|n| n.is_finite()).ok_or("it is no number");
        Ok(match condition_type {
            "equal_to" => conditions::compare(&operand, Compare::Equals, value),
            "not_equal_to" => conditions::not(conditions::compare(&operand, Compare::Equals, value)),
            "matches_any_of" => any_of()?,
            "does_not_match_any_of" => conditions::not(any_of()?),
            "is_blank" => conditions::not(conditions::exists(&operand)),
            "is_not_blank" => conditions::exists(&operand),
            "regex" => match self.work.judge.regex(value) {
                None => conditions::matches(&operand, value),
                Some(fault) => return Err(fault),
            },
            "contains" => conditions::compare(&operand, Compare::Contains, value),
            "does_not_contain" => conditions::not(conditions::compare(&operand, Compare::Contains, value)),
            "starts_with" => conditions::compare(&operand, Compare::StartsWith, value),
            "does_not_start_with" => {
                conditions::not(conditions::compare(&operand, Compare::StartsWith, value))
            }
            "less_than" => conditions::less(&operand, amount()?),
            "greater_than" => conditions::greater(&operand, amount()?),
            "is_before_time" | "is_after_time" => {
                let limit = minutes(value).ok_or("it is no time such as 17:30")?;
                let number = self.as_number(number, argument, (5, ":"), "14:30", prepared);
                if condition_type == "is_before_time" {
                    conditions::less(&number, limit)
                } else {
                    conditions::greater(&number, limit)
                }
            }
            "is_before_date" | "is_after_date" => {
                let limit = day(value).ok_or("it is no date such as 2026-12-24")?;
                let number = self.as_number(number, argument, (10, "-"), "2026-12-24", prepared);
                if condition_type == "is_before_date" {
                    conditions::less(&number, limit)
                } else {
                    conditions::greater(&number, limit)
                }
            }
            other => return Err(format!("`{}` is no type of condition that is known", cut(other, 60))),
        })
    }

    /// A comparison with another variable: Liquid compares, and the branch asks what came out.
    fn compared_with_variable(
        &mut self,
        number: usize,
        condition_type: &str,
        argument: &str,
        value: &str,
        prepared: &mut Prepared,
    ) -> Result<Value, String> {
        let known = matches!(condition_type, "equal_to" | "not_equal_to");
        if !known || liquid::single(argument).is_none() || liquid::single(value).is_none() {
            return Err("it is compared with a text that has variables".to_owned());
        }
        let inside = |text: String| text.trim_start_matches("{{").trim_end_matches("}}").trim().to_owned();
        let left = inside(self.liquid(number, argument));
        let right = inside(self.liquid(number, value));
        let template = format!(
            "{{% assign a = {left} | downcase | strip %}}{{% assign b = {right} | downcase | strip %}}\
             {{% if a == b %}}same{{% endif %}}"
        );
        let name = self.variable(number, "same", &template, &mut prepared.first);
        let same = conditions::exists(&conditions::variable(&name));
        Ok(if condition_type == "equal_to" { same } else { conditions::not(same) })
    }

    /// What a condition looks at: a variable of ours, or one that is set before.
    fn operand(&mut self, number: usize, argument: &str, prepared: &mut Prepared) -> Value {
        if let Some(operand) = prepared.looked_at.get(argument) {
            return operand.clone();
        }
        let translated = self.liquid(number, argument);
        let plain = liquid::single(&translated).map(|path| path.join("."));
        let operand = match plain.as_deref() {
            Some("call.from") => json!({ "operand": "caller" }),
            Some("call.to") => json!({ "operand": "to" }),
            Some("digits") => json!({ "operand": "digits" }),
            Some("speech") => json!({ "operand": "speech" }),
            Some(path) if path.starts_with("vars.") && path.matches('.').count() == 1 => {
                conditions::variable(&path["vars.".len()..])
            }
            Some(_) | None => {
                let name = self.variable(number, "input", &translated, &mut prepared.first);
                conditions::variable(&name)
            }
        };
        prepared.looked_at.insert(argument.to_owned(), operand.clone());
        operand
    }

    /// A time or a date as a number: its first characters without what stands between the digits.
    fn as_number(
        &mut self,
        number: usize,
        argument: &str,
        (length, between): (usize, &str),
        example: &str,
        prepared: &mut Prepared,
    ) -> Value {
        self.work.approximate(
            number,
            format!("what is compared with a time or a date has to look like {example}"),
        );
        let operand = self.operand(number, argument, prepared);
        let expression = match (operand["operand"].as_str(), operand["name"].as_str()) {
            (Some("variable"), Some(name)) => format!("vars.{name}"),
            (Some("caller"), _) => "call.from".to_owned(),
            (Some("to"), _) => "call.to".to_owned(),
            (Some(other), _) => other.to_owned(),
            (None, _) => "digits".to_owned(),
        };
        let template =
            format!("{{{{ {expression} | slice: 0, {length} | replace: \"{between}\", \"\" | plus: 0 }}}}");
        let name = self.variable(number, "number", &template, &mut prepared.second);
        conditions::variable(&name)
    }

    /// A variable of the split that has this value; the same value has one variable.
    fn variable(
        &mut self,
        number: usize,
        what: &str,
        template: &str,
        into: &mut Map<String, Value>,
    ) -> String {
        if let Some((name, _)) = into.iter().find(|(_, value)| value.as_str() == Some(template)) {
            return name.clone();
        }
        let mut taken = into.keys().cloned().collect();
        let wanted = variable(&format!("{}_{what}", slug(self.work.name(number))));
        let name = crate::document::names::unique(&wanted, &mut taken);
        into.insert(name.clone(), json!(template));
        name
    }
}

/// What a case is called: its value, else what its author called it.
fn port_name(condition: Option<&&Value>) -> String {
    let Some(condition) = condition else { return String::new() };
    let of = |field: &str| condition.get(field).and_then(Value::as_str).map(slug).unwrap_or_default();
    let named = of("friendly_name");
    if named.is_empty() || named.starts_with("If_value") {
        let value = of("value");
        let condition_type = of("type");
        return match condition_type.as_str() {
            "equal_to" | "contains" | "starts_with" if !value.is_empty() => value,
            _ if value.is_empty() => condition_type,
            _ => slug(&format!("{condition_type}_{value}")),
        };
    }
    named
}

/// `17:30`, `17:30:00` or `5:30 PM` as 1730.
fn minutes(text: &str) -> Option<f64> {
    let text = text.trim().to_ascii_uppercase();
    let (clock, half) = match (text.strip_suffix("AM"), text.strip_suffix("PM")) {
        (Some(clock), _) => (clock.trim(), Some(false)),
        (_, Some(clock)) => (clock.trim(), Some(true)),
        (None, None) => (text.as_str(), None),
    };
    let mut parts = clock.split(':');
    let hours: u32 = parts.next()?.parse().ok()?;
    let minutes: u32 = parts.next()?.parse().ok()?;
    let hours = match half {
        None => hours,
        Some(afternoon) if (1..=12).contains(&hours) => hours % 12 + if afternoon { 12 } else { 0 },
        Some(_) => return None,
    };
    (hours <= 24 && minutes < 60).then(|| f64::from(hours * 100 + minutes))
}

/// `2026-12-24`, also with a time behind it, or `12/24/2026`, as 20261224.
fn day(text: &str) -> Option<f64> {
    let text = text.trim().split(['T', ' ']).next()?;
    let parts = |by: char| -> Option<Vec<u32>> { text.split(by).map(|part| part.parse().ok()).collect() };
    let (year, month, day) = match (parts('-').as_deref(), parts('/').as_deref()) {
        (Some([year, month, day]), _) => (*year, *month, *day),
        (_, Some([month, day, year])) => (*year, *month, *day),
        _ => return None,
    };
    let fits = (1_000..=9_999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    fits.then(|| f64::from(year * 10_000 + month * 100 + day))
}

#[cfg(test)]
mod tests {
    use super::{day, minutes};

    #[test]
    fn times_and_dates_are_compared_as_numbers() {
        assert_eq!(minutes("17:30"), Some(1730.0));
        assert_eq!(minutes("5:05 pm"), Some(1705.0));
        assert_eq!(minutes("12:00 AM"), Some(0.0));
        assert_eq!(minutes("noon"), None);
        assert_eq!(day("2026-12-24T10:00:00Z"), Some(20_261_224.0));
        assert_eq!(day("12/24/2026"), Some(20_261_224.0));
        assert_eq!(day("24.12."), None);
    }
}
