//! `travis run`: what of the working tree is built, and that the tree stays as it is.

use crate::support::{Working, can_isolate, git};
use std::collections::BTreeMap;
use std::path::Path;

const LOOK: &str = "language: generic\nos: linux\ndist: focal\nscript: find . -path ./.git -prune -o -type f -print | sort; cat kept\n";

/// Every file below a directory with its bytes; git's index by what it lists.
fn all_of(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![directory.to_owned()];
    while let Some(place) = open.pop() {
        for entry in std::fs::read_dir(place).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                found.insert(path.to_string_lossy().into_owned(), bytes);
            }
        }
    }
    found
}

#[test]
fn what_lies_there_is_built_and_stays_as_it_is() {
    if !can_isolate("what_lies_there_is_built_and_stays_as_it_is") {
        return;
    }
    let working = Working::new(LOOK);
    working.write("kept", "old\n");
    working.write("removed", "");
    working.write(".gitignore", "*.log\n");
    working.commit("Another");
    working.run(&[]).expect(0).remarks(", as committed");
    working.write("kept", "changed\n");
    working.write("staged", "");
    working.git(&["add", "staged"]);
    working.write("with space/new", "");
    working.write("noise.log", "");
    std::fs::remove_file(working.path().join("removed")).unwrap();
    let before = all_of(&working.path());
    working
        .run(&[])
        .expect(0)
        .says("./staged\n")
        .says("./with space/new\n")
        .says("\nchanged\n")
        .lacks("removed")
        .lacks("noise.log")
        .remarks("with changes that are not committed");
    assert!(all_of(&working.path()) == before, "the tree changed");
    assert_eq!(working.git(&["stash", "list"]), "");
}

#[test]
fn a_job_sees_the_last_commit_and_its_tags() {
    if !can_isolate("a_job_sees_the_last_commit_and_its_tags") {
        return;
    }
    let working = Working::new(
        "language: generic\nos: linux\nscript:\n- git log -1 --format=%s\n- git describe --tags --always\n- echo \"said $TRAVIS_COMMIT_MESSAGE on $TRAVIS_REPO_SLUG\"\n",
    );
    working.git(&["tag", "-a", "v3", "-m", "v3"]);
    working.git(&["remote", "add", "origin", "git@example.org:ada/engine.git"]);
    working.write("new", "");
    working
        .run(&[])
        .expect(0)
        .says("\nThe first commit\n")
        .says("\nv3-1-g")
        .says("said The first commit on ada/engine");
}

#[test]
fn from_a_directory_below_and_from_a_hook_it_is_the_same_tree() {
    if !can_isolate("from_a_directory_below_and_from_a_hook_it_is_the_same_tree") {
        return;
    }
    let working = Working::new(LOOK);
    working.write("kept", "x\n");
    working.write(
        "below/other.yml",
        "language: generic\nos: linux\nscript: ls\n",
    );
    working.run(&["below/other.yml"]).expect(0).says("kept");
    let mut command = working.command(&["run"]);
    command
        .env("GIT_DIR", working.beside("nowhere"))
        .env("GIT_INDEX_FILE", working.beside("no-index"));
    crate::support::ran(command.output().unwrap())
        .expect(0)
        .says("./kept\n");
}

#[test]
fn a_tree_without_git_or_commits_is_built_whole() {
    if !can_isolate("a_tree_without_git_or_commits_is_built_whole") {
        return;
    }
    let working = Working::bare(LOOK);
    working.write("kept", "x\n");
    working
        .run(&[])
        .expect(0)
        .says("./kept\n")
        .remarks("this directory is no git working tree");
    assert!(!working.path().join(".git").exists());
    working.git(&["init", "--quiet", "--initial-branch=trunk"]);
    working
        .run(&[])
        .expect(0)
        .says("./kept\n")
        .remarks(" on trunk, all files: nothing is committed yet");
}

#[test]
fn a_shallow_clone_will_do() {
    if !can_isolate("a_shallow_clone_will_do") {
        return;
    }
    let working = Working::new(LOOK);
    working.write("kept", "x\n");
    working.commit("Second");
    let from = format!("file://{}", working.path().display());
    let shallow = working.beside("shallow");
    git(
        &working.home(),
        &[
            "clone",
            "--quiet",
            "--depth=1",
            &from,
            shallow.to_str().unwrap(),
        ],
    );
    let mut command = working.command(&["run"]);
    crate::support::ran(command.current_dir(shallow).output().unwrap())
        .expect(0)
        .says("./kept\n");
}

#[test]
fn submodules_are_built_as_they_lie() {
    if !can_isolate("submodules_are_built_as_they_lie") {
        return;
    }
    let library = Working::new("x: 1\n");
    library.write("lib.c", "int x;\n");
    library.commit("A library");
    let working = Working::new(LOOK);
    working.write("kept", "x\n");
    let from = library.path();
    working.git(&[
        "submodule",
        "--quiet",
        "add",
        from.to_str().unwrap(),
        "deep/lib",
    ]);
    working.commit("With a library");
    working.write("deep/lib/changed.c", "");
    working
        .run(&[])
        .expect(0)
        .says("./deep/lib/changed.c\n")
        .says("./deep/lib/lib.c\n")
        .remarks("1 submodule as it lies");
    assert_eq!(
        working.git(&["submodule", "status"]).chars().next(),
        Some(' ')
    );
}

#[test]
fn a_cache_is_kept_between_runs() {
    if !can_isolate("a_cache_is_kept_between_runs") {
        return;
    }
    let working = Working::new(
        "language: generic\nos: linux\ncache: {directories: [kept-dir]}\nscript: ls kept-dir; date > kept-dir/a-file\n",
    );
    working.run(&[]).expect(0).lacks("\na-file\n");
    let second = working.run(&[]).expect(0);
    second.says("found cache").says("\na-file\n");
    assert!(working.home().join(".cache/travis/run/local/tree").is_dir());
    let without = working.run(&["--no-cache"]).expect(0);
    without.lacks("\na-file\n");
}

#[test]
fn imports_come_from_the_working_tree() {
    let working = Working::new(
        "language: generic\nos: linux\nimport:\n- source: ci/common.yml\n- source: acme/ci:theirs.yml\n- source: ci/old.yml@old\nscript: echo own\n",
    );
    working.write(
        "ci/common.yml",
        "import: ci/deeper.yml\nenv: {global: [COMMON=1]}\n",
    );
    working.write("ci/deeper.yml", "before_script: echo deeper\n");
    working.write("ci/old.yml", "after_script: echo old\n");
    working.commit("Imports");
    working.git(&["branch", "old"]);
    std::fs::remove_file(working.path().join("ci/old.yml")).unwrap();
    let ran = working.run(&["--list", "--format", "json"]).expect(0);
    let ran =
        ran.remarks("acme/ci:theirs.yml is a file of another repository: it is not read here");
    let value: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let config = &value["jobs"][0]["config"];
    assert_eq!(config["before_script"][0], "echo deeper", "{config}");
    assert_eq!(config["after_script"][0], "echo old");
    assert_eq!(config["env"][0]["COMMON"], "1");
    working
        .call(&["expand"])
        .expect(0)
        .says("COMMON=1")
        .remarks("acme/ci:theirs.yml is a file of another repository");
    working
        .call(&["lint"])
        .expect(0)
        .says("acme/ci:theirs.yml is a file of another repository");
    working.write("ci/deeper.yml", "before_scrpit: echo\n");
    working
        .call(&["lint"])
        .expect(1)
        .says("ci/deeper.yml:1:1: warn:")
        .says("   1 | before_scrpit: echo\n     | ^\n");
    working.write("ci/deeper.yml", "a: [\n");
    for command in ["run", "expand"] {
        working
            .call(&[command])
            .expect(2)
            .remarks("error: ci/deeper.yml:2:1: ");
    }
    working
        .call(&["lint"])
        .expect(2)
        .says("ci/deeper.yml:2:1: refused:");
    std::fs::remove_file(working.path().join("ci/common.yml")).unwrap();
    working
        .call(&["expand"])
        .expect(0)
        .remarks(".travis.yml:4: import: import not found: ci/common.yml");
}

#[test]
fn imports_do_not_lead_out_of_the_tree() {
    let working = Working::new("import: link.yml\nscript: 'true'\n");
    std::fs::write(working.beside("outside.yml"), "script: echo outside\n").unwrap();
    std::os::unix::fs::symlink("../outside.yml", working.path().join("link.yml")).unwrap();
    working
        .call(&["expand", "--format", "json"])
        .expect(0)
        .lacks("outside");
}
