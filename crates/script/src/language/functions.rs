//! Picks functions out of files of bash: each begins at the margin with `name() {` and ends with
//! a `}` at the margin; the comment above it belongs to it.

/// One function with the comment above it.
struct Function<'t> {
    name: &'t str,
    text: &'t str,
}

/// Whether the file has a function of that name.
pub(super) fn defines(file: &str, name: &str) -> bool {
    parse(file).any(|function| function.name == name)
}

/// The functions that `calls` calls, directly or through others, in the order of the files.
pub(super) fn called(files: &[&str], calls: &str) -> String {
    let all: Vec<Function<'_>> = files.iter().copied().flat_map(parse).collect();
    let mut wanted = vec![false; all.len()];
    let mut open = vec![calls];
    while let Some(text) = open.pop() {
        for (function, wanted) in all.iter().zip(&mut wanted) {
            if !*wanted && mentions(text, function.name) {
                *wanted = true;
                open.push(function.text);
            }
        }
    }
    let mut result = String::new();
    for (function, wanted) in all.iter().zip(wanted) {
        if wanted {
            result.push('\n');
            result.push_str(function.text);
        }
    }
    result
}

/// Whether the name stands in the text as a word.
fn mentions(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(part) && !text[at + name.len()..].starts_with(part))
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
