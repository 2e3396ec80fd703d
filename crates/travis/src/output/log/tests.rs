use super::*;

const LOG: &str = "travis_fold:start:git.checkout\r\x1b[0Ktravis_time:start:1a\r\x1b[0K$ git clone\n\
50 %\r100 %\r\ntravis_time:end:1a:start=1,finish=2,duration=812000000,event=checkout\r\x1b[0Ktravis_fold:end:git.checkout\r\x1b[0K\
travis_time:start:2b\r\x1b[0K$ cargo test 🚀\n\x1b[31;1mrot\x1b[0m \x1b]0;title\x07grün\x1b[2J\x1b(B travis_fold: no marker\n\
travis_time:end:2b:start=1,finish=2,duration=48000000000,event=script\r\x1b[0K\nDone.";

fn whole(terminal: bool, bytes: &[u8]) -> String {
    let mut writer = LogWriter::new(Paint { colors: terminal }, terminal);
    let mut text = writer.push(bytes);
    text.push_str(&writer.finish());
    text
}

#[test]
fn markers_are_taken_out_and_nothing_but_text_stays() {
    insta::assert_snapshot!(whole(false, LOG.as_bytes()));
}

#[test]
fn a_terminal_shows_folds_times_and_colors() {
    insta::assert_snapshot!(
        whole(true, LOG.as_bytes())
            .replace('\x1b', "␛")
            .replace('\r', "␍")
    );
}

#[test]
fn where_the_bytes_are_cut_does_not_matter() {
    for terminal in [false, true] {
        let expected = whole(terminal, LOG.as_bytes());
        for at in 0..LOG.len() {
            let mut writer = LogWriter::new(Paint { colors: terminal }, terminal);
            let mut text = writer.push(&LOG.as_bytes()[..at]);
            text.push_str(&writer.push(&LOG.as_bytes()[at..]));
            text.push_str(&writer.finish());
            assert_eq!(text, expected, "cut at {at}");
        }
        let mut writer = LogWriter::new(Paint { colors: terminal }, terminal);
        let mut text = String::new();
        for byte in LOG.as_bytes() {
            text.push_str(&writer.push(&[*byte]));
        }
        text.push_str(&writer.finish());
        assert_eq!(text, expected, "byte by byte");
    }
}

#[test]
fn an_unfinished_line_is_shown_at_once() {
    let mut writer = LogWriter::new(Paint { colors: false }, true);
    assert_eq!(writer.push(b"Continue? "), "Continue? ");
    assert_eq!(writer.push(b"tra"), "");
    assert_eq!(writer.push(b"in\n"), "train\n");
}

#[test]
fn what_never_ends_is_not_kept() {
    let mut writer = LogWriter::new(Paint { colors: false }, false);
    let mut text = String::new();
    for _ in 0..100 {
        text.push_str(&writer.push(b"travis_fold:start:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
        assert!(writer.pieces.kept() <= super::super::markers::LONGEST);
    }
    text.push_str(&writer.finish());
    assert_eq!(text.trim_end().len(), 100 * 54);
    // Bytes that are no text stand as the sign for that.
    assert_eq!(
        whole(false, b"a\xff\xc3b\xf0\x9f"),
        "a\u{fffd}\u{fffd}b\u{fffd}\n"
    );
}

#[test]
fn a_file_holds_what_was_left_after_all_writing_over() {
    assert_eq!(whole(false, b"10 %\r20 %\r100 % done\r\n"), "100 % done\n");
    assert_eq!(whole(false, b"abcdef\rxy\n"), "xycdef\n");
    assert_eq!(whole(false, b"abcdef\rxy\x1b[K\n"), "xy\n");
    assert_eq!(whole(false, b"ab\x08c\n"), "ac\n");
    let long = vec![b'x'; 100_000];
    assert_eq!(whole(false, &long).len(), 100_001);
}
