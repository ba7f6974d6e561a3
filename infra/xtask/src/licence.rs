//! Evaluates SPDX licence expressions.

use std::{iter::Peekable, str::SplitWhitespace};

/// Whether we may use something under this expression, given the licences we accept.
///
/// Anything that cannot be read is not allowed. `/` is how crates wrote `OR` before SPDX.
pub fn is_allowed(expression: &str, accepted: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let verdict = any(&mut words, accepted);
    words.next().is_none() && verdict == Some(true)
}

type Words<'a> = Peekable<SplitWhitespace<'a>>;

fn any(words: &mut Words, accepted: &[String]) -> Option<bool> {
    let mut verdict = all(words, accepted)?;
    while words.next_if_eq(&"OR").is_some() {
        verdict |= all(words, accepted)?;
    }
    Some(verdict)
}

fn all(words: &mut Words, accepted: &[String]) -> Option<bool> {
    let mut verdict = one(words, accepted)?;
    while words.next_if_eq(&"AND").is_some() {
        verdict &= one(words, accepted)?;
    }
    Some(verdict)
}

fn one(words: &mut Words, accepted: &[String]) -> Option<bool> {
    let name = match words.next()? {
        "(" => {
            let verdict = any(words, accepted)?;
            return words.next_if_eq(&")").map(|_| verdict);
        }
        ")" | "AND" | "OR" | "WITH" => return None,
        name => name,
    };
    let name = match words.next_if_eq(&"WITH") {
        Some(_) => format!("{name} WITH {}", words.next()?),
        None => name.to_owned(),
    };
    Some(accepted.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_allowed_when_its_terms_are() {
        let accepted = ["MIT", "Apache-2.0", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
        let check = |expression: &str, expected| {
            assert_eq!(is_allowed(expression, &accepted), expected, "{expression}");
        };
        check("MIT", true);
        check("GPL-3.0", false);
        check("GPL-3.0 OR MIT", true);
        check("GPL-3.0/MIT", true);
        check("Apache-2.0 / MIT", true);
        check("MIT AND GPL-3.0", false);
        check("(MIT OR GPL-3.0) AND ISC", true);
        check("(MIT OR ISC) AND GPL-3.0", false);
        check("GPL-3.0 OR MIT AND ISC", true);
        check("MIT AND (GPL-3.0 OR (ISC AND Apache-2.0))", true);
        check("Apache-2.0 WITH LLVM-exception", true);
        check("MIT WITH LLVM-exception", false);
        check("GPL-2.0 WITH Classpath-exception-2.0 OR MIT", true);
    }

    #[test]
    fn an_expression_that_cannot_be_read_is_not_allowed() {
        for expression in ["", "()", "(MIT", "MIT)", "MIT ISC", "MIT OR", "OR MIT", "MIT WITH", "AND"] {
            assert!(!is_allowed(expression, &["MIT".to_owned()]), "{expression}");
        }
    }
}
