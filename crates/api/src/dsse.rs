//! Statements about jobs, as in-toto attestations in DSSE envelopes: what is signed, and how it is
//! checked. Used by the server that makes them and by whoever checks them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The type of an in-toto statement in an envelope.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";
/// The type of the statement: <https://in-toto.io/Statement/v1>.
pub const STATEMENT: &str = "https://in-toto.io/Statement/v1";
/// The type of its predicate: <https://slsa.dev/spec/v1.0/provenance>.
pub const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

/// An envelope with the server's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Envelope {
    /// Always `application/vnd.in-toto+json`.
    #[serde(rename = "payloadType")]
    pub payload_type: String,
    /// Base64 of the statement.
    pub payload: String,
    /// Ed25519 over type and statement, as DSSE has it (`pre_auth`).
    pub signatures: Vec<EnvelopeSignature>,
}

/// One signature of an envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnvelopeSignature {
    /// SHA-256 of the public key, in hex.
    pub keyid: String,
    /// Base64.
    pub sig: String,
}

/// The key with which an installation signs its statements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatementKey {
    /// SHA-256 of the public key, in hex.
    pub keyid: String,
    /// Always `ed25519`.
    pub algorithm: String,
    /// Base64 of its 32 bytes.
    pub public_key: String,
    /// The same as other programs read it.
    pub pem: String,
}

/// What is signed of an envelope: its type and its payload, each with its length.
#[must_use]
pub fn pre_auth(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut out = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    )
    .into_bytes();
    out.extend_from_slice(payload);
    out
}

#[cfg(test)]
mod tests {
    use super::pre_auth;

    /// The example of the specification of DSSE.
    #[test]
    fn what_is_signed_is_what_the_specification_says() {
        let signed = pre_auth("http://example.com/HelloWorld", b"hello world");
        let wanted = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world";
        assert_eq!(signed, wanted);
    }
}
