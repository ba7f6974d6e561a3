//! Native SQL with `{{tags}}` and `[[optional parts]]`.

/// What stands for a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filled {
    Text(String),
    /// A filter that filters nothing.
    Everything,
    /// A variable without a value, by the name people know it by.
    Missing(String),
}

enum Part {
    Text(String),
    Tag(String),
    Optional(Vec<Part>),
}

/// The SQL with its tags filled in.
///
/// # Errors
/// In the server's words: brackets that do not match, a tag without a value.
pub fn fill(sql: &str, mut tag: impl FnMut(&str) -> Result<Filled, String>) -> Result<String, String> {
    let mut out = String::new();
    for part in parse(sql)? {
        match part {
            Part::Text(text) => out.push_str(&text),
            Part::Tag(name) => match tag(&name)? {
                Filled::Text(text) => out.push_str(&text),
                Filled::Everything => out.push_str("1 = 1"),
                Filled::Missing(name) => {
                    return Err(format!(
                        "You'll need to pick a value for '{name}' before this query can run."
                    ));
                }
            },
            Part::Optional(parts) => out.push_str(&fill_optional(parts, &mut tag)?),
        }
    }
    Ok(out)
}

/// What stands in the brackets, or nothing where one of its tags has no value.
fn fill_optional(
    parts: Vec<Part>,
    tag: &mut impl FnMut(&str) -> Result<Filled, String>,
) -> Result<String, String> {
    let mut out = String::new();
    let mut all_have_values = true;
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(&text),
            Part::Tag(name) => match tag(&name)? {
                Filled::Text(text) => out.push_str(&text),
                Filled::Everything | Filled::Missing(_) => all_have_values = false,
            },
            Part::Optional(_) => {}
        }
    }
    Ok(if all_have_values { out } else { String::new() })
}

fn parse(sql: &str) -> Result<Vec<Part>, String> {
    let (parts, rest) = parse_until(sql, false)?;
    assert!(rest.is_empty(), "the outermost part ends with the text");
    Ok(parts)
}

fn parse_until(mut sql: &str, inside: bool) -> Result<(Vec<Part>, &str), String> {
    let mut parts = Vec::new();
    let mut text = String::new();
    while let Some(first) = sql.chars().next() {
        // Tags in comments are not tags.
        if let Some(length) = comment(sql) {
            let (comment, rest) = sql.split_at(length);
            text.push_str(comment);
            sql = rest;
        } else if let Some(rest) = sql.strip_prefix("{{") {
            let (name, rest) =
                rest.split_once("}}").ok_or("Invalid query: found '{{' with no matching '}}'")?;
            if name.trim().is_empty() {
                return Err("Invalid query: '{{...}}' has no name".to_owned());
            }
            parts.push(Part::Text(std::mem::take(&mut text)));
            parts.push(Part::Tag(name.trim().to_owned()));
            sql = rest;
        } else if let Some(rest) = sql.strip_prefix("[[") {
            if inside {
                return Err("Invalid query: '[[' inside '[[...]]'".to_owned());
            }
            let (optional, rest) = parse_until(rest, true)?;
            if !optional.iter().any(|part| matches!(part, Part::Tag(_))) {
                return Err(
                    "'[[...]]' optional clauses must contain at least one '{{...}}' clause.".to_owned()
                );
            }
            parts.push(Part::Text(std::mem::take(&mut text)));
            parts.push(Part::Optional(optional));
            sql = rest;
        } else if let (true, Some(rest)) = (inside, sql.strip_prefix("]]")) {
            parts.push(Part::Text(text));
            return Ok((parts, rest));
        } else {
            text.push(first);
            sql = sql.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    if inside {
        return Err("Invalid query: found '[[' with no matching ']]'".to_owned());
    }
    parts.push(Part::Text(text));
    Ok((parts, sql))
}

/// The length of the comment that the text starts with.
fn comment(sql: &str) -> Option<usize> {
    if sql.starts_with("--") {
        return Some(sql.find('\n').unwrap_or(sql.len()));
    }
    sql.starts_with("/*").then(|| sql.find("*/").map_or(sql.len(), |end| end + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `{{a}}` has a value, `{{b}}` filters nothing, `{{c}}` is missing.
    fn filled(sql: &str) -> Result<String, String> {
        fill(sql, |name| match name {
            "a" => Ok(Filled::Text("'x'".to_owned())),
            "b" => Ok(Filled::Everything),
            "c" => Ok(Filled::Missing("See".to_owned())),
            other => Err(format!("no tag {other}")),
        })
    }

    #[test]
    fn tags_and_optional_parts_are_filled_in() {
        let cases = [
            ("SELECT {{a}}, {{ a }}", "SELECT 'x', 'x'"),
            ("WHERE {{b}}", "WHERE 1 = 1"),
            ("WHERE TRUE [[AND p = {{a}}]]", "WHERE TRUE AND p = 'x'"),
            ("WHERE TRUE [[AND {{b}}]]!", "WHERE TRUE !"),
            ("WHERE TRUE [[AND p = {{c}} AND q = {{a}}]]", "WHERE TRUE "),
            ("a[b[1]] -- {{nobody}} [[\n{{a}}", "a[b[1]] -- {{nobody}} [[\n'x'"),
            ("/* [[ {{nobody}} */ {{a}}", "/* [[ {{nobody}} */ 'x'"),
        ];
        for (sql, expected) in cases {
            assert_eq!(filled(sql).as_deref(), Ok(expected), "{sql}");
        }
    }

    #[test]
    fn what_cannot_be_filled_in_fails() {
        for sql in
            ["p = {{c}}", "{{nobody}}", "{{a", "[[AND {{a}}", "[[AND x]]", "[[AND [[{{a}}]]]]", "{{ }}"]
        {
            assert!(filled(sql).is_err(), "{sql}");
        }
        assert!(filled("p = {{c}}").is_err_and(|error| error.contains("'See'")));
    }
}
