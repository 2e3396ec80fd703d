//! Which job may go to which worker.

use serde::{Deserialize, Serialize};

/// How a worker isolates a job, from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecutorKind {
    /// Runs nothing: for tests.
    Dummy,
    /// No isolation.
    Host,
    /// Linux namespaces.
    Namespace,
    /// A container engine.
    Container,
    /// A virtual machine.
    Vm,
}

impl ExecutorKind {
    /// The word used in rows and on wires.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dummy => "dummy",
            Self::Host => "host",
            Self::Namespace => "namespace",
            Self::Container => "container",
            Self::Vm => "vm",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Dummy,
            Self::Host,
            Self::Namespace,
            Self::Container,
            Self::Vm,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == word)
    }
}

/// What a job asks of a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirements {
    /// Operating system, as in `.travis.yml`: `linux`, `osx`, `windows`, `freebsd`.
    pub os: String,
    /// Processor architecture, as in `.travis.yml`: `amd64`, `arm64`, …
    pub arch: String,
    /// The weakest executor that may run it, as its repository's settings say.
    #[serde(default)]
    pub least_executor: Option<ExecutorKind>,
}

impl Requirements {
    /// Reads what a job's configuration asks for; Linux on amd64 where it says nothing, as in
    /// the original.
    #[must_use]
    pub fn of_config(config: &serde_json::Value) -> Self {
        let word = |key: &str, default: &str| {
            config
                .get(key)
                .and_then(serde_json::Value::as_str)
                .unwrap_or(default)
                .to_owned()
        };
        Self {
            os: word("os", "linux"),
            arch: word("arch", "amd64"),
            least_executor: None,
        }
    }
}

/// What a worker says of its machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    /// Operating system, in the words of `.travis.yml`.
    pub os: String,
    /// Processor architecture, in the words of `.travis.yml`.
    pub arch: String,
    /// The executor it uses for jobs.
    pub executor: ExecutorKind,
    /// The strongest executor that works on it: used where a job demands more.
    pub strongest: ExecutorKind,
}

/// Why a worker can't have a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mismatch {
    /// Another operating system.
    Os,
    /// Another architecture.
    Arch,
    /// It isolates jobs less than the job, its repository or the server demands.
    Executor,
    /// The repository is private, and its owner may not see it.
    Private,
    /// It has not passed the known-answer jobs that come first.
    Untested,
    /// Its owner does not lend it for this repository.
    NotWanted,
    /// Its owner lends nothing now.
    NotLent,
    /// It is shut out.
    Banned,
    /// It, its owner or its network spoke already: a second opinion comes from elsewhere.
    NotIndependent,
}

/// Whether a worker can run a job at all, busy or not.
///
/// # Errors
/// The first thing that does not fit.
pub fn may_run(job: &Requirements, worker: &Platform) -> Result<(), Mismatch> {
    if job.os != worker.os {
        return Err(Mismatch::Os);
    }
    if job.arch != worker.arch {
        return Err(Mismatch::Arch);
    }
    let strongest = worker.strongest.max(worker.executor);
    if job.least_executor.is_some_and(|least| strongest < least) {
        return Err(Mismatch::Executor);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fitting_platforms_are_offered_a_job() {
        let worker = Platform {
            os: "linux".into(),
            arch: "amd64".into(),
            executor: ExecutorKind::Namespace,
            strongest: ExecutorKind::Container,
        };
        let job = |config| Requirements::of_config(&config);
        assert_eq!(may_run(&job(serde_json::json!({})), &worker), Ok(()));
        assert_eq!(
            may_run(&job(serde_json::json!({"os": "osx"})), &worker),
            Err(Mismatch::Os)
        );
        assert_eq!(
            may_run(&job(serde_json::json!({"arch": "arm64"})), &worker),
            Err(Mismatch::Arch)
        );
        for (least, fits) in [
            (ExecutorKind::Namespace, Ok(())),
            (ExecutorKind::Container, Ok(())),
            (ExecutorKind::Vm, Err(Mismatch::Executor)),
        ] {
            let strict = Requirements {
                least_executor: Some(least),
                ..job(serde_json::json!({}))
            };
            assert_eq!(may_run(&strict, &worker), fits);
        }
    }
}
