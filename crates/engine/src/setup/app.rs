//! Making an App by a manifest: the operator's browser goes to the forge and comes back with a code.

use super::{PURPOSE, as_new, changeable, free_name, kind_of, web_address};
use crate::{Engine, EngineError, Secret, Vault, Viewer};
use travis_forge::hosting::{Kind, MadeApp, ManifestDemand, ManifestForm};
use travis_model::{ForgeId, ForgeSite};
use travis_store::{NewForge, SignInState};

impl Engine {
    /// The form that makes an App on a forge, for the operator's browser.
    ///
    /// # Errors
    /// [`EngineError::Forbidden`] for others; [`EngineError::Invalid`] for a kind without Apps.
    pub async fn begin_app(
        &self,
        viewer: &Viewer,
        browser: &str,
        kind: &str,
        web_url: Option<&str>,
        organization: Option<&str>,
    ) -> Result<ManifestForm, EngineError> {
        let user = viewer.operator()?.id;
        let kind = kind_of(kind)?;
        let Some(web_url) = web_url.or(kind.default_web_url) else {
            return Err(EngineError::invalid(
                "web_url",
                "say where this forge is, as in https://git.example.org",
            ));
        };
        let organization = organization.map(str::trim).filter(|name| !name.is_empty());
        if organization.is_some_and(|name| {
            name.len() > 100 || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        }) {
            return Err(EngineError::invalid(
                "organization",
                "write the organization's name as in its address",
            ));
        }
        let web_url = web_address("web_url", web_url)?;
        let api = self.bare(kind, &web_url)?;
        let site = self.reserve(kind, &web_url).await?;
        let state = Vault::new_token("state")?;
        let public_url = &self.policy.public_url;
        let form = api
            .manifest(&ManifestDemand {
                public_url,
                hook_url: &format!("{public_url}/hooks/{site}"),
                sign_in_url: &self.sign_in_address(site),
                done_url: &format!("{public_url}/setup/app/callback"),
                state: state.reveal(),
                organization,
            })
            .ok_or_else(|| {
                EngineError::invalid(
                    "kind",
                    "this kind of forge has no Apps: use an OAuth client",
                )
            })?;
        let row = SignInState {
            state_hash: Vault::hash(state.reveal()),
            browser_hash: Vault::hash(browser),
            purpose: PURPOSE.to_owned(),
            forge_id: Some(site),
            verifier: self.vault.seal(b"")?,
            user_id: Some(user),
            next: "/setup".to_owned(),
            expires_at: self.now().plus(crate::sign_in::ON_THE_WAY),
        };
        let mut tx = self.store.begin().await?;
        tx.insert_sign_in_state(&row).await?;
        tx.commit().await?;
        Ok(form)
    }

    /// The row of a forge at this address; made when there is none, since an App has to know its
    /// number before it is made.
    async fn reserve(&self, kind: &Kind, web_url: &str) -> Result<ForgeId, EngineError> {
        let known = self.forges().await?;
        let at_this = |site: &&ForgeSite| site.kind == kind.name && site.web_url == web_url;
        if let Some(site) = known.iter().find(at_this) {
            changeable(site)?;
            return Ok(site.id);
        }
        let row = NewForge {
            kind: kind.name.to_owned(),
            name: free_name(kind, web_url, &known),
            web_url: web_url.to_owned(),
            api_url: (kind.api_url)(web_url),
            client_id: None,
            client_secret: None,
            app_id: None,
            app_slug: None,
            app_key: None,
            hook_secret: None,
            configured: false,
            at: self.now(),
        };
        self.put_forge(&row).await
    }

    /// Takes the App that was made. Answers the forge's name.
    ///
    /// # Errors
    /// [`EngineError::Unauthorized`] when the way back does not fit the way there.
    pub async fn finish_app(
        &self,
        viewer: &Viewer,
        browser: &str,
        state: &str,
        code: &str,
    ) -> Result<String, EngineError> {
        let way = self.take_state(PURPOSE, state, browser).await?;
        let user = viewer.operator()?.id;
        let site = way
            .filter(|way| way.user_id == Some(user))
            .and_then(|way| way.forge_id)
            .ok_or(EngineError::Unauthorized)?;
        let forged = self.forge_by_id(site).await?;
        changeable(&forged.site)?;
        let made = forged.api.take_manifest(&Secret::new(code)).await?;
        let row = self.with_app(&forged.site, &made)?;
        let mut tx = self.store.begin().await?;
        tx.put_forge(&row).await?;
        let detail = format!("the App {}", made.app.slug);
        tx.append_audit(&self.deed(viewer, "forge.setup", format!("forge:{site}"), detail))
            .await?;
        tx.commit().await?;
        self.forges().await?;
        Ok(row.name)
    }

    fn with_app(&self, site: &ForgeSite, made: &MadeApp) -> Result<NewForge, EngineError> {
        Ok(NewForge {
            client_id: Some(made.client_id.clone()),
            client_secret: Some(self.seal(&made.client_secret)?),
            app_id: Some(made.app.id),
            app_slug: Some(made.app.slug.clone()),
            app_key: Some(self.seal(&made.app.private_key)?),
            hook_secret: Some(self.seal(&made.hook_secret)?),
            ..as_new(site, self.now())
        })
    }
}
