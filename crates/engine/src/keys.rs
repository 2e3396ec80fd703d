//! RSA: what a repository's `.travis.yml` is encrypted and decrypted with (reference B.8). Pure.
//!
//! The padding is PKCS#1 v1.5, since that is what every existing `secure:` value has. Its known
//! weakness is an answer that tells good padding from bad to whoever sends many texts; the
//! library's decryption takes the same time for both, and who may send texts here may have the
//! plain values anyway.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{
    KeySize, Pkcs1PrivateDecryptingKey, Pkcs1PublicEncryptingKey, PrivateDecryptingKey,
    PublicEncryptingKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use travis_model::Secret;

/// What can go wrong with a repository's keys.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The machine has no randomness, or the cipher failed.
    #[error("the machine's cryptography failed; look for a full or broken /dev/urandom")]
    Crypto,
    /// The text is no public key.
    #[error("the public key can't be read; get it again with `travis pubkey`")]
    NoKey,
    /// RSA takes short texts only.
    #[error(
        "the value has {length} bytes and this key encrypts {most} at most; \
         set it as a repository variable instead (travis env set)"
    )]
    TooLong {
        /// Bytes given, with the variable's name.
        length: usize,
        /// Bytes that fit.
        most: usize,
    },
}

/// How long a repository's key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyLength {
    /// As the original's.
    #[default]
    Bits4096,
    /// Made quickly: for tests and small machines.
    Bits2048,
}

/// A fresh pair.
pub struct KeyPair {
    /// `SubjectPublicKeyInfo`, DER.
    pub public: Vec<u8>,
    /// PKCS#8, DER in base64: a text, as the vault takes it.
    pub private: Secret,
}

/// Makes a pair. Takes up to some seconds of one core: not for threads that serve others.
///
/// # Errors
/// [`KeyError::Crypto`].
pub fn generate(length: KeyLength) -> Result<KeyPair, KeyError> {
    let size = match length {
        KeyLength::Bits4096 => KeySize::Rsa4096,
        KeyLength::Bits2048 => KeySize::Rsa2048,
    };
    let key = PrivateDecryptingKey::generate(size).map_err(|_| KeyError::Crypto)?;
    let public: PublicKeyX509Der<'_> = key.public_key().as_der().map_err(|_| KeyError::Crypto)?;
    let private: Pkcs8V1Der<'_> = key.as_der().map_err(|_| KeyError::Crypto)?;
    Ok(KeyPair {
        public: public.as_ref().to_vec(),
        private: Secret::new(STANDARD.encode(private.as_ref())),
    })
}

/// Encrypts a text with a public key in PEM; gives base64, as it stands behind `secure:`.
///
/// # Errors
/// [`KeyError::NoKey`], [`KeyError::TooLong`] and [`KeyError::Crypto`].
pub fn encrypt(public_pem: &str, plain: &str) -> Result<String, KeyError> {
    let der = from_pem(public_pem).ok_or(KeyError::NoKey)?;
    let key = PublicEncryptingKey::from_der(&der).map_err(|_| KeyError::NoKey)?;
    let key = Pkcs1PublicEncryptingKey::new(key).map_err(|_| KeyError::NoKey)?;
    let most = key.max_plaintext_size();
    if plain.len() > most {
        return Err(KeyError::TooLong {
            length: plain.len(),
            most,
        });
    }
    let mut cipher = vec![0; key.ciphertext_size()];
    let cipher = key
        .encrypt(plain.as_bytes(), &mut cipher)
        .map_err(|_| KeyError::Crypto)?;
    Ok(STANDARD.encode(cipher))
}

/// A private key, ready to decrypt.
pub(crate) struct Opener(Pkcs1PrivateDecryptingKey);

impl Opener {
    /// Reads what [`generate`] gave.
    pub(crate) fn new(private: &Secret) -> Result<Self, KeyError> {
        let der = STANDARD
            .decode(private.reveal())
            .map_err(|_| KeyError::NoKey)?;
        let key = PrivateDecryptingKey::from_pkcs8(&der).map_err(|_| KeyError::NoKey)?;
        Pkcs1PrivateDecryptingKey::new(key)
            .map(Self)
            .map_err(|_| KeyError::NoKey)
    }

    /// The plain text; `None` when the value was made with another key or is none at all.
    pub(crate) fn open(&self, cipher: &str) -> Option<Secret> {
        // People fold long values over lines.
        let compact: String = cipher.split_whitespace().collect();
        let cipher = STANDARD.decode(compact).ok()?;
        if cipher.len() != self.0.key_size_bytes() {
            return None;
        }
        let mut plain = vec![0; self.0.min_output_size()];
        let plain = self.0.decrypt(&cipher, &mut plain).ok()?;
        // With the wrong key the padding is right by chance once in some ten thousands; such bytes
        // are hardly ever a text.
        let text = String::from_utf8(plain.to_vec()).ok()?;
        (!text.contains('\0')).then(|| Secret::new(text))
    }
}

/// A public key as a text.
#[must_use]
pub fn pem(public_der: &[u8]) -> String {
    let body = STANDARD.encode(public_der);
    let mut text = String::from("-----BEGIN PUBLIC KEY-----\n");
    for (place, letter) in body.chars().enumerate() {
        if place > 0 && place % 64 == 0 {
            text.push('\n');
        }
        text.push(letter);
    }
    text.push_str("\n-----END PUBLIC KEY-----\n");
    text
}

fn from_pem(pem: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once("-----BEGIN PUBLIC KEY-----")?;
    let (body, _) = rest.split_once("-----END PUBLIC KEY-----")?;
    let compact: String = body.split_whitespace().collect();
    STANDARD.decode(compact).ok()
}

/// By which people compare keys: SHA-256 of the `SubjectPublicKeyInfo`, in hexadecimal pairs.
#[must_use]
pub fn fingerprint(public_der: &[u8]) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, public_der);
    let pairs: Vec<String> = hash.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    format!("SHA256:{}", pairs.join(":"))
}

#[cfg(test)]
mod tests;
