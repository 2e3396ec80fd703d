//! The edit that would mend a message, before it is tried.

use std::cell::OnceCell;
use std::ops::Range;

use super::layout::{Layout, Pair, layout};
use super::place::Lines;
use super::{Edit, Message};

/// An edit that was not tried yet.
pub(super) struct Candidate {
    pub edit: Edit,
    /// The configuration says something else afterwards: a key is gone, or has another name.
    pub changes: bool,
}

/// Keys that say the opposite of another key.
const OPPOSITES: &[(&str, &str)] = &[
    ("no_promote", "promote"),
    ("no_stop_previous_version", "stop_previous_version"),
    ("skip_cleanup", "cleanup"),
    ("skip_upload_docs", "upload_docs"),
];

/// Makes edits for the messages on one file.
pub(super) struct Reader<'s> {
    source: &'s str,
    lines: Lines<'s>,
    /// Made when first asked for: most files need none.
    layout: OnceCell<Option<Layout>>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        Self {
            source,
            lines: Lines::new(source),
            layout: OnceCell::new(),
        }
    }

    fn layout(&self) -> Option<&Layout> {
        self.layout.get_or_init(|| layout(self.source)).as_ref()
    }

    pub(super) fn candidate(&self, message: &Message) -> Option<Candidate> {
        let text = |name: &str| message.args.get(name)?.as_str();
        let start = self.lines.offset(message.line?, message.column?)?;
        let same = |edit| Candidate {
            edit,
            changes: false,
        };
        match message.code {
            "alias_key" => self.respell(start, text("alias")?, text("key")?).map(same),
            "underscore_key" | "find_key" | "clean_key" | "strip_key" => self
                .respell(start, text("original")?, text("key")?)
                .map(same),
            "alias_value" => self
                .respell(start, text("alias")?, text("value")?)
                .map(same),
            "find_value" | "clean_value" => self
                .respell(start, text("original")?, text("value")?)
                .map(same),
            "downcase" => {
                let value = text("value")?;
                self.respell(start, value, &value.to_lowercase()).map(same)
            }
            "duplicate_key" => self.without_earlier(start).map(same),
            "unexpected_seq" => self.first_of_list(start).map(same),
            "deprecated_key" => Some(Candidate {
                edit: self.without_deprecated(start, text("key")?, text("info")?)?,
                changes: true,
            }),
            _ => None,
        }
    }

    /// Another word in the place of one. Only where the file really has the word there: what an
    /// alias or a repair has brought there is mended elsewhere.
    fn respell(&self, start: usize, old: &str, new: &str) -> Option<Edit> {
        let rest = self.source.get(start..)?;
        let quote = rest.chars().next().filter(|c| ['"', '\''].contains(c));
        let inner = quote.map_or(Some(rest), |quote| rest.strip_prefix(quote))?;
        let after = inner.strip_prefix(old)?;
        let ends = match quote {
            Some(quote) => after.starts_with(quote),
            None => !after.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-'),
        };
        let start = self.source.len() - inner.len();
        ends.then(|| self.lines.edit(start..start + old.len(), new.to_owned()))?
    }

    /// Without the key that a later one of the same name, at this place, overrides. Where both
    /// have contents of their own they were probably meant together, and a person has to join them.
    fn without_earlier(&self, start: usize) -> Option<Edit> {
        let layout = self.layout()?;
        let later = layout.pair(start)?;
        let name = self.name(later)?;
        let pairs = layout.maps.get(later.map)?;
        let mut earlier = pairs
            .iter()
            .take(later.index)
            .filter(|pair| self.name(pair) == Some(name));
        // Anchors of what is removed may be referred to; trying it finds that out.
        let (only, none) = (earlier.next()?, earlier.next());
        let text = |pair: &Pair| self.source.get(pair.value.clone()).map(str::trim);
        let is_single = !layout.is_collection(only) && name != "secure";
        let is_idle = is_single || text(only) == text(later);
        (none.is_none() && is_idle).then(|| self.removal(only))?
    }

    fn name(&self, pair: &Pair) -> Option<&str> {
        let key = self.source.get(pair.key.clone())?;
        Some(key.trim_matches(['"', '\'']))
    }

    /// The first value of a list in the place of the list.
    fn first_of_list(&self, start: usize) -> Option<Edit> {
        let layout = self.layout()?;
        let list = layout.list(start)?;
        let first = self.source.get(list.items.first()?.clone()?)?;
        let whole = self.source.get(list.whole.clone())?;
        if first.is_empty() || first.contains('\n') || whole.contains('#') {
            return None;
        }
        if list.is_flow {
            return self.lines.edit(list.whole.clone(), first.to_owned());
        }
        let pair = layout.pair_of_value(start)?;
        let colon = pair.key.end + self.source.get(pair.key.end..start)?.find(':')?;
        let between = self.source.get(colon + 1..start)?;
        // A list that is not indented begins behind its first dash.
        ["", "-"].contains(&between.trim()).then(|| {
            self.lines
                .edit(colon + 1..list.whole.end, format!(" {first}"))
        })?
    }

    fn without_deprecated(&self, start: usize, key: &str, info: &str) -> Option<Edit> {
        if info == "anchor on a non-private key" {
            let quoted = self.source.get(start..)?.starts_with(['"', '\'']);
            let start = start + usize::from(quoted);
            return self.lines.edit(start..start, "_".to_owned());
        }
        let layout = self.layout()?;
        let pair = layout.pair(start)?;
        let value = self.source.get(pair.value.clone())?;
        if key == "sudo" {
            return self.removal(pair);
        }
        if let Some((_, opposite)) = OPPOSITES.iter().find(|(old, _)| *old == key) {
            let value = match value {
                "true" => "false",
                "false" => "true",
                _ => return None,
            };
            let range = pair.key.start..pair.value.end;
            return self.lines.edit(range, format!("{opposite}: {value}"));
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
        if info.starts_with("use conditional") && !value.is_empty() && value.chars().all(is_plain) {
            let range = pair.key.start..pair.value.end;
            return self.lines.edit(range, format!("if: branch = {value}"));
        }
        None
    }

    /// Takes a key with its value out of its map, comments on other lines kept.
    fn removal(&self, pair: &Pair) -> Option<Edit> {
        let pairs = self.layout()?.maps.get(pair.map)?;
        let line = self.lines.start_of_line(pair.key.start);
        let before = self.source.get(line..pair.key.start)?;
        let end = self.lines.next_line(pair.value.end);
        let after = self.source.get(pair.value.end..end)?.trim();
        let is_last_on_line = after.is_empty() || after.starts_with('#');
        let next = pairs.get(pair.index + 1);
        if before.trim().is_empty() && is_last_on_line {
            // The last key of a section can not go without the section.
            let may_be_empty = pairs.len() > 1 || before.is_empty();
            return may_be_empty.then(|| self.lines.edit(line..end, String::new()))?;
        }
        let range: Range<usize> = match next {
            Some(next) => pair.key.start..next.key.start,
            None => pairs.get(pair.index.checked_sub(1)?)?.value.end..pair.value.end,
        };
        let has_comment = self.source.get(range.clone())?.contains('#');
        (!has_comment).then(|| self.lines.edit(range, String::new()))?
    }
}
