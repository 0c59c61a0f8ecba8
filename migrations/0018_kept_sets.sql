-- Sets of active periods as they were made of the activity index (docs/ARCHITECTURE.md): with them a server that was
-- started again answers the questions that were asked before without reading all events. Derived, and of one version of
-- their shard: whatever gives the shard another one removes them.
create table activity_sets (
    workspace_id  integer not null references workspace,
    shard         smallint not null,
    -- a hash of all that makes a question's sets but its first cohort
    about         bytea not null,
    -- the shard's
    version       bigint not null,
    -- where the first of their cohorts begins, in microseconds since 1970
    first         bigint not null,
    -- the newest event or start of the shard
    newest        bigint not null,
    -- customers with neither signup nor event
    left_out      integer not null,
    -- whether the last period is among the bytes
    has_last      boolean not null,
    -- and a checksum
    bytes         bytea not null,
    used_at       timestamptz not null default now(),
    primary key (workspace_id, shard, about)
);
alter table activity_sets alter column bytes set storage external;
select keep_apart('activity_sets');

-- Whoever writes a customer has locked the row of his shard, which has such a reference: it need not be looked up again
-- for each of a million customers.
alter table customer drop constraint customer_workspace_id_fkey;
