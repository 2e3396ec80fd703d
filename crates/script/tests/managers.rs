//! Each way to another version, by managers that record how they are called.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod support;

use serde_json::{Value, json};
use support::{check_marks, plain, programs, run_in};

/// What a job meets: its configuration, programs, files below its home, and what the log says.
struct Case {
    config: Value,
    tools: &'static [(&'static str, &'static str)],
    files: &'static [(&'static str, &'static str)],
    says: &'static [&'static str],
}

/// Runs the case's job, whose install and script phases only tell where they are.
fn check(case: &Case) {
    let home = tempfile::tempdir().unwrap();
    for (name, text) in case.files {
        use std::os::unix::fs::PermissionsExt;
        let file = home.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = programs(home.path(), case.tools);
    let mut config = case.config.clone();
    for phase in ["install", "script"] {
        if config.get(phase).is_none() {
            config[phase] = json!(["true"]);
        }
    }
    let outcome = run_in(home.path(), &plain(config), &path);
    let config = &case.config;
    assert_eq!(outcome.code, 0, "{config}: {}", outcome.log);
    check_marks(&outcome.log);
    for part in case.says {
        assert!(
            outcome.log.contains(part),
            "{config}: no {part:?} in {}",
            outcome.log
        );
    }
    assert!(
        !outcome.log.contains("This machine has no"),
        "{config}: {}",
        outcome.log
    );
}

const RECORD: &str = "echo \"${0##*/} $*\"";
/// Like rbenv and its kin: knows where a version is once it is installed.
const PREFIX: &str = "case $1 in prefix) [[ -e $HOME/installed ]] && echo \"/versions/$2\" ;; install) echo \"got $3\"; : >\"$HOME/installed\" ;; esac";
const MISE: (&str, &str) = (
    "mise",
    "case $1 in install) echo \"mise got $2\" ;; env) echo \"export MISE_HAS=$4\" ;; esac",
);
const ASDF: (&str, &str) = (
    "asdf",
    "case $1 in where) [[ -e $HOME/installed ]] && echo \"/asdf/$2/$3\" ;; install) echo \"asdf got $2 $3\"; : >\"$HOME/installed\" ;; esac",
);

#[test]
fn ruby() {
    let tools = &[("ruby", "echo 3.1.2")];
    check(&Case {
        config: json!({"language": "ruby", "rvm": "2.3"}),
        tools,
        files: &[(".rvm/scripts/rvm", "rvm() { echo \"rvm said $*\"; }\n")],
        says: &[
            "$ rvm use 2.3 --install --binary --fuzzy\nrvm said use 2.3 --install --binary --fuzzy\n",
        ],
    });
    check(&Case {
        config: json!({"language": "ruby", "rvm": "2.3", "script": ["echo \"$RBENV_VERSION ${PATH%%:*}\""]}),
        tools: &[("ruby", "echo 3.1.2"), ("rbenv", PREFIX)],
        files: &[],
        says: &["$ rbenv install -s 2.3\ngot 2.3\n", "\n2.3 "],
    });
    check(&Case {
        config: json!({"language": "ruby", "rvm": "default"}),
        tools,
        files: &[(".ruby-version", "3.1.2\n")],
        says: &["$ ruby --version\n"],
    });
}

#[test]
fn mise_and_asdf_know_every_tool() {
    for (language, key, tool, plugin) in [
        ("ruby", "rvm", "ruby", "ruby"),
        ("node_js", "node_js", "node", "nodejs"),
        ("go", "go", "go", "golang"),
        ("php", "php", "php", "php"),
        ("perl", "perl", "perl", "perl"),
        ("rust", "rust", "rust", "rust"),
        ("java", "jdk", "java", "java"),
        ("elixir", "elixir", "elixir", "elixir"),
        ("crystal", "crystal", "crystal", "crystal"),
        ("julia", "julia", "julia", "julia"),
        ("dart", "dart", "dart", "dart"),
        ("haskell", "ghc", "ghc", "ghc"),
        ("haxe", "haxe", "haxe", "haxe"),
    ] {
        for (manager, said) in [
            (
                MISE,
                format!("$ mise install {tool}@0.7\nmise got {tool}@0.7\n"),
            ),
            (
                ASDF,
                format!("$ asdf install {plugin} 0.7\nasdf got {plugin} 0.7\n"),
            ),
        ] {
            let mut config = json!({"language": language, "install": ["true"], "script": ["true"]});
            config[key] = json!("0.7");
            let home = tempfile::tempdir().unwrap();
            let path = programs(home.path(), &[manager]);
            let outcome = run_in(home.path(), &plain(config), &path);
            assert!(outcome.log.contains(&said), "{language}: {}", outcome.log);
            assert!(
                !outcome.log.contains("This machine"),
                "{language}: {}",
                outcome.log
            );
        }
    }
}

#[test]
fn python_by_pyenv() {
    check(&Case {
        config: json!({"language": "python", "python": "3.6-dev", "script": ["echo on $PYENV_VERSION"]}),
        tools: &[
            ("python3", "echo Python 3.11.2"),
            (
                "pyenv",
                "case $1 in latest) exit 1 ;; install) echo \"got $3\" ;; prefix) echo /none ;; esac",
            ),
            (
                "python",
                "[[ $2 != venv ]] && echo Python ${PYENV_VERSION:-3.11.2}",
            ),
        ],
        files: &[(".pyenv/version", "")],
        says: &[
            "$ pyenv install -s 3.6-dev\ngot 3.6-dev\n",
            "\non 3.6-dev\n",
        ],
    });
}

#[test]
fn go_by_gimme_and_goenv() {
    check(&Case {
        config: json!({"language": "go", "go": "1.9.x", "script": ["echo in $GIMME"]}),
        tools: &[
            ("go", "echo go1.22.3"),
            ("gimme", "echo \"export GIMME='$1'\""),
            ("mkdir", "/bin/mkdir \"$@\""),
        ],
        files: &[],
        says: &["\nin 1.9.x\n", "$ go version\n"],
    });
    check(&Case {
        config: json!({"language": "go", "go": "1.9",
            "gimme_config": {"url": "https://example.test/gimme", "force_reinstall": true}, "script": ["echo in $GIMME"]}),
        tools: &[
            ("go", "echo go1.22.3"),
            ("mkdir", "/bin/mkdir \"$@\""),
            ("chmod", "/bin/chmod \"$@\""),
            (
                "curl",
                "printf '%s\\n' '#!/bin/bash' 'echo export GIMME=fetched' >\"$7\"",
            ),
        ],
        files: &[],
        says: &["-o ", "https://example.test/gimme\n", "\nin fetched\n"],
    });
    check(&Case {
        config: json!({"language": "go", "go": "1.9", "script": ["echo in $GOENV_VERSION"]}),
        tools: &[("go", "echo go1.22.3"), ("goenv", PREFIX)],
        files: &[],
        says: &["$ goenv install -s 1.9\ngot 1.9\n", "\nin 1.9\n"],
    });
}

#[test]
fn jdk_by_directories_and_sdkman() {
    const OLD: (&str, &str) = ("java", "echo 'openjdk version \"17.0.9\" 2023' >&2");
    let java = "#!/bin/bash\necho 'openjdk version \"11.0.2\"' >&2\n";
    let home = tempfile::tempdir().unwrap();
    let jvm = home.path().join("jvm/java-11-openjdk-amd64/bin");
    std::fs::create_dir_all(&jvm).unwrap();
    let file = jvm.join("java");
    std::fs::write(&file, java).unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = programs(home.path(), &[OLD]);
    let place = home.path().join("jvm").display().to_string();
    let config = json!({"language": "java", "jdk": "openjdk11", "env": [{"TRAVIS_JVM_DIRECTORY": place}],
        "install": ["true"], "script": ["echo \"at ${JAVA_HOME##*/}\"", "jdk_switcher use openjdk17", "jdk_switcher home"]});
    let outcome = run_in(home.path(), &plain(config), &path);
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    assert!(
        outcome.log.contains("\nat java-11-openjdk-amd64\n"),
        "{}",
        outcome.log
    );
    assert!(
        outcome.log.contains("openjdk version \"11.0.2\""),
        "{}",
        outcome.log
    );
    assert!(
        outcome.log.contains("the job runs on Java 11.0.2"),
        "{}",
        outcome.log
    );
    check(&Case {
        config: json!({"language": "java", "jdk": "oraclejdk8"}),
        tools: &[OLD],
        files: &[(
            ".sdkman/bin/sdkman-init.sh",
            "sdk() { if [[ $1 == list ]]; then echo ' 8.0.392-tem '; else echo \"sdk said $*\"; fi; }\n",
        )],
        says: &[
            "sdk said install java 8.0.392-tem\n",
            "$ sdk use java 8.0.392-tem\nsdk said use java 8.0.392-tem\n",
        ],
    });
}

#[test]
fn the_others_managers() {
    let cases = [
        Case {
            config: json!({"language": "php", "php": "5.6"}),
            tools: &[("php", "echo 8.2.1"), ("phpenv", RECORD)],
            files: &[],
            says: &["$ phpenv global 5.6\nphpenv global 5.6\n"],
        },
        Case {
            config: json!({"language": "perl", "perl": "5.26-extras"}),
            tools: &[("perl", "echo 5.36.0")],
            files: &[(
                "perl5/perlbrew/etc/bashrc",
                "perlbrew() { echo \"brewed $*\"; }\n",
            )],
            says: &["$ perlbrew use 5.26-extras\nbrewed use 5.26-extras\n"],
        },
        Case {
            config: json!({"language": "perl", "perl": "5.26"}),
            tools: &[("perl", "echo 5.36.0"), ("plenv", PREFIX)],
            files: &[],
            says: &["$ plenv install -s 5.26\ngot 5.26\n"],
        },
        Case {
            config: json!({"language": "perl6", "perl6": "2017.05"}),
            tools: &[
                ("rakudobrew", RECORD),
                ("perl6", "echo This is Rakudo 2022.12"),
            ],
            files: &[],
            says: &[
                "$ rakudobrew build moar 2017.05\n",
                "rakudobrew switch moar-2017.05\n",
            ],
        },
        Case {
            config: json!({"language": "node_js", "node_js": "8"}),
            tools: &[("node", "echo v20.1.0"), ("nodenv", PREFIX)],
            files: &[],
            says: &["$ nodenv install -s 8\ngot 8\n"],
        },
        Case {
            config: json!({"language": "node_js"}),
            tools: &[("node", "echo v20.1.0")],
            files: &[(".nvmrc", "v20\n")],
            says: &["$ node --version\nv20.1.0\n"],
        },
        Case {
            config: json!({"language": "erlang", "otp_release": "21.2"}),
            tools: &[("erl", "echo 25.2")],
            files: &[("otp/21.2/activate", "echo activated 21.2\n")],
            says: &["/otp/21.2/activate\nactivated 21.2\n"],
        },
        Case {
            config: json!({"language": "erlang", "otp_release": "21.2"}),
            tools: &[
                ("erl", "echo 25.2"),
                (
                    "kerl",
                    "case $1 in path) exit 1 ;; *) echo \"kerl $*\"; /bin/mkdir -p \"$4\"; echo 'echo from kerl' >\"$4/activate\" ;; esac",
                ),
            ],
            files: &[],
            says: &["kerl build-install 21.2 21.2 ", "\nfrom kerl\n"],
        },
        Case {
            config: json!({"language": "elixir", "elixir": "1.6", "otp_release": "25.2"}),
            tools: &[
                ("erl", "echo 25.2.3"),
                ("elixir", "echo Elixir 1.14.0 '(compiled)'"),
            ],
            files: &[(".kiex/scripts/kiex", "kiex() { echo \"kiex said $*\"; }\n")],
            says: &["$ kiex use 1.6\nkiex said use 1.6\n"],
        },
        Case {
            config: json!({"language": "julia", "julia": "1.0"}),
            tools: &[("julia", "echo julia version 1.9.3"), ("juliaup", RECORD)],
            files: &[],
            says: &[
                "$ juliaup add 1.0\njuliaup add 1.0\n",
                "juliaup default 1.0\n",
            ],
        },
        Case {
            config: json!({"language": "d", "d": "ldc-1.13.0", "script": ["echo with $DC"]}),
            tools: &[("dub", RECORD), ("ldc2", "echo LDC 1.13.0")],
            files: &[(
                "dlang/install.sh",
                "#!/bin/bash\necho 'export DC=ldc2 FROM=installer' >\"$HOME/dlang/activate\"\necho \"$HOME/dlang/activate\"\n",
            )],
            says: &["\nwith ldc2\n"],
        },
    ];
    for case in &cases {
        check(case);
    }
    check(&Case {
        config: json!({"language": "haskell", "ghc": "8.6"}),
        tools: &[
            ("ghc", "echo 'version 9.0.2'"),
            (
                "ghcup",
                "echo \"ghcup $*\"; echo 'echo version 8.6.5' >\"$HOME/tools/ghc\"",
            ),
        ],
        files: &[],
        says: &["$ ghcup install ghc 8.6 --set\nghcup install ghc 8.6 --set\n"],
    });
    check(&Case {
        config: json!({"language": "haskell", "ghc": "8.4"}),
        tools: &[],
        files: &[(
            ".ghcup/ghc/8.4.4/bin/ghc",
            "#!/bin/bash\necho version 8.4.4\n",
        )],
        says: &["$ ghc --version\nversion 8.4.4\n"],
    });
}

/// A version is data, whatever it holds.
#[test]
fn versions_are_never_run() {
    for (language, key, manager) in [
        ("ruby", "rvm", ("rbenv", PREFIX)),
        ("node_js", "node_js", MISE),
        ("python", "python", ASDF),
        ("go", "go", ("gimme", "exit 1")),
        ("java", "jdk", MISE),
        ("php", "php", ("phpenv", RECORD)),
        ("perl", "perl", ("plenv", PREFIX)),
        ("rust", "rust", ("rustup", RECORD)),
        ("c", "compiler", ("gcc", RECORD)),
        ("d", "d", MISE),
        ("crystal", "crystal", MISE),
        ("haxe", "hxml", ("haxe", RECORD)),
        ("smalltalk", "smalltalk", ("smalltalkci", RECORD)),
        ("objective-c", "xcode_scheme", ("xcodebuild", RECORD)),
    ] {
        let home = tempfile::tempdir().unwrap();
        let path = programs(home.path(), &[manager]);
        let mut config = json!({"language": language});
        config[key] = json!(
            "1$(echo ran >\"$HOME/ran\")';`echo ran >\"$HOME/ran\"`\"; echo ran >\"$HOME/ran\" #"
        );
        let outcome = run_in(home.path(), &plain(config), &path);
        assert!(
            !home.path().join("ran").exists(),
            "{language}: {}",
            outcome.log
        );
    }
}
