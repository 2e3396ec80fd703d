//! The script of a known-answer job, and its answer. It reaches the same digest by what ordinary
//! jobs do: files, git, arithmetic, processes that talk to each other. Who has not run it can't
//! know it, since it depends on a number that is drawn for each.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use serde_json::{Value, json};
use travis_script::JobInput;

/// What stands before the answer in the log.
const ANSWER: &str = "The answer is ";
/// What stands before a complaint in the log.
const PROBLEM: &str = "Problem: ";
/// The greatest number of the arithmetic.
const MODULUS: u64 = 1_000_003;

fn hex_sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

/// The answer to a nonce, which is of letters and digits.
pub(super) fn answer(nonce: &str) -> String {
    let seed = format!("{nonce}\n");
    let file = hex_sha256(seed.as_bytes());
    let object = format!("blob {}\0{seed}", seed.len());
    let git = hex::encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, object.as_bytes()));
    let number = nonce
        .bytes()
        .fold(7, |number, byte| (number * 31 + u64::from(byte)) % MODULUS);
    let lines: String = (0..40).map(|n| format!("{}\n", number + n * n)).collect();
    let processes = hex_sha256(lines.as_bytes());
    let turned: String = nonce.chars().rev().collect();
    hex_sha256(format!("{file}\n{git}\n{number}\n{processes}\n{turned}\n").as_bytes())
}

/// The commands that find it.
fn commands(nonce: &str) -> Value {
    let complain = |what: &str| format!("{{ echo '{PROBLEM}{what}'; false; }}");
    json!([
        format!(
            "cd \"$(mktemp -d)\" && echo {nonce} > seed || {}",
            complain("no file can be written where jobs run")
        ),
        format!(
            "one=$(sha256sum seed) && one=${{one%% *}} || {}",
            complain("sha256sum does not work")
        ),
        format!(
            "git init -q . && two=$(git hash-object -w seed) && git cat-file blob \"$two\" | cmp - seed || {}",
            complain("git does not work")
        ),
        format!(
            "nonce=$(cat seed); three=7; for ((i = 0; i < ${{#nonce}}; i++)); do three=$(( (three * 31 + $(printf %d \"'${{nonce:i:1}}\")) % {MODULUS} )); done"
        ),
        format!(
            "mkfifo pipe && {{ for ((n = 0; n < 40; n++)); do echo $((three + n * n)); done > pipe & }} && four=$(sha256sum < pipe) && wait && four=${{four%% *}} || {}",
            complain("processes do not hear each other")
        ),
        "five=; for ((i = 0; i < ${#nonce}; i++)); do five=${nonce:i:1}$five; done",
        format!(
            "echo \"{ANSWER}$(printf '%s\\n' \"$one\" \"$two\" \"$three\" \"$four\" \"$five\" | sha256sum | cut -d' ' -f1)\""
        ),
    ])
}

/// The job as any other is compiled.
pub(super) fn input(nonce: &str, number: i64, slug: &str, public_url: &str) -> JobInput {
    let host = public_url.split_once("://");
    let host = host.map_or(public_url, |(_, host)| host);
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, nonce.as_bytes());
    JobInput {
        config: json!({
            "language": "generic",
            "os": "linux",
            // What a file that names none gets.
            "dist": "focal",
            "git": {"clone": false},
            "script": commands(nonce),
        }),
        build_id: number,
        build_number: number,
        job_id: number,
        job_number: format!("{number}.1"),
        event_type: "push".to_owned(),
        branch: "main".to_owned(),
        default_branch: "main".to_owned(),
        build_web_url: format!("{public_url}/{slug}/builds/{number}"),
        job_web_url: format!("{public_url}/{slug}/jobs/{number}"),
        commit: hex::encode(digest),
        repo_slug: slug.to_owned(),
        app_host: host.to_owned(),
        ..JobInput::default()
    }
}

/// What a log says: nothing when the answer is right, else what is wrong.
pub(super) fn judge(log: &str, nonce: &str, passed: bool) -> Option<String> {
    let complaint = log.lines().find_map(|line| {
        let at = line.find(PROBLEM)?;
        // The command itself is printed, too, before it runs.
        (!line.contains("echo")).then(|| line.get(at + PROBLEM.len()..).unwrap_or_default().trim())
    });
    if let Some(complaint) = complaint {
        let short: String = complaint.chars().take(200).collect();
        return Some(short);
    }
    let right = format!("{ANSWER}{}", answer(nonce));
    let answered = log.lines().any(|line| line.trim_end().ends_with(&right));
    match (answered, passed) {
        (true, true) => None,
        (true, false) => {
            Some("the right answer was found, and the job said that it failed".to_owned())
        }
        (false, true) => Some("it said that it passed, and the answer is wrong".to_owned()),
        (false, false) => {
            Some("it did not come to an answer; its log says how far it came".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bash_finds_the_answer() {
        for nonce in ["a", "7fKq0Zz9", "0123456789abcdefABCDEF"] {
            let list = commands(nonce);
            let script: Vec<&str> = list
                .as_array()
                .unwrap()
                .iter()
                .map(|c| c.as_str().unwrap())
                .collect();
            let began = std::time::Instant::now();
            let out = std::process::Command::new("bash")
                .arg("-c")
                .arg(script.join("\n"))
                .output()
                .unwrap();
            let text = String::from_utf8(out.stdout).unwrap();
            assert_eq!(
                judge(&text, nonce, true),
                None,
                "{text} {:?}",
                String::from_utf8(out.stderr)
            );
            assert!(began.elapsed() < std::time::Duration::from_secs(2));
        }
    }

    #[test]
    fn saying_passed_is_not_enough() {
        let other = format!("{ANSWER}{}\n", answer("another"));
        for log in ["", "Done. Your build exited with 0.\n", &other] {
            assert!(judge(log, "nonce", true).unwrap().contains("wrong"));
        }
        let right = format!("x\n{ANSWER}{}\r\n", answer("nonce"));
        assert_eq!(judge(&right, "nonce", true), None);
        assert!(judge(&right, "nonce", false).is_some());
        let complaint = format!("$ echo '{PROBLEM}x'\r\n{PROBLEM}git does not work\r\n");
        assert_eq!(
            judge(&complaint, "nonce", false).unwrap(),
            "git does not work"
        );
    }
}
