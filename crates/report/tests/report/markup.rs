//! Reads markup strictly, so that tests notice what a lenient browser would forgive.

/// The names of all elements in order, after checking that tags match, attributes are quoted and
/// unlike, and entities are known.
pub(crate) fn elements(text: &str) -> Result<Vec<String>, String> {
    let mut rest = text.trim();
    if let Some(after) = rest.strip_prefix("<?xml") {
        rest = after.split_once("?>").ok_or("an endless declaration")?.1;
    }
    let (mut names, mut open) = (Vec::new(), Vec::new());
    while let Some((before, after)) = rest.split_once('<') {
        plain(before)?;
        let (tag, next) = after.split_once('>').ok_or("an endless tag")?;
        rest = next;
        if let Some(name) = tag.strip_prefix('/') {
            let expected: String = open.pop().ok_or("nothing to close")?;
            if expected != name.trim() {
                return Err(format!("{name} closes {expected}"));
            }
            continue;
        }
        let (tag, alone) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, listed) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        attributes(listed)?;
        names.push(name.to_owned());
        if !alone {
            open.push(name.to_owned());
        }
    }
    plain(rest)?;
    if open.is_empty() { Ok(names) } else { Err(format!("{open:?} stay open")) }
}

fn attributes(text: &str) -> Result<(), String> {
    let (mut rest, mut seen) = (text.trim(), Vec::new());
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").ok_or_else(|| format!("no value: {rest}"))?;
        let (value, next) = after.split_once('"').ok_or("an endless value")?;
        plain(value)?;
        if name.contains(|letter: char| !letter.is_ascii_alphanumeric() && !"-:_".contains(letter))
        {
            return Err(format!("no name: {name}"));
        }
        if seen.contains(&name) {
            return Err(format!("{name} twice"));
        }
        seen.push(name);
        rest = next.trim_start();
    }
    Ok(())
}

fn plain(text: &str) -> Result<(), String> {
    let known = ["amp;", "lt;", "gt;", "quot;", "apos;", "#"];
    let entities = text.split('&').skip(1);
    let unknown = entities.filter(|one| !known.iter().any(|name| one.starts_with(name))).count();
    if unknown > 0 || text.contains(['<', '>']) { Err(format!("raw text: {text}")) } else { Ok(()) }
}

/// The tags of a lenient page outside of its scripts and styles, in order.
pub(crate) fn tags(page: &str) -> Vec<String> {
    let (mut rest, mut found) = (page, Vec::new());
    while let Some((_, after)) = rest.split_once('<') {
        let name: String =
            after.chars().take_while(|one| !matches!(one, ' ' | '>' | '\n')).collect();
        rest = match name.as_str() {
            "script" | "style" => after.split_once(&format!("</{name}>")).unwrap().1,
            _ => after,
        };
        found.push(name);
    }
    found
}

#[test]
fn broken_markup_is_noticed() {
    assert_eq!(elements("<svg a=\"1\"><g/>a &amp; b</svg>").unwrap(), ["svg", "g"]);
    for broken in
        ["<svg>", "<a></b>", "<a b=1/>", "<a b=\"1\" b=\"2\"/>", "a & b", "<a b=\"<\"/>", "</a>"]
    {
        assert!(elements(broken).is_err(), "{broken}");
    }
    assert_eq!(tags("<p>1</p><script>a < b</script><b>"), ["p", "/p", "script", "b"]);
}
