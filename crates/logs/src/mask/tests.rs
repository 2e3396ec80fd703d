use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::Masker;

fn masked(secrets: &[&str], chunks: &[&[u8]]) -> String {
    let secrets: Vec<String> = secrets.iter().map(|s| (*s).to_owned()).collect();
    let mut masker = Masker::new(&secrets);
    let mut out = Vec::new();
    for chunk in chunks {
        masker.push(chunk, &mut out);
    }
    masker.finish(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

#[test]
fn copies_without_secrets_and_holds_nothing() {
    let mut masker = Masker::new(&["abc".to_owned()]);
    let mut out = Vec::new();
    masker.push(b"abc ab", &mut out);
    assert_eq!(out, b"abc ab");
    assert!(!masker.pending());
}

#[test]
fn masks_json_that_keeps_to_ascii() {
    assert_eq!(
        masked(
            &["gr\u{fc}n\u{1f600}\"x"],
            &[br#"a "gr\u00fcn\ud83d\ude00\"x" b"#]
        ),
        "a \"[secure]\" b"
    );
}

#[test]
fn masks_split_secrets() {
    assert_eq!(
        masked(&["hunter22"], &[b"a hun", b"te", b"r22 b"]),
        "a [secure] b"
    );
    assert_eq!(
        masked(&["hunter22"], &[b"hunterhunter2", b"2"]),
        "hunter[secure]"
    );
    assert_eq!(masked(&["aaab"], &[b"aaa", b"aab"]), "aa[secure]");
}

#[test]
fn masks_encodings() {
    let secret = "p@ss \"w/rd\" ümlaut?>~~";
    for front in ["", "x", "xy", "user:", "user:x"] {
        let encoded = STANDARD.encode(format!("{front}{secret}:tail"));
        let url = URL_SAFE_NO_PAD.encode(format!("{front}{secret}"));
        for text in [encoded, url] {
            let shown = masked(&[secret], &[text.as_bytes()]);
            assert!(shown.contains("[secure]"), "{front}: {shown}");
            assert!(shown.len() < text.len(), "{shown}");
        }
    }
    let json = serde_json::to_string(secret).unwrap();
    assert_eq!(masked(&[secret], &[json.as_bytes()]), "\"[secure]\"");
    let url = "q=p%40ss%20%22w%2Frd%22%20%C3%BCmlaut%3F%3E~~&x";
    assert_eq!(masked(&[secret], &[url.as_bytes()]), "q=[secure]&x");
    assert_eq!(
        masked(&[secret], &[url.replace("%20", "+").as_bytes()]),
        "q=[secure]&x"
    );
}

#[test]
fn masks_lines_of_a_key() {
    let key = "-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA\nshort\n-----END KEY-----\n";
    let shown = masked(&[key], &[b"x MIIEpAIBAAKCAQEA short\r\n"]);
    assert_eq!(shown, "x [secure] short\r\n");
    let terminal = key.replace('\n', "\r\n");
    assert_eq!(masked(&[key], &[terminal.as_bytes()]), "[secure]");
}

#[test]
fn idle_stream_gives_up_its_hold() {
    let mut masker = Masker::new(&["password".to_owned()]);
    let mut out = Vec::new();
    masker.push(b"enter pass", &mut out);
    assert_eq!(out, b"enter ");
    assert!(masker.pending());
    masker.flush_partial(&mut out);
    assert_eq!(out, b"enter pass");
    assert!(!masker.pending());
}

#[test]
fn the_end_of_a_secret_is_masked_after_its_beginning_was_let_go() {
    let mut masker = Masker::new(&["password".to_owned()]);
    let mut out = Vec::new();
    masker.push(b"enter pass", &mut out);
    masker.flush_partial(&mut out);
    masker.push(b"wo", &mut out);
    masker.flush_partial(&mut out);
    masker.push(b"rd, then password", &mut out);
    masker.finish(&mut out);
    assert_eq!(
        String::from_utf8_lossy(&out),
        "enter passwo[secure], then [secure]"
    );
    assert!(masker.has_found());
}

#[test]
fn a_mask_can_keep_the_length() {
    let mut masker = Masker::keeping_length(&["hunter22-hunter".to_owned(), "five5".to_owned()]);
    let text = b"a hunter22-hunter b five5 c [secure] hunt";
    let mut out = Vec::new();
    masker.push(text, &mut out);
    assert_eq!(out.len() + masker.held(), text.len());
    masker.finish(&mut out);
    assert_eq!(
        String::from_utf8_lossy(&out),
        "a [secure]******* b ***** c [secure] hunt"
    );
    // What was masked once stays as it is.
    let mut again = Masker::keeping_length(&["secure".to_owned()]);
    assert!(Masker::keeping_length(&[]).is_idle());
    let mut out = Vec::new();
    again.push(b"[secure]", &mut out);
    assert!(!again.has_found());
}

#[test]
fn masks_what_shells_write() {
    let secret = "it's $5 & more";
    for text in [
        r"'it'\''s $5 & more'",
        r#"'it'"'"'s $5 & more'"#,
        r"it\'s\ \$5\ \&\ more",
    ] {
        let shown = masked(&[secret], &[text.as_bytes()]);
        assert!(!shown.contains("more"), "{shown}");
    }
}

#[test]
fn debug_output_shows_no_secret() {
    let shown = format!("{:?}", Masker::new(&["hunter22".to_owned()]));
    assert!(!shown.contains("hunter22"), "{shown}");
}

proptest! {
    #[test]
    fn no_pause_lets_a_secret_through(
        secrets in prop::collection::vec("[ab]{4,7}", 1..4),
        text in "[abc]{0,60}",
        cuts in prop::collection::vec((0_usize..60, any::<bool>()), 0..12),
        keep in any::<bool>(),
    ) {
        let make = if keep { Masker::keeping_length } else { Masker::new };
        let mut masker = make(&secrets);
        let mut out = Vec::new();
        let mut cuts: Vec<(usize, bool)> =
            cuts.into_iter().map(|(at, pause)| (at.min(text.len()), pause)).collect();
        cuts.sort_unstable();
        cuts.push((text.len(), false));
        let mut from = 0;
        for (at, pause) in cuts {
            masker.push(&text.as_bytes()[from..at], &mut out);
            from = at;
            prop_assert!(masker.held() < 2 * 64, "what is held back is bounded");
            if pause {
                masker.flush_partial(&mut out);
            }
        }
        masker.finish(&mut out);
        if keep {
            prop_assert_eq!(out.len(), text.len());
        }
        let shown = String::from_utf8_lossy(&out).into_owned();
        for secret in &secrets {
            prop_assert!(!shown.contains(secret.as_str()), "{} in {}", secret, shown);
        }
    }

    #[test]
    fn cuts_do_not_matter(
        secrets in prop::collection::vec("[ab]{4,7}", 1..4),
        text in "[abc]{0,80}",
        cuts in prop::collection::vec(0_usize..80, 0..12),
    ) {
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(text.len())).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let chunks: Vec<&[u8]> = cuts.windows(2).map(|w| &text.as_bytes()[w[0]..w[1]]).collect();
        let whole = masked(&secrets, &[text.as_bytes()]);
        prop_assert_eq!(&masked(&secrets, &chunks), &whole);
        for secret in secrets {
            prop_assert!(!whole.contains(secret), "{}", whole);
        }
    }
}
