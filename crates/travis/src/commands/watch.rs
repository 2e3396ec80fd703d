//! Waiting for a build by live events.

use super::target;
use crate::client::Client;
use crate::client::live::{Channel, Heard, Sequence};
use crate::failure::{Failure, Status};
use crate::output::live::{Block, fit};
use crate::output::state::State;
use crate::output::{Screen, first_line, plain, views, words};
use crate::session::Session;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use travis_api::live::ServerMessage;
use travis_api::v3::{Build, Job, Request};
use travis_model::Slug;

/// Without events the truth is looked up as often, in case they were lost.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// Running times grow on a terminal as often.
const REDRAW: Duration = Duration::from_secs(1);
/// The server has to confirm a subscription within this time.
const CONFIRM: Duration = Duration::from_secs(10);

/// Subscribes and waits until the server confirms it.
pub async fn listen(channel: &mut Channel, topic: &str) -> Result<(), Failure> {
    let confirmed = async {
        loop {
            match channel.next().await {
                Heard::Opened => channel.subscribe(topic.to_owned()).await,
                Heard::Message(ServerMessage::Subscribed { topic: heard, .. })
                    if heard == topic =>
                {
                    return Ok(());
                }
                Heard::Message(ServerMessage::Refused {
                    topic: heard,
                    reason,
                }) if heard == topic => {
                    return Err(Failure::new(
                        Status::NotAllowed,
                        format!("can't watch: {reason}"),
                    ));
                }
                Heard::Lost(error) => return Err(error.into()),
                Heard::Message(_) | Heard::Log { .. } | Heard::Broken { .. } => {}
            }
        }
    };
    timeout(CONFIRM, confirmed).await.unwrap_or_else(|_| {
        Err(Failure::new(
            Status::Server,
            "the server's live channel does not confirm what to watch",
        ))
    })
}

/// Why no build came of a request.
pub fn rejected(slug: &Slug, request: &Request) -> Failure {
    let reason = request.message.as_deref().unwrap_or("no reason was given");
    Failure::new(
        Status::Refused,
        format!("no build of {slug}: {}", plain(reason)),
    )
}

/// What is known so far.
struct Watch {
    slug: Slug,
    request: Request,
    build: Option<Build>,
    /// The truth has to be fetched.
    stale: bool,
    /// To be said beside the results.
    remarks: Vec<String>,
}

/// Waits for the build that comes of a request, shows it, and makes its state the exit code.
pub async fn run(
    session: &mut Session,
    client: &Client,
    mut channel: Channel,
    slug: &Slug,
    topic: String,
    request: Request,
) -> Result<Status, Failure> {
    let mut watch = Watch {
        slug: slug.clone(),
        request,
        build: None,
        stale: true,
        remarks: Vec::new(),
    };
    let mut display = Display::new(session);
    let mut sequence = Sequence::default();
    let start = Instant::now();
    let mut look_again = interval_at(start + LOOK_AGAIN, LOOK_AGAIN);
    let mut redraw = interval_at(start + REDRAW, REDRAW);
    look_again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    redraw.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        if watch.stale {
            let fetched = tokio::select! {
                fetched = watch.fetch(client) => fetched,
                () = &mut session.around.interrupt => {
                    display.leave(&mut session.screen, &watch)?;
                    return Ok(Status::Interrupted);
                }
            };
            match fetched {
                // The channel tells when the server is back; then it is fetched again.
                Err(failure) if failure.status == Status::Unreachable => {}
                fetched => fetched?,
            }
        }
        display.say(&mut session.screen, &mut watch.remarks)?;
        display.show(&mut session.screen, &watch)?;
        if let Some(build) = &watch.build
            && State::of(&build.state).is_final()
            && !watch.stale
        {
            break;
        }
        tokio::select! {
            heard = channel.next() => {
                watch.hear(heard, &channel, &topic, &mut sequence).await?;
                while let Some(heard) = channel.next_now() {
                    watch.hear(heard, &channel, &topic, &mut sequence).await?;
                }
            }
            _ = look_again.tick() => watch.stale = true,
            _ = redraw.tick(), if display.block.is_some() => {}
            () = &mut session.around.interrupt => {
                display.leave(&mut session.screen, &watch)?;
                return Ok(Status::Interrupted);
            }
        }
    }
    let Some(build) = watch.build else {
        return Err(Failure::new(Status::Server, "the build is gone"));
    };
    if session.is_json() {
        session.screen.json(&build)?;
    } else {
        let address = target::page(client, slug, Some(("builds", build.id)));
        display.end(&mut session.screen, &build, &address)?;
    }
    Ok(match State::of(&build.state) {
        State::Passed => Status::Passed,
        State::Failed => Status::Failed,
        State::Canceled => Status::Canceled,
        _ => Status::Errored,
    })
}

impl Watch {
    async fn fetch(&mut self, client: &Client) -> Result<(), Failure> {
        if self.build.is_none() {
            self.request = client.request_of(&self.slug, self.request.id).await?;
            if self.request.state == "rejected" && self.request.builds.is_empty() {
                return Err(rejected(&self.slug, &self.request));
            }
        }
        let id = match (&self.build, self.request.builds.first()) {
            (Some(build), _) => Some(build.id),
            (None, Some(build)) => Some(build.id),
            (None, None) => None,
        };
        if let Some(id) = id {
            let fetched = client.build(id).await?;
            // An event may have overtaken the answer; older news is not shown over newer.
            if self
                .build
                .as_ref()
                .is_none_or(|known| known.version <= fetched.version)
            {
                self.build = Some(fetched);
            }
        }
        self.stale = false;
        Ok(())
    }

    async fn hear(
        &mut self,
        heard: Heard,
        channel: &Channel,
        topic: &str,
        sequence: &mut Sequence,
    ) -> Result<(), Failure> {
        match heard {
            Heard::Opened => {
                channel.subscribe(topic.to_owned()).await;
                self.stale = true;
            }
            Heard::Broken { reason } => {
                let reason = plain(&reason);
                self.remarks
                    .push(format!("connection lost ({reason}); trying again"));
            }
            Heard::Lost(error) => return Err(error.into()),
            Heard::Log { .. } => {}
            Heard::Message(message) => {
                if sequence.missed(&message) {
                    self.stale = true;
                }
                if let ServerMessage::Event { event, data, .. } = message {
                    match data {
                        Some(data) => self.take(&data),
                        // Too large to be sent: of what kind it is, its name says.
                        None => self.stale |= !event.starts_with("repository:"),
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes over what an event carries.
    fn take(&mut self, data: &serde_json::Value) {
        match data.get("@type").and_then(serde_json::Value::as_str) {
            Some("request") => {
                let id = data.get("id").and_then(serde_json::Value::as_i64);
                self.stale |= id == Some(self.request.id);
            }
            Some("build") => self.take_build(data),
            Some("job") => self.take_job(data),
            _ => {}
        }
    }

    fn take_build(&mut self, data: &serde_json::Value) {
        let Some(known) = &mut self.build else {
            // Perhaps it is the one that is waited for; the request knows.
            self.stale = true;
            return;
        };
        if data.get("id").and_then(serde_json::Value::as_i64) != Some(known.id) {
            return;
        }
        let Ok(mut new) = serde_json::from_value::<Build>(data.clone()) else {
            self.stale = true;
            return;
        };
        if new.version < known.version {
            return;
        }
        // The end is looked up, so that what is shown last is the whole truth.
        self.stale |= State::of(&new.state).is_final();
        if new.jobs.is_none() {
            new.jobs = known.jobs.take();
        }
        *known = new;
    }

    fn take_job(&mut self, data: &serde_json::Value) {
        let Some(build) = &mut self.build else {
            self.stale = true;
            return;
        };
        let of = data.get("build").and_then(|build| build.get("id"));
        if of.and_then(serde_json::Value::as_i64) != Some(build.id) {
            return;
        }
        let Ok(new) = serde_json::from_value::<Job>(data.clone()) else {
            self.stale = true;
            return;
        };
        if new.build.version > build.version {
            build.version = new.build.version;
            build.state.clone_from(&new.build.state);
            build.started_at.clone_from(&new.build.started_at);
            build.finished_at.clone_from(&new.build.finished_at);
            build.duration = new.build.duration;
            self.stale |= State::of(&build.state).is_final();
        }
        let known = build.jobs.iter_mut().flatten().find(|job| job.id == new.id);
        match known {
            Some(job) if job.version <= new.version => *job = new,
            Some(_) => {}
            None => self.stale = true,
        }
    }
}

/// How the watched build is shown: a block drawn in place on a terminal, else a line a change.
struct Display {
    quiet: bool,
    block: Option<Block>,
    /// What was said last of the build (0) and its jobs.
    said: HashMap<i64, State>,
    waiting: bool,
}

impl Display {
    fn new(session: &Session) -> Self {
        let quiet = session.is_json();
        Self {
            quiet,
            block: (session.screen.terminal && !quiet).then(Block::default),
            said: HashMap::new(),
            waiting: false,
        }
    }

    /// Says what stands beside the results, above the block.
    fn say(&mut self, screen: &mut Screen, remarks: &mut Vec<String>) -> Result<(), Failure> {
        if remarks.is_empty() {
            return Ok(());
        }
        if let Some(block) = &mut self.block {
            block.clear(screen)?;
        }
        for remark in remarks.drain(..) {
            screen.remark(&remark)?;
        }
        Ok(())
    }

    fn show(&mut self, screen: &mut Screen, watch: &Watch) -> Result<(), Failure> {
        if self.quiet {
            return Ok(());
        }
        if let Some(block) = &mut self.block {
            let lines = match &watch.build {
                None => vec![format!(
                    "{} {}",
                    State::Created.sign(screen.paint),
                    fit(
                        screen,
                        &format!("{}: the build is being prepared", watch.slug)
                    )
                )],
                Some(build) => {
                    let mut lines = vec![
                        views::headline(screen, build),
                        format!("  {}", fit(screen, &first_line(&build.message))),
                    ];
                    lines.extend(views::jobs(screen, build, screen.height.saturating_sub(4)));
                    lines
                }
            };
            block.draw(screen, lines)?;
            return Ok(());
        }
        let Some(build) = &watch.build else {
            if !std::mem::replace(&mut self.waiting, true) {
                screen.line(&format!("◌ {}: the build is being prepared", watch.slug))?;
            }
            return Ok(());
        };
        if self.said.insert(0, State::Created).is_none() {
            screen.line(&format!(
                "{} #{}: {}",
                plain(&build.repository.slug),
                plain(&build.number),
                first_line(&build.message)
            ))?;
        }
        for job in build.jobs.iter().flatten() {
            let state = State::of(&job.state);
            let known = self.said.insert(job.id, state);
            let worth = !matches!(state, State::Created | State::Queued | State::Received);
            if known == Some(state) || !worth {
                continue;
            }
            let time = views::job_seconds(screen, job)
                .filter(|_| state.is_final())
                .map(|seconds| format!(" in {}", words::duration(seconds)))
                .unwrap_or_default();
            let line = format!(
                "{} {} {}: {}{time}",
                state.sign(screen.paint),
                plain(&job.number),
                plain(&job.name),
                state.word()
            );
            screen.line(&line)?;
        }
        Ok(())
    }

    /// The build goes on without us.
    fn leave(&mut self, screen: &mut Screen, watch: &Watch) -> Result<(), Failure> {
        let name = match &watch.build {
            Some(build) => format!("{}#{}", watch.slug, plain(&build.number)),
            None => watch.slug.to_string(),
        };
        screen.remark(&format!(
            "\nNo longer watching; the build goes on.\n  Look at it: travis show {name}\n  Stop it: travis cancel {name}"
        ))?;
        Ok(())
    }

    fn end(&mut self, screen: &mut Screen, build: &Build, address: &str) -> Result<(), Failure> {
        if self.block.is_none() {
            screen.line(&views::headline(screen, build))?;
        }
        let broken = build.jobs.iter().flatten().find(|job| {
            matches!(State::of(&job.state), State::Failed | State::Errored) && !job.allow_failure
        });
        if let Some(job) = broken {
            screen.line(&format!(
                "  Why: travis logs {} {}",
                plain(&build.repository.slug),
                plain(&job.number)
            ))?;
        }
        screen.line(&format!("  {address}"))?;
        Ok(())
    }
}
