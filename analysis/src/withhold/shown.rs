//! An answer as readers of a link see it.

use super::{
    Withheld, WithheldGroups, WithheldPeriods, WithheldSegments, withhold, withhold_churn,
    withhold_features, withhold_segments,
};
use crate::churn::ChurnReport;
use crate::comparison::ComparisonReport;
use crate::quartiles::QuartileReport;
use crate::report::RetentionReport;
use crate::saved::Answer;

/// What is left of an answer, and what was taken out. Annotations are said to the people of a workspace, so there are none.
#[derive(Clone, PartialEq, Debug)]
pub enum Shown {
    /// The matrix.
    Retention(Box<RetentionReport>, Withheld),
    /// Whether a feature keeps customers.
    Features(Box<QuartileReport>, WithheldGroups),
    /// Segments side by side.
    Segments(Box<ComparisonReport>, WithheldSegments),
    /// Who leaves.
    Churn(Box<ChurnReport>, WithheldPeriods),
}

impl Shown {
    /// An answer as it is shown. `guarded`: numbers that tell of few customers are taken out.
    pub fn of(answer: Answer, guarded: bool) -> Self {
        match answer {
            Answer::Retention(report) => {
                let (mut report, withheld) = match guarded {
                    true => withhold(&report),
                    false => (*report, Withheld::default()),
                };
                forget_notes(&mut report);
                Self::Retention(Box::new(report), withheld)
            }
            Answer::Features(report) => match guarded {
                true => {
                    let (report, withheld) = withhold_features(&report);
                    Self::Features(Box::new(report), withheld)
                }
                false => Self::Features(report, WithheldGroups::default()),
            },
            Answer::Segments(report) => {
                let (mut report, withheld) = match guarded {
                    true => withhold_segments(&report),
                    false => (*report, WithheldSegments::default()),
                };
                report.reports_mut().for_each(forget_notes);
                Self::Segments(Box::new(report), withheld)
            }
            Answer::Churn(report) => {
                let (mut report, withheld) = match guarded {
                    true => withhold_churn(&report),
                    false => (*report, WithheldPeriods::default()),
                };
                report.annotations.clear();
                Self::Churn(Box::new(report), withheld)
            }
        }
    }
}

fn forget_notes(report: &mut RetentionReport) {
    let cohorts = report.cohorts.iter_mut();
    cohorts.for_each(|cohort| cohort.note = None);
}
