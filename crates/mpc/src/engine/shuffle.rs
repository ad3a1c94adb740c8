//! Records in an order that no node knows.
//!
//! Three passes; in each, two neighbours move the records into an order that the third does
//! not know, and share them anew. Source: Laur, Willemson, Zhang, ISC 2011. Each message of a
//! pass is a linear function of components that the receiver and the outsider know between
//! them, so the check of products also checks shuffles, and no comparison of contents is
//! needed: such a comparison would fail or pass depending on secrets.

use super::{
    Engine, Mode, RunError,
    log::{Entry, Part, Pass},
    products::read_numbers,
};
use crate::{
    field::{Fe, encode},
    net::{FrameKind, NodeIndex},
    share::Numbers,
};

impl Engine<'_> {
    /// Shuffles records of neighbouring elements. Three rounds, 32 bytes an element.
    ///
    /// # Errors
    /// [`RunError`]; the run is over.
    ///
    /// # Panics
    /// When the list does not consist of whole records.
    pub fn shuffle(&mut self, records: &Numbers, fields: usize) -> Result<Numbers, RunError> {
        assert!(fields > 0 && records.len().is_multiple_of(fields), "whole records");
        let mut records = records.clone();
        for second in NodeIndex::ALL {
            records = self.pass(&records, fields, second)?;
        }
        Ok(records)
    }

    /// One pass, in which `second` and the node before it know the order.
    fn pass(
        &mut self,
        old: &Numbers,
        fields: usize,
        second: NodeIndex,
    ) -> Result<Numbers, RunError> {
        self.count_terms(old.len(), old.len())?;
        self.statistics.rounds += 1;
        let pass = if self.me == second {
            self.pass_as_second(old, fields)?
        } else if self.me.next() == second {
            self.pass_as_first(old, fields)?
        } else {
            self.pass_outside(old)
        };
        let mut result = Numbers::new(pass.new_own.clone(), pass.new_next.clone());
        result.unchecked = self.one_deeper(old.unchecked);
        if self.mode == Mode::Malicious {
            self.field.push(Entry::Pass(pass));
        }
        Ok(result)
    }

    fn pass_as_first(&mut self, old: &Numbers, fields: usize) -> Result<Pass, RunError> {
        let order = spread(&self.streams.next.shuffle.order(old.len() / fields), fields);
        let new_own = self.streams.own.shuffle.numbers(old.len());
        let sent: Vec<Fe> = order
            .iter()
            .zip(&new_own)
            .map(|(from, new)| old.own[*from] + old.next[*from] - *new)
            .collect();
        let received = self.exchange_with(self.me.next(), &sent)?;
        let new_next = sum(&sent, &received);
        Ok(logged(old, Part::First, order, [new_own, new_next, sent, received]))
    }

    fn pass_as_second(&mut self, old: &Numbers, fields: usize) -> Result<Pass, RunError> {
        let order = spread(&self.streams.own.shuffle.order(old.len() / fields), fields);
        let new_next = self.streams.next.shuffle.numbers(old.len());
        let sent: Vec<Fe> =
            order.iter().zip(&new_next).map(|(from, new)| old.next[*from] - *new).collect();
        let received = self.exchange_with(self.me.previous(), &sent)?;
        let new_own = sum(&sent, &received);
        Ok(logged(old, Part::Second, order, [new_own, new_next, sent, received]))
    }

    fn pass_outside(&mut self, old: &Numbers) -> Pass {
        let new_own = self.streams.own.shuffle.numbers(old.len());
        let new_next = self.streams.next.shuffle.numbers(old.len());
        logged(old, Part::Outside, Vec::new(), [new_own, new_next, Vec::new(), Vec::new()])
    }

    fn exchange_with(&mut self, other: NodeIndex, values: &[Fe]) -> Result<Vec<Fe>, RunError> {
        self.send(other, FrameKind::Data, values.len(), &encode(values))?;
        let payload = self.receive(other, FrameKind::Data, values.len())?;
        read_numbers(&payload, values.len())
            .ok_or(RunError::cheated(other, "shuffled records that are no field elements"))
    }
}

fn logged(old: &Numbers, part: Part, order: Vec<usize>, columns: [Vec<Fe>; 4]) -> Pass {
    let [new_own, new_next, sent, received] = columns;
    let (old_own, old_next) = (old.own.clone(), old.next.clone());
    Pass { part, order, old_own, old_next, new_own, new_next, sent, received }
}

fn sum(left: &[Fe], right: &[Fe]) -> Vec<Fe> {
    left.iter().zip(right).map(|(left, right)| *left + *right).collect()
}

/// An order of records as an order of elements.
fn spread(order: &[usize], fields: usize) -> Vec<usize> {
    order.iter().flat_map(|record| record * fields..(record + 1) * fields).collect()
}
