//! What figures and checks rest on where nobody measures, and how somebody says otherwise.

use crate::{DATASET, Engine, RuleError, limit::is_decimal, limit::number, seeds::ASSUMPTIONS, views};

/// A name in `dim_assumption` with the value that somebody set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assumption {
    /// Of an assumption, or `check.target` and `check.alert_at` of a check in `vw_data_quality`.
    pub name: String,
    /// A plain decimal.
    pub value: String,
}

/// Reads `name=number` pairs.
///
/// # Errors
/// Every pair that names nothing known, or no number.
pub fn assumptions(pairs: &[String]) -> Result<Vec<Assumption>, Vec<RuleError>> {
    let (mut known, mut errors) = (Vec::new(), Vec::new());
    let checks = checks();
    for pair in pairs {
        let mut wrong = |problem: String| errors.push(RuleError { place: pair.clone(), problem });
        let Some((name, value)) = pair.split_once('=').map(|(name, value)| (name.trim(), value.trim()))
        else {
            wrong("is not <name>=<number>, such as attribution_cost.target=90".to_owned());
            continue;
        };
        let of_check = name.strip_suffix(".target").or_else(|| name.strip_suffix(".alert_at"));
        let is_known = match of_check {
            Some(check) => checks.iter().any(|known| known == check),
            None => ASSUMPTIONS.iter().any(|[known, ..]| *known == name),
        };
        if !is_known {
            let all: Vec<&str> = ASSUMPTIONS.iter().map(|[name, ..]| *name).collect();
            wrong(format!(
                "there is no `{name}`; there are {}, and .target and .alert_at of {}",
                all.join(", "),
                checks.join(", ")
            ));
        } else if !is_decimal(value) {
            wrong(format!("`{value}` is not a plain number such as 90 or 2.5"));
        } else {
            known.push(Assumption { name: name.to_owned(), value: value.to_owned() });
        }
    }
    if errors.is_empty() { Ok(known) } else { Err(errors) }
}

/// The checks of `vw_data_quality` and of the view it takes in: the one place that lists them is the SQL.
fn checks() -> Vec<String> {
    let named = |sql: &str| -> Vec<String> {
        let before = |line: &str| line.trim().strip_suffix("' AS check_name,").map(str::to_owned);
        sql.lines().filter_map(before).filter_map(|name| name.strip_prefix('\'').map(str::to_owned)).collect()
    };
    let files = ["vw_data_quality", "vw_quality_of_operation"];
    views()
        .filter(|view| files.contains(&view.name))
        .flat_map(|view| named(&view.select(Engine::DuckDb)))
        .collect()
}

/// Statements that set these, and nothing else. Safe any number of times.
pub fn assume(assumptions: &[Assumption], engine: Engine) -> Vec<String> {
    let set = |Assumption { name, value }: &Assumption| {
        let value = number(value, engine);
        [
            // A column that is there tells its unit and its note; what is new has the settings for them.
            format!(
                "INSERT INTO {DATASET}.dim_assumption (name, value, unit, note)\n\
                 SELECT known.name, {value}, 'as the check', 'from the settings'\n\
                 FROM (SELECT '{name}' AS name) AS known\n\
                 WHERE NOT EXISTS (SELECT 1 FROM {DATASET}.dim_assumption AS a WHERE a.name = known.name)"
            ),
            format!(
                "UPDATE {DATASET}.dim_assumption SET value = {value} WHERE name = '{name}' AND value <> {value}"
            ),
        ]
    };
    assumptions.iter().flat_map(set).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pair: &str) -> Result<Vec<Assumption>, String> {
        assumptions(&[pair.to_owned()]).map_err(|errors| errors[0].to_string())
    }

    #[test]
    fn every_check_and_every_assumption_can_be_set() {
        assert!(checks().len() > 25, "{:?}", checks());
        for check in checks() {
            for limit in ["target", "alert_at"] {
                let name = format!("{check}.{limit}");
                let read = read(&format!(" {name} = 2.5 ")).unwrap();
                assert_eq!(read, [Assumption { name, value: "2.5".to_owned() }]);
            }
        }
        assert_eq!(read("value_per_line_usd=40").unwrap()[0].value, "40");
    }

    #[test]
    fn a_name_nobody_has_and_what_is_no_number_are_named() {
        for (pair, expected) in [
            ("attribution_cost=90", "there is no `attribution_cost`; there are value_per_line_usd,"),
            ("attribution.target=90", "attribution_cost, attribution_records"),
            ("attribution_cost.target", "is not <name>=<number>"),
            ("attribution_cost.target=1; DROP TABLE t", "is not a plain number"),
        ] {
            let error = read(pair).unwrap_err();
            assert!(error.starts_with(pair) && error.contains(expected), "{error}");
        }
    }
}
