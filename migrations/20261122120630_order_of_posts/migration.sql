-- Migration 20261122120630_order_of_posts
-- Parent: 20261122120505_init
-- Components: demo
-- Generated: f48bc82a3f103f86

CREATE INDEX CONCURRENTLY demo_post_created_at_id_idx ON demo_post (created_at, id);
