//! What a person reads: who, what, how much, compared with what, since when, and where to look. As plain text and as HTML
//! that a phone shows in one column.

use aispend_model::Money;
use aispend_warehouse::Rule;
use jiff::civil::Date;

use crate::breach::Windows;
use crate::decomposition::Decomposition;
use crate::incident::Incident;
use crate::words::{quantity, signed_usd, usd};

/// The most that a subject says of an incident.
const SUBJECT_LETTERS: usize = 140;

/// A letter, before it has an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// For every reader.
    pub text: String,
    /// For most.
    pub html: String,
    /// The page that shows it, whole.
    pub link: Option<String>,
}

/// What a letter is about.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The incident.
    pub incident: &'a Incident,
    /// Its rule.
    pub rule: &'a Rule,
    /// What the change is made of, where the rule compares spend.
    pub change: Option<&'a Decomposition>,
    /// Where the dashboards are.
    pub base_url: &'a str,
}

impl Letter {
    /// About an incident.
    pub fn write(about: About<'_>) -> Self {
        let link = link(about);
        let facts = facts(about);
        let again = if about.incident.openings > 1 { " again" } else { "" };
        let summary = shortened(&about.incident.summary);
        let subject = format!("[aispend] {}{again}: {summary}", about.incident.severity);
        Self {
            text: text(about, &facts, link.as_deref()),
            html: html(about, &facts, link.as_deref()),
            subject,
            link,
        }
    }
}

/// As much as a list of letters shows; the letter has the whole.
fn shortened(summary: &str) -> String {
    match summary.char_indices().nth(SUBJECT_LETTERS) {
        Some((end, _)) => format!("{}…", summary.get(..end).unwrap_or(summary).trim_end()),
        None => summary.to_owned(),
    }
}

fn link(about: About<'_>) -> Option<String> {
    let path = about.incident.breach.link.as_deref()?;
    Some(format!("{}/{}", about.base_url.trim_end_matches('/'), path.trim_start_matches('/')))
}

fn facts(about: About<'_>) -> Vec<(&'static str, String)> {
    let breach = &about.incident.breach;
    let dollars = |text: &Option<String>| {
        let read = text.as_deref().and_then(|text| Money::from_dollars(text).ok());
        read.map(|read| usd(read.money))
    };
    let mut facts = vec![
        ("What", about.rule.title.clone()),
        ("About", breach.subject.clone()),
        ("Period", breach.period.clone()),
        ("Measured", quantity(about.rule.unit, &breach.measured)),
        ("Limit", quantity(about.rule.unit, &breach.limit_value)),
    ];
    let optional = [
        ("Amount", dollars(&breach.amount)),
        ("Compared with", dollars(&breach.baseline)),
        ("Since", breach.since.map(|day| day.to_string())),
        ("Note", breach.note.clone()),
    ];
    facts.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
    facts
}

/// The heading of the decomposition, and its lines.
fn change_lines(about: About<'_>, change: &Decomposition) -> (String, Vec<(&'static str, String)>) {
    let days = |from: Date, to: Date| if from == to { from.to_string() } else { format!("{from} to {to}") };
    let against = |windows: Windows| {
        let (now, base) = (days(windows.now_from, windows.now_to), days(windows.base_from, windows.base_to));
        format!(", {now} against {base}")
    };
    let compared = about.incident.breach.windows.map(against).unwrap_or_default();
    let per_day = if change.is_per_day { ", for an average day" } else { "" };
    let heading = format!("What the change is made of{compared}{per_day}");
    let mut lines = vec![("before", usd(change.base))];
    lines.extend(change.parts().map(|(name, part)| (name, signed_usd(part))));
    lines.push(("now", usd(change.now)));
    (heading, lines)
}

fn mover_lines(change: &Decomposition) -> Vec<(String, String)> {
    let name = |person: &str| if person.is_empty() { "nobody named".to_owned() } else { person.to_owned() };
    let lines = change.movers.iter();
    lines
        .map(|mover| (format!("{} ({})", name(&mover.person), mover.platform), signed_usd(mover.change)))
        .collect()
}

fn commands(about: About<'_>) -> [String; 2] {
    let id = &about.incident.id;
    [format!("aispend alerts ack {id}"), format!("aispend alerts snooze {id} --until YYYY-MM-DD")]
}

fn text(about: About<'_>, facts: &[(&str, String)], link: Option<&str>) -> String {
    let mut lines = vec![about.incident.summary.clone(), String::new()];
    lines.extend(facts.iter().map(|(name, value)| format!("{:<15}{value}", format!("{name}:"))));
    if let Some(change) = about.change {
        let (heading, parts) = change_lines(about, change);
        lines.extend([String::new(), format!("{heading}:")]);
        lines.extend(parts.iter().map(|(name, value)| format!("  {name:<32}{value:>16}")));
        let movers = mover_lines(change);
        if !movers.is_empty() {
            lines.extend([String::new(), "Who changed most:".to_owned()]);
            lines.extend(movers.iter().map(|(name, value)| format!("  {name}: {value}")));
        }
    }
    lines.extend([String::new(), format!("What to do: {}", about.rule.remedy)]);
    if let Some(link) = link {
        lines.push(format!("Look: {link}"));
    }
    lines.extend([String::new(), format!("Incident {}.", about.incident.id)]);
    let [take, put_off] = commands(about);
    lines.extend([format!("Take it:    {take}"), format!("Put it off: {put_off}"), String::new()]);
    lines.join("\n")
}

fn html(about: About<'_>, facts: &[(&str, String)], link: Option<&str>) -> String {
    let row = |name: &str, value: &str| {
        format!(
            "<tr><td style=\"padding:4px 12px 4px 0;color:#555;vertical-align:top\">{}</td>\
             <td style=\"padding:4px 0\">{}</td></tr>",
            escape(name),
            escape(value)
        )
    };
    let amount_row = |name: &str, value: &str| {
        format!(
            "<tr><td style=\"padding:4px 12px 4px 0\">{}</td>\
             <td style=\"padding:4px 0;text-align:right;white-space:nowrap\">{}</td></tr>",
            escape(name),
            escape(value)
        )
    };
    let table = |rows: String| {
        format!("<table role=\"presentation\" style=\"border-collapse:collapse;width:100%\">{rows}</table>")
    };
    let heading =
        |text: &str| format!("<h2 style=\"font-size:16px;margin:20px 0 4px\">{}</h2>", escape(text));
    let mut body = vec![
        format!("<h1 style=\"font-size:18px;margin:0 0 12px\">{}</h1>", escape(&about.incident.summary)),
        table(facts.iter().map(|(name, value)| row(name, value)).collect()),
    ];
    if let Some(change) = about.change {
        let (title, parts) = change_lines(about, change);
        body.push(heading(&title));
        body.push(table(parts.iter().map(|(name, value)| amount_row(name, value)).collect()));
        let movers = mover_lines(change);
        if !movers.is_empty() {
            body.push(heading("Who changed most"));
            body.push(table(movers.iter().map(|(name, value)| amount_row(name, value)).collect()));
        }
    }
    body.push(heading("What to do"));
    body.push(format!("<p style=\"margin:0 0 12px\">{}</p>", escape(&about.rule.remedy)));
    body.extend(link.map(|link| {
        let link = escape(link);
        format!("<p style=\"margin:0 0 12px\"><a href=\"{link}\">Open the dashboard</a></p>")
    }));
    let [take, put_off] = commands(about);
    body.push(format!(
        "<p style=\"margin:20px 0 0;color:#555;font-size:13px\">Incident {}.<br>\
         Take it: <code>{}</code><br>Put it off: <code>{}</code></p>",
        escape(&about.incident.id),
        escape(&take),
        escape(&put_off)
    ));
    let body = body.join("\n");
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{}</title></head>\
         <body style=\"margin:0;padding:16px;font:15px/1.45 -apple-system,'Segoe UI',Roboto,sans-serif;color:#111;background:#fff\">\
         <div style=\"max-width:600px;margin:0 auto\">{body}</div></body></html>",
        escape(&about.rule.title)
    )
}

/// Nothing that a vendor or a sheet calls somebody becomes markup.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use aispend_warehouse::Severity;
    use jiff::Timestamp;
    use jiff::civil::date;

    use super::*;
    use crate::breach::Breach;
    use crate::decomposition::Line;
    use crate::incident::tests::breach;
    use crate::rules::parked_rule;

    #[test]
    fn a_letter_says_everything_in_both_forms_and_lets_no_markup_through() {
        let rule = parked_rule().unwrap();
        let windows = Windows {
            now_from: date(2026, 11, 21),
            now_to: date(2026, 11, 21),
            base_from: date(2026, 11, 14),
            base_to: date(2026, 11, 20),
        };
        let seen = Breach { windows: Some(windows), ..breach("<b>red & \"blue\"</b>") };
        let incident = Incident::open(
            seen,
            Severity::Critical,
            "Team <b>red</b> spent $1.".to_owned(),
            "",
            Timestamp::UNIX_EPOCH,
        );
        let line = Line {
            platform: "cursor".to_owned(),
            person: "<i>a@example.com".to_owned(),
            now: Money::from_nanos(3_000_000_000),
            now_volume: Some(3),
            ..Line::default()
        };
        let change = Decomposition::of(&[line], 1, 1).unwrap();
        let about = About {
            incident: &incident,
            rule: &rule,
            change: Some(&change),
            base_url: "https://spend.example.com/",
        };
        let letter = Letter::write(about);
        assert_eq!(letter.subject, "[aispend] critical: Team <b>red</b> spent $1.");
        let link = "https://spend.example.com/executive?range=2026-11-21~2026-11-21&team=R&D";
        assert_eq!(letter.link.as_deref(), Some(link));
        for expected in [
            "Messages set aside",
            "red &",
            "2026-11-21",
            "180",
            "150",
            "$1,234.50",
            "$685.83",
            link,
            "What the change is made of, 2026-11-21 against 2026-11-14 to 2026-11-20",
            "more or fewer people",
            "+$3.00",
            "<i>a@example.com (cursor): +$3.00",
            "aispend alerts ack ",
            "dead-letters list",
        ] {
            assert!(letter.text.contains(expected), "{expected} is not in\n{}", letter.text);
            let escaped = escape(expected).replace(": +$3.00", "");
            assert!(letter.html.contains(&escaped), "{escaped} is not in\n{}", letter.html);
        }
        assert!(!letter.html.contains("<b>") && !letter.html.contains("<i>"));
        assert!(letter.html.contains("width=device-width") && letter.html.contains("max-width:600px"));
    }
}
