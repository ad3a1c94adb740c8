//! Relative links between documents lead somewhere.

use super::{Finding, files::Repository};

/// Every link target of every document exists.
pub(super) fn resolve(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in repository.ending(".md") {
        for (line, target) in links(text) {
            if !leads_somewhere(repository, path, target) {
                findings.push(Finding::new(path, line, format!("the link `{target}` is broken")));
            }
        }
    }
    findings
}

/// The targets of inline links outside code, with their lines.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            // Every second part between back-ticks is code.
            for prose in line.split('`').step_by(2) {
                let targets = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
                found.extend(targets.map(|target| (index + 1, target)));
            }
        }
    }
    found
}

fn leads_somewhere(repository: &Repository, path: &str, target: &str) -> bool {
    let target = target.split('#').next().unwrap_or_default();
    if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
        return true;
    }
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return false;
                }
            }
            name => parts.push(name),
        }
    }
    parts.is_empty() || repository.has(&parts.join("/"))
}
