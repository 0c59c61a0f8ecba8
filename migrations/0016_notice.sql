-- What is sent by itself: a saved report each week or month, or when a number of it lies where it should not.
create table notice (
    workspace_id   integer not null references workspace,
    notice_id      integer generated always as identity,
    -- with which it goes
    report_id      integer not null,
    -- when: on a weekday (1 is Monday), on a day of the month, or when an alert's condition is met
    weekday        smallint check (weekday between 1 and 7),
    month_day      smallint check (month_day between 1 and 28),
    -- in the workspace's zone
    hour           smallint check (hour between 0 and 23),
    condition      text check (condition in ('below', 'above', 'differs')),
    -- the column of a retention report that an alert looks at; 0 for churn
    period         integer check (period >= 0),
    -- the alert's threshold in thousandths
    permille       smallint check (permille between 1 and 999),
    -- first date of the last cohort or period that was told of: none is told of twice
    told           date,
    -- to whom: an address that takes webhooks, with the secret that signs them; null: those in notice_person
    address        text check (length(address) between 1 and 2000),
    secret         bytea check (octet_length(secret) = 32),
    paused         boolean not null default false,
    -- the occasion that is sent next, and when it is tried: later than the occasion once a try has failed
    due_at         timestamptz not null,
    try_at         timestamptz not null,
    attempts       smallint not null default 0,
    -- until when a server is at it; the others leave it alone
    claimed_until  timestamptz,
    -- what became of it last
    last_at        timestamptz,
    outcome        text check (length(outcome) <= 2000),
    -- who made it; null: his account is gone
    person_id      integer references person on delete set null,
    created_at     timestamptz not null default now(),
    primary key (workspace_id, notice_id),
    foreign key (workspace_id, report_id) references report on delete cascade,
    check (num_nonnulls(weekday, month_day, condition) = 1),
    check ((hour is null) = (condition is not null)),
    check ((period is null) = (condition is null)),
    check ((permille is not null) = (condition is not null and condition <> 'differs')),
    check ((address is null) = (secret is null))
);
create index notice_report on notice (workspace_id, report_id);
create index notice_try on notice (workspace_id, try_at) where not paused;
select keep_apart('notice');

-- The members who get it by mail. Who leaves the workspace gets nothing more.
create table notice_person (
    workspace_id   integer not null,
    notice_id      integer not null,
    person_id      integer not null,
    -- the last message that he was sent, so that a second try leaves him alone
    sent           text check (length(sent) <= 100),
    primary key (workspace_id, notice_id, person_id),
    foreign key (workspace_id, notice_id) references notice on delete cascade,
    foreign key (workspace_id, person_id) references membership on delete cascade
);
create index notice_person_member on notice_person (workspace_id, person_id);
select keep_apart('notice_person');
