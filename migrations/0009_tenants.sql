-- Row-level security: whoever forgets the workspace in a statement gets nothing of another one (docs/ARCHITECTURE.md,
-- "Tenants"). The store tells the workspace at the beginning of each transaction (store::tenant).

-- The workspace of this transaction; null when none was told, and then nothing is seen.
create function holdfast_workspace() returns integer
language sql stable parallel safe return nullif(current_setting('holdfast.workspace', true), '')::integer;

-- Whether this transaction sees the directories: what has to be read before it is known which workspace is meant.
create function holdfast_system() returns boolean
language sql stable parallel safe return coalesce(current_setting('holdfast.scope', true) = 'system', false);

-- Has a table show the rows of the transaction's workspace only, to its owner as well. As a sub-select the workspace is
-- found out once a statement.
create function keep_apart(tenants regclass) returns void language plpgsql as $$
begin
    execute format('alter table %s enable row level security', tenants);
    execute format('alter table %s force row level security', tenants);
    execute format(
        'create policy tenant on %s using (workspace_id = (select holdfast_workspace()))', tenants);
end $$;

-- As in 0001; and a partition that is named itself keeps workspaces apart like the table that it is a part of.
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
    end if;
end $$;

-- Every table with a workspace, partitions included.
do $$
declare
    tenants regclass;
begin
    for tenants in
        select c.oid::regclass
        from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
          and a.attname = 'workspace_id' and not a.attisdropped
        order by c.oid
    loop
        perform keep_apart(tenants);
    end loop;
end $$;

-- The directories: a slug, a person, a link's token lead to the workspace. What a workspace counts as active is listed
-- with it, and the queue of imports is one for all.
do $$
declare
    directory text;
begin
    foreach directory in array array['workspace', 'membership', 'one_time_link', 'link_token'] loop
        if to_regclass(directory) is not null then
            execute format('create policy system on %I using ((select holdfast_system()))', directory);
        end if;
    end loop;
end $$;
create policy system on activity for select using ((select holdfast_system()));
create policy system on activity_version for select using ((select holdfast_system()));
create policy system on import for select using ((select holdfast_system()));
