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
            given,
            public,
            value,
            branch,
        } => {
            let client = session.client()?;
            let value = match value.or(given).filter(|value| value != "-") {
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
        EnvAction::Copy {
            slug,
            names,
            public,
            branch,
        } => copy(&slug, &names, public, branch.as_deref(), session).await?,
        EnvAction::Clear { slug, force } => clear(&slug, force, session).await?,
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

async fn copy(
    slug: &Slug,
    names: &[String],
    public: bool,
    branch: Option<&str>,
    session: &mut Session,
) -> Result<(), Failure> {
    let client = session.client()?;
    let mut found = Vec::new();
    // All of them or none.
    for name in names {
        let Some(value) = (session.around.variable)(name) else {
            return Err(
                Failure::usage(format!("the variable {name} is not set here"))
                    .remedy(format!("Export it first, or: travis env set {slug} {name}")),
            );
        };
        found.push(NewEnvVar {
            name: name.clone(),
            value,
            public,
            branch: branch.map(str::to_owned),
        });
    }
    let mut set = Vec::new();
    for new in &found {
        set.push(client.set_env_var(slug, new).await?);
        if !session.is_json() {
            session
                .screen
                .line(&format!("{} is set for {slug}", plain(&new.name)))?;
        }
    }
    if session.is_json() {
        session.screen.json(&set)?;
    }
    Ok(())
}

async fn clear(slug: &Slug, force: bool, session: &mut Session) -> Result<(), Failure> {
    let client = session.client()?;
    let list = client.env_vars(slug).await?;
    if !force {
        return Err(Failure::usage(format!(
            "this removes {} of {slug}, whose values can't be brought back",
            match list.env_vars.len() {
                1 => "1 variable".to_owned(),
                several => format!("{several} variables"),
            }
        ))
        .remedy(format!("If you mean it: travis env clear {slug} --force")));
    }
    for variable in &list.env_vars {
        client.unset_env_var(slug, variable.id).await?;
        if !session.is_json() {
            session
                .screen
                .line(&format!("{} is removed from {slug}", plain(&variable.name)))?;
        }
    }
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
