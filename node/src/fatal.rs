//! The error after which a node must not go on.
//!
//! Disk, signer or own state disagree with what was promised: whoever receives one passes it up
//! until `main` reports it and exits non-zero. A lawful refusal is never a [`Fatal`].

/// A reason to stop the node, in words for its operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fatal(String);

impl Fatal {
    /// With a message that names what disagreed and both values.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}
