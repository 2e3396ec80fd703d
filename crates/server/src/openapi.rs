//! The documented routes, and their OpenAPI document.
//!
//! The document is generated from the handlers by a test and committed; a server serves the
//! committed text, since making it at each start costs time and memory that only it needs.

use crate::App;
#[cfg(not(test))]
use bare::{Routes, routes};
#[cfg(test)]
use utoipa_axum::{router::OpenApiRouter as Routes, routes};

/// The OpenAPI document as JSON.
pub const DOCUMENT: &str = include_str!("../../../web/openapi.json");

/// Every documented route.
fn documented() -> Routes<App> {
    use crate::routes as r;
    Routes::new()
        .routes(routes!(r::home::home))
        .routes(routes!(r::account::user))
        .routes(routes!(r::account::sync))
        .routes(routes!(r::account::sessions, r::account::end_sessions))
        .routes(routes!(r::account::end_session))
        .routes(routes!(r::admin::overview))
        .routes(routes!(r::admin::users))
        .routes(routes!(r::admin::change_user))
        .routes(routes!(r::admin::audit))
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
        .routes(routes!(r::crons::list))
        .routes(routes!(r::crons::find, r::crons::remove))
        .routes(routes!(r::crons::of_branch, r::crons::create))
        .routes(routes!(r::stats::of_repository))
        .routes(routes!(r::badges::texts))
        .routes(routes!(r::env_vars::list, r::env_vars::set))
        .routes(routes!(
            r::env_vars::find,
            r::env_vars::change,
            r::env_vars::remove
        ))
        .routes(routes!(
            r::key_pair::find,
            r::key_pair::create,
            r::key_pair::change,
            r::key_pair::remove
        ))
        .routes(routes!(r::keys::generated))
        .routes(routes!(r::keys::key))
        .routes(routes!(r::caches::list, r::caches::remove))
        .routes(routes!(r::requests::list, r::requests::create))
        .routes(routes!(r::requests::preview))
        .routes(routes!(r::requests::find))
        .routes(routes!(r::requests::messages))
        .merge(lint())
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
        .routes(routes!(r::results::of_job))
        .routes(routes!(r::results::of_build))
        .routes(routes!(r::results::history))
        .routes(routes!(r::artifacts::list))
        .routes(routes!(r::artifacts::find))
        .routes(routes!(r::artifacts::download))
        .routes(routes!(r::workers::list))
        .routes(routes!(
            r::workers::find,
            r::workers::change,
            r::workers::remove
        ))
        .routes(routes!(r::workers::history))
        .routes(routes!(r::known_answers::list))
        .routes(routes!(r::statements::of_job))
        .routes(routes!(r::statements::key))
        .routes(routes!(r::known_answers::log))
        .routes(routes!(r::known_answers::lines))
        .routes(routes!(r::known_answers::index))
        .routes(routes!(r::workers::hours))
        .routes(routes!(r::workers::ban))
        .routes(routes!(r::workers::unban))
        .routes(routes!(r::workers::tier))
        .routes(routes!(r::workers::pause))
        .routes(routes!(r::workers::resume))
        .routes(routes!(r::workers::drain))
        .routes(routes!(r::enrolments::create))
        .routes(routes!(r::enrolments::list))
        .routes(routes!(
            r::enrolments::find,
            r::enrolments::change,
            r::enrolments::revoke
        ))
        .routes(routes!(r::fleet::find))
        .routes(routes!(r::fleet::of_owner))
        .routes(routes!(r::stats::queue))
        .routes(routes!(r::stats::fleet))
        .routes(routes!(r::images::find, r::images::set))
        .routes(routes!(r::downloads::list))
        .merge(hooks())
        .routes(routes!(r::worker_api::enrol))
        .routes(routes!(r::worker_api::challenge))
        .routes(routes!(r::worker_api::session))
        .routes(routes!(r::worker_api::poll))
        .routes(routes!(r::worker_api::log))
        .routes(routes!(r::worker_api::state))
        .routes(routes!(r::worker_api::finish))
        .routes(routes!(r::caches::fetch, r::caches::store))
        .routes(routes!(r::results::declare))
        .routes(routes!(r::results::store))
        .routes(routes!(r::source::refs))
        .routes(routes!(r::source::objects))
}

/// A file in JSON is longer than the file.
fn lint() -> Routes<App> {
    use crate::routes as r;
    Routes::new()
        .routes(routes!(r::lint::lint))
        .layer(axum::extract::DefaultBodyLimit::max(r::lint::BODY_LIMIT))
}

/// What hooks call: they alone may send much.
fn hooks() -> Routes<App> {
    use crate::routes as r;
    Routes::new()
        .routes(routes!(r::ping::ping))
        .routes(routes!(r::ping::hook))
        .layer(axum::extract::DefaultBodyLimit::max(r::ping::HOOK_LIMIT))
}

/// Every documented route, to be served.
#[cfg(not(test))]
pub(crate) fn router() -> axum::Router<App> {
    documented().0
}

/// Every documented route, to be served.
#[cfg(test)]
pub(crate) fn router() -> axum::Router<App> {
    documented().split_for_parts().0
}

/// Routes without their documentation, collected as `utoipa-axum` collects both.
#[cfg(not(test))]
mod bare {
    use axum::{Router, extract::DefaultBodyLimit, routing::MethodRouter};

    pub(super) struct Routes<S>(pub Router<S>);

    impl<S: Clone + Send + Sync + 'static> Routes<S> {
        pub(super) fn new() -> Self {
            Self(Router::new())
        }

        pub(super) fn routes(self, (path, methods): (String, MethodRouter<S>)) -> Self {
            Self(self.0.route(&path, methods))
        }

        pub(super) fn merge(self, other: Self) -> Self {
            Self(self.0.merge(other.0))
        }

        pub(super) fn layer(self, limit: DefaultBodyLimit) -> Self {
            Self(self.0.layer(limit))
        }
    }

    /// The address of the first handler, with the methods of all: they share it.
    macro_rules! routes {
        ($r:ident::$of:ident::$first:ident $(, $more_r:ident::$more_of:ident::$more:ident)*) => {{
            let path = utoipa_axum::routes!(@path [path()] of $r::$of::$first);
            let methods = axum::routing::MethodRouter::new();
            let methods = bare::routes!(@on methods, $r::$of::$first);
            $(let methods = bare::routes!(@on methods, $more_r::$more_of::$more);)*
            (path, methods)
        }};
        (@on $methods:ident, $r:ident::$of:ident::$handler:ident) => {
            utoipa_axum::routes!(@path [methods()] of $r::$of::$handler)
                .iter()
                .fold($methods, |methods, method| {
                    use utoipa_axum::PathItemExt;
                    methods.on(method.to_method_filter(), $r::$of::$handler)
                })
        };
    }
    pub(super) use routes;
}

#[cfg(test)]
mod tests {
    use utoipa::OpenApi;

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
                ("put", &mut item.put),
            ];
            for (method, operation) in operations {
                if let Some(operation) = operation {
                    operation.operation_id = Some(format!("{method}_{}", words.join("_")));
                }
            }
        }
    }

    /// The document as JSON, indented.
    fn generated() -> String {
        let (_, mut api) = utoipa_axum::router::OpenApiRouter::with_openapi(Document::openapi())
            .merge(super::documented())
            .split_for_parts();
        name_operations(&mut api);
        api.to_pretty_json().unwrap() + "\n"
    }

    #[test]
    fn the_committed_document_is_the_generated_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/openapi.json");
        let generated = generated();
        if std::env::var_os("TRAVIS_WRITE_OPENAPI").is_some() {
            std::fs::write(path, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap();
        assert_eq!(committed, generated, "run: make api");
    }
}
