//! Puts an encrypted value into the text of a `.travis.yml`. Every other byte stays, comments too,
//! so the text is read by its indentation and not taken apart. What can't be changed without
//! touching more is refused. Pure.

use std::fmt;

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

/// The text with the value in it.
pub(super) fn add(text: &str, place: &Place, cipher: &str) -> Result<String, String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let top = lines
        .iter()
        .position(|line| line.starts_with("---"))
        .filter(|at| lines[..*at].iter().all(|line| !says(line)))
        .map_or(0, |at| at + 1);
    let bottom = lines[top..]
        .iter()
        .position(|line| line.starts_with("---") || line.starts_with("..."))
        .map_or(lines.len(), |at| top + at);
    let mut block = Block {
        first: top,
        end: end_of(&lines, top, bottom),
        indent: lines[top..bottom]
            .iter()
            .find(|line| says(line))
            .map_or(0, |line| indent(line)),
    };
    let step = step(&lines);
    let mut parent = "the file".to_owned();
    for (depth, key) in place.0.iter().enumerate() {
        let last = depth + 1 == place.0.len();
        refuse_odd(&lines, block, &parent)?;
        let Some(at) = find(&lines, block, key) else {
            let new = fresh(
                &place.0[depth..],
                place.is_env(),
                block.indent,
                step,
                cipher,
            );
            return Ok(insert(&lines, block.end, &new));
        };
        let inner = below(&lines, at, block);
        let value = value_of(lines[at]);
        if !value.is_empty() {
            return Err(format!(
                "line {}: the value of {key} stands on the same line; write it below, indented",
                at + 1
            ));
        }
        if !last {
            // A key without anything below it gets what is missing.
            let Some(inner) = inner else {
                let new = fresh(
                    &place.0[depth + 1..],
                    place.is_env(),
                    block.indent + step,
                    step,
                    cipher,
                );
                return Ok(insert(&lines, at + 1, &new));
            };
            if is_item(lines[inner.first]) {
                return Err(format!(
                    "line {}: {key} is a list and has no key {}",
                    inner.first + 1,
                    place.0[depth + 1]
                ));
            }
            block = inner;
            parent.clone_from(key);
            continue;
        }
        return match inner {
            None => {
                let new = leaf(place.is_env(), block.indent + step, cipher);
                Ok(insert(&lines, at + 1, &new))
            }
            Some(inner) if is_item(lines[inner.first]) => {
                refuse_odd(&lines, inner, key)?;
                Ok(insert(&lines, inner.end, &leaf(true, inner.indent, cipher)))
            }
            Some(inner) if place.is_env() && find(&lines, inner, "secure").is_none() => {
                refuse_odd(&lines, inner, key)?;
                Ok(insert(
                    &lines,
                    inner.end,
                    &leaf(false, inner.indent, cipher),
                ))
            }
            Some(inner) => Err(format!(
                "line {}: {place} has a value already; remove it first",
                inner.first + 1
            )),
        };
    }
    Err("no place is named".to_owned())
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

fn insert(lines: &[&str], at: usize, new: &[String]) -> String {
    let end = if lines.first().is_some_and(|line| line.ends_with("\r\n")) {
        "\r\n"
    } else {
        "\n"
    };
    let mut text: String = lines[..at].concat();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push_str(end);
    }
    for line in new {
        text.push_str(line);
        text.push_str(end);
    }
    text.push_str(&lines[at..].concat());
    text
}

/// Whether a line is more than space and a comment.
fn says(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with('#')
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

fn find(lines: &[&str], block: Block, key: &str) -> Option<usize> {
    (block.first..block.end).find(|at| {
        let line = lines[*at];
        says(line)
            && indent(line) == block.indent
            && !is_item(line)
            && key_of(line).is_some_and(|(known, _)| known == key)
    })
}

/// What stands below a key's line, if anything does.
fn below(lines: &[&str], at: usize, around: Block) -> Option<Block> {
    let first = (at + 1..around.end).find(|place| says(lines[*place]))?;
    let inner = indent(lines[first]);
    // The items of a list may stand as far left as their key.
    let flush = inner == around.indent && is_item(lines[first]);
    if inner <= around.indent && !flush {
        return None;
    }
    let over = (first..around.end).find(|place| {
        let line = lines[*place];
        says(line) && (indent(line) < inner || (flush && indent(line) == inner && !is_item(line)))
    });
    Some(Block {
        first,
        end: end_of(lines, first, over.unwrap_or(around.end)),
        indent: inner,
    })
}

/// Behind the last line that says something.
fn end_of(lines: &[&str], first: usize, end: usize) -> usize {
    (first..end)
        .rev()
        .find(|at| says(lines[*at]))
        .map_or(first, |at| at + 1)
}

/// How far the file indents.
fn step(lines: &[&str]) -> usize {
    lines
        .iter()
        .filter(|line| says(line) && !is_item(line))
        .map(|line| indent(line))
        .find(|indent| (1..=8).contains(indent))
        .unwrap_or(2)
}

/// Refuses what is not written as blocks of lines.
fn refuse_odd(lines: &[&str], block: Block, whose: &str) -> Result<(), String> {
    for (at, line) in (block.first..block.end).map(|at| (at, lines[at])) {
        let tab = line.trim_start_matches(' ').starts_with('\t');
        let here = says(line) && indent(line) == block.indent;
        let flow = line.trim().starts_with(['{', '[']);
        let known = !flow && (is_item(line) || key_of(line).is_some());
        if says(line) && (tab || indent(line) < block.indent || (here && !known)) {
            return Err(format!(
                "line {}: what stands in {whose} is not written as one key or item a line",
                at + 1
            ));
        }
    }
    Ok(())
}
