//! The background agent.
