//! A small real project of each of twelve languages, built by a real worker with the language's
//! default phases on the toolchains of Debian's packages; none needs a network.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::support::{Repo, Server, Setup, can_isolate};
use serde_json::json;

/// All of them share two slots.
const ALL: Duration = Duration::from_secs(240);

/// A language, the Debian packages whose programs its project needs, and what its log must say.
struct Project {
    language: &'static str,
    needs: &'static [(&'static str, &'static str)],
    says: &'static [&'static str],
}

const GCC: (&str, &str) = ("gcc", "gcc");
const MAKE: (&str, &str) = ("make", "make");

const PROJECTS: &[Project] = &[
    Project {
        language: "ruby",
        needs: &[("ruby", "ruby"), ("rake", "rake"), ("bundle", "bundler")],
        says: &[
            "$ ruby --version\n",
            "travis_fold:start:install.bundler",
            "$ bundle install --jobs=3 --retry=3\n",
            "$ bundle exec rake\n",
            "1 runs, 2 assertions, 0 failures",
        ],
    },
    Project {
        language: "node_js",
        needs: &[("node", "nodejs"), ("npm", "npm")],
        says: &[
            "$ node --version\nv",
            "$ npm --version\n",
            "travis_fold:start:install.npm",
            "$ npm ci\n",
            "$ npm test\n",
            " pass 1\n",
        ],
    },
    Project {
        language: "python",
        needs: &[("python3", "python3-venv")],
        says: &[
            "travis_fold:start:virtualenv",
            "$ python --version\nPython 3",
            "travis_fold:start:install.pip",
            "$ pip install -r requirements.txt\n",
            "Ran 2 tests in",
        ],
    },
    Project {
        language: "rust",
        needs: &[("rustc", "rustc"), ("cargo", "cargo")],
        says: &[
            "$ rustc --version\nrustc 1.",
            "$ cargo build --verbose\n",
            "$ cargo test --verbose\n",
            "test years ... ok",
        ],
    },
    Project {
        language: "go",
        needs: &[("go", "golang-go")],
        says: &[
            "$ go version\ngo version go1.",
            "/gopath/src/example.org/roman\n",
            "travis_fold:start:install.go",
            "$ go get -v -t ./...\n",
            "$ go test -v ./...\n",
            "--- PASS: TestYears",
        ],
    },
    Project {
        language: "java",
        needs: &[
            ("javac", "default-jdk-headless"),
            ("ant", "ant"),
            ("/usr/share/java/junit4.jar", "junit4"),
        ],
        says: &[
            "$ java -Xmx32m -version\n",
            "$ javac -J-Xmx32m -version\n",
            "$ ant test\n",
            "OK (1 test)",
        ],
    },
    Project {
        language: "c",
        needs: &[GCC, MAKE],
        says: &[
            "$ gcc --version\n",
            "$ ./configure && make && make test\n",
            "checking whether gcc works... yes",
            "ok 1994: MCMXCIV\n",
        ],
    },
    Project {
        language: "cpp",
        needs: &[("g++", "g++"), MAKE],
        says: &[
            "$ g++ --version\n",
            "$ ./configure && make && make test\n",
            "checking whether g++ works... yes",
            "ok 2026: MMXXVI\n",
        ],
    },
    Project {
        language: "php",
        needs: &[("php", "php-cli"), ("phpunit", "phpunit")],
        says: &[
            "$ php --version\nPHP ",
            "$ phpunit\n",
            "OK (1 test, 2 assertions)",
        ],
    },
    Project {
        language: "perl",
        needs: &[("perl", "perl"), ("cpanm", "cpanminus"), MAKE],
        says: &[
            "$ perl --version\n",
            "travis_fold:start:install.cpanm",
            "$ cpanm --quiet --installdeps --notest .\n",
            "$ perl Makefile.PL && make test\n",
            "All tests successful.",
        ],
    },
    Project {
        language: "shell",
        needs: &[],
        says: &["$ bash test.sh\nok 1994\nok 2026\n"],
    },
    Project {
        language: "generic",
        needs: &[MAKE],
        says: &["travis_fold:start:install", "$ make check\n", "ok years\n"],
    },
];

pub fn is_there(program: &str) -> bool {
    if program.starts_with('/') {
        return Path::new(program).exists();
    }
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
    })
}

/// The projects whose tools this machine has; names the packages of the others, which CI must
/// have.
fn buildable() -> Vec<&'static Project> {
    let (there, lacking): (Vec<_>, Vec<_>) = PROJECTS
        .iter()
        .partition(|project| project.needs.iter().all(|(program, _)| is_there(program)));
    let mut packages: Vec<&str> = lacking
        .iter()
        .flat_map(|project| project.needs)
        .filter(|(program, _)| !is_there(program))
        .map(|(_, package)| *package)
        .collect();
    packages.sort_unstable();
    packages.dedup();
    if !packages.is_empty() {
        let names: Vec<&str> = lacking.iter().map(|project| project.language).collect();
        let text = format!(
            "the projects of {} are not built; as root run: apt-get install {}",
            names.join(", "),
            packages.join(" ")
        );
        assert!(
            std::env::var_os("TRAVIS_TEST_REQUIRE_LANGUAGES").is_none(),
            "{text}"
        );
        println!("skipped: {text}");
    }
    there
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
            // Archives of the sources may have lost it.
            if entry.file_name() == "configure" {
                let mode = std::fs::Permissions::from_mode(0o755);
                std::fs::set_permissions(&target, mode).unwrap();
            }
        }
    }
}

/// The log without colors and returns, which tools print to terminals.
pub fn words(log: &str) -> String {
    let mut parts = log.split("\u{1b}[");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c.is_ascii_alphabetic());
        text.push_str(end.map_or(part, |end| &part[end + 1..]));
    }
    text.replace('\r', "")
}

async fn server() -> Server {
    let executor = if can_isolate("the sandbox of the languages' projects") {
        "namespace"
    } else {
        "host"
    };
    Setup::up()
        .flags(&["--executor", executor])
        .lend_rust()
        .start()
        .await
}

async fn commit(server: &Server, language: &str) -> (String, Repo) {
    let slug = format!("roman/{}", language.replace('_', "-"));
    let sources = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/system/projects");
    let place = server.dir("repos").join(&slug);
    let repo = Repo::new(&place, &[]);
    copy(&sources.join(language), &place);
    repo.commit(&[], "Numbers as the Romans wrote them");
    server.enable(&slug, &repo, json!({})).await;
    (slug, repo)
}

#[tokio::test]
async fn twelve_languages_are_built_by_their_default_phases() {
    let server = server().await;
    let mut builds = Vec::new();
    for project in buildable() {
        let (slug, _) = commit(&server, project.language).await;
        builds.push((project, server.api.trigger(&slug).await));
    }
    for (project, build) in builds {
        let language = project.language;
        let build = server.api.finished_within(build, ALL).await;
        let job = build["jobs"][0]["id"].as_i64().unwrap();
        let log = words(&server.api.log_text(job).await);
        assert_eq!(build["state"], "passed", "{language}: {log}");
        for part in project.says {
            assert!(log.contains(part), "{language}: no {part:?} in {log}");
        }
        assert!(!log.contains("This machine has no"), "{language}: {log}");
        assert!(log.contains("Done. Your build exited with 0."), "{log}");
        println!("{language}: {} s", build["duration"]);
    }
}

/// A wrong sum in the code is found by each project's own tests.
#[tokio::test]
async fn a_broken_project_fails_by_its_own_tests() {
    let server = server().await;
    let wrong: &[(&str, &str, &str, &str)] = &[
        ("node_js", "roman.js", "[900, \"CM\"], ", " fail 1\n"),
        (
            "python",
            "roman/__init__.py",
            "(900, \"CM\"), ",
            "FAILED (failures=1)",
        ),
        ("c", "src/roman.c", "{900, \"CM\"}, ", "not ok 1994"),
        (
            "perl",
            "lib/Roman.pm",
            "[ 900, 'CM' ], ",
            "Failed 1/2 subtests",
        ),
        ("shell", "roman.sh", "900:CM ", "not ok 1994"),
    ];
    let there = buildable();
    let mut builds = Vec::new();
    for (language, file, part, said) in wrong {
        if !there.iter().any(|project| project.language == *language) {
            continue;
        }
        let (slug, repo) = commit(&server, language).await;
        let path = server.dir("repos").join(&slug).join(file);
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains(part), "{language}: {text}");
        repo.commit(&[(file, &text.replace(part, ""))], "Forget the 900");
        builds.push((language, said, server.api.trigger(&slug).await));
    }
    for (language, said, build) in builds {
        let build = server.api.finished_within(build, ALL).await;
        let job = build["jobs"][0]["id"].as_i64().unwrap();
        let log = words(&server.api.log_text(job).await);
        assert_eq!(build["state"], "failed", "{language}: {log}");
        assert!(log.contains(said), "{language}: no {said:?} in {log}");
        assert!(log.contains("Done. Your build exited with 1."), "{log}");
    }
}
