//! Polynomials given by their values at 0, 1, 2, ...

use crate::field::PrimeField;

/// Weights that turn values at 0, 1, ..., n-1 into the value anywhere.
pub(crate) struct Lagrange<F> {
    /// One over the product of the distances of each point to the others.
    inverses: Vec<F>,
}

impl<F: PrimeField> Lagrange<F> {
    /// For so many points; the field must have at least as many elements.
    pub(crate) fn new(points: usize) -> Self {
        let number = |value: usize| F::from_signed(i64::try_from(value).expect("few points"));
        let inverses = (0..points)
            .map(|point| {
                let others = (0..points).filter(|other| *other != point);
                let distance = |other| number(point) - number(other);
                others.map(distance).fold(F::ONE, |product, factor| product * factor).inverse()
            })
            .collect();
        Self { inverses }
    }

    /// The weight of each value for the value at a place.
    pub(crate) fn at(&self, place: F) -> Vec<F> {
        let mut weights = self.inverses.clone();
        let (mut before, mut point) = (F::ONE, F::ZERO);
        for weight in &mut weights {
            *weight = *weight * before;
            before = before * (place - point);
            point = point + F::ONE;
        }
        let mut after = F::ONE;
        for weight in weights.iter_mut().rev() {
            point = point - F::ONE;
            *weight = *weight * after;
            after = after * (place - point);
        }
        weights
    }
}
