//! Under which repository's name a known-answer job comes: one that its worker could be given a job
//! of, so that neither the name tells what it is, nor the owner's lists keep the machine from ever
//! being tested.

use crate::{EngineError, standing::Candidate};
use travis_model::trust::is_lent_for;
use travis_store::{Page, Reader, RepositoryFilter, SeenBy};

/// The name where no repository lends its own.
const OWN: &str = "travis/known-answer";
/// Repositories that are looked at: those that were built last.
const LOOKED_AT: u64 = 50;

/// The name for this worker's next one.
pub(super) async fn slug(
    reader: &mut dyn Reader,
    candidate: &Candidate,
) -> Result<String, EngineError> {
    let filter = RepositoryFilter {
        seen_by: SeenBy::Everybody,
        active: Some(true),
        ..RepositoryFilter::default()
    };
    let page = Page {
        offset: 0,
        limit: LOOKED_AT,
    };
    let lent = |slug: &str| is_lent_for(slug, &candidate.only, &candidate.never);
    let found = reader.repositories(&filter, page).await?;
    let mut slugs = found.items.into_iter().map(|found| found.slug.to_string());
    if let Some(slug) = slugs.find(|slug| lent(slug)) {
        return Ok(slug);
    }
    Ok(invented(&candidate.only, lent))
}

/// A name that the owner's lists leave, where no repository here has one.
fn invented(only: &[String], lent: impl Fn(&str) -> bool) -> String {
    let named = only.iter().map(|pattern| pattern.trim());
    let mut named = named.map(|pattern| match pattern.strip_suffix("/*") {
        Some("*") | None if pattern.ends_with('*') => OWN.to_owned(),
        Some(owner) => format!("{owner}/known-answer"),
        None => pattern.to_owned(),
    });
    named
        .find(|slug| lent(slug))
        .unwrap_or_else(|| OWN.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invented_name_passes_the_owners_lists() {
        for (only, never, slug) in [
            (&[][..], &[][..], OWN),
            (&["*"], &[], OWN),
            (&["*/*"], &["acme/*"], OWN),
            (&["acme/*"], &[], "acme/known-answer"),
            (&["acme/tool", "me/*"], &["acme/tool"], "me/known-answer"),
            (&["acme/tool"], &[], "acme/tool"),
            // Nothing is left: its owner lends it to nobody, and it is refused like any other.
            (&["acme/tool"], &["acme/*"], OWN),
        ] {
            let list =
                |of: &[&str]| -> Vec<String> { of.iter().map(|s| (*s).to_owned()).collect() };
            let (only, never) = (list(only), list(never));
            let got = invented(&only, |slug| is_lent_for(slug, &only, &never));
            assert_eq!(got, slug, "{only:?} {never:?}");
        }
    }
}
