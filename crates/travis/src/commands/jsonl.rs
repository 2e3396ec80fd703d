//! One JSON object a line in, one out, in the same order, on all processors.

use crate::failure::{Failure, Status};
use crate::session::{Input, Session};
use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A longer line is answered with an error.
const LONGEST_LINE: u64 = 16 << 20;
/// As much is read ahead.
const BUFFER: usize = 1 << 20;
/// So many lines are worked on together, when as many are there already.
const BATCH: usize = 512;

/// What a line may be.
type Line = Result<Value, String>;

/// Answers every line of standard input. Whoever writes a line and waits gets the answer before
/// the next one; lines that are there already are worked on side by side.
///
/// # Errors
/// When reading or writing fails. Bad lines are no failure: each is answered with what is wrong.
pub fn run(session: &mut Session, answer: fn(Value) -> Value) -> Result<Status, Failure> {
    let input: Box<dyn Read + Send> = match &mut session.around.input {
        Input::Stream(stream) => std::mem::replace(stream, Box::new(io::empty())),
        Input::Terminal => Box::new(io::stdin()),
    };
    let mut input = BufReader::with_capacity(BUFFER, input);
    loop {
        let lines = batch(&mut input)?;
        if lines.is_empty() {
            return Ok(Status::Passed);
        }
        for text in answers(lines, answer) {
            session.screen.out.write_all(text.as_bytes())?;
            session.screen.out.write_all(b"\n")?;
        }
        session.screen.out.flush()?;
    }
}

/// The next lines: one that is waited for, and those behind it that need no waiting.
fn batch(input: &mut BufReader<Box<dyn Read + Send>>) -> io::Result<Vec<Line>> {
    let mut lines = Vec::new();
    while lines.is_empty() || (lines.len() < BATCH && input.buffer().contains(&b'\n')) {
        let Some(line) = line(input)? else { break };
        lines.push(line);
    }
    Ok(lines)
}

fn line(input: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut bytes = Vec::new();
    let length = input
        .by_ref()
        .take(LONGEST_LINE)
        .read_until(b'\n', &mut bytes)?;
    if length == 0 {
        return Ok(None);
    }
    if bytes.last() != Some(&b'\n') && length as u64 == LONGEST_LINE {
        skip_line(input)?;
        return Ok(Some(Err("the line is longer than 16 MiB".to_owned())));
    }
    Ok(Some(serde_json::from_slice(&bytes).map_err(|error| {
        format!("the line is no JSON object: {error}")
    })))
}

fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(buffer.len(), |end| end + 1);
        input.consume(length);
        if end.is_some() || length == 0 {
            return Ok(());
        }
    }
}

fn answers(lines: Vec<Line>, answer: fn(Value) -> Value) -> Vec<String> {
    let one = |line: Line| match line {
        Ok(value) => answer(value).to_string(),
        Err(error) => json!({ "error": error }).to_string(),
    };
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(lines.len());
    if threads < 2 {
        return lines.into_iter().map(one).collect();
    }
    let next = AtomicUsize::new(0);
    let lines: Vec<_> = lines
        .into_iter()
        .map(|line| Mutex::new((Some(line), String::new())))
        .collect();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(cell) = lines.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // Nobody else takes this one; a lock is only how threads share it safely.
                    let Ok(mut cell) = cell.lock() else { return };
                    if let Some(line) = cell.0.take() {
                        cell.1 = one(line);
                    }
                }
            });
        }
    });
    lines
        .into_iter()
        .map(|cell| match cell.into_inner() {
            Ok((_, text)) => text,
            Err(broken) => broken.into_inner().1,
        })
        .collect()
}
