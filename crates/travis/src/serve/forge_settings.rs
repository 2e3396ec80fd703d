//! The forges and the access lists of `travis.toml`.

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use travis_engine::{Allowed, ForgeConfig, Secret};

/// A forge to sign in with and to build repositories of. Secrets lie in files or in the
/// environment, never here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForgeSettings {
    /// `github`, `gitea`, `gitlab`.
    pub kind: String,
    /// Its name for people; unique.
    pub name: String,
    /// Where people go.
    pub web_url: String,
    /// Where calls go; the kind's usual place when it is left out.
    pub api_url: Option<String>,
    /// The OAuth client.
    pub client_id: Option<String>,
    /// A file with its secret; else `TRAVIS_FORGE_<NAME>_CLIENT_SECRET`.
    pub client_secret_file: Option<PathBuf>,
    /// The App's number.
    pub app_id: Option<i64>,
    /// The App's name in addresses.
    pub app_slug: Option<String>,
    /// A file with the App's private key, PEM.
    pub app_key_file: Option<PathBuf>,
    /// A file with what the App's hook signs with.
    pub hook_secret_file: Option<PathBuf>,
}

/// Who may sign in with a forge, and whose repositories are worked on. Empty lists allow all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// Logins and `org:NAME`, with `*` for any letters; `@FORGE` behind it means that forge alone.
    #[serde(default)]
    sign_in: Vec<String>,
    /// `owner` or `owner/name`, with `*` for any letters.
    #[serde(default)]
    owners: Vec<String>,
}

impl Access {
    /// As the use cases know it.
    pub fn allowed(self) -> Allowed {
        Allowed {
            sign_in: self.sign_in,
            owners: self.owners,
        }
    }

    /// Refuses patterns that can't fit anything: they would lock everybody out.
    pub fn check(&self) -> Result<()> {
        let odd =
            |pattern: &&String| pattern.trim().is_empty() || pattern.contains(char::is_whitespace);
        if let Some(pattern) = self.sign_in.iter().chain(&self.owners).find(odd) {
            bail!("access: {pattern:?} fits nobody; write a login, org:NAME or owner/name");
        }
        Ok(())
    }
}

/// The variable with a forge's client secret: `TRAVIS_FORGE_GITHUB_CLIENT_SECRET`.
fn variable(name: &str) -> String {
    let name: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect();
    format!("TRAVIS_FORGE_{name}_CLIENT_SECRET")
}

impl ForgeSettings {
    /// What can be said without looking at files.
    pub fn check(&self, others: &[Self]) -> Result<()> {
        let name = &self.name;
        travis_engine::kind_of(&self.kind)
            .map_err(|error| anyhow::anyhow!("forge {name}: kind: {error}"))?;
        if name.trim().is_empty() || name.len() > 60 || name.contains(['@', '/']) {
            bail!("forge: {name:?} can't be a name; use a short one without slashes and @");
        }
        if others.iter().filter(|other| other.name == *name).count() > 1 {
            bail!("forge {name}: there are two of this name; give each its own");
        }
        let app = [
            self.app_id.is_some(),
            self.app_slug.is_some(),
            self.app_key_file.is_some(),
        ];
        if app.contains(&true) && app.contains(&false) {
            bail!("forge {name}: an App needs app_id, app_slug and app_key_file together");
        }
        Ok(())
    }

    /// With its secrets, read from files (relative to the data directory) and the environment.
    pub fn read(self, data: &Path) -> Result<ForgeConfig> {
        self.read_with(data, |name| std::env::var(name).ok())
    }

    fn read_with(
        self,
        data: &Path,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<ForgeConfig> {
        let name = self.name.clone();
        let file = |path: &Option<PathBuf>| -> Result<Option<Secret>> {
            let Some(path) = path else { return Ok(None) };
            let path = data.join(path);
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("forge {name}: {} can't be read", path.display()))?;
            Ok(Some(Secret::new(text.trim())))
        };
        let client_secret = match file(&self.client_secret_file)? {
            Some(secret) => Some(secret),
            None => environment(&variable(&self.name))
                .filter(|value| !value.is_empty())
                .map(Secret::new),
        };
        if self.client_id.is_some() && client_secret.is_none() {
            bail!(
                "forge {name}: its client has no secret; name a client_secret_file or set {}",
                variable(&name)
            );
        }
        let key = file(&self.app_key_file)?;
        let app = match (self.app_id, &self.app_slug, key) {
            (Some(id), Some(slug), Some(key)) => Some((id, slug.clone(), key)),
            _ => None,
        };
        Ok(ForgeConfig {
            hook_secret: file(&self.hook_secret_file)?,
            kind: self.kind,
            name: self.name,
            web_url: self.web_url,
            api_url: self.api_url,
            client_id: self.client_id,
            client_secret,
            app,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::settings::Settings;

    const FORGE: &str =
        "[[forge]]\nkind = \"github\"\nname = \"GitHub\"\nweb_url = \"https://github.com\"\n";

    #[test]
    fn a_forge_has_its_secret_in_a_file_or_in_the_environment() {
        let text = format!("{FORGE}client_id = \"abc\"\n");
        let forge = Settings::parse(&text).unwrap().forge.pop().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let error = forge.clone().read_with(dir.path(), |_| None).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("TRAVIS_FORGE_GITHUB_CLIENT_SECRET"),
            "{error}"
        );
        let named =
            |name: &str| (name == "TRAVIS_FORGE_GITHUB_CLIENT_SECRET").then(|| "s1".to_owned());
        let read = forge.clone().read_with(dir.path(), named).unwrap();
        assert_eq!(read.client_secret, Some(Secret::new("s1")));
        std::fs::write(dir.path().join("secret"), "s2\n").unwrap();
        let forge = ForgeSettings {
            client_secret_file: Some("secret".into()),
            ..forge
        };
        let read = forge.read_with(dir.path(), named).unwrap();
        assert_eq!(read.client_secret, Some(Secret::new("s2")));
    }

    #[test]
    fn what_can_not_be_a_forge_is_said() {
        for (text, says) in [
            (format!("{FORGE}client_secret = \"x\"\n"), "client_secret"),
            (FORGE.replace("github\"", "sourceforge\""), "kind"),
            (format!("{FORGE}{FORGE}"), "two of this name"),
            (format!("{FORGE}app_id = 7\n"), "app_key_file"),
            ("[access]\nsign_in = [\" \"]\n".to_owned(), "fits nobody"),
        ] {
            let error = format!("{:#}", Settings::parse(&text).unwrap_err());
            assert!(error.contains(says), "{error}");
        }
    }
}
