//! A PostgreSQL server for tests: made in a temporary directory, reachable by this machine only,
//! and gone with its handle.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, raw_sql};
use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A server that was started for tests. Dropping it stops it and removes its files.
pub struct TestPostgres {
    server: Child,
    port: u16,
    databases: AtomicU32,
    _directory: TempDir,
}

/// Starts a server, or says why it can't: no PostgreSQL is installed, most likely.
///
/// # Errors
/// A sentence for the test's output.
///
/// # Panics
/// Instead of an error, when the variable `TRAVIS_TEST_REQUIRE_POSTGRES` is `1`: there, a skipped
/// test would be a lie.
pub async fn start_postgres() -> Result<TestPostgres, String> {
    match launch().await {
        Err(reason) if std::env::var("TRAVIS_TEST_REQUIRE_POSTGRES").is_ok_and(|v| v == "1") => {
            panic!("PostgreSQL is required for this test: {reason}")
        }
        answer => answer,
    }
}

impl TestPostgres {
    /// The address of a database of this server.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://postgres@127.0.0.1:{}/{database}?sslmode=disable",
            self.port
        )
    }

    /// Makes an empty database and answers its address.
    ///
    /// # Errors
    /// What the server says.
    pub async fn fresh_database(&self) -> Result<String, String> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let say = |error: sqlx::Error| error.to_string();
        let mut conn = PgConnection::connect(&self.url("postgres"))
            .await
            .map_err(say)?;
        raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut conn)
            .await
            .map_err(say)?;
        conn.close().await.map_err(say)?;
        Ok(self.url(&name))
    }
}

impl Drop for TestPostgres {
    fn drop(&mut self) {
        // SIGINT is its fast shutdown: it gives its shared memory back, which a kill would not.
        let asked = Command::new("kill")
            .args(["-INT", &self.server.id().to_string()])
            .status()
            .is_ok_and(|status| status.success());
        if !asked {
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
    }
}

async fn launch() -> Result<TestPostgres, String> {
    let bin = binaries().ok_or("no PostgreSQL server is installed (initdb and postgres)")?;
    let directory = tempfile::Builder::new()
        .prefix("travis-pg")
        .tempdir()
        .map_err(|error| error.to_string())?;
    let user = unprivileged()?;
    let data = directory.path().join("data");
    if let Some(user) = &user {
        run(Command::new("chown").arg(user).arg(directory.path()))?;
    }
    run(as_user(user.as_deref(), &bin.join("initdb"))
        .args([
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
        ])
        .args(["--no-sync", "-D"])
        .arg(&data)
        .current_dir(directory.path()))?;
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map_err(|error| error.to_string())?
        .port();
    let mut server = as_user(user.as_deref(), &bin.join("postgres"));
    server.arg("-D").arg(&data).arg("-p").arg(port.to_string());
    for setting in [
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "max_connections=100",
        "shared_buffers=32MB",
    ] {
        server.arg("-c").arg(setting);
    }
    let child = server
        .current_dir(directory.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("postgres does not start: {error}"))?;
    let started = TestPostgres {
        server: child,
        port,
        databases: AtomicU32::new(0),
        _directory: directory,
    };
    let begun = Instant::now();
    loop {
        match PgConnection::connect(&started.url("postgres")).await {
            Ok(conn) => {
                conn.close().await.map_err(|error| error.to_string())?;
                return Ok(started);
            }
            Err(error) if begun.elapsed() > Duration::from_secs(30) => {
                return Err(format!("postgres does not answer: {error}"));
            }
            // Asking again is the only way to learn that it is up.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// The directory with the server's programs.
fn binaries() -> Option<PathBuf> {
    let mut places = Vec::new();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        places.push(PathBuf::from(
            String::from_utf8_lossy(&output.stdout).trim(),
        ));
    }
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        let mut found: Vec<PathBuf> = versions
            .flatten()
            .map(|version| version.path().join("bin"))
            .collect();
        found.sort();
        places.extend(found.into_iter().rev());
    }
    if let Some(path) = std::env::var_os("PATH") {
        places.extend(std::env::split_paths(&path));
    }
    places
        .into_iter()
        .find(|place| place.join("initdb").is_file() && place.join("postgres").is_file())
}

/// The user to run as: the server refuses to run as root.
fn unprivileged() -> Result<Option<String>, String> {
    let id = |arguments: &[&str]| {
        Command::new("id")
            .args(arguments)
            .output()
            .ok()
            .filter(|output| output.status.success())
            .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    if id(&["-u"]).as_deref() != Some("0") {
        return Ok(None);
    }
    ["postgres", "nobody"]
        .into_iter()
        .find(|user| id(&["-u", user]).is_some())
        .map(|user| Some(user.to_owned()))
        .ok_or_else(|| "it must not run as root, and there is no other user".to_owned())
}

/// A command under another user. `setpriv` replaces itself by the program, so that the process is
/// the program's own.
fn as_user(user: Option<&str>, program: &Path) -> Command {
    match user {
        None => Command::new(program),
        Some(user) => {
            let mut command = Command::new("setpriv");
            command
                .arg(format!("--reuid={user}"))
                .args(["--clear-groups", "--"])
                .arg(program);
            command
        }
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    ))
}
