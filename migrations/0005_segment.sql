-- Segments: sets of customers that have a name, to be used in every question.

create table segment (
    workspace_id  integer not null references workspace,
    segment_id    integer generated always as identity,
    -- its name in addresses; it stays when the segment gets another name
    slug          text not null check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name          text not null check (length(name) between 1 and 200),
    description   text not null default '' check (length(description) <= 1000),
    -- analysis::segment::Condition; null where customers were picked by other means
    condition     jsonb,
    -- since when the members are those in segment_member; null: living, the condition is asked anew each time
    frozen_at     timestamptz,
    created_at    timestamptz not null default now(),
    changed_at    timestamptz not null default now(),
    primary key (workspace_id, segment_id),
    unique (workspace_id, slug),
    check (condition is not null or frozen_at is not null)
);

-- The members of frozen segments: of each shard a string of bits, customer n in bit n % 8 of byte n / 8, from the lowest
-- on, as get_bit counts. Customers are numbered densely in their shards, so a million of them take 125 KB.
create table segment_member (
    workspace_id  integer not null,
    shard         smallint not null,
    segment_id    integer not null,
    members       bytea not null,
    primary key (workspace_id, shard, segment_id),
    foreign key (workspace_id, segment_id) references segment on delete cascade
);

-- Whether a customer is among members, given as such strings by shard, from shard 0 on.
create function is_member(members bytea[], shard smallint, customer_no integer) returns boolean
language sql immutable parallel safe return
    case when customer_no < 8 * coalesce(octet_length(members[shard + 1]), 0)
         then get_bit(members[shard + 1], customer_no) = 1
         else false end;
