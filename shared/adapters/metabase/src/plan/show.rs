//! A plan as people and machines read it.

use std::fmt;

use serde_json::{Value, json};

use super::{Call, Plan, Step, Verb};

impl Verb {
    /// As the first word of a line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SetUp => "set up",
            Self::Create => "create",
            Self::Change => "change",
            Self::Restore => "restore",
            Self::Archive => "archive",
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb.as_str(), self.what)?;
        if self.needs_consent() {
            write!(f, " (changed by hand: left alone without --restore)")?;
        }
        for line in self.changes.iter().flat_map(super::Change::lines) {
            write!(f, "\n      {line}")?;
        }
        for call in &self.calls {
            write!(f, "\n    {call}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        if self.is_empty() {
            return write!(f, "Nothing to do: this Metabase is as the card files say.");
        }
        for step in &self.steps {
            writeln!(f, "{step}")?;
        }
        let asked = self.steps.iter().filter(|step| step.needs_consent()).count();
        write!(f, "{} steps, {} requests", self.steps.len(), self.calls().count())?;
        if asked > 0 { write!(f, "; {asked} only with --restore.") } else { write!(f, ".") }
    }
}

impl Plan {
    /// The same for a machine: what the text says. Bodies are left out, secrets are in none of it.
    pub fn to_json(&self) -> Value {
        let call = |call: &Call| json!({"method": call.method.as_str(), "path": call.path});
        let step = |step: &Step| {
            json!({
                "verb": step.verb.as_str(), "what": step.what, "key": step.key, "changes": step.changes,
                "needs_consent": step.needs_consent(), "requests": step.calls.iter().map(call).collect::<Vec<_>>(),
            })
        };
        json!({"notes": self.notes, "steps": self.steps.iter().map(step).collect::<Vec<_>>()})
    }
}
