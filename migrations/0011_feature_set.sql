-- Events that are one feature together, under a name.

create table feature_set (
    workspace_id  integer not null references workspace,
    -- its name in addresses
    slug          text not null check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name          text not null check (length(name) between 1 and 200),
    -- names of events, which need not have been sent yet
    events        text[] not null check (cardinality(events) between 1 and 50),
    created_at    timestamptz not null default now(),
    primary key (workspace_id, slug)
);
select keep_apart('feature_set');
