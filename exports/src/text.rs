//! Words in pictures: how long they are, where lines end, what of them XML can hold.

/// The text as it may stand in XML. Letters that XML does not know (control characters) become U+FFFD, so that no name of
/// a customer's event can make a file that nothing opens.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(known(letter)),
        }
    }
    out
}

/// The same of XML that is already written.
pub(crate) fn clean(xml: &str) -> String {
    xml.chars().map(known).collect()
}

fn known(letter: char) -> char {
    match letter {
        '\t' | '\n' | '\r' => letter,
        '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        letter => letter,
    }
}

/// About how wide a text is in the program's font, rather too much than too little.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let ems = |letter: char| match letter {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | 'I' | ' ' | '\u{a0}' | '·' => {
            0.3
        }
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '/' => 0.41,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '—' | '→' => 0.93,
        'A'..='Z' => 0.72,
        '0'..='9' => 0.65,
        '\u{1100}'.. => 1.0,
        _ => 0.6,
    };
    text.chars().map(ems).sum::<f64>() * size
}

/// The text in lines of at most so much width. Words too long for a line are broken.
pub(crate) fn wrap(text: &str, size: f64, limit: f64) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let longer = match line.is_empty() {
            true => word.to_owned(),
            false => format!("{line} {word}"),
        };
        if width(&longer, size) <= limit {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for letter in word.chars() {
            line.push(letter);
            if width(&line, size) > limit && line.chars().count() > 1 {
                line.pop();
                lines.push(std::mem::replace(&mut line, letter.to_string()));
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// The first lines; the last of them ends in "…" where more was said.
pub(crate) fn first(mut lines: Vec<String>, most: usize) -> Vec<String> {
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            last.pop();
            last.push('…');
        }
    }
    lines
}

/// The text, cut where it is too wide.
pub(crate) fn cut(text: &str, size: f64, limit: f64) -> String {
    if width(text, size) <= limit {
        return text.to_owned();
    }
    let mut short = String::new();
    for letter in text.chars() {
        short.push(letter);
        if width(&short, size) > limit - size * 0.6 {
            short.pop();
            break;
        }
    }
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_lose_nothing() {
        let text =
            "Of 1,596 customers who signed up, one-very-long-word-that-fits-no-line-at-all stayed";
        for limit in [60.0, 120.0, 400.0] {
            let lines = wrap(text, 12.0, limit);
            assert!(
                lines.iter().all(|line| width(line, 12.0) <= limit),
                "{lines:?}"
            );
            let letters = |text: &str| text.replace(' ', "");
            assert_eq!(letters(&lines.concat()), letters(text));
        }
        assert!(wrap("", 12.0, 100.0).is_empty());
    }

    #[test]
    fn what_xml_does_not_know_is_replaced() {
        assert_eq!(
            escape("a<b>&\"'\u{1}\u{ffff}"),
            "a&lt;b&gt;&amp;&quot;&#39;\u{fffd}\u{fffd}"
        );
    }
}
