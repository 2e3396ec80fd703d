use serde_json::json;

use super::*;
use crate::conditions::DataJudge;

/// Fetches from a list of files until nothing is needed, and plans.
fn planned(root: &str, files: &[(&str, &str)], context: &PlanContext) -> Plan {
    let root = RootSource {
        name: ".travis.yml",
        text: root,
    };
    let mut fetched: Vec<Fetched> = Vec::new();
    loop {
        let needed = next_imports(root, &fetched, context, &DataJudge::default());
        if needed.is_empty() {
            break;
        }
        for source in needed {
            let name = source.to_string();
            let file = files.iter().find(|file| file.0 == name);
            fetched.push(Fetched {
                source,
                result: match file {
                    Some(file) => Ok(file.1.to_owned()),
                    None if name.starts_with("secret/") => Err(ImportRefusal::NotAllowed),
                    None => Err(ImportRefusal::Unknown),
                },
            });
        }
    }
    plan_sources(root, &fetched, context, &DataJudge::default()).unwrap()
}

fn simple(root: &str, files: &[(&str, &str)]) -> Plan {
    planned(root, files, &PlanContext::default())
}

fn codes(plan: &Plan) -> Vec<(&str, &str)> {
    plan.messages
        .iter()
        .filter(|message| message.code != "default")
        .map(|message| {
            (
                message.code,
                message.file.as_deref().unwrap_or(".travis.yml"),
            )
        })
        .collect()
}

#[test]
fn imports_without_a_repository_are_of_the_importing_file() {
    let plan = simple(
        "import: a/b:one.yml@v1\nlanguage: ruby\n",
        &[
            ("a/b:one.yml@v1", "import: ./two.yml\nrvm: 2.5\n"),
            ("a/b:two.yml@v1", "script: two\n"),
        ],
    );
    assert_eq!(plan.config["rvm"], json!(["2.5"]));
    assert_eq!(plan.config["script"], json!(["two"]));
    assert_eq!(
        plan.sources,
        [".travis.yml", "a/b:one.yml@v1", "a/b:two.yml@v1"]
    );
}

#[test]
fn modes_say_what_becomes_of_maps_and_lists() {
    let one = "rvm: [2.5]\nenv: {global: [ONE=1], jobs: [B=1]}\n";
    let merged = |mode: &str| {
        let root = format!(
            "import: {{source: one.yml, mode: {mode}}}\nrvm: [2.6]\nenv: {{global: [TWO=2]}}\n"
        );
        let config = simple(&root, &[("one.yml", one)]).config;
        (config["rvm"].clone(), config["env"].clone())
    };
    assert_eq!(
        merged("deep_merge_append"),
        (
            json!(["2.6", "2.5"]),
            json!({"global": [{"TWO": "2"}, {"ONE": "1"}], "jobs": [{"B": "1"}]})
        )
    );
    assert_eq!(merged("deep_merge_prepend").0, json!(["2.5", "2.6"]));
    assert_eq!(
        merged("deep_merge"),
        (
            json!(["2.6"]),
            json!({"global": [{"TWO": "2"}], "jobs": [{"B": "1"}]})
        )
    );
    assert_eq!(
        merged("merge"),
        (json!(["2.6"]), json!({"global": [{"TWO": "2"}]}))
    );
}

#[test]
fn a_single_value_is_appended_to_a_list() {
    let plan = simple(
        "import: one.yml\nscript: [a]\n",
        &[("one.yml", "script: b\n")],
    );
    assert_eq!(plan.config["script"], json!(["a", "b"]));
}

#[test]
fn conditions_circles_and_refusals() {
    let root = "import:\n- source: one.yml\n  if: branch = main\n- two.yml\n- ../x\n- secret/b:x.yml\n- gone.yml\n";
    let files = [
        ("one.yml", "script: one\n"),
        ("two.yml", "import: two.yml\nrvm: 2\n"),
    ];
    let plan = simple(root, &files);
    assert_eq!(
        codes(&plan),
        [
            ("skip_import", ".travis.yml"),
            ("invalid_ref", ".travis.yml"),
            ("import_not_allowed", ".travis.yml"),
            ("unknown_import", ".travis.yml"),
        ]
    );
    let told = plan.messages.iter().filter(|one| one.key == "import");
    let lines: Vec<_> = told.map(|one| (one.line, one.column)).collect();
    let at = |line, column| (Some(line), Some(column));
    assert_eq!(lines, [at(2, 11), at(5, 3), at(6, 3), at(7, 3)]);
    let context = PlanContext {
        branch: "main".to_owned(),
        ..PlanContext::default()
    };
    assert_eq!(
        planned(root, &files, &context).config["script"],
        json!(["one"])
    );
}

#[test]
fn messages_name_the_file_that_they_are_about() {
    let plan = simple(
        "import: one.yml\nscirpt: x\n",
        &[(
            "one.yml",
            "rvm: 2.5\nbefore-install: y\nscript: 1\nscript: 2\n",
        )],
    );
    let place = |code: &str| {
        let message = plan.messages.iter().find(|message| message.code == code);
        message.map(|m| (m.file.clone().unwrap_or_default(), m.line))
    };
    assert_eq!(
        place("underscore_key"),
        Some(("one.yml".to_owned(), Some(2)))
    );
    assert_eq!(
        place("duplicate_key"),
        Some(("one.yml".to_owned(), Some(4)))
    );
}

#[test]
fn no_more_than_twenty_five_files_are_imported() {
    let names: Vec<String> = (0..30).map(|n| format!("f{n}.yml")).collect();
    let root = format!("import: [{}]\n", names.join(", "));
    let files: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (name.as_str(), "rvm: 1\n"))
        .collect();
    let plan = simple(&root, &files);
    assert_eq!(plan.sources.len(), 26);
    assert_eq!(codes(&plan), [("too_many_imports", ".travis.yml")]);
}

#[test]
fn a_broken_import_is_named() {
    let root = RootSource {
        name: ".travis.yml",
        text: "import: one.yml\n",
    };
    let source = next_imports(root, &[], &PlanContext::default(), &DataJudge::default()).remove(0);
    let fetched = [Fetched {
        source,
        result: Ok("a: [\n".to_owned()),
    }];
    let error = plan_sources(
        root,
        &fetched,
        &PlanContext::default(),
        &DataJudge::default(),
    )
    .unwrap_err();
    assert!(error.to_string().starts_with("one.yml: "), "{error}");
}

fn overlaid(file: &str, given: &str, mode: &str) -> Plan {
    let root = RootSource {
        name: ".travis.yml",
        text: file,
    };
    let overlay = Overlay {
        name: "api",
        text: given,
        mode: Mode::parse(mode).unwrap(),
    };
    let context = PlanContext::default();
    plan_overlaid(root, Some(overlay), &[], &context, &DataJudge::default()).unwrap()
}

#[test]
fn what_is_given_with_a_demand_is_merged_as_it_says() {
    let file = "language: generic\nscript: make\nenv:\n  global:\n    - A=1\n";
    let given = "env:\n  global:\n    - A=2\n";
    let env = |mode| overlaid(file, given, mode).config["env"]["global"].clone();
    assert_eq!(env("deep_merge_prepend"), json!([{"A": "1"}, {"A": "2"}]));
    assert_eq!(env("deep_merge_append"), json!([{"A": "2"}, {"A": "1"}]));
    assert_eq!(env("deep_merge"), json!([{"A": "2"}]));
    assert_eq!(
        overlaid(file, given, "merge").config["script"],
        json!(["make"])
    );
    assert_eq!(overlaid(file, given, "replace").config.get("script"), None);
    assert_eq!(Mode::parse("sideways"), None);
    // Nothing given is nothing changed.
    let nothing = overlaid(file, "", "deep_merge");
    assert_eq!(nothing.config["script"], json!(["make"]));
}

#[test]
fn messages_name_what_was_given_and_its_lines() {
    let file = "language: generic\nscirpt: make\n";
    let plan = overlaid(file, "\n\nlangauge: rust\n", "deep_merge");
    let said: Vec<_> = plan
        .messages
        .iter()
        .filter(|message| message.code.starts_with("find_key") || message.key == "root")
        .map(|message| (message.file.as_deref(), message.line))
        .collect();
    assert!(said.contains(&(Some("api"), Some(3))), "{said:?}");
    assert!(said.contains(&(None, Some(2))), "{said:?}");
    let root = RootSource {
        name: ".travis.yml",
        text: file,
    };
    let broken = Overlay {
        name: "api",
        text: "a: [",
        mode: Mode::DeepMerge,
    };
    let context = PlanContext::default();
    let error = plan_overlaid(root, Some(broken), &[], &context, &DataJudge::default());
    assert!(error.unwrap_err().to_string().starts_with("api: "));
}
