-- Customers who were erased stay so: rows that name one are not stored again.
--
-- Kept of him is a hash of his id, keyed with the workspace's own secret, so that a list of ids can't be tried on it by
-- whoever has this table alone.
alter table workspace add column erasure_key bytea check (octet_length(erasure_key) = 32);

create table erased (
    workspace_id  integer not null references workspace,
    shard         smallint not null,
    hash          bytea not null check (octet_length(hash) = 32),
    erased_at     timestamptz not null default now(),
    primary key (workspace_id, shard, hash)
);
select keep_apart('erased');

-- Rows of an import that name somebody who was erased.
alter table import add column erased bigint not null default 0;
