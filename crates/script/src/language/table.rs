//! The languages, one row each.

use super::{Language, Setup, Version};

const fn version(key: &'static str, variable: &'static str) -> Version {
    Version { key, variable }
}

const fn language(names: &'static [&'static str]) -> Language {
    Language {
        names,
        versions: &[],
        setup: Setup::None,
        exports: "",
        install: "",
        script: "",
        setup_is_lazy: false,
    }
}

const fn tool(program: &'static str, announce: &'static str, install: &'static str) -> Setup {
    Setup::Tool {
        program,
        announce,
        install,
    }
}

/// Runs what the configuration says and nothing else.
pub(crate) const GENERIC: Language = language(&["generic", "minimal", "shell", "bash", "sh"]);

const JVM_INSTALL: &str = r#"if [[ -x gradlew ]]; then travis_default_install './gradlew assemble' install.gradle
elif [[ -f build.gradle || -f build.gradle.kts ]]; then travis_default_install 'gradle assemble' install.gradle
elif [[ -x mvnw ]]; then travis_default_install './mvnw install -DskipTests=true -Dmaven.javadoc.skip=true -B -V' install.maven
elif [[ -f pom.xml ]]; then travis_default_install 'mvn install -DskipTests=true -Dmaven.javadoc.skip=true -B -V' install.maven
fi"#;

const JVM_SCRIPT: &str = r#"if [[ -x gradlew ]]; then travis_default_script './gradlew check'
elif [[ -f build.gradle || -f build.gradle.kts ]]; then travis_default_script 'gradle check'
elif [[ -x mvnw ]]; then travis_default_script './mvnw test -B'
elif [[ -f pom.xml ]]; then travis_default_script 'mvn test -B'
else travis_default_script 'ant test'
fi"#;

const BUNDLE_INSTALL: &str = r#"if [[ -f "${BUNDLE_GEMFILE:-Gemfile}" ]]; then
  if ! hash bundle 2>/dev/null; then travis_missing Bundler 'Install the package bundler on the worker.'; fi
  export BUNDLE_PATH="${BUNDLE_PATH:-$HOME/bundle}"
  if [[ -f "${BUNDLE_GEMFILE:-Gemfile}.lock" ]]; then export BUNDLE_DEPLOYMENT=true; fi
  travis_default_install 'bundle install --jobs=3 --retry=3' install.bundler --retry
fi"#;

const JDK: Version = version("jdk", "TRAVIS_JDK_VERSION");
const JAVA_SETUP: Setup = Setup::Script(include_str!("java.bash"));

pub(crate) const LANGUAGES: &[Language] = &[
    GENERIC,
    Language {
        versions: &[
            version("rvm", "TRAVIS_RUBY_VERSION"),
            version("gemfile", "TRAVIS_GEMFILE"),
        ],
        setup: Setup::Script(include_str!("ruby.bash")),
        exports: "if [[ -n \"${TRAVIS_GEMFILE:-}\" ]]; then export BUNDLE_GEMFILE=\"$PWD/$TRAVIS_GEMFILE\"; fi\n",
        install: BUNDLE_INSTALL,
        script: r#"if [[ -f "${BUNDLE_GEMFILE:-Gemfile}" ]]; then travis_default_script 'bundle exec rake'
else travis_default_script 'rake'
fi"#,
        setup_is_lazy: true,
        ..language(&["ruby"])
    },
    Language {
        versions: &[version("node_js", "TRAVIS_NODE_VERSION")],
        setup: Setup::Script(include_str!("node_js.bash")),
        install: r#"if [[ -f yarn.lock ]] && hash yarn 2>/dev/null; then travis_default_install 'yarn --frozen-lockfile' install.yarn --retry
elif [[ -f package-lock.json || -f npm-shrinkwrap.json ]]; then travis_default_install 'npm ci' install.npm --retry
elif [[ -f package.json ]]; then travis_default_install 'npm install' install.npm --retry
fi"#,
        script: r#"if [[ -f yarn.lock ]] && hash yarn 2>/dev/null; then travis_default_script 'yarn test'
elif [[ -f package.json ]]; then travis_default_script 'npm test'
else travis_default_script 'make test'
fi"#,
        ..language(&["node_js"])
    },
    Language {
        versions: &[version("python", "TRAVIS_PYTHON_VERSION")],
        setup: Setup::Script(include_str!("python.bash")),
        install: r#"if [[ -f requirements.txt ]]; then travis_default_install 'pip install -r requirements.txt' install.pip --retry
elif [[ -f Requirements.txt ]]; then travis_default_install 'pip install -r Requirements.txt' install.pip --retry
else travis_notice 'Could not locate requirements.txt. Override the install: key in your .travis.yml to install dependencies.'
fi"#,
        script: r#"printf '%s\n' 'Please override the script: key in your .travis.yml to run tests.'
TRAVIS_CMD='no script'
travis_result 1"#,
        ..language(&["python"])
    },
    Language {
        versions: &[version("rust", "TRAVIS_RUST_VERSION")],
        setup: Setup::Script(include_str!("rust.bash")),
        script: "travis_default_script 'cargo build --verbose'\ntravis_default_script 'cargo test --verbose'",
        ..language(&["rust"])
    },
    Language {
        versions: &[version("go", "TRAVIS_GO_VERSION")],
        setup: Setup::Script(include_str!("go.bash")),
        install: r#"if [[ -f GNUmakefile || -f Makefile || -f makefile ]]; then travis_notice 'Makefile detected'
elif [[ -f go.mod ]]; then travis_default_install 'go mod download' install.go --retry
elif [[ -d Godeps ]]; then travis_default_install 'godep restore' install.go --retry
else travis_default_install 'go get -v -t ./...' install.go --retry
fi"#,
        script: r#"if [[ -f GNUmakefile || -f Makefile || -f makefile ]]; then travis_default_script 'make'
else travis_default_script 'go test -v ./...'
fi"#,
        ..language(&["go"])
    },
    Language {
        versions: &[JDK],
        setup: JAVA_SETUP,
        install: JVM_INSTALL,
        script: JVM_SCRIPT,
        ..language(&["java", "groovy"])
    },
    Language {
        versions: &[version("scala", "TRAVIS_SCALA_VERSION"), JDK],
        setup: JAVA_SETUP,
        install: "if [[ ! -d project && ! -f build.sbt ]]; then\n  :\nfi",
        script: r#"if [[ -d project || -f build.sbt ]]; then travis_default_script 'sbt ${TRAVIS_SCALA_VERSION:+++$TRAVIS_SCALA_VERSION} test'
elif [[ -x gradlew ]]; then travis_default_script './gradlew check'
else travis_default_script 'mvn test -B'
fi"#,
        ..language(&["scala"])
    },
    Language {
        versions: &[JDK],
        setup: JAVA_SETUP,
        install: "travis_default_install 'lein deps' install.lein --retry",
        script: "travis_default_script 'lein test'",
        ..language(&["clojure"])
    },
    Language {
        versions: &[JDK],
        setup: JAVA_SETUP,
        script: r#"if [[ -x gradlew ]]; then travis_default_script './gradlew build connectedCheck'
elif [[ -f build.gradle ]]; then travis_default_script 'gradle build connectedCheck'
elif [[ -f pom.xml ]]; then travis_default_script 'mvn install -B'
else travis_default_script 'ant debug install test'
fi"#,
        ..language(&["android"])
    },
    Language {
        versions: &[version("compiler", "TRAVIS_COMPILER")],
        setup: Setup::Script(include_str!("c.bash")),
        script: "travis_default_script './configure && make && make test'",
        ..language(&["c"])
    },
    Language {
        versions: &[version("compiler", "TRAVIS_COMPILER")],
        setup: Setup::Script(include_str!("c.bash")),
        exports: "TRAVIS_COMPILER=\"${TRAVIS_COMPILER:-g++}\"\n",
        script: "travis_default_script './configure && make && make test'",
        ..language(&["cpp"])
    },
    Language {
        versions: &[
            version("php", "TRAVIS_PHP_VERSION"),
            version("hhvm", "TRAVIS_HHVM_VERSION"),
        ],
        setup: Setup::Script(include_str!("php.bash")),
        script: "if [[ -x vendor/bin/phpunit ]]; then travis_default_script 'vendor/bin/phpunit'\nelse travis_default_script 'phpunit'\nfi",
        ..language(&["php", "hack"])
    },
    Language {
        versions: &[version("perl", "TRAVIS_PERL_VERSION")],
        setup: Setup::Script(include_str!("perl.bash")),
        install: r#"if hash cpanm 2>/dev/null; then travis_default_install 'cpanm --quiet --installdeps --notest .' install.cpanm --retry
else travis_notice 'This machine has no cpanm; dependencies are not installed.'
fi"#,
        script: r#"if [[ -f Build.PL ]]; then travis_default_script 'perl Build.PL && ./Build && ./Build test'
elif [[ -f Makefile.PL ]]; then travis_default_script 'perl Makefile.PL && make test'
else travis_default_script 'make test'
fi"#,
        ..language(&["perl"])
    },
    Language {
        versions: &[version("perl6", "TRAVIS_PERL6_VERSION")],
        setup: tool("perl6", "perl6 --version", "Rakudo (package rakudo)"),
        script: "travis_default_script 'PERL6LIB=lib prove --ext .t --ext .t6 -v -r --exec=perl6 t/'",
        ..language(&["perl6"])
    },
    Language {
        versions: &[version("ghc", "TRAVIS_HASKELL_VERSION")],
        setup: tool(
            "ghc",
            "ghc --version",
            "GHC and Cabal (packages ghc and cabal-install)",
        ),
        install: "travis_default_install 'cabal update' cabal --retry\ntravis_default_install 'cabal install --only-dependencies --enable-tests' install.cabal --retry",
        script: "travis_default_script 'cabal configure --enable-tests && cabal build && cabal test'",
        ..language(&["haskell"])
    },
    Language {
        versions: &[version("otp_release", "TRAVIS_OTP_RELEASE")],
        setup: tool(
            "erl",
            "erl -noshell -eval 'io:put_chars(erlang:system_info(otp_release)), halt().'",
            "Erlang (package erlang)",
        ),
        install: r#"if [[ -x ./rebar3 || -x ./rebar ]]; then :; elif [[ -f rebar.config ]] && hash rebar 2>/dev/null; then travis_default_install 'rebar get-deps' install.rebar --retry; fi"#,
        script: r#"if [[ -x ./rebar3 ]]; then travis_default_script './rebar3 eunit'
elif [[ -f rebar.config ]] && hash rebar3 2>/dev/null; then travis_default_script 'rebar3 eunit'
elif [[ -f rebar.config ]]; then travis_default_script 'rebar compile && rebar skip_deps=true eunit'
else travis_default_script 'make test'
fi"#,
        ..language(&["erlang"])
    },
    Language {
        versions: &[
            version("elixir", "TRAVIS_ELIXIR_VERSION"),
            version("otp_release", "TRAVIS_OTP_RELEASE"),
        ],
        setup: tool("elixir", "elixir --version", "Elixir (package elixir)"),
        install: "travis_default_install 'mix local.hex --force && mix local.rebar --force && mix deps.get' install.mix --retry",
        script: "travis_default_script 'mix test'",
        ..language(&["elixir"])
    },
    Language {
        versions: &[version("crystal", "TRAVIS_CRYSTAL_VERSION")],
        setup: tool("crystal", "crystal --version", "Crystal (package crystal)"),
        install: "if [[ -f shard.yml ]]; then travis_default_install 'shards install' install.shards --retry; fi",
        script: "travis_default_script 'crystal spec'",
        ..language(&["crystal"])
    },
    Language {
        versions: &[version("d", "TRAVIS_D_VERSION")],
        setup: tool(
            "dub",
            "dub --version",
            "a D compiler and dub (packages ldc and dub)",
        ),
        exports: "export DC=\"${TRAVIS_D_VERSION:-ldc2}\"\nDC=\"${DC%%-*}\"\nif [[ \"$DC\" == ldc ]]; then DC=ldc2; fi\n",
        script: "travis_default_script 'dub test --compiler=$DC'",
        ..language(&["d"])
    },
    Language {
        versions: &[version("dart", "TRAVIS_DART_VERSION")],
        setup: tool("dart", "dart --version", "the Dart SDK"),
        install: "if [[ -f pubspec.yaml ]]; then travis_default_install 'dart pub get' install.pub --retry; fi",
        script: "travis_default_script 'dart test'",
        ..language(&["dart"])
    },
    Language {
        versions: &[
            version("dotnet", "TRAVIS_DOTNET_VERSION"),
            version("solution", "TRAVIS_SOLUTION"),
        ],
        setup: tool("dotnet", "dotnet --version", "the .NET SDK"),
        install: "if [[ -n \"${TRAVIS_SOLUTION:-}\" ]]; then travis_default_install 'dotnet restore \"$TRAVIS_SOLUTION\"' install.nuget --retry; fi",
        script: r#"if [[ -n "${TRAVIS_SOLUTION:-}" ]]; then travis_default_script 'dotnet build --configuration Release "$TRAVIS_SOLUTION"'
else
  printf '%s\n' 'No solution or script defined, exiting'
  TRAVIS_CMD='no script'
  travis_result 1
fi"#,
        ..language(&["csharp"])
    },
    Language {
        versions: &[version("julia", "TRAVIS_JULIA_VERSION")],
        setup: tool("julia", "julia --version", "Julia"),
        script: "travis_default_script 'julia --project=. -e '\\''using Pkg; Pkg.build(verbose=true); Pkg.test()'\\'",
        ..language(&["julia"])
    },
    Language {
        versions: &[version("r", "TRAVIS_R_VERSION")],
        setup: tool("R", "R --version", "R (package r-base-dev)"),
        install: "if [[ -f DESCRIPTION ]]; then travis_default_install 'Rscript -e '\\''if (!requireNamespace(\"remotes\")) install.packages(\"remotes\"); remotes::install_deps(dependencies = TRUE)'\\' install.r --retry; fi",
        script: "travis_default_script 'R CMD build .'\ntravis_default_script 'R CMD check *.tar.gz --as-cran'",
        ..language(&["r"])
    },
    Language {
        versions: &[
            version("elm", "TRAVIS_ELM_VERSION"),
            version("node_js", "TRAVIS_NODE_VERSION"),
        ],
        setup: tool(
            "npm",
            "node --version",
            "Node.js and npm (packages nodejs and npm)",
        ),
        install: "travis_default_install 'npm install --no-save elm elm-test elm-format' install.elm --retry",
        script: "travis_default_script 'npx elm-format --validate . && npx elm-test'",
        ..language(&["elm"])
    },
    Language {
        versions: &[version("haxe", "TRAVIS_HAXE_VERSION")],
        setup: tool("haxe", "haxe --version", "Haxe (package haxe)"),
        script: "travis_default_script 'haxe *.hxml'",
        ..language(&["haxe"])
    },
    Language {
        versions: &[version("nix", "TRAVIS_NIX_VERSION")],
        setup: tool("nix-build", "nix-build --version", "Nix"),
        script: "travis_default_script 'nix-build'",
        ..language(&["nix"])
    },
    Language {
        versions: &[version("smalltalk", "TRAVIS_SMALLTALK_VERSION")],
        setup: tool("smalltalkci", "smalltalkci --version", "smalltalkCI"),
        script: "travis_default_script 'smalltalkci'",
        ..language(&["smalltalk"])
    },
    Language {
        versions: &[version("matlab", "TRAVIS_MATLAB_VERSION")],
        setup: tool("matlab", "matlab -help", "MATLAB"),
        script: "travis_default_script 'matlab -batch \"assertSuccess(runtests)\"'",
        ..language(&["matlab"])
    },
    Language {
        versions: &[
            version("rvm", "TRAVIS_RUBY_VERSION"),
            version("xcode_scheme", "TRAVIS_XCODE_SCHEME"),
            version("xcode_sdk", "TRAVIS_XCODE_SDK"),
        ],
        setup: tool(
            "xcodebuild",
            "xcodebuild -version",
            "Xcode; this language needs a worker with macOS",
        ),
        install: "if [[ -f Podfile ]]; then travis_default_install 'pod install' install.cocoapods --retry; fi",
        script: "travis_default_script 'xcodebuild ${TRAVIS_XCODE_SCHEME:+-scheme \"$TRAVIS_XCODE_SCHEME\"} ${TRAVIS_XCODE_SDK:+-sdk \"$TRAVIS_XCODE_SDK\"} build test'",
        ..language(&["objective-c"])
    },
];
