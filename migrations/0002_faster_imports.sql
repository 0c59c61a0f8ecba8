-- The newest event of each batch. Only the watermark asked for the last event of every customer, and keeping it rewrote
-- each customer's row with every set of events that named him.
alter table batch add column newest_event_at timestamptz;

-- What is stored already: the workspace's newest batch stands for all before it.
update batch
set newest_event_at = known.newest
from (select workspace_id, max(last_event_at) as newest from customer group by workspace_id) known
where batch.workspace_id = known.workspace_id
  and batch.batch_id = (select max(b.batch_id) from batch b where b.workspace_id = known.workspace_id);

alter table customer drop column last_event_at;

-- Keys made of whole rows begin with the day from now on (intake::event_key), so that rows of the same time lie together
-- in the index. Workspaces that have rows already may hold keys in the older form, and are asked for both.
alter table workspace add column older_keys boolean not null default false;
update workspace set older_keys = true
where exists (select from batch where batch.workspace_id = workspace.workspace_id);
