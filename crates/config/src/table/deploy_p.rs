//! Providers of `deploy`, opsworks to transifex.

use super::common::STRS;
use super::deploy::COMMON;
use super::shape::SECURE;
use super::shape::{
    BOOL, Map, NUM, Pattern, STR, by_default, key, map, provider, provider_key, value,
};

pub(super) static OPSWORKS: Map = provider(
    list![
        list![
            key("access_key_id", SECURE.lax()),
            key("secret_access_key", SECURE),
            key("region", STR),
            key("app_id", STR),
            key("instance_ids", STRS),
            key("layer_ids", STRS),
            key("migrate", BOOL),
            key("wait_until_deployed", BOOL),
            key("custom_json", STR),
            key(
                "update_on_success",
                BOOL.aliases(&["update_app_on_success"])
            ),
        ],
        list![provider_key(list![value("opsworks")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static PACKAGECLOUD: Map = provider(
    list![
        list![
            key("username", SECURE.lax()),
            key("token", SECURE),
            key("repository", STR),
            key("local_dir", STR),
            key("dist", STR),
            key("package_glob", STRS),
            key("force", BOOL),
            key("connect_timeout", NUM),
            key("read_timeout", NUM),
            key("write_timeout", NUM),
        ],
        list![provider_key(list![value("packagecloud")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static PAGES: Map = provider(
    list![
        list![
            key(
                "strategy",
                one_of![value("api"), value("git")].defaults(list![by_default("git")])
            ),
            key("token", SECURE.aliases(&["github_token"])),
            key("deploy_key", STR),
            key("repo", STR),
            key("target_branch", STR),
            key("local_dir", STR),
            key("fqdn", STR),
            key("project_name", STR),
            key("email", STR),
            key("name", STR),
            key("url", STR.aliases(&["github_url"])),
            key("keep_history", BOOL),
            key("verbose", BOOL),
            key("allow_empty_commit", BOOL),
            key("commit_message", STR),
            key("committer_from_gh", BOOL),
            key("deployment_file", BOOL),
        ],
        list![provider_key(list![value("pages")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static PUPPETFORGE: Map = provider(
    list![
        list![
            key("username", SECURE.aliases(&["user"]).lax()),
            key("password", SECURE),
            key("url", STR),
        ],
        list![provider_key(list![value("puppetforge")])],
        COMMON
    ],
    &["username", "password", "provider"],
);

pub(super) static PYPI: Map = provider(
    list![
        list![
            key("username", SECURE.aliases(&["user"]).lax()),
            key("password", SECURE),
            key("server", STR),
            key("distributions", STR),
            key("docs_dir", STR),
            key("skip_existing", BOOL),
            key("upload_docs", BOOL),
            key(
                "skip_upload_docs",
                BOOL.deprecated("use upload_docs: false")
            ),
            key("twine_check", BOOL),
            key("remove_build_dir", BOOL),
            key("setuptools_version", STR),
            key("twine_version", STR),
            key("wheel_version", STR),
        ],
        list![provider_key(list![value("pypi")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static RELEASES: Map = provider(
    list![
        list![
            key("username", SECURE.aliases(&["user"]).lax()),
            key("password", SECURE),
            key("token", SECURE.aliases(&["api_key"])),
            key("repo", STR),
            key("file", STRS),
            key("file_glob", BOOL),
            key("overwrite", BOOL),
            key("draft", BOOL),
            key("name", STR),
            key("prerelease", BOOL),
            key("release_number", STR),
            key("release_notes", STR.aliases(&["body"])),
            key("release_notes_file", STR),
            key("tag_name", STR),
            key("target_commitish", STR),
        ],
        list![provider_key(list![value("releases")])],
        COMMON
    ],
    &["provider"],
);

static RUBYGEMS_API_KEY_KEYS: Map = Map::pattern(Pattern::Any, &SECURE);

static RUBYGEMS_USERNAME_KEYS: Map = Map::pattern(Pattern::Any, &SECURE.lax());

static RUBYGEMS_GEM_KEYS: Map = Map::pattern(Pattern::Any, &STR);

pub(super) static RUBYGEMS: Map = provider(
    list![
        list![
            key("api_key", any![map(&RUBYGEMS_API_KEY_KEYS), SECURE]),
            key(
                "username",
                any![map(&RUBYGEMS_USERNAME_KEYS), SECURE.lax()].aliases(&["user"])
            ),
            key("password", any![map(&RUBYGEMS_API_KEY_KEYS), SECURE]),
            key("gem", any![map(&RUBYGEMS_GEM_KEYS), STR]),
            key("gemspec", STR),
            key("gemspec_glob", STR),
            key("host", STR),
        ],
        list![provider_key(list![value("rubygems")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static S3: Map = provider(
    list![
        list![
            key("access_key_id", SECURE.lax()),
            key("secret_access_key", SECURE),
            key("bucket", STR),
            key("region", STR),
            key("endpoint", STR),
            key("upload_dir", STR),
            key("local_dir", STR),
            key("glob", STR),
            key("dot_match", BOOL),
            key("acl", STR),
            key("detect_encoding", BOOL),
            key("cache_control", STRS),
            key("expires", STRS),
            key("default_text_charset", STR),
            key("storage_class", STR),
            key("server_side_encryption", BOOL),
            key("index_document_suffix", STR),
            key("overwrite", BOOL),
            key("force_path_style", BOOL),
            key("max_threads", NUM),
            key("verbose", BOOL),
        ],
        list![provider_key(list![value("s3")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static SCALINGO: Map = provider(
    list![
        list![
            key("api_token", SECURE.aliases(&["api_key"])),
            key("username", SECURE.aliases(&["user"]).lax()),
            key("password", SECURE),
            key("remote", STR),
            key("branch", STR),
            key("app", STR),
            key("region", STR),
            key("timeout", NUM),
        ],
        list![provider_key(list![value("scalingo")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static SCRIPT: Map = provider(
    list![
        list![key("script", STR),],
        list![provider_key(list![value("script")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static SNAP: Map = provider(
    list![
        list![key("snap", STR), key("channel", STR), key("token", SECURE),],
        list![provider_key(list![value("snap")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static SURGE: Map = provider(
    list![
        list![
            key("login", SECURE.lax()),
            key("token", SECURE),
            key("project", STR),
            key("domain", STR),
        ],
        list![provider_key(list![value("surge")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static TESTFAIRY: Map = provider(
    list![
        list![
            key("api_key", SECURE),
            key("app_file", STR),
            key("symbols_file", STR),
            key("testers_groups", STR),
            key("notify", BOOL),
            key("auto_update", BOOL),
            key("advanced_options", STR),
        ],
        list![provider_key(list![value("testfairy")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static TRANSIFEX: Map = provider(
    list![
        list![
            key("api_token", SECURE),
            key("username", SECURE.lax()),
            key("password", SECURE),
            key("hostname", STR),
            key("cli_version", STR),
        ],
        list![provider_key(list![value("transifex")])],
        COMMON
    ],
    &["provider"],
);
