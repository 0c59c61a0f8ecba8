-- The foundation: workspaces, customers, accounts, events, and what could not be stored.
--
-- Rules kept by every table here, so that a workspace can outgrow one machine (Citus) without a rewrite:
--   * workspace_id first in every key, shard second: the distribution column is in every unique key and join;
--   * a customer's shard is a hash of his external id (see store::shard), so unique (workspace_id, shard, external_id)
--     means unique in the workspace;
--   * no sequence across shards: customers are numbered densely inside their shard.

create table workspace (
    workspace_id  integer generated always as identity primary key,
    slug          text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name          text not null check (length(name) between 1 and 200),
    -- IANA name; periods are cut in this zone
    zone          text not null default 'UTC',
    week_start    text not null default 'monday' check (week_start in ('monday', 'sunday')),
    currency      text not null default 'EUR' check (currency ~ '^[A-Z]{3}$'),
    -- the activity definition used when a question names none; null: the workspace has to be asked
    active_events text[] check (cardinality(active_events) > 0),
    created_at    timestamptz not null default now()
);

-- Where rows came from: an import, later an ingest batch. Every event names its batch, so that a bad file can be
-- traced, and the newest batch is the data's watermark.
create table batch (
    workspace_id  integer not null references workspace,
    batch_id      integer generated always as identity,
    source        text not null,
    created_at    timestamptz not null default now(),
    -- how far a long one is, for pages to say that numbers still grow; a writer that stopped beating has died
    done          bigint not null default 0,
    total         bigint not null default 0,
    beat_at       timestamptz not null default now(),
    primary key (workspace_id, batch_id)
);

-- Names are stored once and referred to by number: fifty million events carry four bytes each instead of a text.
create table event_name (
    workspace_id   integer not null references workspace,
    event_name_id  integer generated always as identity,
    name           text not null check (length(name) between 1 and 200),
    -- how many are stored; written when an import ends (store::summary), read by the choosers
    events         bigint not null default 0,
    primary key (workspace_id, event_name_id),
    unique (workspace_id, name)
);

create table account (
    workspace_id  integer not null references workspace,
    shard         smallint not null,
    external_id   text not null check (length(external_id) between 1 and 200),
    traits        jsonb not null default '{}',
    primary key (workspace_id, shard, external_id)
);

create table contract (
    workspace_id  integer not null,
    shard         smallint not null,
    account_id    text not null,
    contract_id   text not null,
    starts_on     date not null,
    -- exclusive; null: runs until cancelled
    ends_on       date,
    cancelled_on  date,
    -- minor units of the workspace's currency, per month
    monthly_minor bigint not null default 0,
    plan          text,
    primary key (workspace_id, shard, account_id, contract_id),
    foreign key (workspace_id, shard, account_id) references account (workspace_id, shard, external_id),
    check (ends_on is null or ends_on > starts_on)
);

-- The next free customer number of each shard: locked while customers are added, so numbers stay dense.
create table shard (
    workspace_id      integer not null references workspace,
    shard             smallint not null,
    next_customer_no  integer not null default 0,
    primary key (workspace_id, shard)
);

create table customer (
    workspace_id    integer not null references workspace,
    shard           smallint not null,
    customer_no     integer not null,
    external_id     text not null check (length(external_id) between 1 and 200),
    -- external id of the account; an account lives in a shard of its own, hence no foreign key
    account_id      text,
    traits          jsonb not null default '{}',
    -- the signup trait as given; it wins over the first event
    signup_given    timestamptz,
    first_event_at  timestamptz,
    last_event_at   timestamptz,
    signup_at       timestamptz generated always as (coalesce(signup_given, first_event_at)) stored,
    primary key (workspace_id, shard, customer_no),
    unique (workspace_id, shard, external_id)
);
create index customer_signup on customer (workspace_id, signup_at);

-- What the choosers offer: the values of each trait, most frequent first. Written when an import ends.
create table trait_value (
    workspace_id  integer not null references workspace,
    name          text not null,
    value         text not null,
    customers     bigint not null,
    primary key (workspace_id, name, value)
);

-- Append only, one partition a month of the event's time. Partitions are made by the writer when rows need them
-- (event_partition below), so there is no default partition that would have to be split later.
create table event (
    workspace_id   integer not null,
    shard          smallint not null,
    customer_no    integer not null,
    event_name_id  integer not null,
    batch_id       integer not null,
    at             timestamptz not null,
    properties     jsonb
) partition by range (at);
-- Everything a retention question reads of an event, in the order of customers: index-only scans.
create index event_customer on event (workspace_id, shard, customer_no, at, event_name_id);

-- Idempotency without a time window. A unique index on `event` would have to contain the partition's column, so the
-- keys live beside it; 128 bits of a hash of the sender's key (or of the row itself, when it had none).
create table event_key (
    workspace_id  integer not null,
    shard         smallint not null,
    key           uuid not null,
    primary key (workspace_id, shard, key)
);

-- Files on their way in. The file itself lies in the data folder until it is done.
create table import (
    import_id     integer generated always as identity primary key,
    workspace_id  integer not null references workspace,
    batch_id      integer,
    file_name     text not null,
    kind          text not null check (kind in ('events', 'customers')),
    phase         text not null check (phase in ('uploaded', 'queued', 'running', 'done', 'failed')),
    bytes_total   bigint not null,
    bytes_done    bigint not null default 0,
    rows          bigint not null default 0,
    stored        bigint not null default 0,
    duplicates    bigint not null default 0,
    rejected      bigint not null default 0,
    customers_new bigint not null default 0,
    first_at      timestamptz,
    last_at       timestamptz,
    mapping       jsonb,
    error         text,
    created_at    timestamptz not null default now(),
    started_at    timestamptz,
    ended_at      timestamptz,
    foreign key (workspace_id, batch_id) references batch
);
create index import_workspace on import (workspace_id, import_id);

-- Rows that could not be stored: nothing is dropped in silence.
create table quarantine (
    workspace_id   integer not null references workspace,
    quarantine_id  bigint generated always as identity,
    import_id      integer references import,
    line           bigint not null,
    reason         text not null,
    raw            text not null,
    created_at     timestamptz not null default now(),
    primary key (workspace_id, quarantine_id)
);
create index quarantine_import on quarantine (import_id, line);

-- Makes the partition of a month if it is missing; the advisory lock keeps two writers from making it at once.
create function event_partition(month date) returns void language plpgsql as $$
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
    end if;
end $$;
