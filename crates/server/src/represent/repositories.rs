use super::{Represent, branch_minimal, build_minimal, forge_minimal, owner, repository_minimal};
use crate::{error::ApiError, wire::time};
use travis_api::v3;
use travis_model::{Branch, Repository};
use travis_store::{BuildFilter, Page};

/// Builds shown as a small chart beside a branch.
const RECENT: u64 = 10;

impl Represent<'_> {
    /// Repositories in the order given.
    pub async fn repositories(
        &mut self,
        rows: Vec<Repository>,
    ) -> Result<Vec<v3::Repository>, ApiError> {
        let ids: Vec<_> = rows.iter().filter_map(|row| row.current_build_id).collect();
        let builds = self.reader.builds_by_id(&ids).await?;
        let mut answer = Vec::with_capacity(rows.len());
        for row in rows {
            let maintains = self.viewer.maintains(&row);
            let administers = self.viewer.administers(&row);
            let forge = match &row.hosting {
                Some(hosting) => self.forge(hosting.forge_id).await?.map(forge_minimal),
                None => None,
            };
            let hosting = row.hosting.as_ref();
            let current = builds
                .iter()
                .find(|build| Some(build.id) == row.current_build_id);
            answer.push(v3::Repository {
                head: v3::Head::standard("repository", format!("/v3/repo/{}", row.id)),
                id: row.id.get(),
                name: row.slug.name().to_owned(),
                slug: row.slug.to_string(),
                description: row.description.clone(),
                clone_url: row.clone_url.clone(),
                vcs_type: forge
                    .as_ref()
                    .map_or_else(|| "git".to_owned(), |forge| forge.kind.clone()),
                active: row.active,
                private: row.private,
                owner: owner(row.slug.owner()),
                owner_name: row.slug.owner().to_owned(),
                default_branch: (!row.default_branch.is_empty())
                    .then(|| branch_minimal(&row, &row.default_branch)),
                current_build: current.map(|build| build_minimal(build, self.now)),
                usual_seconds: self.usual_seconds(row.id).await?,
                poll_seconds: row.poll_seconds,
                starred: self.starred(row.id).await?,
                forge,
                html_url: hosting.map(|hosting| hosting.html_url.clone()),
                fork: hosting.is_some_and(|hosting| hosting.fork),
                managed_by_installation: hosting
                    .is_some_and(|hosting| hosting.installation_id.is_some()),
                gone: hosting.is_some_and(|hosting| hosting.gone_at.is_some()),
                permissions: v3::RepositoryPermissions {
                    read: true,
                    create_request: maintains,
                    admin: administers,
                    build: maintains,
                    settings: administers,
                    activate: administers,
                    star: self.viewer.user.is_some(),
                },
                created_at: time(row.created_at),
            });
        }
        Ok(answer)
    }

    /// Branches of one repository, in the order given.
    pub async fn branches(
        &mut self,
        repository: &Repository,
        rows: Vec<Branch>,
    ) -> Result<Vec<v3::Branch>, ApiError> {
        let ids: Vec<_> = rows.iter().filter_map(|row| row.last_build_id).collect();
        let last = self.reader.builds_by_id(&ids).await?;
        let last = self.builds(last, false).await?;
        let mut answer = Vec::with_capacity(rows.len());
        for row in rows {
            let filter = BuildFilter {
                seen_by: travis_store::SeenBy::Operator,
                repository: Some(repository.id),
                branch: Some(row.name.clone()),
                ..Default::default()
            };
            let recent = self
                .reader
                .builds(
                    &filter,
                    Page {
                        offset: 0,
                        limit: RECENT,
                    },
                )
                .await?;
            let minimal = branch_minimal(repository, &row.name);
            answer.push(v3::Branch {
                head: v3::Head::standard("branch", minimal.head.href),
                default_branch: row.name == repository.default_branch,
                repository: repository_minimal(repository),
                last_build: last
                    .iter()
                    .find(|build| Some(build.id) == row.last_build_id.map(|id| id.get()))
                    .cloned(),
                recent_builds: recent
                    .items
                    .iter()
                    .map(|build| build_minimal(build, self.now))
                    .collect(),
                name: row.name,
            });
        }
        Ok(answer)
    }
}
