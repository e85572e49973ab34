-- Migration 20261122120505_init
-- Parent: none
-- Components: demo

CREATE TYPE demo_post_status AS ENUM ('DRAFT', 'PUBLISHED', 'ARCHIVED');

CREATE TABLE demo_post (
    id uuid NOT NULL,
    title character varying(200) NOT NULL,
    content text NOT NULL,
    status demo_post_status NOT NULL,
    author uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT demo_post_pkey PRIMARY KEY (id)
);

CREATE TABLE demo_user (
    id uuid NOT NULL,
    name character varying(100) NOT NULL,
    email character varying(254) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT demo_user_pkey PRIMARY KEY (id),
    CONSTRAINT demo_user_email_key UNIQUE (email),
    CONSTRAINT demo_user_name_key UNIQUE (name)
);

CREATE INDEX demo_post_author_idx ON demo_post (author);

-- fails where existing rows don't fit
ALTER TABLE demo_post ADD CONSTRAINT demo_post_author_fkey FOREIGN KEY (author) REFERENCES demo_user (id) ON DELETE CASCADE;
