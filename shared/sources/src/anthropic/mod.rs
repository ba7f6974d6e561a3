//! The feeds of Anthropic: directory, usage money, Claude Code productivity, claude.ai activity.

mod asking;
mod claude_ai;
mod claude_code;
mod cost;
mod directory;
mod drift;
mod paging;
mod probe;
mod refusal;
#[cfg(test)]
mod tests;
mod wire;

pub use claude_ai::AnthropicClaudeAi;
pub use claude_code::{AnthropicClaudeCode, api_actor_names};
pub use cost::AnthropicCost;
pub use directory::{AnthropicDirectory, CLAUDE_CODE_WORKSPACE};
pub use probe::{
    Probe, me_answer, me_request, organisation_of, probe_answer, probe_request, report_requests,
};

use crate::Source;

/// One line a feed.
pub const SOURCES: &[&dyn Source] =
    &[&AnthropicDirectory, &AnthropicClaudeCode, &AnthropicCost, &AnthropicClaudeAi];
