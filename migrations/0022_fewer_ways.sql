-- The watermark is the newest event of a workspace's shards, which is kept for the writers anyway. A batch was told after
-- every set, and the second writer of a file waited for it.
alter table batch drop column newest_event_at;

-- As in 0020, with the newest event that was stored, in microseconds since 1970: what a question looks at first tells the
-- watermark, too.
drop function shard_states(integer);
create function shard_states(of_workspace integer)
returns table (
    shard smallint, version bigint, traits_version bigint, indexed boolean, next_customer_no integer, folded bigint,
    newest bigint, newest_micros bigint)
language plpgsql set plan_cache_mode = 'force_generic_plan' as $$
begin
    return query
        select s.shard, s.version, s.traits_version, s.indexed, s.next_customer_no, a.version, a.newest,
               (extract(epoch from s.newest_at) * 1000000)::bigint
        from shard s left join activity_shard a on a.workspace_id = s.workspace_id and a.shard = s.shard
        where s.workspace_id = of_workspace order by s.shard;
end $$;

-- The annotations of the days from the first to the last, the newest `most` of them, the newest first. Asked on the same
-- way as the shards: while a question is counted, all processors are busy with that.
create function annotations_between(of_workspace integer, first date, last date, most integer)
returns table (day text, text text)
language plpgsql set plan_cache_mode = 'force_generic_plan' as $$
begin
    return query
        select to_char(a.on_date, 'YYYY-MM-DD'), a.text from annotation a
        where a.workspace_id = of_workspace and a.on_date between first and last
        order by a.on_date desc, a.annotation_id desc limit most;
end $$;

-- Everything a retention question reads of an event, in the order of customers: index-only scans. With the number of the
-- name before the instant an entry takes 36 bytes instead of 44, since nothing has to be padded; and what has an instant
-- in it has few equals to be put together.
drop index event_customer;
create index event_customer on event (workspace_id, shard, customer_no, event_name_id, at) with (deduplicate_items = off);
