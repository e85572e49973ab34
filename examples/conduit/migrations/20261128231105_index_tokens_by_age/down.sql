-- Undoes 20261128231105_index_tokens_by_age

DROP INDEX CONCURRENTLY member_token_created_at_idx;
