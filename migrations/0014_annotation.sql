-- What happened on a day, as everybody in the workspace sees it on charts: a release, an outage, a campaign.
create table annotation (
    workspace_id   integer not null references workspace,
    annotation_id  integer generated always as identity,
    -- in the workspace's zone
    on_date        date not null,
    text           text not null check (length(text) between 1 and 200),
    -- whose it is; null: of a program, or of an account that is gone
    person_id      integer references person on delete set null,
    created_at     timestamptz not null default now(),
    primary key (workspace_id, annotation_id)
);
create index annotation_date on annotation (workspace_id, on_date);
select keep_apart('annotation');
