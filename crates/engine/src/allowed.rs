//! Which accounts may sign in and whose repositories are worked on. Pure.

/// What the operator allows. Empty lists allow everybody and everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Who may sign in with a forge: logins and `org:NAME`, with `*` for any letters. A pattern
    /// that ends in `@FORGE` counts for the forge of that name alone.
    pub sign_in: Vec<String>,
    /// Whose repositories are worked on: `owner` or `owner/name`, with `*` for any letters.
    pub owners: Vec<String>,
}

impl Allowed {
    /// Whether somebody may sign in by name alone.
    pub(crate) fn login(&self, forge: &str, login: &str) -> bool {
        self.sign_in.is_empty()
            || self
                .patterns(forge)
                .any(|pattern| !pattern.starts_with("org:") && matches(pattern, login))
    }

    /// Whether the organizations of somebody matter.
    pub(crate) fn asks_for_organizations(&self, forge: &str) -> bool {
        self.patterns(forge)
            .any(|pattern| pattern.starts_with("org:"))
    }

    /// Whether members of this organization may sign in.
    pub(crate) fn organization(&self, forge: &str, name: &str) -> bool {
        self.patterns(forge).any(|pattern| {
            pattern
                .strip_prefix("org:")
                .is_some_and(|pattern| matches(pattern, name))
        })
    }

    /// Whether a repository is worked on, by its path on the forge.
    pub(crate) fn repository(&self, path: &str) -> bool {
        let owner = path.rsplit_once('/').map_or(path, |(owner, _)| owner);
        self.owners.is_empty()
            || self
                .owners
                .iter()
                .any(|pattern| matches(pattern, owner) || matches(pattern, path))
    }

    /// The patterns that count for a forge.
    fn patterns<'a>(&'a self, forge: &'a str) -> impl Iterator<Item = &'a str> {
        self.sign_in
            .iter()
            .filter_map(move |pattern| match pattern.split_once('@') {
                Some((pattern, only)) => only.eq_ignore_ascii_case(forge).then_some(pattern),
                None => Some(pattern.as_str()),
            })
    }
}

/// Whether a name fits a pattern in which `*` stands for any letters; case does not count.
fn matches(pattern: &str, name: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    let name = name.to_ascii_lowercase();
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(sign_in: &[&str], owners: &[&str]) -> Allowed {
        let owned = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
        Allowed {
            sign_in: owned(sign_in),
            owners: owned(owners),
        }
    }

    #[test]
    fn nothing_said_allows_everybody() {
        let all = Allowed::default();
        assert!(all.login("GitHub", "anybody") && all.repository("any/thing"));
        assert!(!all.asks_for_organizations("GitHub"));
    }

    #[test]
    fn people_are_allowed_by_name_or_organization() {
        let some = allowed(&["kestrel", "bot-*", "org:harbor"], &[]);
        assert!(some.login("GitHub", "Kestrel") && some.login("GitHub", "bot-7"));
        assert!(!some.login("GitHub", "kestrels") && !some.login("GitHub", "harbor"));
        assert!(!some.login("GitHub", "org:harbor"));
        assert!(some.asks_for_organizations("GitHub"));
        assert!(some.organization("GitHub", "Harbor") && !some.organization("GitHub", "kestrel"));
    }

    #[test]
    fn a_name_may_be_bound_to_one_forge() {
        let some = allowed(&["kestrel@GitHub"], &[]);
        assert!(some.login("GitHub", "kestrel") && !some.login("Gitea", "kestrel"));
    }

    #[test]
    fn repositories_are_allowed_by_owner_or_path() {
        let some = allowed(&[], &["acme", "harbor/light-*", "group/sub*"]);
        for (path, is) in [
            ("acme/rocket", true),
            ("Acme/x", true),
            ("acmes/x", false),
            ("harbor/light-house", true),
            ("harbor/dark", false),
            ("group/sub1/tool", true),
            ("group/tool", false),
        ] {
            assert_eq!(some.repository(path), is, "{path}");
        }
    }

    #[test]
    fn stars_stand_for_any_letters() {
        for (pattern, name, is) in [
            ("*", "", true),
            ("a*c", "abc", true),
            ("a*c", "ab", false),
            ("a*a", "a", false),
            ("*b*b", "abb", true),
            ("*b*b", "ab", false),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern, name), is, "{pattern} {name}");
        }
    }
}
