//! Reading objects through one `git cat-file --batch`.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{ChildStdin, ChildStdout};

use crate::address::Pinned;
use crate::error::ForgeError;
use crate::git::{Git, Running};
use crate::port::CommitInfo;

const MAX_COMMIT: usize = 1024 * 1024;

/// An open reader of one repository.
pub(crate) struct Batch {
    _running: Running,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    errors: tokio::process::ChildStderr,
}

struct Object {
    sha: String,
    kind: String,
    bytes: Vec<u8>,
}

impl Batch {
    pub(crate) fn open(git: &Git, dir: &Path) -> Result<Self, ForgeError> {
        let mut command = git.command(Some(dir), &Pinned::default());
        command.args(["cat-file", "--batch"]).stdin(Stdio::piped());
        let mut running = Git::start(command)?;
        let child = &mut running.child;
        let (input, output, errors) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(input), Some(output), Some(errors)) = (input, output, errors) else {
            return Err(std::io::Error::other("git has no input and output").into());
        };
        Ok(Self {
            _running: running,
            input,
            output: BufReader::new(output),
            errors,
        })
    }

    /// Reads a commit by a name that was checked; none when there is no such commit.
    pub(crate) async fn commit(&mut self, name: &str) -> Result<Option<CommitInfo>, ForgeError> {
        let name = format!("{name}^{{commit}}");
        let object = self.object(&name, "the commit", MAX_COMMIT).await?;
        Ok(object.map(|object| read_commit(object.sha, &object.bytes)))
    }

    /// Reads a file of a commit; none when there is no such file.
    pub(crate) async fn file(
        &mut self,
        sha: &str,
        path: &str,
        limit: usize,
    ) -> Result<Option<Vec<u8>>, ForgeError> {
        let object = self.object(&format!("{sha}:{path}"), path, limit).await?;
        Ok(object.filter(|o| o.kind == "blob").map(|o| o.bytes))
    }

    async fn object(
        &mut self,
        name: &str,
        what: &str,
        limit: usize,
    ) -> Result<Option<Object>, ForgeError> {
        // When git has ended already its words say why, so a broken pipe says nothing more.
        let _ = self.input.write_all(format!("{name}\n").as_bytes()).await;
        let mut line = String::new();
        if self.output.read_line(&mut line).await? == 0 {
            let mut words = Vec::new();
            (&mut self.errors)
                .take(64 * 1024)
                .read_to_end(&mut words)
                .await?;
            return Err(ForgeError::from_stderr(&words));
        }
        let mut parts = line.trim_end().rsplitn(3, ' ');
        let (size, kind, sha) = (parts.next(), parts.next(), parts.next());
        // "NAME missing" or "NAME ambiguous" when it is not there.
        let size = size.and_then(|size| size.parse::<usize>().ok());
        let (Some(size), Some(kind), Some(sha)) = (size, kind, sha) else {
            return Ok(None);
        };
        if size > limit {
            return Err(ForgeError::TooLarge {
                path: what.to_owned(),
                limit,
            });
        }
        let mut bytes = vec![0; size + 1];
        self.output.read_exact(&mut bytes).await?;
        bytes.truncate(size);
        Ok(Some(Object {
            sha: sha.to_owned(),
            kind: kind.to_owned(),
            bytes,
        }))
    }
}

fn read_commit(sha: String, bytes: &[u8]) -> CommitInfo {
    let text = String::from_utf8_lossy(bytes);
    let (head, message) = text.split_once("\n\n").unwrap_or((&text, ""));
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
    let (author_name, author_email, author_date) = read_person(field("author "));
    let (committer_name, committer_email, committer_date) = read_person(field("committer "));
    CommitInfo {
        sha,
        message: message.trim_end_matches('\n').to_owned(),
        author_name,
        author_email,
        author_date,
        committer_name,
        committer_email,
        committer_date,
    }
}

fn read_person(line: Option<&str>) -> (String, String, i64) {
    let line = line.unwrap_or_default();
    let (name, rest) = line.split_once('<').unwrap_or((line, ""));
    let (email, rest) = rest.rsplit_once('>').unwrap_or((rest, ""));
    let date = rest.split_whitespace().next().and_then(|n| n.parse().ok());
    (name.trim().to_owned(), email.to_owned(), date.unwrap_or(0))
}
