//! The keys of the top of the file and of a job, and those of the sections below.

use super::values::{ARCHES, DISTS, LANGUAGES, OSES, SERVICES};
use super::{KeyRow, Kind};

const fn key(name: &'static str, kind: Kind) -> KeyRow {
    KeyRow::new(name, kind)
}

const fn versions(name: &'static str) -> KeyRow {
    KeyRow::new(name, Kind::Versions(&[]))
}

/// The matrix keys, outermost first: the nesting follows this list and not the file.
pub(crate) const EXPAND: &[&str] = &[
    "os",
    "arch",
    "compiler",
    "osx_image",
    "jdk",
    "crystal",
    "dotnet",
    "mono",
    "solution",
    "d",
    "dart",
    "dart_task",
    "elixir",
    "otp_release",
    "elm",
    "node_js",
    "go",
    "hhvm",
    "php",
    "ghc",
    "haxe",
    "julia",
    "matlab",
    "nix",
    "perl",
    "perl6",
    "python",
    "r",
    "rvm",
    "gemfile",
    "xcode_scheme",
    "xcode_sdk",
    "rust",
    "scala",
    "smalltalk",
    "smalltalk_config",
    "smalltalk_vm",
    "env",
];

const BRANCHES: &[KeyRow] = &[
    key("only", Kind::Strs),
    key("except", Kind::Strs).alias(&["exclude"]),
];

const GIT: &[KeyRow] = &[
    key("strategy", Kind::Str),
    key("depth", Kind::NumOrBool),
    key("quiet", Kind::Bool),
    key("clone", Kind::Bool),
    key("submodules", Kind::Bool),
    key("submodules_depth", Kind::Num),
    key("symlinks", Kind::Bool),
    key("lfs_skip_smudge", Kind::Bool),
    key("sparse_checkout", Kind::Str),
    key("autocrlf", Kind::BoolOrStr),
    key("keep_netrc", Kind::Bool),
];

const STAGE: &[KeyRow] = &[key("name", Kind::Str), key("if", Kind::Str)];

const VIRTUALENV: &[KeyRow] = &[key("system_site_packages", Kind::Bool)];

const ANDROID: &[KeyRow] = &[key("components", Kind::Strs), key("licenses", Kind::Strs)];

const GIMME: &[KeyRow] = &[key("url", Kind::Str), key("force_reinstall", Kind::Bool)];

/// The keys of the `jobs` section.
pub(crate) const JOBS: &[KeyRow] = &[
    key("include", Kind::Jobs),
    key("exclude", Kind::Jobs),
    key("allow_failures", Kind::Jobs).alias(&["allowed_failures"]),
    key("fast_finish", Kind::Bool).alias(&["fast_failure"]),
];

/// The keys of the top and of jobs.
pub(crate) const KEYS: &[KeyRow] = &[
    key("language", Kind::Value(LANGUAGES)),
    key("os", Kind::Versions(OSES)),
    key("dist", Kind::Value(DISTS)).on(&["linux", "linux-ppc64le", "windows"]),
    key("arch", Kind::Versions(ARCHES)).on(&["linux"]),
    key("sudo", Kind::BoolOrStr).deprecated("The key `sudo` has no effect anymore."),
    key("osx_image", Kind::Versions(&[])).on(&["osx"]),
    key("compiler", Kind::Versions(&[])).only(&["c", "cpp"]),
    key("env", Kind::Env),
    key("jobs", Kind::JobsSection).root().alias(&["matrix"]),
    key("stages", Kind::Maps(STAGE, "name")).root(),
    key("stack", Kind::Str).root(),
    key("import", Kind::List).root(),
    key("notifications", Kind::Any).root(),
    key("version", Kind::Str).root(),
    key("conditions", Kind::Str).root(),
    key("filter_secrets", Kind::Bool).root(),
    key("trace", Kind::Bool).root(),
    key("name", Kind::Str).job(),
    key("stage", Kind::Str).job(),
    key("allow_failure", Kind::Bool).job(),
    key("if", Kind::Str),
    key("vm", Kind::Any),
    key("virt", Kind::Str).alias(&["virtualization"]),
    key("group", Kind::Str),
    key("keep_netrc", Kind::Bool),
    key("vault", Kind::Any),
    key("perforce_test_path", Kind::Str),
    key("workspaces", Kind::Any),
    key("keys", Kind::Any),
    key("addons", Kind::Any),
    key("branches", Kind::Prefix(BRANCHES, "only")).alias(&["branch"]),
    key("cache", Kind::Cache),
    key("deploy", Kind::List),
    key("git", Kind::Map(GIT)),
    key("services", Kind::Values(SERVICES)),
    // Phases, in the order that they run in.
    key("before_install", Kind::Strs),
    key("install", Kind::Strs),
    key("before_script", Kind::Strs),
    key("script", Kind::Strs),
    key("before_cache", Kind::Strs),
    key("after_success", Kind::Strs),
    key("after_failure", Kind::Strs),
    key("before_deploy", Kind::Strs),
    key("after_deploy", Kind::Strs),
    key("after_script", Kind::Strs),
    // Languages.
    versions("jdk").only(&["android", "clojure", "groovy", "java", "ruby", "scala"]),
    key("android", Kind::Map(ANDROID)).only(&["android"]),
    key("lein", Kind::Str).only(&["clojure"]),
    versions("crystal").only(&["crystal"]),
    versions("dotnet").only(&["csharp"]),
    versions("mono").only(&["csharp"]),
    versions("solution").only(&["csharp"]),
    versions("d").only(&["d"]),
    versions("dart").only(&["dart"]),
    key("dart_task", Kind::List).only(&["dart"]),
    key("with_content_shell", Kind::Bool).only(&["dart"]),
    versions("elixir").only(&["elixir"]),
    versions("otp_release").only(&["elixir", "erlang"]),
    versions("elm").only(&["elm"]),
    key("elm_format", Kind::Str).only(&["elm"]),
    key("elm_test", Kind::Str).only(&["elm"]),
    versions("node_js")
        .alias(&["node"])
        .only(&["elm", "node_js"]),
    key("npm_args", Kind::Str).only(&["node_js"]),
    versions("go").only(&["go"]),
    key("gobuild_args", Kind::Str).only(&["go"]),
    key("go_import_path", Kind::Str).only(&["go"]),
    key("gimme_config", Kind::Map(GIMME)).only(&["go"]),
    versions("hhvm").only(&["hack"]),
    versions("php").only(&["hack", "php"]),
    key("composer_args", Kind::Str).only(&["php"]),
    versions("ghc").only(&["haskell"]),
    versions("haxe").only(&["haxe"]),
    key("hxml", Kind::Strs).only(&["haxe"]),
    key("neko", Kind::Str).only(&["haxe"]),
    versions("julia").only(&["julia"]),
    versions("matlab").only(&["matlab"]),
    versions("nix").only(&["nix"]),
    versions("perl").only(&["perl"]),
    versions("perl6").only(&["perl6"]),
    versions("python").only(&["python"]),
    key("virtualenv", Kind::Map(VIRTUALENV))
        .alias(&["virtual_env"])
        .only(&["python"]),
    versions("r").only(&["r"]),
    key("r_packages", Kind::Strs).only(&["r"]),
    key("r_binary_packages", Kind::Strs).only(&["r"]),
    key("r_github_packages", Kind::Strs).only(&["r"]),
    key("apt_packages", Kind::Strs).only(&["r"]),
    key("bioc_packages", Kind::Strs).only(&["r"]),
    key("brew_packages", Kind::Strs).only(&["r"]),
    key("bioc", Kind::Str).only(&["r"]),
    key("bioc_check", Kind::Bool).only(&["r"]),
    key("bioc_required", Kind::Bool)
        .alias(&["use_bioc"])
        .only(&["r"]),
    key("bioc_use_devel", Kind::Bool).only(&["r"]),
    key("cran", Kind::Str).only(&["r"]),
    key("disable_homebrew", Kind::Bool).only(&["r"]),
    key("latex", Kind::Bool).only(&["r"]),
    key("pandoc", Kind::Bool).only(&["r"]),
    key("pandoc_version", Kind::Str).only(&["r"]),
    key("r_build_args", Kind::Str).only(&["r"]),
    key("r_check_args", Kind::Str).only(&["r"]),
    key("r_check_revdep", Kind::Bool).only(&["r"]),
    key("warnings_are_errors", Kind::Bool).only(&["r"]),
    key("remotes", Kind::Str).only(&["r"]),
    key("repos", Kind::Any).only(&["r"]),
    versions("rvm")
        .alias(&["ruby", "rbenv"])
        .only(&["objective-c", "ruby"]),
    versions("gemfile")
        .alias(&["gemfiles"])
        .only(&["objective-c", "ruby"]),
    key("bundler_args", Kind::Str).only(&["objective-c", "ruby"]),
    versions("xcode_scheme").only(&["objective-c"]),
    versions("xcode_sdk").only(&["objective-c"]),
    key("podfile", Kind::Str).only(&["objective-c"]),
    key("xcode_destination", Kind::Str).only(&["objective-c"]),
    key("xcode_project", Kind::Str).only(&["objective-c"]),
    key("xcode_workspace", Kind::Str).only(&["objective-c"]),
    key("xctool_args", Kind::Str).only(&["objective-c"]),
    versions("rust").only(&["rust"]),
    versions("scala").only(&["scala"]),
    key("sbt_args", Kind::Str).only(&["scala"]),
    versions("smalltalk").only(&["smalltalk"]),
    versions("smalltalk_config").only(&["smalltalk"]),
    versions("smalltalk_vm").only(&["smalltalk"]),
    key("smalltalk_edge", Kind::Any).only(&["smalltalk"]),
];
