//! The forges of this installation: from the operator's configuration, by an App's manifest, or as
//! a plain OAuth client.

mod app;

use crate::hosting::{Forged, origin};
use crate::{Engine, EngineError, Secret, Viewer};
use std::sync::Arc;
use travis_forge::hosting::{Connection, ForgeApi, KINDS, Kind};
use travis_model::{ForgeId, ForgeSite};
use travis_store::{AuditEntry, NewForge, StoreError};

/// The purpose of the rows about Apps that are being made.
const PURPOSE: &str = "manifest";

/// A forge as the operator's configuration has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgeConfig {
    /// A name of the known kinds.
    pub kind: String,
    /// Its name for people; unique.
    pub name: String,
    /// Where people go.
    pub web_url: String,
    /// Where calls go; the kind's usual place when `None`.
    pub api_url: Option<String>,
    /// The OAuth client.
    pub client_id: Option<String>,
    /// Its secret.
    pub client_secret: Option<Secret>,
    /// The App: number, name in addresses, private key.
    pub app: Option<(i64, String, Secret)>,
    /// What the App's hook signs with.
    pub hook_secret: Option<Secret>,
}

/// A forge to be set up as a plain OAuth client.
#[derive(Debug, Clone)]
pub struct OAuthClient {
    /// A name of the known kinds.
    pub kind: String,
    /// Its name for people; the kind's when `None`.
    pub name: Option<String>,
    /// Where people go.
    pub web_url: String,
    /// The client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
}

/// A kind by its name.
///
/// # Errors
/// [`EngineError::Invalid`] for one that is not known.
pub fn kind_of(name: &str) -> Result<&'static Kind, EngineError> {
    KINDS.iter().find(|kind| kind.name == name).ok_or_else(|| {
        let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        EngineError::invalid("kind", format!("use one of: {}", known.join(", ")))
    })
}

/// The name of a kind for people.
#[must_use]
pub fn kind_label(name: &str) -> &str {
    KINDS
        .iter()
        .find(|kind| kind.name == name)
        .map_or(name, |kind| kind.label)
}

/// An address without a slash at its end, if it is one that people can go to.
fn web_address(field: &'static str, url: &str) -> Result<String, EngineError> {
    let url = url.trim().trim_end_matches('/');
    let web = url.starts_with("https://") || url.starts_with("http://");
    let plain = !url
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#' | '@' | '\\' | '"'));
    if web && plain && url.len() <= 500 && !origin(url).is_empty() {
        Ok(url.to_owned())
    } else {
        Err(EngineError::invalid(
            field,
            "write the address whole, as in https://github.example.org",
        ))
    }
}

impl Engine {
    /// Puts the forges of the configuration into the rows. One that does not stand there any more
    /// is removed, or kept without access when it has repositories.
    ///
    /// # Errors
    /// When a forge can't be one, or the store fails.
    pub async fn configure_forges(&self, forges: &[ForgeConfig]) -> Result<(), EngineError> {
        let at = self.now();
        let known = self.forges().await?;
        for forge in forges {
            let kind = kind_of(&forge.kind)?;
            let web_url = web_address("web_url", &forge.web_url)?;
            let api_url = match &forge.api_url {
                Some(url) => web_address("api_url", url)?,
                None => (kind.api_url)(&web_url),
            };
            let seal = |secret: &Option<Secret>| {
                secret.as_ref().map(|secret| self.seal(secret)).transpose()
            };
            let key = forge.app.as_ref().map(|(_, _, key)| key.clone());
            let row = NewForge {
                kind: forge.kind.clone(),
                name: forge.name.clone(),
                web_url,
                api_url,
                client_id: forge.client_id.clone(),
                client_secret: seal(&forge.client_secret)?,
                app_id: forge.app.as_ref().map(|(id, _, _)| *id),
                app_slug: forge.app.as_ref().map(|(_, slug, _)| slug.clone()),
                app_key: seal(&key)?,
                hook_secret: seal(&forge.hook_secret)?,
                configured: true,
                at,
            };
            self.put_forge(&row).await?;
        }
        let stands = |site: &ForgeSite| forges.iter().any(|forge| forge.name == site.name);
        for site in known.iter().filter(|site| site.configured && !stands(site)) {
            self.drop_configured(site).await?;
        }
        self.forges().await?;
        Ok(())
    }

    async fn put_forge(&self, row: &NewForge) -> Result<ForgeId, EngineError> {
        let mut tx = self.store.begin().await?;
        let id = match tx.put_forge(row).await {
            Err(StoreError::Conflict(_)) => {
                return Err(EngineError::NotNow {
                    code: "forge_exists",
                    message: format!(
                        "{} is there as another kind of forge: use another name",
                        row.name
                    ),
                });
            }
            other => other?,
        };
        tx.commit().await?;
        Ok(id)
    }

    async fn drop_configured(&self, site: &ForgeSite) -> Result<(), EngineError> {
        let mut tx = self.store.begin().await?;
        match tx.delete_forge(site.id).await {
            Ok(()) => return Ok(tx.commit().await?),
            Err(StoreError::Conflict(_)) => drop(tx),
            Err(error) => return Err(error.into()),
        }
        tracing::warn!(forge = %site.name, "a forge left the configuration and has repositories: it is kept without access");
        let mut row = as_new(site, self.now());
        row.configured = false;
        (row.client_id, row.client_secret) = (None, None);
        (row.app_id, row.app_slug, row.app_key, row.hook_secret) = (None, None, None, None);
        self.put_forge(&row).await?;
        Ok(())
    }

    /// All forges with their adapters.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn connected_forges(&self) -> Result<Vec<Forged>, EngineError> {
        let sites = self.forges().await?;
        Ok(sites
            .into_iter()
            .filter_map(|site| {
                let name = site.name.clone();
                self.connect_to(site)
                    .inspect_err(
                        |error| tracing::warn!(forge = %name, %error, "a forge can't be used"),
                    )
                    .ok()
            })
            .collect())
    }

    /// Whether an App can be made by a manifest on forges of a kind.
    #[must_use]
    pub fn makes_apps(&self, kind: &Kind) -> bool {
        let web_url = kind.default_web_url.unwrap_or("https://forge.example");
        self.bare(kind, web_url)
            .is_ok_and(|api| api.features().manifest)
    }

    /// An adapter without any access.
    fn bare(&self, kind: &Kind, web_url: &str) -> Result<Arc<dyn ForgeApi>, EngineError> {
        Ok((self.connect)(Connection {
            kind: kind.name.to_owned(),
            web_url: web_url.to_owned(),
            api_url: (kind.api_url)(web_url),
            client_id: None,
            client_secret: None,
            app: None,
        })?)
    }

    /// Sets a forge up as a plain OAuth client, or changes the client of the one at this address.
    ///
    /// # Errors
    /// [`EngineError::Forbidden`] for others than the operator; [`EngineError::Invalid`] for what
    /// can't be one; [`EngineError::NotNow`] for a name that is taken.
    pub async fn add_forge(
        &self,
        viewer: &Viewer,
        new: OAuthClient,
    ) -> Result<Forged, EngineError> {
        viewer.operator()?;
        let kind = kind_of(&new.kind)?;
        let web_url = web_address("web_url", &new.web_url)?;
        let (client, secret) = (new.client_id.trim(), new.client_secret.reveal().trim());
        for (field, text) in [("client_id", client), ("client_secret", secret)] {
            if text.is_empty() || text.len() > 500 {
                return Err(EngineError::invalid(
                    field,
                    "copy it from the page of the OAuth application",
                ));
            }
        }
        let known = self.forges().await?;
        let here = known
            .iter()
            .find(|site| site.kind == kind.name && site.web_url == web_url);
        let named = new
            .name
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty());
        let base = match here {
            Some(site) => {
                changeable(site)?;
                as_new(site, self.now())
            }
            None => {
                let name = named.unwrap_or_else(|| free_name(kind, &web_url, &known));
                if name.len() > 60
                    || name.contains(['@', '/'])
                    || name.chars().any(char::is_control)
                {
                    return Err(EngineError::invalid(
                        "name",
                        "use a short name without slashes and @",
                    ));
                }
                if known.iter().any(|site| site.name == name) {
                    return Err(EngineError::NotNow {
                        code: "forge_exists",
                        message: format!("there is a forge {name} already: use another name"),
                    });
                }
                NewForge {
                    kind: kind.name.to_owned(),
                    name,
                    api_url: (kind.api_url)(&web_url),
                    web_url,
                    client_id: None,
                    client_secret: None,
                    app_id: None,
                    app_slug: None,
                    app_key: None,
                    hook_secret: None,
                    configured: false,
                    at: self.now(),
                }
            }
        };
        let row = NewForge {
            client_id: Some(client.to_owned()),
            client_secret: Some(self.seal(&Secret::new(secret))?),
            ..base
        };
        let mut tx = self.store.begin().await?;
        let id = tx.put_forge(&row).await?;
        let detail = format!("{} at {}", row.name, row.web_url);
        tx.append_audit(&self.deed(viewer, "forge.setup", format!("forge:{id}"), detail))
            .await?;
        tx.commit().await?;
        self.forge_by_id(id).await
    }

    /// Removes a forge that has no repositories.
    ///
    /// # Errors
    /// [`EngineError::NotNow`] when it has some, or stands in the configuration.
    pub async fn remove_forge(&self, viewer: &Viewer, id: ForgeId) -> Result<(), EngineError> {
        viewer.operator()?;
        let site = self.forge_by_id(id).await?.site;
        changeable(&site)?;
        let mut tx = self.store.begin().await?;
        match tx.delete_forge(id).await {
            Err(StoreError::Conflict(_)) => {
                return Err(EngineError::NotNow {
                    code: "forge_in_use",
                    message: format!("{} has repositories here: remove them first", site.name),
                });
            }
            other => other?,
        }
        tx.append_audit(&AuditEntry {
            actor: viewer.actor(),
            action: "forge.remove".into(),
            subject: format!("forge:{id}"),
            detail: site.name,
            at: self.now(),
        })
        .await?;
        tx.commit().await?;
        self.forges().await?;
        Ok(())
    }
}

/// Refuses to change what stands in the configuration.
fn changeable(site: &ForgeSite) -> Result<(), EngineError> {
    if site.configured {
        return Err(EngineError::NotNow {
            code: "forge_configured",
            message: format!("{} stands in travis.toml: change it there", site.name),
        });
    }
    Ok(())
}

fn free_name(kind: &Kind, web_url: &str, known: &[ForgeSite]) -> String {
    let taken = |name: &str| known.iter().any(|site| site.name == name);
    let host = web_url.split_once("://").map_or(web_url, |(_, host)| host);
    let host = host.replace('/', "-");
    let plain = kind.label.split(" / ").next().unwrap_or(kind.label);
    [plain.to_owned(), host.clone()]
        .into_iter()
        .find(|name| !taken(name))
        .unwrap_or_else(|| format!("{plain} {host}"))
}

/// A row as it stands, to be changed.
fn as_new(site: &ForgeSite, at: travis_model::Timestamp) -> NewForge {
    NewForge {
        kind: site.kind.clone(),
        name: site.name.clone(),
        web_url: site.web_url.clone(),
        api_url: site.api_url.clone(),
        client_id: site.client_id.clone(),
        client_secret: site.client_secret.clone(),
        app_id: site.app_id,
        app_slug: site.app_slug.clone(),
        app_key: site.app_key.clone(),
        hook_secret: site.hook_secret.clone(),
        configured: site.configured,
        at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_whole_and_plain() {
        for (url, is) in [
            ("https://github.com/", Some("https://github.com")),
            ("http://127.0.0.1:3000", Some("http://127.0.0.1:3000")),
            ("https://host/base", Some("https://host/base")),
            ("github.com", None),
            ("ftp://x", None),
            ("https://", None),
            ("https://user:pw@host", None),
            ("https://host?x", None),
            ("https://ho st", None),
        ] {
            assert_eq!(web_address("web_url", url).ok().as_deref(), is, "{url}");
        }
    }
}
