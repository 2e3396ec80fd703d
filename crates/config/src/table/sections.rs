//! Sections of the file: `env`, `cache`, `git`, `import`, `stages` and others.

use super::common::{CONDITION, STRS};
use super::shape::SECURE;
use super::shape::{BOOL, Format, Map, NUM, Pattern, STR, Shape, by_default, key, map, value};

pub(super) const IMPORT_TEMPLATE: Shape = STR.vars(&["commit_message"]);

static ENV_VAR_KEYS: Map = Map::pattern(Pattern::VariableName, &any![STR, NUM, BOOL, SECURE]);

pub(super) const ENV_VAR: Shape = any![
    map(&ENV_VAR_KEYS).normal(),
    SECURE.strict().normal(),
    STR.format(Format::Assignment)
];

pub(super) const ENV_VARS: Shape = any![seq![ENV_VAR].normal().env_vars(), ENV_VAR];

static ENV_KEYS: Map = Map::new(list![list![
    key("global", ENV_VARS),
    key("jobs", ENV_VARS.aliases(&["matrix"]).expand()),
]])
.prefix("jobs");

pub(super) const ENV: Shape = any![map(&ENV_KEYS).normal(), ENV_VARS];

static CACHE_KEYS: Map = Map::new(list![list![
    key("directories", STRS),
    key("apt", BOOL),
    key("bundler", BOOL),
    key("cargo", BOOL),
    key("ccache", BOOL),
    key("cocoapods", BOOL),
    key("npm", BOOL),
    key("packages", BOOL),
    key("pip", BOOL),
    key("yarn", BOOL),
    key("timeout", NUM),
    key("edge", BOOL),
    key("branch", STR),
]])
.caches();

pub(super) const CACHE: Shape = any![map(&CACHE_KEYS).normal(), BOOL.only_false().normal()];

static RESULTS_KEYS: Map =
    Map::new(list![list![key("tests", STRS), key("artifacts", STRS),]]).prefix("tests");

pub(super) const RESULTS: Shape = any![map(&RESULTS_KEYS).normal(), BOOL.only_false().normal()];

static GIT_KEYS: Map = Map::new(list![list![
    key("strategy", one_of![value("clone"), value("tarball")]),
    key("depth", any![NUM, BOOL]),
    key("quiet", BOOL),
    key("submodules", BOOL),
    key("symlinks", BOOL),
    key("submodules_depth", NUM),
    // Of the original's documentation; its own list of keys forgot it.
    key("clone", BOOL),
    key("lfs_skip_smudge", BOOL),
    key("sparse_checkout", STR),
    key("autocrlf", any![BOOL, one_of![value("input")]]),
]]);

pub(super) const GIT: Shape = map(&GIT_KEYS);

static IMPORT_KEYS: Map = Map::new(list![list![
    key("source", IMPORT_TEMPLATE),
    key(
        "mode",
        one_of![
            value("merge"),
            value("deep_merge"),
            value("deep_merge_append"),
            value("deep_merge_prepend")
        ]
    ),
    key("if", CONDITION),
]])
.prefix("source");

pub(super) const IMPORT: Shape = any![map(&IMPORT_KEYS).normal(), IMPORT_TEMPLATE].normal();

pub(super) const IMPORTS: Shape = any![seq![IMPORT].normal(), IMPORT];

static STAGE_KEYS: Map =
    Map::new(list![list![key("name", STR), key("if", CONDITION),]]).prefix("name");

pub(super) const STAGE: Shape = any![map(&STAGE_KEYS).normal(), STR];

pub(super) const STAGES: Shape = any![seq![STAGE].normal(), STAGE];

static VAULT_SECRETS_KEYS: Map = Map::new(list![list![key(
    "kv_api_ver",
    one_of![value("kv2"), value("kv1")]
        .defaults(list![by_default("kv2")])
        .downcase()
),]]);

static VAULT_SECRETS_NAMESPACE_KEYS: Map =
    Map::new(list![list![key("name", STR),]]).required(&["name"]);

static VAULT_SECRETS_KEYS_2: Map = Map::new(list![list![key(
    "namespace",
    any![
        seq![any![STR, map(&VAULT_SECRETS_NAMESPACE_KEYS)]].normal(),
        STR,
        map(&VAULT_SECRETS_NAMESPACE_KEYS)
    ]
),]]);

static VAULT_KEYS: Map = Map::new(list![list![
    key("api_url", STR),
    key("token", SECURE.strict()),
    key(
        "secrets",
        any![
            seq![any![
                STR,
                map(&VAULT_SECRETS_KEYS),
                map(&VAULT_SECRETS_KEYS_2)
            ]]
            .normal(),
            STR,
            map(&VAULT_SECRETS_KEYS),
            map(&VAULT_SECRETS_KEYS_2)
        ]
    ),
]])
.required(&["api_url", "token"]);

pub(super) const VAULT: Shape = map(&VAULT_KEYS);

static VM_CREATE_KEYS: Map = Map::new(list![list![key("name", STR),]]);

static VM_KEYS: Map = Map::new(list![list![
    key(
        "size",
        one_of![
            value("medium"),
            value("large"),
            value("x-large"),
            value("2x-large"),
            value("gpu-medium"),
            value("gpu-xlarge")
        ]
    ),
    key("create", map(&VM_CREATE_KEYS).unique_globally()),
    key("use", any![map(&VM_CREATE_KEYS), STR]),
]]);

pub(super) const VM: Shape = map(&VM_KEYS);

static WORKSPACES_CREATE_KEYS: Map =
    Map::new(list![list![key("name", STR.unique()), key("paths", STRS),]]);

static WORKSPACES_KEYS: Map = Map::new(list![list![
    key("create", map(&WORKSPACES_CREATE_KEYS).normal()),
    key("use", STRS.unique()),
]]);

pub(super) const WORKSPACES: Shape = map(&WORKSPACES_KEYS).normal();
