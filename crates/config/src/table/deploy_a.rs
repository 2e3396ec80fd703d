//! Providers of `deploy`, anynines to elasticbeanstalk.

use super::common::STRS;
use super::deploy::COMMON;
use super::shape::SECURE;
use super::shape::{BOOL, Map, NUM, Pattern, STR, key, map, provider, provider_key, value};

pub(super) static ANYNINES: Map = provider(
    list![
        list![
            key("username", SECURE.lax()),
            key("password", SECURE),
            key("organization", STR),
            key("space", STR),
            key("app_name", STR),
            key("buildpack", STR),
            key("manifest", STR),
            key("logout", BOOL),
        ],
        list![provider_key(list![value("anynines")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static AZURE_WEB_APPS: Map = provider(
    list![
        list![
            key("site", STR),
            key("slot", STR),
            key("username", SECURE.lax()),
            key("password", SECURE),
            key("verbose", BOOL),
        ],
        list![provider_key(list![value("azure_web_apps")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static BINTRAY: Map = provider(
    list![
        list![
            key("user", SECURE.lax()),
            key("key", SECURE),
            key("file", STR),
            key("passphrase", SECURE),
            key("url", STR),
        ],
        list![provider_key(list![value("bintray")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static BLUEMIXCLOUDFOUNDRY: Map = provider(
    list![
        list![
            key("username", SECURE.lax()),
            key("password", SECURE),
            key("organization", STR),
            key("api", STR),
            key("space", STR),
            key("region", STR),
            key("buildpack", STR),
            key("manifest", STR),
            key("skip_ssl_validation", BOOL),
            key("app_name", STR),
            key("logout", BOOL),
        ],
        list![provider_key(list![value("bluemixcloudfoundry")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static BOXFUSE: Map = provider(
    list![
        list![
            key("user", SECURE.lax()),
            key("secret", SECURE),
            key("config_file", STR.aliases(&["configfile"])),
            key("payload", STR),
            key("app", STR),
            key("version", STR),
            key("env", STR),
            key("extra_args", STR),
        ],
        list![provider_key(list![value("boxfuse")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static CARGO: Map = provider(
    list![
        list![key("token", SECURE), key("allow_dirty", BOOL),],
        list![provider_key(list![value("cargo")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static CHEF_SUPERMARKET: Map = provider(
    list![
        list![
            key("user_id", STR),
            key("client_key", STR),
            key("name", STR.aliases(&["cookbook_name"])),
            key("category", STR.aliases(&["cookbook_category"])),
            key("dir", STR),
        ],
        list![provider_key(list![value("chef_supermarket")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static CLOUD66: Map = provider(
    list![
        list![key("redeployment_hook", SECURE),],
        list![provider_key(list![value("cloud66")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static CLOUDFILES: Map = provider(
    list![
        list![
            key("username", SECURE.lax()),
            key("api_key", SECURE),
            key("region", STR),
            key("container", STR),
            key("glob", STR),
            key("dot_match", BOOL),
        ],
        list![provider_key(list![value("cloudfiles")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static CLOUDFORMATION: Map = provider(
    list![
        list![
            key("access_key_id", SECURE.lax()),
            key("secret_access_key", SECURE),
            key("region", STR),
            key("template", STR),
            key("stack_name", STR),
            key("stack_name_prefix", STR),
            key("promote", BOOL),
            key("role_arn", STR),
            key("sts_assume_role", STR),
            key("capabilities", STRS),
            key("wait", BOOL),
            key("wait_timeout", NUM),
            key("create_timeout", NUM),
            key("parameters", STRS),
            key("output_file", STR),
        ],
        list![provider_key(list![value("cloudformation")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static CLOUDFOUNDRY: Map = provider(
    list![
        list![
            key("username", SECURE.lax()),
            key("password", SECURE),
            key("organization", STR),
            key("api", STR),
            key("space", STR),
            key("buildpack", STR),
            key("manifest", STR),
            key("skip_ssl_validation", BOOL),
            key("app_name", STR),
            key("logout", BOOL),
            key("v3", BOOL),
        ],
        list![provider_key(list![value("cloudfoundry")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static CODEDEPLOY: Map = provider(
    list![
        list![
            key("access_key_id", SECURE.lax()),
            key("secret_access_key", SECURE),
            key("application", STR),
            key("deployment_group", STR),
            key(
                "revision_type",
                one_of![value("s3"), value("github")].ignore_case()
            ),
            key("commit_id", STR),
            key("description", STR),
            key("repository", STR),
            key("region", STR),
            key(
                "file_exists_behavior",
                one_of![value("disallow"), value("overwrite"), value("retain")].ignore_case()
            ),
            key("wait_until_deployed", BOOL),
            key("bucket", STR),
            key("key", STR),
            key("bundle_type", STR),
            key("endpoint", STR),
        ],
        list![provider_key(list![value("codedeploy")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static CONVOX: Map = provider(
    list![
        list![
            key("host", STR),
            key("app", STR),
            key("rack", STR),
            key("password", SECURE),
            key("install_url", STR),
            key("update_cli", BOOL),
            key("create", BOOL),
            key("promote", BOOL),
            key("env", STRS),
            key("env_file", STR),
            key("description", STR),
            key("generation", NUM),
        ],
        list![provider_key(list![value("convox")])],
        COMMON
    ],
    &["app", "rack", "password", "provider"],
);

pub(super) static DATICA: Map = provider(
    list![
        list![key("target", STR), key("path", STR),],
        list![provider_key(list![value("datica")])],
        COMMON
    ],
    &["provider"],
);

pub(super) static ECR: Map = provider(
    list![
        list![
            key("access_key_id", SECURE.lax()),
            key("secret_access_key", SECURE),
            key("account_id", STR),
            key("source", STR),
            key("target", STR),
            key("region", STR),
        ],
        list![provider_key(list![value("ecr")])],
        COMMON
    ],
    &["provider"],
);

static ELASTICBEANSTALK_APP_KEYS: Map = Map::pattern(Pattern::Any, &STR);

pub(super) static ELASTICBEANSTALK: Map = provider(
    list![
        list![
            key("access_key_id", SECURE.lax()),
            key("secret_access_key", SECURE),
            key("region", STR),
            key("bucket", STR.aliases(&["bucket_name"])),
            key("app", any![map(&ELASTICBEANSTALK_APP_KEYS), STR]),
            key("env", any![map(&ELASTICBEANSTALK_APP_KEYS), STR]),
            key("description", STR),
            key("label", STR),
            key("zip_file", STR),
            key("bucket_path", STR),
            key("wait_until_deployed", BOOL),
            key("debug", BOOL),
        ],
        list![provider_key(list![value("elasticbeanstalk")])],
        COMMON
    ],
    &["provider"],
);
