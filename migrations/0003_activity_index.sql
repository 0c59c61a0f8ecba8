-- The activity index (docs/ARCHITECTURE.md): what retention asks of events, in about four bytes each. Derived: it can be
-- made anew from `event` and `customer` at any time.

-- Every write of a shard has the next version, and what it added is in the journal under it.
alter table shard add column version bigint not null default 0;
-- The version of the last write that changed a trait.
alter table shard add column traits_version bigint not null default 0;
-- Whether the index has all of the shard. Shards from before the index wait to be indexed.
alter table shard add column indexed boolean not null default false;
alter table shard alter column indexed set default true;

-- What writes added that is not yet in the chunks: a segment each.
create table activity_journal (
    workspace_id  integer not null references workspace,
    shard         smallint not null,
    version       bigint not null,
    segment       bytea not null,
    primary key (workspace_id, shard, version)
);

-- What is in the chunks of a shard.
create table activity_shard (
    workspace_id  integer not null references workspace,
    shard         smallint not null,
    -- the last version in them
    version       bigint not null,
    -- their newest event, in microseconds since 1970
    newest        bigint,
    -- when each customer began
    starts        bytea not null,
    primary key (workspace_id, shard)
);

-- The events of one name in one month (UTC, counted from January of the year 0), in planes from coarse to fine.
create table activity_chunk (
    workspace_id   integer not null references workspace,
    shard          smallint not null,
    event_name_id  integer not null,
    month          integer not null,
    days           bytea not null,
    quarters       bytea not null,
    rest           bytea not null,
    primary key (workspace_id, shard, event_name_id, month)
);

-- They don't compress, and a plane that is not asked for is not read.
alter table activity_journal alter column segment set storage external;
alter table activity_shard alter column starts set storage external;
alter table activity_chunk
    alter column days set storage external,
    alter column quarters set storage external,
    alter column rest set storage external;
