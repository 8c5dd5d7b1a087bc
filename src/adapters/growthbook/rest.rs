//! Who is left for the next rule.

/// What decides who falls where: rules with the same hash place people alike.
pub(super) type Hash = (String, String, String);

/// A part of a hash, from 0 to 1.
pub(super) type Range = (f64, f64);

/// What the rules before have taken of each hash; hashes are independent of each other.
#[derive(Default)]
pub(super) struct Rest {
    taken: Vec<(Hash, Vec<Range>)>,
    /// The share that rules took which several hashes decide.
    narrowed: Option<f64>,
}

impl Rest {
    /// The share of everybody whom nothing has taken.
    pub(super) fn share(&self) -> f64 {
        let open: f64 = self.taken.iter().map(|(_, ranges)| 1.0 - length(ranges)).product();
        open * self.narrowed.unwrap_or(1.0)
    }

    /// Takes `ranges` of `hash`, the first that matches for each of the people: the share of everybody that each gets.
    /// Only `part` of those is asked, whom another hash decides.
    pub(super) fn take(&mut self, hash: &Hash, ranges: &[Range], part: f64) -> Vec<f64> {
        let before = self.share();
        let place = self.taken.iter().position(|(h, _)| h == hash);
        let mut own = place.map(|at| self.taken[at].1.clone()).unwrap_or_default();
        let free = 1.0 - length(&own);
        let others = if free > 0.0 { before / free } else { 0.0 };
        let shares: Vec<f64> = ranges.iter().map(|range| gained(&mut own, *range) * others * part).collect();
        if part < 1.0 {
            let sum: f64 = shares.iter().sum();
            let left = if before > 0.0 { 1.0 - sum / before } else { 0.0 };
            self.narrowed = Some(self.narrowed.unwrap_or(1.0) * left);
        } else if let Some(at) = place {
            self.taken[at].1 = own;
        } else {
            self.taken.push((hash.clone(), own));
        }
        shares
    }
}

/// Adds `range`: how much of it was free.
fn gained(ranges: &mut Vec<Range>, range: Range) -> f64 {
    let before = length(ranges);
    if range.1 > range.0 {
        ranges.push(range);
    }
    ranges.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut merged: Vec<Range> = Vec::new();
    for next in ranges.drain(..) {
        match merged.last_mut().filter(|last| next.0 <= last.1) {
            Some(last) => last.1 = last.1.max(next.1),
            None => merged.push(next),
        }
    }
    *ranges = merged;
    length(ranges) - before
}

/// The length of ranges that do not overlap.
pub(super) fn length(ranges: &[Range]) -> f64 {
    ranges.iter().map(|(from, to)| (to - from).max(0.0)).sum::<f64>().min(1.0)
}
