use super::Represent;
use crate::{
    error::ApiError,
    wire::{time, time_opt},
};
use travis_api::v3;
use travis_engine::{Forged, kind_label};
use travis_model::{ForgeAccount, ForgeSite, Identity, Session, SyncState, User};

pub(crate) fn forge_minimal(site: &ForgeSite) -> v3::ForgeMinimal {
    v3::ForgeMinimal {
        head: v3::Head::minimal("forge", format!("/v3/forge/{}", site.id)),
        id: site.id.get(),
        kind: site.kind.clone(),
        name: site.name.clone(),
        web_url: site.web_url.clone(),
    }
}

/// A forge for everybody, or for the operator with where its hook sends.
pub(crate) fn forge(forged: &Forged, public_url: &str, operator: bool) -> v3::Forge {
    let site = &forged.site;
    let app = forged.api.features().app;
    v3::Forge {
        head: v3::Head::standard("forge", format!("/v3/forge/{}", site.id)),
        id: site.id.get(),
        kind: site.kind.clone(),
        name: site.name.clone(),
        label: kind_label(&site.kind).to_owned(),
        web_url: site.web_url.clone(),
        sign_in_url: site
            .client_id
            .is_some()
            .then(|| format!("/auth/{}", site.id)),
        app,
        install_url: forged.api.install_url(),
        configured: site.configured,
        hook_url: operator.then(|| format!("{public_url}/hooks/{}", site.id)),
    }
}

fn identity(row: &Identity, site: &ForgeSite) -> v3::Identity {
    v3::Identity {
        head: v3::Head::standard("identity", format!("/v3/identity/{}", row.id)),
        forge: forge_minimal(site),
        login: row.login.clone(),
        name: row.name.clone(),
        avatar_url: row.avatar_url.clone(),
        is_syncing: row.sync == SyncState::Running,
        synced_at: time_opt(row.synced_at),
        sync_done: row.sync_done,
        sync_total: row.sync_total,
        sync_error: row.sync_error.clone(),
        access: row.token.is_some(),
    }
}

pub(crate) fn session(row: &Session, current: bool) -> v3::Session {
    v3::Session {
        head: v3::Head::standard("session", format!("/v3/user/session/{}", row.id)),
        id: row.id.get(),
        user_agent: row.user_agent.clone(),
        current,
        created_at: time(row.created_at),
        last_seen_at: time_opt(row.last_seen_at),
        expires_at: time(row.expires_at),
    }
}

impl Represent<'_> {
    /// The viewer, with who they are on forges.
    pub async fn current_user(&mut self, user: &User) -> Result<v3::CurrentUser, ApiError> {
        let rows = self.reader.identities(user.id).await?;
        let forges = if rows.is_empty() {
            Vec::new()
        } else {
            self.reader.forges().await?
        };
        let identities: Vec<v3::Identity> = rows
            .iter()
            .filter_map(|row| {
                let site = forges.iter().find(|site| site.id == row.forge_id)?;
                Some(identity(row, site))
            })
            .collect();
        Ok(v3::CurrentUser {
            user: super::user(user),
            avatar_url: identities.iter().find_map(|one| one.avatar_url.clone()),
            is_syncing: identities.iter().any(|one| one.is_syncing),
            synced_at: time_opt(rows.iter().filter_map(|row| row.synced_at).max()),
            identities,
        })
    }

    /// Accounts in the order given.
    pub async fn owners(
        &mut self,
        rows: Vec<ForgeAccount>,
        forges: &[Forged],
    ) -> Result<Vec<v3::ForgeOwner>, ApiError> {
        Ok(rows
            .into_iter()
            .filter_map(|row| {
                let forged = forges
                    .iter()
                    .find(|forged| forged.site.id == row.forge_id)?;
                Some(v3::ForgeOwner {
                    head: v3::Head::standard("owner", format!("/v3/owner/{}", row.login)),
                    installed: forged
                        .api
                        .features()
                        .app
                        .then_some(row.installation_id.is_some()),
                    forge: forge_minimal(&forged.site),
                    login: row.login,
                    name: row.name,
                    avatar_url: row.avatar_url,
                    organization: row.organization,
                })
            })
            .collect())
    }
}
