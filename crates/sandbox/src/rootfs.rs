//! The private `/etc` of jobs: chosen files of the machine and a few of our own, made once.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use travis_egress::NAMESERVER_V4;

use crate::SandboxError;
use crate::files::{FileContext as _, remove_tree};

/// What jobs see of the machine's `/etc`, where it is there. Nothing that holds passwords, keys,
/// users or the addresses of services may ever be added.
const CHOSEN: &[&str] = &[
    "alternatives",
    "bash.bashrc",
    "ca-certificates",
    "ca-certificates.conf",
    "debian_version",
    "fonts",
    "gai.conf",
    "host.conf",
    "inputrc",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "locale.alias",
    "locale.conf",
    "localtime",
    "lsb-release",
    "magic",
    "magic.mime",
    "mime.types",
    "nsswitch.conf",
    "os-release",
    "perl",
    "pki/ca-trust/extracted",
    "pki/tls/certs",
    "profile",
    "protocols",
    "redhat-release",
    "resolv.conf",
    "services",
    "shells",
    "ssl/cert.pem",
    "ssl/certs",
    "ssl/openssl.cnf",
    "terminfo",
    "timezone",
];

/// Configuration of a language's run time, named with its version.
const CHOSEN_BEGINNINGS: &[&str] = &["java-", "python3", "ruby", "php"];

/// User and group of the job, inside.
pub(crate) const USER: &str = "travis";
/// Its number, inside.
pub(crate) const USER_ID: &str = "1000";
/// Name of the machine, inside.
pub(crate) const HOSTNAME: &str = "travis-job";

/// Makes the directory anew.
pub(crate) fn make_etc(etc: &Path) -> Result<(), SandboxError> {
    remove_tree(etc).on("remove", etc)?;
    fs::create_dir_all(etc).on("create", etc)?;
    let machine = Path::new("/etc");
    for name in CHOSEN {
        copy(&machine.join(name), &etc.join(name));
    }
    for entry in fs::read_dir(machine).on("read", machine)?.flatten() {
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if CHOSEN_BEGINNINGS
            .iter()
            .any(|start| text.starts_with(start))
        {
            copy(&entry.path(), &etc.join(&name));
        }
    }
    let resolver = etc.join("resolv.conf");
    if !resolver.exists() {
        // Others are mounted over it.
        fs::write(&resolver, "").on("write", &resolver)?;
    }
    for (name, content) in own_files() {
        let path = etc.join(name);
        if name == "resolv.conf" {
            // The machine's, for jobs that have its network.
            continue;
        }
        fs::write(&path, content).on("write", &path)?;
    }
    Ok(())
}

/// Files of `/etc` that are alike for all jobs, with their content.
pub(crate) fn own_files() -> [(&'static str, String); 5] {
    [
        (
            "passwd",
            format!(
                "root:x:0:0:root:/:/usr/sbin/nologin\n{USER}:x:{USER_ID}:{USER_ID}:Travis:/home/{USER}:/bin/bash\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n"
            ),
        ),
        (
            "group",
            format!("root:x:0:\ntty:x:5:\n{USER}:x:{USER_ID}:\nnogroup:x:65534:\n"),
        ),
        ("hostname", format!("{HOSTNAME}\n")),
        (
            "hosts",
            format!("127.0.0.1 localhost {HOSTNAME}\n::1 localhost ip6-localhost ip6-loopback\n"),
        ),
        // Others are mounted over it.
        ("resolv.conf", String::new()),
    ]
}

/// Makes the file that sends questions for names to the gateway.
pub(crate) fn make_resolver(path: &Path) -> Result<(), SandboxError> {
    let content = format!("nameserver {NAMESERVER_V4}\noptions timeout:10 attempts:1\n");
    fs::write(path, content).on("write", path)
}

/// Takes over a chosen file or directory. What the worker's user may not read, jobs don't get.
fn copy(from: &Path, to: &Path) {
    let done = to
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| copy_tree(from, to, 0));
    match done {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::debug!(path = %from.display(), %error, "jobs don't get this file of the machine");
        }
        _ => {}
    }
}

fn copy_tree(from: &Path, to: &Path, depth: u32) -> io::Result<()> {
    let kind = fs::symlink_metadata(from)?.file_type();
    if kind.is_symlink() {
        let target = fs::read_link(from)?;
        // Links into /usr are good inside, too. Others, such as resolv.conf's into /run, point to
        // what jobs don't see, so the content is taken.
        if depth > 0 || from.canonicalize().is_ok_and(|end| end.starts_with("/usr")) {
            return symlink(target, to);
        }
        return copy_content(&from.canonicalize()?, to);
    }
    if !kind.is_dir() {
        return copy_content(from, to);
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)?.flatten() {
        if let Err(error) = copy_tree(&entry.path(), &to.join(entry.file_name()), depth + 1) {
            tracing::debug!(path = %entry.path().display(), %error, "jobs don't get this file of the machine");
        }
    }
    Ok(())
}

fn copy_content(from: &Path, to: &Path) -> io::Result<()> {
    if fs::metadata(from)?.is_file() {
        fs::copy(from, to)?;
    }
    Ok(())
}
