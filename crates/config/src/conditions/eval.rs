//! Whether a condition holds, by the original's rules for values of different kinds.

use super::ast::{Call, Expr, Function, Operand, Pattern, Predicate, Term};
use super::data::{Data, Datum};
use super::error::ConditionError;
use super::pattern::Patterns;

/// The longest text that `concat` makes.
const MAX_JOINED_BYTES: usize = 1024 * 1024;

type Result<T> = std::result::Result<T, ConditionError>;

/// Judges a condition. What stands after the part that decides is not looked at, so an invalid
/// pattern there is no error.
pub(super) fn holds(expr: &Expr, data: &Data, patterns: &mut Patterns) -> Result<bool> {
    Judging { data, patterns }.expr(expr)
}

struct Judging<'a> {
    data: &'a Data,
    patterns: &'a mut Patterns,
}

impl Judging<'_> {
    fn expr(&mut self, expr: &Expr) -> Result<bool> {
        match expr {
            Expr::Or(parts) => {
                for part in parts {
                    if self.expr(part)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Expr::And(parts) => {
                for part in parts {
                    if !self.expr(part)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Expr::Not(inner) => Ok(!self.expr(inner)?),
            Expr::Term(term) => self.term(term),
        }
    }

    fn term(&mut self, term: &Term) -> Result<bool> {
        match term {
            Term::Operand(operand) => Ok(self.value(operand)?.is_truthy()),
            Term::Equal {
                negated,
                left,
                right,
            } => Ok((self.value(left)? == self.value(right)?) != *negated),
            Term::Match {
                negated,
                left,
                pattern,
            } => Ok(self.matches(left, pattern)? != *negated),
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
                    .map(|item| self.value(item))
                    .collect::<Result<Vec<_>>>()?;
                Ok(list.contains(&self.value(left)?) != *negated)
            }
            Term::Is {
                negated,
                left,
                predicate,
            } => {
                let value = self.value(left)?;
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

    fn value(&self, operand: &Operand) -> Result<Datum> {
        let value = match operand {
            Operand::Variable(variable) => self.data.variable(*variable),
            Operand::Text(text) => Datum::Text(text.as_str().into()),
            Operand::Call(call) => self.called(call)?,
        };
        Ok(value.cast())
    }

    fn called(&self, call: &Call) -> Result<Datum> {
        let arguments = call
            .arguments
            .iter()
            .map(|argument| self.value(argument))
            .collect::<Result<Vec<_>>>()?;
        let result = match (call.function, arguments.as_slice()) {
            (Function::Env, [Datum::Text(name)]) => self.data.env(name),
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
            (Function::Concat, list) => joined(list)?,
        };
        Ok(result.cast())
    }

    /// A missing value matches nothing, and nothing matches a missing pattern. A pattern that can't be
    /// read is an error either way.
    fn matches(&mut self, left: &Operand, pattern: &Pattern) -> Result<bool> {
        let left = self.value(left)?;
        let pattern = match pattern {
            Pattern::Missing => Datum::Nil,
            Pattern::Text(text) => Datum::Text(text.as_str().into()).cast(),
            Pattern::Call(call) => self.called(call)?,
        };
        match pattern {
            Datum::Nil => Ok(false),
            Datum::Text(text) => match left {
                Datum::Nil => self.patterns.check(&text).map(|()| false),
                left => self.patterns.matches(&text, &left.to_text()),
            },
            other => Err(ConditionError::judged(format!(
                "{} is no regular expression: write it so that it is not only a word for true or false",
                other.to_text()
            ))),
        }
    }
}

/// # Errors
/// When the text gets too long: texts that are asked for may be long, and each may be asked for often.
fn joined(list: &[Datum]) -> Result<Datum> {
    let mut joined = String::new();
    for part in list {
        joined.push_str(&part.to_text());
        if joined.len() > MAX_JOINED_BYTES {
            return Err(ConditionError::judged(format!(
                "concat() makes a text of more than {MAX_JOINED_BYTES} bytes: join less"
            )));
        }
    }
    Ok(Datum::Text(joined.into()))
}
