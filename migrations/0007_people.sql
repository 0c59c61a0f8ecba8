-- People, what they may do, and what they did.
--
-- person, session, membership and one_time_link are asked before it is known which workspace a request is for: they
-- decide it. They are the tables of no workspace here; api_key and audit belong to one like any other.

create table person (
    person_id     integer generated always as identity primary key,
    -- lower case; null: the first owner, until he gave one
    email         text unique check (email = lower(email) and length(email) between 3 and 254),
    name          text not null default '' check (length(name) <= 200),
    -- argon2id as a PHC string; null: comes in by links only
    password_hash text,
    -- may make workspaces, and owns those that were made on the command line
    admin         boolean not null default false,
    created_at    timestamptz not null default now()
);

-- A browser that is signed in. It holds 256 random bits, this table their hash.
create table session (
    session_id    integer generated always as identity primary key,
    hash          bytea not null unique check (octet_length(hash) = 32),
    person_id     integer not null references person on delete cascade,
    -- what the browser calls itself, for its owner to tell his own
    agent         text not null default '' check (length(agent) <= 200),
    created_at    timestamptz not null default now(),
    seen_at       timestamptz not null default now()
);
create index session_person on session (person_id);

create table membership (
    workspace_id  integer not null references workspace,
    person_id     integer not null references person on delete cascade,
    role          text not null check (role in ('owner', 'editor', 'viewer')),
    created_at    timestamptz not null default now(),
    primary key (workspace_id, person_id)
);
create index membership_person on membership (person_id);

-- Links that lead in once: the first owner's, invitations, and lost passwords.
create table one_time_link (
    one_time_link_id integer generated always as identity primary key,
    hash          bytea not null unique check (octet_length(hash) = 32),
    purpose       text not null check (purpose in ('first', 'invite', 'reset')),
    -- an invitation's
    workspace_id  integer references workspace,
    role          text check (role in ('owner', 'editor', 'viewer')),
    email         text check (email = lower(email) and length(email) between 3 and 254),
    created_by    integer references person on delete set null,
    -- whom the others lead in
    person_id     integer references person on delete cascade,
    created_at    timestamptz not null default now(),
    expires_at    timestamptz not null,
    used_at       timestamptz,
    check ((purpose = 'invite') = (workspace_id is not null and role is not null and email is not null)),
    check ((purpose = 'invite') = (person_id is null))
);
create index one_time_link_workspace on one_time_link (workspace_id) where purpose = 'invite';

-- Keys of programs. A key names its workspace's number, so it is looked up among that workspace's own.
create table api_key (
    workspace_id  integer not null references workspace,
    api_key_id    integer generated always as identity,
    kind          text not null check (kind in ('read', 'write')),
    label         text not null check (length(label) between 1 and 200),
    -- its beginning, to tell keys apart
    prefix        text not null check (length(prefix) <= 40),
    hash          bytea not null check (octet_length(hash) = 32),
    -- null: made on the command line
    created_by    integer references person on delete set null,
    created_at    timestamptz not null default now(),
    last_used_at  timestamptz,
    revoked_at    timestamptz,
    primary key (workspace_id, api_key_id),
    unique (workspace_id, hash)
);

-- What was done, for the workspace's owners. Only ever added to.
create table audit (
    workspace_id  integer not null references workspace,
    audit_id      bigint generated always as identity,
    at            timestamptz not null default now(),
    -- null: nobody who was signed in, or the command line
    person_id     integer references person on delete set null,
    action        text not null check (length(action) between 1 and 100),
    -- what it was done to, as pages name it
    subject       text not null default '' check (length(subject) <= 300),
    details       jsonb not null default '{}' check (jsonb_typeof(details) = 'object'),
    primary key (workspace_id, audit_id)
);
