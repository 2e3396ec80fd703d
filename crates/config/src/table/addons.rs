//! The keys of `addons`.

use super::common::{BRANCHES, SECURES, STRS};
use super::root::DEPLOYS;
use super::shape::SECURE;
use super::shape::{BOOL, Map, NUM, STR, Shape, by_default, key, map, value};

static ADDON_APT_SOURCES_KEYS: Map = Map::new(list![list![
    key("name", STR),
    key("sourceline", STR),
    key("key_url", STR),
]])
.prefix("name");

static ADDON_APT_CONFIG_KEYS: Map = Map::new(list![list![key("retries", BOOL),]]);

static ADDON_APT_KEYS: Map = Map::new(list![list![
    key("packages", STRS.aliases(&["package"])),
    key(
        "sources",
        any![
            seq![any![map(&ADDON_APT_SOURCES_KEYS).normal(), STR]].normal(),
            map(&ADDON_APT_SOURCES_KEYS).normal(),
            STR
        ]
        .aliases(&["source"])
    ),
    key("dist", STR),
    key("update", BOOL),
    key("config", map(&ADDON_APT_CONFIG_KEYS)),
]])
.prefix("packages")
.enable();

pub(super) const ADDON_APT: Shape = any![map(&ADDON_APT_KEYS).normal(), STRS, BOOL].normal();

static ADDON_ARTIFACTS_KEYS: Map = Map::new(list![list![
    key("enabled", BOOL),
    key("bucket", STR),
    key("endpoint", STR),
    key(
        "key",
        SECURE
            .aliases(&[
                "aws_access_key_id",
                "aws_access_key",
                "access_key_id",
                "access_key"
            ])
            .lax()
    ),
    key(
        "secret",
        SECURE.aliases(&[
            "aws_secret_access_key",
            "aws_secret_key",
            "secret_access_key",
            "secret_key"
        ])
    ),
    key("region", STR.aliases(&["s3_region"])),
    key("paths", STRS),
    key("branch", STR),
    key("log_format", STR),
    key("target_paths", STRS),
    key("debug", BOOL),
    key("concurrency", NUM),
    key("max_size", NUM),
    key("permissions", STR),
    key("working_dir", STR),
    key("cache_control", STR),
]])
.enable();

pub(super) const ADDON_ARTIFACTS: Shape = any![map(&ADDON_ARTIFACTS_KEYS).normal(), BOOL].normal();

static ADDON_BROWSERSTACK_KEYS: Map = Map::new(list![list![
    key("username", SECURE.lax()),
    key("access_key", SECURE),
    key("forcelocal", BOOL),
    key("only", STR),
    key("app_path", STR),
    key("proxyHost", STR),
    key("proxyPort", STR),
    key("proxyUser", STR),
    key("proxyPass", SECURE),
]])
.enable();

pub(super) const ADDON_BROWSERSTACK: Shape =
    any![map(&ADDON_BROWSERSTACK_KEYS).normal(), BOOL].normal();

static ADDON_CODE_CLIMATE_KEYS: Map = Map::new(list![list![key("repo_token", SECURE),]])
    .prefix("repo_token")
    .enable();

pub(super) const ADDON_CODE_CLIMATE: Shape =
    any![map(&ADDON_CODE_CLIMATE_KEYS).normal(), SECURE, BOOL].normal();

static ADDON_COVERITY_SCAN_PROJECT_KEYS: Map = Map::new(list![list![
    key("name", STR),
    key("version", STR),
    key("description", STR),
]])
.prefix("name")
.required(&["name"]);

static ADDON_COVERITY_SCAN_KEYS: Map = Map::new(list![list![
    key(
        "project",
        any![map(&ADDON_COVERITY_SCAN_PROJECT_KEYS).normal(), STR]
    ),
    key("build_script_url", STR),
    key("branch_pattern", STR),
    key("notification_email", SECURE.lax()),
    key("build_command", STR),
    key("build_command_prepend", STR),
]])
.enable();

pub(super) const ADDON_COVERITY_SCAN: Shape =
    any![map(&ADDON_COVERITY_SCAN_KEYS).normal(), BOOL].normal();

static ADDON_HOMEBREW_KEYS: Map = Map::new(list![list![
    key("update", BOOL),
    key("packages", STRS),
    key("casks", STRS),
    key("taps", STRS),
    key("brewfile", any![BOOL, STR]),
]])
.prefix("packages")
.enable();

pub(super) const ADDON_HOMEBREW: Shape =
    any![map(&ADDON_HOMEBREW_KEYS).normal(), STRS, BOOL].normal();

pub(super) const ADDON_JWTS: Shape = any![
    seq![SECURE]
        .normal()
        .deprecated("Discontinued as of April 17, 2018"),
    SECURE
]
.deprecated("Discontinued as of April 17, 2018");

static ADDON_PKG_KEYS: Map = Map::new(list![list![
    key("packages", STRS.aliases(&["package"])),
    key("branch", STR),
]])
.prefix("packages")
.enable();

pub(super) const ADDON_PKG: Shape = any![map(&ADDON_PKG_KEYS).normal(), STRS, BOOL].normal();

static ADDON_SAUCE_CONNECT_KEYS: Map = Map::new(list![list![
    key("enabled", BOOL),
    key("username", SECURE.lax()),
    key("access_key", SECURE),
    key("direct_domains", STR),
    key("tunnel_domains", STR),
    key("no_ssl_bump_domains", STR),
]])
.enable();

pub(super) const ADDON_SAUCE_CONNECT: Shape =
    any![map(&ADDON_SAUCE_CONNECT_KEYS).normal(), BOOL].normal();

static ADDON_SBOM_ON_KEYS: Map = Map::new(list![list![
    key("branch", BRANCHES),
    key("condition", STRS),
    key("all_branches", BOOL),
    key("pr", BOOL),
]])
.prefix_text("branch");

static ADDON_SBOM_KEYS: Map = Map::new(list![list![
    key(
        "on",
        any![map(&ADDON_SBOM_ON_KEYS).normal(), BRANCHES]
            .normal()
            .aliases(&["true"])
    ),
    key(
        "run_phase",
        one_of![
            value("before_script"),
            value("script"),
            value("after_success"),
            value("after_failure")
        ]
        .defaults(list![by_default("after_success")])
    ),
    key(
        "output_format",
        one_of![
            value("cyclonedx-json"),
            value("cyclonedx-xml"),
            value("spdx-json")
        ]
        .defaults(list![by_default("cyclonedx-json")])
    ),
    key("output_dir", STR),
    key("input_dir", STRS),
]])
.enable();

pub(super) const ADDON_SBOM: Shape = any![map(&ADDON_SBOM_KEYS).normal(), BOOL].normal();

static ADDON_SNAPS_KEYS: Map = Map::new(list![list![
    key("name", STR),
    key("classic", BOOL),
    key("channel", STR),
]])
.prefix("name");

pub(super) const ADDON_SNAPS: Shape = any![
    seq![any![map(&ADDON_SNAPS_KEYS).normal(), STR]].normal(),
    map(&ADDON_SNAPS_KEYS).normal(),
    STR
];

static ADDON_SONARCLOUD_KEYS: Map = Map::new(list![list![
    key("enabled", BOOL),
    key("organization", STR),
    key("token", SECURE),
    key(
        "github_token",
        SECURE.deprecated("setting a GitHub token is deprecated")
    ),
    key(
        "branches",
        STRS.deprecated("setting a branch is deprecated")
    ),
]])
.enable();

pub(super) const ADDON_SONARCLOUD: Shape =
    any![map(&ADDON_SONARCLOUD_KEYS).normal(), BOOL].normal();

static ADDONS_SRCCLR_KEYS: Map = Map::open(list![list![]]);

static ADDONS_KEYS: Map = Map::new(list![list![
    key("apt", ADDON_APT),
    key("apt_packages", STRS),
    key("artifacts", ADDON_ARTIFACTS),
    key("browserstack", ADDON_BROWSERSTACK),
    key("chrome", one_of![value("stable"), value("beta")].downcase()),
    key("code_climate", ADDON_CODE_CLIMATE),
    key("coverity_scan", ADDON_COVERITY_SCAN),
    key("homebrew", ADDON_HOMEBREW),
    key("hostname", STR),
    key("hosts", STRS),
    key("jwt", ADDON_JWTS),
    key("sauce_connect", ADDON_SAUCE_CONNECT),
    key("pkg", ADDON_PKG),
    key(
        "srcclr",
        any![map(&ADDONS_SRCCLR_KEYS).normal(), BOOL.normal()]
    ),
    key("snaps", ADDON_SNAPS),
    key("sonarcloud", ADDON_SONARCLOUD),
    key("ssh_known_hosts", SECURES.lax()),
    key("firefox", STR),
    key("mariadb", STR),
    key("postgresql", STR.aliases(&["postgres"])),
    key("rethinkdb", STR),
    key("deploy", DEPLOYS.internal()),
    key("sbom", ADDON_SBOM),
]]);

pub(super) const ADDONS: Shape = map(&ADDONS_KEYS);
