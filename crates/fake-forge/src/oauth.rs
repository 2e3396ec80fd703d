//! The web flow of OAuth, which all three services share: the page of consent, codes with PKCE,
//! tokens and their renewal.

use crate::forge::Forge;
use crate::http::{Answer, Call, Reply, basic, encoded, escaped};
use crate::state::apps::{Client, Code, Holder};
use crate::state::{epoch, random};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::BTreeMap;

/// Seconds that a code is good for.
const CODE_SECONDS: i64 = 600;

/// What is asked on the page of consent.
struct Wish {
    client: Client,
    redirect_uri: String,
}

fn wish(forge: &Forge, call: &Call) -> Result<Wish, Reply> {
    let refuse = |why: &str| Reply::page(400, "Can't authorize", &format!("<p>{why}</p>"));
    let client = call
        .parameter("client_id")
        .and_then(|id| forge.state().client(id).cloned())
        .ok_or_else(|| Reply::page(404, "Not found", "<p>unknown client_id</p>"))?;
    let redirect_uri = match call.parameter("redirect_uri") {
        Some(asked) if client.callbacks.iter().any(|one| one == asked) => asked.to_owned(),
        Some(_) => {
            return Err(refuse(
                "The redirect_uri is not associated with this application.",
            ));
        }
        None => client
            .callbacks
            .first()
            .cloned()
            .ok_or_else(|| refuse("The application has no callback URL."))?,
    };
    let method = call.parameter("code_challenge_method").unwrap_or("S256");
    if method != "S256" && call.parameter("code_challenge").is_some() {
        return Err(refuse("Only the code_challenge_method S256 is supported."));
    }
    Ok(Wish {
        client,
        redirect_uri,
    })
}

/// The page that lists who may agree, one button each.
pub fn ask(forge: &Forge, call: &Call) -> Answer {
    let wish = wish(forge, call)?;
    let state = forge.state();
    let people = state.accounts.iter().filter(|one| one.members.is_none());
    let buttons: String = people
        .map(|one| {
            let login = escaped(&one.login);
            format!("<p><button name=\"login\" value=\"{login}\">Authorize as {login}</button></p>")
        })
        .collect();
    let action = escaped(&format!("{}?{}", call.path, call.query_text));
    let inside = format!(
        "<p>{} wants to act for you.</p><form method=\"post\" action=\"{action}\">{buttons}\
         <p><button name=\"cancel\" value=\"1\">Cancel</button></p></form>",
        escaped(&wish.client.name)
    );
    Ok(Reply::page(200, "Authorize", &inside))
}

/// What follows a button of that page.
pub fn agree(forge: &Forge, call: &Call) -> Answer {
    let wish = wish(forge, call)?;
    let fields = call.fields();
    let separator = if wish.redirect_uri.contains('?') {
        '&'
    } else {
        '?'
    };
    let back = call
        .parameter("state")
        .map(|state| format!("&state={}", encoded(state)))
        .unwrap_or_default();
    if fields.contains_key("cancel") {
        let to = format!("{}{separator}error=access_denied{back}", wish.redirect_uri);
        return Ok(Reply::redirect(302, &to));
    }
    let login = fields.get("login").map(String::as_str).unwrap_or_default();
    let mut state = forge.state();
    let account = state
        .account(login)
        .filter(|one| one.members.is_none())
        .ok_or_else(|| Reply::page(422, "Can't authorize", "<p>no such person</p>"))?;
    let login = account.login.clone();
    let code = random(10);
    state.codes.insert(
        code.clone(),
        Code {
            client_id: wish.client.client_id,
            login,
            scope: call.parameter("scope").unwrap_or_default().to_owned(),
            redirect_uri: wish.redirect_uri.clone(),
            challenge: call.parameter("code_challenge").map(str::to_owned),
            expires: epoch() + CODE_SECONDS,
        },
    );
    let to = format!("{}{separator}code={code}{back}", wish.redirect_uri);
    Ok(Reply::redirect(302, &to))
}

/// Why there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Client or its secret is wrong.
    Client,
    /// The code is wrong, used, too old or without its verifier.
    Code,
    /// The address is not the one the code was sent to.
    Redirect,
    /// The refresh token is wrong or used.
    Refresh,
    /// No such grant type.
    GrantType,
}

/// What was agreed to.
pub struct Grant {
    /// Who agreed.
    pub login: String,
    /// For whom.
    pub client: Client,
    /// Scopes, with spaces or commas as asked.
    pub scope: String,
}

/// Checks a request for a token; its code or refresh token is used up.
pub fn redeem(forge: &Forge, call: &Call) -> Result<Grant, Refusal> {
    let mut fields = call.fields();
    if let Some((user, password)) = basic(&call.headers) {
        fields.insert("client_id".to_owned(), user);
        fields.insert("client_secret".to_owned(), password);
    }
    let field = |name: &str| fields.get(name).map(String::as_str);
    let mut state = forge.state();
    let client = field("client_id")
        .and_then(|id| state.client(id))
        .filter(|client| field("client_secret") == Some(client.client_secret.as_str()))
        .cloned()
        .ok_or(Refusal::Client)?;
    match field("grant_type") {
        None | Some("authorization_code") => {
            let name = field("code").ok_or(Refusal::Code)?;
            let code = state.codes.remove(name).ok_or(Refusal::Code)?;
            if code.client_id != client.client_id || code.expires <= epoch() {
                return Err(Refusal::Code);
            }
            if field("redirect_uri").is_some_and(|uri| uri != code.redirect_uri) {
                return Err(Refusal::Redirect);
            }
            if !verified(code.challenge.as_deref(), &fields) {
                return Err(Refusal::Code);
            }
            Ok(Grant {
                login: code.login,
                client,
                scope: code.scope,
            })
        }
        Some("refresh_token") => {
            let value = field("refresh_token").ok_or(Refusal::Refresh)?;
            let token = state.tokens.remove(value).ok_or(Refusal::Refresh)?;
            match token.holder {
                Holder::Refresh { login, client_id }
                    if client_id == client.client_id
                        && token.expires.is_none_or(|end| end > epoch()) =>
                {
                    Ok(Grant {
                        login,
                        client,
                        scope: token.scope,
                    })
                }
                _ => Err(Refusal::Refresh),
            }
        }
        Some(_) => Err(Refusal::GrantType),
    }
}

fn verified(challenge: Option<&str>, fields: &BTreeMap<String, String>) -> bool {
    let Some(challenge) = challenge else {
        return true;
    };
    fields.get("code_verifier").is_some_and(|verifier| {
        let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
        URL_SAFE_NO_PAD.encode(hash) == challenge
    })
}

/// Makes the tokens of a grant: access token, and a refresh token when it ends after `seconds`.
pub fn tokens(
    forge: &Forge,
    grant: &Grant,
    prefixes: (&str, &str),
    seconds: Option<i64>,
) -> (String, Option<String>) {
    let mut state = forge.state();
    let holder = Holder::Person {
        login: grant.login.clone(),
        client_id: Some(grant.client.client_id.clone()),
    };
    let access = state.issue(prefixes.0, holder, &grant.scope, seconds);
    let refresh = seconds.map(|_| {
        let holder = Holder::Refresh {
            login: grant.login.clone(),
            client_id: grant.client.client_id.clone(),
        };
        state.issue(prefixes.1, holder, &grant.scope, Some(15_897_600))
    });
    (access, refresh)
}
