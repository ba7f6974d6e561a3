//! The query that explains a change of spend: no rule, but asked for those that compare it.

use jiff::civil::Date;

use crate::{
    Engine,
    files::ALERTS,
    template::{replace, spell},
};

/// The file that explains a change of spend: no rule.
pub const CHANGE: &str = "change";

/// The query that explains a change: one row for each platform, person and model, of two inclusive windows. `None` where
/// this build has none.
pub fn change_sql(engine: Engine, now: (Date, Date), base: (Date, Date), only: &Only<'_>) -> Option<String> {
    let (_, sql) = ALERTS.iter().find(|(name, _)| *name == CHANGE)?;
    Some(render_change(sql, engine, now, base, only))
}

/// Whose change; all of it where nothing is said.
#[derive(Debug, Clone, Copy, Default)]
pub struct Only<'a> {
    /// Of one platform, by its word in the views.
    pub platform: Option<&'a str>,
    /// Of one team.
    pub team: Option<&'a str>,
}

fn render_change(
    sql: &str,
    engine: Engine,
    now: (Date, Date),
    base: (Date, Date),
    only: &Only<'_>,
) -> String {
    // A text, also where there is none: a bare NULL has no type.
    let text = |text: Option<&str>| match text {
        Some(text) => crate::text(text, engine),
        None => "CAST(NULL AS STRING)".to_owned(),
    };
    let sql = sql.trim().trim_end_matches(';');
    replace(sql, |word| match word {
        "now_from" => day(now.0).into(),
        "now_to" => day(now.1).into(),
        "base_from" => day(base.0).into(),
        "base_to" => day(base.1).into(),
        "platform" => text(only.platform).into(),
        "team" => text(only.team).into(),
        word => spell(word, engine),
    })
}

/// A day as SQL spells it.
pub fn day(day: Date) -> String {
    format!("DATE '{day}'")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_change_is_asked_for_between_two_windows() {
        let sql = "SELECT 1 FROM t WHERE d BETWEEN {{now_from}} AND {{now_to}} AND p = {{platform}} AND t = {{team}};";
        let (now, base) = ((date(2026, 10, 1), date(2026, 10, 31)), (date(2026, 9, 1), date(2026, 9, 30)));
        let only = Only { platform: Some("o'clock"), team: Some("R&D") };
        assert_eq!(
            render_change(sql, Engine::DuckDb, now, base, &only),
            "SELECT 1 FROM t WHERE d BETWEEN DATE '2026-10-01' AND DATE '2026-10-31' AND p = 'o''clock' AND t = 'R&D'"
        );
        assert!(
            render_change(sql, Engine::BigQuery, now, base, &Only::default())
                .ends_with("CAST(NULL AS STRING)")
        );
    }
}
