//! The adapter against small servers that answer as GitHub does.
