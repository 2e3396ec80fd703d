use serde_json::json;

use super::{find, functions, table};

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

#[test]
fn options_are_literal_words() {
    let config = json!({"bundler_args": "--without '$(x)'", "script": ["x"]});
    let text = find("ruby").section(&config, "").unwrap();
    assert!(
        text.contains("travis_bundler_args='--without '\\''$(x)'\\'''\n"),
        "{text}"
    );
    assert!(!text.contains("travis_setup_language"), "{text}");
    let config = json!({"r_packages": ["a", "b c"], "latex": false});
    let text = find("r").section(&config, "").unwrap();
    assert!(
        text.contains("travis_r_packages=('a' 'b c')\ntravis_warnings")
            || text.contains("travis_r_packages=('a' 'b c')\n")
    );
    assert!(text.contains("travis_latex='false'\n"));
}

#[test]
fn a_job_that_says_everything_gets_no_defaults() {
    let config = json!({"install": ["a"], "script": ["b"], "before_cache": ["c"]});
    assert_eq!(find("ruby").section(&config, "x() {\n}\n").unwrap(), "");
    assert_eq!(find("generic").section(&json!({}), "").unwrap(), "");
    assert!(find("nobody knows").default_step("script").is_none());
    assert!(find("go").default_step("deploy").is_none());
}
