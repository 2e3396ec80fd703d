//! The keys of `notifications`.

use super::common::{CONDITION, SECURES};
use super::shape::SECURE;
use super::shape::{BOOL, Map, STR, Shape, key, map, value};

/// What a template may mention.
pub(super) const TEMPLATE_VARS: &[&str] = &[
    "repository",
    "repository_slug",
    "repository_name",
    "build_number",
    "build_id",
    "build_url",
    "branch",
    "commit",
    "commit_subject",
    "commit_message",
    "author",
    "pull_request",
    "pull_request_number",
    "pull_request_url",
    "compare_url",
    "result",
    "duration",
    "elapsed_time",
    "message",
];

pub(super) const NOTIFY_FREQUENCY: Shape = one_of![
    value("always").aliases(&["true"]),
    value("never").aliases(&["false"]),
    value("change").aliases(&["changed"])
];

pub(super) const NOTIFY_TEMPLATE: Shape = STR.vars(TEMPLATE_VARS);

pub(super) const NOTIFY_TEMPLATES: Shape = any![seq![NOTIFY_TEMPLATE].normal(), NOTIFY_TEMPLATE];

static NOTIFY_CAMPFIRE_KEYS: Map = Map::new(list![list![
    key("rooms", SECURES),
    key("template", NOTIFY_TEMPLATES),
    key("if", CONDITION),
    key("on_success", NOTIFY_FREQUENCY),
    key("on_failure", NOTIFY_FREQUENCY),
    key("enabled", BOOL),
    key("disabled", BOOL),
]])
.prefix("rooms")
.enable();

pub(super) const NOTIFY_CAMPFIRE: Shape =
    any![map(&NOTIFY_CAMPFIRE_KEYS).normal(), SECURES, BOOL].normal();

static NOTIFY_EMAIL_KEYS: Map = Map::new(list![list![
    key(
        "recipients",
        any![seq![SECURE.lax()].normal(), SECURE.lax()]
    ),
    key("if", CONDITION),
    key("on_success", NOTIFY_FREQUENCY),
    key("on_failure", NOTIFY_FREQUENCY),
    key("enabled", BOOL),
    key("disabled", BOOL),
]])
.prefix("recipients")
.enable();

pub(super) const NOTIFY_EMAIL: Shape = any![
    map(&NOTIFY_EMAIL_KEYS).normal().aliases(&["emails"]),
    seq![SECURE.lax()].normal(),
    SECURE.lax(),
    BOOL
]
.normal();

static NOTIFY_FLOWDOCK_KEYS: Map = Map::new(list![list![
    key("api_token", SECURE),
    key("template", NOTIFY_TEMPLATES),
    key("if", CONDITION),
    key("on_success", NOTIFY_FREQUENCY),
    key("on_failure", NOTIFY_FREQUENCY),
    key("enabled", BOOL),
    key("disabled", BOOL),
]])
.prefix("api_token")
.enable();

pub(super) const NOTIFY_FLOWDOCK: Shape =
    any![map(&NOTIFY_FLOWDOCK_KEYS).normal(), SECURE, BOOL].normal();

static NOTIFY_HIPCHAT_KEYS: Map = Map::new(list![list![
    key("rooms", SECURES),
    key("format", one_of![value("html"), value("text")]),
    key("notify", BOOL),
    key("on_pull_requests", BOOL),
    key("template", NOTIFY_TEMPLATES),
    key("if", CONDITION),
    key("on_success", NOTIFY_FREQUENCY),
    key("on_failure", NOTIFY_FREQUENCY),
    key("enabled", BOOL),
    key("disabled", BOOL),
]])
.prefix("rooms")
.enable();

pub(super) const NOTIFY_HIPCHAT: Shape =
    any![map(&NOTIFY_HIPCHAT_KEYS).normal(), SECURES, BOOL].normal();

static NOTIFY_IRC_KEYS: Map = Map::new(list![list![
    key(
        "channels",
        any![
            seq![SECURE.lax()].normal().aliases(&["channel"]),
            SECURE.lax()
        ]
    ),
    key("channel_key", SECURE),
    key("password", SECURE),
    key("nickserv_password", SECURE),
    key("nick", SECURE.lax()),
    key("use_notice", BOOL),
    key("skip_join", BOOL),
    key("template", NOTIFY_TEMPLATES),
    key("if", CONDITION),
    key("on_success", NOTIFY_FREQUENCY),
    key("on_failure", NOTIFY_FREQUENCY),
    key("enabled", BOOL),
    key("disabled", BOOL),
]])
.prefix("channels")
.enable();

pub(super) const NOTIFY_IRC: Shape = any![
    map(&NOTIFY_IRC_KEYS).normal(),
    seq![SECURE.lax()].normal().aliases(&["channel"]),
    SECURE.lax(),
    BOOL
]
.normal();

static NOTIFY_PUSHOVER_KEYS: Map = Map::new(list![list![
    key("api_key", SECURES),
    key("users", SECURES),
    key("template", NOTIFY_TEMPLATES),
    key("if", CONDITION),
    key("on_success", NOTIFY_FREQUENCY),
    key("on_failure", NOTIFY_FREQUENCY),
    key("enabled", BOOL),
    key("disabled", BOOL),
]])
.enable();

pub(super) const NOTIFY_PUSHOVER: Shape = any![map(&NOTIFY_PUSHOVER_KEYS).normal(), BOOL].normal();

static NOTIFY_SLACK_KEYS: Map = Map::new(list![list![
    key("rooms", SECURES),
    key("template", NOTIFY_TEMPLATES),
    key("on_pull_requests", BOOL),
    key("if", CONDITION),
    key("on_success", NOTIFY_FREQUENCY),
    key("on_failure", NOTIFY_FREQUENCY),
    key("enabled", BOOL),
    key("disabled", BOOL),
]])
.prefix("rooms")
.enable();

pub(super) const NOTIFY_SLACK: Shape =
    any![map(&NOTIFY_SLACK_KEYS).normal(), SECURES, BOOL].normal();

static NOTIFY_WEBHOOKS_URLS_KEYS: Map =
    Map::open(list![list![key("url", SECURE), key("msteams", BOOL),]]).required(&["url"]);

static NOTIFY_WEBHOOKS_KEYS: Map = Map::new(list![list![
    key(
        "urls",
        any![
            seq![any![map(&NOTIFY_WEBHOOKS_URLS_KEYS), SECURE.lax()]].normal(),
            map(&NOTIFY_WEBHOOKS_URLS_KEYS),
            SECURE.lax()
        ]
    ),
    key("on_start", NOTIFY_FREQUENCY),
    key("on_cancel", NOTIFY_FREQUENCY),
    key("on_error", NOTIFY_FREQUENCY),
    key("if", CONDITION),
    key("on_success", NOTIFY_FREQUENCY),
    key("on_failure", NOTIFY_FREQUENCY),
    key("enabled", BOOL),
    key("disabled", BOOL),
]])
.prefix("urls")
.enable();

pub(super) const NOTIFY_WEBHOOKS: Shape = any![
    map(&NOTIFY_WEBHOOKS_KEYS).normal().aliases(&["webhook"]),
    seq![any![map(&NOTIFY_WEBHOOKS_URLS_KEYS), SECURE.lax()]].normal(),
    map(&NOTIFY_WEBHOOKS_URLS_KEYS),
    SECURE.lax(),
    BOOL
]
.normal();

static NOTIFICATIONS_KEYS: Map = Map::new(list![list![
    key(
        "campfire",
        any![seq![NOTIFY_CAMPFIRE].normal(), NOTIFY_CAMPFIRE]
    ),
    key("email", any![seq![NOTIFY_EMAIL].normal(), NOTIFY_EMAIL]),
    key(
        "flowdock",
        any![seq![NOTIFY_FLOWDOCK].normal(), NOTIFY_FLOWDOCK]
    ),
    key(
        "hipchat",
        any![seq![NOTIFY_HIPCHAT].normal(), NOTIFY_HIPCHAT]
    ),
    key("irc", any![seq![NOTIFY_IRC].normal(), NOTIFY_IRC]),
    key(
        "pushover",
        any![seq![NOTIFY_PUSHOVER].normal(), NOTIFY_PUSHOVER]
    ),
    key("slack", any![seq![NOTIFY_SLACK].normal(), NOTIFY_SLACK]),
    key(
        "webhooks",
        any![seq![NOTIFY_WEBHOOKS].normal(), NOTIFY_WEBHOOKS]
    ),
    key("on_success", NOTIFY_FREQUENCY),
    key("on_failure", NOTIFY_FREQUENCY),
]])
.prefix("email")
.inherit(&["on_success", "on_failure"]);

pub(super) const NOTIFICATIONS: Shape = any![
    map(&NOTIFICATIONS_KEYS).normal(),
    seq![NOTIFY_EMAIL].normal(),
    NOTIFY_EMAIL
]
.normal();
