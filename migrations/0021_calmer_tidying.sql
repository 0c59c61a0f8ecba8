-- Events come and stay: a table of them is counted, and its pages are marked as seen by all, when it has grown by half
-- rather than by a tenth and a fifth. While files were imported that was some 7 % of all work.
create function tidy_calmly(events regclass) returns void language plpgsql as $$
begin
    execute format(
        'alter table %s set (autovacuum_analyze_scale_factor = 0.5, autovacuum_vacuum_insert_scale_factor = 0.5)',
        events);
end $$;

-- As in 0009, and tidied calmly.
create or replace function event_partition(month date) returns void language plpgsql as $$
declare
    first date := date_trunc('month', month);
    part  text := format('event_%s', to_char(first, 'YYYY_MM'));
begin
    if to_regclass(part) is not null then
        return;
    end if;
    perform pg_advisory_xact_lock(hashtext('event_partition'));
    -- asked of the catalogue: to_regclass may answer from before the lock
    if not exists (
        select 1 from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'event'::regclass and c.relname = part) then
        execute format(
            'create table %I partition of event for values from (%L) to (%L)',
            part, first::timestamp at time zone 'UTC', (first + interval '1 month') at time zone 'UTC');
        perform keep_apart(part::regclass);
        perform tidy_calmly(part::regclass);
    end if;
end $$;

select tidy_calmly(inhrelid::regclass) from pg_inherits where inhparent = 'event'::regclass;
