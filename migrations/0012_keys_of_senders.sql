-- An event without a key of its sender's is known by what it says, and looked for among the events themselves: keys made
-- of whole rows are no longer kept. Those that are stay where they are, beside keys of senders, and are not asked.
alter table workspace drop column older_keys;

-- Between which instants a shard has events at all: what lies outside is new without looking.
alter table shard
    add column oldest_at timestamptz,
    add column newest_at timestamptz;

update shard
set oldest_at = known.oldest, newest_at = known.newest
from (select workspace_id, shard, min(at) as oldest, max(at) as newest from event group by workspace_id, shard) known
where shard.workspace_id = known.workspace_id and shard.shard = known.shard;
