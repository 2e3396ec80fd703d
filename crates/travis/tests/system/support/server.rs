//! A server, or everything in one process, with a data directory and a home of its own.

use super::{Api, Process, Repo, SOON, travis};
use rustix::process::Signal;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use tempfile::TempDir;

/// How a server is started.
#[derive(Clone)]
pub struct Setup {
    command: &'static str,
    flags: Vec<String>,
    toml: String,
    rust_log: Option<String>,
    lends_rust: bool,
}

impl Setup {
    /// `travis server`, with local clone URLs allowed.
    pub fn server() -> Self {
        Self {
            command: "server",
            flags: vec!["--allow-local-git".to_owned()],
            toml: String::new(),
            rust_log: None,
            lends_rust: false,
        }
    }

    /// `travis up` without the sample; two slots, no isolation.
    pub fn up() -> Self {
        let flags = ["--no-sample", "--allow-local-git"];
        Self {
            command: "up",
            flags: flags.map(str::to_owned).to_vec(),
            toml: String::new(),
            rust_log: None,
            lends_rust: false,
        }
    }

    pub fn flags(mut self, flags: &[&str]) -> Self {
        self.flags
            .extend(flags.iter().map(|flag| (*flag).to_owned()));
        self
    }

    /// Without `--allow-local-git`.
    pub fn public_git_only(mut self) -> Self {
        self.flags.retain(|flag| flag != "--allow-local-git");
        self
    }

    /// What `travis.toml` says.
    pub fn toml(mut self, text: &str) -> Self {
        self.toml.push_str(text);
        self
    }

    /// How much is logged.
    pub fn log(mut self, filter: &str) -> Self {
        self.rust_log = Some(filter.to_owned());
        self
    }

    /// The tester's rustup is the worker's, too.
    pub fn lend_rust(mut self) -> Self {
        self.lends_rust = true;
        self
    }

    pub async fn start(self) -> Server {
        // Sandboxes have a /tmp of their own, which would hide tools that are lent from there.
        let place = if self.lends_rust {
            tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))
        } else {
            tempfile::tempdir()
        };
        let place = Arc::new(place.unwrap());
        self.start_in(place, "127.0.0.1:0")
    }

    fn start_in(self, place: Arc<TempDir>, bind: &str) -> Server {
        let (home, data) = (place.path().join("home"), place.path().join("data"));
        for path in [&home, &data] {
            std::fs::create_dir_all(path).unwrap();
        }
        std::fs::write(data.join("travis.toml"), &self.toml).unwrap();
        if self.lends_rust {
            lend_rust(&home);
        }
        let mut command = travis(&home);
        command.arg(self.command).args(["--bind", bind]);
        command.arg("--data").arg(&data).args(&self.flags);
        let is_up = self.command == "up";
        if is_up && !self.flags.iter().any(|flag| flag == "--executor") {
            command.args(["--executor", "host"]);
        }
        if let Some(filter) = &self.rust_log {
            command.env("RUST_LOG", filter);
        }
        let process = Process::start(command, place.path().join("server.err"));
        let url = process.line("ready: ", SOON);
        let token = std::fs::read_to_string(data.join("admin-token")).unwrap();
        Server {
            api: Api::new(&url, Some(token.trim())),
            url,
            home,
            data,
            process,
            setup: self,
            place,
        }
    }
}

/// A running server.
pub struct Server {
    /// The administrator's calls.
    pub api: Api,
    pub url: String,
    pub home: PathBuf,
    pub data: PathBuf,
    pub process: Process,
    setup: Setup,
    place: Arc<TempDir>,
}

impl Server {
    /// A directory of the test's own beside the server's.
    pub fn dir(&self, name: &str) -> PathBuf {
        let path = self.place.path().join(name);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    pub fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    pub fn token(&self) -> String {
        let text = std::fs::read_to_string(self.data.join("admin-token")).unwrap();
        text.trim().to_owned()
    }

    /// Calls of nobody.
    pub fn anonymous(&self) -> Api {
        Api::new(&self.url, None)
    }

    /// Starts it again after its end, on the same data and port.
    pub fn start_again(mut self) -> Self {
        self.process.kill();
        let address = self.address().to_owned();
        self.setup.clone().start_in(self.place.clone(), &address)
    }

    /// Ends it as Ctrl-C does.
    pub async fn interrupt(&mut self) -> std::process::ExitStatus {
        self.process.signal(Signal::INT);
        self.process.ended(SOON).await
    }

    /// A repository that the server knows, with these files. Answers its slug's and its own handle.
    pub async fn repository(&self, slug: &str, files: &[(&str, &str)]) -> Repo {
        let repo = Repo::new(&self.dir("repos").join(slug), files);
        self.enable(slug, &repo, json!({})).await;
        repo
    }

    /// A repository whose jobs check nothing out.
    pub async fn quick(&self, slug: &str, yaml: &str) -> Repo {
        let yaml = format!("language: generic\ngit: {{clone: false}}\n{yaml}");
        self.repository(slug, &[(".travis.yml", &yaml)]).await
    }

    pub async fn enable(&self, slug: &str, repo: &Repo, more: serde_json::Value) {
        let mut body = json!({"slug": slug, "clone_url": repo.path()});
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        self.api.post("/v3/repos", &body).await.expect(201);
    }

    /// A command of the client's.
    pub fn cli(&self, arguments: &[&str]) -> Command {
        let mut command = travis(&self.home);
        command
            .args(arguments)
            .env("TRAVIS_ENDPOINT", &self.url)
            .env("TRAVIS_TOKEN", self.token());
        command
    }

    /// Runs a command of the client's to its end, with this on its standard input.
    pub async fn run_cli(&self, arguments: &[&str]) -> Output {
        let command = self.cli(arguments);
        finish(command).await
    }

    pub fn place(&self) -> &Path {
        self.place.path()
    }
}

fn lend_rust(home: &Path) {
    let Some(own) = std::env::var_os("HOME").map(PathBuf::from) else {
        return;
    };
    for (variable, usual, used) in [
        ("CARGO_HOME", ".cargo", ".cargo/bin"),
        ("RUSTUP_HOME", ".rustup", ".rustup"),
    ] {
        let place = std::env::var_os(variable).map_or_else(|| own.join(usual), PathBuf::from);
        let place = if used == usual {
            place
        } else {
            place.join("bin")
        };
        let link = home.join(used);
        // A server that starts again finds its own.
        if place.is_dir() && !link.exists() {
            std::fs::create_dir_all(link.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(&place, &link).unwrap();
        }
    }
}

/// Runs a command to its end without holding up the test's other work.
pub async fn finish(command: Command) -> Output {
    let mut command = tokio::process::Command::from(command);
    command
        .kill_on_drop(true)
        .stdin(std::process::Stdio::null());
    tokio::time::timeout(SOON, command.output())
        .await
        .expect("the command did not end")
        .unwrap()
}
