-- Undoes 20261122120630_order_of_posts

DROP INDEX CONCURRENTLY demo_post_created_at_id_idx;
