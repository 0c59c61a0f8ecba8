-- Who is not a customer at all, and periods that begin with a customer's own start.

-- Conditions on traits (as in a question's filters); a customer who meets any of them is internal or a test, and is
-- left out of every report.
alter table workspace add column internal jsonb not null default '[]' check (jsonb_typeof(internal) = 'array');

-- Whether a property or trait passes a test: "is" and "is_not" any of a list of texts, "set", "unset", "between" two
-- numbers, both included.
create function passes(object jsonb, name text, op text, list jsonb, low float8, high float8) returns boolean
language sql immutable parallel safe return coalesce(
    case op
        when 'is' then list ? (object ->> name)
        when 'is_not' then object ->> name is null or not list ? (object ->> name)
        when 'set' then object ->> name is not null
        when 'unset' then object is null or object ->> name is null
        when 'between' then case jsonb_typeof(object -> name) when 'number' then
            (object -> name)::float8 >= coalesce(low, '-infinity')
            and (object -> name)::float8 <= coalesce(high, 'infinity') end
    end, false);

-- What clocks show at an instant. The zone comes as its stretches of constant distance to UTC, cut by
-- analysis::period::Calendar::zone_spans, so that there is one time-zone data base and not two that could disagree.
create function clock_at(instant timestamptz, zone_from timestamptz[], zone_offset integer[]) returns timestamp
language sql immutable parallel safe return
    (instant at time zone 'UTC') + make_interval(secs => zone_offset[width_bucket(instant, zone_from)]);

-- The instant at which clocks show a time: the first one of two, as much later when the time is skipped.
create function instant_of(clock timestamp, zone_clock timestamptz[], zone_offset integer[]) returns timestamptz
language sql immutable parallel safe return
    (clock - make_interval(secs => zone_offset[width_bucket(clock at time zone 'UTC', zone_clock)])) at time zone 'UTC';

-- The number of the period, counted from `start`, in which an instant falls: of so many seconds, or, when seconds is 0,
-- of so many months by anniversary. As analysis::period::Calendar::rolling_period.
create function rolling_period(
    start timestamptz, instant timestamptz, seconds integer, months integer,
    zone_from timestamptz[], zone_clock timestamptz[], zone_offset integer[]
) returns integer language plpgsql immutable parallel safe as $$
declare
    from_clock timestamp;
    to_clock   timestamp;
    number     integer;
begin
    if seconds > 0 then
        return greatest(div(extract(epoch from instant - start), seconds), 0);
    end if;
    from_clock := clock_at(start, zone_from, zone_offset);
    to_clock := clock_at(instant, zone_from, zone_offset);
    number := (12 * (extract(year from to_clock) - extract(year from from_clock))
               + extract(month from to_clock) - extract(month from from_clock))::integer / months;
    -- an anniversary in the same month may not have come yet
    if number > 0
       and instant_of(from_clock + make_interval(months => number * months), zone_clock, zone_offset) > instant then
        return number - 1;
    end if;
    return greatest(number, 0);
end $$;
