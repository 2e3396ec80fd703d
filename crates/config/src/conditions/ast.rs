//! The tree of a condition, and its text.

use std::fmt;

/// A whole condition or a part of it. Chains are flat lists, since real ones are long and a tree
/// of pairs would be as deep as they are long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expr {
    /// At least two; holds when one does. The first is never an `Or` itself.
    Or(Vec<Expr>),
    /// At least two; holds when all do. The first is never an `And` itself.
    And(Vec<Expr>),
    Not(Box<Expr>),
    Term(Term),
}

impl Expr {
    /// Whether the language's first form, `conditions: v0`, has all parts of it: comparisons of a
    /// variable or of `env(…)` with plain words, and nothing that is true or false on its own.
    pub(super) fn is_of_first_form(&self) -> bool {
        match self {
            Self::Or(parts) | Self::And(parts) => parts.iter().all(Self::is_of_first_form),
            Self::Not(part) => part.is_of_first_form(),
            Self::Term(term) => term.is_of_first_form(),
        }
    }
}

impl Term {
    fn is_of_first_form(&self) -> bool {
        let asks = |left: &Operand| match left {
            Operand::Variable(_) => true,
            Operand::Text(_) => false,
            Operand::Call(call) => call.function == Function::Env,
        };
        let is_word = |right: &Operand| !matches!(right, Operand::Call(_));
        match self {
            Self::Operand(_) => false,
            Self::Equal { left, right, .. } => asks(left) && is_word(right),
            Self::Match { left, pattern, .. } => asks(left) && matches!(pattern, Pattern::Text(_)),
            Self::In { left, list, .. } => {
                asks(left) && list.as_ref().is_some_and(|list| list.iter().all(is_word))
            }
            Self::Is {
                left, predicate, ..
            } => asks(left) && matches!(predicate, Predicate::Present | Predicate::Blank),
        }
    }
}

/// What is true or false by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Term {
    Operand(Operand),
    Equal {
        negated: bool,
        left: Operand,
        right: Operand,
    },
    Match {
        negated: bool,
        left: Operand,
        pattern: Pattern,
    },
    /// The list is missing where the text ends after `IN`: accepted, and an error when judged.
    In {
        negated: bool,
        left: Operand,
        list: Option<Vec<Operand>>,
    },
    Is {
        negated: bool,
        left: Operand,
        predicate: Predicate,
    },
}

/// What has a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operand {
    Variable(Variable),
    Text(String),
    Call(Call),
}

/// A function and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    pub function: Function,
    pub arguments: Vec<Operand>,
}

/// The right side of `=~`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pattern {
    /// Nothing stands there: accepted, and matches nothing.
    Missing,
    Text(String),
    Call(Call),
}

/// The functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Env,
    Concat,
}

/// What `IS` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Predicate {
    Present,
    Blank,
    True,
    False,
}

macro_rules! variables {
    ($($variant:ident $name:literal),* $(,)?) => {
        /// What a condition may ask of a build or job.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Variable { $($variant),* }

        impl Variable {
            /// All of them.
            pub(super) const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name in conditions and in data.
            pub(super) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }
    };
}

variables! {
    Type "type", Repo "repo", HeadRepo "head_repo", Os "os", Dist "dist", Group "group",
    Sudo "sudo", Language "language", Sender "sender", Fork "fork", Branch "branch",
    HeadBranch "head_branch", Tag "tag", CommitMessage "commit_message",
}

impl Function {
    pub(super) const ALL: &[Self] = &[Self::Env, Self::Concat];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Env => "env",
            Self::Concat => "concat",
        }
    }
}

impl Predicate {
    pub(super) const ALL: &[Self] = &[Self::Present, Self::Blank, Self::True, Self::False];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Blank => "blank",
            Self::True => "true",
            Self::False => "false",
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Or(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        f.write_str(" OR ")?;
                    }
                    part.write(f, matches!(part, Self::Or(_)))?;
                }
                Ok(())
            }
            Self::And(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        f.write_str(" AND ")?;
                    }
                    part.write(f, matches!(part, Self::Or(_) | Self::And(_)))?;
                }
                Ok(())
            }
            Self::Not(inner) => {
                f.write_str("NOT ")?;
                inner.write(f, matches!(**inner, Self::Or(_) | Self::And(_)))
            }
            Self::Term(term) => write!(f, "{term}"),
        }
    }
}

impl Expr {
    fn write(&self, f: &mut fmt::Formatter<'_>, parentheses: bool) -> fmt::Result {
        if parentheses {
            write!(f, "({self})")
        } else {
            write!(f, "{self}")
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let not = |negated: &bool| if *negated { "NOT " } else { "" };
        match self {
            Self::Operand(operand) => write!(f, "{operand}"),
            Self::Equal {
                negated,
                left,
                right,
            } => write!(f, "{left} {} {right}", if *negated { "!=" } else { "=" }),
            Self::Match {
                negated,
                left,
                pattern,
            } => {
                let operator = if *negated { "!~" } else { "=~" };
                match pattern {
                    // Only the closing one keeps what follows from being read as the pattern.
                    Pattern::Missing => write!(f, "({left} {operator} )"),
                    Pattern::Text(text) => write!(f, "{left} {operator} {}", pattern_text(text)),
                    Pattern::Call(call) => write!(f, "{left} {operator} {call}"),
                }
            }
            Self::In {
                negated,
                left,
                list: None,
            } => write!(f, "({left} {}IN )", not(negated)),
            Self::In {
                negated,
                left,
                list: Some(list),
            } => {
                write!(f, "{left} {}IN (", not(negated))?;
                write_list(f, list)?;
                f.write_str(")")
            }
            Self::Is {
                negated,
                left,
                predicate,
            } => write!(f, "{left} IS {}{}", not(negated), predicate.name()),
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(variable) => f.write_str(variable.name()),
            Self::Text(text) if is_plain_word(text) => f.write_str(text),
            // A text that was read holds one kind of quotes at most.
            Self::Text(text) if text.contains('"') => write!(f, "'{text}'"),
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::Call(call) => write!(f, "{call}"),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.function.name())?;
        write_list(f, &self.arguments)?;
        f.write_str(")")
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, list: &[Operand]) -> fmt::Result {
    for (index, operand) in list.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{operand}")?;
    }
    Ok(())
}

/// Whether a text means itself without quotes.
fn is_plain_word(text: &str) -> bool {
    let starts = |word: &str| {
        text.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '+'))
        && !starts("not")
        && !Function::ALL.iter().any(|function| starts(function.name()))
        && !Variable::ALL.iter().any(|variable| variable.name() == text)
}

/// A pattern as it has to be written to be read as `text` again.
fn pattern_text(text: &str) -> String {
    let function = Function::ALL.iter().any(|function| {
        text.get(..function.name().len())
            .is_some_and(|start| start.eq_ignore_ascii_case(function.name()))
    });
    let bare = !text.is_empty()
        && !text.starts_with('/')
        && !text.contains([' ', '\t', '\r', '\n', '\x0b', '\x0c']);
    if bare {
        // One slash at the end is taken away when it is read; a parenthesis there would be left.
        let slash = if text.ends_with(['/', ')']) { "/" } else { "" };
        // A function's name at the start is skipped, so one more has to stand before it.
        let skipped = if function { "env" } else { "" };
        return format!("{skipped}{text}{slash}");
    }
    // A slash before a line's end is taken away, too; a backslash there would join the lines.
    let text = text.replace("\\\n", "\\/\n");
    // A pattern that ends with a backslash escapes its own end: only the last one of a condition
    // can be such a one, without a closing slash.
    let close = if text.ends_with('\\') { "" } else { "/" };
    format!("/{text}{close}")
}
