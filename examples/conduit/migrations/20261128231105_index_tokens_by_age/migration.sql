-- Migration 20261128231105_index_tokens_by_age
-- Parent: 20261128090758_init
-- Components: users
-- Generated: 940395ee335368c4

CREATE INDEX CONCURRENTLY member_token_created_at_idx ON member_token (created_at);
