//! The top of the file, and jobs.

use super::addons::ADDONS;
use super::common::{BRANCHES, CONDITION, STRS};
use super::deploy_a::{
    ANYNINES, AZURE_WEB_APPS, BINTRAY, BLUEMIXCLOUDFOUNDRY, BOXFUSE, CARGO, CHEF_SUPERMARKET,
    CLOUD66, CLOUDFILES, CLOUDFORMATION, CLOUDFOUNDRY, CODEDEPLOY, CONVOX, DATICA, ECR,
    ELASTICBEANSTALK,
};
use super::deploy_g::{
    ENGINEYARD, FIREBASE, FLYNN, GAE, GCS, GIT_PUSH, GLEIS, HACKAGE, HEPHY, HEROKU, LAMBDA,
    LAUNCHPAD, NETLIFY, NPM, NUGET, OPENSHIFT,
};
use super::deploy_p::{
    OPSWORKS, PACKAGECLOUD, PAGES, PUPPETFORGE, PYPI, RELEASES, RUBYGEMS, S3, SCALINGO, SCRIPT,
    SNAP, SURGE, TESTFAIRY, TRANSIFEX,
};
use super::languages::{LANGUAGE_JOB_KEYS, LANGUAGE_KEYS};
use super::notifications::NOTIFICATIONS;
use super::sections::{CACHE, ENV, ENV_VARS, GIT, IMPORTS, RESULTS, STAGES, VAULT, VM, WORKSPACES};
use super::shape::{BOOL, Key, Map, STR, Shape, by_default, key, map};
use super::values::{
    ARCH, ARCHS, COMPILERS, CONDITIONS, DIST, GROUP, KEEP_NETRC, KEYS, LANGUAGE, OS, OSS,
    OSX_IMAGES, PERFORCE_TEST_PATH, SERVICES, STACK, SUDO, VERSION, VIRT,
};

static TOP_KEYS: &[Key] = list![
    key(
        "language",
        LANGUAGE.defaults(list![
            by_default("ruby").except(&[("os", &["osx"])]),
            by_default("objective-c").only(&[("os", &["osx"])])
        ])
    ),
    key(
        "os",
        OSS.defaults(list![
            by_default("linux").except(&[("language", &["objective-c"])]),
            by_default("osx").only(&[("language", &["objective-c"])])
        ])
        .expand()
    ),
    key(
        "dist",
        DIST.defaults(list![
            by_default("focal").only(&[("os", &["linux", "linux-ppc64le"])])
        ])
    ),
    key("arch", ARCHS.expand()),
    key("stack", STACK),
    key("sudo", SUDO),
    key("import", IMPORTS),
    key("env", ENV),
    key("compiler", COMPILERS.expand()),
    key("osx_image", OSX_IMAGES.expand()),
    key("stages", STAGES),
    key("jobs", JOBS.aliases(&["matrix"])),
    key("notifications", NOTIFICATIONS),
    key("version", VERSION),
    key("vm", VM),
    key("conditions", CONDITIONS),
    key("filter_secrets", BOOL.internal()),
    key("trace", BOOL.internal()),
    key("perforce_test_path", PERFORCE_TEST_PATH),
    key("vault", VAULT),
    key("keep_netrc", KEEP_NETRC),
];

static JOB_KEYS: &[Key] = list![
    key("virt", VIRT),
    key("addons", ADDONS),
    key("branches", BRANCHES),
    key("cache", CACHE),
    // Of this program alone: files that a job leaves.
    key("results", RESULTS),
    key("deploy", DEPLOYS),
    key("git", GIT),
    key("if", CONDITION),
    key("services", SERVICES),
    key("group", GROUP),
    key("workspaces", WORKSPACES),
    key("keys", KEYS),
    key("before_install", STRS),
    key("install", STRS),
    key("before_script", STRS),
    key("script", STRS),
    key("before_cache", STRS),
    key("after_success", STRS),
    key("after_failure", STRS),
    key("before_deploy", STRS),
    key("after_deploy", STRS),
    key("after_script", STRS),
];

/// What a job of `include`, `exclude` and `allow_failures` may say.
static ROW_KEYS: &[Key] = list![
    key("language", LANGUAGE),
    key("os", OS),
    key("dist", DIST),
    key("arch", ARCH),
    key("osx_image", STR.only(&[("os", &["osx"])])),
    key("sudo", SUDO),
    key("vm", VM),
    key("env", ENV_VARS),
    key("compiler", STR.only(&[("language", &["c", "cpp"])])),
    key("branches", BRANCHES),
    key("name", STR.unique()),
    key("stage", STR),
    key("keep_netrc", KEEP_NETRC),
];

static INCLUDE_OWN: &[Key] = list![key("allow_failure", BOOL), key("vault", VAULT),];

static ALLOW_OWN: &[Key] = list![key(
    "branch",
    STR.deprecated("use conditional allow_failures using :if")
),];

static JOBS_INCLUDE_KEYS: Map = Map::new(list![ROW_KEYS, INCLUDE_OWN, LANGUAGE_JOB_KEYS, JOB_KEYS]);

const JOBS_INCLUDE: Shape = map(&JOBS_INCLUDE_KEYS).aliases(&["jobs"]);

pub(super) const JOBS_INCLUDES: Shape = any![seq![JOBS_INCLUDE].normal(), JOBS_INCLUDE];

static JOBS_EXCLUDE_KEYS: Map = Map::new(list![ROW_KEYS, LANGUAGE_JOB_KEYS, JOB_KEYS]);

const JOBS_EXCLUDE: Shape = map(&JOBS_EXCLUDE_KEYS);

pub(super) const JOBS_EXCLUDES: Shape = any![seq![JOBS_EXCLUDE].normal(), JOBS_EXCLUDE];

static JOBS_ALLOW_FAILURE_KEYS: Map =
    Map::new(list![ROW_KEYS, ALLOW_OWN, LANGUAGE_JOB_KEYS, JOB_KEYS]);

const JOBS_ALLOW_FAILURE: Shape = map(&JOBS_ALLOW_FAILURE_KEYS);

pub(super) const JOBS_ALLOW_FAILURES: Shape =
    any![seq![JOBS_ALLOW_FAILURE].normal(), JOBS_ALLOW_FAILURE];

static JOBS_KEYS: Map = Map::new(list![list![
    key("include", JOBS_INCLUDES),
    key("exclude", JOBS_EXCLUDES),
    key(
        "allow_failures",
        JOBS_ALLOW_FAILURES.aliases(&["allowed_failures"])
    ),
    key("fast_finish", BOOL.aliases(&["fast_failure"])),
]])
.prefix("include");

pub(super) const JOBS: Shape =
    any![map(&JOBS_KEYS).normal().aliases(&["matrix"]), JOBS_INCLUDES].normal();

/// The whole file.
pub(crate) static ROOT_KEYS: Map = Map::new(list![TOP_KEYS, LANGUAGE_KEYS, JOB_KEYS]);

pub(crate) const ROOT: Shape = map(&ROOT_KEYS);

pub(super) const DEPLOY_PROVIDERS: Shape = any![
    map(&ANYNINES).normal(),
    map(&AZURE_WEB_APPS).normal(),
    map(&BINTRAY).normal(),
    map(&BLUEMIXCLOUDFOUNDRY).normal(),
    map(&BOXFUSE).normal(),
    map(&CARGO).normal(),
    map(&CHEF_SUPERMARKET).normal(),
    map(&CLOUD66).normal(),
    map(&CLOUDFILES).normal(),
    map(&CLOUDFORMATION).normal(),
    map(&CLOUDFOUNDRY).normal(),
    map(&CODEDEPLOY).normal(),
    map(&CONVOX).normal(),
    map(&DATICA).normal(),
    map(&ECR).normal(),
    map(&ELASTICBEANSTALK).normal(),
    map(&ENGINEYARD).normal(),
    map(&FIREBASE).normal(),
    map(&FLYNN).normal(),
    map(&GAE).normal(),
    map(&GCS).normal(),
    map(&GIT_PUSH).normal(),
    map(&GLEIS).normal(),
    map(&HACKAGE).normal(),
    map(&HEPHY).normal(),
    map(&HEROKU).normal(),
    map(&LAMBDA).normal(),
    map(&LAUNCHPAD).normal(),
    map(&NETLIFY).normal(),
    map(&NPM).normal(),
    map(&NUGET).normal(),
    map(&OPENSHIFT).normal(),
    map(&OPSWORKS).normal(),
    map(&PACKAGECLOUD).normal(),
    map(&PAGES).normal(),
    map(&PUPPETFORGE).normal(),
    map(&PYPI).normal(),
    map(&RELEASES).normal(),
    map(&RUBYGEMS).normal(),
    map(&S3).normal(),
    map(&SCALINGO).normal(),
    map(&SCRIPT).normal(),
    map(&SNAP).normal(),
    map(&SURGE).normal(),
    map(&TESTFAIRY).normal(),
    map(&TRANSIFEX).normal(),
]
.normal()
.detect();

pub(super) const DEPLOYS: Shape = any![seq![DEPLOY_PROVIDERS].normal(), DEPLOY_PROVIDERS];
