//! The key `deploy`: what is done with the result of a job that passed.

use std::fmt::Write as _;

use serde_json::Value;

use crate::section::Section;
use crate::shell::{check, quote};
use crate::{JobInput, ScriptError, language, phases, value};

/// The providers with code of their own.
const PROVIDERS: [&str; 2] = ["script", "releases"];

/// Keys of `on` that are no keys of the matrix.
const OWN_CONDITIONS: &[&str] = &["branch", "tags", "repo", "condition", "all_branches", "if"];

/// Keys of `on` that compare with the machine of the job; so do the versions of languages.
const MACHINE_CONDITIONS: &[&str] = &["os", "dist", "arch", "osx_image"];

/// The deployments of a configuration: none where it says `false` or nothing.
fn deployments(config: &Value) -> Vec<Value> {
    let one = |value: &Value| match value {
        Value::String(provider) => Some(serde_json::json!({ "provider": provider })),
        Value::Object(_) => Some(value.clone()),
        _ => None,
    };
    match config.get("deploy") {
        Some(Value::Array(list)) => list.iter().filter_map(one).collect(),
        Some(value) => one(value).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Whether there is anything to deploy.
pub(crate) fn is_wanted(config: &Value) -> bool {
    !deployments(config).is_empty()
}

/// Writes the function `travis_run_deploy`.
pub(crate) fn write(
    script: &mut Section,
    input: &JobInput,
    config: &Value,
) -> Result<(), ScriptError> {
    script.needs(include_str!("bash/expand.bash"));
    script.needs(include_str!("bash/deploy/deploy.bash"));
    let before = phases::write(script, config, None, &phases::BEFORE_DEPLOY)?;
    let after = phases::write(script, config, None, &phases::AFTER_DEPLOY)?;
    let deployments = deployments(config);
    let mut run = String::from("\ntravis_run_deploy() {\n");
    for (index, deployment) in deployments.iter().enumerate() {
        let provider = value::at(deployment, "provider").unwrap_or_default();
        check(&provider, || "deploy.provider".to_owned())?;
        let _ = writeln!(run, "  TRAVIS_STAGE=deploy");
        if input.pull_request.is_some() {
            skip(
                &mut run,
                "  ",
                &provider,
                "the current build is a pull request.",
            );
            continue;
        }
        let mut branch = "if";
        for (test, reason) in conditions(input, config, deployment)? {
            let _ = writeln!(run, "  {branch} {test}; then");
            skip(&mut run, "    ", &provider, &reason);
            branch = "elif";
        }
        let indent = if branch == "if" { "  " } else { "    " };
        if branch == "elif" {
            run.push_str("  else\n");
        }
        if PROVIDERS.contains(&provider.as_str()) {
            write_function(script, index, &provider, deployment)?;
            write_steps(&mut run, indent, index, deployment, before, after)?;
        } else {
            let text = format!(
                "The deployment provider {provider} is not supported by this worker. Supported are: {}. \
                 Deploy by a command of your own with the provider script.",
                PROVIDERS.join(", ")
            );
            let _ = writeln!(run, "{indent}travis_deploy_failed {}", quote(&text));
        }
        if branch == "elif" {
            run.push_str("  fi\n");
        }
    }
    run.push_str("}\n");
    script.text.push_str(&run);
    Ok(())
}

fn skip(run: &mut String, indent: &str, provider: &str, reason: &str) {
    // The reason may name the branch, which is the shell's to say.
    let reason = match reason.strip_suffix("$TRAVIS_BRANCH") {
        Some(text) => format!("{}\"$TRAVIS_BRANCH\"", quote(text)),
        None => quote(reason),
    };
    let _ = writeln!(
        run,
        "{indent}travis_deploy_skip {} {reason}",
        quote(provider)
    );
}

/// Tests in bash, each with the reason against the deployment that it finds.
fn conditions(
    input: &JobInput,
    config: &Value,
    deployment: &Value,
) -> Result<Vec<(String, String)>, ScriptError> {
    let nothing = Value::Null;
    let on = deployment.get("on").unwrap_or(&nothing);
    let mut tests = Vec::new();
    if let Some(repo) = value::at(on, "repo") {
        check(&repo, || "deploy.on.repo".to_owned())?;
        let reason = format!(
            "this repo's name does not match one specified in .travis.yml's deploy.on.repo: {repo}"
        );
        tests.push((format!("! travis_repo_is {}", quote(&repo)), reason));
    }
    if !value::is_on(on, "all_branches") && !value::is_on(on, "tags") {
        let named = match on {
            Value::String(_) | Value::Array(_) => Some(on),
            _ => on.get("branch"),
        };
        let mut branches = match named {
            // The old form, with options by branch.
            Some(Value::Object(map)) => map.keys().cloned().collect(),
            named => value::list(named),
        };
        if branches.is_empty() {
            branches.push(match input.default_branch.as_str() {
                "" => "master".to_owned(),
                branch => branch.to_owned(),
            });
        }
        let mut test = String::from("! travis_branch_is");
        for branch in &branches {
            check(branch, || "deploy.on.branch".to_owned())?;
            let _ = write!(test, " {}", quote(branch));
        }
        tests.push((
            test,
            "this branch is not permitted: $TRAVIS_BRANCH".to_owned(),
        ));
    }
    for (key, wanted) in on.as_object().into_iter().flatten() {
        if OWN_CONDITIONS.contains(&key.as_str()) {
            continue;
        }
        let wanted = value::list(Some(wanted));
        let of_job = match key.as_str() {
            "node" => "node_js",
            "ruby" => "rvm",
            key => key,
        };
        if !MACHINE_CONDITIONS.contains(&of_job) && !language::is_version_key(of_job) {
            // Mostly an option of the provider that stands too deep.
            continue;
        }
        let have = value::at(config, of_job).unwrap_or_default();
        if !wanted.is_empty() && !wanted.contains(&have) {
            let reason = format!(
                "this is not on the required runtime ({key}: {})",
                wanted.join(", ")
            );
            check(&reason, || format!("deploy.on.{key}"))?;
            tests.push(("true".to_owned(), reason));
        }
    }
    for condition in value::list(on.get("condition")) {
        check(&condition, || "deploy.on.condition".to_owned())?;
        tests.push((
            format!("! travis_condition_holds {}", quote(&condition)),
            format!("a custom condition was not met: {condition}"),
        ));
    }
    match value::at(on, "tags").as_deref() {
        Some("true") => tests.push((
            "[[ -z \"$TRAVIS_TAG\" ]]".to_owned(),
            "this is not a tagged commit".to_owned(),
        )),
        Some("false") => tests.push((
            "[[ -n \"$TRAVIS_TAG\" ]]".to_owned(),
            "this is a tagged commit".to_owned(),
        )),
        _ => {}
    }
    Ok(tests)
}

/// The steps of one deployment, once its conditions hold.
fn write_steps(
    run: &mut String,
    indent: &str,
    index: usize,
    deployment: &Value,
    before: bool,
    after: bool,
) -> Result<(), ScriptError> {
    let mut lines: Vec<String> = Vec::new();
    if before {
        lines.push("travis_run_before_deploy".into());
        lines.push("TRAVIS_STAGE=deploy".into());
    }
    if value::is_on(deployment, "edge") || deployment.get("edge").is_some_and(Value::is_object) {
        lines.push(
            "travis_notice 'The key edge has no meaning here: deployments have one version.'"
                .into(),
        );
    }
    let cleans = value::is_on(deployment, "cleanup")
        || deployment.get("skip_cleanup") == Some(&Value::Bool(false));
    lines.push(format!("travis_fold start dpl_{index}"));
    if cleans {
        lines.push("travis_deploy_cleanup".into());
    }
    let failed = if value::is_on(deployment, "allow_failure") {
        "travis_notice 'failed to deploy, which is allowed to fail'"
    } else {
        "travis_deploy_failed 'failed to deploy'"
    };
    lines.push(format!("travis_deploy_{index} || {failed}"));
    for command in value::list(deployment.get("run")) {
        check(&command, || "deploy.run".to_owned())?;
        lines.push(format!("travis_cmd {} --echo || {failed}", quote(&command)));
    }
    if cleans {
        lines.push("travis_deploy_restore".into());
    }
    lines.push(format!("travis_fold end dpl_{index}"));
    if after {
        lines.push("travis_run_after_deploy".into());
    }
    for line in lines {
        let _ = writeln!(run, "{indent}{line}");
    }
    Ok(())
}

/// The function `travis_deploy_<n>`, which does the provider's work.
fn write_function(
    script: &mut Section,
    index: usize,
    provider: &str,
    deployment: &Value,
) -> Result<(), ScriptError> {
    let _ = writeln!(script.text, "\n# {provider}\ntravis_deploy_{index}() {{");
    if provider == "script" {
        let commands = match deployment.get("script") {
            Some(Value::Array(list)) => list.iter().collect(),
            Some(value) => vec![value],
            None => Vec::new(),
        };
        if commands.is_empty() {
            script.line("  printf '%s\\n' 'The provider script needs the key script: the command to run.'\n  return 1");
        }
        for command in commands {
            let Some(text) = value::text(command) else {
                continue;
            };
            check(&text, || "deploy.script".to_owned())?;
            let shown = if value::decrypted(command).is_some() {
                "[secure]"
            } else {
                &text
            };
            let shown = quote(shown);
            let _ = writeln!(
                script.text,
                "  travis_deploy_script {} {shown} || return 1",
                quote(&text)
            );
        }
    } else {
        write_releases(script, deployment)?;
    }
    script.line("}");
    Ok(())
}

fn write_releases(script: &mut Section, deployment: &Value) -> Result<(), ScriptError> {
    script.needs(include_str!("bash/deploy/releases.bash"));
    script.line("  local travis_token=\"${GITHUB_TOKEN:-}\"\n  local -a travis_files=()\n  local -A travis_release=()");
    // A literal where the value was decrypted: it may hold dollars.
    let mut assign = |target: &str, key: &str| -> Result<(), ScriptError> {
        let Some(given) = deployment.get(key) else {
            return Ok(());
        };
        let Some(text) = value::text(given) else {
            return Ok(());
        };
        check(&text, || format!("deploy.{key}"))?;
        let text = quote(&text);
        if value::decrypted(given).is_some() {
            let _ = writeln!(script.text, "  {target}={text}");
        } else {
            let _ = writeln!(
                script.text,
                "  travis_expand {text}; {target}=\"$travis_expanded\""
            );
        }
        Ok(())
    };
    for key in ["api_key", "token"] {
        assign("travis_token", key)?;
    }
    for (target, keys) in [
        ("repo", &["repo"] as &[&str]),
        ("tag_name", &["tag_name"]),
        ("target_commitish", &["target_commitish"]),
        ("name", &["name"]),
        ("body", &["body", "release_notes"]),
    ] {
        for key in keys {
            assign(&format!("travis_release[{target}]"), key)?;
        }
    }
    assign("local travis_notes", "release_notes_file")?;
    if deployment.get("release_notes_file").is_some() {
        script.line("  if [[ -r \"$travis_notes\" ]]; then travis_release[body]=\"$(<\"$travis_notes\")\"; fi");
    }
    for key in ["draft", "prerelease", "overwrite"] {
        if value::is_on(deployment, key) {
            let _ = writeln!(script.text, "  travis_release[{key}]=true");
        }
    }
    let files = value::list(deployment.get("file"));
    if !files.is_empty() {
        let globs = if value::is_on(deployment, "file_glob") {
            "true"
        } else {
            ""
        };
        let words = std::iter::once(globs).chain(files.iter().map(String::as_str));
        script.call("  travis_release_files", words)?;
    }
    script.line("  travis_deploy_releases");
    Ok(())
}
