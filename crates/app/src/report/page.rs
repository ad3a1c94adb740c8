//! Builds a page in Prometheus' text format.

use std::fmt::Write;

use runtime::{Histogram, histogram::PUBLISHED_BOUNDS_NS};

/// A page under construction. Families appear in the order they are added.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
}

/// One sample of a family: labels and value.
pub type Sample<'a> = (&'a [(&'a str, &'a str)], f64);

impl Page {
    /// A value that only grows. The name must end in `_total`.
    pub fn counter(&mut self, name: &str, help: &str, samples: &[Sample<'_>]) {
        debug_assert!(name.ends_with("_total"), "{name}");
        self.family(name, help, "counter", samples);
    }

    /// A value that goes up and down, whose name says otherwise. The format's checker takes
    /// a `_total` for nothing but a counter, so the kind is left open.
    pub fn untyped(&mut self, name: &str, help: &str, samples: &[Sample<'_>]) {
        self.family(name, help, "untyped", samples);
    }

    /// A value that goes up and down.
    pub fn gauge(&mut self, name: &str, help: &str, samples: &[Sample<'_>]) {
        self.family(name, help, "gauge", samples);
    }

    /// A latency in seconds with the published buckets.
    pub fn latency(&mut self, name: &str, help: &str, histogram: &Histogram) {
        self.latencies(name, help, &[(&[], histogram)]);
    }

    /// Latencies of one name that differ in a label.
    pub fn latencies(
        &mut self,
        name: &str,
        help: &str,
        histograms: &[(&[(&str, &str)], &Histogram)],
    ) {
        self.head(name, help, "histogram");
        for (own, histogram) in histograms {
            let (counts, sum) = histogram.published();
            let bounds = PUBLISHED_BOUNDS_NS.iter().map(|nanos| seconds(*nanos).to_string());
            for (bound, count) in bounds.chain(["+Inf".into()]).zip(counts) {
                let mut with_bound = own.to_vec();
                with_bound.push(("le", &bound));
                self.sample(&format!("{name}_bucket"), &with_bound, to_f64(count));
            }
            self.sample(&format!("{name}_sum"), own, seconds(sum));
            self.sample(&format!("{name}_count"), own, to_f64(counts[counts.len() - 1]));
        }
    }

    /// The finished page.
    #[must_use]
    pub fn finish(self) -> String {
        self.text
    }

    fn family(&mut self, name: &str, help: &str, kind: &str, samples: &[Sample<'_>]) {
        self.head(name, help, kind);
        for (labels, value) in samples {
            self.sample(name, labels, *value);
        }
    }

    fn head(&mut self, name: &str, help: &str, kind: &str) {
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.text.push_str(name);
        for (index, (key, text)) in labels.iter().enumerate() {
            let open = if index == 0 { '{' } else { ',' };
            let clean = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.text, "{open}{key}=\"{clean}\"");
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{close} {value}");
    }
}

fn seconds(nanos: u64) -> f64 {
    to_f64(nanos) / 1e9
}

/// A count as a sample value; exact up to 2^53.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "the format has nothing but floats")]
pub fn to_f64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_has_its_head_and_its_samples() {
        let mut page = Page::default();
        page.counter("seen_total", "Things seen.", &[(&[("kind", "a\"b")], 3.0), (&[], 0.5)]);
        let expected = "# HELP seen_total Things seen.\n# TYPE seen_total counter\n\
             seen_total{kind=\"a\\\"b\"} 3\nseen_total 0.5\n";
        assert_eq!(page.finish(), expected);
    }

    #[test]
    fn a_latency_has_cumulative_buckets_in_seconds() {
        let histogram = Histogram::default();
        histogram.record(4_000);
        histogram.record(200_000);
        let mut page = Page::default();
        page.latency("wait_seconds", "Waiting.", &histogram);
        let text = page.finish();
        assert!(text.contains("wait_seconds_bucket{le=\"0.000001\"} 0\n"), "{text}");
        assert!(text.contains("wait_seconds_bucket{le=\"0.000005\"} 1\n"), "{text}");
        assert!(text.contains("wait_seconds_bucket{le=\"+Inf\"} 2\n"), "{text}");
        assert!(text.contains("wait_seconds_sum 0.000204\nwait_seconds_count 2\n"), "{text}");
    }
}
