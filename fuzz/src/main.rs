//! `travis-fuzz [--seconds N] [--seed N] [TARGET…]`
//!
//! Each target runs in a process of its own, so that an overflowing stack ends only that one. The
//! process notes each case's number before it begins; the one that watches makes the case again
//! from it, writes it down, and goes on behind it.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use travis_fuzz::target::{Target, limit};

/// After so many findings a target is left.
const MOST_FINDINGS: usize = 20;
/// A case that takes so many times its limit hangs.
const HANGS: u32 = 10;
/// How often is looked whether a process hangs.
const LOOK: Duration = Duration::from_millis(200);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let result = match words.first().map(String::as_str) {
        Some("--child") => child(&words[1..]),
        _ => parent(&words),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

struct Options {
    seconds: u64,
    seed: u64,
    targets: Vec<Target>,
}

fn options(words: &[String]) -> Result<Options, String> {
    let mut options = Options {
        seconds: 60,
        seed: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |time| time.as_secs()),
        targets: Vec::new(),
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut number = || {
            words
                .next()
                .and_then(|word| word.parse().ok())
                .ok_or(format!("{word} needs a number"))
        };
        match word.as_str() {
            "--seconds" => options.seconds = number()?,
            "--seed" => options.seed = number()?,
            name => options.targets.push(Target::find(name).ok_or(format!(
                "there is no target {name}; there are config, condition, script"
            ))?),
        }
    }
    if options.targets.is_empty() {
        options.targets = Target::ALL.to_vec();
    }
    Ok(options)
}

fn parent(words: &[String]) -> Result<ExitCode, String> {
    let options = options(words)?;
    let mut findings = 0;
    for target in options.targets {
        findings += watch(target, options.seconds, options.seed)
            .map_err(|error| format!("{}: {error}", target.name()))?;
    }
    Ok(if findings == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Runs one target for so long; the number of findings.
fn watch(target: Target, seconds: u64, seed: u64) -> io::Result<usize> {
    let corpus = target.corpus();
    let note = std::env::temp_dir().join(format!("travis-fuzz-{}", std::process::id()));
    let ends = Instant::now() + Duration::from_secs(seconds);
    let (mut next, mut findings) = (0, 0);
    while Instant::now() < ends && findings < MOST_FINDINGS {
        fs::write(&note, next.to_string())?;
        let left = ends.saturating_duration_since(Instant::now()).as_secs();
        let mut process = Command::new(std::env::current_exe()?)
            .args(["--child", target.name(), &left.to_string()])
            .args([&seed.to_string(), &next.to_string()])
            .arg(&note)
            .spawn()?;
        let how = wait(&mut process, &note, |number| {
            limit(&target.case(&corpus, seed, number)) * HANGS
        })?;
        next = read_note(&note)? + 1;
        if let Some(how) = how {
            findings += 1;
            let input = target.case(&corpus, seed, next - 1);
            let path = write_down(target, seed, next - 1, &input)?;
            println!("{}: {how}; the input is {}", target.name(), path.display());
        }
    }
    let _ = fs::remove_file(&note);
    println!(
        "{:<10} {next} cases in {seconds} s from seed {seed}: {}",
        target.name(),
        match findings {
            0 => "nothing found".to_owned(),
            number => format!("{number} found"),
        }
    );
    Ok(findings)
}

/// Waits for a process; how it failed, if it did.
fn wait(
    process: &mut Child,
    note: &Path,
    patience: impl Fn(u64) -> Duration,
) -> io::Result<Option<String>> {
    let mut last = (read_note(note)?, Instant::now());
    loop {
        if let Some(status) = process.try_wait()? {
            return Ok(match status.code() {
                Some(0) => None,
                Some(1) => Some("it failed".to_owned()),
                _ => Some(format!("the process ended with {status}")),
            });
        }
        std::thread::sleep(LOOK);
        let number = read_note(note)?;
        if number != last.0 {
            last = (number, Instant::now());
        } else if last.1.elapsed() > patience(number) {
            process.kill()?;
            process.wait()?;
            return Ok(Some("it hangs".to_owned()));
        }
    }
}

fn read_note(note: &Path) -> io::Result<u64> {
    let mut text = String::new();
    File::open(note)?.read_to_string(&mut text)?;
    Ok(text.trim().parse().unwrap_or(0))
}

fn write_down(target: Target, seed: u64, number: u64, input: &str) -> io::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("regressions")
        .join(target.name());
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{seed}-{number}"));
    fs::write(&path, input)?;
    Ok(path)
}

/// Feeds cases from a number on until the time is over or one fails.
fn child(words: &[String]) -> Result<ExitCode, String> {
    let [target, seconds, seed, next, note] = words else {
        return Err("a child needs target, seconds, seed, number and file".to_owned());
    };
    let number = |text: &String| text.parse::<u64>().map_err(|error| error.to_string());
    let target = Target::find(target).ok_or("no such target")?;
    let (seconds, seed, mut next) = (number(seconds)?, number(seed)?, number(next)?);
    let note = File::options()
        .write(true)
        .open(note)
        .map_err(|error| error.to_string())?;
    let corpus = target.corpus();
    let ends = Instant::now() + Duration::from_secs(seconds);
    loop {
        // Of one length, so that a shorter number leaves nothing of a longer one.
        note.write_all_at(format!("{next:020}").as_bytes(), 0)
            .map_err(|error| error.to_string())?;
        if Instant::now() >= ends {
            return Ok(ExitCode::SUCCESS);
        }
        if let Err(problem) = target.feed(&target.case(&corpus, seed, next)) {
            eprintln!("{}: case {next}: {problem}", target.name());
            return Ok(ExitCode::FAILURE);
        }
        next += 1;
    }
}
