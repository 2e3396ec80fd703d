//! `travis env`

use super::target;
use crate::cli::client::EnvAction;
use crate::failure::{Failure, Status};
use crate::output::table::{Cell, Table};
use crate::output::{Color, plain};
use crate::session::Session;
use travis_api::v3::NewEnvVar;
use travis_model::Slug;

/// Reads and sets variables.
pub async fn run(action: EnvAction, session: &mut Session) -> Result<Status, Failure> {
    match action {
        EnvAction::List { slug } => list(slug, session).await?,
        EnvAction::Set {
            slug,
            name,
            public,
            value,
            branch,
        } => {
            let client = session.client()?;
            let value = match value {
                Some(value) => value,
                None => session.secret(&format!("Value of {name}")).await?,
            };
            let new = NewEnvVar {
                name,
                value,
                public,
                branch,
            };
            let variable = client.set_env_var(&slug, &new).await?;
            if session.is_json() {
                session.screen.json(&variable)?;
            } else {
                let name = plain(&variable.name);
                let shown = if variable.public {
                    "its value is shown to readers"
                } else {
                    "its value is secret"
                };
                session
                    .screen
                    .line(&format!("{name} is set for {slug}; {shown}"))?;
            }
        }
        EnvAction::Unset { slug, name, branch } => unset(&slug, &name, branch, session).await?,
    }
    Ok(Status::Passed)
}

async fn list(slug: Option<Slug>, session: &mut Session) -> Result<(), Failure> {
    let client = session.client()?;
    let slug = target::slug(session, &client, slug).await?;
    let list = client.env_vars(&slug).await?;
    if session.is_json() {
        session.screen.json(&list)?;
        return Ok(());
    }
    if list.env_vars.is_empty() {
        session.screen.line(&format!(
            "No variables. Set one: travis env set {slug} NAME"
        ))?;
        return Ok(());
    }
    let mut table = Table::with_head(&["NAME", "VALUE", "BRANCH"]);
    for variable in &list.env_vars {
        table.row(vec![
            Cell::new(&variable.name),
            match &variable.value {
                Some(value) => Cell::new(value),
                None => Cell::new("[secret]").color(Color::Gray),
            },
            Cell::new(variable.branch.as_deref().unwrap_or_default()),
        ]);
    }
    table.print(&mut session.screen)?;
    Ok(())
}

async fn unset(
    slug: &Slug,
    name: &str,
    branch: Option<String>,
    session: &mut Session,
) -> Result<(), Failure> {
    let client = session.client()?;
    let list = client.env_vars(slug).await?;
    let found = list
        .env_vars
        .iter()
        .find(|variable| variable.name == name && variable.branch == branch);
    let Some(variable) = found else {
        let place = branch
            .map(|branch| format!(" for branch {branch}"))
            .unwrap_or_default();
        return Err(
            Failure::not_found(format!("{slug} has no variable {name}{place}"))
                .remedy(format!("Its variables: travis env list {slug}")),
        );
    };
    client.unset_env_var(slug, variable.id).await?;
    if !session.is_json() {
        session
            .screen
            .line(&format!("{name} is removed from {slug}"))?;
    }
    Ok(())
}
