//! The keys that only some languages have.

use super::common::STRS;
use super::shape::{BOOL, Key, Map, STR, key, map};
use super::values::JDKS;

static ANDROID_ANDROID_KEYS: Map = Map::new(list![list![
    key("components", STRS),
    key("licenses", STRS),
]]);

static DART_TASK_DART_TASK_KEYS: Map = Map::new(list![list![
    key("test", STR),
    key("dartanalyzer", STR),
    key("dartfmt", BOOL),
    key("install_dartium", BOOL),
    key("xvfb", BOOL),
]]);

static GIMME_CONFIG_GIMME_CONFIG_KEYS: Map =
    Map::new(list![list![key("url", STR), key("force_reinstall", BOOL),]]);

static VIRTUALENV_VIRTUALENV_KEYS: Map =
    Map::open(list![list![key("system_site_packages", BOOL),]]);

static REPOS_REPOS_KEYS: Map = Map::open(list![list![]]);

static SMALLTALK_EDGE_SMALLTALK_EDGE_KEYS: Map =
    Map::new(list![list![key("source", STR), key("branch", STR),]]);

/// At the top of the file: the keys of the matrix take lists.
pub(super) static LANGUAGE_KEYS: &[Key] = list![
    key(
        "jdk",
        JDKS.only(&[(
            "language",
            &["android", "clojure", "groovy", "java", "ruby", "scala"]
        )])
        .expand()
    ),
    key(
        "android",
        map(&ANDROID_ANDROID_KEYS).only(&[("language", &["android"])])
    ),
    key("lein", STR.only(&[("language", &["clojure"])])),
    key("crystal", STRS.only(&[("language", &["crystal"])]).expand()),
    key("dotnet", STRS.only(&[("language", &["csharp"])]).expand()),
    key("mono", STRS.only(&[("language", &["csharp"])]).expand()),
    key("solution", STRS.only(&[("language", &["csharp"])]).expand()),
    key("d", STRS.only(&[("language", &["d"])]).expand()),
    key("dart", STRS.only(&[("language", &["dart"])]).expand()),
    key(
        "dart_task",
        any![
            seq![any![map(&DART_TASK_DART_TASK_KEYS), STR]].normal(),
            map(&DART_TASK_DART_TASK_KEYS),
            STR
        ]
        .only(&[("language", &["dart"])])
        .expand()
    ),
    key("with_content_shell", BOOL.only(&[("language", &["dart"])])),
    key("elixir", STRS.only(&[("language", &["elixir"])]).expand()),
    key(
        "otp_release",
        STRS.only(&[("language", &["elixir", "erlang"])]).expand()
    ),
    key("elm", STRS.only(&[("language", &["elm"])]).expand()),
    key(
        "node_js",
        STRS.aliases(&["node"])
            .only(&[("language", &["elm", "node_js"])])
            .expand()
    ),
    key("elm_format", STR.only(&[("language", &["elm"])])),
    key("elm_test", STR.only(&[("language", &["elm"])])),
    key("go", STRS.only(&[("language", &["go"])]).expand()),
    key("gobuild_args", STR.only(&[("language", &["go"])])),
    key("go_import_path", STR.only(&[("language", &["go"])])),
    key(
        "gimme_config",
        map(&GIMME_CONFIG_GIMME_CONFIG_KEYS).only(&[("language", &["go"])])
    ),
    key("hhvm", STRS.only(&[("language", &["hack"])]).expand()),
    key("php", STRS.only(&[("language", &["hack", "php"])]).expand()),
    key("ghc", STRS.only(&[("language", &["haskell"])]).expand()),
    key("haxe", STRS.only(&[("language", &["haxe"])]).expand()),
    key("hxml", STRS.only(&[("language", &["haxe"])])),
    key("neko", STR.only(&[("language", &["haxe"])])),
    key("julia", STRS.only(&[("language", &["julia"])]).expand()),
    key("matlab", STRS.only(&[("language", &["matlab"])]).expand()),
    key("nix", STRS.only(&[("language", &["nix"])]).expand()),
    key("npm_args", STR.only(&[("language", &["node_js"])])),
    key("perl", STRS.only(&[("language", &["perl"])]).expand()),
    key("perl6", STRS.only(&[("language", &["perl6"])]).expand()),
    key("composer_args", STR.only(&[("language", &["php"])])),
    key("python", STRS.only(&[("language", &["python"])]).expand()),
    key(
        "virtualenv",
        map(&VIRTUALENV_VIRTUALENV_KEYS)
            .aliases(&["virtual_env"])
            .only(&[("language", &["python"])])
    ),
    key("r", STRS.only(&[("language", &["r"])]).expand()),
    key("r_packages", STRS.only(&[("language", &["r"])])),
    key("r_binary_packages", STRS.only(&[("language", &["r"])])),
    key("r_github_packages", STRS.only(&[("language", &["r"])])),
    key("apt_packages", STRS.only(&[("language", &["r"])])),
    key("bioc_packages", STRS.only(&[("language", &["r"])])),
    key("brew_packages", STRS.only(&[("language", &["r"])])),
    key("bioc", STR.only(&[("language", &["r"])])),
    key("bioc_check", BOOL.only(&[("language", &["r"])])),
    key(
        "bioc_required",
        BOOL.aliases(&["use_bioc"]).only(&[("language", &["r"])])
    ),
    key("bioc_use_devel", BOOL.only(&[("language", &["r"])])),
    key("cran", STR.only(&[("language", &["r"])])),
    key("disable_homebrew", BOOL.only(&[("language", &["r"])])),
    key("latex", BOOL.only(&[("language", &["r"])])),
    key("pandoc", BOOL.only(&[("language", &["r"])])),
    key("pandoc_version", STR.only(&[("language", &["r"])])),
    key("r_build_args", STR.only(&[("language", &["r"])])),
    key("r_check_args", STR.only(&[("language", &["r"])])),
    key("r_check_revdep", BOOL.only(&[("language", &["r"])])),
    key("warnings_are_errors", BOOL.only(&[("language", &["r"])])),
    key("remotes", STR.only(&[("language", &["r"])])),
    key(
        "repos",
        map(&REPOS_REPOS_KEYS).only(&[("language", &["r"])])
    ),
    key(
        "rvm",
        STRS.aliases(&["ruby", "rbenv"])
            .only(&[("language", &["ruby", "objective-c"])])
            .expand()
    ),
    key(
        "gemfile",
        STRS.aliases(&["gemfiles"])
            .only(&[("language", &["ruby", "objective-c"])])
            .expand()
    ),
    key(
        "bundler_args",
        STR.only(&[("language", &["ruby", "objective-c"])])
    ),
    key(
        "xcode_scheme",
        STRS.only(&[("language", &["objective-c"])]).expand()
    ),
    key(
        "xcode_sdk",
        STRS.only(&[("language", &["objective-c"])]).expand()
    ),
    key("podfile", STR.only(&[("language", &["objective-c"])])),
    key(
        "xcode_destination",
        STR.only(&[("language", &["objective-c"])])
    ),
    key("xcode_project", STR.only(&[("language", &["objective-c"])])),
    key(
        "xcode_workspace",
        STR.only(&[("language", &["objective-c"])])
    ),
    key("xctool_args", STR.only(&[("language", &["objective-c"])])),
    key("rust", STRS.only(&[("language", &["rust"])]).expand()),
    key("scala", STRS.only(&[("language", &["scala"])]).expand()),
    key("sbt_args", STR.only(&[("language", &["scala"])])),
    key(
        "smalltalk",
        STRS.only(&[("language", &["smalltalk"])]).expand()
    ),
    key(
        "smalltalk_config",
        STRS.only(&[("language", &["smalltalk"])]).expand()
    ),
    key(
        "smalltalk_vm",
        STRS.only(&[("language", &["smalltalk"])]).expand()
    ),
    key(
        "smalltalk_edge",
        map(&SMALLTALK_EDGE_SMALLTALK_EDGE_KEYS).only(&[("language", &["smalltalk"])])
    ),
];

/// In a job, and in the conditions of `deploy`: one value each.
pub(super) static LANGUAGE_JOB_KEYS: &[Key] = list![
    key(
        "jdk",
        STR.only(&[(
            "language",
            &["android", "clojure", "groovy", "java", "ruby", "scala"]
        )])
    ),
    key(
        "android",
        map(&ANDROID_ANDROID_KEYS).only(&[("language", &["android"])])
    ),
    key("lein", STR.only(&[("language", &["clojure"])])),
    key("crystal", STR.only(&[("language", &["crystal"])])),
    key("dotnet", STR.only(&[("language", &["csharp"])])),
    key("mono", STR.only(&[("language", &["csharp"])])),
    key("solution", STR.only(&[("language", &["csharp"])])),
    key("d", STR.only(&[("language", &["d"])])),
    key("dart", STR.only(&[("language", &["dart"])])),
    key(
        "dart_task",
        map(&DART_TASK_DART_TASK_KEYS).only(&[("language", &["dart"])])
    ),
    key("with_content_shell", BOOL.only(&[("language", &["dart"])])),
    key("elixir", STR.only(&[("language", &["elixir"])])),
    key(
        "otp_release",
        STR.only(&[("language", &["elixir", "erlang"])])
    ),
    key("elm", STR.only(&[("language", &["elm"])])),
    key(
        "node_js",
        STR.aliases(&["node"])
            .only(&[("language", &["elm", "node_js"])])
    ),
    key("elm_format", STR.only(&[("language", &["elm"])])),
    key("elm_test", STR.only(&[("language", &["elm"])])),
    key("go", STR.only(&[("language", &["go"])])),
    key("gobuild_args", STR.only(&[("language", &["go"])])),
    key("go_import_path", STR.only(&[("language", &["go"])])),
    key(
        "gimme_config",
        map(&GIMME_CONFIG_GIMME_CONFIG_KEYS).only(&[("language", &["go"])])
    ),
    key("hhvm", STR.only(&[("language", &["hack"])])),
    key("php", STR.only(&[("language", &["hack", "php"])])),
    key("ghc", STR.only(&[("language", &["haskell"])])),
    key("haxe", STR.only(&[("language", &["haxe"])])),
    key("hxml", STRS.only(&[("language", &["haxe"])])),
    key("neko", STR.only(&[("language", &["haxe"])])),
    key("julia", STR.only(&[("language", &["julia"])])),
    key("matlab", STR.only(&[("language", &["matlab"])])),
    key("nix", STR.only(&[("language", &["nix"])])),
    key("npm_args", STR.only(&[("language", &["node_js"])])),
    key("perl", STR.only(&[("language", &["perl"])])),
    key("perl6", STR.only(&[("language", &["perl6"])])),
    key("composer_args", STR.only(&[("language", &["php"])])),
    key("python", STR.only(&[("language", &["python"])])),
    key(
        "virtualenv",
        map(&VIRTUALENV_VIRTUALENV_KEYS)
            .aliases(&["virtual_env"])
            .only(&[("language", &["python"])])
    ),
    key("r", STR.only(&[("language", &["r"])])),
    key("r_packages", STRS.only(&[("language", &["r"])])),
    key("r_binary_packages", STRS.only(&[("language", &["r"])])),
    key("r_github_packages", STRS.only(&[("language", &["r"])])),
    key("apt_packages", STRS.only(&[("language", &["r"])])),
    key("bioc_packages", STRS.only(&[("language", &["r"])])),
    key("brew_packages", STRS.only(&[("language", &["r"])])),
    key("bioc", STR.only(&[("language", &["r"])])),
    key("bioc_check", BOOL.only(&[("language", &["r"])])),
    key(
        "bioc_required",
        BOOL.aliases(&["use_bioc"]).only(&[("language", &["r"])])
    ),
    key("bioc_use_devel", BOOL.only(&[("language", &["r"])])),
    key("cran", STR.only(&[("language", &["r"])])),
    key("disable_homebrew", BOOL.only(&[("language", &["r"])])),
    key("latex", BOOL.only(&[("language", &["r"])])),
    key("pandoc", BOOL.only(&[("language", &["r"])])),
    key("pandoc_version", STR.only(&[("language", &["r"])])),
    key("r_build_args", STR.only(&[("language", &["r"])])),
    key("r_check_args", STR.only(&[("language", &["r"])])),
    key("r_check_revdep", BOOL.only(&[("language", &["r"])])),
    key("warnings_are_errors", BOOL.only(&[("language", &["r"])])),
    key("remotes", STR.only(&[("language", &["r"])])),
    key(
        "repos",
        map(&REPOS_REPOS_KEYS).only(&[("language", &["r"])])
    ),
    key(
        "rvm",
        STR.aliases(&["ruby", "rbenv"])
            .only(&[("language", &["ruby", "objective-c"])])
    ),
    key(
        "gemfile",
        STR.aliases(&["gemfiles"])
            .only(&[("language", &["ruby", "objective-c"])])
    ),
    key(
        "bundler_args",
        STR.only(&[("language", &["ruby", "objective-c"])])
    ),
    key("xcode_scheme", STR.only(&[("language", &["objective-c"])])),
    key("xcode_sdk", STR.only(&[("language", &["objective-c"])])),
    key("podfile", STR.only(&[("language", &["objective-c"])])),
    key(
        "xcode_destination",
        STR.only(&[("language", &["objective-c"])])
    ),
    key("xcode_project", STR.only(&[("language", &["objective-c"])])),
    key(
        "xcode_workspace",
        STR.only(&[("language", &["objective-c"])])
    ),
    key("xctool_args", STR.only(&[("language", &["objective-c"])])),
    key("rust", STR.only(&[("language", &["rust"])])),
    key("scala", STR.only(&[("language", &["scala"])])),
    key("sbt_args", STR.only(&[("language", &["scala"])])),
    key("smalltalk", STR.only(&[("language", &["smalltalk"])])),
    key(
        "smalltalk_config",
        STRS.only(&[("language", &["smalltalk"])])
    ),
    key("smalltalk_vm", STRS.only(&[("language", &["smalltalk"])])),
    key(
        "smalltalk_edge",
        map(&SMALLTALK_EDGE_SMALLTALK_EDGE_KEYS).only(&[("language", &["smalltalk"])])
    ),
];
