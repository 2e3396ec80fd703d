//! A worker in a process of its own.

use super::{Process, SOON, Server, travis, until};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

pub struct Worker {
    pub name: String,
    pub data: PathBuf,
    pub process: Process,
    url: String,
    home: PathBuf,
    flags: Vec<String>,
}

impl Worker {
    /// Enrols and starts a worker, and waits until the server has it online.
    pub async fn start(server: &Server, name: &str, flags: &[&str]) -> Self {
        Self::start_at(server, &server.url, name, flags).await
    }

    /// One that says everything there is to say.
    pub async fn start_logging(server: &Server, name: &str, filter: &str) -> Self {
        let mut worker = Self::start(server, name, &[]).await;
        worker.process.kill();
        let mut command =
            Self::command(&worker.url, name, &worker.data, &worker.home, &worker.flags);
        command.env("RUST_LOG", filter);
        worker.process = Process::start(command, worker.home.join("worker.err"));
        worker.online(server).await;
        worker
    }

    /// The same by another address, such as that of a [`super::Link`].
    pub async fn start_at(server: &Server, url: &str, name: &str, flags: &[&str]) -> Self {
        Self::start_inside(server, &[], url, name, flags).await
    }

    /// The same, started by other words: in a network of its own.
    pub async fn start_inside(
        server: &Server,
        enter: &[String],
        url: &str,
        name: &str,
        flags: &[&str],
    ) -> Self {
        let answer = server
            .api
            .post("/v3/workers/enrolment_token", &json!({}))
            .await;
        let token = answer.body["token"].as_str().unwrap().to_owned();
        let place = server.dir(name);
        let (data, home) = (place.join("data"), place.join("home"));
        std::fs::create_dir_all(&home).unwrap();
        let mut flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        for (flag, usual) in [("--slots", "1"), ("--executor", "host")] {
            if !flags.iter().any(|known| known == flag) {
                flags.extend([flag.to_owned(), usual.to_owned()]);
            }
        }
        let mut command = Self::command(url, name, &data, &home, &flags);
        command.env("TRAVIS_ENROLMENT_TOKEN", token);
        let command = within(enter, command);
        let worker = Self {
            name: name.to_owned(),
            process: Process::start(command, home.join("worker.err")),
            data,
            url: url.to_owned(),
            home,
            flags,
        };
        worker.online(server).await;
        worker
    }

    fn process(
        url: &str,
        name: &str,
        data: &Path,
        home: &std::path::Path,
        flags: &[String],
        token: Option<&str>,
    ) -> Process {
        let mut command = Self::command(url, name, data, home, flags);
        if let Some(token) = token {
            command.env("TRAVIS_ENROLMENT_TOKEN", token);
        }
        Process::start(command, home.join("worker.err"))
    }

    fn command(url: &str, name: &str, data: &Path, home: &Path, flags: &[String]) -> Command {
        let mut command = travis(home);
        command.args([
            "worker",
            "--server",
            url,
            "--name",
            name,
            "--allow-local-git",
        ]);
        command.arg("--data").arg(data).args(flags);
        command
    }

    /// Starts it again after its end, with the same key.
    pub fn start_again(&mut self) {
        self.process.kill();
        self.process = Self::process(
            &self.url,
            &self.name,
            &self.data,
            &self.home,
            &self.flags,
            None,
        );
    }

    /// Waits until it asks for work.
    pub async fn online(&self, server: &Server) {
        until("the worker online", SOON, || async {
            let worker = self.seen(server).await?;
            (worker["state"] == "online").then_some(())
        })
        .await;
    }

    /// The server's view of it.
    pub async fn seen(&self, server: &Server) -> Option<Value> {
        let workers = server.api.get("/v3/workers").await.body;
        let mut all = workers["workers"].as_array()?.iter();
        all.find(|worker| worker["name"] == self.name.as_str())
            .cloned()
    }
}

/// The same command, started by other words.
fn within(words: &[String], command: Command) -> Command {
    let Some((program, words)) = words.split_first() else {
        return command;
    };
    let mut outer = Command::new(program);
    outer
        .args(words)
        .arg(command.get_program())
        .args(command.get_args());
    if let Some(directory) = command.get_current_dir() {
        outer.current_dir(directory);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    outer
}
