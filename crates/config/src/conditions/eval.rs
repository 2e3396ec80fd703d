//! Whether a condition holds, by the original's rules for values of different kinds.

use super::ast::{Call, Expr, Function, Operand, Pattern, Predicate, Term};
use super::data::{Data, Datum};
use super::error::ConditionError;
use super::pattern;

type Result<T> = std::result::Result<T, ConditionError>;

/// Judges a condition. What stands after the part that decides is not looked at, so an invalid
/// pattern there is no error.
pub(super) fn holds(expr: &Expr, data: &Data) -> Result<bool> {
    match expr {
        Expr::Or(parts) => {
            for part in parts {
                if holds(part, data)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Expr::And(parts) => {
            for part in parts {
                if !holds(part, data)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Expr::Not(inner) => Ok(!holds(inner, data)?),
        Expr::Term(term) => term_holds(term, data),
    }
}

fn term_holds(term: &Term, data: &Data) -> Result<bool> {
    match term {
        Term::Operand(operand) => Ok(value(operand, data)?.is_truthy()),
        Term::Equal {
            negated,
            left,
            right,
        } => Ok((value(left, data)? == value(right, data)?) != *negated),
        Term::Match {
            negated,
            left,
            pattern,
        } => Ok(matches(&value(left, data)?, pattern, data)? != *negated),
        Term::In {
            negated,
            left,
            list,
        } => {
            let Some(list) = list else {
                return Err(ConditionError::judged(
                    "there is no list after IN: write `IN (one, two)`".to_owned(),
                ));
            };
            let list = list
                .iter()
                .map(|item| value(item, data))
                .collect::<Result<Vec<_>>>()?;
            Ok(list.contains(&value(left, data)?) != *negated)
        }
        Term::Is {
            negated,
            left,
            predicate,
        } => {
            let value = value(left, data)?;
            let holds = match predicate {
                Predicate::Present => value.is_present(),
                Predicate::Blank => !value.is_present(),
                Predicate::True => value.is_truthy(),
                Predicate::False => !value.is_truthy(),
            };
            Ok(holds != *negated)
        }
    }
}

fn value(operand: &Operand, data: &Data) -> Result<Datum> {
    let value = match operand {
        Operand::Variable(variable) => data.variable(*variable),
        Operand::Text(text) => Datum::Text(text.clone()),
        Operand::Call(call) => called(call, data)?,
    };
    Ok(value.cast())
}

fn called(call: &Call, data: &Data) -> Result<Datum> {
    let arguments = call
        .arguments
        .iter()
        .map(|argument| value(argument, data))
        .collect::<Result<Vec<_>>>()?;
    let result = match (call.function, arguments.as_slice()) {
        (Function::Env, [Datum::Text(name)]) => data.env(name),
        (Function::Env, [Datum::Nil]) => Datum::Nil,
        (Function::Env, [_]) => {
            return Err(ConditionError::judged(
                "env() needs the name of a variable: write env(NAME)".to_owned(),
            ));
        }
        (Function::Env, list) => {
            return Err(ConditionError::judged(format!(
                "env() takes one name and got {}: write env(NAME)",
                list.len()
            )));
        }
        (Function::Concat, list) => Datum::Text(list.iter().map(Datum::to_text).collect()),
    };
    Ok(result.cast())
}

/// A missing value matches nothing, and nothing matches a missing pattern. A pattern that can't be
/// read is an error either way.
fn matches(left: &Datum, pattern: &Pattern, data: &Data) -> Result<bool> {
    let pattern = match pattern {
        Pattern::Missing => Datum::Nil,
        Pattern::Text(text) => Datum::Text(text.clone()).cast(),
        Pattern::Call(call) => called(call, data)?,
    };
    match pattern {
        Datum::Nil => Ok(false),
        Datum::Text(text) => {
            let pattern = pattern::compile(&text)?;
            match left {
                Datum::Nil => Ok(false),
                left => pattern.matches(&left.to_text()),
            }
        }
        other => Err(ConditionError::judged(format!(
            "{} is no regular expression: write it so that it is not only a word for true or false",
            other.to_text()
        ))),
    }
}
