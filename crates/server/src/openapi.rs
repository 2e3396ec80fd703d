//! The OpenAPI document, generated from the handlers.

use crate::{App, routes};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Travis",
        description = "API v3 and the worker API. Every object carries @type and @href. \
            Authorization: token YOUR-TOKEN.",
        license(name = "MIT")
    ),
    components(schemas(
        travis_api::live::ClientMessage,
        travis_api::live::ServerMessage,
        travis_api::v3::ErrorBody,
    ))
)]
struct Document;

/// Every documented route, with its documentation.
pub(crate) fn routes() -> OpenApiRouter<App> {
    use routes as r;
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(r::home::home))
        .routes(routes!(r::account::user))
        .routes(routes!(r::account::sync))
        .routes(routes!(r::account::sessions, r::account::end_sessions))
        .routes(routes!(r::account::end_session))
        .routes(routes!(r::forges::list))
        .routes(routes!(r::forges::owners))
        .routes(routes!(r::forges::setup))
        .routes(routes!(r::forges::manifest))
        .routes(routes!(r::forges::add))
        .routes(routes!(r::forges::remove))
        .routes(routes!(r::account::tokens, r::account::create_token))
        .routes(routes!(r::account::revoke_token))
        .routes(routes!(r::repos::list, r::repos::create))
        .routes(routes!(r::repos::find, r::repos::remove))
        .routes(routes!(r::repos::activate))
        .routes(routes!(r::repos::deactivate))
        .routes(routes!(r::repos::star))
        .routes(routes!(r::repos::unstar))
        .routes(routes!(r::settings::list))
        .routes(routes!(r::settings::find, r::settings::change))
        .routes(routes!(r::repos::ping_address))
        .routes(routes!(r::repos::branches))
        .routes(routes!(r::repos::branch))
        .routes(routes!(r::badges::texts))
        .routes(routes!(r::env_vars::list, r::env_vars::set))
        .routes(routes!(
            r::env_vars::find,
            r::env_vars::change,
            r::env_vars::remove
        ))
        .routes(routes!(r::keys::generated))
        .routes(routes!(r::keys::key))
        .routes(routes!(r::requests::list, r::requests::create))
        .routes(routes!(r::requests::find))
        .routes(routes!(r::pull_requests::approve))
        .routes(routes!(r::pull_requests::list))
        .routes(routes!(r::deliveries::list))
        .routes(routes!(r::deliveries::find))
        .routes(routes!(r::deliveries::redeliver))
        .routes(routes!(r::builds::of_repository))
        .routes(routes!(r::builds::all))
        .routes(routes!(r::builds::find))
        .routes(routes!(r::builds::cancel))
        .routes(routes!(r::builds::restart))
        .routes(routes!(r::builds::jobs))
        .routes(routes!(r::builds::stages))
        .routes(routes!(r::builds::config))
        .routes(routes!(r::jobs::find))
        .routes(routes!(r::jobs::cancel))
        .routes(routes!(r::jobs::restart))
        .routes(routes!(r::logs::whole))
        .routes(routes!(r::logs::text))
        .routes(routes!(r::logs::lines))
        .routes(routes!(r::logs::index))
        .routes(routes!(r::logs::search))
        .routes(routes!(r::workers::list))
        .routes(routes!(r::workers::find, r::workers::remove))
        .routes(routes!(r::workers::pause))
        .routes(routes!(r::workers::resume))
        .routes(routes!(r::workers::drain))
        .routes(routes!(r::workers::enrolment_token))
        .merge(hooks())
        .routes(routes!(r::worker_api::enrol))
        .routes(routes!(r::worker_api::challenge))
        .routes(routes!(r::worker_api::session))
        .routes(routes!(r::worker_api::poll))
        .routes(routes!(r::worker_api::log))
        .routes(routes!(r::worker_api::state))
        .routes(routes!(r::worker_api::finish))
        .routes(routes!(r::source::refs))
        .routes(routes!(r::source::objects))
}

/// What hooks call: they alone may send much.
fn hooks() -> OpenApiRouter<App> {
    use routes::ping::HOOK_LIMIT;
    OpenApiRouter::new()
        .routes(routes!(routes::ping::ping))
        .routes(routes!(routes::ping::hook))
        .layer(axum::extract::DefaultBodyLimit::max(HOOK_LIMIT))
}

/// Names each operation by its method and address: handlers of several resources share names.
fn name_operations(api: &mut utoipa::openapi::OpenApi) {
    for (path, item) in &mut api.paths.paths {
        let words: Vec<&str> = path
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        let operations = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("delete", &mut item.delete),
            ("patch", &mut item.patch),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                operation.operation_id = Some(format!("{method}_{}", words.join("_")));
            }
        }
    }
}

/// The document as JSON, indented.
#[must_use]
pub fn document() -> String {
    let (_, mut api) = routes().split_for_parts();
    name_operations(&mut api);
    api.to_pretty_json()
        .unwrap_or_else(|error| format!("{{\"error\": \"{error}\"}}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_committed_document_is_the_generated_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/openapi.json");
        let generated = super::document() + "\n";
        if std::env::var_os("TRAVIS_WRITE_OPENAPI").is_some() {
            std::fs::write(path, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap();
        assert_eq!(committed, generated, "run: make api");
    }
}
