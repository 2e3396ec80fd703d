//! Secrets: random tokens, their hashes, and the encryption of what has to be read again.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use aws_lc_rs::{aead, constant_time, digest, hmac, rand};
use thiserror::Error;
use travis_model::Secret;

/// What can go wrong with secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VaultError {
    /// The machine has no randomness, or the cipher failed.
    #[error("the machine's cryptography failed; look for a full or broken /dev/urandom")]
    Crypto,
    /// What was to be decrypted was made with another key.
    #[error(
        "a stored secret can't be read: it was made with another key; put the file secret-key back"
    )]
    OtherKey,
    /// The key has the wrong length.
    #[error(
        "the secret key must be 32 bytes; put the file secret-key back or remove it to make a new one"
    )]
    KeyLength,
}

/// Encrypts what is kept, and makes tokens.
pub struct Vault {
    key: aead::LessSafeKey,
    signer: hmac::Key,
    /// Signs what everybody may check.
    statements: Ed25519KeyPair,
}

impl Vault {
    /// Length of the key in bytes.
    pub const KEY_LENGTH: usize = 32;

    /// Opens the vault with the installation's key.
    ///
    /// # Errors
    /// [`VaultError::KeyLength`].
    pub fn open(key: &[u8]) -> Result<Self, VaultError> {
        if key.len() != Self::KEY_LENGTH {
            return Err(VaultError::KeyLength);
        }
        let unbound =
            aead::UnboundKey::new(&aead::AES_256_GCM, key).map_err(|_| VaultError::KeyLength)?;
        // The signers' keys are derived, so that one key serves one purpose.
        let root = hmac::Key::new(hmac::HMAC_SHA256, key);
        let derived = hmac::sign(&root, b"travis challenge signer");
        let seed = hmac::sign(&root, b"travis statement signer");
        let statements = Ed25519KeyPair::from_seed_unchecked(seed.as_ref());
        Ok(Self {
            key: aead::LessSafeKey::new(unbound),
            signer: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()),
            statements: statements.map_err(|_| VaultError::Crypto)?,
        })
    }

    /// A new key for an installation.
    ///
    /// # Errors
    /// [`VaultError::Crypto`].
    pub fn new_key() -> Result<[u8; Self::KEY_LENGTH], VaultError> {
        random()
    }

    /// Encrypts. The answer holds the nonce.
    ///
    /// # Errors
    /// [`VaultError::Crypto`].
    pub fn seal(&self, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let nonce: [u8; aead::NONCE_LEN] = random()?;
        let mut body = plain.to_vec();
        self.key
            .seal_in_place_append_tag(
                aead::Nonce::assume_unique_for_key(nonce),
                aead::Aad::empty(),
                &mut body,
            )
            .map_err(|_| VaultError::Crypto)?;
        Ok([nonce.as_slice(), &body].concat())
    }

    /// Decrypts.
    ///
    /// # Errors
    /// [`VaultError::OtherKey`].
    pub fn unseal(&self, sealed: &[u8]) -> Result<Secret, VaultError> {
        let (nonce, body) = sealed
            .split_at_checked(aead::NONCE_LEN)
            .ok_or(VaultError::OtherKey)?;
        let nonce =
            aead::Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::OtherKey)?;
        let mut body = body.to_vec();
        let plain = self
            .key
            .open_in_place(nonce, aead::Aad::empty(), &mut body)
            .map_err(|_| VaultError::OtherKey)?;
        Ok(Secret::new(
            String::from_utf8(plain.to_vec()).map_err(|_| VaultError::OtherKey)?,
        ))
    }

    /// Signs a text of the server's own, such as a challenge.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        hex::encode(hmac::sign(&self.signer, text.as_bytes()))
    }

    /// Whether the server signed this text.
    #[must_use]
    pub fn signed(&self, text: &str, signature: &str) -> bool {
        hex::decode(signature)
            .is_ok_and(|tag| hmac::verify(&self.signer, text.as_bytes(), &tag).is_ok())
    }

    /// Signs a statement of the server's that everybody may check, with Ed25519.
    #[must_use]
    pub fn sign_statement(&self, bytes: &[u8]) -> Vec<u8> {
        self.statements.sign(bytes).as_ref().to_vec()
    }

    /// The public key with which statements are checked. It is derived from the installation's key
    /// and changes with that alone.
    #[must_use]
    pub fn statement_key(&self) -> Vec<u8> {
        self.statements.public_key().as_ref().to_vec()
    }

    /// A new token: 32 random bytes behind a prefix that names its kind, so that it can be found
    /// where it should not be.
    ///
    /// # Errors
    /// [`VaultError::Crypto`].
    pub fn new_token(prefix: &str) -> Result<Secret, VaultError> {
        let bytes: [u8; 32] = random()?;
        Ok(Secret::new(format!("{prefix}_{}", hex::encode(bytes))))
    }

    /// Under which a token is kept.
    #[must_use]
    pub fn hash(token: &str) -> Vec<u8> {
        digest::digest(&digest::SHA256, token.as_bytes())
            .as_ref()
            .to_vec()
    }

    /// Compares in constant time.
    #[must_use]
    pub fn same(a: &[u8], b: &[u8]) -> bool {
        constant_time::verify_slices_are_equal(a, b).is_ok()
    }

    /// Whether `signature` (`sha256=<hex>`) is the HMAC of `body` under `secret`, compared in
    /// constant time.
    #[must_use]
    pub fn ping_signed(secret: &Secret, body: &[u8], signature: &str) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes());
        signature
            .strip_prefix("sha256=")
            .and_then(|tag| hex::decode(tag).ok())
            .is_some_and(|tag| hmac::verify(&key, body, &tag).is_ok())
    }
}

fn random<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| VaultError::Crypto)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> Vault {
        Vault::open(&[7; 32]).unwrap()
    }

    #[test]
    fn what_is_sealed_can_be_read_again_and_by_nobody_else() {
        let sealed = vault().seal(b"s3cret").unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"s3cret"));
        assert_eq!(vault().unseal(&sealed).unwrap().reveal(), "s3cret");
        assert_eq!(
            Vault::open(&[8; 32]).unwrap().unseal(&sealed),
            Err(VaultError::OtherKey)
        );
        assert_eq!(vault().unseal(&sealed[..5]), Err(VaultError::OtherKey));
    }

    #[test]
    fn secrets_do_not_print() {
        assert_eq!(format!("{:?}", Secret::new("hush")), "[secret]");
    }

    #[test]
    fn a_ping_with_one_bit_changed_is_not_signed() {
        let secret = Secret::new("k");
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"k");
        let good = format!("sha256={}", hex::encode(hmac::sign(&key, b"body")));
        assert!(Vault::ping_signed(&secret, b"body", &good));
        assert!(!Vault::ping_signed(&secret, b"bodz", &good));
        assert!(!Vault::ping_signed(
            &secret,
            b"body",
            good.trim_start_matches("sha256=")
        ));
        assert!(!Vault::ping_signed(&secret, b"body", "sha1=00"));
    }

    #[test]
    fn only_the_server_s_own_texts_are_signed() {
        let tag = vault().sign("challenge");
        assert!(vault().signed("challenge", &tag));
        assert!(!vault().signed("other", &tag));
        assert!(!Vault::open(&[9; 32]).unwrap().signed("challenge", &tag));
    }
}
