//! What is told after a commit: collected while a transaction runs, sent when it is durable.

use travis_bus::{Bus, Event, Subject, Wake};
use travis_model::{Build, DeliveryId, Job, JobState, RepositoryId, Request, UserId, WorkerId};

/// Events and wake-ups of one transaction.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    events: Vec<Event>,
    wakes: Vec<Wake>,
}

impl Changes {
    /// A job changed its state.
    pub fn job(&mut self, job: &Job) {
        self.events.push(Event {
            topics: vec![
                format!("repo:{}", job.repository_id),
                format!("job:{}", job.id),
                "repos".to_owned(),
            ],
            name: match job.state {
                JobState::Created => "job:created",
                JobState::Queued => "job:queued",
                JobState::Received => "job:received",
                JobState::Started => "job:started",
                JobState::Canceled => "job:canceled",
                _ => "job:finished",
            },
            subject: Subject::Job(job.id.get()),
        });
    }

    /// A build changed its state.
    pub fn build(&mut self, build: &Build) {
        self.events.push(Event {
            topics: vec![format!("repo:{}", build.repository_id), "repos".to_owned()],
            name: match build.state {
                JobState::Created | JobState::Queued => "build:created",
                JobState::Received => "build:received",
                JobState::Started => "build:started",
                JobState::Canceled => "build:canceled",
                _ => "build:finished",
            },
            subject: Subject::Build(build.id.get()),
        });
        self.repository(build.repository_id);
    }

    /// A repository, or which build it shows, changed.
    pub fn repository(&mut self, id: RepositoryId) {
        let event = Event {
            topics: vec![format!("repo:{id}"), "repos".to_owned()],
            name: "repository:changed",
            subject: Subject::Repository(id.get()),
        };
        if !self.events.contains(&event) {
            self.events.push(event);
        }
    }

    /// A request came or was decided.
    pub fn request(&mut self, request: &Request) {
        self.events.push(Event {
            topics: vec![format!("repo:{}", request.repository_id)],
            name: "request:changed",
            subject: Subject::Request(request.id.get()),
        });
    }

    /// A hook's message came, or something came of it. One of which the repository is not known
    /// yet is told to nobody.
    pub fn delivery(&mut self, repository: Option<RepositoryId>, id: DeliveryId) {
        if let Some(repository) = repository {
            self.events.push(Event {
                topics: vec![format!("repo:{repository}")],
                name: "delivery:changed",
                subject: Subject::Delivery(id.get()),
            });
        }
    }

    /// Something in a repository's settings changed that the repository itself does not show:
    /// its crons, variables, key or caches. Whoever shows it fetches it.
    pub fn settings(&mut self, id: RepositoryId) {
        let event = Event {
            topics: vec![format!("repo:{id}")],
            name: "settings:changed",
            subject: Subject::Settings(id.get()),
        };
        if !self.events.contains(&event) {
            self.events.push(event);
        }
    }

    /// A worker changed, or what it does.
    pub fn worker(&mut self, id: WorkerId) {
        let event = Event {
            topics: vec!["workers".to_owned(), format!("worker:{id}")],
            name: "worker:changed",
            subject: Subject::Worker(id.get()),
        };
        if !self.events.contains(&event) {
            self.events.push(event);
        }
    }

    /// A worker's use of its machine changed, which its own page alone shows.
    pub fn worker_usage(&mut self, id: WorkerId) {
        self.events.push(Event {
            topics: vec![format!("worker:{id}")],
            name: "worker:changed",
            subject: Subject::Worker(id.get()),
        });
    }

    /// A person's account changed, or how far their synchronisation is. Told to them alone.
    pub fn user(&mut self, id: UserId) {
        self.events.push(Event {
            topics: vec![format!("user:{id}")],
            name: "user:changed",
            subject: Subject::User(id.get()),
        });
    }

    /// Somebody has to look somewhere.
    pub fn wake(&mut self, wake: Wake) {
        if !self.wakes.contains(&wake) {
            self.wakes.push(wake);
        }
    }

    /// Tells everybody. Only after the commit.
    pub fn send(self, bus: &dyn Bus) {
        for wake in self.wakes {
            bus.wake(wake);
        }
        for event in self.events {
            bus.publish(event);
        }
    }
}
