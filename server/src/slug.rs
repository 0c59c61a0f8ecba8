//! Names in addresses: of workspaces and of segments.

/// Slugs tried for a name before giving up.
pub(crate) const SLUGS: u32 = 1_000;

/// Most characters of a slug, as the data base has it.
const LONGEST: usize = 63;

/// Letters and digits of a name, spelt with those of ASCII, with hyphens between them; `otherwise` for a name that has
/// none.
pub(crate) fn slug(name: &str, otherwise: &str) -> String {
    let mut slug = String::new();
    for letter in deunicode::deunicode(name).to_lowercase().chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(LONGEST);
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() {
        otherwise.to_owned()
    } else {
        slug.to_owned()
    }
}

/// The slug itself for the first, then with a number.
pub(crate) fn numbered(slug: &str, number: u32) -> String {
    if number == 1 {
        return slug.to_owned();
    }
    let suffix = format!("-{number}");
    let kept = slug.len().min(LONGEST - suffix.len());
    format!("{}{suffix}", slug[..kept].trim_end_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs() {
        for (name, expected) in [
            ("Acme Studio", "acme-studio"),
            ("  R&D -- 2026! ", "r-d-2026"),
            ("Café Über", "cafe-uber"),
            ("日本", "ri-ben"),
            ("!?", "workspace"),
            ("", "workspace"),
        ] {
            assert_eq!(slug(name, "workspace"), expected);
        }
        let long = slug(&"ab ".repeat(100), "workspace");
        assert_eq!(long.len(), 62);
        assert_eq!(numbered(&long, 1), long);
        assert_eq!(
            numbered(&long, 12),
            format!("{}-12", "ab-".repeat(20).trim_end_matches('-'))
        );
        assert_eq!(numbered("acme", 2), "acme-2");
    }
}
