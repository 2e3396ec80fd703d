//! Memory of this process that the kernel may take back.
//!
//! A program that starts runs through code that it never needs again: the dynamic linker, the
//! command line, the search for what the machine can do, a sign-in. With each page of it the kernel
//! maps its neighbors, and they stay until memory gets short. Whoever lends a machine sees that as
//! memory in use. [`let_go_of_code`] gives these pages back; what is needed again comes back from the
//! page cache, page by page.
//!
//! This crate is the only one with `unsafe`, since giving memory back can't be expressed otherwise.

mod maps;

use maps::{Mapping, mappings};
use std::fs;
use std::io;
use std::path::Path;

/// Lets go of the pages of the program and its libraries: of their code and of what is only read.
/// Costs less than a millisecond, and about a microsecond for each page that is needed again.
///
/// Gives the bytes that were mapped in by then and are let go of.
///
/// # Errors
/// When `/proc` can't be read, or the kernel does not take the advice.
pub fn let_go_of_code() -> io::Result<u64> {
    let program = fs::read_link("/proc/self/exe")?;
    let text = fs::read_to_string("/proc/self/smaps")?;
    let mut bytes = 0;
    for mapping in mappings(&text) {
        if is_code(&mapping, &program) {
            let_go(&mapping)?;
            bytes += mapping.resident;
        }
    }
    Ok(bytes)
}

/// Whether a mapping is a part of the program or of a library that is the same as in its file.
fn is_code(mapping: &Mapping<'_>, program: &Path) -> bool {
    let path = Path::new(mapping.file);
    let library = path
        .file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.ends_with(".so") || name.contains(".so."));
    // What the dynamic linker wrote to is read-only afterwards too, but no longer the file's.
    !mapping.writable && mapping.private && mapping.own == 0 && (path == program || library)
}

#[expect(
    unsafe_code,
    reason = "there is no safe way to tell the kernel about memory"
)]
fn let_go(mapping: &Mapping<'_>) -> io::Result<()> {
    let start = std::ptr::with_exposed_provenance_mut(mapping.start);
    // SAFETY: the range is one whole mapping of a file, private and not writable, in which no page
    // differs from the file (`is_code`). Dropping its pages changes no byte: each is read from the
    // file again when it is next touched. The mapping is the program's or a loaded library's; these
    // are never unmapped or made writable while the program runs, so that nothing else can have come
    // into its place since the kernel listed it.
    unsafe { rustix::mm::madvise(start, mapping.length, rustix::mm::Advice::LinuxDontNeed) }?;
    Ok(())
}

#[cfg(test)]
mod tests;
