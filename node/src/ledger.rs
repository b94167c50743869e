//! The one write protocol: execute, append, commit.
