//! Picks functions out of files of bash: each begins at the margin with `name() {` and ends with
//! a `}` at the margin; the comment above it belongs to it.

use std::collections::HashMap;

/// One function with the comment above it.
struct Function<'t> {
    name: &'t str,
    text: &'t str,
}

/// Whether the file has a function of that name.
pub(crate) fn defines(file: &str, name: &str) -> bool {
    parse(file).any(|function| function.name == name)
}

/// The functions that `calls` calls, directly or through others, in the order of the files; with
/// what stands above the first one of a file.
pub(crate) fn called<S: AsRef<str>>(files: &[S], calls: &str) -> String {
    let files = || files.iter().map(|file| split(file.as_ref()));
    let all: Vec<Function<'_>> = files()
        .flat_map(|(_, functions)| parse(functions))
        .collect();
    let mut named: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut begins = [false; 256];
    for (index, function) in all.iter().enumerate() {
        named.entry(function.name).or_default().push(index);
        begins[usize::from(first_byte(function.name))] = true;
    }
    let mut wanted = vec![false; all.len()];
    let mut open = vec![calls];
    while let Some(text) = open.pop() {
        // Most words begin as no function does.
        let found = words(text)
            .filter(|word| begins[usize::from(first_byte(word))])
            .filter_map(|word| named.get(word));
        for index in found.flatten() {
            if !std::mem::replace(&mut wanted[*index], true) {
                open.push(all[*index].text);
            }
        }
    }
    let mut result = String::new();
    let mut functions = all.iter().zip(wanted);
    for (head, file) in files() {
        let count = parse(file).count();
        let mut has_any = false;
        for (function, _) in functions.by_ref().take(count).filter(|(_, wanted)| *wanted) {
            if !has_any && !head.is_empty() {
                result.push('\n');
                result.push_str(head);
            }
            has_any = true;
            if !result.ends_with("\n\n") {
                result.push('\n');
            }
            result.push_str(function.text);
        }
    }
    result
}

/// What stands above the first function and its comment, and the rest.
fn split(file: &str) -> (&str, &str) {
    let mut at = 0;
    let mut start = 0;
    for line in file.split_inclusive('\n') {
        if line.trim_end().ends_with("() {") && !line.starts_with(' ') {
            break;
        }
        at += line.len();
        if !line.starts_with('#') {
            start = at;
        }
    }
    file.split_at(start)
}

/// The words of a text, as the shell's names are made.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}

fn first_byte(word: &str) -> u8 {
    word.bytes().next().unwrap_or_default()
}

fn parse(file: &str) -> impl Iterator<Item = Function<'_>> {
    let mut rest = file;
    std::iter::from_fn(move || {
        let end = rest.find("\n}\n")? + 3;
        let (text, after) = rest.split_at(end);
        rest = after;
        let text = text.trim_start();
        let head = text.lines().find(|line| line.ends_with("() {"))?;
        Some(Function {
            name: head.trim_end_matches("() {"),
            text,
        })
    })
}
