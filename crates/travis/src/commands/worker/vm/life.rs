//! One life of the machine, from its start to its end.

use super::machine::{Accelerator, CREDENTIALS, Machine};
use super::{monitor, screen};
use crate::failure::{Failure, Status};
use crate::session::Session;
use std::fs;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

/// How long QEMU may take to end after its last word.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long QEMU may take to answer its monitor.
const STARTING: Duration = Duration::from_secs(30);
/// The kernel's first words come within seconds where KVM works; where it hangs, never.
const SIGN_OF_LIFE: Duration = Duration::from_secs(45);
/// What every start of the machine says on its serial line.
const ALIVE: &str = "Travis worker";
/// How long the machine may take to shut down.
const GOODBYE: Duration = Duration::from_secs(120);
/// Text without a line's end for so long is a question.
const QUESTION: Duration = Duration::from_millis(300);

/// How it ended.
pub enum End {
    /// QEMU ended.
    Exited(ExitStatus),
    /// It said nothing where it should have spoken.
    Silent,
}

/// One life of the machine. Its serial line is this terminal: lines go both ways.
///
/// # Errors
/// When QEMU can't be started or the terminal can't be written to.
pub async fn live(
    machine: &Machine,
    place: &Path,
    (first, second): &(CancellationToken, CancellationToken),
    session: &mut Session,
) -> Result<End, Failure> {
    let listening = monitor::Listening::open(place)?;
    let (program, arguments) = machine.command();
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(place)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // Ctrl-C on this terminal is for us, who then press the machine's power button.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let (Some(mut line), Some(mut typing)) = (child.stdout.take(), child.stdin.take()) else {
        return Err(Failure::new(Status::Io, "QEMU has no serial line"));
    };
    let mut typed = typed_bytes();
    let mut lines = screen::Lines::default();
    let mut buffer = vec![0_u8; 4096];
    let mut alive = machine.accelerator == Accelerator::Emulation;
    let silence = tokio::time::sleep(SIGN_OF_LIFE);
    tokio::pin!(silence);
    let ready = listening.greeted(STARTING);
    tokio::pin!(ready);
    let mut is_ready = false;
    let mut button = None;
    let mut leaving = false;
    session.screen.remark(&format!(
        "Starting a machine with {} cores and {} MiB of memory. Ctrl-C shuts it down.",
        machine.cores, machine.memory_mib
    ))?;
    loop {
        tokio::select! {
            count = line.read(&mut buffer) => {
                let count = count?;
                if count == 0 {
                    let status = ended(&mut child).await?;
                    return Ok(End::Exited(status));
                }
                for text in lines.feed(buffer.get(..count).unwrap_or_default()) {
                    alive |= text.contains(ALIVE);
                    session.screen.line(&text)?;
                }
            }
            // A question has no line's end.
            () = tokio::time::sleep(QUESTION), if lines.is_waiting() => {
                if let Some(text) = lines.take() {
                    session.screen.line(&text)?;
                }
            }
            Some(bytes) = typed.recv() => {
                typing.write_all(&bytes).await?;
            }
            done = &mut ready, if !is_ready => {
                is_ready = true;
                if let Ok(monitor) = done {
                    // QEMU has read them.
                    fs::remove_dir_all(place.join(CREDENTIALS))?;
                    button = Some(monitor);
                }
            }
            () = &mut silence, if !alive => {
                kill(&mut child).await?;
                return Ok(End::Silent);
            }
            () = first.cancelled(), if !leaving => {
                leaving = true;
                session.screen.remark("Shutting the machine down; what it builds goes back to the server. Ctrl-C once more turns it off.")?;
                let pressed = match &mut button {
                    Some(monitor) if alive => monitor.order("system_powerdown").await.is_ok(),
                    _ => false,
                };
                if !pressed {
                    kill(&mut child).await?;
                    return Ok(End::Exited(ExitStatus::default()));
                }
                silence.as_mut().reset(tokio::time::Instant::now() + GOODBYE);
                alive = false;
            }
            () = second.cancelled(), if leaving => {
                kill(&mut child).await?;
                return Ok(End::Exited(ExitStatus::default()));
            }
        }
    }
}

async fn ended(child: &mut Child) -> Result<ExitStatus, Failure> {
    match tokio::time::timeout(PATIENCE, child.wait()).await {
        Ok(status) => Ok(status?),
        Err(_) => kill(child).await,
    }
}

async fn kill(child: &mut Child) -> Result<ExitStatus, Failure> {
    child.start_kill()?;
    Ok(child.wait().await?)
}

/// What is typed here, for the machine's console. The thread ends with the process.
fn typed_bytes() -> tokio::sync::mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = tokio::sync::mpsc::channel(4);
    std::thread::spawn(move || {
        let mut line = String::new();
        while std::io::stdin()
            .read_line(&mut line)
            .is_ok_and(|count| count > 0)
        {
            if sender
                .blocking_send(std::mem::take(&mut line).into_bytes())
                .is_err()
            {
                return;
            }
        }
    });
    receiver
}
