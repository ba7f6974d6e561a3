//! The little Markdown of text cards as safe HTML: paragraphs, lists, bold, code.

/// Everything that is not marked is escaped.
pub fn html(markdown: &str) -> String {
    let mut html = String::new();
    for block in markdown.trim().split("\n\n") {
        let lines: Vec<&str> = block.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let item =
            |line: &&str| line.strip_prefix("* ").or_else(|| line.strip_prefix("- ")).map(str::to_owned);
        if lines.is_empty() {
            continue;
        }
        if lines.first().and_then(item).is_some() {
            let mut items: Vec<String> = Vec::new();
            for line in &lines {
                match (item(line), items.last_mut()) {
                    (Some(text), _) => items.push(text),
                    (None, Some(last)) => *last = format!("{last} {line}"),
                    (None, None) => {}
                }
            }
            html.push_str("<ul>");
            for text in items {
                html.push_str(&format!("<li>{}</li>", inline(&text)));
            }
            html.push_str("</ul>");
        } else {
            html.push_str(&format!("<p>{}</p>", inline(&lines.join(" "))));
        }
    }
    html
}

fn inline(text: &str) -> String {
    let escaped = escape(text);
    let bold = marked(&escaped, "**", "strong");
    marked(&bold, "`", "code")
}

fn marked(text: &str, mark: &str, tag: &str) -> String {
    let parts: Vec<&str> = text.split(mark).collect();
    // A mark that is never closed stays what it was.
    if parts.len().is_multiple_of(2) {
        return text.to_owned();
    }
    let wrap = |(place, part): (usize, &&str)| {
        if place % 2 == 1 { format!("<{tag}>{part}</{tag}>") } else { (*part).to_owned() }
    };
    parts.iter().enumerate().map(wrap).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_marked_text_becomes_markup() {
        assert_eq!(
            html("A **b** `c` <i>\n\n* x\n  y\n* z"),
            "<p>A <strong>b</strong> <code>c</code> &lt;i&gt;</p><ul><li>x y</li><li>z</li></ul>"
        );
        assert_eq!(html("2 ** 3"), "<p>2 ** 3</p>");
        assert_eq!(html(""), "");
    }
}
