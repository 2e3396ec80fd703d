use serde_json::json;

use super::{find, functions, table};
use crate::section::Section;

#[test]
fn a_script_gets_the_functions_that_it_calls() {
    let file = "# One.\none() {\n  two\n}\n\ntwo() {\n  :\n}\n\nthree() {\n  twofold\n}\n";
    assert_eq!(
        functions::called(&[file], "one 1"),
        "\n# One.\none() {\n  two\n}\n\ntwo() {\n  :\n}\n"
    );
    assert_eq!(functions::called(&[file], "nothing"), "");
    assert!(functions::defines(file, "three") && !functions::defines(file, "twofold"));
}

#[test]
fn every_function_has_the_form_that_is_picked() {
    for language in table::LANGUAGES.iter().copied().flatten() {
        let heads = language
            .functions
            .lines()
            .filter(|l| l.ends_with("() {") && !l.starts_with(' '));
        for head in heads {
            let name = head.trim_end_matches("() {");
            assert!(functions::defines(language.functions, name), "{name}");
        }
        for line in language
            .functions
            .lines()
            .filter(|l| !l.starts_with([' ', '#']) && !l.is_empty())
        {
            assert!(
                line == "}" || line.ends_with("() {"),
                "{:?}: {line}",
                language.names
            );
        }
    }
}

fn text(language: &str, config: &serde_json::Value) -> (String, usize) {
    let mut script = Section::default();
    find(language).write(&mut script, config).unwrap();
    (script.text.clone(), script.functions().len())
}

#[test]
fn options_are_literal_words() {
    let config = json!({"bundler_args": "--without '$(x)'", "script": ["x"]});
    let (lines, _) = text("ruby", &config);
    assert!(
        lines.contains("  travis_bundler_args='--without '\\''$(x)'\\'''\n"),
        "{lines}"
    );
    assert!(!lines.contains("travis_setup_language"), "{lines}");
    let config = json!({"r_packages": ["a", "b c"], "latex": false});
    let (lines, _) = text("r", &config);
    assert!(
        lines.contains("  travis_r_packages=('a' 'b c')\n"),
        "{lines}"
    );
    assert!(lines.contains("  travis_latex='false'\n"), "{lines}");
}

#[test]
fn a_job_that_says_everything_gets_no_defaults() {
    let config = json!({"install": ["a"], "script": ["b"], "before_cache": ["c"]});
    assert_eq!(text("ruby", &config), (String::new(), 0));
    assert!(find("nobody knows").default_step("script").is_none());
    assert!(find("go").default_step("deploy").is_none());
}

#[test]
fn what_stands_above_the_functions_goes_with_them() {
    let file =
        "# ---- functions ----\n# More.\n\nlist=()\n\n# One.\none() {\n  :\n}\n\ntwo() {\n  :\n}\n";
    assert_eq!(
        functions::called(&[file], "two"),
        "\n# ---- functions ----\n# More.\n\nlist=()\n\ntwo() {\n  :\n}\n"
    );
    assert_eq!(functions::called(&[file], "three"), "");
}
