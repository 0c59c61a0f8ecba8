-- Accounts as those who are counted, and conditions on their traits.

-- A customer knows his account by its external id alone, not by its shard.
create index account_external on account (workspace_id, external_id);

-- What the choosers offer of accounts: the values of each trait, most frequent first. Written when an import ends, as
-- trait_value is.
create table account_trait_value (
    workspace_id  integer not null references workspace,
    name          text not null,
    value         text not null,
    accounts      bigint not null,
    primary key (workspace_id, name, value)
);
select keep_apart('account_trait_value');
