//! What `/proc/self/smaps` says.

/// A stretch of a file in memory. Lengths are in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mapping<'a> {
    pub(crate) start: usize,
    pub(crate) length: usize,
    pub(crate) writable: bool,
    pub(crate) private: bool,
    /// Empty when no file is behind it; what the kernel itself maps is in brackets.
    pub(crate) file: &'a str,
    /// Present in memory and mapped.
    pub(crate) resident: u64,
    /// Of these, pages that differ from the file's, or may.
    pub(crate) own: u64,
}

/// The mappings in a text of `smaps`. One that is not told in full is left out.
pub(crate) fn mappings(text: &str) -> Vec<Mapping<'_>> {
    let mut found = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(head) = head(line) else { continue };
        let (mut resident, mut own) = (None, None);
        while let Some(field) = lines.next_if(|line| self::head(line).is_none()) {
            resident = resident.or_else(|| size(field, "Rss:"));
            own = own.or_else(|| size(field, "Anonymous:"));
        }
        if let (Some(resident), Some(own)) = (resident, own) {
            found.push(Mapping {
                resident,
                own,
                ..head
            });
        }
    }
    found
}

/// `7f00-7f10 r-xp 00001000 fe:00 1234    /usr/lib/libc.so.6`
fn head(line: &str) -> Option<Mapping<'_>> {
    let mut rest = line;
    let mut word = || {
        let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
        rest = after.trim_start();
        word
    };
    let (start, end) = word().split_once('-')?;
    let start = usize::from_str_radix(start, 16).ok()?;
    let end = usize::from_str_radix(end, 16).ok()?;
    let rights = word();
    let (_offset, _device, _inode) = (word(), word(), word());
    Some(Mapping {
        start,
        length: end.checked_sub(start)?,
        writable: rights.contains('w'),
        private: rights.ends_with('p'),
        file: rest,
        resident: 0,
        own: 0,
    })
}

/// `Rss:                 152 kB`
fn size(line: &str, key: &str) -> Option<u64> {
    let number = line.strip_prefix(key)?.trim().strip_suffix(" kB")?;
    Some(number.parse::<u64>().ok()? * 1024)
}
