-- Questions kept under a name, and links that show one answer to whoever has them.

-- Whether links of this workspace answer at all, and which sites may show them in a frame.
alter table workspace add column sharing boolean not null default true;
alter table workspace add column embed_origins text[] not null default '{}' check (cardinality(embed_origins) <= 20);

create table report (
    workspace_id  integer not null references workspace,
    report_id     integer generated always as identity,
    name          text not null check (length(name) between 1 and 200),
    description   text not null default '' check (length(description) <= 1000),
    -- a plain text: reports with the same one lie together
    folder        text not null default '' check (length(folder) <= 200),
    kind          text not null check (kind in ('retention', 'features', 'segments', 'churn')),
    -- the page's address without its path: "?grain=month", "" for the default question
    question      text not null check (length(question) <= 20000),
    -- whose it is; null: made before there were people, or his account is gone
    person_id     integer references person on delete set null,
    created_at    timestamptz not null default now(),
    changed_at    timestamptz not null default now(),
    primary key (workspace_id, report_id)
);

-- What a link shows is fixed when it is made: a report that is changed later changes nothing that is public.
create table link (
    workspace_id      integer not null references workspace,
    link_id           integer generated always as identity,
    -- the saved report it was made from, with which it goes; null: made from a page
    report_id         integer,
    name              text not null check (length(name) between 1 and 200),
    kind              text not null check (kind in ('retention', 'features', 'segments', 'churn')),
    question          text not null check (length(question) <= 20000),
    -- null: live, the question is asked anew. Else the answer (store::Pinned) as it was
    pinned            jsonb check (jsonb_typeof(pinned) = 'object'),
    -- whether numbers that tell of fewer than five customers are withheld
    withhold          boolean not null default true,
    -- argon2id as a PHC string
    password_hash     text,
    -- grows with every change of the password: what an older one opened is closed
    password_version  integer not null default 1,
    -- null: never
    expires_at        timestamptz,
    revoked_at        timestamptz,
    views             bigint not null default 0,
    last_view_at      timestamptz,
    -- who made it
    person_id         integer references person on delete set null,
    created_at        timestamptz not null default now(),
    primary key (workspace_id, link_id),
    foreign key (workspace_id, report_id) references report on delete cascade
);
create index link_report on link (workspace_id, report_id);

-- What the addresses of links are known by: a hash of the token, which itself is kept nowhere. A directory like that of
-- sessions: it is asked before it is known whose link it is, so it belongs to no workspace and only names one.
create table link_token (
    hash          bytea primary key check (octet_length(hash) = 32),
    workspace_id  integer not null,
    link_id       integer not null,
    -- when an address that was replaced stops working; null: the newest one
    dies_at       timestamptz,
    created_at    timestamptz not null default now(),
    foreign key (workspace_id, link_id) references link on delete cascade
);
create index link_token_link on link_token (workspace_id, link_id);

-- What answers of a workspace follow from, as a text: it differs when they can. It begins with the number of writes.
create function data_version(workspace integer) returns text language sql stable return (
    select concat_ws('.',
        (select coalesce(sum(version), 0) from shard s where s.workspace_id = workspace),
        (select count(*) || '-' || coalesce(extract(epoch from max(changed_at)), 0)
         from segment s where s.workspace_id = workspace),
        (select count(*) || '-' || coalesce(extract(epoch from max(greatest(created_at, filled_at))), 0)
         from activity_version v where v.workspace_id = workspace),
        md5(concat(w.activity_id, w.internal, w.zone, w.week_start)))
    from workspace w where w.workspace_id = workspace);
