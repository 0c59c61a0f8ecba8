//! Many questions at once.

/// Holm's adjusted p-values, in the order given: below 0.05 exactly where Holm's step-down procedure rejects at 5 %, so
/// that among all questions together the chance of one false finding stays below 5 %, whatever their dependence.
///
/// What is not a number counts as 1. Source: S. Holm, Scandinavian Journal of Statistics 6 (1979), 65-70; adjusted
/// values as in S. P. Wright, Biometrics 48 (1992), 1005-1013.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let p_of = |place: usize| p_values.get(place).copied().filter(|p| !p.is_nan());
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (p_of(*a).unwrap_or(1.0), p_of(*b).unwrap_or(1.0));
        a.total_cmp(&b)
    });
    let mut adjusted = vec![1.0; p_values.len()];
    let mut largest = 0.0_f64;
    for (before, place) in order.into_iter().enumerate() {
        let left = u64::try_from(p_values.len() - before).unwrap_or(u64::MAX);
        let step = p_of(place).unwrap_or(1.0).max(0.0) * super::float(left);
        largest = largest.max(step).min(1.0);
        if let Some(slot) = adjusted.get_mut(place) {
            *slot = largest;
        }
    }
    adjusted
}
