//! Where tasks are kept: each in a place that stays its own for life, so that indices hold four bytes
//! a task and tables eight a row, and 100,000 of them are ordered without touching an id.

use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

use crate::cluster::{ListId, Task, TaskId};

/// A task's place. Unlike a row number it never comes to mean another task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TaskRef {
    at: u32,
    born: u32,
}

/// A task, and where the indices have it.
#[derive(Clone, Debug)]
pub(in crate::cluster) struct SlabRow {
    pub task: Task,
    /// The last list that named it.
    pub seen: ListId,
    pub in_service: u32,
    pub in_node: u32,
    born: u32,
}

/// All tasks.
#[derive(Clone, Debug, Default)]
pub(in crate::cluster) struct TaskSlab {
    rows: Vec<Option<SlabRow>>,
    free: Vec<u32>,
    by_id: HashTable<u32>,
    hasher: DefaultHashBuilder,
    born: u32,
}

impl TaskSlab {
    /// Number of tasks.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// The index of a task.
    pub fn find(&self, id: &TaskId) -> Option<u32> {
        let is_it = |at: &u32| self.row(*at).is_some_and(|row| row.task.id == *id);
        self.by_id.find(self.hasher.hash_one(id), is_it).copied()
    }

    /// The row at an index.
    pub fn row(&self, at: u32) -> Option<&SlabRow> {
        self.rows.get(at as usize)?.as_ref()
    }

    /// The row at an index, to be changed.
    pub fn row_mut(&mut self, at: u32) -> Option<&mut SlabRow> {
        self.rows.get_mut(at as usize)?.as_mut()
    }

    /// The task of a place, while it lives.
    pub fn at(&self, place: TaskRef) -> Option<&Task> {
        self.row(place.at).filter(|row| row.born == place.born).map(|row| &row.task)
    }

    /// The place of the task at an index.
    pub fn place(&self, at: u32) -> Option<TaskRef> {
        self.row(at).map(|row| TaskRef { at, born: row.born })
    }

    /// All rows with their indices, in no order.
    pub fn rows(&self) -> impl Iterator<Item = (u32, &SlabRow)> {
        self.rows.iter().enumerate().filter_map(|(at, row)| Some((at as u32, row.as_ref()?)))
    }

    /// All rows, to be changed.
    pub fn rows_mut(&mut self) -> impl Iterator<Item = &mut SlabRow> {
        self.rows.iter_mut().flatten()
    }

    /// Puts a task in that is not there yet.
    pub fn insert(&mut self, task: Task, seen: ListId) -> u32 {
        self.born = self.born.wrapping_add(1);
        let hash = self.hasher.hash_one(&task.id);
        let row = SlabRow { task, seen, in_service: 0, in_node: 0, born: self.born };
        let at = match self.free.pop() {
            Some(at) => {
                self.rows[at as usize] = Some(row);
                at
            }
            None => {
                self.rows.push(Some(row));
                self.rows.len() as u32 - 1
            }
        };
        let (rows, hasher) = (&self.rows, &self.hasher);
        self.by_id.insert_unique(hash, at, |at| {
            rows[*at as usize].as_ref().map_or(0, |row| hasher.hash_one(&row.task.id))
        });
        at
    }

    /// Removes the row at an index, which the next task may take.
    pub fn remove(&mut self, at: u32) -> Option<SlabRow> {
        let row = self.rows.get_mut(at as usize)?.take()?;
        self.free.push(at);
        if let Ok(entry) = self.by_id.find_entry(self.hasher.hash_one(&row.task.id), |a| *a == at) {
            entry.remove();
        }
        Some(row)
    }

    /// Forgets all; no place of before comes back.
    pub fn clear(&mut self) {
        *self = Self { born: self.born, ..Self::default() };
    }
}
