//! Calls about crons and SSH keys.

use super::{Client, ClientError, part};
use reqwest::Method;
use travis_api::v3::{Cron, Crons, KeyPair, NewCron, NewKeyPair};
use travis_model::Slug;

impl Client {
    /// Crons of a repository.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn crons(&self, slug: &Slug) -> Result<Crons, ClientError> {
        let path = format!("/v3/repo/{}/crons", part(slug));
        self.get(&path, &[("limit", "100".to_owned())]).await
    }

    /// Makes a cron for a branch.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn set_cron(
        &self,
        slug: &Slug,
        branch: &str,
        new: &NewCron,
    ) -> Result<Cron, ClientError> {
        let branch = escaped(branch);
        let path = format!("/v3/repo/{}/branch/{branch}/cron", part(slug));
        self.post_body(&path, new).await
    }

    /// Removes a cron.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn remove_cron(&self, id: i64) -> Result<(), ClientError> {
        self.delete(&format!("/v3/cron/{id}")).await
    }

    /// The SSH key of a repository, its public half.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn ssh_key(&self, slug: &Slug) -> Result<KeyPair, ClientError> {
        self.get(&format!("/v3/repo/{}/key_pair", part(slug)), &[])
            .await
    }

    /// Keeps an SSH key, the first one or another one.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn keep_ssh_key(
        &self,
        slug: &Slug,
        new: &NewKeyPair,
        first: bool,
    ) -> Result<KeyPair, ClientError> {
        let method = if first { Method::POST } else { Method::PATCH };
        let path = format!("/v3/repo/{}/key_pair", part(slug));
        self.json(self.request(method, &path).json(new)).await
    }

    /// Removes the SSH key of a repository.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn remove_ssh_key(&self, slug: &Slug) -> Result<(), ClientError> {
        self.delete(&format!("/v3/repo/{}/key_pair", part(slug)))
            .await
    }
}

/// A text as one part of a path.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn names_of_branches_are_one_part() {
        assert_eq!(escaped("feature/a b?ü"), "feature%2Fa%20b%3F%C3%BC");
    }
}
