//! Text to tree, by the original's grammar with its peculiarities: keywords need no word border,
//! and a function's name is taken from what stands where an operand may, called or not.

use super::ast::{Call, Expr, Function, Operand, Pattern, Predicate, Term, Variable};
use super::error::ConditionError;

/// The deepest nesting of parentheses, `NOT` and calls that is read.
const MAX_DEPTH: usize = 200;

type Result<T> = std::result::Result<T, ConditionError>;

/// Reads a condition whose lines are joined.
pub(super) fn parse(source: &str) -> Result<Expr> {
    let mut parser = Parser {
        source,
        bytes: source.as_bytes(),
        position: 0,
        depth: 0,
    };
    let expr = parser.or()?;
    if parser.position < parser.bytes.len() {
        return Err(ConditionError::unparsed(source, parser.position));
    }
    Ok(expr)
}

struct Parser<'a> {
    source: &'a str,
    bytes: &'a [u8],
    /// In bytes. May fall into a character, see [`Parser::pattern`].
    position: usize,
    depth: usize,
}

/// Ruby's `\s`.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

impl Parser<'_> {
    fn or(&mut self) -> Result<Expr> {
        let first = self.and()?;
        let mut parts = Vec::new();
        while self.keyword(&["or", "||"]).is_some() {
            parts.push(self.and()?);
        }
        Ok(chain(first, parts, Expr::Or, |expr| match expr {
            Expr::Or(inner) => Ok(inner),
            other => Err(other),
        }))
    }

    fn and(&mut self) -> Result<Expr> {
        let first = self.not()?;
        let mut parts = Vec::new();
        while self.keyword(&["and", "&&"]).is_some() {
            parts.push(self.not()?);
        }
        Ok(chain(first, parts, Expr::And, |expr| match expr {
            Expr::And(inner) => Ok(inner),
            other => Err(other),
        }))
    }

    fn not(&mut self) -> Result<Expr> {
        if self.open() {
            let expr = self.nested(Self::or)?;
            self.close()?;
            return Ok(expr);
        }
        if self.keyword(&["not", "!"]).is_some() {
            return Ok(Expr::Not(Box::new(self.nested(Self::not)?)));
        }
        self.term().map(Expr::Term)
    }

    fn term(&mut self) -> Result<Term> {
        let left = self.operand()?;
        if let Some(keyword) = self.keyword(&["in", "not in"]) {
            return Ok(Term::In {
                negated: keyword == "not in",
                left,
                list: self.list_in_parentheses()?,
            });
        }
        // Without a predicate the word is skipped, and an operator may follow still.
        if let Some(keyword) = self.keyword(&["is not", "is"]) {
            let names: Vec<_> = Predicate::ALL.iter().map(|p| p.name()).collect();
            let name = self.keyword(&names);
            if let Some(predicate) = Predicate::ALL.iter().find(|p| Some(p.name()) == name) {
                return Ok(Term::Is {
                    negated: keyword == "is not",
                    left,
                    predicate: *predicate,
                });
            }
        }
        if let Some(operator) = self.keyword(&["=~", "~=", "!~"]) {
            return Ok(Term::Match {
                negated: operator == "!~",
                left,
                pattern: self.pattern()?,
            });
        }
        if let Some(operator) = self.keyword(&["==", "=", "!="]) {
            return Ok(Term::Equal {
                negated: operator == "!=",
                left,
                right: self.operand()?,
            });
        }
        Ok(Term::Operand(left))
    }

    fn operand(&mut self) -> Result<Operand> {
        self.skip_space();
        let operand = self.item()?;
        self.skip_space();
        operand.ok_or_else(|| self.expected("an operand"))
    }

    fn item(&mut self) -> Result<Option<Operand>> {
        if let Some(variable) = self.variable() {
            return Ok(Some(Operand::Variable(variable)));
        }
        if let Some(call) = self.call()? {
            return Ok(Some(Operand::Call(call)));
        }
        if let Some(text) = self.quoted()? {
            return Ok(Some(Operand::Text(text)));
        }
        Ok(self.word()?.map(Operand::Text))
    }

    fn variable(&mut self) -> Option<Variable> {
        let rest = &self.bytes[self.position..];
        let variable = *Variable::ALL
            .iter()
            .find(|variable| rest.starts_with(variable.name().as_bytes()))?;
        let length = variable.name().len();
        match rest.get(length) {
            Some(&next) if !is_space(next) && !matches!(next, b',' | b'=' | b')' | b'|') => None,
            _ => {
                self.position += length;
                Some(variable)
            }
        }
    }

    /// A function's name is skipped even when no parenthesis follows.
    fn call(&mut self) -> Result<Option<Call>> {
        let names: Vec<_> = Function::ALL.iter().map(|f| f.name()).collect();
        let name = self.keyword(&names);
        let Some(function) = Function::ALL.iter().find(|f| Some(f.name()) == name) else {
            return Ok(None);
        };
        if !self.open() {
            return Ok(None);
        }
        let arguments = self.nested(Self::list)?;
        self.skip_space();
        self.close()?;
        Ok(Some(Call {
            function: *function,
            arguments,
        }))
    }

    fn list_in_parentheses(&mut self) -> Result<Option<Vec<Operand>>> {
        if !self.open() {
            return Ok(None);
        }
        let list = self.list()?;
        if list.is_empty() {
            return Err(self.expected("a list of values"));
        }
        self.skip_space();
        self.close()?;
        Ok(Some(list))
    }

    /// Operands between commas. At the end one comma more is allowed for each of them.
    fn list(&mut self) -> Result<Vec<Operand>> {
        let mut list = Vec::new();
        while let Some(item) = self.item()? {
            list.push(item);
            if self.keyword(&[","]).is_none() {
                break;
            }
        }
        for _ in &list {
            if self.bytes.get(self.position) == Some(&b',') {
                self.position += 1;
            }
        }
        Ok(list)
    }

    fn quoted(&mut self) -> Result<Option<String>> {
        let Some(&quote @ (b'"' | b'\'')) = self.bytes.get(self.position) else {
            return Ok(None);
        };
        let start = self.position + 1;
        let rest = &self.bytes[start..];
        match rest.iter().position(|&byte| byte == quote) {
            Some(length) => {
                self.position = start + length + 1;
                Ok(Some(self.text(start, start + length)))
            }
            None => {
                self.position = self.bytes.len();
                Err(self.expected(if quote == b'"' { "\"" } else { "'" }))
            }
        }
    }

    fn word(&mut self) -> Result<Option<String>> {
        self.skip_space();
        let start = self.position;
        let ends = |byte: u8| {
            is_space(byte) || matches!(byte, b'(' | b')' | b'"' | b'\'' | b',' | b'=' | b'!')
        };
        let length = self.bytes[start..]
            .iter()
            .position(|&byte| ends(byte))
            .unwrap_or(self.bytes.len() - start);
        self.position += length;
        self.skip_space();
        if length == 0 {
            return Ok(None);
        }
        if self.bytes[start] == b'$' {
            return Err(ConditionError::dollar(start));
        }
        Ok(Some(self.text(start, start + length)))
    }

    /// A call, a word without closing parentheses at its end, or anything between slashes.
    fn pattern(&mut self) -> Result<Pattern> {
        if let Some(call) = self.call()? {
            return Ok(Pattern::Call(call));
        }
        self.skip_space();
        let rest = &self.bytes[self.position..];
        let length = if rest.first() == Some(&b'/') {
            delimited(rest)
        } else {
            let run = rest.iter().position(|&b| is_space(b)).unwrap_or(rest.len());
            rest[..run]
                .iter()
                .rposition(|&byte| byte != b')')
                .map_or(0, |last| last + 1)
        };
        if length == 0 {
            return Ok(Pattern::Missing);
        }
        let text = self.text(self.position, self.position + length);
        // The original goes on by as many bytes as the pattern has characters, so that what stands
        // after a pattern with others than ASCII's is never read.
        self.position += text.chars().count();
        Ok(Pattern::Text(without_slashes(&text)))
    }

    /// Skips white space, one of the words in any case, and white space.
    fn keyword<'k>(&mut self, keywords: &[&'k str]) -> Option<&'k str> {
        self.skip_space();
        let rest = &self.bytes[self.position..];
        let found = keywords.iter().copied().find(|keyword| {
            rest.get(..keyword.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(keyword.as_bytes()))
        })?;
        self.position += found.len();
        self.skip_space();
        Some(found)
    }

    fn open(&mut self) -> bool {
        self.keyword(&["("]).is_some()
    }

    fn close(&mut self) -> Result<()> {
        if self.bytes.get(self.position) == Some(&b')') {
            self.position += 1;
            return Ok(());
        }
        Err(self.expected(")"))
    }

    fn nested<T>(&mut self, read: fn(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= MAX_DEPTH {
            return Err(ConditionError::too_deep(MAX_DEPTH, self.position));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn skip_space(&mut self) {
        let rest = &self.bytes[self.position..];
        self.position += rest
            .iter()
            .position(|&byte| !is_space(byte))
            .unwrap_or(rest.len());
    }

    fn text(&self, start: usize, end: usize) -> String {
        String::from_utf8_lossy(&self.bytes[start..end]).into_owned()
    }

    fn expected(&self, what: &str) -> ConditionError {
        ConditionError::expected(what, self.source, self.position)
    }
}

/// Puts a chain together; a chain in parentheses at its start is the same as without.
fn chain(
    first: Expr,
    rest: Vec<Expr>,
    make: fn(Vec<Expr>) -> Expr,
    inner: fn(Expr) -> std::result::Result<Vec<Expr>, Expr>,
) -> Expr {
    if rest.is_empty() {
        return first;
    }
    let mut parts = inner(first).unwrap_or_else(|other| vec![other]);
    parts.extend(rest);
    make(parts)
}

/// The length of `/…/` with both slashes. Without a second one all of the rest but white space at
/// its end.
fn delimited(rest: &[u8]) -> usize {
    let mut escaped = false;
    for (index, &byte) in rest.iter().enumerate().skip(1) {
        if byte == b'/' && !escaped {
            return index + 1;
        }
        escaped = byte == b'\\';
    }
    rest.iter()
        .rposition(|&byte| !is_space(byte) && byte != 0)
        .map_or(0, |last| last + 1)
}

/// Takes one slash away at the start and the end of each line.
fn without_slashes(text: &str) -> String {
    let lines: Vec<&str> = text
        .split('\n')
        .map(|line| {
            let line = line.strip_prefix('/').unwrap_or(line);
            line.strip_suffix('/').unwrap_or(line)
        })
        .collect();
    lines.join("\n")
}
