//! What the tests of the whole pipeline share: five stages in one process under a seed's control, and a mail server.

pub mod mail;
pub mod simulation;
