//! `travis logs`

use super::target::{self, Target, What};
use super::watch::listen;
use crate::cli::client::LogsArgs;
use crate::client::Client;
use crate::client::live::{Channel, Heard, Sequence};
use crate::failure::{Failure, Status};
use crate::output::log::LogWriter;
use crate::output::state::State;
use crate::output::{Screen, plain};
use crate::session::Session;
use futures_util::StreamExt as _;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use travis_api::live::ServerMessage;
use travis_api::v3::{Build, Job};

/// Without events the job is looked up as often, in case they were lost.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// When a job is over and its log has not moved at so many looks, no more of it comes.
const SILENT_LOOKS: u32 = 3;

/// Prints a log.
pub async fn run(args: &LogsArgs, session: &mut Session) -> Result<Status, Failure> {
    let wanted = Target::read(&args.target.target)?;
    let client = session.client()?;
    let slug = target::slug(session, &client, wanted.slug).await?;
    let job = match &wanted.what {
        What::Job(number) => target::job(&client, &slug, number).await?,
        What::Build(number) => {
            let build = target::build(&client, &slug, number).await?;
            telling_job(session, &client, &build).await?
        }
        What::Current => {
            let build = target::current_build(&client, &slug).await?;
            telling_job(session, &client, &build).await?
        }
    };
    let mut printer = if session.is_json() {
        Printer::None
    } else if args.raw {
        Printer::Raw
    } else {
        Printer::people(&session.screen)
    };
    if args.follow {
        let status = follow(session, &client, job.id, &mut printer).await?;
        if status != Status::Passed {
            return Ok(status);
        }
    } else if job.attempt.is_none() {
        return Err(
            Failure::not_found(format!("{slug} {} has printed nothing yet", job.number))
                .remedy(format!("Wait for it: travis logs {slug} {} -f", job.number)),
        );
    } else if !session.is_json() {
        let mut pieces = pin!(client.raw_log(job.id).await?);
        while let Some(piece) = pieces.next().await {
            printer.print(&mut session.screen, &piece?)?;
        }
        printer.finish(&mut session.screen)?;
    }
    if session.is_json() {
        let log = client.log(job.id).await?;
        session.screen.json(&log)?;
    }
    Ok(Status::Passed)
}

/// Of a build's jobs the one whose log tells most: the first that broke, else the first that
/// runs, else the first.
async fn telling_job(
    session: &mut Session,
    client: &Client,
    build: &Build,
) -> Result<Job, Failure> {
    let jobs = build.jobs.as_deref().unwrap_or_default();
    let among = |states: &[State], strict: bool| {
        jobs.iter()
            .find(|job| states.contains(&State::of(&job.state)) && !(strict && job.allow_failure))
    };
    let broken = [State::Failed, State::Errored];
    let chosen = among(&broken, true)
        .or_else(|| among(&[State::Started, State::Received], false))
        .or_else(|| among(&broken, false))
        .or_else(|| jobs.first());
    let Some(job) = chosen else {
        return Err(Failure::not_found(format!(
            "build {} of {} has no jobs yet",
            build.number, build.repository.slug
        ))
        .remedy(format!(
            "Look at it: travis show {}#{}",
            build.repository.slug, build.number
        )));
    };
    if jobs.len() > 1 {
        let state = State::of(&job.state);
        session.screen.remark(&format!(
            "log of {} ({}), one of {} jobs",
            plain(&job.number),
            state.word(),
            jobs.len()
        ))?;
    }
    Ok(client.job(job.id).await?)
}

/// Where the bytes of a log go.
enum Printer {
    /// Nowhere.
    None,
    /// As they are.
    Raw,
    /// For people.
    People(Box<LogWriter>),
}

impl Printer {
    fn people(screen: &Screen) -> Self {
        Self::People(Box::new(LogWriter::new(screen.paint, screen.terminal)))
    }

    fn print(&mut self, screen: &mut Screen, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Self::None => {}
            Self::Raw => screen.out.write_all(bytes)?,
            Self::People(writer) => screen.out.write_all(writer.push(bytes).as_bytes())?,
        }
        screen.out.flush()?;
        Ok(())
    }

    fn finish(&mut self, screen: &mut Screen) -> Result<(), Failure> {
        if let Self::People(writer) = self {
            screen.out.write_all(writer.finish().as_bytes())?;
        }
        screen.out.flush()?;
        Ok(())
    }
}

/// How far a log was followed.
struct Follow {
    job: i64,
    /// The attempt whose log is followed, and its number.
    attempt: Option<(i64, i64)>,
    /// Bytes printed of it.
    offset: u64,
    /// It is sealed.
    sealed: bool,
    /// The job as last known.
    known: Option<Job>,
    stale: bool,
    silent: u32,
}

async fn follow(
    session: &mut Session,
    client: &Client,
    job: i64,
    printer: &mut Printer,
) -> Result<Status, Failure> {
    let mut channel = Channel::open(client).await?;
    let topic = format!("job:{job}");
    listen(&mut channel, &topic).await?;
    let mut follow = Follow {
        job,
        attempt: None,
        offset: 0,
        sealed: false,
        known: None,
        stale: true,
        silent: 0,
    };
    let mut sequence = Sequence::default();
    let mut look_again = interval_at(Instant::now() + LOOK_AGAIN, LOOK_AGAIN);
    look_again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        if follow.stale {
            let screen = &mut session.screen;
            let looked = tokio::select! {
                looked = follow.look(screen, client, &channel, printer) => Some(looked),
                () = &mut session.around.interrupt => None,
            };
            match looked {
                None => return leave(session, printer),
                // The channel tells when the server is back; then it is looked up again.
                Some(Err(failure)) if failure.status == Status::Unreachable => {}
                Some(looked) => looked?,
            }
        }
        if follow.is_over() {
            printer.finish(&mut session.screen)?;
            if !follow.sealed && follow.attempt.is_some() {
                session.screen.remark("The log is not complete here.")?;
            }
            return Ok(Status::Passed);
        }
        tokio::select! {
            heard = channel.next() => {
                follow.hear(heard, &topic, &channel, &mut sequence, session, printer).await?;
            }
            _ = look_again.tick() => {
                follow.stale = true;
                follow.silent += 1;
            }
            () = &mut session.around.interrupt => return leave(session, printer),
        }
    }
}

/// The job goes on without us.
fn leave(session: &mut Session, printer: &mut Printer) -> Result<Status, Failure> {
    printer.finish(&mut session.screen)?;
    session
        .screen
        .remark("No longer following; the job goes on.")?;
    Ok(Status::Interrupted)
}

impl Follow {
    /// Fetches the job and follows the attempt that counts now.
    async fn look(
        &mut self,
        screen: &mut Screen,
        client: &Client,
        channel: &Channel,
        printer: &mut Printer,
    ) -> Result<(), Failure> {
        let job = client.job(self.job).await?;
        match (&job.attempt, self.attempt) {
            (None, _) => {
                let shown = self
                    .known
                    .as_ref()
                    .and_then(|job| job.waiting.as_ref())
                    .map(|waiting| waiting.code.as_str());
                if let Some(waiting) = &job.waiting
                    && shown != Some(waiting.code.as_str())
                {
                    screen.remark(&plain(&waiting.text))?;
                }
            }
            (Some(attempt), Some((known, _))) if attempt.id == known => {}
            (Some(attempt), before) => {
                if let Some((old, number)) = before {
                    channel.unsubscribe(format!("log:{old}")).await;
                    printer.finish(screen)?;
                    if matches!(printer, Printer::People(_)) {
                        *printer = Printer::people(screen);
                    }
                    screen.remark(&format!(
                        "Attempt {number} is over; attempt {} follows.",
                        attempt.number
                    ))?;
                }
                self.attempt = Some((attempt.id, attempt.number));
                self.offset = 0;
                self.sealed = false;
                self.silent = 0;
                self.subscribe(channel).await;
            }
        }
        self.known = Some(job);
        self.stale = false;
        Ok(())
    }

    async fn subscribe(&self, channel: &Channel) {
        if let Some((attempt, _)) = self.attempt {
            channel
                .subscribe(format!("log:{attempt}@{}", self.offset))
                .await;
        }
    }

    async fn hear(
        &mut self,
        heard: Heard,
        topic: &str,
        channel: &Channel,
        sequence: &mut Sequence,
        session: &mut Session,
        printer: &mut Printer,
    ) -> Result<(), Failure> {
        match heard {
            Heard::Opened => {
                channel.subscribe(topic.to_owned()).await;
                self.subscribe(channel).await;
                self.stale = true;
            }
            Heard::Broken { reason } => {
                let reason = plain(&reason);
                session
                    .screen
                    .remark(&format!("connection lost ({reason}); trying again"))?;
            }
            Heard::Lost(error) => return Err(error.into()),
            Heard::Log {
                attempt,
                offset,
                bytes,
            } => {
                if self.attempt.is_none_or(|(followed, _)| followed != attempt) {
                    return Ok(());
                }
                self.silent = 0;
                if offset > self.offset {
                    // Bytes are missing in between: ask for them again.
                    channel.unsubscribe(format!("log:{attempt}")).await;
                    self.subscribe(channel).await;
                    return Ok(());
                }
                let known = usize::try_from(self.offset - offset).unwrap_or(usize::MAX);
                if let Some(new) = bytes.get(known..) {
                    printer.print(&mut session.screen, new)?;
                    self.offset += new.len() as u64;
                }
            }
            Heard::Message(message) => {
                self.stale |= sequence.missed(&message);
                match message {
                    ServerMessage::LogEnd { attempt, length }
                        if self
                            .attempt
                            .is_some_and(|(followed, _)| followed == attempt) =>
                    {
                        self.sealed = self.offset >= length;
                        self.stale = true;
                        if !self.sealed {
                            channel.unsubscribe(format!("log:{attempt}")).await;
                            self.subscribe(channel).await;
                        }
                    }
                    ServerMessage::Event { topic: place, .. } if place == topic => {
                        self.stale = true;
                    }
                    ServerMessage::Refused { topic, reason } if topic.starts_with("log:") => {
                        return Err(Failure::new(
                            Status::NotAllowed,
                            format!("can't follow the log: {}", plain(&reason)),
                        ));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// The job is over and all of its log is printed, or no more of it comes.
    fn is_over(&self) -> bool {
        let Some(job) = &self.known else {
            return false;
        };
        if self.stale || !State::of(&job.state).is_final() {
            return false;
        }
        let whole = job.attempt.as_ref().is_none_or(|attempt| {
            attempt.log_complete
                && attempt
                    .log_length
                    .is_some_and(|length| self.offset >= u64::try_from(length).unwrap_or(0))
        });
        whole || self.sealed || self.silent >= SILENT_LOOKS
    }
}
