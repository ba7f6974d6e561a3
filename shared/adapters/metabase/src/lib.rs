//! Metabase, set up from the card files: what should be there, what is there, and the requests that lead from one to the
//! other.
//!
//! [`wanted()`] and [`plan()`] are pure. [`found()`] only reads. [`apply()`] sends what the plan announced and nothing else. What
//! people added is never touched; what they changed of ours is put back only where somebody agrees.

mod apply;
mod client;
mod error;
mod found;
mod keeper;
mod marker;
mod plan;
mod smoke;
mod sql;
mod value;
mod version;
mod visual;
mod wanted;

pub use apply::{Applied, Host, Outcome, Patience, apply};
pub use client::{Access, Client};
pub use error::MetabaseError;
pub use found::{Found, FoundItem, found};
pub use keeper::{KEY_NAME, Keys, SignedIn, secrets, sign_in, sign_out};
pub use plan::{After, Call, Change, Choices, Plan, Step, Verb, plan};
pub use smoke::{Smoked, read_millionths, shown, smoke};
pub use sql::{Question, query_as_metabase, question, says_platforms, slug, twin_as_metabase, twin_question};
pub use version::{Edition, Version};
pub use visual::{check as check_settings, settings as visual_settings};
pub use wanted::{Item, Kind, Names, Wanted, wanted};
