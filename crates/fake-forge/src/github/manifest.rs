//! Making a GitHub App from a manifest.

use super::{jwt, render};
use crate::forge::Forge;
use crate::http::{Answer, Call, Reply, encoded, escaped};
use crate::state::apps::{App, Client};
use crate::state::repos::{Hook, HookOwner};
use crate::state::{now, random};
use axum::http::Method;
use jwt::pem;
use serde_json::{Map, Value};

/// The page with a button, and what follows it.
pub fn ask(forge: &Forge, call: &Call, path: &[&str]) -> Answer {
    let fields = call.fields();
    let text = fields
        .get("manifest")
        .map(String::as_str)
        .unwrap_or_default();
    let manifest: Value = serde_json::from_str(text).map_err(|error| {
        let why = escaped(&error.to_string());
        Reply::page(422, "Invalid manifest", &format!("<p>not JSON: {why}</p>"))
    })?;
    for needed in ["url", "redirect_url"] {
        if manifest[needed].as_str().is_none() {
            let text = format!("<p>{needed} is missing</p>");
            return Err(Reply::page(422, "Invalid manifest", &text));
        }
    }
    let Some(owner) = fields.get("owner") else {
        return Ok(page(forge, call, path, text));
    };
    let app = new_app(forge, owner, &manifest);
    let code = random(20);
    forge.state().manifest_codes.insert(code.clone(), app);
    let to = manifest["redirect_url"].as_str().unwrap_or_default();
    let separator = if to.contains('?') { '&' } else { '?' };
    let state = call
        .parameter("state")
        .map(|state| format!("&state={}", encoded(state)))
        .unwrap_or_default();
    Ok(Reply::redirect(
        302,
        &format!("{to}{separator}code={code}{state}"),
    ))
}

fn page(forge: &Forge, call: &Call, path: &[&str], manifest: &str) -> Reply {
    let state = forge.state();
    let owners: Vec<String> = match path {
        ["organizations", org, ..] => vec![(*org).to_owned()],
        _ => state
            .accounts
            .iter()
            .filter(|one| one.members.is_none())
            .map(|one| one.login.clone())
            .collect(),
    };
    let buttons: String = owners
        .iter()
        .map(|login| {
            let login = escaped(login);
            format!("<p><button name=\"owner\" value=\"{login}\">Create GitHub App for {login}</button></p>")
        })
        .collect();
    let action = escaped(&format!("{}?{}", call.path, call.query_text));
    Reply::page(
        200,
        "Create GitHub App",
        &format!(
            "<form method=\"post\" action=\"{action}\"><input type=\"hidden\" name=\"manifest\" value=\"{}\">{buttons}</form>",
            escaped(manifest)
        ),
    )
}

fn words(value: &Value) -> Vec<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one.as_str().map(str::to_owned))
        .collect()
}

/// Makes an App with its hook and its OAuth client; gives its number.
pub fn new_app(forge: &Forge, owner: &str, manifest: &Value) -> u64 {
    let mut state = forge.state();
    let (id, hook) = (state.next_id(), state.next_id());
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let name = text(&manifest["name"]).unwrap_or_else(|| format!("app-{id}"));
    let slug: String = name
        .to_lowercase()
        .chars()
        .map(|one| {
            if one.is_ascii_alphanumeric() {
                one
            } else {
                '-'
            }
        })
        .collect();
    let client_id = format!("Iv1.{}", random(8));
    let mut events = words(&manifest["default_events"]);
    state.clients.push(Client {
        client_id: client_id.clone(),
        client_secret: random(20),
        name: name.clone(),
        callbacks: words(&manifest["callback_urls"]),
        app: Some(id),
    });
    let permissions = match &manifest["default_permissions"] {
        Value::Object(map) => map.clone(),
        _ => Map::new(),
    };
    state.apps.insert(
        id,
        App {
            id,
            slug,
            name,
            owner: owner.to_owned(),
            client_id,
            hook,
            setup_url: text(&manifest["setup_url"]),
            external_url: text(&manifest["url"]).unwrap_or_default(),
            permissions,
            events: events.clone(),
            created_at: now(),
        },
    );
    // GitHub tells these to every App, asked for or not.
    for always in ["installation", "installation_repositories", "ping"] {
        events.push(always.to_owned());
    }
    let address = text(&manifest["hook_attributes"]["url"]);
    let active = manifest["hook_attributes"]["active"]
        .as_bool()
        .unwrap_or(true);
    state.hooks.insert(
        hook,
        Hook {
            id: hook,
            owner: HookOwner::App(id),
            active: active && address.is_some(),
            url: address.unwrap_or_default(),
            secret: Some(random(20)),
            content_type: "json".to_owned(),
            events,
            created_at: now(),
            updated_at: now(),
        },
    );
    id
}

/// An App with its secrets, as it is told once.
pub fn whole(forge: &Forge, id: u64) -> Result<Value, Reply> {
    let state = forge.state();
    let app = state.apps.get(&id).ok_or_else(Reply::not_found)?;
    let mut value = render::app(forge.url(), &state, app);
    let secret = state
        .client(&app.client_id)
        .map(|client| client.client_secret.clone());
    value["client_secret"] = Value::from(secret);
    value["webhook_secret"] = Value::from(
        state
            .hooks
            .get(&app.hook)
            .and_then(|hook| hook.secret.clone()),
    );
    value["pem"] = Value::from(pem().map_err(|error| Reply::message(500, &error.to_string()))?);
    Ok(value)
}

/// `POST /app-manifests/{code}/conversions`.
pub fn convert(forge: &Forge, call: &Call, code: &str) -> Answer {
    if call.method != Method::POST {
        return Err(Reply::not_found());
    }
    let app = forge.state().manifest_codes.remove(code);
    let app = app.ok_or_else(Reply::not_found)?;
    Ok(Reply::json(201, &whole(forge, app)?))
}
