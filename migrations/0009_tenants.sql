-- Row-level security: whoever forgets the workspace in a statement gets nothing of another one (docs/ARCHITECTURE.md,
-- "Tenants"). The store tells the workspace at the beginning of each transaction (store::tenant).

-- The workspace of this transaction; null when none was told, and then nothing is seen.
create function holdfast_workspace() returns integer
language sql stable parallel safe return nullif(current_setting('holdfast.workspace', true), '')::integer;
