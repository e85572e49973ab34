-- Undoes 20261122120505_init

ALTER TABLE demo_post DROP CONSTRAINT demo_post_author_fkey;

-- loses data
DROP TABLE demo_post;

-- loses data
DROP TABLE demo_user;

DROP TYPE demo_post_status;
