//! A program of the owner's, as one at a desk runs it: every ten milliseconds a fixed piece of work
//! and a question over loopback.

use crate::samples::Samples;
use anyhow::Result;
use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_millis(10);
/// How long a piece of work takes on a machine that does nothing else.
const PIECE: Duration = Duration::from_millis(2);

/// Milliseconds that pieces of work and answers took.
#[derive(Debug, Default)]
pub struct Felt {
    work: Vec<f64>,
    answers: Vec<f64>,
}

impl Felt {
    pub fn extend(&mut self, more: Self) {
        self.work.extend(more.work);
        self.answers.extend(more.answers);
    }

    pub fn work(&self, share: f64) -> f64 {
        Samples::new(self.work.clone()).percentile(share)
    }

    pub fn answer(&self, share: f64) -> f64 {
        Samples::new(self.answers.clone()).percentile(share)
    }
}

/// Measures for so long, on a thread of its own.
pub async fn feel(span: Duration) -> Result<Felt> {
    tokio::task::spawn_blocking(move || measure(span)).await?
}

fn measure(span: Duration) -> Result<Felt> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let mut asking = TcpStream::connect(listener.local_addr()?)?;
    asking.set_nodelay(true)?;
    let (mut answering, _) = listener.accept()?;
    answering.set_nodelay(true)?;
    let answers = thread::spawn(move || {
        let mut question = [0; 64];
        while answering.read_exact(&mut question).is_ok() {
            if answering.write_all(&question).is_err() {
                break;
            }
        }
    });
    let rounds = rounds();
    let mut felt = Felt::default();
    let end = Instant::now() + span;
    while Instant::now() < end {
        thread::sleep(EVERY);
        let began = Instant::now();
        piece(rounds);
        felt.work.push(began.elapsed().as_secs_f64() * 1000.0);
        let asked = Instant::now();
        let mut answer = [7; 64];
        asking.write_all(&answer)?;
        asking.read_exact(&mut answer)?;
        felt.answers.push(asked.elapsed().as_secs_f64() * 1000.0);
    }
    drop(asking);
    let _ = answers.join();
    Ok(felt)
}

/// So many rounds take about [`PIECE`]; found once, so that all pieces are the same.
fn rounds() -> u32 {
    static ROUNDS: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    *ROUNDS.get_or_init(|| {
        let mut rounds = 1000;
        loop {
            let best = (0..5)
                .map(|_| {
                    let began = Instant::now();
                    piece(rounds);
                    began.elapsed()
                })
                .min();
            if best.is_some_and(|best| best >= PIECE) {
                return rounds;
            }
            rounds += rounds / 4;
        }
    })
}

fn piece(rounds: u32) {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for _ in 0..rounds {
        state ^= state >> 12;
        state ^= state << 25;
        state = state.wrapping_mul(0x2545_F491_4F6C_DD1D);
    }
    black_box(state);
}
