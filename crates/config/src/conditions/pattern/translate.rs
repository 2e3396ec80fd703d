//! One pattern from Ruby's grammar to the engine's.

use std::collections::HashMap;

use super::class;

/// The deepest nesting of groups that is read.
const MAX_DEPTH: usize = 100;
/// The highest count of a repeat, as in Ruby.
const MAX_REPEAT: u32 = 100_000;

/// Why a pattern is refused. The texts are Ruby's where it refuses the pattern, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Problem(&'static str);

impl Problem {
    pub(super) const fn new(text: &'static str) -> Self {
        Self(text)
    }

    pub(super) const fn text(self) -> &'static str {
        self.0
    }
}

pub(super) type Result<T> = std::result::Result<T, Problem>;

/// Writes a pattern for the engine.
pub(super) fn translate(pattern: &str) -> Result<String> {
    let chars: Vec<char> = pattern.chars().collect();
    let names = group_names(&chars);
    let mut translator = Translator {
        chars: &chars,
        at: 0,
        out: String::with_capacity(pattern.len() + 16),
        named_only: !names.is_empty(),
        names,
        groups: 0,
        highest_reference: 0,
        depth: 0,
        extended: false,
        dot_all: false,
    };
    translator.alternatives()?;
    if translator.at < chars.len() {
        return Err(Problem::new("unmatched close parenthesis"));
    }
    if translator.highest_reference > translator.groups {
        return Err(Problem::new("invalid backref number/name"));
    }
    Ok(translator.out)
}

/// The names of groups with their numbers. Where there are any, groups without a name are not
/// numbered.
fn group_names(chars: &[char]) -> HashMap<String, Vec<usize>> {
    let mut names: HashMap<String, Vec<usize>> = HashMap::new();
    let mut number = 0;
    let mut at = 0;
    let mut in_class = 0_usize;
    while let Some(&c) = chars.get(at) {
        at += 1;
        match c {
            '\\' => at += 1,
            '[' => in_class += 1,
            ']' => in_class = in_class.saturating_sub(1),
            '(' if in_class == 0 => {
                let close = match chars.get(at..at + 2) {
                    Some(['?', '<']) => '>',
                    Some(['?', '\'']) => '\'',
                    _ => continue,
                };
                let name: String = chars[at + 2..]
                    .iter()
                    .take_while(|c| **c != close)
                    .collect();
                if is_name(&name) {
                    number += 1;
                    names.entry(name).or_default().push(number);
                }
            }
            _ => {}
        }
    }
    names
}

pub(super) fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_')
}

pub(super) struct Translator<'a> {
    pub(super) chars: &'a [char],
    pub(super) at: usize,
    pub(super) out: String,
    pub(super) names: HashMap<String, Vec<usize>>,
    pub(super) named_only: bool,
    pub(super) groups: usize,
    pub(super) highest_reference: usize,
    depth: usize,
    pub(super) extended: bool,
    pub(super) dot_all: bool,
}

/// What a repeat may stand after.
pub(super) enum Target {
    Nothing,
    /// What takes characters, from this byte of the output on.
    Atom(usize),
    /// A place, such as `^` or a look-ahead. Repeating it changes nothing but whether it counts.
    Place(usize),
}

impl Translator<'_> {
    pub(super) fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    pub(super) fn starts(&self, text: &str) -> bool {
        let rest = &self.chars[self.at.min(self.chars.len())..];
        text.chars()
            .enumerate()
            .all(|(i, c)| rest.get(i) == Some(&c))
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.starts(text);
        if found {
            self.at += text.chars().count();
        }
        found
    }

    /// All up to the parenthesis that closes the group, or the end.
    pub(super) fn alternatives(&mut self) -> Result<()> {
        if self.depth >= MAX_DEPTH {
            return Err(Problem::new("too deep nest level"));
        }
        self.depth += 1;
        let options = (self.extended, self.dot_all);
        let mut last = Target::Nothing;
        while let Some(c) = self.peek() {
            if c == ')' {
                break;
            }
            self.at += 1;
            last = match c {
                '|' => {
                    self.out.push('|');
                    Target::Nothing
                }
                '*' | '+' | '?' => self.repeat(c, last)?,
                '{' => match self.interval() {
                    Some((low, high)) => self.counted(low, high, last)?,
                    None => self.literal('{'),
                },
                ' ' | '\t'..='\r' if self.extended => last,
                '#' if self.extended => {
                    self.at += self.chars[self.at..]
                        .iter()
                        .take_while(|c| **c != '\n')
                        .count();
                    last
                }
                '(' if self.starts("?#") => {
                    self.comment()?;
                    last
                }
                '(' => self.group()?,
                '[' => {
                    let start = self.out.len();
                    class::class(self.chars, &mut self.at, &mut self.out)?;
                    Target::Atom(start)
                }
                '.' => {
                    let start = self.out.len();
                    self.out.push_str(if self.dot_all { "(?s:.)" } else { "." });
                    Target::Atom(start)
                }
                '^' => self.place("(?m:^)"),
                '$' => self.place("(?m:$)"),
                '\\' => self.escape()?,
                c => self.literal(c),
            };
        }
        (self.extended, self.dot_all) = options;
        self.depth -= 1;
        Ok(())
    }

    fn literal(&mut self, c: char) -> Target {
        let start = self.out.len();
        if matches!(
            c,
            '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$'
        ) {
            self.out.push('\\');
        }
        self.out.push(c);
        Target::Atom(start)
    }

    fn atom(&mut self, text: &str) -> Target {
        let start = self.out.len();
        self.out.push_str(text);
        Target::Atom(start)
    }

    fn place(&mut self, text: &str) -> Target {
        let start = self.out.len();
        self.out.push_str(text);
        Target::Place(start)
    }

    /// `*`, `+`, `?`, each lazy with `?` and possessive with `+` after it.
    fn repeat(&mut self, operator: char, target: Target) -> Result<Target> {
        let low = u32::from(operator == '+');
        let suffix = match self.peek() {
            Some(c @ ('?' | '+')) => {
                self.at += 1;
                Some(c)
            }
            _ => None,
        };
        self.repeated(&operator.to_string(), low, suffix, target)
    }

    /// `{n,m}`: with `?` after it lazy, or optional if it is one number. `+` is another repeat.
    fn counted(&mut self, low: u32, high: Option<u32>, target: Target) -> Result<Target> {
        if low > MAX_REPEAT || high.is_some_and(|high| high > MAX_REPEAT) {
            return Err(Problem::new("too big number"));
        }
        let (operator, low) = match high {
            Some(high) if high < low => (format!("{{{high},{low}}}"), high),
            Some(high) => (format!("{{{low},{high}}}"), low),
            None => (format!("{{{low},}}"), low),
        };
        if high == Some(low) || self.peek() != Some('?') {
            return self.repeated(&operator, low, None, target);
        }
        self.at += 1;
        self.repeated(&operator, low, Some('?'), target)
    }

    fn repeated(
        &mut self,
        operator: &str,
        low: u32,
        suffix: Option<char>,
        target: Target,
    ) -> Result<Target> {
        match target {
            Target::Nothing => Err(Problem::new("target of repeat operator is not specified")),
            Target::Place(start) => {
                if low == 0 {
                    self.out.truncate(start);
                    self.out.push_str("(?:)");
                }
                Ok(Target::Place(start))
            }
            Target::Atom(start) => {
                let open = if suffix == Some('+') { "(?>(?:" } else { "(?:" };
                self.out.insert_str(start, open);
                self.out.push(')');
                self.out.push_str(operator);
                match suffix {
                    Some('+') => self.out.push(')'),
                    Some(lazy) => self.out.push(lazy),
                    None => {}
                }
                Ok(Target::Atom(start))
            }
        }
    }

    /// Reads what follows `{`, if it is a repeat.
    fn interval(&mut self) -> Option<(u32, Option<u32>)> {
        let rest = &self.chars[self.at..];
        let end = rest.iter().take(16).position(|c| *c == '}')?;
        let inside: String = rest[..end].iter().collect();
        let number = |text: &str| -> Option<Option<u32>> {
            if text.is_empty() {
                return Some(None);
            }
            text.chars()
                .all(|c| c.is_ascii_digit())
                .then(|| Some(text.parse().unwrap_or(u32::MAX)))
        };
        let range = match inside.split_once(',') {
            Some((low, high)) => match (number(low)?, number(high)?) {
                (None, None) => return None,
                (low, high) => (low.unwrap_or(0), high),
            },
            None => {
                let count = number(&inside)??;
                (count, Some(count))
            }
        };
        self.at += end + 1;
        Some(range)
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<Target> {
        let c = self
            .peek()
            .ok_or(Problem::new("too short escape sequence"))?;
        self.at += 1;
        if let Some(set) = class::shorthand(c) {
            return Ok(self.atom(&format!("[{set}]")));
        }
        Ok(match c {
            'A' => self.place(r"\A"),
            'z' => self.place(r"\z"),
            'Z' => self.place(r"(?=\n?\z)"),
            'b' => self.place(r"\b"),
            'B' => self.place(r"\B"),
            'G' => self.place(r"\G"),
            'K' => self.place(r"\K"),
            'R' => self.atom(r"(?>\r\n|[\n\x0B\f\r\x{85}\x{2028}\x{2029}])"),
            'X' => self.atom(r"(?>\r\n|\P{M}\p{M}*|\p{M}+)"),
            'p' | 'P' if self.peek() == Some('{') => {
                let set = class::property(self.chars, &mut self.at, c == 'P')?;
                self.atom(&format!("[{set}]"))
            }
            'k' if matches!(self.peek(), Some('<' | '\'')) => {
                let end = if self.eat("<") { '>' } else { '\'' };
                if end == '\'' {
                    self.at += 1;
                }
                let name = self.until(end)?;
                let number = self.reference(&name)?;
                self.atom(&format!("(?:\\{number})"))
            }
            'g' if matches!(self.peek(), Some('<' | '\'')) => {
                return Err(Problem::new(
                    "calls of groups are not matched here: write the group again",
                ));
            }
            '1'..='9' => return self.number(c),
            _ => {
                self.at -= 1;
                let c = class::character(self.chars, &mut self.at)?;
                self.literal(c)
            }
        })
    }

    /// `\1` is a reference, `\10` only where there are so many groups; otherwise it is octal.
    fn number(&mut self, first: char) -> Result<Target> {
        let digits = self.chars[self.at..]
            .iter()
            .take_while(|c| c.is_ascii_digit())
            .count();
        let all: String = std::iter::once(first)
            .chain(self.chars[self.at..self.at + digits].iter().copied())
            .collect();
        let number: usize = all.parse().unwrap_or(usize::MAX);
        if number <= 9 || number <= self.groups {
            if self.named_only {
                return Err(Problem::new(
                    "numbered backref/call is not allowed. (use name)",
                ));
            }
            self.at += digits;
            self.highest_reference = self.highest_reference.max(number);
            return Ok(self.atom(&format!("(?:\\{number})")));
        }
        if first >= '8' {
            return Ok(self.literal(first));
        }
        self.at -= 1;
        let c = class::character(self.chars, &mut self.at)?;
        Ok(self.literal(c))
    }
}
