//! Keys of the languages beyond their versions.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod support;

use serde_json::json;
use support::{plain, programs, run_in};

const RECORD: &str = "echo \"${0##*/} $*\"";

/// Keys beyond the versions reach the commands.
#[test]
fn options() {
    const R: (&str, &str) = ("Rscript", RECORD);
    let java = ("java", "echo 'openjdk version \"17.0.9\"' >&2");
    for (mut config, tools, files, says) in [
        (
            json!({"language": "ruby", "bundler_args": "--without 'a b'"}),
            vec![("ruby", "echo 3.1.2"), ("bundle", "printf '<%s>' \"$@\"")],
            vec!["Gemfile"],
            vec!["$ bundle install --without 'a b'\n<install><--without><a b>"],
        ),
        (
            json!({"language": "ruby", "gemfile": "gemfiles/x"}),
            vec![
                ("ruby", "echo 3.1.2"),
                ("bundle", "echo \"$* with ${BUNDLE_GEMFILE##*/}\""),
            ],
            vec!["gemfiles/x", "gemfiles/x.lock"],
            vec![
                "\ninstall --jobs=3 --retry=3 with x\n",
                "\nexec rake with x\n",
            ],
        ),
        (
            json!({"language": "node_js", "npm_args": "--silent"}),
            vec![("node", "echo v20.1.0"), ("npm", RECORD)],
            vec!["package.json"],
            vec!["\nnpm install --silent\n"],
        ),
        (
            json!({"language": "go", "gobuild_args": "-race"}),
            vec![("go", RECORD)],
            vec!["go.mod"],
            vec!["$ go get -race -t ./...\n", "$ go test -race ./...\n"],
        ),
        (
            json!({"language": "php", "composer_args": "--no-dev"}),
            vec![
                ("php", "echo 8.2.1"),
                ("composer", RECORD),
                ("phpunit", RECORD),
            ],
            vec!["composer.json"],
            vec!["$ composer install --no-dev\n", "$ phpunit\n"],
        ),
        (
            json!({"language": "scala", "scala": "2.12.8", "sbt_args": "-J-Xmx2G"}),
            vec![java, ("sbt", RECORD)],
            vec!["build.sbt"],
            vec!["\nsbt -J-Xmx2G ++2.12.8 test\n"],
        ),
        (
            json!({"language": "android", "env": [{"LEVEL": "27"}],
                "android": {"components": ["build-tools-27.0.3", "android-$LEVEL", "extra-google-m2repository", "sys-img-x86-android-22"]}}),
            vec![java, ("sdkmanager", RECORD), ("ant", RECORD)],
            vec!["build.xml"],
            vec![
                "\nsdkmanager build-tools;27.0.3 platforms;android-27 extras;google;m2repository system-images;android-22;default;x86\n",
            ],
        ),
        (
            json!({"language": "r", "r_packages": ["covr"], "r_github_packages": ["a/b"], "r_build_args": "--no-manual", "r_check_args": "--x",
                "repos": {"CRAN": "https://cran.test", "mine": "https://m.test/\"$(x)"}}),
            vec![
                ("R", "echo \"R 4.2.2 $* $CRAN $(</$HOME/.Rprofile)\""),
                R,
                ("pandoc", RECORD),
                ("pdflatex", RECORD),
                ("mkdir", "/bin/mkdir \"$@\""),
                ("grep", "/bin/grep \"$@\""),
            ],
            vec!["x.tar.gz"],
            vec![
                "R 4.2.2 --version https://cran.test options(repos = c(\"CRAN\" = Sys.getenv(\"CRAN\"), \"mine\" = \"https://m.test/\\\"$(x)\"))\n",
                "$ pandoc --version\n",
                "-e install.packages(c(\"covr\"))\n",
                "remotes::install_github(c(\"a/b\"))\n",
                "$ R CMD build --no-manual .\n",
                "CMD check x.tar.gz --x https://cran.test ",
            ],
        ),
        (
            json!({"language": "haxe", "hxml": ["a b.hxml"]}),
            vec![("haxe", "printf '<%s>' \"$@\"; echo 4.2.5")],
            vec!["x"],
            vec!["<a b.hxml>"],
        ),
        (
            json!({"language": "dart", "dart_task": {"test": "--platform vm"}}),
            vec![("dart", "echo Dart 3.1.0; echo \"$*\"")],
            vec!["x"],
            vec!["\npub run test --platform vm\n"],
        ),
        (
            json!({"language": "csharp", "mono": "none", "dotnet": "2.1", "solution": "a.sln"}),
            vec![("dotnet", "echo 2.1.500; echo \"$*\"")],
            vec!["a.sln"],
            vec![
                "\nrestore a.sln\n",
                "\nbuild --configuration Release a.sln\n",
            ],
        ),
        (
            json!({"language": "objective-c", "xcode_workspace": "A b.xcworkspace", "xcode_scheme": "S", "xcode_destination": "OS=1"}),
            vec![("xcodebuild", "printf '<%s>' \"$@\"")],
            vec!["x"],
            vec!["<-workspace><A b.xcworkspace><-scheme><S><-destination><OS=1><build><test>"],
        ),
        (
            json!({"language": "smalltalk", "smalltalk": "Pharo-5.0", "smalltalk_config": "x.ston"}),
            vec![("smalltalkci", RECORD)],
            vec!["x.ston"],
            vec!["\nsmalltalkci -s Pharo-5.0 x.ston\n"],
        ),
        (
            json!({"language": "rust", "cache": {"cargo": true}, "script": ["true"]}),
            vec![
                ("rustc", "echo 'rustc 1.95.0 (a)'"),
                ("cargo", RECORD),
                ("rm", RECORD),
            ],
            vec!["Cargo.toml"],
            vec!["/.cargo/registry/src target/"],
        ),
    ] {
        config["os"] = json!("linux");
        let home = tempfile::tempdir().unwrap();
        for file in files {
            // A job without a checkout runs in its home directory.
            let file = home.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "").unwrap();
        }
        let path = programs(home.path(), &tools);
        let outcome = run_in(home.path(), &plain(config.clone()), &path);
        for part in says {
            assert!(
                outcome.log.contains(part),
                "{config}: no {part:?} in {}",
                outcome.log
            );
        }
    }
}
