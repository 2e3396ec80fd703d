//! Podman for the tests: storage of its own, a small image made from this machine's programs, and
//! around the peculiarities of build machines. Everything goes when the test program ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]
#![allow(dead_code, unreachable_pub, reason = "not every test uses all of it")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use travis_sandbox::{Container, Executor as _, ImageSettings};

/// The image that every test runs in.
pub const IMAGE: &str = "localhost/travis-test:1";
/// Set where these tests must run.
const REQUIRED: &str = "TRAVIS_TEST_REQUIRE_CONTAINERS";
/// Names the engine of the test program that started this one.
pub const GIVEN: &str = "TRAVIS_TEST_PODMAN";
/// Lives as long as its standard input is open. Where control groups of both versions are mounted
/// Podman wants the second away, so everything happens in a mount namespace of its own.
const KEEPER: &str = r#"
umount /sys/fs/cgroup/unified 2>/dev/null
echo ready
cat >/dev/null
"$1/podman" rm --all --force >/dev/null 2>&1
umount -l "$1/store/overlay" 2>/dev/null
rm -rf "$1"
"#;

/// The program that stands for the engine.
pub struct Podman {
    pub program: PathBuf,
    pub directory: PathBuf,
}

impl Podman {
    /// Runs the engine by hand.
    pub fn order(&self, arguments: &[&str]) -> String {
        let output = Command::new(&self.program)
            .args(arguments)
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }
}

/// The engine, made on first use; `None` where there is none, which is said.
pub fn podman() -> Option<&'static Podman> {
    static MADE: OnceLock<Result<Podman, String>> = OnceLock::new();
    match MADE.get_or_init(make) {
        Ok(podman) => Some(podman),
        Err(reason) => {
            assert!(std::env::var_os(REQUIRED).is_none(), "{reason}");
            println!("skipped: containers: {reason}");
            None
        }
    }
}

fn make() -> Result<Podman, String> {
    if let Some(program) = std::env::var_os(GIVEN).map(PathBuf::from) {
        let directory = program.parent().unwrap().to_owned();
        return Ok(Podman { program, directory });
    }
    let real = ["/usr/bin/podman", "/usr/local/bin/podman"]
        .into_iter()
        .find(|path| Path::new(path).exists())
        .ok_or("podman is not installed")?;
    if !rustix::process::geteuid().is_root() {
        return by_user(real);
    }
    // The engine allows its directory few characters.
    let directory = PathBuf::from(format!("/tmp/travis-pod-{}", std::process::id()));
    fs::create_dir(&directory).map_err(|error| error.to_string())?;
    let at = directory.display();
    let mut keeper = Command::new("unshare")
        .args([
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-c",
            KEEPER,
            "keeper",
        ])
        .arg(&directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut line = String::new();
    BufReader::new(keeper.stdout.take().unwrap())
        .read_line(&mut line)
        .map_err(|error| error.to_string())?;
    let pid = keeper.id();
    // Open until this program ends, however it ends.
    std::mem::forget(keeper);
    let settings = "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=4096:4096\"]\n";
    fs::write(directory.join("containers.conf"), settings).unwrap();
    let program = directory.join("podman");
    let script = format!(
        "#!/bin/sh\nexport CONTAINERS_CONF={at}/containers.conf\n\
         exec nsenter --target {pid} --mount -- {real} --root {at}/store --runroot {at}/run \"$@\"\n"
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let podman = Podman { program, directory };
    podman.order(&["import", "--quiet", &image(), IMAGE]);
    Ok(podman)
}

/// A plain user's engine is taken as it is.
fn by_user(real: &str) -> Result<Podman, String> {
    let directory = std::env::temp_dir().join(format!("travis-pod-{}", std::process::id()));
    fs::create_dir(&directory).map_err(|error| error.to_string())?;
    let podman = Podman {
        program: real.into(),
        directory,
    };
    podman.order(&["import", "--quiet", &image(), IMAGE]);
    Ok(podman)
}

/// The image as a file, made once for all test runs with these sources.
fn image() -> String {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/podman/image.sh");
    let age = fs::metadata(source).unwrap().modified().unwrap();
    let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = place.join("container-test-image.tar");
    let fresh = fs::metadata(&file).and_then(|found| found.modified());
    if fresh.is_ok_and(|made| made > age) {
        return file.display().to_string();
    }
    fs::create_dir_all(place).unwrap();
    let made = Command::new("bash")
        .arg(source)
        .arg(&file)
        .status()
        .unwrap();
    assert!(made.success());
    file.display().to_string()
}

/// An executor on it with further lines of `images.toml`.
pub async fn executor(root: &Path, more: &str) -> Option<Container> {
    let podman = podman()?;
    let settings = format!(
        "engine = {:?}\n{more}\n[[image]]\nlanguage = \"*\"\nimage = \"{IMAGE}\"\n",
        podman.program
    );
    let settings = ImageSettings::parse(&settings).unwrap();
    let executor = Container::detect(root.join("sandbox"), settings, Vec::new())
        .await
        .unwrap();
    let found = executor.check().await;
    let start = found.iter().find(|found| found.name == "container start");
    if let Some(broken) = start.filter(|found| !found.ok) {
        assert!(std::env::var_os(REQUIRED).is_none(), "{broken:?}");
        println!("skipped: containers: {}", broken.detail);
        return None;
    }
    Some(executor)
}
