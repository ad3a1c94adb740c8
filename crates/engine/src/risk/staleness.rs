//! Rule: no order on an instrument that has been silent for too long.

use super::case::Case;

pub(super) fn breaks(case: &Case<'_>) -> bool {
    let silence = case.facts.last_data.map(|last| case.facts.now.since(last));
    silence.is_none_or(|silence| silence > case.config.stale_after)
}
