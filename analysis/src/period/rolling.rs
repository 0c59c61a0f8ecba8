//! Periods counted from an instant of their own.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use super::{Calendar, Grain};

/// The length of a rolling period.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Length {
    /// So many seconds.
    Seconds(i32),
    /// So many months, by anniversary.
    Months(i32),
}

/// A stretch of time in which the zone's clocks keep their distance to UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ZoneSpan {
    /// Its first instant.
    pub from: Timestamp,
    /// Seconds by which clocks are ahead of UTC.
    pub offset: i32,
    /// Clock times from this one on (as if they were UTC) belong to it. A time that clocks skip or show twice belongs
    /// to the stretch before.
    pub clock: Timestamp,
}

impl Grain {
    /// The length of a rolling period of this size.
    pub fn length(self) -> Length {
        match self {
            Grain::Day => Length::Seconds(86_400),
            Grain::Week => Length::Seconds(7 * 86_400),
            Grain::Month => Length::Months(1),
            Grain::Quarter => Length::Months(3),
            Grain::Year => Length::Months(12),
        }
    }
}

impl Calendar {
    /// The first instant of the `k`-th rolling period from `start`. Anniversaries of a day that a month does not have
    /// fall on its last day, those at a clock time that is skipped come as much later, and of a clock time that is shown
    /// twice the first counts. Stops at the end of the calendar.
    pub fn rolling(&self, grain: Grain, start: Timestamp, k: usize) -> Timestamp {
        if k == 0 {
            return start;
        }
        let k = i64::try_from(k).unwrap_or(i64::MAX);
        let begin = match grain.length() {
            Length::Seconds(seconds) => i64::from(seconds)
                .checked_mul(k)
                .and_then(|seconds| start.checked_add(SignedDuration::from_secs(seconds)).ok()),
            Length::Months(months) => i64::from(months)
                .checked_mul(k)
                .and_then(|months| self.anniversary(start, months)),
        };
        begin.unwrap_or(Timestamp::MAX)
    }

    fn anniversary(&self, start: Timestamp, months: i64) -> Option<Timestamp> {
        let span = Span::new().try_months(months).ok()?;
        let clock = self.datetime(start).checked_add(span).ok()?;
        self.zone().to_timestamp(clock).ok()
    }

    /// The number of the rolling period from `start` in which an instant falls; 0 for instants before `start`.
    pub fn rolling_period(&self, grain: Grain, start: Timestamp, at: Timestamp) -> usize {
        let number = match grain.length() {
            Length::Seconds(seconds) => {
                at.duration_since(start).as_nanos() / (i128::from(seconds) * 1_000_000_000)
            }
            Length::Months(months) => {
                let (from, to) = (self.datetime(start), self.datetime(at));
                let number = |date: jiff::civil::DateTime| {
                    i128::from(date.year()) * 12 + i128::from(date.month())
                };
                (number(to) - number(from)) / i128::from(months)
            }
        };
        let number = usize::try_from(number).unwrap_or(0);
        // An anniversary in the same month may not have come yet.
        match number.checked_sub(1) {
            Some(before) if self.rolling(grain, start, number) > at => before,
            _ => number,
        }
    }

    /// The zone's stretches of constant distance to UTC from `from` to the one that contains `until`: all that is needed to find anniversaries elsewhere.
    pub fn zone_spans(&self, from: Timestamp, until: Timestamp) -> Vec<ZoneSpan> {
        let zone: &TimeZone = self.zone();
        let mut offset = zone.to_offset(from).seconds();
        // No clock is two days away from UTC.
        let two_days = SignedDuration::from_hours(48);
        let mut spans = vec![ZoneSpan {
            from,
            offset,
            clock: from.saturating_sub(two_days).unwrap_or(from),
        }];
        let changes = zone.following(from);
        for change in changes.take_while(|change| change.timestamp() <= until) {
            let before = offset;
            offset = change.offset().seconds();
            let ahead = i64::from(before.max(offset));
            let clock = change
                .timestamp()
                .saturating_add(SignedDuration::from_secs(ahead));
            spans.push(ZoneSpan {
                from: change.timestamp(),
                offset,
                clock: clock.unwrap_or(Timestamp::MAX),
            });
        }
        spans
    }
}
