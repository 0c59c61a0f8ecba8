-- What every question asks for first, on one way to the data base each and planned once a connection: telling the
-- workspace, looking and ending apart took longer than counting did. Called outside a transaction, each is one of its own.

-- A workspace by its slug (store::Workspace), with its saved definitions of activity by age: of each the newest version
-- that answers, or when there is none yet the newest, and the one after it. From here on the transaction sees directories.
create function find_workspace(asked text) returns jsonb
language plpgsql set plan_cache_mode = 'force_generic_plan' as $$
begin
    perform set_config('holdfast.scope', 'system', true);
    return (
        select jsonb_build_object(
            'id', w.workspace_id, 'slug', w.slug, 'name', w.name, 'zone', w.zone, 'week_start', w.week_start,
            'own_activity', w.activity_id, 'internal', w.internal,
            'activities', coalesce((
                select jsonb_agg(
                    jsonb_build_object(
                        'id', a.activity_id, 'slug', a.slug, 'definition', v.definition, 'version', v.version,
                        'ready', v.filled_at is not null, 'derived', v.event_name_id is not null,
                        'next', n.definition)
                    order by a.activity_id)
                from activity a
                join lateral (
                    select * from activity_version v
                    where v.workspace_id = a.workspace_id and v.activity_id = a.activity_id
                    order by v.filled_at is null, v.version desc limit 1) v on true
                left join lateral (
                    select n.definition from activity_version n
                    where n.workspace_id = a.workspace_id and n.activity_id = a.activity_id and n.version > v.version
                    order by n.version desc limit 1) n on true
                where a.workspace_id = w.workspace_id), '[]'))
        from workspace w where w.slug = asked);
end $$;

-- What a key opens, if it is in use, with the workspace that was asked about if it is a key of that one.
create function key_use(of_workspace integer, of_hash bytea, of_kind text, asked text)
returns table (api_key_id integer, stale boolean, here jsonb)
language plpgsql set plan_cache_mode = 'force_generic_plan' as $$
begin
    perform set_config('holdfast.workspace', of_workspace::text, true);
    return query
        select k.api_key_id, coalesce(k.last_used_at < now() - interval '1 minute', true),
               case when w.slug = asked then find_workspace(asked) end
        from api_key k join workspace w on w.workspace_id = k.workspace_id
        where k.workspace_id = of_workspace and k.hash = of_hash and k.kind = of_kind and k.revoked_at is null;
end $$;

-- The shards of a workspace, in the transaction that looks at it.
create function shard_states(of_workspace integer)
returns table (
    shard smallint, version bigint, traits_version bigint, indexed boolean, next_customer_no integer, folded bigint,
    newest bigint)
language plpgsql set plan_cache_mode = 'force_generic_plan' as $$
begin
    return query
        select s.shard, s.version, s.traits_version, s.indexed, s.next_customer_no, a.version, a.newest
        from shard s left join activity_shard a on a.workspace_id = s.workspace_id and a.shard = s.shard
        where s.workspace_id = of_workspace order by s.shard;
end $$;
