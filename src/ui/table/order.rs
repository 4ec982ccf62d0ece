//! The order of rows: names as people count them, and any column on top of that. Sorting is done on
//! numbers: of 100,000 rows most have the same few texts.

use std::{borrow::Cow, cmp::Ordering};

use hashbrown::HashMap;

use crate::{
    cluster::{NodeId, ServiceId, Store},
    ui::table::columns::Key,
};

/// Services and nodes in the order of their names.
#[derive(Debug, Default)]
pub struct NameOrder {
    roll: Option<u64>,
    /// Services by name.
    pub services: Vec<ServiceId>,
    /// Nodes by host name.
    pub nodes: Vec<NodeId>,
    /// Ranks of the services.
    pub service_ranks: HashMap<ServiceId, u32>,
    /// Ranks of the nodes.
    pub node_ranks: HashMap<NodeId, u32>,
}

impl NameOrder {
    /// Brings the order of names up to date.
    pub fn refresh(&mut self, store: &Store) {
        if self.roll == Some(store.roll()) {
            return;
        }
        self.roll = Some(store.roll());
        let mut services: Vec<_> = store.services().collect();
        services.sort_unstable_by(|a, b| natural(&a.name, &b.name).then_with(|| a.id.cmp(&b.id)));
        self.services = services.into_iter().map(|s| s.id.clone()).collect();
        let mut nodes: Vec<_> = store.nodes().collect();
        nodes.sort_unstable_by(|a, b| {
            natural(&a.hostname, &b.hostname).then_with(|| a.id.cmp(&b.id))
        });
        self.nodes = nodes.into_iter().map(|n| n.id.clone()).collect();
        let ranked = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.service_ranks =
            self.services.iter().enumerate().map(|(at, id)| (id.clone(), ranked(at))).collect();
        self.node_ranks =
            self.nodes.iter().enumerate().map(|(at, id)| (id.clone(), ranked(at))).collect();
    }

    /// Changes whenever a name comes, goes or changes.
    pub fn roll(&self) -> Option<u64> {
        self.roll
    }
}

/// Rows ordered by what a column says of them; what it leaves open stays in the order it has. A row
/// that is `nested` stays under the one before it.
pub fn sort<'a, R: Clone>(
    rows: &'a [R],
    reverse: bool,
    nested: impl Fn(&R) -> bool,
    key: impl Fn(&'a R) -> Key<'a>,
) -> Vec<R> {
    let mut keys = Vec::with_capacity(rows.len());
    let mut texts = Texts::default();
    let mut last = 0;
    for (at, row) in rows.iter().enumerate() {
        if !nested(row) {
            last = match key(row) {
                Key::Place => at as u64,
                // Negative numbers before the others.
                Key::Number(n) => (n as u64) ^ (1 << 63),
                Key::Text(text) => texts.number(text),
            };
        }
        keys.push((last, at as u32));
    }
    let ranks = texts.ranks();
    for (key, _) in &mut keys {
        if !ranks.is_empty() {
            *key = u64::from(ranks[*key as usize]);
        }
        if reverse {
            *key = !*key;
        }
    }
    if !keys.is_sorted() {
        keys.sort_unstable();
    }
    keys.into_iter().map(|(_, at)| rows[at as usize].clone()).collect()
}

/// Texts numbered as they come, and ranked at the end: of 100,000 rows most have the same few.
#[derive(Default)]
struct Texts<'a> {
    numbers: HashMap<Cow<'a, str>, u32>,
    seen: HashMap<(*const u8, usize), u32>,
}

impl<'a> Texts<'a> {
    fn number(&mut self, text: Cow<'a, str>) -> u64 {
        let place = match &text {
            Cow::Borrowed(text) => Some((text.as_ptr(), text.len())),
            Cow::Owned(_) => None,
        };
        if let Some(number) = place.and_then(|p| self.seen.get(&p)) {
            return u64::from(*number);
        }
        let next = self.numbers.len() as u32;
        let number = *self.numbers.entry(text).or_insert(next);
        if let Some(place) = place {
            self.seen.insert(place, number);
        }
        u64::from(number)
    }

    /// The rank of each text, by its number.
    fn ranks(self) -> Vec<u32> {
        let mut sorted: Vec<_> = self.numbers.into_iter().collect();
        sorted.sort_unstable_by(|a, b| natural(&a.0, &b.0).then_with(|| a.0.cmp(&b.0)));
        let mut ranks = vec![0; sorted.len()];
        for (rank, (_, number)) in sorted.into_iter().enumerate() {
            ranks[number as usize] = rank as u32;
        }
        ranks
    }
}

/// Names as people count: `node2` before `node10`.
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    let digits = |text: &[u8]| text.iter().take_while(|c| c.is_ascii_digit()).count();
    loop {
        let (Some(x), Some(y)) = (a.first(), b.first()) else { return a.len().cmp(&b.len()) };
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let ((n, rest_a), (m, rest_b)) = (a.split_at(digits(a)), b.split_at(digits(b)));
            let zeros = |n: &[u8]| n.iter().take_while(|c| **c == b'0').count();
            let (n, m) = (&n[zeros(n)..], &m[zeros(m)..]);
            let order = n.len().cmp(&m.len()).then_with(|| n.cmp(m));
            if order.is_ne() {
                return order;
            }
            (a, b) = (rest_a, rest_b);
        } else {
            if x != y {
                return x.cmp(y);
            }
            (a, b) = (&a[1..], &b[1..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_order_as_people_count() {
        let mut names = ["node10", "node2", "web", "node2b", "a-10-2", "a-9-11", "node02", "a"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["a", "a-9-11", "a-10-2", "node2", "node02", "node2b", "node10", "web"]);
    }

    #[test]
    fn what_a_column_leaves_open_stays_and_nested_rows_stay_under_theirs() {
        let rows =
            [("b", 1, false), ("a", 2, false), ("x", 3, true), ("b", 4, false), ("a", 5, false)];
        let order = |reverse| {
            let key = |r: &'static (&'static str, i32, bool)| Key::Text(r.0.into());
            let rows: &'static _ = Vec::leak(rows.to_vec());
            sort(rows, reverse, |r| r.2, key).iter().map(|r| r.1).collect::<Vec<_>>()
        };
        assert_eq!(order(false), [2, 3, 5, 1, 4]);
        assert_eq!(order(true), [1, 4, 2, 3, 5]);
        let numbers: &'static [i64] = &[3, -1, 2];
        assert_eq!(sort(numbers, false, |_| false, |n| Key::Number(*n)), [-1, 2, 3]);
        assert_eq!(sort(numbers, true, |_| false, |_| Key::Place), [2, -1, 3]);
    }
}
