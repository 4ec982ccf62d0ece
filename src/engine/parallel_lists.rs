//! A task list read by two: of what came at once, another thread reads the second half meanwhile.
//!
//! Where an element begins in the middle of a list can only be guessed. The first reader comes there
//! in the end, and so finds out; what was read from a wrong place is thrown away, and read again.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{json_array::Gaps, wire::TaskReader};
use crate::cluster::Task;

/// Less than this is not worth a second reader.
const WORTH: usize = 256 << 10;
/// Bytes between two tasks in the engine's JSON; a task contains them only if its volumes do.
const BETWEEN: &[u8] = br#"},{"ID":""#;

/// Two readers of one list.
#[derive(Debug, Default)]
pub(super) struct ParallelLists {
    first: TaskReader,
    second: TaskReader,
    /// The time both took.
    pub took: Duration,
}

impl ParallelLists {
    /// Takes bytes in, in the pieces they came in; the tasks that are complete with them, in order.
    pub async fn feed(&mut self, mut pieces: Vec<Bytes>) -> Result<Vec<Task>, String> {
        let Some((cut, at)) = middle(&pieces) else {
            return self.read(&pieces);
        };
        let theirs = pieces.split_off(cut);
        let (head, rest) = (theirs[0].slice(..at), theirs[0].slice(at..));
        let rest: Vec<Bytes> = std::iter::once(rest).chain(theirs.into_iter().skip(1)).collect();
        let mut second = std::mem::take(&mut self.second);
        let meanwhile = tokio::task::spawn_blocking(move || {
            let begun = Instant::now();
            second.begin_inside();
            let tasks = read(&mut second, &rest);
            (second, tasks, rest, begun.elapsed())
        });
        pieces.push(head);
        let ours = self.read(&pieces);
        let (second, theirs, rest, took) = meanwhile.await.map_err(|error| error.to_string())?;
        self.second = second;
        self.took += took;
        let mut tasks = ours?;
        match theirs {
            Ok(mut theirs) if self.first.is_between() => {
                tasks.append(&mut theirs);
                self.first.go_on_as(&mut self.second);
            }
            _ => tasks.append(&mut self.read(&rest)?),
        }
        Ok(tasks)
    }

    fn read(&mut self, pieces: &[Bytes]) -> Result<Vec<Task>, String> {
        let begun = Instant::now();
        let tasks = read(&mut self.first, pieces);
        self.took += begun.elapsed();
        tasks
    }

    /// Elements that could not be read so far.
    pub fn gaps(&self) -> &Gaps {
        self.first.gaps()
    }

    /// Bytes of texts that are kept for what was read.
    pub fn text_bytes(&self) -> usize {
        self.first.text_bytes() + self.second.text_bytes()
    }

    /// The error, if the list is incomplete.
    pub fn finish(&self) -> Result<(), String> {
        self.first.finish()
    }
}

fn read(reader: &mut TaskReader, pieces: &[Bytes]) -> Result<Vec<Task>, String> {
    let mut tasks = Vec::new();
    for piece in pieces {
        tasks.append(&mut reader.feed(piece)?);
    }
    Ok(tasks)
}

/// The piece, and the place in it, from where on the second half begins with an element, by the look
/// of it.
fn middle(pieces: &[Bytes]) -> Option<(usize, usize)> {
    let all: usize = pieces.iter().map(Bytes::len).sum();
    if all < WORTH {
        return None;
    }
    let mut before = 0;
    for (cut, piece) in pieces.iter().enumerate() {
        let from = (all / 2).saturating_sub(before);
        if from < piece.len() {
            let at = memchr::memmem::find(&piece[from..], BETWEEN)?;
            return Some((cut, from + at + 2));
        }
        before += piece.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A long list, and what the engine may say of a task's volumes.
    fn list(volumes: &str) -> String {
        let task = |i: usize| {
            let text = "x".repeat(i % 700);
            format!(
                r#"{{"ID":"task{i}","Version":{{"Index":{i}}},"Slot":{i},"Status":{{"Err":"{text}"}}{volumes}}}"#
            )
        };
        format!("[{}]\n", (0..2_000).map(task).collect::<Vec<_>>().join(","))
    }

    async fn by_two(json: &str, sizes: &[usize], at_once: usize) -> Result<Vec<Task>, String> {
        let mut pair = ParallelLists::default();
        let (mut rest, mut tasks, mut pieces) = (json.as_bytes(), Vec::new(), Vec::new());
        for size in sizes.iter().cycle() {
            let (piece, more) = rest.split_at(rest.len().min(*size));
            pieces.push(Bytes::copy_from_slice(piece));
            rest = more;
            if pieces.len() == at_once || rest.is_empty() {
                tasks.append(&mut pair.feed(std::mem::take(&mut pieces)).await?);
            }
            if rest.is_empty() {
                break;
            }
        }
        pair.finish().map(|()| tasks)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

        /// Tasks of a byte to 4 MiB of environment, in chunks of a byte to 256 KiB.
        #[test]
        fn tasks_of_any_size_in_chunks_of_any_size(
            tasks in prop::collection::vec(0_u32..23, 1..12),
            chunks in prop::collection::vec(0_u32..19, 1..6),
            at_once in 1_usize..40,
        ) {
            let task = |(i, size): (usize, &u32)| {
                let env = "{\\\"ID\\\":".chars().cycle().take(1 << size).collect::<String>();
                // Cut where an escape is whole.
                let env = env.trim_end_matches('\\');
                format!(
                    r#"{{"ID":"task{i}","Slot":{i},"Spec":{{"ContainerSpec":{{"Image":"i{i}","Env":["{env}"]}}}},"Volumes":[{{"ID":"v"}},{{"ID":"w"}}]}}"#
                )
            };
            let json = tasks.iter().enumerate().map(task).collect::<Vec<_>>().join(",");
            let json = format!("[{json}]\n");
            let least = json.len() / 100_000 + 1;
            let sizes: Vec<usize> = chunks.iter().map(|size| (1_usize << size).max(least)).collect();
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            let read = runtime.block_on(by_two(&json, &sizes, at_once)).expect("a list");
            let slots: Vec<u64> = read.iter().map(|t| t.slot).collect();
            prop_assert_eq!(slots, (0..tasks.len() as u64).collect::<Vec<_>>());
            let own_spec = |(i, task): (usize, &Task)| *task.spec.image == *format!("i{i}");
            prop_assert!(read.iter().enumerate().all(own_spec), "each its own spec");
        }
    }

    #[tokio::test]
    async fn two_read_what_one_reads() {
        // Not a task, though it looks as if one began there.
        let volumes = r#","Volumes":[{"ID":"v1"},{"ID":"v2"},{"ID":"v3"}]"#;
        for json in [list(""), list(volumes)] {
            let mut one = TaskReader::default();
            let expected = one.feed(json.as_bytes()).expect("a list");
            assert_eq!(expected.len(), 2_000);
            for (sizes, at_once) in
                [(&[1 << 20][..], 1), (&[70_000, 9_001, 333], 12), (&[997], 600)]
            {
                assert_eq!(by_two(&json, sizes, at_once).await.as_ref(), Ok(&expected));
            }
            // Unreadable elements are counted, whichever of the two readers meets them.
            let odd = json.replace("\"Slot\":19", "\"Slot\":-19");
            let expected = json.matches("\"Slot\":19").count() as u64;
            let mut pair = ParallelLists::default();
            pair.feed(vec![Bytes::from(odd)]).await.expect("a list");
            assert_eq!((pair.gaps().count, expected), (expected, 111));
            let cut = &json[..json.len() - 2];
            assert!(by_two(cut, &[1 << 20], 1).await.is_err(), "a list that breaks off");
        }
    }
}
