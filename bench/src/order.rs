//! `travis-bench --order FILE`: which functions an idle worker runs, as a linker script.
//!
//! The kernel maps a program's file in stretches of 16 pages around each page that is touched. What
//! a worker runs while it waits is half a megabyte of code; strewn over all of the program it brings
//! ten times as much into memory. The script puts it side by side. It names functions without the
//! hash at their end, so that it outlives changes of libraries and compilers; a name that no longer
//! exists does nothing.

use crate::bed::{Ground, Parts};
use anyhow::{Context as _, Result, ensure};
use nix::sys::ptrace;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// After this nothing of the start goes on.
const SETTLED: Duration = Duration::from_secs(40);
/// Several polls, and the slower looks at the machine.
const WATCHED: Duration = Duration::from_secs(150);
/// What one function may cost: as much as the kernel maps around it where it is alone.
const STRETCH: u64 = 64 * 1024;
/// The instruction that stops a thread.
const BREAKPOINT: u8 = 0xcc;

/// Functions at their addresses in the file: size and name.
type Symbols = BTreeMap<u64, (u64, String)>;

/// Watches a worker and writes the script.
pub async fn write(ground: &Ground, to: &Path) -> Result<()> {
    let symbols = symbols(&ground.travis)?;
    ensure!(
        !symbols.is_empty(),
        "{} has no names; `make order` builds one that has",
        ground.travis.display()
    );
    let parts = Parts::server(ground).await?;
    let worker = parts.worker(ground, "one", "namespace", 1).await?;
    tokio::time::sleep(SETTLED).await;
    let ran = watch(worker.pid(), &symbols, WATCHED)?;
    worker.stop().await?;
    parts.server.stop().await?;
    let text = script(&symbols, &ran);
    eprintln!("{} functions ran", ran.len());
    fs::write(to, text).with_context(|| format!("{} can't be written", to.display()))
}

fn symbols(program: &Path) -> Result<Symbols> {
    let output = Command::new("nm")
        .args(["--print-size", "--defined-only"])
        .arg(program)
        .output()
        .context("nm, from binutils, can't be run")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.lines().filter_map(symbol).collect())
}

/// `000000000085a1b0 00000000000001f3 t NAME`
fn symbol(line: &str) -> Option<(u64, (u64, String))> {
    let [address, size, kind, name] = line.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    matches!(kind, "t" | "T" | "w" | "W")
        .then_some((number(address)?, (number(size)?, name.to_owned())))
}

/// Puts a breakpoint at the start of every function, and takes each away when it is reached.
fn watch(worker: rustix::process::Pid, symbols: &Symbols, span: Duration) -> Result<HashSet<u64>> {
    let id = worker.as_raw_nonzero();
    let base = base(id.get())?;
    let memory = File::options()
        .read(true)
        .write(true)
        .open(format!("/proc/{id}/mem"))?;
    let mut tracer = Tracer {
        threads: BTreeSet::new(),
        base,
        first: HashMap::new(),
        ran: HashSet::new(),
        memory,
    };
    for entry in fs::read_dir(format!("/proc/{id}/task"))? {
        let thread = Pid::from_raw(entry?.file_name().to_string_lossy().parse()?);
        ptrace::seize(thread, ptrace::Options::PTRACE_O_TRACECLONE)?;
        tracer.threads.insert(thread);
    }
    tracer.stop_all()?;
    for address in symbols.keys() {
        let mut byte = [0];
        tracer.memory.read_exact_at(&mut byte, base + address)?;
        tracer.memory.write_all_at(&[BREAKPOINT], base + address)?;
        tracer.first.insert(*address, byte[0]);
    }
    tracer.go_on()?;
    let until = Instant::now() + span;
    while Instant::now() < until {
        match waitpid(None, Some(WaitPidFlag::__WALL | WaitPidFlag::WNOHANG))? {
            WaitStatus::StillAlive => std::thread::sleep(Duration::from_micros(200)),
            status => tracer.hear(status)?,
        }
    }
    tracer.stop_all()?;
    for (address, byte) in &tracer.first {
        tracer.memory.write_all_at(&[*byte], base + address)?;
    }
    for thread in &tracer.threads {
        ptrace::detach(*thread, None)?;
    }
    Ok(tracer.ran)
}

/// Where the program begins in the process's memory.
fn base(process: i32) -> Result<u64> {
    let program = fs::read_link(format!("/proc/{process}/exe"))?;
    let maps = fs::read_to_string(format!("/proc/{process}/maps"))?;
    let program = program.to_string_lossy();
    let line = maps.lines().find(|line| line.ends_with(&*program));
    let start = line.and_then(|line| line.split('-').next());
    let start = start.context("the program is not where it should be")?;
    Ok(u64::from_str_radix(start, 16)?)
}

/// All functions of one name: how many ran, and bytes.
#[derive(Default)]
struct Instances {
    ran: u64,
    bytes: u64,
    bytes_ran: u64,
}

struct Tracer {
    threads: BTreeSet<Pid>,
    base: u64,
    /// The byte that was where a breakpoint is.
    first: HashMap<u64, u8>,
    ran: HashSet<u64>,
    memory: File,
}

impl Tracer {
    fn stop_all(&mut self) -> Result<()> {
        let mut moving = self.threads.clone();
        for thread in &moving {
            ptrace::interrupt(*thread)?;
        }
        while !moving.is_empty() {
            let status = waitpid(None, Some(WaitPidFlag::__WALL))?;
            if let WaitStatus::PtraceEvent(thread, Signal::SIGTRAP, event) = status
                && event == nix::libc::PTRACE_EVENT_STOP
            {
                self.threads.insert(thread);
                moving.remove(&thread);
                continue;
            }
            self.hear(status)?;
            moving.retain(|thread| self.threads.contains(thread));
        }
        Ok(())
    }

    fn go_on(&self) -> Result<()> {
        for thread in &self.threads {
            ptrace::cont(*thread, None)?;
        }
        Ok(())
    }

    /// Lets a thread that stopped go on.
    fn hear(&mut self, status: WaitStatus) -> Result<()> {
        match status {
            WaitStatus::Stopped(thread, Signal::SIGTRAP) => {
                let mut registers = ptrace::getregs(thread)?;
                let address = registers.rip.wrapping_sub(1).wrapping_sub(self.base);
                if let Some(byte) = self.first.get(&address) {
                    self.memory.write_all_at(&[*byte], self.base + address)?;
                    self.ran.insert(address);
                    registers.rip -= 1;
                    ptrace::setregs(thread, registers)?;
                }
                ptrace::cont(thread, None)?;
            }
            WaitStatus::Stopped(thread, signal) => ptrace::cont(thread, signal)?,
            WaitStatus::PtraceEvent(thread, _, _) => {
                self.threads.insert(thread);
                ptrace::cont(thread, None)?;
            }
            WaitStatus::Exited(thread, _) | WaitStatus::Signaled(thread, _, _) => {
                self.threads.remove(&thread);
            }
            _ => {}
        }
        Ok(())
    }
}

/// One pattern a function, but for those of which so many instances exist that the script would
/// bring in more than it saves. Those that ran in all their instances stand first, closely packed.
fn script(symbols: &Symbols, ran: &HashSet<u64>) -> String {
    let mut all: HashMap<&str, Instances> = HashMap::new();
    for (address, (size, name)) in symbols {
        let one = all.entry(stem(name)).or_default();
        one.bytes += size;
        if ran.contains(address) {
            one.ran += 1;
            one.bytes_ran += size;
        }
    }
    let mut patterns: Vec<(u64, String)> = all
        .iter()
        .filter(|(_, all)| all.ran > 0 && all.bytes <= all.ran * STRETCH)
        .map(|(stem, all)| (all.bytes / all.bytes_ran.max(1), pattern(stem)))
        .collect();
    patterns.sort();
    patterns.dedup();
    let mut text = String::from(
        "/* What an idle worker runs, side by side: then it has less of the program in memory.\n   \
         Made by `make order`; build.rs hands it to the linker. */\nSECTIONS\n{\n  .text.idle :\n  {\n",
    );
    for (_, pattern) in patterns {
        let _ = writeln!(text, "    *({pattern})");
    }
    text.push_str("  }\n}\nINSERT BEFORE .text;\n");
    text
}

/// A function's name without what depends on the compiler's run.
fn stem(name: &str) -> &str {
    let name = name.split_once(".llvm.").map_or(name, |(name, _)| name);
    let hash = name.len().saturating_sub("17h0123456789abcdefE".len());
    match name.split_at_checked(hash) {
        Some((stem, hash)) if hash.starts_with("17h") && hash.ends_with('E') => stem,
        _ => name,
    }
}

/// What a linker script calls the section of a function.
fn pattern(stem: &str) -> String {
    // In a script, `$` is a part of names of its own.
    let stem = stem.replace('$', "?");
    if stem.starts_with("_ZN") {
        format!(".text.{stem}17h*")
    } else {
        let stem = without_hashes(&stem);
        format!(".text.{stem} .text.{stem}.llvm.*")
    }
}

/// `_RNvNtCsjrHSEGnQ3l9_3std3env` with a `*` for the hash of each crate, after `Cs`.
fn without_hashes(name: &str) -> String {
    if !name.starts_with("_R") {
        return name.to_owned();
    }
    let mut parts = name.split("Cs");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('_') {
            Some((hash, rest)) if (8..16).contains(&hash.len()) => {
                let _ = write!(text, "Cs*_{rest}");
            }
            _ => {
                let _ = write!(text, "Cs{part}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_loses_what_changes_from_build_to_build() {
        assert_eq!(
            stem("_ZN4http3uri3Uri4path17h0011223344556677E.llvm.123"),
            "_ZN4http3uri3Uri4path"
        );
        assert_eq!(stem("memcpy"), "memcpy");
        assert_eq!(
            pattern("_RNvNtCsjrHSEGnQ3l9_3std3env"),
            ".text._RNvNtCs*_3std3env .text._RNvNtCs*_3std3env.llvm.*"
        );
    }

    #[test]
    fn what_exists_many_times_over_is_left_where_it_is() {
        let line = |text| symbol(text).unwrap();
        let symbols = Symbols::from([
            line("0000000000001000 0000000000000100 t _ZN1a1b17h0011223344556677E"),
            line("0000000000002000 0000000000020000 t _ZN1a1b17h8899aabbccddeeffE"),
            line("0000000000003000 0000000000000100 T _ZN1c1d17h0011223344556677E"),
            line("0000000000004000 0000000000000100 T _ZN1e1f17h0011223344556677E"),
        ]);
        let text = script(&symbols, &HashSet::from([0x1000, 0x3000]));
        assert!(text.contains("*(.text._ZN1c1d17h*)"), "{text}");
        assert!(!text.contains("_ZN1a1b") && !text.contains("_ZN1e1f"));
    }
}
