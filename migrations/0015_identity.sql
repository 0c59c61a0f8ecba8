-- Sign-in from elsewhere, by OpenID Connect. Like person and session, these are asked before it is known which workspace
-- is meant, and are tables of no workspace.

-- Who a person is at a provider.
create table identity (
    issuer        text not null check (length(issuer) between 1 and 1000),
    subject       text not null check (length(subject) between 1 and 255),
    person_id     integer not null references person on delete cascade,
    created_at    timestamptz not null default now(),
    primary key (issuer, subject),
    -- an address that the provider has given to somebody else leads in no more
    unique (person_id, issuer)
);

-- Browsers that were sent to a provider and are not back yet. Each holds 256 random bits, this table their hash.
create table away (
    hash          bytea primary key check (octet_length(hash) = 32),
    -- where it leads once it is back
    next          text not null check (length(next) <= 4000),
    created_at    timestamptz not null default now()
);
create index away_created on away (created_at);
