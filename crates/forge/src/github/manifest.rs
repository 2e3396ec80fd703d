//! Making an App by a manifest: GitHub fills in everything, the operator only agrees.

use super::GitHub;
use super::access::versioned;
use crate::ForgeError;
use crate::hosting::{AppIdentity, MadeApp, ManifestDemand, ManifestForm};
use crate::http::Call;
use crate::http::address::segment;
use serde::Deserialize;
use serde_json::json;
use travis_model::Secret;

/// What GitHub takes as a name.
const LONGEST_NAME: usize = 34;
/// What the App's hook sends besides what every App's hook sends (installations).
const EVENTS: [&str; 12] = [
    "push",
    "pull_request",
    "create",
    "delete",
    "repository",
    "member",
    "membership",
    "organization",
    "team",
    "team_add",
    "check_run",
    "check_suite",
];

#[derive(Deserialize)]
struct Conversion {
    id: i64,
    slug: Option<String>,
    name: String,
    client_id: String,
    client_secret: String,
    webhook_secret: Option<String>,
    pem: String,
    html_url: String,
}

impl GitHub {
    pub(super) fn app_form(&self, demand: &ManifestDemand<'_>) -> ManifestForm {
        let host = demand
            .public_url
            .split_once("://")
            .map_or(demand.public_url, |(_, host)| host);
        // Names are unique on GitHub; the host makes a collision unlikely, and the operator may
        // change it there.
        let name: String = format!("Travis {host}")
            .chars()
            .take(LONGEST_NAME)
            .collect();
        let manifest = json!({
            "name": name,
            "url": demand.public_url,
            "description": "Builds and tests what is pushed.",
            "hook_attributes": { "url": demand.hook_url, "active": true },
            "redirect_url": demand.done_url,
            "callback_urls": [demand.sign_in_url],
            "setup_url": demand.public_url,
            "setup_on_update": true,
            "request_oauth_on_install": false,
            // One that is not public can be installed on its owner's account only. Who may use
            // this installation is for its own configuration to say.
            "public": true,
            "default_permissions": {
                "checks": "write",
                "statuses": "write",
                "contents": "read",
                "metadata": "read",
                "pull_requests": "read",
                "members": "read",
                "emails": "read",
            },
            "default_events": EVENTS,
        });
        let owner = match demand.organization {
            Some(organization) => format!("organizations/{}/", segment(organization)),
            None => String::new(),
        };
        ManifestForm {
            action: format!(
                "{}/{owner}settings/apps/new?state={}",
                self.web,
                segment(demand.state)
            ),
            manifest: manifest.to_string(),
        }
    }

    pub(super) async fn made_app(&self, code: &Secret) -> Result<MadeApp, ForgeError> {
        // GitHub wants it in the address; it is good for one call.
        let code = segment(code.reveal());
        let call = Call::post(self.api(&format!("/app-manifests/{code}/conversions")))
            .what("the App that was to be made");
        let made: Conversion = self.client.send(versioned(call)).await?.json()?;
        let (Some(slug), Some(hook_secret)) = (made.slug, made.webhook_secret) else {
            return Err(ForgeError::Upstream {
                detail: "the App was made without a hook or a name; delete it there and make it \
                         again"
                    .to_owned(),
            });
        };
        Ok(MadeApp {
            app: AppIdentity {
                id: made.id,
                slug,
                private_key: Secret::new(made.pem),
            },
            name: made.name,
            client_id: made.client_id,
            client_secret: Secret::new(made.client_secret),
            hook_secret: Secret::new(hook_secret),
            html_url: made.html_url,
        })
    }
}
