-- What counts as active, saved under a name (docs/DEFINITIONS.md, "Activity definition").

create table activity (
    workspace_id  integer not null references workspace,
    activity_id   integer generated always as identity,
    slug          text not null check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    created_at    timestamptz not null default now(),
    primary key (workspace_id, activity_id),
    unique (workspace_id, slug)
);

-- A change makes a new version; the newest one that is filled answers.
create table activity_version (
    workspace_id   integer not null,
    activity_id    integer not null,
    version        integer not null,
    -- analysis::query::ActivityDefinition
    definition     jsonb not null check (jsonb_typeof(definition) = 'object'),
    -- the derived stream of its occurrences; null: plain events, which need none
    event_name_id  integer,
    -- since when its stream is complete
    filled_at      timestamptz,
    created_at     timestamptz not null default now(),
    primary key (workspace_id, activity_id, version),
    foreign key (workspace_id, activity_id) references activity on delete cascade,
    check (event_name_id is not null or filled_at is not null)
);

-- Which write of a shard a derived stream has seen.
create table activity_fill (
    workspace_id   integer not null references workspace,
    shard          smallint not null,
    event_name_id  integer not null,
    version        bigint not null,
    primary key (workspace_id, shard, event_name_id)
);

-- Derived streams lie among the events, under numbers of their own and in batch 0, so that every way of counting reads
-- them like any other. Their names are apart from those of events that were sent.
alter table event_name add column derived boolean not null default false;
-- A derived stream that no definition needs any more; it is cleared away shard by shard.
alter table event_name add column retired boolean not null default false check (derived or not retired);
alter table event_name drop constraint event_name_workspace_id_name_key;
alter table event_name add constraint event_name_name unique (workspace_id, name, derived);

-- The workspace's own definition; null: it has to be asked. Set to null by whoever deletes the definition.
alter table workspace add column activity_id integer;

-- What was set before becomes the first definition.
insert into activity (workspace_id, slug)
select workspace_id, 'active' from workspace where active_events is not null;
insert into activity_version (workspace_id, activity_id, version, definition, filled_at)
select w.workspace_id, a.activity_id, 1,
       jsonb_build_object(
           'name', 'Active',
           'rule', jsonb_build_object('any_of', (
               select jsonb_agg(jsonb_build_object('event', name) order by name)
               from (select distinct name from unnest(w.active_events) name) events)),
           'at_least', 1),
       now()
from workspace w join activity a using (workspace_id);
update workspace w set activity_id = a.activity_id from activity a where a.workspace_id = w.workspace_id;
alter table workspace drop column active_events;
