//! `travis token`

use crate::cli::client::{TokenAction, TokenScope};
use crate::cli::fleet::{EnrolArgs, JoinWay};
use crate::failure::{Failure, Status};
use crate::output::table::{Cell, Table};
use crate::output::{Color, plain, words};
use crate::session::Session;
use travis_api::lend::Lending;
use travis_api::v3::{NewEnrolment, NewToken};

/// Makes, lists and revokes tokens.
pub async fn run(action: TokenAction, session: &mut Session) -> Result<Status, Failure> {
    match action {
        TokenAction::Create {
            name,
            scope,
            expires_in_days,
        } => create(name, scope, expires_in_days, session).await?,
        TokenAction::List => list(session).await?,
        TokenAction::Revoke { id } => {
            session.client()?.revoke_token(id).await?;
            if !session.is_json() {
                session.screen.line(&format!("Token {id} is revoked."))?;
            }
        }
        TokenAction::Enrol(args) => enrol(args, session).await?,
    }
    Ok(Status::Passed)
}

async fn create(
    name: String,
    scope: TokenScope,
    expires_in_days: Option<u32>,
    session: &mut Session,
) -> Result<(), Failure> {
    let new = NewToken {
        name,
        scope: scope.word().to_owned(),
        expires_in_days,
    };
    let token = session.client()?.create_token(&new).await?;
    if session.is_json() {
        session.screen.json(&token)?;
        return Ok(());
    }
    // The token alone on standard output, so that it can be piped to where it belongs.
    session
        .screen
        .line(&plain(token.token.as_deref().unwrap_or_default()))?;
    session.screen.remark(&format!(
        "This is token {} ({}). It is shown only now. Revoke it: travis token revoke {}",
        token.id,
        plain(&token.name),
        token.id
    ))?;
    Ok(())
}

async fn list(session: &mut Session) -> Result<(), Failure> {
    let list = session.client()?.tokens().await?;
    if session.is_json() {
        session.screen.json(&list)?;
        return Ok(());
    }
    if list.tokens.is_empty() {
        session
            .screen
            .line("No tokens. Make one: travis token create NAME")?;
        return Ok(());
    }
    let screen = &session.screen;
    let mut table = Table::with_head(&["ID", "NAME", "SCOPE", "MADE", "LAST USED", "ENDS"]);
    for token in &list.tokens {
        let used = token.last_used_at.as_deref();
        let ends = token
            .expires_at
            .as_deref()
            .and_then(|time| time.parse().ok())
            .map(|time| words::ahead(time, (screen.clock.now)()));
        table.row(vec![
            Cell::new(&token.id.to_string()).right(),
            Cell::new(&token.name),
            Cell::new(&token.scope),
            Cell::new(&screen.ago(Some(&token.created_at))),
            if used.is_some() {
                Cell::new(&screen.ago(used))
            } else {
                Cell::new("never").color(Color::Gray)
            },
            Cell::new(ends.as_deref().unwrap_or("never")),
        ]);
    }
    table.print(&mut session.screen)?;
    Ok(())
}

/// What is lent, as it is said on the command line; nothing when nothing is said.
fn lending(args: &EnrolArgs) -> Option<Lending> {
    let gigabytes = |number: Option<u64>| number.map(|number| number.saturating_mul(1_000_000_000));
    let lending = Lending {
        slots: args.lend_slots,
        cores_percent: args.lend_cores,
        memory_percent: args.lend_memory,
        disk_bytes: gigabytes(args.lend_disk),
        bytes_per_month: gigabytes(args.lend_traffic),
        only_when_idle: args.lend_idle,
        only_on_mains: args.lend_plugged,
        only_unmetered: args.lend_plugged,
        only_repositories: args.lend_to.clone(),
        ..Lending::default()
    };
    (lending != Lending::default()).then_some(lending)
}

async fn enrol(args: EnrolArgs, session: &mut Session) -> Result<(), Failure> {
    let new = NewEnrolment {
        way: Some(args.way.word().to_owned()),
        lending: lending(&args),
        name: args.name.clone(),
    };
    let token = session.client()?.enrolment_token(&new).await?;
    if session.is_json() {
        session.screen.json(&token)?;
        return Ok(());
    }
    let lines = match args.way {
        JoinWay::Program => vec![token.command],
        JoinWay::Command => vec![token.lines.one_command],
        JoinWay::Script => token.lines.without_pipe,
        JoinWay::Service => token.lines.service,
        JoinWay::Container => vec![token.lines.container],
        JoinWay::Vm => vec![token.lines.vm],
        JoinWay::Qemu => token.lines.qemu,
        JoinWay::UserData => token.lines.user_data.lines().map(str::to_owned).collect(),
    };
    for line in lines {
        session.screen.line(&plain(&line))?;
    }
    let ends = token
        .expires_at
        .parse()
        .map(|time| words::ahead(time, (session.screen.clock.now)()))
        .unwrap_or_else(|_| plain(&token.expires_at));
    session.screen.remark(&format!(
        "Run this on the machine that is to build. The token works once and ends {ends}."
    ))?;
    Ok(())
}
