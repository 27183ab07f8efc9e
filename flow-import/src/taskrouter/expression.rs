//! The expressions of TaskRouter, a little like SQL: `type == "Support" AND (language IN ["en", "fr"] OR vip == true)`.

use serde_json::{Value, json};

use crate::bounds::cut;
use crate::document::conditions::{self, Compare};

/// Bytes of an expression, and how deep its parentheses can be nested.
const BYTES: usize = 8_192;
const DEPTH: usize = 6;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Test(Operand, Operator, Operand),
    /// A value by itself, which holds when it is true.
    Value(Operand),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    /// `task.language`, `workers.available`, `routing.skills`.
    Key(String),
    Text(String),
    Number(f64),
    Flag(bool),
    List(Vec<Operand>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equals,
    NotEquals,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    In,
    NotIn,
    /// A list has a value.
    Has,
    /// A text contains another.
    Contains,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Number(f64),
    Sign(&'static str),
}

/// Reads an expression; the error is for people.
pub(super) fn parse(source: &str) -> Result<Expression, String> {
    if source.len() > BYTES {
        return Err(format!("longer than {BYTES} bytes"));
    }
    let tokens = tokens(source)?;
    let mut reader = Reader { tokens: &tokens, at: 0 };
    let expression = reader.any(0)?;
    match reader.peek() {
        None => Ok(expression),
        Some(_) => Err("something follows that does not belong to it".to_owned()),
    }
}

fn tokens(source: &str) -> Result<Vec<Token>, String> {
    const SIGNS: [&str; 13] = ["==", "!=", ">=", "<=", "&&", "||", ">", "<", "=", "(", ")", "[", "]"];
    let mut tokens = Vec::new();
    let mut rest = source.trim_start();
    while let Some(c) = rest.chars().next() {
        if c == '"' || c == '\'' {
            let Some(end) = rest[1..].find(c) else { return Err("a text has no end".to_owned()) };
            tokens.push(Token::Text(rest[1..1 + end].to_owned()));
            rest = &rest[end + 2..];
        } else if c.is_ascii_digit() || (c == '-' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
            let end =
                rest[1..].find(|c: char| !c.is_ascii_digit() && c != '.').map_or(rest.len(), |end| end + 1);
            let number =
                rest[..end].parse().map_err(|_| format!("`{}` is no number", cut(&rest[..end], 40)))?;
            tokens.push(Token::Number(number));
            rest = &rest[end..];
        } else if c.is_alphabetic() || c == '_' || c == '$' {
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.' | '$' | '-'))
                .unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        } else if c == ',' {
            tokens.push(Token::Sign(","));
            rest = &rest[1..];
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else {
            return Err(format!("`{c}` is no part of an expression"));
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

struct Reader<'t> {
    tokens: &'t [Token],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        self.at += usize::from(found);
        found
    }

    fn sign(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(sign)) if *sign == wanted);
        self.at += usize::from(found);
        found
    }

    fn any(&mut self, depth: usize) -> Result<Expression, String> {
        let mut parts = vec![self.all(depth)?];
        while self.word("or") || self.sign("||") {
            parts.push(self.all(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::Any(parts) })
    }

    fn all(&mut self, depth: usize) -> Result<Expression, String> {
        let mut parts = vec![self.one(depth)?];
        while self.word("and") || self.sign("&&") {
            parts.push(self.one(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::All(parts) })
    }

    fn one(&mut self, depth: usize) -> Result<Expression, String> {
        if depth > DEPTH {
            return Err(format!("nested deeper than {DEPTH}"));
        }
        if self.word("not") {
            return Ok(Expression::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.sign("(") {
            let inside = self.any(depth + 1)?;
            return if self.sign(")") { Ok(inside) } else { Err("a parenthesis has no end".to_owned()) };
        }
        let left = self.operand()?;
        let Some(operator) = self.operator() else { return Ok(Expression::Value(left)) };
        Ok(Expression::Test(left, operator, self.operand()?))
    }

    fn operator(&mut self) -> Option<Operator> {
        const SIGNS: [(&str, Operator); 7] = [
            ("==", Operator::Equals),
            ("=", Operator::Equals),
            ("!=", Operator::NotEquals),
            (">=", Operator::GreaterOrEqual),
            ("<=", Operator::LessOrEqual),
            (">", Operator::Greater),
            ("<", Operator::Less),
        ];
        if let Some((_, operator)) = SIGNS.into_iter().find(|(sign, _)| self.sign(sign)) {
            return Some(operator);
        }
        let before = self.at;
        if self.word("not") {
            if self.word("in") {
                return Some(Operator::NotIn);
            }
            self.at = before;
            return None;
        }
        [("in", Operator::In), ("has", Operator::Has), ("contains", Operator::Contains)]
            .into_iter()
            .find(|(word, _)| self.word(word))
            .map(|(_, operator)| operator)
    }

    fn operand(&mut self) -> Result<Operand, String> {
        if self.sign("[") {
            let mut items = Vec::new();
            while !self.sign("]") {
                items.push(self.simple()?);
                if !self.sign(",") && !matches!(self.peek(), Some(Token::Sign("]"))) {
                    return Err("a list has no end".to_owned());
                }
            }
            return Ok(Operand::List(items));
        }
        self.simple()
    }

    fn simple(&mut self) -> Result<Operand, String> {
        let operand = match self.peek() {
            Some(Token::Text(text)) => Operand::Text(text.clone()),
            Some(Token::Number(number)) => Operand::Number(*number),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("true") => Operand::Flag(true),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("false") => Operand::Flag(false),
            Some(Token::Word(word)) => Operand::Key(word.clone()),
            Some(Token::Sign(sign)) => return Err(format!("a value is missing before `{sign}`")),
            None => return Err("a value is missing at its end".to_owned()),
        };
        self.at += 1;
        Ok(operand)
    }
}

impl Operand {
    /// A constant as a text. None: it is none.
    pub(super) fn constant(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            Self::Flag(flag) => Some(flag.to_string()),
            Self::Key(_) | Self::List(_) => None,
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            Self::Flag(_) | Self::Key(_) | Self::List(_) => None,
        }
    }
}

/// The same as a condition of ours; `look` tells what a key is. Differences are told besides.
pub(super) fn condition(
    expression: &Expression,
    look: &mut dyn FnMut(&str) -> Option<Value>,
    differences: &mut Vec<String>,
) -> Result<Value, String> {
    let mut all_of = |parts: &[Expression], differences: &mut Vec<String>| -> Result<Vec<Value>, String> {
        parts.iter().map(|part| condition(part, look, differences)).collect()
    };
    match expression {
        Expression::All(parts) => Ok(json!({ "all": all_of(parts, differences)? })),
        Expression::Any(parts) => Ok(json!({ "any": all_of(parts, differences)? })),
        Expression::Not(part) => Ok(conditions::not(condition(part, look, differences)?)),
        Expression::Value(operand) => match operand {
            Operand::Flag(true) => Ok(conditions::always()),
            Operand::Flag(false) => Ok(conditions::never()),
            Operand::Key(key) => {
                let operand = look(key).ok_or_else(|| unknown(key))?;
                Ok(conditions::compare(&operand, Compare::Equals, "true"))
            }
            Operand::Text(_) | Operand::Number(_) | Operand::List(_) => {
                Err("a value by itself is no condition".to_owned())
            }
        },
        Expression::Test(left, operator, right) => test(left, *operator, right, look, differences),
    }
}

fn unknown(key: &str) -> String {
    format!("`{}` is nothing here", cut(key, 80))
}

fn test(
    left: &Operand,
    operator: Operator,
    right: &Operand,
    look: &mut dyn FnMut(&str) -> Option<Value>,
    differences: &mut Vec<String>,
) -> Result<Value, String> {
    let (key, operator, value) = match (left, right) {
        (Operand::Key(key), Operand::Key(other)) => {
            return Err(format!("`{}` and `{}` are both of the call", cut(key, 60), cut(other, 60)));
        }
        (Operand::Key(key), value) => (key, operator, value),
        (value, Operand::Key(key)) => (key, turned(operator)?, value),
        (left, right) => return constant_test(left, operator, right),
    };
    let operand = look(key).ok_or_else(|| unknown(key))?;
    let text = || value.constant().ok_or("a list can only be asked with IN");
    let number = || value.number().ok_or("it is compared as a number, and is none");
    Ok(match operator {
        Operator::Equals => conditions::compare(&operand, Compare::Equals, &text()?),
        Operator::NotEquals => conditions::not(conditions::compare(&operand, Compare::Equals, &text()?)),
        Operator::Greater => conditions::greater(&operand, number()?),
        Operator::Less => conditions::less(&operand, number()?),
        Operator::GreaterOrEqual => conditions::at_least(&operand, number()?),
        Operator::LessOrEqual => conditions::at_most(&operand, number()?),
        Operator::In | Operator::NotIn => {
            let Operand::List(items) = value else {
                return Err("IN needs a list of constants".to_owned());
            };
            let values: Option<Vec<String>> = items.iter().map(Operand::constant).collect();
            let values = values.ok_or("IN needs a list of constants")?;
            let one_of = conditions::one_of(&operand, &values).ok_or("IN needs 1 to 100 constants")?;
            if operator == Operator::In { one_of } else { conditions::not(one_of) }
        }
        Operator::Has => {
            differences.push(format!("that the list `{key}` has a value is here that its text contains it"));
            conditions::compare(&operand, Compare::Contains, &text()?)
        }
        Operator::Contains => conditions::compare(&operand, Compare::Contains, &text()?),
    })
}

/// The operator with its sides exchanged.
fn turned(operator: Operator) -> Result<Operator, String> {
    Ok(match operator {
        Operator::Equals => Operator::Equals,
        Operator::NotEquals => Operator::NotEquals,
        Operator::Greater => Operator::Less,
        Operator::Less => Operator::Greater,
        Operator::GreaterOrEqual => Operator::LessOrEqual,
        Operator::LessOrEqual => Operator::GreaterOrEqual,
        // A value in a list of the task.
        Operator::In => Operator::Has,
        Operator::NotIn | Operator::Has | Operator::Contains => {
            return Err("a constant can only be compared with what is on its right".to_owned());
        }
    })
}

/// `1 == 1` is how a workflow says always.
fn constant_test(left: &Operand, operator: Operator, right: &Operand) -> Result<Value, String> {
    let holds = match (operator, left.number().zip(right.number()), left.constant().zip(right.constant())) {
        (Operator::Equals, _, Some((left, right))) => left == right,
        (Operator::NotEquals, _, Some((left, right))) => left != right,
        (Operator::Greater, Some((left, right)), _) => left > right,
        (Operator::Less, Some((left, right)), _) => left < right,
        (Operator::GreaterOrEqual, Some((left, right)), _) => left >= right,
        (Operator::LessOrEqual, Some((left, right)), _) => left <= right,
        _ => return Err("constants are compared in a way that is not known".to_owned()),
    };
    Ok(if holds { conditions::always() } else { conditions::never() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(source: &str) -> Result<Value, String> {
        let mut look = |key: &str| Some(conditions::variable(key));
        condition(&parse(source)?, &mut look, &mut Vec::new())
    }

    #[test]
    fn and_binds_closer_than_or() {
        let parsed = parse("a == 1 OR b == 2 AND NOT c == 3");
        let Ok(Expression::Any(parts)) = parsed else { panic!("an alternative: {parsed:?}") };
        assert!(matches!(&parts[1], Expression::All(parts) if matches!(parts[1], Expression::Not(_))));
    }

    #[test]
    fn comparisons_become_conditions() {
        let equals =
            json!({ "operand": "variable", "name": "type", "operator": "equals", "value": "Support" });
        assert_eq!(translated("type == \"Support\""), Ok(equals.clone()));
        assert_eq!(translated("'Support' == type"), Ok(equals));
        let one = json!({ "operand": "variable", "name": "lang", "operator": "in", "value": ["en", "fr"] });
        assert_eq!(translated("(lang IN ['en', 'fr'])"), Ok(one));
        let none = json!({ "not": { "operand": "variable", "name": "lang", "operator": "exists" } });
        assert_eq!(translated("lang IN ['']"), Ok(none));
        assert_eq!(translated("1==1"), Ok(conditions::always()));
        assert_eq!(translated("1 != 1"), Ok(conditions::never()));
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        for broken in
            ["", "type ==", "type == 'a", "(a == 1", "a == 1 b", "a IN [1", "a # b", "a == b", "'x'"]
        {
            assert!(translated(broken).is_err(), "{broken}");
        }
        assert!(translated(&"(".repeat(100)).is_err());
        assert!(translated(&"NOT ".repeat(100)).is_err());
    }
}
