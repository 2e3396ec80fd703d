//! The languages: one row each.

use super::options::{Choice, Kind};
use super::{Language, Setup, Version};

const fn version(key: &'static str, variable: &'static str) -> Version {
    Version { key, variable }
}

const fn text(path: &'static str) -> Choice {
    let kind = Kind::Text;
    Choice { path, kind }
}

const fn list(path: &'static str) -> Choice {
    let kind = Kind::List;
    Choice { path, kind }
}

const fn pairs(path: &'static str) -> Choice {
    let kind = Kind::Pairs;
    Choice { path, kind }
}

/// A language without tools.
const fn language(names: &'static [&'static str]) -> Language {
    Language {
        names,
        versions: &[],
        choices: &[],
        setup: Setup::None,
        functions: "",
        install: "",
        script: "",
        setup_is_lazy: false,
    }
}

/// A language whose file makes its tools ready.
const fn with_file(names: &'static [&'static str], functions: &'static str) -> Language {
    let mut row = language(names);
    row.setup = Setup::Own;
    row.functions = functions;
    row
}

/// A language of one tool.
const fn with_tool(names: &'static [&'static str], setup: Setup) -> Language {
    let mut row = language(names);
    row.setup = setup;
    row
}

const JDK: Version = version("jdk", "TRAVIS_JDK_VERSION");
const NODE: Version = version("node_js", "TRAVIS_NODE_VERSION");
const OTP: Version = version("otp_release", "TRAVIS_OTP_RELEASE");
const RUBY: Version = version("rvm", "TRAVIS_RUBY_VERSION");
const GEMFILE: Version = version("gemfile", "TRAVIS_GEMFILE");
const COMPILER: Version = version("compiler", "TRAVIS_COMPILER");
const PHP: Version = version("php", "TRAVIS_PHP_VERSION");
const HHVM: Version = version("hhvm", "TRAVIS_HHVM_VERSION");

/// Runs what the configuration says and nothing else.
pub(crate) const GENERIC: Language = with_file(
    &["generic", "minimal", "shell", "bash", "sh"],
    include_str!("generic.bash"),
);

pub(crate) const LANGUAGES: &[&[Language]] = &[&[GENERIC], SCRIPTED, JVM, COMPILED, BEAM, OTHERS];

const SCRIPTED: &[Language] = &[
    Language {
        versions: &[RUBY, GEMFILE, JDK],
        choices: &[text("bundler_args")],
        setup_is_lazy: true,
        ..with_file(
            &["ruby"],
            concat!(include_str!("jdk.bash"), include_str!("ruby.bash")),
        )
    },
    Language {
        versions: &[NODE],
        choices: &[text("npm_args")],
        ..with_file(
            &["node_js"],
            concat!(include_str!("node.bash"), include_str!("node_js.bash")),
        )
    },
    Language {
        versions: &[version("elm", "TRAVIS_ELM_VERSION"), NODE],
        choices: &[text("elm_test"), text("elm_format")],
        ..with_file(
            &["elm"],
            concat!(include_str!("node.bash"), include_str!("elm.bash")),
        )
    },
    Language {
        versions: &[version("python", "TRAVIS_PYTHON_VERSION")],
        choices: &[text("virtualenv.system_site_packages")],
        ..with_file(&["python"], include_str!("python.bash"))
    },
    Language {
        versions: &[PHP, HHVM],
        choices: &[text("composer_args")],
        ..with_file(&["php", "hack"], include_str!("php.bash"))
    },
    Language {
        versions: &[version("perl", "TRAVIS_PERL_VERSION")],
        ..with_file(&["perl"], include_str!("perl.bash"))
    },
    Language {
        versions: &[version("perl6", "TRAVIS_PERL6_VERSION")],
        ..with_file(&["perl6"], include_str!("perl6.bash"))
    },
    Language {
        versions: &[version("r", "TRAVIS_R_VERSION")],
        choices: &[
            list("apt_packages"),
            text("bioc_check"),
            list("bioc_packages"),
            text("bioc_required"),
            text("bioc_use_devel"),
            list("brew_packages"),
            text("cran"),
            text("disable_homebrew"),
            text("latex"),
            text("pandoc"),
            text("r_build_args"),
            text("r_check_args"),
            text("r_check_revdep"),
            list("r_binary_packages"),
            list("r_github_packages"),
            list("r_packages"),
            pairs("repos"),
            text("warnings_are_errors"),
        ],
        ..with_file(&["r"], include_str!("r.bash"))
    },
    Language {
        versions: &[version("julia", "TRAVIS_JULIA_VERSION")],
        ..with_file(&["julia"], include_str!("julia.bash"))
    },
];

const JVM: &[Language] = &[
    Language {
        versions: &[JDK],
        install: "travis_install_jvm",
        script: "travis_script_jvm",
        ..with_file(
            &["java", "groovy"],
            concat!(include_str!("jdk.bash"), include_str!("java.bash")),
        )
    },
    Language {
        versions: &[version("scala", "TRAVIS_SCALA_VERSION"), JDK],
        choices: &[text("sbt_args")],
        ..with_file(
            &["scala"],
            concat!(
                include_str!("jdk.bash"),
                include_str!("java.bash"),
                include_str!("scala.bash")
            ),
        )
    },
    Language {
        versions: &[JDK],
        choices: &[text("lein")],
        ..with_file(
            &["clojure"],
            concat!(
                include_str!("jdk.bash"),
                include_str!("java.bash"),
                include_str!("clojure.bash")
            ),
        )
    },
    Language {
        versions: &[JDK],
        choices: &[list("android.components")],
        ..with_file(
            &["android"],
            concat!(
                include_str!("../bash/expand.bash"),
                include_str!("jdk.bash"),
                include_str!("android.bash")
            ),
        )
    },
];

const COMPILED: &[Language] = &[
    Language {
        versions: &[COMPILER],
        script: "travis_default_script './configure && make && make test'",
        ..with_file(&["c", "cpp"], include_str!("c.bash"))
    },
    Language {
        versions: &[version("rust", "TRAVIS_RUST_VERSION")],
        choices: &[text("cache.cargo")],
        ..with_file(&["rust"], include_str!("rust.bash"))
    },
    Language {
        versions: &[version("go", "TRAVIS_GO_VERSION")],
        choices: &[
            text("gimme_config.url"),
            text("gimme_config.force_reinstall"),
            text("gobuild_args"),
            text("go_import_path"),
        ],
        ..with_file(&["go"], include_str!("go.bash"))
    },
    Language {
        versions: &[version("ghc", "TRAVIS_HASKELL_VERSION")],
        ..with_file(&["haskell"], include_str!("haskell.bash"))
    },
    Language {
        versions: &[version("crystal", "TRAVIS_CRYSTAL_VERSION")],
        install: "if [[ -f shard.yml ]]; then travis_default_install 'shards install' install.shards --retry; fi",
        script: "travis_default_script 'crystal spec'",
        ..with_tool(
            &["crystal"],
            Setup::Tool {
                name: "Crystal",
                program: "crystal",
                announce: "crystal --version",
                remedy: "Crystal (package crystal)",
            },
        )
    },
    Language {
        versions: &[version("d", "TRAVIS_D_VERSION")],
        ..with_file(&["d"], include_str!("d.bash"))
    },
    Language {
        versions: &[version("dart", "TRAVIS_DART_VERSION")],
        choices: &[
            text("dart_task"),
            text("dart_task.test"),
            text("dart_task.dartanalyzer"),
            text("dart_task.dartfmt"),
        ],
        ..with_file(&["dart"], include_str!("dart.bash"))
    },
    Language {
        versions: &[
            version("mono", "TRAVIS_MONO_VERSION"),
            version("dotnet", "TRAVIS_DOTNET_VERSION"),
            version("solution", "TRAVIS_SOLUTION"),
        ],
        ..with_file(&["csharp"], include_str!("csharp.bash"))
    },
    Language {
        versions: &[
            RUBY,
            GEMFILE,
            version("xcode_scheme", "TRAVIS_XCODE_SCHEME"),
            version("xcode_sdk", "TRAVIS_XCODE_SDK"),
            version("xcode_project", "TRAVIS_XCODE_PROJECT"),
            version("xcode_workspace", "TRAVIS_XCODE_WORKSPACE"),
        ],
        choices: &[
            text("bundler_args"),
            text("podfile"),
            text("xcode_destination"),
            text("xcode_project"),
            text("xcode_workspace"),
        ],
        ..with_file(&["objective-c", "swift"], include_str!("objective_c.bash"))
    },
];

const BEAM: &[Language] = &[
    Language {
        versions: &[OTP],
        install: "travis_install_rebar",
        script: "travis_script_rebar",
        ..with_file(
            &["erlang"],
            concat!(include_str!("otp.bash"), include_str!("erlang.bash")),
        )
    },
    Language {
        versions: &[version("elixir", "TRAVIS_ELIXIR_VERSION"), OTP],
        ..with_file(
            &["elixir"],
            concat!(include_str!("otp.bash"), include_str!("elixir.bash")),
        )
    },
];

const OTHERS: &[Language] = &[
    Language {
        versions: &[version("haxe", "TRAVIS_HAXE_VERSION")],
        choices: &[list("hxml"), text("neko")],
        ..with_file(&["haxe"], include_str!("haxe.bash"))
    },
    Language {
        versions: &[version("nix", "TRAVIS_NIX_VERSION")],
        script: "travis_default_script 'nix-build'",
        ..with_tool(
            &["nix"],
            Setup::Tool {
                name: "Nix",
                program: "nix-build",
                announce: "nix-build --version",
                remedy: "Nix (package nix-bin)",
            },
        )
    },
    Language {
        versions: &[
            version("smalltalk", "TRAVIS_SMALLTALK_VERSION"),
            version("smalltalk_config", "TRAVIS_SMALLTALK_CONFIG"),
            version("smalltalk_vm", "TRAVIS_SMALLTALK_VM"),
        ],
        choices: &[text("smalltalk_edge.source"), text("smalltalk_edge.branch")],
        ..with_file(&["smalltalk"], include_str!("smalltalk.bash"))
    },
    Language {
        versions: &[version("matlab", "TRAVIS_MATLAB_VERSION")],
        script: r#"travis_default_script 'matlab -batch "assertSuccess(runtests)"'"#,
        ..with_tool(
            &["matlab"],
            Setup::Tool {
                name: "MATLAB",
                program: "matlab",
                announce: "matlab -help",
                remedy: "MATLAB",
            },
        )
    },
];
