//! What is fed, and what has to hold.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use serde_json::{Map, Value, json};
use travis_config::conditions::{Condition, Data, DataJudge, data_of};
use travis_config::{Plan, PlanContext, branch_included, plan_with};
use travis_script::{EnvVar, JobInput};

use crate::corpus::{self, Corpus};
use crate::mutate::mutate;
use crate::random::Random;

/// Something that reads input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A file to its jobs.
    Config,
    /// A condition, read, printed, read again and judged.
    Condition,
    /// The jobs of a file, and jobs that no file asks for, to their scripts.
    Script,
}

/// The time for each begun 100 KiB of input.
pub const TIME_PER_PIECE: Duration = Duration::from_secs(1);
/// 100 KiB.
const PIECE: usize = 100 * 1024;

impl Target {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Config, Self::Condition, Self::Script];

    /// Its name on the command line and of its folder of regressions.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Condition => "condition",
            Self::Script => "script",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.name() == name)
    }

    /// What its cases start from.
    #[must_use]
    pub fn corpus(self) -> Corpus {
        match self {
            Self::Config | Self::Script => corpus::configs(),
            Self::Condition => corpus::conditions(),
        }
    }

    /// The input of one case.
    #[must_use]
    pub fn case(self, corpus: &Corpus, seed: u64, number: u64) -> String {
        let mut random = Random::of_case(seed, number);
        let text = random.pick(&corpus.texts).cloned().unwrap_or_default();
        mutate(&text, corpus.words, &corpus.texts, &mut random)
    }

    /// Feeds one input.
    ///
    /// # Errors
    /// When something broke: a panic, a rule that does not hold, or too long a time.
    pub fn feed(self, input: &str) -> Result<(), String> {
        let begun = worked();
        let work = || match self {
            Self::Config => config(input).map(drop),
            Self::Condition => condition(input),
            Self::Script => script(input),
        };
        let result = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied());
            Err(format!("it panicked: {}", text.unwrap_or("(no text)")))
        });
        result?;
        let (took, limit) = (worked().saturating_sub(begun), limit(input));
        if took > limit {
            return Err(format!(
                "it took {took:.1?} for {} bytes; {limit:?} is the limit",
                input.len()
            ));
        }
        Ok(())
    }
}

/// How long an input may take.
#[must_use]
pub fn limit(input: &str) -> Duration {
    let pieces = u32::try_from(input.len().div_ceil(PIECE)).unwrap_or(u32::MAX);
    TIME_PER_PIECE * pieces.max(1)
}

/// The time that this thread has had a processor. Wall-clock time would count what other
/// processes do.
fn worked() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text
        .split(' ')
        .next()
        .and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

fn context() -> PlanContext {
    PlanContext {
        branch: "main".to_owned(),
        event_type: "push".to_owned(),
        repo_slug: "acme/rocket".to_owned(),
        commit_message: Some("Mend the fins".to_owned()),
        env: vec![("FOO".to_owned(), "foo".to_owned())],
        ..PlanContext::default()
    }
}

/// A file has the same jobs each time, and no more than are allowed.
fn config(input: &str) -> Result<Option<Plan>, String> {
    let context = context();
    let plan = match plan_with(input, &context, &DataJudge::default()) {
        Ok(plan) => plan,
        Err(error) => {
            let _ = error.explain(input);
            return Ok(None);
        }
    };
    if plan.jobs.len() > travis_config::MAX_JOBS {
        return Err(format!("it has {} jobs", plan.jobs.len()));
    }
    let _ = branch_included(&plan.config, "main");
    for message in &plan.messages {
        if message.line.is_some_and(|line| line == 0) {
            return Err(format!("a message is on line 0: {}", message.text));
        }
    }
    Ok(Some(plan))
}

/// What was read is printed so that it reads to the same. Patterns beyond ASCII are left out: the
/// original's way of counting them is kept, and it loses its place after them.
fn condition(input: &str) -> Result<(), String> {
    let Ok(condition) = Condition::parse(input) else {
        return Ok(());
    };
    let printed = condition.to_string();
    if input.is_ascii() {
        let again = Condition::parse(&printed);
        // A list or pattern that never ends is printed in parentheses of its own, which may be one
        // level too many.
        let is_deeper = (again.as_ref()).is_err_and(|error| error.to_string().contains("deeper"));
        if !is_deeper && again.as_ref() != Ok(&condition) {
            return Err(format!("printed as {printed:?} it reads to {again:?}"));
        }
    }
    let known = json!({
        "type": "push", "branch": "main", "tag": input, "fork": false,
        "commit_message": "a".repeat(2000), "env": ["FOO=foo BAR=\"a b\"", {"BAZ": input}],
    });
    let none = Map::new();
    let _ = condition.holds(&Data::from_json(known.as_object().unwrap_or(&none)));
    let _ = condition.holds(&data_of(&context(), &none));
    Ok(())
}

/// A script never holds a NUL, and each of a plan's jobs has one or a reason why not.
fn script(input: &str) -> Result<(), String> {
    let mut configs: Vec<Value> = Vec::new();
    if let Some(plan) = config(input)? {
        configs.extend(plan.jobs.into_iter().map(|job| job.config).take(5));
    }
    // What no file asks for: each line is a value in some place.
    configs.push(wild(input));
    for config in configs {
        let language = config["language"].as_str().unwrap_or_default().to_owned();
        let input = JobInput {
            config,
            job_number: "1.1".to_owned(),
            job_name: Some(language),
            event_type: "push".to_owned(),
            branch: input.lines().next().unwrap_or("main").to_owned(),
            tag: input.lines().nth(1).map(str::to_owned),
            git_ref: input.lines().nth(2).map(str::to_owned),
            notices: input.lines().skip(3).take(2).map(str::to_owned).collect(),
            commit: "0123456789abcdef0123456789abcdef01234567".to_owned(),
            commit_message: input.chars().take(1000).collect(),
            repo_slug: "acme/rocket".to_owned(),
            clone_url: "https://example.org/acme/rocket.git".to_owned(),
            app_host: "example.org".to_owned(),
            settings_env: vec![EnvVar {
                name: "SETTING".to_owned(),
                value: input.chars().rev().take(100).collect(),
                public: input.len().is_multiple_of(2),
            }],
            secure_env: true,
            ..JobInput::default()
        };
        if let Ok(script) = travis_script::compile(&input)
            && script.text.contains('\0')
        {
            return Err("a script holds a NUL".to_owned());
        }
    }
    Ok(())
}

/// A configuration in which any key may have any kind of value.
fn wild(input: &str) -> Value {
    const KEYS: &[&str] = &[
        "script",
        "install",
        "before_install",
        "after_success",
        "env",
        "language",
        "os",
        "dist",
        "cache",
        "services",
        "addons",
        "deploy",
        "git",
        "rvm",
        "node_js",
        "python",
        "go",
        "rust",
        "jdk",
        "compiler",
        "php",
        "perl",
        "gemfile",
        "before_script",
        "before_cache",
        "before_deploy",
        "after_deploy",
        "after_script",
        "r_packages",
        "repos",
        "android",
        "dart_task",
        "smalltalk_edge",
        "otp_release",
        "solution",
        "sudo",
    ];
    const LANGUAGES: &[&str] = &[
        "ruby",
        "node_js",
        "python",
        "rust",
        "go",
        "java",
        "c",
        "cpp",
        "php",
        "perl",
        "shell",
        "generic",
        "android",
        "csharp",
        "d",
        "dart",
        "elixir",
        "elm",
        "erlang",
        "haskell",
        "haxe",
        "julia",
        "nix",
        "objective-c",
        "r",
        "scala",
        "smalltalk",
    ];
    let lines: Vec<&str> = input.lines().take(200).collect();
    let mut map = Map::new();
    map.insert(
        "language".to_owned(),
        json!(LANGUAGES[input.len() % LANGUAGES.len()]),
    );
    for (index, line) in lines.iter().enumerate() {
        let key = KEYS[(line.len() + index) % KEYS.len()];
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = match line.len() % 7 {
            0 => json!([line, value]),
            1 => json!({ name: value }),
            2 => json!({ name: [value, {value: name}] }),
            3 => json!(index),
            4 => json!(true),
            5 => json!([{ name: value }, { "secure": value }, { "decrypted": value }]),
            _ => json!(line),
        };
        map.insert(key.to_owned(), value);
    }
    Value::Object(map)
}
