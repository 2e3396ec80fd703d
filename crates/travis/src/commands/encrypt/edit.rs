//! Puts an encrypted value into the text of a `.travis.yml`. What else is written there stays as it
//! is laid out, comments too, so the text is read by its indentation and its brackets and not taken
//! apart. What can't be changed so is refused. Pure.

mod flow;
mod lines;

use flow::{Span, Wanted};
use lines::Lines;
use std::fmt;
use travis_config::{PlanContext, plan};

/// Where a value goes: keys from the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place(Vec<String>);

impl Place {
    /// Reads `deploy.api_key`.
    pub(super) fn read(path: &str) -> Result<Self, String> {
        let keys: Vec<String> = path.split('.').map(str::to_owned).collect();
        let fits = |key: &String| {
            !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || "_-".contains(c))
        };
        if keys.iter().all(fits) {
            Ok(Self(keys))
        } else {
            Err(format!(
                "\"{path}\" is no place in .travis.yml; name one as in env.global or deploy.api_key"
            ))
        }
    }

    /// Whether what stands there is the same for every job.
    fn is_global(&self) -> bool {
        self.0.first().is_some_and(|key| key != "env")
            || self.0.get(1).is_some_and(|key| key == "global")
    }

    /// Whether variables stand there.
    pub(super) fn is_env(&self) -> bool {
        self.0.first().is_some_and(|key| key == "env")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// A run of lines at one level: those of the file, or those below a key.
#[derive(Clone, Copy)]
struct Block {
    first: usize,
    /// Behind the last line that says something.
    end: usize,
    indent: usize,
}

/// Keys below `env` that say what variables are for.
const SORTED: [&str; 3] = ["global", "jobs", "matrix"];

/// The text with the value in it.
pub(super) fn add(text: &str, place: &Place, cipher: &str) -> Result<String, String> {
    let lines = &Lines::of(text);
    let top = lines
        .iter()
        .position(|line| line.starts_with("---"))
        .filter(|at| (0..*at).all(|at| !lines.says(at)))
        .map_or(0, |at| at + 1);
    let bottom = (top..lines.len())
        .find(|at| lines[*at].starts_with("---") || lines[*at].starts_with("..."))
        .unwrap_or(lines.len());
    let first = (top..bottom).find(|at| lines.says(*at));
    let mut block = Block {
        first: top,
        end: end_of(lines, top, bottom),
        indent: first.map_or(0, |at| indent(lines[at])),
    };
    if let Some(at) = first.filter(|at| lines[*at].trim_start().starts_with('{')) {
        let wanted = Wanted {
            keys: &place.0,
            top: true,
            is_env: place.is_env(),
            cipher,
        };
        return flow::add(text, lines.start(at) + block.indent, wanted)
            .map_err(|why| format!("line {}: {why}", at + 1));
    }
    let step = step(lines);
    let mut parent = "the file".to_owned();
    for (depth, key) in place.0.iter().enumerate() {
        let rest = &place.0[depth + 1..];
        refuse_odd(lines, block, &parent)?;
        let Some(at) = find(lines, block, key) else {
            let keys = &place.0[depth..];
            let new = fresh(keys, place.is_env(), block.indent, step, cipher);
            return Ok(insert(lines, block.end, &new));
        };
        let inner = below(lines, at, block);
        // Variables right below `env` are for jobs; they stay so beside others.
        let top = depth == 0 && key == "env" && rest.first().is_some_and(|key| key == "global");
        if !value_of(lines[at]).is_empty() {
            let value = Inline {
                lines,
                at,
                step,
                key,
                below: inner,
            };
            let wanted = Wanted {
                keys: rest,
                top,
                is_env: place.is_env(),
                cipher,
            };
            return value
                .add(text, wanted)
                .map_err(|why| format!("line {}: {why}", at + 1));
        }
        // A key without anything below it gets what is missing.
        let Some(inner) = inner else {
            let deep = block.indent + step;
            let new = match rest {
                [] => leaf(place.is_env(), deep, cipher),
                keys => fresh(keys, place.is_env(), deep, step, cipher),
            };
            return Ok(insert(lines, at + 1, &new));
        };
        if top && SORTED.iter().all(|key| find(lines, inner, key).is_none()) {
            return Ok(sort(
                lines,
                at,
                inner,
                step,
                &fresh(rest, true, step, step, cipher),
            ));
        }
        if let Some(next) = rest.first() {
            if is_item(lines[inner.first]) {
                return Err(format!(
                    "line {}: {key} is a list and has no key {next}",
                    inner.first + 1
                ));
            }
            block = inner;
            parent.clone_from(key);
            continue;
        }
        refuse_odd(lines, inner, key)?;
        return if is_item(lines[inner.first]) {
            Ok(insert(lines, inner.end, &leaf(true, inner.indent, cipher)))
        } else if place.is_env() {
            Ok(listed(lines, inner, &leaf(true, inner.indent, cipher)))
        } else {
            Err(format!(
                "line {}: {place} has a value already; remove it first",
                inner.first + 1
            ))
        };
    }
    Err("no place is named".to_owned())
}

/// The text after a change, when it is read as before but for the value: a last look, since the text
/// was not taken apart.
pub(super) fn checked(before: &str, after: String, place: &Place) -> Result<String, String> {
    let jobs = |text: &str| plan(text, &PlanContext::default()).map(|plan| plan.jobs.len());
    let Ok(had) = jobs(before) else {
        return Ok(after);
    };
    match jobs(&after) {
        // A variable of jobs makes one of its own.
        Ok(has) if has == had || !place.is_global() => Ok(after),
        Ok(has) => Err(format!("the file would have {has} jobs instead of {had}")),
        Err(error) => Err(format!("the file could not be read any more: {error}")),
    }
}

/// A value that stands on the line of its key.
struct Inline<'l> {
    lines: &'l Lines<'l>,
    at: usize,
    step: usize,
    key: &'l str,
    /// What stands deeper on the lines below.
    below: Option<Block>,
}

impl Inline<'_> {
    fn add(&self, text: &str, wanted: Wanted<'_>) -> Result<String, String> {
        let line = self.lines[self.at];
        let value = value_of(line);
        let key = self.key;
        let first = self.lines.start(self.at) + line.trim_end().len() - value.len();
        let opens = value.starts_with(['[', '{']);
        let span = match value.as_bytes().first() {
            Some(b'&' | b'*' | b'!' | b'|' | b'>') => {
                return Err(format!(
                    "the value of {key} begins with a mark; write it out below, indented"
                ));
            }
            Some(b'[' | b'{') => flow::span(text, first)
                .ok_or_else(|| format!("the bracket of {key} is never closed"))?,
            _ => Span {
                first,
                end: first + value.len(),
            },
        };
        let whole = span.first == first && !self.lines.goes_on(self.at + 1);
        if !opens && (!whole || self.below.is_some()) {
            return Err(format!(
                "the value of {key} goes over several lines; write it below as a list"
            ));
        }
        let deep = indent(line) + self.step;
        if wanted.top && !flow::is_sorted(text, span) {
            // Over several lines, brackets may stand too far left for a place further in.
            if !whole {
                let said = span.of(text);
                return Ok(flow::replace(
                    text,
                    span,
                    &flow::beside_jobs(said, wanted.cipher),
                ));
            }
            let mut new = vec![format!("{}jobs: {value}", " ".repeat(deep))];
            new.extend(fresh(wanted.keys, true, deep, self.step, wanted.cipher));
            return Ok(self.moved(&new));
        }
        if opens {
            return flow::add(text, first, wanted);
        }
        match wanted.keys.first() {
            Some(next) => Err(format!("{key} has a value of its own and no key {next}")),
            None if !wanted.is_env => Err(format!("{key} has a value already; remove it first")),
            None => {
                let mut new = vec![format!("{}- {value}", " ".repeat(deep))];
                new.extend(leaf(true, deep, wanted.cipher));
                Ok(self.moved(&new))
            }
        }
    }

    /// The key's line without its value, and others below it.
    fn moved(&self, new: &[String]) -> String {
        let line = self.lines[self.at];
        let kept = line.trim_end().len() - value_of(line).len();
        let head = format!("{}{}", line[..kept].trim_end(), self.lines.end);
        let mut lines = self.lines.clone();
        lines.all[self.at] = &head;
        insert(&lines, self.at + 1, new)
    }
}

/// What stands below `env`, moved below its `jobs`, with other keys behind it.
fn sort(lines: &Lines<'_>, at: usize, inner: Block, step: usize, new: &[String]) -> String {
    let base = " ".repeat(indent(lines[at]));
    let mut text = lines[..=at].concat();
    if !text.ends_with('\n') {
        text.push_str(lines.end);
    }
    let pad = " ".repeat(step);
    text.push_str(&format!("{base}{pad}jobs:{}", lines.end));
    let end = lines.behind(inner.end);
    for line in &lines[at + 1..end] {
        if !line.trim().is_empty() {
            text.push_str(&pad);
        }
        text.push_str(line);
    }
    if !text.ends_with('\n') {
        text.push_str(lines.end);
    }
    for line in new {
        text.push_str(&format!("{base}{line}{}", lines.end));
    }
    text + &lines[end..].concat()
}

/// Variables written as keys, made the first item of a list: a map that holds an encrypted value
/// holds nothing else.
fn listed(lines: &Lines<'_>, inner: Block, new: &[String]) -> String {
    let end = lines.behind(inner.end);
    let (base, mut text) = (" ".repeat(inner.indent), lines[..inner.first].concat());
    for (at, line) in (inner.first..end).map(|at| (at, lines[at])) {
        let inside = if at == inner.first { "- " } else { "  " };
        match line.strip_prefix(&base) {
            Some(rest) if !rest.trim().is_empty() => {
                text.push_str(&format!("{base}{inside}{rest}"))
            }
            _ => text.push_str(line),
        }
    }
    if !text.ends_with('\n') {
        text.push_str(lines.end);
    }
    for line in new {
        text.push_str(&format!("{line}{}", lines.end));
    }
    text + &lines[end..].concat()
}

/// The lines of keys that are not there yet, and the value below them.
fn fresh(keys: &[String], list: bool, mut at: usize, step: usize, cipher: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for key in keys {
        lines.push(format!("{}{key}:", " ".repeat(at)));
        at += step;
    }
    lines.extend(leaf(list, at, cipher));
    lines
}

fn leaf(item: bool, at: usize, cipher: &str) -> Vec<String> {
    let dash = if item { "- " } else { "" };
    vec![format!("{}{dash}secure: \"{cipher}\"", " ".repeat(at))]
}

fn insert(lines: &Lines<'_>, at: usize, new: &[String]) -> String {
    let at = lines.behind(at);
    let mut text: String = lines[..at].concat();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push_str(lines.end);
    }
    for line in new {
        text.push_str(line);
        text.push_str(lines.end);
    }
    text.push_str(&lines[at..].concat());
    text
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn is_item(line: &str) -> bool {
    let line = line.trim();
    line == "-" || line.starts_with("- ")
}

/// The key of a line and what follows its colon.
fn key_of(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let (key, rest) = match line.chars().next()? {
        quote @ ('"' | '\'') => line[1..]
            .split_once(quote)
            .and_then(|(key, rest)| Some((key, rest.trim_start().strip_prefix(':')?)))?,
        _ => match line.split_once(": ").or_else(|| line.split_once(":\t")) {
            Some((key, rest)) => (key.trim_end(), rest),
            None => (line.strip_suffix(':')?.trim_end(), ""),
        },
    };
    Some((key, rest))
}

fn value_of(line: &str) -> &str {
    let rest = key_of(line).map_or("", |(_, rest)| rest).trim();
    if rest.starts_with('#') { "" } else { rest }
}

fn find(lines: &Lines<'_>, block: Block, key: &str) -> Option<usize> {
    (block.first..block.end).find(|at| {
        let line = lines[*at];
        lines.says(*at)
            && indent(line) == block.indent
            && !is_item(line)
            && key_of(line).is_some_and(|(known, _)| known == key)
    })
}

/// What stands below a key's line, if anything does.
fn below(lines: &Lines<'_>, at: usize, around: Block) -> Option<Block> {
    let first = (at + 1..around.end).find(|place| lines.says(*place))?;
    let inner = indent(lines[first]);
    // The items of a list may stand as far left as their key.
    let flush = inner == around.indent && is_item(lines[first]);
    if inner <= around.indent && !flush {
        return None;
    }
    let over = (first..around.end).find(|place| {
        let line = lines[*place];
        lines.says(*place)
            && (indent(line) < inner || (flush && indent(line) == inner && !is_item(line)))
    });
    Some(Block {
        first,
        end: end_of(lines, first, over.unwrap_or(around.end)),
        indent: inner,
    })
}

/// Behind the last line that says something.
fn end_of(lines: &Lines<'_>, first: usize, end: usize) -> usize {
    (first..end)
        .rev()
        .find(|at| lines.says(*at))
        .map_or(first, |at| at + 1)
}

/// How far the file indents.
fn step(lines: &Lines<'_>) -> usize {
    (0..lines.len())
        .filter(|at| lines.says(*at) && !is_item(lines[*at]))
        .map(|at| indent(lines[at]))
        .find(|indent| (1..=8).contains(indent))
        .unwrap_or(2)
}

/// Refuses what is not written as blocks of lines.
fn refuse_odd(lines: &Lines<'_>, block: Block, whose: &str) -> Result<(), String> {
    for (at, line) in (block.first..block.end).map(|at| (at, lines[at])) {
        let tab = line.trim_start_matches(' ').starts_with('\t');
        let here = lines.says(at) && indent(line) == block.indent;
        let flow = line.trim().starts_with(['{', '[']);
        let known = !flow && (is_item(line) || key_of(line).is_some());
        if lines.says(at) && (tab || indent(line) < block.indent || (here && !known)) {
            return Err(format!(
                "line {}: what stands in {whose} is not written as one key or item a line",
                at + 1
            ));
        }
    }
    Ok(())
}
