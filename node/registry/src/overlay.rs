//! What one block changes, over a committed state that stays untouched.
//!
//! Lives here: [`Overlay`], which answers as if the changes were made and can take back those of one
//! record. Does not live here: what stands where (`state`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encoding::{decode, encode};
use minicbor::{CborLen, Decode, Encode};

use crate::schedule::Due;
use crate::state::{DecodeObject, Key, Object, StateError, StateRead, record_mark};

/// A place in an overlay's history to which it can go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Checkpoint(usize);

/// An object that was written, and how its kind is encoded: at the end of a block, and not each time
/// that one of its records changes it. It is what decoding gives: no other value has its encoding.
#[derive(Clone)]
struct Written {
    object: Object,
    encode: fn(&Object) -> Vec<u8>,
}

impl Written {
    fn new<T>(value: &T) -> Self
    where
        T: for<'b> Decode<'b, ()> + Encode<()> + CborLen<()>,
        T: Clone + PartialEq + Send + Sync + 'static,
    {
        debug_assert!(
            decode(&encode(value), usize::MAX).is_ok_and(|again: T| again == *value),
            "what is written is read as something else"
        );
        Self {
            object: Arc::new(value.clone()),
            encode: |object| {
                let value: Option<&T> = object.downcast_ref();
                encode(value.expect("the encoder was chosen by the object's type"))
            },
        }
    }

    fn bytes(&self) -> Vec<u8> {
        (self.encode)(&self.object)
    }
}

enum Undo {
    Write {
        key: Vec<u8>,
        before: Option<Option<Written>>,
    },
    Mark([u8; 32]),
    Scheduled,
}

/// The changes of one block over a committed state that stays untouched.
pub struct Overlay<'a> {
    base: &'a dyn StateRead,
    /// What the committed state has at a key, once asked: the rules of one act ask for the same few
    /// objects again and again.
    objects: Mutex<BTreeMap<Vec<u8>, Option<Object>>>,
    changes: BTreeMap<Vec<u8>, Option<Written>>,
    marks: BTreeSet<[u8; 32]>,
    scheduled: Vec<(Seconds, Due)>,
    journal: Vec<Undo>,
}

impl StateRead for Overlay<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        match self.changes.get(key) {
            Some(value) => Ok(value.as_ref().map(Written::bytes)),
            None => self.base.get(key),
        }
    }

    fn object(&self, key: &[u8], decode: &DecodeObject<'_>) -> Result<Option<Object>, StateError> {
        if let Some(changed) = self.changes.get(key) {
            return Ok(changed.as_ref().map(|written| Arc::clone(&written.object)));
        }
        let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(object) = objects.get(key) {
            return Ok(object.clone());
        }
        let object = self.base.object(key, decode)?;
        objects.insert(key.to_vec(), object.clone());
        Ok(object)
    }

    fn seen(&self, mark: &[u8; 32]) -> Result<bool, StateError> {
        Ok(self.marks.contains(mark) || self.base.seen(mark)?)
    }

    fn recorded(&self, record: &RecordId) -> Result<bool, StateError> {
        Ok(self.marks.contains(&record_mark(record)) || self.base.recorded(record)?)
    }
}

impl<'a> Overlay<'a> {
    /// No changes yet.
    #[must_use]
    pub fn new(base: &'a dyn StateRead) -> Self {
        Self {
            base,
            objects: Mutex::default(),
            changes: BTreeMap::new(),
            marks: BTreeSet::new(),
            scheduled: Vec::new(),
            journal: Vec::new(),
        }
    }

    /// Changes the value at a key; gives what stood in the way of the committed one.
    fn change(&mut self, key: &[u8], value: Option<Option<Written>>) -> Option<Option<Written>> {
        match value {
            Some(value) => self.changes.insert(key.to_vec(), value),
            None => self.changes.remove(key),
        }
    }

    /// What changed: a key and its new value, or `None` where it was deleted. Encodes each value.
    #[must_use]
    pub fn changes(&self) -> BTreeMap<Vec<u8>, Option<Vec<u8>>> {
        let encoded = |value: &Option<Written>| value.as_ref().map(Written::bytes);
        self.changes
            .iter()
            .map(|(key, value)| (key.clone(), encoded(value)))
            .collect()
    }

    /// The marks made: they are to be seen from now on.
    #[must_use]
    pub fn marks(&self) -> &BTreeSet<[u8; 32]> {
        &self.marks
    }

    /// A place to which [`Overlay::rollback`] can return. Costs nothing.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint(self.journal.len())
    }

    /// Undoes everything since `checkpoint`; costs as much as was done.
    pub fn rollback(&mut self, checkpoint: Checkpoint) {
        while self.journal.len() > checkpoint.0 {
            match self.journal.pop() {
                Some(Undo::Write { key, before }) => drop(self.change(&key, before)),
                Some(Undo::Mark(mark)) => drop(self.marks.remove(&mark)),
                Some(Undo::Scheduled) => drop(self.scheduled.pop()),
                None => return,
            }
        }
    }

    pub(crate) fn put<T>(&mut self, key: Key<'_>, value: &T)
    where
        T: for<'b> Decode<'b, ()> + Encode<()> + CborLen<()>,
        T: Clone + PartialEq + Send + Sync + 'static,
    {
        let key = key.bytes();
        let before = self.change(&key, Some(Some(Written::new(value))));
        self.journal.push(Undo::Write { key, before });
    }

    /// A key that the committed state never had leaves no trace.
    pub(crate) fn delete(&mut self, key: Key<'_>) -> Result<(), StateError> {
        let key = key.bytes();
        let is_committed = self.base.get(&key)?.is_some();
        let before = self.change(&key, is_committed.then_some(None));
        self.journal.push(Undo::Write { key, before });
        Ok(())
    }

    pub(crate) fn mark(&mut self, mark: [u8; 32]) {
        if self.marks.insert(mark) {
            self.journal.push(Undo::Mark(mark));
        }
    }

    /// Remembers, until the end of the block, what is due at a time.
    pub(crate) fn schedule(&mut self, time: Seconds, due: Due) {
        self.scheduled.push((time, due));
        self.journal.push(Undo::Scheduled);
    }

    /// As [`Overlay::schedule`], unless the block has done so already.
    pub(crate) fn schedule_once(&mut self, time: Seconds, due: Due) {
        let entry = (time, due);
        if !self.scheduled.contains(&entry) {
            self.scheduled.push(entry);
            self.journal.push(Undo::Scheduled);
        }
    }

    pub(crate) fn scheduled(&self) -> &[(Seconds, Due)] {
        &self.scheduled
    }
}
