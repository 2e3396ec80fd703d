//! Git over HTTP by `git http-backend`, the CGI program that comes with git.

use crate::events;
use crate::forge::Forge;
use crate::http::{Reply, basic};
use crate::state::apps::Holder;
use crate::state::people::Level;
use crate::state::repos::Named;
use axum::body::{Body, BodyDataStream};
use axum::http::{HeaderName, HeaderValue, StatusCode, header, request::Parts};
use axum::response::Response;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio_util::io::{ReaderStream, StreamReader};

/// Owner, name and the rest of the path, when the path is one of git's.
pub fn target(path: &str) -> Option<(String, String, &'static str)> {
    let (repo, rest) = ["/info/refs", "/git-upload-pack", "/git-receive-pack"]
        .into_iter()
        .find_map(|rest| Some((path.strip_suffix(rest)?, rest)))?;
    let repo = repo.trim_start_matches('/');
    let repo = repo.strip_suffix(".git").unwrap_or(repo);
    let (owner, name) = repo.rsplit_once('/')?;
    Some((
        crate::http::decoded(owner),
        crate::http::decoded(name),
        rest,
    ))
}

/// Who calls, as git's basic authorization says, and what they may do.
fn admit(forge: &Forge, parts: &Parts, id: u64, push: bool) -> Result<Option<String>, Reply> {
    let refuse = || {
        Reply::bytes(
            401,
            "text/plain; charset=utf-8",
            b"authentication required\n".to_vec(),
        )
        .with("www-authenticate", "Basic realm=\"git\"")
    };
    let state = forge.state();
    let repo = state.repos.get(&id).ok_or_else(Reply::not_found)?;
    let Some((user, password)) = basic(&parts.headers) else {
        return if repo.private || push {
            Err(refuse())
        } else {
            Ok(None)
        };
    };
    let token = state
        .token(&password)
        .or_else(|| state.token(&user))
        .ok_or_else(refuse)?;
    let (login, level) = match &token.holder {
        Holder::Person { login, .. } => (login.clone(), state.level(repo, login)),
        Holder::Installation {
            id: installation,
            repos,
            permissions,
        } => {
            let reached = state
                .installations
                .get(installation)
                .is_some_and(|one| state.installed_on(one, id))
                && repos.as_ref().is_none_or(|some| some.contains(&id));
            let level = match permissions.get("contents").and_then(|value| value.as_str()) {
                Some("write") if reached => Some(Level::Write),
                Some(_) if reached => Some(Level::Read),
                _ => (!repo.private).then_some(Level::Read),
            };
            ("app[bot]".to_owned(), level)
        }
        Holder::Refresh { .. } => return Err(refuse()),
    };
    match level {
        None => Err(Reply::not_found()),
        Some(level) if push && (level < Level::Write || repo.archived) => Err(Reply::bytes(
            403,
            "text/plain; charset=utf-8",
            format!("Permission to {} denied to {login}.\n", repo.full_name()).into_bytes(),
        )),
        Some(_) => Ok(Some(login)),
    }
}

/// Answers one of git's requests.
pub async fn answer(forge: &Forge, parts: &Parts, body: Body) -> Response {
    match serve(forge, parts, body).await {
        Ok(response) => response,
        Err(reply) => reply.response(),
    }
}

async fn serve(forge: &Forge, parts: &Parts, body: Body) -> Result<Response, Reply> {
    let (owner, name, rest) = target(parts.uri.path()).ok_or_else(Reply::not_found)?;
    let query = parts.uri.query().unwrap_or_default();
    let push = rest == "/git-receive-pack" || query.contains("service=git-receive-pack");
    // Renamed repositories answer git under their former name too, as the real ones do after a
    // redirect; a missing one asks for a password, so that nobody learns what exists.
    let found = forge.state().named(&owner, &name);
    let Some(Named::Here(id) | Named::Moved(id)) = found else {
        let authorized = basic(&parts.headers).is_some();
        let reply = Reply::bytes(
            if authorized { 404 } else { 401 },
            "text/plain; charset=utf-8",
            b"Repository not found.\n".to_vec(),
        );
        return Err(reply.with("www-authenticate", "Basic realm=\"git\""));
    };
    let login = admit(forge, parts, id, push)?;
    if rest == "/git-receive-pack" {
        let lock = forge.lock(id);
        let _held = lock.lock().await;
        let folder = forge.folder(id);
        let before = super::refs(&folder).await?;
        let (head, mut output) = spawn(forge, parts, body, id, rest, login.as_deref()).await?;
        let mut content = Vec::new();
        output
            .read_to_end(&mut content)
            .await
            .map_err(super::GitError::from)?;
        let after = super::refs(&folder).await?;
        let login = login.unwrap_or_default();
        events::moved(forge, id, &login, &before, &after).await?;
        return Ok(head.response(Body::from(content)));
    }
    let (head, output) = spawn(forge, parts, body, id, rest, login.as_deref()).await?;
    Ok(head.response(Body::from_stream(ReaderStream::new(output))))
}

/// What the program said before its output.
struct Head {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Head {
    fn response(self, body: Body) -> Response {
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers);
        response
    }
}

async fn spawn(
    forge: &Forge,
    parts: &Parts,
    body: Body,
    id: u64,
    rest: &str,
    login: Option<&str>,
) -> Result<(Head, impl tokio::io::AsyncRead + Send + Unpin + 'static), Reply> {
    let header = |name: HeaderName| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let mut command = super::command(forge.root());
    command
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", forge.root())
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", parts.method.as_str())
        .env("QUERY_STRING", parts.uri.query().unwrap_or_default())
        .env("PATH_INFO", format!("/{id}.git{rest}"))
        .env("REMOTE_ADDR", "127.0.0.1")
        .stdin(Stdio::piped())
        .stderr(Stdio::null());
    let settings = [
        ("http.receivepack", "true"),
        ("uploadpack.allowAnySHA1InWant", "true"),
        ("uploadpack.allowFilter", "true"),
        ("receive.hideRefs", "refs/pull"),
        ("receive.hideRefs", "refs/merge-requests"),
        ("gc.auto", "0"),
        ("receive.autogc", "false"),
    ];
    command.env("GIT_CONFIG_COUNT", settings.len().to_string());
    for (number, (key, value)) in settings.iter().enumerate() {
        command.env(format!("GIT_CONFIG_KEY_{number}"), key);
        command.env(format!("GIT_CONFIG_VALUE_{number}"), value);
    }
    if let Some(login) = login {
        command.env("REMOTE_USER", login);
    }
    for (variable, value) in [
        ("CONTENT_TYPE", header(header::CONTENT_TYPE)),
        ("CONTENT_LENGTH", header(header::CONTENT_LENGTH)),
        ("HTTP_CONTENT_ENCODING", header(header::CONTENT_ENCODING)),
        (
            "GIT_PROTOCOL",
            header(HeaderName::from_static("git-protocol")),
        ),
    ] {
        if let Some(value) = value {
            command.env(variable, value);
        }
    }
    let mut child = command.spawn().map_err(super::GitError::from)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (Some(mut stdin), Some(stdout)) = (stdin, stdout) else {
        return Err(Reply::message(500, "git http-backend has no pipes"));
    };
    forge.spawn(async move {
        let mut reader = StreamReader::new(IoStream(body.into_data_stream()));
        // The program may end before it has read all; its output says why.
        let _ = tokio::io::copy(&mut reader, &mut stdin).await;
        let _ = stdin.shutdown().await;
        drop(stdin);
        let _ = child.wait().await;
    });
    let mut stdout = BufReader::new(stdout);
    let mut head = Head {
        status: StatusCode::OK,
        headers: Vec::new(),
    };
    loop {
        let mut line = String::new();
        let read = stdout
            .read_line(&mut line)
            .await
            .map_err(super::GitError::from)?;
        let line = line.trim_end();
        if read == 0 || line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(": ") else {
            continue;
        };
        if name.eq_ignore_ascii_case("status") {
            let code = value.split(' ').next().unwrap_or_default();
            head.status = code.parse().unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        } else if let (Ok(name), Ok(value)) = (name.parse(), value.parse()) {
            head.headers.push((name, value));
        }
    }
    Ok((head, stdout))
}

/// The body with errors as the reader wants them.
struct IoStream(BodyDataStream);

impl futures_util::Stream for IoStream {
    type Item = std::io::Result<bytes::Bytes>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        futures_util::Stream::poll_next(std::pin::Pin::new(&mut self.0), context)
            .map(|item| item.map(|chunk| chunk.map_err(std::io::Error::other)))
    }
}
