//! Local days as intervals of instants.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::{Grain, WeekStart};

/// A zone name that the time-zone data base does not know.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("“{0}” is not a known time zone; expected an IANA name such as Europe/Berlin or UTC")]
pub struct UnknownZone(pub String);

/// A workspace's calendar: its time zone and the day its weeks begin.
///
/// Local days follow each other without gap or overlap: a day is `[midnight(d), midnight(d + 1))`. Where clocks go back
/// across midnight, the repeated minutes belong to the day that had already begun.
#[derive(Clone, PartialEq, Debug)]
pub struct Calendar {
    zone: TimeZone,
    zone_name: String,
    week_start: WeekStart,
}

impl Calendar {
    /// The calendar of an IANA zone such as "Europe/Berlin". Names are matched without regard to case.
    pub fn new(zone: &str, week_start: WeekStart) -> Result<Calendar, UnknownZone> {
        let found = TimeZone::get(zone).map_err(|_| UnknownZone(zone.to_owned()))?;
        let zone_name = found.iana_name().unwrap_or(zone).to_owned();
        Ok(Calendar {
            zone: found,
            zone_name,
            week_start,
        })
    }

    pub(super) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The zone's IANA name, as the data base spells it.
    pub fn zone_name(&self) -> &str {
        &self.zone_name
    }

    /// The weekday on which weeks begin.
    pub fn week_start(&self) -> WeekStart {
        self.week_start
    }

    /// What a clock on the wall shows at an instant.
    pub fn datetime(&self, at: Timestamp) -> DateTime {
        self.zone.to_datetime(at)
    }

    /// The instant at which a clock on the wall shows this: the first one where it does so twice, and as much later as
    /// clocks jump where they skip it.
    pub fn instant(&self, at: DateTime) -> Timestamp {
        let instant = self.zone.to_ambiguous_timestamp(at).compatible();
        // Only within a day of the ends of the calendar there is none.
        instant.unwrap_or(if at.year() < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
    }

    /// The local date of an instant.
    pub fn date(&self, at: Timestamp) -> Date {
        let mut date = self.datetime(at).date();
        while let Ok(tomorrow) = date.tomorrow()
            && self.midnight(tomorrow) <= at
        {
            date = tomorrow;
        }
        date
    }

    /// The first instant of a local day: 00:00, or the first that exists where clocks skip it. A day that the zone
    /// skipped altogether begins (and ends) when the next one does.
    pub fn midnight(&self, date: Date) -> Timestamp {
        let midnight = self
            .zone
            .to_ambiguous_timestamp(date.to_datetime(jiff::civil::Time::midnight()));
        let offset = midnight.offset();
        let Ok(compatible) = midnight.compatible() else {
            // Only within a day of the ends of the calendar, years -9999 and 9999.
            return if date.year() < 0 {
                Timestamp::MIN
            } else {
                Timestamp::MAX
            };
        };
        if !matches!(offset, AmbiguousOffset::Gap { .. }) {
            return compatible;
        }
        // `compatible` lies as far behind the jump as 00:00 lies inside it; the day begins at the jump itself.
        let just_after = compatible.saturating_add(jiff::SignedDuration::from_nanos(1));
        just_after
            .ok()
            .and_then(|after| self.zone.preceding(after).next())
            .map_or(compatible, |jump| jump.timestamp())
    }

    /// First local date of the period that contains an instant.
    pub fn floor(&self, grain: Grain, at: Timestamp) -> Date {
        grain.floor(self.date(at), self.week_start)
    }
}

/// Consecutive periods: `n` starts and `n + 1` bounds, period `i` is `[bounds[i], bounds[i + 1])`.
///
/// No period is empty: a day that the zone skipped (Samoa had no 30 December 2011) is not a period.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Periods {
    /// The length of each.
    pub grain: Grain,
    /// First local date of each period, ascending.
    pub starts: Vec<Date>,
    /// First instant of each period, then the end of the last.
    pub bounds: Vec<Timestamp>,
}

impl Periods {
    /// The periods from the one that contains the local date `first` to the one that contains the instant just before
    /// `until`. None at all if `until` is not after the first one's beginning.
    pub fn covering(calendar: &Calendar, grain: Grain, first: Date, until: Timestamp) -> Periods {
        let mut start = grain.floor(first, calendar.week_start);
        let mut begin = calendar.midnight(start);
        let mut periods = Periods {
            grain,
            starts: Vec::new(),
            bounds: vec![begin],
        };
        while begin < until {
            let next = grain.next(start);
            let end = if next > start {
                calendar.midnight(next)
            } else {
                Timestamp::MAX
            };
            if end > begin {
                periods.starts.push(start);
                periods.bounds.push(end);
            }
            if next <= start {
                break;
            }
            start = next;
            begin = end;
        }
        periods
    }

    /// The number of periods.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The period that contains an instant, `None` before the first and after the last.
    pub fn index_of(&self, at: Timestamp) -> Option<u32> {
        let begun = self.bounds.partition_point(|bound| *bound <= at);
        if begun == 0 || begun == self.bounds.len() {
            return None;
        }
        u32::try_from(begun - 1).ok()
    }
}
