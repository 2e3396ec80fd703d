//! Where a private repository is read for a worker, and as whom. The credentials stay here: the
//! worker reads through the server, with its attempt's token, as long as that attempt is live.

use crate::{AttemptAccess, Engine, EngineError};
use travis_forge::ForgeError;
use travis_forge::source::SourceAccess;
use travis_model::ForgeSite;

impl Engine {
    /// Where the repository of a live attempt is read.
    ///
    /// # Errors
    /// [`EngineError::AttemptOver`] as soon as it has ended; [`EngineError::NotFound`] for a
    /// repository of plain git, which is read from its own address.
    pub async fn attempt_source(&self, access: AttemptAccess) -> Result<SourceAccess, EngineError> {
        let mut reader = self.store.reader().await?;
        let attempt = reader
            .attempt(access.id())
            .await?
            .filter(|attempt| attempt.state.is_live())
            .ok_or(EngineError::AttemptOver)?;
        let job = reader.job(attempt.job_id).await?;
        let job = job.ok_or(EngineError::AttemptOver)?;
        let repository = reader.repository(job.repository_id).await?;
        drop(reader);
        let repository = repository.ok_or(EngineError::AttemptOver)?;
        let (Some(hosting), Some(there)) = (&repository.hosting, self.hosted(&repository).await?)
        else {
            return Err(EngineError::NotFound("source"));
        };
        let site = self.forge_by_id(hosting.forge_id).await?.site;
        if !is_of(&site, &repository.clone_url) {
            return Err(ForgeError::Refused {
                detail: "the clone address is on another host than the forge, so the forge's \
                         credentials are not sent there"
                    .to_owned(),
            }
            .into());
        }
        Ok(SourceAccess {
            credentials: there.api.git_credentials(&there.access).await?,
            url: repository.clone_url,
        })
    }
}

/// Whether an address is the forge's own.
fn is_of(site: &ForgeSite, url: &str) -> bool {
    [&site.web_url, &site.api_url]
        .iter()
        .any(|known| origin(known).is_some() && origin(known) == origin(url))
}

/// Scheme, host and port as they are written. None when somebody's name stands before the host.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let http = matches!(scheme, "http" | "https");
    (http && !host.is_empty() && !host.contains(['@', '\\'])).then(|| {
        let host = host.to_ascii_lowercase();
        format!("{scheme}://{host}")
    })
}

#[cfg(test)]
mod tests {
    use super::origin;

    #[test]
    fn origins_are_told_apart() {
        let of = |url| origin(url).unwrap_or_default();
        assert_eq!(of("https://Git.example/a/b.git"), "https://git.example");
        assert_eq!(of("http://127.0.0.1:80"), "http://127.0.0.1:80");
        for bad in [
            "https://git.example@evil.example/x",
            "https://git.example\\@evil.example",
            "file:///etc",
            "ssh://git.example/x",
            "/etc",
            "https:///x",
        ] {
            assert_eq!(origin(bad), None, "{bad}");
        }
        assert_ne!(
            of("https://git.example.evil/x"),
            of("https://git.example/x")
        );
    }
}
