//! Providers of `deploy`, engineyard to openshift.

use super::common::{SECURES, STRS};
use super::deploy::COMMON;
use super::shape::SECURE;
use super::shape::{BOOL, Map, Pattern, STR, by_default, key, map, provider, provider_key, value};

static ENGINEYARD_APP_KEYS: Map = Map::pattern(Pattern::Any, &STR);

pub(super) static ENGINEYARD: Map = provider(
    list![
        list![
            key("email", SECURE.lax()),
            key("password", SECURE),
            key("api_key", SECURE),
            key("account", SECURE.lax()),
            key("app", any![map(&ENGINEYARD_APP_KEYS), STR]),
            key(
                "env",
                any![map(&ENGINEYARD_APP_KEYS), STR].aliases(&["environment"])
            ),
            key("migrate", STR),
        ],
        list![provider_key(list![value("engineyard")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static FIREBASE: Map = provider(
    list![
        list![
            key("project", STR),
            key("token", SECURE),
            key("message", STR),
            key("only", STR),
            key("force", BOOL),
        ],
        list![provider_key(list![value("firebase")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static FLYNN: Map = provider(
    list![
        list![key("git", SECURE.lax()),],
        list![provider_key(list![value("flynn")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static GAE: Map = provider(
    list![
        list![
            key("project", STR),
            key("keyfile", STR),
            key("config", STRS),
            key("version", STR),
            key("verbosity", STR),
            key("promote", BOOL),
            key("no_promote", BOOL.deprecated("use promote: false")),
            key("stop_previous_version", BOOL),
            key(
                "no_stop_previous_version",
                BOOL.deprecated("use stop_previous_version: false")
            ),
            key("install_sdk", BOOL),
        ],
        list![provider_key(list![value("gae")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static GCS: Map = provider(
    list![
        list![
            key("key_file", STR),
            key("access_key_id", SECURE.lax()),
            key("secret_access_key", SECURE),
            key("bucket", STR),
            key("upload_dir", STR),
            key("local_dir", STR),
            key("dot_match", BOOL),
            key("acl", STR),
            key("cache_control", STR),
            key("detect_encoding", BOOL),
        ],
        list![provider_key(list![value("gcs")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static GIT_PUSH: Map = provider(
    list![
        list![
            key("token", SECURE.aliases(&["github_token"])),
            key("deploy_key", STR),
            key("repo", STR),
            key("branch", STR),
            key("base_branch", STR),
            key("commit_message", STR),
            key("allow_empty_commit", BOOL),
            key("allow_same_branch", BOOL),
            key("force", BOOL),
            key("local_dir", STR),
            key("name", STR),
            key("email", STR),
            key("host", STR),
            key("enterprise", BOOL),
        ],
        list![provider_key(list![value("git_push")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static GLEIS: Map = provider(
    list![
        list![
            key("app", STR),
            key("username", STR),
            key("password", SECURE),
            key("key_name", STR),
            key("verbose", BOOL),
        ],
        list![provider_key(list![value("gleis")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static HACKAGE: Map = provider(
    list![
        list![
            key("username", SECURE.lax()),
            key("password", SECURE),
            key("publish", BOOL),
        ],
        list![provider_key(list![value("hackage")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static HEPHY: Map = provider(
    list![
        list![
            key("controller", STR),
            key("username", SECURE.lax()),
            key("password", SECURE),
            key("app", STR),
            key("cli_version", STR),
            key("verbose", BOOL),
        ],
        list![provider_key(list![value("hephy")])],
        COMMON
    ],
    &["provider"],
);

static HEROKU_API_KEY_KEYS: Map = Map::pattern(Pattern::Any, &SECURE);

pub(super) static HEROKU: Map = provider(
    list![
        list![
            key(
                "strategy",
                one_of![value("api"), value("git")].defaults(list![by_default("api")])
            ),
            key("api_key", any![map(&HEROKU_API_KEY_KEYS), SECURE]),
            key("username", SECURE.aliases(&["user"])),
            key("password", SECURE),
            key("app", any![map(&ENGINEYARD_APP_KEYS), STR]),
            key("git", STR),
        ],
        list![provider_key(list![value("heroku")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static LAMBDA: Map = provider(
    list![
        list![
            key("access_key_id", SECURE.lax()),
            key("secret_access_key", SECURE),
            key("region", STR),
            key("function_name", STR),
            key("role", STR),
            key("handler_name", STR),
            key("module_name", STR),
            key("zip", STR),
            key("description", STR),
            key("timeout", STR),
            key("memory_size", STR),
            key("runtime", STR),
            key("security_group_ids", STRS),
            key("environment", SECURES.aliases(&["environment_variables"])),
            key("subnet_ids", STRS),
            key("dead_letter_arn", STR),
            key("kms_key_arn", STR),
            key(
                "tracing_mode",
                one_of![value("Active"), value("PassThrough")]
            ),
            key("layers", STRS),
            key("publish", BOOL),
            key("function_tags", SECURES),
            key("dot_match", BOOL),
        ],
        list![provider_key(list![value("lambda")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static LAUNCHPAD: Map = provider(
    list![
        list![
            key("slug", STR),
            key("oauth_token", SECURE),
            key("oauth_token_secret", SECURE),
        ],
        list![provider_key(list![value("launchpad")])],
        COMMON
    ],
    &["slug", "oauth_token", "oauth_token_secret", "provider"],
);

pub(super) static NETLIFY: Map = provider(
    list![
        list![
            key("site", STR),
            key("auth", SECURE),
            key("dir", STR),
            key("functions", STR),
            key("message", STR),
            key("prod", BOOL),
        ],
        list![provider_key(list![value("netlify")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static NPM: Map = provider(
    list![
        list![
            key("email", SECURE.lax()),
            key("api_token", SECURE.aliases(&["api_key"])),
            key("access", one_of![value("public"), value("private")]),
            key("registry", STR),
            key("src", STR),
            key("tag", STR),
            key("auth_method", STR),
        ],
        list![provider_key(list![value("npm")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static NUGET: Map = provider(
    list![
        list![
            key("api_key", SECURE.lax()),
            key("registry", STR),
            key("src", STR),
            key("no_symbols", BOOL),
            key("skip_duplicate", BOOL),
        ],
        list![provider_key(list![value("nuget")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static OPENSHIFT: Map = provider(
    list![
        list![
            key("server", STR),
            key("token", SECURE),
            key("project", STR),
            key("app", STR),
        ],
        list![provider_key(list![value("openshift")])],
        COMMON
    ],
    &["provider"],
);
