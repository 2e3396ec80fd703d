//! What went wrong once goes right, and a few new cases do.

use std::path::Path;

use travis_fuzz::corpus::files;
use travis_fuzz::target::Target;

#[test]
fn regressions_stay_mended() {
    for target in Target::ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("regressions")
            .join(target.name());
        for (name, input) in files(&folder) {
            assert_eq!(target.feed(&input), Ok(()), "{}/{name}", target.name());
        }
    }
}

#[test]
fn the_corpus_and_its_neighbours_break_nothing() {
    for target in Target::ALL {
        let corpus = target.corpus();
        assert!(!corpus.texts.is_empty(), "{} has no corpus", target.name());
        for number in 0..100 {
            let input = target.case(&corpus, 1, number);
            assert_eq!(target.feed(&input), Ok(()), "{}: {input}", target.name());
            assert_eq!(
                input,
                target.case(&corpus, 1, number),
                "a case is the same again"
            );
        }
    }
}
